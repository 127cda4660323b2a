"""Taxes at the month's closing, by hand: a year that earns at first and loses later."""

from __future__ import annotations

import datetime as dt

from ingestion.demo_bank.bank import HEAD_OFFICE
from ingestion.demo_bank.closing import enter_taxes
from ingestion.demo_bank.ledger import (
    CENTRAL_BANK,
    IMPAIRMENT,
    INCOME_TAX,
    INTEREST_INCOME,
    PROVISION,
    RETAINED,
    SURTAX,
    TAX_PAYABLE,
    Ledger,
    close_month,
    no_turnover,
)
from ingestion.demo_bank.shape import Shape

BRANCH = 8
PERIODS = Shape(100, 13, 1, dt.date(2026, 1, 31), 0).periods


def test_income_tax_follows_the_profit_of_the_year() -> None:
    books = Ledger()
    # Yuan earned and lost at a branch by month; surcharges are 0.36% of what is earned.
    earned = {1: 100_000, 3: 50_000, 5: 20_000}
    lost = {5: 300_000, 11: 400_000}
    owed, booked = [], []
    for period in PERIODS:
        turnover = no_turnover()
        month = period.first.month if period.index < 12 else 0
        turnover.book(CENTRAL_BANK, INTEREST_INCOME, BRANCH, earned.get(month, 0) * 100)
        turnover.book(IMPAIRMENT, PROVISION, BRANCH, lost.get(month, 0) * 100)
        enter_taxes(turnover, books, period)
        close_month(books, turnover, period)
        owed.append(-int(books.at(TAX_PAYABLE).sum()))
        booked.append(int(books.at(INCOME_TAX)[HEAD_OFFICE]))
        assert not books.closing.sum(axis=1).any()
    surtax = {month: yuan * 36 // 100 for month, yuan in earned.items()}
    first = (150_000_00 - surtax[1] - surtax[3]) // 4
    # By June the year's profit is lost: the tax of March is taken back, and refunded in July.
    assert booked == [0, 0, first, first, first, 0, 0, 0, 0, 0, 0, 0, 0]
    assert owed == [
        surtax[1], 0, surtax[3] + first, 0, surtax[5], -first, 0, 0, 0, 0, 0, 0, 0,
    ]  # fmt: skip
    assert int(books.at(SURTAX).sum()) == 0
    assert int(books.at(RETAINED).sum()) == 53_000_000 + sum(surtax.values())
