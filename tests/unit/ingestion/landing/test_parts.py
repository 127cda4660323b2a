"""Files that belong together are read only when all of them are there."""

from __future__ import annotations

from typing import Any

import pytest

from ingestion.contracts import Feed
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


@pytest.mark.parametrize("name", ["entry_20250131_4of3.csv", "entry_20250131_0of3.csv"])
def test_a_part_beyond_the_last_is_no_part(house: House, name: str) -> None:
    house.feeds = {NAMED.feed: NAMED}
    house.land(name)
    assert [path.name for path in house.receive().unclaimed] == [name]
