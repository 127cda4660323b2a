"""Merged cells: what is repeated, and what nobody can know and is refused."""

from __future__ import annotations

from typing import Any

from tests.unit.ingestion.books import DAY, GOOD, HEADING_ROW, SHEET, merged, patched, typed
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import XLSX, Reading


def delivered(deliver: Deliver, rows: list[list[Any]], *areas: str) -> Reading:
    return deliver(typed(HEADING_ROW, *rows, then=merged(*areas)), name=XLSX)


def codes(reading: Reading) -> list[list[str]]:
    return [refused.codes for refused in reading.refused]


def test_a_value_merged_downwards_counts_for_each_row(deliver: Deliver) -> None:
    rows = [[f"S{n}", "张三" if n == 1 else None, DAY, n, None] for n in (1, 2, 3)]
    reading = delivered(deliver, rows, "B2:B4")
    assert reading.values("customer_name") == ["张三"] * 3
    assert reading.report.adjusted == {"merged": 2}
    (note,) = reading.report.notes
    assert note.zh == "工作表“流水”有 1 处纵向合并单元格，其值用于所覆盖的每一行。"
    assert "1 vertically merged areas; their value counts for each row" in note.en


def test_a_figure_merged_downwards_is_refused(deliver: Deliver) -> None:
    """300 over three rows was loaded as 300 in each: 900."""
    rows = [[f"S{n}", "张三", DAY, 300 if n == 1 else None, None] for n in (1, 2, 3, 4)]
    reading = delivered(deliver, rows, "D2:D4")
    assert (reading.values("serial_id"), codes(reading)) == (["S4"], [["merged"]] * 3)
    assert "无法确定是每行各有此数还是各行合计" in reading.refused[0].sentence.zh
    assert reading.adds_up()


def test_a_value_under_a_merged_area_is_not_replaced(deliver: Deliver) -> None:
    """WPS keeps what stood in the cells it merges: 李四 became 张三."""
    book = typed(HEADING_ROW, GOOD, ["S2", "李四", DAY, 2, None], ["S3", None, DAY, 3, None])
    area = b'<mergeCells count="1"><mergeCell ref="B2:B4"/></mergeCells><pageMargins'
    data = patched(book, {SHEET: lambda part: part.replace(b"<pageMargins", area, 1)})
    reading = deliver(data, name=XLSX)
    assert reading.values("customer_name") == ["张三", "张三"]
    assert (reading.refused[0].row, codes(reading)) == (3, [["merged"]])
    assert "其下还保存着另一个值" in reading.refused[0].sentence.zh


def test_a_merged_area_makes_no_row_of_an_empty_one(deliver: Deliver) -> None:
    """A book with a row merged over an empty one was refused for a row too many."""
    reading = delivered(deliver, [GOOD, [], ["S2", "李四", DAY, 2, None]], "A2:A3", "B2:B3")
    assert [row["source_row"] for row in reading.rows] == [2, 4]
    assert reading.adds_up()


def test_what_is_merged_with_other_columns_is_refused(deliver: Deliver) -> None:
    rows = [["S1", "张三", None, 1, None], ["S2", "李四", DAY, 1, None]]
    reading = delivered(deliver, rows, "B2:C2")
    assert (reading.values("serial_id"), codes(reading)) == (["S2"], [["merged"]])
    assert "单元格与右侧的其他列合并" in reading.refused[0].sentence.zh


def test_what_is_merged_with_columns_of_nobody_counts(deliver: Deliver) -> None:
    assert delivered(deliver, [[*GOOD, None]], "E2:F2").values("note_text") == ["注"]
