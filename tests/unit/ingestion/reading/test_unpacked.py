"""Compressed extracts: read like any other, refused where the stream is damaged or a bomb."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from ingestion.reading import unpacked
from ingestion.reading.unpacked import count_lines, next_line, open_extract
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import AMOUNT, CUSTOMER, DATE, NOTE, SERIAL, extract_of, feed

ROWS = [f"S{n}|{'张三' * 30}|20250131|1.10|{'备' * 30}" for n in range(12_000)]


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


PACKERS = {"gz": gzip.compress, "zst": zstd}
PACKED = feed(
    SERIAL, CUSTOMER, DATE, AMOUNT, NOTE,
    files=[
        {"pattern": f"entry_{{date}}.csv.{ending}", "format": "csv", "encoding": "gb18030",
         "delimiter": "|"}
        for ending in PACKERS
    ],
)  # fmt: skip


@pytest.fixture(params=PACKERS)
def ending(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def pack(ending: str) -> Callable[[bytes], bytes]:
    return PACKERS[ending]


def test_rows_and_refused_rows_are_those_of_the_text(
    deliver: Deliver, ending: str, pack: Callable[[bytes], bytes]
) -> None:
    """Several megabytes: refused rows are looked up reading forwards only."""
    rows = list(ROWS)
    for place in (10, 11, 9_000, 11_999):
        rows[place] = f"S{place}||20250131|1.10|"
    rows[5_000] = 'S5000|"张\n三"|20250131|1.10|'
    data = extract_of(*rows).encode("gb18030")
    reading = deliver(pack(data), PACKED, f"entry_20250131.csv.{ending}")
    assert [refused.row for refused in reading.refused] == [12, 13, 9_003, 12_002]
    assert all(refused.codes == ["missing"] for refused in reading.refused)
    assert reading.report.rows_loaded == 11_996
    assert reading.adds_up()


def test_a_damaged_or_cut_stream_refuses_the_file(
    deliver: Deliver, ending: str, pack: Callable[[bytes], bytes]
) -> None:
    whole = pack(extract_of(*ROWS[:2000]).encode("gb18030"))
    name = f"entry_20250131.csv.{ending}"
    damaged = [whole[:cut] for cut in (1, 9, len(whole) // 2, len(whole) - 1)]
    damaged += [whole + b"rest of another file", extract_of(*ROWS[:9]).encode("gb18030")]
    for data in damaged:
        reading = deliver(data, PACKED, name)
        assert reading.rows == []
        assert f"压缩文件 {name} 已损坏或传输不完整" in reading.refusal.zh
        assert "is damaged or was cut off" in reading.refusal.en


def test_nothing_packed_is_an_empty_file(deliver: Deliver, ending: str) -> None:
    assert "是空文件" in deliver(b"", PACKED, f"entry_20250131.csv.{ending}").refusal.zh


def test_a_bomb_is_refused_by_what_it_unpacks_to(
    deliver: Deliver,
    ending: str,
    pack: Callable[[bytes], bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unpacked, "_ALWAYS_ALLOWED_BYTES", 1 << 20)
    data = pack(extract_of("S1|张三|20250131|1.00|").encode("gb18030") + b"\n" * (40 << 20))
    reading = deliver(data, PACKED, f"entry_20250131.csv.{ending}")
    assert reading.rows == []
    assert "解压后超过" in reading.refusal.zh
    assert "unpacks to more than" in reading.refusal.en


@pytest.mark.parametrize(
    ("data", "lines"), [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\nb", 2), (b"\n\n", 2)]
)
def test_lines_are_counted_by_their_ends(tmp_path: Path, data: bytes, lines: int) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    assert count_lines(path) == lines
    path.write_bytes(gzip.compress(data))
    assert count_lines(path, "gzip", "x") == lines


def test_a_packed_file_is_read_forwards(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"0123456789"))
    with open_extract(path, "gzip", "x.gz") as file:
        file.seek(3)
        assert file.read(4) == b"3456"
        file.seek(9)
        assert file.read(4) == b"9"


@pytest.mark.parametrize(("offset", "begins"), [(1, 2), (2, 2), (3, 5), (6, None)])
def test_the_next_line_begins_behind_a_line_end(
    tmp_path: Path, offset: int, begins: int | None
) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"a\nbc\nde")
    with path.open("rb") as file:
        assert next_line(file, offset) == begins
