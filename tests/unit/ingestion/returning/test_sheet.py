"""The sheet that goes back: the sender's own rows, why they are refused, and nothing active."""

from __future__ import annotations

import base64
import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.utils.escape import unescape

from ingestion.batch import EXPLAINED_ROWS, BatchReport, RefusedCell, RefusedRow
from ingestion.contracts import Feed
from ingestion.contracts.load import load_feeds
from ingestion.parsing.cell import Verdict
from ingestion.reading import sheet_settle
from ingestion.reading.sheet_settle import ODD_REASONS
from ingestion.returning.sheet import REASON_LABELS, Answer, returned_path, write_returned
from ingestion.returning.slip import ROWS_SHEET, SUMMARY_SHEET
from ingestion.sentence import Sentence
from tests.unit.ingestion.books import DAY, GOOD, HEADING_ROW, merged, typed, written
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import CSV, ENTRY, NIGHT, XLSX, extract_of, feed
from tests.unit.ingestion.returning.sent_back import cells, formulas, returned, sheet_of

READING = Path(sheet_settle.__file__).parent
ACTIVE = ["=1+1", "+86 10", "-3+3", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x","y")', "＝1+1"]


def test_a_sound_file_needs_no_answer(deliver: Deliver) -> None:
    assert deliver(extract_of("S1|张三|20250131|1|")).report.returned is None


def test_of_an_extract_the_refused_rows_go_back(deliver: Deliver) -> None:
    reading = deliver(
        extract_of("S1|张三|20250131|1|", "S2||2025-02-30|1,,2|x", "S3|李四", "S4|王五|||")
    )
    heading, first, second = cells(sheet_of(reading, ROWS_SHEET))
    assert heading == ["原行号 Row", "拒收原因", "Reason", *HEADING_ROW, "原文 Whole line"]
    assert first[0] == 3
    assert first[1] == (
        "【户名】“户名”为必填项，此处为空，请补填。【日期】“2025-02-30”不是真实存在的日期。"
        "【金额】“1,,2”千分位逗号位置不对。"
    )
    assert first[2] == (
        "[户名] 户名 must be filled in, but the cell is empty. [日期] '2025-02-30' is a date that"
        " does not exist. [金额] '1,,2' has its thousands separators in the wrong places."
    )
    assert [value or None for value in first[3:]] == ["S2", None, "2025-02-30", "1,,2", "x", None]
    assert (second[0], second[-1]) == (4, "S3|李四")
    assert "该行有 2 列，少于标题行的 5 列" in str(second[1])


def test_the_cells_at_fault_are_marked(deliver: Deliver) -> None:
    sheet = sheet_of(deliver(extract_of("S2||20250131|1,,2|x")), ROWS_SHEET)
    marked = {cell.coordinate for cell in sheet[2] if cell.fill.start_color.rgb == "FFFFC7CE"}
    assert marked == {"E2", "G2"}


def test_every_reason_has_words_on_the_summary(deliver: Deliver) -> None:
    """A clerk read "merged" and "clock_time" where the reason should stand."""
    codes = {each.name.lower() for each in Verdict if each} | {
        code for code, _ in ODD_REASONS.values()
    }
    called = re.compile(r'(?:refuse_cell\(.*, |^ +)"([a-z_]+)",(?: |$)', re.MULTILINE)
    for name in ("sheet_settle.py", "sheet_shown.py", "records.py"):
        codes |= set(called.findall((READING / name).read_text(encoding="utf-8")))
    assert {"clock_time", "merged", "scaled", "delimiter"} <= codes
    assert codes <= set(REASON_LABELS)
    rows = [HEADING_ROW, ["S1", "甲", DAY, 1, None], ["S2", None, None, 2, None]]
    reading = deliver(typed(*rows, then=merged("B2:B3", "D2:D3")), name=XLSX)
    told = {line[0]: line[1:] for line in cells(sheet_of(reading, SUMMARY_SHEET))}
    assert told["金额"][:2] == ["合并单元格", "merged cells"]


def test_the_summary_says_what_became_of_the_file(deliver: Deliver) -> None:
    reading = deliver(
        extract_of(
            "S1|张三|20250131|1|",
            "S2||x|1|",
            "S3||20250131|1|",
            headings="流水号|户名|日期|金额|新",
        )
    )
    lines = {line[0]: line[1:] for line in cells(sheet_of(reading, SUMMARY_SHEET))}
    assert lines["文件 File"][0] == CSV
    assert lines["接口 Feed"][0] == "流水 Entries (toy__entry)"
    assert lines["业务日期 Business date"][0] == "2025-01-31"
    assert lines["批次 Batch"][0] == reading.report.batch_id
    assert lines["结果 Result"][0] == "部分入库 loaded in part"
    counts = [lines[name][0] for name in ("数据行 Data rows", "已入库 Loaded", "拒收 Refused")]
    assert counts == [3, 1, 2]
    assert str(lines["提示"][0]).endswith("有约定之外的列，未入库：新。")
    assert "were not loaded: 新" in str(lines["Note"][0])
    assert lines["户名"] == ["必填项为空", "required, but empty", 2]
    assert lines["日期"] == ["内容无法识别", "cannot be read", 1]


@pytest.mark.parametrize(
    ("content", "name", "zh"),
    [
        (b"", CSV, "是空文件；请重新导出"),
        (b"text", XLSX, "不是 Excel 工作簿"),
        (extract_of("x", headings="流水号"), CSV, "缺少必需的列：户名"),
    ],
)
def test_a_file_refused_as_a_whole_gets_its_sentence(
    deliver: Deliver, content: bytes | str, name: str, zh: str
) -> None:
    reading = deliver(content, name=name)
    lines = {line[0]: line[1] for line in cells(sheet_of(reading, SUMMARY_SHEET))}
    assert lines["结果 Result"] == "整份文件未入库 nothing loaded"
    assert lines["原因"] == reading.refusal.zh
    assert lines["Reason"] == reading.refusal.en
    assert zh in str(lines["原因"])
    assert openpyxl.load_workbook(returned(reading)).sheetnames == [SUMMARY_SHEET]


def test_of_very_many_refused_rows_the_first_go_back(deliver: Deliver) -> None:
    reading = deliver(extract_of(*["|||x|"] * (EXPLAINED_ROWS + 5)))
    book = openpyxl.load_workbook(returned(reading), read_only=True)
    lines = {
        line[0].value: line[1].value for line in book[SUMMARY_SHEET].iter_rows() if line[0].value
    }
    assert "只列出前 10,000 行 Only the first 10,000 are listed" in str(lines["说明 Note"])
    assert book[ROWS_SHEET].max_row == EXPLAINED_ROWS + 1
    book.close()


@pytest.mark.parametrize("text", ACTIVE)
def test_what_was_delivered_becomes_no_formula(deliver: Deliver, text: str) -> None:
    """In a sheet made anew, and in the sender's own."""
    reading = deliver(extract_of(f"S1|{text}||{text}|{text}"))
    sheet = sheet_of(reading, ROWS_SHEET)
    assert formulas(returned(reading)) == []
    assert {cell.data_type for cell in sheet[2][1:] if cell.value} == {"s"}
    assert (sheet["E2"].value, sheet["E2"].quotePrefix) == (text, True)

    def write(_: Any, own: Any) -> None:
        for place, value in enumerate(["S1", text, "", text, text]):
            own.write_string(1, place, value)

    marked = deliver(written(write), name=XLSX)
    assert formulas(returned(marked)) == []
    cell = sheet_of(marked, "流水")["B2"]
    assert (cell.value, cell.data_type) == (text, "s")


def test_formulas_of_the_sender_are_returned_as_values(deliver: Deliver) -> None:
    def write(book: Any, own: Any) -> None:
        own.write_row(1, 0, ["S1", "", "2025-01-31"])
        own.write_formula(1, 3, "=1+1", None, 2)
        book.add_worksheet("别的").write_formula(0, 0, '=CMD("x")', None, "=x")

    reading = deliver(written(write), name=XLSX)
    assert formulas(returned(reading)) == []
    assert sheet_of(reading, "流水")["D2"].value == 2
    other = sheet_of(reading, "别的")["A1"]
    assert (other.value, other.data_type) == ("=x", "s")


def test_a_workbook_goes_back_as_it_was_with_marks(deliver: Deliver) -> None:
    rows = [
        ["示例银行流水"],
        HEADING_ROW,
        GOOD,
        ["S2", None, DAY, "abc", "x"],
        ["合计", None, None, 9],
    ]
    reading = deliver(typed(*rows), name=XLSX)
    book = openpyxl.load_workbook(returned(reading))
    assert book.sheetnames == [SUMMARY_SHEET, "流水"]
    sheet = sheet_of(reading, "流水")
    assert [cell.value for cell in sheet[2]] == [*HEADING_ROW, "原行号 Row", "拒收原因", "Reason"]
    assert (sheet["A1"].value, sheet["A5"].value, sheet["D5"].value) == ("示例银行流水", "合计", 9)
    names = [sheet[f"F{row}"].value for row in range(2, 6)]
    assert names == ["原行号 Row", "流水!3", "流水!4", "流水!5"]
    assert sheet["G4"].value == (
        "【户名】“户名”为必填项，此处为空，请补填。"
        "【金额】“abc”不是有效金额，请填写如 1234.50 的数字（单位：元）。"
    )
    assert str(sheet["H4"].value).startswith("[户名] 户名 must be filled in")
    assert (sheet["G3"].value, sheet["G5"].value) == (None, None)
    comments = {cell.coordinate: cell.comment for row in sheet for cell in row if cell.comment}
    assert set(comments) == {"B4", "D4"}
    assert "请补填。\n户名 must be filled in" in str(comments["B4"].text)


def test_the_mark_stands_at_the_cell_wherever_the_table_begins(deliver: Deliver) -> None:
    rows = [[], [None, None, *HEADING_ROW], [None, None, "S1", "张三", "2025-02-30", 1, None]]
    sheet = sheet_of(deliver(typed(*rows), name=XLSX), "流水")
    assert [cell.coordinate for row in sheet for cell in row if cell.comment] == ["E3"]


def test_marks_under_merged_cells_are_left_out(deliver: Deliver) -> None:
    rows = [HEADING_ROW, ["S1", "张三", "昨天", 1], ["S2", "李四", None, 1]]
    data = typed(*rows, then=lambda sheet: sheet.merge_cells("C2:C3"))
    sheet = sheet_of(deliver(data, name=XLSX), "流水")
    assert sheet["C2"].comment is not None
    assert "“昨天”不是有效日期" in str(sheet["G2"].value)
    assert "“昨天”不是有效日期" in str(sheet["G3"].value)


def test_a_second_answer_replaces_the_first(deliver: Deliver) -> None:
    reading = deliver(extract_of("S2||20250131|1|"))
    folder = returned(reading).parent
    assert [path.name for path in folder.iterdir()] == [returned(reading).name]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        (CSV, "entry_20250131"),
        ("走访台账_一组（东）_20250131.xlsx", "走访台账_一组（东）_20250131"),
        ("a'b;<c>|d\x1b_20250131.csv", "a_b_c_d__20250131"),
        (f"{'长' * 200}_20250131.csv", "长" * 66),
        ("entry__退回_01abcdef__退回_23456789.xlsx", "entry"),
        ("....csv", "file"),
    ],
)
def test_the_answer_is_named_like_the_file(
    deliver: Deliver, tmp_path: Path, name: str, stem: str
) -> None:
    report = deliver(extract_of("S2||20250131|1|")).report
    report.source_file = name
    path = returned_path(tmp_path, report)
    assert path == tmp_path / f"{stem}__退回_{report.batch_id[-8:]}.xlsx"


