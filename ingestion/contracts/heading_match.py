"""How the headings of one delivered file stand to the columns of a feed, units and all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from ingestion.contracts.column import Column
from ingestion.contracts.heading_unit import TIMES, split_unit, states_money
from ingestion.contracts.text import (
    is_authentication_data,
    marked_heading,
    normalise_heading,
)

# Anything in brackets behind a heading: a unit that the house does not know, perhaps.
_REMARKED: Final = re.compile(r"(.+?)[(\[{【〔<]([^()\[\]]{1,20})[)\]}】〕>]")
_FOREMARKED: Final = re.compile(r"[(\[{【〔<]([^()\[\]]{1,20})[)\]}】〕>](.+)")
# What a remark that may be a unit of money or of rates is written with.
_UNIT_SIGNS: Final = re.compile(
    r"[元圆圓](?![旦宵月])|[万萬亿億](?![\u4e00-\u9fff])|美金|港币|港幣|[%‰$€£]"
    r"|^(?:k|m|mm|bn|kw|usd|hkd|eur|jpy|gbp)$"
)
_NAMED_TIMES: Final = {f"{unit}s": unit for unit in TIMES}


@dataclass(frozen=True)
class HeadingMatch:
    """How the headings of one delivered file stand to a feed.

    Attributes:
        positions: Column name -> positions (from 0) it is read from: one, or those of a join.
        missing: Required columns without their heading.
        doubled: Column name -> positions that all claim to be it.
        unknown: Headings that belong to no column and are not declared as ignored.
        authentication: Headings that name data of class C3: the file must be refused.
        contradicting: Column name -> heading that states another unit than the feed does.
        unstated: Column name -> heading that is the column's but for the unit it has to state.
    """

    positions: dict[str, tuple[int, ...]] = field(default_factory=dict)
    missing: list[Column] = field(default_factory=list)
    doubled: dict[str, tuple[int, ...]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    authentication: list[str] = field(default_factory=list)
    contradicting: dict[str, str] = field(default_factory=dict)
    unstated: dict[str, str] = field(default_factory=dict)

    @property
    def is_acceptable(self) -> bool:
        """Whether the file may be read under this contract."""
        is_doubtful = self.doubled or self.contradicting or self.unstated
        return not (self.missing or self.authentication or is_doubtful)


def match_headings(
    columns: Sequence[Column], known: frozenset[str], headings: Sequence[str | None]
) -> HeadingMatch:
    """How delivered headings stand to the columns of a feed.

    Args:
        columns: The columns.
        known: Every normalised heading that the feed knows.
        headings: As delivered, left to right; None or blank where a column has none.
    """
    places: dict[str, list[int]] = {}
    marked: set[int] = set()
    for position, heading in enumerate(headings):
        name = normalise_heading(heading or "")
        if name != marked_heading(heading or ""):
            marked.add(position)
        # 客户号： is a label as forms have them.
        if name := name if name in known else (name.rstrip(":") or name):
            places.setdefault(name, []).append(position)
    result = HeadingMatch()
    with_unit = {
        name
        for name in list(places)
        if name not in known and _take_unit(columns, known, name, places)
    }
    stating = [name for name in places if split_unit(name)[1]]
    strange = [name for name in places if name not in known | with_unit]
    columns = [column for column in columns if column.is_read]
    beside = _drop_marked(columns, places, marked)
    for column in columns:
        _place(column, places, (stating, strange), result)
    for position in [*(places[name][0] for name in strange), *beside]:
        heading = (headings[position] or "").strip()
        result.unknown.append(heading)
        if is_authentication_data(heading):
            result.authentication.append(heading)
    return result


def _drop_marked(
    columns: Iterable[Column], places: dict[str, list[int]], marked: set[int]
) -> list[int]:
    """Places of headings like 金额(可选) that are a column's but for a mark, beside its own 金额.

    Only the marks make them one; they are taken out of `places`.
    """
    dropped: set[int] = set()
    for column in columns:
        names = [name for name in column.headings if name in places]
        for group in [[name] for name in names] if column.join else [names]:
            positions = {position for name in group for position in places[name]}
            if positions - marked:
                dropped |= positions & marked
    for name, standing in places.items():
        places[name] = [position for position in standing if position not in dropped]
    return sorted(dropped)


def _take_unit(
    columns: Iterable[Column], known: frozenset[str], name: str, places: dict[str, list[int]]
) -> bool:
    """Let a heading like 余额(元) stand for its column, if the unit is the feed's own.

    Of another unit it is entered as it is, for `_place` to see.
    """
    base, unit = split_unit(name)
    if unit is None:
        return False
    for column in columns:
        heading = _heading_but_for_unit(column, base)
        # A heading that is another column's without any unit is that column's.
        is_others = base in known and base not in column.headings
        if heading and not is_others and not column.join and states_units(column, unit):
            if is_unit_of(column, unit):
                places.setdefault(heading, []).extend(places[name])
            return True
    return False


def _heading_but_for_unit(column: Column, base: str) -> str | None:
    """The heading of a column that is `base`, or `base` with a unit behind it."""
    return next((h for h in column.headings if base in (h, split_unit(h)[0])), None)


def time_unit(column: Column) -> str | None:
    """The unit of time that a whole number counts, by its column's name or heading."""
    if column.type != "integer":
        return None
    stated = [split_unit(heading)[1] for heading in column.headings]
    named = _NAMED_TIMES.get(column.name.rpartition("_")[2])
    return named or next((unit for unit in stated if unit in TIMES), None)


