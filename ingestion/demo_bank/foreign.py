"""Accounts in US and Hong Kong dollars of a few customers, in books of their own.

They stand beside all other accounts of the demo bank and touch none of them: demand and term
deposits, and loans to a few firms. Each currency's ledger sums to zero in every unit; what is
missing lies at a correspondent bank (1011). Interest is booked month by month, balance times rate
over 360, half a hundredth up; on the 21st of a quarter's last month a demand deposit is paid what
was payable a month ago. Term deposits and loans run on beyond the history, and pay when they end.
Whoever leaves the bank takes his deposits along on the day he goes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import polars as pl

from ingestion.demo_bank.accounts import account_texts
from ingestion.demo_bank.bank import ORGANISATIONS, PRODUCT_INDEX, PRODUCTS
from ingestion.demo_bank.columns import dates, named, whole
from ingestion.demo_bank.ledger import (
    FEE_SETTLEMENT,
    IMPAIRMENT,
    INTEREST_DEMAND,
    INTEREST_INCOME,
    INTEREST_PAYABLE,
    INTEREST_RECEIVABLE,
    INTEREST_TERM,
    NAMES,
    PROVISION,
    RETAINED,
)
from ingestion.demo_bank.life import LEFT_PARTLY, Life
from ingestion.demo_bank.people import CORE, People
from ingestion.demo_bank.postings import CHANNEL, TYPE, Postings, Wishes, interest
from ingestion.demo_bank.shape import (
    NO_DAY,
    Bools,
    Days,
    Ints,
    Period,
    Shape,
)

CURRENCIES: Final = ("USD", "HKD")
CORRESPONDENT: Final = "10110101"
# A term of two years spans the history and the days ahead.
TERM_MONTHS: Final = 24
# Millionths a year, by product.
_RATES: Final = {"1101": 5_000, "1201": 5_000, "1105": 28_000, "2201": 61_000}
_FEE_FEN: Final = 500
# Numbers of accounts far behind those of the bank's other ones.
_FIRST_NUMBER: Final = 50_000_000
# Of a loan's balance, in ten-thousandths: the first month, and what each of the next two adds.
_PROVISION, _PROVISION_STEP = 100, 15
# Unit, ledger account and currency -> fen.
Amounts = dict[tuple[int, str, int], int]


@dataclass
class Foreign:
    """One entry per account; amounts are whole hundredths of its own currency."""

    texts: pl.Series
    product: Ints
    customer: Ints
    organisation: Ints
    manager: Ints
    currency: Ints
    opened: Days
    balance: Ints
    closed: Days
    accrued: Ints
    provision: Ints
    closing: Amounts = field(default_factory=dict)

    @property
    def rate(self) -> Ints:
        """Millionths a year."""
        return np.array([_RATES[PRODUCTS[place].product_id] for place in self.product], np.int64)

    @property
    def sign(self) -> Ints:
        """Loans are debits of the ledger, deposits credits."""
        found: Ints = np.where(self.is_kind("loan"), 1, -1)
        return found

    def is_kind(self, *kinds: str) -> Bools:
        """Which accounts behave as one of `kinds`."""
        return np.array([PRODUCTS[place].kind in kinds for place in self.product], bool)


@dataclass
class ForeignMonth:
    """What happened on these accounts in a month, in order of day."""

    postings: Postings
    balance_after: Ints
    accruals: pl.DataFrame
    measures: pl.DataFrame
    ledger: pl.DataFrame


def open_foreign(shape: Shape, people: People) -> Foreign:
    """The accounts that stand on the eve of the history, and the ledger behind them."""
    rng = shape.rng("foreign")
    start = shape.periods[0].start
    known = (people.opened < start - 60) & (people.source == CORE)
    persons = np.flatnonzero(known & (people.party == 0))
    firms = np.flatnonzero(known & (people.party > 0))
    some = rng.choice(persons, min(max(len(persons) // 50, 6), len(persons)), replace=False)
    few = rng.choice(firms, min(max(len(firms) // 10, 3), len(firms)), replace=False)
    groups = (("1101", some), ("1105", some[::2]), ("1201", few), ("2201", few))
    product = np.concatenate([np.full(len(who), PRODUCT_INDEX[name]) for name, who in groups])
    customer = np.concatenate([who for _, who in groups])
    count = len(product)
    thousands = np.where(product == PRODUCT_INDEX["2201"], rng.integers(20, 90, count), 0)
    balance = rng.integers(20_000, 900_000, count) + thousands * 100_000
    opened = np.maximum(start - rng.integers(10, 200, count), people.opened[customer] + 1)
    organisation = people.organisation[customer]
    books = Foreign(
        texts=account_texts(_FIRST_NUMBER + np.arange(count), product, organisation),
        product=product,
        customer=customer,
        organisation=organisation,
        manager=people.manager[customer],
        # Two in dollars of the United States, one of Hong Kong.
        currency=(customer % 3 == 2).astype(np.int64),
        opened=opened.astype(np.int32),
        balance=balance,
        closed=np.full(count, NO_DAY, np.int32),
        accrued=np.zeros(count, np.int64),
        provision=np.zeros(count, np.int64),
    )
    books.provision = _provisions(books, 0)
    moved: Amounts = {}
    for place in range(count):
        _book(
            moved, books, place, _ledger_account(books, place), books.sign[place] * balance[place]
        )
        _book(moved, books, place, PROVISION, -books.provision[place])
    books.closing = _balanced(moved)
    return books


def live_foreign(books: Foreign, life: Life, shape: Shape, period: Period) -> ForeignMonth:
    """Let the accounts live a month; the books move to its end."""
    opening = books.balance.copy()
    postings, fees = _events(books, life, shape, period)
    running = dict(enumerate(opening))
    after = np.zeros(postings.count, np.int64)
    days = opening * period.days
    for row, (place, signed) in enumerate(zip(postings.account, postings.signed, strict=True)):
        running[int(place)] += int(signed)
        after[row] = running[int(place)]
        days[place] += int(signed) * (period.end - int(postings.day[row]) + 1)
    books.balance = np.array(list(running.values()), np.int64)
    paid = np.zeros(len(opening), np.int64)
    is_paid = postings.type == TYPE["interest_credit"]
    np.add.at(paid, postings.account[is_paid], postings.signed[is_paid])
    earned = interest(days, books.rate)
    provision = _provisions(books, period.index + 1)
    moved: Amounts = {}
    is_loan = books.is_kind("loan")
    for place in range(len(opening)):
        is_term = PRODUCTS[books.product[place]].kind == "term"
        change = books.sign[place] * (books.balance[place] - opening[place])
        _book(moved, books, place, _ledger_account(books, place), change)
        _book(moved, books, place, INTEREST_PAYABLE, int(paid[place]))
        _book(moved, books, place, FEE_SETTLEMENT, -int(fees[place]))
        if is_loan[place]:
            _move(moved, books, place, INTEREST_RECEIVABLE, INTEREST_INCOME, int(earned[place]))
            more = int(provision[place] - books.provision[place])
            _move(moved, books, place, IMPAIRMENT, PROVISION, more)
        else:
            account = INTEREST_TERM if is_term else INTEREST_DEMAND
            _move(moved, books, place, account, INTEREST_PAYABLE, int(earned[place]))
    books.accrued += earned - paid
    books.provision = provision
    return ForeignMonth(
        postings, after, _accruals(books, earned, period), measure_frame(books, period.end),
        _ledger_frame(books, _balanced(moved), period),
    )  # fmt: skip


def _events(books: Foreign, life: Life, shape: Shape, period: Period) -> tuple[Postings, Ints]:
    """Money in, money out with its fee, interest by the quarter, and all of it when one leaves."""
    rng = shape.rng("foreign", period.index)
    count = len(books.product)
    wishes, fees = Wishes(), np.zeros(count, np.int64)
    leaving = (life.gone[books.customer] <= period.end) & (life.kind[books.customer] != LEFT_PARTLY)
    last = np.where(leaving, np.maximum(life.gone[books.customer], period.start), period.end + 1)
    is_live = (books.closed == NO_DAY) & ~books.is_kind("loan")
    brought = rng.integers(20, 900, count) * 1_000
    day_in = period.start + rng.integers(1, 9, count)
    day_out = period.start + rng.integers(9, 19, count)
    share = rng.uniform(0.02, 0.3, count)
    held = books.balance.copy()
    for place in np.flatnonzero(is_live & books.is_kind("demand")):
        if day_in[place] < last[place]:
            _wish(wishes, place, day_in[place], 36_000, brought[place], "transfer_in")
            held[place] += brought[place]
        if day_out[place] < last[place]:
            out = int(held[place] * share[place]) // 100 * 100
            fees[place] = _FEE_FEN if held[place] > out + _FEE_FEN else 0
            _wish(wishes, place, day_out[place], 40_000, -out, "transfer_out")
            _wish(wishes, place, day_out[place], 40_001, -fees[place], "fee")
            held[place] -= out + fees[place]
        payday = period.start + 20
        if period.first.month % 3 == 0 and payday < last[place]:
            _wish(wishes, place, payday, 10_000, books.accrued[place], "interest_credit")
            held[place] += books.accrued[place]
    for place in np.flatnonzero(is_live & leaving):
        _wish(wishes, place, last[place], 60_000, -held[place], "transfer_out")
        books.closed[place] = last[place]
    rows = wishes.collect()
    rows = rows.take(rows.signed != 0)
    rows.fee[rows.type == TYPE["fee"]] = -rows.signed[rows.type == TYPE["fee"]]
    order = np.lexsort((rows.account, rows.second, rows.day))
    return rows.take(order), fees


def _wish(
    wishes: Wishes, place: np.integer[Any], day: int, second: int, signed: int, kind: str
) -> None:
    """A posting at the counter, or one that the system makes."""
    is_own = kind == "interest_credit"
    wishes.add(
        place, day=day, second=second, signed=signed, type=TYPE[kind], by_system=is_own,
        channel=CHANNEL["system" if is_own else "counter"],
    )  # fmt: skip


def _provisions(books: Foreign, month: int) -> Ints:
    """Set aside for each loan, half a hundredth up."""
    part = _PROVISION + _PROVISION_STEP * (month % 3)
    found: Ints = np.where(books.is_kind("loan"), (books.balance * part + 5_000) // 10_000, 0)
    return found


def _ledger_account(books: Foreign, place: int) -> str:
    return PRODUCTS[books.product[place]].gl_code or ""


def _book(moved: Amounts, books: Foreign, place: int, account: str, fen: int) -> None:
    """A debit, above 0, or a credit of an account's unit and currency."""
    if not fen:
        return
    key = (int(books.organisation[place]), account, int(books.currency[place]))
    moved[key] = moved.get(key, 0) + int(fen)


