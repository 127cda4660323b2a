"""Runs of the night and their stages."""

from __future__ import annotations

import datetime as dt
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ingestion.ledger.file import LedgerFile, date_of, now
from ingestion.ledger.rows import Run, Stage


class Runs(LedgerFile):
    """What the ledger knows of runs."""

    def start_run(self, business_date: dt.date, code_version: str) -> int:
        """Enter the beginning of a run; runs left `running` by a killed process are closed."""
        with self.transaction() as connection:
            connection.execute(
                "UPDATE run SET state = 'killed', ended_at = ? WHERE state = 'running'", [now()]
            )
            cursor = connection.execute(
                "INSERT INTO run (business_date, code_version, state, started_at)"
                " VALUES (?, ?, 'running', ?)",
                [business_date.isoformat(), code_version, now()],
            )
            return int(cursor.lastrowid or 0)

    def end_run(self, run_id: int, state: str, message: str | None = None) -> None:
        """Enter the end of a run."""
        with self.transaction() as connection:
            connection.execute(
                "UPDATE run SET state = ?, message = ?, ended_at = ? WHERE run_id = ?",
                [state, message, now(), run_id],
            )

    def runs(self) -> list[Run]:
        """All runs, oldest first."""
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT run_id, business_date, code_version, state, started_at, ended_at, message"
                " FROM run ORDER BY run_id"
            ).fetchall()
        return [
            Run(**{**dict(row), "business_date": date_of(row["business_date"])}) for row in rows
        ]

    @contextmanager
    def stage(self, run_id: int, name: str) -> Iterator[None]:
        """Record how long a stage of a run took, and the most memory used by then."""
        with self.transaction() as connection:
            stage_id = connection.execute(
                "INSERT INTO stage (run_id, stage, state, started_at) VALUES (?, ?, 'running', ?)",
                [run_id, name, now()],
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


def _peak_mb() -> float:
    """The most memory this process and its ended children have used so far."""
    units = 1024 * 1024 if sys.platform == "darwin" else 1024
    peaks = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return round(max(resource.getrusage(who).ru_maxrss for who in peaks) / units, 1)
