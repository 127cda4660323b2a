"""Golden rows: made customers with the scores they got; a model proves itself on them."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import polars as pl

from ml.errors import ModelRefused, Pair
from ml.models.scorer import Scorer

#: A golden score may differ from the stored one by this share of it and no more.
GOLDEN_TOLERANCE = 1e-12


def golden_bytes(golden: pl.DataFrame, scorer: Scorer) -> bytes:
    """Golden rows with the scores that the model gives them now."""
    buffer = BytesIO()
    golden.with_columns(_golden_columns(golden, scorer)).write_parquet(buffer)
    return buffer.getvalue()


def _golden_columns(golden: pl.DataFrame, scorer: Scorer) -> list[pl.Series]:
    """Score of each golden row, and the ends of its band."""
    scores = scorer.predict(golden)
    columns = zip(("score", "low", "high"), (scores, *scorer.band.of(scores, golden)), strict=True)
    return [pl.Series(f"golden_{name}", values) for name, values in columns]


def check_golden(content: bytes, scorer: Scorer, who: Pair) -> None:
    """Refuse a model that gives other scores or bands than on the day it was trained."""
    golden = pl.read_parquet(BytesIO(content))
    stored = [name for name in golden.columns if name.startswith("golden_")]
    found = _golden_columns(golden.drop(stored), scorer)
    if stored != [column.name for column in found]:
        raise ModelRefused(
            f"{who[0]} 所存的样本行没有可供核对的评分；请重新训练。",
            f"{who[1]}: its stored rows have no scores that could be compared; train it anew.",
        )
    worst = 0.0
    for column in found:
        now, then = column.to_numpy(), golden.get_column(column.name).to_numpy()
        apart = np.abs(now - then) / np.maximum(1.0, np.abs(then))
        apart[np.isnan(now) & np.isnan(then)] = 0.0  # a class of scores without a band
        worst = float(np.maximum(worst, np.max(apart)))
    if not worst <= GOLDEN_TOLERANCE:
        raise ModelRefused(
            f"{who[0]} 对所存样本行的评分与训练当日不同（相差 {worst:.1e}）；请重新训练。",
            f"{who[1]} scores its stored rows differently than when it was trained (by"
            f" {worst:.1e}); train it anew.",
        )
