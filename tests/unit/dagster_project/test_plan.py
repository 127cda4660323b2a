"""What there is to do: first night, missed dates in order, nothing, or a clear no."""

from __future__ import annotations

import datetime as dt
import os

import pytest

from dagster_project import environment as environments
from dagster_project import night as nights
from dagster_project import plan as plans
from dagster_project import schedules, sensors
from dagster_project.errors import AlreadyPublishedError, DeliveriesError
from dagster_project.home import Home
from dagster_project.reporter import LogReporter
from ingestion.batch import BatchReport
from ingestion.contracts import FilePattern
from ingestion.contracts.extracts import Control
from ingestion.contracts.load import load_feeds
from ingestion.landing import receive
from ingestion.ledger import Ledger
from serving import generation as generations


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.fixture(scope="module")
def feeds():
    return load_feeds()


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    monkeypatch.setenv("CRM_ENVIRONMENT", "test")
    return Home(tmp_path).create()


def land(home, *dates: str) -> None:
    for date in dates:
        name = f"corebank_transaction_{date.replace('-', '')}.csv"
        (home.landing / name).write_text("x", encoding="utf-8")


def publish(home, date: str, number: int = 1, **details: object) -> None:
    """A generation without tables, by hand."""
    folder = generations.folder_of(home.warehouse, number)
    folder.mkdir(parents=True)
    for name in ("crm", "vault"):
        (folder / f"{name}.duckdb").write_bytes(b"")
    made = generations.Generation(number, number, day(date), "now", details=dict(details))
    (folder / "generation.json").write_text(made.to_json(), encoding="utf-8")
    generations.point_at(home.warehouse, number)


def plan(home, feeds, date: str | None = None, **options: bool) -> list[str]:
    until = day(date) if date else None
    dates = plans.plan(home, feeds, home.landing, until, **options)
    return [each.isoformat() for each in dates]


def test_the_first_night_takes_everything_on_its_latest_date(home, feeds):
    land(home, "2025-11-30", "2026-01-02", "2025-12-31")
    assert plan(home, feeds) == ["2026-01-02"]


def test_a_bank_may_walk_through_its_past(home, feeds):
    land(home, "2025-11-30", "2025-12-31")
    assert plan(home, feeds, "2025-11-30") == ["2025-11-30"]


def test_missed_dates_are_run_in_order(home, feeds):
    """F16: a tick missed for three days is three nights, once each."""
    land(home, "2025-12-31", "2026-01-03", "2026-01-01", "2026-01-02")
    publish(home, "2025-12-31")
    assert plan(home, feeds) == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert plan(home, feeds, "2026-01-02") == ["2026-01-01", "2026-01-02"]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("任务指标_20261231.xlsx", id="targets of a year to come"),
        pytest.param("corebank_loan_20991231.csv", id="a mistyped year"),
    ],
)
def test_a_file_dated_ahead_moves_no_calendar(home, feeds, name):
    """One list of targets made every night wait, and then publish, the last of December."""
    land(home, "2026-01-01", "2026-01-02")
    (home.landing / name).write_text("x", encoding="utf-8")
    assert feeds["planning__target"].match("任务指标_20261231.xlsx")
    assert plan(home, feeds) == ["2026-01-02"]
    publish(home, "2026-01-02")
    assert plan(home, feeds) == []


def test_an_optional_daily_file_makes_a_night_of_a_day_that_has_come(home, feeds):
    (home.landing / "corebank_loan_20260105.csv").write_text("x", encoding="utf-8")
    assert plan(home, feeds) == ["2026-01-05"]


def test_a_date_asked_for_is_run_though_nothing_came_for_it(home, feeds):
    """The night itself then says what is missing."""
    land(home, "2026-01-01")
    publish(home, "2025-12-31")
    assert plan(home, feeds, "2026-01-05") == ["2026-01-01", "2026-01-05"]


def test_nothing_new_is_nothing_to_do(home, feeds):
    land(home, "2025-12-31")
    publish(home, "2025-12-31")
    assert plan(home, feeds) == []
    assert plan(home, feeds, is_forced=True) == ["2025-12-31"]


