"""Checksums that do not depend on row order: the proof that two builds hold the same tables."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

import duckdb

# Sums of floating-point numbers depend on the order in which threads add; scores are made of such
# sums, so these columns stay outside the proof (their ranks, which are integers, are in it).
INEXACT_TYPES = frozenset({"FLOAT", "DOUBLE"})


@dataclass(frozen=True)
class TableChecksum:
    """Rows of one table and the order-independent digest of their exact columns."""

    rows: int
    digest: str


def table_checksums(
    connection: duckdb.DuckDBPyConnection, database: str, only: Collection[str] | None = None
) -> dict[str, TableChecksum]:
    """Checksum of each table of one attached database, by `schema.table`.

    The digest joins the sum of the rows' 64-bit hashes with a hash of the column names and types.
    Texts enter by their MD5: DuckDB's own hash of a text is often the same for two serial numbers.
    DuckDB's hash may change between versions of the engine, so digests are compared only between
    builds of one version.

    Args:
        connection: A connection in which the database is attached.
        database: Its name there, `crm` or `vault`.
        only: The tables that are wanted, by `schema.table`; None for all.
    """
    columns: dict[tuple[str, str], list[tuple[str, str]]] = {}
    listed = connection.execute(
        """
        select t.schema_name, t.table_name, c.column_name, c.data_type
        from duckdb_tables() as t
        join duckdb_columns() as c on t.table_oid = c.table_oid
            and t.database_name = c.database_name and t.schema_name = c.schema_name
        where not t.internal and t.database_name = ?
        order by t.schema_name, t.table_name, c.column_name
        """,
        [database],
    ).fetchall()
    for schema, table, column, data_type in listed:
        columns.setdefault((schema, table), []).append((column, data_type))
    return {
        f"{schema}.{table}": _table_checksum(connection, database, schema, table, described)
        for (schema, table), described in columns.items()
        if only is None or f"{schema}.{table}" in only
    }


def _table_checksum(
    connection: duckdb.DuckDBPyConnection,
    database: str,
    schema: str,
    table: str,
    columns: list[tuple[str, str]],
) -> TableChecksum:
    exact = [
        f"md5_number({_quoted(name)})" if data_type == "VARCHAR" else _quoted(name)
        for name, data_type in columns
        if data_type not in INEXACT_TYPES
    ]
    hashed = ", ".join(exact) or "1"
    relation = ".".join(_quoted(part) for part in (database, schema, table))
    query = f"select count(*), coalesce(sum(hash({hashed})::hugeint), 0) from {relation}"  # noqa: S608
    row = connection.execute(query).fetchone()
    rows, total = (int(row[0]), int(row[1])) if row else (0, 0)
    shape = hashlib.sha256(repr(columns).encode()).hexdigest()[:8]
    return TableChecksum(rows, f"{total:x}-{shape}")


def combined(checksums: dict[str, TableChecksum]) -> str:
    """One digest over all tables, for a line in a log and for comparing two generations."""
    lines = [f"{name} {each.rows} {each.digest}" for name, each in sorted(checksums.items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
