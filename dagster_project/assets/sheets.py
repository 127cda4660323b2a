"""The sheets for people: what the published generation is written out as."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.assets.publication import ASSET as PUBLISHED
from dagster_project.stages import sheets
from serving.errors import ServingError

ASSET = "work_sheets"
CHECK = "sheets_written"
Event = dg.MaterializeResult[None] | dg.AssetCheckResult


def sheet_assets() -> list[dg.AssetsDefinition]:
    """One asset; a sheet that cannot be written is told, and takes nothing back of the night."""

    @dg.multi_asset(
        name="deliver",
        specs=[
            dg.AssetSpec(
                ASSET,
                deps=[PUBLISHED],
                group_name="publication",
                kinds={"excel"},
                description="Worklists, call lists and reports that are due on the business date, "
                "in exports/sheets.",
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                CHECK, asset=ASSET, description="Every sheet that was due has been written."
            )
        ],
        required_resource_keys={"night"},
    )
    def deliver(context: dg.AssetExecutionContext) -> Iterator[Event]:
        night = context.resources.night.night
        told, written = None, []
        # A night rebuilt as known on its day has had its sheets.
        if night.request.receives:
            with night.stage("deliver"):
                try:
                    written = sheets.deliver(night.home, night.feeds, by=sheets.NIGHT)
                except ServingError as error:
                    told = error.sentence
                    night.reporter.note(f"{told[0]} {told[1]}", is_warning=True)
        yield dg.MaterializeResult(
            asset_key=ASSET,
            metadata={"files": len(written), "rows": sum(each.rows for each in written)},
        )
        yield dg.AssetCheckResult(
            check_name=CHECK,
            asset_key=ASSET,
            passed=told is None,
            severity=dg.AssetCheckSeverity.WARN,
            description=" ".join(told) if told else None,
        )

    return [deliver]
