"""What was written for people to read: one row per file, never changed and never removed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple

from ingestion.ledger.file import LedgerFile, date_of, now
from ingestion.ledger.rows import Export


class Exports(LedgerFile):
    """What the ledger knows of exports."""

    def record_exports(self, exports: Iterable[Export], by: str) -> None:
        """Enter files that were written, and who had them written."""
        rows = [
            [value.isoformat() if hasattr(value, "isoformat") else value for value in astuple(each)]
            for each in exports
        ]
        with self.transaction() as connection:
            connection.executemany(
                "INSERT INTO export (generation, code, from_date, until_date, file_name, sha256,"
                " row_count, audience, purpose, exported_by, exported_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [[*row, by, now()] for row in rows],
            )

    def exports(self) -> list[Export]:
        """All files ever written, oldest first."""
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT generation, code, from_date, until_date, file_name, sha256, row_count,"
                " audience, purpose FROM export ORDER BY export_id"
            ).fetchall()
        return [
            Export(
                **{
                    **dict(row),
                    "from_date": date_of(row["from_date"]),
                    "until_date": date_of(row["until_date"]),
                }
            )
            for row in rows
        ]
