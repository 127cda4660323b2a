"""Delivered files are taken in: claimed by a feed, hashed, archived, entered into the ledger."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import os
import sqlite3
import stat
import time
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ingestion.batch import batch_id_of
from ingestion.contracts import Feed, FilePattern, Match
from ingestion.due import Missing, missing_deliveries
from ingestion.lake import sync
from ingestion.ledger import DeliveryRow, Ledger
from ingestion.sentence import Sentence, shown

_CHUNK_BYTES: Final = 1 << 20
# A file that was written to this recently is looked at again after a moment.
_SETTLED_SECONDS: Final = 2.0
_WAIT_SECONDS: Final = 0.5
# What transfer programs and office programs call files that are not deliveries (yet).
_UNFINISHED: Final = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")
_UNFINISHED_STARTS: Final = (".", "~$")
# Reading changed in a way that files refused before deserve another look.
_READER_VERSION: Final = "1"


class LandingError(RuntimeError):
    """The landing folder itself cannot be used; `sentence` says why."""

    def __init__(self, zh: str, en: str) -> None:
        self.sentence = Sentence(zh, en)
        super().__init__(en)


@dataclass(frozen=True)
class Offered:
    """A file in the landing folder that a feed claims."""

    path: Path
    feed: Feed
    pattern: FilePattern
    match: Match


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


def business_dates(landing: Path, feeds: Mapping[str, Feed]) -> list[dt.date]:
    """The business dates on offer in the landing folder, earliest first."""
    return sorted({offered.match.date for offered, _ in _offers(landing, feeds) if offered})


def receive(
    landing: Path,
    archive: Path,
    ledger: Ledger,
    feeds: Mapping[str, Feed],
    run_id: int,
    business_date: dt.date,
    reference: Path | None = None,
) -> Receipt:
    """Take in every file whose business date has come.

    Files stay in the landing folder; what was taken in before is known by path, size and time of
    change, and is not read again.

    Args:
        landing: Where deliveries lie; folders inside it are searched too.
        archive: Where their content is kept for ever.
        ledger: The ledger.
        feeds: What the bank delivers.
        run_id: The run that receives.
        business_date: Files of later dates are left for later nights.
        reference: Lists the bank keeps beside its feed files; taken in like deliveries.

    Raises:
        LandingError: If there is no landing folder.
    """
    receipt = Receipt()
    due: list[Offered] = []
    files = 0
    for offered, path in _offers(landing, feeds, reference):
        files += 1
        if offered is None:
            receipt.unclaimed.append(path)
        elif offered.match.date > business_date:
            receipt.later.append(path)
        else:
            due.append(offered)
    if not files:
        receipt.notes.append(
            Sentence(
                f"报送目录 {landing} 为空，没有新的报送文件。",
                f"The landing folder {landing} is empty; there is nothing new to take in.",
            )
        )
    receipt.unsettled = _still_written(due)
    due = [offered for offered in due if offered.path not in receipt.unsettled]
    due.sort(key=lambda offer: (offer.match.date, offer.path.stat().st_mtime_ns, offer.path))
    _Intake(landing, archive, ledger, run_id, receipt).take(due)
    receipt.pending = ledger.deliveries(state="received")
    receipt.missing = missing_deliveries(ledger, feeds, business_date)
    return receipt


@dataclass
class _Intake:
    """One run's taking in of files: their content first, then all of them into the ledger at once.

    A run killed in between has left copies in the archive that nobody asks for, and no more.
    """

    landing: Path
    archive: Path
    ledger: Ledger
    run_id: int
    receipt: Receipt
    _changed: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def take(self, offers: list[Offered]) -> None:
        """Take in files for their feeds, except what the ledger knows."""
        with self.ledger.connect() as connection:
            seen = {
                row["path"]: ((row["size_bytes"], row["mtime_ns"]), str(row["sha256"]))
                for row in connection.execute("SELECT * FROM file_seen")
            }
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
            is_reread = last["state"] == "refused" and last["contract"] != contract
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
        """The SHA-256 of a file whose content is in the archive; None while it is being written."""
        stamp = _stamp(path.stat())
        known_stamp, known_sha256 = seen.get(str(path), (None, ""))
        if known_stamp == stamp and archive_path(self.archive, known_sha256).exists():
            return known_sha256
        sha256, partial = _copy(path, self.archive)
        if _stamp(path.stat()) != stamp:
            partial.unlink()
            self.receipt.unsettled.append(path)
            self.receipt.notes.append(
                Sentence(
                    f"文件 {shown(path.name)} 仍在写入，留待下次处理。",
                    f"{shown(path.name)} is still being written; the next run takes it.",
                )
            )
            return None
        _keep(partial, archive_path(self.archive, sha256))
        self._changed[path] = stamp
        return sha256


def archive_path(archive: Path, sha256: str) -> Path:
    """Where the archive keeps content."""
    return archive / sha256[:2] / sha256


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


def _offers(
    landing: Path, feeds: Mapping[str, Feed], reference: Path | None = None
) -> Iterator[tuple[Offered | None, Path]]:
    """Every regular file in landing, once per feed that claims it, or with None if none does."""
    if not landing.is_dir():
        raise LandingError(
            f"报送目录 {landing} 不存在，请创建目录或用 --landing 指定。",
            f"The landing folder {landing} does not exist; create it or name another with"
            " --landing.",
        )
    beside = _files(reference) if reference is not None and reference.is_dir() else ()
    for path in itertools.chain(_files(landing), beside):
        claims = [
            Offered(path, feed, *found)
            for feed in feeds.values()
            if (found := feed.match(path.name)) is not None
        ]
        if claims:
            yield from ((claim, path) for claim in claims)
        else:
            yield None, path


def _files(folder: Path) -> Iterator[Path]:
    """Regular files below a folder, in order. Links, pipes and devices are never opened."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        name = entry.name
        if name.startswith(_UNFINISHED_STARTS) or name.casefold().endswith(_UNFINISHED):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path)


