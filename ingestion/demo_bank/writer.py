"""Write a demo bank: its history, its days ahead, and the truth about it."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ingestion.contracts.load import load_feeds
from ingestion.demo_bank.deliveries import Deliveries
from ingestion.demo_bank.extracts import FeedBook
from ingestion.demo_bank.shape import Shape, to_day
from ingestion.demo_bank.story import found_bank, live_month
from ingestion.demo_bank.truth import Notes, write_truth

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class DemoReport:
    """What was written.

    Attributes:
        customers: Customer numbers, those of other systems included.
        accounts: Accounts ever open.
        transactions: Postings, of the history and the days ahead.
        rows: Delivered rows by feed.
        first_date: First business day of the history.
        last_date: Last day of the history.
        days_ahead: Days that wait in the queue.
        files: Files written, the truth's not counted.
        bytes: Their size.
    """

    customers: int
    accounts: int
    transactions: int
    rows: dict[str, int]
    first_date: dt.date
    last_date: dt.date
    days_ahead: int
    files: int
    bytes: int


def write_demo_bank(
    out: Path,
    upcoming: Path,
    truth: Path,
    customers: int = 20_000,
    months: int = 12,
    seed: int = 20_160_315,
    end_date: dt.date = dt.date(2025, 12, 31),
    days_ahead: int = 31,
    progress: Progress | None = None,
) -> DemoReport:
    """Write the deliveries of a county bank; equal arguments write equal bytes.

    Args:
        out: Landing folder: the history, one subfolder per month.
        upcoming: Queue of the days after `end_date`, one subfolder per day.
        truth: Folder of the known truth; never inside `out` or `upcoming`.
        customers: Customers of the core system.
        months: Length of the history.
        seed: Number that the whole bank follows from.
        end_date: Last day of the history, a month's last day.
        days_ahead: Days that wait in the queue.
        progress: Told (what, months done, months in all) as the work goes on.

    Raises:
        ValueError: If no bank can be made in this shape.
    """
    shape = Shape(customers, months, seed, end_date, days_ahead)
    if any(folder == truth or folder in truth.parents for folder in (out, upcoming)):
        raise ValueError("the truth must not lie in a folder that is delivered")
    tell = progress or _silent
    tell("开户建账 founding the bank", 0, len(shape.periods))
    bank = found_bank(shape)
    deliveries = Deliveries(bank, FeedBook(load_feeds()))
    notes = Notes()
    for period in shape.periods:
        month = live_month(bank, period)
        if period.is_history:
            deliveries.month(month, out / period.last.strftime("%Y%m"))
        else:
            deliveries.days(month, to_day(shape.last_date), upcoming)
        notes.take(bank, month)
        tell(f"{period.last:%Y-%m}", period.index + 1, len(shape.periods))
    rows = deliveries.rows()
    write_truth(truth, bank, deliveries.stains, notes, rows, deliveries.totals)
    return DemoReport(
        customers=bank.people.count,
        accounts=bank.accounts.count + len(bank.foreign.product),
        transactions=sum(month["transaction_count"] for month in notes.months),
        rows=rows,
        first_date=shape.first_date,
        last_date=shape.end_date,
        days_ahead=days_ahead,
        files=deliveries.extracts.files + deliveries.sheets.files,
        bytes=deliveries.extracts.size + deliveries.sheets.size,
    )


def _silent(_what: str, _done: int, _total: int) -> None:
    """Tell nobody."""


def land_next(upcoming: Path, landing: Path) -> dt.date | None:
    """Move the next waiting day into the landing folder; its date, or None when none waits.

    The whole folder appears at once: a night never sees half a day. Where the two folders lie on
    different disks, the files are copied under a hidden name first.

    Raises:
        FileExistsError: If that day has already landed.
    """
    if not upcoming.is_dir():
        return None
    waiting = sorted(path for path in upcoming.iterdir() if path.is_dir() and _day(path.name))
    if not waiting:
        return None
    source = waiting[0]
    target = landing / source.name
    if target.exists():
        raise FileExistsError(f"{target} is already there")
    landing.mkdir(parents=True, exist_ok=True)
    try:
        source.rename(target)
    except OSError:
        copy = landing.parent / f".{source.name}.{os.getpid()}.partial"
        shutil.copytree(source, copy)
        copy.rename(target)
        shutil.rmtree(source)
    return _day(source.name)


def _day(name: str) -> dt.date | None:
    """The date that a folder is named by."""
    try:
        return dt.date.fromisoformat(name)
    except ValueError:
        return None
