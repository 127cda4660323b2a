"""The year's plan by week: who is to do what, and what he says has become of it."""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank.bank import BRANCHES, ORGANISATIONS, TEAM_NAMES, Staff
from ingestion.demo_bank.clerks import Spot
from ingestion.demo_bank.shape import Shape, to_date
from ingestion.demo_bank.sheets import Grid

# Weeks of the bank's campaigns, and of what can only be reported.
_CAMPAIGN_WEEKS: Final = (5, 14, 20, 31, 40)
_OTHER: Final = {
    2: "下发客户关系管理实施办法及年度工作计划",
    8: "组织客户经理学习实施办法",
    14: "检查客户档案归档情况",
    27: "召开半年客户维护总结会",
    40: "组织产品知识培训",
    51: "汇总全年客户维护情况",
}
_UNKNOWN_TEAM: Final = "T09"
_FEWEST_TO_SOIL: Final = 6
_NAMES: Final = (
    "item_id", "plan_year", "iso_week", "item_text", "owner_type_code", "owner_id",
    "measure_code", "target_quantity", "reported_quantity", "status_code",
    "document_number", "document_date",
)  # fmt: skip
_TYPES: Final = (
    pl.String, pl.Int64, pl.Int64, pl.String, pl.String, pl.String, pl.String, pl.Float64,
    pl.Float64, pl.String, pl.String, pl.Date,
)  # fmt: skip

_Asked = tuple[int, str, str, str, str, int]


def plan_frame(shape: Shape, staff: Staff, until: int) -> pl.DataFrame:
    """The plans of all years up to a day, with what has been reported by then."""
    last = to_date(until)
    rows: list[tuple[object, ...]] = []
    for year in range(to_date(shape.periods[0].start).year, last.year + 1):
        asked = _items(shape, staff, year)
        rng = shape.rng("work plan", year)
        luck, share = rng.random(len(asked)), rng.uniform(0.6, 1.0, len(asked))
        document = (f"娄农商发〔{year}〕3号", dt.date(year, 1, 4))
        for place, item in enumerate(asked):
            week = item[0]
            told = _reported(year, week, item[5], last, float(luck[place]), float(share[place]))
            rows.append((f"{year}-W{week:02d}-{place + 1:03d}", year, *item, *told, *document))
    return pl.DataFrame(rows, schema=dict(zip(_NAMES, _TYPES, strict=True)), orient="row")


def _items(shape: Shape, staff: Staff, year: int) -> list[_Asked]:
    """What a year's plan asks for, with the mistakes of whoever wrote it."""
    weeks = dt.date(year, 12, 28).isocalendar().week
    visits = max(3, shape.customers // 300)
    leaders = staff.with_post("leader")
    found: list[_Asked] = []
    for week in range(1, weeks + 1):
        for team, name in enumerate(TEAM_NAMES):
            owner = f"T{team + 1:02d}"
            found.append((week, f"{name}走访客户", "team", owner, "visit", visits))
        leader = staff.ids[leaders[week % len(leaders)]]
        found.append((week, "值班领导督查回访", "employee", leader, "callback", 3))
        if week % 4 == 1:
            unit = ORGANISATIONS[BRANCHES[(week // 4) % len(BRANCHES)]]
            found.append((week, "网点新开户", "organisation", unit, "account_opening", 1))
        if week in _CAMPAIGN_WEEKS:
            found.append((week, "推出针对性营销方案", "bank", ORGANISATIONS[0], "campaign", 1))
        if week in _OTHER:
            found.append((week, _OTHER[week], "bank", ORGANISATIONS[0], "other", 1))
    # A week that the year may not have, a team that there is not, and one item written down twice.
    found.append((53, "年末补访未访客户", "team", "T01", "visit", visits))
    found.append((30, "第九小组走访客户", "team", _UNKNOWN_TEAM, "visit", visits))
    found.append(found[0])
    return found


def _reported(
    year: int, week: int, target: int, until: dt.date, luck: float, share: float
) -> tuple[float | None, str | None]:
    """Quantity and status: nothing before the week is over, and more done than was done."""
    first = dt.date.fromisocalendar(year, 1, 1) + dt.timedelta(weeks=week - 1)
    if first + dt.timedelta(days=6) > until:
        return None, None
    if luck < 0.02:
        return None, "dropped"
    if luck < 0.15:
        return float(np.floor(target * share)), "open"
    return float(target), "done"


def soil_plan(grid: Grid) -> list[Spot]:
    """A quantity in words that say nothing, and a row entered twice."""
    count = len(grid.rows)
    if count < _FEWEST_TO_SOIL:
        return []
    grid.rows[4][grid.place("target_quantity")] = "若干"
    grid.rows.append(list(grid.rows[2]))
    return [
        Spot(4, "target_quantity", "quantity_in_words", "quarantined"),
        Spot(count, None, "duplicated_row", "quarantined"),
    ]
