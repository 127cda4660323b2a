"""Any table as rows, columns and a target: how a public data set gets to the factories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ml.errors import TableRefused
from ml.frames import targets
from ml.frames.columns import Columns
from ml.frames.table_files import PLACED, doubled, standing_for
from ml.frames.texts import (
    NAME_SHARE,
    are_commas_decimal,
    as_days,
    as_decimals,
    as_numbers,
    may_be_decimals,
    proves_decimals,
)

#: In fewer rows whole numbers may well all differ.
_KEY_ROWS = 100


@dataclass(frozen=True)
class Table:
    """A table that is ready to be judged.

    Attributes:
        frame: The columns that models may read; numbers as floats, categories as text.
        columns: The same by kind.
        target: One number per row: 1 for the class that is sought and 0 else, or a quantity.
        is_binary: Whether the target is a class.
        sought: The class that is sought; of a quantity, nothing.
        notes: What was left out or changed, one sentence each.
    """

    frame: pl.DataFrame
    columns: Columns
    target: NDArray[np.float64]
    is_binary: bool
    sought: str | None
    notes: tuple[str, ...]


def prepare(
    frame: pl.DataFrame,
    target: str,
    *,
    positive: str | None = None,
    is_quantity: bool = False,
    drop: Sequence[str] = (),
    told: Sequence[str] = (),
) -> Table:
    """Split a table into columns and target, and leave out what no model should read.

    Args:
        frame: The table.
        target: Column that is to be told from the others.
        positive: Value of the target that is sought, against all others.
        is_quantity: The target is a quantity, however few different numbers it has.
        drop: Columns to leave out: keys, and what is known only afterwards.
        told: Notes of whoever read the table, which come first.

    Raises:
        TableRefused: A column is not there, the target stands twice, has one value or too many,
            or nothing is left to learn from.
    """
    if is_quantity and positive is not None:
        raise TableRefused(
            "--quantity 与 --positive 不能同时使用：数量没有要识别的类别。",
            "leave out --quantity or --positive: no class of a quantity is sought",
        )
    _require(frame.columns, target, drop)
    notes = list(told)
    for name in doubled(frame.columns):
        placed = ", ".join(standing_for(name, frame.columns))
        notes.append(f"{name} stands more than once as a heading: {placed}.")
    # Each column apart from its heading: polars takes some (*, ^a.*$) for patterns of several.
    columns = {each.name: targets.stripped(each.alias("value")) for each in frame.get_columns()}
    texts = (each for each in columns.values() if each.dtype == pl.String)
    commas_are_decimal = are_commas_decimal(texts)
    aim = columns.pop(target)
    if is_quantity or (positive is None and targets.has_many_texts(aim)):
        aim = targets.as_quantity(target, aim, commas_are_decimal, notes)
    known = targets.known_rows(target, aim, notes)
    values, is_binary, sought = targets.values_of(
        target, aim.filter(known), positive=positive, is_quantity=is_quantity, notes=notes
    )
    left_out = {each for name in drop for each in (name, *standing_for(name, frame.columns))}
    kept = {
        name: read
        for name, column in columns.items()
        if name not in left_out
        if (read := _readable(name, column.filter(known), commas_are_decimal, notes)) is not None
    }
    if not kept:
        raise TableRefused(
            "没有可用于区分各行的列。", "no column is left that could tell one row from another"
        )
    rows = pl.DataFrame(kept)
    return Table(rows, Columns.of(rows, rows.columns), values, is_binary, sought, tuple(notes))


def _require(columns: Sequence[str], target: str, drop: Sequence[str]) -> None:
    """Nothing, where the target is one column and what is dropped is there."""
    if places := standing_for(target, columns):
        listed = ", ".join(places)
        raise TableRefused(
            f"标题 {target} 出现了 {len(places)} 次；请用 --target 指明是哪一列：{listed}。",
            f"{target} stands {len(places)} times as a heading; say by --target which is meant:"
            f" {listed}",
        )
    unknown = [
        name for name in (target, *drop) if name not in columns and not standing_for(name, columns)
    ]
    if not unknown:
        return
    wanted, there = ", ".join(unknown), ", ".join(columns)
    empty = sum(1 for each in columns if (found := PLACED.fullmatch(each)) and not found[1])
    is_title = 2 * empty >= len(columns)
    hint_zh = "第 1 行多为空，像是表名而不是列名；请删去列名以上的行。" if is_title else ""
    hint = (
        "; row 1 is mostly empty and looks like a title: delete the rows above the headings"
        if is_title
        else ""
    )
    raise TableRefused(
        f"表中没有列 {wanted}；现有列：{there}。{hint_zh}",
        f"the table has no column {wanted}; it has {there}{hint}",
    )


def _readable(
    name: str, column: pl.Series, commas_are_decimal: bool, notes: list[str]
) -> pl.Series | None:
    """The column as floats or as text, or nothing where it tells no row from another."""
    if commas_are_decimal and _may_be_thousands(column):
        notes.append(f"{name} has points that may part thousands; they are read as decimal points.")
    if column.dtype in (pl.Time, pl.Duration):
        column = column.to_physical()
    elif column.dtype.is_temporal():
        column = column.cast(pl.Datetime("us"), strict=False).dt.epoch("d").cast(pl.Float64)
    elif column.dtype == pl.String:
        column = _text(name, column, commas_are_decimal, notes)
        if column.dtype == pl.String and column.n_unique() > NAME_SHARE * len(column):
            notes.append(f"{name} names its rows (nearly each has its own) and is left out.")
            return None
    elif not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        notes.append(f"{name} is of type {column.dtype}, which no model here reads; left out.")
        return None
    if column.dtype != pl.String:
        column = _finite(name, column, notes)
        if _is_row_number(column):
            notes.append(f"{name} counts the rows and is left out.")
            return None
        if len(column) >= _KEY_ROWS and _is_like_a_key(column):
            notes.append(
                f"{name} is another whole number in every row; a key is left out with --drop."
            )
    if column.n_unique() < 2:
        notes.append(f"{name} is the same in every row and is left out.")
        return None
    return column


def _text(name: str, column: pl.Series, commas_are_decimal: bool, notes: list[str]) -> pl.Series:
    """Text, or a number or days where nearly all of it reads as such."""
    decimals = None
    if commas_are_decimal or proves_decimals(column):
        decimals = as_decimals(column)
    for read, kind in (
        (decimals, "numbers with decimal commas"),
        (as_numbers(column), "numbers"),
        (as_days(column), "dates"),
    ):
        if read is None:
            continue
        if read is decimals:
            notes.append(f"{name} has decimal commas: 0,5 is read as 0.5.")
        elif kind == "numbers" and may_be_decimals(column):
            notes.append(
                f"{name} has commas that may be decimal; they are read as parting thousands."
            )
        elif kind == "dates":
            notes.append(f"{name} is read as dates and counts in days.")
        lost = read.null_count() - column.null_count()
        if lost:
            notes.append(f"{name}: {lost} values are no {kind} and count as missing.")
        return read
    return column


def _finite(name: str, column: pl.Series, notes: list[str]) -> pl.Series:
    """Floats; what is not finite counts as missing."""
    numbers = column.cast(pl.Float64)
    broken = numbers.is_infinite() | numbers.is_nan()
    count = int(broken.sum() or 0)
    if count:
        notes.append(f"{name}: {count} values are not finite and count as missing.")
        numbers = numbers.set(broken, None)
    return numbers


def _is_row_number(column: pl.Series) -> bool:
    """Whether the column only counts its rows."""
    if column.null_count() or len(column) < 3:
        return False
    steps = column.diff().drop_nulls()
    return bool((steps == 1).all())


def _is_like_a_key(column: pl.Series) -> bool:
    """Whether it is a whole number, and another one in each row."""
    return column.n_unique() == len(column) and bool((column == column.round()).all())


def _may_be_thousands(column: pl.Series) -> bool:
    """Whether a file may have parted the thousands of a number by points: 1.234 and 12.500."""
    if not column.dtype.is_float():
        return False
    parts = column.drop_nulls() * 1000
    is_whole = ((parts - parts.round()).abs() < 1e-6).all()
    # Nine in ten such numbers do not end with a nil.
    ends = (parts.round() % 10 != 0).mean()
    return bool(len(parts) and is_whole and ends is not None and float(ends) > 0.5)  # type: ignore[arg-type]
