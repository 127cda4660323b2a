"""The size, the span and the seed of a demo bank."""

from __future__ import annotations

import calendar
import datetime as dt
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# Columns, named for what they hold. Their exact widths are left open: numpy's arithmetic widens
# them freely, and where a width matters the code casts.
Column = NDArray[Any]
Days = NDArray[Any]
Ints = NDArray[Any]
Floats = NDArray[Any]
Bools = NDArray[Any]

EPOCH: Final = dt.date(1970, 1, 1)
# What a day column holds where there is no date.
NO_DAY: Final = -1

# State Council notices on public holidays: first and last day off, and the weekends worked instead.
_HOLIDAYS: Final = (
    ("2024-10-01", "2024-10-07"),
    ("2025-01-01", "2025-01-01"),
    ("2025-01-28", "2025-02-04"),
    ("2025-04-04", "2025-04-06"),
    ("2025-05-01", "2025-05-05"),
    ("2025-05-31", "2025-06-02"),
    ("2025-10-01", "2025-10-08"),
    ("2026-01-01", "2026-01-03"),
    ("2026-02-15", "2026-02-23"),
    ("2026-04-04", "2026-04-06"),
    ("2026-05-01", "2026-05-05"),
    ("2026-06-19", "2026-06-21"),
    ("2026-09-25", "2026-09-27"),
    ("2026-10-01", "2026-10-07"),
)
_MAKE_UP_DAYS: Final = (
    "2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11",
    "2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10",
)  # fmt: skip


def to_day(date: dt.date) -> int:
    """Days since 1970-01-01.

    >>> to_day(dt.date(1970, 1, 2))
    1
    """
    return (date - EPOCH).days


def to_date(day: int) -> dt.date:
    """The date of a day number."""
    return EPOCH + dt.timedelta(days=int(day))


def add_months(date: dt.date, months: int) -> dt.date:
    """The same day `months` later, or that month's last day where it has none.

    >>> add_months(dt.date(2024, 1, 31), 1)
    datetime.date(2024, 2, 29)
    """
    index = date.year * 12 + date.month - 1 + months
    year, month = divmod(index, 12)
    return dt.date(year, month + 1, min(date.day, calendar.monthrange(year, month + 1)[1]))


def add_months_to_days(days: Days, months: Ints) -> Days:
    """`add_months` for whole columns of day numbers."""
    dates = days.astype("datetime64[D]")
    start = dates.astype("datetime64[M]")
    target = start + months.astype("timedelta64[M]")
    in_month = (dates - start.astype("datetime64[D]")).astype(np.int64)
    last = (target + 1).astype("datetime64[D]") - target.astype("datetime64[D]")
    capped = np.minimum(in_month, last.astype(np.int64) - 1)
    moved = target.astype("datetime64[D]") + capped.astype("timedelta64[D]")
    return moved.astype(np.int64).astype(np.int32)


def month_end(date: dt.date) -> dt.date:
    """The last day of the month of `date`."""
    return date.replace(day=calendar.monthrange(date.year, date.month)[1])


@dataclass(frozen=True)
class Period:
    """One calendar month of the bank's life.

    Attributes:
        index: 0 for the first month of the history.
        first: First day.
        last: Last day of the month.
        is_history: Whether the month is delivered as a whole, into the landing folder.
    """

    index: int
    first: dt.date
    last: dt.date
    is_history: bool

    @property
    def start(self) -> int:
        """First day as a day number."""
        return to_day(self.first)

    @property
    def end(self) -> int:
        """Last day as a day number."""
        return to_day(self.last)

    @property
    def days(self) -> int:
        """Length in days."""
        return self.end - self.start + 1

    @property
    def following(self) -> Period:
        """The month after it, delivered or not."""
        first = self.last + dt.timedelta(days=1)
        return Period(self.index + 1, first, month_end(first), self.is_history)


@dataclass(frozen=True)
class Shape:
    """How large a demo bank is, and from when to when it lives.

    Raises:
        ValueError: If no bank can be made in this shape.
    """

    customers: int
    months: int
    seed: int
    end_date: dt.date
    days_ahead: int

    def __post_init__(self) -> None:
        if self.customers < 100:
            raise ValueError(f"customers must be at least 100, not {self.customers}")
        if self.customers > 4_000_000:
            raise ValueError(f"customers must be at most 4,000,000, not {self.customers}")
        if self.months < 1 or self.months > 120:
            raise ValueError(f"months must be 1 to 120, not {self.months}")
        if self.days_ahead < 0 or self.days_ahead > 366:
            raise ValueError(f"days_ahead must be 0 to 366, not {self.days_ahead}")
        if self.end_date != month_end(self.end_date):
            raise ValueError(f"end_date must be the last day of a month, not {self.end_date}")

    def rng(self, *names: str | int) -> np.random.Generator:
        """The random numbers of one concern: they do not move when another concern draws more."""
        label = "/".join(map(str, names)).encode()
        return np.random.Generator(np.random.PCG64([self.seed & 0xFFFFFFFF, zlib.crc32(label)]))

    @cached_property
    def first_date(self) -> dt.date:
        """First day of the history."""
        return add_months(self.end_date.replace(day=1), 1 - self.months)

    @cached_property
    def last_date(self) -> dt.date:
        """Last day that is delivered."""
        return self.end_date + dt.timedelta(days=self.days_ahead)

    @cached_property
    def periods(self) -> tuple[Period, ...]:
        """The months of the history, then those from which the days ahead are taken."""
        found: list[Period] = []
        first = self.first_date
        while first <= self.last_date:
            last = month_end(first)
            found.append(Period(len(found), first, last, last <= self.end_date))
            first = last + dt.timedelta(days=1)
        return tuple(found)

    @property
    def history(self) -> tuple[Period, ...]:
        """The months delivered as a whole."""
        return tuple(period for period in self.periods if period.is_history)


def order_of(keys: Ints) -> Ints:
    """The stable order of non-negative keys.

    Where key and place fit into one number together, plain numbers are sorted: several times
    faster than sorting places by their keys, and just as deterministic.
    """
    bits = len(keys).bit_length()
    if len(keys) and int(keys.max()).bit_length() + bits < 63:
        packed = (keys << bits) | np.arange(len(keys))
        packed.sort()
        return packed & ((1 << bits) - 1)
    return np.argsort(keys, kind="stable")


def _working_days() -> tuple[frozenset[int], frozenset[int]]:
    off = {
        day
        for first, last in _HOLIDAYS
        for day in range(
            to_day(dt.date.fromisoformat(first)), to_day(dt.date.fromisoformat(last)) + 1
        )
    }
    return frozenset(off), frozenset(to_day(dt.date.fromisoformat(day)) for day in _MAKE_UP_DAYS)


_OFF, _MADE_UP = _working_days()


def is_working_day(day: int) -> bool:
    """Whether the bank's offices work that day.

    Outside the years whose notices are written above only weekends are free.
    """
    if day in _MADE_UP:
        return True
    return day not in _OFF and (day + 3) % 7 < 5


def working_days(start: int, end: int) -> Days:
    """The working days from `start` to `end`, both included."""
    return np.array([day for day in range(start, end + 1) if is_working_day(day)], np.int32)


def next_working_day(day: int) -> int:
    """`day` itself or the first working day after it."""
    while not is_working_day(day):
        day += 1
    return day
