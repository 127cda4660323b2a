"""Sheets as clerks lay them out: headings over several rows, units, sums, merged, hidden."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.ingestion.books import DAY, GOOD, HEADING_ROW, merged, typed, written
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import AMOUNT, CUSTOMER, SERIAL, XLSX, Reading, column, feed

Rows = list[list[Any]]
WAN = feed(
    SERIAL, CUSTOMER, column("limit_amount", "授信", "money", unit="wan_yuan", required=True)
)
GROUPED = feed(
    column("serial_id", "客户号", required=True),
    column("customer_name", "名称", required=True),
    column("deposit_amount", "存款余额", "money"),
    column("loan_amount", "贷款余额", "money"),
    column("deal_count", "笔数", "integer"),
)


def codes(reading: Reading) -> list[list[str]]:
    return [refused.codes for refused in reading.refused]


@pytest.mark.parametrize(
    ("rows", "areas"),
    [
        pytest.param(
            [["客户信息", None, "存款", None, "贷款"], ["客户号", "名称", "余额", "笔数", "余额"]],
            ["A1:B1", "C1:D1"],
            id="groups over columns",
        ),
        pytest.param(
            [["客户号", "名称", "存款", None, "贷款"], [None, None, "余额", "笔数", "余额"]],
            ["A1:A2", "B1:B2", "C1:D1"],
            id="headings over two rows",
        ),
        pytest.param(
            [
                ["某行台账"],
                ["基本情况", None, "业务", None, None],
                ["客户号", "名称", "存款", None, "贷款"],
                [None, None, "余额", "笔数", "余额"],
            ],
            ["A1:E1", "A2:B2", "C2:E2", "A3:A4", "B3:B4", "C3:D3"],
            id="three levels below a title",
        ),
        pytest.param(
            [["客户号", "名称", "存款余额\n（元）", "笔 数(笔)", "贷款余额【元】"]], [], id="units"
        ),
        pytest.param(
            [
                ["客户号", "名称", "存款余额／元", "笔数", "贷款\n余额"],
                [None, None, "元", "笔", "元"],
            ],
            [],
            id="a row of units",
        ),
        pytest.param(
            [["客户号", "名称", "存款余额", "笔数", "贷款余额"], ["1", "2", "3", "4", "5"]],
            [],
            id="numbered columns",
        ),
    ],
)  # fmt: skip
def test_headings_of_every_form_are_read(deliver: Deliver, rows: Rows, areas: list[str]) -> None:
    data = typed(*rows, ["C1", "甲公司", 1.5, 2, 3], then=merged(*areas))
    reading = deliver(data, GROUPED, XLSX)
    (loaded,) = reading.rows
    assert (loaded["serial_id"], loaded["customer_name"]) == ("C1", "甲公司")
    assert (loaded["deposit_amount"], loaded["loan_amount"]) == (Decimal("1.50"), Decimal(3))
    assert loaded["deal_count"] == 2
    assert reading.report.rows_not_data == len(rows)
    assert reading.adds_up()


@pytest.mark.parametrize(
    ("rows", "of", "zh", "en"),
    [
        pytest.param(
            [["客户号", "名称", "存款余额（万元）"], ["C1", "甲", 1]],
            GROUPED,
            "的标题“存款余额(万元)”所写单位与约定不符：“存款余额”约定以元为单位",
            "states another unit than the feed, which takes 存款余额 in yuan",
            id="heading in 万元, feed in yuan",
        ),
        pytest.param(
            [["流水号", "户名", "授信(元)"], ["S1", "甲", 1]],
            WAN,
            "“授信”约定以万元为单位",
            "takes 授信 in 10,000 yuan",
            id="heading in yuan, feed in 万元",
        ),
        pytest.param(
            [["流水号", "户名", "授信(千元)"], ["S1", "甲", 1]],
            WAN,
            "“授信”约定以万元为单位",
            "in 10,000 yuan",
            id="heading in thousands",
        ),
        pytest.param(
            [HEADING_ROW, GOOD, [], ["户名", "流水号", "日期", "金额", "备注"], GOOD],
            None,
            "第 4 行又是一行标题，其列或次序与第 1 行不同，同一工作表中有两张表",
            "Row 4 of sheet '流水' is another heading row",
            id="another table below",
        ),
        pytest.param(
            [HEADING_ROW, GOOD, ["流水号", "作废人", "作废日期", "作废金额"], ["S9", "甲", DAY, 9]],
            None,
            "第 3 行又是一行标题",
            "Row 3 of sheet '流水' is another heading row",
            id="another table that shares the key alone",
        ),
        pytest.param(
            [["流水号", "户名", "日期"], GOOD[:3], ["流水号", "户名", "日期", "金额"], GOOD[:4]],
            None,
            "第 3 行又是一行标题",
            "Row 3 of sheet '流水' is another heading row",
            id="another page with a column more",
        ),
        pytest.param(
            [[*HEADING_ROW, None, *HEADING_ROW], [*GOOD, None, "S2", *GOOD[1:]]],
            None,
            "中“流水号”出现多次：流水号（第 1 列）、流水号（第 7 列）；请只保留一列",
            "more than once",
            id="another table beside",
        ),
    ],
)  # fmt: skip
def test_what_could_be_taken_wrongly_is_refused_whole(
    deliver: Deliver, rows: Rows, of: Any, zh: str, en: str
) -> None:
    data = typed(*rows)
    refusal = (deliver(data, of, XLSX) if of else deliver(data, name=XLSX)).refusal
    assert zh in refusal.zh
    assert en in refusal.en


@pytest.mark.parametrize(
    "not_data",
    [
        ["合计", "合计", None, 3, None],
        [None, "合 计", None, 3, None],
        ["合计", "共2户", DAY, 3, None],
        ["城东支行小计", "—", DAY, 3, None],
        ["TOTAL", "-", DAY, 3, None],
        HEADING_ROW,
        ["流水台账"],
        ["2025年1月", None, "单位：元"],
        ["第1页 共2页"],
        ["制表：张三", None, "复核：李四"],
        ["以上为城东支行"],
    ],
)
def test_rows_that_are_no_data_are_not_loaded_wherever_they_stand(
    deliver: Deliver, not_data: list[Any]
) -> None:
    rows = [["流水台账"], ["2025年1月", None, "单位：元"], HEADING_ROW, GOOD, not_data]
    last = ["S2", "李四", DAY, 2, None]
    across = merged("A5:E5") if not_data == ["以上为城东支行"] else None
    reading = deliver(typed(*rows, last, then=across), name=XLSX)
    assert reading.values("serial_id") == ["S1", "S2"]
    assert (reading.refused, reading.report.rows_not_data) == ([], 4)
    assert reading.adds_up()


@pytest.mark.parametrize(
    "data",
    [
        ["S9", "合肥总计公司", DAY, 3, None],
        ["S9", "某会计事务所", DAY, 3, "合计"],
        ["S9", "李四", DAY, 999, "累计"],
        ["S9", "小计：", DAY, 3, None],
        ["S9", "Total Energies", DAY, 3, None],
        ["合计001", "李四", DAY, 3, None],
    ],
)
def test_rows_with_such_words_elsewhere_are_data(deliver: Deliver, data: list[Any]) -> None:
    assert len(deliver(typed(HEADING_ROW, GOOD, data), name=XLSX).rows) == 2


HIDING = {
    "rows": (["S1", "S2"], [1, 1], 0),
    "load": (["S1", "S2", "S9"], [1, 1, 1], 0),
    "skip": (["S1"], [None], 1),
}


@pytest.mark.parametrize("hidden", HIDING)
def test_what_is_hidden_is_read_by_the_feeds_word(deliver: Deliver, hidden: str) -> None:
    def hide(sheet: Any) -> None:
        sheet.row_dimensions[3].hidden = True
        sheet.column_dimensions["D"].hidden = True
        other = sheet.parent.create_sheet("旧")
        other.append(HEADING_ROW)
        other.append(["S9", "王五", DAY, 1, None])
        other.sheet_state = "veryHidden"

    files = [{"pattern": "entry_{date}.xlsx", "format": "xlsx", "hidden": hidden}]
    of = feed(SERIAL, CUSTOMER, AMOUNT, files=files)
    rows = [HEADING_ROW, ["S1", "张三", DAY, 1, None], ["S2", "李四", DAY, 1, None]]
    reading = deliver(typed(*rows, then=hide), of, XLSX)
    serials, amounts, skipped_rows = HIDING[hidden]
    loaded = sorted(reading.rows, key=lambda row: str(row["serial_id"]))
    assert [row["serial_id"] for row in loaded] == serials
    assert [row["amount"] for row in loaded] == amounts
    told = "".join(note.zh for note in reading.report.notes)
    assert "1 行、1 列处于隐藏状态" in told
    assert ("按约定未读取" in told) == (hidden == "skip")
    assert ("隐藏的工作表未读取：旧（2 行）" in told) == (hidden != "load")
    hidden_sheet_rows = 0 if hidden == "load" else 2
    assert reading.report.rows_in == 5
    not_data = 1 + hidden_sheet_rows + skipped_rows + (1 if hidden == "load" else 0)
    assert reading.report.rows_not_data == not_data
    assert reading.adds_up()


@pytest.mark.parametrize(
    ("value", "form", "day"),
    [
        (45351, None, dt.date(2024, 2, 29)),
        ("45351", None, dt.date(2024, 2, 29)),
        (45351.75, "0", dt.date(2024, 2, 29)),
        (22000, "yyyy-mm-dd", dt.date(1960, 3, 25)),
        (22000, 31, dt.date(1960, 3, 25)),
        (22000, 57, dt.date(1960, 3, 25)),
        (45351.25, 'yyyy"年"m"月"d"日"', dt.date(2024, 2, 29)),
        (2958465, None, dt.date(9999, 12, 31)),
        (20240229, None, dt.date(2024, 2, 29)),
    ],
)
def test_a_number_is_a_day_where_its_cell_or_its_size_says_so(
    deliver: Deliver, value: Any, form: Any, day: dt.date
) -> None:
    def write(book: Any, sheet: Any) -> None:
        sheet.write_row(1, 0, ["S1", "张三"])
        style = book.add_format({"num_format": form}) if form is not None else None
        (sheet.write_string if isinstance(value, str) else sheet.write)(1, 2, value, style)

    reading = deliver(written(write), name=XLSX)
    assert reading.values("booked_date") == [day]
    is_guess = form in (None, "0") and day.year == 2024 and value != 20240229
    assert reading.report.adjusted == ({"serial": 1} if is_guess else {})


@pytest.mark.parametrize("value", [22000, 12345, 60001, "33000", 98765.5])
def test_a_number_that_may_be_no_day_is_refused(deliver: Deliver, value: Any) -> None:
    """Any number of five digits was taken for a day: a branch code became 1960."""
    rows = [HEADING_ROW, ["S1", "张三", value, 1, None], ["S2", "李四", DAY, 1, None]]
    reading = deliver(typed(*rows), name=XLSX)
    assert (reading.values("serial_id"), codes(reading)) == (["S2"], [["serial"]])
    assert "“日期”是没有日期格式的数字" in reading.refused[0].sentence.zh
    assert "format the cell as a date" in reading.refused[0].sentence.en


def test_leading_zeros_that_the_cell_shows_are_kept(deliver: Deliver) -> None:
    """The clerk sees 000123 and the file holds 123."""

    def write(book: Any, sheet: Any) -> None:
        style = book.add_format({"num_format": "000000"})
        for row, number in enumerate([123, 1234567], 1):
            sheet.write_number(row, 0, number, style)
            sheet.write_string(row, 1, "张三")
            sheet.write_number(row, 3, 12, style)

    reading = deliver(written(write), name=XLSX)
    assert reading.values("serial_id") == ["000123", "1234567"]
    assert reading.values("amount") == [12, 12]
    assert reading.report.adjusted == {"padded": 1}


@pytest.mark.parametrize(
    "code", ["h:mm", "hh:mm:ss", "[$-F400]h:mm:ss AM/PM", 'h"时"mm"分"', "h:mm;@", 20]
)
def test_a_time_of_day_is_read_as_its_cell_shows_it(deliver: Deliver, code: object) -> None:
    def write(book: Any, sheet: Any) -> None:
        style = book.add_format({"num_format": code})
        for row, number in enumerate([14.5 / 24, 9 / 24 + 2 / 86400, 45688 + 0.25], 1):
            sheet.write_row(row, 0, [f"S{row}", "张三"])
            sheet.write_number(row, 4, number, style)

    reading = deliver(written(write), name=XLSX)
    assert reading.values("note_text") == ["14:30", "09:00:02", "06:00"]


def test_a_length_of_time_is_no_time_of_day(deliver: Deliver) -> None:
    def write(book: Any, sheet: Any) -> None:
        sheet.write_row(1, 0, ["S1", "张三"])
        sheet.write_number(1, 4, 1.5, book.add_format({"num_format": "[h]:mm"}))

    assert deliver(written(write), name=XLSX).values("note_text") != ["12:00"]


def test_formulas_are_told_and_volatile_ones_refused(deliver: Deliver) -> None:
    def write(_: Any, sheet: Any) -> None:
        for row, formula in enumerate(["=1+1", "=RAND()", '=TEXT(TODAY(),"x")'], 1):
            sheet.write_row(row, 0, [f"S{row}", "张三"])
            sheet.write_formula(row, 3, formula, None, 2)

    reading = deliver(written(write), name=XLSX)
    assert (reading.values("amount"), codes(reading)) == ([2], [["volatile_formula"]] * 2)
    assert "工作表“流水”有 1 个公式单元格，按保存的计算结果读取。" in [
        note.zh for note in reading.report.notes
    ]


def test_a_row_of_blanks_is_no_data(deliver: Deliver) -> None:
    """A row with a space in it was counted by one counter only, and its book refused."""
    reading = deliver(typed(HEADING_ROW, [" ", "　"], GOOD), name=XLSX)
    assert (reading.values("serial_id"), reading.report.rows_not_data) == (["S1"], 2)
    assert reading.adds_up()


def test_a_heading_drawn_over_an_empty_column_is_one_heading(deliver: Deliver) -> None:
    """户名 over two columns, of which people use the first, was there twice."""
    rows = [["流水号", "户名", None, "日期", "金额"], ["S1", "张三", None, DAY, 1]]
    reading = deliver(typed(*rows, then=merged("B1:C1", "B2:C2")), name=XLSX)
    assert reading.values("customer_name") == ["张三"]


def test_a_heading_drawn_over_two_filled_columns_is_a_doubt(deliver: Deliver) -> None:
    rows = [["流水号", "户名", None, "日期"], ["S1", "张", "三", DAY]]
    refusal = deliver(typed(*rows, then=merged("B1:C1")), name=XLSX).refusal
    assert "“户名”出现多次" in refusal.zh


@pytest.mark.parametrize(
    "blank",
    [
        pytest.param([7, None, None, None, None], id="running number"),
        pytest.param([7, None, None, None, 0], id="formula over empty cells"),
        pytest.param(["A", None, None, None, None], id="list beside the table"),
    ],
)
def test_a_row_of_a_form_that_nobody_filled_in_is_blank(deliver: Deliver, blank: list[Any]) -> None:
    """Eighty prefilled rows below twenty data rows refused the file."""
    rows = [["序号", "流水号", "户名", "日期", "金额"]]
    rows += [[n, f"S{n}", "张三", DAY, 1] for n in (1, 2)]
    reading = deliver(typed(*rows, *([blank] * 8)), name=XLSX)
    assert (reading.values("serial_id"), reading.refused) == (["S1", "S2"], [])
    assert reading.adds_up()


def test_a_zero_without_its_key_is_refused_among_data(deliver: Deliver) -> None:
    rows = [HEADING_ROW, GOOD, [None, None, None, 0, None], ["S2", "李四", DAY, 1, None]]
    assert codes(deliver(typed(*rows), name=XLSX)) == [["missing", "missing"]]


def test_a_repeated_heading_with_a_page_number_is_one(deliver: Deliver) -> None:
    rows = [[*HEADING_ROW, "页"], [*GOOD, None], [*HEADING_ROW, "第2页"], ["S2", "李四", DAY, 1]]
    assert deliver(typed(*rows), name=XLSX).values("serial_id") == ["S1", "S2"]


def test_a_form_above_the_headings_is_none(deliver: Deliver) -> None:
    rows = [["流水号：", None, "户名："], HEADING_ROW, GOOD]
    assert deliver(typed(*rows), name=XLSX).values("serial_id") == ["S1"]


def test_a_table_of_the_feed_beside_the_table_is_seen(deliver: Deliver) -> None:
    """Its rows say nothing in the columns of the first, and went as blank ones."""
    beside = [None] * 5
    rows = [HEADING_ROW, GOOD, [], [*beside, *HEADING_ROW], [*beside, "S2", "李四", DAY, 1, None]]
    assert "同一工作表中有两张表" in deliver(typed(*rows), name=XLSX).refusal.zh
