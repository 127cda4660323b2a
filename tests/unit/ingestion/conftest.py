"""One engine for all files that are read in this process; starting one costs more than reading."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import duckdb
import pytest

from ingestion.contracts import Column, Feed
from ingestion.parsing.cell import Source
from ingestion.parsing.date import EPOCH_1900
from ingestion.reading.load import open_engine
from tests.unit.ingestion.house import House
from tests.unit.ingestion.made_up import CSV, ENTRY, Cell, Reading, read, read_cell


class Parse(Protocol):
    """Reads one text under one column."""

    def __call__(
        self, of: Column, text: str | None, source: Source = "csv", epoch: dt.date = EPOCH_1900
    ) -> Cell: ...


class Deliver(Protocol):
    """Reads one delivered file; a text stands for its GB18030 bytes."""

    def __call__(
        self, content: str | bytes | Path, of: Feed = ENTRY, name: str = CSV
    ) -> Reading: ...


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_engine("1GB", tmp_path_factory.mktemp("spill")) as connection:
        yield connection


@pytest.fixture
def parse(engine: duckdb.DuckDBPyConnection) -> Parse:
    def one(
        of: Column, text: str | None, source: Source = "csv", epoch: dt.date = EPOCH_1900
    ) -> Cell:
        return read_cell(engine, of, text, source, epoch)

    return one


@pytest.fixture
def deliver(engine: duckdb.DuckDBPyConnection, tmp_path: Path) -> Deliver:
    numbers = itertools.count()

    def one(content: str | bytes | Path, of: Feed = ENTRY, name: str = CSV) -> Reading:
        folder = tmp_path / f"delivery_{next(numbers)}"
        folder.mkdir()
        data = content.encode("gb18030") if isinstance(content, str) else content
        return read(engine, folder, data, of, name)

    return one


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)
