"""Identity numbers with valid check digits, whole columns at a time."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank.shape import Bools, Column, Days, Ints

# GB 11643-1999: weights of the first 17 digits, and the check character of each remainder.
_RESIDENT_WEIGHTS: Final = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_RESIDENT_CHECKS: Final = "10X98765432"
# GB 32100-2015: 31 characters (no I, O, Z, S, V) and the weights 3^(i-1) mod 31.
_CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS: Final = np.array([pow(3, place, 31) for place in range(17)])
# GB 11714-1997: weights of the organisation code inside it; letters count from A = 10.
_ORGANISATION_WEIGHTS: Final = np.array([3, 7, 9, 10, 5, 8, 4, 2])
_ORGANISATION_VALUES: Final = np.array(
    [int(c) if c.isdigit() else ord(c) - ord("A") + 10 for c in _CREDIT_ALPHABET]
)

# GB/T 2260 codes that residents of Loufan were registered under, and how often.
REGIONS: Final[dict[int, float]] = {
    140123: 0.83,
    140181: 0.04,
    141127: 0.03,
    140926: 0.025,
    141122: 0.02,
    140122: 0.015,
    140106: 0.015,
    140107: 0.01,
    140925: 0.01,
    140121: 0.005,
}
_MOBILE_PREFIXES: Final = np.array(
    [130, 131, 132, 134, 135, 136, 137, 138, 139, 150, 151, 152, 155, 158, 159, 166, 176, 177,
     178, 180, 182, 183, 186, 187, 188, 189, 191, 198, 199]
)  # fmt: skip


def _digits(numbers: Ints, width: int) -> Column:
    """The decimal digits of each number, most significant first."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return numbers[:, None] // powers % 10


def resident_checks(first_17: Ints) -> Column:
    """The remainder that chooses the check character of each resident id.

    >>> [_RESIDENT_CHECKS[r] for r in resident_checks(np.array([11010519491231002]))]
    ['X']
    """
    return (_digits(first_17, 17) @ _RESIDENT_WEIGHTS) % 11


def resident_ids(birth_days: Days, is_male: Bools, rng: np.random.Generator) -> pl.Series:
    """One valid resident id per person, all different."""
    regions = np.array(list(REGIONS))
    weights = np.array(list(REGIONS.values()))
    count = len(birth_days)
    dates = birth_days.astype("datetime64[D]")
    years = dates.astype("datetime64[Y]").astype(np.int64) + 1970
    months = dates.astype("datetime64[M]").astype(np.int64) % 12 + 1
    days = (dates - dates.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1
    births = years * 10_000 + months * 100 + days
    first = np.zeros(count, np.int64)
    todo = np.arange(count)
    while todo.size:
        region = rng.choice(regions, todo.size, p=weights / weights.sum())
        # The last digit of the sequence is odd for men and even for women.
        sequence = rng.integers(0, 500, todo.size) * 2 + is_male[todo]
        first[todo] = region * 10**11 + births[todo] * 1000 + sequence
        order = np.argsort(first, kind="stable")
        doubled = np.zeros(count, bool)
        doubled[order[1:]] = first[order[1:]] == first[order[:-1]]
        todo = np.flatnonzero(doubled)
    checks = pl.Series(list(_RESIDENT_CHECKS)).gather(resident_checks(first))
    return pl.Series(first).cast(pl.String) + checks


def credit_codes(count: int, institution: Bools, rng: np.random.Generator) -> pl.Series:
    """One valid unified social credit code per company (91) or institution (12), all different."""
    # Eight characters of the organisation code; a strictly rising base keeps them different.
    base = np.cumsum(rng.integers(1, 997, count)) + 31**7
    code = base[:, None] // (31 ** np.arange(7, -1, -1, dtype=np.int64)) % 31
    # The organisation code has a check character of its own, of another standard.
    own = (11 - (_ORGANISATION_VALUES[code] @ _ORGANISATION_WEIGHTS) % 11) % 11
    body = np.column_stack([code, np.where(own == 10, _CREDIT_ALPHABET.index("X"), own)])
    head = np.where(institution[:, None], [1, 2], [9, 1])
    region = np.broadcast_to([1, 4, 0, 1, 2, 3], (count, 6))
    places = np.concatenate([head, region, body], axis=1)
    check = (31 - (places @ _CREDIT_WEIGHTS) % 31) % 31
    letters = np.array(list(_CREDIT_ALPHABET))[np.column_stack([places, check])]
    return pl.Series(["".join(row) for row in letters])


def mobiles(count: int, rng: np.random.Generator) -> Ints:
    """Mobile numbers of 11 digits, all different."""
    numbers = np.zeros(count, np.int64)
    todo = np.arange(count)
    while todo.size:
        prefix = rng.choice(_MOBILE_PREFIXES, todo.size)
        numbers[todo] = prefix * 10**8 + rng.integers(0, 10**8, todo.size)
        order = np.argsort(numbers, kind="stable")
        doubled = np.zeros(count, bool)
        doubled[order[1:]] = numbers[order[1:]] == numbers[order[:-1]]
        todo = np.flatnonzero(doubled)
    return numbers


def with_luhn(numbers: Ints) -> Ints:
    """Each number followed by its Luhn check digit.

    >>> int(with_luhn(np.array([7992739871]))[0])
    79927398713
    """
    total = np.zeros(len(numbers), np.int64)
    rest = numbers.copy()
    is_doubled = True
    while rest.any():
        digit = rest % 10
        doubled = digit * 2
        total += np.where(doubled > 9, doubled - 9, doubled) if is_doubled else digit
        rest //= 10
        is_doubled = not is_doubled
    return numbers * 10 + (10 - total % 10) % 10
