"""A night's files end in the lake or refused, however often a run is killed on the way."""

from __future__ import annotations

import datetime as dt
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ingestion.batch import BatchReport
from ingestion.conservation import check_batches, check_lake
from ingestion.extract import extract, reconcile
from ingestion.lake import Lake
from tests.unit.ingestion.books import GOOD, HEADING_ROW, typed
from tests.unit.ingestion.house import ROW, House
from tests.unit.ingestion.made_up import CSV, ENTRY, NIGHT, extract_of

ROOT = Path(__file__).resolve().parents[3]
DAYS = [dt.date(2025, 1, day) for day in range(1, 8)]
FILES: dict[str, str | bytes] = {
    "entry_20250101.csv": extract_of(ROW, "S2|李四|20250101|2.50|"),
    "entry_20250102.csv": extract_of("S1||20250102|1.00|", ROW),
    "entry_20250103.csv": extract_of(ROW).encode(),
    "entry_20250104.xlsx": typed(HEADING_ROW, GOOD, ["合计", None, None, 1.5]),
    "entry_20250105.xlsx": b"no workbook",
    "entry_20250106.csv": extract_of(),
    "entry_20250107.csv": b"",
}


@pytest.fixture(scope="module")
def read_house(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("home"))
    for name, content in FILES.items():
        house.land(name, content)
    return house


@pytest.fixture(scope="module")
def reports(read_house: House) -> dict[str, BatchReport]:
    pending = read_house.receive().pending
    told: list[str] = []
    done = extract(
        pending,
        read_house.feeds,
        read_house.path / "archive",
        read_house.lake,
        read_house.path / "quarantine",
        read_house.ledger,
        pending[0].run_id,
        progress=lambda report: told.append(report.source_file),
    )
    assert sorted(told) == sorted(FILES)
    assert [report.source_file for report in done] == [row.file_name for row in pending]
    return {report.source_file: report for report in done}


@pytest.mark.parametrize(
    ("name", "state", "counts"),
    [
        ("entry_20250101.csv", "loaded", (3, 2, 0, 1)),
        ("entry_20250102.csv", "loaded", (3, 1, 1, 1)),
        ("entry_20250103.csv", "refused", (None, None, None, None)),
        ("entry_20250104.xlsx", "loaded", (3, 1, 0, 2)),
        ("entry_20250105.xlsx", "refused", (None, None, None, None)),
        ("entry_20250106.csv", "held", (1, 0, 0, 1)),
        ("entry_20250107.csv", "refused", (None, None, None, None)),
    ],
)
def test_each_file_ends_by_itself(
    reports: dict[str, BatchReport],
    read_house: House,
    name: str,
    state: str,
    counts: tuple[int | None, ...],
) -> None:
    report = reports[name]
    assert report.state == state
    found = (report.rows_in, report.rows_loaded, report.rows_quarantined, report.rows_not_data)
    assert found == counts
    (row,) = [row for row in read_house.ledger.deliveries() if row.file_name == name]
    assert (row.state, row.rows_in, row.rows_loaded) == (state, counts[0], counts[1])
    assert (report.batch_id in read_house.in_lake()) is (state == "loaded")
    has_sheet = state == "refused" or bool(counts[2])
    assert (report.returned is not None and report.returned.is_file()) is has_sheet


def test_rows_add_up(reports: dict[str, BatchReport], read_house: House) -> None:
    assert check_batches(reports.values()) == []
    assert check_lake(reports.values(), read_house.lake) == []
    assert read_house.ledger.deliveries(state="received") == []


def test_a_lake_file_has_the_contracts_columns(
    reports: dict[str, BatchReport], read_house: House
) -> None:
    batch_id = reports["entry_20250101.csv"].batch_id
    path = Lake(read_house.lake).batch_path(ENTRY.feed, DAYS[0], batch_id)
    table = pq.read_table(path, partitioning=None)
    assert table.column_names == [
        *(column.name for column in ENTRY.columns),
        *("batch_id", "batch_precedence", "source_file", "source_sheet", "source_row"),
    ]
    assert str(table.schema.field("amount").type) == "decimal128(18, 2)"
    assert str(table.schema.field("booked_date").type) == "date32[day]"
    assert table.column("batch_id").unique().to_pylist() == [batch_id]


def test_no_half_done_file_is_left(reports: dict[str, BatchReport], read_house: House) -> None:
    assert list(read_house.path.rglob("*.tmp")) == []


def test_the_last_delivery_counts_whichever_is_the_biggest(house: House) -> None:
    big = extract_of(*(f"S{n}|张三|20250131|1|" for n in range(100)))
    for name, content in (("a", extract_of(ROW)), ("b", big), ("c", extract_of(ROW, "S2|a|||"))):
        house.land(f"{name}/{CSV}", content)
    pending = house.receive().pending
    reports = house.extract(pending)
    assert house.states() == ["superseded", "superseded", "loaded"]
    # Of what replaced it later a report knows nothing; the ledger does.
    assert [report.state for report in reports] == ["loaded", "loaded", "loaded"]
    assert house.in_lake() == [pending[2].batch_id]


