"""Evaluation of an event model on the published generation: what is read, and what it found."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.errors import NightError
from dagster_project.home import Home
from dagster_project.stages.model_rows import read_training_rows
from dagster_project.stages.models import published_file
from ingestion.sql import read_only

if TYPE_CHECKING:
    import polars as pl

    from ml.judge.rolling import Costs, Evaluation

#: By whose values the measures are told apart.
SLICES = ("district", "tenure_band", "size_band")
_BANDS = """
    select
        feature.customer_key,
        feature.observation_date,
        coalesce(district.district_name, '未划分 none') as district,
        case
            when feature.tenure_months_before_obs is null then '不详 unknown'
            when feature.tenure_months_before_obs < 12 then '1 年内 under 1 year'
            when feature.tenure_months_before_obs < 60 then '1-5 年 years'
            else '5 年以上 over 5 years'
        end as tenure_band,
        case
            when feature.deposit_closing_amount_before_obs < 10000 then '不足 1 万元 under 10,000'
            when feature.deposit_closing_amount_before_obs < 100000 then '1-10 万元 to 100,000'
            else '10 万元以上 above'
        end as size_band
    from feature.ftr_customer as feature
    left join dimensional.dim_customer as customer
        on feature.customer_key = customer.customer_key
        and feature.observation_date >= customer.valid_from_date
        and feature.observation_date < customer.valid_to_date
    left join dimensional.dim_district as district on customer.district_fk = district.district_pk
"""
# As the list of visits prices them; a customer is worth what he brought last quarter, four times,
# a running month raised to a whole one.
_COSTS = """
    with newest as (
        select max(observation_date) as observation_date from feature.ftr_customer
    )

    select
        max(newest.observation_date),
        cast(4 * avg(coalesce(customer.contribution_3m_amount_before_obs, 0)) as double),
        cast(max(offer.incentive_amount) as double),
        cast(
            avg(coalesce(effort.visit_minutes, offer.visit_minutes) * pool.standard_minute_amount)
            as double
        ),
        cast(max(offer.acceptance_rate) as double)
    from feature.ftr_customer as customer
    inner join newest on customer.observation_date = newest.observation_date
    inner join rule.visit_offer_rule as offer
        on offer.rule_code = 'retention'
        and newest.observation_date >= offer.valid_from_date
        and newest.observation_date < offer.valid_to_date
    inner join rule.cost_pool_rule as pool
        on offer.cost_pool_code = pool.cost_pool_code
        and newest.observation_date >= pool.valid_from_date
        and newest.observation_date < pool.valid_to_date
    left join rule.visit_effort as effort
        on customer.level_code = effort.level_code
        and newest.observation_date >= effort.valid_from_date
        and newest.observation_date < effort.valid_to_date
"""


@dataclass(frozen=True)
class Prices:
    """What somebody says of a campaign in the place of the bank's own figures, in yuan.

    Attributes:
        clv: Worth of a leaver who is kept; the mean customer's contribution of a year unless given.
        incentive: Cost of the offer, and ``contact`` that of a visit; those of the rules.
        contact: See there.
        acceptance: Share of leavers who stay for the offer; that of the rule.
    """

    clv: float | None = None
    incentive: float | None = None
    contact: float | None = None
    acceptance: float | None = None


def evaluate(
    home: Home,
    *,
    label: str | None,
    origins: int,
    beside: Path | None,
    prices: Prices,
) -> Evaluation:
    """Judge the model of a label on the published generation, month after month.

    Args:
        home: The home whose published generation is read.
        label: A label code of the rules ``churn_label_rule`` and ``question_rule``; that of the
            nightly churn model unless given.
        origins: Month ends that judge.
        beside: A CSV or Parquet table of further scores.
        prices: Of a retention campaign, where they are not those of the bank.

    Raises:
        NightError: Nothing is published, no such label, or the history is too short.
        TableRefused: The table of further scores cannot be read.
    """
    from ml.errors import FrameRefused, NotEnoughHistory
    from ml.evaluate import evaluate as judge
    from ml.frames.features import CHURN_LABEL
    from ml.frames.table_files import read

    _, database = published_file(home, ("评估", "judge by"))
    label = label or CHURN_LABEL
    _check_label(database, label)
    notes: list[str] = []
    others = None if beside is None else read(beside, notes)
    costs = _costs(database, prices)
    frame = read_training_rows(database, "churn", label=label).join(
        _slices(database), on=["customer_key", "observation_date"], how="left"
    )
    try:
        found = judge(
            frame, label=label, origins=origins, slices=SLICES, beside=others, costs=costs
        )
    except (NotEnoughHistory, FrameRefused) as error:
        raise NightError(*error.as_why("无法评估模型", "no evaluation")) from error
    return replace(found, report=found.report | {"notes": notes})


def _costs(database: Path, prices: Prices) -> Costs:
    """What a visit costs and brings in this bank, as far as nobody says otherwise.

    Raises:
        NightError: A figure is neither given nor in the bank's rules, or the campaign costs more
            than anybody is worth.
    """
    from ml.judge.rolling import Costs
    from ml.score import share_of_whole_months

    with read_only(database) as connection:
        day, *row = connection.execute(_COSTS).fetchall()[0]
    own = dict(zip(asdict(prices), row, strict=True))
    if own["clv"] is not None:
        own["clv"] /= share_of_whole_months(day)
    found = {name: own[name] if said is None else said for name, said in asdict(prices).items()}
    if lacking := [f"--{name}" for name, each in found.items() if each is None]:
        raise NightError(
            "规则 visit_offer_rule 或 cost_pool_rule 没有当日的行，"
            f"请补上，或用 {'、'.join(lacking)} 指定。",
            "the rules visit_offer_rule and cost_pool_rule have no row of that day; add one, or "
            f"say {' '.join(lacking)}",
        )
    if found["clv"] <= found["incentive"]:
        raise NightError(
            f"客户平均价值 {found['clv']:,.0f} 元不高于优惠成本，无法评判名单；"
            "请用 --clv 指定价值。",
            f"a mean customer is worth {found['clv']:,.0f} yuan, no more than the offer costs; "
            "say --clv",
        )
    return Costs(**found)


def _check_label(database: Path, label: str) -> None:
    """Refuse a label that no rule has."""
    with read_only(database) as connection:
        known = [
            code
            for (code,) in connection.execute(
                "select label_code from rule.churn_label_rule union"
                " select label_code from rule.question_rule order by label_code"
            ).fetchall()
        ]
    if label not in known:
        raise NightError(
            f"没有标签 {label!r}；可用的标签：{'、'.join(known)}",
            f"there is no label {label!r}; there are {', '.join(known)}",
        )


def _slices(database: Path) -> pl.DataFrame:
    """One row per customer and observation date: district, tenure and size, in words."""
    with read_only(database) as connection:
        return connection.execute(_BANDS).pl()
