"""The sheet of figures that borrowers declare, filled in well and badly."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from ingestion.contracts.load import load_feeds
from tests.unit.ingestion.books import typed
from tests.unit.ingestion.conftest import Deliver

FEED = load_feeds()["credit__declared_financials"]
NAME = "贷款客户申报数据_20250430.xlsx"
FIRST, LAST, DAY = dt.date(2025, 1, 1), dt.date(2025, 3, 31), dt.date(2025, 4, 9)
HEADINGS = [column.heading for column in FEED.columns]


def test_figures_are_read_in_yuan_and_as_fractions(deliver: Deliver) -> None:
    book = typed(HEADINGS, ["10000001", FIRST, LAST, "5212", 35.5, 18.2, None, "900001", DAY])
    reading = deliver(book, FEED, NAME)
    (row,) = reading.rows
    assert reading.refused == []
    assert Decimal(str(row["turnover_amount"])) == Decimal("355000")
    assert Decimal(str(row["gross_margin_rate"])) == Decimal("0.182")
    assert row["output_amount"] is None


def test_a_margin_above_the_turnover_and_a_negative_one_are_refused(deliver: Deliver) -> None:
    book = typed(
        HEADINGS,
        ["10000001", FIRST, LAST, "5212", 35.5, 120, None, "900001", DAY],
        ["10000002", FIRST, LAST, "5212", -3, 20, None, "900001", DAY],
        ["10000003", FIRST, LAST, "5212", 35.5, 20, None, "900001", "2025-02-30"],
        ["10000004", FIRST, LAST, "5212", 35.5, 20, 40, "900001", DAY],
    )
    reading = deliver(book, FEED, NAME)
    assert [row["customer_id"] for row in reading.rows] == ["10000004"]
    assert len(reading.refused) == 3
