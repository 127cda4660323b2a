"""What lists that come after their facts change in the past: days and months that nobody names.

An account may be posted to before its record is delivered, and a customer be registered last month
whom the bank tells of today. Their facts are of days that no delivery of tonight names; a night
that goes on from the last generation has to rebuild them all the same.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb

from dagster_project.night import Night
from ingestion.lake import Lake
from ingestion.pseudonym import FEED as PSEUDONYM_FEED
from ingestion.sql import read_only
from serving import generation as generations

CUSTOMER_FEED = "corebank__customer"
_HOLDING = ("account_fk", "customer_fk", "product_fk", "organisation_fk")
# Facts that know a member only once its record is there, by the column that tells their day, and
# the members they wait for.
WAITING = {
    "fct_transaction": ("booked_date", _HOLDING),
    "fct_account_month": ("month_date", _HOLDING),
    "fct_repayment": ("paid_date", ("account_fk", "customer_fk")),
}


def touched_days(night: Night) -> set[dt.date]:
    """Days, or first days of months, whose facts tonight's lists may change.

    Empty where no list came since the generation that the night goes on from.
    """
    if night.base is None:
        return set()
    lists = [row for row in night.loaded_since_base() if night.feeds[row.feed].kind != "event"]
    if not lists:
        return set()
    lake = Lake(night.home.lake)
    customers = [
        path
        for row in lists
        if row.feed == CUSTOMER_FEED
        and (path := lake.batch_path(row.feed, row.business_date, row.batch_id)).exists()
    ]
    published = generations.folder_of(night.home.warehouse, night.base.number) / "crm.duckdb"
    with read_only(published) as connection:
        days = _waiting(connection)
        if customers:
            pseudonyms = list(lake.batches(PSEUDONYM_FEED))
            days |= _registered(connection, customers, pseudonyms, night.base.business_date)
    return days


def _waiting(connection: duckdb.DuckDBPyConnection) -> set[dt.date]:
    """Days of facts whose account, customer, product or unit was not known yet."""
    days: set[dt.date] = set()
    for table, (day, members) in WAITING.items():
        is_unknown = " or ".join(f"{name} = -1" for name in members)
        rows = connection.execute(
            f"select distinct {day} from dimensional.{table} where {is_unknown}"  # noqa: S608
        ).fetchall()
        days |= {found for (found,) in rows}
    return days


def _registered(
    connection: duckdb.DuckDBPyConnection,
    customers: list[Path],
    pseudonyms: list[Path],
    base_date: dt.date,
) -> set[dt.date]:
    """Where the list of customers has to begin anew: the first registration of a new one.

    A customer stands in the monthly tables from the month of his registration on, from the first
    month of the bank where no date is told.
    """
    row = connection.execute(
        """
        select
            min(coalesce(customer.opened_date, date '1900-01-01')),
            (select min(month_date) from dimensional.fct_customer_month)
        from read_parquet($customers) as customer
        inner join read_parquet($pseudonyms) as pseudonym
            on pseudonym.entity_code = 'customer' and customer.customer_id = pseudonym.source_id
        where pseudonym.pseudonym_key not in (select customer_key from dimensional.dim_customer)
        """,
        {"customers": [str(p) for p in customers], "pseudonyms": [str(p) for p in pseudonyms]},
    ).fetchone()
    first, history = row if row else (None, None)
    if first is None or history is None:
        return set()
    from_day = max(first, history)
    return {from_day} if from_day <= base_date else set()
