"""One night's files are taken in: their content into the archive, then all into the ledger."""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ingestion.batch import batch_id_of
from ingestion.contracts import Feed, FilePattern, Match
from ingestion.lake import sync
from ingestion.landing.archive import archive_path, copy_in, keep, sweep
from ingestion.landing.due import Missing
from ingestion.landing.offers import Offered, stamp_of, status_of
from ingestion.ledger import DeliveryRow, Ledger
from ingestion.sentence import Sentence, shown

# Reading changed in a way that files refused before deserve another look.
_READER_VERSION: Final = "2"


@dataclass
class Receipt:
    """What one look into the landing folder found.

    Attributes:
        received: Deliveries taken in now.
        duplicates: Deliveries of content that was taken in before.
        pending: All deliveries that wait for extraction, those of a killed run included.
        unclaimed: Files that no feed knows.
        unsettled: Files still being written; the next run looks again.
        later: Files of a later business date.
        missing: Required deliveries that are due.
        notes: Remarks for the operator.
    """

    received: list[DeliveryRow] = field(default_factory=list)
    duplicates: list[DeliveryRow] = field(default_factory=list)
    pending: list[DeliveryRow] = field(default_factory=list)
    unclaimed: list[Path] = field(default_factory=list)
    unsettled: list[Path] = field(default_factory=list)
    later: list[Path] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    notes: list[Sentence] = field(default_factory=list)


