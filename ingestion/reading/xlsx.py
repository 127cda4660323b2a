"""A delivered workbook goes to the lake: every sheet that carries the feed's headings, as text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from ingestion.batch import EXPLAINED_ROWS, RefusedRow
from ingestion.contracts import Feed, FilePattern
from ingestion.parsing import build_layout
from ingestion.reading.adjusted import still_loaded, take_marks, tell_adjusted
from ingestion.reading.corrected import expect_slip, feed_headings, sort_rows
from ingestion.reading.finish import Places, finish
from ingestion.reading.headings import match_headings
from ingestion.reading.load import Origin, RawRow, accepted_sql, judge, write_accepted
from ingestion.reading.outcome import Outcome
from ingestion.reading.sheet import Sheet, cleaned, epoch_of
from ingestion.reading.sheet_kinds import UNANSWERED
from ingestion.reading.sheet_rows import aside_sql, rows_seen, stage
from ingestion.reading.sheet_settle import settle
from ingestion.reading.sheet_texts import open_reader, read_sheet
from ingestion.reading.sheet_units import refuse_other_unit
from ingestion.reading.sheet_unread import doubt_unread
from ingestion.reading.workbook import Book, open_book
from ingestion.returning.correction import Correction
from ingestion.returning.slip import SUMMARY_SHEET
from ingestion.sentence import RefusedFileError, Sentence, shown

_SHOWN_HEADINGS: Final = 8


@dataclass
class _Tables:
    """The sheets of a book, told apart.

    Attributes:
        read: Sheets that carry the feed's table.
        skipped: Hidden sheets that carry it and are not read by the feed's word.
        unread: Visible sheets that do not carry it.
        notes: What is to be said of the others.
    """

    read: list[Sheet] = field(default_factory=list)
    skipped: list[Sheet] = field(default_factory=list)
    unread: list[Sheet] = field(default_factory=list)
    notes: list[Sentence] = field(default_factory=list)


def read_xlsx(
    engine: Any,
    feed: Feed,
    pattern: FilePattern,
    path: Path,
    origin: Origin,
    target: Path,
    correction: Correction | None = None,
    *,
    is_careful: bool = False,
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
        is_careful: Whether each sheet is looked over to its end before a reader opens it, however
            big it is.

    Raises:
        RefusedFileError: If the file cannot be loaded at all.
    """
    book = open_book(path, origin.source_file)
    tables = _tables(book, feed, pattern, correction, is_careful)
    for sheet in tables.read:
        _settle(book, feed, pattern, sheet, tables, origin.business_date, correction)
    try:
        outcome = _load(engine, book, feed, tables, origin, target, correction)
        outcome.is_1904 = book.is_1904
        return outcome
    finally:
        for place in range(len(tables.read)):
            for name in (f"sheet_{place}", f"sheet_{place}_no_data", f"sheet_{place}_odd"):
                engine.execute(f"DROP TABLE IF EXISTS {name}")


def _where(book: Book, sheet: Sheet) -> str:
    # The same in both languages, since it stands in sentences of both.
    return f"{book.name} [{shown(sheet.entry.name)}]"


def _tables(
    book: Book,
    feed: Feed,
    pattern: FilePattern,
    correction: Correction | None,
    is_careful: bool,
) -> _Tables:
    """The sheets that carry the feed's table, and what is to be said of the others."""
    reader = open_reader(book)

    def summary() -> set[str]:
        return {
            text
            for entry in book.sheets
            if entry.name.strip() == SUMMARY_SHEET
            for column in read_sheet(book, reader, entry, is_careful).columns
            for text in column.to_pylist()
            if text
        }

    pattern = expect_slip(book, pattern, correction, summary)
    tables, hidden = _Tables(), []
    for entry in book.sheets:
        if pattern.sheet is not None and entry.name.strip() != pattern.sheet:
            continue
        if correction is not None and entry.name.strip() == SUMMARY_SHEET:
            continue
        is_skipped = entry.is_hidden and pattern.sheet is None and pattern.hidden != "load"
        sheet = read_sheet(book, reader, entry, is_careful)
        if pattern.hidden == "skip":
            sheet.hide_columns()
        sheet.find_headings(feed, pattern.header_row)
        if is_skipped:
            hidden.append(sheet)
            if sheet.is_table_of(feed):
                tables.skipped.append(sheet)
        elif sheet.is_table_of(feed):
            tables.read.append(sheet)
        elif sheet.height:
            tables.unread.append(sheet)
    if not tables.read:
        raise _no_table(book, feed, pattern)
    tables.notes = _notes(
        tables.unread, hidden, [sheet for sheet in tables.read if sheet.entry.is_hidden]
    )
    return tables


