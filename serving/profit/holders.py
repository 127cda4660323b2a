"""To whom an account belongs on a day, and which part of a figure is whose."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from serving.profit.bank import UNASSIGNED, Bank
from serving.profit.evidence import Row
from serving.profit.numbers import OPEN_DAY, UNITS, units
from serving.profit.records import Version, changes, is_deleted

ACCOUNT_FEED = "corebank__account"
HOLDER_FEED = "corebank__account_holder"


class Holding(NamedTuple):
    """Whose an account is on a stretch of days: key, role, and part in hundred-millionths."""

    key: int
    role: str | None
    units: int
    start: dt.date
    end: dt.date
    row: Row
    feed: str


class Part(NamedTuple):
    """The stretch of the whole that is a customer's, in hundred-millionths, and the row behind."""

    key: int
    start: int
    end: int
    holding: Holding | None


class Holders:
    """Holders of an account: those on its list, else the customer on its record."""

    def __init__(self, bank: Bank, account_id: str) -> None:
        self._bank = bank
        self._listed = bank.rows_of(HOLDER_FEED, account_id)
        self._records = bank.rows_of(ACCOUNT_FEED, account_id)

    def _key(self, customer_id: str) -> int | None:
        return self._bank.keys.get(("customer", customer_id))

    @cached_property
    def _versions(self) -> list[tuple[int, Version]]:
        by_customer: dict[str, list[Row]] = {}
        for row in self._listed:
            by_customer.setdefault(row["customer_id"], []).append(row)
        first = min((row["business_date"] for row in self._listed), default=None)
        return [
            (self._key(customer) or UNASSIGNED, version)
            for customer, rows in by_customer.items()
            for version in changes(rows, ("role_code", "share_rate"), first)
        ]

    @cached_property
    def holdings(self) -> list[Holding]:
        """Every holder and stretch of days."""
        if not self._versions:
            return self._implied()
        if len(self._versions) == 1:
            key, version = self._versions[0]
            role, rate = version.row["role_code"], version.row["share_rate"]
            part = 0 if role == "authorised" else UNITS if rate is None else units(rate)
            return [Holding(key, role, part, version.start, version.end, version.row, HOLDER_FEED)]
        cuts = sorted(
            {version.start for _, version in self._versions}
            | {version.end for _, version in self._versions}
        )
        return [each for start, end in pairwise(cuts) for each in self._shared(start, end)]

    def _implied(self) -> list[Holding]:
        rows = [row for row in self._records if not is_deleted(row)]
        return [
            Holding(key, "owner", UNITS, version.start, version.end, version.row, ACCOUNT_FEED)
            for version in changes(rows, ("customer_id",))
            if version.row["customer_id"] is not None
            and (key := self._key(version.row["customer_id"])) is not None
        ]

    def _shared(self, start: dt.date, end: dt.date) -> list[Holding]:
        """The holders of a stretch; without shares equal parts, the odd bit to the first."""
        there = [(key, version.row) for key, version in self._versions if version.holds(start)]
        entitled = sorted(key for key, row in there if row["role_code"] != "authorised")
        is_given = any(
            row["role_code"] != "authorised" and row["share_rate"] is not None for _, row in there
        )
        found = []
        for key, row in there:
            if row["role_code"] == "authorised":
                part = 0
            elif is_given:
                part = units(row["share_rate"]) if row["share_rate"] is not None else 0
            else:
                part, odd = divmod(UNITS, len(entitled))
                part += entitled.index(key) < odd
            found.append(Holding(key, row["role_code"], part, start, end, row, HOLDER_FEED))
        return found

    @cached_property
    def _owners(self) -> list[tuple[int, dt.date, dt.date]]:
        """The first owner of each stretch, those that follow each other under one joined."""
        by_start: dict[dt.date, list[Holding]] = {}
        for holding in self.holdings:
            if holding.role == "owner":
                by_start.setdefault(holding.start, []).append(holding)
        found: list[tuple[int, dt.date, dt.date]] = []
        for start in sorted(by_start):
            first = min(by_start[start], key=lambda each: (-each.units, each.key))
            if found and found[-1][0] == first.key and found[-1][2] == start:
                found[-1] = (first.key, found[-1][1], first.end)
            else:
                found.append((first.key, start, first.end))
        return found

    @property
    def owner_edges(self) -> list[dt.date]:
        """Days on which the owner changes."""
        return sorted({day for _, start, end in self._owners for day in (start, end)} - {OPEN_DAY})

    def owner_at(self, day: dt.date) -> int | None:
        """Key of the owner on a day."""
        return next((key for key, start, end in self._owners if start <= day < end), None)

    def parts(self, record_key: int, day: dt.date) -> list[Part]:
        """Whose which part is on a day.

        Args:
            record_key: The customer on the account's record: all of it is his where nobody shares.
            day: Last day that the figures reach to.
        """
        entitled = [each for each in self.holdings if each.role != "authorised"]
        is_divided = len({each.key for each in entitled}) > 1 or any(
            each.units < UNITS for each in entitled
        )
        now = [each for each in self.holdings if each.start <= day < each.end]
        there = sorted(
            (each for each in now if is_divided and each.units), key=lambda each: each.key
        )
        if not there:
            return [Part(record_key, 0, UNITS, now[0] if now else None)]
        total = sum(each.units for each in there)
        # Shares of more than the whole are cut in proportion; what is missing is nobody's.
        divisor, so_far, found = max(total, UNITS), 0, []
        for each in there:
            start, so_far = so_far, so_far + each.units
            marks = (start * UNITS // divisor, so_far * UNITS // divisor)
            found.append(Part(each.key, *marks, each))
        if total < UNITS:
            found.append(Part(UNASSIGNED, total, UNITS, None))
        return found
