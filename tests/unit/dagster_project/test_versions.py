"""What a night notes of its rules, whatever somebody saves into a rule file meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project import versions
from ingestion.contracts.bank_file import BankFile


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(versions, "DBT_PROJECT", tmp_path)
    folder = tmp_path / "seeds" / "rules"
    folder.mkdir(parents=True)
    return folder


def noted(folder: Path, *rows: str) -> dict[str, str]:
    heading = "level_code,valid_from_date,requirement_id"
    (folder / "cadence.csv").write_text("\n".join((heading, *rows)) + "\n", encoding="utf-8")
    return versions.parts_now({}, BankFile(), {})["rules"]["cadence.csv"]


def test_a_rule_is_noted_by_the_date_it_holds_from(rules: Path) -> None:
    before = noted(rules, "A,2016-03-15,D01-25", "B,2025-07-01,D01-26")
    after = noted(rules, "A,2016-03-15,D01-25", "C,2025-07-01,D01-26")
    assert before["2016-03-15"] == after["2016-03-15"]
    assert before["2025-07-01"] != after["2025-07-01"]


@pytest.mark.parametrize("row", ["A,2016-03-15,D01-25, and more", "A,2016-03-15", "A"])
def test_a_row_with_cells_too_many_or_too_few_ends_no_night(rules: Path, row: str) -> None:
    assert noted(rules, row) != noted(rules, "A,2016-03-15,D01-25")
