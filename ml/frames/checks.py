"""What a frame must keep before a model reads it; each break is refused in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from ml.errors import InputRefused
from ml.frames.columns import Columns
from ml.models.pipelines import Array


def require_columns(frame: pl.DataFrame, names: Sequence[str]) -> None:
    """Refuse a frame without rows or without one of the named columns; their order is free.

    Raises:
        InputRefused: With the names that are missing.
    """
    missing = [name for name in names if name not in frame.columns]
    if missing:
        told = ", ".join(missing)
        raise InputRefused(f"缺少列 {told}。", f"the frame lacks the columns {told}")
    if not frame.height:
        raise InputRefused("表中没有数据行。", "the frame has no rows")


def finite(frame: pl.DataFrame, name: str) -> Array:
    """A column as floats.

    Raises:
        InputRefused: A value is missing or not finite, or the column is no number.
    """
    column = frame.get_column(name)
    if not (column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null)):
        raise InputRefused(f"列 {name} 不是数值。", f"{name} is no column of numbers")
    values: Array = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    broken = int((~np.isfinite(values)).sum())
    if broken:
        raise InputRefused(
            f"列 {name} 有 {broken} 个缺失或无穷的数值。",
            f"{name} has {broken} values that are missing or not finite",
        )
    return values


def flags(frame: pl.DataFrame, name: str) -> Array:
    """A column of 0 and 1 (or false and true) without gaps, as floats.

    Raises:
        InputRefused: The column is not there, a value is missing or something else.
    """
    require_columns(frame, [name])
    values = finite(frame, name)
    if not np.isin(values, (0.0, 1.0)).all():
        raise InputRefused(f"列 {name} 只能是 0 或 1。", f"{name} must be 0 or 1")
    return values


def model_inputs(frame: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    """The columns that a model reads, in its own order, numbers as floats and missing as null.

    A category never seen in training is the encodings' business: they treat it as a rare one.

    Raises:
        InputRefused: A column is not there, a number is infinite, or text stands for a number.
    """
    require_columns(frame, columns.names)
    for name in columns.numbers:
        kind = frame.schema[name]
        if not (kind.is_numeric() or kind in (pl.Boolean, pl.Null)):
            raise InputRefused(f"列 {name} 不是数值。", f"{name} is no column of numbers")
    rows = frame.select(
        *(pl.col(name).cast(pl.String) for name in columns.categories),
        *(pl.col(name).cast(pl.Float64).fill_nan(None) for name in columns.numbers),
    )
    for name in columns.numbers:
        count = int(rows.get_column(name).is_infinite().sum() or 0)
        if count:
            raise InputRefused(
                f"列 {name} 有 {count} 个无穷的数值。", f"{name} has {count} infinite values"
            )
    return rows
