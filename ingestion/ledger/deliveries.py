"""Delivered files: what became of each, and which batches count."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterable

from ingestion.batch import INCOMPLETE, BatchReport, Doubt, State
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

        The batch takes the place of the other delivery of its slot, and of its corrections, unless
        that one has a higher version, or the same and was received later; then it is this one that
        is superseded, as is a correction whose batch is not loaded any more. One that is held
        replaces nothing but one of a lower rank that is held.

        Returns:
            The state it ends in, and the deliveries whose batches have to leave the lake.
        """
        with self.transaction() as connection:
            others = [
                row
                for row in _of_place(connection, delivery)
                if row.state in ("loaded", "held") and row.delivery_id != delivery.delivery_id
            ]
            loaded = [row for row in others if row.state == "loaded"]
            state: State = report.state
            replaced: list[DeliveryRow] = []
            if _is_overtaken(delivery, state, others) or _is_orphan(connection, delivery, state):
                replaced = [delivery] if state == "loaded" else []
                state = "superseded"
            elif state in ("loaded", "held"):
                for other in others:
                    is_earlier = other.rank < delivery.rank
                    if is_earlier and (state == "loaded" or other.state == "held"):
                        _end(connection, other.delivery_id, "superseded", run_id)
            if state == "loaded":
                beside = [
                    row for o in loaded for row in _end_corrections(connection, o.batch_id, run_id)
                ]
                replaced = [*loaded, *beside]
                for row in replaced:
                    _change(connection, row, feed_kind, "removed", row.event_dates)
                _change(connection, delivery, feed_kind, "committed", report.event_dates)
            _end(connection, delivery.delivery_id, state, run_id)
            _enter_report(connection, delivery.delivery_id, report)
        return state, replaced

    def refuse(
        self, delivery: DeliveryRow, sentence: Sentence, feed_kind: str, run_id: int
    ) -> list[DeliveryRow]:
        """Refuse a delivery that was loaded, because the gate or somebody did not let it pass.

        Deliveries it had taken the place of are `received` again: the last good one returns, with
        its corrections. Those of the refused delivery are superseded.

        Returns:
            Those that returned; they have to be extracted again.
        """
        with self.transaction() as connection:
            return refuse_loaded(connection, delivery, sentence, feed_kind, run_id)

    def hold(self, delivery: DeliveryRow, doubt: Doubt, feed_kind: str, run_id: int) -> None:
        """Hold a delivery that was loaded; the last good one is `received` again.

        It stays one that was fit to be loaded: what is in it is not in doubt.
        """
        with self.transaction() as connection:
            _end(connection, delivery.delivery_id, "held", run_id)
            _enter_doubts(connection, delivery, [*delivery.doubts, doubt])
            _leave(connection, delivery, feed_kind, run_id)
            _revive(connection, delivery, run_id)

    def retire(self, delivery: DeliveryRow, feed_kind: str, run_id: int) -> None:
        """End a delivery because the set it is a part of was replaced by another."""
        with self.transaction() as connection:
            _end(connection, delivery.delivery_id, "superseded", run_id)
            if delivery.state == "loaded":
                _leave(connection, delivery, feed_kind, run_id)

    def receive_again(self, deliveries: Iterable[DeliveryRow]) -> None:
        """Let parts of a set be extracted again, with their corrections, now that it is whole."""
        with self.transaction() as connection:
            for row in deliveries:
                beside = _beside(connection, row.batch_id, "superseded")
                if row.report:
                    rest = [doubt for doubt in row.doubts if doubt.code != INCOMPLETE]
                    _enter_doubts(connection, row, rest)
                connection.executemany(
                    "UPDATE delivery SET state = 'received', ended_at = NULL WHERE delivery_id = ?",
                    [(each.delivery_id,) for each in (row, *beside)],
                )

    def replaced_by(self, delivery: DeliveryRow) -> DeliveryRow | None:
        """The loaded delivery of other content whose place this one would take."""
        with self.connect() as connection:
            rows = _of_place(connection, delivery)
        return next(
            (
                row
                for row in rows
                if row.state == "loaded"
                and row.rank < delivery.rank
                and row.batch_id != delivery.batch_id
            ),
            None,
        )

    def root_of(self, correction: DeliveryRow) -> DeliveryRow | None:
        """The delivery that a correction answers to; None where the ledger does not know it."""
        with self.connect() as connection:
            return root_of(connection, correction.corrects or "", correction.feed)

    def rows_before(self, delivery: DeliveryRow, slots: str, limit: int) -> list[int]:
        """Data rows of loaded deliveries of the same feed received before one, latest date first.

        Args:
            delivery: The one; what it would replace is left out.
            slots: Of which slots, as a pattern of SQL's LIKE.
            limit: Of how many.
        """
        place = [delivery.business_date.isoformat(), delivery.slot]
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT coalesce(rows_loaded, 0) + coalesce(rows_quarantined, 0) AS data_rows"
                " FROM delivery WHERE feed = ? AND state = 'loaded' AND delivery_id < ?"
                " AND slot LIKE ? ESCAPE '\\' AND NOT (business_date = ? AND slot = ?)"
                " ORDER BY business_date DESC, slot DESC LIMIT ?",
                [delivery.feed, delivery.delivery_id, slots, *place, limit],
            ).fetchall()
        return [row["data_rows"] for row in rows]

    def reopen(self, delivery_id: int) -> None:
        """Let a delivery be extracted again: its lake file was lost, or an operator asks.

        With it its corrections: which of their rows count depends on what it brings.
        """
        with self.transaction() as connection:
            row = connection.execute(
                "SELECT batch_id FROM delivery WHERE delivery_id = ?", [delivery_id]
            ).fetchone()
            beside = _beside(connection, row["batch_id"], "loaded") if row else []
            connection.executemany(
                "UPDATE delivery SET state = 'received', ended_at = NULL WHERE delivery_id = ?",
                [(number,) for number in (delivery_id, *(each.delivery_id for each in beside))],
            )

    def corrections(self, batch_id: str) -> list[DeliveryRow]:
        """Loaded corrections of single rows of a batch, in the order they were received."""
        with self.connect() as connection:
            return _beside(connection, batch_id, "loaded")

    def reread(self, feed: str, feed_kind: str) -> list[DeliveryRow]:
        """Let every loaded delivery of a feed be extracted again, under the feed as it is now.

        The days of what was read before count as changed, whatever the reading finds.

        Returns:
            Those deliveries.
        """
        rows = self.deliveries(state="loaded", feed=feed)
        with self.transaction() as connection:
            for row in rows:
                _change(connection, row, feed_kind, "removed", row.event_dates)
                connection.execute(
                    "UPDATE delivery SET state = 'received', ended_at = NULL, gate = NULL"
                    " WHERE delivery_id = ?",
                    [row.delivery_id],
                )
        return rows

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


