"""Stage wallets: what customers said they hold elsewhere out of the build, estimates into it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.errors import NoBuildError
from dagster_project.night import Night
from dagster_project.stages.findings import Told, rule_row
from dagster_project.stages.models import land
from ingestion.sentence import Sentence
from ingestion.sql import read_only

if TYPE_CHECKING:
    import polars as pl

    from ml.wallets import WalletRule

CUSTOMER_FEED = "ml__customer_wallet"
FIT_FEED = "ml__wallet_fit"

# A customer of a date, with the band of the deposits that he has with us.
_SIZED = """
    select
        known.*,
        cast(known.deposit_average_90d_amount_before_obs as double) as own_amount,
        band.band_code as size_class_code
    from feature.ftr_customer as known
    inner join rule.like_band as band
        on band.band_kind_code = 'deposit'
        and known.deposit_average_90d_amount_before_obs >= band.minimum_value
        and known.deposit_average_90d_amount_before_obs < band.maximum_value
        and band.valid_from_date <= known.observation_date
        and band.valid_to_date > known.observation_date
"""
_CUSTOMERS = f"""
    with sized as ({_SIZED} where known.observation_date = $day)

    select * from sized order by customer_key
"""  # noqa: S608
# The last word of each, as known on the day, and what was known of him at the last month end
# before he said it: his amount must find him as he was.
_SAID = f"""
    with said as (
        select
            customer_key, cast(value_amount as double) as said,
            valid_from_date as said_date
        from dimensional.fct_customer_attribute
        where attribute_code = 'external_deposit' and value_amount >= 0 and customer_key <> -1
            and valid_from_date <= $day and valid_to_date > $day
            and known_from_date <= $day and known_to_date > $day
    ),

    dated as (
        select said.customer_key, max(known.observation_date) as observation_date
        from said
        inner join feature.ftr_customer as known
            on said.customer_key = known.customer_key
            and said.said_date >= known.observation_date
            and known.observation_date = last_day(known.observation_date)
        group by said.customer_key
    ),

    sized as ({_SIZED})

    select said.*, sized.* exclude (customer_key)
    from said
    left join dated on said.customer_key = dated.customer_key
    left join sized
        on dated.customer_key = sized.customer_key
        and dated.observation_date = sized.observation_date
    order by said.customer_key
"""  # noqa: S608


def find(night: Night) -> Told:
    """Estimate what each customer holds elsewhere, and land it with how well it was found."""
    from ml.errors import InputRefused
    from ml.wallets import NONE, wallets

    if night.build is None:
        raise NoBuildError.to("估计他行存款", "tell wallets")
    day = night.request.business_date
    try:
        found = wallets(*read(night.build.database("crm"), day), day)
    except InputRefused as error:
        return Told(is_found=False, told=Sentence(*error.as_why("未估计他行存款", "no wallets")))
    land(night, CUSTOMER_FEED, found.customers)
    land(night, FIT_FEED, found.fits)
    report = {"fits": found.fits.drop("observation_date").to_dicts()}
    if found.method == NONE:
        return Told(is_found=False, told=Sentence(*found.note), report=report, is_due=False)
    count = found.customers.height
    told = Sentence(f"{count:,} 位客户的他行存款，", f"deposits elsewhere of {count:,} customers, ")
    told = told.then(*found.note)
    return Told(is_found=True, told=told, report=report)


def read(database: Path, day: dt.date) -> tuple[pl.DataFrame, pl.DataFrame, WalletRule]:
    """What was said, the customers of the day in whole months, and the rule, as at a business date.

    Raises:
        InputRefused: The rule has no row for the day.
    """
    from ml.score import as_whole_months
    from ml.wallets import WalletRule

    rule = rule_row(database, "wallet_rule", list(WalletRule.__dataclass_fields__), day)
    with read_only(database) as connection:
        said, customers = (
            connection.execute(query, {"day": day}).pl() for query in (_SAID, _CUSTOMERS)
        )
    # Who said something is known at a month end, where the quarter is whole.
    return said, as_whole_months(customers, day), WalletRule(**rule)
