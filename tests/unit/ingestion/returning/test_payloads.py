"""Names of files, sheets and columns as payloads: shown as they are, never followed or run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from openpyxl.worksheet.worksheet import Worksheet

from ingestion.returning.slip import ROWS_SHEET, SUMMARY_SHEET
from tests.unit.ingestion.books import DAY, GOOD, HEADING_ROW, typed
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import ENTRY, XLSX, feed
from tests.unit.ingestion.returning.sent_back import cells, formulas, returned, sheet_of

PAYLOADS = [
    "x'; drop table t;--",
    "../../x",
    "..",
    "/etc/hostname",
    "a\nb",
    "\x1b[31mred",
    "\u202egnp.exe",
    "=1+1",
    "$(reboot)`id`",
    "%s%n{0}{x.__class__}",
    "长" * 70,
]


@pytest.mark.parametrize("payload", [each for each in PAYLOADS if "\n" not in each])
def test_names_of_files_are_shown_and_never_followed(
    deliver: Deliver, tmp_path: Path, payload: str
) -> None:
    before = set(tmp_path.rglob("*"))
    name = f"{payload.replace('/', '_')}_20250131.csv"
    named = feed(*ENTRY.columns, files=[{"pattern": "{part}_{date}.csv", "format": "csv"}])
    reading = deliver("流水号,户名,日期,金额,备注\nS1,,,,\n".encode(), named, name)
    assert reading.report.rows_quarantined == 1
    path = returned(reading)
    made = set(tmp_path.rglob("*")) - before
    assert {each.relative_to(tmp_path).parts[0] for each in made} == {"delivery_0"}
    assert path.parent.name == "returned"
    assert len(path.name.encode()) < 250
    told = [str(value) for row in cells(sheet_of(reading, SUMMARY_SHEET)) for value in row]
    assert not [text for text in told if re.search("[\x00-\x1f\x7f\u202a-\u202e]", text)]
    assert formulas(path) == []


@pytest.mark.parametrize("payload", [*PAYLOADS, "a\x00b"])
def test_names_of_columns_and_values_are_only_text(deliver: Deliver, payload: str) -> None:
    heading = payload.replace("\n", " ").replace("\x00", "")
    lines = f"流水号|户名|日期|{heading}\nS1||20250131|{payload}\n"
    reading = deliver(lines)
    path = returned(reading)
    assert reading.report.rows_loaded == 0
    assert formulas(path) == []
    told = [str(value) for row in cells(sheet_of(reading, ROWS_SHEET)) for value in row]
    assert any("户名" in text for text in told)
    for note in reading.report.notes:
        assert not re.search("[\x00-\x1f\x7f\u202a-\u202e]", note.zh + note.en)


@pytest.mark.parametrize("payload", ["x'; drop table t;--", "..", "$(id)", "=1+1", '&<>"'])
def test_names_of_sheets_are_only_text(deliver: Deliver, payload: str) -> None:
    def rename(sheet: Worksheet) -> None:
        sheet.title = payload

    reading = deliver(typed(HEADING_ROW, GOOD, ["S2", None, DAY, 1], then=rename), name=XLSX)
    assert reading.values("serial_id") == ["S1"]
    assert formulas(returned(reading)) == []
    sheet = sheet_of(reading, payload)
    assert (sheet["F3"].value, sheet["F3"].data_type) == (f"{payload}!3", "s")
    assert [row.sheet for row in reading.refused] == [payload]
