"""Visits that a call-back denies: the months in which their work is taken back.

A call-back names the day of the call. What the visit cost stands in the month of the visit, which
may be over and published; a night that goes on from the last generation has to rebuild it.
"""

from __future__ import annotations

import datetime as dt

import duckdb

from dagster_project.night import Night
from ingestion.lake import Lake

FEED = "fieldwork__callback"


def touched_months(night: Night) -> set[dt.date]:
    """First days of the months of visits denied since the generation that the night goes on from.

    A denial mended into a confirmation is none: what the visit cost comes back when its month is
    rebuilt for another reason.
    """
    if night.base is None or FEED not in night.feeds:
        return set()
    lake = Lake(night.home.lake)
    files = [
        str(path)
        for row in night.loaded_since_base()
        if row.feed == FEED
        and (path := lake.batch_path(row.feed, row.business_date, row.batch_id)).exists()
    ]
    if not files:
        return set()
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select distinct date_trunc('month', visited_date)::date from read_parquet($files)"
            " where result_code = 'denied' and visited_date <= $until",
            {"files": files, "until": night.base.business_date},
        ).fetchall()
    return {day for (day,) in rows}
