"""Intervals of measures: each customer weighs a random draw, with all his months.

The bootstrap without sorting the rows anew in every draw: a score's order is found once, and a draw
changes how much its rows weigh (Poisson of mean 1). A customer's months are no new evidence, so
customers are drawn and not rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from ml.judge import metrics
from ml.judge.metrics import Array

DRAWS = 200
_LEVEL = 0.95
_SEED = 20250101
#: Slope and profit are drawn on so many groups of neighbours in the order of the score: an
#: interval is as wide as on single rows, and a draw takes a hundredth of the time.
_MOST_GROUPS = 1_000
_TOP_SHARE = 0.1

#: (events, rows) of each group, lowest score first, to the measures of a campaign.
Campaign = Callable[[Array, Array], Mapping[str, float]]


@dataclass(frozen=True)
class Drawn:
    """Measures of several scores on the same rows, and what they were in every draw.

    Attributes:
        whole: By name of the score: each measure on the rows as they are.
        draws: By name of the score: each measure in every draw.
    """

    whole: Mapping[str, Mapping[str, float]]
    draws: Mapping[str, Mapping[str, Array]]

    def told(self, name: str) -> dict[str, dict[str, float]]:
        """Each measure of a score with its interval, where it was drawn."""
        return {
            measure: {"value": value, **self._ends(value, self.draws[name].get(measure))}
            for measure, value in self.whole[name].items()
        }

    def difference(self, first: str, second: str) -> dict[str, dict[str, float]]:
        """Each drawn measure of the first less that of the second, with the interval of that."""
        return {
            measure: self._apart(
                self.whole[first][measure] - self.whole[second][measure],
                drawn - self.draws[second][measure],
            )
            for measure, drawn in self.draws[first].items()
        }

    def share(self, first: str, second: str, measure: str) -> dict[str, float]:
        """A measure of the first as a share of that of the second."""
        return self._apart(
            self.whole[first][measure] / self.whole[second][measure],
            self.draws[first][measure] / self.draws[second][measure],
        )

    def _apart(self, value: float, drawn: Array) -> dict[str, float]:
        return {"value": value, **self._ends(value, drawn)}

    @staticmethod
    def _ends(value: float, drawn: Array | None) -> dict[str, float]:
        """Ends of the interval: as far from the figure as draws lie from their own mean.

        A draw of few rows is farther from calibrated, and easier to earn from, than the rows that
        it was drawn from, so draws of these measures lie beside the figure and not around it.
        """
        if drawn is None or not len(drawn):
            return {}
        tails = [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2]
        low, high = value + np.quantile(drawn - drawn.mean(), tails)
        return {"low": float(low), "high": float(high)}


def draw(
    seen: Array,
    scores: Mapping[str, Array],
    keys: NDArray[np.int64],
    campaign: Campaign,
    draws: int = DRAWS,
) -> dict[str, dict[str, Array]]:
    """Measures of every score under random weights of customers, the same for all scores.

    Args:
        seen: 1 for who had the event.
        scores: Probabilities by name of who told them.
        keys: Customer of each row.
        campaign: Its profit and depth, from events and rows of groups of neighbours.
        draws: How many.
    """
    rng = np.random.default_rng(_SEED)
    customers, place = np.unique(keys, return_inverse=True)
    ranked = {name: Ranked.of(seen, score, keys) for name, score in scores.items()}
    found: dict[str, dict[str, list[float]]] = {name: {} for name in scores}
    for _ in range(draws):
        weight = rng.poisson(1.0, len(customers)).astype(np.float64)[place]
        if not 0 < weight @ seen < weight.sum():
            continue
        for name, each in ranked.items():
            for measure, value in each.measure(weight, campaign).items():
                found[name].setdefault(measure, []).append(value)
    return {
        name: {measure: np.array(values) for measure, values in of_one.items()}
        for name, of_one in found.items()
    }


@dataclass(frozen=True)
class Ranked:
    """A score whose order is found once, for many draws of weights.

    Attributes:
        order: Rows from the highest score down; equal scores by customer.
        ends: Last place of each run of equal scores.
        seen: Labels in that order.
        score: Probabilities in that order.
        losses: Logarithmic loss of each row in that order.
        groups: Last place of each of at most a thousand groups of neighbours.
        odds: Mean log-odds of each group, as a probability.
    """

    order: NDArray[np.int64]
    ends: NDArray[np.int64]
    seen: Array
    score: Array
    losses: Array
    groups: NDArray[np.int64]
    odds: Array

    @classmethod
    def of(cls, seen: Array, score: Array, keys: NDArray[np.int64]) -> Ranked:
        """Order, runs and groups of a score."""
        order = np.lexsort((keys, -score))
        ordered = score[order]
        ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
        cut = np.unique(np.linspace(0, len(ends) - 1, min(len(ends), _MOST_GROUPS)).astype(int))
        groups = ends[cut]
        clipped = np.clip(ordered, 1e-9, 1 - 1e-9)
        starts = np.append(0, groups[:-1] + 1)
        sums = np.add.reduceat(np.log(clipped / (1 - clipped)), starts)
        odds = expit(sums / np.diff(groups, prepend=-1))
        losses = metrics.log_losses(seen[order], ordered)
        return cls(order, ends, seen[order], ordered, losses, groups, odds)

    def measure(self, weight: Array, campaign: Campaign) -> dict[str, float]:
        """What the weighted rows give."""
        ordered = weight[self.order]
        rows = np.cumsum(ordered)
        events = np.cumsum(ordered * self.seen)
        told = np.cumsum(ordered * self.score)
        auc, precision = self._ranks(rows[self.ends], events[self.ends])
        top = int(np.searchsorted(rows, _TOP_SHARE * rows[-1]))
        of_rows = np.diff(rows[self.groups], prepend=0.0)
        of_events = np.diff(events[self.groups], prepend=0.0)
        is_there = of_rows > 0
        rate = of_events[is_there] / of_rows[is_there]
        return {
            "auc": auc,
            "average_precision": precision,
            "mean_probability": float(told[-1] / rows[-1]),
            "log_loss": float(ordered @ self.losses / rows[-1]),
            "brier": float(ordered @ (self.score - self.seen) ** 2 / rows[-1]),
            "ece": self._calibration_error(rows, events, told),
            "calibration_slope": metrics.calibration_slope(
                rate, self.odds[is_there], of_rows[is_there]
            ),
            "lift_at_10pct": float(events[top] / rows[top] / (events[-1] / rows[-1])),
            **campaign(of_events[is_there][::-1], of_rows[is_there][::-1]),
        }

    @staticmethod
    def _ranks(rows: Array, events: Array) -> tuple[float, float]:
        """(AUC, average precision) from sums up to each end; equal scores count half."""
        others = rows - events
        gained = np.diff(events, prepend=0.0)
        above = np.append(0.0, others[:-1])
        spread = np.diff(others, prepend=0.0)
        auc = 1 - float(gained @ (above + spread / 2)) / float(events[-1] * others[-1])
        precision = np.divide(events, rows, out=np.zeros_like(events), where=rows > 0)
        return auc, float(gained @ precision) / float(events[-1])

    @staticmethod
    def _calibration_error(rows: Array, events: Array, told: Array) -> float:
        """Distance of told and seen rate over tenths of the weight."""
        levels = rows[-1] * np.arange(1, metrics.BIN_COUNT + 1) / metrics.BIN_COUNT
        last = np.minimum(np.searchsorted(rows, levels - 1e-9), len(rows) - 1)
        apart = np.diff(told[last] - events[last], prepend=0.0)
        return float(np.abs(apart).sum() / rows[-1])
