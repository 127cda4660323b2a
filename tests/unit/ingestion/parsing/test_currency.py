"""Currencies: the letters of ISO 4217, from a name or a number where it means one only."""

from __future__ import annotations

import pytest

from ingestion.contracts import load_feeds
from tests.unit.ingestion.conftest import Parse
from tests.unit.ingestion.made_up import column

CURRENCY = column("currency_code", "币种", check="currency")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("CNY", "CNY"),
        ("USD", "USD"),
        ("CZK", "CZK"),
        ("RMB", "CNY"),
        ("人民币", "CNY"),
        ("人民币元", "CNY"),
        ("156", "CNY"),
        ("cny", "CNY"),
        ("ＣＮＹ", "CNY"),
        ("rmb", "CNY"),
        ("美元", "USD"),
        ("美金", "USD"),
        ("usd", "USD"),
        ("Eur", "EUR"),
        ("港币", "HKD"),
        ("840", "USD"),
        ("", None),
        (None, None),
    ],
)
def test_a_currency_is_its_three_letters(parse: Parse, text: str | None, code: str | None) -> None:
    assert parse(CURRENCY, text) == (code, None)


@pytest.mark.parametrize(
    "text",
    [
        *("01", "元", "CNYX", "￥", "本币", "999", "C N Y"),
        # Three letters that are no code: what a program writes for nothing, a currency of old.
        *("nan", "NaN", "NIL", "nil", "ABC", "DEM", "XTS", "usa"),
    ],
)
def test_what_names_no_currency_is_refused(parse: Parse, text: str) -> None:
    cell = parse(CURRENCY, text)
    assert (cell.value, cell.code) == (None, "currency")
    assert cell.sentence.zh == f"“{text}”不是币种代码，请填写三位字母代码，如 CNY、USD。"
    assert "is no currency; write its three letters" in cell.sentence.en


def test_every_currency_of_the_feeds_is_checked() -> None:
    """An account in RMB found no transfer price in CNY, and nobody was told."""
    checks = {
        each.check
        for feed in load_feeds().values()
        for each in feed.columns
        if each.name == "currency_code"
    }
    assert checks == {"currency"}
