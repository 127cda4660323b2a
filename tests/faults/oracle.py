"""What must have become of delivered files, counted by a second, plain reader.

Nothing of the loader is imported: extracts are split by hand, workbooks read by openpyxl, amounts
are Decimal, the feeds' files plain YAML. It reads the archive, the ledger, the lake and the
quarantine of a home and says every difference in a sentence; an empty list is a promise kept.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import yaml

FEEDS = Path(__file__).resolve().parents[2] / "ingestion" / "feeds"
MONEY = re.compile(r"-?\d{1,15}(\.\d{1,2})?")
# Words are left to the loader: Chinese has figures that are words.
NO_MONEY = re.compile(r"[A-Za-z#?]+-?\d*|-?\d+\.\d{3,}|\d+e\d+")
Place = tuple[str | None, int]


@dataclass
class Counted:
    """One delivered file as the oracle reads it.

    Attributes:
        rows: Physical rows that hold anything, or are blank lines of an extract.
        data: Cells of each data row by column of the feed; None where they cannot be told apart.
    """

    rows: int = 0
    data: dict[Place, dict[str, str] | None] = field(default_factory=dict)


@dataclass
class Verdict:
    """The oracle's word on a home: sums over every delivery that was read, and what is wrong."""

    rows: Counter[str] = field(default_factory=Counter)
    fen: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """Rows delivered in files that count, and not found again."""
        return self.rows["in"] - self.rows["loaded"] - self.rows["quarantined"] - self.rows["rest"]


@lru_cache(maxsize=64)
def feed_of(name: str) -> dict[str, Any]:
    """The feed's own file."""
    found: dict[str, Any] = yaml.safe_load((FEEDS / f"{name}.yml").read_text(encoding="utf-8"))
    return found


def split(text: str, delimiter: str, quote: str = '"') -> Iterator[tuple[int, list[str]]]:
    """Records of an extract with the line each begins on; a quote counts at a cell's start."""
    cells, cell, is_quoted, line, start, at = [], [], False, 1, 1, 0
    text = text.replace("\r\n", "\n")
    while at < len(text):
        here = text[at]
        line += here == "\n"
        if is_quoted:
            if here != quote:
                cell.append(here)
            elif text[at + 1 : at + 2] == quote:
                cell.append(quote)
                at += 1
            else:
                is_quoted = False
        elif here == quote and not cell:
            is_quoted = True
        elif here in (delimiter, "\n"):
            cells.append("".join(cell))
            cell = []
            if here == "\n":
                yield start, cells
                cells, start = [], line
        else:
            cell.append(here)
        at += 1
    if cell or cells:
        yield start, [*cells, "".join(cell)]


def count(content: bytes, feed: Mapping[str, Any], name: str) -> Counted:
    """Read one file for one feed."""
    headings: dict[str, str] = {}
    for column in feed["columns"]:
        for heading in (column["heading"], column["name"], *column.get("aliases", [])):
            headings[heading] = column["name"]
    found = Counted()
    if name.endswith(".xlsx"):
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
        for sheet in book.worksheets:
            rows = (
                (number, ["" if value is None else _text(value) for value in row])
                for number, row in enumerate(sheet.iter_rows(values_only=True), start=1)
            )
            _enter(found, sheet.title, ((n, row) for n, row in rows if any(row)), headings)
        return found
    pattern = next(f for f in feed["delivery"]["files"] if f["format"] == "csv")
    text = content.decode(pattern.get("encoding", "utf-8"), errors="surrogateescape")
    _enter(found, None, split(text, pattern.get("delimiter", ",")), headings)
    return found


def _enter(
    found: Counted,
    sheet: str | None,
    rows: Iterator[tuple[int, list[str]]],
    headings: Mapping[str, str],
) -> None:
    columns: list[str | None] = []
    for number, cells in rows:
        found.rows += 1
        stripped = [cell.strip() for cell in cells]
        if not columns:
            if sum(cell in headings for cell in stripped) > 1:
                columns = [headings.get(cell) for cell in stripped]
        elif any(stripped):
            is_whole = sheet is not None or len(cells) == len(columns)
            named = zip(columns, stripped, strict=False)
            row = {column: cell for column, cell in named if column} if is_whole else None
            found.data[sheet, number] = row


