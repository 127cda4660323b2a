"""A delivered workbook goes to the lake: every sheet that carries the feed's headings, as text."""

# ruff: noqa: S608 - every piece of SQL is the contract's or ours; delivered text is never one.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import fastexcel
import pyarrow as pa

from ingestion.batch import EXPLAINED_ROWS, RefusedRow
from ingestion.contracts import Feed, FilePattern
from ingestion.correction import SUMMARY_SHEET, Correction
from ingestion.parsing import build_layout
from ingestion.reading.adjusted import adjusted_cells, still_loaded, take_marks
from ingestion.reading.corrected import expect_slip, feed_headings, sort_rows
from ingestion.reading.finish import Places, finish
from ingestion.reading.headings import match_headings
from ingestion.reading.load import Origin, RawRow, accepted_sql, judge, write_accepted
from ingestion.reading.outcome import Outcome
from ingestion.reading.sheet import NOT_DATA_PATTERN, Sheet, cleaned, epoch_of
from ingestion.reading.sheet_scan import SheetScan
from ingestion.reading.workbook import Book, SheetEntry, damaged, open_book
from ingestion.sentence import RefusedFileError, Sentence, shown

_SHOWN_HEADINGS: Final = 8


def read_xlsx(
    engine: Any,
    feed: Feed,
    pattern: FilePattern,
    path: Path,
    origin: Origin,
    target: Path,
    correction: Correction | None = None,
) -> Outcome:
    """Read one workbook for one feed into the Parquet file `target`.

    Args:
        engine: Connection of `open_engine`.
        feed: The feed.
        pattern: How the workbook is to be read.
        path: Where it lies.
        origin: What its rows say of where they came from.
        target: The Parquet file to write.
        correction: What is known of the batch, where it is a returned sheet that came back.

    Raises:
        RefusedFileError: If the file cannot be loaded at all.
    """
    book = open_book(path, origin.source_file)
    sheets, notes = _tables(book, feed, pattern, correction)
    for sheet in sheets:
        where = f"{book.name} 工作表“{shown(sheet.entry.name)}”"
        headings = feed_headings(sheet.headings) if correction else sheet.headings
        positions, remarks = match_headings(feed, headings, where)
        sheet.layout = build_layout(
            feed,
            positions,
            sheet.headings,
            "xlsx",
            epoch_of(book.is_1904),
            sheet.facts.first_column,
            origin.business_date,
        )
        notes += remarks + sheet.settle_oddities()
    try:
        outcome = _load(engine, feed, sheets, notes, origin, target, correction)
        outcome.is_1904 = book.is_1904
        return outcome
    finally:
        for place in range(len(sheets)):
            engine.execute(f"DROP TABLE IF EXISTS sheet_{place}")


def _tables(
    book: Book, feed: Feed, pattern: FilePattern, correction: Correction | None
) -> tuple[list[Sheet], list[Sentence]]:
    """The sheets that carry the feed's table, and what is to be said of the others."""
    try:
        reader = fastexcel.read_excel(str(book.path))
    except Exception as error:
        raise damaged(book.name) from error

    def summary() -> set[str]:
        return {
            text
            for entry in book.sheets
            if entry.name.strip() == SUMMARY_SHEET
            for column in _read_sheet(book, reader, entry, feed, None).columns
            for text in column.to_pylist()
            if text
        }

    pattern = expect_slip(book, pattern, correction, summary)
    sheets, passed_over, hidden = [], [], []
    for entry in book.sheets:
        if pattern.sheet is not None and entry.name.strip() != pattern.sheet:
            continue
        if correction is not None and entry.name.strip() == SUMMARY_SHEET:
            continue
        if entry.is_hidden and pattern.sheet is None:
            hidden.append(entry.name)
            continue
        sheet = _read_sheet(book, reader, entry, feed, pattern.header_row)
        if sheet.is_table_of(feed):
            sheets.append(sheet)
        elif sheet.height:
            passed_over.append(entry.name)
    if not sheets:
        raise _no_table(book, feed, pattern)
    return sheets, _notes(passed_over, hidden)


