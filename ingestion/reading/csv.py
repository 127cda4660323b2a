"""A delivered extract goes to the lake in one pass: decode, parse, judge, write.

The lines run through a pipe: one thread decodes and checks them, DuckDB parses what comes out
and writes Parquet. No copy of the text touches the disk, and memory does not grow with the file.
"""

# ruff: noqa: S608 - every piece of SQL is the contract's or ours; delivered text is never one.

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from pathlib import Path
from typing import Any, Final

from ingestion.batch import EXPLAINED_ROWS, RefusedRow
from ingestion.contracts import Feed, FilePattern
from ingestion.parsing import Layout, build_layout
from ingestion.reading.adjusted import adjusted_cells, still_loaded, take_marks
from ingestion.reading.csv_lines import CsvLines, count_lines
from ingestion.reading.finish import Places, finish
from ingestion.reading.headings import match_headings
from ingestion.reading.load import Origin, RawRow, accepted_sql, judge, row_refusal, write_accepted
from ingestion.reading.outcome import Outcome
from ingestion.reading.records import PLACEHOLDER
from ingestion.sentence import RefusedFileError, Sentence

# Above the longest line that is passed on (a million characters of up to four bytes).
_LONGEST_LINE_BYTES: Final = 8_000_000
_PIPE_BYTES: Final = 1 << 20
# Rows whose mended cells are told are looked up so many at a time.
_ROWS_AT_ONCE: Final = 20_000
_CUT: Final = Sentence(
    "文件最后一行没有换行符，可能传输不完整，请核对行数。",
    "The last line has no line end; the file may have been cut off, so check its number of rows.",
)


def read_csv(
    engine: Any, feed: Feed, pattern: FilePattern, path: Path, origin: Origin, target: Path
) -> Outcome:
    """Read one extract for one feed into the Parquet file `target`.

    Raises:
        RefusedFileError: If the file cannot be loaded at all.
    """
    lines = CsvLines(
        path, pattern.encoding, pattern.delimiter, pattern.quote, name=origin.source_file
    )
    headings = lines.headings() if pattern.header else _headings_by_contract(feed, lines)
    positions, notes = match_headings(feed, headings, origin.source_file)
    layout = build_layout(feed, positions, headings, "csv", today=origin.business_date)
    loaded = _stream(engine, lines, layout, origin, target)
    mended = take_marks(engine, [layout], target)
    scan = lines.scan
    if scan.is_cut:
        notes.append(_CUT)
    outcome = Outcome(
        rows_in=scan.lines,
        not_data=lines.heading_line + len(scan.passed_over),
        counted=count_lines(path),
        notes=notes,
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

    def look_up(places: Places) -> list[RefusedRow]:
        found = lines.fetch([row for _, row in places], layout.width)
        return judge(engine, layout, [RawRow(None, row, found[row]) for _, row in places])

    outcome = finish(engine, feed, outcome, target, look_up)
    numbers = [row for _, row in still_loaded(mended, outcome)]
    for first in range(0, len(numbers), _ROWS_AT_ONCE):
        some = numbers[first : first + _ROWS_AT_ONCE]
        found = lines.fetch(some, layout.width)
        delivered = [RawRow(None, row, found[row]) for row in some]
        outcome.adjusted += adjusted_cells(engine, layout, delivered)
    return outcome


def _headings_by_contract(feed: Feed, lines: CsvLines) -> list[str]:
    """The feed's own headings, for files that are agreed to have none."""
    lines.headings()
    lines.has_heading = False
    return [column.heading for column in feed.columns if column.is_read]


def _stream(engine: Any, lines: CsvLines, layout: Layout, origin: Origin, target: Path) -> int:
    """Run the lines through the loader; how many rows it accepted."""
    loaded = _attempt(engine, lines, layout, origin, target)
    if _rejects(engine):
        # The scanner passed a line that the loader reads otherwise. Then every line is taken
        # apart by us and quoted anew, which leaves nothing to interpret.
        lines.is_plain_allowed = False
        loaded = _attempt(engine, lines, layout, origin, target)
        if rejected := _rejects(engine):
            raise RefusedFileError(
                f"文件 {lines.name} 有 {rejected:,} 行无法可靠解析，整份文件未入库。",
                f"{lines.name} has {rejected:,} lines that cannot be read reliably; nothing of it"
                " was loaded.",
            )
    return loaded


def _attempt(engine: Any, lines: CsvLines, layout: Layout, origin: Origin, target: Path) -> int:
    reading, writing = _pipe()
    failures: list[BaseException] = []

    def write(data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(writing, view) :]

    def pump() -> None:
        try:
            lines.pump(write, layout.width)
        except BrokenPipeError:
            pass  # the loader gave up; its own error says why
        except BaseException as error:  # noqa: BLE001, RUF100 - carried over to the other thread
            failures.append(error)
        finally:
            os.close(writing)

    thread = threading.Thread(target=pump, name="csv-lines", daemon=True)
    thread.start()
    try:
        rows = accepted_sql(layout, _rows(lines, layout, reading), origin, None)
        loaded = write_accepted(engine, [rows], target)
    finally:
        os.close(reading)
        thread.join()
    if failures:
        raise failures[0]
    return loaded


def _pipe() -> tuple[int, int]:
    reading, writing = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        # Refused where the user's pipes are limited; then it is the usual 64 KiB.
        with contextlib.suppress(OSError):
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return reading, writing


def _rows(lines: CsvLines, layout: Layout, reading: int) -> str:
    """SQL of the parsed rows with their line numbers."""
    columns = ", ".join(f"'r{place}': 'VARCHAR'" for place in range(layout.width))
    quote = lines.quote.replace("'", "''")
    delimiter = lines.delimiter.replace("'", "''")
    texts = (
        f"read_csv('/dev/fd/{reading}', delim = '{delimiter}', quote = '{quote}',"
        f" escape = '{quote}', header = false, columns = {{{columns}}}, new_line = '\\n',"
        " auto_detect = false, null_padding = false, strict_mode = true, store_rejects = true,"
        f" max_line_size = {_LONGEST_LINE_BYTES})"
    )
    # The number of a record is its line, for the scanner hands on a line for each line it reads.
    # Counting above the parsing also keeps the engine from parsing twice, once to judge a row
    # and once to write it.
    return (
        f"(SELECT *, row_number() OVER () + {lines.heading_line} AS source_row"
        f" FROM ({layout.parsed(texts)})) WHERE r0 IS DISTINCT FROM '{PLACEHOLDER}'"
    )


def _rejects(engine: Any) -> int:
    """How many lines the loader itself put aside since last asked."""
    count = int(engine.execute("SELECT count(*) FROM reject_errors").fetchone()[0])
    if count:
        engine.execute("DELETE FROM reject_errors")
    return count


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
