"""A bank whose deliveries differ: what its short files may say."""

import datetime as dt
from pathlib import Path

import pytest

from ingestion.contracts import Feed, FeedError, Match, load_bank, load_feeds

TRANSACTION = """
feed: corebank__transaction
business_date: 1994-03-31
delivery:
  {frequency: once, required: true,
   files: [{pattern: trans.asc, format: csv, encoding: ascii, delimiter: ";"}]}
columns:
  transaction_id: {heading: trans_id}
  booked_date: {heading: date, format: "%y%m%d", century: 1900}
  booked_time: {absent: true}
  direction_code: {heading: type, values: {credit: [PRIJEM], debit: [VYDAJ, VYBER]}}
  currency_code: {constant: CZK}
  transaction_type_code:
    {join: [operation, k_symbol], separator: "|",
     values: {interest_credit: ["*|UROK"], other: ["*"]}}
  channel_code: {constant: counter}
  initiator_code: {constant: customer}
  balance_after_amount: {heading: balance, missing: ["?"], unit: wan_yuan}
ignored: [bank, account]
"""
HEADINGS = ["trans_id", "account_id", "date", "type", "operation", "amount", "balance"]
HEADINGS += ["k_symbol", "bank", "account"]


def load(folder: Path, text: str, feed: str = "corebank__transaction") -> dict[str, Feed]:
    (folder / f"{feed}.yml").write_text(text, encoding="utf-8")
    return load_feeds(folder)


def test_an_overlay_changes_reading_and_nothing_else(tmp_path: Path) -> None:
    feed = load(tmp_path, TRANSACTION)["corebank__transaction"]
    standard = load_feeds()["corebank__transaction"]
    assert feed.key == standard.key
    assert [c.name for c in feed.columns] == [c.name for c in standard.columns]
    assert [c.type for c in feed.columns] == [c.type for c in standard.columns]
    assert [c.security for c in feed.columns] == [c.security for c in standard.columns]
    assert feed.column("booked_date").century == 1900
    assert feed.column("balance_after_amount").unit == "wan_yuan"
    assert feed.column("balance_after_amount").missing == ("?",)


def test_its_headings_replace_the_standard_ones(tmp_path: Path) -> None:
    feed = load(tmp_path, TRANSACTION)["corebank__transaction"]
    found = feed.match_headings(HEADINGS)
    assert found.is_acceptable
    assert found.unknown == []
    assert found.positions == {
        "transaction_id": (0,),
        "account_id": (1,),
        "booked_date": (2,),
        "direction_code": (3,),
        "amount": (5,),
        "balance_after_amount": (6,),
        "transaction_type_code": (4, 7),
    }
    # 余额 and the column's own name are headings of the standard feed, not of this bank.
    assert feed.match_headings([*HEADINGS, "余额"]).unknown == ["余额"]
    assert feed.match_headings([*HEADINGS, "transaction_id"]).unknown == ["transaction_id"]


def test_patterns_come_in_the_order_they_are_written(tmp_path: Path) -> None:
    column = load(tmp_path, TRANSACTION)["corebank__transaction"].column("transaction_type_code")
    assert column.has_wildcards
    assert column.value_patterns[:3] == [
        ("*|UROK", "interest_credit"),
        ("*", "other"),
        ("interest_credit", "interest_credit"),
    ]


BIRTH_DATE = '  booked_date: {heading: date, format: "%y%m%d", century: 1900, rewrite: REWRITE}'


def test_texts_can_be_mended_before_they_are_read(tmp_path: Path) -> None:
    """Berka's bank adds 50 to the month in a woman's birth number."""
    line = BIRTH_DATE.replace("REWRITE", r"[['^(\d\d)5(\d)', '\10\2']]")
    text = TRANSACTION.replace(
        '  booked_date: {heading: date, format: "%y%m%d", century: 1900}', line
    )
    column = load(tmp_path, text)["corebank__transaction"].column("booked_date")
    assert column.rewrite == ((r"^(\d\d)5(\d)", r"\10\2"),)


@pytest.mark.parametrize(
    ("rewrite", "sentence"),
    [
        (r"[['(', 'x']]", "rewrite is not a regular expression"),
        (r"[['a(?=b)', 'x']]", "rewrite must do without look-around"),
        (r"[['^(a)', '\2']]", "there is no group"),
        (r"[['^a', '\n']]", "there is no group"),
    ],
)
def test_a_rewrite_that_cannot_be_done_is_refused(
    tmp_path: Path, rewrite: str, sentence: str
) -> None:
    text = TRANSACTION.replace(
        '  booked_date: {heading: date, format: "%y%m%d", century: 1900}',
        BIRTH_DATE.replace("REWRITE", rewrite),
    )
    with pytest.raises(FeedError, match=sentence):
        load(tmp_path, text)


def test_only_feeds_with_a_file_are_delivered(tmp_path: Path) -> None:
    feeds = load(tmp_path, TRANSACTION)
    assert set(feeds) == set(load_feeds())
    assert [name for name, feed in feeds.items() if feed.is_delivered] == ["corebank__transaction"]
    assert feeds["corebank__account"].match("corebank_account_20250131.csv") is None


