"""What an evaluation takes a visit to cost and a leaver to be worth: the bank's own figures."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from dagster_project.errors import NightError
from dagster_project.stages.evaluation import Prices, _costs
from ml.judge.rolling import Costs

DAY = dt.date(2025, 12, 31)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Two customers: 45 minutes for a level that says so, 40 for the other, 0.80 yuan a minute."""
    path = tmp_path / "crm.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema feature")
        connection.execute("create schema rule")
        connection.execute(
            "create table feature.ftr_customer as select * from (values"
            " (1, date '2025-12-31', 'A', 200.0), (2, date '2025-12-31', null, null),"
            " (1, date '2025-11-30', 'A', 9999.0))"
            " as t(customer_key, observation_date, level_code, contribution_3m_amount_before_obs)"
        )
        for name, columns, values in (
            (
                "visit_offer_rule",
                "rule_code, acceptance_rate, incentive_amount, cost_pool_code, visit_minutes",
                "'retention', 0.30, 20.00, 'CP01', 40",
            ),
            ("cost_pool_rule", "cost_pool_code, standard_minute_amount", "'CP01', 0.80"),
            ("visit_effort", "level_code, visit_minutes", "'A', 45"),
        ):
            connection.execute(
                f"create table rule.{name} as select * from (values"
                f" ({values}, date '2016-01-01', date '9999-12-31'))"
                f" as t({columns}, valid_from_date, valid_to_date)"
            )
    return path


def test_costs_are_those_of_the_list_of_visits(database: Path) -> None:
    assert _costs(database, Prices()) == Costs(
        clv=400.0, incentive=20.0, contact=0.8 * (45 + 40) / 2, acceptance=0.3
    )
    said = _costs(database, Prices(clv=900.0, acceptance=0.5))
    assert (said.clv, said.incentive, said.acceptance) == (900.0, 20.0, 0.5)


def test_a_customer_is_worth_as_much_on_the_first_of_a_month_as_the_day_before(
    database: Path,
) -> None:
    """Two of three months are over on 1 January, and a day: 62 days of 92."""
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "insert into feature.ftr_customer values (1, date '2026-01-01', 'A', 62.0),"
            " (2, date '2026-01-01', null, null)"
        )
    assert _costs(database, Prices()).clv == pytest.approx(4 * 92 / 2)


def test_a_figure_that_nobody_gives_is_asked_for(database: Path) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute("delete from rule.cost_pool_rule")
    with pytest.raises(NightError, match="say --clv --incentive --contact --acceptance"):
        _costs(database, Prices())
    assert _costs(database, Prices(200.0, 10.0, 1.0, 0.3)).clv == 200.0


def test_nobody_is_won_by_an_offer_that_costs_more_than_he_is_worth(database: Path) -> None:
    with pytest.raises(NightError, match="worth 15 yuan, no more than the offer costs"):
        _costs(database, Prices(clv=15.0))
