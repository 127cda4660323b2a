"""What is to be foretold: which of two classes is sought, or how great a quantity is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ml.errors import TableRefused
from ml.frames.texts import MISSING, as_decimals, as_numbers, has_sure_decimals

Target = tuple[NDArray[np.float64], bool, str | None]

#: Words that tables use for the class that is sought, lower case.
SOUGHT = ("true", "yes", "y", "t", "是", "有", "churn", "churned", "bad", "default", "pos")
#: 1 is such a word beside one of these alone: beside 2 it is a code, and often that of the good.
_NOT_ONE = (0.0, -1.0)
_TRUTH = {"true": 1.0, "false": 0.0}
#: A target of so many different numbers is a quantity; of fewer, classes.
_QUANTITY_VALUES = 20
#: Beyond this a float has no halves, and a whole number may not fit.
_WHOLE = 2.0**53


def as_quantity(
    name: str, column: pl.Series, commas_are_decimal: bool, notes: list[str]
) -> pl.Series:
    """A target of texts as the numbers that they are; as it is where they are none."""
    if column.dtype != pl.String:
        return column
    numbers = None
    if commas_are_decimal or has_sure_decimals(column):
        numbers = as_decimals(column)
        if numbers is not None:
            notes.append(f"{name} has decimal commas.")
    if numbers is None:
        numbers = as_numbers(column)
    if numbers is None:
        return column
    lost = numbers.null_count() - column.null_count()
    if lost:
        notes.append(f"{name}: {lost} values are no numbers.")
    return numbers


def has_many_texts(column: pl.Series) -> bool:
    """Whether a target of texts has more different ones than classes have."""
    return column.dtype == pl.String and column.drop_nulls().n_unique() > _QUANTITY_VALUES


def known_rows(name: str, column: pl.Series, notes: list[str]) -> pl.Series:
    """Which rows have a target that can be used, and what is told of the others.

    Raises:
        TableRefused: No row has.
    """
    known = column.is_not_null()
    if column.dtype.is_float():
        endless = column.is_infinite().fill_null(False)
        if endless.any():
            notes.append(f"{endless.sum()} rows have an infinite {name} and are left out.")
        gaps = ~known | column.is_nan().fill_null(False)
        known = ~gaps & ~endless
    else:
        gaps = ~known
    if gaps.any():
        notes.append(f"{gaps.sum()} rows have no {name} and are left out.")
    if not known.any():
        raise TableRefused(
            f"列 {name} 没有任何可用的取值。", f"no row has a {name} that can be used"
        )
    return known


def stripped(column: pl.Series) -> pl.Series:
    """Texts without blanks around them, and what stands for a gap as one."""
    if column.dtype not in (pl.String, pl.Categorical, pl.Enum):
        return column
    plain = column.cast(pl.String).str.strip_chars()
    return plain.set(plain.is_in(list(MISSING)), None)


def values_of(
    name: str, column: pl.Series, *, positive: str | None, is_quantity: bool, notes: list[str]
) -> Target:
    """(values, whether they are classes, the class that is sought) of a target without gaps.

    Args:
        name: Its heading; the series itself is called ``value``.
        column: The target.
        positive: The class that somebody seeks.
        is_quantity: Somebody says that it is a quantity.
        notes: Gets a sentence where the class that is sought is no convention.

    Raises:
        TableRefused: It has one value, too many classes, none of that name, or is no quantity.
    """
    if column.dtype.is_nested() or column.dtype in (pl.Binary, pl.Object):
        raise TableRefused(
            f"列 {name} 的类型是 {column.dtype}，不能作为目标。",
            f"{name} is of type {column.dtype}, which cannot be foretold",
        )
    if is_quantity and not column.dtype.is_numeric():
        raise TableRefused(
            f"列 {name} 不是数值，不能用 --quantity 作为数量评判。",
            f"{name} holds no numbers, so it is no --quantity",
        )
    texts = _as_classes(column)
    counts = texts.value_counts(name="rows").sort("rows", "value", descending=[True, False])
    found: list[str] = counts.get_column("value").to_list()
    if positive is not None:
        sought = _named(positive, found, name)
        return _marks(texts, sought), True, sought
    if len(found) < 2:
        raise TableRefused(
            f"列 {name} 只有一个取值，无从区分。",
            f"{name} has one value only, so there is nothing to tell apart",
        )
    if is_quantity or (column.dtype.is_numeric() and len(found) > _QUANTITY_VALUES):
        return column.cast(pl.Float64).to_numpy(), False, None
    if len(found) == 2:
        sought = _sought(found, counts.get_column("rows").to_list(), name, notes)
        return _marks(texts, sought), True, sought
    there = ", ".join(map(str, found[:5]))
    is_number = column.dtype.is_numeric()
    raise TableRefused(
        f"列 {name} 有 {len(found)} 个类别（{there} …），请用 --positive 指定要识别的类别"
        + ("；若是数量（如评分），请加 --quantity。" if is_number else "。"),
        f"{name} has {len(found)} classes ({there} ...); name the one that is sought with "
        "--positive" + (", or say --quantity if it is one" if is_number else ""),
    )


def _as_classes(column: pl.Series) -> pl.Series:
    """The names of classes; a gap makes other programs write 0 and 1 as 0.0 and 1.0."""
    if column.dtype.is_decimal():
        column = column.cast(pl.Float64)
    if (
        column.dtype.is_float()
        and (column == column.round()).all()
        and (column.abs() < _WHOLE).all()
    ):
        column = column.cast(pl.Int64)
    return column.cast(pl.String).str.strip_chars()


def _marks(texts: pl.Series, sought: str) -> NDArray[np.float64]:
    """1 for the class that is sought."""
    return (texts == sought).cast(pl.Float64).to_numpy()


def _named(positive: str, found: list[str], name: str) -> str:
    """The class that somebody names, however he writes it: True or 1 for true, 1.0 for 1."""
    readings: tuple[Callable[[str], Any], ...] = (str, str.casefold, _number)
    for read in readings:
        wanted = read(positive.strip())
        alike = [each for each in found if wanted is not None and read(each) == wanted]
        if len(alike) == 1:
            return alike[0]
    there = ", ".join(map(str, found[:10]))
    raise TableRefused(
        f"列 {name} 中没有取值 {positive}；现有取值：{there}。",
        f"{name} never is {positive}; it is {there}",
    )


def _number(text: str) -> float | None:
    """The number that a text is; true and false are 1 and 0."""
    try:
        return _TRUTH[text.casefold()] if text.casefold() in _TRUTH else float(text)
    except ValueError:
        return None


def _sought(found: list[str], rows: list[int], name: str, notes: list[str]) -> str:
    """Of two classes, the commoner first, the one that is meant."""
    usual = [
        each
        for each, other in (found, found[::-1])
        if each.lower() in SOUGHT or (_number(each) == 1 and _number(other) in _NOT_ONE)
    ]
    if len(usual) == 1:
        (sought,) = usual
        if sought == found[0] and rows[0] > rows[1]:
            notes.append(
                f"What is sought is {name} {sought}, which most rows have; ask for the other class"
                f" with --positive {found[1]}."
            )
        return sought
    # Churners, defaulters and buyers are fewer than the others.
    rarer = found[1]
    why = "the rarer class" if rows[1] < rows[0] else "though both classes are equally frequent"
    notes.append(
        f"What is sought is {name} {rarer}, {why} ({rows[1]} of {sum(rows)} rows); ask for the"
        f" other with --positive {found[0]}."
    )
    return rarer
