"""What a model is held against each night: its rule, and the scores that have come true since."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.errors import NightError
from ingestion.sql import read_only

if TYPE_CHECKING:
    import polars as pl

    from ml.judge.watch import Bounds

SCORE_FEED = "ml__customer_score"
PAST_SCHEMA = ("customer_key", "observation_date", "score", "is_event")
_RULE = """
    select
        feature_index_bound, score_index_bound, slope_low, slope_high, rate_ratio_bound,
        holding_codes, cohort_months, cohort_day_bound
    from rule.model_watch_rule
    where model_name = ? and valid_from_date <= ? and valid_to_date > ?
"""
# Of a night that was run again the lake keeps the later scores alone; of a month its last night.
_CAME_TRUE = """
    with scored as (
        select customer_key, observation_date, score, last_day(observation_date) as month_end_date
        from read_parquet($files, union_by_name = true)
        where model_name = $model and model_version = $version
    ),

    last_night as (
        select month_end_date, max(observation_date) as observation_date
        from scored
        group by month_end_date
        having month_end_date - max(observation_date) <= $days
    ),

    told as (
        select scored.customer_key, scored.observation_date, scored.score, label.is_event
        from scored
        inner join last_night on scored.observation_date = last_night.observation_date
        inner join feature.{table} as label
            on scored.customer_key = label.customer_key
            and scored.month_end_date = label.observation_date
            and label.label_code = $label
        where label.known_date <= $day
    ),

    judged as (
        select distinct observation_date from told order by observation_date desc limit $months
    )

    select told.customer_key, told.observation_date, told.score, told.is_event
    from told
    inner join judged on told.observation_date = judged.observation_date
    order by told.observation_date, told.customer_key
"""


@dataclass(frozen=True)
class Reach:
    """Which nights a model is judged by.

    Attributes:
        months: Months at most, the last ones whose label is known.
        days: How long before the month's end its last night may have been.
    """

    months: int
    days: int


def bounds_of(database: Path, name: str, day: dt.date) -> tuple[Bounds, Reach]:
    """The rule of a model on a day, and which nights it judges together.

    Raises:
        NightError: The rule has no row for the model and day.
    """
    from ml.judge.watch import Bounds

    with read_only(database) as connection:
        row = connection.execute(_RULE, [name, day, day]).fetchone()
    if row is None:
        raise NightError(
            f"规则 model_watch_rule 在 {day} 没有模型 {name} 的行，请补上。",
            f"the rule model_watch_rule has no row of model {name} on {day}; add one",
        )
    feature, score, low, high, rate, holding, months, days = row
    codes = tuple((holding or "").split(";"))
    return Bounds(feature, score, low, high, rate, codes), Reach(months, days)


def held_version(database: Path, name: str) -> str | None:
    """The champion whose scores its last night held back, by a published file; None for none."""
    with read_only(database) as connection:
        row = connection.execute(
            "select model_version, is_held from dimensional.fct_model_month"
            " where model_name = ? and role = 'champion' order by observation_date desc limit 1",
            [name],
        ).fetchone()
    return str(row[0]) if row is not None and row[1] else None


def came_true(
    database: Path,
    lake: Path,
    model: tuple[str, str],
    label: tuple[str, str],
    day: dt.date,
    reach: Reach,
) -> pl.DataFrame:
    """Scores of the last months whose label is known: what :func:`ml.watch.watch` judges.

    A month stands by its last night, which need not be the calendar's last day: banks close for
    holidays. It is held against the label of the month's end, as labels look at whole months.

    Read from the lake, where every night finds the same, rebuilt or not. Scores of that very
    version, whichever role it had then: those of the champion before say nothing of this one.

    Args:
        database: The crm file, for the labels.
        lake: Folder of the lake, for the scores.
        model: Name and version.
        label: Code of the label, and the table that it stands in.
        day: Business date; a label that was known later is not known.
        reach: How many months at most, and how near its end a month's last night must be.

    Returns:
        ``customer_key, observation_date, score, is_event``; no row where nothing has come true yet.
    """
    import polars as pl

    from ingestion.lake import Lake

    (name, version), (code, table) = model, label
    files = [str(file) for file, (date, _) in Lake(lake).batches(SCORE_FEED).items() if date <= day]
    if not files:
        return pl.DataFrame(schema=PAST_SCHEMA)
    with read_only(database) as connection:
        return connection.execute(
            _CAME_TRUE.format(table=table),
            {
                "files": files,
                "label": code,
                "model": name,
                "version": version,
                "day": day,
                "months": reach.months,
                "days": reach.days,
            },
        ).pl()
