"""Amounts in Chinese figures, as on a voucher: 人民币叁万零伍拾元整."""

from __future__ import annotations

from typing import Final

FIGURES: Final = (
    "零〇壹一贰二两貳弍叁三參叄肆四伍五陆六陸柒七捌八玖九拾十佰百仟千万萬亿億元圆圓角分整正"
)
# Figures that no amount in plain digits and 万 or 亿 holds.
BELOW_WAN: Final = FIGURES.partition("万")[0]
# One sign each, which the engine compiles far faster than signs of three bytes: digits,
# then Shi, Bai, Qian, Wan, Yi, yUan, Jiao, Fen and the end mark Z.
_PLAIN: Final = "00112222233334455666778899SSBBQQWWYYUUUJFZZ"

# Strict: where a place is skipped a 零 must say so. 三万五元 is 35,000 to one and 30,005 to
# another, so it is refused; before 仟 a 零 may stand or not, as the rules of vouchers have it.
_TENS: Final = "[1-9]S[1-9]?"
_HUNDREDS: Final = f"[1-9]B(?:{_TENS}|0[1-9])?"
_THOUSANDS: Final = f"[1-9]Q(?:{_HUNDREDS}|0{_TENS}|0[1-9])?"
_FIRST: Final = f"(?:{_THOUSANDS}|{_HUNDREDS}|[1-9]?S[1-9]?|[1-9])"
_AFTER_ZERO: Final = f"0(?:{_THOUSANDS}|{_HUNDREDS}|{_TENS}|[1-9])"
_NEXT: Final = f"(?:{_THOUSANDS}|{_AFTER_ZERO})"
_WHOLE: Final = (
    f"(?:{_FIRST}Y(?:{_NEXT}W(?:{_NEXT})?|{_AFTER_ZERO})?|{_FIRST}W(?:{_NEXT})?|{_FIRST})"
)
_PARTS: Final = "(?:0?[1-9]J(?:[1-9]F|0F)?|0[1-9]F)"
CAPITAL_PATTERN: Final = (
    f"(?:人民币:?)?(?:{_WHOLE}U{_PARTS}?Z?|0UZ?|(?:[1-9]J(?:[1-9]F)?|[1-9]F)Z?)"
)


def macros() -> list[str]:
    """The SQL macros `capital_form(s)` and `capital_amount(s)`, yuan of a text in that form."""
    return [
        # What holds letters or digits of its own is no amount in Chinese figures.
        f"""CREATE OR REPLACE TEMP MACRO capital_form(s) AS
            CASE WHEN NOT regexp_matches(s, '[0-9A-Z]')
                 THEN translate(s, '{FIGURES}', '{_PLAIN}') END""",
        """CREATE OR REPLACE TEMP MACRO capital_digit(c) AS
            coalesce(TRY_CAST(c AS TINYINT), 0)::BIGINT""",
        # A ten without a figure in front of it is one ten.
        """CREATE OR REPLACE TEMP MACRO capital_section(t) AS
            list_reduce(
                list_transform(['(.)Q', '(.)B', '(.)S', '(.)$'],
                    lambda place: capital_digit(regexp_extract(t, place, 1))),
                lambda a, b: a * 10 + b) + CASE WHEN starts_with(t, 'S') THEN 10 ELSE 0 END""",
        # Lists, because each macro is written out wherever it is used, in every column of money.
        """CREATE OR REPLACE TEMP MACRO capital_amount(s) AS
            (list_reduce(
                list_transform(['([^币:]*)Y', '([^币:Y]*)W', '([^币:YW]*)U'],
                    lambda part: list_transform([regexp_extract(s, part, 1)],
                        lambda t: capital_section(t))[1]),
                lambda a, b: a * 10000 + b) * 100
             + 10 * capital_digit(regexp_extract(s, '(.)J', 1))
             + capital_digit(regexp_extract(s, '(.)F', 1)))::DECIMAL(16,0) * 0.01::DECIMAL(3,2)""",
    ]
