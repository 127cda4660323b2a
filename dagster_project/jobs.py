"""The two jobs: the night, and the monthly retraining."""

from __future__ import annotations

import dagster as dg

from dagster_project.resources import NIGHTLY
from dagster_project.stages.models import MODEL_NAMES

RETRAINING = "retraining_job"
# A run that crashed begins anew; from the middle it would find no build.
TAGS = {"dagster/retry_strategy": "ALL_STEPS"}


def nightly_job() -> dg.UnresolvedAssetJobDefinition:
    """Every asset, from the delivered files to the published generation, in one process."""
    return dg.define_asset_job(
        NIGHTLY,
        selection=dg.AssetSelection.all(),
        description="One night: receive, extract, build, score, audit, publish. The schedule, the "
        "landing sensor and `crm run` all run this job.",
        tags=TAGS,
        executor_def=dg.in_process_executor,
    )


def retraining_job() -> dg.UnresolvedAssetJobDefinition:
    """Every model anew, from the published generation, between two nights."""
    return dg.define_asset_job(
        RETRAINING,
        selection=dg.AssetSelection.assets(*(f"{name}_model" for name in MODEL_NAMES)),
        description="Train the models anew from the published generation. The next night scores "
        "with them.",
        config={"ops": {f"train_{name}": {"config": {"retrain": True}} for name in MODEL_NAMES}},
        tags=TAGS,
        executor_def=dg.in_process_executor,
    )
