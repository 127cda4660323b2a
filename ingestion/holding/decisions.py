"""What follows from a decision to refuse a delivery: in the ledger, and in the lake."""

from __future__ import annotations

from collections.abc import Mapping

from ingestion.contracts import Feed
from ingestion.lake import Lake
from ingestion.ledger import DeliveryRow, Ledger


def turn_away(
    number: int, reason: str, decided_by: str, ledger: Ledger, lake: Lake, feeds: Mapping[str, Feed]
) -> tuple[DeliveryRow, list[DeliveryRow]]:
    """Refuse a delivery; if it was loaded it leaves the lake, and its corrections with it.

    Killed in between, the next night takes out of the lake what the ledger does not count.

    Args:
        number: Its number.
        reason: Why.
        decided_by: Who says so.
        ledger: The ledger.
        lake: The lake.
        feeds: What the bank delivers.

    Returns:
        The delivery as it was before, and those that come back in its place.

    Raises:
        DecisionError: There is no such delivery, or there is nothing left to refuse.
    """
    row = ledger.delivery(number)
    feed = feeds.get(row.feed)
    gone = [row, *ledger.corrections(row.batch_id)] if row.state == "loaded" else []
    before, back = ledger.turn_away(number, reason, decided_by, feed.kind if feed else "change")
    lake.remove_all(gone)
    return before, back
