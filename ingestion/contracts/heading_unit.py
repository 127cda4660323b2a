"""Units that headings and notes of a sheet state: a figure in 万元 must never be taken for yuan."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_UNITS: Final = {
    "yuan": ("元", "圆", "人民币", "rmb", "cny", "¥"),
    "wan_yuan": ("万元", "万", "万圆", "w"),
    "percent": ("%", "百分比", "百分数", "百分之"),
    "other money": (
        *("角", "分", "百元", "千元", "千", "十万元", "百万元", "百万", "千万元", "千万", "亿元"),
        *("亿", "美元", "美金", "万美元", "港元", "万港元", "港币", "欧元", "日元", "英镑"),
        *("usd", "hkd", "eur", "jpy", "gbp", "$"),
    ),
    "other rate": ("‰", "千分比", "bp", "基点", "厘"),
    "count": ("笔", "户", "个", "人", "次", "家", "张", "件", "条", "岁"),
    "second": ("秒", "秒钟"),
    "minute": ("分钟",),
    "hour": ("小时", "钟头"),
    "day": ("天", "日", "日历日"),
    "month": ("月", "个月"),
    "year": ("年",),
}
# Units of time, and how they are written.
TIMES: Final = {
    unit: _UNITS[unit][0] for unit in ("second", "minute", "hour", "day", "month", "year")
}
_MEANING: Final = {text: unit for unit, texts in _UNITS.items() for text in texts}
_LONGEST_FIRST: Final = "|".join(
    re.escape(text) for text in sorted(_MEANING, key=lambda text: -len(text))
)
_MONEY: Final = sorted(
    (t for t, unit in _MEANING.items() if unit in ("yuan", "wan_yuan", "other money")),
    key=lambda text: -len(text),
)
_MONEY_UNITS: Final = "|".join(map(re.escape, _MONEY))
# 金额万元 as well: of all units these are the ones that are written without any sign between.
_BARE: Final = "|".join(text for text in _MONEY if text.endswith("元"))
_YUAN_MARK: Final = "(?:人民币|rmb|cny|¥)"
_BEFORE: Final = f"(?:单位[:为]?)?(?:{_YUAN_MARK}:?)?"
# 存款5000万元 is an amount.
_NO_AMOUNT: Final = "(?<![0-9.万千百亿十])"
_IN_HEADING: Final = re.compile(
    rf"(.+?)(?:[(\[{{【〔<]{_BEFORE}({_LONGEST_FIRST}){_YUAN_MARK}?(?:[,、;].{{1,10}})?[)\]}}】〕>]"
    rf"|[:/_,;\-]{_BEFORE}({_LONGEST_FIRST})|{_NO_AMOUNT}({_BARE}))"
)
# What names a currency and no size: 币种：人民币 stands beside 单位：万元.
_CURRENCIES: Final = frozenset({"人民币", "rmb", "cny", "¥"})
_NOTE_UNITS: Final = "|".join(re.escape(text) for text in _MONEY if text not in _CURRENCIES)
_FOREIGN: Final = "美元|美金|港元|港币|欧元|日元|英镑|usd|hkd|eur|jpy|gbp"
_ALL: Final = "(?:均|都|统一|一律)?"
_ENDS: Final = r"(?![\u4e00-\u9fffa-z])"
# 填报单位 is who reports, not what the figures are in.
_IN_NOTE: Final = re.compile(
    r"(?<!填报)(?<!报送)(?<!编制)(?<!制表)(?<!开户)(?<!工作)(?<!主管)(?:单位|\bunit)"
    rf" ?{_ALL}[:为是]? ?[(\[]?[户笔个人次家%、,/;和及 ]*"
    rf"{_YUAN_MARK}? ?({_NOTE_UNITS}){_YUAN_MARK}?{_ENDS}"
    rf"|[以按] ?{_YUAN_MARK}?({_NOTE_UNITS}) ?(?:为单位|计|列示|填列|填报)"
    rf"|(?:金额|数额|以上|上述) ?{_ALL}[:为是] ?{_YUAN_MARK}? ?({_NOTE_UNITS}){_ENDS}"
    rf"|币种 ?[:为是]? ?({_FOREIGN}){_ENDS}"
    rf"|^[(\[【]? ?(?:{_YUAN_MARK}:?)?(万元|千元|百万元|亿元)[、,/ %]*[)\]】]?$"
)
# 2025年1月流水统计表（万元）
_IN_TITLE: Final = re.compile(rf"[(\[【]{_BEFORE}({_BARE}|万|亿){_YUAN_MARK}?[、,/ %户笔]*[)\]】]")
_BRACKETS: Final = "()[]【】<> "
# Traditional forms; and quotes around a unit.
_SIMPLE: Final = str.maketrans("萬億單幣圓", "万亿单币圆")
_QUOTES: Final = str.maketrans("", "", "“”‘’\"'「」")


# The first rows of a sheet are asked about once for every column of the feed.
@lru_cache(maxsize=4096)
def split_unit(heading: str) -> tuple[str, str | None]:
    """A normalised heading without the unit it ends with, and what that unit is.

    >>> split_unit("余额(萬元)"), split_unit("余额/元"), split_unit("余额")
    (('余额', 'wan_yuan'), ('余额', 'yuan'), ('余额', None))
    """
    found = _IN_HEADING.fullmatch(heading.translate(_SIMPLE))
    if found is None:
        return heading, None
    return heading[: len(found[1])], _MEANING[found[2] or found[3] or found[4]]


def units_of_note(text: str) -> list[tuple[str, str]]:
    """The units of money that a note on a sheet states: each as written, and what it is.

    >>> units_of_note("币种：人民币 单位：万元"), units_of_note("填报单位：元宝支行")
    ([('万元', 'wan_yuan')], [])
    """
    found = [next(filter(None, hit.groups())) for hit in _IN_NOTE.finditer(_compared(text))]
    return [(written, _MEANING[written]) for written in found]


def unit_of_title(text: str) -> tuple[str, str] | None:
    """The unit of money in brackets in a title: as written, and what it is.

    >>> unit_of_title("1月流水（万元）"), unit_of_title("1月流水（城东）")
    (('万元', 'wan_yuan'), None)
    """
    found = _IN_TITLE.search(_compared(text))
    return (found[1], _MEANING[found[1]]) if found else None


def meaning_of(text: str) -> str | None:
    """What a text that is nothing but a unit means, brackets or not; None where it is none.

    >>> meaning_of("（万元）"), meaning_of("张三")
    ('wan_yuan', None)
    """
    return _MEANING.get(_compared(text).strip(_BRACKETS))


def states_size(text: str) -> bool:
    """Whether a unit of money says how large it is, not only of which currency.

    >>> states_size("元"), states_size("人民币")
    (True, False)
    """
    return _compared(text).strip(_BRACKETS) not in _CURRENCIES


def _compared(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_SIMPLE).translate(_QUOTES)
    return " ".join(folded.split())


def written_units(unit: str) -> tuple[str, ...]:
    """How a unit is written.

    >>> written_units("month")
    ('月', '个月')
    """
    return _UNITS[unit]


def states_money(unit: str) -> bool:
    """Whether a unit is one of money."""
    return unit in ("yuan", "wan_yuan", "other money")
