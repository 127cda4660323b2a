"""The ledger's past: versions of a file, what an earlier generation was built of, reading again."""

from __future__ import annotations

import datetime as dt
import itertools
import sqlite3
from pathlib import Path

import pytest

from ingestion.ledger import DeliveryRow, Ledger, LedgerError, open_refusals
from ingestion.ledger import file as ledger_file
from ingestion.sentence import Sentence
from tests.unit.ingestion.house import House
from tests.unit.ingestion.made_up import CSV, NIGHT, SERIAL, extract_of, feed

VERSIONED = feed(
    SERIAL,
    files=[{"pattern": "entry_{date}{version}.csv", "format": "csv", "delimiter": "|"}],
)
MARKS = ["", "_v2", "_v10"]


def land(house: House, name: str, serial: str) -> None:
    house.land(name, extract_of(serial, headings="流水号"))


def taken_in(house: House, *marks: str) -> dict[str, DeliveryRow]:
    """Deliveries of one place by the marks of their versions, received in that order."""
    house.feeds = {VERSIONED.feed: VERSIONED}
    rows = {}
    for number, mark in enumerate(marks):
        land(house, f"entry_20250131{mark}.csv", f"S{number}")
        (rows[mark],) = house.receive().received
    return rows


@pytest.mark.parametrize("received", list(itertools.permutations(MARKS)))
@pytest.mark.parametrize("read", list(itertools.permutations(MARKS)))
def test_the_highest_version_holds(
    house: House, received: tuple[str, ...], read: tuple[str, ...]
) -> None:
    rows = taken_in(house, *received)
    for mark in read:
        house.settle(rows[mark])
    ends = {row.file_version: row.state for row in house.ledger.deliveries()}
    assert ends == {0: "superseded", 2: "superseded", 10: "loaded"}


def test_a_refused_version_brings_back_the_next_lower(house: House) -> None:
    rows = taken_in(house, "_v10", "_v2", "")
    for row in rows.values():
        house.settle(row)
    refusal = Sentence("质量关卡未通过", "The gate refused the file")
    revived = house.ledger.refuse(rows["_v10"], refusal, "event", 1)
    assert [row.file_version for row in revived] == [2]


def test_a_refused_lower_version_asks_for_nothing(house: House) -> None:
    rows = taken_in(house, "_v2", "")
    house.settle(rows["_v2"])
    house.settle(rows[""], "refused")
    assert open_refusals(house.ledger.deliveries()) == []


def test_a_copy_knows_what_a_generation_was_built_of(house: House, tmp_path: Path) -> None:
    """Later deliveries are gone, what they replaced counts again, and so does what was refused."""
    names = [CSV, "entry_20250130.csv", "entry_20250129.csv"]
    for name in names:
        house.land(name, extract_of(f"{name}|张三|20250129|1.00|"))
    for row in house.receive().received:
        house.settle(row)
    house.ledger.record_generation(number=1, run_id=1, business_date=NIGHT)
    (generation,) = house.ledger.generations()
    before = [(row.file_name, row.batch_id) for row in house.ledger.deliveries()]

    house.land(CSV, extract_of("S9|张三|20250131|9.00|"))
    house.land("entry_20250128.csv", extract_of("S8|张三|20250128|8.00|"))
    for row in house.receive().received:
        house.settle(row)
    second = house.ledger.deliveries(state="loaded", feed="toy__entry")[0]
    house.ledger.refuse(second, Sentence("拒绝", "refused"), "event", second.run_id)

    copied = house.ledger.copy_as_of(tmp_path / "copy" / "ledger.sqlite", generation)
    assert [(row.file_name, row.batch_id) for row in copied.deliveries()] == before
    assert {row.state for row in copied.deliveries()} == {"loaded"}
    assert copied.generations() == []
    assert copied.released() == {row.delivery_id for row in copied.deliveries()}, (
        "no doubt holds back what counted then, nor what was decided about it later"
    )
    assert copied.touched_since(None).dates == []
    assert "superseded" in house.states(), "the ledger itself is left alone"


def test_reading_a_feed_again_touches_what_it_brought(house: House) -> None:
    house.land()
    (row,) = house.receive().received
    house.settle(row, event_dates=[dt.date(2025, 1, 5)])
    house.ledger.enter_gate([(row.delivery_id, "{}")])
    house.ledger.record_generation(number=1, run_id=1, business_date=NIGHT)
    assert [each.delivery_id for each in house.ledger.reread("toy__entry", "event")] == [
        row.delivery_id
    ]
    assert house.receive().pending[0].gate is None
    house.settle(row, event_dates=[dt.date(2025, 1, 6)])
    assert house.ledger.touched_since(1).dates == [dt.date(2025, 1, 5), dt.date(2025, 1, 6)]
    assert house.ledger.reread("toy__other", "event") == []


def test_what_lies_beyond_a_generations_date_was_not_in_it(house: House) -> None:
    """An earlier night was built again after a later one; the later one's files come anew."""
    house.land()
    (row,) = house.receive().received
    house.settle(row, event_dates=[NIGHT])
    house.ledger.record_generation(number=1, run_id=1, business_date=NIGHT - dt.timedelta(days=1))
    touched = house.ledger.touched_since(1)
    assert (touched.dates, touched.is_master_late) == ([NIGHT], False)


def make_first_version(house: House) -> None:
    """Make a ledger what it was before it knew of versions, decisions and seals."""
    with sqlite3.connect(house.ledger.path) as connection:
        connection.execute("DROP INDEX delivery_by_correction")
        connection.execute("DROP TABLE seal")
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for (name,) in connection.execute(triggers).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for name in ("file_version", "corrects", "control"):
            connection.execute(f"ALTER TABLE delivery DROP COLUMN {name}")
        connection.execute("DROP TABLE decision")
        connection.execute("PRAGMA user_version = 1")
    connection.close()


def test_a_migration_that_is_cut_short_is_done_whole_the_next_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed half-way, the columns that were there already must not stand in the way."""
    house.land()
    house.receive()
    make_first_version(house)
    whole = ledger_file.MIGRATIONS[1]
    monkeypatch.setitem(ledger_file.MIGRATIONS, 1, f"{whole}; SELECT no_such_function()")
    with pytest.raises(LedgerError, match="no_such_function"):
        Ledger(house.ledger.path)
    monkeypatch.setitem(ledger_file.MIGRATIONS, 1, whole)
    (kept,) = Ledger(house.ledger.path).deliveries()
    assert (kept.state, kept.corrects) == ("received", None)


def test_a_ledger_of_the_first_version_is_kept(house: House) -> None:
    house.land()
    (row,) = house.receive().received
    house.settle(row)
    make_first_version(house)
    ledger = Ledger(house.ledger.path)
    ledger.check()
    (kept,) = ledger.deliveries()
    assert (kept.delivery_id, kept.state, kept.file_version) == (row.delivery_id, "loaded", 0)
