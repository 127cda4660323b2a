"""Is a model still fed what it was taught on, and do its probabilities still come true?

Population stability: the shares of today's customers in the tenths of training, beside a tenth
each. An index of 0.1 is a shift that somebody should look at, 0.25 one that a model is not trusted
through (Siddiqi 2006); the bounds themselves are rule rows. And of the last month ends whose label
has come true, what was foretold is held against what happened.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from ml.frames.features import Feature
from ml.judge import metrics
from ml.judge.metrics import Array

#: Name of the score's own shape among those of the features.
SCORE = "score"
#: Bins of a number: tenths of those in training who have one. Fewer where many have the same.
BIN_COUNT = 10
#: A share of nobody would make the index infinite by one customer.
_LEAST_SHARE = 1e-4
#: With fewer customers an index is mostly luck: of 200 in ten bins luck alone gives 0.05.
MIN_ROWS = 200
#: Fewer events do not tell a calibration.
MIN_EVENTS = 30
#: A feature that lacks a value for so many customers of a date was not recorded on it.
EMPTY_SHARE = 0.99

#: What is found of a feature; the last two are drift.
NOT_JUDGED, NOT_READ, STABLE = "not_judged", "not_read", "stable"
FILLED, MOVED, EMPTIED = "filled_since_training", "moved", "emptied"
DRIFT_CODES = (MOVED, EMPTIED)


@dataclass(frozen=True)
class Shape:
    """How a column was spread over the customers of training.

    Attributes:
        edges: Inner edges of the bins of a number other than nil, or the codes of a category.
        shares: Share of customers per bin, then of those with nil, then of those without a value.
        recorded: The same over the dates on which the feature was recorded; empty where on none.
        rows: Customers and dates of training.
        is_category: Whether the edges are codes.
    """

    edges: tuple[Any, ...]
    shares: tuple[float, ...]
    recorded: tuple[float, ...]
    rows: int
    is_category: bool = False

    def as_data(self) -> dict[str, Any]:
        """Plain data for a manifest."""
        return {
            "edges": list(self.edges),
            "shares": list(self.shares),
            "recorded": list(self.recorded),
            "rows": self.rows,
            "is_category": self.is_category,
        }

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Shape:
        """A shape from a manifest."""
        return cls(
            tuple(data["edges"]),
            tuple(data["shares"]),
            tuple(data["recorded"]),
            int(data["rows"]),
            bool(data["is_category"]),
        )


def shape_of(column: pl.Series, dates: pl.Series | None = None) -> Shape:
    """The shape of a column of training; a number in tenths, a text by its codes.

    Nil is a bin of its own and no part of the tenths: of a column that is nil for nine of ten
    customers all edges would else be nil, and nothing that its amounts do could be seen.

    Args:
        column: The values.
        dates: Observation date of each; one date for all where left out.
    """
    is_category = column.dtype == pl.String
    if is_category:
        edges = tuple(sorted(column.drop_nulls().unique().to_list()))
    else:
        known = column.cast(pl.Float64).drop_nulls().to_numpy()
        sized = known[known != 0]
        levels = np.linspace(0, 1, BIN_COUNT + 1)[1:-1]
        cuts = np.unique(np.quantile(sized, levels)) if len(sized) else np.empty(0)
        edges = tuple(float(cut) for cut in cuts)
    days = pl.repeat(0, len(column), eager=True) if dates is None else dates
    is_null = pl.DataFrame({"day": days, "is_null": column.is_null()})
    is_recorded = is_null.select(pl.col("is_null").mean().over("day") < EMPTY_SHARE).to_series()
    there = column.filter(is_recorded)
    return Shape(
        edges,
        _shares(column, edges, is_category=is_category),
        _shares(there, edges, is_category=is_category) if len(there) else (),
        len(column),
        is_category,
    )


def shapes_of(frame: pl.DataFrame, features: Sequence[Feature]) -> dict[str, Shape]:
    """The shape of every feature."""
    dates = frame.get_column("observation_date")
    return {feature.name: shape_of(frame.get_column(feature.name), dates) for feature in features}


def stability_index(shape: Shape, column: pl.Series) -> float:
    """Population stability index of a column of today against training.

    Sum over bins of (today - then) x ln(today / then); customers with nil and those without a value
    are bins, and so are those with a code that training had not.
    """
    return _index(_shares(column, shape.edges, is_category=shape.is_category), shape.shares)


def _index(now: Sequence[float], then: Sequence[float]) -> float:
    """The index of shares that stand beside each other."""
    today, training = np.maximum(now, _LEAST_SHARE), np.maximum(then, _LEAST_SHARE)
    return float(((today - training) * np.log(today / training)).sum())


def _shares(column: pl.Series, edges: Sequence[Any], *, is_category: bool) -> tuple[float, ...]:
    """Share of rows per bin: those of the edges, what is in none of them, nil, and no value."""
    rows = max(len(column), 1)
    gaps = column.null_count()
    if is_category:
        counts = dict(column.drop_nulls().value_counts().iter_rows())
        found = [counts.get(code, 0) for code in edges]
        return tuple(each / rows for each in (*found, rows - gaps - sum(found), 0, gaps))
    known = column.cast(pl.Float64).drop_nulls().to_numpy()
    sized = known[known != 0]
    # A value on an edge belongs below it, so that a common value keeps a bin of its own.
    place = np.searchsorted(np.asarray(edges, dtype=np.float64), sized, side="left")
    found = np.bincount(place, minlength=len(edges) + 1).tolist()
    return tuple(each / rows for each in (*found, len(known) - len(sized), gaps))


@dataclass(frozen=True)
class FeatureDrift:
    """How far one feature is from training.

    Attributes:
        code: One of the codes above.
        whole_index: Stability index against all of training; None where customers are too few.
        recorded_index: The same against the dates of training on which it was recorded; None too
            where it was on none.
        value_index: The same among customers with a value other than nil alone; None too where
            they are too few, today or in training.
        missing_then: Share of customers of training without a value.
        missing_now: Of today.
        nil_then: Share of customers of training with nil.
        nil_now: Of today.
    """

    code: str
    whole_index: float | None
    recorded_index: float | None
    value_index: float | None
    missing_then: float
    missing_now: float
    nil_then: float
    nil_now: float

    @property
    def index(self) -> float:
        """By which it is called moved: the greater of what it is where it was recorded."""
        return max(self.recorded_index or 0.0, self.value_index or 0.0)


def feature_drift(
    shape: Shape, column: pl.Series, bound: float, *, is_read: bool = True
) -> FeatureDrift:
    """How far a column of today is from training, and what that is called.

    A column that was recorded on some dates of training only, as the history had not reached over
    the window that it tells of, has not drifted because it is filled now: it is held against the
    dates on which it was, and what is left is `filled_since_training`.
    """
    now = _shares(column, shape.edges, is_category=shape.is_category)
    shares = {
        "missing_then": shape.shares[-1],
        "missing_now": now[-1],
        "nil_then": shape.shares[-2],
        "nil_now": now[-2],
    }
    if len(column) < MIN_ROWS:
        code = NOT_JUDGED if is_read else NOT_READ
        return FeatureDrift(code, None, None, None, **shares)
    whole = _index(now, shape.shares)
    recorded = _index(now, shape.recorded) if shape.recorded else None
    valued = None
    valued_now, valued_then = sum(now[:-2]), sum(shape.shares[:-2])
    if min(valued_now * len(column), valued_then * shape.rows) >= MIN_ROWS:
        valued = _index(
            [each / valued_now for each in now[:-2]],
            [each / valued_then for each in shape.shares[:-2]],
        )
    found = FeatureDrift(NOT_READ, whole, recorded, valued, **shares)
    if not is_read:
        return found
    if found.index > bound:
        code = EMPTIED if shape.shares[-1] < EMPTY_SHARE <= now[-1] else MOVED
    else:
        code = FILLED if whole > bound else STABLE
    return replace(found, code=code)


@dataclass(frozen=True)
class Bounds:
    """What a model-month must keep to.

    Attributes:
        feature_index: Greatest stability index of a feature before somebody has to look.
        score_index: Greatest one of the score before scores are held.
        slope_low: Least calibration slope of cohorts that have come true.
        slope_high: Greatest one.
        rate_ratio: How far the foretold rate may be off the seen one, as a factor.
        holding: Codes of :func:`objections` that hold the scores back; the others are told.
    """

    feature_index: float
    score_index: float
    slope_low: float
    slope_high: float
    rate_ratio: float
    holding: tuple[str, ...]


@dataclass(frozen=True)
class Drift:
    """How far today is from training.

    Attributes:
        features: What was found of each, those that drifted first, the greatest index first.
        score_index: Stability index of the score; None where customers are too few to tell.
        rows: Customers of today.
    """

    features: dict[str, FeatureDrift]
    score_index: float | None
    rows: int

    def named(self, *codes: str) -> list[str]:
        """Features of these codes, in their order."""
        return [name for name, found in self.features.items() if found.code in codes]

    @property
    def valueless(self) -> list[str]:
        """Features that are read and that nobody has today."""
        return [
            name
            for name, found in self.features.items()
            if found.code != NOT_READ and found.missing_now == 1
        ]

    @property
    def worst(self) -> str | None:
        """The feature that moved most, of those that are read and have not only been filled."""
        return next(iter(self.named(*DRIFT_CODES, STABLE)), None)


def drift(
    shapes: Mapping[str, Shape],
    score_shape: Shape,
    frame: pl.DataFrame,
    score: Array,
    bound: float,
    read: Collection[str],
) -> Drift:
    """Stability of every feature and of the score.

    Args:
        shapes: By feature, as training had it.
        score_shape: That of the score.
        frame: The features of today.
        score: Today's scores.
        bound: Greatest index of a feature that has not moved.
        read: Features that the version reads; the others are told and never called moved.
    """
    found = {
        name: feature_drift(shape, frame.get_column(name), bound, is_read=name in read)
        for name, shape in shapes.items()
    }
    ordered = dict(
        sorted(
            found.items(),
            key=lambda pair: (pair[1].code not in DRIFT_CODES, -pair[1].index, pair[0]),
        )
    )
    is_told = frame.height >= MIN_ROWS
    score_index = stability_index(score_shape, pl.Series(score)) if is_told else None
    return Drift(ordered, score_index, frame.height)


@dataclass(frozen=True)
class Cohort:
    """What was foretold of customers whose label has come true, beside what happened.

    Attributes:
        rows: Customers and month ends.
        events: Of them with the event.
        foretold_rate: Mean probability.
        seen_rate: Share with the event.
        slope: Calibration slope.
        slope_error: Its standard error.
        auc: Area under the ROC curve.
        rate_low: Lower end of the 95% interval of the seen rate (Clopper and Pearson).
        rate_high: Upper end.
    """

    rows: int
    events: int
    foretold_rate: float
    seen_rate: float
    slope: float
    slope_error: float
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
        slope_error=metrics.slope_error(seen, probability),
        auc=found["auc"],
        rate_low=float(interval.low),
        rate_high=float(interval.high),
    )


def objections(drifted: Drift, came_true: Cohort | None, bounds: Bounds) -> list[str]:
    """Why a model-month does not pass, in codes: none where it passes or cannot be told.

    ``feature_drift``, ``score_drift``, ``slope`` and ``rate``. Slope and rate are off only where
    they are so by more than the bound and by more than luck.
    """
    found = []
    if drifted.named(*DRIFT_CODES):
        found.append("feature_drift")
    if drifted.score_index is not None and drifted.score_index > bounds.score_index:
        found.append("score_drift")
    if came_true is not None:
        luck = metrics.Z_95 * came_true.slope_error
        if not bounds.slope_low - luck <= came_true.slope <= bounds.slope_high + luck:
            found.append("slope")
        ratio = came_true.foretold_rate / came_true.seen_rate
        is_luck = came_true.rate_low <= came_true.foretold_rate <= came_true.rate_high
        if not 1 / bounds.rate_ratio <= ratio <= bounds.rate_ratio and not is_luck:
            found.append("rate")
    return found