def _text(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return repr(value) if isinstance(value, float) else str(value)


def verdict(feed: Mapping[str, Any], row: Mapping[str, str] | None) -> bool | None:
    """Whether a row by itself must be loaded (True), must not be (False), or may be either."""
    if row is None:
        return False
    answers = [_cell_verdict(column, row.get(column["name"], "")) for column in feed["columns"]]
    if False in answers:
        return False
    return None if None in answers else True


def _cell_verdict(column: Mapping[str, Any], text: str) -> bool | None:
    if not text:
        return not column.get("required", False)
    if not text.isprintable():
        return None
    if column["type"] == "money":
        is_money = MONEY.fullmatch(text) is not None
        return True if is_money else False if NO_MONEY.fullmatch(text) else None
    if column["type"] == "date":
        try:
            return bool(dt.date.fromisoformat(text))
        except ValueError:
            return False if re.fullmatch(r"\d{4}-\d\d-\d\d|[^\d]*", text) else None
    if column["type"] == "code":
        known = {*column["values"], *(t for texts in column["values"].values() for t in texts)}
        return True if text in known else False if text == "?" else None
    return True if column["type"] == "text" and "pattern" not in column else None


def fen(feed: Mapping[str, Any], row: Mapping[str, str] | None) -> int:
    """The plainly written amounts of a row, in fen."""
    total = Decimal(0)
    for column in feed["columns"]:
        text = (row or {}).get(column["name"], "")
        if column["type"] == "money" and MONEY.fullmatch(text):
            total += Decimal(text) * {"yuan": 1, "wan": 10**4, "yi": 10**8}[column["unit"]] * 100
    return int(total)


def check(home: Path, *, landed: Mapping[str, bytes] | None = None) -> Verdict:
    """Every promise of conservation, over a home at rest.

    Args:
        home: The home.
        landed: Files that must have been taken in, by name.
    """
    told = Verdict()
    with sqlite3.connect(f"file:{home}/ledger.sqlite?mode=ro", uri=True) as ledger:
        ledger.row_factory = sqlite3.Row
        rows = ledger.execute("SELECT * FROM delivery ORDER BY delivery_id").fetchall()
        decided = {row[0] for row in ledger.execute("SELECT delivery_id FROM decision")}
    ledger.close()
    known = {row["sha256"] for row in rows}
    for name, content in (landed or {}).items():
        if hashlib.sha256(content).hexdigest() not in known:
            told.problems.append(f"{name} was delivered, and the ledger does not know it")
    in_lake = {p.stem: p for p in (home / "lake").glob("*/business_date=*/*.parquet")}
    loaded = [row for row in rows if row["state"] == "loaded"]
    for batch in in_lake.keys() - {row["batch_id"] for row in loaded}:
        told.problems.append(f"batch {batch} lies in the lake, and the ledger does not count it")
    places = Counter((row["feed"], row["business_date"], row["slot"]) for row in loaded)
    told.problems += [f"{place} is loaded {n} times" for place, n in places.items() if n > 1]
    told.problems += [each for row in rows if (each := _unanswered(row, places, decided))]
    for row in rows:
        content = (home / "archive" / row["sha256"][:2] / row["sha256"]).read_bytes()
        if hashlib.sha256(content).hexdigest() != row["sha256"]:
            told.problems.append(f"{row['file_name']}: the archive holds other bytes")
        elif row["state"] == "loaded":
            refused = home / "quarantine" / row["feed"] / f"{row['batch_id']}.parquet"
            _check_batch(told, row, content, in_lake.get(row["batch_id"]), refused)
    return told


def _unanswered(row: sqlite3.Row, loaded: Container[Any], decided: Container[int]) -> str | None:
    """That nobody was told what became of a delivery; None where somebody was."""
    name, report = row["file_name"], json.loads(row["report"] or "{}")
    # No feed of these homes comes in parts, which wait for each other.
    if row["state"] == "received":
        return f"{name} was taken in and never read"
    if row["state"] == "held" and not report.get("doubts"):
        return f"{name} is held, and nobody knows why"
    is_told = (row["refusal_zh"] and row["refusal_en"]) or row["delivery_id"] in decided
    if row["state"] == "refused" and not is_told:
        return f"{name} is refused, and nobody knows why"
    if row["state"] == "superseded":
        slot = row["feed"], row["business_date"], row["slot"]
        return None if slot in loaded else f"{name} made room, and nothing took its place"
    return None


def _check_batch(
    told: Verdict, row: sqlite3.Row, content: bytes, lake: Path | None, refused: Path
) -> None:
    feed, name = feed_of(row["feed"]), row["file_name"]
    counted = count(content, feed, name)
    entered = _rows(lake) if lake else {}
    set_aside = _rows(refused) if refused.exists() else {}
    lost = counted.data.keys() - entered.keys() - set_aside.keys()
    told.problems += [f"{name}: row {place} is lost" for place in sorted(lost, key=str)[:5]]
    ghosts = (entered.keys() | set_aside.keys()) - counted.data.keys()
    told.problems += [f"{name}: row {place} was never delivered" for place in list(ghosts)[:5]]
    told.problems += [f"{name}: row {p} twice" for p in entered.keys() & set_aside.keys()]
    counts = tuple(pq.read_metadata(p).num_rows if p and p.exists() else 0 for p in (lake, refused))
    if (
        len({(row["rows_loaded"], row["rows_quarantined"]), counts, (len(entered), len(set_aside))})
        > 1
    ):
        told.problems.append(f"{name}: the ledger counts other rows than there are")
    if not name.endswith(".xlsx") and row["rows_in"] != counted.rows:
        told.problems.append(f"{name}: {counted.rows} rows, and the ledger says {row['rows_in']}")
    told.rows["in"] += counted.rows
    told.rows["rest"] += counted.rows - len(counted.data)
    told.rows["loaded"] += len(entered.keys() & counted.data.keys())
    told.rows["quarantined"] += len((set_aside.keys() & counted.data.keys()) - entered.keys())
    keys = Counter(_key(feed, cells) for cells in counted.data.values())
    for place, cells in counted.data.items():
        amount = fen(feed, cells)
        told.fen["in"] += amount
        judged = verdict(feed, cells)
        if place in entered:
            found = fen_in_lake(feed, cells, entered[place])
            told.fen["loaded"] += found
            if found != amount:
                told.problems.append(f"{name}: row {place} has {found} fen for {amount}")
            if judged is False:
                told.problems.append(f"{name}: row {place} is not sound and was loaded")
        elif place in set_aside:
            told.fen["quarantined"] += amount
            if judged is True and keys[_key(feed, cells)] == 1:
                told.problems.append(f"{name}: row {place} is sound and was refused")
    if told.fen["in"] != told.fen["loaded"] + told.fen["quarantined"]:
        told.problems.append(f"{name}: fen in, loaded and quarantined: {dict(told.fen)}")


def _rows(path: Path) -> dict[Place, dict[str, Any]]:
    rows = pq.ParquetFile(path).read().to_pylist()
    return {(row["source_sheet"], row["source_row"]): row for row in rows}


def _key(feed: Mapping[str, Any], cells: Mapping[str, str] | None) -> tuple[str | None, ...]:
    return tuple((cells or {}).get(name) for name in feed["key"])


def fen_in_lake(
    feed: Mapping[str, Any], cells: Mapping[str, str] | None, row: Mapping[str, Any]
) -> int:
    """Amounts of a row in the lake, of the columns that the oracle can read in the file."""
    return sum(
        int((row[column["name"]] or Decimal(0)) * 100)
        for column in feed["columns"]
        if column["type"] == "money" and MONEY.fullmatch((cells or {}).get(column["name"], ""))
    )


def fingerprint(home: Path) -> dict[str, str]:
    """What a home holds, without when and by which run it came to hold it.

    The lake by the hash of its rows, the quarantine by its rows, the ledger by what became of
    each delivery, the published tables by their checksum.
    """
    found: dict[str, str] = {}
    for room in ("lake", "quarantine"):
        for path in sorted((home / room).rglob("*.parquet")):
            rows = sorted(map(repr, pq.ParquetFile(path).read().to_pylist()))
            text = "\n".join(rows)
            found[str(path.relative_to(home))] = hashlib.sha256(text.encode()).hexdigest()
    with sqlite3.connect(f"file:{home}/ledger.sqlite?mode=ro", uri=True) as ledger:
        for row in ledger.execute(
            "SELECT landing_path, sha256, feed, business_date, state, rows_in, rows_loaded,"
            " rows_quarantined, rows_not_data, counted_rows FROM delivery"
            " WHERE state <> 'duplicate'"
        ):
            found[f"ledger {row[0]} {row[1][:8]} {row[2]}"] = repr(row[3:])
    ledger.close()
    current = home / "warehouse" / "current" / "generation.json"
    if current.exists():
        found["published"] = json.loads(current.read_text(encoding="utf-8"))["checksum"]
    return found
