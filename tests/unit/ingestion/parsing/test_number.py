"""Rates, counts, decimals and scores."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ingestion.contracts import Column
from tests.unit.ingestion.conftest import Parse
from tests.unit.ingestion.made_up import column

RATE = column("rate", "折扣", "rate")
PERCENT = column("rate", "年利率", "rate", unit="percent")
COUNT = column("visit_count", "户数", "integer")
DECIMAL = column("quantity", "数量", "decimal")
SCORE = column("score", "评分", "float")


@pytest.mark.parametrize(
    ("text", "fraction", "percent"),
    [
        ("3.45%", "0.0345", "0.0345"),
        ("３．４５％", "0.0345", "0.0345"),
        ("3.45‰", "0.00345", "0.00345"),
        ("0.0345", "0.0345", "0.000345"),
        ("3.45", "3.45", "0.0345"),
        ("3.45 %", "0.0345", "0.0345"),
        ("3.45　‰", "0.00345", "0.00345"),
        ("5.5bp", "0.00055", "0.00055"),
        ("30BP", "0.003", "0.003"),
        ("-15 bps", "-0.0015", "-0.0015"),
        ("5.5个基点", "0.00055", "0.00055"),
        ("25 基点", "0.0025", "0.0025"),
        ("0.034500000000", "0.0345", "0.000345"),
        ("3.450000000000%", "0.0345", "0.0345"),
        ("0.01234567", "0.01234567", None),
        ("1.234567%", "0.01234567", "0.01234567"),
        ("-0.5%", "-0.005", "-0.005"),
        ("+4", "4", "0.04"),
        (".5", "0.5", "0.005"),
        ("100%", "1", "1"),
        ("0", "0", "0"),
    ],
)
def test_a_rate_is_kept_as_a_fraction(
    parse: Parse, text: str, fraction: str, percent: str | None
) -> None:
    assert parse(RATE, text) == (Decimal(fraction), None)
    assert parse(PERCENT, text).value == (None if percent is None else Decimal(percent))


@pytest.mark.parametrize(
    "text",
    ["abc", "3.45 % %", "1,000%", "0.123456789", "1.2345678%", "5.", "1e-2", "12345", "%"],
)
def test_what_is_no_rate_is_refused_with_its_form(parse: Parse, text: str) -> None:
    cell = parse(RATE, text)
    assert (cell.value, cell.code) == (None, "unreadable")
    assert cell.sentence.zh == f"“{text}”不是有效的比率，请填写如 0.0345 或 3.45%。"
    assert cell.sentence.en == f"'{text}' is no rate; write it like 0.0345 or 3.45%."


def test_a_percentage_is_asked_for_where_the_column_is_one(parse: Parse) -> None:
    sentence = parse(PERCENT, "高").sentence
    assert sentence.zh == "“高”不是有效的百分率，请填写如 3.45 或 3.45%（最多六位小数）。"
    assert "write it like 3.45 or 3.45%" in sentence.en


def test_a_percentage_without_its_sign_is_no_fraction(parse: Parse) -> None:
    """A factor of 100 is never silent: the bound finds it, and the sentence says how to write."""
    share = column("share", "持有份额", "rate", min=0, max=1)
    cell = parse(share, "50")
    assert cell.code == "above"
    assert cell.sentence.zh == "“50”大于允许的最大值 1；如为百分数，请带 % 号填写。"
    assert cell.sentence.en == ("'50' is above the maximum, 1; write a percentage with its % sign.")


def test_the_bound_of_a_percentage_is_told_as_one(parse: Parse) -> None:
    bounded = column("rate", "年利率", "rate", unit="percent", min=0, max="0.36")
    assert parse(bounded, "36").code is None
    assert parse(bounded, "36.01").sentence.zh == "“36.01”大于允许的最大值 36%。"
    assert parse(bounded, "-1‰").sentence.en == "'-1‰' is below the minimum, 0%."


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        ("９", 9),
        ("1,234", 1234),
        ("12.0", 12),
        ("12.00", 12),
        ("-5", -5),
        ("+5", 5),
        ("-0", 0),
        ("007", 7),
        ("999999999999999999", 999999999999999999),
    ],
)
def test_a_count_is_whole(parse: Parse, text: str, number: int) -> None:
    assert parse(COUNT, text) == (number, None)


@pytest.mark.parametrize(
    "text",
    ["12.5", "12.000", "1.000", "12,34", "(5)", "1e3", "3万", "1234567890123456789", "十", "1 2"],
)
def test_a_count_that_could_mean_two_things_is_refused(parse: Parse, text: str) -> None:
    """1.000 is a thousand to some and one to others."""
    cell = parse(COUNT, text)
    assert (cell.value, cell.code) == (None, "unreadable")
    assert cell.sentence.zh == f"“{text}”不是整数，请填写如 12 的整数。"
    assert cell.sentence.en == f"'{text}' is no whole number; write it like 12."


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.2345", "1.2345"),
        ("1,234.5", "1234.5"),
        ("3万", "30000"),
        ("1.2亿", "120000000"),
        ("-5", "-5"),
        (".5", "0.5"),
        ("12345678901234", "12345678901234"),
    ],
)
def test_a_decimal_has_four_places(parse: Parse, text: str, number: str) -> None:
    assert parse(DECIMAL, text) == (Decimal(number), None)


@pytest.mark.parametrize("text", ["1.23456", "(5)", "123456789012345", "1e3", "abc", "1,,2"])
def test_other_numbers_are_refused(parse: Parse, text: str) -> None:
    cell = parse(DECIMAL, text)
    assert (cell.value, cell.code) == (None, "unreadable")
    assert cell.sentence.zh == f"“{text}”不是有效的数字。"
    assert cell.sentence.en == f"'{text}' is no number that can be read without guessing."


@pytest.mark.parametrize(
    ("text", "number"),
    [("0.5", 0.5), ("1e-3", 0.001), ("-1.5E+10", -1.5e10), ("5.", 5.0), (".5", 0.5), ("-0", 0.0)],
)
def test_a_score_may_have_an_exponent(parse: Parse, text: str, number: float) -> None:
    assert parse(SCORE, text) == (number, None)


@pytest.mark.parametrize("text", ["1e400", "1e1000", "nan", "inf", "1,000", "0x10", "1e", "abc"])
def test_a_score_is_a_finite_number(parse: Parse, text: str) -> None:
    assert (parse(SCORE, text).value, parse(SCORE, text).code) == (None, "unreadable")


@pytest.mark.parametrize("of", [RATE, PERCENT, COUNT, DECIMAL, SCORE])
@pytest.mark.parametrize("text", [None, "", "　"])
def test_nothing_is_not_zero(parse: Parse, of: Column, text: str | None) -> None:
    assert parse(of, text) == (None, None)


F45 = {
    # Text: what money, a count, a rate and a score make of it; None is refused with a reason.
    "NaN": (None, None, None, None),
    "inf": (None, None, None, None),
    "-0": ("0.00", "0", "0", "0"),
    "1e400": (None, None, None, None),
    "1_000": (None, None, None, None),
    "1e3": (None, None, None, "1000"),
    "¥12": ("12.00", None, None, None),
    "1,234.50": ("1234.50", None, None, None),
    "(12.00)": ("-12.00", None, None, None),
    "12.345": (None, None, "12.345", "12.345"),
    "1234567890123456789": (None, None, None, "1234567890123456789"),
    "-": (None, None, None, None),
    "—": (None, None, None, None),
    "无": (None, None, None, None),
}


@pytest.mark.parametrize("text", F45)
def test_f45_each_has_its_answer_and_none_becomes_nothing_silently(parse: Parse, text: str) -> None:
    money = column("amount", "金额", "money")
    for of, answer in zip((money, COUNT, RATE, SCORE), F45[text], strict=True):
        cell = parse(of, text)
        if answer is None:
            assert (cell.value, cell.code) == (None, "unreadable"), of.type
        else:
            assert cell.code is None, of.type
            assert float(str(cell.value)) == float(answer), of.type


@pytest.mark.parametrize("text", ["-", "—", "无", "/"])
def test_a_mark_for_nothing_is_nothing_only_where_the_feed_says_so(parse: Parse, text: str) -> None:
    own = column("amount", "金额", "money", missing=("-", "—", "无", "/"))
    assert parse(own, text) == (None, None)
    assert parse(own, "0").value == Decimal(0)


MINUTES = column("duration_minutes", "时长(分钟)", "integer", max=1440)
MONTHS = column("term_months", "期限", "integer")


@pytest.mark.parametrize(
    ("of", "text", "value"),
    [
        (MINUTES, "30", 30),
        (MINUTES, "30分钟", 30),
        (MINUTES, "30 分钟", 30),
        (MINUTES, "１，２００分钟", 1200),
        (MONTHS, "12个月", 12),
        (MONTHS, "12月", 12),
        (MONTHS, "", None),
    ],
)
def test_a_whole_number_may_say_the_unit_of_its_column(
    parse: Parse, of: Column, text: str, value: int | None
) -> None:
    assert parse(of, text) == (value, None)


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (MINUTES, "1小时"),
        (MINUTES, "30分钟左右"),
        (MINUTES, "分钟"),
        (MONTHS, "1年"),
        (COUNT, "3分钟"),
    ],
)
def test_another_unit_than_the_columns_is_never_converted(
    parse: Parse, of: Column, text: str
) -> None:
    assert (parse(of, text).value, parse(of, text).code) == (None, "unreadable")
