"""What a version is judged by each night: its own earlier scores, and nobody else's."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import polars as pl
import pytest

from dagster_project.stages import model_watch
from ingestion.lake import Lake

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


@pytest.mark.parametrize(
    ("version", "expected"),
    [("v1", [(JUNE, 0.9), (JULY, 0.8)]), ("v2", [(JULY, 0.2)]), ("v3", [])],
)
def test_a_version_is_judged_by_its_own_scores_whatever_its_role_was(
    database: Path, lake: Path, version: str, expected: list[tuple[dt.date, float]]
) -> None:
    found = model_watch.came_true(
        database, lake, ("churn", version), ("any_3m", "ftr_customer_label"), DECEMBER, 3
    )
    assert found is not None
    first = found.filter(pl.col("customer_key") == 1)
    assert first.select("observation_date", "score").rows() == expected
    assert found.height == 2 * len(expected)
