"""The dbt project, built on an empty lake and compiled for both engines, once for all tests."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from tests.conventions.file_rules import REPOSITORY

Manifest = dict[str, Any]


class Project(NamedTuple):
    """The compiled project, and the columns of what it built."""

    first: Manifest
    next: Manifest
    spark: Manifest
    # (database, schema, table) -> {column: type}, both in lower case
    built: dict[tuple[str, str, str], dict[str, str]]
    # name, status and message of each of dbt's unit tests
    unit_tests: list[dict[str, str]]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Project:
    base = tmp_path_factory.getbasetemp()
    # The workers of one test run share what the first of them built.
    shared = base if worker_id == "master" else base.parent
    folder = shared / "dbt_project"
    with (shared / "dbt_project.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _compile(folder)
    if (failure := folder / "failure.txt").exists():
        pytest.fail(failure.read_text(encoding="utf-8"), pytrace=False)
    manifests = {
        name: json.loads((folder / name / "manifest.json").read_text(encoding="utf-8"))
        for name in ("first", "next", "spark")
    }
    unit_tests = json.loads((folder / "unit_tests.json").read_text(encoding="utf-8"))
    return Project(**manifests, built=_built_columns(folder / "build"), unit_tests=unit_tests)


def _compile(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.conventions.compile_project", str(folder)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        folder.mkdir(exist_ok=True)
        said = f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        (folder / "failure.txt").write_text(said, encoding="utf-8")


def _built_columns(folder: Path) -> dict[tuple[str, str, str], dict[str, str]]:
    built: dict[tuple[str, str, str], dict[str, str]] = {}
    with duckdb.connect() as connection:
        for database in ("scratch", "crm", "vault"):
            connection.execute(f"attach '{folder / database}.duckdb' as {database} (read_only)")
        rows = connection.execute(
            "select database_name, schema_name, table_name, column_name, data_type"
            " from duckdb_columns() where not internal"
        ).fetchall()
    for database, schema, table, column, kind in rows:
        built.setdefault((database, schema, table), {})[column.lower()] = kind.lower()
    return built
