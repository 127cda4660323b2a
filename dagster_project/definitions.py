"""Everything Dagster needs to know, assembled; nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from dagster_project import environment as environments
from dagster_project import jobs, manifest, schedules, sensors
from dagster_project.assets.feeds import feed_assets
from dagster_project.assets.findings import finding_assets
from dagster_project.assets.identity import identity_assets
from dagster_project.assets.models import model_assets
from dagster_project.assets.publication import publication_assets
from dagster_project.assets.sheets import sheet_assets
from dagster_project.assets.warehouse import warehouse_assets
from dagster_project.graph import Graph
from dagster_project.home import Home
from dagster_project.night import feeds_folder_of
from dagster_project.resources import RESOURCES
from ingestion.contracts.load import load_feeds


def build_defs(
    *, resource_overrides: Mapping[str, Any] | None = None, feeds_folder: Path | None = None
) -> dg.Definitions:
    """The code location.

    Args:
        resource_overrides: Resources to put in place of the usual ones, by name.
        feeds_folder: A bank's own feeds, which decide what the graph shows as not delivered.
    """
    environment = environments.current()
    graph = Graph(manifest.load())
    nightly, retraining = jobs.nightly_job(), jobs.retraining_job()
    return dg.Definitions(
        assets=[
            *feed_assets(load_feeds(feeds_folder)),
            *warehouse_assets(graph),
            *model_assets(),
            *finding_assets(),
            *identity_assets(),
            *publication_assets(graph),
            *sheet_assets(),
        ],
        jobs=[nightly, retraining],
        schedules=[
            schedules.nightly_schedule(nightly, environment),
            schedules.retraining_schedule(retraining, environment),
        ],
        sensors=[sensors.landing_sensor(environment)],
        resources={**RESOURCES, **(resource_overrides or {})},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The code location of the home in CRM_HOME; drawn when it is loaded, not when imported."""
    return build_defs(feeds_folder=feeds_folder_of(Home.resolve(), None))
