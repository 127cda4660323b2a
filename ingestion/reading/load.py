"""Rows of text become typed rows in one Parquet file, and refused rows with their reasons.

Shared by extracts and workbooks: both hand in a relation with the texts r0, r1, ... and where
each row stands; both get the same parsers, the same judgement and the same counts.
"""

# ruff: noqa: S608 - every piece of SQL is the contract's or ours; delivered text is never one.

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb

from ingestion.batch import ColumnProfile, RefusedCell, RefusedRow
from ingestion.contracts import ORIGIN_COLUMNS, Column, Feed
from ingestion.parsing import Layout, explain, install_parsers
from ingestion.parsing.cell import Verdict
from ingestion.parsing.text import clean
from ingestion.sentence import Sentence
from ingestion.sql import literal

_NUMBERS: Final = frozenset({"integer", "money", "rate", "decimal", "float"})
_LISTED: Final = frozenset({"code", "boolean", "date"})
_EXACT_DUPLICATE: Final = Sentence(
    "与本文件中另一行完全相同，已保留第一行。",
    "The row is the same as another one in this file; the first one is kept.",
)


@dataclass(frozen=True)
class Origin:
    """What every row of a batch says about where it came from."""

    batch_id: str
    precedence: str
    source_file: str
    business_date: dt.date = dt.date.max


@dataclass(frozen=True)
class RawRow:
    """A delivered row as text: cleaned for the parsers, and as it was delivered."""

    sheet: str | None
    row: int
    texts: Sequence[str | None]


@dataclass
class Totals:
    """Counts and sums over the rows that were loaded."""

    rows: int = 0
    key_count: int = 0
    money: dict[str, Decimal | None] = field(default_factory=dict)
    event_dates: list[dt.date] = field(default_factory=list)
    columns: list[ColumnProfile] = field(default_factory=list)


def open_engine(memory_limit: str = "1GB", temp_directory: Path | None = None) -> Any:
    """A DuckDB connection for one reader, with the parsers in it: one thread of many processes."""
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.execute(f"SET memory_limit = '{memory_limit}'")
    connection.execute("SET TimeZone = 'Asia/Shanghai'")
    for name in ("autoinstall_known_extensions", "autoload_known_extensions"):
        connection.execute(f"SET {name} = false")
    if temp_directory is not None:
        connection.execute("SET temp_directory = ?", [str(temp_directory)])
    install_parsers(connection)
    return connection


def accepted_sql(
    layout: Layout, rows: str, origin: Origin, sheet: str | None, *, is_judged: bool = False
) -> str:
    """SQL of the lake rows that `rows` gives.

    Args:
        layout: How the texts became values.
        rows: A relation with v_.. (parsed) and source_row, and a condition.
        origin: Batch and file.
        sheet: Sheet of the workbook, None for an extract.
        is_judged: Whether the rows hold `sound` and `mended` from being judged before.

    The row number of a row with a mended value is negative, until `adjusted.take_marks`.
    """
    mended = "mended" if is_judged else layout.is_mended
    row = "source_row"
    if mended is not None:
        row = f"CASE WHEN {mended} THEN -source_row ELSE source_row END AS source_row"
    return (
        f"SELECT {layout.values}, {_text(origin.batch_id)} AS batch_id,"
        f" {_text(origin.precedence)} AS batch_precedence,"
        f" {_text(origin.source_file)} AS source_file, {_text(sheet)} AS source_sheet, {row}"
        f" FROM {rows} AND {'sound' if is_judged else layout.is_sound}"
    )


def write_accepted(engine: Any, selects: Sequence[str], target: Path) -> int:
    """Write rows of `accepted_sql` to the Parquet file `target`; how many they are."""
    rows = " UNION ALL ".join(selects)
    done = engine.execute(f"COPY ({rows}) TO {_text(str(target))} (FORMAT parquet)")
    return int(done.fetchone()[0])


def judge(
    engine: Any,
    layout: Layout,
    raw: Sequence[RawRow],
    cleaner: Callable[[str], str | None] = clean,
) -> list[RefusedRow]:
    """Why each of some refused rows was refused.

    Args:
        engine: Connection of `open_engine`.
        layout: How the texts become values.
        raw: The rows as delivered.
        cleaner: The text layer of the kind of file.
    """
    if not raw:
        return []
    money = [cell.column.name for cell in layout.read_cells if cell.column.type == "money"]
    amounts = "".join(f", v_{name}" for name in money)
    verdicts = ask_rows(engine, layout, raw, f"{layout.verdicts}{amounts}", cleaner)
    count = len(layout.read_cells)
    return [
        _refused(layout, row, found[:count], dict(zip(money, found[count:], strict=True)))
        for row, found in zip(raw, verdicts, strict=True)
    ]


