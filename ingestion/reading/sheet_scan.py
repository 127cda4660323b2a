"""A second look at a sheet, over its raw XML: rows counted, and what a text reader cannot show.

Readers of cells give no sign of a formula without a value, of an error, of a number that lost its
last digits, of a hidden row or of how a cell shows its number. They also may leave rows out. This
pass counts and finds those; it reads no texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ingestion.reading.sheet_block import Block
from ingestion.reading.sheet_cells import (
    Found,
    MisplacedCellError,
    column_number,
    is_marked_hidden,
    look_at,
)
from ingestion.reading.workbook import refuse_entities
from ingestion.sentence import RefusedFileError

_LAST_ROW: Final = 1_048_576
_LAST_COLUMN: Final = 16_384
# Room for a million rows of sixteen columns, or a hundred thousand of four hundred.
_MOST_CELLS: Final = 40_000_000
_LONGEST_ROW_BYTES: Final = 64 << 20
_REFERENCE: Final = re.compile(rb' r="([A-Z]{1,3})\d')
_ANY_REFERENCE: Final = re.compile(rb"\br\s*=\s*[\"']([A-Z]{1,3})\d")
_ROW_NUMBER: Final = re.compile(rb"\sr\s*=\s*[\"'](\d{1,9})[\"']")
_MAY_HIDE: Final = (b"hidden", b'ht="0', b"ht='0")
_MERGE: Final = re.compile(
    rb"<mergeCell\b[^>]*\bref\s*=\s*[\"']([A-Z]{1,3}\d{1,7}):([A-Z]{1,3}\d{1,7})[\"']"
)


@dataclass
class SheetFacts(Found):
    """What the raw XML of a sheet says.

    Attributes:
        rows: Numbers of the rows that hold something, in order.
        first_column: Number of the first column that holds something.
        width: Number of the last column that holds something.
        valued: Numbers of the first and last column with a value, where a reader of texts begins
            and ends: it does not see a formula without a result.
        merges: First row, first column, last row, last column of merged areas.
        hidden_rows: Numbers of the rows that are hidden and hold something.
        hidden_columns: Numbers of the columns that are hidden, as far as the sheet is wide.
    """

    rows: list[int] = field(default_factory=list)
    first_column: int = _LAST_COLUMN
    width: int = 0
    valued: tuple[int, int] = (_LAST_COLUMN, 0)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)

    def reach(self, first: int, last: int, *, is_valued: bool = True) -> None:
        """Enter from which column to which something stands."""
        self.first_column, self.width = min(self.first_column, first), max(self.width, last)
        if is_valued:
            self.valued = min(self.valued[0], first), max(self.valued[1], last)


@dataclass
class SheetScan:
    """The pass over one sheet.

    Args:
        where: File and sheet, for sentences.
        styles: Style numbers whose cells are to be told by how they show their number.
    """

    where: str
    styles: frozenset[int] = frozenset()
    facts: SheetFacts = field(default_factory=SheetFacts)
    _last_row: int = 0

    def run(self, pieces: Iterable[bytes]) -> SheetFacts:
        """Go through the sheet.

        Raises:
            RefusedFileError: If rows are out of order, cells lie absurdly far out, or the XML is
                not that of a sheet.
        """
        head, blocks = self._head(iter(pieces))
        for block in blocks:
            self._block(block)
        if self.facts.rows:
            height = self.facts.rows[-1]
            if height * self.facts.width > _MOST_CELLS:
                raise self._refusal(
                    f"的数据区域达到 {height:,} 行 {self.facts.width:,} 列，远超实际数据；"
                    "请删除远处的空白单元格后重新保存。",
                    f"reaches to row {height:,} and column {self.facts.width:,}, far beyond its"
                    " data; delete the stray cells and save it again.",
                )
        self._hidden_columns(head)
        return self.facts

    def _head(self, pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
        """What stands before the rows, and the rest."""
        data = b""
        for piece in pieces:
            data += piece
            refuse_entities(data, self.where)
            root = re.search(rb"<(?:([A-Za-z_][\w.-]*):)?worksheet[\s>]", data)
            start = re.search(rb"<(?:[\w.-]+:)?sheetData\b", data)
            if root and start:
                prefix = root[1] + b":" if root[1] else b""
                return data[: start.start()], self._rows(data[start.start() :], pieces, prefix)
            if len(data) > _LONGEST_ROW_BYTES:
                break
        return data, iter(())

    def _rows(self, data: bytes, pieces: Iterator[bytes], prefix: bytes) -> Iterator[bytes]:
        """The rest in blocks of whole rows, tags without prefix."""
        end = b"</" + prefix + b"row>"
        for piece in pieces:
            cut = data.rfind(end)
            if cut >= 0:
                yield _without(prefix, data[: cut + len(end)])
                data = data[cut + len(end) :]
            elif len(data) > _LONGEST_ROW_BYTES:
                raise self._refusal("的结构异常。", "is not built like a sheet.")
            data += piece
        data = _without(prefix, data)
        stop = data.find(b"</sheetData")
        stop = stop if stop >= 0 else len(data)
        yield data[:stop]
        for first, last in _MERGE.findall(data, stop):
            (top, left), (bottom, right) = _cell(first), _cell(last)
            self.facts.merges.append((top, left, bottom, right))

    def _hidden_columns(self, head: bytes) -> None:
        for column in re.findall(rb"<(?:[\w.-]+:)?col\b[^>]*>", head):
            if is_marked_hidden(column):
                low, high = _number(column, rb"min"), _number(column, rb"max")
                self.facts.hidden_columns += range(max(low, 1), min(high, self.facts.width) + 1)

    def _block(self, data: bytes) -> None:
        block = Block(data)
        if block.has_declarations:
            # A comment or raw text could hide rows from this pass, or show some that are none.
            raise self._refusal(
                "的内部结构含有注释或原始文本段，不是办公软件保存的工作表；请重新另存为 .xlsx。",
                "holds comments or raw text inside, as no office program writes; save it again as"
                " .xlsx.",
            )
        numbers = self._numbers(data, block)
        if not numbers:
            return
        bounds = [*block.rows.tolist(), len(data)]
        counts, misplaced, unusual = block.cells()
        if len(misplaced):
            raise self._misplaced(numbers[int(misplaced[0])])
        suspicious = set(block.suspicious().tolist()) | set(unusual.tolist())
        for index, (number, count) in enumerate(zip(numbers, counts.tolist(), strict=True)):
            # Each cell ends its reference in the row's number, and so does the row.
            if data.count(b'%d"' % number, bounds[index], bounds[index + 1]) != count + 1:
                suspicious.add(index)
        if self.styles:
            cells, irregular = block.styled(self.styles)
            suspicious.update(irregular.tolist())
            self.facts.show(data, numbers, cells, set(suspicious))
        looked_at = set()
        for index in sorted(suspicious - {-1}):
            row = data[bounds[index] : bounds[index + 1]]
            try:
                if look_at(self.facts, numbers[index], row, self.styles):
                    looked_at.add(index)
            except MisplacedCellError:
                raise self._misplaced(numbers[index]) from None
        self._enter_all(block, numbers, bounds, suspicious, looked_at)

    def _enter_all(
        self,
        block: Block,
        numbers: list[int],
        bounds: list[int],
        suspicious: set[int],
        looked_at: set[int],
    ) -> None:
        """Enter the rows of a block that hold something."""
        # Behind the last value of each row, and at the first of the next.
        ends = block.values.searchsorted(bounds[1:])
        begins = np.concatenate([[0], ends[:-1]])
        may_be_hidden = block.has_in_row_tags(_MAY_HIDE)
        is_plain = np.ones(len(numbers), dtype=bool)
        is_plain[sorted(suspicious - {-1})] = False
        is_plain &= not may_be_hidden
        is_filled = ends > begins
        plain = np.flatnonzero(is_plain & is_filled)
        if len(plain):
            last = block.columns_of(block.values[ends[plain] - 1])
            first = block.columns_of(block.values[begins[plain]])
            facts = self.facts
            facts.reach(min(map(column_number, first)), max(map(column_number, last)))
        if len(plain) == len(numbers):
            self.facts.rows += numbers
            return
        plain_rows = set(plain.tolist())
        for index, number in enumerate(numbers):
            if index in plain_rows:
                self.facts.rows.append(number)
            elif is_filled[index] or index in looked_at:
                row = block.data[bounds[index] : bounds[index + 1]]
                values = block.values[begins[index] : ends[index]] - bounds[index]
                places = [int(values[0]), int(values[-1])] if len(values) else []
                self._enter(row, number, places, may_compute=index in suspicious)

    def _enter(self, row: bytes, number: int, places: list[int], *, may_compute: bool) -> None:
        """Enter a row that holds something; `places` are those of its first and last value."""
        facts = self.facts
        facts.rows.append(number)
        start = row.find(b">")
        if any(row.find(sign, 0, start) >= 0 for sign in _MAY_HIDE) and is_marked_hidden(
            row[:start]
        ):
            facts.hidden_rows.append(number)
        if places:
            first = _column(row, start, places[0], is_last=False)
            facts.reach(first, _column(row, start, places[-1], is_last=True))
        if may_compute and (formula := row.find(b"<f")) >= 0:
            # Formulas without a result count, too.
            first = _column(row, start, formula, is_last=False)
            last = _column(row, start, row.rfind(b"<f"), is_last=True)
            facts.reach(first, last, is_valued=False)

    def _numbers(self, data: bytes, block: Block) -> list[int]:
        """The numbers of a block's rows, which must go up."""
        numbers = block.numbers()
        is_rising = len(numbers) > 0 and numbers[0] > self._last_row
        if is_rising and numbers[-1] <= _LAST_ROW and np.all(np.diff(numbers) > 0):
            self._last_row = int(numbers[-1])
            return [int(number) for number in numbers]
        return [self._number_of(data, start) for start in block.rows.tolist()]

    def _number_of(self, data: bytes, start: int) -> int:
        found = _ROW_NUMBER.search(data, start, data.find(b">", start) + 1)
        number = int(found[1]) if found else self._last_row + 1
        if number <= self._last_row or number > _LAST_ROW:
            raise self._refusal(
                f"的第 {number} 行重复或次序错乱，不同程序读出的内容会不同；请重新另存为 .xlsx。",
                f"has row {number} twice or out of order, so programs read it differently; save it"
                " again as .xlsx.",
            )
        self._last_row = number
        return number

    def _misplaced(self, number: int) -> RefusedFileError:
        return self._refusal(
            f"的第 {number} 行有重复、次序错乱或标错行号的单元格，不同程序读出的内容会不同；"
            "请重新另存为 .xlsx。",
            f"has cells in row {number} that are there twice, out of order or marked as of another"
            " row, so programs read it differently; save it again as .xlsx.",
        )

    def _refusal(self, zh: str, en: str) -> RefusedFileError:
        return RefusedFileError(f"{self.where} {zh}", f"{self.where} {en}")


def _column(row: bytes, start: int, end: int, *, is_last: bool) -> int:
    """The column of the cell whose value begins at `end`.

    Formatted blanks do not count: people draw borders to the end of the sheet.
    """
    place = row.rfind(b' r="', start, end)
    found = _REFERENCE.match(row, place) if place >= 0 else None
    if found:
        return min(column_number(found[1]), _LAST_COLUMN)
    references = _ANY_REFERENCE.findall(row, start)
    if references:
        return (max if is_last else min)(map(column_number, references))
    # Cells without references stand side by side from the first column on.
    return row.count(b"<c", start, end)


def _without(prefix: bytes, data: bytes) -> bytes:
    if not prefix:
        return data
    return data.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</")


def _cell(reference: bytes) -> tuple[int, int]:
    letters = reference.rstrip(b"0123456789")
    return int(reference[len(letters) :]), column_number(letters)


def _number(tag: bytes, name: bytes) -> int:
    found = re.search(rb"\b" + name + rb"\s*=\s*[\"'](\d{1,9})[\"']", tag)
    return int(found[1]) if found else 0
