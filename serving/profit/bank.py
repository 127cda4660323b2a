"""What is known of a bank: delivered rows by feed, its rules, and a few facts of the whole bank."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from serving.profit.evidence import Origin, Row, money, origin
from serving.profit.numbers import (
    FIRST_DAY,
    UNITS,
    divided,
    in_yuan,
    month_last,
    months_later,
    units,
)
from serving.profit.records import (
    Listed,
    Version,
    at,
    carried,
    changes,
    is_deleted,
    listed_starts,
    newest,
)

UNASSIGNED = -1
# The unit of what no unit is known of.
NOWHERE = "unassigned"
LOAN_COLUMNS = ("account_id", "principal_amount", "collateral_code", "five_class_code")
EMPLOYEE_COLUMNS = ("employee_name", "organisation_id", "post_code", "hired_date", "left_date")
UNIT_COLUMNS = (
    "organisation_name", "parent_organisation_id", "organisation_type_code", "region_code",
    "opened_date", "closed_date",
)  # fmt: skip


@dataclass(frozen=True)
class Whole:
    """Facts of the whole bank that rows of one customer cannot tell.

    Attributes:
        first_month: First month of accounts.
        first_fed_month: First month of the balance feed; None of banks that deliver none.
        first_exposure_month: First month of exposures and provisions.
        first_posting_month: First month of postings; visits before it are no work.
        booked_months: Months of which the ledger's interest was delivered.
        measured_months: Months that the risk system spoke of.
        posting_counts: Postings by month, unit and pool.
        used_minutes: Minutes worked, in ten-thousandths, by month, unit and pool.
        core_shares: Estimated core of a deposit in hundred-millionths, by month, product and
            currency.
    """

    first_month: dt.date
    first_fed_month: dt.date | None
    first_exposure_month: dt.date | None
    first_posting_month: dt.date | None
    booked_months: frozenset[dt.date]
    measured_months: frozenset[dt.date] = frozenset()
    posting_counts: Mapping[tuple[dt.date, str, str], int] = field(default_factory=dict)
    used_minutes: Mapping[tuple[dt.date, str, str], int] = field(default_factory=dict)
    core_shares: Mapping[tuple[dt.date, str, str], int] = field(default_factory=dict)

    def spoken_month(self, month: dt.date) -> dt.date | None:
        """The month whose measures hold in a month: its own, or the last that was spoken of."""
        months = self.measured_months
        if not months or month in months:
            return month if months else None
        return max(months) if month > max(months) else None


@dataclass(frozen=True)
class Node:
    """The curve at a tenor: between two delivered points, or on one."""

    units: int
    below: Row
    above: Row | None


@dataclass(frozen=True)
class Exchange:
    """The rate that the amounts of a currency and month are turned into yuan at.

    Attributes:
        currency: ISO 4217 code.
        is_own: Whether it is the bank's own money, that is not turned into anything.
        row: The delivered rate; None of the own currency, and where none was delivered by then.
    """

    currency: str
    is_own: bool
    row: Row | None

    @property
    def is_known(self) -> bool:
        """Whether amounts count; of a currency without a rate they are 0."""
        return self.is_own or self.row is not None

    def yuan(self, amount: int) -> int:
        """Fen for an amount of the currency in hundredths."""
        if self.is_own:
            return amount
        return in_yuan(amount, self.row["exchange_price"]) if self.row else 0

    def how(self, amount: int) -> str:
        """An amount as it stands, with its rate where it needs one."""
        if self.is_own:
            return money(amount)
        price = self.row["exchange_price"] if self.row else "无汇率 no rate"
        return f"({self.currency} {money(amount)} × {price} / 100)"

    @property
    def origins(self) -> tuple[Origin, ...]:
        """The delivered rate."""
        if self.row is None:
            return ()
        columns = ("currency_code", "rate_date", "exchange_price")
        return (origin("treasury__exchange_rate", self.row, *columns),)


@dataclass
class Bank:
    """Rows and rules to reckon with.

    Args:
        feeds: Delivered rows by feed, up to the business date; one without rows may be missing.
        rules: Rows by rule table.
        until: The business date.
        whole: Facts of the whole bank.
        base_method_set: Set of methods that interest and the months' margins are found by.
        own_currency: What the bank keeps its books in.
    """

    feeds: Mapping[str, Sequence[Row]]
    rules: Mapping[str, Sequence[Row]]
    until: dt.date
    whole: Whole
    base_method_set: str
    own_currency: str = "CNY"

    def rows(self, feed: str) -> Sequence[Row]:
        """Delivered rows of a feed."""
        return self.feeds.get(feed, ())

    def rows_of(self, feed: str, account_id: str) -> Sequence[Row]:
        """Delivered rows of an account."""
        return self._by_account(feed).get(account_id, ())

    def _by_account(self, feed: str) -> dict[str, list[Row]]:
        if feed not in self._grouped:
            grouped: dict[str, list[Row]] = defaultdict(list)
            for row in self.rows(feed):
                grouped[row["account_id"]].append(row)
            self._grouped[feed] = dict(grouped)
        return self._grouped[feed]

    @cached_property
    def _grouped(self) -> dict[str, dict[str, list[Row]]]:
        return {"corebank__transaction": self._postings()}

    def _postings(self) -> dict[str, list[Row]]:
        """Postings as they stand: of a number that came twice the later one, wherever it is."""
        grouped: dict[str, list[Row]] = defaultdict(list)
        found = newest(self.rows("corebank__transaction"), key=lambda row: row["transaction_id"])
        for row in found.values():
            if row["booked_date"] <= self.until:
                grouped[row["account_id"]].append(row)
        return dict(grouped)

    def rule(
        self, table: str, day: dt.date, fits: Callable[[Row], bool] = lambda _: True
    ) -> list[Row]:
        """Rules that held on a day, and fit."""
        return [
            row
            for row in self.rules.get(table, ())
            if row["valid_from_date"] <= day < row["valid_to_date"] and fits(row)
        ]

    @cached_property
    def _loans(self) -> dict[str, list[Version]]:
        """Versions of loan contracts by the account that they are on."""
        by_loan: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows("corebank__loan"):
            by_loan[row["loan_id"]].append(row)
        found: dict[str, list[Version]] = defaultdict(list)
        for rows in by_loan.values():
            for version in changes(rows, LOAN_COLUMNS):
                found[version.row["account_id"]].append(version)
        return found

    def loans_of(self, account_id: str) -> Sequence[Version]:
        """Versions of the loan contracts on an account."""
        return self._loans.get(account_id, ())

    @cached_property
    def keys(self) -> dict[tuple[str, str], int]:
        """Pseudonyms by kind and number."""
        found: dict[tuple[str, str], int] = {}
        for row in self.rows("vault__pseudonym"):
            name, key = (row["entity_code"], row["source_id"]), row["pseudonym_key"]
            found[name] = min(key, found.get(name, key))
        return found

    @cached_property
    def known_customers(self) -> frozenset[int]:
        """Keys of the customers that a list tells of; work on others is on nobody known."""
        listed = [row for row in self.rows("corebank__customer") if not is_deleted(row)]
        names = {("customer", row["customer_id"]) for row in listed}
        return frozenset(self.keys[name] for name in names if name in self.keys)

    @cached_property
    def _customers(self) -> dict[int, list[Version]]:
        """Versions of customers by key, without gaps."""
        by_number: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows("corebank__customer"):
            by_number[row["customer_id"]].append(row)
        return {
            self.keys["customer", number]: carried(changes(rows, ("organisation_id",)))
            for number, rows in by_number.items()
            if ("customer", number) in self.keys
        }

    def customer_unit(self, key: int, month: dt.date) -> str:
        """The unit on a customer's record on the last day that a month's figures reach to."""
        found = at(self._customers.get(key, []), min(month_last(month), self.until))
        return self.unit(found.row["organisation_id"] if found else None)

    @cached_property
    def products(self) -> Listed:
        """The catalogue of products."""
        return Listed(self.rows("corebank__product"), "product_id")

    @cached_property
    def _unit_starts(self) -> dict[str, list[dt.date]]:
        return listed_starts(self.rows("corebank__organisation"), "organisation_id", _lineage)

    def unit_version(self, organisation_id: str | None, day: dt.date) -> tuple[str, int]:
        """A unit and which of its versions held on a day; ("unassigned", 0) of an unknown one."""
        starts = self._unit_starts.get(organisation_id or "", [])
        if not starts or organisation_id is None:
            return NOWHERE, 0
        return organisation_id, sum(start <= day for start in starts)

    def unit(self, organisation_id: str | None) -> str:
        """A unit's number; "unassigned" of one that no list knows."""
        return self.unit_version(organisation_id, self.until)[0]

    @cached_property
    def employees(self) -> Listed:
        """The list of employees."""
        return Listed(self.rows("corebank__employee"), "employee_id")

    @cached_property
    def _employee_starts(self) -> dict[str, list[dt.date]]:
        return listed_starts(
            self.rows("corebank__employee"),
            "employee_id",
            lambda row, _: tuple(row[name] for name in EMPLOYEE_COLUMNS),
        )

    def employee_start(self, employee_id: str, day: dt.date) -> dt.date:
        """From when an employee was what he was on a day."""
        starts = self._employee_starts.get(employee_id, [FIRST_DAY])
        return max(start for start in starts if start <= day)

    @cached_property
    def _curves(self) -> dict[str, dict[dt.date, list[tuple[int, Row]]]]:
        """Per currency and day the points of the curve, by tenor in days of months of 30."""
        rows = newest(
            self.rows("treasury__ftp_curve"),
            key=lambda row: (row["curve_date"], row["currency_code"], row["tenor_months"]),
        ).values()
        curves: dict[str, dict[dt.date, list[tuple[int, Row]]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for row in rows:
            curves[row["currency_code"]][row["curve_date"]].append((row["tenor_months"] * 30, row))
        for days in curves.values():
            for points in days.values():
                points.sort(key=lambda each: each[0])
        return curves

    @cached_property
    def _nodes(self) -> dict[tuple[str, dt.date, int], Node | None]:
        return {}

    @cached_property
    def _rates(self) -> dict[str, list[Row]]:
        """Rates of exchange by currency, the oldest first."""
        rows = newest(
            self.rows("treasury__exchange_rate"),
            key=lambda row: (row["currency_code"], row["rate_date"]),
        ).values()
        found: dict[str, list[Row]] = defaultdict(list)
        for row in sorted(rows, key=lambda each: each["rate_date"]):
            found[row["currency_code"]].append(row)
        return found

    def exchange(self, currency: str | None, month: dt.date) -> Exchange:
        """The rate of the last day that a month's figures reach to; the own money where unknown."""
        if currency is None or currency == self.own_currency:
            return Exchange(self.own_currency, True, None)
        last = min(month_last(month), self.until)
        held = [row for row in self._rates.get(currency, ()) if row["rate_date"] <= last]
        return Exchange(currency, False, held[-1] if held else None)

    def curve(self, currency: str, day: dt.date, tenor_days: int) -> Node | None:
        """The curve that held on a day; before the first one, that; None without any."""
        name = (currency, day, tenor_days)
        if name not in self._nodes:
            self._nodes[name] = self._read_off(currency, day, tenor_days)
        return self._nodes[name]

    def _read_off(self, currency: str, day: dt.date, tenor_days: int) -> Node | None:
        days = self._curves.get(currency)
        if not days:
            return None
        points = days[max((each for each in days if each <= day), default=min(days))]
        place = max((i for i, (tenor, _) in enumerate(points) if tenor <= tenor_days), default=0)
        tenor, below = points[place]
        start = units(below["ftp_rate"])
        if place + 1 == len(points) or tenor_days <= tenor:
            return Node(start, below, None)
        next_tenor, above = points[place + 1]
        rise = (units(above["ftp_rate"]) - start) * (tenor_days - tenor)
        return Node(start + divided(rise, next_tenor - tenor), below, above)

    def ladder(self, currency: str, month: dt.date, tenor_days: int) -> tuple[int, list[Node]]:
        """Average of as many monthly rungs as the tenor has months, and the rungs, newest first."""
        rungs = [
            self.curve(currency, months_later(month, -back), tenor_days)
            for back in range(max(tenor_days // 30, 1))
        ]
        nodes = [rung for rung in rungs if rung is not None]
        return (divided(sum(node.units for node in nodes), len(nodes)) if nodes else 0), nodes


def _lineage(row: Row, listed: Mapping[str, Row]) -> object:
    """A unit's own columns, and the names of those above it."""
    found: list[object] = [tuple(row[name] for name in UNIT_COLUMNS)]
    seen, above = {row["organisation_id"]}, row["parent_organisation_id"]
    while above in listed and above not in seen:
        seen.add(above)
        found.append((above, listed[above]["organisation_name"]))
        above = listed[above]["parent_organisation_id"]
    return tuple(found)


def blended(core: int, inner: int, outer: int) -> int:
    """The core share at one rate and the rest at another, in hundred-millionths."""
    return outer + divided((inner - outer) * core, UNITS)
