"""A written bank, as the tests of this folder look at it: from outside, by nothing of ours."""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import openpyxl

from ingestion.contracts.feed import Feed
from ingestion.contracts.types import CHANGE_CODE
from ingestion.demo_bank import DemoReport

Row = dict[str, str]


@dataclass
class Bank:
    """A written bank, with its text extracts read by nothing but the csv module."""

    root: Path
    report: DemoReport
    feeds: dict[str, Feed]

    def __post_init__(self) -> None:
        self._rows: dict[str, list[tuple[Path, Row]]] = {}

    @property
    def delivered(self) -> list[Path]:
        folders = (self.root / "landing", self.root / "upcoming")
        return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())

    @property
    def dirt(self) -> list[Row]:
        with (self.root / "truth" / "dirty_rows.csv").open(encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def truth(self, name: str) -> list[Row]:
        with (self.root / "truth" / name).open(encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def rows(self, feed_name: str) -> list[Row]:
        """Proper rows of a feed's text files, by column name, in order of delivery."""
        if feed_name not in self._rows:
            self._rows[feed_name] = list(self._read(feed_name))
        return [row for _, row in self._rows[feed_name]]

    def yuan_rows(self, feed_name: str) -> list[Row]:
        """The same without accounts and ledgers in other currencies, which have books apart."""
        abroad = {
            row["account_id"]
            for row in self.rows("corebank__account")
            if row["currency_code"] != "CNY"
        }
        return [
            row
            for row in self.rows(feed_name)
            if row.get("currency_code", "CNY") == "CNY" and row.get("account_id") not in abroad
        ]

    def sheet_rows(self, feed_name: str) -> list[Row]:
        """Rows of a feed's workbooks, by column name, in order of delivery; cells as texts."""
        feed, found = self.feeds[feed_name], []
        for path in self.delivered:
            if path.suffix != ".xlsx" or feed.match(path.name) is None:
                continue
            workbook = openpyxl.load_workbook(path)
            lines = list(workbook.worksheets[0].iter_rows(values_only=True))
            workbook.close()
            head = next(i for i, line in enumerate(lines) if line[0] == feed.columns[0].heading)
            names = [column.name for column in feed.columns]
            for line in lines[head + 1 :]:
                cells = [cell.date() if isinstance(cell, dt.datetime) else cell for cell in line]
                found.append(dict(zip(names, map(str, cells), strict=True)))
        return found

    def _read(self, feed_name: str):
        spoilt = {(row["file"], int(row["row"])) for row in self.dirt if row["feed"] == feed_name}
        feed = self.feeds[feed_name]
        # The demo bank's source sets no change flags.
        names = [column.name for column in feed.columns if column.name != CHANGE_CODE]
        for path in self.delivered:
            if path.suffix != ".csv" or feed.match(path.name) is None:
                continue
            text = path.read_bytes().decode("gb18030", errors="replace")
            lines = csv.reader(io.StringIO(text, newline=""), delimiter="|")
            for number, cells in enumerate(lines, start=1):
                if number > 1 and (path.name, number) not in spoilt:
                    yield path, dict(zip(names, cells, strict=True))


def money(text: str) -> int:
    """Fen of a delivered amount."""
    return int(Decimal(text or "0") * 100)


def half_up(numerator: int, denominator: int) -> int:
    """A quotient of whole numbers above nothing as a whole number."""
    return (2 * numerator + denominator) // (2 * denominator)
