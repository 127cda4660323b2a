"""A corrected sheet is read: only rows that were refused before, each by its name.

The sheet may have been sorted, thinned out or added to. What counts is the name beside each row:
a row that was refused is read, a row that was loaded is no data any more, and every other row is
refused, because nobody can say what it should put right.
"""

# ruff: noqa: S608 - every piece of SQL is the contract's or ours; delivered text is never one.

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from ingestion.batch import RefusedCell
from ingestion.contracts import FilePattern
from ingestion.reading.load import Origin, accepted_sql
from ingestion.reading.sheet import Sheet, cleaned
from ingestion.reading.workbook import Book
from ingestion.returning.correction import Correction
from ingestion.returning.slip import (
    OUR_HEADINGS,
    ROW_HEADING,
    ROWS_SHEET,
    SUMMARY_SHEET,
    Slip,
    row_name,
)
from ingestion.sentence import RefusedFileError, Sentence, shown
from ingestion.sql import literal

_NO_NAME: Final = Sentence(
    "该行没有“原行号”，无法对应被拒收的行；更正表只能改正被拒收的行，新增的行请另行报送。",
    "The row has no name in the column 原行号 Row, so it belongs to no refused row; a corrected"
    " sheet puts refused rows right, and new rows are delivered in a file of their own.",
)
_UNKNOWN: Final = Sentence(
    "“原行号”与被拒收的行不符，无法对应；请按退回表恢复该列。",
    "The name in the column 原行号 Row is that of no refused row; restore the column as it was in"
    " the sheet that went back.",
)
_DOUBLED: Final = Sentence(
    "有多行使用同一“原行号”，无法判断以哪一行为准；请只保留一行。",
    "Several rows have the same name in the column 原行号 Row; keep the one that is right.",
)
_CHANGED: Final = Sentence(
    "该行此前已入库，此处内容却不同；更正表只读取被拒收的行。请恢复该行；如需修改，请重新报送整份"
    "原文件。",
    "The row was loaded before and says something else here; a corrected sheet is read for refused"
    " rows only. Put the row back as it was, or deliver the whole file again to change it.",
)


def expect_slip(
    book: Book, pattern: FilePattern, correction: Correction | None, texts: Callable[[], set[str]]
) -> FilePattern:
    """Make sure that a workbook is the returned sheet it is taken for, or none at all.

    Args:
        book: The workbook.
        pattern: How it would be read.
        correction: What it is taken for; None for an ordinary delivery.
        texts: Gives the texts on its summary sheet, if it has one.

    Returns:
        How to read it.

    Raises:
        RefusedFileError: If it is a returned sheet of an unknown batch, or not the one expected.
    """
    names = {entry.name.strip() for entry in book.sheets}
    found = next(filter(None, map(Slip.of, sorted(texts()))), None)
    if correction is None:
        if ROWS_SHEET in names or found is not None:
            raise RefusedFileError(
                f"文件 {book.name} 是退回表，但本系统没有与之对应的批次，未入库；"
                "请在原文件中改正，再用原文件名重新报送整份文件。",
                f"{book.name} is a returned sheet, but of no batch that is known here, and was not"
                " loaded; mend the file you sent and deliver the whole of it again under its own"
                " name.",
            )
        return pattern
    if found != correction.slip:
        raise RefusedFileError(
            f"文件 {book.name} 的“{SUMMARY_SHEET}”页识别码缺失或被改动，无法对应原批次；"
            "请使用退回的原表改正后重新报送。",
            f"The slip on the sheet {SUMMARY_SHEET} of {book.name} is missing or was changed, so"
            " its batch is not known; correct the sheet that went back and deliver it again.",
        )
    if ROWS_SHEET in names:
        return FilePattern(pattern=pattern.pattern, format="xlsx", sheet=ROWS_SHEET)
    return pattern


def feed_headings(headings: Iterable[str | None]) -> list[str | None]:
    """The headings of a sheet without those of the columns we wrote into it."""
    return [None if (heading or "").strip() in OUR_HEADINGS else heading for heading in headings]


def sort_rows(
    engine: Any, sheet: Sheet, table: str, correction: Correction, origin: Origin
) -> dict[int, str]:
    """Say of each data row of a staged sheet whether it is to be read.

    Rows loaded before become no data; rows that cannot be read get their reason.

    Args:
        engine: Connection of `open_engine`.
        sheet: The sheet.
        table: Where its rows are staged.
        correction: What is known of the batch.
        origin: Batch and file, for comparing rows.

    Returns:
        Row -> name of the refused row that it puts right.

    Raises:
        RefusedFileError: If the column of names is gone.
    """
    if sheet.layout is None or sheet.header_row is None:
        return {}
    ours = {(heading or "").strip(): place for place, heading in enumerate(sheet.headings)}
    if ROW_HEADING not in ours:
        raise RefusedFileError(
            f"工作表“{shown(sheet.entry.name)}”缺少“{ROW_HEADING}”列，无法对应被拒收的行；"
            "请使用退回的原表改正后重新报送，或重新报送整份原文件。",
            f"Sheet {shown(sheet.entry.name)!r} lacks the column {ROW_HEADING}, so its rows cannot"
            " be told from each other; correct the sheet that went back, or deliver the whole file"
            " again.",
        )
    _settle_kinds(sheet, {ours[name] for name in OUR_HEADINGS if name in ours})
    numbers = [row for row in sheet.facts.rows if row not in sheet.set_aside]
    names = sheet.columns[ours[ROW_HEADING]]
    named = {row: cleaned(names[row - 1].as_py()) for row in numbers}
    times = Counter(name for name in named.values() if name)
    places = _loaded_places(engine, set(times), correction)
    refused = _refused_names(engine, correction) - places.keys()
    once = {row: name for row, name in named.items() if name and times[name] == 1}
    before = {row: places[name] for row, name in once.items() if name in places}
    same = _unchanged(engine, sheet, table, before, origin)
    sheet.set_aside |= dict.fromkeys(same, "foot")
    for row, name in named.items():
        if row in same or (row in once and name in refused):
            continue
        code, reason = "unknown_row", _UNKNOWN
        if not name:
            reason = _NO_NAME
        elif times[name] > 1:
            reason = _DOUBLED
        elif row in before:
            code, reason = "loaded_before", _CHANGED
        cell = RefusedCell("", ROW_HEADING, name, code, reason)
        sheet.odd_rows.setdefault(row, []).append(cell)
    return {row: name for row, name in once.items() if name in refused}


