"""Weekly and monthly sheets lie on the desk on the last working day, each once."""

import datetime as dt

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


def test_a_weekly_sheet_is_due_on_the_last_working_day() -> None:
    week = Period(day(5), day(11))
    assert due_periods("weekly", day(7), day(8), WORKING) == []
    assert due_periods("weekly", day(8), day(9), WORKING) == [week]
    assert due_periods("weekly", day(9), day(10), WORKING) == []


def test_no_week_is_left_out_where_nights_were() -> None:
    due = due_periods("weekly", day(8), day(23), WORKING)
    assert [period.from_date for period in due] == [day(5), day(12), day(19)]


def test_a_week_across_the_year_ends_with_its_last_working_day() -> None:
    assert due_periods("weekly", dt.date(2025, 12, 30), day(2), WORKING) == [
        Period(dt.date(2025, 12, 29), day(4))
    ]


def test_a_month_is_due_before_its_last_weekend() -> None:
    assert due_periods("monthly", day(29), day(30), WORKING) == [Period(day(1), day(31))]
    assert due_periods("monthly", day(30), day(31), WORKING) == []


def test_a_period_without_working_days_is_due_on_its_last_day() -> None:
    holiday = WORKING - {day(number) for number in range(5, 12)}
    assert due_periods("weekly", day(10), day(11), holiday) == [Period(day(5), day(11))]


def test_the_same_date_built_again_writes_its_own_sheets_again() -> None:
    assert due_periods("weekly", day(9), day(9), WORKING) == [Period(day(5), day(11))]


def test_a_first_night_has_the_sheets_of_its_own_date() -> None:
    assert due_periods("monthly", None, day(30), WORKING) == [Period(day(1), day(31))]
    assert due_periods("monthly", None, day(29), WORKING) == []
