"""Interest as the ledger books it: when it is earned, whoever pays it and when.

A month's interest of a deposit or loan is the sum of its end-of-day balances times its rate, over
360, half a fen up. `Accounts.accrued` holds what is booked and not yet paid: interest payable of a
deposit (2231), receivable of a loan (1132). Where that rule and what is really paid part, the books
follow what is paid, so that over its life an account has booked what it has paid to the fen:

- A deposit's quarter is paid in one sum, rounded once. From then on exactly what has been earned
  since is payable; the fen that three rounded months may differ by falls into that month. Loans are
  trued up in the same way in the last month of each quarter.
- A term deposit taken out early is paid at the demand rate: what was booked beyond it is taken back
  in that month, as a negative expense. One that rolls over earns its new rate from that day on.
- Only principal that is not overdue bears interest. What is overdue bears penalty interest, which
  is income when it is paid.
- A loan overdue for more than 90 days at a month's end bears none any more: what is receivable is
  taken back in that month, and what it pays from then on is income when it is paid. Once it owes
  nothing that is due, it is booked like any other, from its last instalment on. One that is written
  off bears none from that month on, either.
- The last month of an account books what is paid less what was booked before.

No demo deposit is ever overdrawn (postings.py), so none bears interest to the bank. Wealth products
earn for their manager and not in these books.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank.accounts import Accounts
from ingestion.demo_bank.bank import ORGANISATIONS
from ingestion.demo_bank.columns import dates, named
from ingestion.demo_bank.loans import WRITTEN_OFF, Loans, earned_until
from ingestion.demo_bank.postings import TYPE, Settled, interest
from ingestion.demo_bank.repayments import Paid
from ingestion.demo_bank.shape import Ints, Period

# Overdue days up to which interest is booked when it is earned (金融企业财务规则: 逾期 90 天).
ACCRUES_UP_TO_DAYS: Final = 90


@dataclass
class Booked:
    """Interest of a month by account, in fen; negative where earlier accruals are taken back."""

    income: Ints
    expense: Ints


def open_accruals(book: Accounts, loans: Loans, eve: int) -> None:
    """Enter what was earned and not yet paid on the eve of the history."""
    book.accrued = np.where(book.earns, interest(book.accumulated, book.rate), 0)
    book.accrued[loans.account] = _receivable(loans, eve)


def book_month(
    book: Accounts, loans: Loans, settled: Settled, paid: Paid, period: Period
) -> Booked:
    """The month's interest; moves what is accrued to its end.

    Args:
        book: The accounts, with the rates that hold at the month's end.
        loans: The contracts at the month's end.
        settled: The month's postings.
        paid: Its repayments.
        period: The month.
    """
    income, expense = np.zeros(book.count, np.int64), _deposits(book, settled)
    income[loans.account] = _loans(book, loans, settled, paid, period)
    return Booked(income, expense)


def _deposits(book: Accounts, settled: Settled) -> Ints:
    """Expense by account: what was paid, and what is payable more than before."""
    rows = settled.postings
    is_paid = rows.type == TYPE["interest_credit"]
    paid = _sums(rows.account[is_paid], rows.signed[is_paid], book.count)
    month = interest(settled.balance_days, book.rate)
    since = interest(book.accumulated, book.rate)
    payable = np.where(settled.is_settled, since, book.accrued + month)
    earns = book.earns
    expense: Ints = np.where(earns, paid + payable - book.accrued, 0)
    book.accrued = np.where(earns, payable, book.accrued)
    return expense


def _loans(book: Accounts, loans: Loans, settled: Settled, paid: Paid, period: Period) -> Ints:
    """Income by loan: what was paid, with penalties, and what is receivable more than before."""
    charged = _sums(paid.loan, paid.interest, loans.count)
    penalty = _sums(paid.loan, paid.penalty, loans.count)
    before = book.accrued[loans.account]
    is_exact = loans.number >= loans.term
    is_exact[loans.unpaid.loan] = True
    is_exact[paid.loan[paid.paid > paid.due]] = True
    if period.first.month % 3 == 0:
        is_exact[:] = True
    month = interest(settled.balance_days[loans.account], loans.rate)
    receivable = np.where(is_exact, _receivable(loans, period.end), before + month - charged)
    book.accrued[loans.account] = receivable
    income: Ints = penalty + charged + receivable - before
    return income


def _receivable(loans: Loans, day: int) -> Ints:
    """Interest that each loan owes at the end of `day`, due or not."""
    places = np.arange(loans.count)
    due = _sums(loans.unpaid.loan, loans.unpaid.interest, loans.count)
    owed = due + earned_until(loans, places, np.full(loans.count, day + 1))
    is_given_up = (loans.overdue_days > ACCRUES_UP_TO_DAYS) | (loans.status == WRITTEN_OFF)
    result: Ints = np.where(is_given_up, 0, owed)
    return result


def _sums(places: Ints, amounts: Ints, count: int) -> Ints:
    """Sums by place, exactly: whole fen below 2^53."""
    return np.bincount(places, amounts, minlength=count).astype(np.int64)


def accrual_frame(book: Accounts, booked: Booked, period: Period) -> pl.DataFrame:
    """One row per account with booked interest."""
    rows = np.flatnonzero((booked.income != 0) | (booked.expense != 0))
    columns = {
        name: pl.Series(values[rows]).set(pl.Series(values[rows] == 0), None)
        for name, values in (
            ("interest_income_amount", booked.income),
            ("interest_expense_amount", booked.expense),
        )
    }
    return pl.DataFrame(
        {
            "account_id": book.texts.gather(rows),
            "organisation_id": named(ORGANISATIONS, book.organisation[rows]),
            "month_end_date": dates(np.full(len(rows), period.end)),
            **columns,
        }
    )