def test_names_of_feeds_and_files_are_only_text(deliver: Deliver) -> None:
    titled = feed(*ENTRY.columns, title={"zh": "=1+1", "en": "@x"})
    reading = deliver(extract_of("S2||20250131|1|"), titled)
    assert formulas(returned(reading)) == []


FEEDS = [each for each in load_feeds().values() if not each.is_internal and each.is_delivered]
STARTERS = [*"=+-@＝＋－＠|%", "\t", "\r", "\n"]


@pytest.mark.parametrize("of", FEEDS, ids=lambda each: each.feed)
@pytest.mark.parametrize("kind", ["list", "marked"])
def test_no_text_of_any_feed_is_active(tmp_path: Path, of: Feed, kind: str) -> None:
    """Every column times everything that begins a formula, in both forms of the answer."""
    names = list(
        dict.fromkeys(
            name for each in of.columns if each.is_read for name in each.join or (each.heading,)
        )
    )
    texts = [f"{sign}1+1" for sign in STARTERS]
    reason = RefusedCell("", names[0], texts[0], "unreadable", Sentence("=1", "=1"), 1)
    rows = [
        RefusedRow(
            "=1" if kind == "marked" else None, number, dict.fromkeys(names, text), (reason,)
        )
        for number, text in enumerate(texts, 2)
    ]
    original = tmp_path / "original.xlsx"
    if kind == "marked":
        with xlsxwriter.Workbook(original, {"strings_to_formulas": False}) as book:
            own = book.add_worksheet("=1")
            own.write_row(0, 0, names)
            for number, text in enumerate(texts, 1):
                own.write_row(number, 0, [text] * len(names))
    report = BatchReport(of.feed, "b20250131-0123456789abcdef", NIGHT, "=1.xlsx", rows_in=99)
    report.rows_quarantined, report.state = len(rows), "loaded"
    answer = Answer(rows, original=original if kind == "marked" else None, heading_rows={"=1": 1})
    path = write_returned(tmp_path, report, of, answer)
    assert path is not None
    assert formulas(path) == []
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[1] == ("=1" if kind == "marked" else ROWS_SHEET)
    delivered = [
        cell
        for row in book.worksheets[1].iter_rows(min_row=2)
        for cell in row
        if cell.value is not None and unescape(str(cell.value)) in texts
    ]
    assert len(delivered) == len(names) * len(texts)
    assert {(cell.data_type, cell.quotePrefix) for cell in delivered} == {("s", True)}


