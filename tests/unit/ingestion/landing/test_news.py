"""Which files of a published date a night would still take in."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable

import pytest

from ingestion.landing import news
from ingestion.sentence import Sentence
from tests.unit.ingestion.house import ROW, House
from tests.unit.ingestion.made_up import CSV, ENTRY, NIGHT, extract_of

LATE = "entry_20250130.csv"
OTHER = extract_of(ROW, "S2|李四|20250131|2|")


def found(house: House) -> list[str]:
    return [path.name for path in news(house.landing, house.feeds, house.ledger, NIGHT)]


@pytest.fixture
def known_house(house: House) -> House:
    """A home that has taken in and loaded what lies in its landing folder."""
    house.land()
    house.settle(house.receive().received[0])
    return house


def copy_again(house: House) -> None:
    shutil.copytree(house.landing, house.landing / "again")


def mend_the_feed(house: House) -> None:
    house.feeds = {ENTRY.feed: ENTRY.model_copy(update={"ignored": ("备注",)})}


CHANGES: dict[str, tuple[Callable[[House], object], list[str]]] = {
    "nothing": (lambda house: house.states(), []),
    "touched": (lambda house: os.utime(house.landing / CSV), []),
    "copied again": (copy_again, []),
    "a late file": (lambda house: house.land(LATE), [LATE]),
    "a mended file": (lambda house: house.land(content=OTHER), [CSV]),
    "a file of tomorrow": (lambda house: house.land("entry_20250201.csv"), []),
    "a file nobody knows": (lambda house: house.land("notes.txt"), []),
    "taken away": (lambda house: (house.landing / CSV).unlink(), []),
    "a changed feed": (mend_the_feed, []),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_news(known_house: House, change: str) -> None:
    act, expected = CHANGES[change]
    act(known_house)
    assert found(known_house) == expected
    known_house.receive()
    assert found(known_house) == [], "once taken in it is no news"


def test_a_refused_file_is_news_once_its_feed_was_mended(house: House) -> None:
    house.land()
    house.settle(house.receive().received[0], "refused", refusal=Sentence("标题", "headings"))
    assert found(house) == []
    mend_the_feed(house)
    assert found(house) == [CSV]


def test_a_file_that_somebody_refused_is_none(house: House) -> None:
    house.land()
    house.ledger.turn_away(house.receive().received[0].delivery_id, "重复", "王经理", "event")
    mend_the_feed(house)
    assert found(house) == []


def test_only_what_no_generation_ever_held_is_unpublished(known_house: House) -> None:
    ledger = known_house.ledger
    assert not ledger.has_unpublished_changes(), "before the first generation it is told otherwise"
    for number in (1, 2):
        ledger.record_generation(number=number, run_id=number, business_date=NIGHT)
    assert not ledger.has_unpublished_changes()
    (row,) = ledger.deliveries(state="loaded")
    ledger.turn_away(row.delivery_id, "重复", "王经理", "event")
    assert ledger.has_unpublished_changes()
    ledger.record_generation(number=3, run_id=3, business_date=NIGHT + dt.timedelta(days=1))
    assert not ledger.has_unpublished_changes()
