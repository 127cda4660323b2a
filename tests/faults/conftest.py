"""Figures that tests leave behind for docs/reliability.md, and the bank that they torment."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from ingestion.reading.load import open_engine
from tests.faults.desk import Desk
from tests.faults.trial import ROOT, Bench, Figures

FIGURES = ROOT / "build" / "faults"


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Iterator[Figures]:
    """Filled in by a test; kept under the name of the test, whether it passes or not."""
    found = Figures()
    yield found
    marker = request.node.get_closest_marker("case")
    if marker is None:
        return
    FIGURES.mkdir(parents=True, exist_ok=True)
    kept = {"case": marker.args[0], "title": marker.args[1], **asdict(found)}
    kept["step"] = int(os.environ.get("FAULTS_STEP", "1")) if "step" in request.fixturenames else 1
    name = "".join(letter if letter.isalnum() else "_" for letter in request.node.name)
    path = FIGURES / f"{marker.args[0]}-{name}.json"
    path.write_text(json.dumps(kept, ensure_ascii=False, indent=1), encoding="utf-8")


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="session")
def step() -> int:
    """Every how many-th n is tried: 1 for all of them."""
    return int(os.environ.get("FAULTS_STEP", "1"))


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    with open_engine("1GB", tmp_path_factory.mktemp("spill")) as connection:
        yield connection


@pytest.fixture
def desk(engine: object, tmp_path: Path) -> Desk:
    return Desk(engine, tmp_path)
