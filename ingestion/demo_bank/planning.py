"""Targets of the year for the bank, its units, teams and employees."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from ingestion.demo_bank.bank import BRANCHES, ORGANISATIONS, Staff
from ingestion.demo_bank.shape import Shape


def target_frame(shape: Shape, staff: Staff, year: int, balances: dict[str, int]) -> pl.DataFrame:
    """The year's targets.

    Args:
        shape: The bank.
        staff: Its employees.
        year: Calendar year.
        balances: Deposits and loans in yuan as the history began.
    """
    rng = shape.rng("targets", year)
    rows: list[tuple[str, str, str, float]] = [
        ("bank", ORGANISATIONS[0], "customer_count", float(shape.customers * 2)),
        ("bank", ORGANISATIONS[0], "deposit_balance", round(balances["deposit"] * 1.08, -4)),
        ("bank", ORGANISATIONS[0], "loan_balance", round(balances["loan"] * 1.1, -4)),
        ("bank", ORGANISATIONS[0], "campaign_count", 5.0),
    ]
    share = rng.dirichlet(np.full(len(BRANCHES), 8.0))
    for unit, part in zip(BRANCHES, share, strict=True):
        code = ORGANISATIONS[unit]
        rows.append(("organisation", code, "deposit_balance",
                     round(balances["deposit"] * 1.08 * part, -3)))  # fmt: skip
        rows.append(("organisation", code, "account_opening",
                     float(round(shape.customers * 0.09 * part) + 1)))  # fmt: skip
    for team in range(7):
        rows.append(("team", f"T{team + 1:02d}", "account_opening",
                     float(round(shape.customers * 0.004) + 5)))  # fmt: skip
        rows.append(("team", f"T{team + 1:02d}", "customer_count",
                     float(round(shape.customers * 0.02) + 20)))  # fmt: skip
    for employee in staff.with_post("manager"):
        rows.append(("employee", staff.ids[employee], "account_opening",
                     float(round(shape.customers * rng.uniform(0.0015, 0.003)) + 2)))  # fmt: skip
    return pl.DataFrame(
        rows,
        schema=["subject_type_code", "subject_id", "measure_code", "target_value"],
        orient="row",
    ).with_columns(
        period_start_date=pl.lit(dt.date(year, 1, 1)), period_end_date=pl.lit(dt.date(year, 12, 31))
    )
