"""Why one cell was refused, in words its sender can act on."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from ingestion.contracts import Column
from ingestion.parsing.capital import BELOW_WAN
from ingestion.parsing.cell import Verdict
from ingestion.parsing.code import accepted_texts
from ingestion.parsing.date import EARLIEST, WEEKDAYS, WRITTEN_PATTERN
from ingestion.parsing.explain_check import (
    CHECK_VERDICTS,
    SAYS_NOTHING,
    explain_failed,
    named_day,
    says_nothing,
)
from ingestion.parsing.signs import plain_signs
from ingestion.parsing.text import (
    DITTO_PATTERN,
    LOST_FIGURE_PATTERN,
    SCIENTIFIC_PATTERN,
    has_control_character,
    identifier_forms,
)
from ingestion.sentence import Sentence, shown

_MANY_CODES = 12
_NOTHING_MARKS = frozenset(
    {"-", "--", "—", "——", "–", "/", "无", "N/A", "NA", "n/a", "null", "NULL"}
)


def explain(
    column: Column, raw: str | None, verdict: Verdict, today: dt.date = dt.date.max
) -> Sentence:
    """The reason why `raw` is refused as a value of `column`.

    Args:
        column: The column.
        raw: The text as delivered.
        verdict: What the parser found.
        today: Business date of the delivery.
    """
    if verdict is Verdict.MISSING:
        return Sentence(
            f"“{column.heading}”为必填项，此处为空，请补填。",
            f"{column.heading} must be filled in, but the cell is empty.",
        )
    text = (raw or "").strip()
    quoted = shown(text)
    if column.type == "date" and verdict in (Verdict.BELOW, Verdict.ABOVE):
        return _out_of_days(column, quoted, verdict)
    if verdict is Verdict.BELOW:
        least = _bound(column, column.min)
        return Sentence(
            f"“{quoted}”小于允许的最小值 {least}。", f"{quoted!r} is below the minimum, {least}."
        )
    if verdict is Verdict.ABOVE:
        most = _bound(column, column.max)
        is_fraction = column.type == "rate" and column.unit is None
        return Sentence(
            f"“{quoted}”大于允许的最大值 {most}"
            + ("；如为百分数，请带 % 号填写。" if is_fraction else "。"),
            f"{quoted!r} is above the maximum, {most}"
            + ("; write a percentage with its % sign." if is_fraction else "."),
        )
    if verdict is Verdict.PATTERN:
        example = f"如“{shown(column.example)}”" if column.example else ""
        like = f", like {shown(column.example)!r}" if column.example else ""
        meaning = (column.description_zh or column.heading).rstrip("。")
        return Sentence(
            f"“{quoted}”不符合“{column.heading}”规定的写法，应填写{example}（{meaning}）。",
            f"{quoted!r} is not written the way {column.heading} must be{like}:"
            f" {column.description.rstrip('.')}.",
        )
    if verdict in CHECK_VERDICTS and not has_control_character(text):
        return explain_failed(text, verdict, today)
    zh, en = _unreadable(column, text)
    return Sentence(f"“{quoted}”{zh}", f"{quoted!r} {en}")


def _out_of_days(column: Column, quoted: str, verdict: Verdict) -> Sentence:
    """A date that this delivery cannot hold: mistyped, most likely in its year."""
    if verdict is Verdict.BELOW:
        return Sentence(
            f"“{quoted}”早于本次报送允许的最早日期 {column.min}，请核对年份。",
            f"{quoted!r} is before {column.min}, the earliest day this delivery may speak of;"
            " check the year.",
        )
    return Sentence(
        f"“{quoted}”晚于本次报送允许的最晚日期 {column.max}，请核对日期。",
        f"{quoted!r} is after {column.max}, the latest day this delivery may speak of; check the"
        " date.",
    )


def _bound(column: Column, bound: object) -> str:
    if column.type == "rate" and column.unit == "percent" and isinstance(bound, Decimal):
        return f"{(bound * 100).normalize():f}%"
    if column.unit == "wan_yuan" and isinstance(bound, Decimal):
        return f"{(bound / 10_000).normalize():f}万元"
    return f"{bound.normalize():f}" if isinstance(bound, Decimal) else str(bound)


def _unreadable(column: Column, text: str) -> tuple[str, str]:
    if column.type in ("code", "boolean"):
        return _code(column)
    if text in _NOTHING_MARKS and column.type != "text":
        return (
            "不是有效内容；没有数据时请留空。",
            "is no value; leave the cell empty where there is nothing to say.",
        )
    if column.type == "money":
        return _money(column, plain_signs(text))
    if column.type == "date":
        return _date(column, plain_signs(text))
    if column.type == "rate":
        return _rate(column)
    if column.type == "integer":
        return "不是整数，请填写如 12 的整数。", "is no whole number; write it like 12."
    if column.type == "text":
        return _text(text)
    return "不是有效的数字。", "is no number that can be read without guessing."


def _code(column: Column) -> tuple[str, str]:
    texts = accepted_texts(column)
    listed = "、".join(texts[:_MANY_CODES]) + ("等" if len(texts) > _MANY_CODES else "")
    english = ", ".join(texts[:_MANY_CODES]) + (", ..." if len(texts) > _MANY_CODES else "")
    return f"不在允许的取值之内，可填：{listed}。", f"is not one of the listed values: {english}."


def _money(column: Column, text: str) -> tuple[str, str]:
    in_wan = column.unit == "wan_yuan"
    if re.search(r"(?i)\d[ed][+-]?\d|nan|inf", text):
        return (
            "不是普通写法的金额（不接受科学计数法、NaN、inf）。",
            "is not an amount in plain figures (no exponents, NaN or inf).",
        )
    if in_wan and re.search(f"[\\d{BELOW_WAN}][元圆]", text):
        return (
            "写的是“元”，而本列以万元为单位，请统一为万元。",
            "says yuan (元) in a column whose unit is 10,000 yuan (万元).",
        )
    if re.search(f"[{BELOW_WAN}]", text):
        return (
            "大写金额写法不规范或会有两种读法（如缺“零”、缺“元”），请填写阿拉伯数字。",
            "is an amount in Chinese figures that can be read in two ways or lacks its unit;"
            " write it in plain figures.",
        )
    if "," in text and not re.search(r"(?<!\d)\d{1,3}(,\d{3})+(?!\d)", text):
        return "千分位逗号位置不对。", "has its thousands separators in the wrong places."
    decimals = re.search(r"\.(\d+)", text)
    if decimals and len(decimals[1].rstrip("0")) > 2 and re.fullmatch(r"[^.]*\.[^.]*", text):
        if re.search(r"[万亿]", text) or in_wan:
            return "小数位过多，折合后不是整分。", "has so many decimals that it is no whole fen."
        return (
            "超过两位小数，金额精确到分，系统不代为四舍五入。",
            "has more than two decimals; amounts are exact to the fen and are not rounded for you.",
        )
    if re.search(r"\d{17,}", text.replace(",", "")):
        return "位数过多，超出金额上限。", "has too many digits for an amount."
    unit = "万元" if in_wan else "元"
    return (
        f"不是有效金额，请填写如 1234.50 的数字（单位：{unit}）。",
        f"is no amount; write it like 1234.50 (unit: {unit}).",
    )


def _date(column: Column, text: str) -> tuple[str, str]:
    if column.format is not None:
        return (
            f"不是有效日期，应按格式 {column.format} 填写且日期真实存在。",
            f"is no date written as {column.format}, or there is no such day.",
        )
    if re.fullmatch(f"[0-9]{{8}}|{WRITTEN_PATTERN}", text):
        day = named_day(text)
        if day is None:
            return "不是真实存在的日期。", "is a date that does not exist."
        if day < EARLIEST:
            return f"早于 {EARLIEST}，请核对。", f"is earlier than {EARLIEST}; check it."
        weekday = WEEKDAYS[day.isoweekday() % 7]
        if (named := re.search("[期拜周](.)", text)) and named[1] != weekday:
            return (
                f"所写的星期与日期不符，当天是星期{weekday}，请核对。",
                f"names another day of the week; that day is a {day:%A}. Check it.",
            )
        return (
            "是 0 或没有日期的时间被显示成的日期；请填写日期，没有时请留空。",
            "is what 0, or a time without a day, shows as; write the date, or leave it empty.",
        )
    return (
        "不是有效日期，请填写如 2024-02-29 的日期。",
        "is no date; write it like 2024-02-29.",
    )


def _rate(column: Column) -> tuple[str, str]:
    if column.unit == "percent":
        return (
            "不是有效的百分率，请填写如 3.45 或 3.45%（最多六位小数）。",
            "is no percentage; write it like 3.45 or 3.45% (at most six decimals).",
        )
    return (
        "不是有效的比率，请填写如 0.0345 或 3.45%。",
        "is no rate; write it like 0.0345 or 3.45%.",
    )


def _text(text: str) -> tuple[str, str]:
    if has_control_character(text):
        return "含有不可见的控制字符，请删除后重填。", "holds an invisible control character."
    if says_nothing(text):
        return SAYS_NOTHING
    forms = identifier_forms(text)
    if any(re.fullmatch(LOST_FIGURE_PATTERN, form) for form in forms):
        return (
            "是带小数点的长号码，超过 15 位的末尾几位已丢失，请从源系统重新取数并按文本格式填写。",
            "went through a program as a figure, which keeps fifteen digits of it; take it from its"
            " source again as a text.",
        )
    if any(re.fullmatch(SCIENTIFIC_PATTERN, form) for form in forms):
        return (
            "已被电子表格转为科学计数法，原号码已丢失，请从源系统重新取数并按文本格式填写。",
            "was turned into scientific notation by a spreadsheet, so the number is lost; take it"
            " from its source again and format the cells as text.",
        )
    if any(re.fullmatch(DITTO_PATTERN, form) for form in forms):
        return (
            "指的是上一行的内容，系统逐行读取，请在每一行填写。",
            "refers to the row above, and each row is read by itself; write the value in each row.",
        )
    return "不是有效内容。", "cannot be read."
