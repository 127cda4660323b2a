"""What borrowers pay, pay late, or miss, and how their loans age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from ingestion.demo_bank.accounts import CLOSED, Accounts
from ingestion.demo_bank.bank import INTEREST_BASIS
from ingestion.demo_bank.behaviour import SUMMARY
from ingestion.demo_bank.loans import (
    BANKRUPT,
    CLASS_FROM,
    LOSS,
    MORTGAGE,
    OVERDUE,
    RUNNING,
    SETTLED,
    WRITTEN_OFF,
    Instalments,
    Loans,
    due_amounts,
)
from ingestion.demo_bank.postings import CHANNEL, COVER, FIXED, TYPE, Wishes
from ingestion.demo_bank.shape import NO_DAY, Column, Days, Ints, Period, add_months_to_days

# The penalty rate is the contract rate and a half.
_PENALTY_SHARE: Final = 0.5


@dataclass
class Paid:
    """Repayments of a month: the rows of the feed."""

    loan: Ints
    number: Ints
    due: Days
    due_amount: Ints
    paid: Days
    principal: Ints
    interest: Ints
    penalty: Ints


def reprice(loans: Loans, book: Accounts, period: Period, change: int) -> None:
    """Mortgages granted before `period` bear another rate from its first day on.

    Args:
        loans: The contracts; what they have earned so far stays earned at the old rate.
        book: Their accounts.
        period: The month.
        change: What is added to each rate, in millionths.
    """
    start = period.start
    rows = np.flatnonzero((book.product == MORTGAGE) & (book.closed == NO_DAY))
    rows = rows[book.opened[rows] < start]
    book.log.record(np.full(len(rows), start), rows, "rate", book.rate[rows] + change)
    book.log.record(np.full(len(rows), start), rows, "reprice", start + 365)
    hit = np.flatnonzero(np.isin(loans.account, rows))
    days = (start - loans.earns_from[hit]).astype(np.int64)
    loans.carried[hit] += loans.left[hit] * days * loans.rate[hit]
    loans.earns_from[hit] = start
    loans.rate[hit] += change
    loans.log.record(np.full(len(hit), start), hit)


def collect_month(
    loans: Loans, book: Accounts, period: Period, wishes: Wishes, rng: np.random.Generator
) -> Paid:
    """Let instalments fall due, be paid, be late or be missed; post what is paid or given up."""
    due = _fall_due(loans, period, rng)
    late = _cure(loans, period, rng)
    paid = Paid(*(np.concatenate(pair) for pair in zip(due, late, strict=True)))
    order = np.lexsort((paid.number, paid.loan, paid.paid))
    paid = Paid(*(getattr(paid, name)[order] for name in Paid.__annotations__))
    _post_repayments(loans, book, paid, wishes, rng)
    _settle_finished(loans, book, paid)
    _age_arrears(loans, period)
    if period.first.month % 3 == 0:
        _write_off(loans, book, period, wishes)
    return paid


def _fall_due(loans: Loans, period: Period, rng: np.random.Generator) -> tuple[Column, ...]:
    """The month's regular instalments: paid on the day, a few days late, or missed."""
    # Those written off owe nothing more; they are drawn for, so that nobody else's luck turns.
    running = np.flatnonzero((loans.status != SETTLED) & (loans.number < loans.term))
    due = add_months_to_days(loans.granted[running], loans.number[running] + 1)
    now = (due >= period.start) & (due <= period.end)
    running, due = running[now], due[now]
    principal, earned = due_amounts(loans, running, due)
    loans.left[running] -= principal
    loans.number[running] += 1
    loans.earns_from[running] = due
    loans.carried[running] = 0
    number = loans.number[running].copy()
    draw = rng.random(len(running))
    is_missed = draw < loans.weakness[running]
    is_late = ~is_missed & (draw > 0.97)
    paid = np.where(is_late, due + rng.integers(1, 8, len(running)), due)
    # Paid after the month's end counts as missed until it is paid.
    is_missed |= paid > period.end
    missed = np.flatnonzero(is_missed & (principal + earned > 0))
    old = loans.unpaid
    loans.unpaid = Instalments(
        np.concatenate([old.loan, running[missed]]),
        np.concatenate([old.number, number[missed]]),
        np.concatenate([old.due, due[missed]]),
        np.concatenate([old.principal, principal[missed]]),
        np.concatenate([old.interest, earned[missed]]),
    )
    ok = np.flatnonzero(~is_missed & (principal + earned > 0))
    penalty = _penalty(loans, running[ok], principal[ok] + earned[ok], paid[ok] - due[ok])
    return (
        running[ok], number[ok], due[ok], principal[ok] + earned[ok],
        paid[ok].astype(np.int32), principal[ok], earned[ok], penalty,
    )  # fmt: skip


def _penalty(loans: Loans, places: Ints, amount: Ints, days: Ints) -> Ints:
    rate = (loans.rate[places] * (1 + _PENALTY_SHARE)).astype(np.int64)
    result: Ints = (amount * days * rate) // (1_000_000 * INTEREST_BASIS)
    return result