def test_a_published_night_is_not_run_again_unless_forced(home, feeds):
    land(home, "2025-12-31")
    publish(home, "2025-12-31", number=3)
    with pytest.raises(AlreadyPublishedError, match="generation 3 speaks of 2025-12-31; --force"):
        plan(home, feeds, "2025-12-31")
    assert plan(home, feeds, "2025-12-31", is_forced=True) == ["2025-12-31"]


def take_in(home, feeds, date: str):
    """What a night of this date receives, entered as loaded, and its generation."""
    ledger = Ledger(home.ledger)
    run_id = ledger.start_run(day(date), "test")
    found = receive(home.landing, home.archive, ledger, feeds, run_id, day(date))
    for row in found.received:
        report = BatchReport(row.feed, row.batch_id, row.business_date, row.file_name)
        report.state = "loaded"
        ledger.commit(row, report, "event", run_id)
    ledger.record_generation(number=1, run_id=run_id, business_date=day(date))
    return ledger


def test_a_late_or_mended_file_of_a_published_date_runs_it_again(home, feeds):
    land(home, "2025-12-31")
    publish(home, "2025-12-31")
    take_in(home, feeds, "2025-12-31")
    assert plan(home, feeds) == []
    land(home, "2025-12-30")
    assert plan(home, feeds) == ["2025-12-31"]
    assert plan(home, feeds, "2025-12-31") == ["2025-12-31"]
    assert plans.waiting(home, feeds, home.landing) == [
        "corebank_transaction_20251230.csv is new, or was mended"
    ]
    # The night of a missed date takes it along.
    land(home, "2026-01-01")
    assert plan(home, feeds) == ["2026-01-01"]


def test_a_decision_about_a_published_date_runs_it_again(home, feeds):
    land(home, "2025-12-31")
    publish(home, "2025-12-31")
    ledger = take_in(home, feeds, "2025-12-31")
    (row,) = ledger.deliveries()
    ledger.turn_away(row.delivery_id, "sent twice", "somebody", "event")
    assert plan(home, feeds) == ["2025-12-31"]
    assert plans.waiting(home, feeds, home.landing) == [
        "deliveries came or went since the last generation"
    ]
    ledger.record_generation(number=2, run_id=1, business_date=day("2025-12-31"))
    assert plan(home, feeds) == []
    ledger.release(row.delivery_id, "it was not", "somebody")
    assert plan(home, feeds) == ["2025-12-31"]
    assert plans.waiting(home, feeds, home.landing) == [
        f"delivery {row.delivery_id} (corebank_transaction_20251231.csv) is to be loaded"
    ]


def test_a_part_that_waits_for_the_others_runs_no_night(home, feeds):
    name = "corebank__transaction"
    (pattern, *_) = feeds[name].delivery.files
    name_in_parts = {"pattern": "corebank_transaction_{date}_{part}of{parts}.csv"}
    parted = FilePattern(**(pattern.model_dump(exclude_unset=True) | name_in_parts))
    delivery = feeds[name].delivery.model_copy(update={"files": (parted,)})
    own = {name: feeds[name].model_copy(update={"delivery": delivery})}
    publish(home, "2025-12-31")
    (home.landing / "corebank_transaction_20251231_1of2.csv").write_text("x", encoding="utf-8")
    run_id = Ledger(home.ledger).start_run(day("2025-12-31"), "test")
    args = (home.archive, Ledger(home.ledger), own, run_id, day("2025-12-31"))
    assert receive(home.landing, *args).pending == []
    Ledger(home.ledger).record_generation(number=1, run_id=run_id, business_date=day("2025-12-31"))
    assert plans.waiting(home, own, home.landing) == []
    (home.landing / "corebank_transaction_20251231_2of2.csv").write_text("y", encoding="utf-8")
    assert plan(home, own) == ["2025-12-31"]


