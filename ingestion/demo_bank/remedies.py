"""What the bank did against the causes of complaints; it helps as little as it does in life."""

from __future__ import annotations

from typing import Final

import polars as pl

from ingestion.demo_bank.bank import BRANCHES, ORGANISATIONS
from ingestion.demo_bank.shape import Shape, to_date

# Months of every year (from 0): cause, branch (None: the whole bank) and what was done.
_TAKEN: Final = {
    1: ("system_fault", None, "核心系统扩容,增加双机热备"),
    2: ("waiting_time", 0, "增开弹性窗口,高峰期大堂分流"),
    4: ("service_attitude", 1, "柜面服务规范培训,班前会点评"),
    6: ("fee_dispute", None, "短信费开通前逐户确认"),
}
_STRANGE_UNIT: Final = "ZH99"


def remedy_frame(shape: Shape, until: int) -> pl.DataFrame:
    """Remedies begun up to a day; one of a year names a unit that is on no list."""
    rows = []
    for period in shape.periods:
        taken = _TAKEN.get(period.index % 12)
        if taken is None or period.end > until:
            continue
        cause, branch, words = taken
        unit = None if branch is None else ORGANISATIONS[BRANCHES[branch]]
        if period.index % 12 == 4:
            unit = _STRANGE_UNIT
        rows.append((f"ZG{period.index + 1:04d}", cause, unit, to_date(period.end), words))
    names = ("remedy_id", "complaint_type_code", "organisation_id", "started_date", "remedy_text")
    types = [pl.String, pl.String, pl.String, pl.Date, pl.String]
    return pl.DataFrame(rows, schema=dict(zip(names, types, strict=True)), orient="row")
