"""One night's files are taken in: their content into the archive, then all into the ledger."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingestion.batch import State, batch_id_of
from ingestion.contracts import Feed
from ingestion.lake import sync
from ingestion.landing.archive import archive_path, copy_in, keep, sweep
from ingestion.landing.companions import Companion, companion_of, mismatch
from ingestion.landing.entry import (
    Entry,
    Landed,
    comes_again,
    corrected_before,
    files_seen,
    known,
    last_of,
    may_be_returned,
    raise_version,
)
from ingestion.landing.offers import Offered, stamp_of, status_of
from ingestion.landing.receipt import Receipt
from ingestion.ledger import DeliveryRow, Ledger
from ingestion.ledger.steps import revive_corrections
from ingestion.returning.slip import Slip, slip_of
from ingestion.sentence import Sentence, shown


@dataclass
class Intake:
    """One run's taking in of files: their content first, then all of them into the ledger at once.

    A run killed in between has left copies in the archive that nobody asks for, and no more.
    """

    landing: Path
    archive: Path
    ledger: Ledger
    feeds: Mapping[str, Feed]
    run_id: int
    receipt: Receipt
    _changed: dict[Path, tuple[int, int]] = field(default_factory=dict)
    _rewritten: set[Path] = field(default_factory=set)
    _turned_away: set[int] = field(default_factory=set)
    _companions: dict[Path, Companion] = field(default_factory=dict)

    def take(self, offers: list[Offered], returned: Sequence[Path] = ()) -> None:
        """Take in files for their feeds, except what the ledger knows.

        Args:
            offers: Files that a feed claims by their name.
            returned: Returned sheets of any name. What a feed claims may be one as well.
        """
        sweep(self.archive)
        with self.ledger.connect() as connection:
            seen, corrections = files_seen(connection), corrected_before(connection)
        self._turned_away = self.ledger.turned_away()
        contents = self._contents(offers, returned, seen)
        for folder in {archive_path(self.archive, contents[path]).parent for path in self._changed}:
            sync(folder)
        if self._changed:
            sync(self.archive)
        files = {path: self._landed(path, sha256) for path, sha256 in contents.items()}
        slips = {
            path: slip
            for path, file in files.items()
            if may_be_returned(file, corrections, is_claimed=path not in returned)
            and (slip := slip_of(archive_path(self.archive, file.sha256))) is not None
        }
        lying = set(contents.values())
        with self.ledger.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO file_seen VALUES (?, ?, ?, ?)",
                [(str(path), *stamp, contents[path]) for path, stamp in self._changed.items()],
            )
            for offered in offers:
                if offered.path in files and offered.path not in slips:
                    self._enter(connection, Entry.claimed(offered, files[offered.path]), lying)
            # A batch is entered before what corrects it, and corrections in the order they came.
            stamps = {path: self._changed.get(path) or seen[str(path)][0] for path in slips}
            for path in sorted(slips, key=lambda path: stamps[path][1]):
                entry = Entry.returned(connection, self.feeds, slips[path], files[path])
                claims = [Entry.claimed(each, files[path]) for each in offers if each.path == path]
                if entry is None and not claims:
                    self._tell_stray(path, slips[path])
                for each in claims if entry is None else [entry]:
                    self._enter(connection, each, lying)

    def _landed(self, path: Path, sha256: str) -> Landed:
        companion = self._companions.get(path)
        control = companion.to_json() if companion else None
        return Landed(path, sha256, control, is_moved=path in self._changed)

    def _tell_stray(self, path: Path, slip: Slip) -> None:
        self.receipt.unclaimed.append(path)
        name = shown(_name_of(path, self.landing))
        self.receipt.notes.append(
            Sentence(
                f"文件 {name} 是批次 {slip.batch_id} 的退回表，但本系统没有该批次，未读取；"
                "请在原文件中改正后重新报送整份文件。",
                f"{name} is the returned sheet of batch {slip.batch_id}, which is not known here,"
                " so it was not read; mend the file you sent and deliver the whole of it again.",
            )
        )

    def _contents(
        self,
        offers: list[Offered],
        returned: Sequence[Path],
        seen: Mapping[str, tuple[tuple[int, int], str]],
    ) -> dict[Path, str]:
        """The SHA-256 of each file that can be taken in now."""
        contents: dict[Path, str] = {}
        patterns = {offered.path: offered.pattern for offered in offers}
        for path in dict.fromkeys([*patterns, *returned]):
            companion = companion_of(path, patterns[path]) if path in patterns else None
            if isinstance(companion, Sentence):
                # Of what was taken in before the companion may long have been cleared away.
                status = status_of(path)
                if status and seen.get(str(path), (None, ""))[0] != stamp_of(status):
                    self._wait(path, companion)
                continue
            sha256 = self._content_of(path, seen, companion)
            if sha256 is not None:
                contents[path] = sha256
                if companion is not None:
                    self._companions[path] = companion
        return contents

    def _wait(self, path: Path, why: Sentence) -> None:
        """Leave a file for the next run."""
        self.receipt.unsettled.append(path)
        self.receipt.notes.append(why)

    def _enter(self, connection: sqlite3.Connection, entry: Entry, lying: Collection[str]) -> None:
        """Enter one file for one feed, unless the ledger knows it."""
        name = _name_of(entry.file.path, self.landing)
        rows = known(connection, entry)
        last = last_of(rows)
        if last is None or comes_again(connection, entry, last, self._turned_away, lying):
            if last is not None and last.state == "held":
                # It waits for nobody's decision any more: its control file was mended.
                connection.execute(
                    "UPDATE delivery SET state = 'superseded' WHERE delivery_id = ?",
                    [last.delivery_id],
                )
            entered = self._insert(connection, entry, name, "received")
            self.receipt.received.append(entered)
            if not entered.is_beside:
                revive_corrections(connection, entered.batch_id)
            if entry.file.path in self._rewritten:
                self._tell_rewritten(name)
            return
        raise_version(connection, entry, last)
        if any(row.landing_path == name for row in rows):
            return
        self.receipt.duplicates.append(self._insert(connection, entry, name, "duplicate"))
        self.receipt.notes.append(
            Sentence(
                f"文件 {shown(name)} 与已收到的文件内容完全相同，未重复入库。",
                f"{shown(name)} has the same content as a file taken in before; it was not"
                " loaded again.",
            )
        )

    def _tell_rewritten(self, name: str) -> None:
        self.receipt.notes.append(
            Sentence(
                f"文件 {shown(name)} 在收取之后又被改动：原内容已存档，"
                "现有内容作为新的一次报送收取。",
                f"{shown(name)} was changed after it had been taken in: what it held is in the"
                " archive, what it holds now is taken in as another delivery.",
            )
        )

    def _insert(
        self, connection: sqlite3.Connection, entry: Entry, name: str, state: State
    ) -> DeliveryRow:
        delivery_id = connection.execute(
            "INSERT INTO delivery (run_id, feed, file_name, landing_path, sha256, size_bytes,"
            " business_date, part, slot, file_version, batch_id, contract, control, state,"
            " received_at, corrects) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                self.run_id,
                entry.feed.feed,
                entry.file.path.name,
                name,
                entry.file.sha256,
                archive_path(self.archive, entry.file.sha256).stat().st_size,
                entry.date.isoformat(),
                entry.part,
                entry.slot,
                entry.file_version,
                batch_id_of(entry.file.sha256, entry.feed.feed, entry.date, entry.part),
                entry.contract,
                entry.file.control,
                state,
                dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
                entry.corrects,
            ],
        ).lastrowid
        return DeliveryRow.of(
            connection.execute(
                "SELECT * FROM delivery WHERE delivery_id = ?", [delivery_id]
            ).fetchone()
        )

    def _content_of(
        self,
        path: Path,
        seen: Mapping[str, tuple[tuple[int, int], str]],
        companion: Companion | None,
    ) -> str | None:
        """The SHA-256 of a file whose content is in the archive; None if it is not at rest."""
        status = status_of(path)
        if status is None:
            return None
        stamp = stamp_of(status)
        known_stamp, known_sha256 = seen.get(str(path), (None, ""))
        if known_stamp == stamp and archive_path(self.archive, known_sha256).exists():
            # A control file that speaks of another content has come before its extract.
            why = mismatch(path, companion, known_sha256, status.st_size) if companion else None
            if why is not None:
                self._wait(path, why)
            return known_sha256 if why is None else None
        try:
            sha256, partial = copy_in(path, self.archive)
        except FileNotFoundError:
            return None
        why = mismatch(path, companion, sha256, partial.stat().st_size) if companion else None
        # Taken away once it is copied: the copy counts, if it is whole.
        after = status_of(path)
        is_cut = after is None and partial.stat().st_size != status.st_size
        if is_cut or (after is not None and stamp_of(after) != stamp):
            why = Sentence(
                f"文件 {shown(path.name)} 仍在写入，留待下次处理。",
                f"{shown(path.name)} is still being written; the next run takes it.",
            )
        if why is not None:
            partial.unlink()
            self._wait(path, why)
            return None
        keep(partial, archive_path(self.archive, sha256))
        if known_sha256 not in ("", sha256):
            self._rewritten.add(path)
        self._changed[path] = stamp
        return sha256


def precedence_of(slot: str, version: int, correction: int | None = None) -> str:
    """The rank of a batch among those of its feed and date; the greatest text holds.

    A higher version before a lower one, a day's file before its month's, a later part before an
    earlier one. Two files that agree in all of it share a slot, of which the lake holds one: so
    between them the order of arrival decides nothing. Corrected rows come before the file they
    correct and before nothing that this file does not come before; of two corrections of its rows
    the later one holds.

    Args:
        slot: Slot of the file; of corrected rows, that of the file they correct.
        version: Its version.
        correction: Number of the delivery of corrected rows; None for the file itself.

    >>> precedence_of("day|", 0) > precedence_of("month|", 0, 2) > precedence_of("month|", 0, 1)
    True
    >>> precedence_of("month|三组10", 2) > precedence_of("month|三组9", 2, 7)
    True
    >>> precedence_of("day|1", 0) > precedence_of("day|", 0, 7) > precedence_of("day|", 0)
    True
    """
    span, part = slot.split("|", 1)
    rank = ("fixed", "month", "day").index(span)
    file = f"{version:04d}|{rank}|{re.sub(r'[0-9]+', lambda found: found[0].zfill(9), part)}"
    # A blank sorts before whatever a longer part goes on with.
    return file if correction is None else f"{file} c{correction:09d}"


def _name_of(path: Path, landing: Path) -> str:
    """What the ledger calls a file: its path below landing, or below the reference folder."""
    if path.is_relative_to(landing):
        return str(path.relative_to(landing))
    return f"{path.parent.name}/{path.name}"
