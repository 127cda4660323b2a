"""How columns are made from a file: joined, mended, constant, absent, or simply read."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from ingestion.parsing import build_layout
from tests.unit.ingestion.conftest import Deliver, Parse
from tests.unit.ingestion.made_up import AMOUNT, SERIAL, column, extract_of, feed


@pytest.mark.parametrize(
    ("rewrite", "text", "expected"),
    [
        ([("^0", "")], "0012", "012"),
        ([("^", "B")], "12", "B12"),
        ([("-", "")], "1-2-3", "12-3"),
        ([("^(\\d{2})(\\d{2})$", "\\2\\1")], "1234", "3412"),
        ([("a", "b"), ("b", "c")], "a", "c"),
    ],
)
def test_a_text_is_mended_once_by_each_rule_in_turn(
    parse: Parse, rewrite: list[tuple[str, str]], text: str, expected: str
) -> None:
    """Every rule ran twice: a branch 12 mended to B12 became BB12, and 0012 lost both zeros."""
    assert parse(column("branch_id", "网点", rewrite=rewrite), text) == (expected, None)


def test_a_mended_number_is_read_after_it_is_mended(parse: Parse) -> None:
    own = column("amount", "金额", "money", rewrite=[("^RMB ", "")])
    assert parse(own, "RMB 12.50") == (Decimal("12.50"), None)
    assert parse(own, "USD 12.50").sentence.zh.startswith("“USD 12.50”不是有效金额")


JOINED = column(
    "kind_code",
    "种类",
    "code",
    join=("大类", "小类"),
    values={"both": ["甲|乙"], "small": ["|丙"], "none": ["|"]},
)


@pytest.mark.parametrize(
    ("large", "small", "kind"),
    [("甲", "乙", "both"), ("", "丙", "small"), ("", "", "none"), (" 甲 ", "乙", "both")],
)
def test_a_code_is_joined_from_several_headings(
    deliver: Deliver, large: str, small: str, kind: str
) -> None:
    entry = feed(SERIAL, JOINED)
    reading = deliver(extract_of(f"{small}|S1|{large}", headings="小类|流水号|大类"), entry)
    assert reading.values("kind_code") == [kind]


def test_a_joined_code_that_is_not_listed_names_all_its_headings(deliver: Deliver) -> None:
    reading = deliver(extract_of("S1|甲|甲", headings="流水号|大类|小类"), feed(SERIAL, JOINED))
    (reason,) = reading.refused[0].reasons
    assert (reason["heading"], reason["raw"]) == ("大类+小类", "甲|甲")
    assert reason["reason_zh"].startswith("“甲|甲”不在允许的取值之内")


@pytest.mark.parametrize(
    ("branch", "number", "joined"),
    [("01", "7", "01-7"), ("", "7", "-7"), ("01", "", "01-")],
)
def test_an_identifier_may_be_joined(
    deliver: Deliver, branch: str, number: str, joined: str
) -> None:
    account = column(
        "account_id",
        "账号",
        join=("网点", "序号"),
        separator="-",
        pseudonym="account",
        required=True,
    )
    entry = feed(account, AMOUNT, key="account_id")
    reading = deliver(extract_of(f"{branch}|{number}|1", headings="网点|序号|金额"), entry)
    assert reading.values("account_id") == [joined]


def test_nothing_joined_with_nothing_is_no_identifier(deliver: Deliver) -> None:
    """The separator alone was loaded as the account of every row that has none."""
    account = column(
        "account_id", "账号", join=("网点", "序号"), pseudonym="account", required=True
    )
    entry = feed(account, AMOUNT, key="account_id")
    reading = deliver(extract_of("||1", "|", headings="网点|序号|金额"), entry)
    assert reading.rows == []
    assert [refused.codes for refused in reading.refused] == [["missing"], ["short_line"]]


def test_a_column_may_be_one_value_for_all_or_not_there_at_all(deliver: Deliver) -> None:
    entry = feed(
        SERIAL,
        column("currency_code", "币种", constant="CNY"),
        column("opened_date", "开户日", "date", constant="2025-01-02"),
        column("fee_amount", "手续费", "money", absent=True),
        column("note_text", "备注"),
    )
    reading = deliver(extract_of("S1|USD|x", headings="流水号|币种|手续费"), entry)
    (row,) = reading.rows
    assert (row["currency_code"], row["opened_date"]) == ("CNY", dt.date(2025, 1, 2))
    assert (row["fee_amount"], row["note_text"]) == (None, None)
    # What the file says under their headings is not read, and its sender is told.
    assert "币种、手续费" in reading.report.notes[0].zh


def test_headings_that_are_blank_or_doubled_get_names() -> None:
    entry = feed(SERIAL, AMOUNT)
    headings = ["流水号", "", "其他", None, "其他", "金额"]
    layout = build_layout(entry, {"serial_id": (0,), "amount": (5,)}, headings, "csv")
    assert layout.headings == ("流水号", "#2", "其他", "#4", "其他 #5", "金额")
    assert [cell.column.name for cell in layout.read_cells] == ["serial_id", "amount"]


def test_every_cell_that_is_wrong_is_told_at_once(deliver: Deliver) -> None:
    entry = feed(
        SERIAL,
        column("customer_name", "户名", required=True),
        column("booked_date", "日期", "date"),
        column("amount", "金额", "money", min=0),
    )
    reading = deliver(extract_of("S1||2025-02-30|-1", headings="流水号|户名|日期|金额"), entry)
    assert [(r["column"], r["code"]) for r in reading.refused[0].reasons] == [
        ("customer_name", "missing"),
        ("booked_date", "unreadable"),
        ("amount", "below"),
    ]
