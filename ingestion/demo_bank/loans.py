"""The loans: contracts, schedules, what is paid, what is missed, and the five classes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from ingestion.demo_bank.accounts import (
    RATES,
    TERMS,
    Accounts,
    primary_accounts,
)
from ingestion.demo_bank.bank import PRODUCT_INDEX
from ingestion.demo_bank.changes import ChangeLog
from ingestion.demo_bank.people import COMPANY, MERCHANT, TOWN, VILLAGE, People
from ingestion.demo_bank.postings import (
    CHANNEL,
    FREE,
    TYPE,
    Wishes,
    interest,
)
from ingestion.demo_bank.shape import (
    NO_DAY,
    Column,
    Days,
    Floats,
    Ints,
    Period,
    Shape,
    add_months_to_days,
)

METHODS: Final = ("bullet", "equal_instalment", "equal_principal")
BULLET, EQUAL_INSTALMENT, EQUAL_PRINCIPAL = range(3)
COLLATERALS: Final = ("none", "guarantee", "mortgage", "pledge")
LOAN_STATUSES: Final = ("running", "overdue", "settled", "written_off")
RUNNING, OVERDUE, SETTLED, WRITTEN_OFF = range(4)
FIVE_CLASSES: Final = ("normal", "special_mention", "substandard", "doubtful", "loss")
LOSS: Final = len(FIVE_CLASSES) - 1
FARMER, SHOP, MORTGAGE, FIRM = (PRODUCT_INDEX[code] for code in ("2101", "2102", "2103", "2201"))
_METHOD_OF: Final = {
    FARMER: BULLET,
    SHOP: EQUAL_PRINCIPAL,
    MORTGAGE: EQUAL_INSTALMENT,
    FIRM: BULLET,
}
_COLLATERAL_OF: Final = {FARMER: 1, SHOP: 1, MORTGAGE: 2, FIRM: 3}
# Overdue days from which a class holds (CBIRC/PBOC 2023): up to 7 days is a technical delay.
CLASS_FROM: Final = np.array([8, 91, 271, 361])
# The chance to miss an instalment of those who will pay none: their loans are a loss on any day.
BANKRUPT: Final = 1.0


@dataclass
class Instalments:
    """Instalments that fell due and are unpaid."""

    loan: Ints
    number: Ints
    due: Days
    principal: Ints
    interest: Ints


def _no_instalments() -> Instalments:
    empty = np.zeros(0, np.int64)
    return Instalments(empty, empty.copy(), np.zeros(0, np.int32), empty.copy(), empty.copy())


@dataclass
class Loans:
    """One entry per contract; `left` is the principal not yet due or paid, in fen.

    The next instalment's interest runs from `earns_from`; `carried` is what was earned at an
    earlier rate and is not yet due, in fen-days times millionths.
    """

    account: Ints
    customer: Ints
    granted: Days
    maturity: Days
    principal: Ints
    rate: Ints
    term: Ints
    instalment: Ints
    method: Ints
    collateral: Ints
    status: Ints
    five_class: Ints
    overdue_days: Ints
    updated: Days
    left: Ints
    number: Ints
    earns_from: Days
    carried: Ints
    weakness: Floats
    unpaid: Instalments = field(default_factory=_no_instalments)
    log: ChangeLog = field(default_factory=ChangeLog)

    @property
    def count(self) -> int:
        """How many contracts there are."""
        return len(self.account)

    def append(self, batch: dict[str, ArrayLike], count: int) -> Ints:
        """Add `count` contracts; their places."""
        places = np.arange(self.count, self.count + count)
        for name, given in batch.items():
            old: Column = getattr(self, name)
            values = np.broadcast_to(np.asarray(given), count).astype(old.dtype)
            setattr(self, name, np.concatenate([old, values]))
        return places

    def texts(self) -> pl.Series:
        """Contract numbers."""
        return pl.Series([f"娄农商贷字{20_000_000 + 13 * i + 7}号" for i in range(self.count)])


def no_loans() -> Loans:
    """An empty book."""
    columns: dict[str, Column] = {}
    for name in [
        "account",
        "customer",
        "granted",
        "maturity",
        "principal",
        "rate",
        "term",
        "instalment",
        "method",
        "collateral",
        "status",
        "five_class",
        "overdue_days",
        "updated",
        "left",
        "number",
        "earns_from",
        "carried",
    ]:
        is_day = name in ("granted", "maturity", "updated", "earns_from")
        columns[name] = np.zeros(0, np.int32 if is_day else np.int64)
    return Loans(weakness=np.zeros(0), **columns)  # type: ignore[arg-type]


def level_instalment(principal: Ints, rate_ppm: Ints, term: Ints) -> Ints:
    """The equal instalment a month, in fen."""
    monthly = rate_ppm / 12e6
    factor = monthly / -np.expm1(-term * np.log1p(monthly))
    result: Ints = np.round(principal * factor).astype(np.int64)
    return result


def grant(
    loans: Loans,
    book: Accounts,
    people: People,
    customers: Ints,
    product: Ints,
    granted: Ints,
    principal: Ints,
    rng: np.random.Generator,
) -> Ints:
    """Write contracts and open their loan accounts; the places of the contracts.

    The loan account stands in the unit of the demand account that serves it.
    """
    demand = primary_accounts(book, people.count)[customers]
    term = TERMS[product].copy()
    is_mortgage = product == MORTGAGE
    term[is_mortgage] = rng.choice([120, 180, 240], is_mortgage.sum())
    rate = RATES[product] + rng.integers(-12, 13, len(customers)) * 500
    reprice = np.where(is_mortgage, _next_new_year(granted), NO_DAY)
    accounts = book.append(
        {
            "customer": customers,
            "product": product,
            "organisation": book.organisation[demand],
            "manager": people.manager[customers],
            "opened": granted,
            "rate": rate,
            "is_floating": is_mortgage.astype(np.int64),
            "term": term,
            "reprice": reprice,
            "settlement": demand,
        }
    )
    method = np.array([_METHOD_OF[int(p)] for p in product], np.int64)
    instalment = np.where(method == EQUAL_INSTALMENT, level_instalment(principal, rate, term), -1)
    batch: dict[str, ArrayLike] = {
        "account": accounts,
        "customer": customers,
        "granted": granted,
        "maturity": book.maturity[accounts],
        "principal": principal,
        "rate": rate,
        "term": term,
        "instalment": instalment,
        "method": method,
        "collateral": np.array([_COLLATERAL_OF[int(p)] for p in product], np.int64),
        "status": RUNNING,
        "five_class": 0,
        "overdue_days": 0,
        "updated": granted,
        "left": principal,
        "number": 0,
        "earns_from": granted,
        "carried": 0,
        "weakness": rng.beta(0.35, 14, len(customers)),
    }
    places = loans.append(batch, len(customers))
    loans.log.record(granted, places)
    return places


def _next_new_year(days: Ints) -> Ints:
    years = days.astype("datetime64[D]").astype("datetime64[Y]") + 1
    found: Ints = years.astype("datetime64[D]").astype(np.int64)
    return found


def borrowers(
    people: People, known: Ints, chances: dict[int, float], rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """(customer, loan product) of those who borrow, by population."""
    wanted = {MERCHANT: SHOP, TOWN: MORTGAGE, VILLAGE: FARMER, COMPANY: FIRM}
    picks, products = [], []
    for population, product in wanted.items():
        group = known[people.population[known] == population]
        found = group[rng.random(len(group)) < chances[product]]
        picks.append(found)
        products.append(np.full(len(found), product))
    return np.concatenate(picks), np.concatenate(products)


def loan_amounts(people: People, customers: Ints, product: Ints, rng: np.random.Generator) -> Ints:
    """Principals in fen: whole thousands of yuan, in step with income."""
    income = people.income[customers]
    months = np.select([product == FARMER, product == SHOP, product == MORTGAGE], [26, 20, 62], 5)
    yuan = np.clip(income * months * rng.lognormal(0, 0.35, len(customers)), 5_000, 9_000_000)
    fen: Ints = np.floor(yuan / 1000).astype(np.int64) * 100_000
    return fen


def first_loans(shape: Shape, people: People, book: Accounts) -> Loans:
    """The loans that run on the eve of the history, part-paid by their schedules."""
    rng = shape.rng("loans")
    loans = no_loans()
    start = shape.periods[0].start
    known = np.flatnonzero((people.opened < start - 60) & (people.source == 0))
    customers, product = borrowers(
        people, known, {FARMER: 0.085, SHOP: 0.20, MORTGAGE: 0.07, FIRM: 0.30}, rng
    )
    term = np.where(product == MORTGAGE, 100, TERMS[product])
    age = np.maximum((rng.random(len(customers)) * (term * 30.4 - 35)).astype(np.int64), 33)
    granted = start - np.minimum(age, start - people.opened[customers] - 1)
    amounts = loan_amounts(people, customers, product, rng)
    places = grant(loans, book, people, customers, product, granted, amounts, rng)
    _play_forward(loans, places, start)
    book.balance[loans.account] = loans.left
    _plant_old_arrears(loans, book, start, rng)
    return loans


def _play_forward(loans: Loans, places: Ints, start: int) -> None:
    """Pay the instalments that fell due before `start`."""
    gone = (
        np.int64(start).astype("datetime64[D]").astype("datetime64[M]")
        - loans.granted[places].astype("datetime64[D]").astype("datetime64[M]")
    ).astype(np.int64)
    # The instalment of the month of `start` itself is still to come.
    gone = np.clip(gone - 1, 0, loans.term[places] - 1)
    for step in range(int(gone.max(initial=0))):
        now = places[gone > step]
        due = add_months_to_days(loans.granted[now], np.full(len(now), step + 1))
        principal, _ = due_amounts(loans, now, due)
        loans.left[now] -= principal
        loans.number[now] += 1
        loans.earns_from[now] = due


def earned_until(loans: Loans, places: Ints, day: Ints) -> Ints:
    """Interest of each loan since its last instalment up to the eve of `day`, in fen."""
    days = (day - loans.earns_from[places]).astype(np.int64)
    return interest(loans.left[places] * days, loans.rate[places], loans.carried[places])


def due_amounts(loans: Loans, places: Ints, due: Days) -> tuple[Ints, Ints]:
    """Principal and interest of the next instalment of each loan, in fen."""
    earned = earned_until(loans, places, due)
    is_last = loans.number[places] + 1 >= loans.term[places]
    method = loans.method[places]
    even = loans.principal[places] // loans.term[places]
    level = np.maximum(loans.instalment[places] - earned, 0)
    share = np.select([method == EQUAL_PRINCIPAL, method == EQUAL_INSTALMENT], [even, level], 0)
    return np.where(is_last, loans.left[places], np.minimum(share, loans.left[places])), earned


def _plant_old_arrears(loans: Loans, book: Accounts, start: int, rng: np.random.Generator) -> None:
    """A few contracts are long overdue on the eve, so that all five classes are held.

    The first of them is lost: its borrower is bankrupt.
    """
    old = np.flatnonzero((loans.granted < start - 140) & (loans.term <= 24))
    bad = old[rng.random(len(old)) < 0.035]
    if not bad.size and old.size:
        bad = old[:1]
    age = np.minimum(
        rng.choice([45, 120, 300, 400, 600], len(bad)), start - loans.granted[bad] - 40
    )
    owed = np.maximum(loans.left[bad] // 20, 1)
    loans.weakness[bad] = 0.97
    loans.weakness[bad[:1]] = BANKRUPT
    loans.unpaid = Instalments(
        bad,
        np.maximum(loans.number[bad], 1),
        (start - age).astype(np.int32),
        np.zeros(len(bad), np.int64),
        interest(owed * 20 * 30, loans.rate[bad]),
    )
    loans.status[bad] = OVERDUE
    loans.overdue_days[bad] = age
    loans.five_class[bad] = np.searchsorted(CLASS_FROM, age, side="right")
    loans.five_class[bad[:1]] = LOSS
    book.status[loans.account[bad]] = 0


def grant_month(
    loans: Loans,
    book: Accounts,
    people: People,
    period: Period,
    able: Ints,
    wishes: Wishes,
    rng: np.random.Generator,
) -> Ints:
    """New loans of the month: paid out to the demand account, most of it soon spent."""
    busy = np.zeros(people.count, bool)
    busy[loans.customer[loans.status != SETTLED]] = True
    able = able[~busy[able]]
    customers, product = borrowers(
        people, able, {FARMER: 0.0075, SHOP: 0.010, MORTGAGE: 0.0015, FIRM: 0.026}, rng
    )
    day = period.start + rng.integers(1, period.days - 4, len(customers))
    amounts = loan_amounts(people, customers, product, rng)
    places = grant(loans, book, people, customers, product, day, amounts, rng)
    pay_out(loans, book, places, period, wishes, rng)
    return places


def pay_out(
    loans: Loans,
    book: Accounts,
    places: Ints,
    period: Period,
    wishes: Wishes,
    rng: np.random.Generator,
) -> None:
    """Post the disbursement of new contracts and what the borrowers do with the money."""
    account, day = loans.account[places], loans.granted[places]
    demand = book.settlement[account]
    second = 36_000 + rng.integers(0, 20_000, len(places))
    for side, later in ((account, 0), (demand, 1)):
        wishes.add(
            side, day=day, second=second + later, signed=loans.principal[places], summary=3,
            type=TYPE["loan_disbursement"], channel=CHANNEL["counter"],
        )  # fmt: skip
    spent = (loans.principal[places] * rng.uniform(0.55, 0.97, len(places))).astype(np.int64)
    wishes.add(
        demand, day=np.minimum(day + rng.integers(0, 4, len(places)), period.end),
        second=second + 4_000, signed=-(spent // 10_000 * 10_000), summary=4, role=FREE,
        type=TYPE["transfer_out"], channel=CHANNEL["counter"], party_bank=2,
        party_account=6_217_000_000_000_000_000 + rng.integers(10**9, 10**12, len(places)),
        party_name=rng.integers(0, 500, len(places)),
    )  # fmt: skip