def ask_rows(
    engine: Any,
    layout: Layout,
    raw: Sequence[RawRow],
    asked: str,
    cleaner: Callable[[str], str | None] = clean,
) -> list[tuple[Any, ...]]:
    """What some delivered rows come to, in their order.

    Args:
        engine: Connection of `open_engine`.
        layout: How the texts become values.
        raw: The rows as delivered.
        asked: SQL over `Layout.parsed`.
        cleaner: The text layer of the kind of file.
    """
    # A third of a second to import, and most files have no row to look at again.
    import pyarrow as pa

    # An empty text is no text here either, as it is none when the loader reads it.
    cleaned = [[cleaner(text) or None if text else None for text in row.texts] for row in raw]
    columns = {
        f"r{place}": pa.array([texts[place] for texts in cleaned], type=pa.string())
        for place in range(layout.width)
    }
    columns["n"] = pa.array(range(len(raw)), type=pa.int64())
    engine.register("asked_rows", pa.table(columns))
    try:
        found: list[tuple[Any, ...]] = engine.execute(
            f"SELECT {asked} FROM ({layout.parsed('asked_rows')}) ORDER BY n"
        ).fetchall()
    finally:
        engine.unregister("asked_rows")
    return found


def _refused(
    layout: Layout, row: RawRow, verdicts: Sequence[int], money: dict[str, Decimal | None]
) -> RefusedRow:
    reasons = []
    for cell, number in zip(layout.read_cells, verdicts, strict=True):
        if number:
            verdict = Verdict(number)
            texts = [row.texts[place] or "" for place in cell.positions]
            raw = cell.column.separator.join(texts)
            reasons.append(
                RefusedCell(
                    cell.column.name,
                    layout.heading_of(cell),
                    raw,
                    verdict.name.lower(),
                    explain(cell.column, raw, verdict, layout.today),
                    layout.first_column + cell.positions[0],
                )
            )
    amounts = {name: amount for name, amount in money.items() if amount is not None}
    return RefusedRow(row.sheet, row.row, _cells(layout, row.texts), tuple(reasons), amounts)


def _cells(layout: Layout, texts: Sequence[str | None]) -> dict[str, str | None]:
    return dict(zip(layout.headings, texts, strict=True))


def row_refusal(
    layout: Layout | None, row: RawRow, code: str, reason: Sentence, text: str | None = None
) -> RefusedRow:
    """A row refused as such: no cell of it is to blame.

    Args:
        layout: How its texts are called; None where they cannot be told apart.
        row: The row.
        code: Short name of the reason.
        reason: Why.
        text: The whole line, where its cells cannot be told apart.
    """
    cells = _cells(layout, row.texts) if layout is not None else {"": text}
    return RefusedRow(row.sheet, row.row, cells, (RefusedCell("", "", text, code, reason),))


def drop_duplicates(
    engine: Any, feed: Feed, target: Path
) -> tuple[list[tuple[str | None, int, str, Sentence]], int | None]:
    """Take rows with a doubled key out of `target`.

    Of rows that are the same in every column the first is kept. Rows that agree in the key and
    differ elsewhere contradict each other, and nobody here can say which is right.

    Returns:
        Sheet, row, reason code and reason of each row taken out; and how many keys are left,
        where they were counted.
    """
    source = f"read_parquet({_text(str(target))}, file_row_number = true)"
    keys = ", ".join(f'"{name}"' for name in feed.key)
    rows, distinct = engine.execute(
        f"SELECT count(*), {_distinct_keys(keys, source)} FROM {source}"
    ).fetchone()
    if rows == distinct:
        return [], distinct
    columns = ", ".join(f'"{column.name}"' for column in feed.columns)
    engine.execute(
        "CREATE OR REPLACE TEMP TABLE doubled AS"
        " SELECT * FROM (SELECT file_row_number, source_sheet, source_row,"
        f" min(row({columns})) OVER same IS DISTINCT FROM max(row({columns})) OVER same AS differs,"
        f" min(file_row_number) OVER same AS first FROM {source}"
        f" WHERE ({keys}) IN (SELECT ({keys}) FROM {source} GROUP BY {keys} HAVING count(*) > 1)"
        f" WINDOW same AS (PARTITION BY {keys}))"
        " WHERE differs OR file_row_number > first"
    )
    taken = engine.execute(
        "SELECT source_sheet, source_row, differs FROM doubled ORDER BY file_row_number"
    ).fetchall()
    rest = rest_of(target)
    engine.execute(
        f"COPY (SELECT {columns}, {', '.join(ORIGIN_COLUMNS)} FROM {source}"
        " WHERE file_row_number NOT IN (SELECT file_row_number FROM doubled))"
        f" TO {_text(str(rest))} (FORMAT parquet)"
    )
    engine.execute("DROP TABLE doubled")
    rest.replace(target)
    headings = [feed.column(name).heading for name in feed.key]
    conflict = Sentence(
        f"主键（{'、'.join(headings)}）与本文件中其他行重复而内容不同，"
        "无法判断以哪一行为准；请核对后只保留一行。",
        f"The key ({', '.join(headings)}) is that of another row in this file with other contents;"
        " keep the one that is right.",
    )
    return [
        (sheet, row, "conflict", conflict)
        if differs
        else (sheet, row, "duplicate", _EXACT_DUPLICATE)
        for sheet, row, differs in taken
    ], None