def test_the_fixed_date_is_the_files_date(tmp_path: Path) -> None:
    found = load(tmp_path, TRANSACTION)["corebank__transaction"].match("trans.asc")
    assert found is not None
    assert found[1] == Match(dt.date(1994, 3, 31), None)


def test_one_heading_may_feed_two_columns_that_both_name_it(tmp_path: Path) -> None:
    text = (
        "feed: corebank__customer\ncolumns:\n"
        "  customer_id: {heading: client}\n  customer_name: {heading: client}\n"
    )
    feed = load(tmp_path, text, "corebank__customer")["corebank__customer"]
    positions = feed.match_headings(["client"]).positions
    assert positions["customer_id"] == positions["customer_name"] == (0,)


def test_a_file_that_says_only_its_name_is_the_standard_feed(tmp_path: Path) -> None:
    feed = load(tmp_path, "feed: corebank__product\n", "corebank__product")["corebank__product"]
    assert feed == load_feeds()["corebank__product"]


INVALID = [
    ("columns: {colour: {absent: true}}", "columns.colour: the feed has no such column"),
    ("columns: {amount: {}}", "columns.amount: says nothing"),
    ("columns: {amount: {absent: true}}", "columns.amount: the column is required"),
    ("columns: {transaction_id: {constant: x}}", "is the whole key"),
    ("columns: {account_id: {constant: x}}", "an identifier must not be a constant"),
    ("columns: {channel_code: {constant: moon}}", "constant must be one of counter"),
    ("columns: {channel_code: {values: {moon: [M]}}}", "'moon' is no value of the column"),
    ("columns: {amount: {values: {a: [b]}}}", "it has no listed values"),
    ("columns: {amount: {type: text}}", "columns.amount.type: this field is not known here"),
    ("columns: {amount: {unit: percent}}", "a money column needs unit"),
    ("columns: {amount: {join: [a, b]}}", "a money column must not be joined"),
    ("columns: {summary_text: {join: [a]}}", "columns.summary_text.join: "),
    ("columns: {summary_text: {separator: x}}", "separator has a meaning only with join"),
    ("columns: {summary_text: {heading: a, join: [b, c]}}", "either heading or join"),
    ("columns: {booked_date: {format: '%y%m%d'}}", "columns.booked_date: a two-digit year"),
    ("columns: {booked_date: {century: 1900}}", "century needs a format"),
    ("columns: {summary_text: {heading: 金额}}", "'金额' would mean amount and summary_text"),
    ("ignored: [金额]", "'金额' is both ignored and read"),
    ("columns: {summary_text: {heading: 密码}}", "authentication data (class C3)"),
    ("kind: snapshot", "kind: this field is not known here"),
    ("business_date: 1994-02-30", "is not valid YAML"),
    (
        "delivery: {frequency: once, files: [{pattern: a.csv, format: csv}]}",
        "delivery.files.a.csv: the pattern must hold {date}, or the overlay must say business_date",
    ),
]


@pytest.mark.parametrize(("text", "sentence"), INVALID, ids=lambda x: str(x)[:40])
def test_invalid_overlays_are_told_why(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(FeedError) as caught:
        load(tmp_path, f"feed: corebank__transaction\n{text}\n")
    assert caught.value.problems[0].startswith("corebank__transaction.yml: ")
    assert sentence in str(caught.value)


def test_overlays_of_unknown_misnamed_and_internal_feeds_are_told_why(tmp_path: Path) -> None:
    (tmp_path / "zoo__pet.yml").write_text("feed: zoo__pet\n")
    (tmp_path / "vault__pseudonym.yml").write_text("feed: vault__pseudonym\n")
    (tmp_path / "corebank__loan.yml").write_text("feed: corebank__account\n")
    with pytest.raises(FeedError) as caught:
        load_feeds(tmp_path)
    told = "\n".join(caught.value.problems)
    assert "there is no standard feed zoo__pet" in told
    assert "vault__pseudonym is written by the house and never delivered" in told
    assert "corebank__loan.yml: feed: must be corebank__loan" in told


def test_a_bank_says_once_what_it_keeps_its_books_in(tmp_path: Path) -> None:
    (tmp_path / "corebank__transaction.yml").write_text(TRANSACTION, encoding="utf-8")
    assert load_bank(tmp_path).own_currency_code is None
    (tmp_path / "bank.yml").write_text("own_currency_code: CZK", encoding="utf-8")
    # It is no feed file.
    assert load_feeds(tmp_path)["corebank__transaction"].is_delivered
    assert load_bank(tmp_path).own_currency_code == "CZK"


def test_a_bank_that_says_no_more_than_its_currency_delivers_every_feed_as_it_stands(
    tmp_path: Path,
) -> None:
    (tmp_path / "bank.yml").write_text("own_currency_code: CZK", encoding="utf-8")
    assert load_feeds(tmp_path) == load_feeds()


@pytest.mark.parametrize("text", ["own_currency_code: crowns", "own_currency: CZK"])
def test_what_a_bank_says_wrong_is_told_with_the_feeds(tmp_path: Path, text: str) -> None:
    (tmp_path / "corebank__transaction.yml").write_text(TRANSACTION, encoding="utf-8")
    (tmp_path / "bank.yml").write_text(text, encoding="utf-8")
    with pytest.raises(FeedError, match=r"bank\.yml: own_currency"):
        load_feeds(tmp_path)