def loaded_above(
    connection: sqlite3.Connection, place: tuple[str, dt.date, str], rank: tuple[int, int]
) -> int | None:
    """Number of the delivery loaded in a place over one of a lower rank; None if there is none."""
    feed, business_date, slot = place
    found = connection.execute(
        "SELECT min(delivery_id) AS number FROM delivery WHERE feed = ? AND business_date = ?"
        " AND slot = ? AND state = 'loaded' AND (file_version, delivery_id) > (?, ?)",
        [feed, business_date.isoformat(), slot, *rank],
    ).fetchone()
    return None if found["number"] is None else int(found["number"])


def root_of(connection: sqlite3.Connection, batch_id: str, feed: str) -> DeliveryRow | None:
    """The delivery of a batch that a correction answers to: the last, but never a mere copy."""
    row = connection.execute(
        "SELECT * FROM delivery WHERE batch_id = ? AND feed = ? AND state <> 'duplicate'"
        " ORDER BY delivery_id DESC LIMIT 1",
        [batch_id, feed],
    ).fetchone()
    found = DeliveryRow.of(row) if row else None
    return None if found is None or found.is_beside else found


def refuse_loaded(
    connection: sqlite3.Connection,
    delivery: DeliveryRow,
    sentence: Sentence,
    feed_kind: str,
    run_id: int,
) -> list[DeliveryRow]:
    """Within a transaction: a loaded delivery becomes refused, the last good one comes back.

    Its own corrections go with it, those of the last good one come back with that.
    """
    enter_refusal(connection, delivery.delivery_id, sentence, run_id)
    _leave(connection, delivery, feed_kind, run_id)
    return _revive(connection, delivery, run_id)


