"""The sheet that goes back to its sender: his own rows, what is wrong with them, and why.

Nothing that was delivered becomes active in it: texts are written as texts, whatever they begin
with, and formulas of the sender's own workbook are replaced by their values.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ingestion.batch import EXPLAINED_ROWS, BatchReport, RefusedRow
from ingestion.contracts import Feed
from ingestion.sentence import shown

if TYPE_CHECKING:
    import xlsxwriter
    from openpyxl.worksheet.worksheet import Worksheet

SUMMARY_SHEET: Final = "汇总 Summary"
ROWS_SHEET: Final = "拒收行 Refused rows"
REASON_HEADINGS: Final = ("拒收原因", "Reason")

# A bigger workbook takes minutes to open and mark; then only the refused rows go back.
_LARGEST_MARKED_BYTES: Final = 4_000_000
_LARGEST_MARKED_CELLS: Final = 300_000
_RED: Final = "FFC7CE"
_LONGEST_TEXT: Final = 32_000
_UNSAFE_NAME: Final = re.compile(r"[^\w.()（）\- ]+")

Line = tuple[str | int, ...]

REASON_LABELS: Final = {
    "missing": ("必填项为空", "required, but empty"),
    "unreadable": ("内容无法识别", "cannot be read"),
    "below": ("小于最小值", "below the minimum"),
    "above": ("大于最大值", "above the maximum"),
    "pattern": ("格式不符", "not in the agreed form"),
    "duplicate": ("完全重复的行", "row is there twice"),
    "conflict": ("主键重复且内容不同", "same key, other contents"),
    "short_line": ("列数不足", "too few columns"),
    "long_record": ("列数过多", "too many columns"),
    "long_line": ("行过长", "line too long"),
    "quote": ("引号不配对", "unpaired quote"),
    "control": ("控制字符", "control character"),
    "encoding": ("编码错误", "not in the agreed encoding"),
    "error_cell": ("公式错误值", "error cell"),
    "formula": ("公式无计算结果", "formula without result"),
    "damaged_number": ("长号码已失真", "long number damaged"),
}


def returned_path(folder: Path, report: BatchReport) -> Path:
    """Where the returned sheet of a batch lies; its name begins like the delivered file's."""
    stem = _UNSAFE_NAME.sub("_", Path(report.source_file).stem).strip(". ")[:100] or "file"
    return folder / f"{stem}__退回_{report.batch_id[-8:]}.xlsx"


