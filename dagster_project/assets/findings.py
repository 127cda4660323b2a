"""What the night finds out about customers beside their scores, refitted each night from facts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from dagster_project.night import Night
from dagster_project.resources import NightSession
from dagster_project.stages import churn_rules, lifetimes, segments, uplifts, wallets
from dagster_project.stages.findings import Told

GROUP = "models"
Event = dg.MaterializeResult[None] | dg.AssetCheckResult


@dataclass(frozen=True)
class Finding:
    """A step of the night that reads tables and lands feeds.

    Attributes:
        name: Of the step.
        reads: Tables.
        lands: Feeds, with what each holds.
        find: What it does.
    """

    name: str
    reads: Sequence[str]
    lands: Mapping[str, str]
    find: Callable[[Night], Told]


FINDINGS = (
    Finding(
        "lifetimes",
        (
            "fct_customer_month",
            "fct_customer_rolling_month",
            "fct_transaction",
            "dim_customer",
            "churn_rule",
            "lifetime_rule",
        ),
        {
            lifetimes.CUSTOMER_FEED: "P(alive), stay and lifetime value. One row per customer."
            " 客户终身价值",
            lifetimes.FIT_FEED: "Parameters of the night. One row per population of customers.",
            lifetimes.STATE_FEED: "States of value. One row per state. 价值状态",
        },
        lifetimes.find,
    ),
    Finding(
        "segments",
        ("ftr_customer", "rfmb_rule", "segment_fit_rule"),
        {
            segments.CUSTOMER_FEED: "Segment and cluster. One row per customer. 客户分群",
            segments.CUT_FEED: "Where quintiles begin. One row per measure and quintile.",
            segments.FIT_FEED: "What segments were fitted on, and how stable they are. One row.",
            segments.CLUSTER_FEED: "Clusters with name and rule. One row per cluster. 聚类客群",
        },
        segments.find,
    ),
    Finding(
        "churn_rules",
        (
            "ftr_customer",
            "ftr_customer_label",
            "dim_code",
            "attribute_band",
            "churn_tree_rule",
        ),
        {
            churn_rules.RULE_FEED: "Who leaves, as rules judged on customers held out."
            " One row per population and rule. 流失规则",
        },
        churn_rules.find,
    ),
    Finding(
        "uplifts",
        ("fct_campaign_member", "ftr_customer", "uplift_rule"),
        {
            uplifts.CAMPAIGN_FEED: "Qini of each campaign that is over, or why there is none."
            " One row per campaign. 营销增量效果",
            uplifts.TENTH_FEED: "What each tenth gained. One row per campaign and tenth.",
        },
        uplifts.find,
    ),
    Finding(
        "wallets",
        ("fct_customer_attribute", "ftr_customer", "like_band", "wallet_rule"),
        {
            wallets.CUSTOMER_FEED: "What is held with other banks, said and estimated."
            " One row per customer. 他行存款估计",
            wallets.FIT_FEED: "How well that was found on customers held out."
            " One row per size class and method.",
        },
        wallets.find,
    ),
)


def finding_assets() -> list[dg.AssetsDefinition]:
    """One step per finding; what stops one is told and stops nothing else."""
    return [_step(finding) for finding in FINDINGS]


def _step(finding: Finding) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=finding.name,
        specs=[
            dg.AssetSpec(
                feed,
                deps=list(finding.reads),
                group_name=GROUP,
                kinds={"duckdb", "parquet"},
                description=text,
            )
            for feed, text in finding.lands.items()
        ],
        required_resource_keys={"night"},
    )
    def find(context: dg.AssetExecutionContext) -> Iterator[Event]:
        session: NightSession = context.resources.night
        night = session.night
        with night.stage("findings"):
            told = finding.find(night)
        night.details.setdefault("findings", {})[finding.name] = told.told.en
        night.details.setdefault("findings_zh", {})[finding.name] = told.told.zh
        if not told.is_found:
            night.reporter.note(f"{finding.name}: {told.told.both}", is_warning=told.is_due)
        metadata: dict[str, Any] = {
            "told": told.told.en,
            "told_zh": told.told.zh,
            "report": dg.JsonMetadataValue(told.report),
        }
        for feed in finding.lands:
            yield dg.MaterializeResult(asset_key=feed, metadata=metadata)

    return find
