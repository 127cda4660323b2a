"""How sure a figure is: margins that hold as often as they say, and bands of like probabilities.

A margin is about the single customer: of ten customers with a 90% interval, nine will bring what
lies within theirs. It is calibrated on customers that the model has not seen (split conformal) and
assumes nothing of the model; classes of like customers are told apart in :mod:`ml.models.bands`. It
holds for customers like those held out: a year unlike theirs is not in it.

For a probability of churn no interval can be about the single customer, who leaves or stays. The
band here is about those with a like score: of all such customers, between so many and so many in a
hundred leave.

Sources:
    Vovk, Gammerman, Shafer 2005 (conformal prediction by category); Lei and others 2018 (split).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from ml.errors import InputRefused
from ml.judge.metrics import equal_bins, share_interval
from ml.models.pipelines import Array


@dataclass(frozen=True)
class ProbabilityBands:
    """Rate of churn among customers with a like score.

    Attributes:
        table: One row per band of scores: ``from_probability``, ``row_count``, ``seen_rate``,
            ``low_rate``, ``high_rate``.
    """

    table: pl.DataFrame

    def of(self, probability: Array) -> pl.DataFrame:
        """``seen_rate``, ``low_rate``, ``high_rate`` of the band of each customer.

        Read: of customers with a score like his, ``seen_rate`` left; of all such customers, between
        ``low_rate`` and ``high_rate`` do. It says nothing of which of them.

        Raises:
            InputRefused: A probability is missing or out of range.
        """
        if not ((probability >= 0) & (probability <= 1)).all():
            raise InputRefused(
                "概率缺失或不在 0 与 1 之间。", "a probability is missing or out of range"
            )
        begins = self.table.get_column("from_probability").to_numpy()
        place = np.maximum(np.searchsorted(begins, probability, side="right") - 1, 0)
        return self.table.select("seen_rate", "low_rate", "high_rate")[place]


def fit_bands(
    labels: Array, probability: Array, *, bands: int = 20, least_rows: int = 50, level: float = 0.9
) -> ProbabilityBands:
    """Bands of scores with equally many customers each; equal scores stay in one band.

    Args:
        labels: 1 for who churned; of customers that the model has not seen.
        probability: What it told them.
        bands: Bands at most.
        least_rows: Customers per band at least.
        level: Of the interval of the rate.

    Raises:
        InputRefused: Lengths differ, one class only, or fewer customers than one band needs.
    """
    if len(labels) != len(probability) or len(labels) < least_rows:
        raise InputRefused(
            f"留出客户 {len(labels)} 位，少于一个分段所需的 {least_rows} 位。",
            f"{len(labels)} held-out customers are fewer than the {least_rows} that a band needs",
        )
    if not 0 < labels.sum() < len(labels):
        raise InputRefused("留出客户的标签只有一类。", "held-out customers are of one class only")
    order = np.argsort(probability, kind="stable")
    bins = equal_bins(len(order), max(1, min(bands, len(order) // least_rows)))
    begins = np.unique(probability[order[np.flatnonzero(np.diff(bins, prepend=-1))]])
    place = np.maximum(np.searchsorted(begins, probability, side="right") - 1, 0)
    count = np.bincount(place, minlength=len(begins))
    hits = np.bincount(place, weights=labels, minlength=len(begins))
    low, high = share_interval(hits, count, level)
    return ProbabilityBands(
        pl.DataFrame(
            {
                "from_probability": begins,
                "row_count": count,
                "seen_rate": hits / count,
                "low_rate": low,
                "high_rate": high,
            }
        )
    )


def margins_around(ordered: Array, level: float) -> tuple[float | None, float | None]:
    """Ends of the interval around nil from sorted errors; each tail has half of what is left over.

    The k-th of n errors is taken such that a new one lies beyond it with at most that chance. Where
    the class is so small that even its worst error would not do, there is no interval.
    """
    tail, count = (1 - level) / 2, len(ordered)
    rank = int(np.floor(tail * (count + 1) + 1e-9))
    return (None, None) if rank < 1 else (float(ordered[rank - 1]), float(ordered[count - rank]))
