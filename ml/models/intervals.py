"""How sure a figure is: a value with an interval that holds as often as it says, by size class.

For a value the interval is about the single customer: of ten customers with a 90% interval, nine
will bring what lies within theirs, small customers as well as large ones. It is calibrated on
customers that the model has not seen (split conformal, each size class for itself) and assumes
nothing of the model. It holds for customers like those held out: a year unlike theirs is not in it.

For a probability of churn no interval can be about the single customer, who leaves or stays. The
band here is about those with a like score: of all such customers, between so many and so many in a
hundred leave.

Sources:
    Vovk, Gammerman, Shafer 2005 (conformal prediction by category); Lei and others 2018 (split).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from ml.errors import InputRefused
from ml.frames.checks import finite, model_inputs, require_columns
from ml.frames.columns import Columns
from ml.judge.metrics import equal_bins, share_interval
from ml.models.factories import blended_regressor
from ml.models.pipelines import SEED, Array


@dataclass(frozen=True)
class ValueIntervals:
    """A regressor and what to add to its figure, per size class.

    Attributes:
        pipeline: Expected value, yuan.
        columns: What it reads.
        by: Column of the size class, known at the observation date.
        margins: One row per class: the class, ``held_out_count``, ``below_amount`` and
            ``above_amount``, what is added to the figure for either end. Both are null where the
            class has too few held-out customers for an interval at this level.
        level: Share of customers whose value lies in their interval.
    """

    pipeline: Pipeline
    columns: Columns
    by: str
    margins: pl.DataFrame
    level: float

    def of(self, frame: pl.DataFrame) -> pl.DataFrame:
        """``value_amount``, ``low_amount``, ``high_amount`` of each row.

        The ends are null for a class that was too small, or that training never saw.
        """
        require_columns(frame, [self.by])
        value = self.pipeline.predict(model_inputs(frame, self.columns))
        margins = self.margins.with_columns(pl.col(self.by).cast(pl.String))
        return (
            frame.select(pl.col(self.by).cast(pl.String))
            .with_columns(pl.Series("value_amount", value))
            .join(margins, on=self.by, how="left", maintain_order="left")
            .select(
                "value_amount",
                low_amount=pl.col("value_amount") + pl.col("below_amount"),
                high_amount=pl.col("value_amount") + pl.col("above_amount"),
            )
        )


def fit_value_intervals(
    frame: pl.DataFrame,
    columns: Columns,
    target: str,
    *,
    by: str,
    level: float = 0.9,
    held_out: NDArray[np.bool_] | None = None,
    factory: Callable[[Columns], Pipeline] = blended_regressor,
) -> ValueIntervals:
    """Fit on one part of the customers, calibrate on the other.

    Args:
        frame: One row per customer: the columns, the target and the size class.
        columns: What the regressor may read.
        target: Profit of the twelve months after the observation date, yuan.
        by: Column of the size class, without gaps.
        level: Share of customers whose value is to lie in their interval.
        held_out: Rows that calibrate and do not teach; those of the latest date, if there are
            several dates. A third of the rows by lot if not given.
        factory: Maker of the regressor.

    Raises:
        InputRefused: A column is not there or not finite, the target has gaps or never differs, a
            level out of range, or no class has enough held-out customers.
    """
    require_columns(frame, [*columns.names, target, by])
    if not 0 < level < 1:
        raise InputRefused("置信水平须在 0 与 1 之间。", "the level must lie between 0 and 1")
    value, rows = finite(frame, target), model_inputs(frame, columns)
    if frame.get_column(by).null_count():
        raise InputRefused(f"列 {by} 有缺失。", f"{by} is missing for some customers")
    if value.min() == value.max():
        raise InputRefused(
            f"列 {target} 全部相同，无从学习。", f"{target} never differs: nothing to learn"
        )
    held = _third(frame.height) if held_out is None else held_out
    if held.shape != value.shape or held.all() or not held.any():
        raise InputRefused(
            "留出的行数不符，或没有行可用于学习与校准。",
            "the held-out rows must be some of the rows, and leave some to teach",
        )
    pipeline = factory(columns).fit(rows.filter(~held), value[~held])
    apart = value[held] - pipeline.predict(rows.filter(held))
    classes = frame.get_column(by).filter(pl.Series(held))
    margins = []
    for name in classes.unique().sort():
        own = np.sort(apart[(classes == name).to_numpy()])
        below, above = margins_around(own, level)
        margins.append(
            {by: name, "held_out_count": len(own), "below_amount": below, "above_amount": above}
        )
    told = pl.DataFrame(margins).cast({"below_amount": pl.Float64, "above_amount": pl.Float64})
    if told.get_column("below_amount").null_count() == told.height:
        raise InputRefused(
            "各规模档的留出客户都太少，无法给出区间。",
            "no size class has enough held-out customers for an interval",
        )
    return ValueIntervals(pipeline, columns, by, told, level)


def coverage(
    seen: Array, intervals: pl.DataFrame, classes: Sequence[str] | pl.Series
) -> pl.DataFrame:
    """How often values lay in their intervals, by class: the judge of :class:`ValueIntervals`.

    Args:
        seen: What came, per customer that neither taught nor calibrated.
        intervals: What :meth:`ValueIntervals.of` told.
        classes: Size class of each.

    Returns:
        ``size_class``, ``row_count``, ``covered_share`` with ``low_share`` and ``high_share`` at
        95%, ``mean_width_amount``; customers without an interval are left out.
    """
    inside = (pl.col("seen") >= pl.col("low_amount")) & (pl.col("seen") <= pl.col("high_amount"))
    table = (
        intervals.with_columns(pl.Series("seen", seen), pl.Series("size_class", classes))
        .drop_nulls("low_amount")
        .group_by("size_class")
        .agg(
            row_count=pl.len().cast(pl.Int64),
            covered_share=inside.mean(),
            mean_width_amount=(pl.col("high_amount") - pl.col("low_amount")).mean(),
        )
        .sort("size_class")
    )
    count = table.get_column("row_count").to_numpy()
    low, high = share_interval(table.get_column("covered_share").to_numpy() * count, count)
    return table.with_columns(pl.Series("low_share", low), pl.Series("high_share", high))


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


def _third(rows: int) -> NDArray[np.bool_]:
    """A third of the rows by lot."""
    held: NDArray[np.bool_] = np.random.default_rng(SEED).permutation(rows) % 3 == 0
    return held
