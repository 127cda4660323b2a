"""Rows: what came in is what was loaded, quarantined or no data."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from ingestion.batch import BatchReport
from ingestion.conservation import check_batches, check_lake


@dataclass(frozen=True)
class Report:
    """The part of a batch's report that conservation reads."""

    feed: str = "corebank__balance"
    batch_id: str = "b1"
    state: str = "loaded"
    rows_in: int | None = 1010
    rows_loaded: int | None = 1000
    rows_quarantined: int | None = 8
    rows_not_data: int | None = 2
    counted_rows: int | None = 1010


def test_a_batch_that_adds_up_has_no_findings() -> None:
    assert check_batches([Report()]) == []


def test_a_refused_file_has_nothing_to_conserve() -> None:
    assert check_batches([Report(rows_in=None, rows_loaded=None, counted_rows=None)]) == []


def test_a_lost_row_is_told_in_both_languages() -> None:
    (finding,) = check_batches([Report(rows_loaded=999)])
    assert (finding.check, finding.expected, finding.actual) == ("rows", 1010, 1009)
    assert finding.sentence == (
        "corebank__balance, batch b1: 1,010 rows came in, but 1,009 ended as loaded (999),"
        " quarantined (8) or no data (2)."
    )
    assert "读入 1,010 行" in finding.sentence_zh


@pytest.mark.parametrize(("counted", "words"), [(1011, "counted 1,011"), (None, "counted nothing")])
def test_the_second_counter_must_agree(counted: int | None, words: str) -> None:
    (finding,) = check_batches([Report(counted_rows=counted)])
    assert finding.check == "counter"
    assert words in finding.sentence


def test_the_lake_holds_what_was_loaded(tmp_path: Path) -> None:
    report = Report(rows_loaded=3)
    path = tmp_path / "corebank__balance" / "business_date=2025-01-31" / "b1.parquet"
    (finding,) = check_lake([report], tmp_path)
    assert "3 rows were loaded, but the lake holds 0." in finding.sentence
    path.parent.mkdir(parents=True)
    duckdb.sql(f"copy (from range(3)) to '{path}' (format parquet)")
    assert check_lake([report], tmp_path) == []
    assert check_lake([Report(rows_loaded=0, batch_id="none")], tmp_path) == []


def test_a_batch_that_was_held_or_superseded_has_no_file(tmp_path: Path) -> None:
    reports = [Report(state=state) for state in ("held", "superseded", "refused", "duplicate")]
    assert check_lake(reports, tmp_path) == []


def test_the_readers_own_report_is_understood() -> None:
    report = BatchReport(
        feed="corebank__balance",
        batch_id="b1",
        business_date=dt.date(2025, 1, 31),
        source_file="corebank_balance_20250131.csv",
        state="loaded",
        rows_in=3,
        rows_loaded=1,
        rows_quarantined=1,
        rows_not_data=1,
        counted_rows=3,
    )
    assert check_batches([report]) == []
    report.rows_loaded = 2
    assert len(check_batches([report])) == 1
