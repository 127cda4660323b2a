"""One feed file says it all: yml = staging SQL = dbt source = dictionary = template.

A feed once had a column in its template that the reader did not know; the staff filled it in for
a quarter, and nothing of it was loaded. Hence: generated, compared, and compared again here by
parsing what was generated rather than by trusting the generator.
"""

import csv
import io
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

from ingestion.contracts import ORIGIN_COLUMNS, Feed, duckdb_type, load_feeds
from ingestion.contracts.generated import check_files
from ingestion.contracts.render_dbt import MODELS_FILE, SOURCES_FILE, staging_path
from ingestion.contracts.render_dictionary import DICTIONARY_FILE, FEEDS_FILE
from ingestion.contracts.render_template import HEADING_ROW, render_template

ROOT = Path(__file__).resolve().parents[2]
FEEDS = load_feeds()
each_feed = pytest.mark.parametrize("feed", FEEDS.values(), ids=lambda feed: feed.feed)
OWN = ["business_date", *ORIGIN_COLUMNS]


@pytest.fixture(scope="module")
def source_tables() -> dict[str, Any]:
    document = yaml.safe_load((ROOT / SOURCES_FILE).read_text(encoding="utf-8"))
    return {table["name"]: table for table in document["sources"][0]["tables"]}


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    document = yaml.safe_load((ROOT / MODELS_FILE).read_text(encoding="utf-8"))
    return {model["name"]: model for model in document["models"]}


def dictionary_columns(feed: Feed) -> dict[str, list[str]]:
    """Column name -> cells of its line in the data dictionary."""
    text = (ROOT / DICTIONARY_FILE).read_text(encoding="utf-8")
    section = text.split(f'<a id="{feed.feed}"></a>')[1].split("<a id=")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]
    return {row[0].split("`")[1]: [cell.strip() for cell in row] for row in rows}


def test_generated_files_are_up_to_date() -> None:
    assert check_files(FEEDS, ROOT) == []


@each_feed
def test_the_staging_model_has_the_feeds_columns_and_types(feed: Feed) -> None:
    sql = (ROOT / staging_path(feed)).read_text(encoding="utf-8")
    assert sql.splitlines()[0] == f"-- {feed.grain}"
    found = re.findall(r"^    cast\((\w+) as (.+)\) as (\w+),?$", sql, flags=re.MULTILINE)
    assert [source for source, _, _ in found] == [name for _, _, name in found]
    types = {
        name: kind.upper().replace(", ", ",").replace("STRING", "VARCHAR")
        for _, kind, name in found
    }
    expected = {column.name: duckdb_type(column) for column in feed.columns}
    assert types == expected | {"business_date": "DATE"} | ORIGIN_COLUMNS
    assert f"source('raw', '{feed.feed}')" in sql


@each_feed
def test_the_dbt_source_has_the_feeds_columns_and_names_its_asset(
    feed: Feed, source_tables: dict[str, Any]
) -> None:
    table = source_tables[feed.feed]
    meta = table["config"]["meta"]
    assert meta["dagster"]["asset_key"] == [feed.feed]
    assert (meta["kind"], meta["key"], meta["event_date"]) == (
        feed.kind,
        list(feed.key),
        feed.event_date,
    )
    columns = {column["name"]: column for column in table["columns"]}
    assert list(columns) == [column.name for column in feed.columns] + OWN
    for column in feed.columns:
        assert columns[column.name]["data_type"] == duckdb_type(column)
        assert columns[column.name]["config"]["meta"]["security"] == {
            "class": column.security.class_code,
            "level": column.security.level,
            "mask": column.security.mask,
        }
        assert column.heading in columns[column.name]["description"]


@each_feed
def test_the_staging_models_words_cover_every_column(feed: Feed, models: dict[str, Any]) -> None:
    columns = models[f"stg_{feed.feed}"]["columns"]
    assert [column["name"] for column in columns] == [c.name for c in feed.columns] + OWN
    assert all(column["description"] for column in columns)


