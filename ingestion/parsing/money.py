"""Amounts: exact yuan from what systems print and clerks write, or NULL."""

from __future__ import annotations

from typing import Final

from ingestion.parsing.capital import CAPITAL_PATTERN
from ingestion.parsing.signs import plain_signs_sql

# Well-grouped only: `1,23,4` could be 1.234 or 1234 and is refused.
_WHOLE: Final = r"(?:[0-9]{1,16}|[0-9]{1,3}(?:,[0-9]{3}){1,5})"


# As many zeros as a tool likes to print behind the fen: 12.340 is exact, 12.345 is not.
_ZEROS: Final = "0{0,12}"


def _number(decimals: int) -> str:
    point = rf"\.[0-9]{{1,{decimals}}}{_ZEROS}"
    return rf"(?:{_WHOLE}(?:{point})?|{point})"


_MARK: Final = "(?:(?:¥|人民币|(?i:RMB|CNY)):? ?)"


def _signed(body: str) -> str:
    """`body` with a sign in front or behind, a currency mark in front, or accounting brackets."""
    return (
        rf"(?:[+-]?{_MARK}?{body}|{_MARK}[+-]?{body}|{_MARK}?{body}-"
        rf"|{_MARK}?\({body}\)|\({_MARK}{body}\))"
    )


# No more decimals than make whole fen of the unit: 12.345 yuan is refused, 12.345万 is 123,450.
_YUAN: Final = rf"(?:{_number(2)}(?: ?[元圆][整正]?)?)"
_WAN: Final = rf"(?:{_number(6)} ?万(?:[元圆][整正]?)?)"
_YI: Final = rf"(?:{_number(10)} ?亿(?:[元圆][整正]?)?)"
YUAN_PATTERN: Final = _signed(f"(?:{_YUAN}|{_WAN}|{_YI})")
# Under a heading in 万元 a bare number means 万元; a cell that says 元 contradicts its heading.
WAN_YUAN_PATTERN: Final = _signed(f"(?:{_number(6)}|{_WAN}|{_YI})")
PLAIN_PATTERN: Final = r"-?[0-9]{1,15}(?:\.[0-9]{1,2})?"


def macros() -> list[str]:
    """The SQL macros `parse_money(text)` and `parse_wan_yuan(text)`."""
    digits = "regexp_replace(s, '[^0-9.]', '', 'g')"
    # Texts become decimals of 18 digits at most: wider ones take the engine a hundred times as
    # long, and 12 digits of 万 or 8 of 亿 in front of the point are the limit of money anyway.
    # They are widened before they are multiplied, or the product would overflow.
    size = f"""CASE
        WHEN contains(s, '亿')
        THEN TRY_CAST({digits} AS DECIMAL(18,10))::DECIMAL(28,10) * 100000000::DECIMAL(10,0)
        WHEN bare = 10000 OR contains(s, '万')
        THEN TRY_CAST({digits} AS DECIMAL(18,6))::DECIMAL(28,6) * 10000::DECIMAL(10,0)
        ELSE TRY_CAST({digits} AS DECIMAL(18,2)) END"""
    return [
        f"""CREATE OR REPLACE TEMP MACRO written_out(s) AS
            list_transform([capital_form(s)], lambda t:
                CASE WHEN regexp_full_match(t, '{CAPITAL_PATTERN}')
                     THEN TRY_CAST(capital_amount(t) AS DECIMAL(18,2)) END)[1]""",
        f"""CREATE OR REPLACE TEMP MACRO amount_of(s, bare) AS
            CASE WHEN contains(s, '-') OR contains(s, '(') THEN -TRY_CAST({size} AS DECIMAL(18,2))
                 ELSE TRY_CAST({size} AS DECIMAL(18,2)) END""",
        # A parameter of a lambda is made once; that of a macro is written out at each use. Lists
        # are dear: an empty cell, as most fees are, gets none.
        f"""CREATE OR REPLACE TEMP MACRO parse_money(x) AS
            CASE WHEN regexp_full_match(x, '{PLAIN_PATTERN}') THEN x::DECIMAL(18,2)
                 WHEN x <> '' THEN list_transform([{plain_signs_sql("x")}], lambda s:
                     CASE WHEN regexp_full_match(s, '{YUAN_PATTERN}') THEN amount_of(s, 1)
                          WHEN regexp_matches(s, '[元圆圓角分]')
                          THEN written_out(s) END)[1] END""",
        f"""CREATE OR REPLACE TEMP MACRO parse_wan_yuan(x) AS
            CASE WHEN x <> '' THEN list_transform([{plain_signs_sql("x")}], lambda s:
                CASE WHEN regexp_full_match(s, '{WAN_YUAN_PATTERN}') THEN amount_of(s, 10000)
                     WHEN regexp_matches(s, '[万萬亿億]')
                     THEN written_out(s) END)[1] END""",
    ]
