"""The published generation: the end of every line in the graph."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.graph import Graph
from dagster_project.stages import publication

ASSET = "published_generation"
Event = dg.MaterializeResult[None] | dg.AssetCheckResult


def publication_assets(graph: Graph) -> list[dg.AssetsDefinition]:
    """One asset, with the audits as blocking checks on it."""

    @dg.multi_asset(
        name="publish",
        specs=[
            dg.AssetSpec(
                ASSET,
                deps=graph.keys_in(publication.PUBLISHED),
                group_name="publication",
                kinds={"duckdb"},
                description="What analysts open: an audited, immutable copy of the warehouse. "
                "One generation per night.",
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(name, asset=ASSET, description=text, blocking=True)
            for name, text in publication.AUDITS.items()
        ],
        required_resource_keys={"night"},
    )
    def publish(context: dg.AssetExecutionContext) -> Iterator[Event]:
        night = context.resources.night.night
        with night.stage("audit"):
            findings = publication.audit(night, graph.expected_tables(publication.PUBLISHED))
        for each in findings:
            yield dg.AssetCheckResult(
                check_name=each.name,
                asset_key=ASSET,
                passed=each.is_passed,
                description="; ".join(each.problems[:5]) or None,
                metadata={"looked_at": each.looked_at, "problems": len(each.problems)},
            )
        publication.refuse(night, findings)
        with night.stage("publish"):
            published = publication.publish(night)
        yield dg.MaterializeResult(
            asset_key=ASSET,
            metadata={
                "generation": published.number,
                "business_date": published.business_date.isoformat(),
                "tables": len(published.tables),
                "rows": sum(rows for rows, _ in published.tables.values()),
                "bytes": published.bytes,
                "checksum": published.checksum,
            },
        )

    return [publish]
