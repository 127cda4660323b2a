"""Files that belong together are read only when all of them are there."""

from __future__ import annotations

from typing import Any

import pytest

from ingestion.batch import BatchReport
from ingestion.contracts import Feed
from ingestion.holding.sets import read_sets
from ingestion.lake import Lake
from ingestion.landing import waiting_parts
from ingestion.landing.due import newest_dates
from ingestion.ledger import DeliveryRow
from tests.unit.ingestion.house import House
from tests.unit.ingestion.made_up import AMOUNT, CUSTOMER, DATE, NOTE, SERIAL, extract_of, feed


def parted(pattern: str, **settings: Any) -> Feed:
    file = {"pattern": pattern, "format": "csv", "encoding": "gb18030", "delimiter": "|",
            **settings}  # fmt: skip
    return feed(SERIAL, CUSTOMER, DATE, AMOUNT, NOTE, files=[file])


NAMED = parted("entry_{date}_{part}of{parts}.csv")
COUNTED = parted("entry_{date}_{part}.csv", parts=3)
TOLD = parted("entry_{date}_{part}.csv", control={"pattern": "{file}.ok", "parts": "PARTS"})


def land(house: House, number: int | str, name: str) -> None:
    house.land(name, extract_of(f"S{number}|张三|20250131|1.00|"))
    house.land(f"{name}.ok", b"PARTS=3\n")


@pytest.mark.parametrize(
    ("of", "names"),
    [
        (NAMED, ["entry_20250131_01of03.csv", "entry_20250131_3of3.csv",
                 "entry_20250131_2of3.csv"]),
        (COUNTED, ["entry_20250131_1.csv", "entry_20250131_3.csv", "entry_20250131_2.csv"]),
        (TOLD, ["entry_20250131_1.csv", "entry_20250131_3.csv", "entry_20250131_2.csv"]),
    ],
)  # fmt: skip
def test_a_set_is_read_when_it_is_whole(house: House, of: Feed, names: list[str]) -> None:
    house.feeds = {of.feed: of}
    land(house, 1, names[0])
    land(house, 3, names[1])
    receipt = house.receive()
    assert (len(receipt.received), receipt.pending) == (2, [])
    waits = [note for note in receipt.notes if "等待" in note.zh]
    assert waits[0].zh == (
        f"文件 {names[0]} 正在等待同批的第 2 部分（共 3 部分），到齐后一并入库。"
    )
    assert waits[0].en == f"{names[0]} waits for part 2 of 3; all are loaded together."
    assert [missing.feed for missing in receipt.missing] == [of.feed]
    assert house.states() == ["received", "received"]
    land(house, 2, names[2])
    receipt = house.receive()
    assert (len(receipt.pending), receipt.missing) == (3, [])
    assert {report.state for report in house.extract(receipt.pending)} == {"loaded"}


def test_parts_without_numbers_are_counted(house: House) -> None:
    house.feeds = {COUNTED.feed: COUNTED}
    land(house, 1, "entry_20250131_城东.csv")
    (note,) = (note for note in house.receive().notes if "等待" in note.zh)
    assert "已到 1 部分，共 3 部分" in note.zh
    assert "1 of 3 are there" in note.en


def test_a_corrected_part_waits_for_nobody(house: House) -> None:
    house.feeds = {NAMED.feed: NAMED}
    for number in (1, 2):
        land(house, number, f"entry_20250131_{number}of2.csv")
    house.extract(house.receive().pending)
    land(house, "X", "entry_20250131_2of2.csv")
    (row,) = house.receive().pending
    assert house.extract([row])[0].state == "loaded"
    assert house.states() == ["loaded", "superseded", "loaded"]


def night(house: House) -> list[str]:
    """What a night makes of the sets; the names of what is loaded after it."""
    reports: list[BatchReport] = []
    pending, run_id = house.receive().pending, house.run()
    read_sets(pending, house.extract, house.ledger, house.lake, house.feeds, run_id, reports)
    states = {row.batch_id: row.state for row in house.ledger.deliveries()}
    assert all(states[each.batch_id] != "held" or each.state == "held" for each in reports)
    loaded = house.ledger.deliveries(state="loaded")
    assert house.in_lake() == sorted(row.batch_id for row in loaded)
    return sorted(row.file_name.removeprefix("entry_20250131_") for row in loaded)


def part(house: House, name: str, content: object = None) -> None:
    text = content if isinstance(content, str) else f"S{content or name}|张三|20250131|1.00|"
    house.land(f"entry_20250131_{name}", extract_of(text))


