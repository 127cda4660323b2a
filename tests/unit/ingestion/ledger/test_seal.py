"""Checksums of the ledger's rows: what a disk changes is found, what the program writes is not."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ingestion.ledger import Ledger, LedgerError
from tests.unit.ingestion.house import House


@contextmanager
def behind_its_back(path: Path) -> Iterator[sqlite3.Connection]:
    """Change the file as a disk does: no trigger notices."""
    with sqlite3.connect(path) as connection:
        triggers = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for _, sql in triggers:
            connection.execute(sql)
    connection.close()


@pytest.fixture
def sealed(house: House) -> Ledger:
    """A ledger with a row in each sealed table."""
    house.land()
    (row,) = house.receive().received
    house.settle(row)
    house.ledger.turn_away(row.delivery_id, "重复", "王经理", "event")
    house.ledger.record_generation(number=1, run_id=1, business_date=row.business_date)
    house.ledger.check()
    return house.ledger


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE run SET code_version = 'tesu'", "run 1"),
        ("UPDATE delivery SET rows_loaded = 3", "delivery 1"),
        ("UPDATE delivery SET report = report || ' '", "delivery 1"),
        ("UPDATE delivery SET corrects = ''", "delivery 1"),
        ("UPDATE decision SET reason = '重复！'", "decision 1"),
        ("UPDATE change SET event_dates = '[]' WHERE sequence = 2", "change 2"),
        ("UPDATE generation SET checksum = 'x'", "generation 1"),
        ("DELETE FROM decision", "decision 1"),
        ("UPDATE generation SET number = 2", "generation 2, generation 1"),
        ("UPDATE delivery SET file_name = CAST(x'e5bc' AS TEXT)", ""),
        ("DELETE FROM seal WHERE name = 'delivery'", "delivery 1"),
        ("UPDATE seal SET name = 'deliverz' WHERE name = 'delivery'", "delivery 1, seal of no"),
    ],
)
def test_a_changed_row_is_named(sealed: Ledger, change: str, told: str) -> None:
    with behind_its_back(sealed.path) as connection:
        connection.execute(change)
    with pytest.raises(LedgerError, match=f"is damaged .*{told}.*restore it from the backup"):
        sealed.check()


def test_a_ledger_whose_seals_are_gone_is_not_sealed_as_it_is(sealed: Ledger) -> None:
    """Only a ledger of a time before there were seals is, when it is brought up to date."""
    with behind_its_back(sealed.path) as connection:
        connection.execute("DROP TABLE seal")
        connection.execute("UPDATE delivery SET rows_loaded = 3")
    with pytest.raises(LedgerError, match="seal"):
        Ledger(sealed.path).check()


def test_a_copy_of_the_past_is_sealed_too(sealed: Ledger, tmp_path: Path) -> None:
    (generation,) = sealed.generations()
    sealed.copy_as_of(tmp_path / "copy.sqlite", generation).check()
