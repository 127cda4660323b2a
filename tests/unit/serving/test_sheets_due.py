"""Sheets of a week or a month are due on the first working day after it, each once and whole."""

import datetime as dt
import itertools

from serving.sheets.due import Period, due_periods

JANUARY = {
    day
    for number in range(1, 32)
    if (day := dt.date(2026, 1, number)).weekday() < 5 and day != dt.date(2026, 1, 1)
}
# Both days before the new year are worked on.
WORKING = JANUARY | {dt.date(2025, 12, 30), dt.date(2025, 12, 31)}


def day(number: int) -> dt.date:
    return dt.date(2026, 1, number)


def test_a_daily_sheet_is_due_for_this_night_alone() -> None:
    assert due_periods("daily", day(5), day(8), WORKING) == [Period(day(8), day(8))]


def test_a_weekly_sheet_is_due_on_the_first_working_day_after_it() -> None:
    week = Period(day(5), day(11))
    assert due_periods("weekly", day(8), day(11), WORKING) == []
    assert due_periods("weekly", day(11), day(12), WORKING) == [week]
    assert due_periods("weekly", day(12), day(13), WORKING) == []


def test_what_happened_on_a_saturday_stands_on_one_sheet() -> None:
    """A level that changed on the last day of a month, which nobody worked on."""
    nights = [day(number) for number in range(9, 20)]
    told = [
        period
        for before, night in itertools.pairwise(nights)
        for period in due_periods("weekly", before, night, WORKING)
        if period.from_date <= day(10) <= period.until_date
    ]
    assert told == [Period(day(5), day(11))]


def test_no_week_is_left_out_where_nights_were() -> None:
    due = due_periods("weekly", day(8), day(26), WORKING)
    assert [period.from_date for period in due] == [day(5), day(12), day(19)]


def test_a_week_across_the_year_is_due_after_its_last_day() -> None:
    assert due_periods("weekly", dt.date(2025, 12, 30), day(4), WORKING) == []
    assert due_periods("weekly", day(4), day(5), WORKING) == [Period(dt.date(2025, 12, 29), day(4))]


def test_a_month_is_due_once_it_is_whole() -> None:
    december = Period(dt.date(2025, 12, 1), dt.date(2025, 12, 31))
    assert due_periods("monthly", dt.date(2025, 12, 30), day(1), WORKING) == []
    assert due_periods("monthly", day(1), day(2), WORKING) == [december]
    assert due_periods("monthly", day(2), day(31), WORKING) == []


def test_a_week_without_working_days_comes_with_the_next_working_day() -> None:
    holiday = WORKING - {day(number) for number in range(5, 14)}
    assert due_periods("weekly", day(4), day(13), holiday) == []
    assert due_periods("weekly", day(13), day(14), holiday) == [
        Period(dt.date(2025, 12, 29), day(4)),
        Period(day(5), day(11)),
    ]


def test_the_same_date_built_again_writes_its_own_sheets_again() -> None:
    assert due_periods("weekly", day(12), day(12), WORKING) == [Period(day(5), day(11))]
    assert due_periods("weekly", day(13), day(13), WORKING) == []


def test_a_first_night_has_the_newest_sheets() -> None:
    december = Period(dt.date(2025, 12, 1), dt.date(2025, 12, 31))
    assert due_periods("monthly", None, day(29), WORKING) == [december]
    assert due_periods("weekly", None, day(29), WORKING) == [Period(day(19), day(25))]
