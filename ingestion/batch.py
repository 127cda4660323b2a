"""What became of one delivered file, to the row and to the fen."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal

from ingestion.sentence import Sentence

State = Literal["received", "loaded", "refused", "duplicate", "superseded", "held"]

# A file of which more than this share is refused is refused as a whole: it is the wrong file, or
# the wrong column, rather than a few slips. Small sheets are excused, where one slip is a lot.
MAX_REFUSED_SHARE = 0.2
FEWEST_ROWS_FOR_SHARE = 20
# Of a file refused as a whole only so many rows are explained one by one.
EXPLAINED_ROWS = 10_000
# Code of the doubt about a part of a set of which another part is not loaded.
INCOMPLETE = "incomplete"


def batch_id_of(sha256: str, feed: str, business_date: dt.date, part: str | None = None) -> str:
    """The name of a batch: the same file for the same feed, date and part is always the same one.

    >>> batch_id_of("00ff", "corebank__account", dt.date(2025, 1, 31))
    'b20250131-23e92a045e1867bb'
    >>> batch_id_of("00ff", "corebank__account", dt.date(2025, 1, 31), "2")
    'b20250131-65c2b792e2a922c8'
    """
    text = f"{sha256}|{feed}|{business_date.isoformat()}" + (f"|{part}" if part else "")
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"b{business_date:%Y%m%d}-{digest[:16]}"


@dataclass(frozen=True)
class RefusedCell:
    """One cell that cannot be loaded, or one reason why its whole row cannot.

    Attributes:
        column: Column of the feed; empty where the reason is the row's.
        heading: Its heading as delivered.
        raw: The text as delivered.
        code: Short name of the reason, to count by.
        reason: Why.
        place: Number of its column in the file, from 1.
    """

    column: str
    heading: str
    raw: str | None
    code: str
    reason: Sentence
    place: int | None = None


@dataclass(frozen=True, slots=True)
class AdjustedCell:
    """One cell that was loaded as something else than what was delivered, and why that is right.

    Nothing is mended silently: each such cell has a record beside the quarantine.

    Attributes:
        sheet: Sheet it stands on; None in an extract.
        row: Row or line number in the delivered file.
        column: Column of the feed.
        heading: Its heading as delivered.
        raw: The text as delivered.
        value: The text it was read as.
        code: Short name of the reason, to count by.
        reason: Why.
    """

    sheet: str | None
    row: int
    column: str
    heading: str
    raw: str | None
    value: str | None
    code: str
    reason: Sentence


@dataclass(frozen=True)
class Doubt:
    """Why a delivery that can be read is held until somebody decides about it.

    Attributes:
        code: Short name: `count`, `total`, `volume`, ...
        reason: What does not fit, with both figures.
    """

    code: str
    reason: Sentence


@dataclass(frozen=True)
class RefusedRow:
    """One row that goes to quarantine.

    Attributes:
        sheet: Sheet it stands on; None in an extract.
        row: Row or line number in the delivered file.
        cells: The row's texts as delivered, by heading.
        reasons: Everything that is wrong with it.
        money: Its amounts in yuan, as far as they can be read.
    """

    sheet: str | None
    row: int
    cells: dict[str, str | None]
    reasons: tuple[RefusedCell, ...]
    money: dict[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class ColumnProfile:
    """Counts of one column over the rows loaded. Never a value of a person.

    Attributes:
        column: The column.
        nulls: Rows without a value.
        refused: Cells refused.
        minimum: Least value of a number; of a date, days since 1970-01-01.
        maximum: Greatest value, in the same way.
        distinct: Distinct values of a code, truth or date column; else None.
    """

    column: str
    nulls: int
    refused: int
    minimum: float | None = None
    maximum: float | None = None
    distinct: int | None = None


@dataclass
class BatchReport:
    """One delivered file as a batch of one feed.

    `rows_in` = `rows_loaded` + `rows_quarantined` + `rows_not_data`, counted in physical rows of
    the file, its heading included; `counted_rows` is the same by the second counter. A file that
    could not be read has None in all of them. `corrects` is the batch that a returned sheet came
    back for, `corrects_rows` whether it was read for single rows of it.
    """

    feed: str
    batch_id: str
    business_date: dt.date
    source_file: str
    part: str | None = None
    state: State = "received"
    rows_in: int | None = None
    rows_loaded: int | None = None
    rows_quarantined: int | None = None
    rows_not_data: int | None = None
    counted_rows: int | None = None
    money_total_loaded: dict[str, Decimal | None] = field(default_factory=dict)
    money_total_quarantined: dict[str, Decimal | None] = field(default_factory=dict)
    event_dates: list[dt.date] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    refusal: Sentence | None = None
    notes: list[Sentence] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    adjusted: dict[str, int] = field(default_factory=dict)
    columns: list[ColumnProfile] = field(default_factory=list)
    key_count: int | None = None
    lake_sha256: str | None = None
    returned: Path | None = None
    corrects: str | None = None
    corrects_rows: bool = False
    seconds: float = 0.0

    def to_json(self) -> str:
        """The report as it is kept in the ledger."""
        return json.dumps(asdict(self), ensure_ascii=False, default=str)

    @classmethod
    def from_json(cls, text: str) -> BatchReport:
        """A report that the ledger kept."""
        data = json.loads(text)
        data["business_date"] = dt.date.fromisoformat(data["business_date"])
        data["event_dates"] = [dt.date.fromisoformat(date) for date in data["event_dates"]]
        for name in ("money_total_loaded", "money_total_quarantined"):
            data[name] = {
                column: None if amount is None else Decimal(amount)
                for column, amount in data[name].items()
            }
        data["refusal"] = Sentence(*data["refusal"]) if data["refusal"] else None
        data["notes"] = [Sentence(*note) for note in data["notes"]]
        data["doubts"] = [Doubt(each["code"], Sentence(*each["reason"])) for each in data["doubts"]]
        data["columns"] = [ColumnProfile(**column) for column in data["columns"]]
        data["returned"] = Path(data["returned"]) if data["returned"] else None
        return cls(**data)

    @property
    def data_rows(self) -> int:
        """Rows that are data, loaded or not."""
        return (self.rows_loaded or 0) + (self.rows_quarantined or 0)

    @property
    def refused_share(self) -> float:
        """Share of the data rows that were refused; 0 where there are none."""
        return (self.rows_quarantined or 0) / self.data_rows if self.data_rows else 0.0


def is_too_much_refused(refused: int, rows: int) -> bool:
    """Whether a file is refused as a whole for the share of its rows that are.

    >>> is_too_much_refused(5, 10), is_too_much_refused(5, 20), is_too_much_refused(4, 20)
    (False, True, False)
    """
    return rows >= FEWEST_ROWS_FOR_SHARE and refused > rows * MAX_REFUSED_SHARE
