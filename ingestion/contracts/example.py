"""A made-up value of each column, written as a clerk would deliver it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Final

from ingestion.contracts.column import Column

_EXAMPLE_DATE: Final = dt.date(2025, 1, 31)
# In the unit the column is delivered in.
_EXAMPLE_NUMBERS: Final = {
    ("money", "yuan"): "1234.50",
    ("money", "wan_yuan"): "12.5",
    ("rate", "percent"): "3.85",
    ("rate", None): "0.5",
    ("decimal", None): "100",
    ("float", None): "0.5",
    ("integer", None): "1",
}


def example_of(column: Column) -> str:
    """A value of `column` that its own feed accepts, made up where the feed gives none."""
    if column.example is not None:
        return column.example
    if column.values:
        texts = [raw for raws in column.values.values() for raw in raws if "*" not in raw]
        return texts[0] if texts else next(iter(column.values))
    if column.type == "date":
        date = _EXAMPLE_DATE
        if isinstance(column.min, dt.date):
            date = max(date, column.min)
        if isinstance(column.max, dt.date):
            date = min(date, column.max)
        return date.strftime(column.format or "%Y-%m-%d")
    if column.type == "text":
        return f"{column.heading}示例"
    return _within_bounds(column, _EXAMPLE_NUMBERS[column.type, column.unit])


def delivered_bound(column: Column, bound: Decimal) -> Decimal:
    """A bound of the column in the unit it is delivered in: 0.36 as 36 where percent is."""
    if column.unit == "percent":
        return bound * 100
    return bound / 10_000 if column.unit == "wan_yuan" else bound


def _within_bounds(column: Column, number: str) -> str:
    for bound, is_outside in ((column.min, Decimal.__lt__), (column.max, Decimal.__gt__)):
        if isinstance(bound, Decimal):
            limit = delivered_bound(column, bound)
            if is_outside(Decimal(number), limit):
                return f"{limit.normalize():f}"
    return number
