"""Dates: as people and systems write them, Excel's serial numbers, and a feed's own format."""

from __future__ import annotations

import datetime as dt

import pytest

from ingestion.parsing.cell import Source
from ingestion.parsing.date import EPOCH_1900, EPOCH_1904, format_pattern
from tests.unit.ingestion.conftest import Parse
from tests.unit.ingestion.made_up import column

DATE = column("booked_date", "日期", "date")
LEAP_DAY = dt.date(2024, 2, 29)


@pytest.mark.parametrize("source", ["csv", "xlsx"])
@pytest.mark.parametrize(
    "text",
    [
        "2024-02-29",
        "2024-2-29",
        "20240229",
        "20240229143000",
        "20240229 143000",
        "20240229 14:30:00",
        "20240229T14:30:00.000",
        "2024/2/29",
        "2024/02/29",
        "2024.2.29",
        "2024年2月29日",
        "2024年2月29",
        "2024年2月29号",
        "2024 年 2 月 29 日",
        "2024　年　2　月　29　日",
        "2024年2月29 10:20",
        "2024年02月29日",
        "２０２４年２月２９日",
        "２０２４－０２－２９",
        "　20240229 ",
        "2024-02-29 10:20:30",
        "2024-02-29 9:05",
        "2024-02-29T10:20",
        "2024-02-29 00:00:00.000",
        "2024/2/29 23:59:59",
        "2024-02-29 星期四",
        "2024年2月29日（星期四）",
        "2024/2/29 周四 09:30",
    ],
)
def test_a_written_day_is_read(parse: Parse, source: Source, text: str) -> None:
    assert parse(DATE, text, source) == (LEAP_DAY, None)


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-30",
        "20240230",
        "2023年2月29日",
        "1900-02-29",
        "2024-13-01",
        "2024-00-10",
        "2024/1/0",
        "00000000",
        "2024-02-30 10:00",
    ],
)
def test_a_day_that_does_not_exist_is_refused_as_such(parse: Parse, text: str) -> None:
    cell = parse(DATE, text)
    assert (cell.value, cell.code) == (None, "unreadable")
    assert cell.sentence.zh == f"“{text}”不是真实存在的日期。"
    assert cell.sentence.en == f"'{text}' is a date that does not exist."


@pytest.mark.parametrize(
    "text",
    [
        "240229",
        "24-02-29",
        "29/02/2024",
        "02/29/2024",
        "2024年02月",
        "202402",
        "2024",
        "2月29日",
        "2024/02-29",
        "2024-02-29 25:00",
        "202402291010",
        "Feb 29 2024",
        "昨天",
        "24年2月29日",
        "2024年2月29月",
        "民国113年2月29日",
    ],
)
def test_a_day_that_has_to_be_guessed_is_refused_with_the_form_to_use(
    parse: Parse, text: str
) -> None:
    """`2024/02-29` was called a date that does not exist, and it does."""
    cell = parse(DATE, text)
    assert (cell.value, cell.code) == (None, "unreadable")
    assert cell.sentence.zh == f"“{text}”不是有效日期，请填写如 2024-02-29 的日期。"
    assert cell.sentence.en == f"'{text}' is no date; write it like 2024-02-29."


def test_a_day_with_the_weekday_of_another_is_refused_for_it(parse: Parse) -> None:
    cell = parse(DATE, "2024年2月29日 星期天")
    assert (cell.value, cell.code) == (None, "unreadable")
    assert cell.sentence.zh == (
        "“2024年2月29日 星期天”所写的星期与日期不符，当天是星期四，请核对。"
    )
    assert cell.sentence.en == (
        "'2024年2月29日 星期天' names another day of the week; that day is a Thursday. Check it."
    )


def test_sunday_is_written_in_two_ways(parse: Parse) -> None:
    for text in ("2024-03-03 星期日", "2024年3月3日 礼拜天"):
        assert parse(DATE, text) == (dt.date(2024, 3, 3), None)


@pytest.mark.parametrize("text", ["0001-01-01", "1799-12-31", "17991231"])
def test_a_day_before_any_of_a_bank_is_refused_as_too_early(parse: Parse, text: str) -> None:
    cell = parse(DATE, text)
    assert (cell.value, cell.code) == (None, "unreadable")
    assert cell.sentence.zh == f"“{text}”早于 1800-01-01，请核对。"
    assert cell.sentence.en == f"'{text}' is earlier than 1800-01-01; check it."


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("1800-01-01", dt.date(1800, 1, 1)),
        ("9999-12-31", dt.date(9999, 12, 31)),
        ("99991231", dt.date(9999, 12, 31)),
    ],
)
def test_the_first_and_the_last_day(parse: Parse, text: str, date: dt.date) -> None:
    assert parse(DATE, text) == (date, None)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("45351", LEAP_DAY),
        ("45351.75", LEAP_DAY),
        ("10000", dt.date(1927, 5, 18)),
        ("99999", dt.date(2173, 10, 13)),
        ("2958465", dt.date(9999, 12, 31)),
    ],
)
def test_a_serial_number_is_a_date_in_a_workbook_only(
    parse: Parse, text: str, date: dt.date
) -> None:
    assert parse(DATE, text, "xlsx") == (date, None)
    assert parse(DATE, text, "csv").code == "unreadable"


