"""What lies in the landing folder that the ledger does not know, though its date is published."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ingestion.contracts import Feed
from ingestion.landing.companions import Companion, companion_of, mismatch, says_the_same
from ingestion.landing.identity import contract_of
from ingestion.landing.offers import Offered, date_of, offers, stamp_of, status_of
from ingestion.ledger import DeliveryRow, Ledger
from ingestion.returning.correction import RETURNED
from ingestion.returning.slip import Slip, slip_of
from ingestion.sentence import Sentence

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

    A file that was copied again, and a name under which known content comes, are no news; nor is
    an extract whose control file is not there, or speaks of another. Nothing is entered anywhere.

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
    known = _Known(
        feeds,
        {(row.sha256, row.feed, row.business_date): row for row in rows},
        {row.sha256: row for row in rows if row.corrects and row.feed in feeds},
        {row.place: row.rank for row in rows if row.state == "loaded"},
        ledger.turned_away(),
    )
    batches = {(row.batch_id, row.feed) for row in rows if not row.is_beside}
    found: dict[Path, None] = {}
    for offered, path in offers(landing, feeds, reference):
        slip = _slip_of(path) if offered is None else None
        date = date_of(offered) if offered else slip.business_date if slip else None
        if date is None or date > business_date or path in found:
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
        row = known.row_of(sha256, offered)
        if row is None:
            is_new = slip is None or (slip.batch_id, slip.feed) in batches
        else:
            is_new = known.comes_again(row, offered, companion, is_moved=is_moved)
        if is_new:
            found[path] = None
    return list(found)


@dataclass
class _Known:
    """What the ledger knows, and whether a night would take some of it in again."""

    feeds: Mapping[str, Feed]
    last: Mapping[tuple[str, str, dt.date], DeliveryRow]
    corrections: Mapping[str, DeliveryRow]
    loaded: Mapping[tuple[str, dt.date, str], tuple[int, int]]
    turned_away: Collection[int]
    _contracts: dict[tuple[str, str], str] = field(default_factory=dict)

    def row_of(self, sha256: str, offered: Offered | None) -> DeliveryRow | None:
        """The delivery of this content; None where there is none."""
        if sha256 in self.corrections or offered is None:
            return self.corrections.get(sha256)
        return self.last.get((sha256, offered.feed.feed, offered.match.date))

    def comes_again(
        self,
        row: DeliveryRow,
        offered: Offered | None,
        companion: Companion | None,
        *,
        is_moved: bool,
    ) -> bool:
        """Whether it came back, or it, its feed or its control file was mended."""
        if row.state == _MAY_COME_BACK:
            return is_moved
        if row.sha256 in self.corrections:
            # A correction that was refused may be right by now, and is looked at when it moved.
            contract, may_be_right = contract_of(self.feeds[row.feed], RETURNED), is_moved
        else:
            contract, may_be_right = self._contract(offered) if offered else "", False
        control = companion.to_json() if companion else None
        is_mended = row.state == "refused" and (may_be_right or row.contract != contract)
        is_control_mended = row.state in ("held", "refused") and not says_the_same(
            row.control, control
        )
        if row.delivery_id in self.turned_away or self.loaded.get(row.place, (0, 0)) > row.rank:
            return False
        return is_mended or is_control_mended

    def _contract(self, offered: Offered) -> str:
        name = (offered.feed.feed, offered.pattern.pattern)
        if name not in self._contracts:
            self._contracts[name] = contract_of(offered.feed, offered.pattern)
        return self._contracts[name]


def _slip_of(path: Path) -> Slip | None:
    """The slip of a sheet that went back and lies here under a name that no feed claims."""
    return slip_of(path) if path.suffix.casefold() == ".xlsx" else None


def _hash_of(path: Path) -> str:
    """The SHA-256 of a file; empty where it cannot be read, which the night will tell."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
