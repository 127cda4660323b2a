"""Dagster's event log in SQLite, with connections that are kept.

A night writes more than a thousand events. The stock storage opens six connections for each, every
one with an engine of its own whose statements are compiled anew: about 25 ms an event, half a
minute a night. Files and tables stay those of the stock storage, so either can read the other's.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as db
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData

# The index, the run in progress, and one that somebody looks at.
ENGINES_KEPT = 3
# Where the stock storage keeps its files below DAGSTER_HOME.
FOLDER = ("history", "runs")


class KeptSqliteEventLogStorage(SqliteEventLogStorage):
    """The stock storage with one engine per file for as long as the file is in use."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, db.Engine] = OrderedDict()
        self._known: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Nothing to configure: the files lie in DAGSTER_HOME, wherever that is moved to."""
        return {}

    @classmethod
    def from_config_value(
        cls,
        inst_data: ConfigurableClassData | None,
        config_value: Any,  # noqa: ARG003 empty, see config_type
    ) -> KeptSqliteEventLogStorage:
        """The storage of the home that DAGSTER_HOME names."""
        return cls(str(Path(os.environ["DAGSTER_HOME"]).joinpath(*FOLDER)), inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[db.Connection]:
        """One transaction on one file; calls come one at a time, as in the stock storage."""
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def _engine(self, shard: str) -> db.Engine:
        engine = self._engines.pop(shard, None)
        if engine is None:
            engine = db.create_engine(
                self.conn_string_for_shard(shard),
                poolclass=db.StaticPool,
                connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            )
            db.event.listen(engine, "connect", _relax)
        self._engines[shard] = engine
        while len(self._engines) > ENGINES_KEPT:
            _, oldest = self._engines.popitem(last=False)
            oldest.dispose()
        return engine

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table; tables come and never go, so a yes is remembered."""
        ask = super().has_table
        return self._remember(f"table {table_name}", lambda: ask(table_name))

    def has_asset_key_col(self, column_name: str) -> bool:
        """Whether the index's asset table has a column, asked once per event otherwise."""
        ask = super().has_asset_key_col
        return self._remember(f"column {column_name}", lambda: ask(column_name))

    def _remember(self, name: str, ask: Callable[[], bool]) -> bool:
        if name not in self._known and ask():
            self._known.add(name)
        return name in self._known

    def dispose(self) -> None:
        """Close the kept connections."""
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()


def _relax(connection: Any, _record: Any) -> None:
    """Do not wait for the disk at every event; the file stays whole, the last second may be lost.

    What must not be lost is in the ledger, which waits.
    """
    connection.execute("pragma synchronous = normal")
