"""Files that belong together: a set is read only when all of its parts are there."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from ingestion.contracts import Feed
from ingestion.landing.companions import Companion
from ingestion.ledger import DeliveryRow, Ledger
from ingestion.sentence import Sentence, shown

_HERE = ("received", "loaded", "held")


@dataclass
class _Set:
    """The parts of one date that are there, and how many there should be."""

    rows: list[DeliveryRow] = field(default_factory=list)
    parts: int = 0

    @property
    def present(self) -> set[str]:
        return {row.part or "" for row in self.rows}

    @property
    def missing(self) -> list[str]:
        """Numbers of the parts that are missing, where they are numbered."""
        if not all(part.isdigit() for part in self.present):
            return []
        here = {int(part) for part in self.present}
        return [str(number) for number in range(1, self.parts + 1) if number not in here]

    @property
    def is_whole(self) -> bool:
        return len(self.present) >= self.parts


def waiting_parts(ledger: Ledger, feeds: Mapping[str, Feed]) -> dict[int, Sentence]:
    """Deliveries that wait for others of their set, by id, and what they wait for."""
    parted = [
        feed.feed
        for feed in feeds.values()
        if any(pattern.is_in_parts for pattern in feed.delivery.files)
    ]
    rows = itertools.chain.from_iterable(ledger.deliveries(feed=feed) for feed in parted)
    sets: dict[tuple[str, dt.date, str], _Set] = {}
    for row in rows:
        feed = feeds.get(row.feed)
        found = feed.match(row.file_name) if feed is not None and row.state in _HERE else None
        if found is None or not found[0].is_in_parts:
            continue
        pattern, match = found
        own = sets.setdefault((row.feed, row.business_date, pattern.pattern), _Set())
        said = Companion.from_json(row.control)
        own.rows.append(row)
        own.parts = max(own.parts, match.parts or (said.part_count if said else None) or 1)
    return {
        row.delivery_id: _waits(row, own)
        for own in sets.values()
        if not own.is_whole
        for row in own.rows
        if row.state == "received"
    }


def _waits(row: DeliveryRow, own: _Set) -> Sentence:
    name, here = shown(row.file_name), len(own.present)
    if missing := own.missing:
        return Sentence(
            f"文件 {name} 正在等待同批的第 {'、'.join(missing)} 部分（共 {own.parts} 部分），"
            "到齐后一并入库。",
            f"{name} waits for part {', '.join(missing)} of {own.parts}; all are loaded together.",
        )
    return Sentence(
        f"文件 {name} 正在等待同批的其他部分（已到 {here} 部分，共 {own.parts} 部分），"
        "到齐后一并入库。",
        f"{name} waits for the other parts ({here} of {own.parts} are there); all are loaded"
        " together.",
    )