def _move(moved: Amounts, books: Foreign, place: int, debit: str, credit: str, fen: int) -> None:
    _book(moved, books, place, debit, fen)
    _book(moved, books, place, credit, -fen)


def _balanced(moved: Amounts) -> Amounts:
    """The same, with the correspondent bank taking what is missing to zero."""
    found = dict(moved)
    for (unit, _, currency), fen in moved.items():
        key = (unit, CORRESPONDENT, currency)
        found[key] = found.get(key, 0) - fen
    return found


def _ledger_frame(books: Foreign, moved: Amounts, period: Period) -> pl.DataFrame:
    """The month of each currency's ledger; a new year begins without results."""
    opening = dict(books.closing)
    if period.first.month == 1:
        for (unit, account, currency), fen in books.closing.items():
            if account.startswith("6"):
                kept = (unit, RETAINED, currency)
                opening[kept] = opening.get(kept, 0) + fen
                opening[unit, account, currency] = 0
    keys = sorted(set(opening) | set(moved))
    books.closing = {key: opening.get(key, 0) + moved.get(key, 0) for key in keys}
    names = NAMES | {CORRESPONDENT: "存放同业款项"}
    return pl.DataFrame(
        {
            "organisation_id": [ORGANISATIONS[unit] for unit, _, _ in keys],
            "gl_account_code": [account for _, account, _ in keys],
            "gl_account_name": [names[account] for _, account, _ in keys],
            "currency_code": [CURRENCIES[currency] for _, _, currency in keys],
            "month_end_date": [period.last] * len(keys),
            "opening_amount": [opening.get(key, 0) for key in keys],
            "debit_amount": [max(moved.get(key, 0), 0) for key in keys],
            "credit_amount": [max(-moved.get(key, 0), 0) for key in keys],
            "closing_amount": [books.closing[key] for key in keys],
        }
    )


