"""The ledger: one row for every run, every delivered file and every published generation.

It is the only memory of what was taken in; the lake can be made again from the archive by it.
A batch counts as loaded once its Parquet file lies in the lake under its final name, never
before. A run killed in between leaves the delivery `received`, and the next run reads it again
into the same batch.
"""

from __future__ import annotations

import datetime as dt
import json
import resource
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ingestion.batch import BatchReport, State
from ingestion.ledger_rows import (
    SCHEMA,
    SCHEMA_VERSION,
    DeliveryRow,
    Generation,
    Run,
    Stage,
    Touched,
)
from ingestion.sentence import Sentence

__all__ = ["DeliveryRow", "Generation", "Ledger", "LedgerError", "Run", "Stage", "Touched"]

_BUSY_SECONDS: Final = 30.0


class LedgerError(RuntimeError):
    """The ledger cannot be used; says why."""


class Ledger:
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
                        f"{path} was written by a newer version of this program (ledger version"
                        f" {version}, known {SCHEMA_VERSION}); use that version."
                    )
                connection.executescript(SCHEMA)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            if not version:
                path.chmod(0o640)
        except sqlite3.DatabaseError as error:
            raise LedgerError(f"{path} cannot be used as a ledger ({error}).") from error

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        """A connection in one transaction: all of what is done in it happens, or nothing."""
        connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
        connection.row_factory = sqlite3.Row
        try:
            # What the ledger says must have survived a power cut before anything relies on it.
            connection.execute("PRAGMA synchronous = FULL")
            yield connection
        finally:
            connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Like `connect`, writing: others wait, and an error undoes everything."""
        with self.connect() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    # Runs and their stages

    def start_run(self, business_date: dt.date, code_version: str) -> int:
        """Enter the beginning of a run; runs left `running` by a killed process are closed."""
        with self.transaction() as connection:
            connection.execute(
                "UPDATE run SET state = 'killed', ended_at = ? WHERE state = 'running'", [_now()]
            )
            cursor = connection.execute(
                "INSERT INTO run (business_date, code_version, state, started_at)"
                " VALUES (?, ?, 'running', ?)",
                [business_date.isoformat(), code_version, _now()],
            )
            return int(cursor.lastrowid or 0)

    def end_run(self, run_id: int, state: str, message: str | None = None) -> None:
        """Enter the end of a run."""
        with self.transaction() as connection:
            connection.execute(
                "UPDATE run SET state = ?, message = ?, ended_at = ? WHERE run_id = ?",
                [state, message, _now(), run_id],
            )

    def runs(self) -> list[Run]:
        """All runs, oldest first."""
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT run_id, business_date, code_version, state, started_at, ended_at, message"
                " FROM run ORDER BY run_id"
            ).fetchall()
        return [Run(**{**dict(row), "business_date": _date(row["business_date"])}) for row in rows]

    @contextmanager
    def stage(self, run_id: int, name: str) -> Iterator[None]:
        """Record how long a stage of a run took, and the most memory used by then."""
        with self.transaction() as connection:
            stage_id = connection.execute(
                "INSERT INTO stage (run_id, stage, state, started_at) VALUES (?, ?, 'running', ?)",
                [run_id, name, _now()],
            ).lastrowid
        started = time.monotonic()
        state = "failed"
        try:
            yield
            state = "done"
        finally:
            with self.transaction() as connection:
                connection.execute(
                    "UPDATE stage SET state = ?, seconds = ?, peak_mb = ? WHERE stage_id = ?",
                    [state, time.monotonic() - started, _peak_mb(), stage_id],
                )

    def stages(self, run_id: int) -> list[Stage]:
        """The stages of a run, in the order they began."""
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT stage, state, started_at, seconds, peak_mb FROM stage WHERE run_id = ?"
                " ORDER BY stage_id",
                [run_id],
            ).fetchall()
        return [Stage(**dict(row)) for row in rows]

    # Deliveries

    def deliveries(
        self,
        *,
        state: State | None = None,
        feed: str | None = None,
        run_id: int | None = None,
        ended_run_id: int | None = None,
    ) -> list[DeliveryRow]:
        """Deliveries in the order they were received.

        Args:
            state: Only those in this state.
            feed: Only those of this feed.
            run_id: Only those received by this run.
            ended_run_id: Only those loaded, refused or superseded by this run.
        """
        wanted = {"state": state, "feed": feed, "run_id": run_id, "ended_run_id": ended_run_id}
        given = {name: value for name, value in wanted.items() if value is not None}
        where = " AND ".join(f"{name} = ?" for name in given)
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT * FROM delivery"  # noqa: S608 - the names are written above
                f"{' WHERE ' + where if where else ''} ORDER BY delivery_id",
                list(given.values()),
            ).fetchall()
        return [DeliveryRow.of(row) for row in rows]

    def commit(
        self, delivery: DeliveryRow, report: BatchReport, feed_kind: str, run_id: int
    ) -> tuple[State, list[DeliveryRow]]:
        """Enter what became of a delivery; its file in the lake, if any, is in place by now.

        The batch takes the place of earlier deliveries of its slot. One that was received after
        it may already have been loaded; then it is this one that is superseded at once.

        Returns:
            The state it ends in, and the deliveries whose batches have to leave the lake.
        """
        with self.transaction() as connection:
            loaded = connection.execute(
                "SELECT * FROM delivery WHERE feed = ? AND business_date = ? AND slot = ?"
                " AND state = 'loaded' AND delivery_id <> ?",
                [
                    delivery.feed,
                    delivery.business_date.isoformat(),
                    delivery.slot,
                    delivery.delivery_id,
                ],
            ).fetchall()
            others = [DeliveryRow.of(row) for row in loaded]
            state: State = report.state
            replaced: list[DeliveryRow] = []
            if state == "loaded" and any(o.delivery_id > delivery.delivery_id for o in others):
                state, replaced = "superseded", [delivery]
            elif state == "loaded":
                for other in others:
                    _end(connection, other.delivery_id, "superseded", run_id)
                    _change(connection, other, feed_kind, "removed", other.event_dates)
                replaced = others
                _change(connection, delivery, feed_kind, "committed", report.event_dates)
            _end(connection, delivery.delivery_id, state, run_id)
            _enter_report(connection, delivery.delivery_id, report)
        return state, replaced

    def refuse(
        self, delivery: DeliveryRow, sentence: Sentence, feed_kind: str, run_id: int
    ) -> list[DeliveryRow]:
        """Refuse a delivery that was loaded, because the gate did not let it pass.

        Deliveries it had taken the place of are `received` again: the last good one returns.

        Returns:
            Those deliveries; they have to be extracted again.
        """
        with self.transaction() as connection:
            _end(connection, delivery.delivery_id, "refused", run_id)
            connection.execute(
                "UPDATE delivery SET refusal_zh = ?, refusal_en = ? WHERE delivery_id = ?",
                [*sentence, delivery.delivery_id],
            )
            _change(connection, delivery, feed_kind, "removed", delivery.event_dates)
            earlier = connection.execute(
                "SELECT * FROM delivery WHERE feed = ? AND business_date = ? AND slot = ?"
                " AND state = 'superseded' AND delivery_id < ? ORDER BY delivery_id DESC LIMIT 1",
                [
                    delivery.feed,
                    delivery.business_date.isoformat(),
                    delivery.slot,
                    delivery.delivery_id,
                ],
            ).fetchall()
            revived = [
                DeliveryRow.of(row) for row in earlier if row["batch_id"] != delivery.batch_id
            ]
            for row in revived:
                _end(connection, row.delivery_id, "received", run_id)
        return revived

    def reopen(self, delivery_id: int) -> None:
        """Let a delivery be extracted again: its lake file was lost, or an operator asks."""
        with self.transaction() as connection:
            connection.execute(
                "UPDATE delivery SET state = 'received', ended_at = NULL WHERE delivery_id = ?",
                [delivery_id],
            )

    def ungated(self) -> list[DeliveryRow]:
        """Loaded deliveries that have not been through the gate: new ones, and a dead run's."""
        return [row for row in self.deliveries(state="loaded") if row.gate is None]

    def enter_gate(self, results: Iterable[tuple[int, str]]) -> None:
        """Keep the gate's results (JSON) by delivery."""
        with self.transaction() as connection:
            connection.executemany(
                "UPDATE delivery SET gate = ? WHERE delivery_id = ?",
                [(result, delivery_id) for delivery_id, result in results],
            )

    # Generations

    def record_generation(
        self, *, number: int, run_id: int, business_date: dt.date, checksum: str | None = None
    ) -> None:
        """Enter a published generation: it holds every change the ledger knows of by now."""
        with self.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO generation VALUES (?, ?, ?, ?,"
                " (SELECT coalesce(max(sequence), 0) FROM change), ?)",
                [number, run_id, business_date.isoformat(), checksum, _now()],
            )

    def generations(self) -> list[Generation]:
        """All generations ever published, oldest first."""
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT number, run_id, business_date, checksum, sequence FROM generation"
                " ORDER BY number"
            ).fetchall()
        return [
            Generation(
                row["number"],
                row["run_id"],
                _date(row["business_date"]),
                row["checksum"],
                row["sequence"],
            )
            for row in rows
        ]

    def touched_since(self, generation: int | None) -> Touched:
        """Which dates have to be built anew on top of a generation.

        Args:
            generation: Its number; None for "nothing is built yet".

        Raises:
            LedgerError: If the ledger does not know the generation.
        """
        base = next((g for g in self.generations() if g.number == generation), None)
        if generation is not None and base is None:
            raise LedgerError(f"the ledger knows of no generation {generation}")
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT * FROM change WHERE sequence > ?", [base.sequence if base else 0]
            ).fetchall()
        dates = {_date(text) for row in rows for text in json.loads(row["event_dates"])}
        is_late = base is not None and any(
            row["feed_kind"] != "event" and _date(row["business_date"]) <= base.business_date
            for row in rows
        )
        months = sorted({date.replace(day=1) for date in dates})
        return Touched(sorted(dates), months, is_late)


