"""Delivered files are taken in: claimed by a feed, hashed, archived, entered into the ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path

from ingestion.contracts import Feed
from ingestion.landing.due import missing_deliveries
from ingestion.landing.intake import Intake
from ingestion.landing.offers import Offered, date_of, links, offers, status_of, still_written
from ingestion.landing.parts import ready, take_up, waiting_parts
from ingestion.landing.receipt import Receipt
from ingestion.ledger import Ledger
from ingestion.sentence import Sentence, shown


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
    due, returned = _due(offers(landing, feeds, reference), business_date, receipt)
    if not (due or returned or receipt.unclaimed or receipt.later):
        receipt.notes.append(
            Sentence(
                f"报送目录 {landing} 为空，没有新的报送文件。",
                f"The landing folder {landing} is empty; there is nothing new to take in.",
            )
        )
    receipt.notes += [
        Sentence(
            f"{shown(path.name)} 是链接，不予跟随；请把文件本身放入报送目录。",
            f"{shown(path.name)} is a link, which is never followed; lay the file itself into the"
            " landing folder.",
        )
        for path in links(landing)
    ]
    receipt.unsettled = still_written({*returned, *(offered.path for offered in due)})
    statuses = {
        path: status
        for path in {*returned, *(offered.path for offered in due)} - {*receipt.unsettled}
        if (status := status_of(path)) is not None
    }
    due = [offered for offered in due if offered.path in statuses]
    due.sort(key=lambda offer: (offer.match.date, statuses[offer.path].st_mtime_ns, offer.path))
    returned = sorted(statuses.keys() & {*returned}, key=lambda path: statuses[path].st_mtime_ns)
    Intake(landing, archive, ledger, feeds, run_id, receipt).take(due, returned)
    take_up(ledger, feeds)
    waiting = waiting_parts(ledger, feeds)
    receipt.notes += waiting.values()
    receipt.pending = ready(ledger, feeds)
    receipt.missing = missing_deliveries(ledger, feeds, business_date, set(waiting))
    return receipt


def _due(
    offered: Iterable[tuple[Offered | None, Path]], business_date: dt.date, receipt: Receipt
) -> tuple[list[Offered], list[Path]]:
    """What feeds claim and sheets that came home, if their date has come; the rest is receipted."""
    due: list[Offered] = []
    returned: list[Path] = []
    for claim, path in offered:
        date = date_of(path, claim)
        if date is None:
            receipt.unclaimed.append(path)
        elif date > business_date:
            receipt.later.append(path)
        elif claim is None:
            returned.append(path)
        else:
            due.append(claim)
    return due, returned
