"""Where a sheet says what its amounts are in: titles, remarks, groups, rows, columns of units."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ingestion.contracts import Column
from tests.unit.ingestion.books import merged, typed
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import AMOUNT, CUSTOMER, SERIAL, XLSX, column, feed

Rows = list[list[Any]]
YUAN = feed(SERIAL, CUSTOMER, AMOUNT, column("note_text", "说明"))
WAN = feed(SERIAL, CUSTOMER, column("amount", "金额", "money", unit="wan_yuan"))
NAMES = ["流水号", "户名", "金额"]
ROW = ["S1", "甲", 1.5]


@pytest.mark.parametrize(
    ("rows", "of", "zh", "en"),
    [
        pytest.param(
            [["授信台账", None, "单位：元"], NAMES, ROW],
            WAN,
            "第 1 行注明金额单位为“元”，而“金额”约定以万元为单位",
            "row 1 says that amounts are in 元, but the feed takes 金额 in 10,000 yuan",
            id="remark above in yuan",
        ),
        pytest.param(
            [["单位:万元", None, None], NAMES, ROW],
            YUAN,
            "第 1 行注明金额单位为“万元”，而“金额”约定以元为单位",
            "says that amounts are in 万元",
            id="remark above in 万元",
        ),
        pytest.param(
            [NAMES, ROW, ["注：以上金额以万元计"]],
            YUAN,
            "第 3 行注明金额单位为“万元”",
            "row 3 says that amounts are in 万元",
            id="remark at the foot",
        ),
        pytest.param(
            [["2025年1月流水统计表（万元）"], NAMES, ROW],
            YUAN,
            "第 1 行注明金额单位为“万元”",
            "row 1 says",
            id="title",
        ),
        pytest.param(
            [["2025年1月流水统计表（万元）", None, "2025-01-31"], NAMES, ROW],
            YUAN,
            "第 1 行注明金额单位为“万元”",
            "row 1 says",
            id="title with a date beside it",
        ),
        pytest.param(
            [["币种：人民币 单位：万元"], NAMES, ROW],
            YUAN,
            "第 1 行注明金额单位为“万元”",
            "row 1 says",
            id="currency and unit in one cell",
        ),
        pytest.param(
            [["序号", *NAMES], [1, *ROW], ["注：单位：万元"]],
            YUAN,
            "第 3 行注明金额单位为“万元”",
            "row 3 says",
            id="remark under a column of nobody",
        ),
        pytest.param(
            [NAMES, [None, None, "万"], ROW],
            YUAN,
            "第 2 行注明金额单位为“万”",
            "row 2 says that amounts are in 万",
            id="row of units",
        ),
        pytest.param(
            [NAMES, [None, None, "（美元）"], ROW],
            YUAN,
            "第 2 行注明金额单位为“美元”",
            "in 美元",
            id="row of foreign units",
        ),
        pytest.param(
            [["客户", None, "发生额（万元）"], [*NAMES, "说明"], ROW],
            YUAN,
            "第 1 行注明金额单位为“发生额（万元）”",
            "row 1 says that amounts are in 发生额（万元）",
            id="group above the heading",
        ),
        pytest.param(
            [[*NAMES, "单位"], [*ROW, "万元"], ["S2", "乙", 2, "元"]],
            YUAN,
            "第 4 列（单位）注明金额单位为“万元”",
            "column 4 (单位) says that amounts are in 万元",
            id="column of units",
        ),
        pytest.param(
            [["金额单位:元"], ["流水号", "户名", "金额（万元）"], ROW],
            WAN,
            "第 1 行注明金额单位为“元”，而“金额”约定以万元为单位",
            "row 1 says that amounts are in 元, but the feed takes 金额 in 10,000 yuan",
            id="remark above a heading that states the feed's own unit",
        ),
        pytest.param(
            [["客户", None, "发生额（元）"], ["流水号", "户名", "金额（万元）"], ROW],
            WAN,
            "第 1 行注明金额单位为“发生额（元）”",
            "row 1 says that amounts are in 发生额（元）",
            id="group above a heading that states the feed's own unit",
        ),
    ],
)
def test_another_unit_than_the_feeds_refuses_the_file(
    deliver: Deliver, rows: Rows, of: Any, zh: str, en: str
) -> None:
    refusal = deliver(typed(*rows), of, XLSX).refusal
    assert zh in refusal.zh
    assert en in refusal.en


def test_a_group_merged_over_its_columns_speaks_for_each(deliver: Deliver) -> None:
    rows = [["客户", None, "发生额（万元）", None], ["流水号", "户名", "说明", "金额"]]
    data = typed(*rows, ["S1", "甲", "注", 1.5], then=merged("A1:B1", "C1:D1"))
    assert deliver(data, YUAN, XLSX).report.state == "refused"


@pytest.mark.parametrize(
    ("rows", "of"),
    [
        ([["单位：万元"], NAMES], WAN),
        ([["金额单位：万元、%"], ["流水号", "户名", "金额（万元）"]], WAN),
        ([["填报单位：元宝支行"], NAMES], WAN),
        ([["单位：户、万元"], NAMES], WAN),
        ([[None, None, "发生额（万元）"], NAMES], WAN),
        ([[None, "户数（户）", None], NAMES], WAN),
        ([NAMES, [None, None, "万元"]], WAN),
        ([["币种：人民币", None, "单位：万元"], NAMES], WAN),
        ([["目标：新增存款5000万元"], NAMES], WAN),
        ([["合计金额：15000元"], NAMES], WAN),
    ],
)
def test_a_unit_that_agrees_is_no_hindrance(deliver: Deliver, rows: Rows, of: Any) -> None:
    reading = deliver(typed(*rows, ROW), of, XLSX)
    assert reading.values("amount") == [Decimal(15000)]


@pytest.mark.parametrize(
    "beside", [column("cost_amount", "费用", "money", required=False), column("note_text", "说明")]
)
def test_a_unit_above_that_is_right_for_another_column_is_no_hindrance(
    deliver: Deliver, beside: Column
) -> None:
    of = feed(SERIAL, CUSTOMER, column("amount", "金额", "money", unit="wan_yuan"), beside)
    other = "费用" if beside.type == "money" else "注册资本（元）"
    rows = [["单位：元", None, None, None], ["流水号", "户名", "金额（万元）", other]]
    reading = deliver(typed(*rows, [*ROW, 300]), of, XLSX)
    assert reading.values("amount") == [Decimal(15000)]


@pytest.mark.parametrize(
    "beside", [("币种", "人民币"), ("币种", "CNY"), ("标志", "W"), ("等级", "千")]
)
def test_a_column_of_currencies_or_marks_states_no_size(
    deliver: Deliver, beside: tuple[str, str]
) -> None:
    heading, value = beside
    reading = deliver(typed([*NAMES, heading], [*ROW, value]), WAN, XLSX)
    assert reading.values("amount") == [Decimal(15000)]


def test_a_column_of_employers_is_no_column_of_units(deliver: Deliver) -> None:
    rows = [[*NAMES, "单位"], [*ROW, "县医院"], ["S2", "乙", 2, "元"]]
    assert len(deliver(typed(*rows), YUAN, XLSX).rows) == 2
