"""The lake: one file per batch, there whole or not at all."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from ingestion.contracts import lake_schema
from ingestion.lake import Lake
from tests.unit.ingestion.made_up import NIGHT, column, feed

SCORES = feed(
    column("customer_id", "客户号", required=True),
    column("score_amount", "评分", "money"),
    key="customer_id",
    name="ml__score",
)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake's")


def scores(*amounts: int | None) -> pa.Table:
    return pa.table(
        {"score_amount": list(amounts), "customer_id": [f"C{n}" for n in range(len(amounts))]}
    )


def rows(path: Path) -> list[tuple[object, ...]]:
    quoted = str(path).replace("'", "''")
    return duckdb.sql(
        f"SELECT customer_id, score_amount FROM read_parquet('{quoted}') ORDER BY ALL"
    ).fetchall()


def test_a_batch_appears_under_its_name_at_once(lake: Lake) -> None:
    unfinished = lake.unfinished_path("toy__entry", NIGHT, "b1")
    unfinished.write_bytes(b"rows")
    assert lake.batches("toy__entry") == {}
    final = lake.commit(unfinished, "toy__entry", NIGHT, "b1")
    assert final.parts[-3:] == ("toy__entry", "business_date=2025-01-31", "b1.parquet")
    assert lake.batches("toy__entry") == {final: (NIGHT, "b1")}
    assert not unfinished.exists()


def test_reading_a_file_again_replaces_its_batch(lake: Lake) -> None:
    for content in (b"first", b"second"):
        unfinished = lake.unfinished_path("toy__entry", NIGHT, "b1")
        unfinished.write_bytes(content)
        final = lake.commit(unfinished, "toy__entry", NIGHT, "b1")
    assert final.read_bytes() == b"second"
    assert len(lake.batches("toy__entry")) == 1


def test_a_batch_that_is_not_there_may_be_removed(lake: Lake) -> None:
    lake.remove("toy__entry", NIGHT, "b1")
    lake.add(SCORES, scores(1), NIGHT, "b1")
    for _ in range(2):
        lake.remove(SCORES.feed, NIGHT, "b1")
    assert lake.batches(SCORES.feed) == {}
    assert lake.batches("toy__entry") == {}


def test_only_batches_are_found(lake: Lake) -> None:
    folder = lake.batch_path("toy__entry", NIGHT, "b1").parent
    folder.mkdir(parents=True)
    (folder / ".hidden.parquet").write_bytes(b"x")
    (folder / "notes.txt").write_bytes(b"x")
    other = folder.with_name("business_date=someday")
    other.mkdir()
    (other / "b2.parquet").write_bytes(b"x")
    assert lake.batches("toy__entry") == {}
    assert lake.batches("no__feed") == {}


def test_what_dead_processes_left_is_swept(lake: Lake) -> None:
    mine = lake.unfinished_path("toy__entry", NIGHT, "b1")
    mine.write_bytes(b"half")
    final = lake.batch_path("toy__entry", NIGHT, "b0")
    final.write_bytes(b"whole")
    lake.sweep()
    assert (mine.exists(), final.exists()) == (False, True)
    Lake(lake.path / "nowhere").sweep()


def test_a_frame_becomes_the_only_batch_of_its_date(lake: Lake) -> None:
    first = lake.add(SCORES, scores(1, 2), NIGHT, "b1")
    other = lake.add(SCORES, scores(5), dt.date(2025, 2, 28), "b1")
    assert rows(first) == [("C0", 1), ("C1", 2)]
    second = lake.add(SCORES, scores(3, None), NIGHT, "b2")
    assert set(lake.batches(SCORES.feed)) == {second, other}
    assert rows(second) == [("C0", 3), ("C1", None)]
    assert lake.add(SCORES, scores(4), NIGHT, "b2") == second
    assert rows(second) == [("C0", 4)]


def test_a_frame_is_written_in_the_contracts_types_and_order(lake: Lake) -> None:
    path = lake.add(SCORES, scores(1), NIGHT, "b1")
    quoted = str(path).replace("'", "''")
    relation = duckdb.sql(f"FROM read_parquet('{quoted}', hive_partitioning = false)")
    found = dict(zip(relation.columns, map(str, relation.types), strict=True))
    assert found == lake_schema(SCORES)
    assert relation.fetchall()[0][2:] == ("b1", None, None, None, None)


@pytest.mark.parametrize(
    ("frame", "names"),
    [
        (pa.table({"customer_id": ["C1"]}), "score_amount"),
        (scores(1).append_column("name", pa.array(["张三"])), "name"),
    ],
)
def test_a_frame_of_other_columns_is_an_error(lake: Lake, frame: pa.Table, names: str) -> None:
    with pytest.raises(ValueError, match=f"ml__score: the frame and the feed differ in {names}"):
        lake.add(SCORES, frame, NIGHT, "b1")
    assert lake.batches(SCORES.feed) == {}
