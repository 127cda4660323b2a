"""Numbers of a sheet read as their cells show them: 3.45%, 0012 for 12, a day for 45351, 14:30."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from itertools import compress
from typing import Final

import numpy as np

from ingestion.contracts.heading_match import time_unit
from ingestion.contracts.heading_unit import TIMES, meaning_of
from ingestion.parsing.cell import Cell
from ingestion.reading.number_format import NumberFormat
from ingestion.reading.sheet import Sheet
from ingestion.sentence import Sentence

# What the reader of texts puts behind a day.
MIDNIGHT: Final = " 00:00:00"
_SECONDS: Final = 86_400
_TEXTS: Final = frozenset({"text", "code"})
_FIGURES: Final = frozenset({"money", "rate", "integer", "decimal"})
# Of a figure that is no money, words like 户 say nothing; these, and other units of rates and of
# what is a time, do.
_SIZES: Final = re.compile("[百千万亿%‰]")
_WAN: Final = 10_000
_PADDED: Final = Sentence(
    "单元格按格式显示前导零或固定字样，已按显示的内容读取。",
    "The cell's format shows leading zeros or words of its own; it was read as it is shown.",
)
_SHOWN: Final = Sentence(
    "单元格的数字格式改变了所显示的数值或单位，已按显示的单位读取。",
    "The cell's number format shows another figure or unit than it holds; it was read in the unit"
    " that is shown.",
)
_SCALED: Final = Sentence(
    "的单元格格式把数值缩小后显示（如以千、万为单位），显示的与保存的不是同一金额，无法确定以哪个为准；"
    "请改为常规数字格式，核对后重新填写。",
    "is shown by its cell's format as a smaller figure than it holds (in thousands, say), so it is"
    " not certain which is meant; give the cell a plain number format and check the figure.",
)


def read_as_shown(sheet: Sheet, shapes: Mapping[int, NumberFormat], epoch: dt.date) -> None:
    """Put what their cells show in the place of numbers, where that is not the same.

    Args:
        sheet: A sheet whose headings are accepted.
        shapes: Style number -> how its cells show a number.
        epoch: Day zero of the book's serial dates.
    """
    for (column, style), found in sheet.facts.shown.items():
        place = column - sheet.facts.first_column
        cell = sheet.cells_by_place.get(place)
        if cell is None:
            continue
        places = np.asarray(found.rows)
        is_below = (places > (sheet.header_row or 0)) & (places <= sheet.height)
        rows = list(compress(found.rows, is_below))
        stored = list(compress(found.texts, is_below))
        # A hundred thousand cells hold a few different numbers: each of them is looked at once.
        told = {text: _shown(cell, shapes[style], text.decode(), epoch) for text in set(stored)}
        if not rows or all(text.decode() == shown for text, shown in told.items()):
            continue
        plain = {text: shown or text.decode() for text, shown in told.items()}
        sheet.replace_rows(place, rows, map(plain.__getitem__, stored))
        is_figure = cell.column.type in _FIGURES
        if shapes[style].kind != "number":
            continue
        for row, raw in zip(rows, stored, strict=True):
            text, shown = raw.decode(), told[raw]
            if shown is None:
                heading = cell.column.heading
                reason = Sentence(f"“{heading}”{_SCALED.zh}", f"{heading} {_SCALED.en}")
                sheet.refuse_cell(row, place, cell, text, "scaled", reason)
            elif shown != text:
                code, reason = ("shown", _SHOWN) if is_figure else ("padded", _PADDED)
                sheet.adjust_cell(row, cell, text, shown, code, reason)


def _shown(cell: Cell, shape: NumberFormat, text: str, epoch: dt.date) -> str | None:
    """What a cell shows for a number; None where that is not certain."""
    kind, type_ = shape.kind, cell.column.type
    number = _number(text)
    if number is None:
        return text
    if kind == "date":
        day = day_of(text, epoch) or text
        # As the reader of texts shows days, by which they are known where none may stand.
        return f"{day}{MIDNIGHT}" if cell.column.is_identifier else day
    if kind == "time":
        return (time_of(text) or text) if type_ in _TEXTS else text
    if kind == "percent":
        # A bare fraction under a decimal is how shares and ratios are taken.
        is_other = type_ in ("date", "decimal") or (type_ != "rate" and number == 0)
        return text if is_other else percentage(text)
    if type_ in _TEXTS:
        section = shape.section(number)
        is_whole = number >= 0 and number == number.to_integral_value()
        return section.code(int(number)) if is_whole and section.is_code else text
    return _figure(cell, shape, number, text) if type_ in _FIGURES else text


def _number(text: str) -> Decimal | None:
    """A stored number as fifteen digits show it; None where it is none, or no finite one."""
    try:
        number = Decimal(f"{float(text):.15g}")
    except ValueError:
        return None
    return number if number.is_finite() else None


def _figure(cell: Cell, shape: NumberFormat, number: Decimal, text: str) -> str | None:
    """A figure with the unit that its format shows; None where it is only shown smaller."""
    section = shape.section(number)
    before, after = section.before, section.after
    meaning = meaning_of(before + after)
    is_telling = (
        cell.column.type == "money"
        or _SIZES.search(before + after)
        or (cell.column.type == "rate" and meaning in ("percent", "other rate"))
        or (time_unit(cell.column) is not None and meaning in TIMES)
    )
    if not is_telling:
        before = after = ""
    is_own = meaning == (cell.column.unit or "none")
    if section.scale == 1 and (is_own or not before + after):
        return text
    # 12.3 under a heading in 万元 is what is meant; under one in yuan nobody can tell.
    if not before + after and not (cell.column.unit == "wan_yuan" and section.scale == _WAN):
        return None
    return f"{before}{(number / section.scale).normalize():f}{after}"


def percentage(text: str) -> str:
    """The text of a number that its cell shows as a percentage.

    >>> percentage("0.0345"), percentage("3.4500000000000003E-2")
    ('3.45%', '3.45%')
    """
    number = Decimal(f"{float(text):.15g}") * 100
    return f"{number.normalize():f}%"


def time_of(text: str) -> str | None:
    """The time of day, as text, that a serial shows under a format without a date.

    >>> time_of("0.604166666666667"), time_of("45351.37502314814814817"), time_of("x")
    ('14:30', '09:00:02', None)
    """
    try:
        seconds = round(float(text) % 1 * _SECONDS) % _SECONDS
    except ValueError:
        return None
    time = dt.time(seconds // 3600, seconds // 60 % 60, seconds % 60)
    return time.isoformat("seconds" if time.second else "minutes")


@lru_cache(maxsize=10_000)
def day_of(text: str, epoch: dt.date) -> str | None:
    """The day, as text, of a serial; None where it is none.

    >>> day_of("45351.25", dt.date(1899, 12, 30)), day_of("x", dt.date(1899, 12, 30))
    ('2024-02-29', None)
    """
    try:
        return (epoch + dt.timedelta(days=int(float(text)))).isoformat()
    except (ValueError, OverflowError):
        return None
