"""Control files: an extract is taken in when its companion has come and speaks of it."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from ingestion.contracts import Feed
from ingestion.landing.companions import Companion, companion_of
from tests.unit.ingestion.house import ROW, House
from tests.unit.ingestion.made_up import (
    AMOUNT,
    CSV,
    CUSTOMER,
    DATE,
    NOTE,
    SERIAL,
    extract_of,
    feed,
)

DATA = extract_of(ROW).encode("gb18030")
SHA = hashlib.sha256(DATA).hexdigest()
OK = f"{CSV}.ok"


def controlled(**control: Any) -> Feed:
    file = {"pattern": "entry_{date}.csv", "format": "csv", "encoding": "gb18030",
            "delimiter": "|", "control": {"pattern": "{file}.ok", **control}}  # fmt: skip
    return feed(SERIAL, CUSTOMER, DATE, AMOUNT, NOTE, files=[file])


KEYED = controlled(rows="ROWS", sha256="SHA256", totals={"amount": "金额合计"})


def open_house(house: House, of: Feed) -> House:
    house.feeds = {of.feed: of}
    return house


def text_of(rows: int = 1, sha256: str = SHA, total: str = "1.00") -> bytes:
    return f"rows = {rows}\r\nSHA256={sha256}\r\n金额合计={total}\r\n".encode()


def test_without_its_control_file_an_extract_waits(house: House) -> None:
    open_house(house, KEYED).land()
    receipt = house.receive()
    assert (receipt.received, receipt.unclaimed) == ([], [])
    assert [path.name for path in receipt.unsettled] == [CSV]
    (note,) = receipt.notes
    assert note.zh == f"文件 {CSV} 正在等待其控制文件 {OK}，到齐后再处理。"
    assert note.en == f"{CSV} waits for its control file, {OK}."
    assert [missing.feed for missing in receipt.missing] == [KEYED.feed]
    house.land(OK, text_of())
    (row,) = house.receive().received
    assert Companion.from_json(row.control) == Companion(OK, "1", {"amount": "1.00"}, SHA)
    (report,) = house.extract([row])
    assert (report.state, report.doubts) == ("loaded", [])


@pytest.mark.parametrize(
    ("ok", "zh", "en"),
    [
        (text_of(sha256="0" * 64), "SHA-256为", "may still be on its way"),
        (text_of()[:17], "缺少约定的内容（sha256）", "does not say what was agreed (sha256)"),
        (b"", "缺少约定的内容（rows）", "does not say what was agreed (rows)"),
        ("ROWS=1".encode("utf-16"), "实际像是 UTF-16", "looks like UTF-16"),
        (text_of() + b"ROWS=2\r\n", "同一项（rows）有不同的值", "says rows twice and differently"),
    ],
)
def test_a_control_file_that_comes_first_is_waited_for(
    house: House, ok: bytes, zh: str, en: str
) -> None:
    """F21: it speaks of the whole file while half of it is there; or is itself half written."""
    open_house(house, KEYED).land()
    house.land(OK, ok)
    receipt = house.receive()
    assert (receipt.received, [path.name for path in receipt.unsettled]) == ([], [CSV])
    (note,) = receipt.notes
    assert zh in note.zh
    assert en in note.en
    assert not list((house.path / "archive").rglob("*.partial"))
    house.land(OK, text_of())
    assert len(house.receive().received) == 1


def test_a_control_file_of_the_next_content_does_not_load_this_one(house: House) -> None:
    """F21: held for its total; then the control file of the mended extract comes first."""
    open_house(house, KEYED).land(CSV, DATA)
    house.land(OK, text_of(total="2.00"))
    house.extract(house.receive().received)
    assert house.states() == ["held"]
    house.land(OK, text_of(sha256="1" * 64, total="3.00"))
    receipt = house.receive()
    assert (receipt.received, [path.name for path in receipt.unsettled]) == ([], [CSV])
    assert house.states() == ["held"]


def test_a_copy_beside_a_control_file_of_another_name_is_the_same_delivery(house: House) -> None:
    house.feeds = {KEYED.feed: KEYED}
    house.land(CSV, DATA)
    house.land(OK, text_of(total="2.00"))
    house.extract(house.receive().received)
    copied = f"copy/{CSV.replace('.csv', '.CSV')}"
    house.land(copied, DATA)
    house.land(f"{copied}.ok", text_of(total="2.00"))
    for _ in range(3):
        house.receive()
    assert house.states() == ["held", "duplicate"]


@pytest.mark.parametrize(
    ("control", "ok", "state"),
    [
        ({}, b"", "loaded"),
        ({"size": 2, "rows": 1}, f"1|{len(DATA)}|x\n".encode(), "loaded"),
        ({"size": 2, "rows": 1}, f"1|{len(DATA) + 1}\n".encode(), None),
        ({"rows": 1, "delimiter": ","}, b"2,3\n", "held"),
        ({"rows": 1, "totals": {"amount": 2}, "delimiter": ","}, b"1,1.01\n", "held"),
        ({"rows": "行数", "delimiter": ":", "encoding": "gb18030"}, "行数:1".encode("gb18030"),
         "loaded"),
        ({"pattern": "{stem}.flg"}, b"", "loaded"),
        ({"pattern": "{stem}.FLG"}, b"", "loaded"),
        ({"pattern": "ok_{file}"}, b"", "loaded"),
    ],
)  # fmt: skip
def test_layouts_of_control_files(
    house: House, control: dict[str, Any], ok: bytes, state: str | None
) -> None:
    of = controlled(**control)
    open_house(house, of).land(CSV, DATA)
    told = of.delivery.files[0].control
    assert told is not None
    house.land(told.file_name(CSV).lower(), ok)
    receipt = house.receive()
    assert receipt.unclaimed == []
    states = [report.state for report in house.extract(receipt.pending)]
    assert states == ([state] if state else [])
    assert list(house.lake.rglob("*.parquet")) == [] or state == "loaded"


def test_a_mended_control_file_gives_a_held_extract_another_look(house: House) -> None:
    open_house(house, KEYED).land()
    house.land(OK, text_of(rows=2))
    (row,) = house.receive().received
    (report,) = house.extract([row])
    assert [doubt.code for doubt in report.doubts] == ["count"]
    assert "控制文件 entry_20250131.csv.ok 声明 2 行，实收 1 行" in report.doubts[0].reason.zh
    assert house.receive().received == []
    house.land(OK, text_of())
    (again,) = house.receive().received
    (report,) = house.extract([again])
    assert (report.state, house.states()) == ("loaded", ["superseded", "loaded"])


def test_a_control_file_cleared_away_later_is_not_missed(house: House) -> None:
    open_house(house, KEYED).land()
    path = house.land(OK, text_of())
    house.extract(house.receive().received)
    path.unlink()
    receipt = house.receive()
    assert (receipt.unsettled, receipt.notes, receipt.missing) == ([], [], [])


def test_links_are_no_control_files(house: House) -> None:
    path = open_house(house, KEYED).land()
    (house.landing / OK).symlink_to(house.land("elsewhere.txt", text_of()))
    found = companion_of(path, KEYED.delivery.files[0])
    assert isinstance(found, tuple)
    assert house.receive().received == []
