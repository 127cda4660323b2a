"""The sender's own workbook with the refused cells marked, and nothing in it that acts.

Formulas are replaced by their values; links, lists, rules, names, pictures, other people's notes
and whatever else a workbook may carry besides its cells stay behind.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ingestion.batch import RefusedRow
from ingestion.returning.slip import (
    OUR_HEADINGS,
    REASON_HEADINGS,
    ROW_HEADING,
    SUMMARY_SHEET,
    row_name,
)

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

Line = tuple[str | int, ...]

RED: Final = "FFC7CE"
LONGEST_TEXT: Final = 32_000
# What a text may begin with that some program takes for a formula; serving's export says the same.
FORMULA_STARTERS: Final = tuple("=+-@\t\r\n＝＋－＠|%")


def reasons_of(row: RefusedRow) -> tuple[str, str]:
    """All that is wrong with a row, in Chinese and in English."""
    several = len(row.reasons) > 1
    zh = [f"【{c.heading}】{c.reason.zh}" if c.heading else c.reason.zh for c in row.reasons]
    en = [
        f"[{c.heading}] {c.reason.en}" if c.heading and several else c.reason.en
        for c in row.reasons
    ]
    return "".join(zh), " ".join(en)


def mark(
    original: Path,
    path: Path,
    lines: Sequence[Line],
    heading_rows: Mapping[str, int],
    rows: Sequence[RefusedRow],
) -> bool:
    """Write the copy to `path`.

    Args:
        original: The delivered workbook.
        path: Where the copy goes.
        lines: The lines of its first sheet.
        heading_rows: Row of the headings by sheet that carries the feed's table.
        rows: The refused rows.

    Returns:
        False if it cannot be made.
    """
    import openpyxl

    by_sheet: dict[str, list[RefusedRow]] = {name: [] for name in heading_rows}
    for row in rows:
        by_sheet.setdefault(row.sheet or "", []).append(row)
    try:
        # Values instead of formulas: what goes back shall not compute anything.
        with original.open("rb") as file, warnings.catch_warnings():
            # What it leaves out of a book shall be left out.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(file, data_only=True, keep_links=False)
        inert = _inert(book)
        for name, refused in by_sheet.items():
            if name not in inert.sheetnames or name not in heading_rows:
                return False
            _mark_sheet(inert[name], heading_rows[name], refused)
        _write_summary(inert, lines)
        inert.save(path)
    except Exception:
        # The other library is pickier about what it opens; the list of rows is as good.
        path.unlink(missing_ok=True)
        return False
    return True


def _inert(book: Any) -> Workbook:
    """The workbook's cells with their looks, and nothing else of it."""
    from openpyxl.cell.rich_text import CellRichText
    from openpyxl.formatting.formatting import ConditionalFormattingList
    from openpyxl.packaging.core import DocumentProperties
    from openpyxl.workbook.protection import DocumentSecurity
    from openpyxl.worksheet.datavalidation import DataValidationList
    from openpyxl.worksheet.filters import AutoFilter
    from openpyxl.worksheet.header_footer import HeaderFooter
    from openpyxl.worksheet.protection import SheetProtection

    for chart in book.chartsheets:
        book.remove(chart)
    if SUMMARY_SHEET in book.sheetnames:
        book.remove(book[SUMMARY_SHEET])
    book.defined_names.clear()
    book.security = DocumentSecurity()
    book.properties = DocumentProperties(creator="CRM")
    for prop in list(book.custom_doc_props.names):
        del book.custom_doc_props[prop]
    book.loaded_theme = None
    own: Any
    for own in book.worksheets:
        own.defined_names.clear()
        own.conditional_formatting = ConditionalFormattingList()
        own.data_validations = DataValidationList()
        own.auto_filter = AutoFilter()
        own.protection = SheetProtection()
        own.HeaderFooter = HeaderFooter()
        own.legacy_drawing = None
        own.print_title_rows = own.print_title_cols = None
        own._hyperlinks, own._images, own._charts, own._pivots = [], [], [], []
        own._tables.clear()
        own.scenarios.scenario = []
        for cells in own.iter_rows():
            for cell in cells:
                if is_covered(cell):
                    continue
                cell.hyperlink = cell.comment = None
                if isinstance(cell.value, CellRichText):
                    cell.value = str(cell.value)
                if isinstance(cell.value, str):
                    _as_text(cell)
    inert: Workbook = book
    return inert


