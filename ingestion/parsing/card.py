"""Bank cards: 16 to 19 digits, the last of which is a check digit (Luhn)."""

from __future__ import annotations

from typing import Final

CARD_PATTERN: Final = "[1-9][0-9]{15,18}"
_LONGEST: Final = 19


def macros() -> list[str]:
    """The SQL macro `parse_bank_card(x, day)`."""
    terms = []
    for place in range(_LONGEST):
        digit = f"(n // {10**place}::UBIGINT % 10)"
        terms.append(f"{digit} * 2 - 9 * ({digit} > 4)::INT" if place % 2 else digit)
    return [
        f"CREATE OR REPLACE TEMP MACRO luhn_sum(n) AS ({' + '.join(terms)})",
        f"""CREATE OR REPLACE TEMP MACRO is_bank_card(s) AS
            CASE WHEN luhn_sum(TRY_CAST(s AS UBIGINT)) % 10 = 0
                 THEN regexp_full_match(s, '{CARD_PATTERN}') ELSE FALSE END""",
        """CREATE OR REPLACE TEMP MACRO parse_bank_card(x, day) AS
            CASE WHEN is_bank_card(x) THEN x
                 ELSE list_filter([translate(upper(number_form(x)), 'OIL|', '0111')],
                     lambda s: is_bank_card(s))[1] END""",
    ]
