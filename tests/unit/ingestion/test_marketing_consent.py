"""The list of consents to marketing, filled in well and badly."""

from __future__ import annotations

import datetime as dt

from ingestion.contracts.load import load_feeds
from tests.unit.ingestion.books import typed
from tests.unit.ingestion.conftest import Deliver

FEED = load_feeds()["marketing__consent"]
NAME = "marketing_consent_20250430.xlsx"
DAY = dt.date(2025, 4, 9)


def test_both_words_are_read_under_either_heading(deliver: Deliver) -> None:
    book = typed(
        ["客户号", "变更日期", "是否同意营销"],
        ["10000001", DAY, "同意"],
        ["10000002", DAY, "Y"],
        ["10000003", DAY, "不同意"],
        ["10000004", DAY, "撤回"],
        ["10000005", dt.date(1998, 3, 1), "同意"],
    )
    reading = deliver(book, FEED, NAME)
    assert reading.refused == [], "a word of long ago holds as well"
    said = [row["consent_code"] for row in reading.rows]
    assert said == ["given", "given", "withdrawn", "withdrawn", "given"]


def test_a_word_that_is_neither_and_a_day_that_is_none_are_refused(deliver: Deliver) -> None:
    book = typed(
        [column.heading for column in FEED.columns],
        ["10000001", DAY, "口头答应"],
        ["10000002", "2025-02-30", "同意"],
        ["10000003", DAY, None],
        ["10000004", DAY, "同意"],
    )
    reading = deliver(book, FEED, NAME)
    assert [row["customer_id"] for row in reading.rows] == ["10000004"]
    assert len(reading.refused) == 3
