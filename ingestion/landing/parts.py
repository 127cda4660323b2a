"""Files that belong together: a set is read when all of its parts are there, and counts whole."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ingestion.batch import INCOMPLETE, Doubt
from ingestion.contracts import Feed
from ingestion.landing.companions import Companion
from ingestion.ledger import DeliveryRow, Ledger
from ingestion.sentence import Sentence, shown

_HERE = ("received", "loaded", "held")


@dataclass
class PartSet:
    """Deliveries of one date and version that are parts of `count`, whatever became of them."""

    count: int
    rows: list[DeliveryRow] = field(default_factory=list)

    @property
    def here(self) -> list[DeliveryRow]:
        """Those that are there: waiting, held or loaded."""
        return [row for row in self.rows if row.state in _HERE]

    @property
    def loaded(self) -> list[DeliveryRow]:
        """Those that are loaded."""
        return [row for row in self.rows if row.state == "loaded"]

    @property
    def rank(self) -> tuple[int, int]:
        """Of two sets that of the greater rank holds, once it is whole."""
        return max((row.rank for row in self.here), default=(0, 0))

    @property
    def is_whole(self) -> bool:
        """Whether every part is there."""
        return len(_parts(self.here)) >= self.count

    @property
    def is_loaded(self) -> bool:
        """Whether every part is loaded."""
        return len(_parts(self.loaded)) >= self.count

    @property
    def is_broken(self) -> bool:
        """Whether a part came and is not loaded, though others are.

        A part that never came breaks no set that is loaded: then the feed says only now that
        there should be one.
        """
        loaded = _parts(self.loaded)
        came = _parts(row for row in self.rows if row.state in ("received", "held", "refused"))
        return bool(loaded) and not self.is_loaded and bool(came - loaded)

    @property
    def can_come_right(self) -> bool:
        """Whether every part is there, and none of them waits for a decision of its own."""
        return len(_parts(row for row in self.here if not _is_doubted(row))) >= self.count

    def waits(self, row: DeliveryRow) -> Sentence:
        """For what a part waits that was received."""
        name, here = shown(row.file_name), _parts(self.here)
        if missing := self._missing(here):
            return Sentence(
                f"文件 {name} 正在等待同批的第 {'、'.join(missing)} 部分（共 {self.count} 部分），"
                "到齐后一并入库。",
                f"{name} waits for part {', '.join(missing)} of {self.count}; all are loaded"
                " together.",
            )
        return Sentence(
            f"文件 {name} 正在等待同批的其他部分（已到 {len(here)} 部分，共 {self.count} 部分），"
            "到齐后一并入库。",
            f"{name} waits for the other parts ({len(here)} of {self.count} are there); all are"
            " loaded together.",
        )

    def doubt(self, row: DeliveryRow) -> Doubt:
        """Why a part is held that could be loaded."""
        name, loaded = shown(row.file_name), _parts(self.loaded)
        missing = self._missing(loaded)
        which_zh = f"第 {'、'.join(missing)} 部分" if missing else "其他部分"
        which = f"Part {', '.join(missing)}" if missing else "Another part"
        return Doubt(
            INCOMPLETE,
            Sentence(
                f"同批共 {self.count} 部分，其中{which_zh}未能入库，文件 {name} 因此暂不入库；"
                "该部分更正重报后自动一并入库。",
                f"{which} of {self.count} could not be loaded, so {name} is not loaded either; all"
                " are loaded by themselves once that part comes right.",
            ),
        )

    def _missing(self, present: set[str]) -> list[str]:
        """Numbers of the parts that are missing, where they are numbered."""
        if not all(part.isdigit() for part in present):
            return []
        numbers = {int(part) for part in present}
        return [str(number) for number in range(1, self.count + 1) if number not in numbers]


def part_sets(ledger: Ledger, feeds: Mapping[str, Feed]) -> list[list[PartSet]]:
    """Sets of parts that take each other's place, the one of the greatest rank first.

    A set is of one version and one number of parts: a restatement that is cut otherwise is
    another set.
    """
    parted = [
        feed.feed
        for feed in feeds.values()
        if any(pattern.is_in_parts for pattern in feed.delivery.files)
    ]
    rows = list(itertools.chain.from_iterable(ledger.deliveries(feed=feed) for feed in parted))
    batches = {(row.feed, row.batch_id): row for row in rows if row.corrects is None}
    families: dict[tuple[object, ...], list[tuple[DeliveryRow, int | None]]] = {}
    for row in rows:
        # A returned sheet has a name of its own, and stands for the file it corrects.
        root = row if row.corrects is None else batches.get((row.feed, row.corrects))
        found = feeds[row.feed].match(root.file_name) if root is not None else None
        if row.state == "duplicate" or row.is_beside or root is None or found is None:
            continue
        pattern, match = found
        if pattern.is_in_parts:
            said = Companion.from_json(root.control)
            count = match.parts or (said.part_count if said else None)
            key = (row.feed, row.business_date, pattern.pattern, row.slot.split("|")[0])
            families.setdefault(key, []).append((row, count))
    return [_sets(members) for members in families.values()]


def _sets(members: list[tuple[DeliveryRow, int | None]]) -> list[PartSet]:
    # What does not say how many there are belongs to the largest set of its version.
    most: dict[int, int] = {}
    for row, count in members:
        most[row.file_version] = max(most.get(row.file_version, 1), count or 1)
    sets: dict[tuple[int, int], PartSet] = {}
    for row, count in members:
        own = count or most[row.file_version]
        sets.setdefault((row.file_version, own), PartSet(own)).rows.append(row)
    return sorted(sets.values(), key=lambda each: each.rank, reverse=True)


def waiting_parts(ledger: Ledger, feeds: Mapping[str, Feed]) -> dict[int, Sentence]:
    """Deliveries that wait for others of their set, by id, and what they wait for."""
    return {
        row.delivery_id: own.waits(row)
        for own in itertools.chain.from_iterable(part_sets(ledger, feeds))
        if not own.is_whole
        for row in own.here
        if row.state == "received" and not is_let_in(row)
    }


def ready(ledger: Ledger, feeds: Mapping[str, Feed]) -> list[DeliveryRow]:
    """Deliveries that can be read now."""
    waiting = waiting_parts(ledger, feeds)
    return [r for r in ledger.deliveries(state="received") if r.delivery_id not in waiting]


def take_up(ledger: Ledger, feeds: Mapping[str, Feed]) -> None:
    """Let parts be read again that were held for one that is there by now."""
    for own in itertools.chain.from_iterable(part_sets(ledger, feeds)):
        held = [row for row in own.here if row.state == "held" and not _is_doubted(row)]
        if held and own.can_come_right:
            ledger.receive_again(held)


def is_let_in(row: DeliveryRow) -> bool:
    """Whether somebody decided that a part counts without the others."""
    return row.state != "held" and any(doubt.code == INCOMPLETE for doubt in row.doubts)


def returning(own: PartSet) -> list[DeliveryRow]:
    """Parts that were replaced, of a set of which others have come back; none if it stays torn."""
    back = [row for row in own.rows if row.state == "received" and row.was_loaded]
    missing = own.count - len(_parts(own.here))
    if not back or missing <= 0:
        return []
    last = {row.part: row for row in own.rows if row.state == "superseded" and row.was_loaded}
    found = [row for part, row in last.items() if (part or "") not in _parts(own.here)]
    return found if len(found) >= missing else []


def _is_doubted(row: DeliveryRow) -> bool:
    """Whether it is held for another reason than the others of its set."""
    return row.state == "held" and {doubt.code for doubt in row.doubts} != {INCOMPLETE}


def _parts(rows: Iterable[DeliveryRow]) -> set[str]:
    return {row.part or "" for row in rows}
