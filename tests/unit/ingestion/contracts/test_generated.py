"""What is made from a feed: staging, source, words and template, with no Python of its own."""

import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pytest
import yaml

from ingestion.contracts import Feed, FeedError, duckdb_type, load_feeds
from ingestion.contracts.__main__ import main
from ingestion.contracts.example import example_of
from ingestion.contracts.generated import check_files, generated_files, write_files
from ingestion.contracts.render_dbt import SOURCES_FILE, column_text
from ingestion.contracts.render_dictionary import DICTIONARY_FILE, FEEDS_FILE, delivered_as
from ingestion.contracts.render_template import HEADING_ROW, render_template, write_template

# A feed nobody thought of when the program was written.
SAFE_BOX = """
feed: vaultroom__safe_box
title: {zh: 保管箱, en: Safe boxes}
grain: One row per safe box let.
owner: 运营部
kind: snapshot
delivery:
  frequency: monthly
  files: [{pattern: "保管箱_{date}.xlsx", format: xlsx}]
key: [box_id]
columns:
  - {name: box_id, heading: 箱号, type: text, required: true, description: Number of the box.,
     security: {class: C1, level: 2, mask: none}}
  - {name: customer_id, heading: 客户号, type: text, required: true, pseudonym: customer,
     description: Customer who rents it., security: {class: C2, level: 3, mask: account}}
  - {name: let_date, heading: 起租日, type: date, description: Day it was let.,
     security: {class: C1, level: 2, mask: none}}
  - {name: size_code, heading: 箱型, type: code, values: {small: [小], large: [大, 特大]},
     description: Size., security: {class: C1, level: 2, mask: none}}
  - {name: rent_amount, heading: 年租金(万元), type: money, unit: wan_yuan, min: 0, max: 1000000,
     description: Rent of a year., security: {class: C2, level: 3, mask: band}}
  - {name: discount_rate, heading: 折扣, type: rate, unit: percent, min: 0, max: 0.01,
     description: Discount., security: {class: C1, level: 2, mask: none}}
"""


@pytest.fixture
def safe_box(tmp_path: Path) -> dict[str, Feed]:
    folder = tmp_path / "ingestion" / "feeds"
    folder.mkdir(parents=True)
    (folder / "vaultroom__safe_box.yml").write_text(SAFE_BOX, encoding="utf-8")
    return load_feeds(standard=folder)


