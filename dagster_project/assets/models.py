"""Models: trained rarely, scored every night."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from dagster_project.errors import NoBuildError
from dagster_project.resources import NightSession
from dagster_project.stages import models
from dagster_project.stages.model_words import contradicted
from ml.names import PROPENSITY

GROUP = "models"
FEATURES = (
    "ftr_customer",
    "ftr_customer_label",
    "ftr_customer_outcome",
    "ftr_customer_question",
)
PURPOSES = {
    "churn": "Probability that a customer leaves in the months of its label. One version per row.",
    "value": "Contribution of a customer in a year, yuan, by his next quarter. 客户价值",
    "survival": "Months that a customer is expected to stay within the horizon. 存续月数",
    "default": "Probability that a borrower defaults in the months of the rule. 违约概率",
}
OPENING = "Probability that who holds no {} opens one in the months of the rule. 购买倾向"
Event = dg.MaterializeResult[None] | dg.AssetCheckResult


def model_assets() -> list[dg.AssetsDefinition]:
    """One asset per model, and one pair for the scores and their reasons."""
    return [*(_model(name) for name in models.MODEL_NAMES), _scores()]


def _model(name: str) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=f"train_{name}",
        specs=[
            dg.AssetSpec(
                f"{name}_model",
                deps=list(FEATURES),
                group_name=GROUP,
                kinds={"scikitlearn", "python"},
                description=_purpose(name),
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                f"{name}_model_is_usable",
                asset=f"{name}_model",
                description="A version is there that may score.",
            )
        ],
        config_schema={"retrain": dg.Field(bool, default_value=False)},
        required_resource_keys={"night"},
    )
    def train(context: dg.AssetExecutionContext) -> Iterator[Event]:
        session: NightSession = context.resources.night
        is_forced = bool(context.op_execution_context.op_config["retrain"])
        trained = models.retrain(session.home, name) if is_forced else _train(session, name)
        metadata: dict[str, Any] = {
            "state": trained.state,
            "told": trained.told.en,
            "told_zh": trained.told.zh,
        }
        if trained.version:
            metadata["version"] = trained.version
        if trained.report:
            metadata["report"] = dg.JsonMetadataValue(trained.report)
        if trained.book:
            metadata["book"] = dg.MetadataValue.path(trained.book)
            metadata["contradictions"] = dg.MetadataValue.md(contradicted(trained.report))
        yield dg.MaterializeResult(asset_key=f"{name}_model", metadata=metadata)
        yield dg.AssetCheckResult(
            check_name=f"{name}_model_is_usable",
            asset_key=f"{name}_model",
            passed=trained.version is not None,
            severity=dg.AssetCheckSeverity.WARN,
            description=trained.told.both,
        )

    return train


def _purpose(name: str) -> str:
    """What a model is for, in a sentence."""
    group = name.removeprefix(PROPENSITY).replace("_", " ")
    return PURPOSES.get(name) or OPENING.format(group)


def _train(session: NightSession, name: str) -> models.Trained:
    """Within a night: train only where no usable version is stored."""
    night = session.night
    if night.build is None:
        raise NoBuildError.to("训练", "learn from")
    with night.stage("train"):
        trained = models.train(
            night.home,
            name,
            night.build.database("crm"),
            night.request.business_date,
            night.versions.code,
            source=f"run {night.run_id}",
            is_forced=False,
        )
    night.details.setdefault("models", {})[name] = {
        "state": trained.state,
        "version": trained.version,
        "told": trained.told.en,
        "told_zh": trained.told.zh,
    }
    night.reporter.note(f"{name}: {trained.told.both}", is_warning=trained.state == "refused")
    return trained


def _record_trained(session: NightSession) -> None:
    """Bring the MLflow record up to date once for all that this night trained."""
    night = session.night
    states = {each["state"] for each in night.details.get("models", {}).values()}
    if models.TRAINED in states and (unrecorded := models.record(night.home)):
        night.reporter.note(unrecorded.both, is_warning=True)


def _scores() -> dg.AssetsDefinition:
    described = {
        models.SCORE_FEED: "Scores of the night. One row per customer and model. 客户评分",
        models.REASON_FEED: "What raises each score most, and what lowers it. One row per reason.",
        models.MONTH_FEED: "Drift and cohorts that came true. One row per model and role. 模型监测",
        models.FEATURE_FEED: "How far each feature is from training. One row per feature. 特征监测",
        models.CURVE_FEED: "Chance to be here after some months. One row per customer and month.",
        models.CAUSE_FEED: "What each theme accounts for. One row per theme and population.",
    }

    @dg.multi_asset(
        name="score",
        specs=[
            dg.AssetSpec(
                feed,
                deps=[*(f"{name}_model" for name in models.MODEL_NAMES), FEATURES[0], FEATURES[3]],
                group_name=GROUP,
                kinds={"scikitlearn", "parquet"},
                description=text,
            )
            for feed, text in described.items()
        ],
        check_specs=[
            dg.AssetCheckSpec(
                "scores_are_complete",
                asset=models.SCORE_FEED,
                description="Whoever a model is asked of on the date has its score.",
            )
        ],
        required_resource_keys={"night"},
    )
    def score(context: dg.AssetExecutionContext) -> Iterator[Event]:
        night = context.resources.night.night
        with night.stage("score"):
            _record_trained(context.resources.night)
            results = models.score(night)
        told = {each.name: each.told.both for each in results}
        night.details["scores"] = {each.name: each.told.en for each in results}
        night.details["scores_zh"] = {each.name: each.told.zh for each in results}
        for each in results:
            # Of a model that was never trained the training has told why.
            if each.is_held:
                night.reporter.note(f"{each.name}: {each.told.both}", is_warning=True)
        for feed in described:
            rows = sum(each.rows for each in results) if feed == models.SCORE_FEED else None
            metadata: dict[str, Any] = {
                **night.details["scores"],
                **{f"{each.name}_zh": each.told.zh for each in results},
            }
            if rows is not None:
                metadata["dagster/row_count"] = rows
            yield dg.MaterializeResult(asset_key=feed, metadata=metadata)
        yield dg.AssetCheckResult(
            check_name="scores_are_complete",
            asset_key=models.SCORE_FEED,
            passed=not any(each.is_held for each in results),
            severity=dg.AssetCheckSeverity.WARN,
            description="; ".join(f"{name}: {text}" for name, text in told.items()),
        )

    return score
