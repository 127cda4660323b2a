"""Which signs stand for the same thing in a number or a date, and what counts as blank."""

from __future__ import annotations

from typing import Final

from ingestion.sql import literal

# Blanks that are cut from both ends of a cell: space, tab, line ends, no-break space, the
# ideographic space, and marks without width.
BLANKS: Final = " \t\r\n\u00a0\u3000\u200b\ufeff"

# Full-width forms and look-alikes in numbers and dates. An en dash or a long dash is no minus:
# clerks write it for "nothing", so it is left to be refused.
_FULL: Final = "０１２３４５６７８９．，－−＋（）￥％／：＊　"
_PLAIN: Final = "0123456789.,--+()¥%/:* "


def plain_signs_sql(text: str) -> str:
    """SQL for `text` with full-width digits and signs made plain."""
    return f"plain_signs({text})"


def plain_signs(text: str) -> str:
    """The same in Python, for the explanation of one refused cell.

    >>> plain_signs("（１２．５０）")
    '(12.50)'
    """
    return text.translate(str.maketrans(_FULL, _PLAIN))


# Every full-width form of a printable ASCII sign, and the ideographic space: what the contract's
# own normalisation (NFKC) does to the texts that codes are delivered as.
ASCII_FORMS: Final = (
    "".join(chr(0xFEE0 + code) for code in range(0x21, 0x7F)) + "\u3000",
    "".join(chr(code) for code in range(0x21, 0x7F)) + " ",
)


def macros() -> list[str]:
    """The SQL macros `plain_signs(text)` and `narrow(text)`.

    The engine builds the table of signs anew for every row, so only texts that hold one pay.
    """
    plain = f"translate(x, {literal(_FULL)}, {literal(_PLAIN)})"
    narrow = f"translate(x, {literal(ASCII_FORMS[0])}, {literal(ASCII_FORMS[1])})"
    return [
        f"""CREATE OR REPLACE TEMP MACRO plain_signs(x) AS
            CASE WHEN regexp_full_match(x, '[ -~]*') THEN x ELSE {plain} END""",
        f"""CREATE OR REPLACE TEMP MACRO narrow(x) AS
            CASE WHEN regexp_matches(x, '[\uff01-\uff5e\u3000]') THEN {narrow} ELSE x END""",
    ]
