"""No row and no fen is lost between a delivered file and the lake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import pyarrow.parquet as pq

Money = Mapping[str, Decimal | None] | Decimal | None


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
    """What is asked of a batch's report: its counts and its totals."""

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

    @property
    def money_total_in(self) -> Money:
        """Total as delivered, in yuan: one, or one by column."""

    @property
    def money_total_loaded(self) -> Money:
        """Total of the rows loaded."""

    @property
    def money_total_quarantined(self) -> Money:
        """Total of the rows quarantined, as far as their amounts could be read."""


@dataclass(frozen=True)
class Finding:
    """Something was lost or appeared from nowhere.

    Attributes:
        feed: Name of the feed.
        batch_id: Name of the batch.
        check: `rows`, `counter`, `money` or `lake`.
        expected: What should be there.
        actual: What is there.
        sentence: What is wrong, in English.
        sentence_zh: The same in Chinese.
    """

    feed: str
    batch_id: str
    check: str
    expected: Decimal
    actual: Decimal
    sentence: str
    sentence_zh: str


def check_batches(batches: Iterable[Counted]) -> list[Finding]:
    """Every batch whose rows or totals do not add up; empty when all is well.

    A batch refused as a whole (`rows_in` is None) has nothing to conserve. A total that is not
    known, because a refused row's amount could not be read, is not compared.
    """
    findings: list[Finding] = []
    for batch in batches:
        if batch.rows_in is not None:
            findings += _row_findings(batch, batch.rows_in)
            findings += _money_findings(batch)
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
                    Decimal(expected),
                    Decimal(actual),
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
                Decimal(rows_in),
                Decimal(ended),
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
                Decimal(counted or 0),
                Decimal(rows_in),
                f"{at}: the reader saw {rows_in:,} rows, but the second counter counted {seen}.",
                f"{at_zh}：读取程序读到 {rows_in:,} 行，但独立计数结果{seen_zh}。",
            )
        )
    return findings


def _money_findings(batch: Counted) -> list[Finding]:
    totals_in = _by_column(batch.money_total_in)
    loaded = _by_column(batch.money_total_loaded)
    quarantined = _by_column(batch.money_total_quarantined)
    findings = []
    for column, total in totals_in.items():
        parts = (loaded.get(column), quarantined.get(column))
        if total is None or parts[0] is None or parts[1] is None:
            continue
        ended = parts[0] + parts[1]
        if ended != total:
            of = f" of {column}" if column else ""
            findings.append(
                Finding(
                    batch.feed,
                    batch.batch_id,
                    "money",
                    total,
                    ended,
                    f"{batch.feed}, batch {batch.batch_id}: {total:,} yuan{of} came in, but"
                    f" {ended:,} ended as loaded ({parts[0]:,}) or quarantined ({parts[1]:,}).",
                    f"{batch.feed} 批次 {batch.batch_id}：{column}报送合计 {total:,} 元，"
                    f"但入库 {parts[0]:,} 元与隔离 {parts[1]:,} 元合计 {ended:,} 元。",
                )
            )
    return findings


def _by_column(money: Money) -> dict[str, Decimal | None]:
    if money is None:
        return {}
    return dict(money) if isinstance(money, Mapping) else {"": money}
