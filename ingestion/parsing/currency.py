"""Currencies: the letters of ISO 4217, also where a source writes a name or the number."""

from __future__ import annotations

from typing import Final

from ingestion.sql import literal

# RMB has the look of a code and is none; the other names mean one currency only (元 does not).
_NAMES: Final = {
    "CNY": ("RMB", "人民币", "人民币元", "156"),
    "USD": ("美元", "840"),
    "HKD": ("港币", "港元", "344"),
    "EUR": ("欧元", "978"),
    "GBP": ("英镑", "826"),
    "JPY": ("日元", "392"),
}


def macros() -> list[str]:
    """The SQL macro `parse_currency(x, day)`."""
    names = " ".join(
        f"WHEN {literal(name)} THEN {literal(code)}"
        for code, names in _NAMES.items()
        for name in names
    )
    return [
        f"""CREATE OR REPLACE TEMP MACRO parse_currency(x, day) AS
            CASE WHEN x = 'CNY' OR (regexp_full_match(x, '[A-Z]{{3}}') AND x <> 'RMB') THEN x
                 WHEN x <> '' THEN list_transform([upper(listed_form(x))], lambda s:
                      CASE s {names} ELSE
                      CASE WHEN regexp_full_match(s, '[A-Z]{{3}}') THEN s END END)[1] END""",
    ]
