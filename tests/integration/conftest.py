"""Banks that tests of several modules only read, so that their night is paid for once."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from tests.integration.test_night import Bank


@pytest.fixture(scope="session")
def field_bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """600 customers whose managers visit them for eight months; nobody may run a night on it."""
    base = tmp_path_factory.getbasetemp()
    # Workers of one run share the folder above their own.
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    made = Bank(Path(shared) / "field_bank")
    with (shared / "field_bank.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made.warehouse / "current").exists():
            made.crm("demo", "--customers", "600", "--months", "8")
            made.crm("run")
    return made
