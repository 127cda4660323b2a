"""Why each customer has his score: what raises it most, what holds it most, and all the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ml.causes import SEGMENT
from ml.frames.features import Feature
from ml.models.pipelines import Array, Attribution, as_array

#: Of what raises a score so many are told, the strongest first; of what lowers it the strongest.
RAISING_COUNT = 3
LOWERING_COUNT = 1
#: Columns of the feed ml__customer_score_reason, in their order.
REASON_SCHEMA = {
    "customer_key": pl.Int64,
    "observation_date": pl.Date,
    "model_name": pl.String,
    "reason_rank": pl.Int64,
    "feature_name": pl.String,
    "contribution": pl.Float64,
    "feature_value": pl.Float64,
    "feature_value_code": pl.String,
    "usual_value": pl.Float64,
}


def reasons(
    origin: pl.DataFrame, why: Attribution, facts: pl.DataFrame, features: Sequence[Feature]
) -> tuple[pl.DataFrame, Array]:
    """The reasons that are told of each customer, and what all the others add to his score.

    Those that raise the score come first, by size, then what lowers it; equal ones in order of
    name. A manager asks why somebody is on his list: what makes it likelier must not be crowded out
    by what holds him. Beside each stands the recorded fact, the feature's number or its code, and
    for a number what is usual: the median of the scored customers of his population.

    Args:
        origin: Key, date and model of each customer.
        why: Contributions of every feature.
        facts: The features that they rest on, row by row as ``origin``.
        features: The feature contract.

    Returns:
        Rows of the feed, and per customer the sum of the contributions that are not told.
    """
    by_name = np.argsort(np.array(why.features), kind="stable")
    names, contributions = np.array(why.features)[by_name], why.contributions[by_name].T
    order = _order(contributions)
    picked = np.take_along_axis(contributions, order, axis=1)
    is_told = picked != 0
    is_told[:, :-LOWERING_COUNT] &= picked[:, :-LOWERING_COUNT] > 0
    is_told[:, -LOWERING_COUNT:] &= picked[:, -LOWERING_COUNT:] < 0
    rank = np.cumsum(is_told, axis=1)
    numbers, usual, codes = _facts(names, facts, features)
    parts = [
        origin.with_columns(
            pl.Series("reason_rank", rank[:, place], dtype=pl.Int64),
            pl.Series("feature_name", names[order[:, place]], dtype=pl.String),
            pl.Series("contribution", picked[:, place]),
            _of_place("feature_value", numbers, order[:, place]),
            _codes(codes, names[order[:, place]]),
            _of_place("usual_value", usual, order[:, place]),
        ).filter(pl.Series(is_told[:, place]))
        for place in range(order.shape[1])
    ]
    told = pl.concat(parts).select(list(REASON_SCHEMA)).sort("customer_key", "reason_rank")
    return told, contributions.sum(axis=1) - (picked * is_told).sum(axis=1)


def _order(contributions: Array) -> NDArray[np.int64]:
    """Places of the features that raise each score most, then of those that lower it most."""
    count = contributions.shape[1]
    falling = np.argsort(-contributions, axis=1, kind="stable")[:, : min(RAISING_COUNT, count)]
    rising = np.argsort(contributions, axis=1, kind="stable")[:, : min(LOWERING_COUNT, count)]
    return np.hstack([falling, rising]).astype(np.int64)


def _facts(
    names: NDArray[np.str_], facts: pl.DataFrame, features: Sequence[Feature]
) -> tuple[Array, Array, pl.DataFrame]:
    """Numbers of each feature, what is usual of them, and the codes; NaN where there is none."""
    kinds = {feature.name: feature.kind for feature in features}
    nothing = np.full(facts.height, np.nan)
    medians = facts.select(
        pl.col(name).fill_nan(None).median().over(SEGMENT)
        for name in names
        if kinds[name] == "number"
    )
    numbers = [nothing if kinds[name] == "category" else as_array(facts[name]) for name in names]
    usual = [as_array(medians[name]) if name in medians.columns else nothing for name in names]
    codes = facts.select([name for name in names if kinds[name] == "category"])
    return np.column_stack(numbers), np.column_stack(usual), codes


def _of_place(column: str, table: Array, place: NDArray[np.int64]) -> pl.Series:
    """Of each row the number of one feature; null where it has none."""
    picked = np.take_along_axis(table, place[:, None], axis=1)[:, 0]
    return pl.Series(column, picked).fill_nan(None)


def _codes(codes: pl.DataFrame, named: NDArray[np.str_]) -> pl.Series:
    """The code of the category that is named in each row; null where a number is named."""
    picked = pl.DataFrame({"named": pl.Series(named, dtype=pl.String)}).hstack(codes)
    found = [pl.when(pl.col("named") == name).then(pl.col(name)) for name in codes.columns]
    chosen = pl.coalesce(found) if found else pl.lit(None, dtype=pl.String)
    # Beside the names: a constant by itself would be one row.
    return picked.with_columns(chosen.alias("feature_value_code")).get_column("feature_value_code")
