"""The folders of one home, files laid into its landing folder, and nights over them."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingestion.batch import BatchReport, State
from ingestion.contracts import Feed
from ingestion.extract import Limits, extract
from ingestion.landing import Receipt, receive
from ingestion.ledger import DeliveryRow, Ledger
from tests.unit.ingestion.made_up import CSV, ENTRY, NIGHT, extract_of

# Files at rest: one that was changed a moment ago is watched for half a second.
_LONG_AGO_NS = 1_700_000_000_000_000_000
ROW = "S1|张三|20250131|1.00|"


@dataclass
class House:
    """A home in an empty folder."""

    path: Path
    feeds: Mapping[str, Feed] = field(default_factory=lambda: {ENTRY.feed: ENTRY})
    _clock: int = 0

    def __post_init__(self) -> None:
        for name in ("landing", "archive", "lake", "quarantine"):
            (self.path / name).mkdir(exist_ok=True)
        self.ledger = Ledger(self.path / "ledger.sqlite")

    @property
    def landing(self) -> Path:
        return self.path / "landing"

    @property
    def lake(self) -> Path:
        return self.path / "lake"

    def land(self, name: str = CSV, content: str | bytes = extract_of(ROW)) -> Path:
        """Lay a file into the landing folder; each is a second younger than the one before."""
        path = self.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("gb18030") if isinstance(content, str) else content)
        self._clock += 1
        stamp = _LONG_AGO_NS + self._clock * 1_000_000_000
        os.utime(path, ns=(stamp, stamp))
        return path

    def run(self, date: dt.date = NIGHT) -> int:
        return self.ledger.start_run(date, "test")

    def receive(self, date: dt.date = NIGHT, run_id: int | None = None) -> Receipt:
        own = self.run(date) if run_id is None else run_id
        return receive(self.landing, self.path / "archive", self.ledger, self.feeds, own, date)

    def extract(
        self,
        deliveries: Sequence[DeliveryRow],
        run_id: int | None = None,
        *,
        workers: int = 1,
        limits: Limits | None = None,
    ) -> list[BatchReport]:
        return extract(
            deliveries,
            self.feeds,
            self.path / "archive",
            self.lake,
            self.path / "quarantine",
            self.ledger,
            self.run() if run_id is None else run_id,
            workers,
            limits=limits,
        )

    def settle(self, delivery: DeliveryRow, state: State = "loaded", **entries: object) -> State:
        """Enter an end of a delivery as if its file had been read."""
        report = report_of(delivery, state, **entries)
        return self.ledger.commit(delivery, report, "event", delivery.run_id)[0]

    def states(self) -> list[str]:
        return [row.state for row in self.ledger.deliveries()]

    def in_lake(self) -> list[str]:
        """Names of the batches in the lake."""
        return sorted(path.stem for path in self.lake.rglob("*.parquet"))


def report_of(delivery: DeliveryRow, state: State = "loaded", **entries: object) -> BatchReport:
    """A report on a delivery whose counts add up."""
    report = BatchReport(
        delivery.feed, delivery.batch_id, delivery.business_date, delivery.file_name, state=state
    )
    for name, value in {
        "rows_in": 2,
        "rows_loaded": 1,
        "rows_quarantined": 0,
        "rows_not_data": 1,
        "counted_rows": 2,
        "key_count": 1,
        "event_dates": [delivery.business_date],
        **entries,
    }.items():
        setattr(report, name, value)
    return report
