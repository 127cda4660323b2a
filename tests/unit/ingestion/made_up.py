"""Made-up columns and feeds, and one delivered file read the way a reader's child does it."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from ingestion.batch import BatchReport, RefusedCell, batch_id_of
from ingestion.contracts import Column, Feed, Security
from ingestion.parsing import build_layout
from ingestion.parsing.cell import Source
from ingestion.parsing.date import EPOCH_1900
from ingestion.parsing.text import clean
from ingestion.quarantine import quarantine_path
from ingestion.reading.load import RawRow, judge
from ingestion.reading.promises import Promise
from ingestion.reading.sheet import cleaned
from ingestion.sentence import Sentence
from ingestion.workers.task import Task, perform

NIGHT = dt.date(2025, 1, 31)
OWNER = "科技部"
_SECURITY = Security.model_validate({"class": "C1", "level": 2, "mask": "none"})


def column(name: str, heading: str, kind: str = "text", **settings: Any) -> Column:
    """A column of a made-up feed; money is in yuan unless `unit` says otherwise."""
    if kind == "money":
        settings.setdefault("unit", "yuan")
    return Column.model_validate(
        {
            "name": name,
            "heading": heading,
            "type": kind,
            "security": _SECURITY,
            "description": heading,
            **settings,
        }
    )


def feed(
    *columns: Column, key: str = "serial_id", name: str = "toy__entry", **settings: Any
) -> Feed:
    """A made-up feed, delivered as `entry_{date}.csv` (GB18030, `|`) or `.xlsx`."""
    files = settings.pop(
        "files",
        [
            {
                "pattern": "entry_{date}.csv",
                "format": "csv",
                "encoding": "gb18030",
                "delimiter": "|",
            },
            {"pattern": "entry_{date}.xlsx", "format": "xlsx"},
        ],
    )
    return Feed.model_validate(
        {
            "feed": name,
            "title": {"zh": "流水", "en": "Entries"},
            "grain": "One row per entry.",
            "owner": OWNER,
            "kind": "change",
            "delivery": {"frequency": "daily", "required": True, "files": files},
            "key": key.split(","),
            "columns": columns,
            **settings,
        }
    )


SERIAL = column("serial_id", "流水号", required=True)
CUSTOMER = column("customer_name", "户名", required=True)
DATE = column("booked_date", "日期", "date")
AMOUNT = column("amount", "金额", "money")
NOTE = column("note_text", "备注")
ENTRY = feed(SERIAL, CUSTOMER, DATE, AMOUNT, NOTE)


def may_be_empty(of: Feed) -> Feed:
    """The same feed, a file of which may have no rows."""
    delivery = of.delivery.model_copy(update={"may_be_empty": True})
    return of.model_copy(update={"delivery": delivery})


HEADINGS = "流水号|户名|日期|金额|备注"
CSV, XLSX = "entry_20250131.csv", "entry_20250131.xlsx"


def extract_of(*rows: str, headings: str = HEADINGS) -> str:
    """The text of an extract: the headings and one line per row."""
    return "".join(f"{line}\n" for line in (headings, *rows))


class Cell(NamedTuple):
    """The value a delivered text gets, and why it is refused if it is."""

    value: object
    refused: RefusedCell | None

    @property
    def code(self) -> str | None:
        """Short name of the reason; None where there is none."""
        return self.refused.code if self.refused else None

    @property
    def sentence(self) -> Sentence:
        """What the sender is told."""
        assert self.refused is not None, f"{self.value!r} was accepted"
        return self.refused.reason


def read_cell(
    engine: duckdb.DuckDBPyConnection,
    of: Column,
    text: str | None,
    source: Source = "csv",
    epoch: dt.date = EPOCH_1900,
) -> Cell:
    """What becomes of one delivered text under one column."""
    layout = build_layout(
        feed(of, column("row_number", "行号"), key="row_number"),
        {of.name: (0,)},
        [of.heading],
        source,
        epoch,
        today=NIGHT,
    )
    cleaner = cleaned if source == "xlsx" else clean
    given = None if text is None else cleaner(text)
    value, is_sound = engine.execute(
        f"SELECT v_{of.name}, {layout.is_sound} FROM ({layout.parsed('(SELECT ? AS r0)')})",
        [given or None],
    ).fetchone() or (None, None)
    (row,) = judge(engine, layout, [RawRow(None, 2, [text])], cleaner)
    # What decides about a row and what explains it are two pieces of SQL; they must agree.
    assert is_sound == (not row.reasons)
    return Cell(value, row.reasons[0] if row.reasons else None)


@dataclass(frozen=True)
class Refused:
    """One refused row as it lies in quarantine."""

    sheet: str | None
    row: int
    cells: str
    reasons: list[dict[str, str]]

    @property
    def codes(self) -> list[str]:
        return [reason["code"] for reason in self.reasons]

    @property
    def sentence(self) -> Sentence:
        """The first reason."""
        return Sentence(self.reasons[0]["reason_zh"], self.reasons[0]["reason_en"])


@dataclass(frozen=True)
class Reading:
    """What became of one file: its report, its rows in the lake, its rows in quarantine."""

    report: BatchReport
    rows: list[dict[str, Any]]
    refused: list[Refused]

    @property
    def refusal(self) -> Sentence:
        assert self.report.refusal is not None, "the file was loaded"
        return self.report.refusal

    def values(self, name: str) -> list[Any]:
        """One column of the rows loaded, in the file's order."""
        assert self.report.refusal is None, self.report.refusal
        return [row[name] for row in sorted(self.rows, key=lambda row: row["source_row"])]

    def adds_up(self) -> bool:
        """Rows in are loaded, quarantined or no data, and the second counter agrees."""
        report = self.report
        ended = (report.rows_loaded, report.rows_quarantined, report.rows_not_data)
        return report.rows_in == report.counted_rows == sum(part or 0 for part in ended)


def read(
    engine: duckdb.DuckDBPyConnection,
    folder: Path,
    content: bytes | Path,
    of: Feed = ENTRY,
    name: str = CSV,
    told: Promise | None = None,
) -> Reading:
    """Read one delivered file in this process.

    Args:
        engine: Connection of `open_engine`.
        folder: An empty folder to work in.
        content: The file's bytes, or where it lies.
        of: Its feed.
        name: Its name as delivered.
        told: What a control file says of it.
    """
    data = content if isinstance(content, bytes) else content.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    archived = folder / sha256
    archived.write_bytes(data)
    found = of.match(name)
    assert found is not None, f"{name} is no file of the feed"
    batch_id = batch_id_of(sha256, of.feed, found[1].date)
    task = Task(
        delivery_id=1,
        feed=of.feed,
        pattern=found[0],
        archived=archived,
        source_file=name,
        part=found[1].part,
        business_date=found[1].date,
        batch_id=batch_id,
        precedence="0000|2|",
        unfinished=folder / f"{batch_id}.parquet",
        quarantine=folder / "quarantine",
        promise=told,
    )
    report = perform(task, of, engine)
    return Reading(report, _table(engine, task.unfinished), _refused(engine, task))


def _refused(engine: duckdb.DuckDBPyConnection, task: Task) -> list[Refused]:
    path = quarantine_path(task.quarantine, task.feed, task.batch_id)
    return [
        Refused(row["source_sheet"], row["source_row"], row["cells"], row["reasons"])
        for row in _table(engine, path)
    ]


def _table(engine: duckdb.DuckDBPyConnection, path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    relation = engine.sql(f"FROM read_parquet('{path}', hive_partitioning = false)")
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
