"""What a sheet says of the unit of its amounts, held against the feed's: never a factor guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import Column, normalise_heading
from ingestion.contracts.heading_match import told_unit
from ingestion.contracts.heading_unit import (
    meaning_of,
    split_unit,
    states_money,
    states_size,
    unit_of_title,
    units_of_note,
)
from ingestion.reading.sheet import Sheet
from ingestion.reading.sheet_headings import spread_over_columns
from ingestion.sentence import RefusedFileError, shown

# A text above the headings that calls itself a table may have a date beside it.
_TITLE: Final = re.compile("表|台账|清单|明细|统计|汇总|名册|情况")
# 单位 may well be an employer: then not all of its values are units.
_UNIT_COLUMN: Final = re.compile("单位|币种|币别|货币|unit|currency")
# A column that says what the amounts beside it are in has few different texts.
_MOST_UNITS: Final = 20

_Texts = Sequence[str | None]


class _Stated(NamedTuple):
    """A unit of money that a sheet states.

    Attributes:
        zh: Where it stands, in Chinese.
        en: The same in English.
        written: As written.
        unit: What it is.
        place: Which of the sheet's columns it is of; None for all of them.
    """

    zh: str
    en: str
    written: str
    unit: str
    place: int | None = None


def refuse_other_unit(sheet: Sheet, where: str) -> None:
    """Refuse a sheet that states another unit of money than the feed.

    A heading's own unit was compared with the feed before. It goes before a note about the whole
    sheet as long as that note is right for another column: 单位：元 over headings that all say 万元
    contradicts them.

    Args:
        sheet: A sheet whose rows are told apart.
        where: File and sheet, for sentences.

    Raises:
        RefusedFileError: If it does.
    """
    amounts = {
        place: cell.column
        for place, cell in sheet.cells_by_place.items()
        if cell.column.type == "money"
    }
    if not amounts:
        return
    own_units = [_own_unit(heading) for heading in sheet.headings]
    silent = {place: column for place, column in amounts.items() if not own_units[place]}
    for stated in _statements(sheet):
        spoken_of = silent or ({} if stated.unit in own_units else amounts)
        column = _contradicted(spoken_of if stated.place is None else amounts, stated)
        if column is None:
            continue
        zh, en = told_unit(column)
        raise RefusedFileError(
            f"{where} 的{stated.zh}注明金额单位为“{stated.written}”，"
            f"而“{column.heading}”约定以{zh}为单位；请换算后改正单位说明，再重新报送。",
            f"{where}: {stated.en} says that amounts are in {stated.written}, but the feed takes"
            f" {column.heading} in {en}; convert the figures, correct the note and deliver it"
            " again.",
        )


def _contradicted(amounts: dict[int, Column], stated: _Stated) -> Column | None:
    columns = amounts.values() if stated.place is None else [amounts.get(stated.place)]
    return next((each for each in columns if each and each.unit != stated.unit), None)


def _statements(sheet: Sheet) -> Iterator[_Stated]:
    name = sheet.entry.name
    for found in [*units_of_note(name), unit_of_title(name)]:
        if found:
            yield _Stated("名称", "its name", *found)
    aside = ("head", "foot", "blank")
    numbers = sorted(row for row, kind in sheet.set_aside.items() if kind in aside)
    rows = dict(zip(numbers, sheet.rows(numbers), strict=True))
    for number, texts in rows.items():
        yield from _of_row(number, texts, is_above=number < (sheet.header_row or 0))
    heading = sheet.header_row or 0
    above = {number: list(texts) for number, texts in rows.items() if number < heading}
    spread_over_columns(above, sheet.facts.merges, sheet.facts.first_column)
    for number, texts in above.items():
        yield from _of_groups(number, texts)
    yield from _of_unit_columns(sheet)


def _of_row(number: int, texts: _Texts, *, is_above: bool) -> Iterator[_Stated]:
    """What a title, a remark or a row of units says."""
    where = f"第 {number} 行", f"row {number}"
    told = [text for text in texts if text]
    for text in told:
        # In a row of headings a unit is of one of them.
        is_title = len(told) == 1 or (is_above and _TITLE.search(text))
        for found in [*units_of_note(text), unit_of_title(text) if is_title else None]:
            if found:
                yield _Stated(*where, *found)
    meanings = {place: (text, meaning_of(text)) for place, text in enumerate(texts) if text}
    if all(unit for _, unit in meanings.values()):
        for place, (written, unit) in meanings.items():
            if unit and states_money(unit) and states_size(written):
                yield _Stated(*where, written.strip(), unit, place)


def _of_groups(number: int, texts: _Texts) -> Iterator[_Stated]:
    """What a row above the headings says of the columns below: 发生额（万元） over 金额."""
    for place, text in enumerate(texts):
        unit = split_unit(normalise_heading(text))[1] if text else None
        if text and unit and states_money(unit):
            yield _Stated(f"第 {number} 行", f"row {number}", text.strip(), unit, place)


def _of_unit_columns(sheet: Sheet) -> Iterator[_Stated]:
    """What columns that nobody reads say row by row: 万元 beside each amount."""
    unread = [
        place
        for place, heading in enumerate(sheet.headings)
        if place not in sheet.cells_by_place
        and _UNIT_COLUMN.search(normalise_heading(heading or ""))
    ]
    if not unread:
        return
    first, aside = sheet.header_row or 0, sheet.set_aside
    rows = [row - 1 for row in sheet.facts.rows if row > first and row not in aside]
    index = pa.array(rows, type=pa.int64())
    for place in unread:
        texts = pc.unique(pc.take(sheet.columns[place], index))
        if len(texts) > _MOST_UNITS:
            continue
        told = [text for text in texts.to_pylist() if text and text.strip()]
        meanings = [(text.strip(), meaning_of(text)) for text in told]
        if not all(unit and states_money(unit) for _, unit in meanings):
            continue
        number = place + sheet.facts.first_column
        heading = shown(sheet.headings[place] or "", 30)
        for written, unit in meanings:
            zh, en = f"第 {number} 列（{heading}）", f"column {number} ({heading})"
            if states_size(written):
                yield _Stated(zh, en, written, str(unit))


def _own_unit(heading: str | None) -> str | None:
    """The unit of money that a heading states by itself."""
    unit = split_unit(normalise_heading(heading or ""))[1]
    return unit if unit is not None and states_money(unit) else None
