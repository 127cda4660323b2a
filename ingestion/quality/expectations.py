"""What each feed expects of a batch, from its own yml: one line per declaration.

An expectation is a measure of the profile between two bounds; no expectation looks at a value.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ingestion.batch import MAX_REFUSED_SHARE
from ingestion.contracts import Column, Feed
from ingestion.sentence import Sentence

_EPOCH: Final = dt.date(1970, 1, 1)
_TYPES: Final = {
    "text": ("文本", "text"),
    "code": ("代码", "code"),
    "boolean": ("是否", "yes or no"),
    "date": ("日期", "date"),
    "integer": ("整数", "whole number"),
    "money": ("金额", "money"),
    "rate": ("比率", "rate"),
    "decimal": ("小数", "decimal"),
    "float": ("数值", "number"),
}


@dataclass(frozen=True)
class Expectation:
    """One thing that a feed expects of each of its batches.

    Attributes:
        name: Which declaration: required, minimum, maximum, listed, readable, unique, ...
        column: The column it is about; empty where it is about the whole batch.
        measure: The profile's column that is looked at.
        least: What the measure must not be below.
        most: What the measure must not be above.
        is_blocking: Whether a batch that fails is refused; else it is only told.
        counts: Whether the measure counts rows.
        what: What is expected.
        fault: What it means where it fails.
    """

    name: str
    column: str
    measure: str
    least: float | None
    most: float | None
    is_blocking: bool
    counts: bool
    what: Sentence
    fault: Sentence

    @property
    def id(self) -> str:
        """Its name within its feed."""
        return f"{self.name} {self.column}".strip()


def expectations_of(feed: Feed) -> list[Expectation]:
    """Everything a feed declares, as expectations of its batches, the whole batch first."""
    return [*_of_the_batch(feed), *(each for c in feed.columns for each in _of_column(c))]


def _of_the_batch(feed: Feed) -> Iterator[Expectation]:
    headings = [feed.column(name).heading for name in feed.key]
    yield _zero(
        "unique",
        "keys_doubled",
        Sentence(
            f"主键（{'、'.join(headings)}）在入库行中唯一",
            f"the key ({', '.join(feed.key)}) is unique among the rows loaded",
        ),
        Sentence("主键不唯一", "the key is not unique"),
    )
    yield _zero(
        "accounted",
        "rows_unaccounted",
        Sentence("读入行数 = 入库 + 隔离 + 非数据行", "rows in = rows loaded + refused + no data"),
        Sentence(
            "读入行数与入库、隔离、非数据行数之和不符",
            "rows in are not rows loaded, refused and no data",
        ),
    )
    yield _zero(
        "counted",
        "rows_counted_otherwise",
        Sentence("两个计数器数出的行数相同", "two counters count the same rows"),
        Sentence("两次计数的行数不一致", "the second counter counted other rows"),
    )
    yield Expectation(
        name="refused_share",
        column="",
        measure="refused_share",
        least=None,
        most=MAX_REFUSED_SHARE,
        is_blocking=True,
        counts=False,
        what=Sentence(
            f"拒收行数不超过 {MAX_REFUSED_SHARE:.0%}",
            f"at most {MAX_REFUSED_SHARE:.0%} of the rows are refused",
        ),
        fault=Sentence("拒收比例超过上限", "too large a share of its rows is refused"),
    )


def _zero(name: str, measure: str, what: Sentence, fault: Sentence) -> Expectation:
    return Expectation(name, "", measure, 0, 0, True, True, what, fault)


def _of_column(column: Column) -> Iterator[Expectation]:
    name, heading = column.name, column.heading
    if column.is_read and (
        column.type != "text" or column.pattern or column.is_checked or column.required
    ):
        yield _readable(column)
    if column.required:
        yield Expectation(
            name="required",
            column=name,
            measure=f"{name}.nulls",
            least=None,
            most=0,
            is_blocking=True,
            counts=True,
            what=Sentence(f"入库行的“{heading}”均有值", f"{name} is never empty"),
            fault=Sentence("必填列存在空值", "a required column has empty values"),
        )
    yield from _bounds(column)
    if column.values:
        codes = ", ".join(column.values)
        yield _limit(
            "listed",
            name,
            "distinct",
            (None, len(column.values)),
            Sentence(f"“{heading}”只取约定的代码：{codes}", f"{name} is one of {codes}"),
            Sentence("代码种类多于约定", "there are more codes than the feed lists"),
        )


def _readable(column: Column) -> Expectation:
    """What was delivered fits; where it does not, the row is in quarantine and the file goes on."""
    name, rule = column.name, rule_of(column)
    return Expectation(
        name="readable",
        column=name,
        measure=f"{name}.refused",
        least=None,
        most=0,
        is_blocking=False,
        counts=True,
        what=Sentence(
            f"报送的“{column.heading}”都符合约定：{rule.zh}", f"every {name} delivered is {rule.en}"
        ),
        fault=Sentence("有单元格不符合约定，所在行已隔离", "cells did not fit; rows were refused"),
    )


def _bounds(column: Column) -> Iterator[Expectation]:
    name, heading = column.name, column.heading
    if column.min is not None:
        yield _limit(
            "minimum",
            name,
            "minimum",
            (_as_number(column.min), None),
            Sentence(f"“{heading}”不小于 {column.min}", f"{name} is at least {column.min}"),
            Sentence("存在小于下限的值", "a value is below its minimum"),
        )
    if column.max is not None:
        yield _limit(
            "maximum",
            name,
            "maximum",
            (None, _as_number(column.max)),
            Sentence(f"“{heading}”不大于 {column.max}", f"{name} is at most {column.max}"),
            Sentence("存在大于上限的值", "a value is above its maximum"),
        )


def _limit(
    name: str,
    column: str,
    measure: str,
    bounds: tuple[float | None, float | None],
    what: Sentence,
    fault: Sentence,
) -> Expectation:
    """A measure of one column that counts no rows, and refuses the file where it is out."""
    return Expectation(name, column, f"{column}.{measure}", *bounds, True, False, what, fault)


def rule_of(column: Column) -> Sentence:
    """What a column's cells must be, in a few words.

    >>> from ingestion.contracts import load_feeds
    >>> rule_of(load_feeds()["corebank__account"].column("interest_rate")).en
    'rate, 0 or more, 0.36 or less'
    """
    zh, en = ([word] for word in _TYPES[column.type])
    if column.required:
        zh.append("必填")
        en.append("required")
    if column.pattern:
        zh.append(f"格式 {column.pattern}")
        en.append(f"written as {column.pattern}")
    if column.is_checked:
        zh.append(f"按 {column.check or column.check_by} 校验")
        en.append(f"checked as {column.check or f'{column.check_by} says'}")
    if column.values:
        zh.append(f"{len(column.values)} 种约定代码")
        en.append(f"one of {len(column.values)} listed")
    if column.min is not None:
        zh.append(f"不小于 {column.min}")
        en.append(f"{column.min} or more")
    if column.max is not None:
        zh.append(f"不大于 {column.max}")
        en.append(f"{column.max} or less")
    return Sentence("，".join(zh), ", ".join(en))


def _as_number(bound: Decimal | dt.date) -> float:
    """A bound as the profile writes it: dates are days since 1970-01-01."""
    return float((bound - _EPOCH).days) if isinstance(bound, dt.date) else float(bound)
