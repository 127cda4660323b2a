"""What lies in the landing folder that the ledger does not know, though its date is published."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ingestion.contracts import Feed
from ingestion.landing.intake import contract_of
from ingestion.landing.offers import Offered, offers, stamp_of, status_of
from ingestion.ledger import Ledger

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
        last = {
            (row["sha256"], row["feed"], row["business_date"]): (
                row["delivery_id"],
                row["state"],
                row["contract"],
            )
            for row in connection.execute(
                "SELECT delivery_id, sha256, feed, business_date, state, contract FROM delivery"
                " WHERE state <> 'duplicate' ORDER BY delivery_id"
            )
        }
    turned_away = ledger.turned_away()
    contracts: dict[tuple[str, str], str] = {}
    found: dict[Path, None] = {}
    for offered, path in offers(landing, feeds, reference):
        if offered is None or offered.match.date > business_date or path in found:
            continue
        status = status_of(path)
        if status is None:
            continue
        known_stamp, sha256 = seen.get(str(path), (None, ""))
        is_moved = known_stamp != stamp_of(status)
        if is_moved:
            sha256 = _hash_of(path)
        known = last.get((sha256, offered.feed.feed, offered.match.date.isoformat()))
        if known is None:
            found[path] = None
            continue
        number, state, contract = known
        is_back = state == _MAY_COME_BACK and is_moved
        is_mended = state == "refused" and contract != _contract(offered, contracts)
        if is_back or (is_mended and number not in turned_away):
            found[path] = None
    return list(found)


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
