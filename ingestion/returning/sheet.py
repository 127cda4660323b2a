"""The sheet that goes back to its sender: his own rows, what is wrong with them, and why.

It is made to come back: beside each row stands the name it had in the delivered file, and the
first sheet carries the slip by which the corrected sheet finds its batch. Nothing that was
delivered becomes active in it: texts are written as texts, whatever they begin with.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ingestion.batch import EXPLAINED_ROWS, BatchReport, RefusedRow
from ingestion.contracts import Feed
from ingestion.returning.marked import LONGEST_TEXT, RED, Line, mark, reasons_of
from ingestion.returning.slip import (
    LINE_HEADING,
    OUR_HEADINGS,
    REASON_HEADINGS,
    ROW_HEADING,
    ROWS_SHEET,
    SUMMARY_SHEET,
    Slip,
    row_name,
)
from ingestion.sentence import Sentence, shown

if TYPE_CHECKING:
    import xlsxwriter

# A bigger workbook takes minutes to open and mark; then only the refused rows go back.
_LARGEST_MARKED_BYTES: Final = 4_000_000
_LARGEST_MARKED_CELLS: Final = 300_000
_UNSAFE_NAME: Final = re.compile(r"[^\w.()（）\- ]+")
_RETURNED_NAME: Final = re.compile(r"(?:__退回_[0-9a-f]{8})+$")
# A name of a file may have 255 bytes, and ours adds to it.
_LONGEST_STEM_BYTES: Final = 200
_HOW_TO: Final = Sentence(
    "改正标红的单元格，保存后放回报送目录即可，文件名不限；只读取被拒收的行，其余各行已入库。"
    "请勿改动本页和“原行号 Row”列。如需修改已入库的行，请重新报送整份原文件。",
    "Mend the red cells, save, and lay this file back into the landing folder under any name: only"
    " the refused rows are read, the others are loaded already. Leave this sheet and the column"
    " 原行号 Row as they are. To change a row that was loaded, deliver the whole file again.",
)
_HOW_TO_WHOLE: Final = Sentence(
    "改正标红的单元格，保存后放回报送目录即可，文件名不限；各行均未入库，本文件将代替原文件。"
    "请勿改动本页。",
    "Mend the red cells, save, and lay this file back into the landing folder under any name: none"
    " of its rows was loaded, and it takes the place of the file delivered. Leave this sheet as it"
    " is.",
)
_HOW_TO_AGAIN: Final = Sentence(
    "请在原文件中改正，再重新报送整份文件。",
    "Put it right in the file you sent, and deliver the whole of it again.",
)


@dataclass(frozen=True)
class Answer:
    """What the sheet that goes back is made of.

    Attributes:
        refused: The refused rows.
        sound: The other data rows, where nothing was loaded and they are few enough to go back.
        original: The delivered workbook; None for an extract, or where it cannot be opened.
        heading_rows: Row of the headings by sheet, in a workbook.
        is_1904: Whether the workbook's serial dates count from 1904.
        corrects: The slip of the batch that the delivery was a correction of.
    """

    refused: Sequence[RefusedRow] = ()
    sound: Sequence[RefusedRow] = ()
    original: Path | None = None
    heading_rows: Mapping[str, int] = field(default_factory=dict)
    is_1904: bool = False
    corrects: Slip | None = None


REASON_LABELS: Final = {
    "missing": ("必填项为空", "required, but empty"),
    "unreadable": ("内容无法识别", "cannot be read"),
    "below": ("小于最小值", "below the minimum"),
    "above": ("大于最大值", "above the maximum"),
    "pattern": ("格式不符", "not in the agreed form"),
    "resident_id": ("身份证号码有误", "wrong identity number"),
    "credit_code": ("统一社会信用代码有误", "wrong credit code"),
    "bank_card": ("银行卡号有误", "wrong card number"),
    "mobile": ("手机号码有误", "wrong mobile number"),
    "landline": ("固定电话号码有误", "wrong landline number"),
    "name": ("姓名或名称有误", "wrong name"),
    "clock_time": ("时间有误", "wrong time of day"),
    "currency": ("币种有误", "wrong currency"),
    "merged": ("合并单元格", "merged cells"),
    "serial": ("日期显示为数字", "date shown as a number"),
    "day_for_number": ("数字显示为日期", "number shown as a date"),
    "scaled": ("显示的数与单元格中的数不同", "shown as another number than it is"),
    "volatile_formula": ("随打开时间变化的公式", "formula with another result each time"),
    "duplicate": ("完全重复的行", "row is there twice"),
    "conflict": ("主键重复且内容不同", "same key, other contents"),
    "short_line": ("列数不足", "too few columns"),
    "long_record": ("列数过多", "too many columns"),
    "long_line": ("行过长", "line too long"),
    "quote": ("引号不配对", "unpaired quote"),
    "control": ("控制字符", "control character"),
    "line_end": ("换行符不一致", "several lines in one"),
    "delimiter": ("分隔符与约定不符", "another delimiter"),
    "encoding": ("编码错误", "not in the agreed encoding"),
    "error_cell": ("公式错误值", "error cell"),
    "formula": ("公式无计算结果", "formula without result"),
    "damaged_number": ("长号码已失真", "long number damaged"),
    "unknown_row": ("无法对应原行", "belongs to no refused row"),
    "loaded_before": ("已入库的行被改动", "a loaded row was changed"),
}

_OTHER_REASON: Final = ("见各行拒收原因", "see the reason of each row")


def returned_path(folder: Path, report: BatchReport) -> Path:
    """Where the returned sheet of a batch lies; its name begins like the delivered file's."""
    stem = _RETURNED_NAME.sub("", Path(report.source_file).stem)
    kept = _UNSAFE_NAME.sub("_", stem).strip(". ").encode()[:_LONGEST_STEM_BYTES]
    name = kept.decode(errors="ignore") or "file"
    return folder / f"{name}__退回_{report.batch_id[-8:]}.xlsx"