@pytest.mark.parametrize("text", ["0", "1", "60", "2024", "123456", "45351.", "4e4", "-45351"])
def test_other_numbers_are_no_serial_numbers(parse: Parse, text: str) -> None:
    assert parse(DATE, text, "xlsx").sentence.en == (
        f"'{text}' is no date; write it like 2024-02-29."
    )


def test_a_book_may_count_from_1904(parse: Parse) -> None:
    assert parse(DATE, "43889", "xlsx", EPOCH_1904) == (LEAP_DAY, None)
    assert parse(DATE, "45351", "xlsx", EPOCH_1904) == (dt.date(2028, 3, 1), None)
    assert parse(DATE, "2024-02-29", "xlsx", EPOCH_1904) == (LEAP_DAY, None)


@pytest.mark.parametrize(
    ("text", "epoch"),
    [
        ("1899-12-31 00:00:00", EPOCH_1900),
        ("1899-12-31 12:00:00", EPOCH_1900),
        ("1904-01-01 00:00:00", EPOCH_1904),
    ],
)
def test_zero_shown_as_a_date_is_no_day(parse: Parse, text: str, epoch: dt.date) -> None:
    """A date cell that refers to an empty one was loaded as 31 December 1899."""
    assert (parse(DATE, text, "xlsx", epoch).value, parse(DATE, text, "xlsx", epoch).code) == (
        None,
        "unreadable",
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1999-12-31", "below"),
        ("2000-01-01", None),
        ("2030-12-31", None),
        ("2031-01-01", "above"),
        ("9999-12-31", "above"),
    ],
)
def test_bounds_include_their_day(parse: Parse, text: str, code: str | None) -> None:
    bounded = column("booked_date", "日期", "date", min="2000-01-01", max="2030-12-31")
    assert parse(bounded, text).code == code


def test_a_day_out_of_bounds_is_told_with_the_bound(parse: Parse) -> None:
    bounded = column("booked_date", "日期", "date", min="2000-01-01", max="2030-12-31")
    early, late = parse(bounded, "19991231").sentence, parse(bounded, "2031/1/1").sentence
    assert early.zh == "“19991231”早于本次报送允许的最早日期 2000-01-01，请核对年份。"
    assert late.en == (
        "'2031/1/1' is after 2030-12-31, the latest day this delivery may speak of; check the date."
    )


@pytest.mark.parametrize(
    ("form", "century", "text", "date"),
    [
        ("%y%m%d", 1900, "240229", dt.date(1924, 2, 29)),
        ("%y%m%d", 2000, "240229", LEAP_DAY),
        ("%y%m%d", 1900, "700101", dt.date(1970, 1, 1)),
        ("%y%m%d", 2000, "000229", dt.date(2000, 2, 29)),
        ("%d.%m.%Y", None, "29.02.2024", LEAP_DAY),
        ("%d.%m.%Y", None, "29.2.2024", LEAP_DAY),
        ("%Y%m%d", None, "20240229", LEAP_DAY),
        ("%Y%j", None, "2024060", LEAP_DAY),
        ("%d%b%Y", None, "29Feb2024", LEAP_DAY),
    ],
)
def test_a_feed_may_have_a_form_of_its_own(
    parse: Parse, form: str, century: int | None, text: str, date: dt.date
) -> None:
    own = column("booked_date", "日期", "date", format=form, century=century)
    assert parse(own, text) == (date, None)


@pytest.mark.parametrize(
    ("form", "century", "text"),
    [
        ("%y%m%d", 1900, "000229"),
        ("%y%m%d", 1900, "93101"),
        ("%y%m%d", 1900, "19930101"),
        ("%y%m%d", 1900, "930230"),
        ("%y%m%d", 1900, "1993-01-01"),
        ("%d.%m.%Y", None, "30.02.2024"),
        ("%d.%m.%Y", None, "29.02.24"),
        ("%d.%m.%Y", None, "2024-02-29"),
    ],
)
def test_then_no_other_form_is_read(
    parse: Parse, form: str, century: int | None, text: str
) -> None:
    """1900 had no 29 February, and nobody can say which day 93101 is."""
    own = column("booked_date", "日期", "date", format=form, century=century)
    cell = parse(own, text)
    assert (cell.value, cell.code) == (None, "unreadable")
    assert cell.sentence.zh == f"“{text}”不是有效日期，应按格式 {form} 填写且日期真实存在。"
    assert form in cell.sentence.en


def test_a_date_cell_of_a_workbook_needs_no_form(parse: Parse) -> None:
    own = column("booked_date", "日期", "date", format="%d.%m.%Y")
    assert parse(own, "2024-02-29 00:00:00", "xlsx") == (LEAP_DAY, None)


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ("%y%m%d", "[0-9]{2}[0-9]{2}[0-9]{2}"),
        ("%d/%m/%Y", r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}"),
        ("%d.%m.%Y", r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}"),
        ("%d%b%Y", "[0-9]{2}[A-Za-z]{3}[0-9]{4}"),
    ],
)
def test_the_pattern_of_a_form_has_its_digits(form: str, pattern: str) -> None:
    assert format_pattern(form) == pattern
