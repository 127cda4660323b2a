"""Is a model still fed what it was taught on, and do its probabilities still come true?

Population stability: the shares of today's customers in the tenths of training, beside a tenth
each. An index of 0.1 is a shift that somebody should look at, 0.25 one that a model is not trusted
through (Siddiqi 2006); the bounds themselves are rule rows. And of the last month ends whose label
has come true, what was foretold is held against what happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from ml.frames.features import Feature
from ml.judge import metrics
from ml.judge.metrics import Array

#: Name of the score's own shape among those of the features.
SCORE = "score"
#: Bins of a number: tenths of training. Fewer where many customers have one value.
BIN_COUNT = 10
#: A share of nobody would make the index infinite by one customer.
_LEAST_SHARE = 1e-4
#: With fewer customers an index is mostly luck: of 200 in ten bins luck alone gives 0.05.
MIN_ROWS = 200
#: Fewer events do not tell a calibration.
MIN_EVENTS = 30


@dataclass(frozen=True)
class Shape:
    """How a column was spread over the customers of training.

    Attributes:
        edges: Inner edges of the bins of a number, or the codes of a category.
        shares: Share of customers per bin, then of those without a value.
        is_category: Whether the edges are codes.
    """

    edges: tuple[Any, ...]
    shares: tuple[float, ...]
    is_category: bool = False

    def as_data(self) -> dict[str, Any]:
        """Plain data for a manifest."""
        return {
            "edges": list(self.edges),
            "shares": list(self.shares),
            "is_category": self.is_category,
        }

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Shape:
        """A shape from a manifest."""
        return cls(tuple(data["edges"]), tuple(data["shares"]), bool(data["is_category"]))


def shape_of(column: pl.Series) -> Shape:
    """The shape of a column of training; a number in tenths, a text by its codes."""
    if column.dtype == pl.String:
        codes = tuple(sorted(column.drop_nulls().unique().to_list()))
        return Shape(codes, _shares(column, codes, is_category=True), is_category=True)
    known = column.cast(pl.Float64).drop_nulls().to_numpy()
    levels = np.linspace(0, 1, BIN_COUNT + 1)[1:-1]
    edges = np.unique(np.quantile(known, levels)) if len(known) else np.empty(0)
    inner = tuple(float(edge) for edge in edges)
    return Shape(inner, _shares(column, inner, is_category=False))


def shapes_of(frame: pl.DataFrame, features: Sequence[Feature]) -> dict[str, Shape]:
    """The shape of every feature."""
    return {feature.name: shape_of(frame.get_column(feature.name)) for feature in features}


def stability_index(shape: Shape, column: pl.Series) -> float:
    """Population stability index of a column of today against training.

    Sum over bins of (today - then) x ln(today / then); customers without a value are a bin, and so
    are those with a code that training had not.
    """
    now = np.array(_shares(column, shape.edges, is_category=shape.is_category))
    then = np.array(shape.shares)
    now, then = np.maximum(now, _LEAST_SHARE), np.maximum(then, _LEAST_SHARE)
    return float(((now - then) * np.log(now / then)).sum())


def _shares(column: pl.Series, edges: Sequence[Any], *, is_category: bool) -> tuple[float, ...]:
    """Share of rows per bin: those of the edges, what is in none of them, and no value."""
    rows = max(len(column), 1)
    gaps = column.null_count()
    if is_category:
        counts = dict(column.drop_nulls().value_counts().iter_rows())
        found = [counts.get(code, 0) for code in edges]
        return tuple(each / rows for each in (*found, rows - gaps - sum(found), gaps))
    known = column.cast(pl.Float64).drop_nulls().to_numpy()
    # A value on an edge belongs below it, so that a common value keeps a bin of its own.
    place = np.searchsorted(np.asarray(edges, dtype=np.float64), known, side="left")
    found = np.bincount(place, minlength=len(edges) + 1).tolist()
    return tuple(each / rows for each in (*found, gaps))


@dataclass(frozen=True)
class Bounds:
    """What a model-month must keep to.

    Attributes:
        feature_index: Greatest stability index of a feature before somebody has to look.
        score_index: Greatest one of the score before scores are held.
        slope_low: Least calibration slope of cohorts that have come true.
        slope_high: Greatest one.
        rate_ratio: How far the foretold rate may be off the seen one, as a factor.
    """

    feature_index: float
    score_index: float
    slope_low: float
    slope_high: float
    rate_ratio: float


@dataclass(frozen=True)
class Drift:
    """How far today is from training.

    Attributes:
        indices: Stability index of each feature, the greatest first.
        score_index: The same of the score.
        rows: Customers of today.
    """

    indices: dict[str, float]
    score_index: float
    rows: int

    @property
    def worst(self) -> str | None:
        """The feature that moved most."""
        return next(iter(self.indices), None)


def drift(
    shapes: Mapping[str, Shape], score_shape: Shape, frame: pl.DataFrame, score: Array
) -> Drift | None:
    """Stability of every feature and of the score; None where customers are too few to tell."""
    if frame.height < MIN_ROWS:
        return None
    found = {name: stability_index(shape, frame.get_column(name)) for name, shape in shapes.items()}
    ordered = dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
    return Drift(ordered, stability_index(score_shape, pl.Series(score)), frame.height)


@dataclass(frozen=True)
class Cohort:
    """What was foretold of customers whose label has come true, beside what happened.

    Attributes:
        rows: Customers and month ends.
        events: Of them with the event.
        foretold_rate: Mean probability.
        seen_rate: Share with the event.
        slope: Calibration slope.
        auc: Area under the ROC curve.
        rate_low: Lower end of the 95% interval of the seen rate (Clopper and Pearson).
        rate_high: Upper end.
    """

    rows: int
    events: int
    foretold_rate: float
    seen_rate: float
    slope: float
    auc: float
    rate_low: float
    rate_high: float


def cohort(seen: Array, probability: Array, keys: Any) -> Cohort | None:
    """Judge probabilities that have come true or not; None where events are too few to tell."""
    events = int(seen.sum())
    if not MIN_EVENTS <= events <= len(seen) - MIN_EVENTS:
        return None
    found = metrics.event_metrics(seen, probability, keys)
    interval = stats.binomtest(events, len(seen)).proportion_ci()
    return Cohort(
        rows=len(seen),
        events=events,
        foretold_rate=found["mean_probability"],
        seen_rate=found["event_rate"],
        slope=found["calibration_slope"],
        auc=found["auc"],
        rate_low=float(interval.low),
        rate_high=float(interval.high),
    )


def objections(drifted: Drift | None, came_true: Cohort | None, bounds: Bounds) -> list[str]:
    """Why a model-month does not pass, in codes: none where it passes or cannot be told.

    ``feature_drift``, ``score_drift``, ``slope`` and ``rate``. A rate is off only where it is so by
    more than the factor and by more than luck.
    """
    found = []
    if drifted is not None:
        if drifted.worst is not None and drifted.indices[drifted.worst] > bounds.feature_index:
            found.append("feature_drift")
        if drifted.score_index > bounds.score_index:
            found.append("score_drift")
    if came_true is not None:
        if not bounds.slope_low <= came_true.slope <= bounds.slope_high:
            found.append("slope")
        ratio = came_true.foretold_rate / came_true.seen_rate
        is_luck = came_true.rate_low <= came_true.foretold_rate <= came_true.rate_high
        if not 1 / bounds.rate_ratio <= ratio <= bounds.rate_ratio and not is_luck:
            found.append("rate")
    return found
