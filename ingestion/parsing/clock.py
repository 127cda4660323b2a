"""Clock times as text: the written forms of systems and clerks become HH:MM or HH:MM:SS."""

from __future__ import annotations

from typing import Final

# What the lake holds; nearly every time of an extract is written so already.
PLAIN_PATTERN: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"

_HOUR: Final = "(?:[01]?[0-9]|2[0-3])"
_SIXTY: Final = "[0-5][0-9]"
_MORNING: Final = "上午|早上|早晨|清晨"
_AFTERNOON: Final = "下午|傍晚"
_WORDS: Final = f"凌晨|中午|晚上|{_MORNING}|{_AFTERNOON}|am|pm"
_MONTH: Final = "(?:0?[1-9]|1[0-2])"
_DAY_OF_MONTH: Final = "(?:0?[1-9]|[12][0-9]|3[01])"
# A day before the time says nothing about the time; what of a day is midnight is the day alone.
DAY_PATTERN: Final = "(?:(?:19|20)[0-9]{2}(?:" + "|".join(
    (
        f"-{_MONTH}-{_DAY_OF_MONTH}[ t]",
        f"/{_MONTH}/{_DAY_OF_MONTH} ",
        f"年{_MONTH}月{_DAY_OF_MONTH}[日号] ?",
        "(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[ t]?",
    )
) + "))"  # fmt: skip
_FORMS: Final = (
    rf"(?:(?:{_WORDS}) ?)?{_HOUR} ?: ?{_SIXTY}"
    rf"(?: ?: ?{_SIXTY}(?:\.[0-9]{{1,9}})?)?(?: ?(?:am|pm))?",
    rf"(?:(?:{_WORDS}) ?)?{_HOUR} ?[时時点點]"
    rf"(?:整|钟| ?半| ?{_SIXTY}| ?[0-5]?[0-9] ?分(?: ?[0-5]?[0-9] ?秒)?)?",
    # Mainframes part by points. Of only two parts that would be a decimal number as well.
    rf"(?:[01][0-9]|2[0-3])\.{_SIXTY}\.{_SIXTY}",
    # Five digits, or three, have lost a zero, and with it what they mean.
    f"(?:[01][0-9]|2[0-3]){_SIXTY}(?:{_SIXTY})?",
)
WRITTEN_PATTERN: Final = f"{DAY_PATTERN}?(?:{'|'.join(_FORMS)})"


def macros() -> list[str]:
    """The SQL macro `parse_clock_time(x, day)` and its steps.

    Twelve o'clock in the morning or at night may be noon or midnight: neither is taken. Nor is the
    time of a day that does not exist.
    """
    bare = f"regexp_replace(s, '^{DAY_PATTERN}', '')"
    digits = rf"regexp_replace({bare}, '^([0-9]{{2}})([0-9]{{2}})([0-9]{{2}})?$', '\1:\2:\3')"
    # What is asked more than once is named by a lambda, or the engine would work it out anew.
    steps = f"""{{'words': regexp_extract_all(s, '{_WORDS}'),
                 'parts': regexp_extract_all({digits}, '[0-9]+'),
                 'is_half': contains(s, '半'),
                 'day': rtrim(regexp_extract(s, '^{DAY_PATTERN}'), ' t')}}"""
    return [
        f"""CREATE OR REPLACE TEMP MACRO clock_hour(words, h) AS
            CASE WHEN len(words) = 0 THEN h
                 WHEN len(words) > 1 THEN NULL
                 WHEN words[1] = 'am' THEN CASE WHEN h BETWEEN 1 AND 12 THEN h % 12 END
                 WHEN words[1] = '凌晨' THEN CASE WHEN h <= 6 THEN h END
                 WHEN words[1] = '中午' THEN CASE WHEN h IN (11, 12) THEN h WHEN h = 1 THEN 13 END
                 WHEN words[1] = '晚上'
                 THEN CASE WHEN h BETWEEN 5 AND 11 THEN h + 12 WHEN h >= 17 THEN h END
                 WHEN regexp_full_match(words[1], '{_MORNING}')
                 THEN CASE WHEN h BETWEEN 1 AND 11 THEN h END
                 WHEN h BETWEEN 1 AND 11 THEN h + 12
                 WHEN h >= 12 THEN h END""",
        """CREATE OR REPLACE TEMP MACRO clock_text(t) AS
            printf('%02d:%02d', clock_hour(t.words, t.parts[1]::INTEGER),
                   CASE WHEN t.is_half THEN 30 ELSE coalesce(t.parts[2]::INTEGER, 0) END)
            || CASE WHEN t.parts[3] IS NULL THEN ''
                    ELSE printf(':%02d', t.parts[3]::INTEGER) END""",
        f"""CREATE OR REPLACE TEMP MACRO written_clock_time(x) AS
            list_transform([replace(lower(listed_form(x)), '∶', ':')], lambda s:
                CASE WHEN regexp_full_match(s, '{WRITTEN_PATTERN}')
                     THEN list_transform([{steps}], lambda t:
                          CASE WHEN t.day = '' THEN clock_text(t)
                               WHEN parse_date(t.day) IS NOT NULL
                               THEN nullif(nullif(clock_text(t), '00:00'), '00:00:00')
                               END)[1] END)[1]""",
        f"""CREATE OR REPLACE TEMP MACRO parse_clock_time(x, day) AS
            CASE WHEN regexp_full_match(x, '{PLAIN_PATTERN}') THEN x
                 WHEN x <> '' THEN written_clock_time(x) END""",
    ]
