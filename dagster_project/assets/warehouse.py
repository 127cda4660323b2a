"""The tables that dbt builds, in the two invocations of a night."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_project.graph import Graph, check_name
from dagster_project.night import Night
from dagster_project.resources import NightSession
from dagster_project.stages import warehouse

if TYPE_CHECKING:
    from dagster_project.dbt_runner import NodeResult

Event = dg.MaterializeResult[None] | dg.AssetCheckResult


def warehouse_assets(graph: Graph) -> list[dg.AssetsDefinition]:
    """Both invocations as assets: what needs no scores, and what reads them."""
    return [
        _invocation(graph, "warehouse", "build", after_scores=False),
        _invocation(graph, "warehouse_after_scores", "finish", after_scores=True),
    ]


def _invocation(graph: Graph, name: str, stage: str, *, after_scores: bool) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=name,
        specs=graph.specs(after_scores=after_scores),
        check_specs=graph.check_specs(after_scores=after_scores),
        required_resource_keys={"night"},
        description="One dbt build: the only writer of the warehouse.",
    )
    def build(context: dg.AssetExecutionContext) -> Iterator[Event]:
        session: NightSession = context.resources.night
        with session.night.stage(stage):
            warehouse.run_dbt(session.night, graph.selection(after_scores=after_scores))
        yield from events(graph, session.night, after_scores=after_scores)
        warehouse.judge(session.night)
        if after_scores:
            warehouse.tell_suspicions(session.night)

    return build


def events(graph: Graph, night: Night, *, after_scores: bool) -> Iterator[Event]:
    """What the last invocation made, as materializations and check results.

    A table that could not be built, and a test that was skipped since its table could not be, is
    left out: Dagster then shows it as not materialized.
    """
    results = {node.unique_id: node for node in night.outcomes[-1].nodes}
    counts = warehouse.row_counts(night.build) if night.build else {}
    for unique_id, node in graph.nodes.items():
        result = results.get(unique_id)
        if result is None or result.is_bad or (unique_id in graph.after_scores) != after_scores:
            continue
        metadata: dict[str, Any] = {"seconds": round(result.seconds, 3)}
        rows = counts.get(f"{node['database']}.{node['schema']}.{node['alias']}")
        if rows is not None:
            metadata["dagster/row_count"] = rows
        yield dg.MaterializeResult(asset_key=dg.AssetKey(str(node["name"])), metadata=metadata)
    for test, owner in graph.tests(after_scores=after_scores):
        result = results.get(str(test["unique_id"]))
        if result is not None and result.status != "skipped":
            yield _check_result(check_name(test), str(graph.nodes[owner]["name"]), result)


def _check_result(name: str, asset: str, result: "NodeResult") -> dg.AssetCheckResult:
    is_warning = result.status == "warn"
    metadata: dict[str, Any] = {"seconds": round(result.seconds, 3), "status": result.status}
    if result.failures:
        metadata["failing_rows"] = result.failures
    return dg.AssetCheckResult(
        check_name=name,
        asset_key=dg.AssetKey(asset),
        passed=not (result.is_bad or is_warning),
        severity=dg.AssetCheckSeverity.WARN if is_warning else dg.AssetCheckSeverity.ERROR,
        description=(result.told or result.message) if result.is_bad or is_warning else None,
        metadata=metadata,
    )
