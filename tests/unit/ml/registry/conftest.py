"""A house with three versions of churn, that tests of roles copy and change."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from ml.registry import roles
from ml.registry.changes import Entry, enter
from ml.train import train
from tests.unit.ml.conftest import AS_OF, AT

WEAK, STRONG, SAME = (f"2025-12-31.00{number}" for number in (1, 2, 3))


@dataclass(frozen=True)
class House:
    """Three trainings of churn, one after the other: few rows, all rows, all rows once more."""

    models: Path
    key: Path
    frame: pl.DataFrame
    entries: tuple[Entry, ...]

    def roles(self) -> roles.Roles:
        return roles.read(self.models, "churn", key_path=self.key)

    @property
    def file(self) -> Path:
        return self.models / "churn" / "roles.json"


@pytest.fixture(scope="module")
def trained(frame, tmp_path_factory) -> House:
    home = tmp_path_factory.mktemp("house")
    models, key = home / "models", home / "key"
    entries = []
    for most in (700, 80_000, 80_000):
        version = train(
            "churn", frame, models, AS_OF, key_path=key, max_train_rows=most, source="run 1"
        ).version
        entries.append(enter(models, "churn", version, frame, at=AT, key_path=key))
    return House(models, key, frame, tuple(entries))


@pytest.fixture
def house(trained, tmp_path) -> House:
    shutil.copytree(trained.models, tmp_path / "models")
    for path in trained.key.parent.glob("key*"):
        shutil.copy(path, tmp_path / path.name)
    return House(tmp_path / "models", tmp_path / "key", trained.frame, trained.entries)


@pytest.fixture
def few_resamples(monkeypatch):
    """Where a test reads no interval of a measure, its contests draw few."""
    monkeypatch.setattr("ml.registry.contest._RESAMPLES", 5)
