"""Small helpers that turn numpy columns into delivered ones.

They go through pyarrow: thousands of small frames are built, and an expression for each of their
columns would cost more than the rest of the day.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from ingestion.demo_bank.shape import Column

_NOTHING: Final = pl.Series([None], dtype=pl.String)


def _series(array: pa.Array) -> pl.Series:
    found = pl.from_arrow(array)
    if not isinstance(found, pl.Series):
        raise TypeError("an arrow array did not become a column")
    return found


def dates(days: Column) -> pl.Series:
    """Dates of day numbers; a negative one is none."""
    numbers = days.astype(np.int32)
    return _series(pa.array(numbers, pa.int32(), mask=numbers < 0).cast(pa.date32()))


def whole(values: Column) -> pl.Series:
    """Whole numbers; -1 is none."""
    numbers = values.astype(np.int64)
    return _series(pa.array(numbers, pa.int64(), mask=numbers == -1))


def named(names: Sequence[str] | pl.Series, index: Column) -> pl.Series:
    """The text at each index; -1 is none."""
    if isinstance(names, pl.Series):
        has_gaps = bool((index < 0).any())
        # append() would change the caller's column.
        texts = pl.concat([names, _NOTHING]) if has_gaps else names
    else:
        texts = pl.Series([*names, None], dtype=pl.String)
    # The empty last place is where -1 lands.
    return texts.gather(index.astype(np.int64) % max(len(texts), 1))


def clock_times(minutes: Column) -> pl.Series:
    """Minutes of the day as HH:MM."""
    return pl.Series([f"{m // 60:02d}:{m % 60:02d}" for m in minutes], dtype=pl.String)
