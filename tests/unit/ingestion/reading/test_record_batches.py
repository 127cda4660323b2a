"""Batches of cells come in the order of the lines, and no thread outlives them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.contracts import FilePattern
from ingestion.reading import csv_lines, record_batches
from ingestion.reading.csv_lines import CsvLines, Stretch
from ingestion.reading.line_scan import Scan
from ingestion.reading.record_batches import RecordBatches
from ingestion.reading.records import SlowLines
from ingestion.sentence import RefusedFileError

ROWS = 20_000


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CsvLines:
    """A file of many stretches, with a blank line and one of quotes in it."""
    monkeypatch.setattr(csv_lines, "_STRETCH_BYTES", 20_000)
    path = tmp_path / "a.csv"
    written = [f"{n}|张三{n}|" for n in range(ROWS)]
    written[7] = ""
    written[ROWS // 2] = f'{ROWS // 2}|"一""二|三"|""'
    path.write_bytes("\r\n".join(["id|name|note", *written, ""]).encode("gb18030"))
    return _of(path, CsvLines)


def _of(path: Path, kind: type[CsvLines]) -> CsvLines:
    found = kind(path, FilePattern(pattern="a", format="csv", encoding="gb18030", delimiter="|"))
    found.headings()
    return found


def _threads() -> int:
    return threading.active_count()


def test_every_record_comes_once_in_its_order(lines: CsvLines) -> None:
    with RecordBatches(lines, 3) as batches:
        table = batches.reader().read_all()
        batches.settle()
    assert len(lines.stretches()) > 10
    assert table["source_row"].to_pylist() == [n + 2 for n in range(ROWS) if n != 7]
    assert [int(text) for text in table["r0"].to_pylist()] == [n for n in range(ROWS) if n != 7]
    assert set(table["r2"].to_pylist()) == {None}
    names = dict(zip(table["r0"].to_pylist(), table["r1"].to_pylist(), strict=True))
    assert names[str(ROWS // 2)] == '一"二|三'
    assert names["19999"] == "张三19999"
    assert lines.scan.passed_over == [9]


def test_no_thread_waits_for_a_loader_that_gave_up(lines: CsvLines) -> None:
    before = _threads()
    with RecordBatches(lines, 3) as batches:
        reader = batches.reader()
        reader.read_next_batch()
    assert _threads() == before


def test_a_thread_that_cannot_start_leaves_none_behind(
    lines: CsvLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, before, begun = threading.Thread.start, _threads(), []

    def start(self: threading.Thread) -> None:
        if begun:
            raise RuntimeError("can't start new thread")
        begun.append(self)
        begin(self)

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(RuntimeError, match="can't start"), RecordBatches(lines, 3):
        pass
    assert _threads() == before


def test_a_thread_that_is_gone_is_not_waited_for(
    lines: CsvLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had no memory left to say so."""
    monkeypatch.setattr(RecordBatches, "_decode", lambda _self, _places: None)
    with RecordBatches(lines, 3) as batches:
        assert batches.reader().read_all().num_rows == 0
        with pytest.raises(RuntimeError, match="ended before its stretch"):
            batches.settle()


def test_what_a_thread_meets_is_told_at_the_end(
    lines: CsvLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = RefusedFileError("坏", "bad")
    pump = CsvLines.pump

    def refusing(
        self: CsvLines, stretch: Stretch, write: Callable[[bytes, int | None], bool], width: int
    ) -> Scan:
        if stretch.first > ROWS // 2:
            raise met
        return pump(self, stretch, write, width)

    monkeypatch.setattr(CsvLines, "pump", refusing)
    before = _threads()
    with RecordBatches(lines, 3) as batches:
        rows = batches.reader().read_all().num_rows
        with pytest.raises(RefusedFileError) as raised:
            batches.settle()
    assert raised.value is met
    assert rows < ROWS
    assert _threads() == before


@pytest.mark.parametrize("line", ["2|b|c", "2", "2|b|", ""])
def test_a_chunk_with_a_ragged_line_is_looked_at_line_by_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "b.csv"
    path.write_text(f"id|name\n1|a\n{line}\n3|d\n", "utf-8")
    lines = _of(path, CsvLines)
    with RecordBatches(lines, 2) as batches:
        table = batches.reader().read_all()
        batches.settle()
    assert table["source_row"].to_pylist() == [2, 4]
    assert table["r1"].to_pylist() == ["a", "d"]
    assert [bad.line for bad in lines.scan.bad] + lines.scan.passed_over == [3]


def test_what_is_no_record_one_by_one_either_is_never_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "b.csv"
    path.write_bytes(b"id|name\n1|a\n2|b|c\n")
    # A scanner that lets everything pass.
    monkeypatch.setattr(SlowLines, "rewritten", lambda *_args, **_more: ("2|1|a|x\n", 2))
    with RecordBatches(_of(path, CsvLines), 2) as batches:
        batches.reader().read_all()
        with pytest.raises(RefusedFileError, match="cannot be read reliably"):
            batches.settle()


def test_few_batches_wait(lines: CsvLines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_lines, "_CHUNK_BYTES", 200)
    made = []
    one = RecordBatches._batch

    def counted(self: RecordBatches, data: bytes, first: int | None) -> object:
        made.append(first)
        return one(self, data, first)

    monkeypatch.setattr(RecordBatches, "_batch", counted)
    with RecordBatches(lines, 3) as batches:
        batches.reader().read_next_batch()
        threading.Event().wait(0.3)
        most = record_batches._DECODERS * (record_batches._MOST_WAITING + 2)
        assert 0 < len(made) <= most