def _accruals(books: Foreign, earned: Ints, period: Period) -> pl.DataFrame:
    """Interest booked by account."""
    rows = np.flatnonzero(earned)
    is_loan = books.is_kind("loan")[rows]
    return pl.DataFrame(
        {
            "account_id": books.texts.gather(rows),
            "organisation_id": named(ORGANISATIONS, books.organisation[rows]),
            "month_end_date": dates(np.full(len(rows), period.end)),
            "interest_income_amount": whole(np.where(is_loan, earned[rows], -1)),
            "interest_expense_amount": whole(np.where(is_loan, -1, earned[rows])),
        }
    )


def measure_frame(books: Foreign, day: int) -> pl.DataFrame:
    """What the risk system says of the loans at the end of a month."""
    rows = np.flatnonzero(books.is_kind("loan"))
    return pl.DataFrame(
        {
            "account_id": books.texts.gather(rows),
            "month_end_date": dates(np.full(len(rows), day)),
            "rating_code": named(["BBB"], np.zeros(len(rows), np.int64)),
            "pd_rate": np.full(len(rows), 8_000),
            "lgd_rate": np.full(len(rows), 450_000),
            # Half of the firms have as much again of a line that they have not drawn.
            "undrawn_amount": whole(np.where(rows % 2 == 0, books.balance[rows] // 4, -1)),
            "provision_amount": books.provision[rows],
            # Nothing of them was ever written off.
            "used_provision_amount": whole(np.full(len(rows), -1)),
        }
    )
