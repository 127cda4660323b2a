"""One line per model, role and month: is the model still fed and believed as when it was made?

Beside it one line per feature: how far each is from training, and what that is called.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import polars as pl

from ml.errors import Pair, ScoringHeld
from ml.frames.features import FEATURES, Feature, check_frame, chinese_name, feature_names
from ml.judge.watch import (
    DRIFT_CODES,
    FILLED,
    SCORE,
    Bounds,
    Cohort,
    Drift,
    cohort,
    drift,
    objections,
)
from ml.names import called
from ml.registry.store import LoadedModel
from ml.score import as_whole_months

#: Columns of the feed ml__model_month, in their order.
MONTH_SCHEMA = {
    "model_name": pl.String,
    "role": pl.String,
    "observation_date": pl.Date,
    "model_version": pl.String,
    "scored_count": pl.Int64,
    "moved_feature_name": pl.String,
    "moved_feature_index": pl.Float64,
    "moved_feature_count": pl.Int64,
    "filled_feature_count": pl.Int64,
    "score_index": pl.Float64,
    "cohort_from_date": pl.Date,
    "cohort_to_date": pl.Date,
    "cohort_count": pl.Int64,
    "cohort_event_count": pl.Int64,
    "foretold_rate": pl.Float64,
    "seen_rate": pl.Float64,
    "calibration_slope": pl.Float64,
    "auc": pl.Float64,
    "objections": pl.String,
    "unjudged": pl.String,
    "is_passed": pl.Boolean,
    "is_held": pl.Boolean,
}
#: Columns of the feed ml__model_feature_month, in their order.
FEATURE_SCHEMA = {
    "model_name": pl.String,
    "role": pl.String,
    "observation_date": pl.Date,
    "model_version": pl.String,
    "feature_name": pl.String,
    "finding_code": pl.String,
    "whole_index": pl.Float64,
    "recorded_index": pl.Float64,
    "value_index": pl.Float64,
    "training_missing_share": pl.Float64,
    "missing_share": pl.Float64,
    "training_nil_share": pl.Float64,
    "nil_share": pl.Float64,
}
#: Features that the sentence of a night names of those that were only filled, or that nobody has.
NAMED_COUNT = 3
#: What could not be judged, and why: a month of which this holds has not passed.
FEW_CUSTOMERS, NO_COHORT, FEW_EVENTS, NO_EVENT = (
    "few_customers",
    "no_cohort",
    "few_events",
    "no_event",
)
#: What the codes of a month say, to who reads them in a sentence.
WORDS: dict[str, Pair] = {
    "feature_drift": ("特征有变动", "features moved"),
    "score_drift": ("评分分布有变动", "the scores moved"),
    "slope": ("校准斜率超出范围", "the calibration slope is out of bounds"),
    "rate": ("实际发生率与预测不符", "the rate that came is not the one foretold"),
    FEW_CUSTOMERS: ("客户太少而看不出变动", "too few customers to see drift"),
    NO_COHORT: ("该版本的预测尚无可回验者", "nothing that it foretold has come true yet"),
    FEW_EVENTS: ("已到期的预测中发生或未发生的太少", "too few came true or did not"),
    NO_EVENT: ("该模型不预测事件", "it foretells no event"),
}


@dataclass(frozen=True)
class Watched:
    """What was found of one model and role.

    Attributes:
        drifted: How far today is from training.
        came_true: Probabilities that have come true or not; None where there are too few.
        objections: Codes; none where nothing speaks against the month.
        holding: Those of them that hold the scores back, by the rule of the model.
        unjudged: Codes of what could not be judged; the month passes only where there is none.
        month: A frame of one row, in the columns of the feed.
        features: A frame of one row per feature, in the columns of theirs.
    """

    drifted: Drift
    came_true: Cohort | None
    objections: tuple[str, ...]
    holding: tuple[str, ...]
    unjudged: tuple[str, ...]
    month: pl.DataFrame = field(repr=False)
    features: pl.DataFrame = field(repr=False)

    @property
    def is_held(self) -> bool:
        """Whether the scores are not to be used."""
        return bool(self.holding)

    @property
    def told(self) -> Pair:
        """What a reader of the night is told, in Chinese and in English; else nothing.

        Each part comes after a semicolon; the feed has the codes of what is told in words.
        """
        chinese = english = ""
        for which, zh, en in (
            (self.objections, "需查看", "to be looked at"),
            (self.unjudged, "未能检验", "not judged"),
        ):
            if which:
                said = [WORDS[code] for code in which]
                chinese += f"；{zh}：{'、'.join(each for each, _ in said)}"
                english += f"; {en}: {', '.join(each for _, each in said)}"
        for names, zh, en in (
            (self.drifted.valueless, "今天无人有值的特征", "read, and nobody has a value today"),
            (
                self.drifted.named(FILLED),
                "训练后才有数据、不算变动的特征",
                "filled since training, no drift",
            ),
        ):
            if names:
                first, is_more = names[:NAMED_COUNT], len(names) > NAMED_COUNT
                named = "、".join(map(chinese_name, first)) + ("等" if is_more else "")
                chinese += f"；{zh} {len(names)} 个：{named}"
                english += f"; {en}: {len(names)} ({', '.join(first)}"
                english += ", ...)" if is_more else ")"
        return chinese, english

    def check(self, model: LoadedModel) -> None:
        """Hold the scores where the rule of the model says so.

        Raises:
            ScoringHeld: One sentence with the figures, and for drift the feature that moved most.
        """
        if self.is_held:
            chinese, _ = called(model.name, model.version)
            zh, en = zip(*(self._why(code) for code in self.holding), strict=True)
            raise ScoringHeld(
                f"{chinese} 的评分暂不采用：{'；'.join(zh)}。"
                f"请重新训练：crm ml train {model.name}。",
                f"Scores of {model.name} {model.version} are held: {'; '.join(en)}. Train it anew "
                f"with crm ml train {model.name}.",
            )

    def _why(self, code: str) -> Pair:
        """What holds the scores, with its figures."""
        moved, seen = self.drifted.worst, self.came_true
        if code == "score_drift":
            return (
                f"其分布与训练时相比已变动，稳定性指数为 {self.drifted.score_index:.2f}，"
                + (f"变动最大的特征是 {chinese_name(moved)}" if moved else "没有特征明显变动"),
                f"they moved from those of training by an index of {self.drifted.score_index:.2f};"
                f" {moved or 'nothing'} moved most",
            )
        if seen is not None and code == "slope":
            return (
                f"已到期的预测校准斜率为 {seen.slope:.2f}，应接近 1",
                f"what came true has a calibration slope of {seen.slope:.2f}, not near 1",
            )
        if seen is not None and code == "rate":
            return (
                f"已到期的预测发生率为 {seen.foretold_rate:.2%}，实际为 {seen.seen_rate:.2%}",
                f"they foretold {seen.foretold_rate:.2%} where {seen.seen_rate:.2%} came",
            )
        return WORDS[code]


def watch(
    model: LoadedModel,
    frame: pl.DataFrame,
    scores: pl.DataFrame,
    past: pl.DataFrame | None,
    bounds: Bounds,
    features: tuple[Feature, ...] = FEATURES,
) -> Watched:
    """Hold today against training, and what was foretold against what came.

    Args:
        model: The version that scored.
        frame: The features that it scored.
        scores: Its scores, as :func:`ml.score.score` gives them.
        past: ``customer_key, observation_date, score, is_event`` of earlier months whose label has
            come true, for a model that foretells an event; None for others.
        bounds: What a month must keep to.
        features: The feature contract.
    """
    shapes = dict(model.scorer.shapes)
    score_shape = shapes.pop(SCORE)
    role: str = scores.get_column("role").item(0)
    day: date = scores.get_column("observation_date").item(0)
    # Whether a column may be empty has been decided before there were scores.
    checked = check_frame(frame, features, absent=feature_names(features))
    ready = as_whole_months(checked, day)
    told = scores.get_column("score").to_numpy()
    read = model.scorer.read
    drifted = drift(shapes, score_shape, ready, told, bounds.feature_index, read)
    came_true = None
    if past is not None and past.height:
        came_true = cohort(
            past.get_column("is_event").cast(pl.Float64).to_numpy(),
            past.get_column("score").to_numpy(),
            past.get_column("customer_key").to_numpy(),
        )
    found = tuple(objections(drifted, came_true, bounds))
    holding = tuple(code for code in found if code in bounds.holding)
    missing = tuple(_unjudged(drifted, came_true, past))
    who = {
        "model_name": model.name,
        "role": role,
        "observation_date": day,
        "model_version": model.version,
    }
    month = {
        **who,
        "scored_count": scores.height,
        **_drift_columns(drifted),
        **_cohort_columns(came_true, past),
        "objections": ";".join(found),
        "unjudged": ";".join(missing),
        "is_passed": False if found else None if missing else True,
        "is_held": bool(holding),
    }
    return Watched(
        drifted,
        came_true,
        found,
        holding,
        missing,
        pl.DataFrame([month], schema=MONTH_SCHEMA),
        pl.DataFrame(_feature_rows(who, drifted), schema=FEATURE_SCHEMA),
    )


def _unjudged(drifted: Drift, came_true: Cohort | None, past: pl.DataFrame | None) -> Iterator[str]:
    """What could not be judged, in codes."""
    if drifted.score_index is None:
        yield FEW_CUSTOMERS
    if past is None:
        yield NO_EVENT
    elif past.is_empty():
        yield NO_COHORT
    elif came_true is None:
        yield FEW_EVENTS


def _feature_rows(who: dict[str, Any], drifted: Drift) -> list[dict[str, Any]]:
    """A row for each feature of the contract, by name."""
    return [
        {
            **who,
            "feature_name": name,
            "finding_code": found.code,
            "whole_index": found.whole_index,
            "recorded_index": found.recorded_index,
            "value_index": found.value_index,
            "training_missing_share": found.missing_then,
            "missing_share": found.missing_now,
            "training_nil_share": found.nil_then,
            "nil_share": found.nil_now,
        }
        for name, found in sorted(drifted.features.items())
    ]


def _drift_columns(drifted: Drift) -> dict[str, Any]:
    """The feature that moved most, how many moved, how many were only filled, and the score."""
    if drifted.score_index is None:
        return {}
    worst = drifted.worst
    return {
        "moved_feature_name": worst,
        "moved_feature_index": drifted.features[worst].index if worst else None,
        "moved_feature_count": len(drifted.named(*DRIFT_CODES)),
        "filled_feature_count": len(drifted.named(FILLED)),
        "score_index": drifted.score_index,
    }


def _cohort_columns(came_true: Cohort | None, past: pl.DataFrame | None) -> dict[str, Any]:
    """What was foretold and what was seen, and of which month ends."""
    if came_true is None or past is None:
        return {}
    told = asdict(came_true)
    return {
        "cohort_from_date": past.get_column("observation_date").min(),
        "cohort_to_date": past.get_column("observation_date").max(),
        "cohort_count": told["rows"],
        "cohort_event_count": told["events"],
        "foretold_rate": told["foretold_rate"],
        "seen_rate": told["seen_rate"],
        "calibration_slope": told["slope"],
        "auc": told["auc"],
    }
