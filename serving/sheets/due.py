"""Which periods a sheet is due for, told from the bank's calendar alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Set
from dataclasses import dataclass

from serving.sheets.definition import Rhythm

DAY = dt.timedelta(days=1)


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
    A sheet of a week or a month is due on the period's last working day, so that it lies on the
    desk before the week-end; a period without a working day is due on its last day.

    Args:
        rhythm: How often the sheet is written.
        after: Business date of the night before, whose sheets were written; None for the first.
        until: Business date of this night.
        working_days: The bank's working days, at least those of the periods that end in between.
    """
    if rhythm == "on_demand":
        return []
    if rhythm == "daily":
        return [Period(until, until)]
    first = after + DAY if after is not None and after < until else until
    return [
        period
        for period in _periods_from(rhythm, first, until)
        if first <= _due_date(period, working_days) <= until
    ]


def _periods_from(rhythm: Rhythm, first: dt.date, until: dt.date) -> Iterator[Period]:
    period = period_of(rhythm, first)
    while period.from_date <= until:
        yield period
        period = period_of(rhythm, period.until_date + DAY)


def _due_date(period: Period, working_days: Set[dt.date]) -> dt.date:
    day = period.until_date
    while day >= period.from_date:
        if day in working_days:
            return day
        day -= DAY
    return period.until_date
