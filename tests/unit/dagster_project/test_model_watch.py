"""What a version is judged by each night: its own earlier scores, and nobody else's."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import polars as pl
import pytest

from dagster_project.stages import model_watch
from ingestion.lake import Lake

REACH = model_watch.Reach(months=3, days=10)
JUNE, JULY, DECEMBER = dt.date(2025, 6, 30), dt.date(2025, 7, 31), dt.date(2025, 12, 31)
COLUMNS = ("customer_key", "observation_date", "model_name", "model_version", "role", "score")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Customers 1 and 2, whose labels of June and July are known in December."""
    labels = pl.DataFrame(
        [
            (key, day, "any_3m", key == 1, dt.date(2025, 10, 31))
            for key in (1, 2)
            for day in (JUNE, JULY)
        ],
        schema=["customer_key", "observation_date", "label_code", "is_event", "known_date"],
        orient="row",
    )
    path = tmp_path / "crm.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema feature")
        connection.register("given", labels.to_arrow())
        connection.execute("create table feature.ftr_customer_label as select * from given")
    return path


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In June v1 scored alone; in July v2 challenged it, and was promoted since."""
    rows = [
        (key, day, "churn", version, role, score)
        for key in (1, 2)
        for day, version, role, score in (
            (JUNE, "v1", "champion", 0.9),
            (JULY, "v1", "champion", 0.8),
            (JULY, "v2", "challenger", 0.2),
        )
    ]
    file = tmp_path / "scores.parquet"
    pl.DataFrame(rows, schema=list(COLUMNS), orient="row").write_parquet(file)
    monkeypatch.setattr(Lake, "batches", lambda *_: {file: (JULY, "run-1")})
    return tmp_path


def _scored(folder: Path, *nights: dt.date) -> None:
    """Customer 1 was scored on these nights, each higher than the one before."""
    rows = [(1, day, "churn", "v1", "champion", n / 10) for n, day in enumerate(nights, 1)]
    frame = pl.DataFrame(rows, schema=list(COLUMNS), orient="row")
    frame.write_parquet(folder / "scores.parquet")


def _found(database: Path, folder: Path, reach: model_watch.Reach) -> list[tuple[dt.date, float]]:
    label = ("any_3m", "ftr_customer_label")
    past = model_watch.came_true(database, folder, ("churn", "v1"), label, DECEMBER, reach)
    return past.select("observation_date", "score").rows()


@pytest.mark.parametrize(
    ("version", "expected"),
    [("v1", [(JUNE, 0.9), (JULY, 0.8)]), ("v2", [(JULY, 0.2)]), ("v3", [])],
)
def test_a_version_is_judged_by_its_own_scores_whatever_its_role_was(
    database: Path, lake: Path, version: str, expected: list[tuple[dt.date, float]]
) -> None:
    found = model_watch.came_true(
        database, lake, ("churn", version), ("any_3m", "ftr_customer_label"), DECEMBER, REACH
    )
    first = found.filter(pl.col("customer_key") == 1)
    assert first.select("observation_date", "score").rows() == expected
    assert found.height == 2 * len(expected)


def test_a_month_without_a_night_on_its_last_day_stands_by_its_last_night(
    database: Path, lake: Path
) -> None:
    """June ended on a weekend; of July the 31st counts and not the days before it."""
    friday, day_before = dt.date(2025, 6, 27), dt.date(2025, 7, 30)
    _scored(lake, dt.date(2025, 6, 26), friday, day_before, JULY)
    assert _found(database, lake, REACH) == [(friday, 0.2), (JULY, 0.4)]
    assert _found(database, lake, model_watch.Reach(months=1, days=10)) == [(JULY, 0.4)]


def test_a_last_night_too_far_from_the_months_end_is_no_cohort(database: Path, lake: Path) -> None:
    _scored(lake, dt.date(2025, 6, 19), JULY)
    assert _found(database, lake, REACH) == [(JULY, 0.2)]
    assert len(_found(database, lake, model_watch.Reach(months=3, days=11))) == 2


def test_before_anything_was_scored_there_is_no_cohort(
    database: Path, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lake, "batches", lambda *_: {})
    assert _found(database, lake, REACH) == []


def test_the_champion_whose_last_night_held_its_scores_is_told(tmp_path: Path) -> None:
    path = tmp_path / "crm.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema dimensional")
        connection.execute(
            "create table dimensional.fct_model_month as select * from (values"
            " ('churn', 'champion', 'v1', false, date '2025-06-30'),"
            " ('churn', 'champion', 'v1', true, date '2025-07-31'),"
            " ('churn', 'challenger', 'v2', true, date '2025-08-31'),"
            " ('value', 'champion', 'v1', true, date '2025-06-30'),"
            " ('value', 'champion', 'v2', false, date '2025-07-31'))"
            " as month (model_name, role, model_version, is_held, observation_date)"
        )
    assert model_watch.held_version(path, "churn") == "v1"
    assert model_watch.held_version(path, "value") is None
    assert model_watch.held_version(path, "survival") is None
