"""Stage lifetimes: months of customers out of the build, lifetimes and values into the lake."""

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

    from ml.lifetimes import LifetimeRule

CUSTOMER_FEED = "ml__customer_lifetime"
FIT_FEED = "ml__lifetime_fit"
STATE_FEED = "ml__value_state"

# A month can find a customer lost once the balances of the whole hard window are known.
_HISTORY = """
    with window_length as (
        select window_days // 30 as months from rule.churn_rule
        where rule_code = 'hard' and valid_from_date <= $day and valid_to_date > $day
    ),

    history as (select min(month_date) as first_month_date from dimensional.fct_account_month)

    select
        flow.customer_key,
        year(flow.month_date) * 12 + month(flow.month_date) as month_number,
        coalesce(customer.population_type_code, customer.party_type_code, 'unknown')
            as population_code,
        flow.open_account_count > 0 and not rolling.is_churned_hard as is_there,
        date_diff('month', history.first_month_date, flow.month_date) >= window_length.months - 1
            as is_judged,
        flow.contribution_amount, flow.deposit_average_amount as deposit_amount,
        flow.loan_average_amount as loan_amount, flow.product_count
    from dimensional.fct_customer_month as flow
    inner join dimensional.fct_customer_rolling_month as rolling
        on flow.customer_key = rolling.customer_key and flow.month_date = rolling.month_date
    inner join dimensional.dim_customer as customer
        on flow.customer_key = customer.customer_key and customer.is_current
    cross join history
    cross join window_length
    where last_day(flow.month_date) <= $day and flow.customer_key <> -1
    order by flow.customer_key, flow.month_date
"""
_ACTS = """
    with acted as (
        select
            customer.customer_key,
            count(distinct posting.booked_date) as act_day_count,
            min(posting.booked_date) as first_act_date,
            max(posting.booked_date) as last_act_date
        from dimensional.fct_transaction as posting
        inner join dimensional.dim_customer as customer
            on posting.customer_fk = customer.customer_pk
        where posting.is_customer_initiated and posting.booked_date <= $day
            and customer.customer_key <> -1
        group by customer.customer_key
    )

    select
        acted.*,
        coalesce(customer.population_type_code, customer.party_type_code, 'unknown')
            as population_code
    from acted
    inner join dimensional.dim_customer as customer
        on acted.customer_key = customer.customer_key and customer.is_current
    order by acted.customer_key
"""


def find(night: Night) -> Told:
    """Refit lifetimes on the whole months that the build knows, and land what they say."""
    from ml.errors import InputRefused, without_stop
    from ml.lifetimes import lifetimes

    if night.build is None:
        raise NoBuildError.to("估计终身价值", "tell lifetimes")
    day = night.request.business_date
    try:
        found = lifetimes(*read(night.build.database("crm"), day), day)
    except InputRefused as error:
        return Told(is_found=False, told=Sentence(*error.as_why("未估计终身价值", "no lifetimes")))
    land(night, CUSTOMER_FEED, found.customers)
    land(night, FIT_FEED, found.fits)
    land(night, STATE_FEED, found.states)
    count, states = found.customers.height, found.states.height
    told = Sentence(
        f"{count:,} 位客户的终身价值，{states} 个价值状态",
        f"lifetimes of {count:,} customers in {states} states",
    )
    for zh, en in map(without_stop, found.refused):
        told = told.then(f"；{zh}", f"; {en}")
    report = {"fits": found.fits.drop("observation_date").to_dicts()}
    return Told(is_found=True, told=told, report=report)


def read(database: Path, day: dt.date) -> tuple[pl.DataFrame, pl.DataFrame, LifetimeRule]:
    """Months of customers, their acts, and the rule, as at a business date.

    Raises:
        InputRefused: The rule has no row for the day.
    """
    from ml.lifetimes import LifetimeRule

    rule = rule_row(database, "lifetime_rule", list(LifetimeRule.__dataclass_fields__), day)
    with read_only(database) as connection:
        history, acted = (
            connection.execute(query, {"day": day}).pl() for query in (_HISTORY, _ACTS)
        )
    return history, acted, LifetimeRule(**rule)
