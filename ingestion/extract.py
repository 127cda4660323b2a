"""Received files become batches in the lake: read side by side, entered one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingestion.batch import INCOMPLETE, BatchReport
from ingestion.contracts import Feed, FilePattern
from ingestion.holding.doubts import doubts_about
from ingestion.lake import Lake, sha256_of
from ingestion.landing.archive import archive_path
from ingestion.landing.companions import Companion
from ingestion.landing.intake import precedence_of
from ingestion.ledger import DeliveryRow, Ledger
from ingestion.reading.promises import Promise
from ingestion.returning.correction import Correction, correction_of, returned_pattern
from ingestion.returning.sheet import Answer, write_returned
from ingestion.sentence import Sentence, shown
from ingestion.workers.pool import ReaderError, ReaderPool
from ingestion.workers.process import Limits
from ingestion.workers.task import Task

__all__ = ["BatchReport", "Limits", "ReaderError", "extract"]

Progress = Callable[[BatchReport], None]


@dataclass
class _Commit:
    """Enters finished reports: lake first, ledger second, what was replaced goes last."""

    feeds: Mapping[str, Feed]
    lake: Lake
    ledger: Ledger
    run_id: int

    def enter(self, delivery: DeliveryRow, task: Task, report: BatchReport) -> None:
        report.doubts += doubts_about(delivery, report, self.feeds[delivery.feed], self.ledger)
        if task.is_released:
            # Somebody let this part in without the others; that is kept, for it stays so.
            report.doubts += [each for each in delivery.doubts if each.code == INCOMPLETE]
        if report.state == "loaded" and report.doubts and not task.is_released:
            report.state = "held"
            task.unfinished.unlink()
        if report.state == "loaded":
            self.lake.commit(
                task.unfinished, delivery.feed, delivery.business_date, delivery.batch_id
            )
        kind = self.feeds[delivery.feed].kind
        report.state, replaced = self.ledger.commit(delivery, report, kind, self.run_id)
        self.lake.remove_all(replaced)


def extract(
    deliveries: Sequence[DeliveryRow],
    feeds: Mapping[str, Feed],
    archive: Path,
    lake: Path,
    quarantine: Path,
    ledger: Ledger,
    run_id: int,
    workers: int = 2,
    progress: Progress | None = None,
    limits: Limits | None = None,
) -> list[BatchReport]:
    """Read received deliveries into the lake.

    May be killed at any moment: a delivery is loaded when the ledger says so, and the ledger says
    so only once the file is in place. Everything else is done again by the next run.

    Args:
        deliveries: Rows of the ledger in state `received`.
        feeds: What the bank delivers.
        archive: Where the content lies.
        lake: The lake's folder.
        quarantine: Folder for refused rows.
        ledger: The ledger.
        run_id: The run that extracts.
        workers: Child processes that read.
        progress: Called with each report once it is entered.
        limits: What a child process may use.

    Returns:
        One report per delivery, in the order of the deliveries.

    Raises:
        ReaderError: If reading had to stop through no fault of a file; nothing is half done.
    """
    store = Lake(lake)
    store.sweep()
    commit = _Commit(feeds, store, ledger, run_id)
    by_id = {row.delivery_id: row for row in deliveries}
    reports: dict[int, BatchReport] = {}
    released = ledger.released()
    with ReaderPool(dict(feeds), workers, limits or Limits(), store.scratch) as pool:

        def read(rows: Sequence[DeliveryRow]) -> None:
            tasks = []
            for row in rows:
                if row.run_id != run_id:
                    _verify(row, archive_path(archive, row.sha256))
                task = _task(row, feeds, archive, store, quarantine, ledger, released)
                if isinstance(task, BatchReport):
                    reports[row.delivery_id] = task
                    task.state, _ = ledger.commit(row, task, "change", run_id)
                else:
                    tasks.append(task)
            for task, report in _in_order(pool.run(tasks), tasks):
                row = by_id[task.delivery_id]
                commit.enter(row, task, report)
                reports[row.delivery_id] = report
                if progress is not None:
                    progress(report)

        read(_in_turn([row for row in deliveries if row.corrects is None]))
        # What a correction may load depends on its batch and on the corrections before it.
        for row in sorted(deliveries, key=lambda row: row.delivery_id):
            if row.corrects is not None:
                read([row])
    return [reports[row.delivery_id] for row in deliveries]


def _in_turn(deliveries: Sequence[DeliveryRow]) -> list[DeliveryRow]:
    """Deliveries in the order they are read: the feed of the biggest file first, each in order."""
    biggest: dict[str, int] = {}
    for row in deliveries:
        biggest[row.feed] = max(row.size_bytes, biggest.get(row.feed, 0))
    return sorted(deliveries, key=lambda row: (-biggest[row.feed], row.feed, row.delivery_id))


def _in_order(
    done: Iterable[tuple[Task, BatchReport]], tasks: Sequence[Task]
) -> Iterator[tuple[Task, BatchReport]]:
    """Finished files, those of one feed in the order they were received.

    What is usual, and what would be replaced, is told by the deliveries before: it must not
    depend on which reader was done first.
    """
    queues: dict[str, deque[int]] = {}
    for task in tasks:
        queues.setdefault(task.feed, deque()).append(task.delivery_id)
    waiting: dict[int, tuple[Task, BatchReport]] = {}
    for task, report in done:
        waiting[task.delivery_id] = task, report
        queue = queues[task.feed]
        while queue and queue[0] in waiting:
            yield waiting.pop(queue.popleft())


def reconcile(
    lake: Path, ledger: Ledger, feeds: Mapping[str, Feed], *, is_thorough: bool = False
) -> list[DeliveryRow]:
    """Make lake and ledger agree after a run was killed, or a file was lost.

    A batch the ledger does not count as loaded leaves the lake; a loaded batch whose file is gone
    is received again.

    Args:
        lake: The lake's folder.
        ledger: The ledger.
        feeds: What the bank delivers.
        is_thorough: Whether every file is read to see that it still is what was written; one that
            a disk has damaged is as good as gone.

    Returns:
        The deliveries that have to be extracted again.
    """
    store = Lake(lake)
    store.sweep()
    lost: dict[int, DeliveryRow] = {}
    for feed in feeds.values():
        if feed.is_internal:
            continue
        rows = ledger.deliveries(feed=feed.feed)
        loaded = {
            store.batch_path(row.feed, row.business_date, row.batch_id): row
            for row in rows
            if row.state == "loaded"
        }
        for path, (date, batch_id) in store.batches(feed.feed).items():
            if path not in loaded:
                store.remove(feed.feed, date, batch_id)
        for path, row in loaded.items():
            if row.delivery_id not in lost and (
                not path.exists() or (is_thorough and _is_damaged(path, row))
            ):
                store.remove_all([row])
                beside = ledger.corrections(row.batch_id)
                ledger.reopen(row.delivery_id)
                store.remove_all(beside)
                lost |= {each.delivery_id: each for each in (row, *beside)}
    return list(lost.values())


def _is_damaged(path: Path, row: DeliveryRow) -> bool:
    """Whether a file in the lake is not what was written; unknown of those of earlier versions."""
    written = BatchReport.from_json(row.report).lake_sha256 if row.report else None
    return written is not None and sha256_of(path) != written


def _verify(row: DeliveryRow, archived: Path) -> None:
    """Make sure of content that was archived by an earlier run: disks forget.

    Raises:
        ReaderError: It is not what was delivered.
    """
    if archived.exists() and sha256_of(archived) != row.sha256:
        raise ReaderError(
            f"存档中 {shown(row.file_name)} 的副本（{archived.name[:12]}…）已损坏；"
            "请从备份恢复，或重新报送该文件。",
            f"the archive's copy of {shown(row.file_name)} ({archived.name[:12]}...) is damaged;"
            " restore it from the backup, or deliver the file again",
        )


def _task(
    row: DeliveryRow,
    feeds: Mapping[str, Feed],
    archive: Path,
    lake: Lake,
    quarantine: Path,
    ledger: Ledger,
    released: Collection[int],
) -> Task | BatchReport:
    """What a reader has to do for a delivery; a refusal where there is nothing to be done."""
    feed = feeds.get(row.feed)
    correction: Correction | None = None
    root: DeliveryRow | None = None
    if feed is not None and row.corrects is not None:
        root = ledger.root_of(row)
        if row.is_beside and row.was_loaded and root is not None and root.state != "loaded":
            # It counted before, and does again once its batch does.
            return BatchReport.from_json(row.report or "")
        history = ledger.deliveries(feed=row.feed)
        found = correction_of(row, root, history, lake, quarantine)
        if isinstance(found, Sentence):
            report = _refused(row, found)
            report.returned = write_returned(quarantine / "returned", report, feed, Answer())
            return report
        correction = found
        pattern: FilePattern | None = returned_pattern(row, feed, history)
    else:
        match = feed.match(row.file_name) if feed is not None else None
        pattern = match[0] if match is not None else None
    if feed is None or pattern is None:
        return _refused(
            row,
            Sentence(
                f"现有接口定义中没有与文件 {shown(row.file_name)} 相符的接口。",
                f"No feed knows the file {shown(row.file_name)} any more.",
            ),
        )
    return Task(
        delivery_id=row.delivery_id,
        feed=row.feed,
        pattern=pattern,
        archived=archive_path(archive, row.sha256),
        source_file=row.file_name,
        part=row.part,
        business_date=row.business_date,
        batch_id=row.batch_id,
        precedence=precedence_of(
            root.slot if root else row.slot,
            row.file_version,
            row.delivery_id if row.is_beside else None,
        ),
        unfinished=lake.unfinished_path(row.feed, row.business_date, row.batch_id),
        quarantine=quarantine,
        correction=correction,
        is_released=row.delivery_id in released,
        promise=_promise(row),
    )


def _refused(row: DeliveryRow, sentence: Sentence) -> BatchReport:
    return BatchReport(
        row.feed,
        row.batch_id,
        row.business_date,
        row.file_name,
        row.part,
        state="refused",
        refusal=sentence,
        corrects=row.corrects,
        corrects_rows=row.is_beside,
    )


def _promise(row: DeliveryRow) -> Promise | None:
    """What the delivery's control file says of it."""
    said = Companion.from_json(row.control)
    if said is None:
        return None
    name = shown(said.name)
    by = Sentence(f"控制文件 {name} ", f"the control file {name}")
    is_whole = said.sha256 is not None or said.size is not None
    return Promise(by, said.rows, said.totals, is_whole)
