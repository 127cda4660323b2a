"""Sixty business days under random faults end as sixty quiet ones (P1 to P4)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.simulator import simulate
from tests.faults.trial import Figures

pytestmark = pytest.mark.faults
SEEDS = [int(text) for text in os.environ.get("FAULTS_SEEDS", "1 2").split()]
DAYS = int(os.environ.get("FAULTS_DAYS", "60"))


@pytest.mark.case("SIM", "simulator: business days with faults, late, repeated, damaged, cut files")
@pytest.mark.parametrize("seed", SEEDS)
def test_sixty_days(seed: int, figures: Figures, tmp_path: Path) -> None:
    found = simulate(seed, DAYS, tmp_path)
    for name, value in vars(found).items():
        setattr(figures, name, value)
