"""Scoring: one row per customer, with his reasons, or a refusal; never a silent guess."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ml.causes import CAUSE_SCHEMA, SEGMENT, causes
from ml.errors import ScoringHeld
from ml.frames.features import FEATURES, Feature, check_frame
from ml.frames.split import add_months
from ml.judge.drift import check_sizes
from ml.models.pipelines import Array, inputs
from ml.models.scorer import kind_of
from ml.models.staying import TOLD_MONTHS, SurvivalModel
from ml.models.survival import restricted_mean_months
from ml.models.value import VALUE_BASELINE_COLUMN
from ml.names import called
from ml.reasons import REASON_SCHEMA, reasons
from ml.registry.store import LoadedModel

Role = Literal["champion", "challenger"]
#: What is expected of whoever nothing is known of, and what each customer's untold reasons add.
Rest = tuple[float | None, Array | None]

#: Columns of the feed ml__customer_score, in their order.
SCORE_SCHEMA = {
    "customer_key": pl.Int64,
    "observation_date": pl.Date,
    "model_name": pl.String,
    "model_version": pl.String,
    "role": pl.String,
    "score": pl.Float64,
    "score_low": pl.Float64,
    "score_high": pl.Float64,
    "scored_rank": pl.Int64,
    "expected_contribution": pl.Float64,
    "other_contribution": pl.Float64,
}
#: Columns of the feed ml__customer_survival, in their order.
CURVE_SCHEMA = {
    "customer_key": pl.Int64,
    "observation_date": pl.Date,
    "model_version": pl.String,
    "month_number": pl.Int64,
    "survival_rate": pl.Float64,
}


@dataclass(frozen=True)
class ScoreResult:
    """Scores and reasons of one model and observation date, in the columns of their feeds.

    A challenger gives no reasons: nobody is told of its scores. Causes in total are those of churn,
    chances to be here after so many months those of survival.
    """

    scores: pl.DataFrame
    reasons: pl.DataFrame
    causes: pl.DataFrame
    report: dict[str, Any]
    curves: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CURVE_SCHEMA))

    def check_complete(self, customer_keys: pl.Series) -> None:
        """Prove that exactly these customers are scored.

        Args:
            customer_keys: Keys of the customers that the dimension holds for this date.

        Raises:
            ScoringHeld: A customer has no score, or a score has no customer.
        """
        expected = pl.DataFrame({"customer_key": customer_keys.cast(pl.Int64).unique()})
        unscored = expected.join(self.scores, on="customer_key", how="anti").height
        unknown = self.scores.join(expected, on="customer_key", how="anti").height
        if unscored or unknown:
            raise ScoringHeld(
                f"有 {unscored} 位客户没有评分，有 {unknown} 个评分没有对应客户；评分暂不采用。",
                f"{unscored} customers have no score and {unknown} scores have no customer; scores"
                " are held.",
            )


def score(
    model: LoadedModel,
    frame: pl.DataFrame,
    *,
    role: Role = "champion",
    features: tuple[Feature, ...] = FEATURES,
    recorded: Collection[str] = (),
) -> ScoreResult:
    """Score every row of the frame.

    The reasons are exact Shapley values of the trees (:mod:`ml.models.tree_attribution`), on the
    log-odds scale for an event and in yuan for value (:func:`ml.reasons.reasons` says which are
    told). Those told, all others and the model's expected score add up to his score. Those of
    survival add up to the log-odds of staying through the first month, while its score is months.

    Args:
        model: A version that the registry let pass.
        frame: ``ftr_customer`` of one observation date: keys and features, nothing else.
        role: As what the version scores; only a champion gives reasons.
        features: The feature contract.
        recorded: Features that some customer of the date has, be he asked or not.

    Raises:
        FrameRefused: The frame breaks the contract, or lacks a column that the version reads.
        ScoringHeld: Numbers that it reads are of another size than those of training, or a score
            is not a number.
    """
    checked = check_frame(frame, features, absent=model.scorer.may_lack(features, recorded))
    dates = checked.get_column("observation_date").unique().to_list()
    if len(dates) > 1:
        raise ScoringHeld(
            f"特征表含有 {len(dates)} 个观察日；一次只能评一个观察日。",
            f"The feature frame holds {len(dates)} observation dates; one is scored at a time.",
        )
    checked = as_whole_months(checked.sort("customer_key"), dates[0])
    read = [each for each in features if each.name in model.scorer.read]
    check_sizes(model.name, model.scorer.medians, checked, read)
    columns = inputs(checked, features)
    scores, chances = _predicted(model, columns)
    if not np.isfinite(scores).all():
        chinese, english = called(model.name, model.version)
        raise ScoringHeld(
            f"{chinese} 算出的评分不是数值，评分暂不采用。",
            f"{english} gave a score that is no number; its scores are held.",
        )
    origin = checked.select("customer_key", "observation_date").with_columns(
        pl.lit(model.name).alias("model_name")
    )
    told = [pl.DataFrame(schema=each) for each in (REASON_SCHEMA, CAUSE_SCHEMA, CURVE_SCHEMA)]
    rest: Rest = (None, None)
    if role == "champion":
        *told, rest = _why(model, origin, columns, scores, features)
        told.append(_curves(model, origin, chances))
    why, in_total, curves = told
    band = _ends(model, scores, columns)
    table = _table(origin, model.version, role, scores, band, rest)
    report = {
        "model_name": model.name,
        "model_version": model.version,
        "role": role,
        "ships": model.scorer.ships,
        "observation_date": dates[0].isoformat(),
        "row_count": table.height,
        "mean_score": float(scores.mean()),
        "median_score": float(np.median(scores)),
        "reason_count": why.height,
    }
    return ScoreResult(table, why, in_total, report, curves)


def _table(
    origin: pl.DataFrame,
    version: str,
    role: Role,
    scores: Array,
    band: dict[str, pl.Series],
    rest: Rest,
) -> pl.DataFrame:
    """The scores in the columns of their feed."""
    expected, others = rest
    return origin.with_columns(
        pl.lit(version).alias("model_version"),
        pl.lit(role).alias("role"),
        pl.Series("score", scores),
        *band.values(),
        pl.Series("scored_rank", _ranks(scores, origin["customer_key"].to_numpy())),
        pl.lit(expected, dtype=pl.Float64).alias("expected_contribution"),
        pl.lit(None, dtype=pl.Float64).alias("other_contribution")
        if others is None
        else pl.Series("other_contribution", others),
    ).cast(SCORE_SCHEMA)  # type: ignore[arg-type]


def as_whole_months(frame: pl.DataFrame, observation_date: date) -> pl.DataFrame:
    """What the running month has brought so far, raised to three whole months.

    The contribution of three months counts the running month up to the day. Models are taught at
    month ends only, where the three are whole; on the first of a month a third would be missing and
    every customer would look less worth than the day before.
    """
    share = share_of_whole_months(observation_date)
    return frame.with_columns(pl.col(VALUE_BASELINE_COLUMN).cast(pl.Float64) / share)


def share_of_whole_months(observation_date: date) -> float:
    """How much of three whole months, that of the day the last of them, is over on the day.

    >>> share_of_whole_months(date(2025, 12, 31))
    1.0
    """
    start = add_months(observation_date.replace(day=1), -2)
    end = add_months(start, 3)
    return ((observation_date - start).days + 1) / (end - start).days


def _why(
    model: LoadedModel,
    origin: pl.DataFrame,
    facts: pl.DataFrame,
    scores: Array,
    features: tuple[Feature, ...],
) -> tuple[pl.DataFrame, pl.DataFrame, Rest]:
    """The reasons of each customer, for churn the causes in total, and the rest of the sum."""
    why = model.scorer.explain(facts)
    told, others = reasons(origin, why, facts, features)
    day = origin["observation_date"][0]
    in_total = pl.DataFrame(schema=CAUSE_SCHEMA)
    if model.name == "churn":
        in_total = causes(why, scores, facts[SEGMENT], model.version, day)
    return told, in_total, (why.expected, others)


def _predicted(model: LoadedModel, facts: pl.DataFrame) -> tuple[Array, Array | None]:
    """The scores, and of a hazard the chances per month that they are the sums of."""
    scorer, kind = model.scorer, kind_of(model.name)
    if not isinstance(kind, SurvivalModel):
        return scorer.predict(facts), None
    chances = kind.curves(scorer.pipelines, scorer.constants, facts, scorer.ships)
    return restricted_mean_months(chances), chances


def _curves(model: LoadedModel, origin: pl.DataFrame, chances: Array | None) -> pl.DataFrame:
    """Of a hazard, each customer's chance after the months that are told and at its horizon."""
    if chances is None:
        return pl.DataFrame(schema=CURVE_SCHEMA)
    horizon = chances.shape[1]
    told = sorted({horizon, *(month for month in TOLD_MONTHS if month < horizon)})
    parts = [
        origin.with_columns(
            pl.lit(model.version).alias("model_version"),
            pl.lit(month, dtype=pl.Int64).alias("month_number"),
            pl.Series("survival_rate", chances[:, month - 1]),
        ).select(list(CURVE_SCHEMA))
        for month in told
    ]
    return pl.concat([pl.DataFrame(schema=CURVE_SCHEMA), *parts]).sort(
        "customer_key", "month_number"
    )


def _ends(model: LoadedModel, scores: Array, facts: pl.DataFrame) -> dict[str, pl.Series]:
    """Both ends of the band; null where the class of the score has none."""
    low, high = model.scorer.band.of(scores, facts)
    return {
        name: pl.Series(name, ends).fill_nan(None)
        for name, ends in (("score_low", low), ("score_high", high))
    }


def _ranks(scores: Array, keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """1 for the highest score; equal scores in order of customer key."""
    order = np.lexsort((keys, -scores))
    ranks = np.empty(len(scores), dtype=np.int64)
    ranks[order] = np.arange(1, len(scores) + 1)
    return ranks
