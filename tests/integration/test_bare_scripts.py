"""The bare scripts that stages are held against must still fit what a night publishes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.integration.test_night import ROOT, Bank

pytestmark = pytest.mark.nights


def test_the_bare_script_of_the_features_brings_every_row_that_a_night_publishes(
    field_bank: Bank,
) -> None:
    """It reads columns of facts by name: a renamed one stopped the benchmark, not the tests."""
    script = [sys.executable, "benchmarks/features.py", "--home", str(field_bank.home), "--as-is"]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    (found,) = field_bank.sql("select count(*) as n from feature.ftr_customer")
    assert told["rows"] == found["n"] > 0
    assert told["stage"] > 0
