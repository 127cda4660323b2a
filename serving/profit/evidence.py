"""A figure with what it was reckoned from: steps, rules, and rows as they were delivered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from serving.profit.numbers import rate as rate_of
from serving.profit.numbers import yuan

Row = Mapping[str, Any]
# What tells where a row came from; the rest of a rule says nothing about a figure.
_SAID_ELSEWHERE: Final = {"valid_from_date", "valid_to_date", "requirement_id"}


@dataclass(frozen=True)
class Origin:
    """A delivered row: the file, sheet and row it stood in, and what it said.

    Attributes:
        feed: Feed of the row.
        file: File that was delivered; None of rows that the house made itself.
        sheet: Sheet of a workbook.
        row: Row in the file or sheet, as a person counts.
        said: The values that the figure rests on.
    """

    feed: str
    file: str | None
    sheet: str | None
    row: int | None
    said: Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """A row of the bank's rules, or of a published table.

    Attributes:
        table: Its name in the published file.
        said: Its values, those that are null left out.
    """

    table: str
    said: Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """A figure and what it was reckoned from.

    Attributes:
        zh: What it is, in Chinese.
        en: The same in English.
        fen: The figure in whole fen; None of steps that find something else.
        how: The reckoning with its numbers.
        origins: Delivered rows.
        rules: Rows of rules.
        parts: Figures that it was reckoned from.
    """

    zh: str
    en: str
    fen: int | None = None
    how: str = ""
    origins: tuple[Origin, ...] = ()
    rules: tuple[Rule, ...] = ()
    parts: tuple[Step, ...] = ()

    @property
    def amount(self) -> Decimal | None:
        """The figure in yuan."""
        return None if self.fen is None else yuan(self.fen)

    def walk(self) -> Iterator[Step]:
        """This step and all below it."""
        yield self
        for part in self.parts:
            yield from part.walk()


def origin(feed: str, row: Row, *columns: str) -> Origin:
    """Where a row was delivered, and what it said in some columns; empty ones are left out."""
    said = {name: row[name] for name in columns if row.get(name) is not None}
    return Origin(feed, row["source_file"], row["source_sheet"], row["source_row"], said)


def rule(table: str, row: Row, *columns: str) -> Rule:
    """A rule as it is told: some of its columns, or all that say something."""
    said = {
        name: value
        for name, value in row.items()
        if value is not None and (name in columns or not (columns or name in _SAID_ELSEWHERE))
    }
    return Rule(table, said)


def money(amount: int) -> str:
    """Fen as people read them.

    >>> money(-123456789)
    '-1,234,567.89'
    """
    return f"{yuan(amount):,.2f}"


def percent(part: int) -> str:
    """Hundred-millionths as people read them.

    >>> percent(3_450_000), percent(0)
    ('3.45%', '0%')
    """
    text = f"{rate_of(part) * 100:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"
