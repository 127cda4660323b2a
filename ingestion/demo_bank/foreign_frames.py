"""What the core system delivers of accounts in other currencies."""

from __future__ import annotations

import numpy as np
import polars as pl

from ingestion.demo_bank.accounts import ACCOUNT_STATUSES, CLOSED, OPEN
from ingestion.demo_bank.bank import ORGANISATIONS, PRODUCT_INDEX, PRODUCTS, Staff
from ingestion.demo_bank.columns import dates, named, whole
from ingestion.demo_bank.foreign import CURRENCIES, TERM_MONTHS, Foreign, ForeignMonth
from ingestion.demo_bank.people import People
from ingestion.demo_bank.shape import NO_DAY, Column, Ints, add_months_to_days


def account_frame(books: Foreign, people: People, staff: Staff, rows: Ints) -> pl.DataFrame:
    """Account records at `rows` as they stand."""
    is_term = np.isin(books.product[rows], [PRODUCT_INDEX["1105"], PRODUCT_INDEX["2201"]])
    term = np.where(is_term, TERM_MONTHS, 0)
    opened = books.opened[rows]
    is_closed = books.closed[rows] != NO_DAY
    return pl.DataFrame(
        {
            "account_id": books.texts.gather(rows),
            "customer_id": people.ids.gather(books.customer[rows]),
            "product_id": named([p.product_id for p in PRODUCTS], books.product[rows]),
            "organisation_id": named(ORGANISATIONS, books.organisation[rows]),
            "manager_id": named(staff.ids, books.manager[rows]),
            "currency_code": named(CURRENCIES, books.currency[rows]),
            "status_code": named(ACCOUNT_STATUSES, np.where(is_closed, CLOSED, OPEN)),
            "opened_date": pl.Series(opened).cast(pl.Date),
            "closed_date": dates(books.closed[rows]),
            "interest_rate": whole(books.rate[rows]),
            "rate_type_code": named(["fixed"], np.zeros(len(rows), np.int64)),
            "term_months": whole(term),
            "maturity_date": dates(np.where(is_term, add_months_to_days(opened, term), NO_DAY)),
            "reprice_date": dates(np.full(len(rows), NO_DAY)),
            "updated_date": pl.Series(np.where(is_closed, books.closed[rows], opened)).cast(
                pl.Date
            ),
        }
    )


def opening_frame(books: Foreign, day: int) -> pl.DataFrame:
    """The balances on the eve of the history."""
    return balance_frame(books, np.arange(len(books.product)), np.full(len(books.product), day),
                         books.balance)  # fmt: skip


def balance_frame(books: Foreign, places: Ints, days: Column, balance: Ints) -> pl.DataFrame:
    """End-of-day balances; the core system tells no accrued interest of these accounts."""
    return pl.DataFrame(
        {
            "account_id": books.texts.gather(places),
            "balance_date": dates(days),
            "balance_amount": balance,
            "accrued_interest_amount": whole(np.full(len(places), -1)),
        }
    )


def day_ends(month: ForeignMonth) -> Ints:
    """The last posting of each account and day, in order of day."""
    seen: dict[tuple[int, int], int] = {}
    for row, key in enumerate(zip(month.postings.day, month.postings.account, strict=True)):
        seen[int(key[0]), int(key[1])] = row
    return np.array(sorted(seen.values()), np.int64)


def holder_frame(books: Foreign, people: People, *, is_first: bool) -> pl.DataFrame:
    """Each account's owner, told once; of every third demand deposit half is another customer's."""
    count = len(books.product)
    demand = np.flatnonzero(books.is_kind("demand"))
    joint = demand[::3]
    other = books.customer[np.roll(demand, 1)[::3]]
    share = np.full(count, 1_000_000)
    share[joint] = 500_000
    account = np.concatenate([np.arange(count), joint])
    return pl.DataFrame(
        {
            "account_id": books.texts.gather(account),
            "customer_id": people.ids.gather(np.concatenate([books.customer, other])),
            "role_code": named(["owner", "joint"], np.repeat([0, 1], [count, len(joint)])),
            "share_rate": np.concatenate([share, np.full(len(joint), 500_000)]),
            "updated_date": pl.Series(books.opened[account]).cast(pl.Date),
        }
    ).head(len(account) if is_first else 0)
