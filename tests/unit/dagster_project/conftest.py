"""A dbt project of two models, small enough to parse in a test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

TOY = Path(__file__).parent / "toy_dbt"


@pytest.fixture(scope="session")
def toy_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the toy project, so that its target folder is nobody else's."""
    folder = tmp_path_factory.mktemp("toy") / "dbt"
    shutil.copytree(TOY, folder)
    return folder
