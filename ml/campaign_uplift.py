"""Whom a campaign moved: an uplift score learnt on one half of its lot and judged on the other.

The score serves to say whether a list in its order would have gained more than one by lot (Qini),
and what each tenth of the customers gained. A campaign without a control group is told, not judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from ml.errors import InputRefused
from ml.frames.checks import flags, model_inputs, require_columns
from ml.frames.columns import Columns
from ml.judge.uplift import imbalance, qini
from ml.models.pipelines import SEED, Array
from ml.models.uplift import fit_uplift, groups, require_control

#: What is known of a customer before a campaign, and may tell whom it moves.
COLUMNS = Columns(
    (
        "age_years",
        "deposit_amount",
        "act_count",
        "product_count",
        "contribution_amount",
        "demand_share",
        "rival_outflow_amount",
    )
)
#: Columns of the feed ml__campaign_uplift, in their order.
UPLIFT_SCHEMA = {
    "campaign_id": pl.String,
    "observation_date": pl.Date,
    "treated_count": pl.Int64,
    "control_count": pl.Int64,
    "qini": pl.Float64,
    "qini_low": pl.Float64,
    "qini_high": pl.Float64,
    "lot_difference": pl.Float64,
    "lot_difference_column": pl.String,
    "note_zh": pl.String,
    "note_en": pl.String,
}
#: Columns of the feed ml__campaign_tenth.
TENTH_SCHEMA = {
    "campaign_id": pl.String,
    "observation_date": pl.Date,
    "tenth": pl.Int64,
    "treated_count": pl.Int64,
    "treated_converted_count": pl.Int64,
    "control_count": pl.Int64,
    "control_converted_count": pl.Int64,
    "mean_uplift": pl.Float64,
}
_TENTHS = 10


@dataclass(frozen=True)
class Uplifts:
    """What was found, in the columns of both feeds.

    Attributes:
        campaigns: One row per campaign that is over, judged or not.
        tenths: One row per judged campaign and tenth of its customers, the most moved first.
    """

    campaigns: pl.DataFrame
    tenths: pl.DataFrame


def uplifts(members: pl.DataFrame, *, level: float, draws: int, day: date) -> Uplifts:
    """Judge each campaign whose customers have all been watched to the end.

    Args:
        members: One row per campaign and customer: ``campaign_id``, ``customer_key``,
            ``is_treated``, ``has_responded`` and :data:`COLUMNS`, as known before the campaign.
        level: Of the interval of the Qini coefficient.
        draws: Of its bootstrap.
        day: Observation date.

    Raises:
        InputRefused: No campaign is over, or a column is not there.
    """
    names = ["campaign_id", "customer_key", "is_treated", "has_responded", *COLUMNS.names]
    require_columns(members, names)
    rows: list[dict[str, Any]] = []
    tenths = []
    ordered = members.sort("campaign_id", "customer_key")
    for key, frame in ordered.group_by("campaign_id", maintain_order=True):
        treated = int(frame.get_column("is_treated").cast(pl.Int64).sum())
        row: dict[str, Any] = {
            "campaign_id": key[0],
            "treated_count": treated,
            "control_count": frame.height - treated,
        }
        try:
            row |= _lot(frame)
            score = held_out_scores(frame)
            found = qini(frame, score, level=level, draws=draws)
            row |= {"qini": found.coefficient, "qini_low": found.low, "qini_high": found.high}
            tenths.append(_tenths(frame, score).with_columns(campaign_id=pl.lit(key[0])))
        except InputRefused as error:
            row |= {"note_zh": error.sentence[0], "note_en": error.sentence[1]}
        rows.append(row)
    schema = {name: kind for name, kind in UPLIFT_SCHEMA.items() if name != "observation_date"}
    told = pl.concat(tenths) if tenths else pl.DataFrame(schema=TENTH_SCHEMA)
    return Uplifts(
        _shaped(pl.DataFrame(rows, schema=schema), UPLIFT_SCHEMA, day),
        _shaped(told, TENTH_SCHEMA, day),
    )


def _lot(frame: pl.DataFrame) -> dict[str, Any]:
    """The column in which the groups differed most before the campaign, and by how much.

    Raises:
        InputRefused: No control group, or nobody treated.
    """
    name, _, difference, _ = imbalance(frame, COLUMNS).row(0)
    return {"lot_difference": difference, "lot_difference_column": name}


def held_out_scores(frame: pl.DataFrame) -> Array:
    """The uplift of each customer, by a learner that has not seen him.

    The plain learner (class transformation): campaigns of a county bank have some hundred
    customers, on which trees would learn the lot.

    Raises:
        InputRefused: No control group, nobody treated, either half too small to learn from, or
            nothing was known of anybody before the campaign.
    """
    require_control(flags(frame, "is_treated") == 1)
    _require_known(frame)
    treated, responded = groups(frame)
    random = np.random.default_rng(SEED)
    half = np.zeros(frame.height, dtype=bool)
    # Each group and answer is halved for itself, so that both halves have all of them.
    for group in (True, False):
        for answer in (0.0, 1.0):
            place = np.flatnonzero((treated == group) & (responded == answer))
            half[random.permutation(place)[::2]] = True
    score = np.zeros(frame.height)
    for own in (half, ~half):
        learner = fit_uplift(frame.filter(own), COLUMNS)
        score[~own] = learner.of(frame.filter(~own))
    return score


def _require_known(frame: pl.DataFrame) -> None:
    """Refuse customers of whom nothing was known: their order would be that of chance."""
    known = model_inputs(frame, COLUMNS)
    if all(column.null_count() == frame.height for column in known):
        raise InputRefused(
            f"活动开始前，{frame.height} 位客户的特征均为空，无法判断营销打动了谁。",
            f"nothing is known of the {frame.height} customers before the campaign began, so "
            "nobody can tell whom it moved",
        )


def _tenths(frame: pl.DataFrame, score: Array) -> pl.DataFrame:
    """Counts of both groups in each tenth; equal scores by customer, so that tenths are tenths.

    Groups keep their order: else threads add up a mean as they come, and its last bit may move.
    """
    order = np.lexsort((np.arange(len(score)), -score))
    place = np.empty(len(score), dtype=np.int64)
    place[order] = np.arange(len(score)) * _TENTHS // len(score) + 1
    is_treated = pl.col("is_treated").cast(pl.Boolean)
    answer = pl.col("has_responded").cast(pl.Boolean)
    return (
        frame.with_columns(tenth=pl.Series(place), score=pl.Series(score))
        .group_by("tenth", maintain_order=True)
        .agg(
            treated_count=is_treated.sum(),
            treated_converted_count=(is_treated & answer).sum(),
            control_count=(~is_treated).sum(),
            control_converted_count=(~is_treated & answer).sum(),
            mean_uplift=pl.col("score").mean(),
        )
        .sort("tenth")
    )


def _shaped(frame: pl.DataFrame, schema: Mapping[str, Any], day: date) -> pl.DataFrame:
    """The columns of a feed, in their order and types."""
    told = frame.with_columns(observation_date=pl.lit(day, dtype=pl.Date))
    return told.select(list(schema)).cast(dict(schema))  # type: ignore[arg-type]
