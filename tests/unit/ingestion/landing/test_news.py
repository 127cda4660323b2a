"""Which files of a published date a night would still take in."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable

import pytest

from ingestion.batch import State
from ingestion.landing import news
from ingestion.sentence import Sentence
from tests.unit.ingestion.house import ROW, House
from tests.unit.ingestion.made_up import CSV, ENTRY, NIGHT, extract_of, feed

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
    received = [row.file_name for row in known_house.receive().received]
    assert received == expected, "a night takes in what is news, and no more"
    assert found(known_house) == [], "once taken in it is no news"


def test_a_replaced_file_is_news_when_it_is_laid_down_again_alone(known_house: House) -> None:
    """With the whole folder copied again, times and all, a night would take neither in."""
    house = known_house
    house.land("again/" + CSV, content=OTHER)
    house.settle(house.receive().received[0])
    for path in house.landing.rglob("*.csv"):
        os.utime(path)
    assert found(house) == []
    (house.landing / "again" / CSV).unlink()
    assert found(house) == [CSV]
    assert [row.file_name for row in house.receive().received] == [CSV]


def test_a_refused_file_is_news_once_its_feed_was_mended(house: House) -> None:
    house.land()
    house.settle(house.receive().received[0], "refused", refusal=Sentence("标题", "headings"))
    assert found(house) == []
    mend_the_feed(house)
    assert found(house) == [CSV]


def test_a_refused_file_is_none_once_a_later_one_is_loaded(house: House) -> None:
    """No night would read it again, so none may be started for it."""
    house.land("again/" + CSV)
    house.settle(house.receive().received[0], "refused", refusal=Sentence("标题", "headings"))
    house.land(content=OTHER)
    house.settle(house.receive().received[0])
    mend_the_feed(house)
    assert found(house) == []
    assert house.receive().received == []


def test_a_file_that_somebody_refused_is_none(house: House) -> None:
    house.land()
    house.ledger.turn_away(house.receive().received[0].delivery_id, "重复", "王经理", "event")
    mend_the_feed(house)
    assert found(house) == []


@pytest.fixture
def controlled(house: House) -> House:
    """A home of a feed whose extracts have a control file."""
    file = {"pattern": "entry_{date}.csv", "format": "csv", "encoding": "gb18030",
            "delimiter": "|", "control": {"pattern": "{file}.ok", "rows": "ROWS",
                                          "size": "SIZE"}}  # fmt: skip
    own = feed(*ENTRY.columns, files=[file])
    house.feeds = {own.feed: own}
    return house


def say(house: House, rows: int, size: int | None = None) -> None:
    size = (house.landing / CSV).stat().st_size if size is None else size
    house.land(f"{CSV}.ok", f"ROWS={rows}\nSIZE={size}\n".encode())


def test_an_extract_is_news_once_its_control_file_speaks_of_it(controlled: House) -> None:
    controlled.land()
    assert found(controlled) == [], "without a control file no night would take it in"
    say(controlled, 1, size=1)
    assert found(controlled) == [], "the control file speaks of another"
    say(controlled, 1)
    assert found(controlled) == [CSV]
    controlled.receive()
    (controlled.landing / f"{CSV}.ok").unlink()
    assert found(controlled) == []


@pytest.mark.parametrize("state", ["held", "refused"])
def test_a_mended_control_file_is_news(controlled: House, state: State) -> None:
    controlled.land()
    say(controlled, 2)
    controlled.settle(controlled.receive().received[0], state)
    assert found(controlled) == []
    say(controlled, 1)
    assert found(controlled) == [CSV]
    controlled.settle(controlled.receive().received[0])
    say(controlled, 3)
    assert found(controlled) == [], "what is loaded was right"


def test_a_mended_control_file_of_what_somebody_refused_is_none(controlled: House) -> None:
    controlled.land()
    say(controlled, 2)
    (row,) = controlled.receive().received
    controlled.ledger.turn_away(row.delivery_id, "重复", "王经理", "event")
    say(controlled, 1)
    assert found(controlled) == []


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
