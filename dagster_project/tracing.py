"""Rows of the lake for the arithmetic of `serving.profit`: those of a customer's accounts."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from dagster_project.errors import NightError
from dagster_project.home import DBT_PROJECT, Home
from ingestion.accepted import accepted_rows, accepted_values
from ingestion.contracts import Feed, load_bank, load_feeds
from ingestion.lake import Lake
from serving.profit.numbers import months_later
from serving.profit.records import is_deleted

if TYPE_CHECKING:
    import duckdb

    from serving.profit.bank import Bank

Rows = list[dict[str, Any]]
# What belongs to the bank as a whole and is small, what is an account's, and what a customer's.
BANK_FEEDS: Final = (
    "corebank__product", "corebank__organisation", "corebank__employee",
    "treasury__ftp_curve", "treasury__exchange_rate", "ledger__cost_pool",
)  # fmt: skip
ACCOUNT_FEEDS: Final = (
    "corebank__account", "corebank__account_holder", "corebank__balance", "corebank__accrual",
    "risk__account_measure",
)  # fmt: skip
VISIT_FEEDS: Final = ("fieldwork__visit", "fieldwork__callback", "fieldwork__visit_verdict")
CUSTOMER_FEEDS: Final = ("corebank__customer", *VISIT_FEEDS)
LEDGER_FEEDS: Final = ("ledger__gl_balance", "ledger__explanation")


def project_variable(name: str, project: Path = DBT_PROJECT) -> str:
    """A variable of the dbt project, as the sets of rules and methods that the marts show."""
    text = (project / "dbt_project.yml").read_text(encoding="utf-8")
    return str(yaml.safe_load(text)["vars"][name])


def base_method_set() -> str:
    """The set of methods that the months' margins are found by."""
    return project_variable("base_ftp_method_set")


def own_currency(feeds_folder: Path | None = None) -> str:
    """What the bank keeps its books in: by its own bank.yml, else by the dbt project."""
    own = load_bank(feeds_folder).own_currency_code
    return own or project_variable("own_currency_code")


