"""F14: what a killed run leaves in Dagster is ended by the next one, and holds no slot."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.test_utils import create_run_for_test

from dagster_project import conductor
from dagster_project.conductor import PROCESS_TAG, TEMPLATE
from dagster_project.home import Home


def test_runs_whose_process_is_gone_are_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs of the daemon are its own to watch: run monitoring ends those, and retries them once."""
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv("CRM_HOME", "")
    home = Home(tmp_path).create()
    conductor.prepare_instance(home)
    started, starting = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        ours = [
            create_run_for_test(instance, "nightly", status=status, tags={PROCESS_TAG: "1"})
            for status in (started, starting)
        ]
        theirs = create_run_for_test(instance, "nightly", status=started)
        done = create_run_for_test(
            instance, "nightly", status=dg.DagsterRunStatus.SUCCESS, tags={PROCESS_TAG: "1"}
        )
        conductor._end_dead_runs(instance)
        states = {run.run_id: run.status for run in instance.get_runs()}
    assert [states[run.run_id] for run in ours] == [dg.DagsterRunStatus.FAILURE] * 2
    assert states[theirs.run_id] is started
    assert states[done.run_id] is dg.DagsterRunStatus.SUCCESS


def test_the_settings_of_a_home_watch_retry_and_queue() -> None:
    """F14: off by default in Dagster; without them a dead run holds the queue for ever."""
    settings = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    assert settings["run_monitoring"]["enabled"] is True
    assert settings["run_monitoring"]["start_timeout_seconds"] <= 600
    assert settings["run_retries"] == {
        "enabled": True, "max_retries": 1, "retry_on_asset_or_op_failure": False
    }  # fmt: skip
    assert settings["concurrency"]["runs"]["max_concurrent_runs"] == 1
    assert settings["telemetry"]["enabled"] is False


def test_a_homes_own_settings_are_left_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv("CRM_HOME", "")
    home = Home(tmp_path).create()
    (home.dagster / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    conductor.prepare_instance(home)
    assert (home.dagster / "dagster.yaml").read_text() == "telemetry: {enabled: false}\n"
    assert os.environ["DAGSTER_HOME"] == str(home.dagster)
