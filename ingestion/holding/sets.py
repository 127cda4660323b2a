"""Nothing of a set of parts counts until all of it does, and then nothing of an older one."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from ingestion.batch import BatchReport, Doubt
from ingestion.contracts import Feed
from ingestion.lake import Lake
from ingestion.landing.parts import is_let_in, part_sets, ready, returning
from ingestion.ledger import DeliveryRow, Ledger

# A torn set gives way to the one before it, which is read again and may be torn as well.
_ROUNDS: Final = 5


def read_sets(
    pending: Sequence[DeliveryRow],
    read: Callable[[Sequence[DeliveryRow]], list[BatchReport]],
    ledger: Ledger,
    lake: Path,
    feeds: Mapping[str, Feed],
    run_id: int,
    reports: list[BatchReport],
) -> bool:
    """Extract deliveries until every set of parts is whole or out, and nothing is left to read.

    Args:
        pending: The deliveries; what comes back in place of a torn set is read too.
        read: Extracts some of them.
        ledger: The ledger.
        lake: The lake's folder.
        feeds: What the bank delivers.
        run_id: The run.
        reports: Its reports so far; the new ones are appended.

    Returns:
        Whether anything was read.
    """
    is_any = False
    for _ in range(_ROUNDS):
        if pending:
            reports += read(pending)
            is_any = True
        _settle(ledger, lake, feeds, run_id, reports)
        pending = ready(ledger, feeds)
        if not pending:
            break
    return is_any


def _settle(
    ledger: Ledger,
    lake: Path,
    feeds: Mapping[str, Feed],
    run_id: int,
    reports: Iterable[BatchReport],
) -> None:
    """Hold what is loaded of a torn set, and end what a whole one takes the place of.

    The last good deliveries return where a set is torn. May be killed at any moment: the next
    call goes on. Reports on batches that are held now say so.
    """
    store, held = Lake(lake), dict[str, Doubt]()

    for family in part_sets(ledger, feeds):
        kind = feeds[family[0].rows[0].feed].kind
        whole = next((at for at, own in enumerate(family) if own.is_loaded), len(family))
        for own in (each for each in family[:whole] if each.is_broken):
            for row in (each for each in own.loaded if not is_let_in(each)):
                beside = ledger.corrections(row.batch_id)
                held[row.batch_id] = own.doubt(row)
                ledger.hold(row, held[row.batch_id], kind, run_id)
                store.remove_all([row, *beside])
        for row in itertools.chain.from_iterable(each.here for each in family[whole + 1 :]):
            beside = ledger.corrections(row.batch_id)
            ledger.retire(row, kind, run_id)
            if row.state == "loaded":
                store.remove_all([row, *beside])
    for family in part_sets(ledger, feeds):
        if not any(own.is_loaded for own in family):
            ledger.receive_again(next(filter(None, map(returning, family)), []))
    for report in reports:
        if report.state == "loaded" and report.batch_id in held:
            report.state = "held"
            report.doubts.append(held[report.batch_id])
