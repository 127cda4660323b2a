"""What a feed file may say, and what it is told when it may not."""

import datetime as dt
import pickle
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingestion.contracts import FEEDS_DIR, Feed, FeedError, lake_schema, load_feed, load_feeds

COLUMN: dict[str, Any] = {
    "name": "pet_id",
    "heading": "宠物号",
    "type": "text",
    "required": True,
    "security": {"class": "C1", "level": 2, "mask": "none"},
    "description": "Number of the pet.",
}
FEED: dict[str, Any] = {
    "feed": "zoo__pet",
    "title": {"zh": "宠物", "en": "Pets"},
    "grain": "One row per pet.",
    "owner": "科技部",
    "kind": "snapshot",
    "delivery": {
        "frequency": "daily",
        "files": [{"pattern": "pet_{date}.csv", "format": "csv", "encoding": "gb18030"}],
    },
    "key": ["pet_id"],
    "columns": [COLUMN],
}


def column(**changes: Any) -> dict[str, Any]:
    """A second column beside the key, as `changes` say."""
    return COLUMN | {"name": "extra", "heading": "其他", "required": False} | changes


def load(folder: Path, **changes: Any) -> Feed:
    path = folder / "zoo__pet.yml"
    path.write_text(yaml.safe_dump(FEED | changes, allow_unicode=True), encoding="utf-8")
    return load_feed(path)


VALID_COLUMNS = [
    column(type="money", unit="wan_yuan", min=0),
    column(type="rate", unit="percent", min=0, max=0.36),
    column(type="rate"),
    column(type="date", min="1900-01-01"),
    column(type="date", format="%y%m%d", century=1900),
    column(type="date", format="%Y.%m.%d"),
    column(type="code", values={"a": ["甲"], "b": [1, "乙"]}),
    column(type="boolean", values={"true": ["是"], "false": ["否"]}),
    column(type="integer", min=-1, max=1),
    column(pattern=r"^[A-Z]{3}$", example="CNY"),
    column(pseudonym="customer"),
    column(check="mobile", on_invalid="keep"),
    column(check="clock_time", precision="minute"),
    column(pseudonym="account", check="bank_card"),
    column(constant="0001"),
    column(type="code", values={"a": ["甲"]}, constant="a"),
    column(type="money", unit="yuan", constant=1.5),
    column(join=["a", "b"], separator="|"),
    column(missing=["?", "-", 0]),
    column(security={"class": "C2", "level": 3, "mask": "name"}),
]


@pytest.mark.parametrize("second", VALID_COLUMNS, ids=lambda c: f"{c['type']}-{len(c)}")
def test_valid_columns_load(tmp_path: Path, second: dict[str, Any]) -> None:
    assert load(tmp_path, columns=[COLUMN, second]).column("extra").type == second["type"]