def write_returned(folder: Path, report: BatchReport, feed: Feed, answer: Answer) -> Path | None:
    """Write the sheet that goes back; nothing, and no old one, where nothing was refused.

    Args:
        folder: Folder of returned sheets.
        report: What became of the file.
        feed: The feed.
        answer: Its rows, and the workbook they came in.

    Returns:
        Its path; None where nothing was refused.
    """
    if not answer.refused and report.refusal is None:
        returned_path(folder, report).unlink(missing_ok=True)
        return None
    folder.mkdir(parents=True, exist_ok=True)
    final = returned_path(folder, report)
    unfinished = final.with_name(f".{final.name}.tmp")
    rows = answer.refused[:EXPLAINED_ROWS]
    is_marked = False
    if rows and answer.original is not None and _is_small(answer.original, report, rows):
        lines = summary_lines(report, feed, rows, _slip(report, answer, is_marked=True))
        is_marked = mark(answer.original, unfinished, lines, answer.heading_rows, rows)
    if not is_marked:
        slip = _slip(report, answer, is_marked=False)
        is_whole = slip is not None and slip.is_whole
        listed = sorted([*rows, *answer.sound], key=lambda row: (row.sheet or "", row.row))
        _list(
            unfinished,
            summary_lines(report, feed, rows, slip),
            listed if is_whole else rows,
            feed,
            is_1904=answer.is_1904,
        )
    unfinished.replace(final)
    return final


