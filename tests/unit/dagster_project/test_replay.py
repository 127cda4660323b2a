"""A replay without its build: what it would build, when it stands back, what a failure leaves."""

from __future__ import annotations

import datetime as dt
import errno
import shutil
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from dagster_project import lease, manifest, replay
from dagster_project.cli.main import app
from dagster_project.errors import LeaseHeldError, NightError, WrongUsageError
from dagster_project.home import Home
from dagster_project.rule_folder import RULES
from dagster_project.versions import Versions
from ingestion.ledger import Ledger
from serving import connection
from serving.profit import published
from tests.unit.dagster_project.test_plan import publish

CADENCE = "visit_cadence"


@pytest.fixture(scope="module")
def real() -> dict[str, Any]:
    return manifest.load()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose only generation was made by this program from nothing."""
    made = Home(tmp_path / "home").create()
    publish(made, "2025-12-31", versions=vars(Versions.now(None)))
    Ledger(made.ledger).record_generation(number=1, run_id=1, business_date=dt.date(2025, 12, 31))
    return made


def names(real: dict[str, Any], ids: frozenset[str]) -> set[str]:
    return {real["nodes"][each]["name"] for each in ids}


def test_what_rests_on_a_rule_is_built_and_what_is_published_is_only_read(
    real: dict[str, Any],
) -> None:
    chosen = replay.select(real, {CADENCE: ""})
    rebuilt, read = names(real, chosen.rebuilt), names(real, chosen.read)
    assert {CADENCE, "fct_visit_requirement", "mart_relationship__cadence_month"} <= rebuilt
    assert "fct_visit" not in rebuilt | read, "visits are those that were made"
    databases = {real["nodes"][each]["database"] for each in chosen.read}
    assert not databases & {"crm", "vault"}
    assert "visit_cadence_versions_no_overlap" in names(real, chosen.tests)


def test_rules_that_meet_nowhere_are_both_followed(real: dict[str, Any]) -> None:
    chosen = replay.select(real, {"tier_rule": "", "pay_rule": ""})
    rebuilt = names(real, chosen.rebuilt)
    assert {"fct_customer_tier_month", "mart_performance__manager_pay_month"} <= rebuilt


def test_a_rule_that_no_table_reads_is_refused(real: dict[str, Any]) -> None:
    """Nothing would change, and the analyst would believe that the rule does not matter."""
    with pytest.raises(WrongUsageError, match="identity_rule is not read by a table"):
        replay.select(real, {CADENCE: "", "identity_rule": ""})


@pytest.mark.parametrize("name", ["", "a b", "../x", ".building", "x" * 41])
def test_a_name_is_that_of_a_folder_beside_the_others(home: Home, name: str) -> None:
    with pytest.raises(WrongUsageError, match="cannot be called"):
        replay.folder_of(home, name)
    assert replay.folder_of(home, "一周两次-2025").parent == home.replays


def test_a_replay_that_was_not_made_is_told_with_those_that_were(home: Home) -> None:
    with pytest.raises(WrongUsageError, match="no replay called half"):
        replay.finished(home, "half")


@pytest.mark.parametrize("option", ["--vault", "--as-known-on=2025-12-31"])
def test_a_replay_is_asked_as_analysts_ask(home: Home, option: str) -> None:
    asked = ["sql", "--replay", "half", option, "select 1", "--home", str(home.root)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 2
    assert "leave out --vault" in done.stderr


@pytest.mark.parametrize(
    ("held", "told"),
    [("replays", "another replay is going on"), ("home", "by the night")],
)
def test_it_does_not_begin_while_a_night_or_another_replay_runs(
    home: Home, monkeypatch: pytest.MonkeyPatch, held: str, told: str
) -> None:
    free = lease.hold

    def hold(path: Path) -> AbstractContextManager[lease.Lease]:
        if path.parent.name == held:
            raise LeaseHeldError("夜间任务", "held by the night")
        return free(path)

    monkeypatch.setattr(lease, "hold", hold)
    with pytest.raises(LeaseHeldError, match=told):
        replay.make(home, "half", {CADENCE: ""})


def test_other_deliveries_or_another_program_than_was_published_are_refused(home: Home) -> None:
    """A difference would be theirs as well as the rules'."""
    publish(home, "2025-12-31", number=2, versions={})
    Ledger(home.ledger).record_generation(number=2, run_id=2, business_date=dt.date(2025, 12, 31))
    with pytest.raises(NightError, match="since generation 2 was published the code, the dbt"):
        replay.make(home, "half", {CADENCE: ""})
    assert [path.name for path in home.replays.iterdir()] == [".lease"]


def test_a_full_disk_is_told_and_leaves_the_replay_before(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (home.replays / "half").mkdir(parents=True)
    (home.replays / "half" / replay.REPLAY_FILE).write_text("{}")
    monkeypatch.setattr(replay, "_build", fill)
    with pytest.raises(NightError, match="No space left on device"):
        replay.make(home, "half", {CADENCE: ""})
    assert sorted(path.name for path in home.replays.iterdir()) == [".lease", "half"]


@pytest.mark.parametrize(
    ("months", "code", "told"),
    [
        (("2025-09", "2025-07"), 2, "--from 2025-09 is later than --to 2025-07"),
        (("2025-7", "2025-09"), 2, "write it as YYYY-MM"),
        (("2025-07", "2025-09"), 1, "nothing is published yet"),
    ],
)
def test_what_cannot_be_replayed_is_told_before_anything_is_made(
    tmp_path: Path, months: tuple[str, str], code: int, told: str
) -> None:
    first, last = months
    options = ["--from", first, "--to", last, "--rules", str(tmp_path), "--name", "half"]
    done = CliRunner().invoke(app, ["replay", *options, "--home", str(tmp_path / "home")])
    assert done.exit_code == code
    assert told in done.stderr
    assert not (tmp_path / "home" / "replays").exists()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"--from": "2024-01"}, "2024-01 is not published"),
        ({"--rules": "visit_cadence.csv"}, "is a file; name the folder"),
        ({"--output": "nowhere/figures.xlsx"}, "figures.xlsx cannot be written"),
        ({"--output": "figures.pdf"}, "written as .csv or .xlsx"),
    ],
)
def test_what_was_mistyped_is_told_before_anything_is_built(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], told: str
) -> None:
    """Half a minute of building, and then: no such folder."""
    monkeypatch.setattr(connection, "connect_current", lambda _: (duckdb.connect(), None))
    monkeypatch.setattr(published, "months", lambda _: [dt.date(2025, 7, 1), dt.date(2025, 8, 1)])
    monkeypatch.setattr(replay, "make", lambda *_: pytest.fail("it was built"))
    (tmp_path / "mine").mkdir()
    shutil.copyfile(RULES / f"{CADENCE}.csv", tmp_path / "mine" / f"{CADENCE}.csv")
    given = {"--from": "2025-07", "--to": "2025-08", "--rules": "."} | changed
    monkeypatch.chdir(tmp_path / "mine")
    options = [text for option in given.items() for text in option]
    done = CliRunner().invoke(app, ["replay", *options, "--home", str(home.root)])
    assert told in done.stderr
    assert done.exit_code == (1 if "--output" in changed else 2)
