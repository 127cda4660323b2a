"""A file as it is entered for one feed, and whether the ledger takes it in: new, or once more."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from ingestion.contracts import Feed, FilePattern
from ingestion.landing.companions import says_the_same
from ingestion.landing.identity import contract_of, slot_of
from ingestion.landing.offers import Offered
from ingestion.ledger import DeliveryRow
from ingestion.ledger.steps import receive_again, root_of
from ingestion.returning.correction import RETURNED
from ingestion.returning.slip import Slip, slot_beside


@dataclass(frozen=True)
class Landed:
    """A file in the landing folder, whole and at rest.

    Attributes:
        path: Where it lies.
        sha256: SHA-256 of its content.
        control: What its control file says, as the ledger keeps it.
        is_moved: Whether it was laid down or written to since the ledger last saw it.
    """

    path: Path
    sha256: str
    control: str | None
    is_moved: bool


@dataclass(frozen=True)
class Entry:
    """One file as it is entered for one feed.

    Attributes:
        file: The file.
        feed: The feed.
        pattern: How it would be read.
        date: Business date it speaks of.
        part: Which of several files of one date it is.
        slot: What another file of the feed and date must share to take its place.
        file_version: Number of the correction by its name.
        corrects: Batch that it puts right, where it is a returned sheet.
    """

    file: Landed
    feed: Feed
    pattern: FilePattern
    date: dt.date
    part: str | None
    slot: str
    file_version: int
    corrects: str | None = None

    @property
    def contract(self) -> str:
        """Fingerprint of how it would be read."""
        return contract_of(self.feed, self.pattern)

    @classmethod
    def claimed(cls, offered: Offered, file: Landed) -> Entry:
        """A file that the feed claims by its name."""
        return cls(
            file,
            offered.feed,
            offered.pattern,
            offered.match.date,
            offered.match.part,
            slot_of(file.path.name, offered.match),
            offered.match.version,
        )

    @classmethod
    def returned(
        cls, connection: sqlite3.Connection, feeds: Mapping[str, Feed], slip: Slip, file: Landed
    ) -> Entry | None:
        """A sheet that went back and came home; None where its batch is not known here."""
        root = root_of(connection, slip.batch_id, slip.feed)
        feed = feeds.get(slip.feed)
        if root is None or root.business_date != slip.business_date or feed is None:
            return None
        return cls(
            file,
            feed,
            RETURNED,
            slip.business_date,
            root.part,
            root.slot if slip.is_whole else slot_beside(slip.batch_id, file.sha256),
            root.file_version,
            slip.batch_id,
        )


def files_seen(connection: sqlite3.Connection) -> dict[str, tuple[tuple[int, int], str]]:
    """Stamp and SHA-256 of every file ever taken in, as it was then, by path."""
    return {
        row["path"]: ((row["size_bytes"], row["mtime_ns"]), str(row["sha256"]))
        for row in connection.execute("SELECT * FROM file_seen")
    }


def corrected_before(connection: sqlite3.Connection) -> set[str]:
    """SHA-256 of every returned sheet that was ever taken in as such."""
    rows = connection.execute("SELECT sha256 FROM delivery WHERE corrects IS NOT NULL")
    return {str(row["sha256"]) for row in rows}


def may_be_returned(file: Landed, corrections: Collection[str], *, is_claimed: bool) -> bool:
    """Whether a file is looked into for a slip; an ordinary workbook is once, when it comes."""
    is_open = file.is_moved or not is_claimed or file.sha256 in corrections
    return file.path.suffix.casefold() == ".xlsx" and is_open


def known(connection: sqlite3.Connection, entry: Entry) -> list[DeliveryRow]:
    """Deliveries of the same content for the same feed, date and part, oldest first."""
    rows = connection.execute(
        "SELECT * FROM delivery WHERE sha256 = ? AND feed = ? AND business_date = ?"
        " AND coalesce(part, '') = ? ORDER BY delivery_id",
        [entry.file.sha256, entry.feed.feed, entry.date.isoformat(), entry.part or ""],
    ).fetchall()
    return [DeliveryRow.of(row) for row in rows]


def last_of(rows: list[DeliveryRow]) -> DeliveryRow | None:
    """The last of these deliveries that was no mere copy."""
    return next((row for row in reversed(rows) if row.state != "duplicate"), None)


def raise_version(connection: sqlite3.Connection, entry: Entry, last: DeliveryRow) -> None:
    """Let what stands count under the higher version that its content came under once more.

    A version between the two, though it comes later, is no correction of it then. What is loaded is
    read again, as its rows carry their precedence.
    """
    is_same_place = (last.slot, last.corrects) == (entry.slot, entry.corrects)
    if not is_same_place or last.state not in ("received", "loaded"):
        return
    if entry.file_version > last.file_version:
        connection.execute(
            "UPDATE delivery SET file_version = ? WHERE delivery_id = ?",
            [entry.file_version, last.delivery_id],
        )
        receive_again(connection, [last.delivery_id])


def comes_again(
    connection: sqlite3.Connection,
    entry: Entry,
    last: DeliveryRow,
    turned_away: Collection[int],
    lying: Collection[str],
) -> bool:
    """Whether content that the ledger knows is taken in once more.

    So is what was replaced under a higher version than anything in its place has: a sender who
    takes his correction back delivers what he delivered first. So is a file that was replaced and
    is laid down again, unless what replaced it lies there too: then somebody copied the folder, and
    its times. And so is one that was refused or held, once its feed or its control file was mended;
    not where somebody's decision stands against it, nor where another is loaded in its place by
    now: read again, the older file would be the newer delivery, and undo its own correction.

    Args:
        connection: The ledger's.
        entry: The file.
        last: The last delivery of its content.
        turned_away: Numbers of the deliveries that somebody decided to refuse.
        lying: SHA-256 of everything that lies in the landing folder.
    """
    standing = [
        DeliveryRow.of(row)
        for row in connection.execute(
            "SELECT * FROM delivery WHERE feed = ? AND business_date = ? AND slot = ?"
            " AND state IN ('received', 'held', 'loaded')",
            [entry.feed.feed, entry.date.isoformat(), entry.slot],
        )
    ]
    is_highest = all(entry.file_version > row.file_version for row in standing)
    if last.state == "superseded" and standing and is_highest:
        return last.delivery_id not in turned_away
    loaded = [row for row in standing if row.state == "loaded"]
    if last.state == "superseded":
        return entry.file.is_moved and not any(row.sha256 in lying for row in loaded)
    rank = (entry.file_version, last.delivery_id)
    if last.delivery_id in turned_away or any(row.rank > rank for row in loaded):
        return False
    if last.state in ("held", "refused") and not says_the_same(last.control, entry.file.control):
        return True
    # A correction that was refused may be right by now: its batch was released, or is back.
    may_be_right = entry.corrects is not None and entry.file.is_moved
    return last.state == "refused" and (may_be_right or last.contract != entry.contract)
