"""What lies in the landing folder that the ledger does not know, though its date is published."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ingestion.contracts import Feed
from ingestion.correction import RETURNED, Slip, slip_of
from ingestion.landing.identity import contract_of
from ingestion.landing.offers import Offered, date_of, offers, stamp_of, status_of
from ingestion.ledger import DeliveryRow, Ledger

# Of what a later delivery replaced only a night can tell whether it comes back.
_MAY_COME_BACK: Final = "superseded"


def news(
    landing: Path,
    feeds: Mapping[str, Feed],
    ledger: Ledger,
    business_date: dt.date,
    reference: Path | None = None,
) -> list[Path]:
    """Files up to a business date that a night would take in: late ones, and mended ones.

    A file that was copied again, and a name under which known content comes, are no news. Nothing
    is entered anywhere.

    Args:
        landing: Where deliveries lie.
        feeds: What the bank delivers.
        ledger: The ledger.
        business_date: Later files belong to nights of their own.
        reference: Lists the bank keeps beside its feed files.
    """
    with ledger.connect() as connection:
        seen = {
            row["path"]: ((row["size_bytes"], row["mtime_ns"]), str(row["sha256"]))
            for row in connection.execute("SELECT * FROM file_seen")
        }
        rows = [
            DeliveryRow.of(row)
            for row in connection.execute(
                "SELECT * FROM delivery WHERE state <> 'duplicate' ORDER BY delivery_id"
            )
        ]
    last = {(row.sha256, row.feed, row.business_date): row for row in rows}
    corrections = {row.sha256: row for row in rows if row.corrects and row.feed in feeds}
    batches = {(row.batch_id, row.feed) for row in rows if not row.is_beside}
    turned_away = ledger.turned_away()
    contracts: dict[tuple[str, str], str] = {}
    found: dict[Path, None] = {}
    for offered, path in offers(landing, feeds, reference):
        slip = _slip_of(path) if offered is None else None
        date = date_of(offered) if offered else slip.business_date if slip else None
        if date is None or date > business_date or path in found:
            continue
        status = status_of(path)
        if status is None:
            continue
        known_stamp, sha256 = seen.get(str(path), (None, ""))
        is_moved = known_stamp != stamp_of(status)
        if is_moved:
            sha256 = _hash_of(path)
        known = corrections.get(sha256)
        contract, may_be_right = "", False
        if known is not None:
            # A correction that was refused may be right by now, and is looked at when it moved.
            contract, may_be_right = contract_of(feeds[known.feed], RETURNED), is_moved
        elif offered is not None:
            known = last.get((sha256, offered.feed.feed, offered.match.date))
            contract = _contract(offered, contracts)
        if known is None:
            if slip is None or (slip.batch_id, slip.feed) in batches:
                found[path] = None
            continue
        is_back = known.state == _MAY_COME_BACK and is_moved
        is_mended = known.state == "refused" and (may_be_right or known.contract != contract)
        if is_back or (is_mended and known.delivery_id not in turned_away):
            found[path] = None
    return list(found)


def _slip_of(path: Path) -> Slip | None:
    """The slip of a sheet that went back and lies here under a name that no feed claims."""
    return slip_of(path) if path.suffix.casefold() == ".xlsx" else None


def _contract(offered: Offered, known: dict[tuple[str, str], str]) -> str:
    name = (offered.feed.feed, offered.pattern.pattern)
    if name not in known:
        known[name] = contract_of(offered.feed, offered.pattern)
    return known[name]


def _hash_of(path: Path) -> str:
    """The SHA-256 of a file; empty where it cannot be read, which the night will tell."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
