"""What the core system delivers about customers, accounts, loans, balances and postings."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank.accounts import (
    ACCOUNT_STATUSES,
    CLOSED,
    ROLES,
    Accounts,
    Holders,
)
from ingestion.demo_bank.bank import ORGANISATIONS, PRODUCTS, Staff
from ingestion.demo_bank.behaviour import BANK_NAMES, SUMMARIES
from ingestion.demo_bank.columns import dates, named, whole
from ingestion.demo_bank.extracts import FeedBook
from ingestion.demo_bank.foreign import CURRENCIES, Foreign, ForeignMonth
from ingestion.demo_bank.loans import (
    COLLATERALS,
    FIVE_CLASSES,
    LOAN_STATUSES,
    METHODS,
    Loans,
)
from ingestion.demo_bank.people import (
    CLASSES,
    INCOME_BANDS,
    LEVELS,
    PARTIES,
    POPULATIONS,
    SOURCES,
    STATUSES,
    People,
)
from ingestion.demo_bank.pools import DISTRICTS
from ingestion.demo_bank.postings import (
    CHANNELS,
    INITIATORS,
    TYPES,
    Postings,
    Settled,
    interest,
)
from ingestion.demo_bank.repayments import Paid
from ingestion.demo_bank.shape import Column, Ints, Period, order_of, to_date

_PRODUCT_IDS = [product.product_id for product in PRODUCTS]
_DISTRICT_IDS = [district[0] for district in DISTRICTS]


def customer_frame(people: People, staff: Staff, second: pl.Series, rows: Ints) -> pl.DataFrame:
    """Customer records at `rows` as they stand; `second` holds the addresses after a move."""
    moved = pl.Series(people.moves[rows] > 0)
    return pl.DataFrame(
        {
            "customer_id": people.ids.gather(rows),
            "source_system_code": named(SOURCES, people.source[rows]),
            "customer_name": people.names.gather(rows),
            "party_type_code": named(PARTIES, people.party[rows]),
            "population_type_code": named(POPULATIONS, people.population[rows]),
            "id_type_code": people.id_types.gather(rows),
            "id_number": people.id_numbers.gather(rows),
            "mobile_number": people.mobiles.gather(rows),
            "address_text": second.gather(rows).zip_with(moved, people.addresses.gather(rows)),
            "birth_date": pl.Series(people.birth[rows])
            .set(pl.Series(people.birth[rows] == -1), None)
            .cast(pl.Date),
            "industry_code": people.industries.gather(rows),
            "income_band_code": named(INCOME_BANDS, people.income_band[rows]),
            "district_id": named(_DISTRICT_IDS, people.district[rows]),
            "organisation_id": named(ORGANISATIONS, people.organisation[rows]),
            "manager_id": named(staff.ids, people.manager[rows]),
            "level_code": named(LEVELS, people.level[rows]),
            "class_code": named(CLASSES, people.grade[rows]),
            "status_code": named(STATUSES, people.status[rows]),
            "opened_date": _past(people.opened[rows]),
            "updated_date": _past(people.updated[rows]),
        }
    )


def _past(days: Column) -> pl.Series:
    """Dates of days that are always known and may lie before 1970."""
    return pl.Series(days).cast(pl.Date)


def account_frame(book: Accounts, people: People, staff: Staff, rows: Ints) -> pl.DataFrame:
    """Account records at `rows` as they stand."""
    has_rate = book.rate[rows] > 0
    return pl.DataFrame(
        {
            "account_id": book.texts.gather(rows),
            "customer_id": people.ids.gather(book.customer[rows]),
            "product_id": named(_PRODUCT_IDS, book.product[rows]),
            "organisation_id": named(ORGANISATIONS, book.organisation[rows]),
            "manager_id": named(staff.ids, book.manager[rows]),
            "currency_code": named(["CNY"], np.zeros(len(rows))),
            "status_code": named(ACCOUNT_STATUSES, book.status[rows]),
            "opened_date": _past(book.opened[rows]),
            "closed_date": dates(book.closed[rows]),
            "interest_rate": whole(np.where(has_rate, book.rate[rows], -1)),
            "rate_type_code": named(["fixed", "floating"], book.is_floating[rows]),
            "term_months": whole(book.term[rows]),
            "maturity_date": dates(book.maturity[rows]),
            "reprice_date": dates(book.reprice[rows]),
            "updated_date": _past(book.updated[rows]),
        }
    )


def loan_frame(loans: Loans, book: Accounts, people: People, rows: Ints) -> pl.DataFrame:
    """Loan contracts at `rows` as they stand."""
    return pl.DataFrame(
        {
            "loan_id": loans.texts().gather(rows),
            "account_id": book.texts.gather(loans.account[rows]),
            "customer_id": people.ids.gather(loans.customer[rows]),
            "granted_date": dates(loans.granted[rows]),
            "maturity_date": dates(loans.maturity[rows]),
            "principal_amount": loans.principal[rows],
            "interest_rate": book.rate[loans.account[rows]],
            "term_months": loans.term[rows],
            "instalment_amount": whole(loans.instalment[rows]),
            "repayment_method_code": named(METHODS, loans.method[rows]),
            "collateral_code": named(COLLATERALS, loans.collateral[rows]),
            "status_code": named(LOAN_STATUSES, loans.status[rows]),
            "five_class_code": named(FIVE_CLASSES, loans.five_class[rows]),
            "overdue_days": loans.overdue_days[rows],
            "updated_date": dates(loans.updated[rows]),
        }
    )


def repayment_frame(loans: Loans, paid: Paid) -> pl.DataFrame:
    """Instalments paid."""
    return pl.DataFrame(
        {
            "loan_id": loans.texts().gather(paid.loan),
            "instalment_number": paid.number,
            "due_date": dates(paid.due),
            "due_amount": paid.due_amount,
            "paid_date": dates(paid.paid),
            "paid_principal_amount": paid.principal,
            "paid_interest_amount": paid.interest,
            "penalty_amount": paid.penalty,
        }
    )


def holder_frame(book: Accounts, people: People, holders: Holders, rows: Ints) -> pl.DataFrame:
    """Everybody entitled to the accounts at `rows`, owners first."""
    share = np.full(book.count, 1_000_000)
    if holders.owner_share:
        places = np.array(list(holders.owner_share), np.int64)
        share[places] = np.array(list(holders.owner_share.values()))
    others = np.isin(holders.account, rows)
    account = np.concatenate([rows, holders.account[others]])
    role = np.concatenate([np.zeros(len(rows), np.int64), holders.role[others]])
    return pl.DataFrame(
        {
            "account_id": book.texts.gather(account),
            "customer_id": people.ids.gather(
                np.concatenate([book.customer[rows], holders.customer[others]])
            ),
            "role_code": named(ROLES, role),
            "share_rate": np.concatenate([share[rows], holders.share[others]]),
            "updated_date": _past(book.opened[account]),
        }
    )


def opening_balances(book: Accounts, day: int) -> pl.DataFrame:
    """The balance of every account on the eve of the history."""
    rows = np.flatnonzero((book.opened <= day) & (book.status != CLOSED))
    earns = book.earns[rows]
    return pl.DataFrame(
        {
            "account_id": book.texts.gather(rows),
            "balance_date": dates(np.full(len(rows), day)),
            "balance_amount": book.balance[rows],
            "accrued_interest_amount": whole(
                np.where(earns, interest(book.accumulated[rows], book.rate[rows]), -1)
            ),
        }
    )


def day_ends(settled: Settled) -> Ints:
    """The last posting of each account and day."""
    rows = settled.postings
    if not rows.count:
        return np.zeros(0, np.int64)
    last = (rows.account[1:] != rows.account[:-1]) | (rows.day[1:] != rows.day[:-1])
    return np.flatnonzero(np.append(last, True))


def balance_frame(book: Accounts, settled: Settled, ends: Ints) -> pl.DataFrame:
    """End-of-day balances, one row where a balance moved, in order of day."""
    rows = settled.postings
    ends = ends[order_of(rows.day[ends].astype(np.int64))]
    account = rows.account[ends]
    earns = book.earns[account]
    accrued = interest(np.where(earns, settled.unpaid_days[ends], 0), book.rate[account])
    return pl.DataFrame(
        {
            "account_id": book.texts.gather(account),
            "balance_date": dates(rows.day[ends]),
            "balance_amount": settled.balance_after[ends],
            "accrued_interest_amount": whole(np.where(earns, accrued, -1)),
        }
    )


class PostingWriter:
    """Turns settled postings into delivered ones; the pools of texts are made once."""

    def __init__(self, book: FeedBook, parties: pl.Series) -> None:
        feed = "corebank__transaction"
        self._kinds = book.raw(feed, "transaction_type_code", TYPES)
        self._channels = book.raw(feed, "channel_code", CHANNELS)
        self._directions = book.raw(feed, "direction_code", ("debit", "credit"))
        self._initiators = book.raw(feed, "initiator_code", INITIATORS)
        self._currency = pl.Series(["CNY"])
        self._clock = pl.Series(
            [f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(86_400)]
        )
        self._parties = parties
        self._banks = pl.Series(BANK_NAMES)
        self._summaries = pl.Series(SUMMARIES)
        self._encode_pools(book.pattern(feed, "csv").encoding)

    def _encode_pools(self, encoding: str) -> None:
        """Make the few texts once what every row would have to be made: encoded.

        Millions of rows are written from some thousand texts. Each text is encoded here and
        carried as Latin-1 characters, one per byte, so that a written chunk needs no more than
        the plainest of encodings (`ExtractWriter`, `is_encoded`).
        """
        for name in ("kinds", "channels", "directions", "initiators", "parties", "banks",
                     "summaries"):  # fmt: skip
            texts: pl.Series = getattr(self, f"_{name}")
            carried = [text.encode(encoding).decode("latin-1") for text in texts]
            setattr(self, f"_{name}", pl.Series(carried))

    raw = frozenset({"transaction_type_code", "channel_code", "direction_code", "initiator_code"})

    def order(self, settled: Settled, period: Period) -> tuple[Ints, Ints]:
        """(place, number) of each posting in order of booking; numbers count within the day."""
        rows = settled.postings
        day = (rows.day - period.start).astype(np.int64)
        place = order_of(day * 86_400 + rows.second)
        counts = np.bincount(day, minlength=period.days)
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        number = np.arange(rows.count) - starts[day[place]] + 1
        return place, number

    def frame(
        self, settled: Settled, accounts: pl.Series, places: Ints, numbers: Ints
    ) -> pl.DataFrame:
        """The postings at `places`, numbered within their days."""
        rows: Postings = settled.postings.take(places)
        first = int(rows.day.min()) if rows.count else 0
        days = range(max(_span(rows.day), 1))
        stamps = np.array([int(to_date(first + k).strftime("%Y%m%d")) for k in days], np.int64)
        number = stamps[rows.day - first] * 10**9 + numbers
        party = pl.Series(rows.party_account)
        return pl.DataFrame(
            {
                "transaction_id": pl.Series(number, dtype=pl.Int64).cast(pl.String),
                "account_id": accounts.gather(rows.account),
                "booked_date": dates(rows.day),
                "booked_time": self._clock.gather(rows.second),
                "direction_code": self._directions.gather((rows.signed > 0).astype(np.int64)),
                "amount": np.abs(rows.signed),
                "balance_after_amount": settled.balance_after[places],
                "currency_code": self._currency.gather(np.zeros(rows.count, np.int64)),
                "transaction_type_code": self._kinds.gather(rows.type.astype(np.int64)),
                "channel_code": self._channels.gather(rows.channel.astype(np.int64)),
                "initiator_code": self._initiators.gather(rows.by_system.astype(np.int64)),
                "fee_amount": rows.fee,
                "counterparty_name": named(self._parties, rows.party_name),
                "counterparty_account": party.set(party == 0, None).cast(pl.String),
                "counterparty_bank_name": named(self._banks, rows.party_bank),
                "summary_text": named(self._summaries, rows.summary),
            }
        )

    def foreign_frame(self, month: ForeignMonth, books: Foreign, places: Ints) -> pl.DataFrame:
        """Postings in other currencies at `places`, numbered behind those of the day in yuan."""
        none = np.zeros(0, np.int64)
        settled = Settled(month.postings, month.balance_after, none, none, none.astype(bool))
        frame = self.frame(settled, books.texts, places, _FOREIGN_NUMBER + places)
        currency = named(CURRENCIES, books.currency[month.postings.account[places]])
        return frame.with_columns(currency_code=currency)


# More postings than any day has.
_FOREIGN_NUMBER: Final = 900_000_000


def _span(days: Column) -> int:
    return int(days.max() - days.min()) + 1 if len(days) else 0