def _settle_kinds(sheet: Sheet, ours: set[int]) -> None:
    """What we wrote beside a row does not make it one; in a list of ours all rows are data."""
    below = [row for row in sheet.facts.rows if row > (sheet.header_row or 0)]
    if sheet.entry.name.strip() == ROWS_SHEET:
        for row in below:
            if sheet.set_aside.get(row) == "foot":
                del sheet.set_aside[row]
    for row, texts in zip(below, sheet.rows(below), strict=True):
        theirs = [text for place, text in enumerate(texts) if place not in ours and cleaned(text)]
        if not theirs and row not in sheet.odd_rows:
            sheet.set_aside.setdefault(row, "foot")


def _refused_names(engine: Any, correction: Correction) -> set[str]:
    if correction.refused is None:
        return set()
    rows = engine.execute(
        "SELECT source_sheet, source_row FROM read_parquet($file)",
        {"file": str(correction.refused)},
    ).fetchall()
    return {cleaned(row_name(sheet, row)) or "" for sheet, row in rows}


def _loaded_places(
    engine: Any, names: set[str], correction: Correction
) -> dict[str, tuple[Path, str | None, int]]:
    """Where rows of those names lie in the lake: file, sheet and row. Others are left out."""
    found: dict[str, tuple[Path, str | None, int]] = {}
    own = correction.loaded[0]
    sheets = [
        row[0]
        for row in engine.execute(
            "SELECT DISTINCT source_sheet FROM read_parquet($file, hive_partitioning = false)",
            {"file": str(own)},
        ).fetchall()
    ]
    by_shown = {cleaned(f"{row_name(sheet, 0)[:-1]}") or "": sheet for sheet in sheets}
    asked = {}
    for name in names:
        start, _, number = name.rpartition("!")
        start = f"{start}!" if start else ""
        if start in by_shown and number.isascii() and number.isdigit() and len(number) < 10:
            asked[(by_shown[start], int(number))] = name
    frame = pa.table(
        {
            "of_sheet": pa.array([sheet for sheet, _ in asked], type=pa.string()),
            "of_row": pa.array([row for _, row in asked], type=pa.int64()),
        }
    )
    engine.register("asked", frame)
    try:
        rows = engine.execute(
            "SELECT of_sheet, of_row FROM asked SEMI JOIN"
            " read_parquet($file, hive_partitioning = false) AS lake"
            " ON lake.source_row = of_row AND lake.source_sheet IS NOT DISTINCT FROM of_sheet",
            {"file": str(own)},
        ).fetchall()
    finally:
        engine.unregister("asked")
    for sheet, row in rows:
        found[asked[(sheet, row)]] = (own, sheet, row)
    for lake, record in zip(correction.loaded[1:], correction.corrected, strict=True):
        if record.exists():
            for name, sheet, row in engine.execute(
                "SELECT row_name, source_sheet, source_row FROM read_parquet($file)",
                {"file": str(record)},
            ).fetchall():
                found[name] = (lake, sheet, row)
    return found


def _unchanged(
    engine: Any,
    sheet: Sheet,
    table: str,
    before: dict[int, tuple[Path, str | None, int]],
    origin: Origin,
) -> set[int]:
    """Those of the rows loaded before that still say what was loaded."""
    if sheet.layout is None or not before:
        return set()
    same: set[int] = set()
    sound = {row: place for row, place in before.items() if row not in sheet.odd_rows}
    for lake in {path for path, _, _ in sound.values()}:
        here = [(row, name, at) for row, (path, name, at) in sound.items() if path == lake]
        frame = pa.table(
            {
                "now_row": pa.array([row for row, _, _ in here], type=pa.int64()),
                "of_sheet": pa.array([name for _, name, _ in here], type=pa.string()),
                "of_row": pa.array([at for _, _, at in here], type=pa.int64()),
            }
        )
        engine.register("before", frame)
        source = f"read_parquet({literal(lake)}, hive_partitioning = false)"
        known = {row[0] for row in engine.execute(f"DESCRIBE FROM {source}").fetchall()}
        columns = [c.column.name for c in sheet.layout.cells if c.column.name in known]
        staged = f"(SELECT * FROM {table} SEMI JOIN before ON source_row = now_row) WHERE TRUE"
        rows = accepted_sql(sheet.layout, staged, origin, sheet.entry.name, is_judged=True)
        equal = " AND ".join(f'now."{c}" IS NOT DISTINCT FROM lake."{c}"' for c in columns)
        try:
            # A row with a mended value is marked by a negative number.
            found = engine.execute(
                f"SELECT now_row FROM before JOIN ({rows}) AS now ON abs(now.source_row) = now_row"
                f" JOIN {source} AS lake ON lake.source_row = of_row"
                f" AND lake.source_sheet IS NOT DISTINCT FROM of_sheet WHERE {equal}"
            ).fetchall()
        finally:
            engine.unregister("before")
        same |= {row for (row,) in found}
    return same
