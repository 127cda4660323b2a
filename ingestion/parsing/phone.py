"""Telephone numbers: mobiles as 11 digits, foreign ones with +, landlines with their area code."""

from __future__ import annotations

from typing import Final

MOBILE_PATTERN: Final = "1[3-9][0-9]{9}"
# In front of a mobile: the country, or the 0 that was once dialled for one from another place.
_AT_HOME: Final = rf"^(?:(?:\+|00)?86|0)?({MOBILE_PATTERN})$"
# E.164: country and number have 15 digits at most. 86 is home, where the rule above holds.
_ABROAD: Final = r"^(?:\+|00)((?:[1-79]|8[0-57-9])[0-9]{6,14})$"
_AREA: Final = "10|2[0-9]|[3-9][0-9]{2}"
_LANDLINE: Final = (
    rf"^(?:(?:(?:\+|00)86-?)?\(?0|(?:\+|00)86-?\(?)({_AREA})\)?-?([2-8][0-9]{{6,7}})"
    r"(?:(?:-|转|转分机|ext\.?|x)([0-9]{1,6}))?$"
)
_SERVICE: Final = "^([48]00)-?([0-9]{3})-?([0-9]{4})$"


def macros() -> list[str]:
    """The SQL macros `parse_mobile(x, day)` and `parse_landline(x, day)`."""
    plain = r"translate(regexp_replace(number_form(x), '[().]', '', 'g'), 'OoIl|', '00111')"
    dashed = r"regexp_replace(regexp_replace(narrow(x), '\s+', '', 'g'), '[—–－]', '-', 'g')"
    found = "list_value({})[1]"
    return [
        f"""CREATE OR REPLACE TEMP MACRO mobile_of(s) AS
            CASE WHEN regexp_matches(s, '{_AT_HOME}') THEN regexp_extract(s, '{_AT_HOME}', 1)
                 WHEN regexp_matches(s, '{_ABROAD}')
                 THEN '+' || regexp_extract(s, '{_ABROAD}', 1) END""",
        f"""CREATE OR REPLACE TEMP MACRO parse_mobile(x, day) AS
            CASE WHEN regexp_full_match(x, '{MOBILE_PATTERN}') THEN x
                 ELSE mobile_of({found.format(plain)}) END""",
        f"""CREATE OR REPLACE TEMP MACRO landline_of(s) AS
            CASE WHEN regexp_matches(s, '{_LANDLINE}')
                 THEN '0' || regexp_extract(s, '{_LANDLINE}', 1) || '-'
                      || regexp_extract(s, '{_LANDLINE}', 2)
                      || CASE WHEN regexp_extract(s, '{_LANDLINE}', 3) <> ''
                              THEN '-' || regexp_extract(s, '{_LANDLINE}', 3) ELSE '' END
                 WHEN regexp_matches(s, '{_SERVICE}') THEN replace(s, '-', '') END""",
        f"""CREATE OR REPLACE TEMP MACRO parse_landline(x, day) AS
            landline_of({dashed})""",
    ]
