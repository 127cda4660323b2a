"""What a feature says of a past date does not change with what was learnt afterwards."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from ml.frames.features import FEATURES, KEYS
from serving import generation as generations
from tests.integration.test_night import NIGHT, Bank

pytestmark = pytest.mark.night
LATER_NIGHTS = 2


def _kept(bank: Bank, to: Path) -> Path:
    """The features of the dates up to the first night, out of the published generation."""
    published = generations.current(bank.warehouse)
    assert published is not None
    database = generations.folder_of(bank.warehouse, published.number) / "crm.duckdb"
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute(
            "copy (select * from feature.ftr_customer where observation_date <= ?)"
            f" to '{to}' (format parquet)",
            [NIGHT],
        )
    return to


def test_features_of_a_past_date_are_those_that_were_known_then(tmp_path):
    """Two nights later everything is built anew: each column equal, or its reason is written."""
    bank = Bank(tmp_path / "home")
    bank.crm("demo", "--customers", "300", "--months", "5")
    bank.crm("run")
    then = _kept(bank, tmp_path / "then.parquet")
    for _ in range(LATER_NIGHTS):
        bank.crm("demo", "--next")
        bank.crm("run")
    bank.crm("run", "--force", "--full-refresh")
    now = _kept(bank, tmp_path / "now.parquet")

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
    assert rows > 1000
    assert unpaired == 0, "somebody had something to lose then, and is not told of now"
    differing = {name: count for name, count in zip(names, found, strict=True) if count}
    allowed = {feature.name for feature in FEATURES if feature.may_move}
    assert set(differing) <= allowed, differing