@each_feed
def test_the_dictionary_has_the_feeds_columns(feed: Feed) -> None:
    rows = dictionary_columns(feed)
    assert list(rows) == [column.name for column in feed.columns]
    for column in feed.columns:
        assert rows[column.name][1] == column.heading
        assert rows[column.name][3] == duckdb_type(column)
        assert rows[column.name][7].startswith(column.security.class_code)


@each_feed
def test_the_template_asks_for_the_feeds_columns(feed: Feed) -> None:
    if feed.is_internal:
        return
    book = openpyxl.load_workbook(io.BytesIO(render_template(feed)), read_only=True)
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert list(rows[HEADING_ROW]) == [column.heading for column in feed.columns]


def test_no_source_and_no_model_is_without_a_feed(
    source_tables: dict[str, Any], models: dict[str, Any]
) -> None:
    assert list(source_tables) == list(FEEDS)
    assert list(models) == [f"stg_{name}" for name in FEEDS]
    found = {path.stem for path in (ROOT / "dbt/models/staging").rglob("*.sql")}
    assert found == {f"stg_{name}" for name in FEEDS}


def test_every_delivered_feed_is_on_the_list_of_feeds() -> None:
    text = (ROOT / FEEDS_FILE).read_text(encoding="utf-8")
    for feed in FEEDS.values():
        assert feed.feed in text
        for file in feed.delivery.files:
            assert f"`{file.pattern}`" in text


@each_feed
def test_personal_data_is_tagged_and_authentication_data_never_enters(feed: Feed) -> None:
    personal = {"name", "id_number", "account", "mobile", "address", "text"}
    for column in feed.columns:
        assert column.security.class_code in ("public", "C1", "C2")
        if column.pseudonym or column.name in ("id_number", "mobile_number", "address_text"):
            assert column.security.class_code == "C2", column.name
            assert column.security.mask in personal, column.name


@each_feed
def test_a_rate_is_bounded_so_that_no_factor_of_100_passes(feed: Feed) -> None:
    for column in feed.columns:
        if column.type == "rate":
            assert column.min is not None, column.name
            assert isinstance(column.max, Decimal), column.name
            assert column.max <= 1, column.name


@each_feed
def test_every_column_is_explained_in_both_languages(feed: Feed) -> None:
    for column in feed.columns:
        assert column.description.endswith("."), column.name
        assert column.description_zh, f"{feed.feed}.{column.name} has no description_zh"
        assert re.search(r"[\u4e00-\u9fff]", column.heading), column.name
        if column.type == "text":
            assert column.example, f"{feed.feed}.{column.name} has no example"


def test_the_same_code_means_the_same_everywhere() -> None:
    """The lists of one code stand in several feeds; a new channel must be added to all."""
    shared = ("channel_code", "population_type_code", "mode_code")
    seen: dict[str, dict[str, tuple[str, ...]]] = {}
    for feed in FEEDS.values():
        for column in feed.columns:
            # A campaign's channel is the way customers are reached, not the way they post.
            if column.name in shared and feed.feed != "marketing__campaign":
                assert seen.setdefault(column.name, column.values) == column.values, feed.feed
    activity = FEEDS["ledger__activity_volume"].column("activity_code")
    assert activity.values == FEEDS["corebank__transaction"].column("transaction_type_code").values


def test_every_code_has_a_name_in_both_languages() -> None:
    """The seed of code names and the feeds' listed values are the same list."""
    with (ROOT / "dbt/seeds/reference/code_name.csv").open(encoding="utf-8", newline="") as file:
        named = {
            (row["entity_name"], row["column_name"], row["code"])
            for row in csv.DictReader(file)
            if row["name_zh"] and row["name_en"]
        }
    listed = {
        (feed.entity, column.name, code)
        for feed in FEEDS.values()
        for column in feed.columns
        if column.type == "code"
        for code in column.values
    }
    assert named == listed


def test_the_same_name_has_the_same_type_everywhere() -> None:
    types: dict[str, str] = {}
    for feed in FEEDS.values():
        for column in feed.columns:
            assert types.setdefault(column.name, column.type) == column.type, column.name
