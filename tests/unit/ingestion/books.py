"""Small workbooks as people, programs and attackers write them, as bytes."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import openpyxl
import xlsxwriter
from openpyxl.worksheet.worksheet import Worksheet

from tests.unit.ingestion.made_up import HEADINGS

HEADING_ROW = HEADINGS.split("|")
DAY = dt.date(2025, 1, 31)
GOOD = ["S1", "张三", DAY, 1.5, "注"]
SHEET = "xl/worksheets/sheet1.xml"
_SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def typed(*rows: Sequence[object], then: Callable[[Worksheet], object] | None = None) -> bytes:
    """A book of one sheet, typed in row by row; `then` may do more to the sheet."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "流水"
    for row in rows:
        sheet.append(list(row))
    if then is not None:
        then(sheet)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def merged(*areas: str) -> Callable[[Worksheet], None]:
    """What merges areas of a sheet that `typed` wrote."""

    def merge(sheet: Worksheet) -> None:
        for area in areas:
            sheet.merge_cells(area)

    return merge


def written(
    write: Callable[[Any, Any], object], *headings: str, options: dict[str, object] | None = None
) -> bytes:
    """A book by the other library: `write` gets book and sheet, below the headings."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, options or {}) as book:
        sheet = book.add_worksheet("流水")
        sheet.write_row(0, 0, headings or HEADING_ROW)
        write(book, sheet)
    return buffer.getvalue()


def patched(
    data: bytes,
    change: Mapping[str, Callable[[bytes], bytes]] | None = None,
    *,
    drop: Iterable[str] = (),
    add: Mapping[str, bytes] | None = None,
) -> bytes:
    """A package with parts changed, dropped or added."""
    buffer = io.BytesIO()
    change, dropped = change or {}, set(drop)
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name not in dropped:
                new.writestr(name, change.get(name, lambda part: part)(old.read(name)))
        for name, part in (add or {}).items():
            new.writestr(name, part)
    return buffer.getvalue()


def text_cell(reference: str, text: str) -> str:
    """A cell of inline text, as programs other than Excel write them."""
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


def row(number: int, *texts: str, more: str = "", attributes: str = "") -> str:
    """A row of inline texts from column A on, and further cells as XML."""
    cells = "".join(text_cell(f"{chr(65 + n)}{number}", text) for n, text in enumerate(texts))
    return f'<row r="{number}"{attributes}>{cells}{more}</row>'


def raw(*rows: str, before: str = "", after: str = "") -> bytes:
    """A book whose sheet is the headings and the given rows, to the letter."""
    sheet = (
        f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{_SPACE}">{before}<sheetData>'
        f"{row(1, *HEADING_ROW)}{''.join(rows)}</sheetData>{after}</worksheet>"
    )
    return patched(typed(), {SHEET: lambda _: sheet.encode()})