C3 = {"class": "C3", "level": 4, "mask": "none"}
INVALID_COLUMNS = [
    (column(type="money"), "columns.extra: a money column needs unit yuan or wan_yuan"),
    (column(type="rate", unit="yuan"), "unit of a rate is percent"),
    (column(unit="yuan"), "a text column has no unit"),
    (column(currency="row"), "a text column is in no currency"),
    (column(type="number"), "columns.extra.type: must be 'text', 'code'"),
    (column(type="date", min="1900-13-01"), "min '1900-13-01' is not a date"),
    (column(type="integer", min="many"), "min 'many' is not a number"),
    (column(type="integer", min=2, max=1), "min is greater than max"),
    (column(min=1), "min has no meaning for a text column"),
    (column(pattern="("), "pattern is not a regular expression"),
    (column(pattern="(?=a)"), "without look-around"),
    (column(pattern=r"(a)\1"), "back references"),
    (column(pattern="^a$", example="b"), "example 'b' does not fit the pattern"),
    (column(type="code", values={"a": ["甲"]}, check="name"), "check has no meaning for a code"),
    (column(check="name", check_by="pet_id"), "say either check or check_by"),
    (column(check="name", pattern="x"), "a checked column needs no pattern"),
    (column(precision="minute"), "precision has a meaning only beside check: clock_time"),
    (column(on_invalid="keep"), "on_invalid has a meaning only beside check or check_by"),
    (column(check_by="pet_id"), "must name a code column that stands before it"),
    (column(check_by="colour"), "must name a code column that stands before it"),
    (column(type="date", pattern="x"), "pattern has no meaning for a date column"),
    (column(type="code"), "a code column needs values"),
    (column(values={"a": ["b"]}), "values have no meaning for a text column"),
    (column(type="code", values={"a": ["甲"], "b": ["甲 "]}), "'甲' means both 'a' and 'b'"),
    (column(type="code", values={"a": ["ｂ"], "b": ["乙"]}), "'b' means both 'a' and 'b'"),
    (column(type="code", values={"a": [" "]}), "values.a holds an empty text"),
    (column(type="boolean", values={"yes": ["是"], "no": ["否"]}), "'true' and 'false'"),
    (column(type="code", values={"a": ["-"]}, missing=["-"]), "both a listed value and missing"),
    (column(type="date", format="%y%m%d"), "needs century"),
    (column(type="date", format="%Y%m%d", century=1900), "needs century"),
    (column(type="date", format="%y%m%d", century=1950), "century must be a full one"),
    (column(type="date", format="%Y%m"), "format must tell one year, month and day"),
    (column(type="date", format="%c"), "format must not use %c"),
    (column(type="date", century=1900), "century needs a format with %y"),
    (column(format="%Y"), "format and century have no meaning for a text column"),
    (column(type="integer", pseudonym="customer"), "only a text column is an identifier"),
    (column(pseudonym="customer", constant="1"), "an identifier must not be a constant"),
    (column(pseudonym="dog"), "columns.extra.pseudonym: must be 'customer' or 'account'"),
    (column(required=True, absent=True), "is required, so it must not be absent"),
    (column(absent=True, constant="1"), "absent, constant and join exclude each other"),
    (column(type="integer", join=["a", "b"]), "must not be joined"),
    (column(type="integer", constant="1.5"), "constant '1.5' is not a whole number"),
    (column(type="integer", constant="x"), "constant 'x' is not a number"),
    (column(type="date", constant="31.3.94"), "constant '31.3.94' is not a date"),
    (column(type="integer", min=2, constant=1), "is below min 2"),
    (column(type="code", values={"a": ["甲"]}, constant="甲"), "constant must be one of a"),
    (column(constant=" "), "constant must not be empty"),
    (column(pattern="^a$", constant="b"), "constant 'b' does not fit the pattern"),
    (column(security=C3), "columns.extra.security: class C3 (authentication data) must never"),
    (column(security={"class": "C2", "level": 2, "mask": "name"}), "class C2 has level 3, not 2"),
    (column(security={"class": "C2", "level": 3, "mask": "none"}), "class C2 has a mask"),
    (column(security={"class": "C1", "level": 2, "mask": "name"}), "class C2 has a mask"),
    (column(security={"class": "C4", "level": 2, "mask": "none"}), "must be public, C1 or C2"),
    (column(heading="交易密码"), "authentication data (class C3)"),
    (column(name="card_cvv2"), "authentication data (class C3)"),
    (column(name="Extra"), "columns.Extra.name: "),
    (column(colour="red"), "columns.extra.colour: this field is not known here"),
    ({k: v for k, v in column().items() if k != "heading"}, "columns.extra.heading: this field is"),
]


