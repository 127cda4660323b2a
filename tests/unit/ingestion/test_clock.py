"""F15: a clock that goes back, or leaps a year, changes no order and no row."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ingestion.landing import intake
from ingestion.ledger import file as ledger_file
from tests.unit.ingestion.house import House
from tests.unit.ingestion.made_up import CSV, extract_of

CLOCKS = {
    "steady": ["2026-01-05", "2026-01-06", "2026-01-07"],
    "a day back": ["2026-01-05", "2026-01-04", "2026-01-03"],
    "a year forward and back": ["2026-01-05", "2027-01-05", "2026-01-06"],
    "standing still": ["2026-01-05", "2026-01-05", "2026-01-05"],
}


def set_clock(monkeypatch: pytest.MonkeyPatch, date: str) -> None:
    moment = dt.datetime.fromisoformat(f"{date}T02:00:00+00:00")

    class Clock(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return moment.astimezone(tz)

    faked = SimpleNamespace(datetime=Clock, date=dt.date, timedelta=dt.timedelta, UTC=dt.UTC)
    for module in (intake, ledger_file):
        monkeypatch.setattr(module, "dt", faked)


@pytest.mark.parametrize("name", CLOCKS)
def test_the_last_delivery_holds_whatever_the_clock_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    house = House(tmp_path)
    for number, date in enumerate(CLOCKS[name], 1):
        set_clock(monkeypatch, date)
        house.land(CSV, extract_of(f"S1|张三|20250131|{number}.00|"))
        run_id = house.run()
        house.extract(house.receive(run_id=run_id).pending, run_id)
        house.ledger.end_run(run_id, "published")
        house.ledger.record_generation(
            number=number, run_id=run_id, business_date=dt.date(2025, 1, 31)
        )
    rows = house.ledger.deliveries()
    assert [row.received_at[:10] for row in rows] == CLOCKS[name], "the clock was read"
    assert [row.state for row in rows] == ["superseded", "superseded", "loaded"]
    assert house.in_lake() == [rows[-1].batch_id]
    assert [run.run_id for run in house.ledger.runs()] == [1, 2, 3]
    generations = house.ledger.generations()
    assert [each.number for each in generations] == [1, 2, 3]
    sequences = [each.sequence for each in generations]
    assert sequences == sorted(set(sequences)), "each night's changes follow those before"
