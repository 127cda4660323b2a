"""What the bank believed on an earlier day: a home of its own inside the home, built anew.

`CRM_HOME/as-known/<date>/` gets a ledger that knows what the night of that date knew, the lake's
batches of then as links where they still lie (the others are read again from the archive, which is
shared), and the same keys. A night in it is an ordinary night that receives nothing; what readers
of the home get is never touched.
"""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

from dagster_project.errors import WrongUsageError
from dagster_project.home import Home
from dagster_project.night import Request
from ingestion.lake import Lake
from ingestion.ledger import Generation, Ledger
from ingestion.pseudonym import FEED as PSEUDONYM_FEED
from serving.files import link_file

# Models are named by the date that their training knew, and a number.
_DATE_LENGTH = len("2026-01-31")


def generation_known_on(ledger: Ledger, date: dt.date) -> Generation:
    """The generation that readers had after the night of a date.

    The last one published before any of a later date: a night that was built again much later
    knew more than the bank did on the day.

    Raises:
        WrongUsageError: Nothing was published by then.
    """
    found = None
    for each in ledger.generations():
        if each.business_date > date:
            break
        found = each
    if found is None:
        raise WrongUsageError(
            f"{date} 及之前没有已发布的夜间任务，无可重建。",
            f"no night of {date} or before is published, so there is nothing to rebuild",
        )
    return found


def prepare(home: Home, date: dt.date) -> tuple[Home, dt.date]:
    """Lay out the nested home as the night of `date` left the home; the caller holds the lease.

    Returns:
        The nested home, and the business date of the night to run in it.

    Raises:
        WrongUsageError: Nothing was published by then.
    """
    ledger = Ledger(home.ledger)
    generation = generation_known_on(ledger, date)
    nested = home.as_known(date)
    if nested.root.exists():
        shutil.rmtree(nested.root)
    nested.root.mkdir(parents=True, mode=0o750)
    nested.archive.symlink_to(home.archive)
    nested.create()
    for key, own in (
        (home.pseudonym_key, nested.pseudonym_key),
        (home.model_key, nested.model_key),
    ):
        if key.exists():
            shutil.copy2(key, own)
    copied = ledger.copy_as_of(nested.ledger, generation)
    _link_lake(home, nested, copied, generation.business_date)
    _copy_models(home, nested, generation.business_date)
    return nested, generation.business_date


def request(nested: Home, business_date: dt.date, folder: Path | None, workers: int) -> Request:
    """The night that rebuilds: an ordinary one that takes nothing in, from a folder of its own."""
    # Never the one that CRM_LANDING names: what lies there is not of that day.
    landing = nested.root / "landing"
    landing.mkdir(exist_ok=True)
    return Request(
        business_date=business_date,
        landing=landing,
        feeds_folder=folder,
        # What was missing then was decided about then.
        accepts_missing=True,
        is_full_refresh=True,
        is_forced=True,
        receives=False,
        workers=workers,
    )


def built(home: Home, date: dt.date) -> Home:
    """The nested home of a date that was rebuilt.

    Raises:
        WrongUsageError: It was not.
    """
    nested = home.as_known(date)
    if not nested.current.exists():
        raise WrongUsageError(
            f"尚未按 {date} 当日所知重建；请执行：crm run --as-known-on {date}",
            f"{date} is not rebuilt as known on that day; run: crm run --as-known-on {date}",
        )
    return nested


def _link_lake(home: Home, nested: Home, ledger: Ledger, until: dt.date) -> None:
    """Batches that counted then and still lie in the lake; scores and pseudonyms of by then.

    With what was refused of them: a correction that has to be read again answers to that.
    """
    lake, own = Lake(home.lake), Lake(nested.lake)
    counted = ledger.deliveries(state="loaded")
    wanted = [lake.batch_path(row.feed, row.business_date, row.batch_id) for row in counted]
    for row in counted:
        for path in (home.quarantine / row.feed).glob(f"{row.batch_id}*.parquet"):
            link_file(path, nested.quarantine / path.relative_to(home.quarantine))
    delivered = {row.feed for row in ledger.deliveries()}
    for folder in sorted(home.lake.iterdir()):
        if folder.is_dir() and folder.name not in delivered:
            wanted += [
                path
                for path, (date, batch_id) in lake.batches(folder.name).items()
                if date <= until and (folder.name == PSEUDONYM_FEED or batch_id.startswith("run-"))
            ]
    for path in wanted:
        if path.exists():
            link_file(path, own.path / path.relative_to(lake.path))


def _copy_models(home: Home, nested: Home, until: dt.date) -> None:
    """Model versions whose training knew nothing later, and the roles of today."""
    for name in sorted(home.models.iterdir()) if home.models.exists() else ():
        for entry in sorted(name.iterdir()) if name.is_dir() else ():
            target = nested.models / name.name / entry.name
            target.parent.mkdir(exist_ok=True, mode=0o750)
            if entry.is_file():
                shutil.copy2(entry, target)
            elif entry.name[:_DATE_LENGTH] <= until.isoformat():
                shutil.copytree(entry, target)
