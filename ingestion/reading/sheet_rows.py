"""The rows of a sheet in the engine: typed, judged, and told apart from rows that are no data."""

# ruff: noqa: S608 - every piece of SQL is the contract's or ours; delivered text is never one.

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import Feed
from ingestion.reading.sheet import Sheet
from ingestion.reading.sheet_columns import ReadyColumns, make_ready
from ingestion.reading.sheet_kinds import RowKinds, sum_places
from ingestion.reading.sheet_sums import unnamed_sum
from ingestion.sql import literal

_PIECE_ROWS: Final = 20_480


def rows_seen(sheet: Sheet) -> tuple[int, bool]:
    """How many rows the reader of texts saw, and whether they are the ones of the raw XML."""
    height = sheet.height
    is_there, is_text = np.zeros(height, dtype=bool), np.zeros(height, dtype=bool)
    for column in sheet.columns:
        is_there |= pc.is_valid(column).to_numpy(zero_copy_only=False)
        lengths = pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
        is_text |= lengths > 0
    for row, _ in sheet.facts.oddities:
        if row <= height:
            is_there[row - 1] = True
    is_counted = np.zeros(height, dtype=bool)
    counted = np.asarray(sheet.facts.rows, dtype=np.int64)
    is_counted[counted[counted <= height] - 1] = True
    seen = (is_there & is_counted) | is_text
    return int(seen.sum()), bool(np.array_equal(seen, is_counted))


def stage(engine: Any, feed: Feed, sheet: Sheet, table: str) -> None:
    """Put the rows below the headings into a table: typed values, and whether they are sound.

    Afterwards `sheet.set_aside` says of every row that is no data what it is.

    Raises:
        RefusedFileError: If there is a second table on the sheet.
    """
    if sheet.layout is None or sheet.header_row is None:
        return
    numbers = np.asarray(sheet.facts.rows, dtype=np.int64)
    for row in numbers[numbers <= sheet.header_row].tolist():
        sheet.set_aside[row] = "head"
    numbers = numbers[numbers > sheet.header_row]
    first_row = int(numbers[0]) if len(numbers) else 0
    ready = make_ready(engine, sheet, numbers, sum_places(feed, sheet))
    required = [
        f"r{place} IS NOT NULL"
        for cell in sheet.layout.read_cells
        if cell.column.required
        for place in cell.positions
    ]
    is_whole = " AND ".join(required) or "TRUE"
    values = ", ".join(cell.value_name for cell in sheet.layout.cells)
    suspicion = _suspicion(feed, sheet, ready, first_row)
    # In pieces, or one thread would get all of it.
    whole = pa.table(ready.columns)
    pieces = whole.to_batches(max_chunksize=_PIECE_ROWS)
    engine.register("delivered", pa.Table.from_batches(pieces, schema=whole.schema))
    try:
        engine.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT source_row, ({is_whole}) AS whole,"
            f" ({suspicion}) AS suspect, ({sheet.layout.is_sound}) AS sound,"
            f" ({sheet.layout.is_mended or 'FALSE'}) AS mended, {values}"
            f" FROM ({sheet.layout.parsed(ready.select(), ready.given)})"
        )
    finally:
        engine.unregister("delivered")
    _set_aside(engine, feed, sheet, table)


def _suspicion(feed: Feed, sheet: Sheet, ready: ReadyColumns, first_row: int) -> str:
    """SQL: a row that fills in everything and may yet be no data."""
    listed = {heading for heading in sheet.headings if heading}
    listed |= {heading for column in feed.columns for heading in column.headings}
    headings = ", ".join(map(literal, sorted(listed)))
    checks = [f"source_row = {first_row}"]
    for place in sum_places(feed, sheet):
        checks.append(f"r{place} IN ({headings})")
        if place in ready.with_sums:
            checks += [f"contains(r{place}, '计')", f"contains(lower(r{place}), 'total')"]
    return f"coalesce({' OR '.join(checks)}, FALSE)"


def _set_aside(engine: Any, feed: Feed, sheet: Sheet, table: str) -> None:
    found = engine.execute(
        f"SELECT source_row, whole FROM {table} WHERE NOT whole OR suspect ORDER BY source_row"
    ).fetchall()
    (last_whole,) = engine.execute(
        f"SELECT coalesce(max(source_row) FILTER (whole), 0) FROM {table}"
    ).fetchone()
    kinds = RowKinds(feed, sheet, last_whole)
    numbers = [number for number, _ in found]
    undecided = {}
    for (number, is_whole), texts in zip(found, sheet.rows(numbers), strict=True):
        kind = kinds.kind_of(number, texts, is_whole=is_whole)
        if kind is not None:
            sheet.set_aside[number] = kind
        elif not is_whole:
            undecided[number] = texts
    number = unnamed_sum(engine, feed, sheet, table, undecided) if undecided else None
    if number is not None:
        sheet.set_aside[number] = "foot"


def aside_sql(engine: Any, sheet: Sheet, table: str) -> tuple[str, str]:
    """SQL over a staged sheet: the row is no data; the row has odd cells."""
    names = f"{table}_no_data", f"{table}_odd"
    for name, rows in zip(names, (list(sheet.set_aside), list(sheet.odd_rows)), strict=True):
        listed = pa.table({"source_row": pa.array(sorted(rows), type=pa.int64())})
        engine.register("listed", listed)
        engine.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM listed")
        engine.unregister("listed")
    no_data, odd = (f"source_row IN (SELECT source_row FROM {name})" for name in names)
    return no_data, odd