def test_a_file_that_no_feed_knows_any_more_is_refused(house: House) -> None:
    house.land()
    pending = house.receive().pending
    house.feeds = {}
    (report,) = house.extract(pending)
    assert report.refusal == (
        f"现有接口定义中没有与文件 {CSV} 相符的接口。",
        f"No feed knows the file {CSV} any more.",
    )
    assert house.states() == ["refused"]


def test_a_run_that_dies_between_lake_and_ledger_is_done_again(house: House) -> None:
    """The file lies in the lake and the ledger does not know: the next run starts from there."""
    house.land()
    pending = house.receive().pending
    with sqlite3.connect(house.ledger.path) as connection:
        connection.execute(
            "CREATE TRIGGER disk BEFORE UPDATE ON delivery BEGIN SELECT RAISE(ABORT, 'disk'); END"
        )
    with pytest.raises(sqlite3.IntegrityError, match="disk"):
        house.extract(pending)
    connection.execute("DROP TRIGGER disk")
    connection.close()
    assert (house.states(), house.in_lake()) == (["received"], [pending[0].batch_id])
    assert reconcile(house.lake, house.ledger, house.feeds) == []
    assert house.in_lake() == []
    again = house.receive().pending
    assert again == pending
    house.extract(again)
    assert (house.states(), house.in_lake()) == (["loaded"], [pending[0].batch_id])


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.unit.ingestion.house import House
from ingestion.extract import extract
house = House(Path(sys.argv[1]))
run_id = house.run()
pending = house.receive(run_id=run_id).pending
extract(pending, house.feeds, house.path / "archive", house.lake, house.path / "quarantine",
    house.ledger, run_id, 1, progress=lambda report: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_a_killed_run_is_taken_up_by_the_next(house: House) -> None:
    for day in (29, 30, 31):
        house.land(f"entry_202501{day}.csv", extract_of(f"S{day}|张三|202501{day}|1|"))
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(house.path)], cwd=ROOT, check=False, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL
    assert sorted(house.states()) == ["loaded", "received", "received"]
    run_id = house.run()
    assert [run.state for run in house.ledger.runs()] == ["killed", "running"]
    assert reconcile(house.lake, house.ledger, house.feeds) == []
    receipt = house.receive(run_id=run_id)
    assert (receipt.received, len(receipt.pending)) == ([], 2)
    house.extract(receipt.pending, run_id)
    assert house.states() == ["loaded"] * 3
    assert house.in_lake() == sorted(row.batch_id for row in house.ledger.deliveries())


@pytest.fixture
def loaded_house(house: House) -> House:
    """A home with one loaded batch, without the cost of reading it."""
    house.land()
    (row,) = house.receive().received
    lake = Lake(house.lake)
    unfinished = lake.unfinished_path(row.feed, row.business_date, row.batch_id)
    unfinished.write_bytes(b"rows")
    lake.commit(unfinished, row.feed, row.business_date, row.batch_id)
    house.settle(row)
    return house


def test_a_batch_lost_from_the_lake_is_received_again(loaded_house: House) -> None:
    (path,) = loaded_house.lake.rglob("*.parquet")
    path.unlink()
    (lost,) = reconcile(loaded_house.lake, loaded_house.ledger, loaded_house.feeds)
    assert lost.batch_id == path.stem
    assert loaded_house.receive().pending[0].delivery_id == lost.delivery_id


def test_a_batch_the_ledger_does_not_count_leaves_the_lake(loaded_house: House) -> None:
    (path,) = loaded_house.lake.rglob("*.parquet")
    stray = path.with_name("b20250131-0000000000000000.parquet")
    stray.write_bytes(b"rows of a run that was killed")
    unfinished = path.with_name(f".x.{os.getpid()}.tmp")
    unfinished.write_bytes(b"half")
    assert reconcile(loaded_house.lake, loaded_house.ledger, loaded_house.feeds) == []
    assert (path.exists(), stray.exists(), unfinished.exists()) == (True, False, False)


def test_agreeing_lake_and_ledger_are_left_alone(loaded_house: House) -> None:
    before = loaded_house.ledger.deliveries()
    assert reconcile(loaded_house.lake, loaded_house.ledger, loaded_house.feeds) == []
    assert loaded_house.ledger.deliveries() == before
    assert before[0].business_date == NIGHT


def test_a_batch_that_a_disk_damaged_is_read_again(house: House) -> None:
    """F06: looked for where everything is built from the lake, once a week."""
    house.land()
    house.extract(house.receive().pending)
    (batch,) = house.lake.rglob("*.parquet")
    content = bytearray(batch.read_bytes())
    content[len(content) // 2] ^= 1
    batch.write_bytes(content)
    assert reconcile(house.lake, house.ledger, house.feeds) == []
    (lost,) = reconcile(house.lake, house.ledger, house.feeds, is_thorough=True)
    assert not batch.exists()
    assert house.extract([lost])[0].state == "loaded"
    assert reconcile(house.lake, house.ledger, house.feeds, is_thorough=True) == []
