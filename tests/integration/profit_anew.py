"""Every line of profit of a small bank reckoned anew from its lake, beside what was published."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.home import Home
from dagster_project.night import feeds_folder_of
from dagster_project.tracing import Deliveries, base_method_set, own_currency, unit_accounts
from ingestion.contracts import load_feeds
from serving.connection import connect_current
from serving.profit import published
from serving.profit.account import Account
from serving.profit.bank import UNASSIGNED, Bank, Whole
from serving.profit.costing import pools, work
from serving.profit.lines import AccountMonth
from serving.profit.numbers import DAY, fen, month_first, months_later
from serving.profit.unit import LINES
from serving.profit.unit_trace import Reckoning
from serving.profit.visits import visit_lines, visit_work

# A line or subtotal, and a feed that it must rest on.
FIGURES = (
    ("ftp", "treasury__ftp_curve"),
    ("interest_income", "corebank__accrual"),
    ("indirect_cost", "ledger__cost_pool"),
    ("expected_loss", "risk__account_measure"),
    ("net_profit", "corebank__balance"),
)
# The customer of the last month with most lines: he has a loan.
CUSTOMER = (
    "select customer_key from dimensional.fct_profit_month where cause_code = 'account'"
    " and rule_set_code = 'base' and month_date = date '2025-12-01' group by all"
    " order by count(distinct profit_line_code) desc, customer_key limit 1"
)
# Account, customer, month, line and rule set.
Name = tuple[int, int, dt.date, str, str]


@dataclass
class InHand:
    """A small bank's rows, all at once, as the books of any of its units."""

    bank: Bank
    accounts: list[str]

    def of(self, accounts: Sequence[str]) -> Bank:
        """The whole bank, which holds any accounts that are asked for."""
        assert set(accounts) <= set(self.accounts)
        return self.bank


@dataclass
class Compared:
    """What a small bank published of profit, and the same reckoned anew; amounts of 0 left out.

    Attributes:
        lines: Fen of every account, holder, month, line and published rule set: anew, published.
        ranges: Least, base and most over all rule sets by customer and month: anew, published.
        units: Fen by unit, month, line, cause and published rule set: anew, published.
    """

    lines: tuple[dict[Name, int], dict[Name, int]]
    ranges: tuple[dict[Any, Any], dict[Any, Any]]
    units: tuple[dict[Any, int], dict[Any, int]]


def compared(home: Path) -> Compared:
    """All that a home published of profit beside plain Python; units in first and last month."""
    with _opened(home) as (connection, bank, deliveries):
        # Months with an account in them, also those that brought nobody anything.
        asked = "select distinct month_date from dimensional.fct_account_month order by 1"
        months = [row[0] for row in connection.execute(asked).fetchall()]
        stated = _anew(bank, months)
        shown = {
            row["rule_set_code"] for row in bank.rules["profit_rule_set"] if row["is_published"]
        }
        lines = {name: part for name, part in stated.items() if part and name[4] in shown}
        found = connection.execute(
            "select customer_key, month_date, lowest_profit_amount, base_profit_amount,"
            " highest_profit_amount from dimensional.fct_profit_range_month"
        ).fetchall()
        told = {row[:2]: tuple(fen(each) for each in row[2:]) for row in found}
        units = _units(connection, bank, deliveries, {months[0], months[-1]})
        return Compared((lines, _published(connection)), (_ranges(stated), told), units)


def _ranges(stated: dict[Name, int]) -> dict[Any, Any]:
    codes = sorted({name[4] for name in stated})
    amounts: dict[Any, dict[str, int]] = defaultdict(lambda: dict.fromkeys(codes, 0))
    for (_, customer, month, line, code), amount in stated.items():
        if customer != UNASSIGNED and line != "income_tax":
            amounts[customer, month][code] += amount
    return {
        name: (min(found.values()), found["base"], max(found.values()))
        for name, found in amounts.items()
    }


def _units(
    connection: duckdb.DuckDBPyConnection,
    bank: Bank,
    deliveries: Deliveries,
    months: Iterable[dt.date],
) -> tuple[dict[Any, int], dict[Any, int]]:
    anew: dict[Any, int | None] = {}
    told: dict[Any, int] = {}
    lines, causes = published.statement_lines(connection), published.causes(connection)
    query = "select distinct organisation_id from dimensional.dim_organisation"
    units = [unit for (unit,) in connection.execute(query).fetchall()]
    for month in months:
        known = pools(bank, month)
        books = {
            unit: InHand(bank, unit_accounts(deliveries, connection, unit, month)[0])
            for unit in units
        }
        for rule_set in bank.rule("profit_rule_set", month, lambda row: row["is_published"]):
            code = rule_set["rule_set_code"]
            for unit in units:
                reckoning = Reckoning(
                    books[unit], unit, month, rule_set, lines, causes, known=known
                )
                for ask, step in reckoning.figures(_asks()):
                    anew[unit, month, *ask, code] = step.fen
                figures = published.unit_figures(connection, unit, month, code)
                told |= {(unit, month, *ask, code): part for ask, part in figures.items()}
    return (
        {name: part for name, part in anew.items() if part},
        {name: part for name, part in told.items() if part},
    )


def _asks() -> list[tuple[str, str]]:
    """Every line and cause that a unit can have."""
    return [(line, cause) for cause in LINES for line in (*LINES[cause], "income_tax")]


