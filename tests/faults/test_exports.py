"""F68: in no file written for people does a delivered text act as a formula."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ingestion.contracts import Feed
from ingestion.contracts.files import FilePattern
from ingestion.contracts.load import load_feeds
from serving import export
from serving.query import Answer
from tests.faults.trial import DAY, Figures
from tests.unit.ingestion.made_up import Reading, read
from tests.unit.ingestion.returning.sent_back import formulas

pytestmark = pytest.mark.faults
STARTERS = ("=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "＋", "－", "＠", "|", "%")
# Of columns whose feed gives no example.
SAMPLES = {"money": "1.00", "rate": "1%", "integer": "1", "boolean": "是", "number": "1"}
ACTS = tuple("=+-@\t\r＝＋－＠|%")
FEEDS = {
    name: (feed, pattern)
    for name, feed in load_feeds(None).items()
    for pattern in feed.delivery.files
    if pattern.format == "csv" and pattern.compression is None and not pattern.is_in_parts
}


def payload(starter: str) -> str:
    return f"{starter}1+cmd|' /C calc'!A0"


@pytest.mark.case("F68", "texts that begin like formulas, in every text column of every extract")
@pytest.mark.parametrize("name", FEEDS)
def test_no_delivered_text_is_a_formula(
    name: str, figures: Figures, engine: Any, tmp_path: Path
) -> None:
    """Loaded rows as CSV and workbook, refused ones in the sheet that goes back."""
    feed, pattern = FEEDS[name]
    texts = [column.name for column in feed.columns if column.type == "text"]
    lines = [(column, starter) for column in texts for starter in STARTERS]
    figures.tried = len(lines)
    reading = read(engine, tmp_path, extract(feed, pattern, lines), feed, delivered(pattern))
    if reading.rows:
        figures.detected = exported(reading, tmp_path)
    path = reading.report.returned
    if path is not None:
        assert formulas(path) == []
        for cell in cells(path):
            assert cell.data_type != "f", cell.coordinate
    assert reading.rows or path is not None
    figures.recovered = figures.tried
    figures.notes.append("formulas active: 0")


def delivered(pattern: FilePattern) -> str:
    name = pattern.file_name.replace("{date}", f"{DAY:%Y%m%d}")
    return name.replace("{part}", "一组")


def extract(feed: Feed, pattern: FilePattern, lines: list[tuple[str, str]]) -> bytes:
    """A line per text column and beginning; the other columns as their examples say."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=pattern.delimiter, lineterminator="\n")
    writer.writerow([column.heading for column in feed.columns])
    for number, (name, starter) in enumerate(lines):
        row = {column.name: example(column) for column in feed.columns}
        row |= {key: f"{row[key]}{number}" for key in feed.key if _is_text(feed, key)}
        writer.writerow((row | {name: payload(starter)}).values())
    return text.getvalue().encode(pattern.encoding, errors="replace")


def example(column: Any) -> str:
    """A value that the column accepts."""
    if column.type == "date":
        return DAY.isoformat()
    if column.type == "code":
        return str(next(iter(column.values)))
    return str(column.example or SAMPLES.get(column.type, ""))


def _is_text(feed: Feed, name: str) -> bool:
    column = next(column for column in feed.columns if column.name == name)
    return column.type == "text" and column.pattern is None


def exported(reading: Reading, folder: Path) -> int:
    """Rows as people get them: no text acts, and a number is still one; how many would have."""
    names = (*reading.rows[0], "number")
    rows = [(*row.values(), Decimal("-123.45")) for row in reading.rows]
    answer = Answer(names, ("VARCHAR",) * len(names), rows)
    export.write(answer, folder / "answer.csv")
    with (folder / "answer.csv").open(encoding="utf-8-sig", newline="") as file:
        _, *lines = csv.reader(file)
    marked = 0
    for line, row in zip(lines, rows, strict=True):
        for told, value in zip(line, row, strict=True):
            if isinstance(value, str) and value.startswith(ACTS):
                assert told == f"'{value}"
                marked += 1
            assert not told.startswith(ACTS) or not isinstance(value, str | dt.date)
        assert line[-1] == "-123.45"
    export.write(answer, folder / "answer.xlsx")
    assert formulas(folder / "answer.xlsx") == []
    found = [cell for cell in cells(folder / "answer.xlsx") if isinstance(cell.value, str)]
    assert all(cell.data_type == "s" for cell in found)
    assert all(cell.quotePrefix for cell in found if cell.value.startswith(ACTS))
    last = openpyxl.load_workbook(folder / "answer.xlsx").worksheets[0].max_column
    sheet = openpyxl.load_workbook(folder / "answer.xlsx").worksheets[0]
    assert {sheet.cell(n, last).value for n in range(2, sheet.max_row + 1)} == {-123.45}
    return marked


def cells(path: Path) -> list[Any]:
    book = openpyxl.load_workbook(path)
    return [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
