"""The rooms of the house know each other only as architecture says."""

from __future__ import annotations

import pytest

from tests.conventions.file_rules import REPOSITORY, repository_files
from tests.conventions.python_rules import ROOMS, forbidden_imports, long_functions

PYTHON_FILES = [name for name in repository_files() if name.endswith(".py")]


def test_no_room_imports_what_it_must_not_know() -> None:
    rooms = [name for name in PYTHON_FILES if name.split("/")[0] in ROOMS]
    assert rooms, "no Python file found in any room: the test would guard nothing"
    problems = [
        problem
        for name in rooms
        for problem in forbidden_imports((REPOSITORY / name).read_text(encoding="utf-8"), name)
    ]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("ml/train.py", "import ingestion.lake"),
        ("ml/train.py", "from dagster import asset"),
        ("ingestion/lake.py", "def f():\n    from serving import build"),
        ("ingestion/reading/csv.py", "from ... import ml"),
        ("ingestion/reading/csv.py", "from ...ml import train"),
        ("serving/build.py", "import importlib\nimportlib.import_module('dagster_project.home')"),
        ("dagster_project/night.py", "from tests.unit import fixtures"),
    ],
)
def test_an_import_against_the_direction_is_found(path: str, source: str) -> None:
    assert forbidden_imports(source, path)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("dagster_project/night.py", "from ingestion.landing import receive\nimport ml.score"),
        ("ingestion/reading/csv.py", "from ..parsing import money\nfrom . import xlsx"),
        ("ml/train.py", "import sklearn\nimport mlflow_is_another_package"),
    ],
)
def test_an_import_in_the_direction_is_allowed(path: str, source: str) -> None:
    assert not forbidden_imports(source, path)


def test_functions_are_short_enough_to_be_read() -> None:
    problems = [
        problem
        for name in PYTHON_FILES
        for problem in long_functions((REPOSITORY / name).read_text(encoding="utf-8"), name)
    ]
    assert not problems, "\n".join(problems)


def test_a_long_function_is_found() -> None:
    source = "def long():\n" + "    print()\n" * 61
    assert long_functions(source, "ml/x.py")
    assert not long_functions(source.replace("    print()\n", "", 1), "ml/x.py")
