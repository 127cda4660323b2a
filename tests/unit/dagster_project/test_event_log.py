"""The kept event log: the stock storage's files, at a fraction of its price."""

from __future__ import annotations

import dagster as dg
import pytest

from dagster_project.conductor import TEMPLATE, prepare_instance
from dagster_project.event_log import ENGINES_KEPT, KeptSqliteEventLogStorage
from dagster_project.home import Home


@dg.asset
def one() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"dagster/row_count": 3})


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    made = Home(tmp_path)
    prepare_instance(made)
    return made


def test_the_template_is_taken_and_then_left_alone(home):
    settings = home.dagster / "dagster.yaml"
    assert settings.read_text(encoding="utf-8") == TEMPLATE.read_text(encoding="utf-8")
    settings.write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    prepare_instance(home)
    assert settings.read_text(encoding="utf-8") == "telemetry: {enabled: false}\n"


def test_the_instance_keeps_events_and_asks_nobody(home):
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        assert isinstance(instance.event_log_storage, KeptSqliteEventLogStorage)
        assert not instance.telemetry_enabled
        assert not instance.nux_enabled
        assert instance.run_retries_enabled
        assert instance.run_monitoring_enabled
        for _ in range(ENGINES_KEPT + 2):
            assert dg.materialize([one], instance=instance).success
        record = instance.get_latest_materialization_event(dg.AssetKey("one"))
        assert record is not None
        assert len(instance.event_log_storage._engines) == ENGINES_KEPT
        runs = [run.run_id for run in instance.get_runs()]
        assert all(instance.all_logs(run_id) for run_id in runs)


def test_the_stock_storage_reads_what_was_written(home):
    """Nobody is locked in: without the last lines of dagster.yaml the same files are read."""
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        dg.materialize([one], instance=instance)
    settings = home.dagster / "dagster.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.partition("event_log_storage:")[0], encoding="utf-8")
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        assert not isinstance(instance.event_log_storage, KeptSqliteEventLogStorage)
        assert instance.get_latest_materialization_event(dg.AssetKey("one")) is not None
