"""Identity documents: which numbers are valid, and how each is written in one way only.

The check digits of GB 11643-1999 (resident id) and GB 32100-2015 (unified social credit code),
and the form of a mobile number. A number that fails proves nothing about who holds it.
"""

from __future__ import annotations

from typing import Final

import polars as pl

RESIDENT_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
RESIDENT_CHECKS: Final = "10X98765432"
# 31 characters: no I, O, S, V, Z. The weights are the powers of 3.
CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))
_RESIDENT_PATTERN: Final = "^[1-9][0-9]{16}[0-9X]$"
_OLD_PATTERN: Final = "^[1-9][0-9]{14}$"
_CREDIT_PATTERN: Final = f"^[{CREDIT_ALPHABET}]{{2}}[0-9]{{6}}[{CREDIT_ALPHABET}]{{10}}$"
_MOBILE_PATTERN: Final = "^1[3-9][0-9]{9}$"


def resident_id(number: pl.Expr) -> pl.Expr:
    """The resident id in its form of 18 characters, null where its check digit or birthday fails.

    The form of 15 digits, given out until 1999, gets the century 19 and its check digit.

    >>> frame = pl.DataFrame({"n": ["11010519491231002X", "110105491231002", "110105194912310021"]})
    >>> frame.select(resident_id(pl.col("n")))["n"].to_list()
    ['11010519491231002X', '11010519491231002X', None]
    """
    text = _plain(number)
    is_old = text.str.contains(_OLD_PATTERN)
    first = (
        pl.when(is_old)
        .then(text.str.head(6) + pl.lit("19") + text.str.slice(6))
        .otherwise(text.str.head(17))
    )
    whole = first + _check_of(first)
    is_valid = (
        (is_old | (text == whole))
        & whole.str.contains(_RESIDENT_PATTERN)
        & whole.str.slice(6, 8).str.to_date("%Y%m%d", strict=False).is_not_null()
    )
    return pl.when(is_valid).then(whole)


def credit_code(number: pl.Expr) -> pl.Expr:
    """The unified social credit code, null where its check character fails.

    >>> frame = pl.DataFrame({"n": ["91350100M000100Y43", "91350100M000100Y4Z"]})
    >>> frame.select(credit_code(pl.col("n")))["n"].to_list()
    ['91350100M000100Y43', None]
    """
    text = _plain(number)
    values = {sign: place for place, sign in enumerate(CREDIT_ALPHABET)}
    total = pl.sum_horizontal(
        text.str.slice(place, 1).replace_strict(values, default=None, return_dtype=pl.Int64)
        * weight
        for place, weight in enumerate(CREDIT_WEIGHTS)
    )
    signs = dict(enumerate(CREDIT_ALPHABET))
    check = ((31 - total % 31) % 31).replace_strict(signs, default=None, return_dtype=pl.String)
    is_valid = text.str.contains(_CREDIT_PATTERN) & (text.str.slice(17, 1) == check)
    return pl.when(is_valid).then(text)


def mobile(number: pl.Expr) -> pl.Expr:
    """The mobile number of 11 digits, null where it has another form.

    >>> frame = pl.DataFrame({"n": ["13800000000", "+86 138 0000 0000", "12800000000"]})
    >>> frame.select(mobile(pl.col("n")))["n"].to_list()
    ['13800000000', '13800000000', None]
    """
    text = _plain(number).str.replace(r"^(?:\+|00)?86", "")
    return pl.when(text.str.contains(_MOBILE_PATTERN)).then(text)


def document(kind: pl.Expr, number: pl.Expr) -> pl.Expr:
    """The valid document of a record with its kind before it, null where there is none.

    A passport has no check digit: it links nobody by itself.
    """
    return (
        pl.when(kind == "resident_id")
        .then(pl.lit("resident_id:") + resident_id(number))
        .when(kind == "credit_code")
        .then(pl.lit("credit_code:") + credit_code(number))
    )


def _plain(number: pl.Expr) -> pl.Expr:
    return number.cast(pl.String).str.to_uppercase().str.replace_all(r"[\s\-]", "")


def _check_of(first: pl.Expr) -> pl.Expr:
    total = pl.sum_horizontal(
        first.str.slice(place, 1).cast(pl.Int64, strict=False) * weight
        for place, weight in enumerate(RESIDENT_WEIGHTS)
    )
    signs = dict(enumerate(RESIDENT_CHECKS))
    return (total % 11).replace_strict(signs, default=None, return_dtype=pl.String)
