"""A night that holds a file: whichever reader is done first, and wherever it was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ingestion.conservation import check_batches
from ingestion.extract import reconcile
from tests.unit.ingestion.house import House
from tests.unit.ingestion.made_up import extract_of

ROOT = Path(__file__).resolve().parents[4]
DAYS = {1: 60, 2: 61, 3: 62, 4: 63, 5: 64, 6: 2, 7: 65, 8: 700}
EXPECTED = ["loaded"] * 5 + ["held", "loaded", "held"]

KILLED = """
import itertools, os, signal, sys
from pathlib import Path
from tests.unit.ingestion.house import House
from ingestion.extract import extract
house = House(Path(sys.argv[1]))
run_id = house.run()
pending = house.receive(run_id=run_id).pending
count = itertools.count(1)
def die(report):
    if next(count) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
extract(pending, house.feeds, house.path / "archive", house.lake, house.path / "quarantine",
    house.ledger, run_id, 2, progress=die)
"""


@pytest.fixture
def full_house(house: House) -> House:
    """A home into which eight days were delivered at once, two of them of an odd size."""
    for day, rows in DAYS.items():
        lines = (f"{day}-{row}|张三|2025010{day}|1|" for row in range(rows))
        house.land(f"entry_2025010{day}.csv", extract_of(*lines))
    return house


def test_a_first_night_is_judged_by_the_files_in_it(full_house: House) -> None:
    """The biggest file is not read first, and two readers do not change what is usual."""
    reports = full_house.extract(full_house.receive().pending, workers=2)
    assert full_house.states() == EXPECTED
    assert check_batches(reports) == []
    loaded = full_house.ledger.deliveries(state="loaded")
    assert full_house.in_lake() == sorted(row.batch_id for row in loaded)
    assert full_house.receive().pending == []


@pytest.mark.parametrize("moment", [3, 6])
def test_a_killed_run_ends_as_one_that_was_not(full_house: House, moment: int) -> None:
    """P4: killed after the third delivery was entered, or after the first was held."""
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(full_house.path), str(moment)],
        cwd=ROOT,
        check=False,
        timeout=120,
    )
    assert killed.returncode == -signal.SIGKILL
    assert "received" in full_house.states()
    run_id = full_house.run()
    assert reconcile(full_house.lake, full_house.ledger, full_house.feeds) == []
    full_house.extract(full_house.receive(run_id=run_id).pending, run_id, workers=2)
    assert full_house.states() == EXPECTED
    loaded = full_house.ledger.deliveries(state="loaded")
    assert full_house.in_lake() == sorted(row.batch_id for row in loaded)
