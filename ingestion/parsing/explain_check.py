"""What a checked text fails in, or what was mended in it, in words its sender can act on."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from ingestion.parsing import identity
from ingestion.parsing.cell import Verdict
from ingestion.parsing.clock import DAY_PATTERN
from ingestion.parsing.date import EARLIEST
from ingestion.parsing.text import NOTHING_PATTERN, SCIENTIFIC_PATTERN, identifier_forms
from ingestion.sentence import Sentence, shown

# Blanks, dashes, Excel's apostrophe and marks without width, which stand in a number for nothing.
_BETWEEN = re.compile(r"[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff\u2010-\u2015'`’‘-]+")
_HAS_LOST_SIGN = re.compile("[\ufffd?？]")
Problem = tuple[str, str]
SAYS_NOTHING: Final[Problem] = (
    "是空值或公式错误的写法，不是实际内容；请填写实际内容后重新报送。",
    "is how programs write an empty value or an error; write what is meant.",
)


def number_form(text: str) -> str:
    """`text` half-width, without blanks, dashes and marks: the SQL macro's answer for one cell.

    >>> number_form("110105 1949-1231　００２X")
    '11010519491231002X'
    """
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", text))


def explain_failed(raw: str, check: Verdict, today: dt.date) -> Sentence:
    """Why `raw` cannot be what its check wants.

    Args:
        raw: The text as delivered.
        check: The verdict that is called as the check is.
        today: Business date of the delivery.
    """
    zh, en = _PROBLEMS[check](raw, today)
    quoted = shown(raw.strip())
    return Sentence(f"“{quoted}”{zh}", f"{quoted!r} {en}")


def explain_kept(raw: str, check: Verdict, today: dt.date) -> tuple[str, Sentence]:
    """Code and reason of a value that fails its check and was loaded as delivered."""
    failed = explain_failed(raw, check, today)
    return (
        f"kept_{check.name.lower()}",
        Sentence(
            f"{failed.zh}该值已按原样入库，请核实后更正。",
            f"{failed.en} It was loaded as delivered; verify and correct it.",
        ),
    )


@lru_cache(maxsize=4096)
def explain_mended(raw: str, value: str, check: Verdict) -> tuple[str, Sentence]:
    """Code and reason of a value that was loaded otherwise than delivered."""
    old, new = shown(raw.strip()), shown(value)
    form = number_form(raw)
    if check is Verdict.RESIDENT_ID and len(form) == _OLD_LENGTH:
        return "old_form", Sentence(
            f"15 位旧身份证号“{old}”已按国家标准补足为 18 位“{new}”。",
            f"The old number of 15 digits, {old!r}, was completed to {new!r} as the standard says.",
        )
    if check is Verdict.CLOCK_TIME:
        return "written_form", Sentence(
            f"时间“{old}”已统一写法为 24 小时制“{new}”。",
            f"The time {old!r} was written as {new!r}, of 24 hours.",
        )
    if check is Verdict.UNREADABLE and (unseen := _unseen(raw.strip(), value)):
        return "written_form", Sentence(
            f"“{new}”中夹有 {unseen} 个不可见的字符（如零宽空格），已去除。",
            f"{new!r} held {unseen} invisible signs (such as a zero-width space); they were taken"
            " out.",
        )
    if check is Verdict.CURRENCY:
        return "written_form", Sentence(
            f"币种“{old}”已统一写为代码“{new}”。",
            f"The currency {old!r} was written as its code, {new!r}.",
        )
    digits = check not in (Verdict.NAME, Verdict.UNREADABLE)
    # A small l was taken for an L only if no 1 fits; that is a reading, not a way of writing.
    is_form = value in (form, form.upper()) and not (check is Verdict.CREDIT_CODE and "l" in form)
    if digits and check is not Verdict.LANDLINE and not is_form and _plain_mobile(form) != value:
        return "repaired", Sentence(
            f"“{old}”中的字母与数字混淆（如 O 与 0、l 与 1），"
            f"只有“{new}”符合校验规则，已据此修正。",
            f"{old!r} confuses letters and digits (O and 0, l and 1); only {new!r} passes the"
            " check, so that was loaded.",
        )
    return "written_form", Sentence(
        f"“{old}”已统一写法为“{new}”（全角、空格、分隔符等），内容未变。",
        f"{old!r} was written as {new!r} (width, blanks, separators); it says the same.",
    )


def _unseen(text: str, value: str) -> int:
    """How many signs without width `text` holds, where nothing else sets it apart from `value`."""
    seen = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    return len(text) - len(seen) if seen == value else 0


def _plain_mobile(form: str) -> str:
    """A mobile number in plain figures without, or a foreign one with, what stands before it."""
    bare = re.sub("[().]", "", form)
    abroad = re.fullmatch(r"(?:\+|00)((?!86)[1-9][0-9]+)", bare)
    return f"+{abroad[1]}" if abroad else re.sub(r"^(?:(?:\+|00)?86|0)(?=1)", "", bare)


_OLD_LENGTH: Final = 15
_FULL_LENGTH: Final = 18


def _resident(text: str, today: dt.date) -> Problem:
    if re.fullmatch(SCIENTIFIC_PATTERN, text.strip()):
        return (
            "已被电子表格转为科学计数法，原身份证号已丢失，请从源系统重新取数。",
            "was turned into scientific notation by a spreadsheet; take the number from its"
            " source again.",
        )
    form = number_form(text).upper()
    if len(form) == _OLD_LENGTH and form.isdecimal():
        return _old_resident(form)
    if len(form) != _FULL_LENGTH:
        return (
            f"有 {len(form)} 位，身份证号应为 18 位，请核对是否漏填或多填。",
            f"has {len(form)} characters where a resident id has 18; look for one too few or"
            " too many.",
        )
    for place, sign in enumerate(form[:17], 1):
        if not "0" <= sign <= "9":
            return (
                f"第 {place} 位“{sign}”应为数字。",
                f"has {sign!r} at place {place}, where a digit must stand.",
            )
    if not re.fullmatch(identity.RESIDENT_PATTERN, form[:17] + "0"):
        return (
            f"开头的“{form[:2]}”不是省级行政区划代码，请核对前 6 位。",
            f"begins with {form[:2]}, which is no province of China; check its first six digits.",
        )
    if problem := _birth(form[6:14], today):
        return problem
    total = sum(int(d) * w for d, w in zip(form[:17], identity.RESIDENT_WEIGHTS, strict=True))
    return _check_sign(identity.RESIDENT_CHECKS[total % 11], form[-1])


def _old_resident(form: str) -> Problem:
    if re.fullmatch("99[6-9]", form[-3:]):
        return (
            "是 15 位旧号，顺序码表示百岁老人，出生世纪无法确定，请提供 18 位号码。",
            "is an old number of somebody born before 1900 or after; only the number of 18 digits"
            " can tell.",
        )
    return (
        "是 15 位旧号，其地区或出生日期不成立，请核对，或提供 18 位号码。",
        "is an old number whose province or date of birth is impossible; check it, or deliver the"
        " number of 18 digits.",
    )


def _birth(digits: str, today: dt.date) -> Problem | None:
    written = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
    try:
        born = dt.date.fromisoformat(written)
    except ValueError:
        return (
            f"第 7 至 14 位的出生日期 {written} 不存在。",
            f"tells {written} as the date of birth (places 7 to 14), and there is no such day.",
        )
    if born > today:
        return (
            f"第 7 至 14 位的出生日期 {written} 晚于业务日期 {today}。",
            f"tells {written} as the date of birth, later than the business date {today}.",
        )
    if born < EARLIEST:
        return (
            f"第 7 至 14 位的出生日期 {written} 早于 {EARLIEST}。",
            f"tells {written} as the date of birth, earlier than {EARLIEST}.",
        )
    return None


def _check_sign(expected: str, found: str) -> Problem:
    return (
        f"末位校验码应为 {expected}，实为 {found}：其中某一位填错，"
        "无法判断是哪一位，请对照证件核对。",
        f"should end in the check digit {expected}, not {found}: a digit is wrong, and nobody can"
        " tell from here which; compare it with the document.",
    )


def _credit(text: str, today: dt.date) -> Problem:  # noqa: ARG001 - all checks are asked alike
    form = number_form(text).upper()
    if len(form) != _FULL_LENGTH:
        return (
            f"有 {len(form)} 位，统一社会信用代码应为 18 位，请核对。",
            f"has {len(form)} characters where a unified social credit code has 18.",
        )
    for place, sign in enumerate(form, 1):
        if sign not in identity.CREDIT_ALPHABET:
            return (
                f"第 {place} 位“{sign}”不可能出现在统一社会信用代码中（不用字母 I、O、S、V、Z）。",
                f"has {sign!r} at place {place}, which no credit code holds (the letters I, O, S,"
                " V and Z are not used).",
            )
    if not re.fullmatch(identity.CREDIT_PATTERN, form):
        return (
            f"第 3 至 8 位“{form[2:8]}”应为 6 位数字的行政区划代码。",
            f"has {form[2:8]!r} at places 3 to 8, where the six digits of a district must stand.",
        )
    values = [identity.CREDIT_ALPHABET.index(sign) for sign in form[:17]]
    total = sum(v * w for v, w in zip(values, identity.CREDIT_WEIGHTS, strict=True))
    expected = identity.CREDIT_ALPHABET[-total % 31]
    if expected != form[-1]:
        return _check_sign(expected, form[-1])
    letters = [identity.ORGANISATION_ALPHABET.index(sign) for sign in form[8:16]]
    total = sum(v * w for v, w in zip(letters, identity.ORGANISATION_WEIGHTS, strict=True))
    own = identity.ORGANISATION_CHECKS[-total % 11]
    return (
        f"第 9 至 17 位的组织机构代码校验码应为 {own}，实为 {form[16]}，请对照证照核对。",
        f"holds an organisation code (places 9 to 17) that should end in {own}, not {form[16]};"
        " compare it with the licence.",
    )


def _card(text: str, today: dt.date) -> Problem:  # noqa: ARG001 - all checks are asked alike
    form = number_form(text)
    if not re.fullmatch("[0-9]{16,19}", form):
        return (
            f"不是 16 至 19 位数字的银行卡号（现有 {len(form)} 位）。",
            f"is no card number of 16 to 19 digits (it has {len(form)} characters).",
        )
    body = [int(digit) for digit in reversed(form[:-1])]
    total = sum(d if n % 2 else d * 2 - 9 * (d > 4) for n, d in enumerate(body))
    return _check_sign(str(-total % 10), form[-1])


def _mobile(text: str, today: dt.date) -> Problem:  # noqa: ARG001 - all checks are asked alike
    form = re.sub("[().]", "", number_form(text))
    if re.search(r"[/、,，;；]", text):
        return "填了不止一个号码，请只填一个手机号。", "holds more than one number; give one."
    if re.fullmatch(r"0[1-9][0-9]{8,10}|[2-8][0-9]{6,7}", form):
        return (
            "是固定电话号码，本列应填手机号（11 位，以 1 开头）。",
            "is a landline number; this column takes a mobile number (11 digits, the first is 1).",
        )
    # Of 11 signs their number is not what is wrong.
    told = (
        ("", "") if len(form) == 11 else (f"，现有 {len(form)} 位", f", this one has {len(form)}")
    )
    return (
        f"不是有效手机号：应为 11 位、以 13 至 19 开头的数字{told[0]}；"
        "境外号码请以 + 和国家代码开头。",
        f"is no mobile number: that has 11 digits and begins with 13 to 19{told[1]};"
        " write a foreign number with + and its country.",
    )


def _landline(text: str, today: dt.date) -> Problem:  # noqa: ARG001 - all checks are asked alike
    return (
        "不是有效固定电话，请连同区号填写，如 0351-5321234。",
        "is no landline number; write it with its area code, like 0351-5321234.",
    )


def says_nothing(text: str) -> bool:
    """Whether a text is what programs write where there is nothing, or an error."""
    return any(re.fullmatch(NOTHING_PATTERN, form) for form in identifier_forms(text.strip()))


def _name(text: str, today: dt.date) -> Problem:  # noqa: ARG001 - all checks are asked alike
    if says_nothing(text):
        return SAYS_NOTHING
    if _HAS_LOST_SIGN.search(text):
        return (
            "中有未能识别的字（显示为 ? 或 �），应是系统转码时丢失，请核对原名。",
            "holds a sign that was lost on the way (shown as ? or �); look up the name.",
        )
    return (
        "含有自造字（用户自定义区字符），在其他系统中会显示为别的字，请改用标准汉字。",
        "holds a private-use character, which other systems show as something else; use the"
        " standard character.",
    )


def named_day(text: str) -> dt.date | None:
    """The day of the calendar that a text written like a date names, if there is one."""
    year, month, day = re.findall(r"^([0-9]{4})[^0-9]*([0-9]{1,2})[^0-9]*([0-9]{1,2})", text)[0]
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None


def _clock(text: str, today: dt.date) -> Problem:  # noqa: ARG001 - all checks are asked alike
    form = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    # A blank behind it, for a day that stands alone.
    if found := re.match(DAY_PATTERN, f"{form} "):
        if named_day(found[0]) is None:
            return (
                "中的日期不存在，请核对日期和时间。",
                "tells a day that does not exist; check the day and the time.",
            )
        return (
            "是日期，没有可用的时间，请填写如 14:30 的时间。",
            "is a day without a time that can be read; write the time, like 14:30.",
        )
    if re.match("24 ?[:时點点]", form) or form in ("2400", "240000"):
        return (
            "中的 24 点可能指当日，也可能指次日，请填写 00:00 至 23:59 的时间。",
            "says 24 o'clock, which may be this day or the next; write a time from 00:00 to 23:59.",
        )
    if re.fullmatch("[0-9]{3}|[0-9]{5}", form):
        return (
            "是丢失前导零的数字，可能有两种读法，请填写如 09:30 的时间。",
            "is a number that lost its leading zeros and can be read in two ways; write it like"
            " 09:30.",
        )
    if re.match("(?:上午|早上|早晨|清晨|晚上|凌晨) ?12", form):
        return (
            "可能指中午，也可能指午夜，请按 24 小时制填写如 12:30 或 00:30。",
            "may mean noon or midnight; write it in 24 hours, like 12:30 or 00:30.",
        )
    return (
        "不是有效时间，请按 24 小时制填写如 14:30 的时间。",
        "is no clock time; write it in 24 hours, like 14:30.",
    )


def _currency(text: str, today: dt.date) -> Problem:  # noqa: ARG001 - all checks are asked alike
    return (
        "不是币种代码，请填写三位字母代码，如 CNY、USD。",
        "is no currency; write its three letters, like CNY or USD.",
    )


_PROBLEMS: Final[dict[Verdict, Callable[[str, dt.date], Problem]]] = {
    Verdict.RESIDENT_ID: _resident,
    Verdict.CREDIT_CODE: _credit,
    Verdict.BANK_CARD: _card,
    Verdict.MOBILE: _mobile,
    Verdict.LANDLINE: _landline,
    Verdict.NAME: _name,
    Verdict.CLOCK_TIME: _clock,
    Verdict.CURRENCY: _currency,
}
CHECK_VERDICTS: Final = frozenset(_PROBLEMS)
