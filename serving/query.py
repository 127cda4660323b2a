"""Questions put to a published generation, and their answers as rows or as JSON."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from serving.errors import QueryError

READING = frozenset({"SELECT", "EXPLAIN", "RELATION"})
# Harmless in a read-only, locked connection: session variables, `use`, and what PIVOT makes.
SESSION = frozenset({"SET", "VARIABLE_SET", "CREATE"})
# With storage='file' this function takes the whole process down in DuckDB 1.5.
REFUSED_FUNCTIONS = re.compile(r"\b(enable|disable)_(logging|profiling)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """One result: column names, their types, and the rows."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    is_cut: bool = False

    def records(self) -> Iterator[dict[str, Any]]:
        """The rows as objects by column name; a doubled name gets a number behind it."""
        names = _unique(self.columns)
        for row in self.rows:
            yield dict(zip(names, row, strict=True))


def run(connection: duckdb.DuckDBPyConnection, sql: str, limit: int | None = None) -> Answer:
    """Run one or several statements and return the last answer.

    Args:
        connection: From `connection.connect_published`.
        sql: What to run; only reading is allowed.
        limit: Rows to fetch at most; None for all.

    Raises:
        QueryError: The text is empty, would change something, or fails.
    """
    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        raise _failed(error) from error
    if not statements:
        raise QueryError("查询为空。", "the query is empty")
    answer = Answer((), (), [])
    for statement in statements:
        _check(statement)
        try:
            connection.execute(statement)
            answer = _fetch(connection, limit)
        except duckdb.Error as error:
            raise _failed(error) from error
    return answer


def _check(statement: duckdb.Statement) -> None:
    kind = statement.type.name
    if REFUSED_FUNCTIONS.search(statement.query):
        raise QueryError(
            "此处不能开启日志或性能分析。", "logging and profiling cannot be switched on here"
        )
    if kind not in READING | SESSION:
        verb = statement.query.split(maxsplit=1)[0].upper()
        raise QueryError(
            f"不允许 {verb}：已发布的数据只能读取。",
            f"{verb} is refused: a published generation can only be read",
        )


def _fetch(connection: duckdb.DuckDBPyConnection, limit: int | None) -> Answer:
    description = connection.description or []
    columns = tuple(str(each[0]) for each in description)
    types = tuple(str(each[1]) for each in description)
    if limit is None:
        return Answer(columns, types, connection.fetchall())
    rows = connection.fetchmany(limit + 1)
    return Answer(columns, types, rows[:limit], is_cut=len(rows) > limit)


def _failed(error: duckdb.Error) -> QueryError:
    told = one_sentence(error)
    return QueryError(f"查询失败：{told}", told)


def one_sentence(error: duckdb.Error) -> str:
    """DuckDB's message without its drawing of the query: what is wrong, and the nearest name."""
    text = str(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    kept = [lines[0]] if lines else ["the query failed"]
    kept += [line for line in lines[1:] if line.startswith(("Did you mean", "Candidate bindings"))]
    if "read-only mode" in kept[0]:
        return "a published generation can only be read"
    return " ".join(kept)


def to_json(records: Iterable[dict[str, Any]]) -> str:
    r"""A JSON array of row objects, one row per line.

    Dates and times are ISO texts; decimals are numbers with all their digits (read them with a
    decimal parser to keep them exact); keys are whole numbers of up to 60 bits; a floating-point
    value that JSON has no word for (nan, inf) is null.

    >>> to_json([{"amount": Decimal("12.30"), "day": dt.date(2026, 1, 2), "note": None}])
    '[\n{"amount": 12.30, "day": "2026-01-02", "note": null}\n]'
    >>> to_json([])
    '[]'
    """
    lines = ",\n".join(_value(record) for record in records)
    return f"[\n{lines}\n]" if lines else "[]"


def _value(value: Any) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "null"
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else "null"
    if isinstance(value, dict):
        parts = (f"{json.dumps(str(k), ensure_ascii=False)}: {_value(v)}" for k, v in value.items())
        return "{" + ", ".join(parts) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    if isinstance(value, bool | int | float | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dt.date | dt.time | dt.datetime):
        return json.dumps(value.isoformat())
    if isinstance(value, bytes | bytearray | memoryview):
        return json.dumps(bytes(value).hex())
    return json.dumps(str(value), ensure_ascii=False)


def _unique(names: tuple[str, ...]) -> list[str]:
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return unique
