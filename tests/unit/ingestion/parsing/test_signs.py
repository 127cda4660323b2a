"""The SQL and the Python of one rule give the same."""

from __future__ import annotations

import duckdb
import pytest

from ingestion.contracts import normalise_value
from ingestion.parsing.signs import BLANKS, plain_signs
from ingestion.parsing.text import clean
from ingestion.reading.sheet import cleaned

TEXTS = [
    "",
    "abc",
    " a b ",
    "　张 三　",
    "１２．５０％",
    "（－１，２３４）",
    "Ａ级",
    "Cafe\u0301",
    "阿卜杜拉·买买提",
    "𠮷田",
    "\u200b\ufeffx\u00a0",
    "123456789012.339996338",
    "1234567.891234567",
    "0.0000125",
    "0.333333333",
    "-12.345678912",
    "a\tb\nc",
    "￥／：＊",
]


def _sql(engine: duckdb.DuckDBPyConnection, expression: str, text: str) -> object:
    return (engine.execute(f"SELECT {expression}", [text]).fetchone() or (None,))[0]


@pytest.mark.parametrize("text", TEXTS)
def test_cells_of_workbooks_are_cleaned_alike(engine: duckdb.DuckDBPyConnection, text: str) -> None:
    assert _sql(engine, "sheet_text(?)", text) == cleaned(text)
    assert _sql(engine, "clean_text(?)", text) == clean(text)


@pytest.mark.parametrize("text", TEXTS)
def test_signs_are_made_plain_alike(engine: duckdb.DuckDBPyConnection, text: str) -> None:
    assert _sql(engine, "plain_signs(?)", text) == plain_signs(text)


@pytest.mark.parametrize("text", ["Ａ级", "ＣＮＹ", "　甲  乙 ", "（一）", "US$", "甲\t乙"])
def test_listed_texts_are_compared_alike(engine: duckdb.DuckDBPyConnection, text: str) -> None:
    assert _sql(engine, "listed_form(?)", text) == normalise_value(text)


@pytest.mark.parametrize("blank", BLANKS)
def test_every_blank_is_cut_from_both_ends(engine: duckdb.DuckDBPyConnection, blank: str) -> None:
    assert _sql(engine, "clean_text(?)", f"{blank}a{blank}b{blank}") == f"a{blank}b"


@pytest.mark.parametrize(
    ("shown", "meant"),
    [
        ("123456789012.339996338", "123456789012.34"),
        ("-123456789012.339996338", "-123456789012.34"),
        ("0.0000125", "0.0000125"),
        ("0.000000001", "0.000000001"),
        ("0.30000000", "0.30000000"),
        ("1.5", "1.5"),
    ],
)
def test_digits_beyond_what_excel_knows_are_cut(
    engine: duckdb.DuckDBPyConnection, shown: str, meant: str
) -> None:
    """A rate of 0.0000125 became 1.25e-05 and was refused."""
    assert _sql(engine, "sheet_text(?)", shown) == meant