def write_returned(
    folder: Path,
    report: BatchReport,
    feed: Feed,
    refused: Sequence[RefusedRow],
    original: Path | None,
    heading_rows: Mapping[str, int],
) -> Path | None:
    """Write the sheet that goes back, if there is anything to say.

    Args:
        folder: Folder of returned sheets.
        report: What became of the file.
        feed: The feed.
        refused: Its refused rows.
        original: The delivered workbook; None for an extract, or where it cannot be opened.
        heading_rows: Row of the headings by sheet, in a workbook.

    Returns:
        Its path; None where nothing was refused.
    """
    if not refused and report.refusal is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    final = returned_path(folder, report)
    unfinished = final.with_name(f".{final.name}.tmp")
    rows = refused[:EXPLAINED_ROWS]
    cells = sum(len(row.cells) for row in rows)
    is_small = (
        original is not None
        and original.stat().st_size <= _LARGEST_MARKED_BYTES
        and (report.rows_in or 0) * max(cells // max(len(rows), 1), 1) <= _LARGEST_MARKED_CELLS
    )
    is_marked = False
    if rows and is_small and original is not None:
        is_marked = _mark(
            original, unfinished, summary_lines(report, feed, rows), heading_rows, rows
        )
    if not is_marked:
        _list(unfinished, summary_lines(report, feed, rows), rows)
    unfinished.replace(final)
    return final


def summary_lines(report: BatchReport, feed: Feed, refused: Sequence[RefusedRow]) -> list[Line]:
    """The first sheet: what was delivered, what became of it, and how often which reason."""
    data = report.data_rows
    lines: list[Line] = [
        ("文件 File", shown(report.source_file, 200)),
        ("接口 Feed", f"{feed.title.zh} {feed.title.en} ({feed.feed})"),
        ("业务日期 Business date", report.business_date.isoformat()),
        ("批次 Batch", report.batch_id),
        (
            "结果 Result",
            "整份文件未入库 nothing loaded" if report.refusal else "部分入库 loaded in part",
        ),
        ("数据行 Data rows", data),
        ("已入库 Loaded", report.rows_loaded or 0),
        ("拒收 Refused", report.rows_quarantined or 0),
        (
            "非数据行（标题、合计、签字等） Not data (headings, sums, signatures)",
            report.rows_not_data or 0,
        ),
    ]
    if report.refusal is not None:
        lines += [("原因", report.refusal.zh), ("Reason", report.refusal.en)]
    if (report.rows_quarantined or 0) > len(refused):
        lines.append(
            (
                "说明 Note",
                f"只列出前 {len(refused):,} 行 Only the first {len(refused):,} are listed",
            )
        )
    for note in report.notes:
        lines += [("提示", note.zh), ("Note", note.en)]
    lines.append(())
    lines.append(("列 Column", "原因", "Reason", "单元格数 Cells"))
    counts = Counter((cell.heading, cell.code) for row in refused for cell in row.reasons)
    for (heading, code), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        zh, en = REASON_LABELS.get(code, (code, code))
        lines.append((shown(heading) or "整行 Whole row", zh, en, count))
    return lines


def reasons_of(row: RefusedRow) -> tuple[str, str]:
    """All that is wrong with a row, in Chinese and in English."""
    several = len(row.reasons) > 1
    zh = [f"【{c.heading}】{c.reason.zh}" if c.heading else c.reason.zh for c in row.reasons]
    en = [
        f"[{c.heading}] {c.reason.en}" if c.heading and several else c.reason.en
        for c in row.reasons
    ]
    return "".join(zh), " ".join(en)


def _list(path: Path, summary: Sequence[Line], rows: Sequence[RefusedRow]) -> None:
    """A new workbook: the summary and the refused rows."""
    import xlsxwriter

    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "constant_memory": False,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet(SUMMARY_SHEET)
        sheet.set_column(0, 0, 36, bold)
        sheet.set_column(1, 3, 50, wrap)
        for line, values in enumerate(summary):
            for place, value in enumerate(values):
                if isinstance(value, int):
                    sheet.write_number(line, place, value)
                else:
                    sheet.write_string(line, place, value)
        if rows:
            _list_rows(book, rows)


def _list_rows(book: xlsxwriter.Workbook, rows: Sequence[RefusedRow]) -> None:
    headings = list(dict.fromkeys(name for row in rows for name in row.cells if name))
    is_sheets = any(row.sheet is not None for row in rows)
    has_lines = any("" in row.cells for row in rows)
    first = ["行号 Row", *(["工作表 Sheet"] if is_sheets else []), *REASON_HEADINGS]
    last = ["原文 Whole line"] if has_lines else []
    bold = book.add_format({"bold": True, "text_wrap": True, "border": 1})
    plain = book.add_format({"quote_prefix": True})
    marked = book.add_format({"quote_prefix": True, "bg_color": f"#{_RED}"})
    wrap = book.add_format({"text_wrap": True, "quote_prefix": True, "valign": "top"})
    sheet = book.add_worksheet(ROWS_SHEET)
    sheet.freeze_panes(1, len(first))
    sheet.set_column(len(first) - 2, len(first) - 1, 50)
    for place, heading in enumerate([*first, *headings, *last]):
        sheet.write_string(0, place, heading, bold)
    for line, row in enumerate(rows, 1):
        sheet.write_number(line, 0, row.row)
        texts = [*([row.sheet or ""] if is_sheets else []), *reasons_of(row)]
        for place, text in enumerate(texts, 1):
            sheet.write_string(line, place, text[:_LONGEST_TEXT], wrap)
        wrong = {cell.heading for cell in row.reasons}
        for place, heading in enumerate(headings, len(first)):
            cell = row.cells.get(heading)
            if cell is not None or heading in wrong:
                form = marked if heading in wrong else plain
                sheet.write_string(line, place, (cell or "")[:_LONGEST_TEXT], form)
        if whole := row.cells.get(""):
            place = len(first) + len(headings)
            sheet.write_string(line, place, whole[:_LONGEST_TEXT], plain)


def _mark(
    original: Path,
    path: Path,
    lines: Sequence[Line],
    heading_rows: Mapping[str, int],
    rows: Sequence[RefusedRow],
) -> bool:
    """The sender's own workbook with the refused cells marked; False if it cannot be made."""
    import openpyxl

    try:
        # Values instead of formulas: what goes back shall not compute anything.
        with original.open("rb") as file:
            book = openpyxl.load_workbook(file, data_only=True, keep_links=False)
    except Exception:
        # The other library is pickier about what it opens; the list of rows is as good.
        return False
    by_sheet: dict[str, list[RefusedRow]] = {}
    for row in rows:
        by_sheet.setdefault(row.sheet or "", []).append(row)
    for name, refused in by_sheet.items():
        if name not in book.sheetnames:
            return False
        _mark_sheet(book[name], heading_rows.get(name), refused)
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
        for cells in sheet.iter_rows():
            for cell in cells:
                # What looks like a formula is a text somebody typed.
                if isinstance(cell.value, str) and cell.data_type == "f":
                    cell.data_type = "s"
    book.save(path)
    return True


def _mark_sheet(sheet: Worksheet, heading_row: int | None, rows: Sequence[RefusedRow]) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill
    from openpyxl.utils import get_column_letter

    fill = PatternFill("solid", start_color=_RED, end_color=_RED)
    beside = sheet.max_column + 1
    for offset, heading in enumerate(REASON_HEADINGS):
        if heading_row is not None:
            _write(sheet, heading_row, beside + offset, heading)
        sheet.column_dimensions[get_column_letter(beside + offset)].width = 60
    for row in rows:
        for offset, text in enumerate(reasons_of(row)):
            _write(sheet, row.row, beside + offset, text)
            sheet.cell(row.row, beside + offset).fill = fill
        for reason in row.reasons:
            if reason.place is None:
                continue
            cell = sheet.cell(row.row, reason.place)
            cell.fill = fill
            if not _is_covered(cell):
                cell.comment = Comment(f"{reason.reason.zh}\n{reason.reason.en}", "CRM", 120, 360)


def _is_covered(cell: Any) -> bool:
    """Whether the cell lies under a merged area; such a cell carries no comment."""
    return type(cell).__name__ == "MergedCell"


def _write(sheet: Worksheet, row: int, column: int, value: str | int) -> None:
    cell = sheet.cell(row, column)
    if _is_covered(cell):
        return
    if isinstance(value, int):
        cell.value = value
        return
    cell.value = value[:_LONGEST_TEXT]
    cell.data_type = "s"
