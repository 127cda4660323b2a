"""One line per model, role and month: is the model still fed and believed as when it was made?"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import polars as pl

from ml.errors import ScoringHeld
from ml.frames.features import FEATURES, Feature, check_frame
from ml.judge.watch import SCORE, Bounds, Cohort, Drift, cohort, drift, objections
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
    "is_passed": pl.Boolean,
    "is_held": pl.Boolean,
}
#: What holds the scores back: they were made from customers unlike those that the model knows.
HOLDING = "score_drift"


@dataclass(frozen=True)
class Watched:
    """What was found of one model and role.

    Attributes:
        drifted: How far today is from training; None where customers are too few to tell.
        came_true: Probabilities that have come true or not; None where there are too few.
        objections: Codes; none where the month passes.
        month: A frame of one row, in the columns of the feed.
    """

    drifted: Drift | None
    came_true: Cohort | None
    objections: tuple[str, ...]
    month: pl.DataFrame = field(repr=False)

    @property
    def is_held(self) -> bool:
        """Whether the scores are not to be used."""
        return HOLDING in self.objections

    def check(self, model: LoadedModel) -> None:
        """Hold the scores where they drifted.

        Raises:
            ScoringHeld: One sentence with the index and the feature that moved most.
        """
        if self.is_held and self.drifted is not None:
            moved = self.drifted.worst or "nothing"
            raise ScoringHeld(
                f"Scores of {model.name} {model.version} are held: they moved from those of "
                f"training by an index of {self.drifted.score_index:.2f}; {moved} moved most."
            )


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
        past: ``customer_key, observation_date, score, is_event`` of earlier month ends whose label
            has come true, for a model that foretells an event; None for others.
        bounds: What a month must keep to.
        features: The feature contract.
    """
    shapes = dict(model.scorer.shapes)
    score_shape = shapes.pop(SCORE)
    role: str = scores.get_column("role").item(0)
    day: date = scores.get_column("observation_date").item(0)
    ready = as_whole_months(check_frame(frame, features, absent=model.scorer.absent), day)
    drifted = drift(shapes, score_shape, ready, scores.get_column("score").to_numpy())
    came_true = None
    if past is not None and past.height:
        came_true = cohort(
            past.get_column("is_event").cast(pl.Float64).to_numpy(),
            past.get_column("score").to_numpy(),
            past.get_column("customer_key").to_numpy(),
        )
    found = tuple(objections(drifted, came_true, bounds))
    month = {
        "model_name": model.name,
        "role": role,
        "observation_date": day,
        "model_version": model.version,
        "scored_count": scores.height,
        **_drift_columns(drifted, bounds),
        **_cohort_columns(came_true, past),
        "objections": ";".join(found),
        "is_passed": not found,
        "is_held": HOLDING in found,
    }
    return Watched(drifted, came_true, found, pl.DataFrame([month], schema=MONTH_SCHEMA))


def _drift_columns(drifted: Drift | None, bounds: Bounds) -> dict[str, Any]:
    """The feature that moved most, how many moved beyond the bound, and the score."""
    if drifted is None or drifted.worst is None:
        return {}
    return {
        "moved_feature_name": drifted.worst,
        "moved_feature_index": drifted.indices[drifted.worst],
        "moved_feature_count": sum(
            each > bounds.feature_index for each in drifted.indices.values()
        ),
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
