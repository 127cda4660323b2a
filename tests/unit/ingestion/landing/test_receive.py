"""Delivered files are taken in once each, and whatever lies there otherwise is told."""

from __future__ import annotations

import datetime as dt
import os
import unicodedata
from pathlib import Path

import pytest

from ingestion.landing import LandingError, archive_path, business_dates, contract_of
from tests.unit.ingestion.house import ROW, House
from tests.unit.ingestion.made_up import (
    AMOUNT,
    CSV,
    ENTRY,
    NIGHT,
    SERIAL,
    XLSX,
    extract_of,
    feed,
)

OTHER = extract_of(ROW, "S2|李四|20250131|2|")


def test_a_file_is_hashed_archived_and_entered(house: House) -> None:
    path = house.land()
    receipt = house.receive()
    (row,) = receipt.received
    assert (row.feed, row.file_name, row.landing_path) == (ENTRY.feed, CSV, CSV)
    assert (row.business_date, row.state, row.part) == (NIGHT, "received", None)
    assert row.size_bytes == path.stat().st_size
    assert receipt.pending == [row]
    archived = archive_path(house.path / "archive", row.sha256)
    assert archived.read_bytes() == path.read_bytes()
    assert not list((house.path / "archive").rglob("*.partial"))
    assert receipt.duplicates + receipt.unclaimed + receipt.later + receipt.missing == []


def test_a_missing_folder_is_an_error_with_what_to_do(house: House) -> None:
    house.landing.rmdir()
    with pytest.raises(LandingError) as caught:
        house.receive()
    assert caught.value.sentence.zh.endswith("不存在，请创建目录或用 --landing 指定。")
    assert "does not exist; create it or name another with --landing" in caught.value.sentence.en
    with pytest.raises(LandingError):
        business_dates(house.landing, house.feeds)


def test_an_empty_folder_is_a_remark(house: House) -> None:
    receipt = house.receive()
    (note,) = receipt.notes
    assert note.zh.endswith("为空，没有新的报送文件。")
    assert note.en.endswith("is empty; there is nothing new to take in.")
    assert receipt.pending == []
    assert [missing.feed for missing in receipt.missing] == [ENTRY.feed]


def test_before_the_first_archive_there_may_be_nothing_to_take_in(house: House) -> None:
    (house.path / "archive").rmdir()
    assert house.receive().received == []
    house.land("readme.txt", b"x")
    assert len(house.receive().unclaimed) == 1


def test_a_file_seen_before_changes_nothing(house: House) -> None:
    house.land()
    (row,) = house.receive().received
    house.settle(row)
    before = house.ledger.deliveries()
    again = house.receive()
    assert (again.received, again.duplicates, again.pending, again.notes) == ([], [], [], [])
    assert house.ledger.deliveries() == before


def test_a_file_that_waits_is_not_entered_twice(house: House) -> None:
    house.land()
    (row,) = house.receive().received
    again = house.receive()
    assert (again.received, again.pending) == ([], [row])


def test_a_touched_file_is_the_same_file(house: House) -> None:
    path = house.land()
    house.settle(house.receive().received[0])
    os.utime(path, ns=(10**18, 10**18))
    assert house.receive().received == []
    assert house.states() == ["loaded"]


@pytest.mark.parametrize("name", [f"again/{CSV}", f"{CSV[:-4].upper()}.CSV", f"z/y/{CSV}"])
def test_the_same_content_under_another_name_is_a_duplicate(house: House, name: str) -> None:
    house.land()
    house.settle(house.receive().received[0])
    house.land(name)
    receipt = house.receive()
    assert receipt.received == []
    (row,) = receipt.duplicates
    assert (row.state, row.landing_path) == ("duplicate", name)
    (note,) = receipt.notes
    assert note.zh == f"文件 {name} 与已收到的文件内容完全相同，未重复入库。"
    assert note.en.startswith(f"{name} has the same content as a file taken in before; it was not")
    # It is told once, not every night.
    later = house.receive()
    assert (later.duplicates, later.notes) == ([], [])


def test_twins_of_one_night_are_taken_in_once(house: House) -> None:
    house.land()
    house.land(f"copy/{CSV}")
    receipt = house.receive()
    assert [row.landing_path for row in receipt.received] == [CSV]
    assert [row.landing_path for row in receipt.duplicates] == [f"copy/{CSV}"]


@pytest.mark.parametrize("name", [CSV, f"fix/{CSV}", XLSX])
def test_other_content_for_the_same_date_takes_the_place(house: House, name: str) -> None:
    house.land()
    (first,) = house.receive().received
    house.settle(first)
    house.land(name, OTHER)
    (second,) = house.receive().received
    assert (second.slot, second.batch_id != first.batch_id) == (first.slot, True)
    assert house.settle(second) == "loaded"
    assert house.states() == ["superseded", "loaded"]


