"""One sheet as rows of text: where its headings are, which rows are data, which cells are odd."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from ingestion.batch import RefusedCell
from ingestion.contracts import Feed, HeadingMatch
from ingestion.parsing import Layout
from ingestion.parsing.date import EPOCH_1900, EPOCH_1904
from ingestion.parsing.text import NOISE_PATTERN, clean
from ingestion.reading.sheet_scan import Oddity, SheetFacts
from ingestion.reading.workbook import SheetEntry
from ingestion.sentence import Sentence, shown

NOISE: Final = re.compile(NOISE_PATTERN)
# Titles, units and remarks stand above the headings; a table does not begin further down.
_HEADING_ROWS: Final = 60

# What a row of sums, a signature or a remark begins with. Such a row is no data, provided that
# it does not fill in what every data row must.
NOT_DATA_PATTERN: Final = (
    "^(?:本页|本月|本年|全行|总|合|小|累)?(?:合计|小计|总计|累计)|"
    "^(?:制表|填表|填报|报送|编制|审核|复核|经办|主管|负责|单位负责|记账|会计|出纳|录入|打印)"
    "(?:人|员|单位|部门|日期|时间)?[:：]?|"
    "^(?:签字|签章|签名|盖章|公章|备注|说明|附注|联系人|联系电话|日期)[:：(（]|"
    "^注[:：]|^第[0-9]+页|^共[0-9]+页|^(?i:(?:sub-?|grand)?total)(?:[^A-Za-z]|$)"
)

ODD_REASONS: Final[dict[Oddity, tuple[str, Sentence]]] = {
    "error": (
        "error_cell",
        Sentence(
            "单元格是公式错误值（如 #N/A、#REF!），请改正公式或直接填写数值。",
            "The cell holds an error such as #N/A or #REF!; correct the formula or write the"
            " value.",
        ),
    ),
    "formula": (
        "formula",
        Sentence(
            "公式没有保存计算结果，无法得知数值；请用 Excel 打开、保存后重新报送，或粘贴为数值。",
            "The formula was saved without its result; open and save the file in Excel, or paste"
            " the value.",
        ),
    ),
    "damaged": (
        "damaged_number",
        Sentence(
            "超过 15 位的号码以数字形式保存，末尾几位已被 Excel 改为 0，原号码已丢失；"
            "请将该列设为文本格式后重新填写。",
            "A number of more than 15 digits was stored as a number, so Excel has changed its last"
            " digits; format the column as text and enter it again.",
        ),
    ),
}


@dataclass
class Sheet:
    """One sheet with its texts.

    Attributes:
        entry: Which sheet.
        facts: What its raw XML says.
        columns: Its texts as Arrow arrays, column by column from the first that holds something,
            each from row 1.
        header_row: Number of the heading row; None where the sheet carries no table of the feed.
        headings: The headings.
        match: How they stand to the feed.
        layout: How its texts become values; set once the headings are accepted.
        odd_rows: Row -> what is wrong with cells that cannot be read as text.
    """

    entry: SheetEntry
    facts: SheetFacts
    columns: list[Any]
    header_row: int | None = None
    headings: list[str | None] = field(default_factory=list)
    match: HeadingMatch | None = None
    layout: Layout | None = None
    odd_rows: dict[int, list[RefusedCell]] = field(default_factory=dict)

    @property
    def height(self) -> int:
        """Rows up to the last that holds something."""
        return len(self.columns[0]) if self.columns else 0

    def row(self, number: int) -> list[str | None]:
        """The texts of a row, counted from 1."""
        return [column[number - 1].as_py() for column in self.columns]

    def find_headings(self, feed: Feed, given: int | None) -> None:
        """Find the row whose cells are the feed's headings: the one that names most columns."""
        rows = [given] if given is not None else range(1, min(self.height, _HEADING_ROWS) + 1)
        best = 0
        for number in rows:
            if number > self.height:
                break
            headings = self.row(number)
            match = feed.match_headings(headings)
            # A doubled column is found, too, for finding the row; the file is refused for it.
            found = len(match.positions) + len(match.doubled)
            if found > best and (found > 1 or len(feed.columns) == 1):
                best = found
                self.header_row, self.headings, self.match = number, headings, match

    def is_table_of(self, feed: Feed) -> bool:
        """Whether this sheet is meant to be the feed's, even if it is faulty."""
        if self.match is None:
            return False
        required = [column for column in feed.columns if column.required and column.is_read]
        found = len(required) - len(self.match.missing)
        return self.match.is_acceptable or found * 2 >= max(len(required), 1)

    def settle_oddities(self) -> list[Sentence]:
        """Put right what can be, and note what has to be refused; remarks for the operator."""
        if self.layout is None or self.header_row is None:
            return []
        by_place = {place: cell for cell in self.layout.read_cells for place in cell.positions}
        changes: dict[int, dict[int, str | None]] = {}
        for (row, column), (oddity, text) in self.facts.oddities.items():
            place = column - self.facts.first_column
            cell = by_place.get(place)
            if row <= self.header_row or cell is None:
                continue
            if oddity == "percent":
                if cell.column.type == "rate":
                    changes.setdefault(place, {})[row] = percentage(text)
                continue
            code, reason = ODD_REASONS[oddity]
            heading = self.layout.heading_of(cell)
            refused = RefusedCell(cell.column.name, heading, text or None, code, reason, column)
            self.odd_rows.setdefault(row, []).append(refused)
        merged = self._merged(set(by_place), changes)
        for place, texts in changes.items():
            column_texts = self.columns[place].to_pylist()
            for row, changed in texts.items():
                column_texts[row - 1] = changed
            self.columns[place] = pa.array(column_texts, type=pa.string())
        return self._remarks(merged)

    def _merged(self, places: set[int], changes: dict[int, dict[int, str | None]]) -> int:
        """Repeat the value of a vertically merged area in each of its rows, as it is meant.

        Not in a row that holds nothing else: the area only makes it look like one.
        """
        merged, filled = 0, set(self.facts.rows)
        for top, left, bottom, right in self.facts.merges:
            is_data = self.header_row is not None and self.header_row < top <= self.height
            place = left - self.facts.first_column
            if not is_data or left != right or place not in places or bottom == top:
                continue
            value = self.columns[place][top - 1].as_py()
            for row in filled.intersection(range(top + 1, min(bottom, self.height) + 1)):
                changes.setdefault(place, {})[row] = value
            merged += 1
        return merged

    def _remarks(self, merged: int) -> list[Sentence]:
        name = shown(self.entry.name)
        remarks = []
        if merged:
            remarks.append(
                Sentence(
                    f"工作表“{name}”有 {merged} 处纵向合并单元格，其值用于所覆盖的每一行。",
                    f"Sheet {name!r} has {merged} vertically merged areas; their value counts for"
                    " each row they cover.",
                )
            )
        if self.facts.hidden_rows or self.facts.hidden_columns:
            rows, columns = self.facts.hidden_rows, self.facts.hidden_columns
            remarks.append(
                Sentence(
                    f"工作表“{name}”有 {rows} 行、{columns} 列处于隐藏状态，已与可见内容一同读取。",
                    f"Sheet {name!r} hides {rows} rows and {columns} columns; they were read like"
                    " the visible ones.",
                )
            )
        return remarks


def percentage(text: str) -> str:
    """The text of a number that its cell shows as a percentage.

    >>> percentage("0.0345"), percentage("3.4500000000000003E-2")
    ('3.45%', '3.45%')
    """
    number = Decimal(f"{float(text):.15g}") * 100
    return f"{number.normalize():f}%"


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