@pytest.mark.parametrize(("second", "sentence"), INVALID_COLUMNS, ids=lambda x: str(x)[:40])
def test_invalid_columns_are_told_why(
    tmp_path: Path, second: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(FeedError) as caught:
        load(tmp_path, columns=[COLUMN, second])
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith("zoo__pet.yml: ")
    assert sentence in caught.value.problems[0]
    assert caught.value.problems[0].endswith(".")


DATE = column(name="born_date", heading="生日", type="date", required=True)
INVALID_FEEDS = [
    ({"kind": "stream"}, "kind: must be 'snapshot', 'change' or 'event', not 'stream'"),
    ({"grain": "Pets"}, "grain: "),
    ({"feed": "pets"}, "feed: "),
    ({"feed": "zoo__cat"}, "feed: must be zoo__pet, as the file is named"),
    ({"key": []}, "key: "),
    (
        {"key": ["pet_id", "extra"], "columns": [COLUMN, column(check="clock_time")]},
        "extra is of the key and needs a precision",
    ),
    ({"key": ["dog_id"]}, "key names dog_id, which is no column"),
    ({"key": ["pet_id", "pet_id"]}, "key names pet_id twice"),
    ({"columns": [COLUMN, COLUMN]}, "column pet_id is declared twice"),
    ({"columns": [COLUMN, column(name="batch_id")]}, "batch_id is kept for the house's own use"),
    ({"columns": [COLUMN, column(heading="宠 物号")]}, "'宠物号' would mean pet_id and extra"),
    ({"columns": [COLUMN, column(aliases=["PET_ID"])]}, "'pet_id' would mean pet_id and extra"),
    ({"columns": [COLUMN | {"constant": "1"}]}, "no column of the key is delivered"),
    ({"columns": [COLUMN, column(absent=True)]}, "absent has no meaning in a standard feed"),
    ({"kind": "event"}, "an event feed needs event_date"),
    ({"event_date": "born_date"}, "event_date names born_date, which is no column"),
    ({"event_date": "pet_id"}, "must be a required column of type date"),
    (
        {"event_date": "born_date", "columns": [COLUMN, DATE | {"required": False}]},
        "must be a required column of type date",
    ),
    ({"ignored": ["宠物号"]}, "'宠物号' is both ignored and read"),
    ({"is_delivered": False}, "is set by the program"),
    ({"delivery": {"internal": True, "required": True}}, "an internal feed has no frequency"),
    ({"delivery": {"frequency": "daily"}}, "files must name at least one file pattern"),
    ({"delivery": {"files": FEED["delivery"]["files"]}}, "frequency is missing"),
    ({"delivery": {"frequency": "hourly"}}, "delivery.frequency: must be 'daily'"),
]


@pytest.mark.parametrize(("changes", "sentence"), INVALID_FEEDS, ids=lambda x: str(x)[:40])
def test_invalid_feeds_are_told_why(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(FeedError) as caught:
        load(tmp_path, **changes)
    assert sentence in caught.value.problems[0]


INVALID_FILES = [
    ({"pattern": "pet.csv"}, "the pattern must hold {date}, or say business_date"),
    ({"pattern": "pet_{day}.csv"}, "knows {date}, {part}, {parts} and {version}, not {day}"),
    ({"pattern": "{date}_{date}.csv"}, "once each"),
    ({"pattern": "a/{date}.csv"}, "the landing folder may be nested freely"),
    ({"business_date": "2025-01-01"}, "business_date must not be fixed as well"),
    ({"encoding": "klingon"}, "encoding 'klingon' is unknown"),
    ({"delimiter": "||"}, "delimiter must be one character"),
    ({"delimiter": '"'}, "delimiter and quote must differ"),
    ({"format": "pdf"}, "must be 'csv', 'fixed' or 'xlsx', not 'pdf'"),
    ({"format": "xlsx"}, "encoding has no meaning for an xlsx file"),
    ({"sheet": "a"}, "no meaning for a csv file"),
    ({"format": "fixed", "encoding": "gb18030"}, "a fixed file needs fields"),
    ({"fields": [{"heading": "a", "start": 1, "length": 2}]}, "fields has no meaning for a csv"),
    ({"encoding": "utf-16"}, "does not write line ends and digits as ASCII does"),
    ({"encoding": "cp037"}, "does not write line ends and digits as ASCII does"),
    ({"pattern": "pet_{date}_{parts}.csv"}, "files in parts need {part} in the pattern"),
    ({"parts": 2}, "files in parts need {part} in the pattern"),
    ({"pattern": "pet_{date}_{part}of{parts}.csv", "parts": 2}, "parts must not be fixed too"),
    ({"trailer": {"marker": ""}}, "marker"),
    ({"trailer": {"marker": "T", "rows": {"start": 1, "length": 2}}}, "are each a number"),
    ({"trailer": {"marker": "T", "totals": {"name": 2}}}, "a total of name, which is no"),
    ({"control": {"pattern": "ok"}}, "the control pattern holds {file} or {stem} once"),
    ({"control": {"pattern": "{file}"}}, "the control pattern holds {file} or {stem} once"),
    ({"control": {"pattern": "a/{file}.ok"}}, "its pattern is a name"),
    ({"control": {"pattern": "{file}.ok", "rows": 1, "size": "S"}}, "by keys or by numbers"),
]

FIXED = {"format": "fixed", "encoding": "gb18030", "pattern": "pet_{date}.dat"}
INVALID_FIELDS = [
    ([("a", 1, 2), ("b", 2, 2)], "the fields a and b overlap"),
    ([("a", 1, 2), ("a", 3, 2)], "fields name the heading a twice"),
    ([("a", 0, 2)], "start"),
]


@pytest.mark.parametrize(("fields", "sentence"), INVALID_FIELDS)
def test_invalid_fields_are_told_why(
    tmp_path: Path, fields: list[tuple[str, int, int]], sentence: str
) -> None:
    listed = [{"heading": name, "start": at, "length": size} for name, at, size in fields]
    with pytest.raises(FeedError) as caught:
        load(tmp_path, delivery={"frequency": "daily", "files": [{**FIXED, "fields": listed}]})
    assert sentence in str(caught.value)


@pytest.mark.parametrize(("changes", "sentence"), INVALID_FILES, ids=lambda x: str(x)[:40])
def test_invalid_files_are_told_why(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    file = FEED["delivery"]["files"][0] | changes
    with pytest.raises(FeedError) as caught:
        load(tmp_path, delivery={"frequency": "daily", "files": [file]})
    assert sentence in str(caught.value)


YAML_TEXTS = [
    ("feed: a\nfeed: b\n", "line 2 names 'feed' a second time"),
    ("feed: [", "is not valid YAML"),
    ("- feed\n", "must hold a mapping"),
    ("", "must hold a mapping"),
    ("feed: \ud800", "cannot be read as UTF-8"),
]


@pytest.mark.parametrize(("text", "sentence"), YAML_TEXTS)
def test_what_is_no_feed_file_is_told_so(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "zoo__pet.yml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(FeedError, match=r"zoo__pet\.yml") as caught:
        load_feed(path)
    assert sentence in str(caught.value)


def test_yaml_keeps_texts_that_look_like_something_else(tmp_path: Path) -> None:
    """YAML 1.1 reads 001 as 1, 12:30 as 750 and `no` as false: codes would change silently."""
    path = tmp_path / "zoo__pet.yml"
    lines = yaml.safe_dump(FEED, allow_unicode=True, sort_keys=False).splitlines()
    lines += ["- name: extra", "  heading: 其他", "  type: code", "  description: D."]
    lines += ["  security: {class: C1, level: 2, mask: none}"]
    lines += ["  values: {no: [001, 12:30, off, 1_000]}"]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert load_feed(path).column("extra").values == {"no": ("001", "12:30", "off", "1_000")}


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    for name in ("zoo__cat", "zoo__dog"):
        (tmp_path / f"{name}.yml").write_text(
            yaml.safe_dump(FEED | {"feed": name, "kind": "x"}), encoding="utf-8"
        )
    with pytest.raises(FeedError) as caught:
        load_feeds(standard=tmp_path)
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "zoo__cat.yml",
        "zoo__dog.yml",
    ]


def test_a_missing_or_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="holds no feed file"):
        load_feeds(standard=tmp_path)
    with pytest.raises(FeedError, match="is not a folder"):
        load_feeds(tmp_path / "none")


def test_every_standard_feed_loads() -> None:
    feeds = load_feeds()
    assert set(feeds) == {path.stem for path in FEEDS_DIR.glob("*.yml")}
    assert {name for name, feed in feeds.items() if not feed.is_delivered} == {
        "ml__churn_cause",
        "ml__customer_pair",
        "ml__customer_party",
        "ml__customer_score",
        "ml__customer_score_reason",
        "ml__customer_survival",
        "ml__model_month",
        "vault__pseudonym",
    }


def test_bounds_are_exact_and_in_the_lakes_unit() -> None:
    account = load_feeds()["corebank__account"]
    assert account.column("interest_rate").max == Decimal("0.36")
    assert load_feeds()["corebank__customer"].column("birth_date").min == dt.date(1900, 1, 1)


def test_lake_schema_has_declared_types_and_the_rows_origin() -> None:
    schema = lake_schema(load_feeds()["corebank__balance"])
    assert schema == {
        "account_id": "VARCHAR",
        "balance_date": "DATE",
        "balance_amount": "DECIMAL(18,2)",
        "accrued_interest_amount": "DECIMAL(18,2)",
        "batch_id": "VARCHAR",
        "batch_precedence": "VARCHAR",
        "source_file": "VARCHAR",
        "source_sheet": "VARCHAR",
        "source_row": "BIGINT",
    }


def test_feeds_and_their_errors_survive_the_way_to_a_child_process(tmp_path: Path) -> None:
    feed = load_feeds()["fieldwork__visit"]
    assert pickle.loads(pickle.dumps(feed)) == feed
    error = pickle.loads(pickle.dumps(FeedError(["a.", "b."])))
    assert error.problems == ["a.", "b."]


def test_headings_are_found_by_name_alias_and_width_never_by_place() -> None:
    visit = load_feeds()["fieldwork__visit"]
    headings = [None, " 下一步 ", "意向存款（万元）", "走访人工号", "CUSTOMER_ID", "日期"]
    headings += ["方式", "目的", "结果", "录入日期", "备注", "", "天气"]
    found = visit.match_headings(headings)
    assert found.is_acceptable
    assert found.positions["next_step_code"] == (1,)
    assert found.positions["expected_deposit_amount"] == (2,)
    assert found.positions["customer_id"] == (4,)
    assert found.unknown == ["备注", "天气"]


def test_a_form_may_number_its_headings() -> None:
    balance = load_feeds()["corebank__balance"]
    numbered = balance.match_headings(["1.账号", "2、余额", "（3）余额日期"])
    assert numbered.is_acceptable
    assert sorted(numbered.positions.values()) == [(0,), (1,), (2,)]
    # Beside the heading itself, the number makes it another column's.
    beside = balance.match_headings(["账号", "余额", "2.余额", "余额日期"])
    assert (beside.positions["balance_amount"], beside.unknown) == ((1,), ["2.余额"])
    twice = balance.match_headings(["账号", "1.余额", "2.余额", "余额日期"])
    assert twice.doubled == {"balance_amount": (1, 2)}


def test_a_missing_doubled_or_secret_heading_makes_a_file_unacceptable() -> None:
    balance = load_feeds()["corebank__balance"]
    missing = balance.match_headings(["账号", "余额"])
    assert [column.name for column in missing.missing] == ["balance_date"]
    doubled = balance.match_headings(["账号", "account_id", "余额", "余额日期"])
    assert doubled.doubled == {"account_id": (0, 1)}
    secret = balance.match_headings(["账号", "余额", "余额日期", "查询密码"])
    assert secret.authentication == ["查询密码"]
    assert not any(found.is_acceptable for found in (missing, doubled, secret))


def test_a_joined_column_needs_all_its_headings(tmp_path: Path) -> None:
    feed = load(tmp_path, columns=[COLUMN, column(join=["b", "a"])])
    assert feed.match_headings(["宠物号", "a", "b"]).positions["extra"] == (2, 1)
    assert "extra" not in feed.match_headings(["宠物号"]).positions
    assert feed.match_headings(["宠物号", "a"]).missing
    assert feed.match_headings(["宠物号", "a", "a", "b"]).doubled


def test_canonical_values_are_understood_after_the_banks_own() -> None:
    direction = load_feeds()["corebank__transaction"].column("direction_code")
    assert direction.value_patterns == [
        ("贷", "credit"),
        ("C", "credit"),
        ("贷方", "credit"),
        ("借", "debit"),
        ("D", "debit"),
        ("借方", "debit"),
        ("credit", "credit"),
        ("debit", "debit"),
    ]


def test_asking_for_an_unknown_column_names_the_feed() -> None:
    with pytest.raises(KeyError, match="corebank__balance has no column colour"):
        load_feeds()["corebank__balance"].column("colour")