def test_the_sensor_starts_a_night_again_after_a_decision(home, feeds):
    for name in DAILY:
        (home.landing / name.format("20260101")).write_text("x", encoding="utf-8")
    publish(home, "2025-12-31")
    now = dt.datetime.now(dt.UTC).timestamp() + 3600
    first = sensors.next_request(home, now)
    assert first.run_key == sensors.next_request(home, now).run_key
    ledger = Ledger(home.ledger)
    run_id = ledger.start_run(day("2026-01-01"), "test")
    found = receive(home.landing, home.archive, ledger, feeds, run_id, day("2026-01-01"))
    assert first.run_key == sensors.next_request(home, now).run_key
    ledger.turn_away(found.received[0].delivery_id, "sent twice", "somebody", "event")
    assert first.run_key != sensors.next_request(home, now).run_key


def test_a_missing_landing_folder_is_named(home, feeds):
    home.landing.rmdir()
    with pytest.raises(DeliveriesError, match="does not exist"):
        plan(home, feeds)
    home.landing.write_text("", encoding="utf-8")
    with pytest.raises(DeliveriesError, match="is a file"):
        plan(home, feeds)
    # An unmounted share is no quiet night, however long the bank has been running.
    publish(home, "2025-12-31")
    with pytest.raises(DeliveriesError, match="is a file"):
        plan(home, feeds)


def test_a_night_out_of_turn_is_refused(home, feeds):
    """The schedule asks for all missed dates at once; when the first fails, none may follow."""
    land(home, "2026-01-01", "2026-01-02")
    Ledger(home.ledger)
    publish(home, "2025-12-31")
    request = nights.Request(day("2026-01-02"), home.landing)
    with (
        pytest.raises(DeliveriesError, match="the night of 2026-01-01 comes first"),
        nights.open_night(home, environments.current(), request, LogReporter()),
    ):
        pass
    again = nights.Request(day("2025-12-31"), home.landing)
    with (
        pytest.raises(AlreadyPublishedError),
        nights.open_night(home, environments.current(), again, LogReporter()),
    ):
        pass


def test_an_empty_landing_folder_is_named(home, feeds):
    with pytest.raises(DeliveriesError, match="is empty"):
        plan(home, feeds)


def test_files_that_no_feed_knows_are_counted(home, feeds):
    (home.landing / "notes.txt").write_text("", encoding="utf-8")
    with pytest.raises(DeliveriesError, match="none of the 1 files"):
        plan(home, feeds)


def test_the_banks_own_feeds_are_remembered(home, tmp_path):
    assert nights.feeds_folder_of(home, None) is None
    publish(home, "2025-12-31", feeds_folder=str(tmp_path / "own"))
    assert nights.feeds_folder_of(home, None) == tmp_path / "own"
    assert nights.feeds_folder_of(home, tmp_path / "other") == tmp_path / "other"


def test_the_schedule_asks_for_every_missed_night_once(home):
    land(home, "2026-01-01", "2026-01-02")
    publish(home, "2025-12-31")
    asked = list(schedules.requests(home))
    assert [each.run_key for each in asked] == ["night 2026-01-01", "night 2026-01-02"]
    config = asked[0].run_config["resources"]["night"]["config"]
    assert config == {"business_date": "2026-01-01"}


def test_the_schedule_says_why_it_does_nothing(home):
    (skipped,) = schedules.requests(home)
    assert "is empty" in skipped.skip_message
    land(home, "2025-12-31")
    publish(home, "2025-12-31")
    (skipped,) = schedules.requests(home)
    assert "is published" in skipped.skip_message


DAILY = (
    "corebank_account_{}.csv",
    "corebank_account_holder_{}.csv",
    "corebank_balance_{}.csv",
    "corebank_customer_{}.csv",
    "corebank_loan_{}.csv",
    "corebank_transaction_{}.csv",
)


