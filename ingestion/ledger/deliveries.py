"""Delivered files: what became of each, and which batches count."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterable

from ingestion.batch import BatchReport, State
from ingestion.ledger.file import LedgerFile, now
from ingestion.ledger.rows import DeliveryRow
from ingestion.sentence import Sentence


class Deliveries(LedgerFile):
    """What the ledger knows of deliveries."""

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


def _end(connection: sqlite3.Connection, delivery_id: int, state: State, run_id: int) -> None:
    connection.execute(
        "UPDATE delivery SET state = ?, ended_at = ?, ended_run_id = ? WHERE delivery_id = ?",
        [state, now(), run_id, delivery_id],
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
