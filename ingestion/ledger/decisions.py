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
    """What was decided cannot be done with this delivery: how it stands, and what can be done."""


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
                raise _undecidable(connection, row)
            later = loaded_above(connection, row.place, row.rank)
            if later is not None:
                raise _replaced(row, later)
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
                raise _undecidable(connection, row)
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
        raise DecisionError(
            f"没有第 {delivery_id} 号报送；crm deliveries 列出全部编号。",
            f"There is no delivery {delivery_id}; crm deliveries lists them.",
        )
    return DeliveryRow.of(row)


def _undecidable(connection: sqlite3.Connection, row: DeliveryRow) -> DecisionError:
    """Why this delivery waits for no such decision, and which one it may take."""
    number, zh, en = row.delivery_id, *_named(row)
    if row.state == "loaded":
        return DecisionError(
            f"{zh}已入库，无需批准；如需撤回：crm refuse {number} --reason …",
            f"{en}, is loaded already and needs no release. To take it out:"
            f" crm refuse {number} --reason ...",
        )
    if row.state == "received":
        return DecisionError(
            f"{zh}已在等待下一次夜间任务读取，无需批准：crm run",
            f"{en}, waits for the next night already, which reads it: crm run",
        )
    if row.state == "refused":
        return DecisionError(
            f"{zh}已是拒收状态；原因见 crm deliveries {number}，如需重新读取："
            f"crm release {number} --reason …",
            f"{en}, is refused already; crm deliveries {number} says why. To have it read again:"
            f" crm release {number} --reason ...",
        )
    if row.state == "duplicate":
        return DecisionError(
            f"{zh}与之前收到的文件内容完全相同，未读取，无需决定；请对先收到的一份作出决定。",
            f"{en}, has the content of a file that came before and was not read, so there is"
            " nothing to decide; decide about the one that came first.",
        )
    later = loaded_above(connection, row.place, row.rank)
    if later is not None:
        return _replaced(row, later)
    return DecisionError(
        f"{zh}已被代替，不再有效；如需再次入库，请把该文件重新放入报送目录。",
        f"{en}, was replaced and counts no more; to have it loaded once more, lay the file into"
        " the landing folder again.",
    )


def _replaced(row: DeliveryRow, later: int) -> DecisionError:
    zh, en = _named(row)
    return DecisionError(
        f"{zh}已被第 {later} 号报送代替；如需恢复，请先拒收后者：crm refuse {later} --reason …",
        f"{en}, was replaced by delivery {later}. To have it back, refuse that one first:"
        f" crm refuse {later} --reason ...",
    )


def _named(row: DeliveryRow) -> Sentence:
    """Number and file, as a sentence begins with them."""
    name = shown(row.file_name)
    return Sentence(f"第 {row.delivery_id} 号报送（{name}）", f"Delivery {row.delivery_id}, {name}")


def _enter(
    connection: sqlite3.Connection, delivery_id: int, decision: str, reason: str, decided_by: str
) -> None:
    if not reason.strip() or not decided_by.strip():
        raise DecisionError(
            "每项决定都要有理由和决定人。",
            "A decision needs a reason, and the name of who decided.",
        )
    connection.execute(
        "INSERT INTO decision (delivery_id, decision, reason, decided_by, decided_at)"
        " VALUES (?, ?, ?, ?, ?)",
        [delivery_id, decision, reason.strip(), decided_by.strip(), now()],
    )