def test_what_a_correction_replaced_may_be_delivered_again(house: House) -> None:
    contents = [extract_of(ROW), OTHER, extract_of(ROW)]
    for content in contents:
        house.land(content=content)
        (row,) = house.receive().received
        house.settle(row)
    first, second, third = house.ledger.deliveries()
    assert (first.batch_id, third.batch_id) == (third.batch_id, first.batch_id)
    assert [first.state, second.state, third.state] == ["superseded", "superseded", "loaded"]


def test_parts_of_the_same_content_are_no_copies_of_each_other(house: House) -> None:
    """A part that was emptied like another one left its withdrawn rows in the lake."""
    parted = feed(SERIAL, files=[{"pattern": "e_{part}{version}_{date}.csv", "format": "csv"}])
    house.feeds = {parted.feed: parted}
    for name in ("e_a_20250131.csv", "e_b_20250131.csv"):
        house.land(name, "流水号\n")
    first, second = house.receive().received
    assert (first.part, second.part, first.batch_id != second.batch_id) == ("a", "b", True)


def test_what_a_correction_replaced_may_stay_where_it_lies(house: House) -> None:
    house.land()
    house.settle(house.receive().received[0])
    house.land(f"fix/{CSV}", OTHER)
    house.settle(house.receive().received[0])
    assert house.receive().received == []
    assert house.states() == ["superseded", "loaded"]


def test_a_folder_copied_again_brings_no_replaced_file_back(house: House) -> None:
    """Copying a landing folder gives every file a new time; the correction still holds."""
    files = {"a/entry_20250131.csv": "S1|a|20250131||", "b/entry_20250131.csv": "S1|b|20250131||"}
    for name, row in files.items():
        house.land(name, extract_of(row))
        house.settle(house.receive().received[0])
    for name, row in files.items():
        house.land(name, extract_of(row))
    assert house.receive().received == []
    assert house.states() == ["superseded", "loaded"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("entry_202501.csv", CSV),
        ("entry_202501.csv", "entry_20250131.xlsx"),
    ],
)
def test_a_month_and_its_last_day_are_no_corrections_of_each_other(
    house: House, one: str, other: str
) -> None:
    house.land(one)
    house.land(other, OTHER)
    first, second = house.receive().received
    assert first.business_date == second.business_date == NIGHT
    assert first.slot != second.slot


def test_parts_of_one_date_stand_side_by_side(house: House) -> None:
    parted = feed(SERIAL, AMOUNT, files=[{"pattern": "台账_{part}_{date}.csv", "format": "csv"}])
    house.feeds = {parted.feed: parted}
    for part in ("一组", "二组"):
        house.land(f"台账_{part}_20250131.csv", f"流水号,金额\n{part},1\n".encode())
    for row in house.receive().received:
        house.settle(row)
    assert house.states() == ["loaded", "loaded"]
    assert [row.part for row in house.ledger.deliveries()] == ["一组", "二组"]


def test_a_name_in_decomposed_form_is_the_same_name(house: House) -> None:
    accented = feed(SERIAL, files=[{"pattern": "café_{date}.csv", "format": "csv"}])
    house.feeds = {accented.feed: accented}
    house.land(unicodedata.normalize("NFD", "café_20250131.csv"))
    assert len(house.receive().received) == 1


@pytest.mark.parametrize(
    "name",
    [
        *("readme.txt", "entry_20250230.csv", "entry_2025.csv", "entry.csv", "entry_20250131.xls"),
        *(
            "my_entry_20250131.csv",
            "entry_20250131.csv.gz",
            "x'; drop table run;--.csv",
            "a\nb.csv",
        ),
    ],
)
def test_a_file_nobody_knows_is_noted_and_left(house: House, name: str) -> None:
    path = house.land(name)
    receipt = house.receive()
    assert receipt.unclaimed == [path]
    assert (receipt.received, path.exists()) == ([], True)


@pytest.mark.parametrize(
    "name",
    [
        *(f".{CSV}", f"~${XLSX}", f"{CSV}.tmp", f"{CSV}.part", f"{CSV}.FILEPART", f"{CSV}~"),
        *(f"{CSV}.crdownload", f"{CSV}.swp", f".hidden/{CSV}"),
    ],
)
def test_what_programs_leave_half_done_is_passed_over(house: House, name: str) -> None:
    house.land(name)
    receipt = house.receive()
    assert (receipt.received, receipt.unclaimed) == ([], [])


