"""Amounts in Chinese capitals: written as vouchers want them, and read back by our own reader."""

from __future__ import annotations

import doctest
import random
from decimal import Decimal

import duckdb
import pytest

from ingestion.parsing import capital as reader
from serving import capital
from serving.capital import capital_amount


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "零元整"),
        ("500.00", "伍佰元整"),
        ("300.00", "叁佰元整"),
        ("1000.00", "壹仟元整"),
        ("2000", "贰仟元整"),
        ("10.00", "壹拾元整"),
        ("110.00", "壹佰壹拾元整"),
        ("1005.00", "壹仟零伍元整"),
        ("1050.00", "壹仟零伍拾元整"),
        ("30050.00", "叁万零伍拾元整"),
        ("107000.53", "壹拾万柒仟元零伍角叁分"),
        ("100030000.00", "壹亿零叁万元整"),
        ("100000500.00", "壹亿零伍佰元整"),
        ("100005000.00", "壹亿零伍仟元整"),
        ("1234.56", "壹仟贰佰叁拾肆元伍角陆分"),
        ("1680.32", "壹仟陆佰捌拾元零叁角贰分"),
        ("3.05", "叁元零伍分"),
        ("3.50", "叁元伍角整"),
        ("0.50", "伍角整"),
        ("0.53", "伍角叁分"),
        ("0.03", "叁分"),
    ],
)
def test_an_amount_is_written_as_on_a_voucher(amount: str, words: str) -> None:
    assert capital_amount(Decimal(amount)) == words


@pytest.mark.parametrize("amount", ["-300.00", "0.005", "1000000000000"])
def test_what_no_voucher_bears_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="cannot be written in capitals"):
        capital_amount(Decimal(amount))


def test_what_is_written_can_be_read_again() -> None:
    """Writer and reader are apart; a form that one of them has alone would lose an amount."""
    numbers = random.Random(7)
    fens = [numbers.randrange(10 ** numbers.randrange(1, 14)) for _ in range(2_000)]
    rows = [(str(Decimal(fen) / 100), capital_amount(Decimal(fen) / 100)) for fen in fens]
    with duckdb.connect() as connection:
        for macro in reader.macros():
            connection.execute(macro)
        connection.execute("create table written (amount decimal(18, 2), words varchar)")
        connection.executemany("insert into written values (?, ?)", rows)
        lost = connection.execute(
            f"""select amount, words from written
            where not regexp_full_match(capital_form(words), '{reader.CAPITAL_PATTERN}')
                or capital_amount(capital_form(words)) is distinct from amount"""
        ).fetchall()
    assert lost == []


def test_the_examples_in_the_text_hold() -> None:
    failed, count = doctest.testmod(capital)
    assert (failed, count) == (0, 2)
