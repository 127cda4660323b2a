"""The papers of the demo bank: what is planted in them is there, and nothing else is like it."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from ingestion.demo_bank.bank import Staff, make_staff
from ingestion.demo_bank.fieldwork import roster_month
from ingestion.demo_bank.papers import roster_as_sent, weekly_summaries
from ingestion.demo_bank.shape import Shape, is_working_day, to_date, working_days

TEXTS = ["opinion", "customer", "manager", "advice"]


@pytest.fixture(scope="module")
def shape() -> Shape:
    return Shape(customers=300, months=12, seed=7, end_date=dt.date(2025, 12, 31), days_ahead=0)


@pytest.fixture(scope="module")
def staff(shape: Shape) -> Staff:
    return make_staff(shape)


@pytest.fixture(scope="module")
def summaries(shape: Shape, staff: Staff) -> pl.DataFrame:
    return pl.concat(
        weekly_summaries(shape, staff, period, shape.rng("test", period.index))
        for period in shape.periods
    )


def test_two_teams_hand_in_the_same_text_again_and_nobody_else_does(
    summaries: pl.DataFrame,
) -> None:
    whole = summaries.drop_nulls(TEXTS)
    again = whole.group_by(TEXTS).agg(pl.len(), pl.col("team").unique())
    repeated = again.filter(pl.col("len") > 1).get_column("team").to_list()
    assert sorted(repeated) == [[2], [5]]


def test_a_week_without_work_is_reported_on_by_the_overzealous_team_alone(
    summaries: pl.DataFrame,
) -> None:
    idle = [
        row["team"]
        for row in summaries.iter_rows(named=True)
        if len(working_days(row["week"], row["week"] + 6)) < 2
    ]
    # Of 2025 the week of the Spring Festival alone.
    assert idle == [3]


def test_now_and_then_two_leaders_stand_for_one_day(shape: Shape, staff: Staff) -> None:
    for period in shape.periods:
        roster = roster_month(staff, period, 1_000)
        sent = roster_as_sent(roster, staff, period)
        days = [row[0] for row in sent]
        doubled = {to_date(day) for day in days if days.count(day) > 1}
        assert len(doubled) == (period.index % 4 == 1)
        assert len(sent) == len(roster) + len(doubled)
        assert all(is_working_day(day) for day in days)
