"""A written sheet, opened again: headings, figures, sums, page; and nothing that acts."""

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from serving.sheets.definition import Column, Definition
from serving.sheets.due import Period
from serving.sheets.render import Page, render, shown

WEEK = Period(dt.date(2026, 1, 5), dt.date(2026, 1, 11))
PAGE = Page(bank="娄烦县农村商业银行", about="王芳 E0012", period=WEEK, generation=7)
DEFINITION = Definition.model_validate(
    {
        "code": "R91",
        "title": {"zh": "名单", "en": "List"},
        "grain": "One row per customer.",
        "rhythm": "weekly",
        "reader": {"zh": "客户经理", "en": "Managers"},
        "query": "select 1",
        "columns": [
            {"name": "name", "zh": "客户", "en": "Customer"},
            {"name": "card", "zh": "卡号", "en": "Card"},
            {"name": "visits", "zh": "次数", "en": "Visits", "kind": "integer", "is_total": True},
            {
                "name": "balance",
                "zh": "余额",
                "en": "Balance",
                "kind": "wan_yuan",
                "is_total": True,
            },
            {"name": "share", "zh": "占比", "en": "Share", "kind": "percent"},
            {"name": "due", "zh": "到期", "en": "Due", "kind": "date"},
            {"name": "way", "zh": "方式", "en": "Way", "values": {"on_site": "上门"}},
        ],
        "notes": [{"zh": "说明文字。", "en": "A note."}],
    }
)
ROWS: list[dict[str, Any]] = [
    {
        "name": "=cmd|'/c calc'!A0",
        "card": "6222021234567890123",
        "visits": 2,
        "balance": Decimal("123456.78"),
        "share": Decimal("0.125"),
        "due": dt.date(2026, 1, 12),
        "way": "on_site",
    },
    {
        "name": "张三",
        "card": None,
        "visits": 1,
        "balance": Decimal("-23456.78"),
        "share": None,
        "due": None,
        "way": "branch",
    },
]


def opened(rows: list[dict[str, Any]]) -> Any:
    return openpyxl.load_workbook(io.BytesIO(render(DEFINITION, PAGE, rows))).worksheets[0]


@pytest.fixture(scope="module")
def sheet() -> Any:
    return opened(ROWS)


def test_the_head_says_what_for_whom_and_when(sheet: Any) -> None:
    assert sheet["A1"].value == "名单  List"
    assert (
        sheet["A2"].value == "娄烦县农村商业银行　王芳 E0012　期间 Period 2026-01-05 — 2026-01-11"
    )
    assert sheet["A3"].value == "R91　阅读人 For: 客户经理 Managers"


def test_headings_are_chinese_with_english_below(sheet: Any) -> None:
    assert [cell.value for cell in sheet[4]][:3] == ["客户\nCustomer", "卡号\nCard", "次数\nVisits"]


def test_values_stand_as_their_column_says(sheet: Any) -> None:
    first = [cell.value for cell in sheet[5]]
    assert first[:3] == ["=cmd|'/c calc'!A0", "6222021234567890123", 2]
    assert first[3] == pytest.approx(12.345678)
    assert (first[4], first[6]) == (0.125, "上门")
    assert first[5].date() == dt.date(2026, 1, 12)
    assert sheet["D5"].number_format == "#,##0.00_ "
    assert sheet["G6"].value == "branch", "a code without a word stands as it is"


def test_no_text_becomes_a_formula(sheet: Any) -> None:
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "d"}


def test_the_last_line_adds_up_what_can_be(sheet: Any) -> None:
    total = [cell.value for cell in sheet[7]]
    assert total[0] == "合计 Total (2)"
    assert total[2] == 3
    assert total[3] == pytest.approx(10.0)
    assert total[4] is None


def test_it_prints_as_it_looks(sheet: Any) -> None:
    assert sheet.freeze_panes == "A5"
    assert sheet.print_title_rows == "$4:$4"
    assert sheet.page_setup.paperSize == 9
    assert sheet.page_setup.fitToHeight == 0
    area = sheet.print_area.rpartition("!")[2]
    assert area.startswith("$A$1:$G$")
    assert int(area.rpartition("$")[2]) >= sheet.max_row, "the notes are printed too"


def test_columns_are_as_wide_as_what_stands_in_them(sheet: Any) -> None:
    assert sheet.column_dimensions["B"].width >= 21
    assert sheet.column_dimensions["C"].width < 12


def test_nothing_to_tell_is_told() -> None:
    assert opened([])["A5"].value == "本期无记录 Nothing to tell of this period"


def test_equal_rows_make_equal_files() -> None:
    assert render(DEFINITION, PAGE, ROWS) == render(DEFINITION, PAGE, list(ROWS))


def test_an_amount_can_stand_in_capitals() -> None:
    column = Column(name="a", zh="大写", en="In capitals", kind="capital")
    assert shown(column, Decimal("300.00")) == "叁佰元整"


def test_a_column_adds_up_only_figures() -> None:
    with pytest.raises(ValueError, match="cannot be added up"):
        Column(name="a", zh="甲", en="A", kind="date", is_total=True)
