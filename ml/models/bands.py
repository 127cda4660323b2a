"""The band beside a score: learnt from customers of the latest date, stored with the version.

Value: of ten customers with like scores nine bring what lies between the two ends (split conformal,
:mod:`ml.models.intervals`). Churn: who leaves has left wholly, so the ends are about all customers
with a like score: so few or so many in a hundred of them leave. How far classes of like scores lay
from what they were told, beyond what their size explains, is in it: with many customers luck is
next to nothing, and a band of luck alone would promise what no later month keeps. That all of them
left more seldom or more often than told is mended before (:mod:`ml.models.level`).

Companies bring and lose more than people with like scores do, so each population of customers that
is large enough has its own ends for value.

Either end is the score, moved on a scale on which customers of one class can be moved alike:
log-odds for a probability, and for yuan a scale that is even near nil and by shares far from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import norm

from ml.causes import SEGMENT
from ml.judge.metrics import equal_bins, share_interval
from ml.models.intervals import margins_around
from ml.models.level import shift_between, shifted
from ml.models.pipelines import SEED, Array

#: Share of customers whose value lies in the band, and certainty of a rate of churn.
LEVEL = 0.9
#: With less of it covered than this, bands and scores do not speak of the same customers.
LEAST_COVERED = 0.7
#: Classes of like scores: at most so many, each with at least so many customers.
MOST_CLASSES = 10
LEAST_ROWS = 100
#: Customers that a population needs for a band of its own; the others share one.
LEAST_OF_POPULATION = 200
#: Yuan up to which amounts are moved by yuan, and beyond which by shares.
EVEN_YUAN = 100.0
#: A rate of nil has no log-odds.
_LEAST_RATE = 1e-9
#: Standard errors on either side of a band.
_Z = float(norm.ppf((1 + LEVEL) / 2))

Scale = Literal["log_odds", "yuan"]


@dataclass(frozen=True)
class ScoreBand:
    """How far the ends lie from a score, by class of like scores.

    Attributes:
        scale: On what the ends are moved.
        starts: Lowest score of each class, rising; a lower one belongs to the first.
        below: What is added for the low end, on the scale; None for a class without a band.
        above: The same for the high end.
        populations: Bands of the populations that have their own, by code; for all others this one.
    """

    scale: Scale
    starts: tuple[float, ...] = ()
    below: tuple[float | None, ...] = ()
    above: tuple[float | None, ...] = ()
    populations: Mapping[str, ScoreBand] = field(default_factory=dict)

    def of(self, scores: Array, facts: pl.DataFrame) -> tuple[Array, Array]:
        """Low and high end of each score; NaN where its class has none.

        Args:
            scores: Of the customers.
            facts: What is known of them, row by row; the population is read where bands differ.
        """
        low, high = self._ends(scores)
        for code, band in self.populations.items():
            own = _is_of(facts, code)
            low[own], high[own] = band._ends(scores[own])
        return low, high

    def _ends(self, scores: Array) -> tuple[Array, Array]:
        if not self.starts:
            return np.full(len(scores), np.nan), np.full(len(scores), np.nan)
        place = _place(np.array(self.starts), scores)
        on_scale = _to(self.scale, scores)
        below, above = (
            np.array([np.nan if end is None else end for end in ends], dtype=np.float64)[place]
            for ends in (self.below, self.above)
        )
        return _back(self.scale, on_scale + below), _back(self.scale, on_scale + above)

    def settings(self) -> dict[str, Any]:
        """Plain data for the manifest."""
        return {
            "scale": self.scale,
            "starts": list(self.starts),
            "below": list(self.below),
            "above": list(self.above),
            "populations": {code: band.settings() for code, band in self.populations.items()},
        }

    @classmethod
    def restore(cls, settings: Mapping[str, Any]) -> ScoreBand:
        """A band from what the registry read."""
        ends = {name: tuple(settings[name]) for name in ("starts", "below", "above")}
        parts = {code: cls.restore(part) for code, part in settings["populations"].items()}
        return cls(settings["scale"], populations=parts, **ends)


def value_band(seen: Array, scores: Array, facts: pl.DataFrame) -> ScoreBand:
    """Ends between which nine of ten values lie; each tail has half of the rest.

    Args:
        seen: What customers brought who did not teach the model, in the unit of the score.
        scores: What it told of them.
        facts: What was known of them.
    """
    parts = {
        code: _value_band(seen[own], scores[own])
        for code in facts.get_column(SEGMENT).drop_nulls().unique().sort()
        if (own := _is_of(facts, code)).sum() >= LEAST_OF_POPULATION
    }
    return replace(_value_band(seen, scores), populations=parts)


def _value_band(seen: Array, scores: Array) -> ScoreBand:
    """The same of customers of one kind."""
    starts, place = _classes(scores)
    apart = _to("yuan", seen) - _to("yuan", scores)
    ends = [margins_around(np.sort(apart[place == number]), LEVEL) for number in range(len(starts))]
    return _band("yuan", starts, ends)


def event_band(labels: Array, scores: Array) -> ScoreBand:
    """Ends between which the rate of churn of customers with a like score lies.

    Args:
        labels: 1 for who left, of customers who did not teach the model.
        scores: What it told them.
    """
    events = labels.sum()
    if len(labels) < LEAST_ROWS or not 0 < events < len(labels):
        return ScoreBand("log_odds")
    starts, place = _classes(scores)
    count, hits, told = (
        np.bincount(place, weights=each, minlength=len(starts))
        for each in (np.ones(len(scores)), labels, scores)
    )
    rate = hits / count
    seen, low, high = (
        _to("log_odds", each) - _to("log_odds", told / count)
        for each in (rate, *share_interval(hits, count, LEVEL))
    )
    is_mixed = (rate > 0) & (rate < 1)
    apart = _Z * _spread_beyond_luck(seen[is_mixed], (high - low)[is_mixed] / (2 * _Z))
    ends = zip(seen - np.hypot(seen - low, apart), seen + np.hypot(high - seen, apart), strict=True)
    return _band("log_odds", starts, [(float(below), float(above)) for below, above in ends])


def _spread_beyond_luck(apart: Array, error: Array) -> float:
    """Standard deviation of what classes have apart that their own errors leave over.

    By the moments of DerSimonian and Laird (1986). A level that is off for all classes alike is
    not in it.

    Args:
        apart: Seen less told of each class, on the log-odds.
        error: Standard error of each.
    """
    if len(apart) < 2:
        return 0.0
    weight = error**-2
    rest = apart - np.average(apart, weights=weight)
    free = weight.sum() - (weight @ weight) / weight.sum()
    return float(np.sqrt(max(0.0, (weight @ rest**2 - (len(apart) - 1)) / free)))


def value_coverage(
    seen: Array, scores: Array, facts: pl.DataFrame, among: NDArray[np.bool_] | None = None
) -> dict[str, float]:
    """How often values lay in a band that was learnt from the other half of the customers.

    Args:
        seen: What they brought.
        scores: What was told of them.
        facts: What was known of them.
        among: Those who are judged, if not all; all of them teach the band.
    """
    found = []
    for learnt, judged in _halves(len(scores)):
        band = value_band(seen[learnt], scores[learnt], facts.filter(pl.Series(learnt)))
        low, high = band.of(scores[judged], facts.filter(pl.Series(judged)))
        if among is not None:
            low = np.where(among[judged], low, np.nan)
        found.append((seen[judged], low, high))
    return _coverage(found)


def event_coverage(labels: Array, scores: Array, *, is_shifted: bool = False) -> dict[str, float]:
    """How often a score lay in its band, learnt from the other half: told and seen rate agree.

    Args:
        labels: As for the band.
        scores: As the model told them.
        is_shifted: They are moved to the level of the half that the band is learnt from.
    """
    found = []
    for learnt, judged in _halves(len(scores)):
        by = shift_between(labels[learnt], scores[learnt]) if is_shifted else 0.0
        moved = shifted(scores, by)
        ends = event_band(labels[learnt], moved[learnt]).of(
            moved[judged], _nothing_known(int(judged.sum()))
        )
        found.append((moved[judged], *ends))
    return _coverage(found)


def is_poor(covered: Mapping[str, float]) -> bool:
    """Whether bands hold so little that a reader has to be told."""
    return covered.get("covered_share", 1.0) < LEAST_COVERED


def _nothing_known(rows: int) -> pl.DataFrame:
    return pl.DataFrame({SEGMENT: pl.repeat(None, rows, dtype=pl.String, eager=True)})


def _is_of(facts: pl.DataFrame, population: str) -> NDArray[np.bool_]:
    """Who belongs to the population."""
    own: NDArray[np.bool_] = facts.get_column(SEGMENT).eq_missing(population).to_numpy()
    return own


def _coverage(found: Sequence[tuple[Array, Array, Array]]) -> dict[str, float]:
    """How often what was seen lay between low and high end, over the halves."""
    hits, widths = [], []
    for inside, low, high in found:
        has_band = ~np.isnan(low)
        hits.append(((inside >= low) & (inside <= high))[has_band])
        widths.append((high - low)[has_band])
    return _covered(np.concatenate(hits), np.concatenate(widths))


def _covered(inside: Array, widths: Array) -> dict[str, float]:
    if not len(inside):
        return {"level": LEVEL, "row_count": 0}
    low, high = share_interval(
        np.array([float(inside.sum())]), np.array([float(len(inside))]), 0.95
    )
    return {
        "level": LEVEL,
        "row_count": len(inside),
        "covered_share": float(inside.mean()),
        "low_share": float(low[0]),
        "high_share": float(high[0]),
        "median_width": float(np.median(widths)),
    }


def _halves(rows: int) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Two halves by lot, each once to learn from and once to judge."""
    lot = np.random.default_rng(SEED).permutation(rows) % 2 == 0
    return (lot, ~lot), (~lot, lot)


