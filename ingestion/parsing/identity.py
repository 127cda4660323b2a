"""Numbers of persons and companies: resident ids (GB 11643) and credit codes (GB 32100)."""

from __future__ import annotations

from typing import Final

from ingestion.parsing.date import EARLIEST

# The first two digits of GB/T 2260; foreigners with permanent residence have a 9 in front of them.
_PROVINCES: Final = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"
RESIDENT_PATTERN: Final = f"(?:{_PROVINCES}[0-9]{{4}}|9{_PROVINCES}[0-9]{{3}})[0-9]{{11}}[0-9X]"
# Sequences from 996 on were kept for those born in the century before: 19 would be a guess.
OLD_PATTERN: Final = f"{_PROVINCES}[0-9]{{10}}(?:[0-8][0-9][0-9]|9[0-8][0-9]|99[0-5])"
RESIDENT_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
RESIDENT_CHECKS: Final = "10X98765432"

# 31 characters: no I, O, S, V, Z. The weights are the powers of 3.
CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_PATTERN: Final = f"[{CREDIT_ALPHABET}]{{2}}[0-9]{{6}}[{CREDIT_ALPHABET}]{{10}}"
CREDIT_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))
# GB 11714: the organisation's own code stands at places 9 to 16 and its check character at 17.
# There a letter counts from A = 10 in the whole alphabet.
ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
ORGANISATION_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ORGANISATION_CHECKS: Final = "0123456789X"

# What is typed or read for a digit, and for the X at the end of a resident id.
_DIGITS_FOR: Final = ("OIL|", "0111")
_ENDS_FOR: Final = ("OIL|×✕✖*ΧХ", "0111XXXXXX")
# As letters, these are not in the alphabet of credit codes.
_CREDIT_FOR: Final = ("OIZS|", "01251")


def _sum(values: str, weights: tuple[int, ...]) -> str:
    """SQL of a weighted sum of the value at each place, from 1."""
    return " + ".join(f"{values.format(place)} * {w}" for place, w in enumerate(weights, 1))


def macros() -> list[str]:
    """The SQL macros of identity numbers.

    `number_form(x)` is how numbers are compared: half-width, without blanks, dashes and marks.
    `parse_resident_id(x, day)` and `parse_credit_code(x, day)` give the number, mended where only
    one number can be meant, or NULL; `day` is what no birth may be later than.
    """
    number_form = r"""CREATE OR REPLACE TEMP MACRO number_form(x) AS
        CASE WHEN regexp_full_match(x, '[0-9A-Za-z]+') THEN x
             ELSE regexp_replace(narrow(x),
                 '[\s\x{a0}\x{ad}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}'
                 || '\x{feff}\x{2010}-\x{2015}''`’‘-]+', '', 'g') END"""
    return [number_form, *_resident_macros(), *_credit_macros()]


def _resident_macros() -> list[str]:
    # Digits of a whole number are had faster than those of a text. The sum stands in the first
    # condition of its CASE, the only place where the engine makes the number once for all digits.
    total = " + ".join(
        f"n // {10 ** (17 - place)} % 10 * {weight}"
        for place, weight in enumerate(RESIDENT_WEIGHTS, 1)
    )
    birth = "TRY(make_date(substr(s, 7, 4)::INT, substr(s, 11, 2)::INT, substr(s, 13, 2)::INT))"
    # What stands in a list is made once, what a macro is given is written out at each use.
    return [
        f"""CREATE OR REPLACE TEMP MACRO resident_check(n) AS
            substr('{RESIDENT_CHECKS}', (({total}) % 11)::INT + 1, 1)""",
        f"""CREATE OR REPLACE TEMP MACRO is_resident_id(s, day) AS
            CASE WHEN resident_check(TRY_CAST(left(s, 17) AS BIGINT)) = right(s, 1)
                 THEN regexp_full_match(s, '{RESIDENT_PATTERN}')
                      AND coalesce({birth} BETWEEN DATE '{EARLIEST}' AND day, FALSE)
                 ELSE FALSE END""",
        f"""CREATE OR REPLACE TEMP MACRO resident_candidate(s) AS
            CASE WHEN regexp_full_match(s, '{OLD_PATTERN}')
                 THEN list_transform([(left(s, 6) || '19' || substr(s, 7))::BIGINT],
                     lambda n: n::VARCHAR || resident_check(n))[1]
                 WHEN length(s) = 18
                 THEN translate(left(s, 17), '{_DIGITS_FOR[0]}', '{_DIGITS_FOR[1]}')
                      || translate(right(s, 1), '{_ENDS_FOR[0]}', '{_ENDS_FOR[1]}') END""",
        """CREATE OR REPLACE TEMP MACRO parse_resident_id(x, day) AS
            CASE WHEN is_resident_id(x, day) THEN x
                 ELSE list_filter(
                     list_transform([upper(number_form(x))], lambda f: resident_candidate(f)),
                     lambda s: is_resident_id(s, day))[1] END""",
    ]


def _credit_macros() -> list[str]:
    total = _sum(f"(strpos('{CREDIT_ALPHABET}', substr(s, {{}}, 1)) - 1)", CREDIT_WEIGHTS)
    own = f"(strpos('{ORGANISATION_ALPHABET}', substr(s, 8 + {{}}, 1)) - 1)"
    organisation = _sum(own, ORGANISATION_WEIGHTS)
    return [
        f"""CREATE OR REPLACE TEMP MACRO is_credit_code(s) AS
            CASE WHEN regexp_full_match(s, '{CREDIT_PATTERN}')
                 THEN substr('{CREDIT_ALPHABET}', (31 - ({total}) % 31) % 31 + 1, 1) = right(s, 1)
                      AND substr('{ORGANISATION_CHECKS}', (11 - ({organisation}) % 11) % 11 + 1, 1)
                          = substr(s, 17, 1)
                 ELSE FALSE END""",
        # A small l is an L or a 1; with two of them there are four numbers it could be, and with
        # more nobody has to know.
        f"""CREATE OR REPLACE TEMP MACRO credit_candidates(s) AS
            CASE WHEN length(s) = 18 AND length(s) - length(replace(s, 'l', '')) <= 2
                 THEN list_transform(
                     list_distinct([replace(s, 'l', 'L'), replace(s, 'l', '1'),
                         replace(regexp_replace(s, 'l', '1'), 'l', 'L'),
                         replace(regexp_replace(s, 'l', 'L'), 'l', '1')]),
                     lambda c: translate(upper(c), '{_CREDIT_FOR[0]}', '{_CREDIT_FOR[1]}'))
                 ELSE [] END""",
        """CREATE OR REPLACE TEMP MACRO only_one(found) AS
            list_filter([found], lambda all_of: len(all_of) = 1)[1][1]""",
        """CREATE OR REPLACE TEMP MACRO parse_credit_code(x, day) AS
            CASE WHEN is_credit_code(x) THEN x
                 WHEN x <> '' THEN only_one(list_filter(
                     list_transform([number_form(x)],
                         lambda f: list_distinct(credit_candidates(f)))[1],
                     lambda s: is_credit_code(s))) END""",
    ]