def _read_sheet(
    book: Book, reader: Any, entry: SheetEntry, feed: Feed, header_row: int | None
) -> Sheet:
    has_rate = any(column.type == "rate" for column in feed.columns)
    scan = SheetScan(
        f"{book.name} 工作表“{shown(entry.name)}”",
        book.percent_styles if has_rate else frozenset(),
    )
    facts = scan.run(book.pieces(entry.member))
    if not facts.rows:
        return Sheet(entry, facts, [])
    try:
        # No heading row and nothing skipped: row n of the frame is row n of the sheet.
        batch = reader.load_sheet(
            entry.name, header_row=None, skip_rows=0, dtypes="string", eager=True
        )
    except Exception as error:
        raise damaged(book.name) from error
    if batch.num_columns != facts.width - facts.first_column + 1:
        # Then it would not be known which column an odd cell stands in.
        raise damaged(book.name)
    # A reader ends at the last value; rows of formulas without a result may follow it.
    beyond = max(facts.rows[-1] - batch.num_rows, 0)
    columns = [pa.concat_arrays([c, pa.nulls(beyond, c.type)]) for c in batch.columns]
    sheet = Sheet(entry, facts, columns if beyond else list(batch.columns))
    sheet.find_headings(feed, header_row)
    return sheet


def _notes(passed_over: Sequence[str], hidden: Sequence[str]) -> list[Sentence]:
    notes = []
    if passed_over:
        names = [shown(name) for name in passed_over]
        notes.append(
            Sentence(
                f"以下工作表没有约定的标题，未读取：{'、'.join(names)}。",
                f"These sheets carry none of the agreed headings and were not read:"
                f" {', '.join(names)}.",
            )
        )
    if hidden:
        names = [shown(name) for name in hidden]
        notes.append(
            Sentence(
                f"隐藏的工作表未读取：{'、'.join(names)}。",
                f"Hidden sheets were not read: {', '.join(names)}.",
            )
        )
    return notes


def _no_table(book: Book, feed: Feed, pattern: FilePattern) -> RefusedFileError:
    wanted = [c.heading for c in feed.columns if c.required and c.is_read][:_SHOWN_HEADINGS]
    if pattern.sheet is not None:
        zh, en = f"中没有可用的工作表“{pattern.sheet}”", f"has no usable sheet {pattern.sheet!r}"
    else:
        zh, en = (
            "的任何可见工作表中都没有约定的标题行",
            "has no visible sheet with the agreed headings",
        )
    return RefusedFileError(
        f"文件 {book.name} {zh}；标题应包括：{'、'.join(wanted)}。请使用下发的模板。",
        f"{book.name} {en}; they include {', '.join(wanted)}. Use the template of the feed.",
    )


def _load(
    engine: Any,
    feed: Feed,
    sheets: list[Sheet],
    notes: list[Sentence],
    origin: Origin,
    target: Path,
    correction: Correction | None,
) -> Outcome:
    corrected: dict[tuple[str | None, int], str] = {}
    is_rows_only = correction is not None and not correction.slip.is_whole
    for place, sheet in enumerate(sheets):
        _stage(engine, sheet, f"sheet_{place}")
        if correction is not None and is_rows_only:
            named = sort_rows(engine, sheet, f"sheet_{place}", correction, origin)
            corrected |= {(sheet.entry.name, row): name for row, name in named.items()}
    selects = [
        accepted_sql(
            sheet.layout, f"({_data_rows(sheet, place)}) WHERE TRUE", origin, sheet.entry.name
        )
        for place, sheet in enumerate(sheets)
        if sheet.layout is not None
    ]
    loaded = write_accepted(engine, selects, target)
    mended = take_marks(engine, [sheet.layout for sheet in sheets], target)
    rows_in = not_data = counted = 0
    for place, sheet in enumerate(sheets):
        filled, data = engine.execute(
            f"SELECT count(*), count(*) FILTER (kind = 'data') FROM sheet_{place}"
            " WHERE kind <> 'blank'"
        ).fetchone()
        rows_in += filled
        not_data += filled - data
        counted += len(sheet.facts.rows)
    if rows_in != counted:
        raise RefusedFileError(
            f"文件 {shown(origin.source_file)} 读取到 {rows_in:,} 行，而复核计数为 {counted:,} 行，"
            "为避免漏行，文件未入库；请用 Excel 重新另存为 .xlsx 后报送。",
            f"{shown(origin.source_file)}: {rows_in:,} rows were read, but a second count finds"
            f" {counted:,}; so that none is lost nothing was loaded. Save it again with Excel.",
        )
    outcome = Outcome(rows_in, not_data, counted, notes=notes)
    outcome.corrected = corrected if is_rows_only else None
    outcome.heading_rows = {s.entry.name: s.header_row for s in sheets if s.header_row is not None}
    outcome.quarantined = outcome.data_rows - loaded
    is_refused = outcome.is_too_much(outcome.quarantined)
    limit = EXPLAINED_ROWS if is_refused else outcome.quarantined
    if outcome.quarantined:
        for place, sheet in enumerate(sheets):
            outcome.refused += _refused(engine, sheet, place, target, limit)

    def look_up(places: Places) -> list[RefusedRow]:
        found = {
            (row.sheet, row.row): row
            for sheet in sheets
            for row in _judged(
                engine, sheet, [row for name, row in places if name == sheet.entry.name]
            )
        }
        return [found[place] for place in places]

    known = correction.loaded if correction is not None and is_rows_only else ()
    outcome = finish(engine, feed, outcome, target, look_up, known)
    places = still_loaded(mended, outcome)
    for sheet in sheets:
        rows = [_raw(sheet, row) for name, row in places if name == sheet.entry.name]
        outcome.adjusted += adjusted_cells(engine, sheet.layout, rows, cleaned)
    return outcome