def laden(path: Path) -> bytes:
    """A workbook with everything in it that could act, and one refused row."""
    picture = path / "picture.png"
    picture.write_bytes(
        base64.b64decode(
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
            "gg=="
        )
    )

    def write(book: Any, own: Any) -> None:
        own.write_row(1, 0, ["S1", "", "2025-01-31"])
        own.write_formula(1, 3, "=1+1", None, 2)
        own.write_url(1, 4, "http://example.org", string="点这里")
        own.write_comment("A2", "=cmd", {"author": "别人"})
        own.data_validation("B2:B9", {"validate": "list", "source": "=INDIRECT(A1)"})
        rule = {"type": "formula", "criteria": '=CMD("x")', "format": book.add_format({"bold": 1})}
        own.conditional_format("A1:E9", rule)
        own.insert_image("H2", str(picture), {"url": "http://example.org"})
        own.insert_button("H9", {"macro": "evil", "caption": "点"})
        own.insert_textbox("J9", "x", {"url": "http://example.org"})
        own.protect("secret")
        own.autofilter("A1:E2")
        own.set_header("&Z&F=1")
        own.add_table("L1:M3", {"columns": [{"header": "a"}, {"header": "b", "formula": "=1+1"}]})
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=流水!$D$2:$D$2"})
        own.insert_chart("H20", chart)
        own_chart = book.add_chart({"type": "line"})
        own_chart.add_series({"values": "=流水!$D$2:$D$2"})
        book.add_chartsheet("图").set_chart(own_chart)
        book.define_name("evil", '=CMD("x")')
        book.set_custom_property("evil", "=1")
        book.set_properties({"hyperlink_base": "http://example.org", "author": "别人"})

    return written(write)


