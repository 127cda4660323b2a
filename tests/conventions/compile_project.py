"""Build the dbt project on an empty lake and compile it for both engines.

A process of its own (`python -m tests.conventions.compile_project FOLDER`): dbt keeps global state
and warns of its own doings, neither of which belongs into the tests' process. Leaves in FOLDER:

- build/{scratch,crm,vault}.duckdb: every model and seed, built from feeds without any file;
- first/, next/, spark/manifest.json: the compiled project for a first night, for a later night
  (tables replaced in parts), and for the second engine;
- unit_tests.json: how each of dbt's unit tests ended.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2] / "dbt"

_FIRST: dict[str, Any] = {"business_date": "2026-01-01"}
_NEXT = _FIRST | {"touched_dates": ["2025-12-31", "2026-01-01"]}
_NEXT |= {"touched_months": ["2025-12-01", "2026-01-01"]}


def main(folder: Path) -> None:
    """Run dbt five times in this process; raise on the first failure."""
    for name in ("build", "lake"):
        (folder / name).mkdir(parents=True)
    os.environ["CRM_BUILD_DIR"] = str(folder / "build")
    os.environ["CRM_LAKE_DIR"] = str(folder / "lake")
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    no_tests = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
    # Seeds and models of the first night leave tables behind, so that the next compile is that of
    # a night which replaces parts of them.
    _dbt(["build", *no_tests], folder / "first", _FIRST)
    _dbt(["compile"], folder / "next", _NEXT)
    ended = _run(["test", "--select", "test_type:unit"], folder / "unit", _FIRST)
    results = [
        {"name": each.node.name, "status": str(each.status), "message": each.message}
        for each in getattr(ended.result, "results", [])
        if each.node.resource_type == "unit_test"
    ]
    (folder / "unit_tests.json").write_text(json.dumps(results), encoding="utf-8")
    _dbt(["compile"], folder / "spark", _NEXT | {"engine": "spark"})


def _run(command: list[str], target: Path, variables: dict[str, Any]) -> Any:
    # Imported after the environment is set: dbt reads its flags on import.
    from dbt.cli.main import dbtRunner

    options = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    options += ["--target-path", str(target), "--log-path", str(target)]
    options += ["--vars", json.dumps(variables), "--quiet"]
    return dbtRunner().invoke([*command, *options])


def _dbt(command: list[str], target: Path, variables: dict[str, Any]) -> None:
    result = _run(command, target, variables)
    if not result.success:
        failed = [
            f"{each.node.name}: {each.message}"
            for each in getattr(result.result, "results", [])
            if each.status in ("error", "fail")
        ]
        raise SystemExit("\n".join([f"dbt {command[0]} failed", *failed, str(result.exception)]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
