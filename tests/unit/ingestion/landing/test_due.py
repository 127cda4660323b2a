"""Which deliveries are due, and how a missing one is told."""

from __future__ import annotations

import datetime as dt

import pytest

from ingestion.batch import Doubt
from ingestion.landing.due import due_date, missing_deliveries
from ingestion.sentence import Sentence
from tests.unit.ingestion.house import House
from tests.unit.ingestion.made_up import (
    AMOUNT,
    ENTRY,
    NIGHT,
    OWNER,
    SERIAL,
    extract_of,
    feed,
)

DOUBT = Doubt("total", Sentence("合计差 0.01 元。", "The total is 0.01 yuan off."))


@pytest.mark.parametrize(
    ("frequency", "night", "due"),
    [
        ("daily", "2025-01-31", "2025-01-31"),
        ("weekly", "2025-01-31", "2025-01-25"),
        ("monthly", "2025-01-31", "2025-01-31"),
        ("monthly", "2025-01-30", "2024-12-31"),
        ("monthly", "2024-02-29", "2024-02-29"),
        ("monthly", "2024-02-28", "2024-01-31"),
        ("monthly", "2025-02-28", "2025-02-28"),
        ("quarterly", "2025-03-31", "2025-03-31"),
        ("quarterly", "2025-03-30", "2024-12-31"),
        ("quarterly", "2025-01-01", "2024-12-31"),
        ("yearly", "2025-12-30", "2024-12-31"),
        ("yearly", "2025-12-31", "2025-12-31"),
        ("once", "2025-01-31", None),
    ],
)
def test_what_a_delivery_must_have_reached(frequency: str, night: str, due: str | None) -> None:
    expected = None if due is None else dt.date.fromisoformat(due)
    assert due_date(frequency, dt.date.fromisoformat(night)) == expected


def test_a_missing_delivery_is_told_with_its_file_and_whom_to_ask(house: House) -> None:
    (missing,) = house.receive().missing
    assert (missing.feed, missing.due_date, missing.last_date) == (ENTRY.feed, NIGHT, None)
    assert missing.sentence.zh == (
        "应报送的“流水”（toy__entry）截至 2025-01-31 未收到，最近一期为 无；"
        f"文件名应为 entry_{{date}}.csv、entry_{{date}}.xlsx，请联系{OWNER}。"
    )
    assert missing.sentence.en == (
        "Entries (toy__entry), due by 2025-01-31, did not come; the latest is none. Its file is"
        f" called entry_{{date}}.csv or entry_{{date}}.xlsx; ask {OWNER}."
    )


def test_yesterdays_file_is_not_todays(house: House) -> None:
    house.land("entry_20250130.csv")
    (missing,) = house.receive().missing
    assert missing.last_date == dt.date(2025, 1, 30)
    assert "最近一期为 2025-01-30" in missing.sentence.zh
    assert "the latest is 2025-01-30" in missing.sentence.en


@pytest.mark.parametrize(
    ("state", "is_missing"),
    [("received", False), ("loaded", False), ("refused", True), ("held", True)],
)
def test_a_delivery_that_is_not_let_in_is_missing_as_well(
    house: House, state: str, is_missing: bool
) -> None:
    house.land()
    (row,) = house.receive().received
    if state != "received":
        house.settle(row, state)
    assert bool(missing_deliveries(house.ledger, house.feeds, NIGHT)) is is_missing


def test_a_held_delivery_is_told_with_its_reason_and_what_decides(house: House) -> None:
    house.land()
    (row,) = house.receive().received
    house.settle(row, "held", doubts=[DOUBT])
    (missing,) = missing_deliveries(house.ledger, house.feeds, NIGHT)
    number = row.delivery_id
    assert missing.held_id == number
    assert missing.sentence == (
        f"第 {number} 号报送文件 entry_20250131.csv（2025-01-31）暂不入库：合计差 0.01 元。"
        f"请决定：crm release {number} --reason … 或 crm refuse {number} --reason …",
        f"Delivery {number}, entry_20250131.csv of 2025-01-31, is held. The total is 0.01 yuan"
        f" off. Decide: crm release {number} --reason ..., or crm refuse {number} --reason ...",
    )


def test_a_held_correction_leaves_what_it_would_replace_there(house: House) -> None:
    house.land()
    house.settle(house.receive().received[0])
    house.land(content=extract_of("S9|李四|||"))
    house.settle(house.receive().received[0], "held", doubts=[DOUBT])
    assert missing_deliveries(house.ledger, house.feeds, NIGHT) == []


def test_yesterdays_held_delivery_does_not_stand_for_todays(house: House) -> None:
    house.land("entry_20250130.csv")
    house.settle(house.receive().received[0], "held", doubts=[DOUBT])
    (missing,) = missing_deliveries(house.ledger, house.feeds, NIGHT)
    assert (missing.held_id, "did not come" in missing.sentence.en) == (None, True)


def test_a_later_delivery_says_nothing_about_this_night(house: House) -> None:
    house.land("entry_20250201.csv")
    house.receive(dt.date(2025, 2, 1))
    assert len(missing_deliveries(house.ledger, house.feeds, NIGHT)) == 1
    assert missing_deliveries(house.ledger, house.feeds, dt.date(2025, 2, 1)) == []


@pytest.mark.parametrize(
    ("settings", "is_missing"),
    [
        ({"frequency": "daily", "required": True}, True),
        ({"frequency": "daily", "required": False}, False),
        ({"frequency": "once", "required": True}, True),
        ({"internal": True}, False),
    ],
)
def test_only_required_feeds_of_senders_can_be_missing(
    house: House, settings: dict[str, object], is_missing: bool
) -> None:
    files = [] if "internal" in settings else [{"pattern": "entry_{date}.csv", "format": "csv"}]
    own = feed(SERIAL, AMOUNT, delivery={**settings, "files": files})
    assert bool(missing_deliveries(house.ledger, {own.feed: own}, NIGHT)) is is_missing


def test_a_feed_this_bank_does_not_deliver_cannot_be_missing(house: House) -> None:
    own = ENTRY.model_copy(update={"is_delivered": False})
    assert missing_deliveries(house.ledger, {own.feed: own}, NIGHT) == []


def test_a_list_delivered_once_is_not_missed_again(house: House) -> None:
    delivery = {"frequency": "once", "required": True, "files": ENTRY.delivery.files}
    own = feed(*ENTRY.columns, delivery=delivery)
    house.feeds = {own.feed: own}
    house.land("entry_20200101.csv")
    assert house.receive().missing == []
