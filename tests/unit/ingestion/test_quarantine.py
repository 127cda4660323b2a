"""Refused rows are kept whole, with their place and every reason, and nothing twice."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ingestion.batch import AdjustedCell, RefusedCell, RefusedRow
from ingestion.quarantine import (
    quarantine_path,
    write_adjustments,
    write_corrected,
    write_quarantine,
)
from ingestion.sentence import RefusedFileError, Sentence, shown
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import CSV, NIGHT, extract_of

EMPTY = RefusedCell("customer_name", "户名", None, "missing", Sentence("请补填", "fill it in"), 2)
ROW = RefusedRow("流水", 7, {"流水号": "S1", "户名": None}, (EMPTY,), {"amount": Decimal(1)})


def keep(folder: Path, *rows: RefusedRow) -> Path | None:
    return write_quarantine(folder, "toy__entry", "b1", NIGHT, CSV, rows)


def test_a_refused_row_is_kept_with_its_place(tmp_path: Path) -> None:
    path = keep(tmp_path, ROW)
    assert path == quarantine_path(tmp_path, "toy__entry", "b1")
    (kept,) = pq.read_table(path).to_pylist()
    assert (kept["feed"], kept["batch_id"], kept["business_date"]) == ("toy__entry", "b1", NIGHT)
    assert (kept["source_file"], kept["source_sheet"], kept["source_row"]) == (CSV, "流水", 7)
    assert json.loads(kept["cells"]) == {"流水号": "S1", "户名": None}
    assert kept["reasons"] == [
        {
            "column": "customer_name",
            "heading": "户名",
            "raw": None,
            "code": "missing",
            "reason_zh": "请补填",
            "reason_en": "fill it in",
        }
    ]


def test_a_batch_without_refused_rows_has_no_file(tmp_path: Path) -> None:
    assert keep(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_reading_a_batch_again_replaces_what_was_refused(tmp_path: Path) -> None:
    path = keep(tmp_path, ROW, ROW)
    assert keep(tmp_path, ROW) == path
    assert path is not None
    assert pq.read_metadata(path).num_rows == 1
    assert list(path.parent.iterdir()) == [path]
    assert keep(tmp_path) is None
    assert not path.exists()


def test_a_batch_keeps_three_files_apart(tmp_path: Path) -> None:
    mended = AdjustedCell(None, 3, "account_id", "账号", "６２", "62", "written_form", EMPTY.reason)
    told = (tmp_path, "toy__entry", "b1")
    paths = [
        keep(tmp_path, ROW),
        write_adjustments(*told, NIGHT, CSV, [mended]),
        write_corrected(*told, [("三月!7", "拒收行", 2)]),
    ]
    assert paths == [
        quarantine_path(*told),
        tmp_path / "toy__entry" / "b1.adjusted.parquet",
        tmp_path / "toy__entry" / "b1.corrected.parquet",
    ]
    _, (adjusted,), (corrected,) = (pq.read_table(path).to_pylist() for path in paths)
    assert (adjusted["raw"], adjusted["value"], adjusted["business_date"]) == ("６２", "62", NIGHT)
    assert corrected == {"row_name": "三月!7", "source_sheet": "拒收行", "source_row": 2}
    assert write_corrected(*told, []) is None
    assert sorted(path.name for path in (tmp_path / "toy__entry").iterdir()) == [
        "b1.adjusted.parquet",
        "b1.parquet",
    ]


def test_the_original_text_is_kept_to_the_letter(deliver: Deliver) -> None:
    cells = ["S1", " 张\u200b三 ", "２０２５－０２－３０", "=1+1", "𠮷\u202e"]
    (refused,) = deliver(extract_of("|".join(cells))).refused
    assert list(json.loads(refused.cells).values()) == cells
    assert [reason["raw"] for reason in refused.reasons] == [cells[2], cells[3]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("张三", "张三"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\u202eb", "a\\u202eb"),
        ("\ud800", "\\ud800"),
        ("x" * 61, "x" * 59 + "…"),
        ("", ""),
    ],
)
def test_a_delivered_text_stands_in_a_sentence_without_tricks(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_a_refusal_speaks_both_languages() -> None:
    error = RefusedFileError("文件为空", "the file is empty")
    assert (error.sentence.zh, str(error), str(error.sentence)) == (
        "文件为空",
        "the file is empty",
        "the file is empty",
    )
    kind, arguments = error.__reduce__()
    assert kind(*arguments).sentence == error.sentence
