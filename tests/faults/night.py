"""A night of the product without dbt and Dagster: everything that can lose a row, in a second.

Lease, recovery, receiving, reading, ledger, build files, publication are the product's own; only
what dbt builds is stood in for by one table per feed, straight from the lake.

    python -m tests.faults.night HOME YYYY-MM-DD
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import duckdb

from dagster_project import environment
from dagster_project.errors import NightError
from dagster_project.home import Home
from dagster_project.night import Night, Request, open_night
from dagster_project.reporter import LogReporter
from dagster_project.stages import deliveries, publication
from ingestion.conservation import check_lake
from ingestion.lake import Lake
from serving import build as builds

# A night that takes longer than this hangs.
PATIENCE_SECONDS = 300
SECRET_FEEDS = ("corebank__customer",)


def run(home: Path, date: dt.date, workers: int = 1) -> None:
    """One night, published.

    Raises:
        NightError: What stopped it.
    """
    # Great Expectations takes seconds to import, and the gate is no part of this night.
    deliveries.gate.preload = lambda: None
    # Explains figures of marts, which only dbt builds.
    publication.explanation.explain = lambda _: {}
    request = Request(date, home / "landing", accepts_missing=True, is_forced=True, workers=workers)
    with open_night(Home(home), environment.named("test"), request, LogReporter()) as night:
        with night.stage("receive"):
            deliveries.receive(night)
        with night.stage("extract"):
            deliveries.extract(night)
        with night.stage("build"):
            build(night)
        with night.stage("audit"):
            loaded = night.ledger.deliveries(state="loaded")
            if lost := check_lake(loaded, night.home.lake):
                raise NightError(lost[0].sentence_zh, lost[0].sentence)
        with night.stage("publish"):
            publication.publish(night)


def build(night: Night) -> None:
    """One table per feed with all its rows, persons' in the vault."""
    night.build = builds.prepare(night.home.builds, night.run_id, None)
    lake = Lake(night.home.lake)
    for name in builds.DATABASES:
        with duckdb.connect(str(night.build.database(name))) as connection:
            for feed in night.feeds:
                files = [str(path) for path in lake.batches(feed)]
                is_secret = feed in SECRET_FEEDS
                if not files or name != ("vault" if is_secret else "crm"):
                    continue
                listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
                connection.execute(
                    f"create table {feed} as select * from read_parquet([{listed}],"
                    " hive_partitioning = true, union_by_name = true)"
                )
            if name != "scratch":
                connection.execute(
                    "create table business_day as select ? as day",
                    [str(night.request.business_date)],
                )


def main() -> int:
    """Exit code of the night, as `crm run` would give it."""
    home, date = Path(sys.argv[1]), dt.date.fromisoformat(sys.argv[2])
    try:
        run(home, date)
    except NightError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
