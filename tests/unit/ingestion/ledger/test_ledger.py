"""The ledger: what was taken in, what became of it, and what has to be built anew."""

from __future__ import annotations

import datetime as dt
import itertools
import sqlite3
from pathlib import Path

import pytest

from ingestion.batch import BatchReport
from ingestion.ledger import DeliveryRow, Ledger, LedgerError
from ingestion.sentence import Sentence
from tests.unit.ingestion.house import ROW, House, report_of
from tests.unit.ingestion.made_up import CSV, ENTRY, NIGHT, XLSX, extract_of

REFUSED = Sentence("质量关卡未通过", "The gate refused the file")


def taken_in(house: House, count: int) -> list[DeliveryRow]:
    """Deliveries of other content for one feed, date and slot, in the order they came."""
    for number in range(count):
        house.land(f"{number}/{CSV}", extract_of(f"S{number}|张三|20250131|{number}|"))
    return house.receive().received


def test_a_run_begins_and_ends(house: House) -> None:
    run_id = house.run()
    house.ledger.end_run(run_id, "published", "generation 1")
    (run,) = house.ledger.runs()
    assert (run.run_id, run.business_date, run.code_version) == (run_id, NIGHT, "test")
    assert (run.state, run.message) == ("published", "generation 1")
    assert run.ended_at is not None
    assert run.started_at.endswith("+00:00")


def test_runs_that_were_killed_are_closed_by_the_next(house: House) -> None:
    first, second = house.run(), house.run()
    assert second > first
    assert [(run.state, run.ended_at is None) for run in house.ledger.runs()] == [
        ("killed", False),
        ("running", True),
    ]


def test_a_run_that_ended_stays_as_it_ended(house: House) -> None:
    house.ledger.end_run(house.run(), "held", "missing")
    house.run()
    assert [run.state for run in house.ledger.runs()] == ["held", "running"]


def test_stages_are_timed_in_their_order(house: House) -> None:
    run_id = house.run()
    with house.ledger.stage(run_id, "receive"):
        pass
    with pytest.raises(RuntimeError, match="disk"), house.ledger.stage(run_id, "extract"):
        raise RuntimeError("disk")
    receive, extract = house.ledger.stages(run_id)
    assert (receive.stage, receive.state, extract.stage, extract.state) == (
        "receive",
        "done",
        "extract",
        "failed",
    )
    assert (receive.seconds or 0) >= 0
    assert (receive.peak_mb or 0) > 1
    assert house.ledger.stages(run_id + 1) == []


def test_a_killed_stage_has_no_end(house: House) -> None:
    run_id = house.run()
    stage = house.ledger.stage(run_id, "extract")
    stage.__enter__()
    (found,) = house.ledger.stages(run_id)
    assert (found.state, found.seconds) == ("running", None)
    stage.__exit__(None, None, None)


def test_a_report_is_kept_whole(house: House) -> None:
    (row,) = taken_in(house, 1)
    note = Sentence("提示", "note")
    house.settle(row, notes=[note], reasons={"missing": 1})
    (kept,) = house.ledger.deliveries(state="loaded")
    assert (kept.rows_in, kept.rows_loaded, kept.rows_not_data) == (2, 1, 1)
    report = BatchReport.from_json(kept.report or "")
    assert report == report_of(row, notes=[note], reasons={"missing": 1})
    assert kept.event_dates == [NIGHT]
    assert (kept.ended_run_id, kept.refusal) == (row.run_id, None)


