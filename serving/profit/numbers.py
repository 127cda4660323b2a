"""Money in whole fen, rates in hundred-millionths, days and months: nothing is rounded twice."""

from __future__ import annotations

import calendar
import datetime as dt
from decimal import Decimal
from typing import Final

UNITS: Final = 10**8
FIRST_DAY: Final = dt.date(1900, 1, 1)
OPEN_DAY: Final = dt.date(9999, 12, 31)
DAY: Final = dt.timedelta(days=1)


def divided(number: int, divisor: int) -> int:
    """The whole number nearest to a quotient, halves away from zero; divisor above 0.

    >>> divided(5, 2), divided(-5, 2), divided(4, 3)
    (3, -3, 1)
    """
    whole = (2 * abs(number) + divisor) // (2 * divisor)
    return whole if number >= 0 else -whole


def fen(amount: Decimal | None) -> int:
    """Yuan in whole fen; nothing is 0."""
    return int(amount * 100) if amount is not None else 0


def yuan(amount: int) -> Decimal:
    """Whole fen in yuan.

    >>> yuan(-205)
    Decimal('-2.05')
    """
    return Decimal(amount).scaleb(-2)


def units(rate: Decimal) -> int:
    """A rate in hundred-millionths."""
    return int(rate * UNITS)


def rate(number: int) -> Decimal:
    """Hundred-millionths as a rate."""
    return Decimal(number).scaleb(-8)


def share(amount: int, part: int, parts: int = 1) -> int:
    """A share in hundred-millionths of an amount, over so many parts of a year, rounded once.

    >>> share(10_000, 25_000_000), share(-1, 50_000_000)
    (2500, -1)
    """
    return divided(amount * part, parts * UNITS)


def part_between(amount: int, start: int, end: int) -> int:
    """What lies between two marks of an amount, so that neighbouring parts add up to it.

    >>> [part_between(100, *marks) for marks in ((0, 33333333), (33333333, 10**8))]
    [33, 67]
    """
    return share(amount, end) - share(amount, start)


def in_yuan(amount: int, price: Decimal) -> int:
    """Fen for hundredths of a currency of which 100 units cost a price in yuan, rounded once.

    >>> in_yuan(10_000, Decimal("718.3600")), in_yuan(-1, Decimal("718.3600"))
    (71836, -7)
    """
    return divided(amount * int(price * 10_000), 1_000_000)


def accrued(balance_days: int, part: int, day_basis: int) -> int:
    """What a rate a year brings on fen-days."""
    return divided(balance_days * part, day_basis * UNITS)


def month_first(day: dt.date) -> dt.date:
    """The first day of its month."""
    return day.replace(day=1)


def month_last(day: dt.date) -> dt.date:
    """The last day of its month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day of another month, or that month's last.

    >>> months_later(dt.date(2025, 1, 31), 1)
    datetime.date(2025, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def months_apart(start: dt.date, end: dt.date) -> int:
    """Months from one day's month to another's."""
    return (end.year - start.year) * 12 + end.month - start.month


def period_start(anchor: dt.date, months: int, day: dt.date) -> dt.date:
    """The last of the days a whole number of periods from the anchor, up to a day.

    >>> period_start(dt.date(2025, 12, 31), 3, dt.date(2026, 5, 1))
    datetime.date(2026, 3, 31)
    """
    count = months_apart(anchor, day) // months
    if months_later(anchor, count * months) > day:
        count -= 1
    return months_later(anchor, count * months)
