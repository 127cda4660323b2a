"""Time to churn: a hazard for each month ahead, hence a survival curve for each customer.

A customer who is watched for five months and stays teaches five rows without churn and says nothing
about the sixth: so censoring on the right needs no special model, any classifier of
:mod:`ml.models.factories` learns the hazard from rows of customer and month. The curve of Kaplan
and Meier by segment, which assumes nothing, is ``mart_churn__survival_curve``.

Months count from the observation date. ``month_count`` is the month in which a lost customer left,
or the last month that a kept one was watched to its end.

Sources:
    Singer and Willett 1993 (discrete-time hazard).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from ml.errors import InputRefused
from ml.frames.checks import finite, model_inputs, require_columns
from ml.frames.columns import Columns
from ml.models.blend import BlendedClassifier
from ml.models.factories import blended_classifier
from ml.models.held_out import Learnt
from ml.models.pipelines import SEED, Array

MONTH = "month_number"
LOST_NOW = "is_lost_in_month"
_ROW = "_row"


@dataclass(frozen=True)
class HazardModel:
    """A fitted hazard.

    Attributes:
        pipeline: Chance to leave in a month, given that he is there at its start.
        columns: What is read of the customer; the pipeline reads :data:`MONTH` as well.
        horizon: Last month that training has seen; nothing is told beyond.
    """

    pipeline: Pipeline
    columns: Columns
    horizon: int

    def curves(self, frame: pl.DataFrame) -> Array:
        """(customers, horizon): chance to be there at the end of month 1, 2, ..."""
        return hazard_curves(self.pipeline, model_inputs(frame, self.columns), self.horizon)


def hazard_curves(pipeline: Pipeline, frame: pl.DataFrame, horizon: int) -> Array:
    """(customers, horizon): chance to be there at the end of month 1, 2, ...

    Args:
        pipeline: Chance to leave in a month, given that he is there at its start.
        frame: What it reads of the customers, without the month.
        horizon: Months that are told.
    """
    hazards = [
        pipeline.predict_proba(frame.with_columns(pl.lit(float(month)).alias(MONTH)))[:, 1]
        for month in range(1, horizon + 1)
    ]
    survival: Array = np.cumprod(1 - np.column_stack(hazards), axis=1)
    return survival


def restricted_mean_months(curves: Array) -> Array:
    """Months expected at the bank up to the horizon, the one in which he leaves counted whole."""
    mean: Array = 1 + curves[:, :-1].sum(axis=1)
    return mean


def person_periods(
    frame: pl.DataFrame, columns: Columns, horizon: int | None = None
) -> pl.DataFrame:
    """One row per customer and month that he was watched.

    Args:
        frame: One row per customer: the columns, ``month_count`` and ``is_lost``.
        columns: What is kept of it.
        horizon: Month after which nobody is watched any more.

    Returns:
        The columns, ``month_number``, ``is_lost_in_month`` and ``_row``, the place in ``frame``.

    Raises:
        InputRefused: A column is not there or has gaps, a month count is not whole and above nil.
    """
    months, lost = watched(frame)
    last = months if horizon is None else np.minimum(months, horizon)
    return (
        model_inputs(frame, columns)
        .with_columns(
            pl.Series(_ROW, np.arange(frame.height)),
            pl.Series(MONTH, [np.arange(1.0, count + 1) for count in last], pl.List(pl.Float64)),
            pl.Series(LOST_NOW, lost & (last == months)),
            pl.Series("_last", last.astype(np.float64)),
        )
        .explode(MONTH)
        .with_columns(pl.col(LOST_NOW) & (pl.col(MONTH) == pl.col("_last")))
        .drop("_last")
    )


def fit_hazard(
    frame: pl.DataFrame,
    columns: Columns,
    *,
    horizon: int,
    factory: Callable[[Columns], Pipeline] = blended_classifier,
    folds: NDArray[np.int64] | None = None,
    weights: Array | None = None,
    learnt: dict[str, Learnt] | None = None,
) -> HazardModel:
    """Fit the hazard on rows of customer and month; rows of one customer stay in one fold.

    Args:
        frame: One row per customer, as for :func:`person_periods`.
        columns: What the model may read of the customer at the observation date.
        horizon: Months ahead to be told; cut to the last month in which anybody was watched.
        factory: Maker of the classifier.
        folds: Fold of each row of the frame; dealt out unless given.
        weights: How much each row of the frame counts, in each of its months; alike unless given.
        learnt: Of a blend: members taught before on the same frame, folds and weights.

    Raises:
        InputRefused: As :func:`person_periods`; nobody left within the horizon, or everybody did
            in the first month.
    """
    months, lost = watched(frame)
    reach = min(horizon, int(months.max()))
    rows = person_periods(frame, columns, reach)
    labels = rows.get_column(LOST_NOW).to_numpy().astype(np.float64)
    if labels.min() == labels.max():
        raise InputRefused(
            f"前 {reach} 个月内无人流失或全部立即流失，无法估计流失时间。",
            f"within {reach} months nobody left, or everybody at once: no time to churn can be "
            "told from that",
        )
    pipeline = factory(_with_month(columns))
    taught: dict[str, Any] = {}
    if weights is not None:
        taught["model__sample_weight"] = weights[rows.get_column(_ROW).to_numpy()]
    if isinstance(pipeline[-1], BlendedClassifier):
        events = lost & (months <= reach)
        if folds is None:
            folds = _folds(events, min(pipeline[-1].folds, int(events.sum())))
        taught["model__fold_of_row"] = folds[rows.get_column(_ROW).to_numpy()]
        taught["model__learnt"] = learnt
    pipeline.fit(rows.select(_with_month(columns).names), labels, **taught)
    return HazardModel(pipeline, columns, reach)


def watched(frame: pl.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """(months that each customer was watched, whether he left in the last of them).

    Raises:
        InputRefused: A gap, or a month count that is not whole and above nil.
    """
    require_columns(frame, ["month_count", "is_lost"])
    months, lost = finite(frame, "month_count"), finite(frame, "is_lost")
    if (months < 1).any() or (months != months.round()).any() or not np.isin(lost, (0, 1)).all():
        raise InputRefused(
            "month_count 必须是从 1 起的整数，is_lost 只能是真或假。",
            "month_count must be whole and above nil, and is_lost true or false",
        )
    return months.astype(np.int64), lost == 1


def _with_month(columns: Columns) -> Columns:
    """The columns and the month ahead."""
    return Columns((*columns.numbers, MONTH), columns.categories, columns.many)


def _folds(events: NDArray[np.bool_], count: int) -> NDArray[np.int64]:
    """Fold of each customer, those with the event dealt out first, so that each fold has some."""
    if count < 2:
        raise InputRefused(
            "流失客户不足两位，无法留出检验。",
            "fewer than two customers left, so that none can be held out",
        )
    shuffled = np.random.default_rng(SEED).permutation(len(events))
    order = shuffled[np.argsort(~events[shuffled], kind="stable")]
    folds = np.empty(len(events), dtype=np.int64)
    folds[order] = np.arange(len(events)) % count
    return folds
