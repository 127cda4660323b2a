"""How each column of a feed is made from a delivered file: one SQL expression per question."""

# ruff: noqa: S608 - every piece of SQL is the contract's or ours; delivered text is never one.

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import Literal

from ingestion.contracts import CHECKS, Column, Feed, duckdb_type, normalise_value
from ingestion.contracts.heading_match import time_unit
from ingestion.contracts.heading_unit import written_units
from ingestion.parsing import date as dates
from ingestion.parsing.code import code_sql
from ingestion.sql import literal

Source = Literal["csv", "xlsx"]


class Verdict(IntEnum):
    """What is wrong with one cell; 0 is nothing. The last ones are called as the checks are."""

    SOUND = 0
    MISSING = 1
    UNREADABLE = 2
    BELOW = 3
    ABOVE = 4
    PATTERN = 5
    RESIDENT_ID = 6
    CREDIT_CODE = 7
    BANK_CARD = 8
    MOBILE = 9
    LANDLINE = 10
    NAME = 11
    CLOCK_TIME = 12
    CURRENCY = 13


@dataclass(frozen=True)
class Cell:
    """One column as SQL over one row of text.

    Attributes:
        column: The column.
        raw: SQL of the delivered text; None where the file does not deliver the column.
        value: SQL of the typed value, NULL where the text is empty or cannot be read.
        positions: The file's columns it is read from.
        prepared: SQL of a text that several questions are put to (joined, mended, normalised);
            it is computed once, under the name that `raw` then is.
        checked: SQL of the value as its check makes it, NULL where it fails; None for columns
            whose texts are loaded as they are.
        is_any_text: Whether every text is a value, so that none has to be judged.
    """

    column: Column
    raw: str | None
    value: str
    positions: tuple[int, ...] = ()
    prepared: str | None = None
    checked: str | None = None
    is_any_text: bool = False

    @property
    def checked_name(self) -> str:
        """Name of the checked value between parsing and judging; the value itself, if it must."""
        return f"c_{self.column.name}" if self.column.on_invalid == "keep" else self.value_name

    @property
    def is_mended(self) -> str:
        """SQL: the value is not what was delivered, or fails its check and is kept."""
        differs = f"{self.checked_name} <> {self.raw}"
        if self.column.on_invalid == "keep":
            differs = f"coalesce({differs}, NOT {self.is_empty})"
        return f"({differs})"

    @property
    def failure(self) -> str:
        """SQL: the verdict on a text that cannot be the column's."""
        if self.column.check is not None:
            return f"{_verdict_of(self.column.check):d}"
        if self.column.check_by is not None:
            branches = " ".join(f"WHEN '{name}' THEN {_verdict_of(name):d}" for name in CHECKS)
            return f"CASE v_{self.column.check_by} {branches} ELSE {Verdict.UNREADABLE:d} END"
        return f"{Verdict.UNREADABLE:d}"

    @property
    def value_name(self) -> str:
        """Name of the parsed value between parsing and judging."""
        return f"v_{self.column.name}"

    @property
    def is_empty(self) -> str:
        """SQL: the cell says nothing (given that it has no value)."""
        if self.raw is None:
            return "TRUE"
        if len(self.positions) > 1:
            empties = " AND ".join(f"nullif(r{p}, '') IS NULL" for p in self.positions)
            return f"({empties})"
        if self.column.missing:
            return f"({self.raw} IS NULL OR {self.raw} = '' OR {self._is_missing_text})"
        return f"({self.raw} IS NULL OR {self.raw} = '')"

    @property
    def _is_missing_text(self) -> str:
        texts = ", ".join(literal(normalise_value(text)) for text in self.column.missing)
        return f"listed_form({self.raw}) IN ({texts})"

    @property
    def is_sound(self) -> str:
        """SQL: the value may be loaded. Never NULL."""
        name = self.value_name
        if self.raw is None or (self.is_any_text and not self.column.required and not self._limits):
            return "TRUE"
        checks = [
            f"{name} IS NOT NULL"
            if self.column.required
            else f"({name} IS NOT NULL OR {self.is_empty})"
        ]
        checks += [
            f"({name} IS NULL OR {check})" if not self.column.required else check
            for check in self._limits.values()
        ]
        return " AND ".join(checks)

    @property
    def verdict(self) -> str:
        """SQL: which `Verdict` the cell gets."""
        name = self.value_name
        if self.raw is None:
            return "0"
        empty = Verdict.MISSING if self.column.required else Verdict.SOUND
        branches = [
            f"WHEN {name} IS NULL THEN CASE WHEN {self.is_empty} THEN {empty:d}"
            f" ELSE {self.failure} END"
        ]
        branches += [
            f"WHEN NOT ({check}) THEN {verdict:d}" for verdict, check in self._limits.items()
        ]
        return f"CASE {' '.join(branches)} ELSE 0 END"

    @property
    def _limits(self) -> dict[Verdict, str]:
        """SQL that a value which is there must fulfil."""
        limits = {}
        if self.column.min is not None:
            limits[Verdict.BELOW] = f"{self.value_name} >= {_bound(self.column.min)}"
        if self.column.max is not None:
            limits[Verdict.ABOVE] = f"{self.value_name} <= {_bound(self.column.max)}"
        if self.column.pattern is not None:
            pattern = literal(self.column.pattern)
            limits[Verdict.PATTERN] = f"regexp_full_match({self.value_name}, {pattern})"
        return limits


