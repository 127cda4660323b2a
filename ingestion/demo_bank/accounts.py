"""The accounts: what is opened, for whom, on which terms, and how each changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from ingestion.demo_bank.bank import ORGANISATIONS, PRODUCT_INDEX, PRODUCTS
from ingestion.demo_bank.changes import ChangeLog
from ingestion.demo_bank.identifiers import with_luhn
from ingestion.demo_bank.people import CORE, ONLINE, TOWN, People
from ingestion.demo_bank.shape import (
    NO_DAY,
    Bools,
    Column,
    Days,
    Ints,
    Shape,
    add_months_to_days,
)

KINDS: Final = np.array([product.kind for product in PRODUCTS])
RATES: Final = np.array([product.rate_ppm for product in PRODUCTS])
TERMS: Final = np.array([product.term_months for product in PRODUCTS])
PERSON_DEMAND: Final = PRODUCT_INDEX["1101"]
COMPANY_DEMAND: Final = PRODUCT_INDEX["1201"]
ELECTRONIC: Final = PRODUCT_INDEX["1108"]
NOTICE: Final = PRODUCT_INDEX["1107"]
WEALTH: Final = PRODUCT_INDEX["3101"]
PERSON_TERMS: Final = np.array([PRODUCT_INDEX[f"110{i}"] for i in range(2, 7)])
PERSON_TERM_SHARES: Final = np.array([0.1, 0.15, 0.4, 0.15, 0.2])
COMPANY_TERM: Final = PRODUCT_INDEX["1202"]
ACCOUNT_STATUSES: Final = ("open", "dormant", "frozen", "closed")
OPEN, DORMANT, FROZEN, CLOSED = range(4)
_CODES: Final = np.array([int(code) for code in ORGANISATIONS])
_DAY_COLUMNS: Final = ("opened", "closed", "maturity", "reprice", "updated", "ending")


@dataclass
class Accounts:
    """One entry per account, in the order they were opened in this program.

    Amounts are whole fen. `accumulated` is the sum of end-of-day balances since the interest was
    last settled; `accrued` is the interest that the ledger has booked and nobody has paid;
    `settlement` is the demand account that serves a deposit or loan.
    """

    texts: pl.Series
    product: Ints
    customer: Ints
    organisation: Ints
    manager: Ints
    opened: Days
    closed: Days
    rate: Ints
    is_floating: Ints
    term: Ints
    maturity: Days
    reprice: Days
    status: Ints
    updated: Days
    balance: Ints
    accumulated: Ints
    accrued: Ints
    settlement: Ints
    ending: Days
    weight: Column
    log: ChangeLog = field(default_factory=ChangeLog)

    @property
    def count(self) -> int:
        """How many accounts there are, closed ones included."""
        return len(self.product)

    def is_kind(self, *kinds: str) -> Bools:
        """Which accounts behave as one of `kinds`."""
        found: Bools = np.isin(KINDS[self.product], kinds)
        return found

    @property
    def earns(self) -> Bools:
        """Whose interest the core system accrues day by day: deposits, not loans or wealth."""
        return self.is_kind("demand", "electronic", "notice", "term")

    def is_live(self, start: int, end: int) -> Bools:
        """Which accounts exist for at least a part of the days from start to end."""
        live: Bools = (self.opened <= end) & ((self.closed == NO_DAY) | (self.closed >= start))
        return live

    def append(self, batch: Mapping[str, ArrayLike]) -> Ints:
        """Open accounts; their places.

        Args:
            batch: customer, product, organisation, opened, and any other column; the rest
                follows from the product.
        """
        customer = np.atleast_1d(np.asarray(batch["customer"], np.int64))
        product = np.broadcast_to(np.asarray(batch["product"], np.int64), customer.shape)
        opened = np.broadcast_to(np.asarray(batch["opened"], np.int32), customer.shape)
        term = np.broadcast_to(np.asarray(batch.get("term", TERMS[product])), customer.shape)
        maturity = np.where(term > 0, add_months_to_days(opened, term), NO_DAY)
        organisation = np.asarray(batch["organisation"], np.int64)
        defaults: dict[str, ArrayLike] = {
            "customer": customer,
            "product": product,
            "organisation": organisation,
            "manager": -1,
            "opened": opened,
            "closed": NO_DAY,
            "rate": RATES[product],
            "is_floating": 0,
            "term": term,
            "maturity": maturity,
            "reprice": NO_DAY,
            "status": OPEN,
            "updated": opened,
            "balance": 0,
            "accumulated": 0,
            "accrued": 0,
            "settlement": -1,
            "ending": NO_DAY,
            "weight": 0.0,
        }
        places = np.arange(self.count, self.count + len(customer))
        for name, default in defaults.items():
            old: Column = getattr(self, name)
            values = np.broadcast_to(np.asarray(batch.get(name, default)), customer.shape)
            setattr(self, name, np.concatenate([old, values.astype(old.dtype)]))
        units = np.broadcast_to(organisation, customer.shape)
        self.texts = pl.concat([self.texts, account_texts(places, product, units)])
        self.log.record(opened, places)
        return places


def no_accounts() -> Accounts:
    """An empty book."""
    columns: dict[str, Column] = {}
    for name in [
        "product",
        "customer",
        "organisation",
        "manager",
        "opened",
        "closed",
        "rate",
        "is_floating",
        "term",
        "maturity",
        "reprice",
        "status",
        "updated",
        "balance",
        "accumulated",
        "accrued",
        "settlement",
        "ending",
    ]:
        columns[name] = np.zeros(0, np.int32 if name in _DAY_COLUMNS else np.int64)
    return Accounts(
        texts=pl.Series([], dtype=pl.String),
        weight=np.zeros(0),
        **columns,  # type: ignore[arg-type]
    )


def account_texts(places: Ints, product: Ints, organisation: Ints) -> pl.Series:
    """Account numbers: cards of 19 digits with a Luhn digit, 18 with a leading 0 for firms.

    Deposits and loans are numbered by the core system in 15 digits.
    """
    # 7919 has no factor in common with 10^8, so different places get different numbers.
    serial = (places * 7919 + 10_007) % 10**8
    unit = _CODES[organisation]
    card = with_luhn((622126 * 10**4 + unit) * 10**8 + serial)
    firm = (14012300 + unit) * 10**9 + serial
    contract = (88 * 10**4 + unit) * 10**9 + serial
    kinds = KINDS[product]
    is_firm = pl.Series(product == COMPANY_DEMAND)
    is_card = pl.Series(np.isin(kinds, ("demand", "electronic")))
    firm_texts = pl.Series(firm).cast(pl.String).str.zfill(18)
    rest = pl.Series(card).cast(pl.String).zip_with(is_card, pl.Series(contract).cast(pl.String))
    return firm_texts.zip_with(is_firm, rest)


def first_accounts(shape: Shape, people: People) -> Accounts:
    """The deposit accounts that stand on the eve of the history, with their balances."""
    rng = shape.rng("accounts")
    book = no_accounts()
    start = shape.periods[0].start
    known = np.flatnonzero(people.opened < start)
    core = known[people.source[known] == CORE]
    online = known[(people.source[known] == ONLINE) & (rng.random(len(known)) < 0.6)]
    open_demand(book, people, core, people.opened[core])
    second = core[(rng.random(len(core)) < 0.09) & (people.party[core] == 0)]
    span = start - people.opened[second]
    open_demand(
        book, people, second, people.opened[second] + (span * rng.random(len(second))), weight=0.2
    )
    open_demand(book, people, online, people.opened[online], product=ELECTRONIC, weight=0.35)
    shares = np.exp(rng.normal(-1.5, 0.9, book.count))
    yuan = people.wealth[book.customer] * shares * np.where(book.weight < 1, 0.25, 1.0)
    book.balance = np.maximum((yuan * 100).astype(np.int64), rng.integers(0, 5_000, book.count))
    _first_terms(book, people, core, start, rng)
    # Demand accounts were last settled on the 20th of a quarter's last month, as if that were
    # the month before the history; term deposits have earned since they were opened.
    days = np.where(book.term > 0, start - book.opened, np.minimum(start - book.opened, 11))
    book.accumulated = book.balance * days
    book.status[(rng.random(book.count) < 0.02) & (book.weight > 0)] = DORMANT
    book.status[rng.random(book.count) < 0.0015] = FROZEN
    return book


def open_demand(
    book: Accounts,
    people: People,
    customers: Ints,
    opened: ArrayLike,
    product: int | None = None,
    weight: float = 1.0,
) -> Ints:
    """Open a demand account for each customer; `weight` says how much of his life runs on it."""
    default = np.where(people.party[customers] == 0, PERSON_DEMAND, COMPANY_DEMAND)
    return book.append(
        {
            "customer": customers,
            "product": default if product is None else product,
            "organisation": people.organisation[customers],
            "manager": people.manager[customers],
            "opened": opened,
            "weight": weight,
        }
    )


def open_deposit(
    book: Accounts,
    customers: Ints,
    product: ArrayLike,
    opened: ArrayLike,
    settlement: Ints,
    rate_cut: int = 0,
) -> Ints:
    """Open a term, notice or wealth account beside the demand account that serves it."""
    kinds = np.broadcast_to(np.asarray(product, np.int64), customers.shape)
    return book.append(
        {
            "customer": customers,
            "product": kinds,
            "organisation": book.organisation[settlement],
            "manager": book.manager[settlement],
            "opened": opened,
            "rate": np.maximum(RATES[kinds] - rate_cut * (TERMS[kinds] > 0), 0),
            "settlement": settlement,
        }
    )


def _first_terms(
    book: Accounts, people: People, core: Ints, start: int, rng: np.random.Generator
) -> None:
    """Term, notice and wealth holdings of those who keep more than a few thousand yuan."""
    demand = primary_accounts(book, people.count)
    wealth = people.wealth[core]
    lean = np.clip(np.log(np.maximum(wealth, 1) / 9_000) * 0.26, 0, 0.95)
    lean = lean * np.where(people.population[core] <= 2, 1.0, 0.5)
    for turn in range(3):
        holders = core[rng.random(len(core)) < lean * (0.75, 0.35, 0.2)[turn]]
        is_firm = people.party[holders] > 0
        product = rng.choice(PERSON_TERMS, len(holders), p=PERSON_TERM_SHARES)
        product = np.where(is_firm, COMPANY_TERM, product)
        term = TERMS[product]
        # Opened at any moment of the running term, so that maturities spread evenly; not
        # before the customer came.
        age = (rng.random(len(holders)) * (term * 30.4 - 2)).astype(np.int32) + 1
        opened = np.maximum(start - age, np.minimum(people.opened[holders] + 1, start - 1))
        places = open_deposit(book, holders, product, opened, demand[holders])
        share = rng.uniform(0.35, 1.5, len(holders)) / (turn + 1)
        book.balance[places] = _round_thousand(people.wealth[holders] * share)
    for sold, chance in ((NOTICE, 0.012), (WEALTH, 0.035)):
        chances = chance * (1 + (people.population[core] == TOWN)) * (wealth > 20_000)
        holders = core[rng.random(len(core)) < chances]
        opened = np.maximum(start - rng.integers(5, 300, len(holders)), people.opened[holders] + 1)
        places = open_deposit(book, holders, sold, np.minimum(opened, start - 1), demand[holders])
        book.balance[places] = _round_thousand(people.wealth[holders] * 0.3)


def _round_thousand(yuan: Column) -> Ints:
    """Whole thousands of yuan, at least one, in fen."""
    fen: Ints = np.maximum(np.floor(yuan / 1000), 1).astype(np.int64) * 100_000
    return fen


def primary_accounts(book: Accounts, customers: int) -> Ints:
    """The main demand account of each customer number that is not closed, or -1."""
    primary = np.full(customers, -1)
    rows = np.flatnonzero((book.weight > 0) & (book.closed == NO_DAY))
    # The last write wins, so the heaviest comes last and, among equals, the oldest.
    order = rows[np.lexsort((-rows, book.weight[rows]))]
    primary[book.customer[order]] = order
    return primary


@dataclass
class Holders:
    """Joint owners and authorised users beside the owner of each account."""

    account: Ints
    customer: Ints
    role: Ints
    share: Ints
    owner_share: dict[int, int]


ROLES: Final = ("owner", "joint", "authorised")


def make_holders(shape: Shape, people: People, book: Accounts) -> Holders:
    """Couples and partners who share an account, and agents of companies.

    Shares are millionths; an account's owner holds what the others do not.
    """
    rng = shape.rng("holders")
    persons = np.flatnonzero((people.party == 0) & (people.source == CORE))
    is_personal = (people.party[book.customer] == 0) & book.is_kind("demand", "term")
    joint = np.flatnonzero(is_personal & (rng.random(book.count) < 0.022))
    agent = np.flatnonzero(
        (people.party[book.customer] > 0) & book.is_kind("demand") & (rng.random(book.count) < 0.3)
    )
    accounts, customers, roles, shares = [], [], [], []
    owner_share: dict[int, int] = {}
    for place in joint:
        owner = int(people.person[book.customer[place]])
        parts = ((500_000,), (400_000,), (333_300, 333_300))[int(rng.choice(3, p=[0.7, 0.2, 0.1]))]
        others = {int(other) for other in rng.choice(persons, 2 * len(parts), replace=False)}
        chosen = sorted(others - {owner})[: len(parts)]
        for other, part in zip(chosen, parts, strict=True):
            accounts.append(int(place))
            customers.append(other)
            roles.append(1)
            shares.append(part)
        owner_share[int(place)] = 1_000_000 - sum(parts)
    for place in agent:
        accounts.append(int(place))
        customers.append(int(rng.choice(persons)))
        roles.append(2)
        shares.append(0)
    return Holders(
        np.array(accounts, np.int64),
        np.array(customers, np.int64),
        np.array(roles, np.int64),
        np.array(shares, np.int64),
        owner_share,
    )
