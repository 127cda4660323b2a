"""What an overlay can mend or add without Python: rewritten texts, lists kept by the bank."""

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from ingestion.contracts import Feed, load_feeds
from ingestion.landing import Receipt, business_dates, receive
from ingestion.ledger import Ledger
from ingestion.parsing import build_layout, install_parsers

CUSTOMER = r"""
feed: corebank__customer
business_date: 1994-03-31
delivery:
  {frequency: once, required: true,
   files: [{pattern: client.asc, format: csv, encoding: ascii, delimiter: ";"}]}
columns:
  customer_id: {heading: client_id}
  customer_name: {heading: client_id}
  source_system_code: {constant: core}
  party_type_code: {constant: person}
  organisation_id: {constant: "1"}
  status_code: {constant: active}
  updated_date: {constant: 1994-03-31}
  birth_date:
    heading: birth_number
    rewrite: [['^(\d\d)5(\d)', '\10\2'], ['^(\d\d)6(\d)', '\11\2']]
    format: "%y%m%d"
    century: 1900
"""
PRODUCT = """
feed: corebank__product
business_date: 1994-03-31
delivery:
  {frequency: once, required: true, files: [{pattern: products.csv, format: csv}]}
"""
DATE = dt.date(1994, 3, 31)


@pytest.fixture
def feeds_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "feeds"
    (folder / "reference").mkdir(parents=True)
    (folder / "corebank__customer.yml").write_text(CUSTOMER, encoding="utf-8")
    (folder / "corebank__product.yml").write_text(PRODUCT, encoding="utf-8")
    (folder / "reference" / "products.csv").write_text("product_id\nP1\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("delivered", "expected"),
    [
        ("450204", dt.date(1945, 2, 4)),
        ("455204", dt.date(1945, 2, 4)),
        ("706213", dt.date(1970, 12, 13)),
        ("701213", dt.date(1970, 12, 13)),
        ("706313", None),
        ("", None),
    ],
)
def test_a_text_is_mended_before_it_is_read(
    feeds_folder: Path, delivered: str, expected: dt.date | None
) -> None:
    feed = load_feeds(feeds_folder)["corebank__customer"]
    headings = ["client_id", "birth_number"]
    layout = build_layout(feed, feed.match_headings(headings).positions, headings, "csv")
    with duckdb.connect() as connection:
        install_parsers(connection)
        connection.execute("create table delivered as select '1' as r0, ? as r1", [delivered])
        query = f"select v_birth_date, {layout.is_sound} from ({layout.parsed('delivered')})"
        is_sound = expected is not None or not delivered
        assert connection.execute(query).fetchone() == (expected, is_sound)


def _receive(tmp_path: Path, feeds: dict[str, Feed], reference: Path | None) -> Receipt:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    run_id = ledger.start_run(DATE, "test")
    landing = tmp_path / "landing"
    return receive(landing, tmp_path / "archive", ledger, feeds, run_id, DATE, reference)


def test_lists_beside_the_feeds_are_received_like_deliveries(
    tmp_path: Path, feeds_folder: Path
) -> None:
    """Berka's bank delivers no products; the bank writes its list itself, once."""
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "client.asc").write_text("client_id;birth_number\n1;450204\n", encoding="ascii")
    feeds = load_feeds(feeds_folder)
    reference = feeds_folder / "reference"
    first = _receive(tmp_path, feeds, reference)
    received = sorted(row.landing_path for row in first.received)
    assert received == ["client.asc", "reference/products.csv"]
    assert not first.missing
    assert not first.unclaimed
    again = _receive(tmp_path, feeds, reference)
    assert not again.received
    (reference / "products.csv").write_text("product_id\nP1\nP2\n", encoding="utf-8")
    changed = _receive(tmp_path, feeds, reference)
    assert [row.feed for row in changed.received] == ["corebank__product"]


def test_without_the_folder_the_list_is_missing(tmp_path: Path, feeds_folder: Path) -> None:
    (tmp_path / "landing").mkdir()
    feeds = load_feeds(feeds_folder)
    receipt = _receive(tmp_path, feeds, tmp_path / "no_such_folder")
    assert {missing.feed for missing in receipt.missing} == {
        name for name, feed in feeds.items() if feed.is_delivered
    }
    assert business_dates(tmp_path / "landing", feeds) == []
