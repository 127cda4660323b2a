"""Cells that do not hold what they show are put right before they are parsed, or refused."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.parsing.cell import Cell
from ingestion.parsing.date import SERIAL_PATTERN
from ingestion.reading.sheet import Sheet, percentage
from ingestion.reading.sheet_cells import Oddity
from ingestion.sentence import Sentence, shown

# A number without a date format is taken for a day only if that is near the business date.
_SERIAL_YEARS: Final = 10
_OPEN_END: Final = "2958465"
_SECONDS: Final = 86_400
_TEXTS: Final = frozenset({"text", "code"})

ODD_REASONS: Final[dict[Oddity, tuple[str, Sentence]]] = {
    "error": (
        "error_cell",
        Sentence(
            "单元格是公式错误值（如 #N/A、#REF!），请改正公式或直接填写数值。",
            "The cell holds an error such as #N/A or #REF!; correct the formula or write the"
            " value.",
        ),
    ),
    "formula": (
        "formula",
        Sentence(
            "公式没有保存计算结果，无法得知数值；请用 Excel 打开、保存后重新报送，或粘贴为数值。",
            "The formula was saved without its result; open and save the file in Excel, or paste"
            " the value.",
        ),
    ),
    "volatile": (
        "volatile_formula",
        Sentence(
            "公式的结果随打开时间变化（如 TODAY、NOW、RAND、INDIRECT），不是报送时的数值；"
            "请粘贴为数值后重新报送。",
            "The formula gives another result whenever the file is opened (TODAY, NOW, RAND,"
            " INDIRECT and the like); paste the value and deliver the file again.",
        ),
    ),
    "damaged": (
        "damaged_number",
        Sentence(
            "超过 15 位的号码以数字形式保存，末尾几位已被 Excel 改为 0，原号码已丢失；"
            "请将该列设为文本格式后重新填写。",
            "A number of more than 15 digits was stored as a number, so Excel has changed its last"
            " digits; format the column as text and enter it again.",
        ),
    ),
}
_SIDEWAYS: Final = Sentence(
    "单元格与右侧的其他列合并，无法得知被合并各列的值；请取消合并，逐列填写。",
    "The cell is merged with other columns to its right, so it is not known what they hold; undo"
    " the merge and fill in each column.",
)
_MERGED: Final = Sentence(
    "纵向合并单元格，其值用于所覆盖的每一行。",
    "The cell is merged downwards; its value counts for each row it covers.",
)
_PADDED: Final = Sentence(
    "单元格按格式显示前导零，已按显示的内容读取。",
    "The cell's format shows leading zeros; it was read as it is shown.",
)
_SERIAL: Final = Sentence(
    "单元格没有日期格式，其数字是业务日期前后十年内的日期序列值，已按该日期读取。",
    "The cell has no date format; its number is the serial of a day within ten years of the"
    " business date and was read as that day.",
)
_NO_DATE: Final = Sentence(
    "是没有日期格式的数字，换算成日期后与业务日期相差十年以上，无法确认是否为日期；"
    "请将单元格设为日期格式，或填写如 2024-02-29 的日期。",
    "is a number without a date format, and as a date more than ten years from the business date,"
    " so it may be none; format the cell as a date or write it like 2024-02-29.",
)


def settle(
    sheet: Sheet, shapes: Mapping[int, str], epoch: dt.date, business_date: dt.date
) -> list[Sentence]:
    """Put right what can be, and note what has to be refused; remarks for the operator.

    Args:
        sheet: A sheet whose headings are accepted.
        shapes: Style number -> how its cells show a number.
        epoch: Day zero of the book's serial dates.
        business_date: Date the delivery speaks of.
    """
    cells = sheet.cells_by_place
    _refuse_odd(sheet, cells)
    _show(sheet, cells, shapes, epoch)
    _read_serials(sheet, cells, epoch, business_date)
    merged = _spread_merged(sheet, cells)
    return _remarks(sheet, cells, merged)


def _below(sheet: Sheet) -> int:
    return sheet.header_row or 0


def _refuse_odd(sheet: Sheet, cells: Mapping[int, Cell]) -> None:
    for (row, column), (oddity, text) in sheet.facts.oddities.items():
        place = column - sheet.facts.first_column
        cell = cells.get(place)
        if row > _below(sheet) and cell is not None:
            code, reason = ODD_REASONS[oddity]
            sheet.refuse_cell(row, place, cell, text, code, reason)


def _show(
    sheet: Sheet, cells: Mapping[int, Cell], shapes: Mapping[int, str], epoch: dt.date
) -> None:
    """Read numbers as their cells show them: 3.45%, 0012 for 12, a day for 45351, 14:30."""
    for (column, style), found in sheet.facts.shown.items():
        place = column - sheet.facts.first_column
        cell, shape = cells.get(place), shapes[style]
        if cell is None:
            continue
        begin = bisect_right(found.rows, _below(sheet))
        end = bisect_right(found.rows, sheet.height)
        rows, stored = found.rows[begin:end], found.texts[begin:end]
        if shape == "percent" and cell.column.type == "rate":
            texts = {text: percentage(text.decode()) for text in set(stored)}
        elif shape == "date":
            texts = {text: day_of(text.decode(), epoch) or text.decode() for text in set(stored)}
        elif shape == "time" and cell.column.type in _TEXTS:
            texts = {text: time_of(text.decode()) or text.decode() for text in set(stored)}
        elif shape.startswith("0") and cell.column.type in _TEXTS:
            texts = {text: text.decode().zfill(len(shape)) for text in set(stored)}
            for row, text in zip(rows, stored, strict=True):
                if texts[text] != text.decode():
                    raw = text.decode()
                    sheet.adjust_cell(row, cell, raw, texts[text], "padded", _PADDED)
        else:
            continue
        if rows:
            sheet.replace_rows(place, rows, map(texts.__getitem__, stored))


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


def _read_serials(
    sheet: Sheet, cells: Mapping[int, Cell], epoch: dt.date, business_date: dt.date
) -> None:
    """Take numbers in a date column for days only where that is certain enough."""
    for place, cell in cells.items():
        if cell.column.type != "date" or cell.column.format is not None:
            continue
        column = sheet.columns[place]
        days: dict[int, str | None] = {}
        for row in _rows_with_serials(column):
            text = str(column[row - 1].as_py())
            if row <= _below(sheet) or text.strip() == _OPEN_END:
                continue
            day = day_of(text, epoch)
            if day is not None and _is_near(dt.date.fromisoformat(day), business_date):
                days[row] = day
                sheet.adjust_cell(row, cell, text, day, "serial", _SERIAL)
            else:
                heading = cell.column.heading
                zh, en = f"“{heading}”{_NO_DATE.zh}", f"{heading} {_NO_DATE.en}"
                sheet.refuse_cell(row, place, cell, text, "serial", Sentence(zh, en))
        if days:
            sheet.replace_texts(place, days)


def _rows_with_serials(column: Any) -> list[int]:
    # Thousands of rows hold the same few days: each of them is looked at once.
    days = pc.dictionary_encode(column)
    is_serial = pc.match_substring_regex(days.dictionary, rf"^\s*{SERIAL_PATTERN}\s*$")
    places = np.flatnonzero(is_serial.to_numpy(zero_copy_only=False))
    if not places.size:
        return []
    found = pc.is_in(days.indices, value_set=pa.array(places, type=days.indices.type))
    return [int(place) + 1 for place in np.flatnonzero(found.to_numpy(zero_copy_only=False))]


def _is_near(day: dt.date, business_date: dt.date) -> bool:
    return abs(day.year - business_date.year) <= _SERIAL_YEARS


def _spread_merged(sheet: Sheet, cells: Mapping[int, Cell]) -> int:
    """Repeat the value of a vertically merged area in each of its rows, as it is meant.

    Not in a row that holds nothing else: the area only makes it look like one. A value merged
    over several columns of the feed says nothing certain about those to its right.
    """
    merged, filled = 0, sheet.facts.rows
    lowest = _below(sheet)
    changes: dict[int, dict[int, str | None]] = {}
    for top, left, bottom, right in sheet.facts.merges:
        place = left - sheet.facts.first_column
        if not lowest < top <= sheet.height or place < 0:
            continue
        covered = range(place + 1, right - sheet.facts.first_column + 1)
        others = [other for other in covered if other in cells]
        rows = _between(filled, top, min(bottom, sheet.height))
        if others and (place in cells or len(others) > 1):
            cell = cells.get(place) or cells[others[0]]
            for row in rows:
                text = sheet.columns[place][top - 1].as_py()
                sheet.refuse_cell(row, place, cell, text, "merged", _SIDEWAYS)
            continue
        if place not in cells or bottom == top:
            continue
        value = sheet.columns[place][top - 1].as_py()
        for row in rows:
            if row > top and value is not None:
                changes.setdefault(place, {})[row] = value
                sheet.adjust_cell(row, cells[place], None, value, "merged", _MERGED)
            if row > top and top in sheet.odd_rows:
                # What is wrong with the value is wrong with it in each row.
                for odd in sheet.odd_rows[top]:
                    if odd.place == left:
                        sheet.odd_rows.setdefault(row, []).append(odd)
        merged += 1
    for place, texts in changes.items():
        sheet.replace_texts(place, texts)
    return merged


def _between(rows: list[int], first: int, last: int) -> list[int]:
    numbers = np.asarray(rows)
    begin, end = np.searchsorted(numbers, [first, last + 1])
    return rows[int(begin) : int(end)]


def _remarks(sheet: Sheet, cells: Mapping[int, Cell], merged: int) -> list[Sentence]:
    name = shown(sheet.entry.name)
    remarks = []
    if merged:
        remarks.append(
            Sentence(
                f"工作表“{name}”有 {merged} 处纵向合并单元格，其值用于所覆盖的每一行。",
                f"Sheet {name!r} has {merged} vertically merged areas; their value counts for"
                " each row they cover.",
            )
        )
    formulas = sum(
        count
        for column, count in sheet.facts.formulas.items()
        if column - sheet.facts.first_column in cells
    )
    if formulas:
        remarks.append(
            Sentence(
                f"工作表“{name}”有 {formulas:,} 个公式单元格，按保存的计算结果读取。",
                f"Sheet {name!r} has {formulas:,} formulas; they were read as the results that"
                " were saved with them.",
            )
        )
    return remarks