def states_units(column: Column, unit: str) -> bool:
    """Whether a unit in its heading says something about the column's values."""
    if column.type == "money":
        return states_money(unit)
    if column.type == "rate":
        return unit in ("percent", "other rate")
    is_time = unit in TIMES and time_unit(column) is not None
    return column.type == "integer" and (unit == "count" or is_time)


def is_unit_of(column: Column, unit: str) -> bool:
    """Whether a unit is the one in which the feed declares the column."""
    own = time_unit(column) or ("count" if column.type == "integer" else column.unit)
    return unit == own


def remark_of(heading: str) -> str | None:
    """What stands in brackets behind a heading, be it a unit or not."""
    name = normalise_heading(heading)
    if remarked := _REMARKED.fullmatch(name):
        return remarked[2]
    foremarked = _FOREMARKED.fullmatch(name)
    return foremarked[1] if foremarked else None


def told_unit(column: Column) -> tuple[str, str]:
    """The unit a column is delivered in, in Chinese and English."""
    told = {
        "yuan": ("元", "yuan (元)"),
        "wan_yuan": ("万元", "10,000 yuan (万元)"),
        "percent": ("百分数（%）", "percent"),
    }
    told |= {unit: (zh, f"{unit}s ({zh})") for unit, zh in TIMES.items()}
    if column.type == "integer":
        return told.get(time_unit(column) or "", ("个数", "a count"))
    return told.get(column.unit or "", ("小数", "fractions"))


def _place(
    column: Column,
    places: dict[str, list[int]],
    others: tuple[Sequence[str], Sequence[str]],
    result: HeadingMatch,
) -> None:
    """Enter into `result` where `column` is read from.

    Args:
        column: The column.
        places: Normalised heading -> its places.
        others: The headings with a unit, and those that nobody knows.
        result: What is known of the file.
    """
    found = [places.get(name, []) for name in column.headings]
    positions = tuple(sorted(position for group in found for position in group))
    stating, strange = others
    if column.join:
        if all(len(group) == 1 for group in found):
            # In the order of the join, not of the file.
            result.positions[column.name] = tuple(group[0] for group in found)
        elif any(len(group) > 1 for group in found):
            result.doubled[column.name] = positions
        elif column.required or any(found):
            result.missing.append(column)
    elif len(positions) > 1:
        result.doubled[column.name] = positions
    elif positions:
        result.positions[column.name] = positions
    elif other := _other_unit(column, stating):
        result.contradicting[column.name] = other
    elif other := _without_its_unit(column, strange):
        result.unstated[column.name] = other
    elif column.required:
        result.missing.append(column)


def _other_unit(column: Column, stating: Sequence[str]) -> str | None:
    """A heading of the file that is the column's but for its unit."""
    for name in stating:
        base, unit = split_unit(name)
        if unit and _heading_but_for_unit(column, base) and states_units(column, unit):
            return name
    return None


def _without_its_unit(column: Column, strange: Sequence[str]) -> str | None:
    """A heading nobody knows that is the column's, with no unit or something else in its place."""
    stated = (split_unit(heading) for heading in column.headings)
    bases = {base for base, unit in stated if unit}
    for name in strange:
        remarked = _REMARKED.fullmatch(name)
        if (remarked[1] if remarked else name) in bases:
            return name
        # An amount in a unit that nobody here knows: without it the column would be empty.
        if column.type in ("money", "rate") and _may_be_in_a_unit(column, name):
            return name
    return None


def _may_be_in_a_unit(column: Column, name: str) -> bool:
    """Whether a heading is the column's with what may be a unit in brackets, at either end."""
    behind, before = _REMARKED.fullmatch(name), _FOREMARKED.fullmatch(name)
    pairs = [(found[1], found[2]) for found in [behind] if found]
    pairs += [(found[2], found[1]) for found in [before] if found]
    return any(base in column.headings and _UNIT_SIGNS.search(told) for base, told in pairs)
