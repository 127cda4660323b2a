"""Workbooks as clerks keep them: title, unit note, headings, rows, sums, signatures.

The habits of a clerk say how his sheet looks; the dirt (clerks.py) says where he erred. Cells are
plain Python values here; nothing is interpreted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl
import xlsxwriter

from ingestion.contracts.feed import Column, Feed
from ingestion.demo_bank.extracts import FeedBook

Cell = str | int | float | dt.date | None

# Workbooks carry their making in their properties; a fixed moment keeps them byte-identical.
_MADE: Final = dt.datetime(2025, 1, 1, 8, 0, tzinfo=dt.UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Habits:
    """How one clerk keeps his sheets.

    Attributes:
        title: Title over the table, in merged cells; None for none.
        note: A line under the title, such as the unit of amounts.
        dates: real (Excel dates), slash, dot, or chinese.
        alias: Whether headings are the feed's aliases, where it has any.
        signature: Whether sums and signatures stand at the foot.
        numeric_ids: Whether numbers that are names (customers, staff) are typed as numbers.
        sheet: Name of the sheet.
        has_guide: Whether a second sheet explains how to fill in the first.
    """

    title: str | None = None
    note: str | None = None
    dates: str = "real"
    alias: bool = False
    signature: bool = True
    sheet: str = "Sheet1"
    has_guide: bool = False
    numeric_ids: bool = False


@dataclass
class Grid:
    """The rows of one sheet, before they are written; `first_row` is set by the writer."""

    feed: Feed
    headings: list[str]
    rows: list[list[Cell]]
    footer: list[list[Cell]] = field(default_factory=list)
    first_row: int = 0

    def place(self, column: str) -> int:
        """The place of a column of the feed in the sheet, from 0."""
        return [found.name for found in self.feed.columns].index(column)


def make_grid(feed: Feed, frame: pl.DataFrame, habits: Habits) -> Grid:
    """The cells of a data frame of canonical values, in a clerk's manner."""
    columns: list[list[Cell]] = []
    headings = []
    for column in feed.columns:
        values = frame.get_column(column.name).to_list()
        columns.append([_cell(column, value, habits) for value in values])
        use_alias = habits.alias and column.aliases and not column.aliases[0].isascii()
        headings.append(column.aliases[0] if use_alias else column.heading)
    return Grid(feed, headings, [list(row) for row in zip(*columns, strict=True)])


def _cell(column: Column, value: object, habits: Habits) -> Cell:
    if value is None:
        return None
    if isinstance(value, dt.date):
        return _date(value, habits.dates)
    if column.type in ("code", "boolean"):
        key = str(value).lower() if isinstance(value, bool) else str(value)
        return column.values[key][0]
    if column.type == "money" and isinstance(value, int):
        # Clerks write amounts of 10,000 yuan; one yuan is its fourth decimal.
        return value / 1_000_000 if column.unit == "wan_yuan" else value / 100
    if isinstance(value, int | float):
        return value
    text = str(value)
    is_short_id = column.name.endswith("_id") and text.isascii() and text.isdigit()
    if habits.numeric_ids and is_short_id and text[0] != "0":
        return int(text)
    return text


def _date(value: dt.date, manner: str) -> Cell:
    if manner == "slash":
        return f"{value.year}/{value.month}/{value.day}"
    if manner == "dot":
        return f"{value.year}.{value.month:02d}.{value.day:02d}"
    if manner == "chinese":
        return f"{value.year}年{value.month}月{value.day}日"
    return value


@dataclass
class SheetWriter:
    """Writes grids as workbooks."""

    book: FeedBook
    files: int = 0
    rows: int = 0
    size: int = 0
    seen: dict[str, int] = field(default_factory=dict)

    def write(self, grid: Grid, habits: Habits, folder: Path, date: str, part: str = "") -> Path:
        """Write one workbook; the path of the file. Sets the grid's first row."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / self.book.file_name(grid.feed.feed, "xlsx", date, part)
        with xlsxwriter.Workbook(str(path), {"in_memory": True}) as workbook:
            workbook.set_properties({"title": grid.feed.title.zh, "created": _MADE})
            _fill(workbook, grid, habits)
            if habits.has_guide:
                _guide(workbook, grid.feed)
        self.files += 1
        self.rows += len(grid.rows)
        self.size += path.stat().st_size
        self.seen[grid.feed.feed] = self.seen.get(grid.feed.feed, 0) + len(grid.rows)
        return path


def _fill(workbook: xlsxwriter.Workbook, grid: Grid, habits: Habits) -> None:
    sheet = workbook.add_worksheet(habits.sheet)
    bold = workbook.add_format({"bold": True, "align": "center", "font_size": 16})
    head = workbook.add_format({"bold": True, "border": 1, "text_wrap": True})
    day = workbook.add_format({"num_format": "yyyy/m/d"})
    width = len(grid.headings)
    sheet.set_column(0, width - 1, 13)
    row = 0
    if habits.title:
        sheet.merge_range(row, 0, row, width - 1, habits.title, bold)
        row += 1
    if habits.note:
        sheet.write_string(row, 0, habits.note)
        row += 1
    sheet.write_row(row, 0, grid.headings, head)
    row += 1
    # Rows are counted from 1, as people and readers do.
    grid.first_row = row + 1
    for cells in grid.rows:
        _write_row(sheet, row, cells, day)
        row += 1
    for cells in grid.footer:
        _write_row(sheet, row, cells, day)
        row += 1


def _write_row(
    sheet: xlsxwriter.worksheet.Worksheet,
    row: int,
    cells: Sequence[Cell],
    day: xlsxwriter.format.Format,
) -> None:
    for place, value in enumerate(cells):
        if isinstance(value, str):
            sheet.write_string(row, place, value)
        elif isinstance(value, dt.date):
            sheet.write_datetime(row, place, dt.datetime(value.year, value.month, value.day), day)  # noqa: DTZ001
        elif value is not None:
            sheet.write_number(row, place, value)


def _guide(workbook: xlsxwriter.Workbook, feed: Feed) -> None:
    """A sheet that tells how to fill in the other one; it carries no data."""
    sheet = workbook.add_worksheet("填表说明")
    sheet.write_string(0, 0, f"{feed.title.zh}填表说明")
    sheet.write_string(1, 0, "一、每日下班前录入,次日九点前交内勤岗。")
    sheet.write_string(2, 0, "二、金额单位为万元;日期写年月日。")
