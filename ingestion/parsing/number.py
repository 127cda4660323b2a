"""Counts, decimals, rates and scores."""

from __future__ import annotations

from typing import Final

from ingestion.parsing.signs import plain_signs_sql

_GROUPED: Final = r"(?:[0-9]{1,18}|[0-9]{1,3}(?:,[0-9]{3}){1,5})"
# 12.0 comes from tools that keep counts as floating point; 1.000 could mean a thousand.
INTEGER_PATTERN: Final = rf"[+-]?{_GROUPED}(?:\.0{{1,2}})?"
PLAIN_INTEGER_PATTERN: Final = r"-?[0-9]{1,18}"
# Zeros that a tool prints behind the last decimal change nothing.
_ZEROS: Final = "0{0,12}"
_DECIMAL_NUMBER: Final = r"(?:[0-9]{1,14}|[0-9]{1,3}(?:,[0-9]{3}){1,4})"
DECIMAL_PATTERN: Final = (
    rf"[+-]?(?:(?:{_DECIMAL_NUMBER}(?:\.[0-9]{{1,4}}{_ZEROS})?|\.[0-9]{{1,4}}{_ZEROS})"
    rf"|{_DECIMAL_NUMBER}(?:\.[0-9]{{1,8}})? ?万|{_DECIMAL_NUMBER}(?:\.[0-9]{{1,12}})? ?亿)"
)


def _rate(decimals: int, whole: str = "[0-9]{1,5}") -> str:
    point = rf"\.[0-9]{{1,{decimals}}}{_ZEROS}"
    return rf"[+-]?(?:{whole}(?:{point})?|{point})"


# A rate is kept with eight decimals: six of a percentage, five of a per mille, four of a basis
# point.
FRACTION_PATTERN: Final = _rate(8, "[0-9]{1,4}")
PERCENT_PATTERN: Final = _rate(6)
PER_MILLE_PATTERN: Final = _rate(5)
BASIS_POINT_PATTERN: Final = _rate(4)
FLOAT_PATTERN: Final = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"


def macros() -> list[str]:
    """The SQL macros of whole numbers, decimals, rates and scores."""
    plain = plain_signs_sql("x")
    digits = "regexp_replace(s, '[^0-9.+-]', '', 'g')"
    return [
        f"""CREATE OR REPLACE TEMP MACRO parse_integer(x) AS
            CASE WHEN regexp_full_match(x, '{PLAIN_INTEGER_PATTERN}') THEN x::BIGINT
                 WHEN regexp_full_match({plain}, '{INTEGER_PATTERN}')
                 THEN TRY_CAST(regexp_replace(replace({plain}, ',', ''), '[.]0+$', '')
                      AS BIGINT) END""",
        f"""CREATE OR REPLACE TEMP MACRO decimal_of(s) AS
            TRY_CAST(CASE
                WHEN contains(s, '亿')
                THEN TRY_CAST({digits} AS DECIMAL(18,12))::DECIMAL(28,12)
                     * 100000000::DECIMAL(10,0)
                WHEN contains(s, '万')
                THEN TRY_CAST({digits} AS DECIMAL(18,8))::DECIMAL(28,8) * 10000::DECIMAL(10,0)
                ELSE TRY_CAST({digits} AS DECIMAL(18,4)) END AS DECIMAL(18,4))""",
        f"""CREATE OR REPLACE TEMP MACRO parse_decimal(x) AS
            CASE WHEN regexp_full_match({plain}, '{DECIMAL_PATTERN}')
                 THEN decimal_of({plain}) END""",
        f"""CREATE OR REPLACE TEMP MACRO marked_rate(s) AS
            CASE WHEN regexp_full_match(s, '(?:{PERCENT_PATTERN}) ?%')
                 THEN TRY_CAST({digits}::DECIMAL(18,8) * 0.01 AS DECIMAL(12,8))
                 WHEN regexp_full_match(s, '(?:{PER_MILLE_PATTERN}) ?‰')
                 THEN TRY_CAST({digits}::DECIMAL(18,8) * 0.001 AS DECIMAL(12,8))
                 WHEN regexp_full_match(s, '(?:{BASIS_POINT_PATTERN}) ?(?:(?i:bps?)|个?基点)')
                 THEN TRY_CAST({digits}::DECIMAL(18,8) * 0.0001 AS DECIMAL(12,8)) END""",
        f"""CREATE OR REPLACE TEMP MACRO parse_rate(x) AS
            CASE WHEN regexp_full_match({plain}, '{FRACTION_PATTERN}')
                 THEN TRY_CAST({plain} AS DECIMAL(12,8))
                 ELSE marked_rate({plain}) END""",
        f"""CREATE OR REPLACE TEMP MACRO parse_percent(x) AS
            CASE WHEN regexp_full_match({plain}, '{PERCENT_PATTERN}')
                 THEN TRY_CAST({plain}::DECIMAL(18,8) * 0.01 AS DECIMAL(12,8))
                 ELSE marked_rate({plain}) END""",
        f"""CREATE OR REPLACE TEMP MACRO parse_float(x) AS
            CASE WHEN regexp_full_match(x, '{FLOAT_PATTERN}')
                 THEN CASE WHEN isfinite(TRY_CAST(x AS DOUBLE)) THEN TRY_CAST(x AS DOUBLE) END
                 END""",
    ]
