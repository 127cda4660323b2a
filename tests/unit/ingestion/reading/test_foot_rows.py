"""Foot rows of forms that no word of sums gives away; what may be a data row is never set aside."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.ingestion.books import DAY, GOOD, HEADING_ROW, typed
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import ENTRY, XLSX, column, feed

SECOND = ["S2", "李四", DAY, 2, None]
MORE = [[f"T{n}", "李四", DAY, 2, None] for n in range(9)]


@pytest.mark.parametrize(
    "foot",
    [
        ["制表人：张三  审核人：李四"],
        ["经理：张三    会计：李四"],
        ["客户经理签字：", None, None, "行长（签字）："],
        ["支行行长：", None, "王五", "日期：", "2025年1月31日"],
        ["单位（盖章）：城东支行", None, None, "报表日期：2025-01-31"],
        ["部门负责人：张三"],
        ["填表日期：2025年1月31日"],
        [None, None, None, None, "2025年1月31日"],
        ["以下空白"],
        [None, "（以下无正文）"],
        ["—— 以下为空白 ——"],
        ["此页无正文"],
        ["制表人：Wang Wu", None, None, None, "审核人：2025-01-31"],
        ["单位：示例银行城东支行", None, None, None, "联系电话：021-88886666"],
        ["第 1 页 共 3 页"],
        ["第1/3页"],
        [None, None, "- 1 -"],
        ["Page 1 of 3"],
        ["共 2 条记录"],
    ],
)
def test_what_a_form_says_of_itself_is_no_data(deliver: Deliver, foot: list[Any]) -> None:
    reading = deliver(typed(HEADING_ROW, GOOD, SECOND, foot), name=XLSX)
    assert reading.values("serial_id") == ["S1", "S2"]
    assert (reading.refused, reading.report.rows_not_data) == ([], 2)
    assert reading.adds_up()


@pytest.mark.parametrize(
    "data",
    [
        # A key is filled in, or a cell says what no form does.
        ["S3", None, DAY, 5, "经理：张三"],
        ["S3", None, None, None, "以下空白"],
        ["S3", "经理：张三", None, None, None],
        [None, "经理：张三", DAY, None, None],
        [None, None, DAY, None, None],
        ["2025年1月31日"],
        [None, "张三", None, None, None],
        [None, None, None, None, "以下客户空白"],
        ["1/3"],
        ["结束"],
        # A remark, or a name, is none of a form because a colon stands in it.
        [None, None, None, None, "客户经理：客户表示下月提前还款500万"],
        [None, None, None, None, "拟审批贷款：500万"],
        [None, None, None, None, "备注：客户已核实"],
        [None, "统计局家属：张三", None, None, None],
        ["支行行长：", None, "客户表示下月提前还款", None, None],
        # The first cell alone does not make a form of a row that says when, or how much.
        [None, "负责人老王", None, None, "x"],
        [None, "主管局老王", DAY, 7.5, "x"],
        [None, "主管局老王", None, None, "x"],
        [None, "联系人：王五", DAY, 5000.25, "已核实"],
        [None, "联系人：王五", None, 5000.25, "已核实"],
        [None, "合计001", DAY, 5, None],
        # A customer's name, though it ends like a sum.
        [None, "王小计", None, 5, None],
    ],
)
def test_a_row_that_may_be_data_is_refused_with_its_reason(
    deliver: Deliver, data: list[Any]
) -> None:
    reading = deliver(typed(HEADING_ROW, GOOD, *MORE, data), name=XLSX)
    whole = data[:2] == ["S3", "经理：张三"]
    assert len(reading.rows) == 10 + whole
    assert [row.row for row in reading.refused] == ([] if whole else [12])
    assert reading.report.rows_not_data == 1
    assert reading.adds_up()


@pytest.mark.parametrize(
    "row",
    [
        ["经理：张三", None, None, None, "会计：李四"],
        [None, None, None, None, "客户经理：张三"],
        [None, None, None, None, "主管：客户下月还款"],
        [None, None, None, None, "2025年1月31日"],
        ["以下空白"],
    ],
)
def test_a_form_says_nothing_of_itself_between_its_rows(deliver: Deliver, row: list[Any]) -> None:
    reading = deliver(typed(HEADING_ROW, GOOD, row, SECOND, *MORE), name=XLSX)
    assert [refused.row for refused in reading.refused] == [3]
    assert reading.report.rows_not_data == 1
    assert reading.adds_up()


@pytest.mark.parametrize("name", ["王小计", "Total", "上海小计数", "城东合计", "合计", "小计："])
def test_a_row_with_its_key_is_data_whatever_its_name(deliver: Deliver, name: str) -> None:
    reading = deliver(typed(HEADING_ROW, GOOD, ["A1", name, DAY, 4, None], SECOND), name=XLSX)
    assert reading.values("customer_name") == ["张三", name, "李四"]
    assert (reading.refused, reading.report.rows_not_data) == ([], 1)


COUNT = column("visit_count", "户数", "integer")
RATE = column("annual_rate", "利率", "rate")
SUMS = feed(*ENTRY.columns, COUNT, RATE)
WIDE = [*HEADING_ROW, "户数", "利率", "柜员"]


def _rows(*last: list[Any]) -> bytes:
    data = [[f"S{n}", "张三", DAY, n + 0.5, None, n, 0.5, None] for n in range(1, 10)]
    return typed(WIDE, *data, *last)


@pytest.mark.parametrize(
    "foot",
    [
        [[None, None, None, 49.5]],
        [[None, None, None, "49.50", None, 45]],
        [[None, None, None, "￥49.50"], ["制表人：张三"]],
        # A sum with a name before it is none of the rows that are added up.
        [["合计", None, None, 49.5], [None, None, None, 49.5]],
    ],
)
def test_sums_without_a_name_are_no_data(deliver: Deliver, foot: list[list[Any]]) -> None:
    reading = deliver(_rows(*foot), SUMS, XLSX)
    assert len(reading.rows) == 9
    assert (reading.refused, reading.report.rows_not_data) == ([], 1 + len(foot))
    assert reading.adds_up()


@pytest.mark.parametrize(
    ("last", "row"),
    [
        ([[None, None, None, 49.51]], 11),
        ([[None, None, None, 49.5, None, 44]], 11),
        ([[None, None, None, 49.5, "注"]], 11),
        ([[None, None, DAY, 49.5]], 11),
        ([[None, "张三", None, 49.5]], 11),
        ([["S10", None, None, 49.5]], 11),
        ([[None, None, None, None, None, 45]], 11),
        ([[None, None, None, 49.5, None, 45, 4.5]], 11),
        ([[None, None, None, 49.5, None, None, None, "A01"]], 11),
        # A sheet goes on below it, so it may be a row that lacks its key.
        ([[None, None, None, 49.5], ["S11", "张三", DAY, 1]], 11),
    ],
)
def test_what_is_no_certain_sum_is_refused(
    deliver: Deliver, last: list[list[Any]], row: int
) -> None:
    reading = deliver(_rows(*last), SUMS, XLSX)
    assert [refused.row for refused in reading.refused] == [row]
    assert reading.report.rows_not_data == 1
    assert reading.adds_up()


def test_the_sum_of_one_row_may_be_a_row_without_its_key(deliver: Deliver) -> None:
    reading = deliver(typed(HEADING_ROW, GOOD, [None, None, None, 1.5]), name=XLSX)
    assert reading.report.refusal is not None or [row.row for row in reading.refused] == [3]


def test_rows_that_add_nothing_make_no_sum_of_one(deliver: Deliver) -> None:
    rows = [[f"S{n}", "张三", DAY, 0 if n else 1.5, None] for n in range(10)]
    reading = deliver(typed(HEADING_ROW, *rows, [None, None, None, 1.5]), name=XLSX)
    assert (len(reading.rows), [row.row for row in reading.refused]) == (10, [12])
