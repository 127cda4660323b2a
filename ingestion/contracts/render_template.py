"""The blank Excel sheet of a feed, handed to the staff who fill it in.

First sheet: a title, a note, then three rows of headings (English with the required mark, unit,
and the Chinese heading that the feed reads), rows to fill in below, with drop-down lists; some of
their cells may be filled in already, so that a list of work comes back as a delivery. Second
sheet: what each column means, in both languages, with an example. Its table stands upright (a
line per column), so that no reader takes the example for data.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from ingestion.contracts.column import Column
from ingestion.contracts.errors import FeedError
from ingestion.contracts.example import delivered_bound, example_of
from ingestion.contracts.feed import Feed
from ingestion.contracts.render_dictionary import KINDS, delivered_as, limits_text

HELP_SHEET: Final = "填写说明 Help"
LISTS_SHEET: Final = "选项 Lists"
# Row numbers from 0, as the writer counts.
HEADING_ROW: Final = 4
_LAST_ROW: Final = 10_000
# Sentences in a prepared list are read where they stand, over several lines.
_SENTENCE_WIDTH: Final = 30
_LINE_HEIGHT: Final = 15.0
# A workbook carries its time of birth; a fixed one makes equal templates equal files.
_BORN: Final = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)

_CELL_FORMATS: Final = {
    # Text, or Excel turns a 19-digit account number into 6.217E+18.
    "text": "@",
    "code": "@",
    "boolean": "@",
    "date": "yyyy-mm-dd",
    "integer": "0",
    "money": "#,##0.00",
    "rate": "0.00######",
    "decimal": "#,##0.####",
    "float": "General",
}


@dataclass(frozen=True)
class _Field:
    """One column of the sheet: a heading, and the feed's columns that are read from it."""

    heading: str
    columns: tuple[Column, ...]

    @property
    def column(self) -> Column:
        return self.columns[0]

    @property
    def is_plain(self) -> bool:
        """Whether the cell holds the column's value itself, not a part of a join."""
        return len(self.columns) == 1 and not self.column.join

    @property
    def is_required(self) -> bool:
        return any(column.required for column in self.columns)

    @property
    def english(self) -> str:
        name = self.column.name if self.is_plain else self.heading
        return name.replace("_", " ").capitalize()


def write_template(feed: Feed, path: Path) -> Path:
    """Write the blank template of `feed` to `path`, all of it or nothing.

    Raises:
        FeedError: If the feed is not delivered, so that there is nothing to fill in.
    """
    content = render_template(feed)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".template-", suffix=".xlsx")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def render_template(feed: Feed, rows: Sequence[Mapping[str, Any]] = ()) -> bytes:
    """The template of `feed` as the bytes of an xlsx file.

    Args:
        feed: The feed that reads it when it comes back.
        rows: What is filled in already: values by column name, codes by their code, amounts in
            yuan; columns that a row does not name stay to be filled in.

    Raises:
        FeedError: If the feed is not delivered, so that there is nothing to fill in; a row names
            what is none of its columns.
    """
    if feed.is_internal or not feed.is_delivered:
        why = "written by the house itself" if feed.is_internal else "not delivered by this bank"
        raise FeedError([f"{feed.feed} is {why}, so it has no template."])
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False})
    book.set_properties({"title": feed.title.zh, "created": _BORN})
    fields = _fields(feed)
    sheet = book.add_worksheet(_sheet_name(feed.title.zh))
    _write_help(book, feed, fields)
    lists = _write_lists(book, fields)
    _write_form(book, sheet, feed, fields, lists)
    if rows:
        _write_prepared(book, sheet, feed, fields, rows)
    sheet.activate()
    book.close()
    return buffer.getvalue()


def _fields(feed: Feed) -> list[_Field]:
    """The headings to fill in, each once, in the feed's order."""
    columns: dict[str, list[Column]] = {}
    for column in feed.columns:
        if column.is_read:
            for heading in column.join or (column.heading,):
                columns.setdefault(heading, []).append(column)
    return [_Field(heading, tuple(found)) for heading, found in columns.items()]


def _sheet_name(title: str) -> str:
    """`title` without the signs that Excel forbids in a sheet's name, 31 characters at most."""
    return re.sub(r"[\[\]:*?/\\']", " ", title).strip()[:31]


