"""The month's closing: what the ledger books beyond the postings, and what is delivered of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank import accruals, explained, ledger, risk
from ingestion.demo_bank.accounts import Accounts
from ingestion.demo_bank.bank import HEAD_OFFICE, ORGANISATIONS
from ingestion.demo_bank.ledger import (
    CENTRAL_BANK,
    FEE_EXPENSE,
    FEE_INSURANCE,
    FEE_MERCHANT,
    FEE_SETTLEMENT,
    IMPAIRMENT,
    INCOME_TAX,
    INTEREST_DEMAND,
    INTEREST_INCOME,
    INTEREST_PAYABLE,
    INTEREST_RECEIVABLE,
    INTEREST_TERM,
    PROVISION,
    SURTAX,
    TAX_PAYABLE,
    Ledger,
    Turnover,
)
from ingestion.demo_bank.loans import Loans
from ingestion.demo_bank.postings import TYPE, Settled
from ingestion.demo_bank.shape import Ints, Period
from ingestion.demo_bank.story import Bank, Month

_UNITS: Final = np.arange(len(ORGANISATIONS))
# What interbank clearing costs the bank for each transfer and card payment, in fen.
_CLEARING_FEN: Final = 15
# Surcharges on value added tax: 12% of the 3% that a rural bank pays on interest and fees.
_SURTAX_PER_10_000: Final = 36
_INCOME_TAX_PERCENT: Final = 25
# The ledger account that an explained item is booked to, by line of the statement.
_EXPLAINED_IN: Final = {
    "interest_income": INTEREST_INCOME,
    "fee_income": FEE_INSURANCE,
    "interest_expense": INTEREST_TERM,
}


@dataclass
class Closed:
    """What is delivered of a month's closing."""

    balances: pl.DataFrame
    accruals: pl.DataFrame
    measures: pl.DataFrame
    explanations: pl.DataFrame


def close_month(bank: Bank, month: Month) -> Closed:
    """Book interest, provisions, fees and taxes, and close the month's ledger.

    Every change of the month has been applied to accounts and loans before.
    """
    book, loans, period, turnover = bank.accounts, bank.loans, month.period, month.turnover
    booked = accruals.book_month(book, loans, month.settled, month.paid, period)
    _enter_interest(turnover, booked, book)
    _enter_provisions(turnover, bank.ledger, book, loans)
    _enter_clearing_fees(turnover, month.settled, book)
    items = explained.items_of(bank.shape, period)
    for item in items:
        turnover.book(CENTRAL_BANK, _EXPLAINED_IN[item.line], item.unit, item.fen)
    enter_taxes(turnover, bank.ledger, period)
    return Closed(
        balances=ledger.close_month(bank.ledger, turnover, period),
        accruals=accruals.accrual_frame(book, booked, period),
        measures=risk.measure_frame(book, loans, period.end, month.settled),
        explanations=explained.explanation_frame(items, bank.staff, period),
    )


def _enter_interest(turnover: Turnover, booked: accruals.Booked, book: Accounts) -> None:
    """Book what was earned; that postings were paid stands against it already."""
    unit, is_term = book.organisation, book.term > 0
    turnover.book(INTEREST_RECEIVABLE, INTEREST_INCOME, unit, booked.income)
    for account, some in ((INTEREST_TERM, is_term), (INTEREST_DEMAND, ~is_term)):
        turnover.book(account, INTEREST_PAYABLE, unit[some], booked.expense[some])


def _enter_provisions(turnover: Turnover, books: Ledger, book: Accounts, loans: Loans) -> None:
    """Bring the provisions, less what write-offs used up, to what the loans' classes ask for."""
    unit = book.organisation[loans.account]
    wanted = np.bincount(unit, risk.provisions(book, loans), minlength=len(_UNITS))
    held = turnover.net(PROVISION) - books.at(PROVISION)
    turnover.book(IMPAIRMENT, PROVISION, _UNITS, wanted.astype(np.int64) - held)


def _enter_clearing_fees(turnover: Turnover, settled: Settled, book: Accounts) -> None:
    """Pay the clearing house for what went through it."""
    rows = settled.postings
    is_cleared = np.isin(rows.type, [TYPE["transfer_out"], TYPE["card_payment"]])
    unit = book.organisation[rows.account[is_cleared]]
    count = np.bincount(unit, minlength=len(_UNITS))
    turnover.book(FEE_EXPENSE, CENTRAL_BANK, _UNITS, count * _CLEARING_FEN)


def enter_taxes(turnover: Turnover, books: Ledger, period: Period) -> None:
    """Pay the taxes of the month before, and book those of this one.

    Surcharges are booked where interest and fees are earned. Income tax is the head office's, at
    quarter ends: a quarter of the year's profit so far, less what this year has booked already. A
    year that makes a loss owes none, and gets back what its first quarters have booked.

    Args:
        turnover: The month, with all else that is booked in it.
        books: The ledger as the month began.
        period: The month.
    """
    turnover.book(TAX_PAYABLE, CENTRAL_BANK, _UNITS, -books.at(TAX_PAYABLE))
    earned = turnover.net(INTEREST_INCOME, FEE_SETTLEMENT, FEE_MERCHANT, FEE_INSURANCE)
    surtax: Ints = (np.maximum(earned, 0) * _SURTAX_PER_10_000 + 5_000) // 10_000
    turnover.book(SURTAX, TAX_PAYABLE, _UNITS, surtax)
    if period.first.month % 3:
        return
    # The profit of the year so far, before income tax; the year's results are still in the ledger.
    results = list(ledger.RESULTS)
    profit = int((turnover.credit - turnover.debit - books.closing)[:, results].sum())
    booked = int(books.at(INCOME_TAX).sum())
    due = (max(profit + booked, 0) * _INCOME_TAX_PERCENT + 50) // 100
    turnover.book(INCOME_TAX, TAX_PAYABLE, HEAD_OFFICE, due - booked)