def _notes(
    unread: Sequence[Sheet], skipped: Sequence[Sheet], loaded: Sequence[Sheet]
) -> list[Sentence]:
    notes = []
    if unread:
        names = [shown(sheet.entry.name) for sheet in unread]
        notes.append(
            Sentence(
                f"以下工作表没有约定的标题，未读取：{'、'.join(names)}。",
                f"These sheets carry none of the agreed headings and were not read:"
                f" {', '.join(names)}.",
            )
        )
    if skipped:
        zh = [f"{shown(sheet.entry.name)}（{len(sheet.facts.rows):,} 行）" for sheet in skipped]
        en = [f"{shown(sheet.entry.name)} ({len(sheet.facts.rows):,} rows)" for sheet in skipped]
        notes.append(
            Sentence(
                f"隐藏的工作表未读取：{'、'.join(zh)}。",
                f"Hidden sheets were not read: {', '.join(en)}.",
            )
        )
    if loaded:
        names = [shown(sheet.entry.name) for sheet in loaded]
        notes.append(
            Sentence(
                f"隐藏的工作表已与可见的一同读取：{'、'.join(names)}。",
                f"Hidden sheets were read like the visible ones: {', '.join(names)}.",
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


def _settle(
    book: Book,
    feed: Feed,
    pattern: FilePattern,
    sheet: Sheet,
    tables: _Tables,
    business_date: dt.date,
    correction: Correction | None,
) -> None:
    """Accept the headings of a sheet and put its cells right."""
    headings = feed_headings(sheet.headings) if correction else sheet.headings
    positions, remarks = match_headings(feed, headings, _where(book, sheet))
    epoch = epoch_of(book.is_1904)
    sheet.layout = build_layout(
        feed,
        positions,
        sheet.headings,
        "xlsx",
        epoch,
        sheet.facts.first_column,
        business_date,
    )
    tables.notes += remarks + settle(sheet, book.shapes, epoch, business_date)
    rows, columns = len(sheet.facts.hidden_rows), len(sheet.facts.hidden_columns)
    if not (rows or columns):
        return
    is_skipped = pattern.hidden == "skip"
    if is_skipped:
        sheet.set_aside |= dict.fromkeys(sheet.facts.hidden_rows, "hidden")
    zh, en = (
        ("按约定未读取", "by the feed's word they were not read")
        if is_skipped
        else ("已与可见内容一同读取", "they were read like the visible ones")
    )
    name = shown(sheet.entry.name)
    tables.notes.append(
        Sentence(
            f"工作表“{name}”有 {rows} 行、{columns} 列处于隐藏状态，{zh}。",
            f"Sheet {name!r} hides {rows} rows and {columns} columns; {en}.",
        )
    )


def _load(
    engine: Any,
    book: Book,
    feed: Feed,
    tables: _Tables,
    origin: Origin,
    target: Path,
    correction: Correction | None,
) -> Outcome:
    selects, refusable = [], []
    corrected: dict[tuple[str | None, int], str] = {}
    is_rows_only = correction is not None and not correction.slip.is_whole
    for place, sheet in enumerate(tables.read):
        table = f"sheet_{place}"
        stage(engine, feed, sheet, table)
        refuse_other_unit(sheet, _where(book, sheet))
        if correction is not None and is_rows_only:
            named = sort_rows(engine, sheet, table, correction, origin)
            corrected |= {(sheet.entry.name, row): name for row, name in named.items()}
        no_data, odd = aside_sql(engine, sheet, table)
        refusable.append(f"FROM {table} WHERE NOT ({no_data}) AND (NOT sound OR {odd})")
        if sheet.layout is not None:
            rows = f"{table} WHERE NOT ({no_data}) AND NOT ({odd})"
            selects.append(
                accepted_sql(sheet.layout, rows, origin, sheet.entry.name, is_judged=True)
            )
    loaded = write_accepted(engine, selects, target)
    layouts = [sheet.layout for sheet in tables.read]
    mended = take_marks(engine, layouts, target, book.name)
    outcome = _counted(tables, origin)
    if correction is None:
        outcome.doubts += doubt_unread(engine, feed, tables.read[0], tables.unread)
    outcome.corrected = corrected if is_rows_only else None
    outcome.quarantined = outcome.data_rows - loaded
    is_refused = outcome.is_too_much(outcome.quarantined)
    limit = EXPLAINED_ROWS if is_refused else outcome.quarantined
    if outcome.quarantined:
        for sheet, rows in zip(tables.read, refusable, strict=True):
            outcome.refused += _refused(engine, sheet, rows, limit)

    def look_up(places: Places) -> list[RefusedRow]:
        found = {
            (row.sheet, row.row): row
            for sheet in tables.read
            for row in _judged(
                engine, sheet, [row for name, row in places if name == sheet.entry.name]
            )
        }
        return [found[place] for place in places]

    known = correction.loaded if correction is not None and is_rows_only else ()
    outcome = finish(engine, feed, outcome, target, look_up, known)
    if outcome.refusal is None:
        _tell_adjusted(engine, tables, still_loaded(mended, outcome), outcome)
    return outcome


def _counted(tables: _Tables, origin: Origin) -> Outcome:
    """The rows of all sheets that carry the table, by both counters.

    Raises:
        RefusedFileError: If the counters disagree.
    """
    rows_in = counted = not_data = 0
    is_same = True
    for sheet in (*tables.read, *tables.skipped):
        seen, is_same_rows = rows_seen(sheet)
        rows_in += seen
        counted += len(sheet.facts.rows)
        is_same &= is_same_rows
    for sheet in tables.read:
        not_data += len(sheet.set_aside.keys() & set(sheet.facts.rows))
    not_data += sum(len(sheet.facts.rows) for sheet in tables.skipped)
    if not is_same:
        raise RefusedFileError(
            f"文件 {shown(origin.source_file)} 读取到 {rows_in:,} 行，而复核计数为 {counted:,} 行，"
            "或二者不是相同的行；为避免漏行，文件未入库；请用 Excel 重新另存为 .xlsx 后报送。",
            f"{shown(origin.source_file)}: {rows_in:,} rows were read, but a second count finds"
            f" {counted:,}, or not the same ones; so that none is lost nothing was loaded. Save it"
            " again with Excel.",
        )
    outcome = Outcome(rows_in, not_data, counted, notes=tables.notes + _unanswered(tables))
    outcome.heading_rows = {
        s.entry.name: s.header_row for s in tables.read if s.header_row is not None
    }
    return outcome


def _unanswered(tables: _Tables) -> list[Sentence]:
    count = sum(list(sheet.set_aside.values()).count(UNANSWERED) for sheet in tables.read)
    if not count:
        return []
    return [
        Sentence(
            f"预先填好的名单中有 {count} 行尚未填写结果，未入库；填写后重新报送即可。",
            f"{count} rows of the prepared list have no result yet and were not loaded; fill them"
            " in and deliver the file again.",
        )
    ]


def _refused(engine: Any, sheet: Sheet, rows: str, limit: int) -> list[RefusedRow]:
    """The data rows of a sheet that are not loaded."""
    found = engine.execute(f"SELECT source_row {rows} ORDER BY source_row LIMIT {limit}").fetchall()
    refused = []
    for row in _judged(engine, sheet, [number for (number,) in found]):
        strange = sheet.odd_rows.get(row.row, [])
        names = {cell.column for cell in strange}
        reasons = (*strange, *(cell for cell in row.reasons if cell.column not in names))
        refused.append(replace(row, reasons=reasons))
    return refused


def _judged(engine: Any, sheet: Sheet, numbers: list[int]) -> list[RefusedRow]:
    if sheet.layout is None or not numbers:
        return []
    return judge(engine, sheet.layout, _raw(sheet, numbers), cleaned)


def _raw(sheet: Sheet, numbers: list[int]) -> list[RawRow]:
    texts = sheet.rows(numbers)
    return [RawRow(sheet.entry.name, n, row) for n, row in zip(numbers, texts, strict=True)]


def _tell_adjusted(engine: Any, tables: _Tables, mended: Places, outcome: Outcome) -> None:
    """Tell the cells of loaded rows that were read as something else than they hold."""
    refused = {(row.sheet, row.row) for row in outcome.refused}
    for sheet in tables.read:
        outcome.adjusted += [
            cell
            for cell in sheet.adjusted
            if cell.row not in sheet.set_aside and (cell.sheet, cell.row) not in refused
        ]
        rows = [row for name, row in mended if name == sheet.entry.name]
        raw = partial(_raw, sheet)
        outcome.adjusted += tell_adjusted(engine, sheet.layout, rows, raw, cleaned)
