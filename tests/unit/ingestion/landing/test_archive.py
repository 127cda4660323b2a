"""The archive finds out what a disk has forgotten, and keeps nothing half-copied."""

from __future__ import annotations

import pytest

from ingestion.extract import ReaderError
from tests.unit.ingestion.house import House
from tests.unit.ingestion.made_up import CSV


def _damage(house: House) -> None:
    (kept,) = (path for path in (house.path / "archive").rglob("*") if path.is_file())
    content = bytearray(kept.read_bytes())
    content[len(content) // 2] ^= 1
    kept.chmod(0o640)
    kept.write_bytes(content)


def test_content_damaged_since_an_earlier_run_is_not_read(house: House) -> None:
    house.land()
    receipt = house.receive()
    _damage(house)
    with pytest.raises(ReaderError, match=rf"copy of {CSV} .* is damaged"):
        house.extract(receipt.pending)
    assert house.states() == ["received"]


def test_delivered_once_more_it_is_mended(house: House) -> None:
    house.land()
    house.receive()
    _damage(house)
    house.land(f"again/{CSV}")
    (pending,) = house.receive().pending
    assert [report.state for report in house.extract([pending])] == ["loaded"]


def test_a_copy_that_a_dead_run_had_not_finished_goes(house: House) -> None:
    left = house.path / "archive" / ".4711.partial"
    left.write_bytes(b"half")
    house.land()
    house.receive()
    assert not left.exists()
