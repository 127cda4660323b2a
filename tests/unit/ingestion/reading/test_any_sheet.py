"""Any sheet a clerk may make: each of its rows is loaded, refused or no data, and none is lost."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.ingestion.books import DAY, HEADING_ROW, typed, written
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import XLSX

SERIAL = st.sampled_from(["L", "L", "L", "L", None, "合计", "小计：", "制表人：张三", "流水号", 7])
CELLS = [
    st.sampled_from(["张三", "李四", "户名", "合计", " ", "１２", None, 1e15, "=1+1", 12.5]),
    st.sampled_from([DAY, 45688, "2025年1月31日", "45688", 1, "日期", None, "#N/A", 22000]),
    st.sampled_from([1, 1.5, "3万", "1,234.50元", "（5）", None, True, "=A1", 0.1 + 0.2, "#REF!"]),
    st.sampled_from(["注", None, " ", "a\nb", "𠮷", "=TODAY()", "x" * 300]),
]
BLANK: list[Any] = [None] * 5
ROW = st.one_of(
    st.tuples(SERIAL, *CELLS).map(list),
    st.tuples(SERIAL, *CELLS).map(list),
    st.sampled_from([BLANK, HEADING_ROW, ["台账", *BLANK[1:]], [" ", *BLANK[1:]]]),
)
ABOVE = st.lists(
    st.sampled_from([BLANK, ["台账", *BLANK[1:]], ["单位：元", *BLANK[1:]]]), max_size=3
)
MERGES = st.lists(
    st.tuples(st.integers(2, 8), st.integers(0, 3), st.integers(0, 4), st.integers(0, 1)),
    max_size=2,
)


def number_rows(above: list[Any], rows: list[Any]) -> list[list[Any]]:
    """The rows as they are typed in; a good serial tells its own row."""
    found = [*above, HEADING_ROW]
    for cells in rows:
        serial = f"L{len(found) + 1}" if cells[0] == "L" else cells[0]
        found.append([serial, *cells[1:]])
    return [list(cells) for cells in found]


def by_typing(rows: list[list[Any]], merges: list[Any], hidden: set[int]) -> bytes:
    def then(sheet: Any) -> None:
        for top, down, left, right in merges:
            if down or right:
                area = {"start_row": top, "end_row": top + down}
                sheet.merge_cells(**area, start_column=left + 1, end_column=left + right + 1)
        for number in hidden:
            sheet.row_dimensions[number].hidden = True

    return typed(*rows, then=then)


def by_program(rows: list[list[Any]], hidden: set[int]) -> bytes:
    def write(book: Any, sheet: Any) -> None:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for number, cells in enumerate(rows):
            for place, value in enumerate(cells):
                if value == DAY:
                    sheet.write_datetime(number, place, value, day)
                elif isinstance(value, str) and value.startswith("="):
                    sheet.write_formula(number, place, value, None, 1)
                elif isinstance(value, str) and value.startswith("#"):
                    sheet.write_formula(number, place, "=1/0", None, value)
                else:
                    sheet.write(number, place, value)
        for number in hidden:
            sheet.set_row(number - 1, None, None, {"hidden": True})

    return written(write, *[str(cell) for cell in rows[0] if cell] or ["流水号"])


def rows_by_another_reader(data: bytes) -> set[int]:
    """Numbers of the rows in which a reader that shares nothing with ours finds anything."""
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    return {cell.row for cells in sheet.iter_rows() for cell in cells if cell.value is not None}


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    above=ABOVE,
    rows=st.lists(ROW, min_size=1, max_size=12),
    merges=MERGES,
    hidden=st.sets(st.integers(2, 9), max_size=2),
    is_typed=st.booleans(),
)
def test_every_row_of_any_sheet_is_loaded_refused_or_no_data(
    deliver: Deliver,
    above: list[Any],
    rows: list[Any],
    merges: list[Any],
    hidden: set[int],
    is_typed: bool,
) -> None:
    told = number_rows(above, rows)
    # Areas must not overlap, as in any book that Excel saves.
    data = by_typing(told, merges[:1], hidden) if is_typed else by_program(told, hidden)
    reading = deliver(data, name=XLSX)
    report = reading.report
    if report.refusal is not None:
        return
    there = rows_by_another_reader(data)
    assert report.rows_in == report.counted_rows == len(there)
    assert reading.adds_up()
    loaded = {row["source_row"] for row in reading.rows}
    refused = {row.row for row in reading.refused}
    assert len(reading.rows) == len(loaded)
    assert not loaded & refused
    assert loaded | refused <= there
    assert len(refused) == report.rows_quarantined
    assert all(row.reasons for row in reading.refused)
    for row in reading.rows:
        if str(row["serial_id"]).startswith("L"):
            assert row["serial_id"] == f"L{row['source_row']}"
    # What fills in a serial of its own and a name is data, whatever else is wrong with it.
    for number in there - loaded - refused:
        assert not str(told[number - 1][0]).startswith("L")
