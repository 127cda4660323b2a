"""The two lists that the keeper of the customer file hands in, filled in well and badly."""

from __future__ import annotations

import datetime as dt

from ingestion.contracts.load import load_feeds
from tests.unit.ingestion.books import typed
from tests.unit.ingestion.conftest import Deliver

FEEDS = load_feeds()
DAY = dt.date(2025, 1, 31)
SET_BY_HAND = ["客户号", "调整后分类", "调整原因", "原因说明", "批准人", "生效日期", "失效日期"]
RELATIONS = ["客户号", "关系人客户号", "关系", "登记人", "走访日期"]


def test_a_class_set_by_hand_is_read_with_its_reason(deliver: Deliver) -> None:
    book = typed(SET_BY_HAND, ["10000001", "重点", "关键人物", "带动农户", "900001", DAY, None])
    feed = FEEDS["fieldwork__customer_override"]
    reading = deliver(book, feed, "客户分类调整_20250131.xlsx")
    (row,) = reading.rows
    assert reading.refused == []
    assert (row["class_code"], row["reason_code"], row["valid_from_date"]) == (
        "key", "key_person", DAY,
    )  # fmt: skip
    assert row["valid_to_date"] is None


def test_a_class_without_a_reason_or_on_no_list_is_refused(deliver: Deliver) -> None:
    book = typed(
        SET_BY_HAND,
        ["10000001", "重点", None, None, "900001", DAY, None],
        ["10000002", "白金", "其他", None, "900001", DAY, None],
        ["10000003", "一般", "外出", None, "900001", "2025-02-30", None],
    )
    feed = FEEDS["fieldwork__customer_override"]
    reading = deliver(book, feed, "客户分类调整_20250131.xlsx")
    assert reading.rows == []
    assert len(reading.refused) == 3


def test_a_relation_is_read_and_an_unknown_kind_refused(deliver: Deliver) -> None:
    book = typed(
        RELATIONS,
        ["10000001", "10000002", "配偶", "900001", DAY],
        ["10000001", "10000003", "介绍", "900001", DAY],
        ["10000001", "10000004", "同学", "900001", DAY],
    )
    feed = FEEDS["fieldwork__customer_relation"]
    reading = deliver(book, feed, "客户社会关系_20250131.xlsx")
    assert [row["relation_code"] for row in reading.rows] == ["spouse", "introduced"]
    (refused,) = reading.refused
    assert "同学" in refused.sentence.zh or "同学" in refused.sentence.en
