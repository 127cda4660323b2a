"""What people decided about deliveries: loaded in spite of a doubt, or refused though readable."""

from __future__ import annotations

import sqlite3

from ingestion.ledger.file import LedgerError, LedgerFile, now
from ingestion.ledger.rows import Decision, DeliveryRow
from ingestion.ledger.steps import (
    enter_change,
    enter_refusal,
    loaded_above,
    refuse_loaded,
    revive_corrections,
)
from ingestion.sentence import Sentence, shown

_REASON_CHARACTERS = 500
# States in which a delivery can be let in, or be turned away.
_CAN_RELEASE = ("held", "refused")
_CAN_REFUSE = ("held", "received", "loaded")


class DecisionError(LedgerError):
    """What was decided cannot be done with this delivery; says why."""


class Decisions(LedgerFile):
    """What the ledger knows of decisions."""

    def delivery(self, delivery_id: int) -> DeliveryRow:
        """One delivery by its number.

        Raises:
            DecisionError: There is none.
        """
        with self.connect() as connection:
            return _find(connection, delivery_id)

    def release(self, delivery_id: int, reason: str, decided_by: str) -> DeliveryRow:
        """Let the next run load a delivery that is held, or read one again that was refused.

        To let a held one in stays decided: read again, for whatever cause, it is loaded again. Of
        a refused one nobody knows yet what is in it, so it is judged like any other.

        Returns:
            The delivery as it was before.

        Raises:
            DecisionError: There is no such delivery, it waits for nobody's decision, or a later
                one has taken its place.
        """
        with self.transaction() as connection:
            row = _find(connection, delivery_id)
            if row.state not in _CAN_RELEASE:
                raise DecisionError(
                    f"delivery {delivery_id} ({shown(row.file_name)}) is {row.state}; only one that"
                    " is held or refused can be released"
                )
            later = loaded_above(connection, row.place, row.rank)
            if later is not None:
                raise DecisionError(
                    f"delivery {later}, which came later, stands in the place of {delivery_id};"
                    f" refuse it first: crm refuse {later}"
                )
            decision = "release" if row.state == "held" else "reread"
            _enter(connection, delivery_id, decision, reason, decided_by)
            connection.execute(
                "UPDATE delivery SET state = 'received', ended_at = NULL, refusal_zh = NULL,"
                " refusal_en = NULL, gate = NULL WHERE delivery_id = ?",
                [delivery_id],
            )
            revive_corrections(connection, row.batch_id)
        return row

    def turn_away(
        self, delivery_id: int, reason: str, decided_by: str, feed_kind: str
    ) -> tuple[DeliveryRow, list[DeliveryRow]]:
        """Refuse a delivery by somebody's decision; a loaded one has to leave the lake.

        Args:
            delivery_id: Its number.
            reason: Why; it becomes the sentence of the refusal.
            decided_by: Who says so.
            feed_kind: Kind of its feed, for what has to be built anew.

        Returns:
            The delivery as it was before, and those that come back in its place.

        Raises:
            DecisionError: There is no such delivery, or there is nothing left to refuse.
        """
        with self.transaction() as connection:
            row = _find(connection, delivery_id)
            if row.state not in _CAN_REFUSE:
                raise DecisionError(
                    f"delivery {delivery_id} ({shown(row.file_name)}) is {row.state} already; there"
                    " is nothing to refuse"
                )
            told = shown(reason.strip(), _REASON_CHARACTERS)
            sentence = Sentence(
                f"{shown(decided_by)} 决定拒收：{told}", f"Refused by {shown(decided_by)}: {told}"
            )
            _enter(connection, delivery_id, "refuse", reason, decided_by)
            run_id = int(connection.execute("SELECT max(run_id) FROM run").fetchone()[0])
            if row.state == "loaded":
                return row, refuse_loaded(connection, row, sentence, feed_kind, run_id)
            if row.was_loaded and row.state == "received":
                # It was to be read again, and what was built of it still stands.
                enter_change(connection, row, feed_kind, "removed", row.event_dates)
            enter_refusal(connection, delivery_id, sentence, run_id)
        return row, []

    def decisions(self, delivery_id: int | None = None) -> list[Decision]:
        """Decisions about one delivery, or all there are, oldest first."""
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT * FROM decision WHERE delivery_id = ? OR ? IS NULL ORDER BY decision_id",
                [delivery_id, delivery_id],
            ).fetchall()
        return [Decision(**dict(row)) for row in rows]

    def released(self) -> set[int]:
        """Numbers of the deliveries whose last decision was to load them."""
        return self._decided("release")

    def turned_away(self) -> set[int]:
        """Numbers of the deliveries whose last decision was to refuse them."""
        return self._decided("refuse")

    def _decided(self, decision: str) -> set[int]:
        last = {each.delivery_id: each.decision for each in self.decisions()}
        return {number for number, decided in last.items() if decided == decision}


def _find(connection: sqlite3.Connection, delivery_id: int) -> DeliveryRow:
    row = connection.execute(
        "SELECT * FROM delivery WHERE delivery_id = ?", [delivery_id]
    ).fetchone()
    if row is None:
        raise DecisionError(f"there is no delivery {delivery_id}; crm deliveries lists them")
    return DeliveryRow.of(row)


def _enter(
    connection: sqlite3.Connection, delivery_id: int, decision: str, reason: str, decided_by: str
) -> None:
    if not reason.strip() or not decided_by.strip():
        raise DecisionError("a decision needs a reason, and the name of who decided")
    connection.execute(
        "INSERT INTO decision (delivery_id, decision, reason, decided_by, decided_at)"
        " VALUES (?, ?, ?, ?, ?)",
        [delivery_id, decision, reason.strip(), decided_by.strip(), now()],
    )
