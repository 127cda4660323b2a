"""Dates: the written forms of systems and clerks, Excel serials, and a feed's own format."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

_TIME: Final = r"(?:[ T](?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?)?"
_PARTS: Final = (
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}",
    r"[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}",
    r"[0-9]{4}\.[0-9]{1,2}\.[0-9]{1,2}",
    r"[0-9]{4} ?年 ?[0-9]{1,2} ?月 ?[0-9]{1,2} ?[日号]?",
)
# 星期四 or （周四） behind the day. It says the same day once more, so it has to be that day's.
WEEKDAYS: Final = "日一二三四五六"
_WEEKDAY: Final = rf"(?: ?\(?(?:星期|礼拜|周)[{WEEKDAYS}天]\)?)?"
WRITTEN_PATTERN: Final = f"(?:{'|'.join(_PARTS)}){_WEEKDAY}{_TIME}"
# What systems print as one number: day and time.
STAMP_PATTERN: Final = rf"[0-9]{{8}}(?:{_TIME[:-1]}| ?(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9])"
_FIRST_PARTS: Final = "^([0-9]{4})[^0-9]+([0-9]{1,2})[^0-9]+([0-9]{1,2})"

# Five digits: 1927 to 2173. Four could be a year that somebody typed, six YYYYMM. The seven of
# 9999-12-31, "open end" in many systems, are the one exception.
SERIAL_PATTERN: Final = r"(?:[1-9][0-9]{4}|2958465)(?:\.[0-9]+)?"
EPOCH_1900: Final = dt.date(1899, 12, 30)
EPOCH_1904: Final = dt.date(1904, 1, 1)
# What readers show as 0; their days before March 1900 are one off, as Excel's are.
DAY_ZERO_1900: Final = dt.date(1899, 12, 31)

EARLIEST: Final = dt.date(1800, 1, 1)
# Years from EARLIEST on: seen from the text, or the engine makes the date twice, once to compare.
_SOUND_YEAR: Final = "(?:1[89]|[2-9][0-9])[0-9]{2}"

_DIRECTIVES: Final = {
    "Y": "[0-9]{4}",
    "y": "[0-9]{2}",
    "j": "[0-9]{3}",
    "b": "[A-Za-z]{3}",
    "B": "[A-Za-z]{3,9}",
}
_TOKENS = re.compile(r"%(.)|([^%]+)")


def macros() -> list[str]:
    """The SQL macros of dates without a format of their own."""
    groups = [f"regexp_extract(s, '{_FIRST_PARTS}', {n})::INTEGER" for n in (1, 2, 3)]
    weekday = f"translate(regexp_extract(s, '[期拜周]([{WEEKDAYS}天])', 1), '天', '日')"
    return [
        f"""CREATE OR REPLACE TEMP MACRO on_weekday(d, w) AS
            CASE WHEN w = '' THEN d
                 WHEN dayofweek(d) = strpos('{WEEKDAYS}', w) - 1 THEN d END""",
        f"""CREATE OR REPLACE TEMP MACRO sound_date(d) AS
            CASE WHEN d >= DATE '{EARLIEST}' THEN d END""",
        """CREATE OR REPLACE TEMP MACRO eight_digits(x) AS
            TRY(make_date(x::INTEGER // 10000, x::INTEGER // 100 % 100, x::INTEGER % 100))""",
        # What stands in a list is made once, what a macro is given is written out at each use.
        f"""CREATE OR REPLACE TEMP MACRO parse_date(x) AS
            CASE
                WHEN regexp_full_match(x, '{_SOUND_YEAR}[0-9]{{4}}') THEN eight_digits(x)
                WHEN regexp_full_match(x, '{_SOUND_YEAR}-[0-9]{{2}}-[0-9]{{2}}')
                THEN TRY_CAST(x AS DATE)
                WHEN x <> ''
                THEN list_transform(list_transform([plain_signs(x)], lambda s: CASE
                        WHEN regexp_full_match(s, '[0-9]{{8}}') THEN eight_digits(s)
                        WHEN regexp_full_match(s, '{WRITTEN_PATTERN}')
                        THEN on_weekday(TRY(make_date({", ".join(groups)})), {weekday})
                        WHEN regexp_full_match(s, '{STAMP_PATTERN}')
                        THEN eight_digits(left(s, 8)) END),
                    lambda d: sound_date(d))[1] END""",
        f"""CREATE OR REPLACE TEMP MACRO parse_serial(x, epoch) AS
            CASE WHEN regexp_full_match(x, '{SERIAL_PATTERN}')
                 THEN sound_date(epoch + floor(x::DOUBLE)::INTEGER) END""",
    ]


def format_pattern(format_text: str) -> str:
    r"""The regular expression of texts that are exactly of a strptime format.

    DuckDB, like Python, takes `%y%m%d` to fit `93101` as well; nobody can say what day that is.

    >>> format_pattern("%y%m%d")
    '[0-9]{2}[0-9]{2}[0-9]{2}'
    >>> format_pattern("%d.%m.%Y")
    '[0-9]{1,2}\\.[0-9]{1,2}\\.[0-9]{4}'
    """
    tokens = _TOKENS.findall(format_text)
    pieces = []
    for index, (directive, literal) in enumerate(tokens):
        if literal:
            pieces.append(re.escape(literal).replace("\\ ", " "))
        elif directive in _DIRECTIVES:
            pieces.append(_DIRECTIVES[directive])
        else:
            before = index > 0 and tokens[index - 1][0]
            after = index + 1 < len(tokens) and tokens[index + 1][0]
            pieces.append("[0-9]{2}" if before or after else "[0-9]{1,2}")
    return "".join(pieces)


def format_sql(text: str, format_text: str, century: int | None) -> str:
    """SQL that reads `text` in the feed's own format, and in no other.

    Args:
        text: SQL of the cell's text.
        format_text: strptime format of the feed.
        century: What is added to a two-digit year.
    """
    quoted = format_text.replace("'", "''")
    pattern = format_pattern(format_text).replace("'", "''")
    parsed = f"TRY(strptime({text}, '{quoted}')::DATE)"
    if century is not None:
        # The engine's own pivot for %y is 1969; the contract says the century, so the year is
        # made from its two digits and checked again (1900 had no 29 February).
        parsed = (
            f"TRY(make_date({int(century)} + (year({parsed}) % 100)::INTEGER,"
            f" month({parsed})::INTEGER, day({parsed})::INTEGER))"
        )
    return f"CASE WHEN regexp_full_match({text}, '{pattern}') THEN sound_date({parsed}) END"
