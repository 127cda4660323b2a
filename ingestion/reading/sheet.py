"""One sheet as rows of text: where its headings are, which rows are data, which cells are odd."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.batch import AdjustedCell, RefusedCell
from ingestion.contracts import Feed, HeadingMatch
from ingestion.parsing import Layout
from ingestion.parsing.cell import Cell
from ingestion.parsing.date import EPOCH_1900, EPOCH_1904
from ingestion.parsing.text import NOISE_PATTERN, clean
from ingestion.reading.sheet_headings import find_headings
from ingestion.reading.sheet_scan import SheetFacts
from ingestion.reading.workbook import SheetEntry
from ingestion.sentence import Sentence

NOISE: Final = re.compile(NOISE_PATTERN)


@dataclass
class Sheet:
    """One sheet with its texts.

    Attributes:
        entry: Which sheet.
        facts: What its raw XML says.
        columns: Its texts as Arrow arrays, column by column from the first that holds something,
            each from row 1.
        header_row: Number of the last heading row; None where the sheet carries no table of the
            feed.
        headings: The headings.
        match: How they stand to the feed.
        layout: How its texts become values; set once the headings are accepted.
        odd_rows: Row -> what is wrong with cells that cannot be read as text.
        adjusted: Cells that are read as something else than what they hold.
        set_aside: Rows that are no data, and what they are: `head`, `foot`, `blank`, `hidden`,
            `unanswered`.
    """

    entry: SheetEntry
    facts: SheetFacts
    columns: list[Any]
    header_row: int | None = None
    headings: list[str | None] = field(default_factory=list)
    match: HeadingMatch | None = None
    layout: Layout | None = None
    odd_rows: dict[int, list[RefusedCell]] = field(default_factory=dict)
    adjusted: list[AdjustedCell] = field(default_factory=list)
    set_aside: dict[int, str] = field(default_factory=dict)

    @property
    def height(self) -> int:
        """Rows up to the last that holds something."""
        return len(self.columns[0]) if self.columns else 0

    def row(self, number: int) -> list[str | None]:
        """The texts of a row, counted from 1."""
        return [column[number - 1].as_py() for column in self.columns]

    def rows(self, numbers: list[int]) -> list[list[str | None]]:
        """The texts of several rows, counted from 1."""
        index = pa.array([number - 1 for number in numbers], type=pa.int64())
        taken = [pc.take(column, index).to_pylist() for column in self.columns]
        return [list(texts) for texts in zip(*taken, strict=True)] if taken else []

    def hide_columns(self) -> None:
        """Treat what stands in hidden columns as not delivered."""
        for column in self.facts.hidden_columns:
            place = column - self.facts.first_column
            if 0 <= place < len(self.columns):
                self.columns[place] = pa.nulls(self.height, pa.string())

    def find_headings(self, feed: Feed, given: int | None) -> None:
        """Find the row, or rows, whose cells are the feed's headings."""
        merges, first_column = self.facts.merges, self.facts.first_column
        found = find_headings(
            feed, self.row, self.height, given, merges, first_column, self._is_empty_below
        )
        if found is not None:
            self.header_row, self.headings, self.match = found

    def _is_empty_below(self, place: int, row: int) -> bool:
        below = self.columns[place].slice(row)
        return (
            below.null_count == len(below)
            or not pc.any(pc.greater(pc.utf8_length(below), 0)).as_py()
        )

    def is_table_of(self, feed: Feed) -> bool:
        """Whether this sheet is meant to be the feed's, even if it is faulty."""
        if self.match is None:
            return False
        required = [column for column in feed.columns if column.required and column.is_read]
        found = len(required) - len(self.match.missing)
        return self.match.is_acceptable or found * 2 >= max(len(required), 1)

    @property
    def cells_by_place(self) -> dict[int, Cell]:
        """Place among the sheet's columns -> the feed's column that is read from it."""
        if self.layout is None:
            return {}
        return {place: cell for cell in self.layout.read_cells for place in cell.positions}

    def replace_texts(self, place: int, texts: Mapping[int, str | None]) -> None:
        """Put other texts into some rows of a column."""
        rows = sorted(texts)
        self.replace_rows(place, rows, [texts[row] for row in rows])

    def replace_rows(self, place: int, rows: list[int], texts: Iterable[str | None]) -> None:
        """Put other texts into some rows of a column; the rows in order."""
        mask = np.zeros(self.height, dtype=bool)
        mask[np.array(rows, dtype=np.int64) - 1] = True
        self.columns[place] = pc.replace_with_mask(
            self.columns[place], pa.array(mask), pa.array(list(texts), type=pa.string())
        )

    def refuse_cell(
        self, row: int, place: int, cell: Cell, text: str | None, code: str, reason: Sentence
    ) -> None:
        """Enter a cell that must not be loaded whatever its text is."""
        heading = self.layout.heading_of(cell) if self.layout is not None else ""
        column = place + self.facts.first_column
        refused = RefusedCell(cell.column.name, heading, text or None, code, reason, column)
        self.odd_rows.setdefault(row, []).append(refused)

    def adjust_cell(
        self, row: int, cell: Cell, text: str | None, value: str | None, code: str, reason: Sentence
    ) -> None:
        """Enter a cell that is read as something else than what it holds."""
        heading = self.layout.heading_of(cell) if self.layout is not None else ""
        self.adjusted.append(
            AdjustedCell(self.entry.name, row, cell.column.name, heading, text, value, code, reason)
        )


def cleaned(text: str | None) -> str | None:
    """A cell as the parsers are given it: `sheet_text` in Python.

    >>> cleaned(" 张三　"), cleaned("123456789012.339996338"), cleaned("  ")
    ('张三', '123456789012.34', None)
    """
    if text is None:
        return None
    text = clean(text)
    if NOISE.fullmatch(text):
        return f"{float(text):.15g}"
    return text or None


def epoch_of(is_1904: bool) -> dt.date:
    """Day zero of a workbook's serial dates."""
    return EPOCH_1904 if is_1904 else EPOCH_1900
