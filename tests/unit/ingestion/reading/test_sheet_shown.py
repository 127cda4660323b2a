"""Numbers whose cells show something else than they hold: units, scales, codes, days."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ingestion.reading.number_format import format_of
from tests.unit.ingestion.books import written
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import AMOUNT, CUSTOMER, SERIAL, XLSX, Reading, column, feed

RATE = column("interest_rate", "利率", "rate", unit="percent")
YUAN = feed(SERIAL, CUSTOMER, AMOUNT, RATE, column("deal_count", "笔数", "integer"))
WAN = feed(SERIAL, CUSTOMER, column("amount", "金额", "money", unit="wan_yuan"))


def one_row(
    deliver: Deliver, place: int, number: float, code: str | int, of: Any = YUAN
) -> Reading:
    """A row S1, 张三 with a number of its own format in one of its columns."""

    def write(book: Any, sheet: Any) -> None:
        sheet.write_row(1, 0, ["S1", "张三"])
        sheet.write_number(1, place, number, book.add_format({"num_format": code}))

    headings = [each.heading for each in of.columns]
    return deliver(written(write, *headings), of, XLSX)


@pytest.mark.parametrize(
    ("code", "number", "serial"),
    [
        ("000000", 123, "000123"),
        ("00000_ ", 12, "00012"),
        ('"KH"00000', 12, "KH00012"),
        ("000\\-000", 12345, "012-345"),
        ("000-000", 1234567, "1234-567"),
        ("###-####", 1234567, "123-4567"),
        ('General"号"', 12, "12号"),
        ('0"0"', 12, "120"),
        # Nothing but grouping, decimals, signs: the number is what was meant.
        ("#,##0", 12345, "12345"),
        ("0.00", 12, "12"),
        ("0_ ", 12, "12"),
        ('_ "￥"* #,##0_ ;_ "￥"* \\-#,##0_ ;_ "￥"* "-"_ ;_ @_ ', 12, "12"),
    ],
)
def test_a_number_under_an_identifier_is_what_is_shown(
    deliver: Deliver, code: str, number: int, serial: str
) -> None:
    """KH00012 was loaded as 12, and found no customer."""
    reading = one_row(deliver, 0, number, code)
    assert reading.values("serial_id") == [serial]
    is_same = serial == str(number)
    assert reading.report.adjusted == ({} if is_same else {"padded": 1})


@pytest.mark.parametrize(
    ("code", "number", "amount"),
    [
        ('0.00"万元"', 3.5, "35000.00"),
        ('G/通用格式"万元"', 3.5, "35000.00"),
        ('[>1.2.3]0"x";000', 12, None),
        ('#,##0.00"元"', 1234.5, "1234.50"),
        ('"￥"#,##0.00', 1234.5, "1234.50"),
        ("[$￥-804]#,##0.00", 1234.5, "1234.50"),
        ("#,##0.00_);[Red](#,##0.00)", -1234.5, "-1234.50"),
        # What is shown in 万元 is held in yuan.
        ('0!.0,"万元"', 123456.7, "123456.70"),
        ('[>=10000]0!.0,"万元";0.00"元"', 123456.7, "123456.70"),
        ('[>=10000]0!.0,"万元";0.00"元"', 99.5, "99.50"),
        ('0.00,,"百万"', 1500000, None),
        ('"US$"#,##0.00', 100, None),
        ("[$USD] #,##0.00", 100, None),
        ("0%", 0.5, None),
        ("0!.0,", 123456.7, None),
        ("#,##0,", 123456.7, None),
    ],
)
def test_an_amount_has_the_unit_that_is_shown_or_is_refused(
    deliver: Deliver, code: str, number: float, amount: str | None
) -> None:
    """3.50万元 was loaded as 3.50 yuan."""
    reading = one_row(deliver, 2, number, code)
    if amount is None:
        assert (reading.rows, len(reading.refused)) == ([], 1)
    else:
        assert reading.values("amount") == [Decimal(amount)]


@pytest.mark.parametrize(
    ("code", "number", "amount"),
    [
        ("0.00", 3.5, "35000.00"),
        ('0.00"万元"', 3.5, "35000.00"),
        ("0!.0,", 123456.7, "123456.70"),
        ("0\\.0000,", 123456.7, None),
        ('0.00"元"', 3.5, None),
        ("#,##0,", 123456.7, None),
    ],
)
def test_an_amount_in_ten_thousands_is_what_is_shown_under_its_heading(
    deliver: Deliver, code: str, number: float, amount: str | None
) -> None:
    """123,456.70 that shows as 12.3 under 万元 was loaded as 1.2 billion."""
    reading = one_row(deliver, 2, number, code, WAN)
    assert reading.values("amount") == ([Decimal(amount)] if amount else [])


def test_the_feeds_own_unit_in_a_format_is_nothing_to_tell(deliver: Deliver) -> None:
    assert one_row(deliver, 2, 3.5, '0.00"元"').report.adjusted == {}
    assert one_row(deliver, 2, 3.5, '0.00"万元"', WAN).report.adjusted == {}
    assert one_row(deliver, 2, 3.5, '0.00"万元"').report.adjusted == {"shown": 1}


def test_a_scaled_amount_is_refused_in_words(deliver: Deliver) -> None:
    refused = one_row(deliver, 2, 123456.7, "#,##0,").refused[0]
    assert refused.codes == ["scaled"]
    assert refused.sentence.zh.startswith("“金额”的单元格格式把数值缩小后显示")
    assert "give the cell a plain number format" in refused.sentence.en


def test_words_beside_other_figures_do_not_count_unless_they_change_them(
    deliver: Deliver,
) -> None:
    assert one_row(deliver, 4, 5, '0"笔"').values("deal_count") == [5]
    assert one_row(deliver, 4, 5, '0"万笔"').rows == []
    assert one_row(deliver, 3, 3.45, '0.00"年息"').values("interest_rate") == [Decimal("0.0345")]


@pytest.mark.parametrize("code", ['0.00"%"', "0.00\\%", "0.00!%"])
def test_a_percent_sign_that_is_a_word_changes_nothing(deliver: Deliver, code: str) -> None:
    """3.45 that shows as 3.45% was loaded as 345%."""
    assert one_row(deliver, 3, 3.45, code).values("interest_rate") == [Decimal("0.0345")]


def test_a_time_in_another_unit_is_refused(deliver: Deliver) -> None:
    """2小时 under a heading in minutes was loaded as two minutes."""
    of = feed(SERIAL, CUSTOMER, column("duration_minutes", "时长(分钟)", "integer"))
    assert one_row(deliver, 2, 30, '0"分钟"', of).values("duration_minutes") == [30]
    assert one_row(deliver, 2, 2, '0"小时"', of).rows == []


@pytest.mark.parametrize("code", ['0.0"bp"', '0"基点"', '0.00"厘"'])
def test_a_rate_in_another_unit_is_refused(deliver: Deliver, code: str) -> None:
    """3.45bp was loaded as 3.45%."""
    reading = one_row(deliver, 3, 3.45, code)
    assert reading.rows == [] or reading.values("interest_rate") == [Decimal("0.000345")]


@pytest.mark.parametrize("code", ['0"天"', '0"年"'])
def test_a_count_stays_what_it_is_whatever_stands_behind_it(deliver: Deliver, code: str) -> None:
    assert one_row(deliver, 4, 12, code).values("deal_count") == [12]


@pytest.mark.parametrize("code", ["yyyy-mm-dd", 58, 14, "yyyy-mm-dd hh:mm"])
def test_a_day_is_no_identifier(deliver: Deliver, code: str | int) -> None:
    """Somebody typed 1-2, Excel made it a day, and the day was loaded as the number."""
    reading = one_row(deliver, 0, 45659.5 if code == "yyyy-mm-dd hh:mm" else 45659, code)
    assert [refused.codes for refused in reading.refused] == [["day_for_number"]]
    assert "被 Excel 自动改成了日期" in reading.refused[0].sentence.zh


@pytest.mark.parametrize(
    "code",
    [
        "General",
        "0",
        "0.00",
        "#,##0.00",
        "@",
        "0.00E+00",
        'yyyy"年"m"月"d"日"',
        "# ?/?",
        "0;[红色]0",
    ],
)
def test_most_formats_show_the_number_itself(code: str) -> None:
    assert format_of(200, code) is None