def _still_written(due: list[Offered]) -> list[Path]:
    """Files that grow while they are watched; only those written a moment ago are watched."""
    now = time.time()
    paths = {offered.path for offered in due}
    fresh = {
        path: stamp for path in paths if now - (stamp := path.stat()).st_mtime < _SETTLED_SECONDS
    }
    if not fresh:
        return []
    time.sleep(_WAIT_SECONDS)
    return sorted(path for path, stamp in fresh.items() if _stamp(path.stat()) != _stamp(stamp))


def _stamp(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def _copy(path: Path, archive: Path) -> tuple[str, Path]:
    """Copy a file into the archive under a name of no meaning yet; its hash and that copy."""
    archive.mkdir(parents=True, exist_ok=True)
    partial = archive / f".{os.getpid()}.partial"
    digest = hashlib.sha256()
    try:
        source = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise LandingError(
            f"无法读取 {path}（{error.strerror}），请检查文件权限。",
            f"{path} cannot be read ({error.strerror}); check who may read it.",
        ) from error
    with os.fdopen(source, "rb") as reading, partial.open("wb") as writing:
        if not stat.S_ISREG(os.fstat(reading.fileno()).st_mode):
            raise LandingError(f"{path} 不是普通文件。", f"{path} is no regular file any more.")
        while block := reading.read(_CHUNK_BYTES):
            digest.update(block)
            writing.write(block)
        writing.flush()
        os.fsync(writing.fileno())
    return digest.hexdigest(), partial


def _keep(partial: Path, final: Path) -> None:
    if final.exists() and final.stat().st_size == partial.stat().st_size:
        partial.unlink()
        return
    final.parent.mkdir(parents=True, exist_ok=True)
    partial.chmod(0o440)
    partial.replace(final)