def sheets(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def test_a_new_feed_gets_its_staging_model(safe_box: dict[str, Feed]) -> None:
    sql = generated_files(safe_box)["dbt/models/staging/vaultroom/stg_vaultroom__safe_box.sql"]
    lines = sql.splitlines()
    assert lines[0] == "-- One row per safe box let."
    assert "    cast(rent_amount as decimal(18, 2)) as rent_amount," in lines
    assert lines[-2] == "from {{ source('raw', 'vaultroom__safe_box') }}"
    assert lines[-1] == "where business_date <= {{ business_date() }}"
    # The text must be a statement that yields the declared types, origin included.
    engine = duckdb.connect()
    engine.execute(
        "create table t (box_id text, customer_id text, let_date text, size_code text,"
        " rent_amount text, discount_rate text, business_date date, batch_id text,"
        " batch_precedence text, source_file text, source_sheet text, source_row text)"
    )
    statement = sql.replace("{{ source('raw', 'vaultroom__safe_box') }}", "t").replace(
        "{{ business_date() }}", "date '2025-01-31'"
    )
    relation = engine.sql(statement)
    assert dict(zip(relation.columns, map(str, relation.types), strict=True)) == {
        "box_id": "VARCHAR",
        "customer_id": "VARCHAR",
        "let_date": "DATE",
        "size_code": "VARCHAR",
        "rent_amount": "DECIMAL(18,2)",
        "discount_rate": "DECIMAL(12,8)",
        "business_date": "DATE",
        "batch_id": "VARCHAR",
        "batch_precedence": "VARCHAR",
        "source_file": "VARCHAR",
        "source_sheet": "VARCHAR",
        "source_row": "BIGINT",
    }


def test_a_new_feed_gets_its_dbt_source(safe_box: dict[str, Feed]) -> None:
    document = yaml.safe_load(generated_files(safe_box)[SOURCES_FILE])
    (source,) = document["sources"]
    (table,) = source["tables"]
    assert source["name"] == "raw"
    assert table["config"]["meta"] == {
        "dagster": {"asset_key": ["vaultroom__safe_box"]},
        "kind": "snapshot",
        "key": ["box_id"],
        "event_date": None,
        "owner": "运营部",
    }
    columns = {column["name"]: column for column in table["columns"]}
    assert columns["customer_id"] == {
        "name": "customer_id",
        "data_type": "VARCHAR",
        "description": "Customer who rents it. 客户号",
        "config": {
            "meta": {
                "security": {"class": "C2", "level": 3, "mask": "account"},
                "pseudonym": "customer",
            }
        },
    }
    assert columns["size_code"]["description"] == "Size. One of: small, large. 箱型"
    assert columns["business_date"]["data_type"] == "DATE"


def test_a_new_feed_gets_its_words(safe_box: dict[str, Feed]) -> None:
    files = generated_files(safe_box)
    assert "| 箱型 |" in files[DICTIONARY_FILE]
    assert "`small` = 小; `large` = 大, 特大" in files[DICTIONARY_FILE]
    assert "`保管箱_{date}.xlsx`" in files[FEEDS_FILE]


def test_a_new_feed_gets_its_template(safe_box: dict[str, Feed]) -> None:
    feed = safe_box["vaultroom__safe_box"]
    form, helping, lists = sheets(render_template(feed)).worksheets
    assert form.title == "保管箱"
    headings = [cell.value for cell in form[HEADING_ROW + 1]]
    assert headings == ["箱号", "客户号", "起租日", "箱型", "年租金(万元)", "折扣"]
    assert form.max_row == HEADING_ROW + 1, "a blank template holds no data"
    rules = {str(rule.sqref).split(":")[0]: rule for rule in form.data_validations.dataValidation}
    assert rules["D6"].formula1 == "'选项 Lists'!$A$2:$A$3"
    assert [cell.value for cell in lists["A"]] == ["“箱型”的选项 choices", "小", "大"]
    # Limits stand in the unit that is filled in: 万元 and percent.
    assert (rules["E6"].formula1, rules["E6"].formula2) == ("0", "100")
    assert (rules["F6"].formula1, rules["F6"].formula2) == ("0", "1")
    assert rules["C6"].type == "date"
    # Text cells, or Excel rounds a 19-digit number to 15 digits.
    assert form.column_dimensions["B"].number_format == "@"
    words = [cell.value for row in helping.iter_rows() for cell in row if cell.value]
    assert "Customer who rents it." in words
    assert "10,000 yuan 万元" in words


def test_a_template_reads_back_through_its_own_feed() -> None:
    """In every template exactly one row is a heading row, and the feed accepts it whole."""
    for feed in load_feeds().values():
        if feed.is_internal:
            continue
        book = sheets(render_template(feed))
        accepted = []
        for sheet in book:
            for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
                found = feed.match_headings([None if v is None else str(v) for v in row])
                if found.is_acceptable and found.positions:
                    accepted.append((sheet.title, number))
                    assert found.unknown == []
                    assert set(found.positions) == {column.name for column in feed.columns}
                else:
                    assert len(found.positions) + len(found.doubled) <= 1, (feed.feed, row)
        assert accepted == [(book.sheetnames[0], HEADING_ROW + 1)], feed.feed
        assert any(file.format == "xlsx" for file in feed.delivery.files), feed.feed


def test_a_template_speaks_the_banks_own_headings(tmp_path: Path) -> None:
    (tmp_path / "corebank__balance.yml").write_text(
        "feed: corebank__balance\ncolumns:\n"
        "  account_id: {heading: konto}\n"
        "  balance_date: {heading: datum, format: '%d.%m.%Y'}\n"
        "  accrued_interest_amount: {absent: true}\n"
    )
    feeds = load_feeds(tmp_path)
    form = sheets(render_template(feeds["corebank__balance"])).worksheets[0]
    assert [cell.value for cell in form[HEADING_ROW + 1]] == ["konto", "datum", "余额"]
    assert example_of(feeds["corebank__balance"].column("balance_date")) == "31.01.2025"
    with pytest.raises(FeedError, match="not delivered by this bank"):
        render_template(feeds["corebank__loan"])


def test_an_internal_feed_has_no_template() -> None:
    with pytest.raises(FeedError, match="written by the house itself"):
        render_template(load_feeds()["vault__pseudonym"])


def test_equal_feeds_make_equal_templates(tmp_path: Path) -> None:
    feed = load_feeds()["fieldwork__visit"]
    path = write_template(feed, tmp_path / "new" / "visit.xlsx")
    assert path.read_bytes() == render_template(feed)
    assert [p.name for p in path.parent.iterdir()] == ["visit.xlsx"]


def test_every_column_has_an_example_of_its_own_kind() -> None:
    for feed in load_feeds().values():
        for column in feed.columns:
            text = example_of(column)
            assert text, column
            if column.type in ("money", "rate", "decimal", "integer"):
                Decimal(text)
            elif column.type == "date":
                dt.date.fromisoformat(text)
            elif column.values:
                assert text in dict(column.value_patterns)
            assert duckdb_type(column)


def test_an_example_keeps_to_the_bounds() -> None:
    product = load_feeds()["corebank__product"]
    assert example_of(product.column("day_basis")) == "360"


def test_write_then_check_is_clean_and_drift_is_told(
    safe_box: dict[str, Feed], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(check_files(safe_box, tmp_path)) == 5
    assert main(["write", "--root", str(tmp_path)]) == 0
    assert main(["write", "--root", str(tmp_path)]) == 0
    assert capsys.readouterr().out.endswith("Nothing to change.\n")
    assert main(["check", "--root", str(tmp_path)]) == 0
    model = tmp_path / "dbt/models/staging/vaultroom/stg_vaultroom__safe_box.sql"
    model.write_text(model.read_text().replace("box_id", "chest_id"))
    (tmp_path / FEEDS_FILE).unlink()
    assert main(["check", "--root", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert "stg_vaultroom__safe_box.sql differs from the feeds" in told
    assert "docs/feeds.md is missing" in told


def test_the_model_of_a_feed_that_is_gone_goes_too(
    safe_box: dict[str, Feed], tmp_path: Path
) -> None:
    write_files(load_feeds() | safe_box, tmp_path)
    own = tmp_path / "dbt/models/staging/by_hand.sql"
    own.write_text("select 1 as one\n")
    told = check_files(safe_box, tmp_path)
    assert "dbt/models/staging/corebank/stg_corebank__loan.sql belongs to no feed" in str(told)
    write_files(safe_box, tmp_path)
    assert check_files(safe_box, tmp_path) == []
    assert own.exists(), "only what was generated may be removed"


def test_an_invalid_feed_is_told_by_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--root", str(tmp_path)]) == 1
    assert "is not a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("feed", "column", "kept", "delivered"),
    [
        ("corebank__accrual", "interest_income_amount", "currency of the account.", "账户币种"),
        ("risk__account_measure", "undrawn_amount", "currency of the account.", "账户币种"),
        ("ledger__gl_balance", "closing_amount", "currency of the row.", "本行币种"),
        ("ledger__cost_pool", "cost_amount", "Kept in yuan.", "yuan 元"),
    ],
)
def test_money_says_whose_currency_it_is_in(
    feed: str, column: str, kept: str, delivered: str
) -> None:
    found = load_feeds()[feed].column(column)
    assert kept in column_text(found)
    assert delivered in delivered_as(found)
