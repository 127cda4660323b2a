"""One small bank for all tests of a module; writing it takes some seconds."""

from __future__ import annotations

import pytest

from ingestion.contracts.load import load_feeds
from ingestion.demo_bank import write_demo_bank
from tests.unit.ingestion.demo_bank.written_bank import Bank


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    root = tmp_path_factory.mktemp("demo")
    report = write_demo_bank(
        root / "landing", root / "upcoming", root / "truth", customers=300, months=4, days_ahead=31
    )
    return Bank(root, report, load_feeds())
