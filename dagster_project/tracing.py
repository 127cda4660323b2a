"""Rows of the lake for the arithmetic of `serving.profit`: those of a customer's accounts."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from dagster_project.errors import NightError
from dagster_project.home import DBT_PROJECT, Home
from ingestion.accepted import accepted_rows
from ingestion.contracts import Feed, load_feeds
from ingestion.lake import Lake

if TYPE_CHECKING:
    import duckdb

    from serving.profit.bank import Bank

Rows = list[dict[str, Any]]
# What belongs to the bank as a whole and is small, what is an account's, and what a customer's.
BANK_FEEDS: Final = (
    "corebank__product", "corebank__organisation", "corebank__employee",
    "treasury__ftp_curve", "ledger__cost_pool",
)  # fmt: skip
ACCOUNT_FEEDS: Final = (
    "corebank__account", "corebank__account_holder", "corebank__balance", "corebank__accrual",
    "risk__account_measure",
)  # fmt: skip
CUSTOMER_FEEDS: Final = ("corebank__customer", "fieldwork__visit", "fieldwork__callback")


def project_variable(name: str, project: Path = DBT_PROJECT) -> str:
    """A variable of the dbt project, as the sets of rules and methods that the marts show."""
    text = (project / "dbt_project.yml").read_text(encoding="utf-8")
    return str(yaml.safe_load(text)["vars"][name])


def base_method_set() -> str:
    """The set of methods that the months' margins are found by."""
    return project_variable("base_ftp_method_set")


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

    def of_bank(self) -> dict[str, Rows]:
        """Feeds of the bank as a whole."""
        return {feed: self.rows(feed) for feed in BANK_FEEDS}

    def of_everybody(self) -> dict[str, Rows]:
        """All that profit is reckoned from. Of a small bank: nothing is left out."""
        feeds = (
            *ACCOUNT_FEEDS, *CUSTOMER_FEEDS, "corebank__transaction", "corebank__loan",
            "vault__pseudonym",
        )  # fmt: skip
        return self.of_bank() | {feed: self.rows(feed) for feed in feeds}

    def of_customer(self, customer_key: int, account_keys: Collection[int]) -> dict[str, Rows]:
        """What concerns the accounts that a customer had a part of, and the accounts given."""
        known = self.rows("vault__pseudonym", pseudonym_key=[customer_key, *account_keys])
        numbers = [row["source_id"] for row in known if row["entity_code"] == "customer"]
        accounts = {row["source_id"] for row in known if row["entity_code"] == "account"}
        for feed in ("corebank__account", "corebank__account_holder"):
            accounts |= {row["account_id"] for row in self.rows(feed, customer_id=numbers)}
        found = {feed: self.rows(feed, account_id=accounts) for feed in ACCOUNT_FEEDS}
        found |= {feed: self.rows(feed, customer_id=numbers) for feed in CUSTOMER_FEEDS}
        # A correction may have moved a posting or a loan to another account.
        for feed, key in (
            ("corebank__transaction", "transaction_id"),
            ("corebank__loan", "loan_id"),
        ):
            mentioned = {row[key] for row in self.rows(feed, account_id=accounts)}
            found[feed] = self.rows(feed, **{key: mentioned})
        holders = {
            row["customer_id"]
            for feed in ("corebank__account", "corebank__account_holder")
            for row in found[feed]
            if row["customer_id"] is not None
        }
        found["vault__pseudonym"] = self.rows(
            "vault__pseudonym", source_id=[*accounts, *holders, *numbers]
        )
        return self.of_bank() | found


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
    from dagster_project.night import feeds_folder_of
    from serving.profit import published
    from serving.profit.bank import Bank

    if not os.access(home.lake, os.R_OK | os.X_OK):
        raise NightError(
            f"无权读取数据湖 {home.lake}；追溯由运行夜间任务的人员执行。",
            f"the lake {home.lake} cannot be read; a trace is for those who run the nights",
        )
    feeds = load_feeds(feeds_folder_of(home, None))
    query = (
        "select distinct account_key from dimensional.fct_profit_month"
        " where customer_key = ? and month_date = ? and account_key <> -1"
    )
    keys = [row[0] for row in connection.execute(query, [customer_key, month]).fetchall()]
    rows = Deliveries(home, until, feeds).of_customer(customer_key, keys)
    rules, whole = published.rules(connection), published.whole(connection, month)
    return Bank(rows, rules, until, whole, base_method_set())
