"""When nights start by themselves.

Schedule and sensor stand on RUNNING only in the environment `bank`; elsewhere a night must not
begin because somebody opened the UI. Both can be switched by hand there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import dagster as dg

from dagster_project import night as nights
from dagster_project import plan as plans
from dagster_project.environment import Environment
from dagster_project.errors import NightError
from dagster_project.home import Home
from dagster_project.resources import NIGHTLY
from ingestion.contracts.load import load_feeds

TIME_ZONE = "Asia/Shanghai"
EVERY_NIGHT_AT_TWO = "0 2 * * *"
FIRST_OF_MONTH_AT_FIVE = "0 5 1 * *"


def run_config(business_date: dt.date) -> dict[str, Any]:
    """Run config of one night; everything else has its default."""
    return {"resources": {"night": {"config": {"business_date": business_date.isoformat()}}}}


def due(home: Home) -> list[dt.date]:
    """The business dates to run now, as `crm run` would find them.

    Raises:
        NightError: There is nothing to begin with.
    """
    folder = nights.feeds_folder_of(home, None)
    reference = nights.reference_of(folder)
    return plans.plan(home, load_feeds(folder), home.landing, reference=reference)


def requests(home: Home) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """One run per due business date, in order, or the reason why there is none."""
    try:
        dates = due(home)
    except NightError as error:
        yield dg.SkipReason(str(error))
        return
    if not dates:
        yield dg.SkipReason("every business date on offer is published")
    for date in dates:
        yield dg.RunRequest(
            run_key=f"night {date}",
            run_config=run_config(date),
            tags={"crm/business_date": date.isoformat()},
        )


def default_status(environment: Environment) -> dg.DefaultScheduleStatus:
    """RUNNING in a bank, STOPPED elsewhere."""
    is_on = environment.is_scheduled
    return dg.DefaultScheduleStatus.RUNNING if is_on else dg.DefaultScheduleStatus.STOPPED


def nightly_schedule(job: Any, environment: Environment) -> dg.ScheduleDefinition:
    """Every night at two in Shanghai: all business dates on offer, missed ones first."""

    @dg.schedule(
        name="nightly_schedule",
        job_name=NIGHTLY,
        cron_schedule=EVERY_NIGHT_AT_TWO,
        execution_timezone=TIME_ZONE,
        default_status=default_status(environment),
        description="02:00 Asia/Shanghai: runs every business date on offer, missed ones first.",
    )
    def nightly_schedule() -> Any:
        yield from requests(Home.resolve())

    del job  # the name stands for it; asset jobs are resolved with the definitions
    return nightly_schedule


def retraining_schedule(job: Any, environment: Environment) -> dg.ScheduleDefinition:
    """The first of each month at five, after the night."""
    return dg.ScheduleDefinition(
        name="retraining_schedule",
        job=job,
        cron_schedule=FIRST_OF_MONTH_AT_FIVE,
        execution_timezone=TIME_ZONE,
        default_status=default_status(environment),
        description="First of the month, 05:00 Asia/Shanghai: train the models anew.",
    )