def rest_of(target: Path) -> Path:
    """Where a file is written anew before it takes the place of `target`.

    Under a name that begins like that of what is unfinished, so that a sweep finds it.
    """
    return target.with_name(f"{target.name}.rest")


def totals(
    engine: Any, feed: Feed, target: Path, refused: Counter[str], keys_known: int | None = None
) -> Totals:
    """Counts and sums of a written file, read back from it.

    Args:
        engine: Connection of `open_engine`.
        feed: The feed.
        target: The Parquet file.
        refused: Refused cells by column.
        keys_known: How many different keys there are, where that was counted before.
    """
    file = _text(str(target))
    keys = ", ".join(f'"{name}"' for name in feed.key)
    # The footer knows how many values are null; a count would unpack every text of the file.
    nulls = dict(
        engine.execute(
            "SELECT path_in_schema, sum(stats_null_count)::BIGINT"
            f" FROM parquet_metadata({file}) GROUP BY path_in_schema"
        ).fetchall()
    )
    counted = _distinct_keys(keys, f"read_parquet({file})")
    asked = {"rows": "count(*)", "keys": counted if keys_known is None else str(keys_known)}
    for column in feed.columns:
        asked |= _measures(column)
    if feed.event_date is not None:
        asked["dates"] = f'list_sort(list(DISTINCT "{feed.event_date}"))'
    result = engine.execute(f"SELECT {', '.join(asked.values())} FROM read_parquet({file})")
    found = dict(zip(asked, result.fetchone(), strict=True))
    return Totals(
        rows=found["rows"],
        key_count=found["keys"],
        money={c.name: found[f"{c.name} sum"] for c in feed.columns if c.type == "money"},
        event_dates=list(found.get("dates") or []),
        columns=[
            ColumnProfile(
                column.name,
                nulls.get(column.name) or 0,
                refused[column.name],
                found.get(f"{column.name} min"),
                found.get(f"{column.name} max"),
                found.get(f"{column.name} distinct"),
            )
            for column in feed.columns
        ],
    )


def _distinct_keys(keys: str, source: str) -> str:
    """SQL of how many different keys a relation holds.

    The keys themselves are counted, never their hashes: texts that differ in two places of eight
    characters' distance, as serial numbers with a date do, often share DuckDB's hash.
    """
    return f"(SELECT count(*) FROM (SELECT DISTINCT {keys} FROM {source}))"


def _measures(column: Column) -> dict[str, str]:
    """What is asked of a column, as SQL by name: nothing that could show a person's value."""
    name = f'"{column.name}"'
    measures = {}
    if column.type in _NUMBERS:
        measures = {"min": f"min({name})::DOUBLE", "max": f"max({name})::DOUBLE"}
    if column.type == "date":
        epoch = "date_diff('day', DATE '1970-01-01', {})::DOUBLE"
        measures = {"min": epoch.format(f"min({name})"), "max": epoch.format(f"max({name})")}
    if column.type in _LISTED:
        measures["distinct"] = f"count(DISTINCT {name})"
    if column.type == "money":
        measures["sum"] = f"coalesce(sum({name}), 0)::DECIMAL(38,2)"
    return {f"{column.name} {measure}": sql for measure, sql in measures.items()}


def sum_money(rows: Iterable[RefusedRow], feed: Feed) -> dict[str, Decimal | None]:
    """The readable amounts of refused rows, by column."""
    sums: dict[str, Decimal | None] = {
        column.name: Decimal("0.00") for column in feed.columns if column.type == "money"
    }
    for row in rows:
        for name, amount in row.money.items():
            sums[name] = (sums[name] or Decimal(0)) + amount
    return sums


def _text(text: str | None) -> str:
    return "CAST(NULL AS VARCHAR)" if text is None else literal(text)
