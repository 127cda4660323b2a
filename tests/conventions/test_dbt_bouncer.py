"""The rules of dbt-bouncer.yml hold, and each of them can fail."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conventions.conftest import Manifest, Project
from tests.conventions.file_rules import REPOSITORY
from tests.conventions.manifest_rules import models

BOUNCER = REPOSITORY / ".venv" / "bin" / "dbt-bouncer"


def _failed_checks(manifest: Manifest, folder: Path) -> set[str]:
    """Names of the checks that fail on `manifest`."""
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    config = (REPOSITORY / "dbt-bouncer.yml").read_text(encoding="utf-8")
    assert "dbt_artifacts_dir: dbt/target" in config
    (folder / "dbt-bouncer.yml").write_text(
        config.replace("dbt_artifacts_dir: dbt/target", f"dbt_artifacts_dir: {folder}"),
        encoding="utf-8",
    )
    results = folder / "results.json"
    command = [BOUNCER, "run", "--config-file", folder / "dbt-bouncer.yml"]
    done = subprocess.run(
        [*command, "--output-file", results, "--output-format", "json"],
        capture_output=True,
        text=True,
    )
    assert results.exists(), done.stdout + done.stderr
    outcomes = json.loads(results.read_text(encoding="utf-8"))
    assert outcomes, "dbt-bouncer ran no check"
    failed = {
        str(each["check_run_id"]).split(":")[0] for each in outcomes if each["outcome"] != "success"
    }
    assert bool(failed) == bool(done.returncode)
    return failed


def test_the_project_keeps_the_rules(project: Project, tmp_path: Path) -> None:
    assert _failed_checks(project.first, tmp_path) == set()


def _of_layer(manifest: Manifest, layer: str) -> dict[str, Any]:
    return next(node for node in models(manifest) if node["fqn"][1] == layer)


def _break(manifest: Manifest) -> None:
    """Make one mistake of each kind."""
    staging, mart = _of_layer(manifest, "staging"), _of_layer(manifest, "marts")
    dimension = _of_layer(manifest, "dimensional")
    mart["name"] = "profit"
    mart["depends_on"]["nodes"] += [staging["unique_id"], staging["depends_on"]["nodes"][0]]
    mart["description"] = "Profit."
    mart["config"]["contract"]["enforced"] = False
    mart["contract"]["enforced"] = False
    mart["raw_code"] += "\ninner join crm.dimensional.dim_customer on 1 = 1\n"
    column = next(iter(dimension["columns"].values()))
    column["description"] = ""
    column["data_type"] = None
    for name, node in list(manifest["nodes"].items()):
        if node["resource_type"] != "test":
            continue
        if node.get("attached_node") == dimension["unique_id"]:
            del manifest["nodes"][name]
        else:
            node["meta"] = {}
            node["config"]["meta"] = {}


@pytest.mark.parametrize(
    "check",
    [
        "check_model_names",
        "check_lineage_permitted_upstream_models",
        "check_lineage_source_cannot_be_used",
        "check_model_description_contains_regexp_pattern",
        "check_model_has_contracts_enforced",
        "check_model_hard_coded_references",
        "check_model_column_description_populated",
        "check_model_columns_have_types",
        "check_model_has_unique_test",
        "check_test_has_meta_keys",
        "check_source_used_by_only_one_model",
    ],
)
def test_a_broken_project_is_found(check: str, broken: set[str]) -> None:
    assert check in broken


@pytest.fixture(scope="module")
def broken(project: Project, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    manifest = copy.deepcopy(project.first)
    _break(manifest)
    return _failed_checks(manifest, tmp_path_factory.mktemp("broken"))
