"""Amounts in Chinese capitals (人民币大写), as vouchers and lists of rewards bear them."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

_DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
_PLACES: Final = ("仟", "佰", "拾", "")
_SECTIONS: Final = ("亿", "万", "")
# A figure above 仟 in 亿 would need 万亿, which no list of ours comes near.
_LIMIT: Final = Decimal(10) ** 12


def _section(number: int) -> str:
    """Four digits in words, a single 零 for each run of them that is left out inside."""
    text, is_skipping = "", False
    for digit, place in zip(f"{number:04d}", _PLACES, strict=True):
        if digit == "0":
            is_skipping = bool(text)
            continue
        text += ("零" if is_skipping else "") + _DIGITS[int(digit)] + place
        is_skipping = False
    return text


def _yuan(number: int) -> str:
    """Whole yuan in words; nothing for 0."""
    text, is_skipping = "", False
    for power, unit in zip((8, 4, 0), _SECTIONS, strict=True):
        part = number // 10**power % 10_000
        if not part:
            is_skipping = bool(text)
            continue
        # A place left out before this section's first figure is said once.
        is_skipping = bool(text) and (is_skipping or part < 1000)
        text += ("零" if is_skipping else "") + _section(part) + unit
        is_skipping = False
    return text


def capital_amount(amount: Decimal) -> str:
    """An amount in yuan in Chinese capitals, by the rules for vouchers (支付结算办法, annex 1).

    Args:
        amount: Yuan, not below nothing, in whole fen. Who writes a fine hands in its size.

    Raises:
        ValueError: If it is below nothing, finer than a fen, or 10^12 yuan or more.

    >>> capital_amount(Decimal("500.00"))
    '伍佰元整'
    >>> capital_amount(Decimal("1680.32"))
    '壹仟陆佰捌拾元零叁角贰分'
    """
    fen = amount * 100
    if amount < 0 or amount >= _LIMIT or fen != fen.to_integral_value():
        raise ValueError(
            f"{amount} cannot be written in capitals: it must be 0 or more, whole fen, below 10^12."
        )
    yuan, rest = divmod(int(fen), 100)
    jiao, odd_fen = divmod(rest, 10)
    if not fen:
        return "零元整"
    text = _yuan(yuan) + "元" if yuan else ""
    # 零 stands for a place left out: the yuan's before 角, the 角 itself before 分.
    if text and rest and (not jiao or yuan % 10 == 0):
        text += "零"
    text += _DIGITS[jiao] + "角" if jiao else ""
    return text + (_DIGITS[odd_fen] + "分" if odd_fen else "整")
