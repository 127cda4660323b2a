"""The code location as Dagster sees it."""

from __future__ import annotations

from graphlib import TopologicalSorter

import dagster as dg
import pytest

from dagster_project import jobs
from dagster_project.definitions import build_defs
from ml.names import MODEL_NAMES


@pytest.fixture(scope="module")
def defs():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_ENVIRONMENT", "test")
        yield build_defs()


# Delivered and staged, and read by the marts of a later issue (cost allocation, credit).
STAGED_ONLY = {"ledger__activity_volume", "ledger__cost_pool"}


def upstream(graph: dg.AssetKey, node: object, found: set[str]) -> set[str]:
    for parent in node.parent_keys:  # type: ignore[attr-defined]
        if parent.to_user_string() not in found:
            found.add(parent.to_user_string())
            upstream(graph, graph.get(parent), found)  # type: ignore[attr-defined]
    return found


def test_everything_resolves_and_every_asset_is_in_the_night(defs):
    dg.Definitions.validate_loadable(defs)
    night = defs.resolve_job_def("nightly")
    assets = {spec.key for spec in defs.resolve_all_asset_specs()}
    assert night.asset_layer.asset_graph.materializable_asset_keys == assets


def test_the_published_generation_stands_on_every_feed(defs):
    """The graph leads from each delivered file to what analysts open, without a gap."""
    graph = defs.resolve_asset_graph()
    published = graph.get(dg.AssetKey("published_generation"))
    found = upstream(graph, published, set())
    feeds = {spec.key.to_user_string() for spec in defs.resolve_all_asset_specs()}
    lost = {name for name in feeds if "__" in name and not name.startswith(("stg", "int", "mart"))}
    assert lost - found <= STAGED_ONLY
    assert {"churn_model", "value_model", "stg_corebank__account", "fct_transaction"} <= found


def test_the_line_of_the_groups_leads_one_way(defs):
    """A reader of the graph sees fifteen boxes; a circle of them says nothing about the night."""
    group_of = {spec.key: spec.group_name for spec in defs.resolve_all_asset_specs()}
    upstream: dict[str, set[str]] = {}
    for spec in defs.resolve_all_asset_specs():
        groups = {group_of[dep.asset_key] for dep in spec.deps} - {spec.group_name}
        upstream.setdefault(spec.group_name, set()).update(groups)
    order = list(TopologicalSorter(upstream).static_order())
    assert order.index("source") < order.index("staging") < order.index("facts")
    assert order[-1] == "publication"


def test_every_asset_has_a_group_a_description_and_kinds(defs):
    specs = [s for s in defs.resolve_all_asset_specs() if s.key.to_user_string() != "x"]
    bare = [
        s.key.to_user_string()
        for s in specs
        if s.group_name in (None, "default") or not s.description or not s.kinds
    ]
    assert bare == []


def test_the_schedule_is_at_two_in_shanghai_and_off_outside_a_bank(defs):
    """A15: without a time zone Dagster would run it at ten in the morning."""
    schedule = defs.resolve_schedule_def("nightly_schedule")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 * * *", "Asia/Shanghai")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    assert (
        defs.resolve_sensor_def("landing_sensor").default_status is dg.DefaultSensorStatus.STOPPED
    )


def test_in_a_bank_the_night_starts_by_itself(monkeypatch):
    monkeypatch.setenv("CRM_ENVIRONMENT", "bank")
    defs = build_defs()
    running = dg.DefaultScheduleStatus.RUNNING
    assert defs.resolve_schedule_def("nightly_schedule").default_status is running
    assert (
        defs.resolve_sensor_def("landing_sensor").default_status is dg.DefaultSensorStatus.RUNNING
    )


def test_retraining_trains_every_model_and_nothing_else(defs):
    job = defs.resolve_job_def(jobs.RETRAINING)
    assert {node.name for node in job.nodes} == {f"train_{name}" for name in MODEL_NAMES}


def test_a_night_cannot_be_run_in_parts(defs, monkeypatch, tmp_path):
    """A build of parts would never pass the audit; say so instead of failing somewhere inside."""
    monkeypatch.setenv("CRM_ENVIRONMENT", "test")
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    job = defs.resolve_implicit_global_asset_job_def()
    result = job.get_subset(asset_selection={dg.AssetKey("vault__pseudonym")}).execute_in_process(
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        raise_on_error=False,
    )
    assert not result.success
    failure = result.failure_data_for_node("pseudonyms")
    assert "a night is built as a whole" in str(failure.error)


def test_feed_assets_say_what_is_not_delivered(monkeypatch, tmp_path):
    from dagster_project.assets.feeds import feed_spec
    from ingestion.contracts.load import load_feeds

    feed = load_feeds()["fieldwork__visit"]
    assert "Not delivered" not in (feed_spec(feed).description or "")
    absent = feed.model_copy(update={"is_delivered": False})
    assert "Not delivered by this bank." in (feed_spec(absent).description or "")
