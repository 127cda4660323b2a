"""Who must act, and what he is to do: one line per owner and matter."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ingestion.contracts.feed import Feed
from ingestion.landing.standing import Standing
from ingestion.ledger import DeliveryRow, open_refusals
from ingestion.sentence import Sentence, shown

OPERATOR: Final = "值班人员"
_FILES_NAMED: Final = 3


@dataclass(frozen=True)
class Duty:
    """Something that somebody has to do.

    Attributes:
        owner: Who.
        kind: late, refused or held.
        feed: The feed it is about.
        since: First business date it is about; empty where it never came.
        sentence: What is to be done.
    """

    owner: str
    kind: str
    feed: str
    since: str
    sentence: Sentence


def duties(
    feeds: Mapping[str, Feed],
    standings: Mapping[str, Standing],
    rows: Sequence[DeliveryRow],
    settled: Collection[int] = (),
    only: Collection[int] | None = None,
) -> list[Duty]:
    """Everything that waits for somebody, what is late first.

    Args:
        feeds: What the bank delivers.
        standings: How each feed stands.
        rows: The ledger's deliveries.
        settled: Deliveries that somebody refused by his own decision.
        only: Tell of no other files than these; all where None.
    """
    told = [row for row in rows if only is None or row.delivery_id in only]
    # What is open depends on all of them: a file of tonight may have put right one of last week.
    is_open = {row.delivery_id for row in open_refusals(rows)} - set(settled)
    refusals = [row for row in told if row.delivery_id in is_open]
    found = [
        Duty(
            feeds[name].owner,
            "late",
            name,
            standing.since.isoformat() if standing.since else "",
            standing.sentence,
        )
        for name, standing in standings.items()
        if standing.state == "late"
    ]
    for name, feed in feeds.items():
        refused = [row for row in refusals if row.feed == name]
        if refused:
            found.append(_refused(feed, refused))
    for name, feed in feeds.items():
        held = [row for row in told if row.feed == name and row.state == "held"]
        if held:
            found.append(_held(feed, held))
    return found


def _refused(feed: Feed, rows: Sequence[DeliveryRow]) -> Duty:
    count, named = len(rows), _names(rows)
    return Duty(
        feed.owner,
        "refused",
        feed.feed,
        min(row.business_date for row in rows).isoformat(),
        Sentence(
            f"“{feed.title.zh}”有 {count} 个文件被拒收，请更正后以原文件名重报：{named}",
            f"{feed.title.en}: {count} refused, to be mended and delivered again under the same"
            f" name: {named}",
        ),
    )


def _held(feed: Feed, rows: Sequence[DeliveryRow]) -> Duty:
    count, named = len(rows), _names(rows)
    return Duty(
        OPERATOR,
        "held",
        feed.feed,
        min(row.business_date for row in rows).isoformat(),
        Sentence(
            f"“{feed.title.zh}”有 {count} 个文件暂不入库，请与{feed.owner}核实，"
            f"再放行或拒收：{named}",
            f"{feed.title.en}: {count} held; ask {feed.owner}, then release or refuse: {named}",
        ),
    )


def _names(rows: Sequence[DeliveryRow]) -> str:
    names = list(dict.fromkeys(shown(row.file_name) for row in rows))
    more = f" … +{len(names) - _FILES_NAMED}" if len(names) > _FILES_NAMED else ""
    return ", ".join(names[:_FILES_NAMED]) + more
