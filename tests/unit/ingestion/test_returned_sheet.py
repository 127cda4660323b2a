"""The sheet that goes back: the sender's own rows, why they are refused, and nothing active."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from ingestion.batch import EXPLAINED_ROWS
from ingestion.returned_sheet import ROWS_SHEET, SUMMARY_SHEET, returned_path
from tests.unit.ingestion.books import DAY, GOOD, HEADING_ROW, typed, written
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.house import House
from tests.unit.ingestion.made_up import CSV, ENTRY, XLSX, Reading, extract_of, feed

ACTIVE = ["=1+1", "+86 10", "-3+3", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x","y")', "＝1+1"]


def returned(reading: Reading) -> Path:
    path = reading.report.returned
    assert path is not None
    return path


def sheet_of(reading: Reading, name: str) -> Worksheet:
    found = openpyxl.load_workbook(returned(reading))[name]
    assert isinstance(found, Worksheet)
    return found


def cells(sheet: Worksheet) -> list[list[object]]:
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def formulas(path: Path) -> list[str]:
    """Parts of the package that hold a formula or a link, whatever a library makes of them."""
    with zipfile.ZipFile(path) as package:
        return [
            name
            for name in package.namelist()
            if "externalLink" in name or re.search(rb"<(?:f|hyperlink)[\s>/]", package.read(name))
        ]


def test_a_sound_file_needs_no_answer(deliver: Deliver) -> None:
    assert deliver(extract_of("S1|张三|20250131|1|")).report.returned is None


def test_of_an_extract_the_refused_rows_go_back(deliver: Deliver) -> None:
    reading = deliver(
        extract_of("S1|张三|20250131|1|", "S2||2025-02-30|1,,2|x", "S3|李四", "S4|王五|||")
    )
    heading, first, second = cells(sheet_of(reading, ROWS_SHEET))
    assert heading == ["行号 Row", "拒收原因", "Reason", *HEADING_ROW, "原文 Whole line"]
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
    assert [cell.value for cell in sheet[2]] == [*HEADING_ROW, "拒收原因", "Reason"]
    assert (sheet["A1"].value, sheet["A5"].value, sheet["D5"].value) == ("示例银行流水", "合计", 9)
    assert sheet["F4"].value == (
        "【户名】“户名”为必填项，此处为空，请补填。"
        "【金额】“abc”不是有效金额，请填写如 1234.50 的数字（单位：元）。"
    )
    assert str(sheet["G4"].value).startswith("[户名] 户名 must be filled in")
    assert (sheet["F3"].value, sheet["F5"].value) == (None, None)
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
    assert "“昨天”不是有效日期" in str(sheet["F2"].value)
    assert "“昨天”不是有效日期" in str(sheet["F3"].value)


def test_rows_put_right_in_the_returned_sheet_are_read_from_it(deliver: Deliver) -> None:
    """He mends it and delivers it again under the same name."""
    rows = [["标题"], HEADING_ROW, GOOD, ["S2", None, DAY, "abc", "x"], ["合计", None, None, 9]]
    book = openpyxl.load_workbook(returned(deliver(typed(*rows), name=XLSX)))
    book["流水"]["B4"], book["流水"]["D4"] = "李四", 7.5
    buffer = io.BytesIO()
    book.save(buffer)
    again = deliver(buffer.getvalue(), name=XLSX)
    assert again.values("serial_id") == ["S1", "S2"]
    assert again.report.rows_quarantined == 0
    assert [note.zh.rpartition("：")[2] for note in again.report.notes] == [
        "汇总 Summary。",
        "拒收原因、Reason。",
    ]
    assert again.adds_up()


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
        (f"{'长' * 200}_20250131.csv", "长" * 100),
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


def test_the_list_of_refused_rows_takes_no_good_row_away(house: House) -> None:
    """Of an extract only the refused rows go back; the list delivered would replace them all."""
    house.land(CSV, extract_of("S1|张三|20250131|1|", "S2||20250131|1|"))
    (report,) = house.extract(house.receive().pending)
    assert report.returned is not None
    book = openpyxl.load_workbook(report.returned)
    book[ROWS_SHEET]["E2"] = "李四"
    buffer = io.BytesIO()
    book.save(buffer)
    house.land(XLSX, buffer.getvalue())
    house.extract(house.receive().pending)
    assert house.states() == ["loaded", "refused"]
    (refused,) = house.ledger.deliveries(state="refused")
    assert refused.refusal is not None
    assert "again under its own name" in refused.refusal.en
    assert "重新报送整份文件" in refused.refusal.zh
