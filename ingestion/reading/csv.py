"""A delivered extract goes to the lake in one pass: decode, parse, judge, write.

Threads decode the lines, check them and take them apart; DuckDB parses the cells and writes
Parquet. No copy of the text touches the disk, and only what is refused or mended takes memory.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import duckdb

from ingestion.batch import EXPLAINED_ROWS, Doubt, RefusedRow
from ingestion.contracts import Feed, FilePattern
from ingestion.parsing import Layout, build_layout
from ingestion.reading.adjusted import still_loaded, take_marks, tell_adjusted
from ingestion.reading.csv_lines import CsvLines, OpenAtBorderError
from ingestion.reading.finish import Places, finish
from ingestion.reading.fixed_lines import FixedLines
from ingestion.reading.headings import match_headings
from ingestion.reading.line_scan import Scan
from ingestion.reading.load import Origin, RawRow, accepted_sql, judge, row_refusal, write_accepted
from ingestion.reading.outcome import Outcome
from ingestion.reading.promises import Promise, doubts_about, promise_of_trailer
from ingestion.reading.record_batches import RecordBatches
from ingestion.reading.records import Grammar
from ingestion.reading.unpacked import count_lines
from ingestion.sentence import RefusedFileError, Sentence

_CUT: Final = Sentence(
    "文件最后一行没有换行符，可能传输不完整；请核对行数后重新报送，或放行。",
    "The last line has no line end, so the file may have been cut off; check its number of rows"
    " and have it delivered again, or release it.",
)


def read_csv(
    engine: Any,
    feed: Feed,
    pattern: FilePattern,
    path: Path,
    origin: Origin,
    target: Path,
    told: Promise | None = None,
) -> Outcome:
    """Read one extract, delimited or of fixed width, for one feed into the Parquet file `target`.

    Args:
        engine: Connection of `open_engine`.
        feed: The feed.
        pattern: How the file is written.
        path: The file.
        origin: Batch and file.
        target: Parquet file to write.
        told: What a control file says of it.

    Raises:
        RefusedFileError: If the file cannot be loaded at all.
    """
    kind = FixedLines if pattern.format == "fixed" else CsvLines
    lines = kind(path, pattern, name=origin.source_file)
    headings = lines.headings() or [column.heading for column in feed.columns if column.is_read]
    _refuse_delimiter(lines, headings)
    positions, notes = match_headings(feed, headings, origin.source_file)
    layout = build_layout(feed, positions, headings, "csv", today=origin.business_date)
    loaded = _stream(engine, lines, layout, origin, target)
    mended = take_marks(engine, [layout], target, lines.name)
    scan = lines.scan
    promises = [told] if told else []
    if scan.trailer is not None:
        promises.append(promise_of_trailer(pattern, scan.trailer, lines.name))
    outcome = Outcome(
        rows_in=scan.lines,
        not_data=lines.heading_line + len(scan.passed_over) + scan.behind,
        counted=count_lines(path, pattern.compression, lines.name),
        notes=notes + _notes_on_signs(scan),
        is_empty_told=any(each.row_count == 0 for each in promises),
    )
    outcome.quarantined = outcome.data_rows - loaded
    is_refused = outcome.is_too_much(outcome.quarantined)
    limit = EXPLAINED_ROWS if is_refused else outcome.quarantined
    outcome.refused = [
        row_refusal(None, RawRow(None, bad.line, ()), bad.code, bad.reason, bad.text)
        for bad in scan.bad[:limit]
    ]
    if outcome.quarantined > len(scan.bad):
        outcome.refused += _refused_by_cell(engine, lines, layout, target, limit)

    def delivered(rows: list[int]) -> list[RawRow]:
        found = lines.fetch(rows, layout.width)
        return [RawRow(None, row, found[row]) for row in rows]

    def look_up(places: Places) -> list[RefusedRow]:
        return judge(engine, layout, delivered([row for _, row in places]))

    finish(engine, feed, outcome, target, look_up)
    rows = [row for _, row in still_loaded(mended, outcome)]
    outcome.adjusted += tell_adjusted(engine, layout, rows, delivered)
    is_whole = any(each.is_whole or each.rows is not None for each in promises)
    if scan.is_cut and pattern.ends_last_line and not is_whole:
        outcome.doubts.append(Doubt("cut", _CUT))
    outcome.doubts += doubts_about(engine, feed, layout, outcome, promises)
    return outcome


def _refuse_delimiter(lines: CsvLines, headings: Sequence[str]) -> None:
    """Refuse a file whose heading line is parted by another sign than the agreed one."""
    if len(headings) != 1 or not lines.delimiter.isprintable():
        return
    if other := Grammar(lines.delimiter, lines.quote, 1).other_delimiter(headings[0]):
        raise RefusedFileError(
            f"文件 {lines.name} 约定分隔符为“{lines.delimiter}”，标题行中却只有“{other}”；"
            "请按约定分隔符重新导出。",
            f"The fields of {lines.name} should be parted by {lines.delimiter!r}, but its heading"
            f" line has only {other!r}; export it again with the agreed delimiter.",
        )


def _notes_on_signs(scan: Scan) -> list[Sentence]:
    notes = []
    if scan.private:
        notes.append(
            Sentence(
                f"文件含有 {scan.private:,} 个自造字（私用区字符），已原样入库，"
                "离开来源系统可能显示不出；请在来源系统改为标准汉字。",
                f"The file holds {scan.private:,} characters of private use. They were loaded as"
                " they are, but only the source's own fonts can show them; have them replaced"
                " there.",
            )
        )
    if scan.replaced:
        notes.append(
            Sentence(
                f"文件含有 {scan.replaced:,} 个替换符（U+FFFD），原字在导出前已丢失；"
                "请在来源系统核对。",
                f"The file holds {scan.replaced:,} replacement characters (U+FFFD): what stood"
                " there was lost before the export; check it at the source.",
            )
        )
    return notes


def _stream(engine: Any, lines: CsvLines, layout: Layout, origin: Origin, target: Path) -> int:
    """Run the lines through the loader; how many rows it accepted."""
    try:
        return _attempt(engine, lines, layout, origin, target)
    except OpenAtBorderError:
        lines.is_split_allowed = False
        return _attempt(engine, lines, layout, origin, target)


def _attempt(engine: Any, lines: CsvLines, layout: Layout, origin: Origin, target: Path) -> int:
    lines.begin()
    with RecordBatches(lines, layout.width) as batches:
        engine.register("delivered", batches.reader())
        try:
            parsed = f"({layout.parsed('delivered')}) WHERE TRUE"
            # Else the engine parses twice, once to judge a row and once to write it.
            engine.execute("SET disabled_optimizers = 'filter_pushdown'")
            loaded = write_accepted(engine, [accepted_sql(layout, parsed, origin, None)], target)
        finally:
            # After a fatal error neither answers any more, and the first error is the one to tell.
            with contextlib.suppress(duckdb.Error):
                engine.execute("RESET disabled_optimizers")
                engine.unregister("delivered")
        batches.settle()
    return loaded


def _refused_by_cell(
    engine: Any, lines: CsvLines, layout: Layout, target: Path, limit: int
) -> list[RefusedRow]:
    """The rows that the loader left out, found by the line numbers that are not in its file."""
    scan = lines.scan
    known = [bad.line for bad in scan.bad] + scan.passed_over
    missing = engine.execute(
        "SELECT line FROM range($first, $last) AS lines(line)"
        " WHERE line NOT IN (SELECT unnest($known::BIGINT[]))"
        " AND line NOT IN (SELECT source_row FROM read_parquet($file)) ORDER BY line LIMIT $limit",
        {
            "first": lines.heading_line + 1,
            "last": scan.lines + 1,
            "known": known,
            "file": str(target),
            "limit": limit,
        },
    ).fetchall()
    numbers = [row[0] for row in missing]
    found = lines.fetch(numbers, layout.width)
    return judge(engine, layout, [RawRow(None, n, found[n]) for n in numbers])
