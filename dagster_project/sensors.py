"""The landing sensor: a night starts when a whole delivery has come, without waiting for two."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any, NamedTuple

import dagster as dg

from dagster_project import night as nights
from dagster_project import plan as plans
from dagster_project.environment import Environment
from dagster_project.errors import NightError
from dagster_project.home import Home
from dagster_project.resources import NIGHTLY
from dagster_project.schedules import run_config
from ingestion.contracts.feed import Feed
from ingestion.contracts.load import load_feeds
from ingestion.landing.offers import control_files, date_of, offers, status_of
from ingestion.ledger import Ledger
from serving import generation as generations

SECONDS_BETWEEN_LOOKS = 60
# A file that is still being copied keeps changing; one that has not changed for so long is whole.
SECONDS_UNTIL_STABLE = 30


def landing_sensor(environment: Environment) -> dg.SensorDefinition:
    """Look into the landing folder; start the next due night when its delivery is complete."""
    is_on = environment.is_scheduled
    status = dg.DefaultSensorStatus.RUNNING if is_on else dg.DefaultSensorStatus.STOPPED

    @dg.sensor(
        name="landing_sensor",
        job_name=NIGHTLY,
        minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
        default_status=status,
        description="Starts the next night when every required feed of its date has landed.",
    )
    def look() -> Any:
        now = dt.datetime.now(dt.UTC).timestamp()
        return next_request(Home.resolve(), now)

    return look


def next_request(home: Home, now: float) -> dg.RunRequest | dg.SkipReason:
    """The night to start now, or why not.

    Args:
        home: The home to look into.
        now: The time, to tell a file at rest from one being copied; no business date comes of it.
    """
    folder = nights.feeds_folder_of(home, None)
    feeds, reference = load_feeds(folder), nights.reference_of(folder)
    try:
        dates = plans.plan(home, feeds, home.landing, reference=reference)
    except NightError as error:
        return dg.SkipReason(str(error))
    if not dates:
        return dg.SkipReason("every business date on offer is published")
    date = dates[0]
    landed = _landed(home, feeds, date)
    published = generations.current(home.warehouse)
    is_again = published is not None and date <= published.business_date
    absent = [] if is_again else _absent(feeds, landed, date)
    if absent:
        return dg.SkipReason(f"{date} waits for {', '.join(absent)}")
    states = [state for states in landed.values() for state in states]
    if any(now - state.changed < SECONDS_UNTIL_STABLE for state in states):
        return dg.SkipReason(f"{date} is still being delivered")
    # A night that failed is tried again when any file that it reads came or was replaced, one of
    # its date, a month's file or a control file that it waited for, and when somebody decided
    # about a delivery; a published one when something else waits.
    news = plans.waiting(home, feeds, home.landing, reference) if is_again else []
    known = (sorted(states), news, _decisions(home))
    fingerprint = hashlib.sha256(repr(known).encode()).hexdigest()[:12]
    return dg.RunRequest(
        run_key=f"landed {date} {fingerprint}",
        run_config=run_config(date),
        tags={"crm/business_date": date.isoformat()},
    )


def _absent(feeds: dict[str, Feed], landed: dict[str, list[FileState]], date: dt.date) -> list[str]:
    """Required daily feeds of which no file of the date has landed."""
    return sorted(
        name
        for name, feed in feeds.items()
        if feed.is_delivered
        and feed.delivery.required
        and feed.delivery.frequency == "daily"
        and not any(state.date == date for state in landed.get(name, []))
    )


def _decisions(home: Home) -> int:
    """How many decisions about deliveries there are."""
    return len(Ledger(home.ledger).decisions()) if home.ledger.exists() else 0


class FileState(NamedTuple):
    """One file as it lies in the landing folder."""

    date: dt.date
    name: str
    size: int
    changed: float


def _landed(home: Home, feeds: dict[str, Feed], date: dt.date) -> dict[str, list[FileState]]:
    """Files that the night of `date` would read, by feed: of its date and of dates before it.

    Control files, and sheets that came home under a name of their own, stand under no feed.
    """
    files = [
        (offered.feed.feed if offered else "", date_of(path, offered), path)
        for offered, path in offers(home.landing, feeds)
    ]
    files += [("", day, path) for day, path in control_files(home.landing, feeds)]
    landed: dict[str, list[FileState]] = {}
    for name, day, path in files:
        state = status_of(path)
        if day is not None and day <= date and state is not None:
            entry = FileState(day, path.name, state.st_size, state.st_mtime)
            landed.setdefault(name, []).append(entry)
    return landed