def _stage(engine: Any, sheet: Sheet, table: str) -> None:
    """Put the rows of a sheet into a table: cleaned texts, row number, and what kind of row."""
    layout = sheet.layout
    if layout is None or sheet.header_row is None:
        return
    names = [f"c{place}" for place in range(layout.width)]
    numbers = pa.array(range(1, sheet.height + 1), type=pa.int64())
    frame = pa.table([*sheet.columns, numbers], names=[*names, "source_row"])
    texts = [f"r{place}" for place in range(layout.width)]
    first = f"coalesce({', '.join(texts)})"
    required = [
        f"r{place} IS NOT NULL"
        for cell in layout.read_cells
        if cell.column.required
        for place in cell.positions
    ]
    is_whole = " AND ".join(required) or "FALSE"
    odd = ", ".join(str(row) for row in sheet.odd_rows) or "NULL"
    repeated = _repeats_headings(sheet)
    engine.register("delivered", frame)
    try:
        engine.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT *, CASE"
            f" WHEN source_row IN ({odd}) AND {first} IS NULL THEN 'data'"
            f" WHEN {first} IS NULL THEN 'blank'"
            f" WHEN source_row <= {sheet.header_row} THEN 'head'"
            f" WHEN {is_whole} THEN CASE WHEN {repeated} THEN 'head' ELSE 'data' END"
            f" WHEN regexp_matches(regexp_replace(narrow({first}), '\\s', '', 'g'),"
            f" '{NOT_DATA_PATTERN}') THEN 'foot' ELSE 'data' END AS kind"
            f" FROM (SELECT source_row,"
            f" {', '.join(f'sheet_text(c{p}) AS r{p}' for p in range(layout.width))}"
            " FROM delivered)"
        )
    finally:
        engine.unregister("delivered")


def _repeats_headings(sheet: Sheet) -> str:
    """SQL: the row is the heading row once more, as at the top of each printed page."""
    if sheet.layout is None:
        return "FALSE"
    places = [place for cell in sheet.layout.read_cells for place in cell.positions]
    return (
        " AND ".join(
            f"r{place} = '{(cleaned(sheet.headings[place]) or '').replace(chr(39), chr(39) * 2)}'"
            for place in places
        )
        or "FALSE"
    )


def _data_rows(sheet: Sheet, place: int) -> str:
    """SQL of the parsed data rows of a sheet that have no odd cells."""
    if sheet.layout is None:
        return ""
    odd = ", ".join(str(row) for row in sheet.odd_rows)
    condition = f" AND source_row NOT IN ({odd})" if odd else ""
    rows = f"(SELECT * FROM sheet_{place} WHERE kind = 'data'{condition})"
    return sheet.layout.parsed(rows)


def _refused(engine: Any, sheet: Sheet, place: int, target: Path, limit: int) -> list[RefusedRow]:
    """The data rows of a sheet that are not in the written file."""
    if sheet.layout is None:
        return []
    found = engine.execute(
        f"SELECT source_row FROM sheet_{place} WHERE kind = 'data' AND source_row NOT IN"
        " (SELECT source_row FROM read_parquet($file) WHERE source_sheet = $sheet)"
        " ORDER BY source_row LIMIT $limit",
        {"file": str(target), "sheet": sheet.entry.name, "limit": limit},
    ).fetchall()
    refused = []
    for row in _judged(engine, sheet, [number for (number,) in found]):
        strange = sheet.odd_rows.get(row.row, [])
        names = {cell.column for cell in strange}
        reasons = (*strange, *(cell for cell in row.reasons if cell.column not in names))
        refused.append(replace(row, reasons=reasons))
    return refused


def _judged(engine: Any, sheet: Sheet, numbers: Sequence[int]) -> list[RefusedRow]:
    if sheet.layout is None:
        return []
    rows = [_raw(sheet, number) for number in numbers]
    return judge(engine, sheet.layout, rows, cleaned)


def _raw(sheet: Sheet, number: int) -> RawRow:
    return RawRow(sheet.entry.name, number, sheet.row(number))