def _write_form(
    book: Any, sheet: Any, feed: Feed, fields: list[_Field], lists: dict[str, str]
) -> None:
    """The sheet to fill in."""
    title = book.add_format({"bold": True, "font_size": 14})
    note = book.add_format({"font_color": "#595959"})
    small = book.add_format({"font_color": "#595959", "font_size": 9, "text_wrap": True})
    sheet.write_string(0, 0, f"{feed.title.zh} {feed.title.en}", title)
    sheet.write_string(
        1,
        0,
        f"红色为必填项；请从第 {HEADING_ROW + 2} 行起填写，不要改动表头；各列含义见“{HELP_SHEET}”。"
        f" Red columns must be filled in; start in row {HEADING_ROW + 2} and keep the headings.",
        note,
    )
    for place, item in enumerate(fields):
        mark = "必填 required" if item.is_required else "选填 optional"
        sheet.write_string(2, place, f"{item.english} ({mark})", small)
        sheet.write_string(3, place, _unit_text(item), small)
        look = {"bold": True, "border": 1, "bg_color": "#DDEBF7", "text_wrap": True}
        if item.is_required:
            look["font_color"] = "#C00000"
        sheet.write_string(HEADING_ROW, place, item.heading, book.add_format(look))
        cells = book.add_format({"num_format": _cell_format(item)})
        sheet.set_column(place, place, max(14, 2 * len(item.heading) + 2), cells)
        if rule := _validation(feed, item, lists):
            sheet.data_validation(HEADING_ROW + 1, place, _LAST_ROW, place, rule)
    # Said outright: not every program makes a row as high as the largest font in it.
    sheet.set_row(HEADING_ROW, 1.5 * _LINE_HEIGHT)
    sheet.freeze_panes(HEADING_ROW + 1, 0)


