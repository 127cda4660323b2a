"""Delivered files: what became of each, and which batches count."""

from __future__ import annotations

from collections.abc import Iterable

from ingestion.batch import INCOMPLETE, BatchReport, Doubt, State
from ingestion.ledger.file import LedgerFile
from ingestion.ledger.rows import DeliveryRow
from ingestion.ledger.steps import (
    corrections_of,
    end,
    end_corrections,
    enter_change,
    enter_doubts,
    enter_report,
    is_orphan,
    is_overtaken,
    leave,
    of_place,
    receive_again,
    refuse_loaded,
    revive,
    root_of,
)
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
                for row in of_place(connection, delivery)
                if row.state in ("loaded", "held") and row.delivery_id != delivery.delivery_id
            ]
            loaded = [row for row in others if row.state == "loaded"]
            state: State = report.state
            replaced: list[DeliveryRow] = []
            if is_overtaken(delivery, state, others) or is_orphan(connection, delivery, state):
                replaced = [delivery] if state == "loaded" else []
                state = "superseded"
            elif state in ("loaded", "held"):
                for other in others:
                    is_earlier = other.rank < delivery.rank
                    if is_earlier and (state == "loaded" or other.state == "held"):
                        end(connection, other.delivery_id, "superseded", run_id)
            if state == "loaded":
                beside = [
                    row for o in loaded for row in end_corrections(connection, o.batch_id, run_id)
                ]
                replaced = [*loaded, *beside]
                for row in replaced:
                    enter_change(connection, row, feed_kind, "removed", row.event_dates)
                enter_change(connection, delivery, feed_kind, "committed", report.event_dates)
            end(connection, delivery.delivery_id, state, run_id)
            enter_report(connection, delivery.delivery_id, report)
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
            end(connection, delivery.delivery_id, "held", run_id)
            enter_doubts(connection, delivery, [*delivery.doubts, doubt])
            leave(connection, delivery, feed_kind, run_id)
            revive(connection, delivery)

    def retire(self, delivery: DeliveryRow, feed_kind: str, run_id: int) -> None:
        """End a delivery because the set it is a part of was replaced by another."""
        with self.transaction() as connection:
            end(connection, delivery.delivery_id, "superseded", run_id)
            if delivery.state == "loaded":
                leave(connection, delivery, feed_kind, run_id)

    def receive_again(self, deliveries: Iterable[DeliveryRow]) -> None:
        """Let parts of a set be extracted again, with their corrections, now that it is whole."""
        with self.transaction() as connection:
            for row in deliveries:
                beside = corrections_of(connection, row.batch_id, "superseded")
                if row.report:
                    rest = [doubt for doubt in row.doubts if doubt.code != INCOMPLETE]
                    enter_doubts(connection, row, rest)
                connection.executemany(
                    "UPDATE delivery SET state = 'received', ended_at = NULL WHERE delivery_id = ?",
                    [(each.delivery_id,) for each in (row, *beside)],
                )

    def replaced_by(self, delivery: DeliveryRow) -> DeliveryRow | None:
        """The loaded delivery of other content whose place this one would take."""
        with self.connect() as connection:
            rows = of_place(connection, delivery)
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

    def delivered_as(self, delivery: DeliveryRow) -> DeliveryRow | None:
        """The loaded delivery of the same content for the last of the dates before this one's."""
        with self.connect() as connection:
            row = connection.execute(
                "SELECT * FROM delivery WHERE feed = ? AND sha256 = ? AND state = 'loaded'"
                " AND corrects IS NULL AND business_date < ? ORDER BY business_date DESC LIMIT 1",
                [delivery.feed, delivery.sha256, delivery.business_date.isoformat()],
            ).fetchone()
        return DeliveryRow.of(row) if row else None

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
            beside = corrections_of(connection, row["batch_id"], "loaded") if row else []
            receive_again(connection, [delivery_id, *(each.delivery_id for each in beside)])

    def corrections(self, batch_id: str) -> list[DeliveryRow]:
        """Loaded corrections of single rows of a batch, in the order they were received."""
        with self.connect() as connection:
            return corrections_of(connection, batch_id, "loaded")

    def reread(self, feed: str, feed_kind: str) -> list[DeliveryRow]:
        """Let every loaded delivery of a feed be extracted again, under the feed as it is now.

        The days of what was read before count as changed, whatever the reading finds.

        Returns:
            Those deliveries.
        """
        rows = self.deliveries(state="loaded", feed=feed)
        with self.transaction() as connection:
            for row in rows:
                enter_change(connection, row, feed_kind, "removed", row.event_dates)
            receive_again(connection, [row.delivery_id for row in rows])
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
