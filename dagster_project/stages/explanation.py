"""Why a published figure is not what it was: late data, a rule, the feeds, the code or a model.

Worked out when a generation is published, against the one it was built on, and kept with it: the
ledger and the files may have changed by the time somebody asks. Each cause says which months it
can have touched; a change that no cause can have made is told as not explained.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from dagster_project.versions import parts_now
from ingestion.contracts.bank_file import load_bank
from ingestion.sentence import shown
from ingestion.sql import read_only
from serving import build as builds
from serving import figures
from serving import generation as generations

if TYPE_CHECKING:
    from dagster_project.night import Night
    from ingestion.ledger import Decision, LakeChange

# Before and after every month there is.
EVER, NEVER = "0000-00", "9999-99"


@dataclass(frozen=True)
class Cause:
    """One thing that is different, and what it can have changed.

    Attributes:
        kind: data, rule, feed, dbt, code or model.
        zh: What it is, in Chinese.
        en: The same in English.
        from_month: First month it can have touched, YYYY-MM; earlier ones it cannot.
        months: The only months it can have touched; None for all from the first on.
        model: The only model whose figures it can have touched; None for every figure.
    """

    kind: str
    zh: str
    en: str
    from_month: str = EVER
    months: list[str] | None = None
    model: str | None = None

    def can_touch(self, change: figures.Change) -> bool:
        """Whether it can have changed this figure of this month."""
        if self.model is not None and self.model != change.figure.model:
            return False
        if self.months is not None and change.month not in self.months:
            return False
        return change.month >= self.from_month


def explain(night: Night) -> dict[str, Any]:
    """The figures of the night's build, and what became of those published before.

    Returns:
        `figures`, `parts`, `causes` and `changes`, for the details of the generation.
    """
    if night.build is None:
        return {}
    with builds.open_read_only(night.build) as connection:
        connection.execute("use crm")
        now = figures.monthly(connection)
    parts = parts_now(
        night.feeds, load_bank(night.request.feeds_folder), night.details.get("models", {})
    )
    told: dict[str, Any] = {"figures": now, "parts": parts, "causes": [], "changes": []}
    if night.base is None:
        return told
    found = figures.changes(
        _published(night), now, night.base.business_date, night.request.business_date
    )
    if not found:
        return told
    causes = [*_data(night), *differing_parts(night.base.details, parts)]
    # Those that changed nothing need not be told.
    causes = [cause for cause in causes if any(cause.can_touch(change) for change in found)]
    told["changes"] = [_told(change, causes) for change in found]
    told["causes"] = [asdict(cause) for cause in causes]
    return told


def _published(night: Night) -> figures.Monthly:
    """The figures of the generation before; read from its files where it did not keep them."""
    if night.base is None:
        return {}
    kept: figures.Monthly | None = night.base.details.get("figures")
    if kept is not None:
        return kept
    folder = generations.folder_of(night.home.warehouse, night.base.number)
    with read_only(folder / "crm.duckdb") as connection:
        return figures.monthly(connection)


def _told(change: figures.Change, causes: list[Cause]) -> dict[str, Any]:
    return {
        "figure": change.figure.name,
        "zh": change.figure.zh,
        "en": change.figure.en,
        "unit": change.figure.unit,
        "month": change.month,
        "before": None if change.before is None else str(change.before),
        "after": None if change.after is None else str(change.after),
        "difference": str(change.difference),
        "causes": [number for number, cause in enumerate(causes) if cause.can_touch(change)],
    }


def _data(night: Night) -> list[Cause]:
    """Deliveries that came or went since the generation before."""
    if night.base is None:
        return []
    decisions = {each.delivery_id: each for each in night.ledger.decisions()}
    changes = night.ledger.changes_since(night.base.number)
    came = {each.delivery.place for each in changes if each.kind == "committed"}
    went = {each.delivery.place: each for each in changes if each.kind == "removed"}
    rebuilt = None
    if not night.refresh_reasons:
        rebuilt = [f"{month:%Y-%m}" for month in night.touched_months]
    causes = []
    for change in changes:
        if change.kind == "removed" and change.delivery.place in came:
            continue  # told with what took its place
        before = went.get(change.delivery.place) if change.kind == "committed" else None
        decision = decisions.get(change.delivery.delivery_id)
        causes.append(data_cause(change, before, decision, night.base.business_date, rebuilt))
    return causes


def data_cause(
    change: LakeChange,
    before: LakeChange | None,
    decision: Decision | None,
    published: dt.date,
    rebuilt: list[str] | None,
) -> Cause:
    """One delivery that came or went, as a cause.

    Events change their own months, and what is carried on from them into later ones. A list that
    comes late may change every month; one of its own day only months that were built again.

    Args:
        change: The delivery, and whether it came or went.
        before: What it took the place of.
        decision: What somebody decided about it last.
        published: Business date of the generation before.
        rebuilt: Months that the night built again; None where it built all.
    """
    row = change.delivery
    is_late = row.business_date <= published
    dates = sorted({*change.dates, *(before.dates if before else [])})
    told_zh = f"{shown(row.file_name)}（第 {row.delivery_id} 号，{row.business_date}，"
    told_zh += f"{row.data_rows:,} 行）{_how_zh(change, before, is_late=is_late)}"
    told_en = f"{shown(row.file_name)} (delivery {row.delivery_id} of {row.business_date},"
    told_en += f" {row.data_rows:,} rows) {_how_en(change, before, is_late=is_late)}"
    if decision is not None and decision.decision == "release":
        told_zh += f"，{shown(decision.decided_by)} 批准：{shown(decision.reason)}"
        told_en += f", released by {shown(decision.decided_by)}: {shown(decision.reason)}"
    months = None
    if change.feed_kind == "event":
        first = f"{dates[0]:%Y-%m}" if dates else NEVER
    else:
        first = EVER
        months = None if is_late else rebuilt
    return Cause("data", told_zh, told_en, from_month=first, months=months)


def _how_en(change: LakeChange, before: LakeChange | None, *, is_late: bool) -> str:
    if change.kind == "removed":
        why = change.delivery.refusal
        return f"was taken out again: {why.en}" if why else "was taken out again"
    if before is not None:
        old = before.delivery
        return (
            f"took the place of {shown(old.file_name)} (delivery {old.delivery_id},"
            f" {old.data_rows:,} rows)"
        )
    return "came late" if is_late else "came on its day and speaks of earlier ones"


def _how_zh(change: LakeChange, before: LakeChange | None, *, is_late: bool) -> str:
    if change.kind == "removed":
        why = change.delivery.refusal
        return f"已撤出：{why.zh}" if why else "已撤出"
    if before is not None:
        old = before.delivery
        return f"替换了 {shown(old.file_name)}（第 {old.delivery_id} 号，{old.data_rows:,} 行）"
    return "迟报" if is_late else "按时报送，但涉及以前的日期"


def differing_parts(details: Mapping[str, Any], now: Mapping[str, Any]) -> list[Cause]:
    """Rules, contracts, code and models that differ from those of the generation before.

    Args:
        details: What the generation before kept of itself.
        now: The parts of this one.
    """
    before = details.get("parts")
    if before is None:
        zh = "上一版本没有记录规则、接口、程序和模型的版本，无法比较"
        en = "the generation before kept no record of its rules, feeds, code and models"
        return [Cause("code", zh, en)]
    causes = [
        Cause("rule", f"规则 {name} 已修改", f"the rule {name} was changed", from_month=first)
        for name, first in _changed_rules(before["rules"], now["rules"])
    ]
    causes += [
        Cause("feed", f"接口定义 {name} 已修改", f"the contract of feed {name} was changed")
        for name in _differing(before["feeds"], now["feeds"])
    ]
    # Not told of generations before 2026-11-26.
    if before.get("bank", now["bank"]) != now["bank"]:
        zh, en = "本行设置（bank.yml）已修改", "the bank's own settings (bank.yml) were changed"
        causes.append(Cause("feed", zh, en))
    if before["dbt"] != now["dbt"]:
        causes.append(Cause("dbt", "数据模型（dbt 项目）已修改", "the dbt project was changed"))
    if before["code"] != now["code"]:
        causes.append(Cause("code", "程序版本已更新", "the program was changed"))
    for name in _differing(before["models"], now["models"]):
        old, new = (each["models"].get(name) or "none" for each in (before, now))
        zh = f"模型 {name} 由 {old} 换为 {new}"
        en = f"model {name} went from {old} to {new}"
        causes.append(Cause("model", zh, en, model=name))
    return causes


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return sorted(n for n in before.keys() | now.keys() if before.get(n) != now.get(n))


def _changed_rules(
    before: Mapping[str, Mapping[str, str]], now: Mapping[str, Mapping[str, str]]
) -> list[tuple[str, str]]:
    """Changed rule files, each with the month from which the changed rows hold."""
    found = []
    for name in _differing(before, now):
        dates = _differing(before.get(name, {}), now.get(name, {}))
        found.append((name, min(date[:7] for date in dates) if all(dates) else EVER))
    return found
