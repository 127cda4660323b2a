"""A second look at a sheet, over its raw XML: rows counted, and what a text reader cannot show.

Readers of cells give no sign of a formula without a value, of an error, of a number that lost its
last digits, of a hidden row or a percentage. They also may leave rows out. This pass counts and
finds those; it reads no texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from ingestion.reading.workbook import refuse_entities
from ingestion.sentence import RefusedFileError

Oddity = Literal["error", "formula", "damaged", "percent"]

_LARGEST_EXACT: Final = 1e15
_LAST_ROW: Final = 1_048_576
_LAST_COLUMN: Final = 16_384
# Room for a million rows of sixteen columns, or a hundred thousand of four hundred.
_MOST_CELLS: Final = 40_000_000
_LONGEST_ROW_BYTES: Final = 64 << 20


@dataclass
class SheetFacts:
    """What the raw XML of a sheet says.

    Attributes:
        rows: Numbers of the rows that hold something, in order.
        first_column: Number of the first column that holds something, where a reader of texts
            begins.
        width: Number of the last column that holds something.
        oddities: (row, column), both from 1 -> what is odd about the cell, and its text.
        merges: First row, first column, last row, last column of merged areas.
        hidden_rows: Rows that are hidden and hold something.
        hidden_columns: Columns that are hidden.
    """

    rows: list[int] = field(default_factory=list)
    first_column: int = _LAST_COLUMN
    width: int = 0
    oddities: dict[tuple[int, int], tuple[Oddity, str]] = field(default_factory=dict)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_rows: int = 0
    hidden_columns: int = 0


@dataclass
class SheetScan:
    """The pass over one sheet.

    Args:
        where: File and sheet, for sentences.
        percent_styles: Style numbers that show percentages; empty where nobody asks.
    """

    where: str
    percent_styles: frozenset[int] = frozenset()
    facts: SheetFacts = field(default_factory=SheetFacts)
    _last_row: int = 0
    _prefix: bytes = b""

    def run(self, pieces: Iterable[bytes]) -> SheetFacts:
        """Go through the sheet.

        Raises:
            RefusedFileError: If rows are out of order, cells lie absurdly far out, or the XML is
                not that of a sheet.
        """
        head, blocks = self._head(iter(pieces))
        self._columns(head)
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
                self._prefix = root[1] + b":" if root[1] else b""
                return data[: start.start()], self._rows(data[start.start() :], pieces)
            if len(data) > _LONGEST_ROW_BYTES:
                break
        return data, iter(())

    def _rows(self, data: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The rest in blocks of whole rows."""
        end = b"</" + self._prefix + b"row>"
        for piece in pieces:
            cut = data.rfind(end)
            if cut >= 0:
                yield data[: cut + len(end)]
                data = data[cut + len(end) :]
            elif len(data) > _LONGEST_ROW_BYTES:
                raise self._refusal("的结构异常。", "is not built like a sheet.")
            data += piece
        yield data

    def _columns(self, head: bytes) -> None:
        for column in re.findall(rb"<(?:[\w.-]+:)?col\b[^>]*>", head):
            if re.search(rb"hidden\s*=\s*[\"'](?:1|true)[\"']", column):
                low, high = _number(column, rb"min"), _number(column, rb"max")
                self.facts.hidden_columns += max(min(high, _LAST_COLUMN) - low + 1, 0)

    def _block(self, block: bytes) -> None:
        prefix = self._prefix
        opening, end = b"<" + prefix + b"row", b"</" + prefix + b"row>"
        value = re.compile(rb"<" + prefix + rb"(?:v|is)(?:\s[^>]*)?>(?!</)")
        *rows, rest = block.split(end)
        is_odd = self._odd_pattern().search(block) is not None
        for row in rows:
            start = row.rfind(opening)
            if start > 0 and row.count(opening) > 1:
                # Rows without cells have no end tag; they hold nothing but their place counts.
                for empty in re.findall(rb"<" + prefix + rb"row\b[^>]*/>", row[:start]):
                    self._number_of(empty)
            stop = row.find(b">", start)
            tag, cells = row[start:stop], row[stop + 1 :]
            number = self._number_of(tag)
            has_value = value.search(cells) is not None
            has_formula = b"<" + prefix + b"f" in cells
            if not (has_value or has_formula):
                continue
            found = has_value
            if is_odd:
                found = self._cells(number, cells) or has_value
            if not found:
                continue
            self.facts.rows.append(number)
            self.facts.first_column = min(
                self.facts.first_column, _column(cells, prefix, is_last=False)
            )
            self.facts.width = max(self.facts.width, _column(cells, prefix, is_last=True))
            if b"hidden" in tag and re.search(rb"hidden\s*=\s*[\"'](?:1|true)[\"']", tag):
                self.facts.hidden_rows += 1
        self._merges(rest)

    def _number_of(self, tag: bytes) -> int:
        found = re.search(rb"\sr\s*=\s*[\"'](\d{1,9})[\"']", tag)
        number = int(found[1]) if found else self._last_row + 1
        if number <= self._last_row or number > _LAST_ROW:
            raise self._refusal(
                f"的第 {number} 行重复或次序错乱，不同程序读出的内容会不同；请重新另存为 .xlsx。",
                f"has row {number} twice or out of order, so programs read it differently; save it"
                " again as .xlsx.",
            )
        self._last_row = number
        return number

    def _odd_pattern(self) -> re.Pattern[bytes]:
        """What a block must hold before its cells are looked at one by one."""
        prefix = re.escape(self._prefix)
        tokens = [
            rb"\st=[\"']e[\"']",
            rb"<" + prefix + rb"f\b",
            rb"<" + prefix + rb"v>-?(?:[0-9]{16}|[0-9.]+[eE]\+?[0-9])",
        ]
        if self.percent_styles:
            styles = b"|".join(str(style).encode() for style in sorted(self.percent_styles))
            tokens.append(rb"\ss=[\"'](?:" + styles + rb")[\"']")
        return re.compile(b"|".join(tokens))

    def _cells(self, number: int, cells: bytes) -> bool:
        """Look at each cell of a row; whether any of them holds something."""
        prefix = re.escape(self._prefix)
        pattern = re.compile(
            rb"<" + prefix + rb"c\b([^>]*?)(?:/>|>(.*?)</" + prefix + rb"c>)", re.DOTALL
        )
        column, found = 0, False
        for attributes, content in pattern.findall(cells):
            reference = re.search(rb"\br=[\"']([A-Z]{1,3})\d", attributes)
            column = column_number(reference[1]) if reference else column + 1
            oddity = self._oddity(attributes, content)
            if oddity is not None:
                self.facts.oddities[number, column] = oddity
            found = found or oddity is not None or b"<" + self._prefix + b"v" in content
        return found

    def _oddity(self, attributes: bytes, content: bytes) -> tuple[Oddity, str] | None:
        prefix = re.escape(self._prefix)
        kind = re.search(rb"\bt=[\"'](\w+)[\"']", attributes)
        value = re.search(rb"<" + prefix + rb"v(?:\s[^>]*)?>([^<]*)<", content)
        text = value[1].decode("utf-8", "replace").strip() if value else ""
        if kind and kind[1] == b"e":
            return "error", text
        if b"<" + self._prefix + b"f" in content and not text:
            # A formula whose result is the empty text has a value of type str; it is blank.
            return None if kind and kind[1] == b"str" and value else ("formula", "")
        if kind and kind[1] != b"n":
            return None
        try:
            number = float(text) if text else 0.0
        except ValueError:
            return None
        if abs(number) >= _LARGEST_EXACT:
            return "damaged", text
        style = re.search(rb"\bs=[\"'](\d+)[\"']", attributes)
        if text and style and int(style[1]) in self.percent_styles:
            return "percent", text
        return None

    def _merges(self, rest: bytes) -> None:
        for first, last in re.findall(
            rb"<(?:[\w.-]+:)?mergeCell\b[^>]*\bref=[\"']([A-Z]{1,3}\d+):([A-Z]{1,3}\d+)[\"']", rest
        ):
            (top, left), (bottom, right) = _cell(first), _cell(last)
            self.facts.merges.append((top, left, bottom, right))

    def _refusal(self, zh: str, en: str) -> RefusedFileError:
        return RefusedFileError(f"{self.where} {zh}", f"{self.where} {en}")


