"""Evaluation of an event model on the published generation: what is read, and what it found."""

from __future__ import annotations

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


def evaluate(
    home: Home,
    *,
    label: str | None,
    origins: int,
    beside: Path | None,
    costs: Costs,
) -> Evaluation:
    """Judge the model of a label on the published generation, month after month.

    Args:
        home: The home whose published generation is read.
        label: A label code of the rules ``churn_label_rule`` and ``question_rule``; that of the
            nightly churn model unless given.
        origins: Month ends that judge.
        beside: A CSV or Parquet table of further scores.
        costs: Of a retention campaign.

    Raises:
        NightError: Nothing is published, no such label, or the history is too short.
        TableRefused: The table of further scores cannot be read.
    """
    from ml.errors import FrameRefused, NotEnoughHistory
    from ml.evaluate import evaluate as judge
    from ml.frames.features import CHURN_LABEL
    from ml.frames.table import read

    _, database = published_file(home, ("评估", "judge by"))
    label = label or CHURN_LABEL
    _check_label(database, label)
    others = None if beside is None else read(beside)
    frame = read_training_rows(database, "churn", label=label).join(
        _slices(database), on=["customer_key", "observation_date"], how="left"
    )
    try:
        return judge(frame, label=label, origins=origins, slices=SLICES, beside=others, costs=costs)
    except (NotEnoughHistory, FrameRefused) as error:
        raise NightError(f"无法评估模型：{error}", f"no evaluation: {error}") from error


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
