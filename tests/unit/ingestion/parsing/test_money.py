"""Amounts: exact to the fen as systems print and clerks write them, or refused with the reason."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.ingestion.conftest import Parse
from tests.unit.ingestion.made_up import column

YUAN = column("amount", "金额", "money")
WAN = column("amount", "授信额度", "money", unit="wan_yuan")


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("1,234.50", "1234.50"),
        ("1234.5", "1234.50"),
        ("１２．５０", "12.50"),
        ("１，２３４．５０", "1234.50"),
        ("　１２　", "12.00"),
        ("1，234.50", "1234.50"),
        ("3万", "30000.00"),
        ("1.5万元", "15000.00"),
        ("1.2亿", "120000000.00"),
        ("1,234.50元", "1234.50"),
        ("12圆", "12.00"),
        ("￥12", "12.00"),
        ("¥12", "12.00"),
        ("￥１２．５０", "12.50"),
        ("(432)", "-432.00"),
        ("（432）", "-432.00"),
        ("(1,234.50元)", "-1234.50"),
        ("(¥5)", "-5.00"),
        ("-5", "-5.00"),
        ("－５", "-5.00"),
        ("−5", "-5.00"),
        ("-¥5", "-5.00"),
        ("¥-5", "-5.00"),
        ("+5", "5.00"),
        (".5", "0.50"),
        ("0", "0.00"),
        ("-0", "0.00"),
        ("00012", "12.00"),
        ("123456789012345.99", "123456789012345.99"),
        ("9999999999999999.99", "9999999999999999.99"),
        ("-9999999999999999.99", "-9999999999999999.99"),
        ("1.23456789亿", "123456789.00"),
        ("12345678.1234567890亿", "1234567812345678.90"),
        ("123456789012.345678万", "1234567890123456.78"),
        ("12.345万", "123450.00"),
        # As clerks write it.
        ("12.340", "12.34"),
        ("12.3400000000", "12.34"),
        ("1.5 万", "15000.00"),
        ("1.5　万元", "15000.00"),
        ("1,234.50 元", "1234.50"),
        ("1,234.50元整", "1234.50"),
        ("￥1,234.50", "1234.50"),
        ("￥ 1,234.50", "1234.50"),
        ("人民币1,234.50元", "1234.50"),
        ("人民币：1,234.50 元", "1234.50"),
        ("RMB 1,234.50", "1234.50"),
        ("CNY1234.5", "1234.50"),
        ("5-", "-5.00"),
        ("５－", "-5.00"),
        ("1,234.50-", "-1234.50"),
        ("（１２．５０）", "-12.50"),
        ("¥(12.50)", "-12.50"),
        # As on a voucher.
        ("叁万元整", "30000.00"),
        ("三万元", "30000.00"),
        ("人民币叁万零伍拾元整", "30050.00"),
        ("人民币：壹仟贰佰叁拾肆元伍角陆分", "1234.56"),
        ("壹拾万零柒仟元零伍角叁分", "107000.53"),
        ("壹拾万柒仟元零伍分", "107000.05"),
        ("十二元", "12.00"),
        ("拾元整", "10.00"),
        ("一百零五元", "105.00"),
        ("两千零二十圆正", "2020.00"),
        ("三万零五元", "30005.00"),
        ("壹亿零伍佰元整", "100000500.00"),
        ("壹亿零叁万元整", "100030000.00"),
        ("玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分", "999999999999.99"),
        ("貳萬陸仟圓整", "26000.00"),
        ("伍角", "0.50"),
        ("伍角叁分", "0.53"),
        ("叁分", "0.03"),
        ("零元整", "0.00"),
    ],
)
def test_an_amount_is_read_to_the_fen(parse: Parse, text: str, yuan: str) -> None:
    cell = parse(YUAN, text)
    assert (cell.value, cell.code) == (Decimal(yuan), None)


def test_whole_fen_are_never_made_by_floating_point(parse: Parse) -> None:
    for fen in range(0, 100, 7):
        assert parse(YUAN, f"90071992547409.{fen:02}").value == Decimal(f"90071992547409.{fen:02}")


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("-", "没有数据时请留空", "leave the cell empty"),
        ("—", "没有数据时请留空", "leave the cell empty"),
        ("/", "没有数据时请留空", "leave the cell empty"),
        ("无", "没有数据时请留空", "leave the cell empty"),
        ("N/A", "没有数据时请留空", "leave the cell empty"),
        ("12.345", "超过两位小数", "more than two decimals"),
        ("１２．３４５", "超过两位小数", "more than two decimals"),
        ("0.0000001万", "小数位过多，折合后不是整分", "no whole fen"),
        ("1,,234", "千分位逗号位置不对", "thousands separators in the wrong places"),
        ("12,34", "千分位逗号位置不对", "thousands separators in the wrong places"),
        ("1234,567", "千分位逗号位置不对", "thousands separators in the wrong places"),
        ("1.234,56", "千分位逗号位置不对", "thousands separators in the wrong places"),
        ("1234567890123456789", "位数过多", "too many digits"),
        ("12345678901234567", "位数过多", "too many digits"),
        ("1e3", "不接受科学计数法", "no exponents, NaN or inf"),
        ("1E+05", "不接受科学计数法", "no exponents, NaN or inf"),
        ("1e400", "不接受科学计数法", "no exponents, NaN or inf"),
        ("NaN", "不接受科学计数法", "no exponents, NaN or inf"),
        ("inf", "不接受科学计数法", "no exponents, NaN or inf"),
        ("1_000", "请填写如 1234.50 的数字（单位：元）", "write it like 1234.50"),
        ("1 234", "请填写如 1234.50 的数字（单位：元）", "write it like 1234.50"),
        ("12.", "请填写如 1234.50 的数字（单位：元）", "write it like 1234.50"),
        ("12.3.4", "请填写如 1234.50 的数字（单位：元）", "write it like 1234.50"),
        ("-5-", "请填写如 1234.50 的数字（单位：元）", "write it like 1234.50"),
        ("(5)-", "请填写如 1234.50 的数字（单位：元）", "write it like 1234.50"),
        ("5--", "请填写如 1234.50 的数字（单位：元）", "write it like 1234.50"),
        ("1.5  万", "请填写如 1234.50 的数字（单位：元）", "write it like 1234.50"),
        ("USD 12", "请填写如 1234.50 的数字（单位：元）", "write it like 1234.50"),
        ("12美元", "请填写如 1234.50 的数字（单位：元）", "write it like 1234.50"),
        ("-(5)", "请填写如 1234.50 的数字（单位：元）", "write it like 1234.50"),
        ("(-5)", "请填写如 1234.50 的数字（单位：元）", "write it like 1234.50"),
        ("–5", "请填写如 1234.50 的数字（单位：元）", "write it like 1234.50"),
        ("3万5", "请填写如 1234.50 的数字（单位：元）", "write it like 1234.50"),
        ("3w", "请填写如 1234.50 的数字（单位：元）", "write it like 1234.50"),
        ("十二", "缺“元”", "lacks its unit"),
        ("叁万", "缺“元”", "lacks its unit"),
        ("三万五元", "会有两种读法", "can be read in two ways"),
        ("一百五元", "会有两种读法", "can be read in two ways"),
        ("壹亿伍仟元整", "会有两种读法", "can be read in two ways"),
        ("叁万万元整", "会有两种读法", "can be read in two ways"),
        ("叁元伍分", "会有两种读法", "can be read in two ways"),
        ("叁万零元整", "会有两种读法", "can be read in two ways"),
        ("拾佰元整", "会有两种读法", "can be read in two ways"),
        ("$12", "请填写如 1234.50 的数字（单位：元）", "write it like 1234.50"),
        ("٣", "请填写如 1234.50 的数字（单位：元）", "write it like 1234.50"),
        ("=1+1", "请填写如 1234.50 的数字（单位：元）", "write it like 1234.50"),
    ],
)
def test_what_would_have_to_be_guessed_is_refused(
    parse: Parse, text: str, zh: str, en: str
) -> None:
    cell = parse(YUAN, text)
    assert (cell.value, cell.code) == (None, "unreadable")
    assert zh in cell.sentence.zh
    assert en in cell.sentence.en
    assert text in cell.sentence.zh
    assert cell.refused is not None
    assert (cell.refused.column, cell.refused.heading, cell.refused.raw) == ("amount", "金额", text)


@pytest.mark.parametrize("text", [None, "", "  ", "　"])
def test_nothing_is_no_amount_and_not_zero(parse: Parse, text: str | None) -> None:
    assert parse(YUAN, text) == (None, None)


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("3", "30000.00"),
        ("3万", "30000.00"),
        ("3万元", "30000.00"),
        ("1,234.5", "12345000.00"),
        ("0.12345", "1234.50"),
        ("0.000001", "0.01"),
        ("(3)", "-30000.00"),
        ("1.2亿", "120000000.00"),
        ("123456789012.345678", "1234567890123456.78"),
        ("3 万元", "30000.00"),
        ("12.500000000", "125000.00"),
        ("叁万元整", "30000.00"),
    ],
)
def test_under_a_heading_in_wan_yuan_a_bare_number_means_that(
    parse: Parse, text: str, yuan: str
) -> None:
    assert parse(WAN, text) == (Decimal(yuan), None)


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("3元", "写的是“元”，而本列以万元为单位", "a column whose unit is 10,000 yuan"),
        ("12圆", "写的是“元”，而本列以万元为单位", "a column whose unit is 10,000 yuan"),
        ("叁元整", "写的是“元”，而本列以万元为单位", "a column whose unit is 10,000 yuan"),
        ("0.1234567", "折合后不是整分", "no whole fen"),
        ("1234567890123", "（单位：万元）", "(unit: 万元)"),
        ("1.5e2", "不接受科学计数法", "no exponents"),
    ],
)
def test_a_unit_that_contradicts_the_heading_is_refused(
    parse: Parse, text: str, zh: str, en: str
) -> None:
    cell = parse(WAN, text)
    assert (cell.value, cell.code) == (None, "unreadable")
    assert zh in cell.sentence.zh
    assert en in cell.sentence.en


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("-0.01", "below"),
        ("0", None),
        ("1000", None),
        ("1000.01", "above"),
        ("0.1万1", "unreadable"),
    ],
)
def test_bounds_hold_on_both_sides(parse: Parse, text: str, code: str | None) -> None:
    assert parse(column("amount", "金额", "money", min=0, max=1000), text).code == code


def test_a_bound_is_told_in_the_unit_the_clerk_writes(parse: Parse) -> None:
    """A clerk who wrote 1001 (万元) was told that it is above 10000000."""
    bounded = column("amount", "授信", "money", unit="wan_yuan", min=5000, max=10_000_000)
    assert parse(bounded, "1000").code is None
    above, below = parse(bounded, "1001").sentence, parse(bounded, "0.4").sentence
    assert above.zh == "“1001”大于允许的最大值 1000万元。"
    assert above.en == "'1001' is above the maximum, 1000万元."
    assert below.zh == "“0.4”小于允许的最小值 0.5万元。"
