"""What is asked and done about deliveries within one transaction of the ledger."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterable

from ingestion.batch import BatchReport, Doubt, State
from ingestion.ledger.file import now
from ingestion.ledger.rows import DeliveryRow
from ingestion.sentence import Sentence


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
    leave(connection, delivery, feed_kind, run_id)
    return revive(connection, delivery)


def leave(
    connection: sqlite3.Connection, delivery: DeliveryRow, feed_kind: str, run_id: int
) -> None:
    """What was loaded counts no more, nor do its corrections."""
    enter_change(connection, delivery, feed_kind, "removed", delivery.event_dates)
    for row in end_corrections(connection, delivery.batch_id, run_id):
        enter_change(connection, row, feed_kind, "removed", row.event_dates)


def revive(connection: sqlite3.Connection, delivery: DeliveryRow) -> list[DeliveryRow]:
    """The last good delivery of the place comes back, with its corrections."""
    earlier = [
        row
        for row in of_place(connection, delivery)
        if row.state == "superseded" and row.rank < delivery.rank and row.was_loaded
    ]
    earlier.sort(key=lambda row: row.rank)
    revived = [row for row in earlier[-1:] if row.batch_id != delivery.batch_id]
    receive_again(connection, [row.delivery_id for row in revived])
    return [*revived, *(r for row in revived for r in revive_corrections(connection, row.batch_id))]


def revive_corrections(connection: sqlite3.Connection, batch_id: str) -> list[DeliveryRow]:
    """Within a transaction: the corrections that went with a batch come back with it.

    Called wherever a batch is to be read once more that had left the lake.
    """
    found = corrections_of(connection, batch_id, "superseded")
    receive_again(connection, [row.delivery_id for row in found])
    return found


def receive_again(connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Deliveries are to be read once more, and go through the gate once more."""
    connection.executemany(
        "UPDATE delivery SET state = 'received', ended_at = NULL, gate = NULL"
        " WHERE delivery_id = ?",
        [(number,) for number in numbers],
    )


def enter_refusal(
    connection: sqlite3.Connection, delivery_id: int, sentence: Sentence, run_id: int
) -> None:
    """Within a transaction: a delivery becomes refused."""
    end(connection, delivery_id, "refused", run_id)
    connection.execute(
        "UPDATE delivery SET refusal_zh = ?, refusal_en = ? WHERE delivery_id = ?",
        [*sentence, delivery_id],
    )


def of_place(connection: sqlite3.Connection, delivery: DeliveryRow) -> list[DeliveryRow]:
    """All deliveries of the same feed, date and slot, oldest first."""
    rows = connection.execute(
        "SELECT * FROM delivery WHERE feed = ? AND business_date = ? AND slot = ?"
        " ORDER BY delivery_id",
        [delivery.feed, delivery.business_date.isoformat(), delivery.slot],
    ).fetchall()
    return [DeliveryRow.of(row) for row in rows]


def is_overtaken(delivery: DeliveryRow, state: State, others: Iterable[DeliveryRow]) -> bool:
    """Whether a delivery of a greater rank has taken the place that this one would have."""
    later = {other.state for other in others if other.rank > delivery.rank}
    # A later one that is held takes no loaded one's place, but it is the one to decide about.
    return "loaded" in later if state == "loaded" else state == "held" and bool(later)


def is_orphan(connection: sqlite3.Connection, delivery: DeliveryRow, state: State) -> bool:
    """Whether a delivery is a correction of single rows, and its batch is not loaded any more."""
    if state != "loaded" or not delivery.is_beside:
        return False
    root = root_of(connection, delivery.corrects or "", delivery.feed)
    return root is None or root.state != "loaded"


def corrections_of(
    connection: sqlite3.Connection, batch_id: str, state: State
) -> list[DeliveryRow]:
    """Corrections of single rows of a batch."""
    rows = connection.execute(
        "SELECT * FROM delivery WHERE corrects = ? AND state = ? ORDER BY delivery_id",
        [batch_id, state],
    ).fetchall()
    return [row for row in map(DeliveryRow.of, rows) if row.is_beside]


def end_corrections(
    connection: sqlite3.Connection, batch_id: str, run_id: int
) -> list[DeliveryRow]:
    """Corrections of single rows go with their batch, held ones too; those that were loaded."""
    loaded = corrections_of(connection, batch_id, "loaded")
    for row in (*loaded, *corrections_of(connection, batch_id, "held")):
        end(connection, row.delivery_id, "superseded", run_id)
    return loaded


def end(connection: sqlite3.Connection, delivery_id: int, state: State, run_id: int) -> None:
    """The state a delivery ends in, and the run it ends in."""
    connection.execute(
        "UPDATE delivery SET state = ?, ended_at = ?, ended_run_id = ? WHERE delivery_id = ?",
        [state, now(), run_id, delivery_id],
    )


def enter_change(
    connection: sqlite3.Connection,
    delivery: DeliveryRow,
    feed_kind: str,
    kind: str,
    dates: Iterable[dt.date],
) -> None:
    """A batch came into the lake or left it, with the dates of what it holds."""
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


def enter_doubts(
    connection: sqlite3.Connection, delivery: DeliveryRow, doubts: list[Doubt]
) -> None:
    """Keep the doubts that hold a delivery in its report."""
    report = BatchReport.from_json(delivery.report or "")
    report.doubts = doubts
    connection.execute(
        "UPDATE delivery SET report = ? WHERE delivery_id = ?",
        [report.to_json(), delivery.delivery_id],
    )


def enter_report(connection: sqlite3.Connection, delivery_id: int, report: BatchReport) -> None:
    """Keep what reading a delivery came to."""
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
