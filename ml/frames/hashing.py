"""Splits, samples and checksums that do not depend on row order, clock or library version."""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl
from numpy.typing import NDArray

BUCKET_COUNT = 10_000


def buckets(customer_keys: pl.Series, salt: str) -> NDArray[np.int64]:
    """Bucket 0 to 9,999 of every customer, the same in every run and on every machine.

    polars and Python hashes change with version or process, so the mixing steps of SplitMix64 are
    spelled out here. All rows of a customer fall into one bucket: a customer is never on both
    sides of a split.

    >>> buckets(pl.Series([1, 2, 3, 1]), "fold").tolist()
    [7168, 5824, 7832, 7168]
    """
    start = np.uint64(int.from_bytes(hashlib.sha256(salt.encode()).digest()[:8], "big"))
    mixed = customer_keys.cast(pl.Int64).to_numpy().astype(np.uint64)
    with np.errstate(over="ignore"):
        mixed = mixed + start + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = mixed ^ (mixed >> np.uint64(31))
    return (mixed % np.uint64(BUCKET_COUNT)).astype(np.int64)


def frame_checksum(frame: pl.DataFrame, sort_by: list[str]) -> str:
    """SHA-256 over the sorted rows, with column names; equal frames in any order give one value."""
    digest = hashlib.sha256()
    ordered = frame.sort(sort_by)
    for name in sorted(ordered.columns):
        column = ordered.get_column(name)
        digest.update(f"|{name}:{len(column)}|".encode())
        if column.dtype == pl.String:
            filled = column.fill_null("\x00")
            digest.update("\x1f".join(filled.to_list()).encode())
            continue
        # One bit pattern for null, so that null and 0 differ.
        digest.update(column.is_null().to_numpy().tobytes())
        physical = column.to_physical() if column.dtype.is_temporal() else column
        # 60-bit keys do not survive a cast to double.
        exact = pl.Int64 if physical.dtype.is_integer() else pl.Float64
        digest.update(physical.cast(exact).fill_null(0).to_numpy().tobytes())
    return digest.hexdigest()