@dataclass(frozen=True)
class Layout:
    """How the rows of one file become rows of one feed.

    Attributes:
        feed: The feed.
        width: Number of columns of the file; its texts are called r0, r1, ...
        cells: One per column of the feed, in the feed's order.
        headings: The file's headings, made distinct, to call its texts by.
        first_column: Number of the file's column that r0 is.
        today: Business date of the delivery: no birth is later.
    """

    feed: Feed
    width: int
    cells: tuple[Cell, ...]
    headings: tuple[str, ...]
    first_column: int = 1
    today: dt.date = dt.date.max

    def heading_of(self, cell: Cell) -> str:
        """The heading, or headings, a cell was delivered under."""
        return "+".join(self.headings[place] for place in cell.positions)

    @property
    def read_cells(self) -> list[Cell]:
        """The columns the file delivers."""
        return [cell for cell in self.cells if cell.raw is not None]

    @property
    def mended_cells(self) -> list[Cell]:
        """The delivered columns in which a value may be mended."""
        return [cell for cell in self.cells if cell.checked is not None]

    @property
    def is_mended(self) -> str | None:
        """SQL over `parsed`: some value of the row is not what was delivered."""
        return " OR ".join(cell.is_mended for cell in self.mended_cells) or None

    def parsed(self, rows: str, given: frozenset[str] = frozenset()) -> str:
        """SQL: each row of `rows` (r0.. and others) with its parsed values beside the texts.

        Args:
            rows: The rows.
            given: Names of values that `rows` holds already.
        """
        texts = [f"{c.prepared} AS {c.raw}" for c in self.cells if c.prepared is not None]
        if texts:
            rows = f"(SELECT *, {', '.join(texts)} FROM {rows})"
        # One above the other: the kind of a document says what its number must be, and what
        # fails is kept where the feed says so. Named in one list the engine would parse twice.
        levels: tuple[list[str], list[str], list[str]] = ([], [], [])
        for cell in self.cells:
            level = levels[0 if cell.column.check_by is None else 1]
            if cell.value_name in given:
                continue
            if cell.checked is None:
                level.append(f"{cell.value} AS {cell.value_name}")
            else:
                level.append(f"{cell.checked} AS {cell.checked_name}")
            if cell.checked is not None and cell.column.on_invalid == "keep":
                levels[2].append(f"{cell.value} AS {cell.value_name}")
        for named in filter(None, levels):
            rows = f"(SELECT *, {', '.join(named)} FROM {rows})"
        return f"SELECT * FROM {rows}"

    @property
    def is_sound(self) -> str:
        """SQL over `parsed`: every cell of the row may be loaded."""
        checks = [cell.is_sound for cell in self.read_cells if cell.is_sound != "TRUE"]
        return " AND ".join(f"({check})" for check in checks) or "TRUE"

    @property
    def values(self) -> str:
        """SQL over `parsed`: the lake's columns of the feed, in order."""
        return ", ".join(
            f"{cell.value_name} AS {_identifier(cell.column.name)}" for cell in self.cells
        )

    @property
    def verdicts(self) -> str:
        """SQL over `parsed`: one small number per delivered column, called w_<column>."""
        return ", ".join(
            f"({cell.verdict})::TINYINT AS w_{cell.column.name}" for cell in self.read_cells
        )


def build_layout(
    feed: Feed,
    positions: dict[str, tuple[int, ...]],
    headings: Sequence[str | None],
    source: Source,
    epoch: dt.date = dates.EPOCH_1900,
    first_column: int = 1,
    today: dt.date = dt.date.max,
) -> Layout:
    """The layout of a file whose headings were matched.

    Args:
        feed: The feed's contract.
        positions: Column name -> positions in the file, from `Feed.match_headings`.
        headings: The file's headings, left to right.
        source: Kind of file: serials are dates only in a workbook.
        epoch: Day zero of the workbook's serial dates.
        first_column: Number of the file's column that the first heading stands in.
        today: Business date of the delivery.
    """
    cells = []
    for column in feed.columns:
        places = positions.get(column.name, ())
        if column.constant is not None:
            value = f"CAST({literal(column.constant)} AS {duckdb_type(column)})"
            cells.append(Cell(column, None, value))
        elif not places:
            cells.append(Cell(column, None, f"CAST(NULL AS {duckdb_type(column)})"))
        else:
            cells.append(_delivered(column, places, source, epoch, today))
    return Layout(feed, len(headings), tuple(cells), _distinct(headings), first_column, today)


def _distinct(headings: Sequence[str | None]) -> tuple[str, ...]:
    """Headings that can name things: none blank, none twice."""
    names: list[str] = []
    for place, heading in enumerate(headings, 1):
        name = (heading or "").strip() or f"#{place}"
        names.append(name if name not in names else f"{name} #{place}")
    return tuple(names)


