"""Stage segments: customers of two dates out of the build, quintiles and clusters into the lake."""

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

    from ml.customer_segments import Segments

CUSTOMER_FEED = "ml__customer_rfmb"
CUT_FEED = "ml__rfmb_cut"
FIT_FEED = "ml__rfmb_fit"
CLUSTER_FEED = "ml__customer_cluster"

_DATES = "select distinct observation_date from feature.ftr_customer order by observation_date"
_CUSTOMERS = """
    select
        customer_key,
        customer_transaction_idle_days_before_obs as recency,
        customer_transaction_90d_count_before_obs as frequency,
        outflow_90d_amount_before_obs as amount,
        deposit_average_90d_amount_before_obs as balance,
        loan_closing_amount_before_obs as loan_amount,
        remote_transaction_3m_share_rate_before_obs as remote_share,
        demand_deposit_share_rate_before_obs as demand_share
    from feature.ftr_customer
    where observation_date = $day
    order by customer_key
"""
_RULES = """
    select
        segment_code, order_number as rule_order,
        minimum_recency_quintile as recency_quintile_least,
        minimum_frequency_quintile as frequency_quintile_least,
        minimum_amount_quintile as amount_quintile_least,
        minimum_balance_quintile as balance_quintile_least,
        maximum_recency_quintile as recency_quintile_most,
        maximum_frequency_quintile as frequency_quintile_most,
        maximum_amount_quintile as amount_quintile_most,
        maximum_balance_quintile as balance_quintile_most
    from rule.rfmb_rule
    where valid_from_date <= $day and valid_to_date > $day
    order by order_number
"""


def find(night: Night) -> Told:
    """Fit segments and clusters on the last month end that is due, and place the customers."""
    from ml.errors import InputRefused, without_stop

    if night.build is None:
        raise NoBuildError.to("客户分群", "tell segments")
    day = night.request.business_date
    try:
        found = fit_and_place(night.build.database("crm"), day)
    except InputRefused as error:
        return Told(is_found=False, told=Sentence(*error.as_why("未作客户分群", "no segments")))
    land(night, CUSTOMER_FEED, found.customers)
    land(night, CUT_FEED, found.cuts)
    land(night, FIT_FEED, found.fit)
    land(night, CLUSTER_FEED, found.clusters)
    fit = found.fit.drop("observation_date").to_dicts()[0]
    fitted = fit.pop("fitted_date").isoformat()
    count, clusters = found.customers.height, found.clusters.height
    told = Sentence(
        f"{count:,} 位客户已分群，按 {fitted} 拟合；",
        f"segments of {count:,} customers, fitted on {fitted}; ",
    )
    if found.refused:
        zh, en = without_stop(found.refused)
        told = told.then(f"没有聚类（{zh}）", f"no clusters: {en}")
    else:
        told = told.then(f"聚类 {clusters} 个", f"{clusters} clusters")
    return Told(is_found=True, told=told, report={"fitted_date": fitted, **fit})


def fit_and_place(database: Path, day: dt.date) -> Segments:
    """Segments and clusters of the customers of a day.

    Raises:
        InputRefused: Too few customers, or rules that do not hold together.
    """
    from ml.customer_segments import FitRule, fit_date, segments

    rule = FitRule(
        **rule_row(database, "segment_fit_rule", list(FitRule.__dataclass_fields__), day)
    )
    with read_only(database) as connection:
        dates = [row[0] for row in connection.execute(_DATES).fetchall()]
        fitted = fit_date(dates, day, rule.fit_month_count)

        def customers(date: dt.date) -> pl.DataFrame:
            return connection.execute(_CUSTOMERS, {"day": date}).pl()

        rules = connection.execute(_RULES, {"day": day}).pl()
        return segments(customers(fitted), customers(day), rules, rule, (fitted, day))
