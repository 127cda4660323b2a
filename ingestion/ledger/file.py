"""The ledger's SQLite file: opened anew for each use, written in transactions."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ingestion.ledger import seal
from ingestion.ledger.schema import MIGRATIONS, SCHEMA, SCHEMA_VERSION
from ingestion.sentence import ToldError

_BUSY_SECONDS: Final = 30.0


class LedgerError(ToldError):
    """The ledger cannot be used, or does not hold what is asked of it."""


class LedgerFile:
    """The ledger in one SQLite file; opened anew for each use, so that it can be shared."""

    def __init__(self, path: Path) -> None:
        """Open or create the ledger at `path`.

        Raises:
            LedgerError: If it was written by a newer version, or is no ledger.
        """
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self.connect() as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                version = connection.execute("PRAGMA user_version").fetchone()[0]
                if version > SCHEMA_VERSION:
                    raise LedgerError(
                        f"台账 {path} 由本程序的较新版本写入（台账版本 {version}，本程序只认识"
                        f" {SCHEMA_VERSION}）；请改用该版本。",
                        f"{path} was written by a newer version of this program (ledger version"
                        f" {version}, known {SCHEMA_VERSION}); use that version.",
                    )
            if version < SCHEMA_VERSION:
                with self.transaction() as connection:
                    _bring_up_to_date(connection)
            if not version:
                path.chmod(0o640)
        except sqlite3.DatabaseError as error:
            raise LedgerError(
                f"{path} 不能用作台账（{error}）；请从备份恢复。",
                f"{path} cannot be used as a ledger ({error}); restore it from the backup.",
            ) from error

    def check(self) -> None:
        """Read every page of the file, and see whether they make a whole and hold what was written.

        Raises:
            LedgerError: They do not: restore the ledger from its backup.
        """
        try:
            with self.connect() as connection:
                found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
                if found == ["ok"] and (broken := seal.broken(connection)):
                    found = [f"not as it was written: {', '.join(broken[:3])}"]
        except sqlite3.DatabaseError as error:
            found = [str(error)]
        if found != ["ok"]:
            first = found[0].splitlines()[0]
            raise LedgerError(
                f"台账 {self.path} 已损坏（{first}）；请从备份恢复。",
                f"{self.path} is damaged ({first}); restore it from the backup.",
            )

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        """A connection; each statement counts by itself."""
        connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
        connection.row_factory = sqlite3.Row
        try:
            # What the ledger says must have survived a power cut before anything relies on it.
            connection.execute("PRAGMA synchronous = FULL")
            seal.register(connection)
            yield connection
        finally:
            connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A connection in one transaction: others wait, and an error undoes everything."""
        with self.connect() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Within a transaction: the tables of today, and the version that says so, or nothing."""
    # Asked once more: another process may have done it while this one waited.
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    steps = [MIGRATIONS.get(step, "") for step in range(version or SCHEMA_VERSION, SCHEMA_VERSION)]
    for statement in ";".join([*steps, SCHEMA]).split(";"):
        if statement.strip():
            connection.execute(statement)
    seal.ensure(connection)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def date_of(text: str) -> dt.date:
    """A date as the ledger writes it."""
    return dt.date.fromisoformat(text)


def now() -> str:
    """The clock, for the operator to read; no decision is made by it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
