"""How headings and listed values are compared: the same way everywhere in the house."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SPACES = re.compile(r"\s+")
# What says that a column must be filled in, or need not be: a star at an end or before a unit, a
# word in brackets anywhere. A star inside a heading may be part of its name. Forms number their
# columns, too: 1. or 1、 or (1); in front of a digit the dot is part of a date or a figure.
_MARKS = re.compile(
    r"^[*★]+|[*★]+$|[*★]+(?=[(\[【〔])"
    r"|^[0-9]{1,2}[.、)](?![0-9])|^[(\[【〔][0-9]{1,2}[)\]】〕]"
    r"|[(\[【〔<]\*?(?:(?:非?必[填录输选]|选填|可选)项?|required|mandatory|optional)\*?[)\]】〕>]"
)

# Items that JR/T 0171-2020 puts into its highest class, C3 (authentication data).
_AUTHENTICATION_DATA = re.compile(
    r"密码|口令|磁道|磁条信息|卡片验证码|安全码|卡有效期|卡片有效期|银行卡有效期|指纹|虹膜|声纹|人脸|掌纹"
    r"|password|passwd|passcode|\bpin\b|\bcvv2?\b|\bcvn2?\b|\bcvc2?\b|track ?data|track ?[123]\b"
    r"|card ?expiry|fingerprint|biometric|iris ?(?:code|scan)|voice ?print|face ?(?:id|print)\b"
)


@lru_cache(maxsize=10_000)
def normalise_heading(text: str) -> str:
    r"""A heading without what only looks different: width, case, blanks, its number, its marks.

    >>> normalise_heading(" 意向存款（万 元）\n"), normalise_heading("2、*工号（必填）")
    ('意向存款(万元)', '工号')
    >>> normalise_heading("\ufeffAccount_ID")
    'account_id'
    """
    name = marked_heading(text)
    # What is nothing but a mark stays what it is, to be told as unknown.
    while (bare := _MARKS.sub("", name)) not in ("", name):
        name = bare
    return name


def marked_heading(text: str) -> str:
    """A heading as it is compared, with its number and the marks of what is required.

    >>> marked_heading("* 工 号（必填）")
    '*工号(必填)'
    """
    return _SPACES.sub("", _visible(text)).casefold()


def normalise_value(text: str) -> str:
    """A delivered text ready to be compared with a listed value: NFKC and trimmed.

    Inner blanks stay: "PREVOD NA UCET" is a value of its own. They are made single.

    >>> normalise_value("　Ａ级 ")
    'A级'
    """
    return _SPACES.sub(" ", _visible(text)).strip()


def is_authentication_data(heading: str) -> bool:
    """Whether a heading names data of class C3, which must never enter.

    >>> is_authentication_data("交易密码"), is_authentication_data("card_pin")
    (True, True)
    >>> is_authentication_data("spinning_class")
    False
    """
    words = _visible(heading).casefold().replace("_", " ")
    return bool(_AUTHENTICATION_DATA.search(words))


@lru_cache(maxsize=4096)
def _visible(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text)
    return "".join(sign for sign in folded if unicodedata.category(sign) != "Cf")
