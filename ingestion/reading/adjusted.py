"""Rows with a mended value: marked where they are written, and told cell by cell afterwards.

A value is mended inside the one pass over the file, by SQL. The row's number is written negative
there, which costs a comparison per checked column and nothing else; only where a file has such
rows are they read a second time, to say what was delivered and what became of it.
"""

# ruff: noqa: S608 - every piece of SQL is the contract's or ours; delivered text is never one.

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from ingestion.batch import AdjustedCell
from ingestion.parsing import Layout
from ingestion.parsing.cell import Verdict
from ingestion.parsing.explain_check import explain_kept, explain_mended
from ingestion.parsing.text import clean
from ingestion.reading.finish import Places
from ingestion.reading.load import RawRow, ask_rows, rest_of
from ingestion.reading.outcome import Outcome
from ingestion.sentence import RefusedFileError, shown
from ingestion.sql import literal

# Each mended cell is told one by one, and takes 400 bytes of memory until it is written.
MOST_MENDED_CELLS: Final = 3_000_000
# Rows whose mended cells are told are looked up so many at a time.
_ROWS_AT_ONCE: Final = 20_000


def take_marks(engine: Any, layouts: Iterable[Layout | None], target: Path, name: str) -> Places:
    """Make the row numbers of `target` what they are; the places of the rows that were marked.

    Args:
        engine: Connection of `open_engine`.
        layouts: How the texts became values.
        target: The Parquet file written.
        name: The delivered file, for sentences.

    Raises:
        RefusedFileError: If so many rows were mended that their system writes another form than
            agreed.
    """
    cells = [len(layout.mended_cells) for layout in layouts if layout is not None]
    if not any(cells):
        return []
    source = f"read_parquet({literal(target)})"
    count, first = engine.execute(
        "SELECT count(*), first({sheet: source_sheet, row: -source_row} ORDER BY source_sheet,"
        f" source_row DESC) FROM {source} WHERE source_row < 0"
    ).fetchone()
    if not count:
        return []
    if count * max(cells) > MOST_MENDED_CELLS:
        raise _another_form(name, count, first["sheet"], first["row"])
    marked: Places = engine.execute(
        f"SELECT source_sheet, -source_row FROM {source} WHERE source_row < 0"
        " ORDER BY source_sheet, source_row DESC"
    ).fetchall()
    rest = rest_of(target)
    engine.execute(
        f"COPY (SELECT * REPLACE (abs(source_row) AS source_row) FROM {source})"
        f" TO {literal(rest)} (FORMAT parquet)"
    )
    rest.replace(target)
    return marked


def _another_form(name: str, count: int, sheet: str | None, row: int) -> RefusedFileError:
    where = f"工作表“{shown(sheet)}”第 {row} 行" if sheet else f"第 {row} 行"
    where_en = f"row {row} of sheet {shown(sheet)!r}" if sheet else f"line {row}"
    return RefusedFileError(
        f"文件 {name} 有 {count:,} 行的写法与约定不同（如{where}），多得无法逐格记录，未入库；"
        "请按约定导出，或在接口约定中用 rewrite 写明该写法。",
        f"{name}: {count:,} rows are written otherwise than agreed (the first is {where_en}), too"
        " many to record each cell, so nothing was loaded; export it as agreed, or say how it is"
        " written with rewrite in the feed's file.",
    )


def still_loaded(places: Places, outcome: Outcome) -> Places:
    """The places of rows that were not taken out afterwards; none where the file is refused."""
    if outcome.refusal is not None:
        return []
    refused = {(row.sheet, row.row) for row in outcome.refused}
    return [place for place in places if place not in refused]


def tell_adjusted(
    engine: Any,
    layout: Layout | None,
    rows: Sequence[int],
    delivered: Callable[[list[int]], list[RawRow]],
    cleaner: Callable[[str], str | None] = clean,
) -> list[AdjustedCell]:
    """What was changed in some rows, or kept although it fails its check.

    Args:
        engine: Connection of `open_engine`.
        layout: How the texts became values.
        rows: Numbers of the rows.
        delivered: Gives some of them as delivered.
        cleaner: The text layer of the kind of file.
    """
    found = []
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        some = delivered(list(rows[first : first + _ROWS_AT_ONCE]))
        found += _adjusted_cells(engine, layout, some, cleaner)
    return found


def _adjusted_cells(
    engine: Any,
    layout: Layout | None,
    raw: Sequence[RawRow],
    cleaner: Callable[[str], str | None],
) -> list[AdjustedCell]:
    if not raw or layout is None:
        return []
    cells = layout.mended_cells
    asked = ", ".join(
        f"{cell.is_mended}, {cell.failure}, {cell.checked_name}, {cell.value_name}"
        for cell in cells
    )
    found = []
    for row, answers in zip(raw, ask_rows(engine, layout, raw, asked, cleaner), strict=True):
        for place, cell in enumerate(cells):
            is_mended, number, checked, value = answers[place * 4 : place * 4 + 4]
            if not is_mended:
                continue
            text = cell.column.separator.join(row.texts[n] or "" for n in cell.positions)
            heading, check = layout.heading_of(cell), Verdict(number)
            if checked is None:
                code, reason = explain_kept(text, check, layout.today)
            else:
                code, reason = explain_mended(text, value, check)
            found.append(
                AdjustedCell(
                    row.sheet, row.row, cell.column.name, heading, text, value, code, reason
                )
            )
    return found
