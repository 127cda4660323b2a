"""One engine for all files that are read in this process; starting one costs more than reading."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import duckdb
import pytest

from ingestion import extract as extracting
from ingestion.batch import BatchReport
from ingestion.contracts import Column, Feed
from ingestion.parsing.cell import Source
from ingestion.parsing.date import EPOCH_1900
from ingestion.reading.load import open_engine
from ingestion.reading.promises import Promise
from ingestion.workers.task import Task, perform
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
        self,
        content: str | bytes | Path,
        of: Feed = ENTRY,
        name: str = CSV,
        told: Promise | None = None,
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

    def one(
        content: str | bytes | Path,
        of: Feed = ENTRY,
        name: str = CSV,
        told: Promise | None = None,
    ) -> Reading:
        folder = tmp_path / f"delivery_{next(numbers)}"
        folder.mkdir()
        data = content.encode("gb18030") if isinstance(content, str) else content
        return read(engine, folder, data, of, name, told)

    return one


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def in_this_process(engine: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read here: to start a reader takes longer than all a test asks of it."""

    class Pool:
        def __init__(self, feeds: dict[str, Feed], *_: object) -> None:
            self.feeds = feeds

        def __enter__(self) -> Pool:
            return self

        def __exit__(self, *_: object) -> None: ...

        def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, BatchReport]]:
            for task in tasks:
                yield task, perform(task, self.feeds[task.feed], engine)

    monkeypatch.setattr(extracting, "ReaderPool", Pool)