def test_nothing_that_acts_goes_back(deliver: Deliver, tmp_path: Path) -> None:
    reading = deliver(laden(tmp_path), name=XLSX)
    path = returned(reading)
    assert formulas(path) == []
    with zipfile.ZipFile(path) as package:
        names = package.namelist()
        content = {name: package.read(name) for name in names}
    odd = re.compile("drawing|media|chart|ctrlProps|tables|embed|macro|vba|custom|external|printer")
    # Our own notes on cells are drawn by a part of this name.
    assert [
        name
        for name in names
        if odd.search(name)
        and "DrawingVml" not in name
        and "commentsDrawing" not in name
        and "/comments" not in name
    ] == []
    acting = re.compile(
        rb"<(?:f|hyperlink|dataValidation|conditionalFormatting|definedName|sheetProtection|"
        rb"autoFilter|tablePart|oleObject|control|headerFooter|drawing)[\s>/]|example\.org|CMD|"
        rb"evil|FmlaMacro"
    )
    assert {
        name: acting.findall(part) for name, part in content.items() if acting.search(part)
    } == {}
    sheet = sheet_of(reading, "流水")
    assert {
        cell.coordinate: str(cell.comment.text)[:4] for row in sheet for cell in row if cell.comment
    } == {"B2": "“户名”"}
    assert [cell.value for cell in sheet[2]][2:5] == ["2025-01-31", 2, "点这里"]
    assert openpyxl.load_workbook(path).sheetnames == [SUMMARY_SHEET, "流水"]