class Deliveries:
    """What the lake holds of the feeds, up to a business date.

    Args:
        home: The home whose lake is read.
        until: Business date that is published.
        feeds: The feeds, with the bank's own columns.
    """

    def __init__(self, home: Home, until: dt.date, feeds: dict[str, Feed]) -> None:
        self._lake = Lake(home.lake)
        self._until = until
        self._feeds = feeds

    def rows(self, feed: str, **among: Collection[object]) -> Rows:
        """Rows of a feed whose columns hold one of some values; pseudonyms know no date."""
        until = None if feed == "vault__pseudonym" else self._until
        return accepted_rows(self._lake, self._feeds[feed], until=until, among=among)

    def values(self, feed: str, column: str, **among: Collection[object]) -> set[Any]:
        """What a column of a feed holds, in rows whose columns hold one of some values."""
        return accepted_values(
            self._lake, self._feeds[feed], column, until=self._until, among=among
        )

    def of_bank(self) -> dict[str, Rows]:
        """Feeds of the bank as a whole."""
        return {feed: self.rows(feed) for feed in BANK_FEEDS}

    def of_everybody(self) -> dict[str, Rows]:
        """All that profit is reckoned from. Of a small bank: nothing is left out."""
        feeds = (
            *ACCOUNT_FEEDS, *CUSTOMER_FEEDS, *LEDGER_FEEDS, "corebank__transaction",
            "corebank__loan", "vault__pseudonym",
        )  # fmt: skip
        return self.of_bank() | {feed: self.rows(feed) for feed in feeds}

    def of_customer(self, customer_key: int, account_keys: Collection[int]) -> dict[str, Rows]:
        """What concerns the accounts that a customer had a part of, and the accounts given."""
        known = self.rows("vault__pseudonym", pseudonym_key=[customer_key, *account_keys])
        numbers = [row["source_id"] for row in known if row["entity_code"] == "customer"]
        accounts = {row["source_id"] for row in known if row["entity_code"] == "account"}
        for feed in ("corebank__account", "corebank__account_holder"):
            accounts |= {row["account_id"] for row in self.rows(feed, customer_id=numbers)}
        found = self.of_accounts(accounts, numbers)
        found |= {feed: self.rows(feed, customer_id=numbers) for feed in CUSTOMER_FEEDS}
        return self.of_bank() | found

    def of_accounts(
        self,
        accounts: Collection[str],
        numbers: Collection[str] = (),
        month: dt.date | None = None,
    ) -> dict[str, Rows]:
        """What concerns some accounts.

        Args:
            accounts: Their numbers.
            numbers: Customers whose pseudonyms are wanted beside those of the holders.
            month: Leaves out the postings that this month and the one before do not rest on; None
                reads all.
        """
        found = {feed: self.rows(feed, account_id=accounts) for feed in ACCOUNT_FEEDS}
        loans = self.values("corebank__loan", "loan_id", account_id=accounts)
        postings = self._postings(accounts, found["corebank__balance"], month)
        # A correction may have moved a posting or a loan to another account.
        found["corebank__loan"] = self.rows("corebank__loan", loan_id=loans)
        found["corebank__transaction"] = self.rows("corebank__transaction", transaction_id=postings)
        holders = {
            row["customer_id"]
            for feed in ("corebank__account", "corebank__account_holder")
            for row in found[feed]
            if row["customer_id"] is not None
        }
        found["vault__pseudonym"] = self.rows(
            "vault__pseudonym", source_id=[*accounts, *holders, *numbers]
        )
        return found

    def _postings(
        self, accounts: Collection[str], balances: Rows, month: dt.date | None
    ) -> set[Any]:
        """Numbers of the postings that some accounts rest on.

        With a balance from before, an account's earlier postings are in it.
        """
        name, feed = "transaction_id", "corebank__transaction"
        if month is None:
            return self.values(feed, name, account_id=accounts)
        start = months_later(month, -1)
        days = [start + dt.timedelta(days=day) for day in range(62)]
        held = {row["account_id"] for row in balances if row["balance_date"] < start}
        found = self.values(feed, name, account_id=held, booked_date=days)
        return found | self.values(feed, name, account_id=set(accounts) - held)

    def of_month(self, month: dt.date) -> dict[str, Rows]:
        """What the bank booked, explained and visited in a month, and who was visited."""
        days = [month + dt.timedelta(days=day) for day in range(31)]
        found = self.of_bank()
        found |= {feed: self.rows(feed, month_end_date=days) for feed in LEDGER_FEEDS}
        for feed in VISIT_FEEDS:
            found[feed] = self.rows(feed, visited_date=days)
        numbers = {row["customer_id"] for row in found["fieldwork__visit"]}
        found["corebank__customer"] = self.rows("corebank__customer", customer_id=numbers)
        found["vault__pseudonym"] = self.rows("vault__pseudonym", source_id=numbers)
        return found


def unit_accounts(
    deliveries: Deliveries,
    connection: duckdb.DuckDBPyConnection,
    unit: str,
    month: dt.date,
) -> tuple[list[str], list[str]]:
    """Numbers of the accounts behind a unit's figures; of treasury's and of no unit's all.

    What the risk system alone speaks of is an account by itself, whose losses are nobody's; what is
    posted to or booked for an account on no list counts at nobody, all of it together.

    Args:
        deliveries: The lake.
        connection: The published generation.
        unit: Number of the unit.
        month: First day of the month.

    Returns:
        The accounts to go through, the empty number for those on no list; and the latter's numbers.
    """
    offset = connection.execute(
        "select 1 from rule.ftp_offset_unit where organisation_id = ?"
        " and ? >= valid_from_date and ? < valid_to_date",
        [unit, month, month],
    ).fetchone()
    known = deliveries.values("corebank__account", "account_id")
    # Told of only to say that there is nothing any more, an account is on no list.
    ended = deliveries.values("corebank__account", "account_id", change_code=["delete"])
    records = deliveries.rows("corebank__account", account_id=ended) if ended else []
    known -= ended - {row["account_id"] for row in records if not is_deleted(row)}
    if offset is not None or unit == "unassigned":
        found = known | deliveries.values("risk__account_measure", "account_id")
        feeds = ("corebank__transaction", "corebank__accrual")
        named = set[str]().union(*(deliveries.values(feed, "account_id") for feed in feeds))
    else:
        found = deliveries.values("corebank__account", "account_id", organisation_id=[unit])
        named = deliveries.values("corebank__accrual", "account_id", organisation_id=[unit])
        found = (found | named) & known
    unlisted = sorted(named - known)
    return [*([""] if unlisted else []), *sorted(found)], unlisted


