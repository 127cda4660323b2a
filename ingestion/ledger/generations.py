"""Published generations, and which dates have changed since one."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Self

from ingestion.ledger.file import LedgerError, LedgerFile, date_of, now
from ingestion.ledger.rows import DeliveryRow, Generation, LakeChange, Touched


class Generations(LedgerFile):
    """What the ledger knows of generations."""

    def record_generation(
        self, *, number: int, run_id: int, business_date: dt.date, checksum: str | None = None
    ) -> None:
        """Enter a published generation: it holds every change the ledger knows of by now."""
        with self.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO generation VALUES (?, ?, ?, ?,"
                " (SELECT coalesce(max(sequence), 0) FROM change), ?)",
                [number, run_id, business_date.isoformat(), checksum, now()],
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
                date_of(row["business_date"]),
                row["checksum"],
                row["sequence"],
            )
            for row in rows
        ]

    def changes_since(self, generation: int) -> list[LakeChange]:
        """What came into the lake and what left it since a generation, in order.

        Raises:
            LedgerError: If the ledger does not know the generation.
        """
        known = {each.number: each.sequence for each in self.generations()}
        if generation not in known:
            raise LedgerError(
                f"台账中没有第 {generation} 代。",
                f"the ledger knows of no generation {generation}",
            )
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT delivery.*, change.kind AS change_kind, change.feed_kind,"
                " change.event_dates FROM change JOIN delivery USING (delivery_id)"
                " WHERE sequence > ? ORDER BY sequence",
                [known[generation]],
            ).fetchall()
        found = []
        for row in rows:
            values = dict(row)
            kind, feed_kind = values.pop("change_kind"), values.pop("feed_kind")
            dates = [date_of(text) for text in json.loads(values.pop("event_dates"))]
            found.append(LakeChange(DeliveryRow.of(values), kind, feed_kind, dates))
        return found

    def has_unpublished_changes(self) -> bool:
        """Whether anything came or went that no generation ever held, not even one rolled back."""
        with self.connect() as connection:
            row = connection.execute(
                "SELECT (SELECT max(sequence) FROM change) > (SELECT max(sequence) FROM generation)"
                " AS is_behind"
            ).fetchone()
        return bool(row["is_behind"])

    def copy_as_of(self, path: Path, generation: Generation) -> Self:
        """A copy of the ledger that knows what a generation was built of, and no more.

        Of deliveries only those are in it whose batches counted when the generation was
        published, as loaded; it tells of no generation.

        Args:
            path: Where the copy is written; nothing may be there.
            generation: One of this ledger's own.
        """
        copied = type(self)(path)
        with self.connect() as source, copied.connect() as target:
            source.backup(target)
        with copied.transaction() as connection:
            connection.execute(
                "DELETE FROM delivery WHERE delivery_id NOT IN (SELECT delivery_id FROM change"
                " WHERE kind = 'committed' AND sequence IN (SELECT max(sequence) FROM change"
                " WHERE sequence <= ? GROUP BY delivery_id))",
                [generation.sequence],
            )
            connection.execute("UPDATE delivery SET state = 'loaded'")
            connection.execute("DELETE FROM decision")
            # Whatever was doubted of them, and whatever was decided later: then they counted.
            connection.execute(
                "INSERT INTO decision (delivery_id, decision, reason, decided_by, decided_at)"
                " SELECT delivery_id, 'release', ?, 'crm', ? FROM delivery",
                [f"counted in generation {generation.number}", now()],
            )
            connection.execute("DELETE FROM run WHERE run_id > ?", [generation.run_id])
            for table in ("change", "generation", "file_seen"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - named above
        return copied

    def touched_since(self, generation: int | None) -> Touched:
        """Which dates have to be built anew on top of a generation.

        What came by then for dates later than the generation's own counts too: a night that was
        built again after them did not read it.

        Args:
            generation: Its number; None for "nothing is built yet".

        Raises:
            LedgerError: If the ledger does not know the generation.
        """
        base = next((g for g in self.generations() if g.number == generation), None)
        if generation is not None and base is None:
            raise LedgerError(
                f"台账中没有第 {generation} 代。",
                f"the ledger knows of no generation {generation}",
            )
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT * FROM change WHERE sequence > ? OR business_date > ?",
                [base.sequence if base else 0, base.business_date.isoformat() if base else ""],
            ).fetchall()
        dates = {date_of(text) for row in rows for text in json.loads(row["event_dates"])}
        is_late = base is not None and any(
            row["feed_kind"] != "event" and date_of(row["business_date"]) <= base.business_date
            for row in rows
        )
        months = sorted({date.replace(day=1) for date in dates})
        return Touched(sorted(dates), months, is_late)
