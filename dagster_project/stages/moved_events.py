"""Postings whose booked date was corrected: the days that lose a row, or get one back.

A file names the days it books on, not those that a posting of it stood on before. The night that
goes on from the last generation has to rebuild both.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from pathlib import Path

import duckdb

from dagster_project.night import Night
from ingestion.lake import Lake
from ingestion.sql import read_only
from serving import generation as generations

POSTING_FEED = "corebank__transaction"
# A delivery holds no event of a day further ahead than this: macro in_files_of_touched_days.
AHEAD = dt.timedelta(days=31)


def touched_days(night: Night, dates: Collection[dt.date]) -> set[dt.date]:
    """Other days of the postings that came, went or were corrected on some dates.

    Args:
        night: The night; without a generation to go on from there is nothing to find.
        dates: Days whose postings tonight's deliveries changed.
    """
    if night.base is None or not dates:
        return set()
    until = night.request.business_date
    files = [
        (path, date)
        for path, (date, _) in Lake(night.home.lake).batches(POSTING_FEED).items()
        if date <= until
    ]
    near = [path for path, date in files if date >= min(dates) - AHEAD]
    published = generations.folder_of(night.home.warehouse, night.base.number) / "crm.duckdb"
    with read_only(published) as connection:
        connection.execute(
            "create temp table wanted as select unnest($dates::date[]) as booked_date",
            {"dates": [date.isoformat() for date in dates]},
        )
        _read_delivered(connection, near)
        return _left(connection) | _returned_to(connection, [path for path, _ in files])


def _read_delivered(connection: duckdb.DuckDBPyConnection, files: list[Path]) -> None:
    """The postings that the lake holds of the wanted days."""
    connection.execute("create temp table delivered (transaction_id varchar)")
    if files:
        connection.execute(
            "insert into delivered select transaction_id from read_parquet($files)"
            " where booked_date in (select booked_date from wanted)",
            {"files": [str(path) for path in files]},
        )


def _left(connection: duckdb.DuckDBPyConnection) -> set[dt.date]:
    """Days on which postings stand that came for one of the wanted days by now."""
    rows = connection.execute(
        "select distinct booked_date from dimensional.fct_transaction"
        " where transaction_id in (select transaction_id from delivered)"
        " and booked_date not in (select booked_date from wanted)"
    ).fetchall()
    return {day for (day,) in rows}


def _returned_to(connection: duckdb.DuckDBPyConnection, files: list[Path]) -> set[dt.date]:
    """Days of older rows of postings that stood on a wanted day and are there no more."""
    connection.execute(
        "create temp table gone as select transaction_id from dimensional.fct_transaction"
        " where booked_date in (select booked_date from wanted)"
        " and transaction_id not in (select transaction_id from delivered)"
    )
    (gone,) = connection.execute("select count(*) from gone").fetchone() or (0,)
    if not gone or not files:
        return set()
    rows = connection.execute(
        "select distinct booked_date from read_parquet($files)"
        " where transaction_id in (select transaction_id from gone)",
        {"files": [str(path) for path in files]},
    ).fetchall()
    return {day for (day,) in rows}
