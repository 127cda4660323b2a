"""Cells of a workbook that no reader of texts shows: errors, formulas, damaged numbers, formats."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from ingestion.reading.sheet_shown import percentage
from tests.unit.ingestion.books import DAY, GOOD, HEADING_ROW, patched, raw, row, typed, written
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import SERIAL, XLSX, column, feed

ERROR_ZH = "单元格是公式错误值（如 #N/A、#REF!），请改正公式或直接填写数值。"
FORMULA_ZH = "公式没有保存计算结果，无法得知数值；请用 Excel 打开、保存后重新报送，或粘贴为数值。"
DAMAGED_ZH = (
    "超过 15 位的号码以数字形式保存，末尾几位已被 Excel 改为 0，原号码已丢失；"
    "请将该列设为文本格式后重新填写。"
)


@pytest.mark.parametrize(
    ("cells", "heading", "raw_text", "code", "zh", "en"),
    [
        (["S1", "张三", DAY, "#N/A"], "金额", "#N/A", "error_cell", ERROR_ZH, "correct the"),
        (["S1", "#REF!", DAY, 1], "户名", "#REF!", "error_cell", ERROR_ZH, "write the value"),
        (["S1", "张三", "#VALUE!", 1], "日期", "#VALUE!", "error_cell", ERROR_ZH, "#N/A or #REF!"),
        (["S1", "张三", DAY, "=1+1"], "金额", None, "formula", FORMULA_ZH, "open and save"),
        (["S1", "张三", DAY, 1, "=A1"], "备注", None, "formula", FORMULA_ZH, "paste the value"),
        (
            [123456789012345678, "张三", DAY, 1],
            "流水号",
            "1.234567890123457e+17",
            "damaged_number",
            DAMAGED_ZH,
            "format the column as text and enter it again",
        ),
        (
            [1000000000000000, "张三", DAY, 1],
            "流水号",
            "1000000000000000",
            "damaged_number",
            DAMAGED_ZH,
            "more than 15 digits was stored as a number",
        ),
    ],
)  # fmt: skip
def test_a_cell_that_lost_its_value_is_refused_never_empty(
    deliver: Deliver,
    cells: list[object],
    heading: str,
    raw_text: str | None,
    code: str,
    zh: str,
    en: str,
) -> None:
    reading = deliver(typed(HEADING_ROW, cells, ["S2", "李四", DAY, 2]), name=XLSX)
    assert reading.values("serial_id") == ["S2"]
    (refused,) = reading.refused
    (reason,) = refused.reasons
    assert (refused.sheet, refused.row, reason["heading"]) == ("流水", 2, heading)
    assert (reason["raw"], reason["code"]) == (raw_text, code)
    assert refused.sentence.zh == zh
    assert en in refused.sentence.en
    assert reading.adds_up()


def test_other_mistakes_of_such_a_row_are_told_too(deliver: Deliver) -> None:
    reading = deliver(typed(HEADING_ROW, ["S1", None, DAY, "#N/A"]), name=XLSX)
    assert sorted(reading.refused[0].codes) == ["error_cell", "missing"]


def test_an_odd_cell_under_no_heading_of_the_feed_is_nobodys(deliver: Deliver) -> None:
    rows = [[*HEADING_ROW, "校验"], [*GOOD, "#N/A"], [*GOOD[:-1], "重", "=1+1"]]
    reading = deliver(typed(*rows), name=XLSX)
    assert [refused.codes for refused in reading.refused] == [["conflict"], ["conflict"]]


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ('<c r="D2"><f>1+1</f><v>2</v></c>', Decimal("2.00")),
        ('<c r="D2" t="str"><f>A1</f><v>1,234.50元</v></c>', Decimal("1234.50")),
        ('<c r="D2" t="str"><f>""</f><v></v></c>', None),
        ('<c r="D2" s="0"/>', None),
    ],
)
def test_a_formula_is_its_saved_result(deliver: Deliver, cell: str, amount: Decimal | None) -> None:
    assert deliver(raw(row(2, "S1", "张三", more=cell)), name=XLSX).values("amount") == [amount]


def test_a_last_row_of_formulas_without_a_result_is_refused(deliver: Deliver) -> None:
    """The reader of texts ends before it; the whole book was refused for a wrong count."""
    rows = [row(2, "S1", "张三"), '<row r="3"><c r="D3"><f>A1</f></c></row>']
    reading = deliver(raw(*rows), name=XLSX)
    assert reading.values("serial_id") == ["S1"]
    (refused,) = reading.refused
    assert (refused.row, sorted(refused.codes)) == (3, ["formula", "missing", "missing"])
    assert reading.adds_up()


@pytest.mark.parametrize("place", [0, 7])
def test_formulas_without_a_result_beside_the_table_are_nobodys(
    deliver: Deliver, place: int
) -> None:
    """The reader of texts does not see their column; the book was called damaged."""
    blank = [None] * (1 if place == 0 else 0)
    rows = [[*blank, *HEADING_ROW], [*blank, *GOOD]]

    def check(sheet: Any) -> None:
        sheet.cell(2, place + 1).value = "=LEN(B2)"

    reading = deliver(typed(*rows, then=check), name=XLSX)
    assert (reading.values("serial_id"), reading.report.state) == (["S1"], "loaded")


@pytest.mark.parametrize(
    ("number", "amount"),
    [
        (1234567.89, "1234567.89"),
        (0.1 + 0.2, "0.30"),
        (123456789012.34, "123456789012.34"),
        (999999999999.99, "999999999999.99"),
        (-5, "-5.00"),
        (0, "0.00"),
        (1e14, "100000000000000.00"),
    ],
)
def test_a_number_is_what_the_clerk_saw(deliver: Deliver, number: float, amount: str) -> None:
    reading = deliver(typed(HEADING_ROW, ["S1", "张三", DAY, number]), name=XLSX)
    assert reading.values("amount") == [Decimal(amount)]


@pytest.mark.parametrize(("number", "code"), [(12.345, "unreadable"), (1 / 3, "unreadable")])
def test_a_number_is_not_rounded_to_the_fen(deliver: Deliver, number: float, code: str) -> None:
    (refused,) = deliver(typed(HEADING_ROW, ["S1", "张三", DAY, number]), name=XLSX).refused
    assert refused.codes == [code]
    assert "超过两位小数，金额精确到分" in refused.sentence.zh


@pytest.mark.parametrize(
    ("typed_in", "amount"),
    [
        ("１，２３４．５０", "1234.50"),
        ("1,234.50元", "1234.50"),
        ("3万", "30000.00"),
        ("（432）", "-432.00"),
        (" 12 ", "12.00"),
    ],
)
def test_amounts_typed_as_text_are_read(deliver: Deliver, typed_in: str, amount: str) -> None:
    reading = deliver(typed(HEADING_ROW, ["S1", "张三", DAY, typed_in]), name=XLSX)
    assert reading.values("amount") == [Decimal(amount)]


def test_texts_stay_texts(deliver: Deliver) -> None:
    names = ["0012", "123456789012345678", "𠮷田", "阿卜杜拉·买买提", "=1+1", "+86", "true"]

    def write(_: Any, sheet: Any) -> None:
        for number, name in enumerate(names, 1):
            sheet.write_string(number, 0, f"S{number}")
            sheet.write_string(number, 1, name)

    assert deliver(written(write), name=XLSX).values("customer_name") == names


@pytest.mark.parametrize(
    ("value", "text"), [(12, "12"), (12.5, "12.5"), (True, "true"), (3.14, "3.14")]
)
def test_a_number_under_a_text_is_its_digits(deliver: Deliver, value: object, text: str) -> None:
    reading = deliver(typed(HEADING_ROW, ["S1", "张三", DAY, 1, value]), name=XLSX)
    assert reading.values("note_text") == [text]


def test_a_control_character_is_refused_by_its_cell(deliver: Deliver) -> None:
    (refused,) = deliver(raw(row(2, "S1", "张_x0001_三")), name=XLSX).refused
    assert (refused.codes, refused.reasons[0]["heading"]) == (["unreadable"], "户名")
    assert "含有不可见的控制字符，请删除后重填" in refused.sentence.zh


DATES = [
    (dt.date(2024, 2, 29), "yyyy-mm-dd"),
    (dt.date(2024, 2, 29), 'yyyy"年"m"月"d"日"'),
    ("2024年2月29日", None),
    ("２０２４－２－２９", None),
    (20240229, None),
]


@pytest.mark.parametrize("is_1904", [False, True])
def test_every_form_of_a_day_is_that_day(deliver: Deliver, is_1904: bool) -> None:
    def write(book: Any, sheet: Any) -> None:
        serial = 43889 if is_1904 else 45351
        serials = [(serial, None), (serial + 0.5, None), (serial + 0.5, "yyyy-mm-dd hh:mm")]
        for number, (value, form) in enumerate([*DATES, *serials], 1):
            style = book.add_format({"num_format": form}) if form else None
            sheet.write_row(number, 0, [f"S{number}", "张三"])
            place = (number, 2, value, style)
            (sheet.write_datetime if isinstance(value, dt.date) else sheet.write)(*place)

    reading = deliver(written(write, options={"date_1904": is_1904}), name=XLSX)
    assert reading.values("booked_date") == [dt.date(2024, 2, 29)] * 8


@pytest.mark.parametrize("is_1904", [False, True])
@pytest.mark.parametrize("value", [0, 0.5])
def test_zero_shown_as_a_date_is_refused(deliver: Deliver, is_1904: bool, value: float) -> None:
    """A date cell that refers to an empty one was loaded as 31 December 1899."""

    def write(book: Any, sheet: Any) -> None:
        sheet.write_row(1, 0, ["S1", "张三"])
        sheet.write(1, 2, value, book.add_format({"num_format": "yyyy-mm-dd"}))

    (refused,) = deliver(written(write, options={"date_1904": is_1904}), name=XLSX).refused
    assert (refused.codes, refused.reasons[0]["heading"]) == (["unreadable"], "日期")
    assert "是 0 或没有日期的时间被显示成的日期；请填写日期，没有时请留空" in refused.sentence.zh
    assert "a time without a day, shows as; write the date, or leave" in refused.sentence.en


RATES = feed(
    SERIAL,
    column("share_rate", "比例", "rate"),
    column("year_rate", "年利率", "rate", unit="percent"),
    column("limit_amount", "授信", "money", unit="wan_yuan"),
)


@pytest.mark.parametrize(
    ("form", "values", "expected"),
    [
        (None, [0.0345, 3.45, 12.5], ["0.0345", "0.0345", "125000"]),
        ("0.00%", [0.0345, 0.0345, None], ["0.0345", "0.0345", None]),
        ("0%", [0.07, 0.07, None], ["0.07", "0.07", None]),
        ("0.0000%", [0.034512, 0.034512, 0], ["0.034512", "0.034512", "0"]),
        (None, ["3.45%", "3.45%", "3万"], ["0.0345", "0.0345", "30000"]),
        ("0.00%", ["3.45%", "3.45", "1.2亿"], ["0.0345", "0.0345", "120000000"]),
        (None, [0.0000125, 0.00125, 0.000001], ["0.0000125", "0.0000125", "0.01"]),
        (None, [0.1 + 0.2, 0.1 + 0.2, 0.07], ["0.3", "0.003", "700"]),
        ("0%", [0, 0, 0], ["0", "0", "0"]),
    ],
)
def test_a_percentage_is_what_its_cell_shows(
    deliver: Deliver, form: str | None, values: list[object], expected: list[str | None]
) -> None:
    """3.45% is 0.0345 in the file; under a heading in percent that would be a hundredth of it."""

    def write(book: Any, sheet: Any) -> None:
        style = book.add_format({"num_format": form}) if form else None
        sheet.write(1, 0, "S1")
        for place, value in enumerate(values, 1):
            sheet.write(1, place, value, style)

    reading = deliver(written(write, "流水号", "比例", "年利率", "授信"), RATES, XLSX)
    names = ("share_rate", "year_rate", "limit_amount")
    found = [reading.values(name)[0] for name in names]
    assert found == [None if text is None else Decimal(text) for text in expected]


@pytest.mark.parametrize(
    ("text", "shown"),
    [("0.0345", "3.45%"), ("3.4500000000000003E-2", "3.45%"), ("0", "0%"), ("-0.5", "-50%")],
)
def test_a_number_as_a_percentage(text: str, shown: str) -> None:
    assert percentage(text) == shown


def test_a_date_cell_by_the_letter_of_the_standard(deliver: Deliver) -> None:
    cell = '<c r="C2" t="d"><v>2024-02-29</v></c>'
    reading = deliver(raw(row(2, "S1", "张三", more=cell)), name=XLSX)
    assert reading.values("booked_date") == [dt.date(2024, 2, 29)]


def test_a_file_without_styles_is_read(deliver: Deliver) -> None:
    data = patched(raw(row(2, "S1", "张三")), drop=["xl/styles.xml"])
    assert deliver(data, name=XLSX).values("serial_id") == ["S1"]