def _classes(scores: Array) -> tuple[Array, Array]:
    """Lowest score and number of each class; equal scores share one."""
    order = np.argsort(scores, kind="stable")
    count = max(1, min(MOST_CLASSES, len(order) // LEAST_ROWS))
    bins = equal_bins(len(order), count)
    starts = np.unique(scores[order[np.flatnonzero(np.diff(bins, prepend=-1))]])
    return starts, _place(starts, scores)


def _place(starts: Array, scores: Array) -> Array:
    place: Array = np.maximum(np.searchsorted(starts, scores, side="right") - 1, 0)
    return place


def _band(
    scale: Scale, starts: Array, ends: Sequence[tuple[float | None, float | None]]
) -> ScoreBand:
    return ScoreBand(
        scale,
        tuple(float(start) for start in starts),
        tuple(low for low, _ in ends),
        tuple(high for _, high in ends),
    )


def _to(scale: Scale, scores: Array) -> Array:
    if scale == "yuan":
        even: Array = np.arcsinh(scores / EVEN_YUAN)
        return even
    rate = np.clip(scores, _LEAST_RATE, 1 - _LEAST_RATE)
    odds: Array = np.log(rate / (1 - rate))
    return odds


def _back(scale: Scale, moved: Array) -> Array:
    back: Array = EVEN_YUAN * np.sinh(moved) if scale == "yuan" else 1 / (1 + np.exp(-moved))
    return back
