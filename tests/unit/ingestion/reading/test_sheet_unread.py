"""Sheets beside the table: a second page without headings holds the file, a list of codes not."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest

from tests.unit.ingestion.books import DAY, GOOD, HEADING_ROW
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import XLSX

Rows = list[list[Any]]


def book_of(*sheets: tuple[str, Rows]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_a_second_page_without_headings_holds_the_file(deliver: Deliver) -> None:
    """Its rows were left out with a note; the file was loaded without them."""
    more: Rows = [
        ["S2", "李四", DAY, 2, None],
        ["S3", "王五", None, 3, "注"],
        ["合计", None, None, 5],
    ]
    reading = deliver(book_of(("流水", [HEADING_ROW, GOOD]), ("续表", more)), name=XLSX)
    assert (reading.report.state, reading.rows) == ("held", [])
    (doubt,) = reading.report.doubts
    assert doubt.code == "unread_sheet"
    assert "“续表”没有约定的标题，未读取，但其中 2 行与“流水”的数据格式相同" in doubt.reason.zh
    assert "Add the headings and deliver it again" in doubt.reason.en
    assert reading.adds_up()


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([["填表说明"], ["一、金额以元为单位。"]], id="instructions"),
        pytest.param([["代码", "名称"], ["A", "重点客户"], ["B", "目标客户"]], id="codes"),
        pytest.param([["支行", "户数", None, "金额"], ["城东", "12", None, "不详"]], id="another"),
        pytest.param([[None, "S2", "李四", DAY, 2]], id="shifted"),
    ],
)
def test_what_stands_beside_the_table_is_only_told(deliver: Deliver, rows: Rows) -> None:
    reading = deliver(book_of(("流水", [HEADING_ROW, GOOD]), ("其他", rows)), name=XLSX)
    assert (reading.report.state, len(reading.rows)) == ("loaded", 1)
    assert "未读取：其他" in reading.report.notes[0].zh
