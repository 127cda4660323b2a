"""The one renderer: rows and a definition become a workbook that prints as it looks."""

from __future__ import annotations

import datetime as dt
import io
import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import xlsxwriter

from serving.capital import capital_amount
from serving.export import is_exact, whole_text
from serving.sheets.definition import Column, Definition
from serving.sheets.due import Period

FONT: Final = "Microsoft YaHei"
_INK, _LINE, _HEAD, _SUM = "#1B2733", "#B9C7D5", "#DDEBF7", "#EEF3F8"
# A workbook carries its time of birth; a fixed one makes equal sheets equal files.
_BORN: Final = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
_NUMBER_FORMATS: Final = {
    # Text, or Excel turns a 19-digit number into 6.217E+18. A figure keeps off the line beside it.
    "text": "@",
    "integer": "#,##0_ ",
    "decimal": "#,##0.0_ ",
    "yuan": "#,##0.00_ ",
    "wan_yuan": "#,##0.00_ ",
    "capital": "@",
    "percent": "0.0%_ ",
    "date": "yyyy-mm-dd",
}
_NARROWEST, _WIDEST = 6.0, 42.0
# Where a column has no figures to be measured by, these are as long as they get.
_USUAL_WIDTHS: Final = {"date": 11.0, "percent": 8.0}
_WAN: Final = Decimal(10_000)
# A line of a page in landscape holds about this much before it becomes too small to read.
_PORTRAIT_WIDTH: Final = 92.0
_HEADING_HEIGHT, _LINE_HEIGHT, _MORE_HEIGHT = 33.0, 18.0, 14.0


@dataclass(frozen=True)
class Page:
    """What stands above and below the rows.

    Attributes:
        bank: The bank's or unit's name for the head of the page; empty where it has none.
        about: For whom or what this file is, of those the definition divides it by.
        period: The period it tells of.
        generation: Number of the published generation it was read from.
    """

    bank: str
    about: str
    period: Period
    generation: int


def render(definition: Definition, page: Page, rows: Sequence[dict[str, Any]]) -> bytes:
    """A workbook of one sheet as bytes; equal rows make equal bytes.

    Above: title, reader, period. The heading stays in sight and on each printed page. Below: sums,
    notes, and whence the figures are. Texts are written as texts whatever they begin with.

    Args:
        definition: The sheet.
        page: What stands above and below.
        rows: Its rows by column name, in the order they are shown.
    """
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": _title(definition), "created": _BORN})
        sheet = book.add_worksheet(definition.title.zh[:31])
        heading = _write_head(book, sheet, definition, page)
        _write_headings(book, sheet, definition.columns, heading)
        widths = [_width(column, rows) for column in definition.columns]
        end = _write_rows(book, sheet, definition.columns, rows, widths, heading + 1)
        _write_foot(book, sheet, definition, page, end)
        for place, width in enumerate(widths):
            sheet.set_column(place, place, width)
        _set_page(sheet, definition, page, widths, heading, end)
    return buffer.getvalue()


def _title(definition: Definition) -> str:
    return f"{definition.code} {definition.title.zh} {definition.title.en}"


def _style(**more: Any) -> dict[str, Any]:
    return {"font_name": FONT, "font_size": 10, "font_color": _INK, "valign": "vcenter"} | more


def _write_head(book: Any, sheet: Any, definition: Definition, page: Page) -> int:
    """Title and what the sheet is about; returns the row of the headings."""
    title = book.add_format(_style(bold=True, font_size=16))
    small = book.add_format(_style(font_size=9, font_color="#5C6B7A"))
    sheet.set_row(0, 27)
    sheet.write_string(0, 0, f"{definition.title.zh}  {definition.title.en}", title)
    told = [f"{page.bank}".strip(), page.about, period_text(page.period)]
    sheet.write_string(1, 0, "　".join(part for part in told if part), small)
    sheet.write_string(
        2, 0, f"{definition.code}　阅读人 For: {definition.reader.zh} {definition.reader.en}", small
    )
    return 3


def period_text(period: Period) -> str:
    """The period as a person writes it."""
    first, last = period.from_date, period.until_date
    if first == last:
        return f"业务日期 Business date {first:%Y-%m-%d}"
    return f"期间 Period {first:%Y-%m-%d} — {last:%Y-%m-%d}"


def _write_headings(book: Any, sheet: Any, columns: Sequence[Column], row: int) -> None:
    box = {"border": 1, "border_color": _LINE, "bg_color": _HEAD, "text_wrap": True}
    chinese = book.add_format(_style(bold=True))
    english = book.add_format(_style(font_size=8, font_color="#5C6B7A"))
    sheet.set_row(row, _HEADING_HEIGHT)
    for place, column in enumerate(columns):
        cell = book.add_format(_style(bold=True, align="center", **box))
        said = (chinese, column.zh, english, f"\n{column.en}")
        sheet.write_rich_string(row, place, *said, cell)


