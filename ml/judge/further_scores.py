"""Scores from elsewhere (a vendor's, a made bank's truth), checked before they stand by ours."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from ml.errors import TableRefused
from ml.frames.features import KEYS


def names(beside: pl.DataFrame | None) -> list[str]:
    """Contenders of a table of further scores."""
    return [] if beside is None else [name for name in beside.columns if name not in KEYS]


def checked(
    beside: pl.DataFrame, labelled: pl.DataFrame, reserved: Collection[str]
) -> pl.DataFrame:
    """The table with its keys in the types of the feature table.

    Args:
        beside: ``customer_key``, ``observation_date`` and one probability per contender.
        labelled: Keys of the rows that can be judged.
        reserved: Names that the report uses itself.

    Raises:
        TableRefused: A key is missing, doubled or of another type, a name is taken, a score is no
            probability, or nobody of the table can be judged.
    """
    for key in KEYS:
        if key not in beside.columns:
            raise TableRefused(
                f"外部评分表缺少列 {key}；须有 customer_key、observation_date 与评分列。",
                f"the table of further scores lacks {key}; it needs customer_key, observation_date"
                " and a column per score",
            )
    scores = names(beside)
    if not scores:
        raise TableRefused(
            "外部评分表除键外没有评分列。",
            "the table of further scores has no score beside its keys",
        )
    for name in scores:
        if name in reserved:
            raise TableRefused(
                f"外部评分表的列名 {name} 已被评估报告占用，请改名。",
                f"{name} in the table of further scores is a name that the report uses itself; "
                "give the column another",
            )
        _check_probability(beside.get_column(name))
    typed = _typed(beside)
    doubled = typed.height - typed.select(KEYS).n_unique()
    if doubled:
        raise TableRefused(
            f"外部评分表有 {doubled} 行与其他行的客户和日期相同。",
            f"the table of further scores has a customer twice on one date in {doubled} rows",
        )
    if not labelled.join(typed, on=list(KEYS), how="semi").height:
        raise TableRefused(
            f"外部评分表的 {typed.height} 行，客户和日期均不在可评估的 {labelled.height} 行之列；"
            "customer_key 有十几位，电子表格会改动末位，请用 CSV 或 Parquet。",
            f"none of the {typed.height} customers and dates in the table of further scores is "
            f"among the {labelled.height} that can be judged; spreadsheets round the last digits "
            "of customer_key, so bring CSV or Parquet",
        )
    return typed


def _check_probability(score: pl.Series) -> None:
    """Refuse a score that is no probability, with the number of rows."""
    inside = (
        score.is_between(0, 1).fill_null(False)
        if score.dtype.is_numeric()
        else pl.Series([False]).new_from_index(0, len(score))
    )
    outside = int((~inside).sum())
    if outside:
        raise TableRefused(
            f"外部评分表的列 {score.name} 有 {outside} 行不是 0 到 1 之间的概率；"
            "百分数请除以 100。",
            f"{score.name} in the table of further scores is no probability between 0 and 1 in "
            f"{outside} rows; divide percentages by 100",
        )


def _typed(beside: pl.DataFrame) -> pl.DataFrame:
    """Keys in the types of the feature table; a text file brings dates as texts.

    Raises:
        TableRefused: A key is no whole number, or a date is not written as 2025-12-31.
    """
    day, customer = beside.get_column("observation_date"), beside.get_column("customer_key")
    if day.dtype == pl.String:
        # A program's moment at midnight is a day too.
        day = day.str.strip_suffix(" 00:00:00").str.to_date("%Y-%m-%d", strict=False)
    elif day.dtype == pl.Datetime:
        day = day.dt.date()
    if day.dtype != pl.Date or day.null_count():
        raise TableRefused(
            "外部评分表的 observation_date 须写作 2025-12-31。",
            "observation_date in the table of further scores must be written as 2025-12-31",
        )
    if customer.dtype.is_float() and (customer == customer.round()).fill_null(False).all():
        customer = customer.cast(pl.Int64)
    if not customer.dtype.is_integer() or customer.null_count():
        raise TableRefused(
            "外部评分表的 customer_key 须为整数。",
            "customer_key in the table of further scores must be a whole number",
        )
    return beside.with_columns(customer.cast(pl.Int64), day)