def _end(connection: sqlite3.Connection, delivery_id: int, state: State, run_id: int) -> None:
    connection.execute(
        "UPDATE delivery SET state = ?, ended_at = ?, ended_run_id = ? WHERE delivery_id = ?",
        [state, _now(), run_id, delivery_id],
    )


def _change(
    connection: sqlite3.Connection,
    delivery: DeliveryRow,
    feed_kind: str,
    kind: str,
    dates: Iterable[dt.date],
) -> None:
    connection.execute(
        "INSERT INTO change (delivery_id, kind, feed, feed_kind, business_date, event_dates)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            delivery.delivery_id,
            kind,
            delivery.feed,
            feed_kind,
            delivery.business_date.isoformat(),
            json.dumps([date.isoformat() for date in dates]),
        ],
    )


def _enter_report(connection: sqlite3.Connection, delivery_id: int, report: BatchReport) -> None:
    refusal = report.refusal or Sentence(None, None)  # type: ignore[arg-type]
    connection.execute(
        "UPDATE delivery SET rows_in = ?, rows_loaded = ?, rows_quarantined = ?,"
        " rows_not_data = ?, counted_rows = ?, refusal_zh = ?, refusal_en = ?, report = ?"
        " WHERE delivery_id = ?",
        [
            report.rows_in,
            report.rows_loaded,
            report.rows_quarantined,
            report.rows_not_data,
            report.counted_rows,
            *refusal,
            report.to_json(),
            delivery_id,
        ],
    )


def _date(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _now() -> str:
    """The clock, for the operator to read; no decision is made by it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def _peak_mb() -> float:
    """The most memory this process and its ended children have used so far."""
    units = 1024 * 1024 if sys.platform == "darwin" else 1024
    peaks = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return round(max(resource.getrusage(who).ru_maxrss for who in peaks) / units, 1)
