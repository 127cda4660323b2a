"""Whom a campaign moves: Qini curves (Radcliffe 2007), and whether its lot was fair.

What a campaign brought, and whether it was a success, is SQL: mart_marketing__campaign.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ml.errors import InputRefused
from ml.frames.checks import flags, model_inputs
from ml.frames.columns import Columns
from ml.judge.metrics import Array
from ml.models.pipelines import SEED
from ml.models.uplift import require_control

#: Standardised difference of means from which groups are said to differ (Austin 2009).
FAIR_DIFFERENCE = 0.1


@dataclass(frozen=True)
class Qini:
    """Area between the curve of a score and the diagonal of acting by lot.

    Attributes:
        coefficient: The area; additional responses per treated customer, averaged over all depths
            of the list, beyond those of a list in random order. 0 for a score that says nothing.
        low: Lower end of the bootstrap interval.
        high: Upper end.
    """

    coefficient: float
    low: float
    high: float


def qini(
    frame: pl.DataFrame, score: Array, *, level: float = 0.9, draws: int = 200, seed: int = SEED
) -> Qini:
    """Qini coefficient with a bootstrap interval over customers, each group drawn for itself.

    Args:
        frame: One row per customer: ``is_treated``, ``has_responded``; drawn by lot, and not what
            the score was taught with.
        score: Expected uplift of each; equal scores are taken together.
        level: Of the interval.
        draws: Bootstrap draws.
        seed: Of the draws.

    Raises:
        InputRefused: No control group, nobody treated, a flag or a score that is not known.
    """
    treated, responded, scores = _checked(frame, score)
    random = np.random.default_rng(seed)
    parts = [np.flatnonzero(treated), np.flatnonzero(~treated)]
    drawn = []
    for _ in range(draws):
        rows = np.concatenate([random.choice(part, len(part)) for part in parts])
        drawn.append(_area(*_curve(treated[rows], responded[rows], scores[rows])))
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Qini(_area(*_curve(treated, responded, scores)), float(low), float(high))


def imbalance(frame: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    """How much the groups differed before the campaign: it was by lot if they hardly did.

    Args:
        frame: The columns and ``is_treated``.
        columns: What was known before; a category counts as one column per value.

    Returns:
        ``column_name``, ``value`` (of a category), ``difference`` (of means, in standard
        deviations; missing values left out) and ``is_fair``, greatest difference first.

    Raises:
        InputRefused: No control group, or nobody treated.
    """
    treated = flags(frame, "is_treated") == 1
    require_control(treated)
    rows = model_inputs(frame, columns)
    found = []
    for name in columns.numbers:
        found.append((name, None, _difference(rows.get_column(name), treated)))
    for name in columns.categories:
        for value in rows.get_column(name).drop_nulls().unique().sort():
            same = (rows.get_column(name) == value).cast(pl.Float64)
            found.append((name, value, _difference(same, treated)))
    told = pl.DataFrame(
        found,
        schema={"column_name": pl.String, "value": pl.String, "difference": pl.Float64},
        orient="row",
    )
    return told.with_columns(is_fair=pl.col("difference").abs() <= FAIR_DIFFERENCE).sort(
        pl.col("difference").abs(), "column_name", "value", descending=[True, False, False]
    )


def _difference(column: pl.Series, treated: NDArray[np.bool_]) -> float:
    """Standardised difference of means; 0 where nothing varies or is known."""
    one, other = (column.filter(mask).drop_nulls().to_numpy() for mask in (treated, ~treated))
    if not len(one) or not len(other):
        return 0.0
    spread = float(np.sqrt((one.var() + other.var()) / 2))
    return float(one.mean() - other.mean()) / spread if spread else 0.0


def _checked(frame: pl.DataFrame, score: Array) -> tuple[NDArray[np.bool_], Array, Array]:
    """(treated, responded, score), known for every row."""
    treated, responded = flags(frame, "is_treated") == 1, flags(frame, "has_responded")
    require_control(treated)
    if score.shape != treated.shape or not np.isfinite(score).all():
        raise InputRefused(
            "增量评分缺失、无穷或行数不符。", "an uplift score is missing, not finite or too many"
        )
    return treated, responded, score


def _curve(treated: NDArray[np.bool_], responded: Array, score: Array) -> tuple[Array, Array]:
    """(share acted on, additional responses per treated customer), from nobody to everybody."""
    order = np.argsort(-score, kind="stable")
    hit, mine = responded[order], treated[order]
    ends = np.flatnonzero(np.diff(score[order], append=-np.inf))
    treated_so_far, control_so_far = (np.cumsum(group)[ends] for group in (mine, ~mine))
    hits, others = (np.cumsum(hit * group)[ends] for group in (mine, ~mine))
    # What the control group did, as if it were as large as the treated so far.
    without = others * treated_so_far / np.maximum(control_so_far, 1)
    gain = (hits - without) / treated.sum()
    share = (ends + 1) / len(score)
    return np.concatenate([[0.0], share]), np.concatenate([[0.0], gain])


def _area(share: Array, gain: Array) -> float:
    """Area between the curve and the diagonal to its end."""
    return float(np.trapezoid(gain - share * gain[-1], share))
