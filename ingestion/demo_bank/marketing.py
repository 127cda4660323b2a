"""Campaigns with control groups, and what each of them truly does."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank.accounts import PERSON_TERMS, WEALTH
from ingestion.demo_bank.bank import PRODUCTS
from ingestion.demo_bank.columns import dates, named
from ingestion.demo_bank.people import MERCHANT, TOWN, VILLAGE, People
from ingestion.demo_bank.shape import Bools, Floats, Ints, Period, Shape

ARMS: Final = ("treated", "control")
# Days before its start on which a plan is written.
_PLANNED_AHEAD: Final = 20


@dataclass(frozen=True)
class Campaign:
    """One targeted plan: a month, a group, an offer, and its true effect.

    `base` is the chance to open the product anyway; `lift` what a contact adds for the customer
    it suits best. A negative lift annoys. Who expects nothing promotes undirected.
    """

    name: str
    segment: str
    product: int
    channel: str
    budget_wan: int
    cost_fen: int
    population: int
    base: float
    lift: float
    segment_code: str | None
    expected_yuan: int
    fixed_yuan: int


_T3, _T6, _T12, _T24, _T36 = (int(place) for place in PERSON_TERMS)
CAMPAIGNS: Final = (
    Campaign("春节返乡一年定期", "村庄居民,存款两千元以上", _T12, "on_site", 12, 1_500,
             VILLAGE, 0.03, 0.13, "village_saver", 6_000, 2_400),
    Campaign("商户收银结算惠", "有收单流水的商户", _T3, "phone", 6, 300, MERCHANT,
             0.025, 0.10, "merchant_with_takings", 4_000, 900),
    Campaign("城镇理财体验", "城镇居民,存款两千元以上", WEALTH, "message", 3, 20, TOWN, 0.02, 0.04,
             "town_saver", 1_500, 300),
    Campaign("三年定期到期续存", "城镇居民,定期将到期", _T36, "phone", 5, 300, TOWN, 0.05, 0.09,
             None, 5_000, 500),
    Campaign("秋收粮款半年存", "村庄居民,卖粮款入账", _T6, "on_site", 10, 1_200,
             VILLAGE, 0.03, 0.12, "village_saver", 3_000, 1_800),
    Campaign("短信群发三个月存款", "全部城镇居民", _T3, "message", 2, 10, TOWN, 0.03, -0.01,
             None, 0, 200),
)  # fmt: skip


@dataclass
class Members:
    """The customers selected for a campaign, with their true effect."""

    campaign: Ints
    customer: Ints
    arm: Ints
    selected: Ints
    contacted: Ints
    responded: Bools
    base: Floats
    lift: Floats


def campaign_of(period: Period) -> int:
    """The campaign of a month, or -1: every other month one, at least five a year."""
    place = period.index - 1
    if not period.is_history or place < 0 or place % 2:
        return -1
    return place // 2 if place // 2 < len(CAMPAIGNS) else -1


def run_campaign(
    shape: Shape, people: People, balance: Floats, staying: Bools, period: Period
) -> Members | None:
    """Select members at random from the group, treat two thirds, and let them respond."""
    number = campaign_of(period)
    if number < 0:
        return None
    plan = CAMPAIGNS[number]
    rng = shape.rng("campaign", number)
    group = np.flatnonzero(
        (people.population == plan.population)
        & (people.party == 0)
        & (people.person == np.arange(people.count))
        & (people.opened < period.start - 30)
        & (balance > 2_000)
        & staying
    )
    size = min(len(group) // 3, 6_000)
    chosen = np.sort(rng.choice(group, size, replace=False))
    arm = (rng.random(size) < 1 / 3).astype(np.int64)
    # Who has idle money and likes rates is moved most; the effect differs from one to the next.
    suits = np.clip(np.log10(balance[chosen] / 2_000) / 2, 0, 1)
    suits = suits * (0.4 + 1.2 * people.rate_sensitivity[chosen])
    lift = plan.lift * suits * 1.6
    base = plan.base * (0.5 + suits)
    chance = np.clip(base + np.where(arm == 0, lift, 0.0), 0, 0.95)
    contacted = period.start + 3 + rng.integers(0, max(period.days - 14, 1), size)
    return Members(
        campaign=np.full(size, number),
        customer=chosen,
        arm=arm,
        selected=np.full(size, period.start + 1),
        contacted=np.where(arm == 0, contacted, -1),
        responded=rng.random(size) < chance,
        base=base,
        lift=lift,
    )


def campaign_frame(shape: Shape, upto: Period) -> pl.DataFrame:
    """The campaigns begun up to a month."""
    rows = []
    for period in shape.history[: upto.index + 1]:
        number = campaign_of(period)
        if number >= 0:
            rows.append((number, CAMPAIGNS[number], period))
    return pl.DataFrame(
        {
            "campaign_id": [f"YX{number + 1:03d}" for number, _, _ in rows],
            "campaign_name": [plan.name for _, plan, _ in rows],
            "product_id": [PRODUCTS[plan.product].product_id for _, plan, _ in rows],
            "segment_text": [plan.segment for _, plan, _ in rows],
            "channel_code": [plan.channel for _, plan, _ in rows],
            "start_date": [period.first for _, _, period in rows],
            "end_date": [period.last for _, _, period in rows],
            "targeting_code": [
                "undirected" if plan.expected_yuan == 0 else "targeted" for _, plan, _ in rows
            ],
            "segment_code": [plan.segment_code for _, plan, _ in rows],
            "planned_date": [
                period.first - dt.timedelta(days=_PLANNED_AHEAD) for _, _, period in rows
            ],
            "expected_profit_amount": [plan.expected_yuan * 100 for _, plan, _ in rows],
            "fixed_cost_amount": [plan.fixed_yuan * 100 for _, plan, _ in rows],
            "budget_amount": [plan.budget_wan * 1_000_000 for _, plan, _ in rows],
        },
        schema={
            "campaign_id": pl.String, "campaign_name": pl.String, "product_id": pl.String,
            "segment_text": pl.String, "channel_code": pl.String, "start_date": pl.Date,
            "end_date": pl.Date, "targeting_code": pl.String, "segment_code": pl.String,
            "planned_date": pl.Date, "expected_profit_amount": pl.Int64,
            "fixed_cost_amount": pl.Int64, "budget_amount": pl.Int64,
        },
    )  # fmt: skip


def member_frame(members: Members | None, people: People) -> pl.DataFrame:
    """The members of a campaign as delivered."""
    if members is None:
        none = np.zeros(0, np.int64)
        members = Members(none, none, none, none, none, none.astype(bool), none * 1.0, none * 1.0)
    cost = np.array([plan.cost_fen for plan in CAMPAIGNS])[members.campaign]
    return pl.DataFrame(
        {
            "campaign_id": pl.Series(
                [f"YX{number + 1:03d}" for number in members.campaign], dtype=pl.String
            ),
            "customer_id": people.ids.gather(members.customer),
            "arm_code": named(ARMS, members.arm),
            "selected_date": dates(members.selected),
            "contacted_date": dates(members.contacted),
            "is_responded": members.responded,
            "contact_cost_amount": np.where(members.arm == 0, cost, 0),
        }
    )
