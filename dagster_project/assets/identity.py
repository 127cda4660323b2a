"""Who is one customer under several numbers: pairs and parties, every night anew."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from dagster_project.stages import identity

GROUP = "models"
Event = dg.MaterializeResult[None] | dg.AssetCheckResult
DESCRIBED = {
    identity.PAIR_FEED: "Pairs of customer numbers that may be one customer, with the evidence."
    " One row per pair. 疑似同一客户",
    identity.PARTY_FEED: "The party of each customer number that stands in some pair."
    " One row per number. 客户归并",
}


def identity_assets() -> list[dg.AssetsDefinition]:
    """One step for pairs and parties."""

    @dg.multi_asset(
        name="identity",
        specs=[
            dg.AssetSpec(
                feed,
                deps=[
                    "dim_customer_identity", "dim_customer_alias", "dim_customer",
                    "fct_identity_decision",
                    "identity_rule", "merchant_name_affix",
                ],
                group_name=GROUP,
                kinds={"duckdb", "parquet"},
                description=text,
            )
            for feed, text in DESCRIBED.items()
        ],
        required_resource_keys={"night"},
    )  # fmt: skip
    def resolve(context: dg.AssetExecutionContext) -> Iterator[Event]:
        night = context.resources.night.night
        with night.stage("identity"):
            told = identity.resolve(night)
        night.details |= {"identity": told.told.en, "identity_zh": told.told.zh}
        metadata: dict[str, Any] = {"told": told.told.en, "told_zh": told.told.zh}
        metadata["report"] = dg.JsonMetadataValue(told.report)
        for feed in DESCRIBED:
            yield dg.MaterializeResult(asset_key=feed, metadata=metadata)

    return [resolve]
