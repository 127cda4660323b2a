"""Cells that do not hold what they show are put right before they are parsed, or refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.parsing.cell import Cell
from ingestion.parsing.date import SERIAL_PATTERN
from ingestion.reading.number_format import NumberFormat
from ingestion.reading.sheet import Sheet
from ingestion.reading.sheet_cells import Oddity
from ingestion.reading.sheet_shown import day_of, read_as_shown
from ingestion.sentence import Sentence, shown

# A number without a date format is taken for a day only if that is near the business date.
_SERIAL_YEARS: Final = 10
_OPEN_END: Final = "2958465"

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
_SHARED: Final = Sentence(
    "数值单元格纵向合并，无法确定是每行各有此数还是各行合计；请取消合并，逐行填写。",
    "The figure is merged over several rows, so it is not known whether each of them has it or all"
    " of them together; undo the merge and write the figure of each row.",
)
_COVERED: Final = Sentence(
    "单元格被合并区域遮住，其下还保存着另一个值，无法确定以哪个为准；请取消合并，逐行填写。",
    "The cell lies under a merged area and still holds a value of its own, so it is not certain"
    " which is meant; undo the merge and fill in each row.",
)
_SERIAL: Final = Sentence(
    "单元格没有日期格式，其数字是业务日期前后十年内的日期序列值，已按该日期读取。",
    "The cell has no date format; its number is the serial of a day within ten years of the"
    " business date and was read as that day.",
)
# As the reader of texts shows a cell of day and time.
_DAY_CELL: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?$"
_DAY_CELL_LENGTH: Final = 19
_DAY: Final = Sentence(
    "单元格是日期而不是号码，很可能是输入的号码（如 1-2）被 Excel 自动改成了日期；"
    "请将该列设为文本格式后重新填写号码。",
    "The cell holds a day, not a number: Excel has probably changed what was typed (1-2, say) into"
    " a date; format the column as text and enter the number again.",
)
_COUNTED: Final = frozenset({"money", "integer", "decimal"})
_NO_DATE: Final = Sentence(
    "是没有日期格式的数字，换算成日期后与业务日期相差十年以上，无法确认是否为日期；"
    "请将单元格设为日期格式，或填写如 2024-02-29 的日期。",
    "is a number without a date format, and as a date more than ten years from the business date,"
    " so it may be none; format the cell as a date or write it like 2024-02-29.",
)


def settle(
    sheet: Sheet, shapes: Mapping[int, NumberFormat], epoch: dt.date, business_date: dt.date
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
    read_as_shown(sheet, shapes, epoch)
    _refuse_days(sheet, cells)
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


def _refuse_days(sheet: Sheet, cells: Mapping[int, Cell]) -> None:
    """Refuse days under identifiers: 1-2 was typed, and Excel made it the second of January."""
    for place, cell in cells.items():
        if not cell.column.is_identifier:
            continue
        column = sheet.columns[place]
        longest = pc.max(pc.binary_length(column)).as_py() or 0
        if longest < _DAY_CELL_LENGTH:
            continue
        is_day = pc.fill_null(pc.match_substring_regex(column, _DAY_CELL), False)
        for index in np.flatnonzero(is_day.to_numpy(zero_copy_only=False)).tolist():
            if index + 1 > _below(sheet):
                text = column[index].as_py()
                sheet.refuse_cell(index + 1, place, cell, text, "day_for_number", _DAY)


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
    merged, filled = 0, np.asarray(sheet.facts.rows, dtype=np.int64)
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
        _spread(sheet, cells[place], (top, place), rows, changes.setdefault(place, {}))
        merged += 1
    for place, texts in changes.items():
        if texts:
            sheet.replace_texts(place, texts)
    return merged


def _spread(
    sheet: Sheet,
    cell: Cell,
    corner: tuple[int, int],
    rows: list[int],
    changes: dict[int, str | None],
) -> None:
    """Let the value of the first of some merged rows count for the others, or refuse it.

    Args:
        sheet: The sheet.
        cell: The feed's column.
        corner: Row and place of the area's first cell.
        rows: Its rows that hold something.
        changes: Row -> value, to enter what has to be repeated.
    """
    top, place = corner
    column = sheet.columns[place]
    value = column[top - 1].as_py()
    if cell.column.type in _COUNTED and value is not None and len(rows) > 1:
        for row in rows:
            sheet.refuse_cell(row, place, cell, value, "merged", _SHARED)
        return
    odd = [
        each
        for each in sheet.odd_rows.get(top, ())
        if each.place == place + sheet.facts.first_column
    ]
    for row in [row for row in rows if row > top]:
        own = column[row - 1].as_py()
        if own is not None and own.strip() and own != value:
            sheet.refuse_cell(row, place, cell, own, "merged", _COVERED)
        elif value is not None:
            changes[row] = value
            sheet.adjust_cell(row, cell, None, value, "merged", _MERGED)
        if odd:
            # What is wrong with the value is wrong with it in each row.
            sheet.odd_rows.setdefault(row, []).extend(odd)


def _between(rows: Any, first: int, last: int) -> list[int]:
    begin, end = np.searchsorted(rows, [first, last + 1])
    return [int(row) for row in rows[begin:end]]


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
