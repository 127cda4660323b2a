"""The sheet that went back comes home: only its corrected rows load, whatever was done to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ingestion.ledger import open_refusals, open_rows
from ingestion.returning.slip import REASON_HEADINGS, ROW_HEADING, ROWS_SHEET, SUMMARY_SHEET, Slip
from tests.unit.ingestion.books import DAY, GOOD, HEADING_ROW, typed
from tests.unit.ingestion.house import House
from tests.unit.ingestion.made_up import CSV, XLSX, extract_of
from tests.unit.ingestion.returning.homecoming import (
    ALL,
    EXTRACT,
    Change,
    come_home,
    deliver,
    drop_names,
    in_lake,
    mended,
    put,
    told,
)

pytestmark = pytest.mark.usefixtures("in_this_process")

BOOK: list[list[object]] = [
    ["示例银行流水"],
    [*HEADING_ROW],
    GOOD,
    ["S2", None, DAY, 2, "x"],
    ["S3", "王五", "昨天", 3, None],
    ["合计", None, None, 6.5],
]


@pytest.mark.parametrize("name", ["改好了.xlsx", XLSX, "sub/entry__退回_00000000.XLSX"])
def test_of_an_extract_only_the_corrected_rows_load(house: House, name: str) -> None:
    first = deliver(house)
    second = come_home(house, first, put(E2="李四", F3="2025-01-30"), name)
    assert (second.rows_loaded, second.rows_quarantined, second.rows_not_data) == (2, 0, 1)
    assert (second.feed, second.business_date) == (first.feed, first.business_date)
    assert (second.corrects, second.returned, second.notes) == (first.batch_id, None, [])
    assert in_lake(house) == ALL
    assert house.states() == ["loaded", "loaded"]
    assert open_rows(house.ledger.deliveries()) == {first.batch_id: 0}


def test_a_workbook_comes_home_with_its_loaded_rows(house: House) -> None:
    first = deliver(house, typed(*BOOK), XLSX)
    second = come_home(house, first, put(B4="李四", C5=DAY.replace(day=30)))
    assert (second.rows_in, second.rows_loaded, second.rows_quarantined) == (6, 2, 0)
    assert in_lake(house) == ALL
    assert second.notes == []


def test_what_is_still_wrong_goes_back_once_more(house: House) -> None:
    first = deliver(house)
    second = come_home(house, first, put(E2="李四", F3="2025-02-30"), "一.xlsx")
    assert (second.rows_loaded, second.rows_quarantined) == (1, 1)
    assert open_rows(house.ledger.deliveries()) == {first.batch_id: 1}
    assert second.returned is not None
    sheet = openpyxl.load_workbook(second.returned)[ROWS_SHEET]
    assert [sheet["B2"].value, str(sheet["B3"].value)[:17]] == [None, "【日期】“2025-02-30”不"]
    red = {cell.coordinate for row in sheet for cell in row if cell.fill.fill_type == "solid"}
    assert red == {"B3", "C3", "F3"}
    third = come_home(house, second, put(F3="2025-01-30"), "二.xlsx")
    assert (third.rows_loaded, third.rows_quarantined, third.rows_not_data) == (1, 0, 2)
    assert third.corrects == first.batch_id
    assert in_lake(house) == ALL
    assert open_rows(house.ledger.deliveries()) == {first.batch_id: 0}


def test_a_marked_workbook_goes_back_and_forth(house: House) -> None:
    first = deliver(house, typed(*BOOK), XLSX)
    second = come_home(house, first, put(B4="李四"), "一.xlsx")
    assert second.returned is not None
    book = openpyxl.load_workbook(second.returned)
    assert book.sheetnames == [SUMMARY_SHEET, "流水"]
    sheet = book["流水"]
    headings = [*HEADING_ROW, ROW_HEADING, *REASON_HEADINGS]
    assert [cell.value for cell in sheet[2]] == headings
    assert (sheet["G4"].value, sheet["B4"].fill.fill_type) == (None, None)
    third = come_home(house, second, put(C5="2025-01-30"), "二.xlsx")
    assert (third.rows_loaded, third.rows_quarantined) == (1, 0)
    assert in_lake(house) == ALL


@pytest.mark.parametrize(("name", "content"), [(CSV, EXTRACT), (XLSX, typed(*BOOK))])
def test_a_sheet_laid_back_as_it_is_loads_nothing_and_goes_back(
    house: House, name: str, content: str | bytes
) -> None:
    first = deliver(house, content, name)
    assert first.returned is not None
    second = deliver(house, first.returned.read_bytes(), first.returned.name)
    assert (second.state, second.rows_loaded, second.rows_quarantined) == ("loaded", 0, 2)
    assert second.reasons == first.reasons
    assert second.returned is not None
    assert second.returned.name.count("退回") == 1
    assert open_rows(house.ledger.deliveries()) == {first.batch_id: 2}


def sort_down(book: Any) -> None:
    """The clerk puts the rows below the heading upside down and takes the title away."""
    sheet = book.worksheets[1]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=3)]
    for number, values in enumerate(reversed(rows), 3):
        for place, value in enumerate(values, 1):
            sheet.cell(number, place).value = value
    sheet.delete_rows(1)


def test_rows_find_home_when_they_are_sorted_deleted_and_moved(house: House) -> None:
    first = deliver(house, typed(*BOOK), XLSX)

    def change(book: Any) -> None:
        put(B4="李四", C5="2025-01-30")(book)
        sort_down(book)
        book.worksheets[1].title = "改过名"
        book.move_sheet(SUMMARY_SHEET, 1)

    second = come_home(house, first, change)
    assert (second.rows_loaded, second.rows_quarantined) == (2, 0)
    assert in_lake(house) == ALL


def test_a_deleted_row_stays_open(house: House) -> None:
    first = deliver(house)

    def change(book: Any) -> None:
        put(E2="李四")(book)
        book.worksheets[1].delete_rows(3)

    second = come_home(house, first, change)
    assert (second.rows_loaded, second.rows_quarantined) == (1, 0)
    assert open_rows(house.ledger.deliveries()) == {first.batch_id: 1}


def test_an_emptied_row_is_no_data(house: House) -> None:
    first = deliver(house)
    second = come_home(house, first, put(E2="李四", D3=None, E3=None, F3=None, G3=None))
    assert (second.rows_loaded, second.rows_quarantined, second.rows_not_data) == (1, 0, 2)


@pytest.mark.parametrize(
    ("cells", "code", "zh"),
    [
        ({"A2": None, "E2": "李四"}, "unknown_row", "没有“原行号”"),
        ({"A2": 99, "E2": "李四"}, "unknown_row", "与被拒收的行不符"),
        ({"A2": "x!3", "E2": "李四"}, "unknown_row", "与被拒收的行不符"),
        ({"A2": "2'; DROP TABLE t;--", "E2": "李四"}, "unknown_row", "与被拒收的行不符"),
        ({"A2": 2, "D2": "S1", "E2": "李四"}, "loaded_before", "此前已入库"),
        ({"D2": "S1", "E2": "李四"}, "conflict", "主键（流水号）与原文件中已入库的行相同"),
    ],
)
def test_a_row_that_corrects_nothing_is_refused(
    house: House, cells: dict[str, object], code: str, zh: str
) -> None:
    first = deliver(house)
    second = come_home(house, first, put(**cells, F3="2025-01-30"))
    assert (second.rows_loaded, second.rows_quarantined) == (1, 1)
    assert second.reasons == {code: 1}
    assert zh in str(told(second, 1)[0])
    assert in_lake(house) == [ALL[0], ALL[2]]


def test_two_rows_of_one_name_are_both_refused(house: House) -> None:
    second = come_home(house, deliver(house), put(E2="李四", A3=3, F3="2025-01-30", A2=3))
    assert (second.rows_loaded, second.reasons) == (0, {"unknown_row": 2})


def test_a_row_that_was_loaded_and_is_as_it_was_is_no_data(house: House) -> None:
    """Also one an earlier correction loaded; never is it loaded twice."""
    first = deliver(house)
    come_home(house, first, put(E2="李四"), "一.xlsx")
    second = come_home(house, first, put(E2="李四", F3="2025-01-30"), "二.xlsx")
    assert (second.rows_loaded, second.rows_quarantined, second.rows_not_data) == (1, 0, 2)
    assert in_lake(house) == ALL


def test_a_loaded_row_that_was_changed_is_refused_with_the_way_to_do_it(house: House) -> None:
    first = deliver(house, typed(*BOOK), XLSX)
    second = come_home(house, first, put(B4="李四", B3="别人"))
    assert (second.rows_loaded, second.reasons) == (1, {"loaded_before": 1, "unreadable": 1})
    assert ("S1", "张三", "2025-01-31") in in_lake(house)


def test_the_same_sheet_twice_is_no_news(house: House) -> None:
    first = deliver(house)
    content = mended(first, put(E2="李四"))
    deliver(house, content, "一.xlsx")
    house.land("二.xlsx", content)
    receipt = house.receive()
    assert (receipt.pending, len(receipt.duplicates)) == ([], 1)
    assert house.receive().received == []
    assert house.states() == ["loaded", "loaded", "duplicate"]


def test_the_whole_file_again_takes_the_place_of_file_and_corrections(house: House) -> None:
    first = deliver(house)
    come_home(house, first, put(E2="李四"))
    deliver(house, extract_of("S2|赵六|20250131|2.00|"))
    assert house.states() == ["superseded", "superseded", "loaded"]
    assert in_lake(house) == [("S2", "赵六", "2025-01-31")]
    assert len(house.in_lake()) == 1


def test_a_correction_of_a_replaced_file_is_refused_by_name(house: House) -> None:
    first = deliver(house)
    deliver(house, extract_of("S2|赵六|20250131|2.00|"))
    second = come_home(house, first, put(E2="李四"))
    assert second.state == "refused"
    assert second.refusal is not None
    assert f"{CSV} (batch b20250131-" in second.refusal.en
    assert "代替" in second.refusal.zh
    assert second.returned is not None
    assert in_lake(house) == [("S2", "赵六", "2025-01-31")]
    assert open_refusals(house.ledger.deliveries()) == [], "nobody has to do anything"


BAD = [f"B{number}||20250131|1.00|" for number in range(10)]
SOUND = [f"G{number}|张三|20250131|1.00|" for number in range(15)]


def fill(book: Any) -> None:
    sheet = book.worksheets[1]
    place = next(cell.column for cell in sheet[1] if cell.value == "户名")
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, place).value = sheet.cell(row, place).value or "李四"


@pytest.mark.parametrize("kind", ["list", "marked"])
def test_of_a_file_refused_as_a_whole_all_rows_go_back_and_take_its_place(
    house: House, kind: str
) -> None:
    content: str | bytes = extract_of(*BAD, *SOUND)
    if kind == "marked":
        rows = [[cell or None for cell in line.split("|")] for line in (*BAD, *SOUND)]
        content = typed(HEADING_ROW, *rows)
    name = CSV if kind == "list" else XLSX
    first = deliver(house, content, name)
    assert (first.state, first.rows_loaded) == ("refused", 0)
    second = come_home(house, first, fill)
    assert (second.state, second.rows_loaded) == ("loaded", 25)
    assert open_refusals(house.ledger.deliveries()) == []
    assert len(in_lake(house)) == 25
    deliver(house, extract_of("S2|赵六|20250131|2.00|"), CSV)
    assert house.states() == ["refused", "superseded", "loaded"]


def test_a_slip_of_another_batch_finds_no_home(house: House, tmp_path: Path) -> None:
    """The name of a file says nothing, and what it claims has to be known here."""
    (tmp_path / "other").mkdir()
    strange = deliver(House(tmp_path / "other"))
    content = mended(strange, put(E2="李四"))
    house.land("x.xlsx", content)
    receipt = house.receive()
    assert [path.name for path in receipt.unclaimed] == ["x.xlsx"]
    assert "is not known here" in receipt.notes[0].en
    report = deliver(house, content, XLSX)
    assert report.refusal is not None
    assert "of no batch that is known here" in report.refusal.en
    assert house.in_lake() == []


def forge(book: Any) -> None:
    sheet = book[SUMMARY_SHEET]
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell.value, str) and Slip.of(cell.value):
                book.worksheets[1]["Z99"] = cell.value
                cell.value = None


@pytest.mark.parametrize(
    ("change", "zh"),
    [(forge, "识别码缺失或被改动"), (drop_names, "缺少“原行号 Row”列")],
)
def test_a_sheet_that_lost_what_tells_it_is_refused(house: House, change: Change, zh: str) -> None:
    second = come_home(house, deliver(house), change)
    assert second.refusal is not None
    assert zh in second.refusal.zh
    assert len(in_lake(house)) == 1


def test_without_its_summary_the_marked_book_is_the_whole_file(house: House) -> None:
    def change(book: Any) -> None:
        put(B4="李四", C5="2025-01-30")(book)
        del book[SUMMARY_SHEET]

    first = deliver(house, typed(*BOOK), XLSX)
    second = come_home(house, first, change, XLSX)
    assert (second.corrects, second.rows_loaded) == (None, 3)
    assert house.states() == ["superseded", "loaded"]


@pytest.mark.parametrize("name", [CSV, XLSX])
def test_a_list_without_its_summary_takes_no_files_place(house: House, name: str) -> None:
    """Copied into another book or saved as text, the refused rows are not the whole file."""
    first = deliver(house)
    assert first.returned is not None
    rows = list(openpyxl.load_workbook(first.returned)[ROWS_SHEET].iter_rows(values_only=True))
    as_text = extract_of(*("|".join(map(str, row)) for row in rows[1:]), headings="|".join(rows[0]))
    second = deliver(house, as_text if name == CSV else typed(*rows), name)
    assert second.refusal is not None
    assert "只列出拒收行的退回表" in second.refusal.zh
    assert house.states() == ["loaded", "refused"]
    assert len(in_lake(house)) == 1
