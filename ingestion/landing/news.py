"""What lies in the landing folder that the ledger does not know, though its date is published."""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
from collections.abc import Collection, Mapping
from pathlib import Path

from ingestion.contracts import Feed
from ingestion.landing.companions import companion_of, mismatch
from ingestion.landing.entry import (
    Entry,
    Landed,
    comes_again,
    corrected_before,
    files_seen,
    known,
    last_of,
    may_be_returned,
)
from ingestion.landing.offers import Offered, date_of, offers, stamp_of, status_of
from ingestion.ledger import Ledger
from ingestion.returning.slip import slip_of
from ingestion.sentence import Sentence


def news(
    landing: Path,
    feeds: Mapping[str, Feed],
    ledger: Ledger,
    business_date: dt.date,
    reference: Path | None = None,
) -> list[Path]:
    """Files up to a business date that a night would take in: late ones, and mended ones.

    A file that was copied again, and a name under which known content comes, are no news; nor is
    an extract whose control file is not there, or speaks of another. Nothing is entered anywhere.

    Args:
        landing: Where deliveries lie.
        feeds: What the bank delivers.
        ledger: The ledger.
        business_date: Later files belong to nights of their own.
        reference: Lists the bank keeps beside its feed files.
    """
    turned_away = ledger.turned_away()
    found: dict[Path, None] = {}
    with ledger.connect() as connection:
        corrections = corrected_before(connection)
        lying = _lying(connection, landing, feeds, business_date, reference)
        contents = {file.sha256 for _, file in lying}
        for offered, file in lying:
            entry = _entry(connection, feeds, offered, file, corrections)
            if entry is None or file.path in found:
                continue
            last = last_of(known(connection, entry))
            if last is None or comes_again(connection, entry, last, turned_away, contents):
                found[file.path] = None
    return list(found)


def _lying(
    connection: sqlite3.Connection,
    landing: Path,
    feeds: Mapping[str, Feed],
    business_date: dt.date,
    reference: Path | None,
) -> list[tuple[Offered | None, Landed]]:
    """Files up to a business date that are whole, once per feed that claims them."""
    seen = files_seen(connection)
    found = []
    for offered, path in offers(landing, feeds, reference):
        date = date_of(path, offered)
        if date is None or date > business_date:
            continue
        status = status_of(path)
        companion = companion_of(path, offered.pattern) if offered else None
        if status is None or isinstance(companion, Sentence):
            continue
        known_stamp, sha256 = seen.get(str(path), (None, ""))
        is_moved = known_stamp != stamp_of(status)
        if is_moved:
            sha256 = _hash_of(path)
        if companion is not None and mismatch(path, companion, sha256, status.st_size):
            continue
        control = companion.to_json() if companion else None
        found.append((offered, Landed(path, sha256, control, is_moved)))
    return found


def _entry(
    connection: sqlite3.Connection,
    feeds: Mapping[str, Feed],
    offered: Offered | None,
    file: Landed,
    corrections: Collection[str],
) -> Entry | None:
    """How a night would enter a file; None where it would not."""
    entry = None
    if may_be_returned(file, corrections, is_claimed=offered is not None):
        slip = slip_of(file.path)
        entry = Entry.returned(connection, feeds, slip, file) if slip else None
    return Entry.claimed(offered, file) if entry is None and offered else entry


def _hash_of(path: Path) -> str:
    """The SHA-256 of a file; empty where it cannot be read, which the night will tell."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