def test_a_refusal_is_kept_in_both_languages(house: House) -> None:
    (row,) = taken_in(house, 1)
    house.settle(row, "refused", refusal=Sentence("文件为空", "empty"), rows_loaded=None)
    (kept,) = house.ledger.deliveries(state="refused")
    assert kept.refusal == ("文件为空", "empty")
    assert house.ledger.ungated() == []


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_last_delivery_counts_in_whatever_order_files_are_read(
    house: House, order: tuple[int, ...]
) -> None:
    """Big files are read first; the one received last still is the one that counts."""
    rows = taken_in(house, 3)
    for index in order:
        house.settle(rows[index])
    assert house.states() == ["superseded", "superseded", "loaded"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_refused_correction_replaces_nothing(house: House, order: tuple[int, ...]) -> None:
    rows = taken_in(house, 3)
    for index in order:
        house.settle(rows[index], "refused" if index == 2 else "loaded")
    assert house.states() == ["superseded", "loaded", "refused"]


def test_what_a_commit_replaces_has_to_leave_the_lake(house: House) -> None:
    first, second, third = taken_in(house, 3)
    commit = house.ledger.commit
    assert commit(first, report_of(first), "event", 1) == ("loaded", [])
    state, replaced = commit(third, report_of(third), "event", 1)
    assert (state, [row.delivery_id for row in replaced]) == ("loaded", [first.delivery_id])
    state, replaced = commit(second, report_of(second), "event", 1)
    assert (state, replaced) == ("superseded", [second])


def test_other_slots_dates_and_feeds_are_left_alone(house: House) -> None:
    for name in (CSV, "entry_202501.csv", "entry_20250130.csv", XLSX):
        house.land(name, extract_of(f"{name}|张三|||"))
    for row in house.receive().received:
        house.settle(row)
    states = {row.file_name: row.state for row in house.ledger.deliveries()}
    assert states == {
        CSV: "superseded",
        XLSX: "loaded",
        "entry_202501.csv": "loaded",
        "entry_20250130.csv": "loaded",
    }


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_gate_that_refuses_brings_back_the_last_good_one(
    house: House, order: tuple[int, ...]
) -> None:
    rows = taken_in(house, 3)
    for index in order:
        house.settle(rows[index])
    newest = house.ledger.deliveries(state="loaded")[0]
    revived = house.ledger.refuse(newest, REFUSED, "event", newest.run_id)
    assert [row.delivery_id for row in revived] == [rows[1].delivery_id]
    assert house.states() == ["superseded", "received", "refused"]
    assert house.settle(revived[0]) == "loaded"
    assert house.states() == ["superseded", "loaded", "refused"]
    assert house.ledger.deliveries(state="refused")[0].refusal == REFUSED


def test_a_first_delivery_that_is_refused_brings_nothing_back(house: House) -> None:
    (row,) = taken_in(house, 1)
    house.settle(row)
    assert house.ledger.refuse(row, REFUSED, "event", row.run_id) == []
    assert house.states() == ["refused"]


def test_refusing_one_after_the_other_goes_back_step_by_step(house: House) -> None:
    rows = taken_in(house, 3)
    for row in rows:
        house.settle(row)
    for expected in (rows[1], rows[0]):
        loaded = house.ledger.deliveries(state="loaded")[0]
        (back,) = house.ledger.refuse(loaded, REFUSED, "event", loaded.run_id)
        assert back.delivery_id == expected.delivery_id
        house.settle(back)
    assert house.states() == ["loaded", "refused", "refused"]


def test_a_delivery_may_be_opened_again(house: House) -> None:
    (row,) = taken_in(house, 1)
    house.settle(row)
    house.ledger.reopen(row.delivery_id)
    assert house.receive().pending[0].delivery_id == row.delivery_id
    assert house.ledger.deliveries()[0].ended_at is None


def test_the_gate_is_asked_once_of_each_batch(house: House) -> None:
    first, _ = taken_in(house, 2)
    house.settle(first)
    assert [row.delivery_id for row in house.ledger.ungated()] == [first.delivery_id]
    house.ledger.enter_gate([(first.delivery_id, '{"passed": true}')])
    assert house.ledger.ungated() == []


def test_deliveries_are_asked_for_by_what_is_given(house: House) -> None:
    first, second = taken_in(house, 2)
    house.settle(first)
    deliveries = house.ledger.deliveries
    assert [row.delivery_id for row in deliveries(state="received")] == [second.delivery_id]
    assert len(deliveries(feed=ENTRY.feed, run_id=first.run_id)) == 2
    assert len(deliveries(ended_run_id=first.run_id)) == 1
    assert deliveries(feed="toy__other") == []


def _published(house: House, number: int, date: dt.date = NIGHT) -> None:
    house.ledger.record_generation(number=number, run_id=1, business_date=date)


def test_dates_touched_since_a_generation(house: House) -> None:
    first, second = taken_in(house, 2)
    january, march = dt.date(2025, 1, 5), dt.date(2025, 3, 9)
    house.settle(first, event_dates=[january])
    touched = house.ledger.touched_since(None)
    assert (touched.dates, touched.months) == ([january], [dt.date(2025, 1, 1)])
    _published(house, 1)
    assert house.ledger.touched_since(1).dates == []
    house.settle(second, event_dates=[march])
    touched = house.ledger.touched_since(1)
    # What the correction took away has to be built anew like what it brought.
    assert touched.dates == [january, march]
    assert touched.months == [dt.date(2025, 1, 1), dt.date(2025, 3, 1)]
    assert house.ledger.touched_since(None).dates == [january, march]


def test_a_refused_batch_touches_its_dates_again(house: House) -> None:
    (row,) = taken_in(house, 1)
    house.settle(row)
    _published(house, 1)
    loaded = house.ledger.deliveries(state="loaded")[0]
    house.ledger.refuse(loaded, REFUSED, "event", row.run_id)
    assert house.ledger.touched_since(1).dates == [NIGHT]


@pytest.mark.parametrize(
    ("kind", "published", "is_late"),
    [
        ("snapshot", NIGHT - dt.timedelta(days=1), False),
        # Of the published date itself: mended after its own night, and known to none of its facts.
        ("snapshot", NIGHT, True),
        ("snapshot", NIGHT + dt.timedelta(days=1), True),
        ("change", NIGHT + dt.timedelta(days=1), True),
        ("event", NIGHT + dt.timedelta(days=1), False),
    ],
)
def test_master_data_that_comes_late_is_noticed(
    house: House, kind: str, published: dt.date, is_late: bool
) -> None:
    _published(house, 1, published)
    (row,) = taken_in(house, 1)
    house.ledger.commit(row, report_of(row), kind, row.run_id)
    assert house.ledger.touched_since(1).is_master_late is is_late


def test_a_generation_nobody_recorded_is_an_error(house: House) -> None:
    with pytest.raises(LedgerError, match="knows of no generation 7"):
        house.ledger.touched_since(7)


def test_generations_are_kept_in_order(house: House) -> None:
    assert house.ledger.generations() == []
    for number in (1, 2):
        _published(house, number)
    _published(house, 2)
    assert [found.number for found in house.ledger.generations()] == [1, 2]


def test_a_ledger_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger(path)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(LedgerError, match=r"a newer version .* 99, known \d+"):
        Ledger(path)


@pytest.mark.parametrize(
    "content", [b"no database at all" * 99, b"SQLite format 3\x00" + b"x" * 99]
)
def test_what_is_no_ledger_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="cannot be used as a ledger"):
        Ledger(path)
    assert path.read_bytes() == content