def _write_summary(book: Workbook, lines: Sequence[Line]) -> None:
    summary = book.create_sheet(SUMMARY_SHEET, 0)
    for line, values in enumerate(lines, 1):
        for place, value in enumerate(values, 1):
            _write(summary, line, place, value)
    summary.column_dimensions["A"].width = 36
    for letter in "BCD":
        summary.column_dimensions[letter].width = 50
    book.active = 0
    for sheet in book.worksheets:
        sheet.sheet_view.tabSelected = sheet is summary


def _mark_sheet(sheet: Worksheet, heading_row: int, rows: Sequence[RefusedRow]) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill
    from openpyxl.utils import get_column_letter

    fill = PatternFill("solid", start_color=RED, end_color=RED)
    places = _our_places(sheet, heading_row)
    has_names = places is not None
    if places is None:
        places = {
            heading: sheet.max_column + 1 + offset
            for offset, heading in enumerate((ROW_HEADING, *REASON_HEADINGS))
        }
        for heading, place in places.items():
            _write(sheet, heading_row, place, heading)
    else:
        _unmark(sheet, heading_row, places)
    for heading in REASON_HEADINGS:
        sheet.column_dimensions[get_column_letter(places[heading])].width = 60
    if not has_names:
        for number in range(heading_row + 1, sheet.max_row + 1):
            if any(cell.value is not None for cell in sheet[number]):
                _write(sheet, number, places[ROW_HEADING], row_name(sheet.title, number))
    for row in rows:
        for heading, text in zip(REASON_HEADINGS, reasons_of(row), strict=True):
            _write(sheet, row.row, places[heading], text)
            sheet.cell(row.row, places[heading]).fill = fill
        for reason in row.reasons:
            if reason.place is None:
                continue
            cell = sheet.cell(row.row, reason.place)
            cell.fill = fill
            if not is_covered(cell):
                cell.comment = Comment(f"{reason.reason.zh}\n{reason.reason.en}", "CRM", 120, 360)


def _our_places(sheet: Worksheet, heading_row: int) -> dict[str, int] | None:
    """Where our columns stand in a sheet that went back before; None if it never did."""
    found = {
        str(cell.value): cell.column
        for cell in sheet[heading_row]
        if cell.value in OUR_HEADINGS and isinstance(cell.column, int)
    }
    wanted = (ROW_HEADING, *REASON_HEADINGS)
    return found if all(heading in found for heading in wanted) else None


def _unmark(sheet: Worksheet, heading_row: int, places: Mapping[str, int]) -> None:
    """Take away the reasons and the red of an earlier answer."""
    from openpyxl.styles import PatternFill

    for number in range(heading_row + 1, sheet.max_row + 1):
        for heading in REASON_HEADINGS:
            cell = sheet.cell(number, places[heading])
            if not is_covered(cell):
                cell.value = None
        for cell in sheet[number]:
            if str(cell.fill.start_color.rgb).endswith(RED):
                cell.fill = PatternFill()


def is_covered(cell: Any) -> bool:
    """Whether the cell lies under a merged area; such a cell carries nothing of its own."""
    return type(cell).__name__ == "MergedCell"


def _as_text(cell: Any) -> None:
    """Keep a text a text, also once somebody has opened the cell and closed it again."""
    if cell.data_type != "e":
        cell.data_type = "s"
    from openpyxl.utils.escape import unescape

    if unescape(cell.value).startswith(FORMULA_STARTERS):
        cell.quotePrefix = True


def _write(sheet: Worksheet, row: int, column: int, value: str | int) -> None:
    cell = sheet.cell(row, column)
    if is_covered(cell):
        return
    if isinstance(value, int):
        cell.value = value
        return
    # A text that begins with = is set as what it is, not as a formula.
    cell.value = value[:LONGEST_TEXT]
    _as_text(cell)
