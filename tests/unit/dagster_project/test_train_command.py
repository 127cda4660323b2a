"""`crm ml train`: the models anew from what is published, and never beside a night."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dagster_project.cli.main import app
from dagster_project.errors import LeaseHeldError
from dagster_project.home import Home
from dagster_project.stages import model_words, models
from ingestion.sentence import Sentence
from serving import generation as generations
from tests.unit.dagster_project.test_lease import HOLD, start
from tests.unit.dagster_project.test_plan import publish


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    return Home(tmp_path).create()


def test_without_a_generation_there_is_nothing_to_learn_from(home: Home) -> None:
    done = CliRunner().invoke(app, ["ml", "train"])
    assert done.exit_code == 1
    assert "nothing is published yet" in done.stderr


@pytest.mark.parametrize(("state_of_others", "code"), [("not enough history", 0), ("refused", 1)])
def test_every_model_learns_from_the_published_files(
    home: Home, monkeypatch: pytest.MonkeyPatch, state_of_others: str, code: int
) -> None:
    """A bank in which hardly anybody defaults has no model of it, and nothing went wrong."""
    publish(home, "2025-12-31", number=4)
    asked: list[tuple[Any, ...]] = []

    def train(place: Home, name: str, *rest: Any, source: str, is_forced: bool) -> models.Trained:
        asked.append((name, *rest[:2], source, is_forced))
        state = "trained" if name == "value" else state_of_others
        version = "v1" if name == "value" else None
        return models.Trained(name, state, version, Sentence(f"{name} 的结果", f"{name} told"))

    recorded: list[Home] = []
    monkeypatch.setattr(models, "train", train)
    monkeypatch.setattr(models, "record", recorded.append)
    done = CliRunner().invoke(app, ["ml", "train", "--json"])
    database = generations.folder_of(home.warehouse, 4) / "crm.duckdb"
    date = dt.date(2025, 12, 31)
    assert asked == [(name, database, date, "generation 4", True) for name in models.MODEL_NAMES]
    told = [each["told"] for each in json.loads(done.stdout)]
    assert told == [f"{name} told" for name in models.MODEL_NAMES]
    chinese = [each["told_zh"] for each in json.loads(done.stdout)]
    assert chinese == [f"{name} 的结果" for name in models.MODEL_NAMES]
    assert recorded == [home]
    assert done.exit_code == code
    asked.clear()
    CliRunner().invoke(app, ["ml", "train", "value"])
    assert [each[0] for each in asked] == ["value"]


def test_a_model_that_is_not_there_is_named_before_any_is_trained(home: Home) -> None:
    publish(home, "2025-12-31")
    done = CliRunner().invoke(app, ["ml", "train", "churn", "luck"])
    assert done.exit_code == 2
    assert "there is no model called luck; there are churn" in " ".join(done.stderr.split())


def test_while_a_night_runs_no_model_is_trained(home: Home) -> None:
    publish(home, "2025-12-31")
    process = start(HOLD, home.lease)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        done = CliRunner().invoke(app, ["ml", "train"])
        assert done.exit_code == 5
        assert "held by run 7" in done.stderr
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("is_json", [False, True])
def test_a_night_that_starts_between_two_models_hides_none_that_is_stored(
    home: Home, monkeypatch: pytest.MonkeyPatch, *, is_json: bool
) -> None:
    """The review's fault: churn was stored and champion, and exit code 5 was all that was told."""

    def retrain(_home: Home, name: str) -> models.Trained:
        if name != "churn":
            raise LeaseHeldError("被第 7 次运行占用。", "held by run 7")
        return models.Trained(name, "trained", "v1", Sentence("v1 现为现役版本", "v1 is champion"))

    monkeypatch.setattr(models, "retrain", retrain)
    done = CliRunner().invoke(app, ["ml", "train", *(["--json"] if is_json else [])])
    assert done.exit_code == 5
    assert "held by run 7" in done.stderr
    if is_json:
        assert [each["version"] for each in json.loads(done.stdout)] == ["v1"]
    else:
        assert done.stdout.splitlines() == ["✓ churn: v1 现为现役版本 v1 is champion"]


def test_what_is_learnt_from_is_looked_up_once_no_night_can_replace_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A night that ends while the training waits for its lease publishes, and prunes old ones."""
    publish(home, "2025-12-31", number=4)

    @contextmanager
    def hold(path: Path) -> Iterator[None]:
        publish(home, "2026-01-01", number=5)
        yield

    learnt: list[str] = []

    def train(_home: Home, name: str, *_: Any, source: str, **__: Any) -> models.Trained:
        learnt.append(source)
        return models.Trained(name, "refused", None, Sentence("无", "none"))

    monkeypatch.setattr(models.lease, "hold", hold)
    monkeypatch.setattr(models, "train", train)
    models.retrain(home, "churn")
    assert learnt == ["generation 5"]


@pytest.mark.parametrize(
    ("shift", "covered", "told"),
    [
        (0.0, 0.9, ""),
        (-0.27, 0.9, "; it foretold 13.40% where 10.90% came, so its scores are moved by -0.27"),
        (0.0, 0.4, "; its bands hold 40% in the place of 90%, so do not rely on them"),
    ],
)
def test_a_level_that_was_off_and_bands_that_hold_too_little_are_told(
    shift: float, covered: float, told: str
) -> None:
    level = {"foretold_rate": 0.134, "seen_rate": 0.109, "event_count": 2017, "shift": shift}
    band = {"level": 0.9, "row_count": 900, "covered_share": covered}
    found = model_words.off({"level": level, "band": band})
    assert found.en.startswith(told)
    assert bool(found.en) == bool(found.zh) == bool(told)
    nothing = model_words.off({"level": None, "band": {"level": 0.9, "row_count": 0}})
    assert nothing == ("", "")