def test_a_folder_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot be used as a ledger"):
        Ledger(tmp_path)


def test_a_ledger_is_found_again_by_another_process(house: House) -> None:
    taken_in(house, 1)
    again = Ledger(house.ledger.path)
    assert again.deliveries() == house.ledger.deliveries()


def test_an_error_undoes_the_whole_transaction(house: House) -> None:
    run_id = house.run()
    with pytest.raises(sqlite3.OperationalError), house.ledger.transaction() as connection:
        connection.execute("UPDATE run SET state = 'x'").connection.execute("SELECT nothing")
    assert house.ledger.runs()[0].state == "running"
    assert run_id == 1


def test_rows_are_kept_as_they_were_delivered(house: House) -> None:
    """Names go into the ledger as data, whatever they say."""
    name = "x'); DROP TABLE run; --"
    house.land(f"{name}/{CSV}", extract_of(ROW))
    (row,) = house.receive().received
    assert row.landing_path == f"{name}/{CSV}"
    assert house.ledger.runs()


def test_a_damaged_page_is_found_before_anything_is_written(house: House) -> None:
    """F06: a zeroed page may lie where a run of tonight never looks."""
    house.land()
    house.receive()
    house.ledger.check()
    content = bytearray(house.ledger.path.read_bytes())
    content[4096 * 2 : 4096 * 3] = bytes(4096)
    house.ledger.path.write_bytes(content)
    with pytest.raises(LedgerError, match=r"is damaged .* restore it from the backup"):
        house.ledger.check()
