"""Stage uplifts: members of campaigns that are over out of the build, effects into the lake."""

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

CAMPAIGN_FEED = "ml__campaign_uplift"
TENTH_FEED = "ml__campaign_tenth"
NOTHING_OVER = Sentence("尚无已结束的营销活动", "no campaign is over yet")

# What was known on the last month end before the campaign began; a campaign is over when the
# windows of all its members are.
_MEMBERS = """
    with over as (
        select campaign_id, max(campaign_start_date) as start_date
        from dimensional.fct_campaign_member
        group by campaign_id
        having max(window_end_date) <= $day
    )

    select
        member.campaign_id,
        member.customer_key,
        member.arm_code = 'treated' as is_treated,
        member.converted_date is not null as has_responded,
        known.age_years_before_obs as age_years,
        known.deposit_average_90d_amount_before_obs as deposit_amount,
        known.customer_transaction_90d_count_before_obs as act_count,
        known.product_count_before_obs as product_count,
        known.contribution_3m_amount_before_obs as contribution_amount,
        known.demand_deposit_share_rate_before_obs as demand_share,
        known.rival_outflow_90d_amount_before_obs as rival_outflow_amount
    from dimensional.fct_campaign_member as member
    inner join over on member.campaign_id = over.campaign_id
    left join feature.ftr_customer as known
        on member.customer_key = known.customer_key
        and known.observation_date = date_trunc('month', over.start_date)::date - 1
    where member.customer_key <> -1
    order by member.campaign_id, member.customer_key
"""


def find(night: Night) -> Told:
    """Learn whom each campaign that is over has moved, and land what that was worth."""
    from ml.campaign_uplift import uplifts
    from ml.errors import InputRefused

    if night.build is None:
        raise NoBuildError.to("评估营销增量", "tell the effect of campaigns")
    day = night.request.business_date
    try:
        members, level, draws = read(night.build.database("crm"), day)
        if members.is_empty():
            return Told(is_found=False, told=NOTHING_OVER, is_due=False)
        found = uplifts(members, level=level, draws=draws, day=day)
    except InputRefused as error:
        return Told(
            is_found=False, told=Sentence(*error.as_why("未评估营销增量", "no uplift of campaigns"))
        )
    land(night, CAMPAIGN_FEED, found.campaigns)
    land(night, TENTH_FEED, found.tenths)
    judged = found.campaigns.get_column("qini").is_not_null().sum()
    count = found.campaigns.height
    told = Sentence(
        f"已结束的 {count} 个营销活动中，{judged} 个可评估增量",
        f"{judged} of {count} campaigns that are over can be judged by uplift",
    )
    report = {"campaigns": found.campaigns.drop("observation_date").to_dicts()}
    return Told(is_found=True, told=told, report=report)


def read(database: Path, day: dt.date) -> tuple[pl.DataFrame, float, int]:
    """Members of campaigns that are over, and level and draws of the interval."""
    rule = rule_row(database, "uplift_rule", ["interval_level", "draw_count"], day)
    with read_only(database) as connection:
        members = connection.execute(_MEMBERS, {"day": day}).pl()
    return members, rule["interval_level"], rule["draw_count"]
