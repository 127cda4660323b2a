"""Cells of a sheet that a reader of texts shows wrongly, or not at all, found in its raw XML."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

from ingestion.reading.sheet_block import MOST_STYLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.reading.sheet_block import StyledCells

Oddity = Literal["error", "formula", "volatile", "damaged"]

_LARGEST_EXACT: Final = 1e15
# Their value is that of the moment they were last computed, not of the business date; or it comes
# from outside the book.
_VOLATILE: Final = re.compile(
    rb"(?i)(?<![\w.])(?:TODAY|NOW|RAND|RANDBETWEEN|RANDARRAY|OFFSET|INDIRECT|CELL|INFO|RTD"
    rb"|WEBSERVICE)\s*\(|\w\|'[^']*'!"
)
_CELL: Final = re.compile(rb"<c\b([^>]*?)(?:/>|>(.*?)</c>)", re.DOTALL)
_REFERENCE: Final = re.compile(rb"\br\s*=\s*[\"']([A-Z]{1,3})(\d{1,9})[\"']")
_KIND: Final = re.compile(rb"\bt\s*=\s*[\"'](\w+)[\"']")
_STYLE: Final = re.compile(rb"\bs\s*=\s*[\"'](\d{1,6})[\"']")
_VALUE: Final = re.compile(rb"<v(?:\s[^>]*)?>([^<]*)<")
_FORMULA: Final = re.compile(rb"<f\b([^>]*?)(?:/>|>([^<]*)<)")
_SHARED: Final = re.compile(rb"\bsi\s*=\s*[\"'](\d{1,9})[\"']")
# A row without height and a column without width are hidden, too.
_HIDDEN: Final = re.compile(
    rb"\bhidden\s*=\s*[\"'](?:1|true|on)[\"']|\b(?:ht|width)\s*=\s*[\"']0(?:\.0*)?[\"']"
)
_OTHER_TEXTS: Final = (b"s", b"inlineStr", b"b", b"d")


class MisplacedCellError(ValueError):
    """A cell is there twice, out of order, or says that it is of another row."""


class Shown(NamedTuple):
    """Numbers of one style in one column.

    Attributes:
        rows: Their rows; those looked at cell by cell stand behind others of their block.
        texts: The numbers as they are stored.
    """

    rows: list[int]
    texts: list[bytes]


@dataclass
class Found:
    """What was found in cells.

    Attributes:
        oddities: (row, column), both from 1 -> what is odd about the cell, and its text.
        shown: (column, style) -> numbers that their cells show in a form of their own.
        formulas: Column -> formulas whose saved result is what counts.
    """

    oddities: dict[tuple[int, int], tuple[Oddity, str]] = field(default_factory=dict)
    shown: dict[tuple[int, int], Shown] = field(default_factory=dict)
    formulas: dict[int, int] = field(default_factory=dict)
    _volatile_shared: set[bytes] = field(default_factory=set)

    def show(
        self, data: bytes, numbers: Sequence[int], cells: StyledCells, besides: set[int]
    ) -> None:
        """Enter styled numbers of a block, but for rows that are looked at cell by cell."""
        is_shown = ~np.isin(cells.row_index, list(besides))
        kinds = (cells.column.astype(np.int64) * MOST_STYLES + cells.style)[is_shown]
        rows = np.asarray(numbers)[cells.row_index[is_shown]]
        starts, ends = cells.start[is_shown], cells.end[is_shown]
        for kind in np.unique(kinds).tolist():
            is_same = kinds == kind
            bounds = zip(starts[is_same].tolist(), ends[is_same].tolist(), strict=True)
            shown = self.shown.setdefault(divmod(kind, MOST_STYLES), Shown([], []))
            shown.rows.extend(rows[is_same].tolist())
            shown.texts.extend([data[start:end] for start, end in bounds])

    def show_one(self, row: int, column: int, style: int, text: bytes) -> None:
        """Enter one styled number."""
        shown = self.shown.setdefault((column, style), Shown([], []))
        shown.rows.append(row)
        shown.texts.append(text)

    def is_volatile(self, content: bytes) -> bool:
        """Whether the cell's formula gives another value whenever it is computed."""
        found = _FORMULA.search(content)
        if found is None:
            return False
        shared = _SHARED.search(found[1])
        is_volatile = _VOLATILE.search(found[2] or b"") is not None
        if shared and is_volatile:
            self._volatile_shared.add(shared[1])
        return is_volatile or (shared is not None and shared[1] in self._volatile_shared)


def look_at(found: Found, number: int, row: bytes, styles: frozenset[int]) -> bool:
    """Look at each cell of a row of XML; whether any formula or odd cell is in it.

    Raises:
        MisplacedCellError: If a cell is out of order, or says that it is of another row.
    """
    column, has_any = 0, False
    for attributes, content in _CELL.findall(row):
        reference = _REFERENCE.search(attributes)
        last = column
        column = column_number(reference[1]) if reference else column + 1
        if reference and (column <= last or int(reference[2]) != number):
            raise MisplacedCellError
        if not content:
            continue
        oddity = _oddity(found, number, column, attributes, content, styles)
        if oddity is not None:
            found.oddities[number, column] = oddity
            has_any = True
    return has_any


def _oddity(
    found: Found,
    row: int,
    column: int,
    attributes: bytes,
    content: bytes,
    styles: frozenset[int],
) -> tuple[Oddity, str] | None:
    kind_found = _KIND.search(attributes)
    kind = kind_found[1] if kind_found else b"n"
    has_formula = b"<f" in content and _FORMULA.search(content) is not None
    if kind in _OTHER_TEXTS and not has_formula:
        return None
    value = _VALUE.search(content)
    text = value[1].decode("utf-8", "replace").strip() if value else ""
    if kind == b"e":
        return "error", text
    if has_formula:
        if found.is_volatile(content):
            return "volatile", text
        if not text:
            # A formula whose result is the empty text has a value of type str; it is blank.
            return None if kind == b"str" and value else ("formula", "")
        found.formulas[column] = found.formulas.get(column, 0) + 1
    if kind != b"n" or not text:
        return None
    try:
        is_damaged = abs(float(text)) >= _LARGEST_EXACT
    except ValueError:
        return None
    if is_damaged:
        return "damaged", text
    style = _STYLE.search(attributes)
    if style and int(style[1]) in styles:
        found.show_one(row, column, int(style[1]), text.encode())
    return None


def is_marked_hidden(tag: bytes) -> bool:
    """Whether the tag of a row or column says that it is hidden."""
    return _HIDDEN.search(tag) is not None


def column_number(letters: bytes) -> int:
    """The number of a column from its letters.

    >>> column_number(b"A"), column_number(b"AB"), column_number(b"XFD")
    (1, 28, 16384)
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
