"""Files that are taken away, or changed, while a night takes them in or after it did."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from ingestion.landing import offers
from tests.unit.ingestion.house import ROW, House
from tests.unit.ingestion.made_up import CSV, extract_of

OTHER = extract_of(ROW, "S2|李四|20250131|2|")


@pytest.mark.parametrize("moment", ["watched", "listed", "copied"])
def test_a_file_that_is_taken_away_meanwhile_is_no_error(
    house: House, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    path, still = house.land(), house.land("entry_20250130.csv", OTHER)
    status_of = offers.status_of
    if moment == "watched":
        os.utime(path)
        monkeypatch.setattr("time.sleep", lambda _: path.unlink())
    elif moment == "listed":
        listed = offers.offers

        def vanish(*arguments: Any) -> list[Any]:
            found = list(listed(*arguments))
            path.unlink()
            return found

        monkeypatch.setattr(import_module("ingestion.landing.receive"), "offers", vanish)
    else:

        def look(asked: Path) -> os.stat_result | None:
            status = status_of(asked)
            path.unlink(missing_ok=True)
            return status

        monkeypatch.setattr("ingestion.landing.intake.status_of", look)
    receipt = house.receive()
    assert [row.file_name for row in receipt.received] == ["entry_20250130.csv"]
    assert still.exists()
    assert not list((house.path / "archive").rglob("*.partial"))


def test_a_folder_that_is_taken_away_meanwhile_is_no_error(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.land("2025/entry_20250129.csv")
    house.land()
    scan = os.scandir

    def vanish(folder: str | Path) -> Any:
        if Path(folder).name == "2025":
            raise FileNotFoundError(folder)
        return scan(folder)

    monkeypatch.setattr("os.scandir", vanish)
    assert [row.file_name for row in house.receive().received] == [CSV]


def test_a_file_changed_after_it_was_taken_in_is_another_delivery_and_told(house: House) -> None:
    """F23."""
    house.land()
    house.receive()
    house.land(content=OTHER)
    receipt = house.receive()
    assert [row.state for row in house.ledger.deliveries()] == ["received", "received"]
    (note,) = receipt.notes
    assert note.en.startswith(f"{CSV} was changed after it had been taken in")
    assert note.zh.startswith(f"文件 {CSV} 在收取之后又被改动")
    assert house.receive().notes == []