def _cure(loans: Loans, period: Period, rng: np.random.Generator) -> tuple[Column, ...]:
    """Borrowers in arrears who pay all they owe, with the penalty, on one day of the month."""
    owed = loans.unpaid
    debtors = np.unique(owed.loan[owed.due < period.start])
    chance = np.clip(0.75 - loans.weakness[debtors], 0.02, 0.75)
    # Of what is lost nothing is recovered.
    is_lost = (loans.status[debtors] == WRITTEN_OFF) | (loans.weakness[debtors] >= BANKRUPT)
    cured = debtors[(rng.random(len(debtors)) < chance) & ~is_lost]
    day_of = np.zeros(loans.count, np.int32)
    day_of[cured] = period.start + rng.integers(1, period.days - 1, len(cured))
    is_paid = (day_of[owed.loan] > 0) & (owed.due <= day_of[owed.loan])
    at = np.flatnonzero(is_paid)
    rest = np.flatnonzero(~is_paid)
    paid = day_of[owed.loan[at]]
    amount = owed.principal[at] + owed.interest[at]
    penalty = _penalty(loans, owed.loan[at], amount, (paid - owed.due[at]).astype(np.int64))
    found = (
        owed.loan[at], owed.number[at], owed.due[at], amount, paid,
        owed.principal[at], owed.interest[at], penalty,
    )  # fmt: skip
    loans.unpaid = Instalments(
        owed.loan[rest],
        owed.number[rest],
        owed.due[rest],
        owed.principal[rest],
        owed.interest[rest],
    )
    return found


def _post_repayments(
    loans: Loans, book: Accounts, paid: Paid, wishes: Wishes, rng: np.random.Generator
) -> None:
    """Principal leaves both accounts, interest and penalty leave the borrower's."""
    account = loans.account[paid.loan]
    demand = book.settlement[account]
    second = 25_200 + rng.integers(0, 900, len(account))
    common: dict[str, ArrayLike] = {
        "channel": CHANNEL["system"], "by_system": 1, "role": FIXED
    }  # fmt: skip
    first = np.unique(demand)
    first_day = np.full(book.count, np.iinfo(np.int32).max, np.int32)
    np.minimum.at(first_day, demand, paid.paid)
    wishes.add(
        first, day=first_day[first], second=24_000, role=COVER, summary=0,
        type=TYPE["cash_deposit"], channel=CHANNEL["counter"],
    )  # fmt: skip
    some = paid.principal > 0
    for side in (demand, account):
        wishes.add(
            side[some], signed=-paid.principal[some], second=second[some], summary=1,
            type=TYPE["loan_repayment"], day=paid.paid[some], **common,
        )  # fmt: skip
    charged = paid.interest + paid.penalty
    some = charged > 0
    wishes.add(
        demand[some], signed=-charged[some], second=second[some] + 1, summary=2,
        type=TYPE["interest_debit"], day=paid.paid[some], **common,
    )  # fmt: skip


def _settle_finished(loans: Loans, book: Accounts, paid: Paid) -> None:
    """A contract whose last instalment is paid is settled and its account closed."""
    is_last = paid.number >= loans.term[paid.loan]
    still_owing = np.isin(paid.loan, loans.unpaid.loan)
    done = is_last & ~still_owing
    loan, day = paid.loan[done], paid.paid[done]
    loans.log.record(day, loan, "status", SETTLED)
    loans.log.record(day, loan, "overdue_days", 0)
    loans.log.record(day, loan, "five_class", 0)
    book.log.record(day, loans.account[loan], "status", CLOSED)
    book.log.record(day, loans.account[loan], "closed", day)


def _age_arrears(loans: Loans, period: Period) -> None:
    """Overdue days and class as at the month's end; recorded on the day they become known."""
    oldest = np.full(loans.count, np.iinfo(np.int32).max, np.int64)
    np.minimum.at(oldest, loans.unpaid.loan, loans.unpaid.due.astype(np.int64))
    is_owing = oldest < np.iinfo(np.int32).max
    days = np.where(is_owing, period.end - oldest, 0)
    is_done = (loans.number >= loans.term) & ~is_owing
    running = np.flatnonzero(
        (loans.status <= OVERDUE) & ~is_done & (is_owing | (loans.overdue_days > 0))
    )
    status = np.where(days[running] > 0, OVERDUE, RUNNING)
    five = np.searchsorted(CLASS_FROM, days[running], side="right")
    five[loans.weakness[running] >= BANKRUPT] = LOSS
    for column, values in (
        ("status", status),
        ("overdue_days", days[running]),
        ("five_class", five),
    ):
        loans.log.record(np.full(len(running), period.end), running, column, values)


def _write_off(loans: Loans, book: Accounts, period: Period, wishes: Wishes) -> None:
    """Give up what was a loss as the quarter's last month began, and still is.

    On the last day the whole balance leaves the account, against the provision that stands for all
    of it since a month ago at the latest. The claim itself is kept (账销案存).
    """
    is_owing = np.isin(np.arange(loans.count), loans.unpaid.loan)
    lost = np.flatnonzero((loans.status == OVERDUE) & (loans.five_class == LOSS) & is_owing)
    due = np.bincount(loans.unpaid.loan, loans.unpaid.principal, minlength=loans.count)
    owed = loans.left[lost] + due.astype(np.int64)[lost]
    account, day = loans.account[lost], np.full(len(lost), period.end)
    wishes.add(
        account, day=day, second=79_200, signed=-owed, summary=SUMMARY["贷款核销"],
        type=TYPE["other"], channel=CHANNEL["system"], by_system=1, role=FIXED,
    )  # fmt: skip
    loans.left[lost] = 0
    loans.carried[lost] = 0
    loans.log.record(day, lost, "status", WRITTEN_OFF)
    book.log.record(day, account, "status", CLOSED)
    book.log.record(day, account, "closed", day)
