"""Rows of the ledger as the program sees them."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ingestion.batch import BatchReport, Doubt, State
from ingestion.returning.slip import is_beside
from ingestion.sentence import Sentence


@dataclass(frozen=True)
class Run:
    """One run of the night."""

    run_id: int
    business_date: dt.date
    code_version: str
    state: str
    started_at: str
    ended_at: str | None
    message: str | None


@dataclass(frozen=True)
class Stage:
    """One stage of a run; `seconds` is None while it runs, or when it was killed."""

    stage: str
    state: str
    started_at: str
    seconds: float | None
    peak_mb: float | None


@dataclass(frozen=True)
class Generation:
    """A published generation, and how far in the ledger's changes it reaches."""

    number: int
    run_id: int
    business_date: dt.date
    checksum: str | None
    sequence: int


@dataclass(frozen=True)
class DeliveryRow:
    """One delivered file as one feed's delivery.

    Attributes:
        slot: What another delivery of the same feed and date must share to take its place.
        file_version: Number of the correction by the file's name; 0 where it tells none.
        contract: Fingerprint of the feed it was last read by.
        gate: Result of the gate as JSON; None while it has not been through.
        report: What reading it came to, as JSON; None before.
        corrects: Batch that it puts right, where it is a returned sheet that came back.
        control: What its control file says, as JSON; None where it has none.
    """

    delivery_id: int
    run_id: int
    feed: str
    file_name: str
    landing_path: str
    sha256: str
    size_bytes: int
    business_date: dt.date
    part: str | None
    slot: str
    batch_id: str
    contract: str
    state: State
    received_at: str
    ended_at: str | None = None
    ended_run_id: int | None = None
    rows_in: int | None = None
    rows_loaded: int | None = None
    rows_quarantined: int | None = None
    rows_not_data: int | None = None
    counted_rows: int | None = None
    refusal_zh: str | None = None
    refusal_en: str | None = None
    report: str | None = None
    gate: str | None = None
    corrects: str | None = None
    file_version: int = 0
    control: str | None = None

    @classmethod
    def of(cls, row: sqlite3.Row | dict[str, Any]) -> DeliveryRow:
        """A row of the table `delivery`."""
        date = dt.date.fromisoformat(row["business_date"])
        return cls(**{**dict(row), "business_date": date})

    @property
    def place(self) -> tuple[str, dt.date, str]:
        """Feed, date and slot: what two deliveries share of which one takes the other's place."""
        return self.feed, self.business_date, self.slot

    @property
    def data_rows(self) -> int:
        """Rows that are data, loaded or not."""
        return (self.rows_loaded or 0) + (self.rows_quarantined or 0)

    @property
    def is_beside(self) -> bool:
        """Whether it stands beside the delivery it corrects, and takes nothing's place."""
        return is_beside(self.slot)

    @property
    def rank(self) -> tuple[int, int]:
        """Of two deliveries of one place that of the greater rank holds: version, then arrival."""
        return self.file_version, self.delivery_id

    @property
    def event_dates(self) -> list[dt.date]:
        """Dates of what it brought; empty while it has not been read."""
        return BatchReport.from_json(self.report).event_dates if self.report else []

    @property
    def was_loaded(self) -> bool:
        """Whether it was fit to be loaded when it was last read, whatever became of it since."""
        return self.report is not None and BatchReport.from_json(self.report).state == "loaded"

    @property
    def doubts(self) -> list[Doubt]:
        """Why it was held when it was last read."""
        return BatchReport.from_json(self.report).doubts if self.report else []

    @property
    def reasons(self) -> dict[str, int]:
        """Refused rows by the code of each reason; empty while it has not been read."""
        return BatchReport.from_json(self.report).reasons if self.report else {}

    @property
    def refusal(self) -> Sentence | None:
        """Why it was refused as a whole."""
        if self.refusal_zh is None or self.refusal_en is None:
            return None
        return Sentence(self.refusal_zh, self.refusal_en)


@dataclass(frozen=True)
class Decision:
    """What somebody decided about a delivery; never deleted.

    Attributes:
        decision: `release` (load it as it is), `reread` (read it again) or `refuse`.
        reason: Why, in his own words.
        decided_by: Who.
        decided_at: When, UTC.
    """

    decision_id: int
    delivery_id: int
    decision: str
    reason: str
    decided_by: str
    decided_at: str


@dataclass(frozen=True)
class LakeChange:
    """A delivery that came into the lake or left it.

    Attributes:
        kind: `committed` or `removed`.
        dates: Dates of its events; empty for a list.
    """

    delivery: DeliveryRow
    kind: str
    feed_kind: str
    dates: list[dt.date]


def open_refusals(rows: Iterable[DeliveryRow]) -> list[DeliveryRow]:
    """Refused deliveries that no later one has put right, in the order given.

    A correction that was refused counts too: what it should have replaced is still there. One of
    single rows does so as long as its batch is loaded and no later correction of it is.
    """
    known = list(rows)
    loaded = {row.place: row.rank for row in known if row.state == "loaded"}
    batches = {row.batch_id for row in known if row.state == "loaded" and not row.is_beside}
    beside = {row.corrects: row.delivery_id for row in known if row.state == "loaded"}
    return [
        row
        for row in known
        if row.state == "refused"
        and (
            (row.corrects in batches and beside.get(row.corrects, 0) < row.delivery_id)
            if row.is_beside
            else loaded.get(row.place, (0, 0)) < row.rank
        )
    ]


def open_rows(rows: Iterable[DeliveryRow]) -> dict[str, int]:
    """Refused rows of loaded deliveries that nothing has put right yet, by batch.

    A line delivered twice is refused, but there is nothing in it to put right. Rows that came
    with a correction and belong to no refused row are counted with the last correction.
    """
    known = [row for row in rows if row.state == "loaded"]
    found = {
        row.batch_id: (row.rows_quarantined or 0) - row.reasons.get("duplicate", 0)
        for row in known
        if not row.is_beside
    }
    strange: dict[str, int] = {}
    for row in known:
        if row.is_beside and row.corrects in found:
            found[row.corrects] -= row.rows_loaded or 0
            reasons = row.reasons
            strange[row.corrects] = reasons.get("unknown_row", 0) + reasons.get("loaded_before", 0)
    return {batch: max(count, 0) + strange.get(batch, 0) for batch, count in found.items()}


@dataclass(frozen=True)
class Touched:
    """What deliveries since a generation changed.

    Attributes:
        dates: Business dates whose events came, went or were corrected.
        months: First days of their months.
        is_master_late: Whether master data of the generation's date or older came or went, so
            that facts of dates nobody names here may change too.
    """

    dates: list[dt.date] = field(default_factory=list)
    months: list[dt.date] = field(default_factory=list)
    is_master_late: bool = False


@dataclass(frozen=True)
class Export:
    """A file written for people.

    Attributes:
        generation: The published generation it was read from.
        code: Number of the sheet in the catalogue of reports.
        from_date: First day of the period it tells of.
        until_date: Last day of it.
        file_name: Its name below the folder of exports.
        sha256: Hash of its bytes.
        row_count: Rows on it, headings and sums aside.
        audience: `vault` where identities are on it, else `analyst`.
        purpose: Why identities are on it.
    """

    generation: int
    code: str
    from_date: dt.date
    until_date: dt.date
    file_name: str
    sha256: str
    row_count: int
    audience: str
    purpose: str | None
