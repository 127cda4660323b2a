"""Cells that were mended or kept in spite of their check: each is recorded with what it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ingestion.contracts import Feed
from ingestion.quarantine import adjustments_path
from ingestion.reading import adjusted
from tests.unit.ingestion.books import typed
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import XLSX, Reading, column, extract_of, feed

SERIAL = column("serial_id", "流水号", required=True)
ACCOUNT = column("account_id", "账号", pseudonym="account")
KIND = column(
    "id_type_code",
    "证件类型",
    "code",
    values={"resident_id": ["身份证"], "credit_code": ["信用代码"], "passport": ["护照"]},
)
NUMBER = column("id_number", "证件号码", check_by="id_type_code", on_invalid="keep")
MOBILE = column("mobile_number", "手机号", check="mobile", missing=("无",))
# Columns of the feed in which a value may be mended.
MENDABLE = 4
PERSON = feed(SERIAL, ACCOUNT, KIND, NUMBER, MOBILE)
HEADINGS = "流水号|账号|证件类型|证件号码|手机号"
ROWS = (
    "S1|62170001|身份证|11010519491231002X|13800000000",
    "S2|６２１７0001|身份证|110105491231002|无",
    "S3||身份证|110105194912310021|",
    "S4||护照|e1234567|+86 138 0000 0000",
    "S5||信用代码|9I350100M000100Y43|",
    "S6|||不详|12800000000",
    "S7||身份证||",
)
# Sheet, row, column, raw, value, code.
EXPECTED = [
    (3, "account_id", "６２１７0001", "62170001", "written_form"),
    (3, "id_number", "110105491231002", "11010519491231002X", "old_form"),
    (4, "id_number", "110105194912310021", "110105194912310021", "kept_resident_id"),
    (5, "mobile_number", "+86 138 0000 0000", "13800000000", "written_form"),
    (6, "id_number", "9I350100M000100Y43", "91350100M000100Y43", "repaired"),
]


def _adjusted(folder: Path, reading: Reading) -> list[dict[str, Any]]:
    (path,) = folder.glob(
        f"delivery_*/{adjustments_path(Path('quarantine'), '*', reading.report.batch_id)}"
    )
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def _deliver(deliver: Deliver, kind: str, of: Feed = PERSON) -> Reading:
    if kind == "csv":
        return deliver(extract_of(*ROWS, headings=HEADINGS), of)
    lines = [line.split("|") for line in (HEADINGS, *ROWS)]
    return deliver(typed(*lines), of, XLSX)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_is_mended_or_kept_is_recorded_and_counted(
    deliver: Deliver, tmp_path: Path, kind: str
) -> None:
    reading = _deliver(deliver, kind)
    assert reading.adds_up()
    assert [(row.row, row.codes) for row in reading.refused] == [(7, ["mobile"])]
    assert reading.values("id_number") == [
        "11010519491231002X",
        "11010519491231002X",
        "110105194912310021",
        "e1234567",
        "91350100M000100Y43",
        None,
    ]
    assert sorted(row["source_row"] for row in reading.rows) == [2, 3, 4, 5, 6, 8]
    records = _adjusted(tmp_path, reading)
    names = ("source_row", "column_name", "raw", "value", "code")
    assert [tuple(row[name] for name in names) for row in records] == EXPECTED
    assert {row["source_sheet"] for row in records} == {None if kind == "csv" else "流水"}
    assert reading.report.adjusted == {
        "written_form": 2,
        "old_form": 1,
        "kept_resident_id": 1,
        "repaired": 1,
    }
    kept = records[2]
    assert kept["reason_zh"].startswith("“110105194912310021”末位校验码应为 X，实为 1")
    assert kept["reason_zh"].endswith("该值已按原样入库，请核实后更正。")
    assert kept["reason_en"].endswith("It was loaded as delivered; verify and correct it.")
    assert all(row["reason_zh"] and row["reason_en"] and row["heading"] for row in records)


def test_a_refused_file_and_a_doubled_row_have_no_mended_cells(
    deliver: Deliver, tmp_path: Path
) -> None:
    row = "S1|６２|身份证||"
    reading = deliver(extract_of(row, row, "S2|６３|||", headings=HEADINGS), PERSON)
    assert [(r["source_row"], r["raw"]) for r in _adjusted(tmp_path, reading)] == [
        (2, "６２"),
        (4, "６３"),
    ]
    wrong = [f"S{n}|６２|身份证||12{n:09}" for n in range(30)]
    reading = deliver(extract_of(*wrong, headings=HEADINGS), PERSON)
    assert reading.report.refusal is not None
    assert reading.report.adjusted == {}


def test_a_system_that_writes_another_form_in_every_row_is_told_so(
    deliver: Deliver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five million records of what was mended took more memory than the file."""
    monkeypatch.setattr(adjusted, "MOST_MENDED_CELLS", 2 * MENDABLE)
    rows = [f"S{n}|６２{n}|||" for n in range(3)]
    reading = deliver(extract_of(*rows, headings=HEADINGS), PERSON)
    assert "有 3 行的写法与约定不同（如第 2 行），多得无法逐格记录" in reading.refusal.zh
    assert "written otherwise than agreed (the first is line 2)" in reading.refusal.en
    assert "say how it is written with rewrite in the feed's file" in reading.refusal.en
    assert (reading.rows, reading.report.adjusted) == ([], {})
    assert len(deliver(extract_of(*rows[:2], headings=HEADINGS), PERSON).rows) == 2


def test_a_file_in_which_nothing_is_mended_has_no_record(deliver: Deliver, tmp_path: Path) -> None:
    reading = deliver(extract_of(ROWS[0], ROWS[6], headings=HEADINGS), PERSON)
    assert len(reading.rows) == 2
    assert reading.report.adjusted == {}
    assert list(tmp_path.glob("delivery_*/quarantine/**/*.adjusted.parquet")) == []


def test_a_row_is_refused_where_the_feed_does_not_keep_it(deliver: Deliver) -> None:
    strict = feed(SERIAL, KIND, column("id_number", "证件号码", check_by="id_type_code"))
    reading = deliver(
        extract_of("S1|身份证|1", "S2|护照|1", headings="流水号|证件类型|证件号码"), strict
    )
    assert reading.values("serial_id") == ["S2"]
    assert reading.refused[0].codes == ["resident_id"]
