"""Segments of a night: quintiles, rules and clusters fitted on one month end and kept for a while.

The fit is made anew each night from the facts of its month end, so that nothing but facts is kept
and a rebuild finds the same; whom it puts where goes by the customers of the observation date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from ml.errors import InputRefused
from ml.frames.checks import require_columns
from ml.frames.columns import Columns
from ml.models.pipelines import single_thread
from ml.models.rfmb import (
    fit_quintiles,
    rule_segments,
    rule_stability,
    score_quintiles,
)
from ml.models.segments import Clusters, fit_clusters

#: Measures of the quintiles, and whether more is better.
MEASURES = {"recency": -1, "frequency": 1, "amount": 1, "balance": 1}
#: What clusters are found by: how the bank is used. How much and how often is said by the segments.
USES = {
    "loan_amount": ("贷款余额", "loans"),
    "remote_share": ("电子渠道交易占比", "share of postings by phone and net"),
    "demand_share": ("活期存款占比", "share of deposits on demand"),
}
#: Columns of the feed ml__customer_rfmb, in their order.
CUSTOMER_SCHEMA = {
    "customer_key": pl.Int64,
    "observation_date": pl.Date,
    **{f"{name}_quintile": pl.Int64 for name in MEASURES},
    "segment_code": pl.String,
    "cluster_number": pl.Int64,
}
#: Columns of the feed ml__rfmb_cut.
CUT_SCHEMA = {
    "observation_date": pl.Date,
    "measure_name": pl.String,
    "quintile": pl.Int64,
    "beyond_value": pl.Float64,
    "fitted_date": pl.Date,
}
#: Columns of the feed ml__rfmb_fit.
FIT_SCHEMA = {
    "observation_date": pl.Date,
    "fitted_date": pl.Date,
    "customer_count": pl.Int64,
    "rule_stability": pl.Float64,
    "cluster_count": pl.Int64,
    "silhouette": pl.Float64,
    "note_zh": pl.String,
    "note_en": pl.String,
}
#: Columns of the feed ml__customer_cluster.
CLUSTER_SCHEMA = {
    "observation_date": pl.Date,
    "cluster_number": pl.Int64,
    "fitted_date": pl.Date,
    "customer_count": pl.Int64,
    "customer_share": pl.Float64,
    "jaccard": pl.Float64,
    "name_zh": pl.String,
    "name_en": pl.String,
    "rule_zh": pl.String,
    "rule_en": pl.String,
    "coverage": pl.Float64,
    "purity": pl.Float64,
}


@dataclass(frozen=True)
class FitRule:
    """The row of rule segment_fit_rule.

    Attributes:
        fit_month_count: A month end is fitted on where this divides the number of its month.
        minimum_customer_count: Fewest customers to fit on.
        minimum_cluster_count: Fewest clusters that are tried.
        maximum_cluster_count: Most clusters that are tried.
        minimum_jaccard_rate: Least mean Jaccard similarity of each cluster.
        draw_count: Bootstrap draws, for clusters and for the segments.
    """

    fit_month_count: int
    minimum_customer_count: int
    minimum_cluster_count: int
    maximum_cluster_count: int
    minimum_jaccard_rate: float
    draw_count: int


@dataclass(frozen=True)
class Segments:
    """What was found, in the columns of the four feeds.

    Attributes:
        customers: One row per customer of the observation date.
        cuts: One row per measure and quintile.
        fit: One row.
        clusters: One row per cluster; none where the bank has none.
        refused: (Chinese, English) why there are no clusters, or None.
    """

    customers: pl.DataFrame
    cuts: pl.DataFrame
    fit: pl.DataFrame
    clusters: pl.DataFrame
    refused: tuple[str, str] | None


def fit_date(dates: Sequence[date], day: date, every: int) -> date:
    """The month end to fit on: the last one that is due, or else the last one, or else the day.

    Args:
        dates: Dates of which there are customers.
        day: Observation date; nothing later is looked at.
        every: Months between two fits, a divisor of 12.

    >>> fit_date([date(2025, 9, 30), date(2025, 10, 31)], date(2025, 10, 31), 3)
    datetime.date(2025, 9, 30)
    >>> fit_date([date(2025, 10, 31), date(2025, 11, 7)], date(2025, 11, 7), 3)
    datetime.date(2025, 10, 31)
    """
    ends = sorted(each for each in dates if each <= day and (each + timedelta(days=1)).day == 1)
    due = [each for each in ends if each.month % every == 0]
    return (due or ends or [day])[-1]


def segments(
    fitted_on: pl.DataFrame,
    customers: pl.DataFrame,
    rules: pl.DataFrame,
    rule: FitRule,
    dates: tuple[date, date],
) -> Segments:
    """Fit on the customers of one date, and place those of another.

    Args:
        fitted_on: One row per customer of the month end that is fitted on: ``customer_key``, the
            columns of :data:`MEASURES` and of :data:`USES`.
        customers: The same of the observation date.
        rules: One row per segment: ``segment_code``, ``rule_order``, and bounds of
            ``<measure>_quintile`` as :func:`ml.models.rfmb.rule_segments` reads them.
        rule: How to fit.
        dates: Month end of the fit, and observation date.

    Raises:
        InputRefused: Too few customers, a measure that is missing for all, or rules that leave a
            customer without a segment.
    """
    require_columns(customers, ["customer_key", *MEASURES, *USES])
    if fitted_on.height < rule.minimum_customer_count:
        raise InputRefused(
            f"{dates[0]} 仅有 {fitted_on.height} 位客户，至少需要 "
            f"{rule.minimum_customer_count} 位。",
            f"there are {fitted_on.height} customers on {dates[0]}, and "
            f"{rule.minimum_customer_count} are needed",
        )
    teaching, placed = (frame.sort("customer_key") for frame in (fitted_on, customers))
    cuts = fit_quintiles(teaching, MEASURES)
    scores = score_quintiles(placed, cuts)
    stability = rule_stability(teaching, MEASURES, rules, draws=rule.draw_count)
    clusters, refused = _clusters(teaching, rule)
    numbers = pl.Series("cluster_number", clusters.of(placed) + 1) if clusters else None
    told = scores.with_columns(
        placed.get_column("customer_key"),
        rule_segments(scores, rules),
        numbers if numbers is not None else pl.lit(None).alias("cluster_number"),
    )
    best = None if clusters is None else clusters.told.height
    fit = pl.DataFrame(
        {
            "customer_count": teaching.height,
            "rule_stability": stability,
            "cluster_count": best,
            "silhouette": _silhouette(clusters),
            "note_zh": refused[0] if refused else None,
            "note_en": refused[1] if refused else None,
        }
    )
    return Segments(
        _shaped(told, CUSTOMER_SCHEMA, dates),
        _shaped(cuts, CUT_SCHEMA, dates),
        _shaped(fit, FIT_SCHEMA, dates),
        _shaped(_told_clusters(clusters), CLUSTER_SCHEMA, dates),
        refused,
    )


def _clusters(
    teaching: pl.DataFrame, rule: FitRule
) -> tuple[Clusters | None, tuple[str, str] | None]:
    """Clusters of how the bank is used, or the sentence why it has none."""
    try:
        with single_thread():
            return (
                fit_clusters(
                    teaching,
                    Columns(tuple(USES)),
                    counts=range(rule.minimum_cluster_count, rule.maximum_cluster_count + 1),
                    titles=USES,
                    draws=rule.draw_count,
                    least_jaccard=rule.minimum_jaccard_rate,
                ),
                None,
            )
    except InputRefused as error:
        return None, error.sentence


def _silhouette(clusters: Clusters | None) -> float | None:
    """How well the chosen number of clusters is parted."""
    if clusters is None:
        return None
    chosen = clusters.tried.filter(pl.col("cluster_count") == clusters.told.height)
    return float(chosen.get_column("silhouette")[0])


def _told_clusters(clusters: Clusters | None) -> pl.DataFrame:
    """Clusters as they are told, counted from 1; none, with the same columns."""
    if clusters is None:
        return pl.DataFrame(schema=CLUSTER_SCHEMA)
    return clusters.told.select(
        "jaccard",
        "coverage",
        "purity",
        cluster_number=pl.col("cluster") + 1,
        customer_count="row_count",
        customer_share="row_share",
        name_zh="name_chinese",
        name_en="name_english",
        rule_zh="rule_chinese",
        rule_en="rule_english",
    )


def _shaped(
    frame: pl.DataFrame, schema: Mapping[str, Any], dates: tuple[date, date]
) -> pl.DataFrame:
    """The columns of a feed, in their order and types, with the dates of fit and observation."""
    told = frame.with_columns(
        fitted_date=pl.lit(dates[0], dtype=pl.Date),
        observation_date=pl.lit(dates[1], dtype=pl.Date),
    )
    return told.select(list(schema)).cast(dict(schema))  # type: ignore[arg-type]
