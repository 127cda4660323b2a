"""Doubled keys, totals and profiles: counted on the keys themselves, over every row."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import duckdb
import pytest

from ingestion.reading.load import open_engine
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import (
    AMOUNT,
    CUSTOMER,
    DATE,
    ENTRY,
    NOTE,
    SERIAL,
    column,
    extract_of,
    feed,
)

ROW = "S1|张三|20250131|1.00|"
# DuckDB gives both the same hash: they differ in two places, eight characters apart.
TWINS = ("20251002000000001", "20251009000000071")
DUPLICATE = "与本文件中另一行完全相同，已保留第一行。"


@pytest.mark.parametrize(
    ("rows", "kept", "refused"),
    [
        ([ROW, ROW], [2], {3: "duplicate"}),
        ([ROW, "S2|a|20250131|1|", ROW, ROW], [2, 3], {4: "duplicate", 5: "duplicate"}),
        ([ROW, "S1|张三　|2025-01-31|1|"], [2], {3: "duplicate"}),
        (["S1|张三|||", "S1|张三|||"], [2], {3: "duplicate"}),
        ([ROW, "S1|张三|20250131|2.00|"], [], {2: "conflict", 3: "conflict"}),
        ([ROW, "S1|张三||1.00|"], [], {2: "conflict", 3: "conflict"}),
        ([ROW, "S1|张三|20250131|1.00|x"], [], {2: "conflict", 3: "conflict"}),
        ([ROW, ROW, "S1|李四|20250131|1|"], [], {2: "conflict", 3: "conflict", 4: "conflict"}),
        ([ROW, "s1|张三|20250131|1.00|"], [2, 3], {}),
        ([ROW, "S1||20250131|1.00|"], [2], {3: "missing"}),
    ],
)
def test_rows_of_one_key(
    deliver: Deliver, rows: list[str], kept: list[int], refused: dict[int, str]
) -> None:
    reading = deliver(extract_of(*rows))
    assert [row["source_row"] for row in reading.rows] == kept
    assert {each.row: each.codes[0] for each in reading.refused} == refused
    assert reading.report.key_count == len(kept)
    assert reading.adds_up()


def test_what_a_sender_is_told_of_doubled_rows(deliver: Deliver) -> None:
    duplicate = deliver(extract_of(ROW, ROW)).refused[0].sentence
    assert duplicate.zh == DUPLICATE
    assert duplicate.en == (
        "The row is the same as another one in this file; the first one is kept."
    )
    conflict = deliver(extract_of(ROW, "S1|张三|20250131|2|")).refused[0].sentence
    assert conflict.zh == (
        "主键（流水号）与本文件中其他行重复而内容不同，无法判断以哪一行为准；请核对后只保留一行。"
    )
    assert conflict.en == (
        "The key (流水号) is that of another row in this file with other contents; keep the one"
        " that is right."
    )


def test_the_twins_share_a_hash(engine: duckdb.DuckDBPyConnection) -> None:
    """Else the tests below would prove nothing."""
    assert engine.execute("SELECT hash(?) = hash(?)", TWINS).fetchone() == (True,)


def test_keys_that_share_a_hash_are_two_keys(deliver: Deliver) -> None:
    """A month of transactions lost every row whose serial number had a twin."""
    first, second = TWINS
    reading = deliver(extract_of(f"{first}|张三|20250131|1|", f"{second}|张三|20250131|1|"))
    assert reading.values("serial_id") == [first, second]
    assert (reading.report.key_count, reading.refused) == (2, [])


def test_thousands_of_numbers_with_a_date_are_as_many_keys(deliver: Deliver) -> None:
    serials = [f"202510{day:02}{n:09}" for day in range(1, 21) for n in range(100)]
    reading = deliver(extract_of(*(f"{serial}|张三|20250131|1|" for serial in serials)))
    assert (reading.report.rows_loaded, reading.report.key_count) == (2000, 2000)


@pytest.mark.parametrize("place", [1, 4])
def test_rows_that_differ_only_in_texts_of_one_hash_contradict_each_other(
    deliver: Deliver, place: int
) -> None:
    rows = []
    for twin in TWINS:
        cells = ["S1", "张三", "20250131", "1", ""]
        cells[place] = twin
        rows.append("|".join(cells))
    reading = deliver(extract_of(*rows))
    assert [refused.codes for refused in reading.refused] == [["conflict"], ["conflict"]]
    assert reading.rows == []


def test_a_key_of_several_columns_is_compared_whole(deliver: Deliver) -> None:
    entry = feed(SERIAL, CUSTOMER, DATE, AMOUNT, NOTE, key="serial_id,note_text")
    first, second = TWINS
    rows = [f"S1|张三|20250131|1|{note}" for note in (first, second, second, "", "")]
    reading = deliver(extract_of(*rows, "S1|李四|20250131|1|"), entry)
    assert reading.values("note_text") == [first, second]
    assert {refused.row: refused.codes[0] for refused in reading.refused} == {
        4: "duplicate",
        5: "conflict",
        6: "conflict",
        7: "conflict",
    }
    assert "主键（流水号、备注）" in reading.refused[1].sentence.zh


def test_totals_are_exact(deliver: Deliver) -> None:
    rows = [f"S{n}|张三|20250131|90071992547409.{n:02}|" for n in range(100)]
    report = deliver(extract_of(*rows)).report
    assert report.money_total_loaded == {"amount": Decimal("9007199254740949.50")}
    assert report.money_total_quarantined == {"amount": Decimal("0.00")}


def test_columns_are_profiled_by_counts_alone(deliver: Deliver) -> None:
    kind = column("kind_code", "种类", "code", values={"a": ["甲"], "b": ["乙"]})
    entry = feed(SERIAL, CUSTOMER, DATE, AMOUNT, kind)
    rows = ["S1|张三|20250131|-1|甲", "S2|李四|19700102|5.5|甲", "S3|王五||x|丙", "S4|赵六|||乙"]
    report = deliver(extract_of(*rows, headings="流水号|户名|日期|金额|种类"), entry).report
    profiles = {profile.column: profile for profile in report.columns}
    days = (dt.date(2025, 1, 31) - dt.date(1970, 1, 1)).days
    date, amount, code = (profiles[name] for name in ("booked_date", "amount", "kind_code"))
    assert (date.nulls, date.refused, date.minimum, date.maximum, date.distinct) == (
        1,
        0,
        1,
        days,
        2,
    )
    assert (amount.nulls, amount.refused, amount.minimum, amount.maximum) == (1, 1, -1.0, 5.5)
    assert (code.nulls, code.refused, code.distinct, code.minimum) == (0, 1, 2, None)
    name = profiles["customer_name"]
    assert (name.nulls, name.minimum, name.maximum, name.distinct) == (0, None, None, None)
    assert "张三" not in report.to_json()


def test_the_dates_of_events_are_told(deliver: Deliver) -> None:
    when = column("booked_date", "日期", "date", required=True)
    entry = feed(SERIAL, CUSTOMER, when, AMOUNT, NOTE, kind="event", event_date="booked_date")
    rows = ["S1|a|20250131|1|", "S2|a|20250102|1|", "S3|a|20250131|1|"]
    assert deliver(extract_of(*rows), entry).report.event_dates == [
        dt.date(2025, 1, 2),
        dt.date(2025, 1, 31),
    ]
    assert deliver(extract_of(*rows), ENTRY).report.event_dates == []


def test_the_engine_fetches_nothing_from_outside() -> None:
    with open_engine() as engine:
        for name in ("autoinstall_known_extensions", "autoload_known_extensions"):
            assert engine.execute("SELECT current_setting(?)", [name]).fetchone() == (False,)
