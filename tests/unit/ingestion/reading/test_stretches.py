"""Large files are read in stretches side by side, and come to the same as in one."""

from __future__ import annotations

from typing import Any

import pytest

from ingestion.reading import csv_lines
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import AMOUNT, CUSTOMER, DATE, NOTE, SERIAL, extract_of, feed
from tests.unit.ingestion.reading.test_promises import TRAILED

ROWS = [f"S{n:06d}|张三{n}|20250131|1.10|备注{'长' * (n % 40)}" for n in range(4_000)]


@pytest.fixture
def cut_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_lines, "_STRETCH_BYTES", 20_000)
    monkeypatch.setattr(csv_lines, "_CHUNK_BYTES", 7_000)


def told(reading: Any) -> Any:
    report = reading.report
    refused = [(row.row, row.codes, row.cells) for row in reading.refused]
    counts = (report.state, report.rows_in, report.rows_loaded, report.rows_not_data)
    return counts, refused, [(row["serial_id"], row["source_row"]) for row in reading.rows]


def spoilt(kind: str) -> bytes:
    rows = list(ROWS)
    if kind == "rows":
        for place in range(0, 4_000, 97):
            rows[place] = ("", "S|", f"X{place}||20250131|1.10|", '"open|a')[place % 4]
    if kind == "records over lines":
        # Wherever a stretch ends, it may end inside one of these.
        rows = [f'S{n:06d}|"张\n三\n{n}"|20250131|1.10|' for n in range(4_000)]
    if kind == "bytes":
        data = extract_of(*rows).encode("gb18030").split(b"\n")
        for place in range(5, 4_000, 301):
            data[place] = b"\xff" + data[place]
        return b"\n".join(data)
    if kind == "windows":
        return extract_of(*rows).replace("\n", "\r\n").encode("gb18030")
    return extract_of(*rows).encode("gb18030")


@pytest.mark.parametrize("kind", ["plain", "rows", "records over lines", "bytes", "windows"])
def test_in_stretches_and_in_one_the_same_is_read(
    deliver: Deliver, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    data = spoilt(kind)
    whole = deliver(data)
    assert whole.adds_up()
    monkeypatch.setattr(csv_lines, "_STRETCH_BYTES", 20_000)
    monkeypatch.setattr(csv_lines, "_CHUNK_BYTES", 7_000)
    parted = deliver(data)
    assert told(parted) == told(whole)
    assert [row["source_row"] for row in parted.rows] == sorted(
        row["source_row"] for row in parted.rows
    )


@pytest.mark.usefixtures("cut_small")
@pytest.mark.parametrize(("count", "state"), [(4_000, "loaded"), (3_999, "held")])
def test_the_trailer_stands_in_the_last_stretch(deliver: Deliver, count: int, state: str) -> None:
    reading = deliver(extract_of(*ROWS, f"END|{count}|4400.00"), TRAILED)
    assert (reading.report.state, reading.report.doubts != []) == (state, state == "held")
    assert reading.adds_up()


@pytest.mark.usefixtures("cut_small")
def test_a_file_of_fixed_width_is_cut_at_its_lines_too(deliver: Deliver) -> None:
    file = {"pattern": "entry_{date}.dat", "format": "fixed", "encoding": "gb18030",
            "fields": [{"heading": "流水号", "start": 1, "length": 8},
                       {"heading": "户名", "start": 9, "length": 6},
                       {"heading": "日期", "start": 15, "length": 8},
                       {"heading": "金额", "start": 23, "length": 4},
                       {"heading": "备注", "start": 27, "length": 4}]}  # fmt: skip
    of = feed(SERIAL, CUSTOMER, DATE, AMOUNT, NOTE, files=[file])
    lines = [f"S{n:07d}张三丰20250131{n % 9}.10备注\n" for n in range(5_000)]
    reading = deliver("".join(lines), of, "entry_20250131.dat")
    assert reading.report.rows_loaded == 5_000
    assert [row["source_row"] for row in reading.rows] == list(range(1, 5_001))
    assert reading.adds_up()
