"""What customers bring, reckoned by polars from the account months that were published (G16)."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from dagster_project.home import Home
from serving.connection import connect_current

UNITS = 100_000_000
KEYS = ["account_key", "customer_key", "month_date", "rule_set_code"]
#: Lines that follow from others by a rate of the rule set, the last one from all before it.
BY_RATE = ["surtax", "income_tax"]


def by_customer(home: Path) -> dict[tuple[int, str, str], int]:
    """Fen of each customer, month and published rule set: taxes reckoned anew, others summed."""
    connection, _ = connect_current(Home(home).warehouse)
    with connection:
        lines = connection.sql(
            "select account_key, customer_key, month_date, rule_set_code, profit_line_code as line,"
            " cast(amount * 100 as bigint) as fen from dimensional.fct_profit_month"
            " where cause_code = 'account'"
        ).pl()
        rates = connection.sql(
            "select rule_set_code, valid_from_date, valid_to_date,"
            f" cast(surtax_rate * {UNITS} as bigint) as surtax_units,"
            f" cast(income_tax_rate * {UNITS} as bigint) as tax_units"
            " from rule.profit_rule_set"
        ).pl()
    told = lines.filter(~pl.col("line").is_in(BY_RATE))
    wide = (
        told.pivot(on="line", index=KEYS, values="fen", aggregate_function="sum")
        .fill_null(0)
        .join(rates, on="rule_set_code")
        .filter(pl.col("month_date").is_between("valid_from_date", "valid_to_date", closed="left"))
        .with_columns(
            surtax=-_share(pl.col("interest_income") + pl.col("fee_income"), "surtax_units")
        )
    )
    taxed = [*(set(told["line"].unique()) - {"capital_charge"}), "surtax"]
    wide = wide.with_columns(income_tax=-_share(pl.sum_horizontal(taxed), "tax_units"))
    profit = pl.sum_horizontal([*taxed, "income_tax", "capital_charge"])
    found = wide.group_by("customer_key", "month_date", "rule_set_code").agg(fen=profit.sum())
    return {
        (customer, f"{month:%Y-%m-%d}", rule_set): fen
        for customer, month, rule_set, fen in found.iter_rows()
        if fen
    }


def _share(fen: pl.Expr, units: str) -> pl.Expr:
    """Half away from zero, in whole fen."""
    doubled = 2 * fen.abs() * pl.col(units) + UNITS
    return fen.sign() * (doubled // (2 * UNITS))
