"""An account as its records and balances tell: whose it is, what it was, what it held daily."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from serving.profit.bank import UNASSIGNED, Bank, Exchange
from serving.profit.evidence import Row
from serving.profit.holders import Holders
from serving.profit.numbers import DAY, OPEN_DAY, fen, month_first, month_last
from serving.profit.records import (
    Version,
    at,
    carried,
    changes,
    delivered_order,
    is_deleted,
    newest,
)

ATTRIBUTES = (
    "customer_id", "product_id", "organisation_id", "manager_id", "currency_code", "status_code",
    "opened_date", "closed_date", "interest_rate", "rate_type_code", "term_months",
    "maturity_date", "reprice_date",
)  # fmt: skip


@dataclass(frozen=True)
class Balance:
    """What an account held from a day on until it moved again, and the rows that say so."""

    day: dt.date
    fen: int
    rows: tuple[Row, ...]
    feed: str


@dataclass(frozen=True)
class Held:
    """What was held under one version of the record in a month, above or below zero.

    Attributes:
        version: The record.
        is_overdrawn: Whether it is a deposit below zero; fen_days stand above zero then.
        fen_days: Balance times days.
        last_day: Last day on which it was held.
        stretches: Days from and until, and the balance on them.
    """

    version: Version
    is_overdrawn: bool
    fen_days: int
    last_day: dt.date
    stretches: tuple[tuple[dt.date, dt.date, Balance], ...]


class Account:
    """One account of a bank.

    Args:
        bank: The rows of the bank.
        account_id: Its number in the core system.
    """

    def __init__(self, bank: Bank, account_id: str) -> None:
        self.bank = bank
        self.account_id = account_id
        self.key = bank.keys.get(("account", account_id), UNASSIGNED)
        self.holders = Holders(bank, account_id)

    @cached_property
    def _records(self) -> Sequence[Row]:
        return self.bank.rows_of("corebank__account", self.account_id)

    @cached_property
    def _recorded(self) -> list[Version]:
        """Versions as recorded; one that names no owner ends with its owner too."""
        found: list[Version] = []
        for version in changes(self._records, ATTRIBUTES):
            edges = self.holders.owner_edges if version.row["customer_id"] is None else []
            cuts = [version.start, *(day for day in edges if version.start < day < version.end)]
            for start, end in zip(cuts, [*cuts[1:], version.end], strict=True):
                found.append(Version(version.row, start, end))
        return found

    @cached_property
    def versions(self) -> list[Version]:
        """Versions without gaps: what is booked on a deleted account finds its last one."""
        return carried(self._recorded)

    def version_at(self, day: dt.date) -> Version | None:
        """The version that held on a day; None of an account that no list knows."""
        return at(self.versions, day)

    def product_of(self, version: Version) -> Row | None:
        """Its product as it was when the version began."""
        return self.bank.products.at(version.row["product_id"], version.start)

    def customer_at(self, day: dt.date) -> int:
        """Key of the customer on its record."""
        version = self.version_at(day)
        if version is None:
            return UNASSIGNED
        number = version.row["customer_id"]
        if number is None or ("customer", number) not in self.bank.keys:
            owner = self.holders.owner_at(version.start) if number is None else None
            return UNASSIGNED if owner is None else owner
        return self.bank.keys["customer", number]

    def closed_date(self, day: dt.date) -> dt.date:
        """When the record of a day says it was closed, or was deleted; the end of time if never."""
        for place, version in enumerate(self.versions):
            if version.holds(day):
                recorded = self._recorded[place].end
                deleted = recorded if recorded != version.end else OPEN_DAY
                return version.row["closed_date"] or deleted
        return OPEN_DAY

    def reached(self, month: dt.date) -> dt.date:
        """The last day that the figures of a month reach to."""
        return min(month_last(month), self.bank.until)

    def exchange(self, month: dt.date) -> Exchange:
        """The rate that what is said of it in a month is turned into yuan at."""
        version = self.version_at(self.reached(month))
        return self.bank.exchange(version.row["currency_code"] if version else None, month)

    def _pillar(self, version: Version) -> str | None:
        product = self.product_of(version)
        return product["pillar_code"] if product else None

    @cached_property
    def balances(self) -> list[Balance]:
        """End-of-day balances of the days it moved on: delivered, or summed from postings."""
        rows = [
            row
            for row in self.bank.rows_of("corebank__balance", self.account_id)
            if row["balance_date"] <= self.bank.until
        ]
        delivered = newest(rows, key=lambda row: row["balance_date"]).values()
        found = [
            Balance(row["balance_date"], fen(row["balance_amount"]), (row,), "corebank__balance")
            for row in delivered
        ]
        fed_from = min((month_first(each.day) for each in found), default=OPEN_DAY)
        first = self.bank.whole.first_fed_month
        if first is None or fed_from > first:
            found += self._posted(fed_from)
        return sorted(found, key=lambda balance: balance.day)

    def _posted(self, until: dt.date) -> Iterator[Balance]:
        """End-of-day balances from postings of the months before one."""
        by_day: dict[dt.date, list[Row]] = {}
        for row in self.bank.rows_of("corebank__transaction", self.account_id):
            if month_first(row["booked_date"]) < until:
                by_day.setdefault(row["booked_date"], []).append(row)
        running = 0
        for day in sorted(by_day):
            version = self.version_at(day)
            if version is None:
                continue
            # What is owed on a loan is lowered by the customer's credit.
            sign = -1 if self._pillar(version) == "asset" else 1
            for row in by_day[day]:
                credit = 1 if row["direction_code"] == "credit" else -1
                running += sign * credit * fen(row["amount"])
            yield Balance(day, running, tuple(by_day[day]), "corebank__transaction")

    def stretches(self, month: dt.date) -> list[tuple[dt.date, dt.date, Balance]]:
        """Stretches of days of a month with one balance, the last day included."""
        last = self.reached(month)
        before = [each for each in self.balances if each.day < month][-1:]
        moved = [each for each in self.balances if month <= each.day <= last]
        found = []
        for place, balance in enumerate([*before, *moved]):
            start = max(balance.day, month)
            following = [*before, *moved][place + 1 :]
            end = following[0].day - DAY if following else last
            if start <= end:
                found.append((start, end, balance))
        return found

    def closing(self, month: dt.date) -> int:
        """Fen at the end of the last day of a month."""
        found = self.stretches(month)
        return found[-1][2].fen if found else 0

    def held(self, month: dt.date) -> list[Held]:
        """What was held in a month, by version of the record and side of zero; loans, deposits."""
        found = []
        for version in self.versions:
            pillar = self._pillar(version)
            if pillar not in ("liability", "asset"):
                continue
            cut = [
                (max(start, version.start), min(end, version.end - DAY), balance)
                for start, end, balance in self.stretches(month)
                if balance.fen and start < version.end and version.start <= end
            ]
            for in_red in (False, True):
                side = tuple(
                    each for each in cut if (pillar == "liability" and each[2].fen < 0) is in_red
                )
                if side:
                    sign = -1 if in_red else 1
                    days = sum(
                        sign * balance.fen * ((end - start).days + 1)
                        for start, end, balance in side
                    )
                    last = max(end for _, end, _ in side)
                    found.append(Held(version, in_red, days, last, side))
        return found

    def measure(self, month: dt.date) -> Row | None:
        """What the risk system says of it that holds in a month."""
        spoken = self.bank.whole.spoken_month(month)
        rows = newest(
            self.bank.rows_of("risk__account_measure", self.account_id),
            key=lambda row: row["month_end_date"],
        ).values()
        there = [
            row
            for row in rows
            if month_first(row["month_end_date"]) == spoken
            and row["month_end_date"] <= month_last(self.bank.until)
        ]
        return max(there, key=lambda row: row["month_end_date"], default=None)

    def is_in(self, month: dt.date) -> bool:
        """Whether there is anything of it in a month: balance, posting, interest, measure."""
        if month < self.bank.whole.first_month:
            return False
        if self.measure(month) is not None:
            return True
        dates = [each.day for each in self.balances]
        dates += [
            row["booked_date"]
            for row in self.bank.rows_of("corebank__transaction", self.account_id)
        ]
        dates += [
            row["month_end_date"] for row in self.bank.rows_of("corebank__accrual", self.account_id)
        ]
        if any(month_first(day) == month for day in dates):
            return True
        carried_in = [each for each in self.balances if each.day < month]
        return bool(carried_in) and (carried_in[-1].fen != 0 or self.closed_date(month) >= month)

    def unit_at(self, day: dt.date) -> str:
        """The unit on its record on a day."""
        version = self.version_at(day)
        return self.bank.unit(version.row["organisation_id"] if version else None)

    def postings(self, month: dt.date) -> list[Row]:
        """The postings of a month, of days on which a list knew the account."""
        rows = self.bank.rows_of("corebank__transaction", self.account_id)
        return [
            row
            for row in rows
            if month_first(row["booked_date"]) == month and self.version_at(row["booked_date"])
        ]

    def accruals(self, month: dt.date) -> list[Row]:
        """Interest that the ledger booked in a month, by unit; a mended last day counts alone.

        Of an account that no list names it is nobody's, whatever else is said of the account.
        """
        if all(is_deleted(row) for row in self._records):
            return []
        return booked_rows(self.bank.rows_of("corebank__accrual", self.account_id), month)

    def exchange_of(self, accrual: Row) -> Exchange:
        """The rate of booked interest: of the currency that its record had on the day booked."""
        version = self.version_at(accrual["month_end_date"])
        month = month_first(accrual["month_end_date"])
        return self.bank.exchange(version.row["currency_code"] if version else None, month)


def booked_rows(rows: Sequence[Row], month: dt.date) -> list[Row]:
    """Of each account and unit the interest booked in a month, as it was delivered last."""
    latest: dict[tuple[str, str], Row] = {}
    for row in sorted(rows, key=lambda each: (each["month_end_date"], delivered_order(each))):
        if month_first(row["month_end_date"]) == month:
            latest[row["account_id"], row["organisation_id"]] = row
    return list(latest.values())