WRONG = "a line that no reader understands"
VERSIONED = parted("entry_{date}_{part}of{parts}{version}.csv")
WHOLE = ["1of3.csv", "2of3.csv", "3of3.csv"]


@pytest.fixture
def whole(house: House) -> House:
    """A home with a set of three that is loaded."""
    house.feeds = {VERSIONED.feed: VERSIONED}
    for name in WHOLE:
        part(house, name)
    assert night(house) == WHOLE
    return house


@pytest.mark.parametrize(
    "newer", [["1of2.csv", "2of2.csv"], ["1of3_v2.csv", "2of3_v2.csv", "3of3_v2.csv"]]
)
def test_a_newer_set_counts_when_it_is_whole_and_alone(whole: House, newer: list[str]) -> None:
    for name in newer[:-1]:
        part(whole, name)
        assert night(whole) == WHOLE
    part(whole, newer[-1])
    assert night(whole) == newer
    assert night(whole) == newer
    (row, *_) = [r for r in whole.ledger.deliveries() if r.file_name.endswith(newer[0])]
    whole.ledger.turn_away(row.delivery_id, "有误", "王经理", VERSIONED.kind)
    remove(whole, row)
    assert night(whole) == WHOLE, "the set before comes back, all of it"


def remove(house: House, row: DeliveryRow) -> None:
    Lake(house.lake).remove(row.feed, row.business_date, row.batch_id)


def test_a_part_that_is_refused_holds_the_others(house: House) -> None:
    house.feeds = {VERSIONED.feed: VERSIONED}
    part(house, "1of2.csv")
    house.land("entry_20250131_2of2.csv", WRONG)
    assert night(house) == []
    assert sorted(house.states()) == ["held", "refused"]
    (held,) = house.ledger.deliveries(state="held")
    (doubt,) = held.doubts
    assert doubt.code == "incomplete"
    assert doubt.reason.zh.startswith("同批共 2 部分，其中第 2 部分未能入库")
    assert doubt.reason.en.startswith("Part 2 of 2 could not be loaded, so entry_20250131_1of2")
    assert night(house) == []
    part(house, "2of2.csv")
    assert night(house) == ["1of2.csv", "2of2.csv"]


def test_a_restatement_that_is_torn_leaves_the_set_before_it(whole: House) -> None:
    part(whole, "1of2.csv")
    whole.land("entry_20250131_2of2.csv", WRONG)
    assert night(whole) == WHOLE
    part(whole, "2of2.csv")
    assert night(whole) == ["1of2.csv", "2of2.csv"]


def test_a_part_that_somebody_refuses_takes_the_others_out(whole: House) -> None:
    row = whole.ledger.deliveries()[1]
    whole.ledger.turn_away(row.delivery_id, "有误", "王经理", VERSIONED.kind)
    remove(whole, row)
    assert night(whole) == []
    assert night(whole) == []
    held = whole.ledger.deliveries(state="held")[0]
    whole.ledger.release(held.delivery_id, "只需此部分", "王经理")
    assert night(whole) == ["1of3.csv"], "somebody decided that it counts alone"
    assert night(whole) == ["1of3.csv"]
    part(whole, "2of3.csv", "mended")
    assert night(whole) == WHOLE


def test_a_feed_that_wants_more_parts_than_before_takes_nothing_out(house: House) -> None:
    house.feeds = {COUNTED.feed: COUNTED}
    for number in (1, 2, 3):
        part(house, f"{number}.csv")
    assert night(house) == ["1.csv", "2.csv", "3.csv"]
    more = parted("entry_{date}_{part}.csv", parts=4)
    house.feeds = {more.feed: more}
    assert night(house) == ["1.csv", "2.csv", "3.csv"]


def test_what_waits_or_is_held_is_no_fresh_delivery(house: House) -> None:
    house.feeds = {NAMED.feed: NAMED}
    part(house, "1of2.csv")
    (row,) = house.receive().received
    incomplete = waiting_parts(house.ledger, house.feeds)
    assert newest_dates(house.ledger) == {NAMED.feed: row.business_date}
    assert newest_dates(house.ledger, None, incomplete) == {}
    house.settle(row, "held")
    assert newest_dates(house.ledger) == {}


@pytest.mark.parametrize("name", ["entry_20250131_4of3.csv", "entry_20250131_0of3.csv"])
def test_a_part_beyond_the_last_is_no_part(house: House, name: str) -> None:
    house.feeds = {NAMED.feed: NAMED}
    house.land(name)
    assert [path.name for path in house.receive().unclaimed] == [name]