def _leave(
    connection: sqlite3.Connection, delivery: DeliveryRow, feed_kind: str, run_id: int
) -> None:
    """What was loaded counts no more, nor do its corrections."""
    _change(connection, delivery, feed_kind, "removed", delivery.event_dates)
    for row in _end_corrections(connection, delivery.batch_id, run_id):
        _change(connection, row, feed_kind, "removed", row.event_dates)


def _revive(
    connection: sqlite3.Connection, delivery: DeliveryRow, run_id: int
) -> list[DeliveryRow]:
    """The last good delivery of the place comes back, with its corrections."""
    earlier = [
        row
        for row in _of_place(connection, delivery)
        if row.state == "superseded" and row.rank < delivery.rank and row.was_loaded
    ]
    earlier.sort(key=lambda row: row.rank)
    revived = [row for row in earlier[-1:] if row.batch_id != delivery.batch_id]
    for row in revived:
        _end(connection, row.delivery_id, "received", run_id)
    return [*revived, *(r for row in revived for r in revive_corrections(connection, row.batch_id))]


def revive_corrections(connection: sqlite3.Connection, batch_id: str) -> list[DeliveryRow]:
    """Within a transaction: the corrections that went with a batch come back with it.

    Called wherever a batch is to be read once more that had left the lake.
    """
    found = _beside(connection, batch_id, "superseded")
    connection.executemany(
        "UPDATE delivery SET state = 'received', ended_at = NULL, gate = NULL"
        " WHERE delivery_id = ?",
        [(row.delivery_id,) for row in found],
    )
    return found


def enter_refusal(
    connection: sqlite3.Connection, delivery_id: int, sentence: Sentence, run_id: int
) -> None:
    """Within a transaction: a delivery becomes refused."""
    _end(connection, delivery_id, "refused", run_id)
    connection.execute(
        "UPDATE delivery SET refusal_zh = ?, refusal_en = ? WHERE delivery_id = ?",
        [*sentence, delivery_id],
    )


def _of_place(connection: sqlite3.Connection, delivery: DeliveryRow) -> list[DeliveryRow]:
    """All deliveries of the same feed, date and slot, oldest first."""
    rows = connection.execute(
        "SELECT * FROM delivery WHERE feed = ? AND business_date = ? AND slot = ?"
        " ORDER BY delivery_id",
        [delivery.feed, delivery.business_date.isoformat(), delivery.slot],
    ).fetchall()
    return [DeliveryRow.of(row) for row in rows]


def _is_overtaken(delivery: DeliveryRow, state: State, others: Iterable[DeliveryRow]) -> bool:
    """Whether a delivery of a greater rank has taken the place that this one would have."""
    later = {other.state for other in others if other.rank > delivery.rank}
    # A later one that is held takes no loaded one's place, but it is the one to decide about.
    return "loaded" in later if state == "loaded" else state == "held" and bool(later)


def _is_orphan(connection: sqlite3.Connection, delivery: DeliveryRow, state: State) -> bool:
    """Whether a delivery is a correction of single rows, and its batch is not loaded any more."""
    if state != "loaded" or not delivery.is_beside:
        return False
    root = root_of(connection, delivery.corrects or "", delivery.feed)
    return root is None or root.state != "loaded"


def _beside(connection: sqlite3.Connection, batch_id: str, state: State) -> list[DeliveryRow]:
    """Corrections of single rows of a batch."""
    rows = connection.execute(
        "SELECT * FROM delivery WHERE corrects = ? AND state = ? ORDER BY delivery_id",
        [batch_id, state],
    ).fetchall()
    return [row for row in map(DeliveryRow.of, rows) if row.is_beside]


def _end_corrections(
    connection: sqlite3.Connection, batch_id: str, run_id: int
) -> list[DeliveryRow]:
    """Corrections of single rows go with their batch, held ones too; those that were loaded."""
    loaded = _beside(connection, batch_id, "loaded")
    for row in (*loaded, *_beside(connection, batch_id, "held")):
        _end(connection, row.delivery_id, "superseded", run_id)
    return loaded


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


def _enter_doubts(
    connection: sqlite3.Connection, delivery: DeliveryRow, doubts: list[Doubt]
) -> None:
    report = BatchReport.from_json(delivery.report or "")
    report.doubts = doubts
    connection.execute(
        "UPDATE delivery SET report = ? WHERE delivery_id = ?",
        [report.to_json(), delivery.delivery_id],
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