@dataclass
class Intake:
    """One run's taking in of files: their content first, then all of them into the ledger at once.

    A run killed in between has left copies in the archive that nobody asks for, and no more.
    """

    landing: Path
    archive: Path
    ledger: Ledger
    run_id: int
    receipt: Receipt
    _changed: dict[Path, tuple[int, int]] = field(default_factory=dict)
    _rewritten: set[Path] = field(default_factory=set)
    _turned_away: set[int] = field(default_factory=set)

    def take(self, offers: list[Offered]) -> None:
        """Take in files for their feeds, except what the ledger knows."""
        sweep(self.archive)
        with self.ledger.connect() as connection:
            seen = {
                row["path"]: ((row["size_bytes"], row["mtime_ns"]), str(row["sha256"]))
                for row in connection.execute("SELECT * FROM file_seen")
            }
        self._turned_away = self.ledger.turned_away()
        contents: dict[Path, str] = {}
        for path in dict.fromkeys(offered.path for offered in offers):
            sha256 = self._content_of(path, seen)
            if sha256 is not None:
                contents[path] = sha256
        for folder in {archive_path(self.archive, contents[path]).parent for path in self._changed}:
            sync(folder)
        if self._changed:
            sync(self.archive)
        with self.ledger.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO file_seen VALUES (?, ?, ?, ?)",
                [(str(path), *stamp, contents[path]) for path, stamp in self._changed.items()],
            )
            for offered in offers:
                if offered.path in contents:
                    self._enter(connection, offered, contents)

    def _is_return(
        self,
        connection: sqlite3.Connection,
        offered: Offered,
        state: str,
        contents: Mapping[Path, str],
    ) -> bool:
        """Whether a file that was replaced is delivered again, in the place of its correction.

        Not while the correction lies there too: then somebody copied the folder, and its times.
        """
        if state != "superseded" or offered.path not in self._changed:
            return False
        loaded = connection.execute(
            "SELECT sha256 FROM delivery WHERE feed = ? AND business_date = ? AND slot = ?"
            " AND state = 'loaded'",
            [
                offered.feed.feed,
                offered.match.date.isoformat(),
                slot_of(offered.path.name, offered.match),
            ],
        ).fetchall()
        return not {row["sha256"] for row in loaded} & set(contents.values())

    def _enter(
        self, connection: sqlite3.Connection, offered: Offered, contents: Mapping[Path, str]
    ) -> None:
        """Enter one file for one feed, unless the ledger knows it."""
        sha256 = contents[offered.path]
        name = _name_of(offered.path, self.landing)
        contract = contract_of(offered.feed, offered.pattern)
        date = offered.match.date
        known = connection.execute(
            "SELECT delivery_id, landing_path, state, contract FROM delivery"
            " WHERE sha256 = ? AND feed = ? AND business_date = ? ORDER BY delivery_id",
            [sha256, offered.feed.feed, date.isoformat()],
        ).fetchall()
        first = [row for row in known if row["state"] != "duplicate"]
        state = "received"
        if first:
            last = first[-1]
            is_reread = (
                last["state"] == "refused"
                and last["contract"] != contract
                and last["delivery_id"] not in self._turned_away
            )
            if not (is_reread or self._is_return(connection, offered, last["state"], contents)):
                if any(row["landing_path"] == name for row in known):
                    return
                state = "duplicate"
        delivery_id = connection.execute(
            "INSERT INTO delivery (run_id, feed, file_name, landing_path, sha256, size_bytes,"
            " business_date, part, slot, batch_id, contract, state, received_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                self.run_id,
                offered.feed.feed,
                offered.path.name,
                name,
                sha256,
                archive_path(self.archive, sha256).stat().st_size,
                date.isoformat(),
                offered.match.part,
                slot_of(offered.path.name, offered.match),
                batch_id_of(sha256, offered.feed.feed, date),
                contract,
                state,
                dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            ],
        ).lastrowid
        entered = connection.execute(
            "SELECT * FROM delivery WHERE delivery_id = ?", [delivery_id]
        ).fetchone()
        if state == "received":
            self.receipt.received.append(DeliveryRow.of(entered))
            if offered.path in self._rewritten:
                self.receipt.notes.append(
                    Sentence(
                        f"文件 {shown(name)} 在收取之后又被改动：原内容已存档，"
                        "现有内容作为新的一次报送收取。",
                        f"{shown(name)} was changed after it had been taken in: what it held is in"
                        " the archive, what it holds now is taken in as another delivery.",
                    )
                )
            return
        self.receipt.duplicates.append(DeliveryRow.of(entered))
        self.receipt.notes.append(
            Sentence(
                f"文件 {shown(name)} 与已收到的文件内容完全相同，未重复入库。",
                f"{shown(name)} has the same content as a file taken in before; it was not"
                " loaded again.",
            )
        )

    def _content_of(
        self, path: Path, seen: Mapping[str, tuple[tuple[int, int], str]]
    ) -> str | None:
        """The SHA-256 of a file whose content is in the archive; None if it is not at rest."""
        status = status_of(path)
        if status is None:
            return None
        stamp = stamp_of(status)
        known_stamp, known_sha256 = seen.get(str(path), (None, ""))
        if known_stamp == stamp and archive_path(self.archive, known_sha256).exists():
            return known_sha256
        try:
            sha256, partial = copy_in(path, self.archive)
        except FileNotFoundError:
            return None
        # Taken away once it is copied: the copy counts, if it is whole.
        after = status_of(path)
        is_cut = after is None and partial.stat().st_size != status.st_size
        if is_cut or (after is not None and stamp_of(after) != stamp):
            partial.unlink()
            self.receipt.unsettled.append(path)
            self.receipt.notes.append(
                Sentence(
                    f"文件 {shown(path.name)} 仍在写入，留待下次处理。",
                    f"{shown(path.name)} is still being written; the next run takes it.",
                )
            )
            return None
        keep(partial, archive_path(self.archive, sha256))
        if known_sha256 not in ("", sha256):
            self._rewritten.add(path)
        self._changed[path] = stamp
        return sha256


def contract_of(feed: Feed, pattern: FilePattern) -> str:
    """A fingerprint of everything that decides how a file is read."""
    text = f"{_READER_VERSION}|{feed.model_dump_json()}|{pattern.model_dump_json()}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def slot_of(file_name: str, match: Match) -> str:
    """What two files of one feed and date must share for the later to replace the earlier.

    A month's file and the file of its last day have the same business date, but neither is a
    correction of the other.
    """
    span = "month"
    if f"{match.date:%Y%m%d}" in file_name:
        span = "day"
    elif f"{match.date:%Y%m}" not in file_name:
        span = "fixed"
    return f"{span}|{unicodedata.normalize('NFC', match.part or '')}"


def _name_of(path: Path, landing: Path) -> str:
    """What the ledger calls a file: its path below landing, or below the reference folder."""
    if path.is_relative_to(landing):
        return str(path.relative_to(landing))
    return f"{path.parent.name}/{path.name}"