def _delivered(
    column: Column, places: tuple[int, ...], source: Source, epoch: dt.date, today: dt.date
) -> Cell:
    """The cell of a column that the file has."""
    text = _text(column, places)
    prepared = None if text == f"r{places[0]}" else text
    raw = text if prepared is None else f"t_{column.name}"
    if not (column.is_checked or column.is_identifier):
        value = _unless_missing(column, raw, _parser(column, raw, source, epoch))
        is_any_text = value == f"nullif({raw}, '')"
        return Cell(column, raw, value, places, prepared, is_any_text=is_any_text)
    checked = _unless_missing(column, raw, _checked(column, raw, today))
    kept = _unless_missing(column, raw, f"parse_text({raw})")
    return Cell(column, raw, f"coalesce(c_{column.name}, {kept})", places, prepared, checked)


def _text(column: Column, places: tuple[int, ...]) -> str:
    """SQL of the text the column is read from: joined, mended and normalised as the feed says."""
    raw = f"r{places[0]}"
    if column.join:
        texts = [f"coalesce(r{place}, '')" for place in places]
        raw = "(" + f" || {literal(column.separator)} || ".join(texts) + ")"
        if column.type == "text":
            # The separator of nothing and nothing is no text; a code may well be listed as that.
            raw = f"CASE WHEN concat({', '.join(texts)}) <> '' THEN {raw} END"
    for pattern, replacement in column.rewrite:
        raw = f"regexp_replace({raw}, {literal(pattern)}, {literal(replacement)})"
    return f"listed_form({raw})" if column.has_wildcards else raw


def _unless_missing(column: Column, raw: str, parsed: str) -> str:
    """SQL of `parsed`, NULL for the texts that the feed lists as no value."""
    if column.missing and not column.join:
        texts = ", ".join(literal(normalise_value(text)) for text in column.missing)
        return f"CASE WHEN listed_form({raw}) NOT IN ({texts}) THEN {parsed} END"
    return parsed


def _checked(column: Column, raw: str, today: dt.date) -> str:
    """SQL of the text as its check makes it."""
    day = f"DATE '{today.isoformat()}'"
    if column.check is not None:
        parsed = f"parse_{column.check}({raw}, {day})"
        return parsed if column.precision is None else f"left({parsed}, {len('HH:MM')})"
    if column.check_by is not None:
        branches = " ".join(f"WHEN '{name}' THEN parse_{name}({raw}, {day})" for name in CHECKS)
        return f"CASE v_{column.check_by} {branches} ELSE parse_text({raw}) END"
    return f"parse_identifier({raw})"


def _verdict_of(check: str) -> Verdict:
    return Verdict[check.upper()]


def _parser(column: Column, raw: str, source: Source, epoch: dt.date) -> str:
    if column.type in ("code", "boolean"):
        return code_sql(raw, column)
    if column.type == "money":
        return f"parse_wan_yuan({raw})" if column.unit == "wan_yuan" else f"parse_money({raw})"
    if column.type == "rate":
        return f"parse_percent({raw})" if column.unit == "percent" else f"parse_rate({raw})"
    if column.type == "date":
        return _date(column, raw, source, epoch)
    if column.type == "text" and column.required:
        return f"parse_said({raw})"
    if column.type == "text":
        # The text layer of an extract lets no control character through.
        return f"nullif({raw}, '')" if source == "csv" else f"parse_text({raw})"
    if (unit := time_unit(column)) is not None:
        # 30分钟 in a column of minutes says the same twice.
        bare = f"regexp_extract({raw}, '^(.+?) ?(?:{'|'.join(written_units(unit))})$', 1)"
        return f"coalesce(parse_integer({raw}), parse_integer({bare}))"
    return f"parse_{column.type}({raw})"


def _date(column: Column, raw: str, source: Source, epoch: dt.date) -> str:
    serial = f"parse_serial({raw}, DATE '{epoch.isoformat()}')"
    if column.format is None:
        if source == "csv":
            return f"parse_date({raw})"
        # A time without a day, and a reference to an empty cell, show as day zero.
        zero = dates.DAY_ZERO_1900 if epoch == dates.EPOCH_1900 else epoch
        # In a list, or the engine would parse each text twice, once to compare.
        day = f"[coalesce(parse_date({raw}), {serial})]"
        return f"list_transform({day}, lambda d: nullif(d, DATE '{zero.isoformat()}'))[1]"
    own = dates.format_sql(raw, column.format, column.century)
    # A workbook's real date cell comes as ISO text whatever the feed's written form is.
    iso = f"CASE WHEN regexp_full_match({raw}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}.*')"
    return f"coalesce({own}, {iso} THEN parse_date({raw}) END)" if source == "xlsx" else own


def _bound(bound: Decimal | dt.date) -> str:
    if isinstance(bound, dt.date):
        return f"DATE '{bound.isoformat()}'"
    return f"{bound:f}"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
