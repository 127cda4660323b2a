"""Months of customers as histories: unbroken stays, and what their own months brought."""

from __future__ import annotations

from datetime import date

import polars as pl

from ml.frames.checks import require_columns

YEAR = 12
#: What a month of a customer brings and holds, in yuan.
AMOUNTS = ("contribution_amount", "deposit_amount", "loan_amount")
ACTS = ("customer_key", "population_code", "act_day_count", "first_act_date", "last_act_date")


def stays_of(table: pl.DataFrame, last: int) -> pl.DataFrame:
    """One row per customer and unbroken stay within the months that can find him lost."""
    number = pl.col("month_number")
    follows = (number - number.shift(1).over("customer_key") == 1).fill_null(value=False)
    return (
        table.filter(pl.col("is_judged") & pl.col("is_there"))
        .with_columns(stay=(~follows).cum_sum())
        .group_by("stay", maintain_order=True)
        .agg(
            pl.col("customer_key", "population_code").first(),
            from_month=number.min(),
            to_month=number.max(),
        )
        .with_columns(is_lost=pl.col("to_month") < last)
        .with_columns(
            period_count=pl.col("to_month")
            - pl.col("from_month")
            + pl.col("is_lost").cast(pl.Int64)
        )
    )


def history_length(table: pl.DataFrame) -> pl.DataFrame:
    """Whole months in which each customer was there."""
    return (
        table.filter(pl.col("is_there"))
        .group_by("customer_key", maintain_order=True)
        .agg(history_month_count=pl.len().cast(pl.Int64))
    )


def own_margin(table: pl.DataFrame, last: int) -> pl.DataFrame:
    """Mean contribution of the months of the last year in which he was there."""
    return (
        table.filter(pl.col("is_there") & (pl.col("month_number") > last - YEAR))
        .group_by("customer_key", maintain_order=True)
        .agg(own_margin=pl.col("contribution_amount").cast(pl.Float64).mean())
    )


def with_means(table: pl.DataFrame, months: int) -> pl.DataFrame:
    """The history with what tells a state: means of the months up to each, as far as there are."""
    return table.with_columns(pl.col(AMOUNTS).cast(pl.Float64)).with_columns(
        pl.col(name).rolling_mean(months, min_samples=1).over("customer_key").alias(f"mean_{name}")
        for name in AMOUNTS
    )


def acts_of(acted: pl.DataFrame, day: date) -> pl.DataFrame:
    """What BG/NBD reads, in days; an act is at noon and the observation ends with the day."""
    if not acted.height:
        return acted
    require_columns(acted, ACTS)
    first, latest = pl.col("first_act_date"), pl.col("last_act_date")
    return acted.sort("customer_key").select(
        "customer_key",
        "population_code",
        "act_day_count",
        repeat_count=pl.col("act_day_count") - 1,
        recency_periods=(latest - first).dt.total_days(),
        age_periods=(pl.lit(day) - first).dt.total_days() + 0.5,
        idle_day_count=(pl.lit(day) - latest).dt.total_days(),
    )