@contextmanager
def _opened(home: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Bank, Deliveries]]:
    """The published generation, the bank behind it with what is counted of all of it, its lake."""
    place = Home(home)
    connection, generation = connect_current(place.warehouse)
    feeds_folder = feeds_folder_of(place, None)
    feeds = load_feeds(feeds_folder)
    deliveries = Deliveries(place, generation.business_date, feeds)
    rows = deliveries.of_everybody()
    with connection:
        # Months with an account in them, also those that brought nobody anything.
        asked = "select distinct month_date from dimensional.fct_account_month order by 1"
        months = [row[0] for row in connection.execute(asked).fetchall()]
        rules = published.rules(connection)
        # How the core of deposits is estimated has a reference of its own.
        shares = {
            name: part
            for month in months
            for name, part in published.whole(connection, month).core_shares.items()
        }
        posted = _first(rows, "corebank__transaction", "booked_date")
        fed = _first(rows, "corebank__balance", "balance_date")
        whole = Whole(_first_month(rows), fed, None, posted, _booked(rows), core_shares=shares)
        whole = replace(whole, measured_months=_measured(rows))
        until = generation.business_date
        bank = Bank(rows, rules, until, whole, base_method_set(), own_currency(feeds_folder))
        _count(bank, months)
        yield connection, bank, deliveries


def by_customer(lines: dict[Name, int]) -> dict[tuple[int, str, str], int]:
    """Fen of each customer, month and rule set that brings anything."""
    found: Counter[tuple[int, str, str]] = Counter()
    for (_, customer, month, _, rule_set), amount in lines.items():
        found[customer, month.isoformat(), rule_set] += amount
    return {name: amount for name, amount in found.items() if amount}


def rows_behind(printed: str, feed: str) -> list[dict[str, Any]]:
    """Delivered rows of a feed behind a figure as `crm trace --json` prints it: one that agrees."""
    (told,) = json.loads(printed)
    assert told["is_same"]
    assert told["published_amount"] != 0
    found = [row for row in _rows(told["step"]) if row["feed"] == feed]
    assert found
    return found


def _rows(step: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from step["rows"]
    for part in step["parts"]:
        yield from _rows(part)


def _published(connection: duckdb.DuckDBPyConnection) -> dict[Name, int]:
    found = connection.execute(
        "select account_key, customer_key, month_date, profit_line_code, rule_set_code, amount"
        " from dimensional.fct_profit_month where cause_code = 'account' and amount <> 0"
    ).fetchall()
    return {row[:5]: fen(row[5]) for row in found}


def _first_month(rows: dict[str, Any]) -> dt.date:
    """A balance on the eve of a month opens it; a posting is of its own month."""
    held = [month_first(row["balance_date"] + DAY) for row in rows["corebank__balance"]]
    posted = [month_first(row["booked_date"]) for row in rows["corebank__transaction"]]
    return min(held + posted)


def _first(rows: dict[str, Any], feed: str, column: str) -> dt.date | None:
    return min((month_first(row[column]) for row in rows[feed]), default=None)


def _booked(rows: dict[str, Any]) -> frozenset[dt.date]:
    return frozenset(month_first(row["month_end_date"]) for row in rows["corebank__accrual"])


def _measured(rows: dict[str, Any]) -> frozenset[dt.date]:
    found = rows["risk__account_measure"]
    return frozenset(month_first(row["month_end_date"]) for row in found)


def _accounts(bank: Bank) -> list[Account]:
    """The accounts on record, and those that only the risk system speaks of."""
    feeds = ("corebank__account", "risk__account_measure")
    return [
        Account(bank, name)
        for name in {row["account_id"] for feed in feeds for row in bank.rows(feed)}
    ]


def _count(bank: Bank, months: list[dt.date]) -> None:
    """Count what the whole bank worked and when it first lent, month by month."""
    postings: Counter[tuple[dt.date, str, str]] = Counter()
    minutes: Counter[tuple[dt.date, str, str]] = Counter()
    lent = []
    for month in [months_later(months[0], -1), *months]:
        done = [each for pieces in visit_work(bank, month).values() for each in pieces]
        for account in _accounts(bank):
            done += work(account, month)
            if AccountMonth(account, month, {}).exposure is not None:
                lent.append(month)
        for each in done:
            postings[month, each.unit, each.pool or ""] += each.count
            minutes[month, each.unit, each.pool or ""] += each.minutes
    bank.whole = replace(
        bank.whole,
        first_exposure_month=min(lent, default=None),
        posting_counts=postings,
        used_minutes=minutes,
    )


def _anew(bank: Bank, months: list[dt.date]) -> dict[Name, int]:
    """Under every rule set, published or not, also amounts of 0."""
    found: dict[Name, int] = {}
    accounts = _accounts(bank)
    for month in months:
        known = pools(bank, month)
        visits = visit_work(bank, month)
        there = [AccountMonth(account, month, known) for account in accounts]
        for rule_set in bank.rule("profit_rule_set", month):
            told = [
                (each.account.key, customer, lines)
                for each in there
                for customer, lines in each.lines(rule_set).items()
            ] + [
                (UNASSIGNED, customer, visit_lines(bank, month, done, rule_set, known))
                for customer, done in visits.items()
            ]
            for account_key, customer, lines in told:
                for line, step in lines.items():
                    name = (account_key, customer, month, line, rule_set["rule_set_code"])
                    found[name] = step.fen or 0
            # An account is counted at the customer on its record, whoever has shares of it.
            for account in accounts:
                if account.is_in(month):
                    record = account.customer_at(account.reached(month))
                    name = (account.key, record, month, "ftp", rule_set["rule_set_code"])
                    found.setdefault(name, 0)
    return found