class UnitBooks:
    """Rows behind the figures of a unit: the bank's as a whole, and accounts as they are asked for.

    Args:
        deliveries: The lake.
        accounts: Accounts behind the figures, the empty number for those on no list.
        unlisted: Numbers of the latter.
        month: First day of the month.
        bank_with: Makes a bank of rows by feed.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        accounts: list[str],
        unlisted: list[str],
        month: dt.date,
        bank_with: Callable[[dict[str, Rows]], Bank],
    ) -> None:
        self._deliveries, self._month, self._bank_with = deliveries, month, bank_with
        self._of_month = deliveries.of_month(month)
        self.bank = bank_with(self._of_month)
        self.accounts, self._unlisted = accounts, unlisted

    def of(self, accounts: Collection[str]) -> Bank:
        """The bank with the rows of some accounts; the empty number asks for those on no list."""
        names = [each for each in accounts if each]
        if len(names) < len(accounts):
            names += self._unlisted
        found = self._deliveries.of_accounts(names, month=self._month)
        return self._bank_with(self._of_month | found)


def bank_of(
    home: Home,
    connection: duckdb.DuckDBPyConnection,
    until: dt.date,
    customer_key: int,
    month: dt.date,
) -> Bank:
    """The rows of a customer's accounts, and the rules and facts that are published.

    Args:
        home: The home whose lake is read.
        connection: The published generation.
        until: Its business date.
        customer_key: The customer.
        month: The month that is asked about.

    Raises:
        NightError: The lake is not there, or not for this user.
    """
    deliveries = _deliveries(home, until)
    query = (
        "select distinct account_key from dimensional.fct_profit_month"
        " where customer_key = ? and month_date = ? and account_key <> -1"
    )
    keys = [row[0] for row in connection.execute(query, [customer_key, month]).fetchall()]
    return _maker(home, connection, until, month)(deliveries.of_customer(customer_key, keys))


def books_of(
    home: Home,
    connection: duckdb.DuckDBPyConnection,
    until: dt.date,
    unit: str,
    month: dt.date,
) -> UnitBooks:
    """The rows behind the figures of a unit; of treasury's, and of no unit's, all accounts.

    Args:
        home: The home whose lake is read.
        connection: The published generation.
        until: Its business date.
        unit: Number of the unit.
        month: The month that is asked about.

    Raises:
        NightError: The lake is not there, or not for this user.
    """
    deliveries = _deliveries(home, until)
    accounts, unlisted = unit_accounts(deliveries, connection, unit, month)
    maker = _maker(home, connection, until, month)
    return UnitBooks(deliveries, accounts, unlisted, month, maker)


def _deliveries(home: Home, until: dt.date) -> Deliveries:
    from dagster_project.night import feeds_folder_of

    if not os.access(home.lake, os.R_OK | os.X_OK):
        raise NightError(
            f"无权读取数据湖 {home.lake}；追溯由运行夜间任务的人员执行。",
            f"the lake {home.lake} cannot be read; a trace is for those who run the nights",
        )
    return Deliveries(home, until, load_feeds(feeds_folder_of(home, None)))


def _maker(
    home: Home, connection: duckdb.DuckDBPyConnection, until: dt.date, month: dt.date
) -> Callable[[dict[str, Rows]], Bank]:
    """What makes a bank of rows, with the rules and facts that are published."""
    from dagster_project.night import feeds_folder_of
    from serving.profit import published
    from serving.profit.bank import Bank

    rules, whole = published.rules(connection), published.whole(connection, month)
    methods, currency = base_method_set(), own_currency(feeds_folder_of(home, None))
    return lambda rows: Bank(rows, rules, until, whole, methods, currency)