def _is_small(original: Path, report: BatchReport, rows: Sequence[RefusedRow]) -> bool:
    width = max(sum(len(row.cells) for row in rows) // len(rows), 1)
    return (
        original.stat().st_size <= _LARGEST_MARKED_BYTES
        and (report.rows_in or 0) * width <= _LARGEST_MARKED_CELLS
    )


def _slip(report: BatchReport, answer: Answer, *, is_marked: bool) -> Slip | None:
    """The slip by which the sheet will find home; None where it would lack rows to be loaded."""
    if not answer.refused or report.state == "held":
        return None
    if not is_marked and any(_is_cut(row) for row in (*answer.refused, *answer.sound)):
        return None
    if report.refusal is None:
        own = Slip(report.batch_id, report.feed, report.business_date, is_whole=False)
        # Rows keep the names they had in the first file, however often they go back.
        return answer.corrects if report.corrects_rows and answer.corrects else own
    has_all = len(answer.refused) + len(answer.sound) == report.data_rows
    if not (is_marked or has_all) or report.corrects_rows:
        return None
    return Slip(report.batch_id, report.feed, report.business_date, is_whole=True)


def _is_cut(row: RefusedRow) -> bool:
    """Whether a text of the row is longer than a cell can be, so that it would come back short."""
    return any(len(text) > LONGEST_TEXT for text in row.cells.values() if text)


def summary_lines(
    report: BatchReport, feed: Feed, refused: Sequence[RefusedRow], slip: Slip | None
) -> list[Line]:
    """The first sheet: what was delivered, what became of it, and how often which reason."""
    data = report.data_rows
    how_to = _HOW_TO_AGAIN if slip is None else _HOW_TO_WHOLE if slip.is_whole else _HOW_TO
    lines: list[Line] = [
        ("文件 File", shown(report.source_file, 200)),
        ("接口 Feed", f"{feed.title.zh} {feed.title.en} ({feed.feed})"),
        ("业务日期 Business date", report.business_date.isoformat()),
        ("批次 Batch", report.batch_id),
        *([("更正批次 Corrects batch", report.corrects)] if report.corrects else []),
        *([("识别码 Slip", slip.text)] if slip else []),
        ("如何改正", how_to.zh),
        ("What to do", how_to.en),
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
    # Of a file that is refused as a whole the others are sound.
    if len(refused) == EXPLAINED_ROWS < (report.rows_quarantined or 0):
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
        zh, en = REASON_LABELS.get(code, _OTHER_REASON)
        lines.append((shown(heading) or "整行 Whole row", zh, en, count))
    return lines


def _list(
    path: Path, summary: Sequence[Line], rows: Sequence[RefusedRow], feed: Feed, *, is_1904: bool
) -> None:
    """A new workbook: the summary and the rows, as texts."""
    import xlsxwriter

    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "constant_memory": False,
        # Numbers that are dates stay those they were.
        "date_1904": is_1904,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        wrap = book.add_format({"text_wrap": True, "valign": "top", "quote_prefix": True})
        sheet = book.add_worksheet(SUMMARY_SHEET)
        sheet.set_column(0, 0, 36, bold)
        sheet.set_column(1, 3, 50)
        for line, values in enumerate(summary):
            for place, value in enumerate(values):
                if isinstance(value, int):
                    sheet.write_number(line, place, value)
                else:
                    sheet.write_string(line, place, value[:LONGEST_TEXT], wrap if place else bold)
        if rows:
            _list_rows(book, rows, feed)


def _list_rows(book: xlsxwriter.Workbook, rows: Sequence[RefusedRow], feed: Feed) -> None:
    headings = _headings(rows, feed)
    has_lines = any("" in row.cells for row in rows)
    first = [ROW_HEADING, *REASON_HEADINGS]
    bold = book.add_format({"bold": True, "text_wrap": True, "border": 1})
    plain = book.add_format({"quote_prefix": True})
    marked = book.add_format({"quote_prefix": True, "bg_color": f"#{RED}"})
    wrap = book.add_format({"text_wrap": True, "quote_prefix": True, "valign": "top"})
    sheet = book.add_worksheet(ROWS_SHEET)
    sheet.freeze_panes(1, len(first))
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 2, 50)
    for place, heading in enumerate([*first, *headings, *([LINE_HEADING] if has_lines else [])]):
        sheet.write_string(0, place, heading, bold)
    for line, row in enumerate(rows, 1):
        name = row.cells.get(ROW_HEADING) or row_name(row.sheet, row.row)
        if name.isascii() and name.isdigit():
            sheet.write_number(line, 0, int(name))
        else:
            sheet.write_string(line, 0, name, plain)
        for place, text in enumerate(reasons_of(row), 1):
            sheet.write_string(line, place, text[:LONGEST_TEXT], wrap)
        wrong = {cell.heading for cell in row.reasons}
        for place, heading in enumerate(headings, len(first)):
            cell = row.cells.get(heading)
            if cell is not None or heading in wrong:
                form = marked if heading in wrong else plain
                sheet.write_string(line, place, (cell or "")[:LONGEST_TEXT], form)
        if whole := row.cells.get(""):
            place = len(first) + len(headings)
            sheet.write_string(line, place, whole[:LONGEST_TEXT], plain)


def _headings(rows: Sequence[RefusedRow], feed: Feed) -> list[str]:
    """The delivered headings; those of the feed where no row could be taken apart."""
    names = dict.fromkeys(name for row in rows for name in row.cells if name)
    return [name for name in names if name not in OUR_HEADINGS] or list(
        dict.fromkeys(
            heading
            for column in feed.columns
            if column.is_read
            for heading in (column.join or (column.heading,))
        )
    )
