"""A quiet engine, and text as a literal of SQL for statements that take no parameters."""

from __future__ import annotations

from pathlib import Path

import duckdb


def read_only(database: Path) -> duckdb.DuckDBPyConnection:
    """A database to read from that draws no progress bar.

    DuckDB draws one after two seconds, on standard output, where a program may be reading JSON.
    """
    connection = duckdb.connect(str(database), read_only=True)
    connection.execute("set enable_progress_bar = false")
    return connection


def literal(text: object) -> str:
    """`text` between quotes, its own doubled.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + str(text).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """`name` as that of a column.

    >>> identifier('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'
