"""What the supervisors decide about visits that customers denied."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank.bank import Staff
from ingestion.demo_bank.clerks import Spot
from ingestion.demo_bank.columns import dates, named
from ingestion.demo_bank.fieldwork import RESULTS, Callbacks
from ingestion.demo_bank.people import People
from ingestion.demo_bank.shape import Bools, Ints
from ingestion.demo_bank.sheets import Grid

# Days from a denial to the verdict: the employee is heard first.
HEARD_WITHIN: Final = 5
VERDICTS: Final = ("false_report", "genuine")
_REASONS: Final = ("本人承认未上门,台账系补录", "客户家人证实当日来过,客户本人记错")


def is_denial(calls: Callbacks) -> Bools:
    """Which calls denied a visit."""
    found: Bools = calls.result == RESULTS.index("denied")
    return found


def verdict_frame(
    calls: Callbacks, rows: Ints, people: People, staff: Staff, rng: np.random.Generator
) -> pl.DataFrame:
    """Verdicts on the denied visits at `rows`; one false visit in twenty is talked away."""
    is_false = calls.is_false[rows] & (rng.random(len(rows)) < 0.95)
    verdict = np.where(is_false, 0, 1)
    frame = pl.DataFrame(
        {
            "employee_id": named(staff.ids, calls.employee[rows]),
            "customer_id": people.ids.gather(calls.customer[rows]),
            "visited_date": dates(calls.visited[rows]),
            "verdict_code": named(VERDICTS, verdict),
            "decided_date": dates(calls.day[rows] + HEARD_WITHIN),
            "decided_by_id": named(staff.ids, calls.leader[rows]),
            "reason_text": named(_REASONS, verdict),
        }
    )
    # A visit denied to two leaders is decided about once.
    return frame.unique(["employee_id", "customer_id", "visited_date"], maintain_order=True)


def soil_verdicts(grid: Grid, rng: np.random.Generator) -> list[Spot]:
    """Now and then a verdict is written down before there is one."""
    if len(grid.rows) < 2 or rng.random() > 0.3:
        return []
    row = int(rng.integers(len(grid.rows)))
    grid.rows[row][grid.place("verdict_code")] = "待定"
    return [Spot(row, "verdict_code", "undecided", "quarantined")]
