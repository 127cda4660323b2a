"""A checksum beside each row of the ledger: a value that a disk has changed is found.

SQLite keeps none, and sees only pages that do not fit together any more. Triggers write the
checksums within the transaction that writes the row, so that no statement has to think of them. A
program other than this one cannot write the sealed tables: it does not know the function.
"""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Final

from ingestion.ledger.schema import SCHEMA

_TABLES: Final = ("run", "delivery", "decision", "change", "generation")
_FUNCTION: Final = "row_checksum"


def register(connection: sqlite3.Connection) -> None:
    """Make the checksum known to a connection; without it nothing can be written."""
    connection.create_function(_FUNCTION, -1, _checksum, deterministic=True)


def ensure(connection: sqlite3.Connection) -> None:
    """Within a transaction: seal a ledger that is new, or of a time before there were seals.

    A migration that adds a column to a sealed table drops the table `seal`: then this does it all
    anew.
    """
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'seal'").fetchone():
        return
    parts = [
        "CREATE TABLE IF NOT EXISTS seal (name TEXT NOT NULL, number INTEGER NOT NULL,"
        " checksum TEXT NOT NULL, PRIMARY KEY (name, number)) WITHOUT ROWID",
    ]
    for table in _TABLES:
        row = f"'{table}', NEW.rowid, {_call(table, 'NEW')}"
        for event in ("INSERT", "UPDATE"):
            written = f"INSERT OR REPLACE INTO seal VALUES ({row})"  # noqa: S608
            parts += _trigger(table, event, written)
        gone = f"DELETE FROM seal WHERE name = '{table}' AND number = OLD.rowid"  # noqa: S608
        parts += _trigger(table, "DELETE", gone)
        rows = f"SELECT '{table}', rowid, {_call(table, table)} FROM {table}"  # noqa: S608
        parts.append(f"INSERT OR IGNORE INTO seal {rows}")
    for statement in parts:
        connection.execute(statement)


def broken(connection: sqlite3.Connection) -> list[str]:
    """Rows that are not what was written, are gone, or were never written: table and number."""
    found = []
    for table in _TABLES:
        # All names are written in this module.
        rows = connection.execute(
            f"SELECT t.rowid FROM {table} AS t LEFT JOIN seal ON seal.name = '{table}'"  # noqa: S608
            f" AND seal.number = t.rowid WHERE seal.checksum IS NOT {_call(table, 't')}"
            f" UNION ALL SELECT number FROM seal WHERE name = '{table}'"
            f" AND number NOT IN (SELECT rowid FROM {table})"
        ).fetchall()
        found += [f"{table} {row[0]}" for row in rows]
    known = ", ".join(f"'{table}'" for table in _TABLES)
    rows = connection.execute(
        f"SELECT DISTINCT name FROM seal WHERE name NOT IN ({known})"  # noqa: S608
    ).fetchall()
    return [*found, *("seal of no table" for _ in rows)]


def _columns(table: str) -> list[str]:
    """Columns by name, for a ledger that was migrated has them in another order."""
    with sqlite3.connect(":memory:") as connection:
        connection.executescript(SCHEMA)
        names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    connection.close()
    return sorted(names)


_COLUMNS: Final = {table: _columns(table) for table in _TABLES}


def _call(table: str, alias: str) -> str:
    return f"{_FUNCTION}({', '.join(f'{alias}.{name}' for name in _COLUMNS[table])})"


def _trigger(table: str, event: str, body: str) -> list[str]:
    name = f"seal_{table}_{event.lower()}"
    head = f"CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN {body}; END"
    return [f"DROP TRIGGER IF EXISTS {name}", head]


def _checksum(*values: object) -> str:
    return hashlib.blake2b(repr(values).encode(), digest_size=8).hexdigest()