def _write_rows(
    book: Any,
    sheet: Any,
    columns: Sequence[Column],
    rows: Sequence[dict[str, Any]],
    widths: Sequence[float],
    top: int,
) -> int:
    """The rows and their sums; returns the first row below."""
    box = {"border": 1, "border_color": _LINE}
    plain = [book.add_format(_cell(column, **box)) for column in columns]
    summed = [book.add_format(_cell(column, bold=True, bg_color=_SUM, **box)) for column in columns]
    beginning = book.add_format(_style(bold=True, bg_color=_SUM, **box))
    if not rows:
        nothing = book.add_format(_style(italic=True, font_color="#5C6B7A"))
        sheet.write_string(top, 0, "本期无记录 Nothing to tell of this period", nothing)
        return top + 1
    for line, row in enumerate(rows, start=top):
        lines = [_lines(column, row, width) for column, width in zip(columns, widths, strict=True)]
        sheet.set_row(line, _LINE_HEIGHT + _MORE_HEIGHT * (max(lines) - 1))
        for place, column in enumerate(columns):
            _write_cell(sheet, line, place, shown(column, row[column.name]), plain[place])
    end = top + len(rows)
    if not any(column.is_total for column in columns):
        return end
    sheet.set_row(end, _LINE_HEIGHT)
    for place, column in enumerate(columns):
        if column.is_total:
            values = [row[column.name] for row in rows if row[column.name] is not None]
            total = shown(column, sum(values, start=type(values[0])(0)) if values else None)
            _write_cell(sheet, end, place, total, summed[place])
        else:
            # The label may run on over the empty cell beside it.
            label = f"合计 Total ({len(rows)})" if place == 0 else None
            _write_cell(sheet, end, place, label, beginning if label else summed[place])
    return end + 1


def _cell(column: Column, **more: Any) -> dict[str, Any]:
    look = _style(num_format=_NUMBER_FORMATS[column.kind], **more)
    if column.kind == "date":
        look["align"] = "center"
    if column.kind in ("text", "capital"):
        look |= {"text_wrap": True, "align": "left", "indent": 1}
    return look


def shown(column: Column, value: Any) -> Any:
    """A value as its column shows it.

    >>> from serving.sheets.definition import Column
    >>> shown(Column(name="a", zh="甲", en="A", kind="wan_yuan"), Decimal("123456.78"))
    Decimal('12.345678')
    >>> shown(Column(name="b", zh="乙", en="B", values={"on_site": "上门"}), "on_site")
    '上门'
    """
    if value is None:
        return None
    if column.kind == "wan_yuan":
        return Decimal(value) / _WAN
    if column.kind == "capital":
        return capital_amount(Decimal(value))
    if column.kind == "text":
        return column.values.get(str(value), str(value))
    return value


def _write_cell(sheet: Any, line: int, place: int, value: Any, look: Any) -> None:
    if value is None:
        sheet.write_blank(line, place, None, look)
    elif isinstance(value, bool):
        sheet.write_string(line, place, "是" if value else "否", look)
    elif isinstance(value, int | float | Decimal) and is_exact(value):
        sheet.write_number(line, place, float(value), look)
    elif isinstance(value, dt.date):
        sheet.write_datetime(line, place, value, look)
    else:
        sheet.write_string(line, place, whole_text(str(value)), look)


def _write_foot(book: Any, sheet: Any, definition: Definition, page: Page, row: int) -> None:
    small = book.add_format(_style(font_size=8, font_color="#5C6B7A"))
    lines = [f"{note.zh} {note.en}" for note in definition.notes]
    if definition.purpose is not None:
        said = definition.purpose
        lines.append(f"含客户信息，用途 Holds identities, for: {said.zh} {said.en}")
    lines.append(f"数据来源 Source: 第 {page.generation} 代 generation {page.generation}")
    for line, text in enumerate(lines, start=row + 1):
        sheet.write_string(line, 0, text, small)


def _width(column: Column, rows: Sequence[dict[str, Any]]) -> float:
    """As wide as its longest entry and its headings ask, within reason."""
    if column.width is not None:
        return column.width
    longest = max(
        (_breadth(_as_printed(column, row[column.name])) for row in rows),
        default=_USUAL_WIDTHS.get(column.kind, _NARROWEST),
    )
    # The English heading may break between words, the Chinese one stays on its line.
    words = max(len(word) for word in column.en.split()) * 0.85
    return min(max(longest + 3, _breadth(column.zh) + 2, words + 2, _NARROWEST), _WIDEST)


def _lines(column: Column, row: dict[str, Any], width: float) -> int:
    """Lines that a cell takes; texts alone are broken."""
    if column.kind not in ("text", "capital"):
        return 1
    return max(1, math.ceil(_breadth(_as_printed(column, row[column.name])) / width))


def _as_printed(column: Column, value: Any) -> str:
    value = shown(column, value)
    if value is None:
        return ""
    if column.kind in ("yuan", "wan_yuan"):
        return f"{value:,.2f}"
    if column.kind == "percent":
        return f"{float(value):.1%}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _breadth(text: str) -> float:
    """Width of a text in characters; a Chinese one takes the room of two.

    >>> _breadth("Ab"), _breadth("客户")
    (2, 4)
    """
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _set_page(
    sheet: Any,
    definition: Definition,
    page: Page,
    widths: Sequence[float],
    heading: int,
    end: int,
) -> None:
    last = max(len(widths) - 1, 0)
    is_upright = sum(widths) <= _PORTRAIT_WIDTH
    (sheet.set_portrait if is_upright else sheet.set_landscape)()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(heading)
    notes = len(definition.notes) + 2 + (definition.purpose is not None)
    sheet.print_area(0, 0, end + notes, last)
    sheet.freeze_panes(heading + 1, 0)
    sheet.hide_gridlines(2)
    sheet.set_footer(f"&L&8{definition.code} {page.about}&R&8第 &P 页 共 &N 页")
