"""What a feature says of a past date does not change with what was learnt afterwards."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from ml.frames.features import FEATURES, KEYS
from serving import generation as generations
from tests.integration.test_night import NIGHT, Bank

pytestmark = pytest.mark.nights
LATER_NIGHTS = 2


def _kept(bank: Bank, to: Path, table: str = "ftr_customer", day: str = "observation_date") -> Path:
    """The rows of a table up to the first night, out of the published generation."""
    published = generations.current(bank.warehouse)
    assert published is not None
    database = generations.folder_of(bank.warehouse, published.number) / "crm.duckdb"
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute(
            f"copy (select * from feature.{table} where {day} <= ?) to '{to}' (format parquet)",
            [NIGHT],
        )
    return to


def test_features_of_a_past_date_are_those_that_were_known_then(tmp_path):
    """Two nights later everything is built anew: each column equal, or its reason is written."""
    bank = Bank(tmp_path / "home")
    bank.crm("demo", "--customers", "300", "--months", "10")
    bank.crm("run")
    then = _kept(bank, tmp_path / "then.parquet")
    answered = _kept(bank, tmp_path / "answered.parquet", "ftr_customer_question", "known_date")
    for _ in range(LATER_NIGHTS):
        bank.crm("demo", "--next")
        bank.crm("run")
    bank.crm("run", "--force", "--full-refresh")
    now = _kept(bank, tmp_path / "now.parquet")
    answers = _kept(bank, tmp_path / "answers.parquet", "ftr_customer_question", "known_date")

    names = [feature.name for feature in FEATURES]
    counts = ", ".join(
        f"count(*) filter (was.{name} is distinct from is_now.{name}) as {name}" for name in names
    )
    joined = f"'{then}' as was full outer join '{now}' as is_now on " + " and ".join(
        f"was.{key} = is_now.{key}" for key in KEYS
    )
    with duckdb.connect() as connection:
        rows, unpaired = connection.execute(
            "select count(*), count(*) filter (was.customer_key is null"
            f" or is_now.customer_key is null) from {joined}"
        ).fetchall()[0]
        found = connection.execute(f"select {counts} from {joined}").fetchall()[0]
        questions, moved = connection.execute(
            "select count(*), count(*) filter (where was.is_event is distinct from is_now.is_event)"
            f" from '{answered}' as was full outer join '{answers}' as is_now"
            " using (customer_key, observation_date, label_code)"
        ).fetchall()[0]
        filled = connection.execute(
            f"select {', '.join(f'count({name})' for name in names)} from '{then}'"
        ).fetchall()[0]
    assert rows > 1000
    empty = {name for name, count in zip(names, filled, strict=True) if not count}
    assert empty == set(), "nothing was compared"
    assert unpaired == 0, "somebody had something to lose then, and is not told of now"
    differing = {name: count for name, count in zip(names, found, strict=True) if count}
    allowed = {feature.name for feature in FEATURES if feature.may_move}
    assert set(differing) <= allowed, differing
    assert questions > 1000
    assert moved == 0, "who was asked then and answered, is asked and answers the same now"
