"""One delivered file read for one feed: what a reader's child process does."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ingestion.batch import BatchReport
from ingestion.contracts import Feed, FilePattern
from ingestion.lake import sha256_of, sync
from ingestion.quarantine import write_adjustments, write_corrected, write_quarantine
from ingestion.reading.csv import read_csv
from ingestion.reading.load import Origin, sum_money
from ingestion.reading.outcome import Outcome
from ingestion.reading.promises import Promise
from ingestion.returning.correction import Correction
from ingestion.returning.sheet import Answer, write_returned
from ingestion.sentence import RefusedFileError, Sentence

# Files are read side by side, one thread each; a large one would keep the night waiting at its end
# with all but one core idle.
_LARGE_BYTES: Final = 4 << 20
_MOST_THREADS: Final = min(2, os.cpu_count() or 1)


@dataclass(frozen=True)
class Task:
    """One file to read.

    Attributes:
        delivery_id: Its row in the ledger.
        feed: Name of the feed.
        pattern: How the file is to be read.
        archived: Its content in the archive.
        source_file: Its name as delivered.
        part: Which of several files of one date it is.
        business_date: Date it speaks of.
        batch_id: Name of the batch it becomes.
        precedence: Its rank among the batches of its feed and date.
        unfinished: Parquet file to write.
        quarantine: Folder for refused rows, and for the sheets that go back.
        correction: What is known of the batch it corrects; None for an ordinary delivery.
        is_released: Whether somebody decided to load it in spite of every doubt.
        is_careful: Whether a workbook is looked over to its end before it is read, as one that
            has taken a reader down.
        promise: What a control file says of it.
    """

    delivery_id: int
    feed: str
    pattern: FilePattern
    archived: Path
    source_file: str
    part: str | None
    business_date: dt.date
    batch_id: str
    precedence: str
    unfinished: Path
    quarantine: Path
    correction: Correction | None = None
    is_released: bool = False
    is_careful: bool = False
    promise: Promise | None = None

    def report(self) -> BatchReport:
        """A report on which nothing is entered yet."""
        report = BatchReport(
            self.feed, self.batch_id, self.business_date, self.source_file, self.part
        )
        if self.correction is not None:
            report.corrects = self.correction.slip.batch_id
            report.corrects_rows = not self.correction.slip.is_whole
        return report


def perform(task: Task, feed: Feed, engine: Any) -> BatchReport:
    """Read one file; accepted rows are in `task.unfinished` if the report says loaded.

    Nothing that a file holds raises: a file that cannot be read is refused. What does raise is
    the machine's fault (no space), and the file is left to be read again; or it is that the file
    asks for more memory than a reader has.
    """
    started = time.monotonic()
    is_large = task.archived.stat().st_size >= _LARGE_BYTES
    engine.execute(f"SET threads = {_MOST_THREADS if is_large else 1}")
    report = task.report()
    outcome: Outcome | None = None
    try:
        outcome = _read(task, feed, engine)
        report.refusal = outcome.refusal
        _enter(report, outcome, feed)
    except RefusedFileError as error:
        report.refusal = error.sentence
    if report.refusal is not None:
        report.state = "refused"
    elif report.doubts and not task.is_released:
        report.state = "held"
    else:
        report.state = "loaded"
    if report.state == "loaded":
        sync(task.unfinished)
        report.lake_sha256 = sha256_of(task.unfinished)
    else:
        task.unfinished.unlink(missing_ok=True)
    _keep(task, feed, report, outcome)
    report.seconds = round(time.monotonic() - started, 4)
    return report


def refused(task: Task, feed: Feed, sentence: Sentence) -> BatchReport:
    """The report on a file that no reader could read to its end; it goes back like any other."""
    report = task.report()
    report.state = "refused"
    report.refusal = sentence
    task.unfinished.unlink(missing_ok=True)
    _keep(task, feed, report, None)
    return report


def _keep(task: Task, feed: Feed, report: BatchReport, outcome: Outcome | None) -> None:
    """Keep what was refused and mended, and nothing of an earlier reading."""
    of = (task.quarantine, task.feed, task.batch_id)
    told = (*of, task.business_date, task.source_file)
    write_quarantine(*told, outcome.refused if outcome else [])
    write_adjustments(*told, outcome.adjusted if outcome else [])
    write_corrected(*of, _corrected(report, outcome) if outcome else [])
    report.returned = write_returned(
        task.quarantine / "returned", report, feed, _answer(task, outcome)
    )


def _corrected(report: BatchReport, outcome: Outcome) -> list[tuple[str, str, int]]:
    """Which refused rows a correction put right: those that were not refused once more."""
    refused = {(row.sheet, row.row) for row in outcome.refused}
    return [
        (name, sheet or "", row)
        for (sheet, row), name in (outcome.corrected or {}).items()
        if (sheet, row) not in refused and report.state == "loaded"
    ]


def _answer(task: Task, outcome: Outcome | None) -> Answer:
    slip = task.correction.slip if task.correction is not None else None
    if outcome is None:
        return Answer(corrects=slip)
    return Answer(
        outcome.refused,
        outcome.sound,
        task.archived if task.pattern.format == "xlsx" else None,
        outcome.heading_rows,
        outcome.is_1904,
        slip,
    )


def _read(task: Task, feed: Feed, engine: Any) -> Outcome:
    # A file of a fixed date is a history, which may begin long before.
    if task.pattern.business_date is None or feed.event_window is not None:
        feed = feed.bounded(task.business_date)
    origin = Origin(task.batch_id, task.precedence, task.source_file, task.business_date)
    if task.pattern.format == "xlsx":
        # Its libraries take a third of a second to import; a night of extracts needs none.
        from ingestion.reading.xlsx import read_xlsx

        return read_xlsx(
            engine,
            feed,
            task.pattern,
            task.archived,
            origin,
            task.unfinished,
            task.correction,
            is_careful=task.is_careful,
        )
    return read_csv(
        engine, feed, task.pattern, task.archived, origin, task.unfinished, task.promise
    )


def _enter(report: BatchReport, outcome: Outcome, feed: Feed) -> None:
    report.rows_in = outcome.rows_in
    report.rows_not_data = outcome.not_data
    report.counted_rows = outcome.counted
    report.reasons = dict(outcome.reasons)
    report.notes = outcome.notes
    report.doubts = outcome.doubts
    report.adjusted = dict(Counter(cell.code for cell in outcome.adjusted))
    if outcome.totals is None:
        report.rows_loaded, report.rows_quarantined = 0, outcome.data_rows
        return
    report.rows_loaded = outcome.totals.rows
    report.rows_quarantined = outcome.quarantined
    report.money_total_loaded = outcome.totals.money
    report.money_total_quarantined = sum_money(outcome.refused, feed)
    report.event_dates = outcome.totals.event_dates
    report.columns = outcome.totals.columns
    report.key_count = outcome.totals.key_count