def test_links_pipes_and_folders_are_never_opened(house: House, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    (house.landing / CSV).symlink_to(secret)
    (house.landing / "linked").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(house.landing / XLSX)
    (house.landing / "entry_20250130.csv").mkdir()
    receipt = house.receive()
    assert (receipt.received, receipt.unclaimed) == ([], [])
    assert business_dates(house.landing, house.feeds) == []
    # Whoever laid a link there believes that he has delivered.
    told = [note.en.split(" is a link")[0] for note in receipt.notes]
    assert told[-2:] == [CSV, "linked"]


def test_what_somebody_refused_is_not_read_again_by_itself(house: House) -> None:
    house.land()
    (row,) = house.receive().received
    house.ledger.turn_away(row.delivery_id, "重复", "王经理", "event")
    house.feeds = {ENTRY.feed: ENTRY.model_copy(update={"ignored": ("备注",)})}
    assert house.receive().received == []


def test_folders_are_searched_in_order(house: House) -> None:
    house.land("2025/01/entry_20250130.csv")
    house.land("entry_20250131.csv", OTHER)
    house.land("2025/entry_20250129.csv", extract_of())
    dates = [row.business_date.day for row in house.receive().received]
    assert dates == [29, 30, 31]
    assert business_dates(house.landing, house.feeds) == [
        dt.date(2025, 1, day) for day in (29, 30, 31)
    ]


def test_later_dates_are_left_for_later_nights(house: House) -> None:
    house.land()
    path = house.land("entry_20250201.csv", OTHER)
    receipt = house.receive()
    assert ([row.file_name for row in receipt.received], receipt.later) == ([CSV], [path])
    later = house.receive(dt.date(2025, 2, 1))
    assert [row.file_name for row in later.received] == ["entry_20250201.csv"]


def test_a_file_that_grows_while_it_is_watched_waits(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing, still = house.land(), house.land("entry_20250130.csv", OTHER)
    for path in (growing, still):
        os.utime(path)
    monkeypatch.setattr("time.sleep", lambda _: growing.write_bytes(growing.read_bytes() + b"x"))
    receipt = house.receive()
    assert receipt.unsettled == [growing]
    assert [row.file_name for row in receipt.received] == ["entry_20250130.csv"]


def test_a_file_that_changes_while_it_is_copied_waits(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, flush = house.land(), os.fsync

    def disturb(handle: int) -> None:
        path.write_bytes(b"other")
        flush(handle)

    monkeypatch.setattr("os.fsync", disturb)
    receipt = house.receive()
    assert (receipt.received, receipt.unsettled) == ([], [path])
    (note,) = receipt.notes
    assert note.zh == f"文件 {CSV} 仍在写入，留待下次处理。"
    assert note.en == f"{CSV} is still being written; the next run takes it."
    assert not list((house.path / "archive").rglob("*.partial"))


def test_content_lost_from_the_archive_is_copied_again(house: House) -> None:
    house.land()
    (row,) = house.receive().received
    archived = archive_path(house.path / "archive", row.sha256)
    archived.unlink()
    house.receive()
    assert archived.exists()
    assert len(house.ledger.deliveries()) == 1


def test_a_refused_file_is_read_again_only_under_another_contract(house: House) -> None:
    house.land()
    house.settle(house.receive().received[0], "refused")
    assert house.receive().received == []
    longer = feed(*ENTRY.columns, owner="财务部")
    house.feeds = {longer.feed: longer}
    (row,) = house.receive().received
    pattern = longer.delivery.files[0]
    assert (row.state, row.contract) == ("received", contract_of(longer, pattern))
    house.settle(row, "refused")
    assert house.receive().received == []


def test_a_refused_file_does_not_undo_what_was_delivered_after_it(house: House) -> None:
    """Read again under a changed feed, it would be the newer delivery of its place."""
    house.land(content=extract_of("S1|张三|20250131|x|"))
    house.settle(house.receive().received[0], "refused")
    house.land("again/" + CSV)
    house.settle(house.receive().received[0])
    longer = feed(*ENTRY.columns, owner="财务部")
    house.feeds = {longer.feed: longer}
    assert house.receive().received == []
    assert house.states() == ["refused", "loaded"]


def test_one_file_may_serve_two_feeds(house: House) -> None:
    other = feed(SERIAL, AMOUNT, name="toy__other")
    house.feeds = {ENTRY.feed: ENTRY, other.feed: other}
    house.land()
    first, second = house.receive().received
    assert (first.feed, second.feed) == ("toy__entry", "toy__other")
    assert (first.sha256, first.batch_id != second.batch_id) == (second.sha256, True)
    assert house.receive().received == []


def test_a_name_cannot_forge_a_line_of_the_log(house: House) -> None:
    wild = feed(SERIAL, files=[{"pattern": "e_{part}_{date}.csv", "format": "csv"}])
    house.feeds = {wild.feed: wild}
    house.land("e_x\x1b[31m\u202e_20250131.csv")
    house.land("again/e_x\x1b[31m\u202e_20250131.csv")
    (note,) = house.receive().notes
    assert note.zh.startswith("文件 again/e_x\\x1b[31m\\u202e_20250131.csv 与已收到的文件")
    assert not any(sign in note.zh + note.en for sign in "\x1b\u202e")
