"""The lake: accepted rows as Parquet, one file per batch, there whole or not at all."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ingestion.contracts import ORIGIN_COLUMNS, Feed, lake_schema
from ingestion.sql import literal

if TYPE_CHECKING:
    from ingestion.ledger import DeliveryRow

_UNFINISHED: Final = ".tmp"
_PARTITION: Final = re.compile(r"business_date=(\d{4}-\d{2}-\d{2})")


class Lake:
    """The folder `lake/<feed>/business_date=YYYY-MM-DD/<batch_id>.parquet`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def scratch(self) -> Path:
        """Where readers put what does not fit into their memory; on the disk that has room."""
        return self.path / ".readers"

    def batch_path(self, feed: str, business_date: dt.date, batch_id: str) -> Path:
        """Where a batch lies, or will."""
        return self.path / feed / f"business_date={business_date}" / f"{batch_id}.parquet"

    def unfinished_path(self, feed: str, business_date: dt.date, batch_id: str) -> Path:
        """Where a process writes a batch before it is one; its folder is made.

        Beside the final place, so that the move is a rename, and under a name that nobody reads.
        """
        final = self.batch_path(feed, business_date, batch_id)
        final.parent.mkdir(parents=True, exist_ok=True)
        return final.with_name(f".{batch_id}.{os.getpid()}{_UNFINISHED}")

    def commit(self, unfinished: Path, feed: str, business_date: dt.date, batch_id: str) -> Path:
        """Make a written file the batch: durable first, then visible."""
        final = self.batch_path(feed, business_date, batch_id)
        sync(unfinished)
        unfinished.replace(final)
        for folder in (final.parent, final.parent.parent, self.path):
            sync(folder)
        return final

    def remove(self, feed: str, business_date: dt.date, batch_id: str) -> None:
        """Take a batch out of the lake, if it is there."""
        final = self.batch_path(feed, business_date, batch_id)
        if final.exists():
            final.unlink()
            sync(final.parent)

    def remove_all(self, rows: Iterable[DeliveryRow]) -> None:
        """Take the batches of some deliveries out of the lake, as far as they are there."""
        for row in rows:
            self.remove(row.feed, row.business_date, row.batch_id)

    def batches(self, feed: str) -> dict[Path, tuple[dt.date, str]]:
        """Files of a feed, with business date and batch id."""
        found = {}
        for file in sorted((self.path / feed).glob("business_date=*/*.parquet")):
            partition = _PARTITION.fullmatch(file.parent.name)
            if partition and not file.name.startswith("."):
                found[file] = (dt.date.fromisoformat(partition[1]), file.stem)
        return found

    def sweep(self) -> None:
        """Remove what processes that died had not finished."""
        for file in self.path.glob(f"*/business_date=*/.*{_UNFINISHED}*"):
            file.unlink()

    def add(self, feed: Feed, frame: Any, business_date: dt.date, batch_id: str) -> Path:
        """Write a frame as the only batch of a feed and date.

        For feeds the house writes itself, as scores: a night that is run again replaces what it
        wrote before.

        Args:
            feed: The feed; its columns are taken from the frame by name.
            frame: A polars frame, an arrow table, or anything else DuckDB can scan.
            business_date: Partition it belongs to.
            batch_id: Name of the batch.

        Raises:
            ValueError: If the frame lacks a column of the feed, or has one it does not know.
        """
        import duckdb

        schema = lake_schema(feed)
        own = {name: kind for name, kind in schema.items() if name not in ORIGIN_COLUMNS}
        unfinished = self.unfinished_path(feed.feed, business_date, batch_id)
        with duckdb.connect() as engine:
            engine.register("frame", frame)
            given = {row[0] for row in engine.execute("DESCRIBE frame").fetchall()}
            if wrong := sorted(given ^ set(own)):
                raise ValueError(
                    f"{feed.feed}: the frame and the feed differ in {', '.join(wrong)}"
                )
            columns = [f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in own.items()]
            engine.execute(
                f"COPY (SELECT {', '.join(columns)}, $batch AS batch_id,"  # noqa: S608
                " CAST(NULL AS VARCHAR) AS batch_precedence,"
                " CAST(NULL AS VARCHAR) AS source_file, CAST(NULL AS VARCHAR) AS source_sheet,"
                " CAST(NULL AS BIGINT) AS source_row FROM frame)"
                f" TO {literal(unfinished)} (FORMAT parquet)",
                {"batch": batch_id},
            )
        earlier = [
            file for file, (date, _) in self.batches(feed.feed).items() if date == business_date
        ]
        final = self.commit(unfinished, feed.feed, business_date, batch_id)
        for file in earlier:
            if file != final:
                file.unlink()
        return final


def sync(path: Path) -> None:
    """Make a file's contents, or a folder's names, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    """The hash of a file's content: what the archive names it by, and a batch is known again by."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
