"""Which way a model learnt each fact to work, held against what people expected of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from ml.book.hypotheses import Hypothesis
from ml.judge.metrics import Array, spearman
from ml.models.pipelines import Attribution, as_array

#: A rank correlation nearer to nil than this shows no direction.
CLEAR_RANK = 0.1
#: A feature with a smaller share of all that moves the scores is not worth a sentence.
WORTHY_SHARE = 0.01
#: Fewer values than this show no direction.
MIN_ROWS = 30

AGREES, CONTRADICTS, UNCLEAR, WEIGHTLESS, UNREAD = (
    "agrees",
    "contradicts",
    "unclear",
    "of no weight",
    "not read",
)


def directions(
    why: Attribution,
    explained: pl.DataFrame,
    taught: pl.DataFrame,
    label: str,
    expected: Sequence[Hypothesis],
) -> list[dict[str, Any]]:
    """One entry per expectation: what was learnt, what the data says by itself, and a verdict.

    Args:
        why: Contributions to the scores of ``explained``.
        explained: Rows of the judging date, features only.
        taught: Training rows with their label.
        label: Column of the label.
        expected: What people expect.

    Returns:
        ``feature, expected, rank, per_deviation, data_rank, weight_share, verdict`` and why it
        was expected, in which
        ``rank`` is the rank correlation of value and contribution, ``per_deviation`` what one
        standard deviation more of the feature adds to the score, on the model's own scale, and
        ``data_rank`` the rank correlation of value and label in training. What cannot be told is
        null.
    """
    weights = np.abs(why.contributions).mean(axis=1)
    shares = dict(zip(why.features, weights / (weights.sum() or 1.0), strict=True))
    places = {name: place for place, name in enumerate(why.features)}
    seen = taught.get_column(label).to_numpy()
    found: list[dict[str, Any]] = []
    for each in expected:
        name = each.feature_name
        entry: dict[str, Any] = {
            "feature": name,
            "expected": each.sign,
            "because_zh": each.because_zh,
            "because_en": each.because_en,
            "rank": None,
            "per_deviation": None,
            "data_rank": None,
            "weight_share": float(shares.get(name, 0.0)),
        }
        if name in taught.columns:
            entry["data_rank"] = _rank(as_array(taught.get_column(name)), seen)
        if name in places:
            values = as_array(explained.get_column(name))
            moved = why.contributions[places[name]]
            entry["rank"], entry["per_deviation"] = _rank(values, moved), _slope(values, moved)
        found.append({**entry, "verdict": _verdict(entry, is_read=name in places)})
    return found


def luck(taught: pl.DataFrame) -> float:
    """A rank correlation in the data up to this may be luck: two standard errors over customers.

    Over customers and not rows, since a customer's months repeat him.
    """
    return 2.0 / max(taught.get_column("customer_key").n_unique(), 1) ** 0.5


def _verdict(entry: dict[str, Any], *, is_read: bool) -> str:
    """What is to be said of one expectation."""
    if not is_read:
        return UNREAD
    if entry["weight_share"] < WORTHY_SHARE:
        return WEIGHTLESS
    if entry["rank"] is None or abs(entry["rank"]) < CLEAR_RANK:
        return UNCLEAR
    return AGREES if entry["rank"] * entry["expected"] > 0 else CONTRADICTS


def _rank(values: Array, others: Array) -> float | None:
    """Rank correlation over the rows that have a value; null where there is nothing to tell."""
    there = ~np.isnan(values)
    if there.sum() < MIN_ROWS or np.ptp(values[there]) == 0 or np.ptp(others[there]) == 0:
        return None
    return spearman(values[there], others[there])


def _slope(values: Array, moved: Array) -> float | None:
    """What one standard deviation more of the value adds, by least squares."""
    there = ~np.isnan(values)
    if there.sum() < MIN_ROWS or np.ptp(values[there]) == 0:
        return None
    apart = values[there] - values[there].mean()
    return float(apart @ moved[there] / len(apart) / apart.std())
