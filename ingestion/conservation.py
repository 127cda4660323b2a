"""No row is lost between a delivered file and the lake."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow.parquet as pq


class InLake(Protocol):
    """What is asked of a batch that may lie in the lake: a report, or a row of the ledger."""

    @property
    def feed(self) -> str:
        """Name of the feed."""

    @property
    def batch_id(self) -> str:
        """Name of the batch."""

    @property
    def state(self) -> str:
        """What became of it; `loaded` means that its rows should lie in the lake."""

    @property
    def rows_loaded(self) -> int | None:
        """Rows written to the lake."""


class Counted(InLake, Protocol):
    """What is asked of a batch's report: its counts."""

    @property
    def rows_in(self) -> int | None:
        """Rows the reader saw; None where the file could not be read."""

    @property
    def rows_quarantined(self) -> int | None:
        """Rows refused with a reason."""

    @property
    def rows_not_data(self) -> int | None:
        """Titles, headings, blank lines, totals: declared to be no data."""

    @property
    def counted_rows(self) -> int | None:
        """Rows by the second counter, which shares no code with the reader."""


@dataclass(frozen=True)
class Finding:
    """Something was lost or appeared from nowhere.

    Attributes:
        feed: Name of the feed.
        batch_id: Name of the batch.
        check: `rows`, `counter` or `lake`.
        expected: What should be there.
        actual: What is there.
        sentence: What is wrong, in English.
        sentence_zh: The same in Chinese.
    """

    feed: str
    batch_id: str
    check: str
    expected: int
    actual: int
    sentence: str
    sentence_zh: str


def check_batches(batches: Iterable[Counted]) -> list[Finding]:
    """Every batch whose rows do not add up; empty when all is well.

    A batch refused as a whole (`rows_in` is None) has nothing to conserve.
    """
    findings: list[Finding] = []
    for batch in batches:
        if batch.rows_in is not None:
            findings += _row_findings(batch, batch.rows_in)
    return findings


def check_lake(batches: Iterable[InLake], lake: Path) -> list[Finding]:
    """Every loaded batch whose file in the lake does not hold the rows that were loaded.

    Reads the files' footers only. A batch without loaded rows needs no file; one that was held
    back, refused or superseded has none. Give it the ledger's rows where a batch of the night may
    have been superseded in the same night: a report does not learn of that.
    """
    findings = []
    for batch in batches:
        if batch.state != "loaded":
            continue
        expected = batch.rows_loaded or 0
        folders = (lake / batch.feed).glob("business_date=*")
        files = [folder / f"{batch.batch_id}.parquet" for folder in folders]
        actual = sum(pq.read_metadata(path).num_rows for path in files if path.is_file())
        if actual != expected:
            findings.append(
                Finding(
                    batch.feed,
                    batch.batch_id,
                    "lake",
                    expected,
                    actual,
                    f"{batch.feed}, batch {batch.batch_id}: {expected:,} rows were loaded, but"
                    f" the lake holds {actual:,}.",
                    f"{batch.feed} 批次 {batch.batch_id}：已入库 {expected:,} 行，"
                    f"但数据湖中有 {actual:,} 行。",
                )
            )
    return findings


def _row_findings(batch: Counted, rows_in: int) -> list[Finding]:
    at, at_zh = f"{batch.feed}, batch {batch.batch_id}", f"{batch.feed} 批次 {batch.batch_id}"
    loaded, quarantined = batch.rows_loaded or 0, batch.rows_quarantined or 0
    not_data = batch.rows_not_data or 0
    ended = loaded + quarantined + not_data
    findings = []
    if ended != rows_in:
        findings.append(
            Finding(
                batch.feed,
                batch.batch_id,
                "rows",
                rows_in,
                ended,
                f"{at}: {rows_in:,} rows came in, but {ended:,} ended as loaded ({loaded:,}),"
                f" quarantined ({quarantined:,}) or no data ({not_data:,}).",
                f"{at_zh}：读入 {rows_in:,} 行，但入库 {loaded:,} 行、隔离 {quarantined:,} 行、"
                f"非数据 {not_data:,} 行，合计 {ended:,} 行。",
            )
        )
    counted = batch.counted_rows
    if counted != rows_in:
        seen = "nothing" if counted is None else f"{counted:,}"
        seen_zh = "未计数" if counted is None else f"为 {counted:,} 行"
        findings.append(
            Finding(
                batch.feed,
                batch.batch_id,
                "counter",
                counted or 0,
                rows_in,
                f"{at}: the reader saw {rows_in:,} rows, but the second counter counted {seen}.",
                f"{at_zh}：读取程序读到 {rows_in:,} 行，但独立计数结果{seen_zh}。",
            )
        )
    return findings
