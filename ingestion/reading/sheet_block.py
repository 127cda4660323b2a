"""A block of a sheet's rows as raw XML, indexed: where rows, values and suspicious cells stand.

A hundred megabytes of XML are asked the same few questions at each byte; arrays answer them in a
few milliseconds each, where a search per cell takes as long as reading the sheet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

_LESS: Final = ord("<")
_QUOTE: Final = ord('"')
# As many digits as a number may have before Excel changes the last ones.
_LONG_DIGITS: Final = 16
MOST_STYLES: Final = 100_000


@dataclass(frozen=True)
class StyledCells:
    """Numbers of certain styles, written as office programs write them.

    Attributes:
        row_index: Which row of the block each stands in.
        column: Number of its column.
        style: Its style.
        start: Where its value begins in the block.
        end: Where it ends.
    """

    row_index: Array
    column: Array
    style: Array
    start: Array
    end: Array


class Block:
    """Whole rows of a sheet, tags without prefix."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        # Bytes beyond the end, so that looking a few places ahead needs no bounds.
        self._bytes: Array = np.frombuffer(data + bytes(16), dtype=np.uint8)
        self._tags: Array = np.flatnonzero(self._bytes == _LESS)
        self._names: Array = self._bytes[self._tags + 1]
        rows = self._tags[self._names == ord("r")]
        is_row = (self._bytes[rows + 2] == ord("o")) & (self._bytes[rows + 3] == ord("w"))
        self.rows: Array = rows[is_row]
        values = np.flatnonzero(self._names == ord("v"))
        self._value_starts: Array = self._tags[values] + 3
        ends = np.append(self._tags, len(data))[values + 1]
        # <v></v>, <v/> and <v /> are a value that is not there.
        first, before = self._bytes[self._value_starts], self._bytes[self._value_starts - 1]
        is_closed = (before == ord("/")) | ((before == ord(" ")) & (first == ord("/")))
        is_filled = (ends > self._value_starts) & ~is_closed
        self._value_starts, self._value_ends = self._value_starts[is_filled], ends[is_filled]
        inline = self._tags[self._names == ord("i")]
        self.values: Array = self._value_starts
        if len(inline):
            is_inline = self._bytes[inline + 2] == ord("s")
            texts = inline[is_inline & ~self._follows(inline, b"<is></is>")] + 3
            self.values = np.sort(np.concatenate([self._value_starts, texts]))
        self._index_cells()

    @property
    def has_declarations(self) -> bool:
        """Whether there is a comment, raw text or a declaration among the rows."""
        return bool(np.any(self._names == ord("!")) or np.any(self._names == ord("?")))

    def has_in_row_tags(self, signs: Iterable[bytes]) -> bool:
        """Whether some text stands in the tag of any row."""
        ends = np.append(self._tags, len(self.data))[np.searchsorted(self._tags, self.rows) + 1]
        bounds = zip(self.rows.tolist(), ends.tolist(), strict=True)
        tags = b"".join([self.data[start:end] for start, end in bounds])
        return any(sign in tags for sign in signs)

    def row_of(self, places: Array) -> Array:
        """Which row of the block each place is in."""
        return np.searchsorted(self.rows, places, side="right") - 1

    def numbers(self) -> Array:
        """The number of each row, 0 where it is not written as office programs write it."""
        number, end = self._numbers(self.rows + 8, 7)
        is_plain = self._follows(self.rows, b'<row r="') & (self._bytes[end] == _QUOTE)
        return np.where(is_plain, number, 0)

    def cells(self) -> tuple[Array, Array, Array]:
        """How many cells each row has; rows with one out of order; rows with unusual cells."""
        row_index = np.repeat(np.arange(len(self.rows)), self._counts)
        order, is_plain = self._order, self._is_plain
        is_wrong = (order[1:] <= order[:-1]) & (row_index[1:] == row_index[:-1])
        is_wrong &= is_plain[1:] & is_plain[:-1]
        return self._counts, np.unique(row_index[1:][is_wrong]), np.unique(row_index[~is_plain])

    def columns_of(self, places: Array) -> set[bytes]:
        """The letters of the columns whose cells hold what stands at some places."""
        found = np.unique(self._order[np.searchsorted(self._cells, places) - 1])
        return {int(order).to_bytes(3, "big").lstrip(b"\0") for order in found}

    def _index_cells(self) -> None:
        data = self._bytes
        cells = self._tags[self._names == ord("c")]
        self._counts: Array = np.diff(np.append(np.searchsorted(cells, self.rows), len(cells)))
        cells = self._cells = cells[len(cells) - int(self._counts.sum()) :]
        self._is_plain: Array = (data[cells + 2] == ord(" ")) & (data[cells + 3] == ord("r"))
        self._is_plain &= data[cells + 5] == _QUOTE
        first, second, third = (data[cells + place] for place in (6, 7, 8))
        # Of letters one by one, the longer reference is always the later one.
        order = first.astype(np.uint32)
        is_two = second >= ord("A")
        order = np.where(is_two, (order << 8) | second, order)
        self._order: Array = np.where(is_two & (third >= ord("A")), (order << 8) | third, order)

    def suspicious(self) -> Array:
        """Rows with a formula, an error, a number too long or other quotes than usual."""
        data = self._bytes
        places = [self._tags[self._names == ord("f")]]
        # Every error begins so: #N/A, #REF!
        places.append(self._value_starts[data[self._value_starts] == ord("#")])
        quotes = np.flatnonzero(data == ord("'"))
        places.append(quotes[data[quotes - 1] == ord("=")])
        places.append(self._long_numbers())
        # 1E+15; the letter after a digit is no reference to column E.
        exponents = np.flatnonzero((data == ord("E")) | (data == ord("e")))
        before, behind = data[exponents - 1], data[exponents + 1]
        is_number = (_is_digit(before) | (before == ord("."))) & (
            _is_digit(behind) | (behind == ord("+"))
        )
        places.append(exponents[is_number])
        return np.unique(self.row_of(np.concatenate(places)))

    def _long_numbers(self) -> Array:
        starts = self._value_starts[self._value_ends - self._value_starts >= _LONG_DIGITS]
        starts = starts + (self._bytes[starts] == ord("-"))
        for place in range(_LONG_DIGITS):
            starts = starts[_is_digit(self._bytes[starts + place])]
        return starts

    def styled(self, styles: frozenset[int]) -> tuple[StyledCells, Array]:
        """The numbers of some styles, and rows in which such cells are written unusually."""
        data = self._bytes
        marks = np.flatnonzero(
            (data[1:-2] == ord("s")) & (data[2:-1] == ord("=")) & (data[3:] == _QUOTE)
            & (data[:-3] == ord(" "))
        )  # fmt: skip
        style, close = self._numbers(marks + 4, 5)
        wanted = np.zeros(MOST_STYLES, dtype=bool)
        wanted[[number for number in styles if number < MOST_STYLES]] = True
        is_wanted = wanted[style]
        marks, style, close = marks[is_wanted], style[is_wanted], close[is_wanted]
        tag_index = np.searchsorted(self._tags, marks) - 1
        tags = self._tags[tag_index]
        is_regular = self._follows(tags, b'<c r="') & self._follows(close, b'"><v>')
        is_blank = self._follows(close, b'"/>')
        is_text = self._follows(close, b'" t="s"') | self._follows(close, b'" t="inlineStr"')
        is_row = self._follows(tags, b"<row")
        irregular = np.unique(self.row_of(marks[~(is_regular | is_blank | is_text | is_row)]))
        tags, index = tags[is_regular], tag_index[is_regular]
        return (
            StyledCells(
                self.row_of(tags),
                self._columns(tags + 6)[0],
                style[is_regular],
                close[is_regular] + 5,
                np.append(self._tags, len(self.data))[index + 2],
            ),
            irregular,
        )

    def _numbers(self, places: Array, longest: int) -> tuple[Array, Array]:
        """The number at each place, and where its digits end."""
        number = np.zeros(len(places), dtype=np.int32)
        end = places.copy()
        for _ in range(longest):
            digit = self._bytes[end] - np.uint8(ord("0"))
            is_digit = digit < np.uint8(10)
            if not is_digit.any():
                break
            number = np.where(is_digit, number * 10 + digit, number)
            end += is_digit
        return number, end

    def _columns(self, places: Array) -> tuple[Array, Array]:
        """The number of the column whose letters stand at each place, and where they end."""
        number = np.zeros(len(places), dtype=np.int32)
        end = places.copy()
        for _ in range(3):
            letter = self._bytes[end] - np.uint8(ord("A"))
            is_letter = letter < np.uint8(26)
            if not is_letter.any():
                break
            number = np.where(is_letter, number * 26 + letter + 1, number)
            end += is_letter
        return number, end

    def _follows(self, places: Array, text: bytes) -> Array:
        """Whether a text stands at each place."""
        found = np.ones(len(places), dtype=bool)
        last = len(self._bytes) - 1
        for offset, sign in enumerate(text):
            found &= self._bytes[np.minimum(places + offset, last)] == sign
        return found


def _is_digit(signs: Array) -> Array:
    return (signs - np.uint8(ord("0"))) < np.uint8(10)
