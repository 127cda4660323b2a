"""One delivered file on the desk: read as a reader's child reads it, counted by the oracle too."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingestion.contracts import Feed
from ingestion.contracts.load import load_feeds
from tests.faults import files, oracle
from tests.faults.trial import DAY
from tests.unit.ingestion.made_up import Reading, read

FEED = "corebank__transaction"
NAME = files.transaction_name(DAY)
SHEET = NAME.replace(".csv", ".xlsx")


@dataclass
class Desk:
    """Reads files of the bank's postings, one after the other."""

    engine: Any
    folder: Path
    feed: Feed = field(default_factory=lambda: load_feeds(None)[FEED])
    _numbers: Any = field(default_factory=itertools.count)

    def read(self, content: bytes, name: str = NAME) -> Reading:
        """What becomes of one file."""
        folder = self.folder / str(next(self._numbers))
        folder.mkdir()
        return read(self.engine, folder, content, self.feed, name)

    def unaccounted(self, content: bytes, reading: Reading, name: str = NAME) -> list[str]:
        """Rows and fen that the oracle finds in a file, and the reader did not account for."""
        if reading.report.refusal is not None:
            return [] if not reading.rows else ["a refused file has rows in the lake"]
        counted = oracle.count(content, oracle.feed_of(FEED), name)
        loaded = {(row["source_sheet"], row["source_row"]): row for row in reading.rows}
        refused = {(row.sheet, row.row) for row in reading.refused}
        told = [f"lost: {p}" for p in counted.data.keys() - loaded.keys() - refused]
        told += [f"from nowhere: {p}" for p in (loaded.keys() | refused) - counted.data.keys()]
        told += [f"twice: {place}" for place in loaded.keys() & refused]
        if not reading.adds_up():
            told.append("the reader's own counts do not add up")
        for place, row in loaded.items():
            cells = counted.data.get(place)
            if oracle.fen_in_lake(oracle.feed_of(FEED), cells, row) != oracle.fen(
                oracle.feed_of(FEED), cells
            ):
                told.append(f"fen changed: {place}")
            if oracle.verdict(oracle.feed_of(FEED), cells) is False:
                told.append(f"loaded though not sound: {place}")
        return told


def line(number: int = 1, **cells: str) -> str:
    """A posting as a line of the extract; cells by heading."""
    values = dict.fromkeys(files.TRANSACTION.split("|"), "")
    values |= {
        "流水号": f"J{number:08d}", "账号": "6217000100000018", "记账日期": "2026-01-05",
        "借贷标志": "贷", "交易金额": "1.00", "币种": "CNY", "交易类型": "其他",
        "渠道": "系统", "发起方": "系统", **cells,
    }  # fmt: skip
    return "|".join(values.values())


def extract(*lines: str, encoding: str = "gb18030", headings: str = files.TRANSACTION) -> bytes:
    """An extract of these lines below its headings."""
    return "".join(f"{each}\n" for each in (headings, *lines)).encode(encoding)
