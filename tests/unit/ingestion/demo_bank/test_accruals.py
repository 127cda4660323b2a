"""Interest as it is booked: hand cases, and the state of the books month after month."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np

from ingestion.contracts.load import load_feeds
from ingestion.demo_bank.accounts import CLOSED, Accounts, no_accounts
from ingestion.demo_bank.accruals import Booked, book_month, open_accruals
from ingestion.demo_bank.bank import PRODUCT_INDEX
from ingestion.demo_bank.deliveries import Deliveries
from ingestion.demo_bank.extracts import FeedBook
from ingestion.demo_bank.ledger import INTEREST_PAYABLE, INTEREST_RECEIVABLE, PROVISION
from ingestion.demo_bank.loans import OVERDUE, SETTLED, Instalments, Loans, no_loans
from ingestion.demo_bank.postings import FIXED, INTEREST, TYPE, Wishes, settle
from ingestion.demo_bank.repayments import Paid, reprice
from ingestion.demo_bank.risk import provisions
from ingestion.demo_bank.shape import Period, Shape
from ingestion.demo_bank.story import found_bank, live_month

JANUARY, FEBRUARY, MARCH = Shape(100, 3, 1, dt.date(2025, 3, 31), 0).periods
NOTHING = np.zeros(0, np.int64)


def a_deposit(product: str, balance: int, opened: int) -> Accounts:
    book = no_accounts()
    book.append(
        {
            "customer": [0], "product": PRODUCT_INDEX[product], "organisation": [8],
            "opened": opened, "weight": 1.0,
        }
    )  # fmt: skip
    book.balance[:] = balance
    return book


def a_loan() -> tuple[Accounts, Loans]:
    """100,000 yuan at 7.2%, with interest on the 15th of each month, last on 15 December."""
    rate, principal = 72_000, 10_000_000
    book = a_deposit("2101", principal, JANUARY.start - 78)
    loans = no_loans()
    columns = dict.fromkeys(set(Loans.__annotations__) - {"unpaid", "log"}, 0)
    loans.append(
        columns
        | {"rate": rate, "left": principal, "term": 12, "number": 2}
        | {"earns_from": JANUARY.start - 17},
        1,
    )
    return book, loans


def nothing_paid() -> Paid:
    return Paid(*(NOTHING for _ in Paid.__annotations__))


def a_payment(due: int, paid: int, interest: int, penalty: int = 0) -> Paid:
    columns = (0, 3, due, interest, paid, 0, interest, penalty)
    return Paid(*(np.array([value]) for value in columns))


def live(book: Accounts, period: Period, wishes: Wishes | None = None) -> Booked:
    settled = settle((wishes or Wishes()).collect(), book, period)
    return book_month(book, no_loans(), settled, nothing_paid(), period)


def lend(book: Accounts, loans: Loans, period: Period, paid: Paid) -> int:
    settled = settle(Wishes().collect(), book, period)
    return int(book_month(book, loans, settled, paid, period).income[0])


def test_a_quarter_is_trued_up_to_what_is_paid() -> None:
    """7,777.77 yuan at 0.2%: 31 days are 1.34 yuan, 28 are 1.21, and the 90 of a quarter 3.89."""
    book = a_deposit("1101", 777_777, JANUARY.start - 500)
    book.accumulated[:] = 777_777 * 11
    open_accruals(book, no_loans(), JANUARY.start - 1)
    assert book.accrued.tolist() == [48]
    assert live(book, JANUARY).expense.tolist() == [134]
    assert live(book, FEBRUARY).expense.tolist() == [121]
    assert book.accrued.tolist() == [48 + 134 + 121]
    wishes = Wishes()
    wishes.add([0], day=MARCH.start + 20, second=1, role=INTEREST, type=TYPE["interest_credit"])
    expense = live(book, MARCH, wishes).expense
    # Paid 3.89 on 21 March, of which 3.03 was booked; eleven days at the new balance are 0.48.
    assert expense.tolist() == [389 - 303 + 48]
    assert book.accrued.tolist() == [48]


def test_a_term_deposit_taken_out_early_gives_back_what_was_booked() -> None:
    """100,000 yuan at 1.65% for a year, broken after six months: 0.2% is all it gets."""
    book = a_deposit("1104", 10_000_000, FEBRUARY.start - 181)
    book.accumulated[:] = 10_000_000 * 181
    open_accruals(book, no_loans(), FEBRUARY.start - 1)
    assert book.accrued.tolist() == [82_958]
    earned = 10_000_000 * (181 + 9) * 2_000 // 360_000_000
    wishes = Wishes()
    day = FEBRUARY.start + 9
    wishes.add([0], day=day, second=1, signed=earned, role=FIXED, type=TYPE["interest_credit"])
    wishes.add([0], day=day, second=2, signed=-10_000_000 - earned, role=FIXED)
    assert live(book, FEBRUARY, wishes).expense.tolist() == [10_555 - 82_958]
    assert book.accrued.tolist() == [0]
    assert live(book, MARCH).expense.tolist() == [0]


def test_a_deposit_that_rolls_over_earns_its_new_rate_from_that_day_on() -> None:
    book = a_deposit("1104", 10_000_000, FEBRUARY.start - 356)
    book.accumulated[:] = 10_000_000 * 356
    open_accruals(book, no_loans(), FEBRUARY.start - 1)
    before = int(book.accrued[0])
    earned = (10_000_000 * 365 * 16_500 + 180_000_000) // 360_000_000
    wishes = Wishes()
    wishes.add(
        [0], day=FEBRUARY.start + 9, second=1, signed=earned, role=FIXED,
        type=TYPE["interest_credit"],
    )  # fmt: skip
    settled = settle(wishes.collect(), book, FEBRUARY)
    book.rate[:] = 15_000
    booked = book_month(book, no_loans(), settled, nothing_paid(), FEBRUARY)
    since = ((10_000_000 + earned) * 19 * 15_000 + 180_000_000) // 360_000_000
    assert booked.expense.tolist() == [earned - before + since]
    assert book.accrued.tolist() == [since]


def test_a_loan_paid_on_its_day_is_booked_by_the_month() -> None:
    """100,000 yuan at 7.2% earn 20 yuan a day; 17 days of December are receivable on the eve."""
    book, loans = a_loan()
    open_accruals(book, loans, JANUARY.start - 1)
    assert book.accrued.tolist() == [17 * 2_000]
    day = JANUARY.start + 14
    loans.earns_from[:], loans.number[:] = day, 3
    assert lend(book, loans, JANUARY, a_payment(day, day, 31 * 2_000)) == 31 * 2_000
    assert book.accrued.tolist() == [17 * 2_000]


def test_a_loan_overdue_for_more_than_90_days_gives_back_and_is_income_when_paid() -> None:
    book, loans = a_loan()
    open_accruals(book, loans, JANUARY.start - 1)
    due = JANUARY.start - 70
    loans.unpaid = Instalments(
        np.array([0]), np.array([2]), np.array([due]), np.array([0]), np.array([60_000])
    )
    loans.status[:], loans.overdue_days[:] = OVERDUE, 100
    assert lend(book, loans, JANUARY, nothing_paid()) == -17 * 2_000
    assert book.accrued.tolist() == [0]
    loans.overdue_days[:] = 128
    assert lend(book, loans, FEBRUARY, nothing_paid()) == 0
    # In March all is paid, with a penalty: that is income, and so is what has been earned since
    # the last instalment, of 15 February.
    loans.unpaid = Instalments(*(NOTHING for _ in Instalments.__annotations__))
    loans.overdue_days[:], loans.earns_from[:] = 0, FEBRUARY.start + 14
    income = lend(book, loans, MARCH, a_payment(due, MARCH.start + 3, 60_000, 900))
    assert income == 60_000 + 900 + (14 + 31) * 2_000
    assert book.accrued.tolist() == [(14 + 31) * 2_000]


def test_principal_that_is_overdue_bears_a_penalty_and_no_interest() -> None:
    """Half of the principal fell due on 15 January and is not paid: it stays on the account."""
    book, loans = a_loan()
    open_accruals(book, loans, JANUARY.start - 1)
    day = JANUARY.start + 14
    loans.left[:], loans.earns_from[:] = 5_000_000, day
    loans.unpaid = Instalments(
        np.array([0]), np.array([3]), np.array([day]), np.array([5_000_000]), np.array([62_000])
    )
    loans.overdue_days[:] = 16
    assert lend(book, loans, JANUARY, nothing_paid()) == (14 * 2_000) + (17 * 1_000)
    assert book.accrued.tolist() == [62_000 + 17 * 1_000]


def test_a_repriced_loan_earns_both_rates() -> None:
    """5 days at 7.2% and 10 at 3.6% until 15 January."""
    book, loans = a_loan()
    book.product[:] = PRODUCT_INDEX["2103"]
    loans.earns_from[:] = JANUARY.start - 5
    reprice(loans, book, JANUARY, -36_000)
    open_accruals(book, loans, JANUARY.start + 9)
    assert book.accrued.tolist() == [5 * 2_000 + 10 * 1_000]


def test_books_and_ledger_agree_month_after_month(tmp_path: Path) -> None:
    """Fourteen months, two New Years inside: what each account has booked is what it has paid."""
    shape = Shape(400, 14, 5, dt.date(2026, 1, 31), 0)
    bank = found_bank(shape)
    deliveries = Deliveries(bank, FeedBook(load_feeds()))
    seen = {"non_accrual": 0, "taken_back": 0, "settled_loans": 0, "closed": 0}
    for period in shape.periods:
        month = live_month(bank, period)
        deliveries.month(month, tmp_path / str(period.index))
        book, loans, unit = bank.accounts, bank.loans, bank.accounts.organisation
        assert (book.accrued >= 0).all()
        is_closed, is_loan = book.status == CLOSED, book.is_kind("loan")
        assert not book.accrued[is_closed].any()
        is_bad = loans.overdue_days > 90
        assert not book.accrued[loans.account[is_bad]].any()
        held = np.zeros(book.count, np.int64)
        held[loans.account] = provisions(book, loans)
        for code, amounts in (
            (INTEREST_RECEIVABLE, np.where(is_loan, book.accrued, 0)),
            (INTEREST_PAYABLE, -np.where(is_loan, 0, book.accrued)),
            (PROVISION, -held),
        ):
            wanted = np.bincount(unit, amounts, minlength=len(bank.ledger.closing))
            assert bank.ledger.at(code).tolist() == wanted.tolist()
        assert not bank.ledger.closing.sum(axis=1).any()
        seen["non_accrual"] += int(is_bad.sum())
        seen["settled_loans"] += int((loans.status == SETTLED).sum())
        seen["closed"] += int((is_closed & ~is_loan).sum())
        path = next((tmp_path / str(period.index)).glob("corebank_accrual_*.csv"))
        seen["taken_back"] += path.read_bytes().count(b"|-")
    assert min(seen.values()) > 0, seen
