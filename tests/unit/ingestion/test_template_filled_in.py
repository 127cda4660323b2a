"""A template comes back filled in, and the house reads it without being told anything else."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pytest

from ingestion.batch import BatchReport
from ingestion.conservation import check_batches, check_lake
from ingestion.contracts import Column, Feed, load_feeds
from ingestion.contracts.errors import FeedError
from ingestion.contracts.example import delivered_bound, example_of
from ingestion.contracts.render_template import HEADING_ROW, render_template, write_template
from ingestion.extract import extract
from ingestion.landing import receive
from ingestion.ledger import Ledger

NIGHT = dt.date(2025, 1, 31)
FEEDS = {name: feed for name, feed in load_feeds().items() if not feed.is_internal}


def typed(column: Column) -> object:
    """The example as Excel keeps it: numbers and dates are not texts there."""
    text = example_of(column)
    if column.type in ("money", "rate", "decimal"):
        return float(text)
    if column.type == "integer":
        return int(text)
    return dt.date.fromisoformat(text) if column.type == "date" else text


def fill_in(feed: Feed, landing: Path) -> None:
    """One line of examples below the headings of the feed's template."""
    pattern = next(file for file in feed.delivery.files if file.format == "xlsx").pattern
    path = write_template(feed, landing / pattern.format(date="20250131", part="一组", version=""))
    book = openpyxl.load_workbook(path)
    for place, column in enumerate(feed.columns, start=1):
        book.worksheets[0].cell(HEADING_ROW + 2, place, typed(column))
    book.save(path)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def reports(home: Path) -> dict[str, BatchReport]:
    for name in ("landing", "archive", "lake", "quarantine"):
        (home / name).mkdir()
    for feed in FEEDS.values():
        fill_in(feed, home / "landing")
    ledger = Ledger(home / "ledger.sqlite")
    run_id = ledger.start_run(NIGHT, "test")
    receipt = receive(home / "landing", home / "archive", ledger, FEEDS, run_id, NIGHT)
    assert receipt.unclaimed == []
    done = extract(
        receipt.pending,
        FEEDS,
        home / "archive",
        home / "lake",
        home / "quarantine",
        ledger,
        run_id,
    )
    return {report.feed: report for report in done}


@pytest.mark.parametrize("name", FEEDS)
def test_a_filled_in_template_is_loaded_whole(
    name: str, reports: dict[str, BatchReport], home: Path
) -> None:
    report = reports[name]
    assert report.refusal is None
    assert (report.state, report.rows_loaded, report.rows_quarantined) == ("loaded", 1, 0)
    # The example stands on the help sheet too; were it read there, two rows would be loaded.
    assert check_batches([report]) == []
    assert check_lake([report], home / "lake") == []


@pytest.mark.parametrize("name", FEEDS)
def test_every_value_arrives_in_the_lakes_unit(
    name: str, reports: dict[str, BatchReport], home: Path
) -> None:
    feed = FEEDS[name]
    file = home / "lake" / name / f"business_date={NIGHT}" / f"{reports[name].batch_id}.parquet"
    relation = duckdb.sql(f"from read_parquet('{file}', hive_partitioning = false)")
    row = dict(zip(relation.columns, relation.fetchall()[0], strict=True))
    for column in feed.columns:
        text = example_of(column)
        expected: object = text
        if column.type in ("money", "rate", "decimal", "integer"):
            # The bound of 1 in the delivered unit says how many of it make one of the lake's.
            expected = Decimal(text) / delivered_bound(column, Decimal(1))
        elif column.type == "date":
            expected = dt.date.fromisoformat(text)
        elif column.values:
            expected = dict(column.value_patterns)[text]
            expected = expected == "true" if column.type == "boolean" else expected
        assert row[column.name] == expected, column.name
    assert row["source_sheet"] == feed.title.zh
    assert row["source_row"] == HEADING_ROW + 2


def test_a_prepared_template_is_filled_in_as_a_clerk_would(tmp_path: Path) -> None:
    feed = FEEDS["fieldwork__visit"]
    row = {
        "customer_id": "C000001",
        "visited_date": dt.date(2025, 1, 31),
        "visit_way_code": "on_site",
        "expected_deposit_amount": Decimal("125000.00"),
    }
    (tmp_path / "t.xlsx").write_bytes(render_template(feed, [row]))
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets[0]
    headings = [cell.value for cell in sheet[HEADING_ROW + 1]]
    filled = dict(zip(headings, (cell.value for cell in sheet[HEADING_ROW + 2]), strict=True))
    told = {heading: value for heading, value in filled.items() if value is not None}
    assert told == {
        "客户号": "C000001",
        "走访日期": dt.datetime(2025, 1, 31),  # noqa: DTZ001 - a cell of a sheet has no zone
        "走访方式": "上门",
        "意向存款(万元)": 12.5,
    }


def test_a_template_is_filled_in_under_its_own_columns_only() -> None:
    with pytest.raises(FeedError, match="has no column colour"):
        render_template(FEEDS["fieldwork__visit"], [{"colour": "red"}])