def column_number(letters: bytes) -> int:
    """The number of a column from its letters.

    >>> column_number(b"A"), column_number(b"AB"), column_number(b"XFD")
    (1, 28, 16384)
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _cell(reference: bytes) -> tuple[int, int]:
    letters = reference.rstrip(b"0123456789")
    return int(reference[len(letters) :]), column_number(letters)


def _first(cells: bytes, mark: bytes) -> int:
    place = cells.find(mark)
    return place if place >= 0 else len(cells)


def _column(cells: bytes, prefix: bytes, *, is_last: bool) -> int:
    """The column of a row's first or last cell that holds something.

    Formatted blanks do not count: people draw borders to the end of the sheet.
    """
    marks = [b"<" + prefix + mark for mark in (b"v", b"is", b"f")]
    if is_last:
        end = max(cells.rfind(mark) for mark in marks)
    else:
        end = min(_first(cells, mark) for mark in marks)
    place = cells.rfind(b' r="', 0, end)
    found = re.match(rb' r="([A-Z]{1,3})\d', cells[place : place + 12]) if place >= 0 else None
    if found:
        return min(column_number(found[1]), _LAST_COLUMN)
    references = re.findall(rb"\br=[\"']([A-Z]{1,3})\d", cells)
    if references:
        return (max if is_last else min)(map(column_number, references))
    # Cells without references stand side by side from the first column on.
    return cells[:end].count(b"<" + prefix + b"c")


def _number(tag: bytes, name: bytes) -> int:
    found = re.search(rb"\b" + name + rb"\s*=\s*[\"'](\d+)[\"']", tag)
    return int(found[1]) if found else 0
