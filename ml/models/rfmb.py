"""RFM and balance: quintiles that are kept as data, and segments by rules that are data too.

A quintile of five is the best. Customers with equal values always have equal quintiles, so that a
quintile may be empty where many customers share one value (nil, mostly).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from sklearn.metrics import adjusted_rand_score

from ml.errors import InputRefused
from ml.frames.checks import require_columns
from ml.models.pipelines import SEED, Array

PARTS = 5
_LEAST, _MOST = "_least", "_most"


def fit_quintiles(frame: pl.DataFrame, measures: Mapping[str, int]) -> pl.DataFrame:
    """Where each quintile begins.

    Args:
        frame: One row per customer.
        measures: +1 for a column of which more is better (acts, amount, balance), -1 where less is
            (days since the last act).

    Returns:
        One row per measure and quintile from 2 to 5: ``measure_name``, ``direction``,
        ``quintile`` and ``beyond_value``: who is better than this value is in it or above.

    Raises:
        InputRefused: A column is not there, is infinite somewhere, or has no value at all.
    """
    require_columns(frame, list(measures))
    rows = []
    for name, direction in measures.items():
        values = _better_upwards(frame, name, direction)
        known = values[~np.isnan(values)]
        if not len(known):
            raise InputRefused(f"列 {name} 全部缺失。", f"{name} is missing for every customer")
        # The value at which the worse part ends, so that equal ones stand together below the cut:
        # where most customers have nil, nil is the worst.
        ordered = np.sort(known)
        for quintile in range(2, PARTS + 1):
            place = -(-len(ordered) * (quintile - 1) // PARTS) - 1
            rows.append(
                {
                    "measure_name": name,
                    "direction": direction,
                    "quintile": quintile,
                    "beyond_value": direction * float(ordered[place]),
                }
            )
    return pl.DataFrame(rows)


def score_quintiles(frame: pl.DataFrame, cuts: pl.DataFrame) -> pl.DataFrame:
    """``<measure>_quintile`` of each customer, 1 to 5; a missing value is the worst, 1.

    Args:
        frame: One row per customer.
        cuts: What :func:`fit_quintiles` found, on these customers or on earlier ones.
    """
    names = cuts.get_column("measure_name").unique(maintain_order=True).to_list()
    require_columns(frame, names)
    scored = []
    for name in names:
        own = cuts.filter(pl.col("measure_name") == name).sort("quintile")
        direction = int(own.get_column("direction")[0])
        ends = own.get_column("beyond_value").to_numpy() * direction
        values = _better_upwards(frame, name, direction)
        place = np.searchsorted(ends, values, side="left") + 1
        scored.append(pl.Series(f"{name}_quintile", np.where(np.isnan(values), 1, place)))
    return pl.DataFrame(scored)


def rule_segments(scores: pl.DataFrame, rules: pl.DataFrame) -> pl.Series:
    """Segment of each customer: that of the first rule that he keeps.

    Args:
        scores: Quintiles of :func:`score_quintiles`.
        rules: One row per rule, tried in order of ``rule_order``: ``segment_code``, and for any
            quintile column ``<column>_least`` and ``<column>_most``; an empty bound is none.

    Raises:
        InputRefused: A bound of a column that is not there, or a customer who keeps no rule: the
            last rule should have no bounds.
    """
    require_columns(rules, ["segment_code", "rule_order"])
    segment = pl.lit(None, dtype=pl.String)
    for rule in rules.sort("rule_order", descending=True).to_dicts():
        kept = pl.lit(value=True)
        for name, bound in rule.items():
            if bound is not None and name.endswith((_LEAST, _MOST)):
                column = name.removesuffix(_LEAST).removesuffix(_MOST)
                require_columns(scores, [column])
                value = pl.col(column)
                kept &= value >= bound if name.endswith(_LEAST) else value <= bound
        segment = pl.when(kept).then(pl.lit(str(rule["segment_code"]))).otherwise(segment)
    found = scores.select(segment_code=segment).get_column("segment_code")
    if found.null_count():
        raise InputRefused(
            f"{found.null_count()} 位客户不符合任何分群规则，请补充一条兜底规则。",
            f"{found.null_count()} customers keep no rule; add a last one without bounds",
        )
    return found


def rule_stability(
    frame: pl.DataFrame,
    measures: Mapping[str, int],
    rules: pl.DataFrame,
    *,
    draws: int = 50,
    seed: int = SEED,
) -> float:
    """Mean adjusted Rand index of the segments when quintiles come from customers drawn anew.

    1 says that the same customers would stand together whatever customers chance had sent.
    """
    ours = rule_segments(score_quintiles(frame, fit_quintiles(frame, measures)), rules)
    random = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        drawn = frame[random.integers(0, frame.height, frame.height)]
        scores = score_quintiles(frame, fit_quintiles(drawn, measures))
        found.append(adjusted_rand_score(ours.to_numpy(), rule_segments(scores, rules).to_numpy()))
    return float(np.mean(found))


def _better_upwards(frame: pl.DataFrame, name: str, direction: int) -> Array:
    """The column so that more is better; missing as NaN."""
    values: Array = frame.get_column(name).cast(pl.Float64).fill_null(float("nan")).to_numpy()
    if np.isinf(values).any():
        raise InputRefused(f"列 {name} 有无穷的数值。", f"{name} has infinite values")
    return values * direction
