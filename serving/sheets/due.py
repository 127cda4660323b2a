"""Which periods a sheet is due for, told from the bank's calendar alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Set
from dataclasses import dataclass

from serving.sheets.definition import Rhythm

DAY = dt.timedelta(days=1)
# Within it lie a whole month and the longest holiday after its end.
LONGEST_WAIT = dt.timedelta(days=62)


@dataclass(frozen=True)
class Period:
    """A day, an ISO week or a calendar month; both ends belong to it."""

    from_date: dt.date
    until_date: dt.date


def period_of(rhythm: Rhythm, day: dt.date) -> Period:
    """The period of a rhythm in which `day` lies.

    >>> period_of("weekly", dt.date(2026, 1, 1)).from_date.isoformat()
    '2025-12-29'
    """
    if rhythm == "weekly":
        first = day - DAY * day.weekday()
        return Period(first, first + DAY * 6)
    if rhythm == "monthly":
        first = day.replace(day=1)
        return Period(first, (first + DAY * 31).replace(day=1) - DAY)
    return Period(day, day)


def due_periods(
    rhythm: Rhythm, after: dt.date | None, until: dt.date, working_days: Set[dt.date]
) -> list[Period]:
    """The periods whose sheets fall due after one night and up to another, oldest first.

    A sheet of a day is due every night, for that night alone: yesterday's worklist helps nobody.
    One on demand is never due.
    A sheet of a week or a month tells what happened in it, so it is due on the first working day
    after it, whole. A first night has the newest of them, as if it had not been missed.

    Args:
        rhythm: How often the sheet is written.
        after: Business date of the night before, whose sheets were written; None for the first.
        until: Business date of this night.
        working_days: The bank's working days, from `LONGEST_WAIT` before the night before on.
    """
    if rhythm == "on_demand":
        return []
    if rhythm == "daily":
        return [Period(until, until)]
    first = after + DAY if after is not None and after < until else until
    fallen = [
        (due, period)
        for period in _periods_from(rhythm, first - LONGEST_WAIT, until)
        if (due := _due_date(period, working_days)) <= until
    ]
    if after is None:
        return [period for _, period in fallen[-1:]]
    return [period for due, period in fallen if due >= first]


def _periods_from(rhythm: Rhythm, first: dt.date, until: dt.date) -> Iterator[Period]:
    period = period_of(rhythm, first)
    while period.until_date < until:
        yield period
        period = period_of(rhythm, period.until_date + DAY)


def _due_date(period: Period, working_days: Set[dt.date]) -> dt.date:
    later = (day for day in working_days if day > period.until_date)
    return min(later, default=period.until_date + DAY)
