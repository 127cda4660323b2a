"""The home of an earlier day: what is shared, what is left out, and which night it stands for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from dagster_project import as_known
from dagster_project import night as nights
from dagster_project.errors import WrongUsageError
from dagster_project.home import Home
from ingestion.contracts.load import load_feeds
from ingestion.extract import reconcile
from ingestion.ledger import Ledger
from tests.unit.ingestion.house import House
from tests.unit.ingestion.returning.homecoming import ALL, come_home, deliver, in_lake, put

JANUARY = dt.date(2026, 1, 31)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create()


def published(ledger: Ledger, *dates: str) -> None:
    for number, date in enumerate(dates, 1):
        ledger.record_generation(
            number=number, run_id=number, business_date=dt.date.fromisoformat(date)
        )


@pytest.mark.parametrize(
    ("date", "number"),
    [("2026-01-01", 1), ("2026-01-02", 3), ("2026-01-03", 3), ("2026-01-04", 5), ("2027-01-01", 5)],
)
def test_the_generation_that_readers_had_then(home: Home, date: str, number: int) -> None:
    """Number 5 is the first date built again, long after; that is not what was known on it."""
    ledger = Ledger(home.ledger)
    published(ledger, "2026-01-01", "2026-01-02", "2026-01-02", "2026-01-04", "2026-01-01")
    found = as_known.generation_known_on(ledger, dt.date.fromisoformat(date))
    assert found.number == number


def test_before_the_first_night_there_is_nothing(home: Home) -> None:
    published(Ledger(home.ledger), "2026-01-01")
    with pytest.raises(WrongUsageError, match="no night of 2025-12-31 or before"):
        as_known.prepare(home, dt.date(2025, 12, 31))


def test_the_nested_home_shares_what_does_not_change(home: Home) -> None:
    house = House(home.root)
    for number, name in enumerate(("entry_20250130.csv", "entry_20250131.csv")):
        house.land(name, f"流水号|户名|日期|金额|备注\nS{number}|张三|20250131|1.00|\n")
    for row in house.receive(JANUARY).received:
        house.settle(row)
    kept, lost = house.ledger.deliveries()
    own = [
        home.lake / name / f"business_date={date}" / f"{batch_id}.parquet"
        for date in ("2026-01-31", "2026-02-28")
        for name, batch_id in (("vault__pseudonym", "pseudonym-1"), ("ml__customer_score", "run-1"))
    ]
    batch = home.lake / kept.feed / "business_date=2025-01-30" / f"{kept.batch_id}.parquet"
    for path in (*own, batch):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"rows")
    for version in ("2026-01-31.001", "2026-02-28.001"):
        (home.models / "churn" / version).mkdir(parents=True)
    home.pseudonym_key.write_text("key")
    published(house.ledger, JANUARY.isoformat())

    nested, date = as_known.prepare(home, dt.date(2026, 2, 1))
    assert date == JANUARY
    assert nested.root == home.root / "as-known" / "2026-02-01"
    linked = {path.relative_to(nested.lake) for path in nested.lake.rglob("*.parquet")}
    assert linked == {path.relative_to(home.lake) for path in (*own[:2], batch)}
    assert nested.archive.samefile(home.archive)
    assert nested.pseudonym_key.read_text() == "key"
    assert [path.name for path in (nested.models / "churn").iterdir()] == ["2026-01-31.001"]
    known = Ledger(nested.ledger).deliveries()
    assert [row.delivery_id for row in known] == [kept.delivery_id, lost.delivery_id]

    # Laid out again, nothing of the first time is left; readers of the home see none of it.
    (nested.lake / "stray").mkdir()
    again, _ = as_known.prepare(home, dt.date(2026, 2, 1))
    assert not (again.lake / "stray").exists()
    assert batch.read_bytes() == b"rows"


def test_a_correction_read_again_finds_what_was_refused_of_its_file(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was taken back since, so that its batch is not in the lake any more."""
    house = House(home.root)
    first = deliver(house)
    come_home(house, first, put(E2="李四", F3="2025-01-30"))
    published(house.ledger, JANUARY.isoformat())
    house.ledger.turn_away(2, "撤回", "me", "change")
    reconcile(house.lake, house.ledger, house.feeds)
    monkeypatch.setenv("CRM_LANDING", str(house.landing))

    nested, date = as_known.prepare(home, JANUARY)
    request = as_known.request(nested, date, None, workers=1)
    assert list(request.landing.iterdir()) == []
    assert request.landing.is_relative_to(nested.root)
    then = House(nested.root)
    then.extract(reconcile(then.lake, then.ledger, then.feeds))
    assert in_lake(then) == ALL
    assert len(in_lake(house)) == 1


def test_what_was_not_rebuilt_cannot_be_asked(home: Home) -> None:
    with pytest.raises(WrongUsageError, match="run: crm run --as-known-on 2026-01-31"):
        as_known.built(home, JANUARY)


@pytest.mark.parametrize("name", ["nobody__nothing", "vault__pseudonym", "ml__customer_score"])
def test_only_a_delivered_feed_is_read_again(home: Home, name: str) -> None:
    with pytest.raises(WrongUsageError, match="is no delivered feed"):
        nights.reread(home, load_feeds(), name)