def test_the_sensor_waits_for_the_whole_delivery(home):
    """F21: a night does not start on the first file of a delivery, nor on a growing one."""
    publish(home, "2025-12-31")
    land(home, "2026-01-01")
    later = dt.datetime.now(dt.UTC).timestamp() + 3600
    waiting = sensors.next_request(home, later)
    assert "2026-01-01 waits for" in waiting.skip_message
    for name in DAILY:
        (home.landing / name.format("20260101")).write_text("x", encoding="utf-8")
    growing = sensors.next_request(home, later - 3600)
    assert "still being delivered" in growing.skip_message
    # What still has the name a transfer program gives it is no part of the delivery yet.
    copying = home.landing / f"{DAILY[0].format('20260101')}.part"
    copying.write_text("x", encoding="utf-8")
    os.utime(copying, (later, later))
    asked = sensors.next_request(home, later)
    assert asked.run_config["resources"]["night"]["config"]["business_date"] == "2026-01-01"


def test_a_delivery_that_was_replaced_is_a_new_attempt(home):
    publish(home, "2025-12-31")
    for name in DAILY:
        (home.landing / name.format("20260101")).write_text("x", encoding="utf-8")
    later = dt.datetime.now(dt.UTC).timestamp() + 3600
    first = sensors.next_request(home, later)
    assert sensors.next_request(home, later).run_key == first.run_key
    (home.landing / DAILY[0].format("20260101")).write_text("corrected", encoding="utf-8")
    assert sensors.next_request(home, later).run_key != first.run_key


def test_a_control_file_that_comes_later_is_a_new_attempt(home, feeds, monkeypatch):
    """The night failed because the extract waited for it."""
    name = "corebank__transaction"
    (pattern, *_) = feeds[name].delivery.files
    controlled = pattern.model_copy(update={"control": Control(pattern="{file}.ok")})
    delivery = feeds[name].delivery.model_copy(update={"files": (controlled,)})
    own = feeds | {name: feeds[name].model_copy(update={"delivery": delivery})}
    monkeypatch.setattr(sensors, "load_feeds", lambda _: own)
    publish(home, "2025-12-31")
    for file in DAILY:
        (home.landing / file.format("20260101")).write_text("x", encoding="utf-8")
    now = dt.datetime.now(dt.UTC).timestamp()
    first = sensors.next_request(home, now + 3600)
    (home.landing / "corebank_transaction_20260102.csv.ok").write_text("", encoding="utf-8")
    assert sensors.next_request(home, now + 3600).run_key == first.run_key, "of a later file"
    companion = home.landing / "corebank_transaction_20260101.csv.ok"
    companion.write_text("", encoding="utf-8")
    came = sensors.next_request(home, now + 3600)
    assert came.run_key != first.run_key
    companion.write_text("mended", encoding="utf-8")
    assert sensors.next_request(home, now + 3600).run_key != came.run_key


def test_a_months_file_that_comes_after_a_failed_night_is_a_new_attempt(home):
    """The night of the 1st failed for want of last month's list of products."""
    publish(home, "2025-12-31")
    for name in DAILY:
        (home.landing / name.format("20260101")).write_text("x", encoding="utf-8")
    land(home, "2026-01-02")
    later = dt.datetime.now(dt.UTC).timestamp() + 3600
    first = sensors.next_request(home, later)
    assert first.tags["crm/business_date"] == "2026-01-01"
    land(home, "2026-01-02", "2026-01-03")
    assert sensors.next_request(home, later).run_key == first.run_key, "later files do not matter"
    (home.landing / "corebank_product_202512.csv").write_text("x", encoding="utf-8")
    assert sensors.next_request(home, later).run_key != first.run_key


def test_schedule_and_sensor_look_where_the_command_does(home, tmp_path, monkeypatch):
    """CRM_LANDING names the landing folder for all three."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv("CRM_LANDING", str(elsewhere))
    publish(home, "2025-12-31")
    for name in DAILY:
        (elsewhere / name.format("20260101")).write_text("x", encoding="utf-8")
    (asked,) = schedules.requests(home)
    assert asked.run_key == "night 2026-01-01"
    later = dt.datetime.now(dt.UTC).timestamp() + 3600
    assert sensors.next_request(home, later).tags == {"crm/business_date": "2026-01-01"}
