"""What lies in the landing folder: which files a feed claims, and which are still being written."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ingestion.contracts import Feed, FilePattern, Match
from ingestion.returning.slip import slip_of
from ingestion.sentence import ToldError

# Business dates are those of the bank; Shanghai knows no summer time.
_TIME_ZONE: Final = dt.timezone(dt.timedelta(hours=8))
# A file that was written to this recently is looked at again after a moment.
_SETTLED_SECONDS: Final = 2.0
_WAIT_SECONDS: Final = 0.5
# What transfer programs and office programs call files that are not deliveries (yet).
_UNFINISHED: Final = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")
_UNFINISHED_STARTS: Final = (".", "~$")


class LandingError(ToldError):
    """The landing folder itself cannot be used."""


@dataclass(frozen=True)
class Offered:
    """A file in the landing folder that a feed claims."""

    path: Path
    feed: Feed
    pattern: FilePattern
    match: Match


def business_dates(landing: Path, feeds: Mapping[str, Feed]) -> list[dt.date]:
    """The dates on offer in the landing folder that make a night, earliest first.

    Those that a daily delivery names, where the bank has such feeds: targets of December, delivered
    in March, make no night of the last of December, nor does a list with a mistyped year. A day to
    come is one only where a required daily delivery names it.
    """
    named = [
        (date, offered.feed)
        for offered, path in offers(landing, feeds)
        if offered and (date := date_of(path, offered))
    ]
    if not any(_is_daily(feed) for feed in feeds.values()):
        return sorted({date for date, _ in named})
    today = dt.datetime.now(_TIME_ZONE).date()
    return sorted(
        {
            date
            for date, feed in named
            if _is_daily(feed) and (feed.delivery.required or date <= today)
        }
    )


def files_after(
    landing: Path, feeds: Mapping[str, Feed], business_date: dt.date
) -> list[tuple[dt.date, Path]]:
    """Files of a feed that speak of a later business date, with it, earliest first."""
    found = {
        (date, path)
        for offered, path in offers(landing, feeds)
        if offered and (date := date_of(path, offered)) and date > business_date
    }
    return sorted(found)


def _is_daily(feed: Feed) -> bool:
    return feed.is_delivered and feed.delivery.frequency == "daily"


def date_of(path: Path, offered: Offered | None) -> dt.date | None:
    """The business date that a file speaks of; None of one that nobody knows.

    Of a sheet that went back it is its slip's, whatever it is called: a clerk who calls the
    corrected sheet by today's date must not begin a night of that date.
    """
    slip = slip_of(path) if path.suffix.casefold() == ".xlsx" else None
    if slip is not None:
        return slip.business_date
    return offered.match.date if offered is not None else None


def offers(
    landing: Path, feeds: Mapping[str, Feed], reference: Path | None = None
) -> Iterator[tuple[Offered | None, Path]]:
    """Every regular file in landing, once per feed that claims it, or with None if none does.

    Control files are looked at with the file they speak of.
    """
    if not landing.is_dir():
        raise LandingError(
            f"报送目录 {landing} 不存在，请创建目录或用 --landing 指定。",
            f"The landing folder {landing} does not exist; create it or name another with"
            " --landing.",
        )
    beside = _files(reference) if reference is not None and reference.is_dir() else ()
    for path in itertools.chain(_files(landing), beside):
        claims = [
            Offered(path, feed, *found)
            for feed in feeds.values()
            if (found := feed.match(path.name)) is not None
        ]
        if claims:
            yield from ((claim, path) for claim in claims)
        elif not any(feed.is_control_file(path.name) for feed in feeds.values()):
            yield None, path


def control_files(landing: Path, feeds: Mapping[str, Feed]) -> Iterator[tuple[dt.date, Path]]:
    """Every control file in landing, with the business date of what it speaks of."""
    for path in _files(landing):
        dates = [day for feed in feeds.values() if (day := feed.control_date(path.name))]
        if dates:
            yield min(dates), path


def links(folder: Path) -> list[Path]:
    """Links below a folder: they are never followed, and their owner should hear of it."""
    return [Path(entry.path) for entry in _entries(folder) if entry.is_symlink()]


def _files(folder: Path) -> Iterator[Path]:
    """Regular files below a folder, in order. Links, pipes and devices are never opened."""
    return (Path(entry.path) for entry in _entries(folder) if entry.is_file(follow_symlinks=False))


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Everything below a folder but the folders themselves and what is unfinished, in order."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return  # taken away since its own folder was listed
    for entry in entries:
        name = entry.name
        if name.startswith(_UNFINISHED_STARTS) or name.casefold().endswith(_UNFINISHED):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _entries(Path(entry.path))
        else:
            yield entry


def still_written(paths: Collection[Path]) -> list[Path]:
    """Files that grow while they are watched; only those written a moment ago are watched."""
    now = time.time()
    fresh = {
        path: stamp_of(status)
        for path in paths
        if (status := status_of(path)) and now - status.st_mtime < _SETTLED_SECONDS
    }
    if not fresh:
        return []
    time.sleep(_WAIT_SECONDS)
    after = {path: status_of(path) for path in fresh}
    return sorted(
        path for path, stamp in fresh.items() if (last := after[path]) and stamp_of(last) != stamp
    )


def status_of(path: Path) -> os.stat_result | None:
    """What the file system says of a file; None where it has been taken away meanwhile."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def stamp_of(status: os.stat_result) -> tuple[int, int]:
    """Size and time of change: what tells a file that was written to from one that was not."""
    return status.st_size, status.st_mtime_ns
