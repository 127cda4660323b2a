"""The process that writes the MLflow record; see :mod:`ml.registry.record`, which starts it.

It reads what is to stand in the record as JSON, and imports MLflow and nothing else of the house.
"""

from __future__ import annotations

import json
import sys
from typing import Any

#: Counts of the training that are params of its run.
_PARAMS = (
    "train_rows",
    "train_customers",
    "test_rows",
    "test_date",
    "label_mean_train",
    "label_mean_test",
)


def _main() -> None:
    """The other process: what `draw` sends, into MLflow."""
    from mlflow.tracking import MlflowClient

    work = json.load(sys.stdin)
    uri = f"sqlite:///{work['path']}"
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    for picture in work["models"]:
        if picture["versions"]:
            _draw_model(client, picture)


def _draw_model(client: Any, picture: dict[str, Any]) -> None:
    """One model: what is missing is added, roles are set as they stand."""
    name = picture["name"]
    experiment = client.get_experiment_by_name(name)
    folder = picture["versions"][0]["folder"].rsplit("/", 1)[0]
    number = (
        experiment.experiment_id
        if experiment
        else client.create_experiment(name, artifact_location=folder)
    )
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    known = {
        each.tags.get("version"): each.version
        for each in client.search_model_versions(f"name = '{name}'", max_results=10_000)
    }
    for each in picture["versions"]:
        version = each["manifest"]["version"]
        if version not in known:
            known[version] = _draw_version(client, name, number, each)
    for alias in ("champion", "challenger"):
        if picture[alias] in known:
            client.set_registered_model_alias(name, alias, known[picture[alias]])
        else:
            client.delete_registered_model_alias(name, alias)
    for version in picture["withdrawn"]:
        if version in known:
            client.set_model_version_tag(name, known[version], "withdrawn", "true")
    for step in picture["history"]:
        if step["version"] in known:
            told = f"{step['at']} by {step['by']}: {step['because']}"
            tag = step["act"].replace(" ", "_")
            client.set_model_version_tag(name, known[step["version"]], tag, told[:5000])


def _draw_version(client: Any, name: str, experiment: str, each: dict[str, Any]) -> Any:
    """One run and one registered version for a stored version; the number of the latter."""
    from mlflow.entities import Metric, Param, RunTag

    manifest, moment = each["manifest"], each["moment"]
    training = manifest.get("training") or {}
    tags = {
        "version": manifest["version"],
        "code": manifest["code_version"],
        "source": manifest.get("source", "unknown"),
        "data_checksum": training.get("checksum", ""),
        "ships": manifest["scorer"]["ships"],
        "report": f"{each['folder']}/report.json",
    }
    run = client.create_run(experiment, start_time=moment, run_name=manifest["version"], tags=tags)
    metrics = [
        Metric(f"{role}.{measure}", value, moment, 0)
        for role, measured in (manifest.get("metrics") or {}).items()
        for measure, value in measured.items()
        if isinstance(value, int | float)
    ]
    params = [Param(key, str(training[key])) for key in _PARAMS if key in training]
    dates = training.get("train_dates") or []
    if dates:
        params.append(Param("train_dates", f"{len(dates)}: {dates[0]} to {dates[-1]}"))
    software = [RunTag(f"software.{key}", value) for key, value in manifest["software"].items()]
    client.log_batch(run.info.run_id, metrics=metrics, params=params, tags=software)
    client.set_terminated(run.info.run_id, end_time=moment)
    return client.create_model_version(
        name, source=each["folder"], run_id=run.info.run_id, tags=tags
    ).version


if __name__ == "__main__":
    _main()