def _write_prepared(
    book: Any, sheet: Any, feed: Feed, fields: list[_Field], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Fill in what is known already, each value as a clerk would write it."""
    places = {item.column.name: place for place, item in enumerate(fields) if item.is_plain}
    for place, item in enumerate(fields):
        if item.column.name.endswith("_text"):
            look = {"num_format": _cell_format(item), "text_wrap": True, "valign": "top"}
            sheet.set_column(place, place, _SENTENCE_WIDTH, book.add_format(look))
    sheet.set_row(2, 2 * _LINE_HEIGHT)
    for line, row in enumerate(rows, start=HEADING_ROW + 1):
        sheet.set_row(line, _LINE_HEIGHT * max(_lines(row[name]) for name in row))
        for name, value in row.items():
            if name not in places:
                raise FeedError([f"{feed.feed} has no column {name} that could be filled in."])
            if value is not None:
                written = _delivered(feed.column(name), value)
                # The format of the column stands: the cell is written without one of its own.
                write = sheet.write_string if isinstance(written, str) else sheet.write
                write(line, places[name], written)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEADING_ROW)


def _lines(value: Any) -> int:
    """Lines that a text takes where sentences stand; a Chinese sign is as wide as two others.

    >>> _lines("利率能不能上浮十个基点，月底前答复")
    2
    """
    breadth = sum(2 if ord(sign) > 0x2E7F else 1 for sign in str(value or ""))
    return breadth // (_SENTENCE_WIDTH - 2) + 1


def _delivered(column: Column, value: Any) -> Any:
    """A value of the warehouse as the feed takes it: its word, its unit, its form of a date."""
    if column.type == "code":
        return next(iter(column.values.get(str(value)) or ()), str(value))
    if column.type == "date":
        return value.strftime(column.format) if column.format else value
    if isinstance(value, Decimal):
        return delivered_bound(column, value)
    return value if isinstance(value, int | float) else str(value)


def _unit_text(item: _Field) -> str:
    if not item.is_plain:
        return "文本 text"
    forms = {"text": "文本 text", "code": "从列表中选择 choose", "integer": "整数 whole number"}
    return delivered_as(item.column) or forms.get(item.column.type, "数字 number")


def _cell_format(item: _Field) -> str:
    # A date in the bank's own format must stay the text it is.
    if not item.is_plain or item.column.format:
        return "@"
    return _CELL_FORMATS[item.column.type]


def _validation(feed: Feed, item: _Field, lists: dict[str, str]) -> dict[str, Any] | None:
    """What Excel checks while the cell is filled in; the reader checks it all again."""
    column = item.column
    if item.heading in lists:
        rule: dict[str, Any] = {"validate": "list", "source": lists[item.heading]}
    elif not item.is_plain or column.format:
        return None
    elif column.type == "date":
        first = column.min if isinstance(column.min, dt.date) else dt.date(1900, 1, 1)
        last = column.max if isinstance(column.max, dt.date) else dt.date(9999, 12, 31)
        rule = {"validate": "date", "criteria": "between", "minimum": first, "maximum": last}
    elif column.type in ("integer", "money", "rate", "decimal"):
        kind = "integer" if column.type == "integer" else "decimal"
        low = _limit(column, column.min, Decimal(-(10**14)))
        high = _limit(column, column.max, Decimal(10**14))
        rule = {"validate": kind, "criteria": "between", "minimum": low, "maximum": high}
    else:
        return None
    return rule | {
        "error_title": "填写有误 Not accepted",
        "error_message": f"{item.heading}：{_unit_text(item)} {limits_text(feed, column)}"[:255],
    }


def _limit(column: Column, bound: Decimal | dt.date | None, otherwise: Decimal) -> int | float:
    number = delivered_bound(column, bound) if isinstance(bound, Decimal) else otherwise
    return int(number) if number == int(number) else float(number)


def _write_help(book: Any, feed: Feed, fields: list[_Field]) -> None:
    """The sheet that says what each column means."""
    sheet = book.add_worksheet(HELP_SHEET)
    bold = book.add_format({"bold": True, "border": 1, "bg_color": "#DDEBF7", "text_wrap": True})
    wrap = book.add_format({"border": 1, "text_wrap": True, "valign": "top", "num_format": "@"})
    names = "，".join(file.file_name for file in feed.delivery.files if file.format == "xlsx")
    due = "必须报送 required" if feed.delivery.required else "按需报送 optional"
    facts = [
        f"{feed.title.zh} {feed.title.en}",
        f"一行表示 {feed.grain}",
        f"报送方式 Delivery: {feed.delivery.frequency}, {due}; {KINDS[feed.kind]}",
        f"责任部门 Owner: {feed.owner}",
        f"文件名 File name: {names or '-'}"
        "  ({date} = 业务日期 business date, 20250131 或 or 202501)",
    ]
    for row, text in enumerate(facts):
        sheet.write_string(row, 0, text)
    top = len(facts) + 1
    titles = (
        "表头名称 Column heading",
        "英文名 English",
        "含义",
        "Meaning",
        "单位 Unit",
        "是否必填 Must be filled",
        "可选值与范围 Values and limits",
        "填写示例 Example",
    )
    for place, text in enumerate(titles):
        sheet.write_string(top, place, text, bold)
    for row, item in enumerate(fields, start=top + 1):
        for place, text in enumerate(_help_line(feed, item)):
            sheet.write_string(row, place, text, wrap)
    for place, width in enumerate((22, 24, 36, 44, 18, 12, 44, 22)):
        sheet.set_column(place, place, width)


def _help_line(feed: Feed, item: _Field) -> tuple[str, ...]:
    column = item.column
    return (
        item.heading,
        item.english,
        "；".join(c.description_zh for c in item.columns if c.description_zh),
        " ".join(c.description for c in item.columns),
        _unit_text(item),
        "是 yes" if item.is_required else "否 no",
        limits_text(feed, column) if item.is_plain else "",
        example_of(column) if item.is_plain else "",
    )


def _write_lists(book: Any, fields: list[_Field]) -> dict[str, str]:
    """The sheet of listed values; returns the cell range of each heading's list."""
    listed = [item for item in fields if item.is_plain and _choices(item.column)]
    if not listed:
        return {}
    sheet = book.add_worksheet(LISTS_SHEET)
    ranges = {}
    for place, item in enumerate(listed):
        choices = _choices(item.column)
        sheet.write_string(0, place, f"“{item.heading}”的选项 choices")
        for row, text in enumerate(choices, start=1):
            sheet.write_string(row, place, text)
        sheet.set_column(place, place, 24)
        letter = xlsxwriter.utility.xl_col_to_name(place)
        ranges[item.heading] = f"='{LISTS_SHEET}'!${letter}$2:${letter}${len(choices) + 1}"
    return ranges


def _choices(column: Column) -> list[str]:
    """What to offer for each code: the bank's first word for it."""
    if column.has_wildcards:
        return []
    return [raws[0] for raws in column.values.values() if raws]
