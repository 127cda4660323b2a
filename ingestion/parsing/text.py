"""Text: names, notes, identifiers, and the cleaning every cell gets before it is parsed."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from ingestion.parsing.signs import ASCII_FORMS, BLANKS
from ingestion.sql import literal

# A line feed and a tab may stand inside a note; nothing else below the space may.
CONTROL_PATTERN: Final = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_CONTROL = re.compile(CONTROL_PATTERN)

# What a spreadsheet makes of a long number before it is saved as text.
SCIENTIFIC_PATTERN: Final = r"[0-9]\.[0-9]+[eE]\+?[0-9]+|[0-9][eE]\+[0-9]+"

# Signs without width that come along when a number is copied from a page or a chat.
INVISIBLE_PATTERN: Final = r"\p{Cf}"

# "As above": the reader of a table knows what is meant, and a row by itself does not.
DITTO_PATTERN: Final = "[(“”\"'‘’]*(?:同上|同前)[)“”\"'‘’]*|[〃″“”\"]+|''"
# What programs write where there is nothing or an error; under a name or a number it is neither.
_NOTHING_WORDS: Final = (
    "null", "nan", "none", "nil", "n/a", "undefined", "\\N",
    "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!",
)  # fmt: skip


def _in_any_form(word: str) -> str:
    """A pattern of a word in either case and width: to fold each text first would cost as much."""
    signs = [{sign.lower(), sign.upper()} for sign in word]
    both = [each | {chr(ord(sign) + 0xFEE0) for sign in each} for each in signs]
    return "".join(f"[{''.join(map(re.escape, sorted(each)))}]" for each in both)


NOTHING_PATTERN: Final = (
    "|".join(map(_in_any_form, _NOTHING_WORDS)) + "|[-–−—－_＿/／]+|[#＃][#＃]+"
)
# Few texts begin so, and those that do not are something.
_NOTHING_STARTS: Final = "nNuUｎＮｕＵ\\＼#＃-–−—－_＿/／"
_CONTROLS: Final = CONTROL_PATTERN[1:-1]
# One question for the text that begins otherwise and has no control character: nearly every one.
_SAID_PATTERN: Final = f"[^{re.escape(_NOTHING_STARTS)}{_CONTROLS}][^{_CONTROLS}]*"
# An identifier that went through a program as a figure; of more digits than a figure holds, the
# last ones are gone. 1001.00 and 0012.0 no program makes of one.
FIGURE_PATTERN: Final = r"[1-9][0-9]{0,14}\.0"
LOST_FIGURE_PATTERN: Final = r"[0-9]{16,}\.0"
# A card's number in groups of four; what is written around a number so that Excel keeps its
# zeros, or behind it by habit.
GROUPED_PATTERN: Final = "[0-9]{4}(?: [0-9]{4}){2,}(?: [0-9]{1,3})?"
AROUND_PATTERN: Final = '^(?:="|[\'`’‘])|[;,，。、"]+$'

# How a workbook's reader shows a number: nine decimals, the last ones beyond what a double, and
# Excel, knows. Fifteen significant digits are what the clerk saw. Below one, nine decimals are
# never that many; and the smallest would turn into scientific notation.
NOISE_PATTERN: Final = r"-?[1-9][0-9]*\.[0-9]{7,}"


def macros() -> list[str]:
    """The SQL macros of text."""
    blanks = BLANKS.replace("'", "''")
    lost = literal(f"{SCIENTIFIC_PATTERN}|{LOST_FIGURE_PATTERN}|{DITTO_PATTERN}")
    figure = literal(FIGURE_PATTERN)
    grouped, around = literal(GROUPED_PATTERN), literal(AROUND_PATTERN)
    return [
        # The text layer in SQL, for workbooks; extracts get the same from `clean` line by line.
        f"CREATE OR REPLACE TEMP MACRO clean_text(x) AS nfc_normalize(trim(x, '{blanks}'))",
        f"""CREATE OR REPLACE TEMP MACRO sheet_text(x) AS
            CASE WHEN regexp_full_match(x, '[!-~](?:[ -~]*[!-~])?')
                 THEN CASE WHEN regexp_full_match(x, '{NOISE_PATTERN}')
                           THEN printf('%.15g', x::DOUBLE) ELSE x END
                 ELSE nullif(clean_text(x), '') END""",
        f"""CREATE OR REPLACE TEMP MACRO parse_text(x) AS
            CASE WHEN NOT regexp_matches(x, '{CONTROL_PATTERN}') THEN nullif(x, '') END""",
        f"""CREATE OR REPLACE TEMP MACRO is_nothing(x) AS
            contains({literal(_NOTHING_STARTS)}, left(x, 1))
            AND regexp_full_match(x, {literal(NOTHING_PATTERN)})""",
        f"""CREATE OR REPLACE TEMP MACRO parse_said(x) AS
            CASE WHEN regexp_full_match(x, {literal(_SAID_PATTERN)}) THEN x
                 WHEN NOT is_nothing(x) THEN parse_text(x) END""",
        """CREATE OR REPLACE TEMP MACRO listed_form(x) AS
            trim(regexp_replace(narrow(x), '\\s+', ' ', 'g'))""",
        # Nearly every one of an extract is plain: that one question costs 0.1 s per million. What
        # stands around a text is taken off before it is asked whether the text is lost.
        f"""CREATE OR REPLACE TEMP MACRO parse_identifier(x) AS
            CASE WHEN regexp_full_match(x, '[A-Za-z_-]*[0-9][0-9A-Za-z_-]*') THEN x
                 WHEN regexp_full_match(x, '[A-Za-z_-]+')
                 THEN CASE WHEN NOT is_nothing(x) THEN x END
                 WHEN x <> ''
                 THEN list_transform([listed_form(regexp_replace(parse_text(x),
                                                                 '{INVISIBLE_PATTERN}', '', 'g'))],
                      lambda s: list_transform([regexp_replace(s, {around}, '', 'g')], lambda bare:
                           CASE WHEN regexp_full_match(s, {lost})
                                     OR regexp_full_match(bare, {lost})
                                     OR is_nothing(bare) THEN NULL
                                WHEN regexp_full_match(bare, {grouped})
                                THEN replace(bare, ' ', '')
                                WHEN regexp_full_match(bare, {figure})
                                THEN split_part(bare, '.', 1)
                                ELSE nullif(bare, '') END)[1])[1] END""",
    ]


def clean(text: str) -> str:
    """A cell without blanks at its ends and in composed form: the text layer in Python.

    >>> clean("　张 三 ")
    '张 三'
    """
    return unicodedata.normalize("NFC", text.strip(BLANKS))


def identifier_forms(text: str) -> tuple[str, str]:
    """An identifier as it is read, with and without what stands around it: the macro in Python.

    >>> identifier_forms("'１.23E+15;")
    ("'1.23E+15;", '1.23E+15')
    """
    seen = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    form = " ".join(seen.translate(str.maketrans(*ASCII_FORMS)).split())
    return form, re.sub(AROUND_PATTERN, "", form)


def has_control_character(text: str) -> bool:
    """Whether `text` holds a sign that no cell may hold."""
    return bool(_CONTROL.search(text))
