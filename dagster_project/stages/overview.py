"""All deliveries on one page: how each feed stands, and who must act."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from dagster_project.duties import Duty, duties
from dagster_project.night import Night
from ingestion.sentence import Sentence, shown

_MARKS: Final = re.compile(r"([\\`*_{}\[\]()#+!|<>&~-])")
_NOBODY: Final = Sentence("无人需要处理。", "Nobody has to do anything.")


def who_must_act(night: Night) -> str:
    """A table of what waits for somebody, in Markdown; the same list as in `crm status`."""
    ledger = night.ledger
    found = duties(night.feeds, night.standings, ledger.deliveries(), ledger.turned_away())
    if not found:
        return f"{_NOBODY.zh} {_NOBODY.en}"
    return _table(
        ("负责 Owner", "事项 Matter", "自 Since", "请处理", "To do"),
        (_line(each) for each in found),
    )


def how_feeds_stand(night: Night) -> str:
    """A table with a line per delivered feed, in Markdown."""
    lines = []
    for name, feed in night.feeds.items():
        standing = night.standings.get(name)
        if feed.is_internal or not feed.is_delivered or standing is None:
            continue
        reports = [each for each in night.reports if each.feed == name]
        lines.append(
            (
                f"{feed.title.zh} {name}",
                feed.owner,
                standing.state,
                str(standing.last or ""),
                str(standing.since or ""),
                f"{sum(each.rows_loaded or 0 for each in reports):,}",
                f"{sum(each.rows_quarantined or 0 for each in reports):,}",
            )
        )
    headings = ("接口 Feed", "负责 Owner", "状态 State", "最近一期 Last", "缺报自 Missed since")
    return _table((*headings, "今晚入库 Loaded", "隔离 Refused"), lines)


def _line(duty: Duty) -> tuple[str, ...]:
    return duty.owner, duty.kind, duty.since, f"{duty.sentence.zh} {duty.sentence.en}"


def _table(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [headings, ["---"] * len(headings), *([_cell(text) for text in line] for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(text: str) -> str:
    """A text as itself: a delivered name is neither a link nor a column."""
    return _MARKS.sub(r"\\\1", shown(text, 900))
