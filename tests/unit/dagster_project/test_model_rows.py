"""What a model reads: its own label, and of a question those alone who are asked."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import polars as pl
import pytest

from dagster_project.stages import model_rows
from ml.frames.features import feature_names

MARCH, DECEMBER = dt.date(2025, 3, 31), dt.date(2025, 12, 31)
KNOWN = dt.date(2025, 6, 30)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Two customers on two dates; of them 1 is asked for a default, and 2 was lost."""
    path = tmp_path / "crm.duckdb"
    days = [(key, day) for key in (1, 2) for day in (MARCH, DECEMBER)]
    features = pl.DataFrame(days, schema=list(model_rows.KEYS), orient="row").with_columns(
        pl.lit(0.5).alias(name) for name in feature_names()
    )
    schema = ["customer_key", "observation_date", "label_code", "is_event", "known_date"]
    churn = pl.DataFrame([(2, MARCH, "any_3m", True, KNOWN)], schema=schema, orient="row")
    asked = pl.DataFrame(
        [
            (1, MARCH, "defaulted", False, KNOWN),
            (1, DECEMBER, "defaulted", None, None),
            (2, DECEMBER, "opened_loan", None, None),
            (2, MARCH, "opened_ghost", True, KNOWN),
        ],
        schema=schema,
        orient="row",
    )
    rolling = features.select(*model_rows.KEYS, has_something_to_lose=pl.col("customer_key") < 3)
    more = [(3, DECEMBER, False), (4, DECEMBER, True), (-1, DECEMBER, True)]
    rolling = rolling.vstack(pl.DataFrame(more, schema=rolling.schema, orient="row"))
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema feature")
        connection.execute("create schema dimensional")
        connection.execute("create schema rule")
        connection.execute("create table rule.question_rule as select 'opened_ghost' as label_code")
        connection.register("rolling", rolling.to_arrow())
        connection.execute(
            "create table dimensional.fct_customer_rolling_month as select * from rolling"
        )
        for name, table in (
            ("ftr_customer", features),
            ("ftr_customer_label", churn),
            ("ftr_customer_question", asked),
        ):
            connection.register("given", table.to_arrow())
            connection.execute(f"create table feature.{name} as select * from given")
    return path


def test_a_question_of_the_bank_that_no_model_learns_is_read_where_it_stands(
    database: Path,
) -> None:
    rows = model_rows.read_training_rows(database, "churn", label="opened_ghost")
    assert rows.select(*model_rows.KEYS, "opened_ghost").rows() == [(2, MARCH, True)]


def test_everybody_teaches_churn_and_borrowers_alone_teach_default(database: Path) -> None:
    churn = model_rows.read_training_rows(database, "churn")
    assert churn.select(*model_rows.KEYS, "any_3m").rows() == [
        (1, MARCH, None), (1, DECEMBER, None), (2, MARCH, True), (2, DECEMBER, None),
    ]  # fmt: skip
    default = model_rows.read_training_rows(database, "default")
    assert default.columns[-2:] == ["defaulted", "defaulted_known_date"]
    assert default.select(*model_rows.KEYS, "defaulted", "defaulted_known_date").rows() == [
        (1, MARCH, False, KNOWN), (1, DECEMBER, None, None),
    ]  # fmt: skip
    assert model_rows.read_labels(database, "default").width == 4


def test_a_question_is_scored_for_those_who_are_asked_on_the_day(database: Path) -> None:
    today = model_rows.read_features(database, DECEMBER)
    keys = {
        name: model_rows.asked(database, name, today, DECEMBER)["customer_key"].to_list()
        for name in ("churn", "value", "default", "propensity_loan", "propensity_wealth")
    }
    assert keys == {
        "churn": [1, 2], "value": [1, 2], "default": [1], "propensity_loan": [2],
        "propensity_wealth": [],
    }  # fmt: skip


def test_who_must_be_scored_is_not_read_from_the_features(database: Path) -> None:
    """Customer 4 has something to lose and no features; 3 has nothing to lose, -1 is nobody."""
    keys = {
        name: sorted(model_rows.to_be_scored(database, name, DECEMBER).to_list())
        for name in ("churn", "value", "default", "propensity_loan", "propensity_wealth")
    }
    assert keys == {
        "churn": [1, 2, 4], "value": [1, 2, 4], "default": [1], "propensity_loan": [2],
        "propensity_wealth": [],
    }  # fmt: skip


def test_how_long_a_label_takes_to_be_known_is_read_from_the_newest_one(database):
    assert model_rows.label_months(database, "churn") == 3
    assert model_rows.label_months(database, "default") == 3
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "insert into feature.ftr_customer_label"
            " values (2, date '2025-04-30', 'any_3m', false, date '2025-11-30')"
        )
        connection.execute("update feature.ftr_customer_question set is_event = null")
    assert model_rows.label_months(database, "churn") == 7
    assert model_rows.label_months(database, "default") is None, "nothing is known yet"
