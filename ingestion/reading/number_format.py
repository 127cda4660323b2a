"""Number formats of a workbook: what a cell shows where that is not the number it holds.

A clerk reads what is shown, and so must the reader: 12 that shows as 0012 or KH-012, 3.5 that shows
as 3.50万元, 123,456.70 that shows as 12.3 because the format leaves digits out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

Kind = Literal["percent", "date", "time", "number"]

_PERCENT_FORMATS: Final = frozenset({9, 10})
# Date formats that a Chinese Excel has by number alone; readers of texts know them not.
_CHINESE_DATES: Final = frozenset({*range(27, 32), 36, *range(50, 55), 57, 58})
_TIMES: Final = frozenset({*range(18, 22), *range(32, 36), 55, 56})
# What a format code says beside its signs: its language, quoted words, escapes, morning or evening.
_UNSPOKEN: Final = re.compile(r"\[\$[^]]*\]|\"[^\"]*\"|[\\!].|AM/PM|上午/下午|;@", re.IGNORECASE)
_TIME_CODE: Final = re.compile(r"[h时:： ]*h[hms分秒:： ]*m[hms分秒:： ]*", re.IGNORECASE)
_TOKEN: Final = re.compile(
    r"\"(?P<quoted>[^\"]*)\"|[\\!](?P<escaped>.)|[_*].|\[\$(?P<currency>[^]-]*)(?:-[^]]*)?\]"
    r"|\[(?P<condition>[<>=]{1,2}-?[0-9]+(?:\.[0-9]+)?)\]|\[[^]]*\]|(?P<general>General|G/通用格式)|(?P<sign>.)",
    re.IGNORECASE | re.DOTALL,
)
_DIGITS: Final = frozenset("0#?")
# Signs of days and times, of fractions, powers of ten and texts: formats of these are not ours.
_NO_NUMBER: Final = re.compile(r"[ymdhsegb@/]", re.IGNORECASE)
# Yuan, signs and brackets say nothing that the number and its column do not say.
_PLAIN: Final = str.maketrans("", "", " \u3000\u00a0()（）+-¥￥.,")
_MOST_PIECES: Final = 60
# Sets a word that is one digit apart from a placeholder.
_NO_DIGIT: Final = "\u200b"


@dataclass(frozen=True)
class Section:
    """The part of a number format that counts for some numbers.

    Attributes:
        condition: Which numbers, like `>=10000`; None where their sign decides.
        pieces: Placeholders of digits, one by one, and the words between them.
        scale: What the number is divided by to be shown.
        is_whole: Whether the number is shown as one of digits only.
    """

    condition: str | None
    pieces: tuple[str, ...]
    scale: int = 1
    is_whole: bool = True

    @property
    def before(self) -> str:
        """Words in front of the number that may be a unit."""
        return "".join(self.pieces[: self._places[0]]).translate(_PLAIN)

    @property
    def after(self) -> str:
        """Words behind the number that may be a unit."""
        return "".join(self.pieces[self._places[-1] + 1 :]).translate(_PLAIN)

    @property
    def _places(self) -> list[int]:
        return [place for place, piece in enumerate(self.pieces) if piece in _DIGITS]

    @property
    def is_code(self) -> bool:
        """Whether a number is shown as a code: with leading zeros, or words among its digits."""
        words = [piece for piece in self.pieces if piece not in _DIGITS and piece.strip()]
        return self.is_whole and (bool(words) or self.pieces.count("0") > 1)

    def code(self, number: int) -> str:
        """How a whole number is shown as a code."""
        digits = list(str(abs(number)))
        shown: list[str] = []
        left = sum(piece in _DIGITS for piece in self.pieces)
        for piece in reversed(self.pieces):
            if piece not in _DIGITS:
                shown.append(piece)
                continue
            left -= 1
            if left == 0:
                shown += reversed(digits or (["0"] if piece == "0" else []))
            elif digits:
                shown.append(digits.pop())
            elif piece == "0":
                shown.append("0")
        return "".join(reversed(shown)).replace(_NO_DIGIT, "").strip()


@dataclass(frozen=True)
class NumberFormat:
    """How the cells of one style show a number.

    Attributes:
        kind: What they show: a percentage, a day, a time of day, or a number in a form of its own.
        sections: The parts of a number's format.
    """

    kind: Kind
    sections: tuple[Section, ...] = ()

    def section(self, number: Decimal) -> Section:
        """The part that counts for a number."""
        if any(section.condition for section in self.sections):
            for section in self.sections:
                if section.condition is None or _holds(section.condition, number):
                    return section
        place = 1 if number < 0 else 2 if number == 0 else 0
        return self.sections[place if place < len(self.sections) else 0]


def format_of(number: int, code: str) -> NumberFormat | None:
    r"""How a number format shows a number; None where it is the number, with or without grouping.

    Args:
        number: The format's number in the workbook.
        code: Its code, empty for the formats that every workbook has.

    >>> format_of(9, "").kind, format_of(0, "#,##0.00"), format_of(0, 'yyyy"年"m"月"')
    ('percent', None, None)
    """
    if number in _PERCENT_FORMATS or "%" in _UNSPOKEN.sub("", code):
        return NumberFormat("percent")
    if number in _CHINESE_DATES and not code:
        return NumberFormat("date")
    if number in _TIMES or _TIME_CODE.fullmatch(_UNSPOKEN.sub("", code)):
        return NumberFormat("time")
    sections = tuple(_sections(code))
    is_code = any(section.is_code for section in sections[:1])
    if is_code or any(s.scale != 1 or s.before or s.after for s in sections):
        return NumberFormat("number", sections)
    return None


def _sections(code: str) -> Iterator[Section]:
    """The parts of a code; none where it is not of a number."""
    parts: list[list[re.Match[str]]] = [[]]
    for found in _TOKEN.finditer(code):
        if found["sign"] == ";":
            parts.append([])
        else:
            parts[-1].append(found)
    # The fourth part is how texts are shown.
    numeric = parts[:3]
    if _NO_NUMBER.search("".join(found["sign"] or "" for part in numeric for found in part)):
        return
    for part in numeric:
        section = _section(part)
        if section is not None:
            yield section


def _section(part: list[re.Match[str]]) -> Section | None:
    condition: str | None = None
    pieces: list[str] = []
    commas, is_whole = 0, True
    for found in part:
        condition = found["condition"] or condition
        sign = found["sign"]
        if found["general"]:
            pieces.append("#")
        elif sign is None:
            pieces += _told(found["quoted"] or found["escaped"] or found["currency"] or "")
        elif sign in _DIGITS:
            # A comma in front of a digit groups; behind the last one it divides by a thousand.
            pieces.append(sign)
            commas = 0
        elif sign == ",":
            commas += 1
            is_whole = False
        elif sign == ".":
            is_whole = False
        else:
            pieces += _told(sign)
    if sum(piece in _DIGITS for piece in pieces) == 0 or len(pieces) > _MOST_PIECES:
        return None
    return Section(condition, tuple(pieces), 1000**commas * _moved(pieces), is_whole)


def _told(word: str) -> list[str]:
    """A word as pieces that no digit is taken for."""
    return [word + _NO_DIGIT if word in _DIGITS else word] if word else []


def _moved(pieces: list[str]) -> int:
    """What a point that is only a word, as in 0!.0, makes the number look smaller by."""
    point = next((n for n, piece in enumerate(pieces) if piece == "."), None)
    if point is None or not any(piece in _DIGITS for piece in pieces[:point]):
        return 1
    return int(10 ** sum(piece in _DIGITS for piece in pieces[point:]))


def _holds(condition: str, number: Decimal) -> bool:
    sign = condition.rstrip("-.0123456789")
    bound = Decimal(condition[len(sign) :])
    return {
        "<": number < bound, "<=": number <= bound, ">": number > bound, ">=": number >= bound,
        "=": number == bound, "<>": number != bound,
    }.get(sign, False)  # fmt: skip
