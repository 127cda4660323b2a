"""Answers as files: whatever a text begins with, it stays one, and numbers stay numbers."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from serving import export
from serving.errors import QueryError
from serving.query import Answer

STARTERS = [*"=+-@＝＋－＠|%", "\t", "\r", "\n"]
TEXTS = [f"{sign}1+cmd|' /C calc'!A0" for sign in STARTERS]
NUMBERS = [Decimal("-123.45"), -7, 1.5, 0]


def answer(*rows: tuple[Any, ...]) -> Answer:
    width = len(rows[0])
    return Answer(tuple(f"c{n}" for n in range(width)), ("VARCHAR",) * width, list(rows))


def lines_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_no_text_of_a_csv_file_is_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "answer.csv"
    export.write(answer(tuple(TEXTS), tuple(reversed(TEXTS))), path)
    _, first, second = lines_of(path)
    assert first == [f"'{text}" for text in TEXTS]
    assert second == first[::-1]


def test_numbers_of_a_csv_file_are_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "answer.csv"
    row = (*NUMBERS, Decimal("0E-8"), None, True, dt.date(2026, 1, 2), "张三,“x”", [1, "=a"])
    export.write(answer(row), path)
    told = ["-123.45", "-7", "1.5", "0", "0.00000000", "", "True", "2026-01-02", "张三,“x”"]
    assert lines_of(path)[1] == [*told, "[1, '=a']"]
    assert path.read_bytes().startswith("\ufeff".encode())


def test_no_text_of_a_workbook_is_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "answer.XLSX"
    export.write(Answer(tuple(TEXTS), ("VARCHAR",) * len(TEXTS), [tuple(TEXTS)]), path)
    cells = [cell for row in openpyxl.load_workbook(path).worksheets[0].iter_rows() for cell in row]
    assert {(cell.data_type, cell.quotePrefix) for cell in cells} == {("s", True)}
    assert [unescape(str(cell.value)) for cell in cells] == [*TEXTS, *TEXTS]


def test_numbers_and_dates_of_a_workbook_are_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "answer.xlsx"
    day, moment = dt.date(2026, 1, 2), dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    key = 1_152_921_504_606_846_975
    export.write(answer((*NUMBERS, day, moment, True, None, key, float("nan"))), path)
    sheet = openpyxl.load_workbook(path).worksheets[0]
    values = [cell.value for cell in sheet[2]]
    assert values[:4] == [-123.45, -7, 1.5, 0]
    assert [str(value) for value in values[4:6]] == ["2026-01-02 00:00:00", "2026-01-02 03:04:05"]
    assert values[6:8] == [True, None]
    assert values[8:] == [str(key), "nan"], "a number that Excel would round goes out as text"


def test_a_text_that_no_cell_holds_is_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "answer.xlsx"
    export.write(answer(("x" * 32_767,)), path)
    assert len(openpyxl.load_workbook(path).worksheets[0]["A2"].value) == 32_767
    with pytest.raises(QueryError, match=r"32,768 characters .* \.csv file"):
        export.write(answer(("x" * 32_768,)), path)
    assert [each.name for each in tmp_path.iterdir()] == ["answer.xlsx"]


@pytest.mark.parametrize("name", ["answer.txt", "answer", "answer.xlsm"])
def test_other_endings_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(QueryError, match=r"\.csv or \.xlsx"):
        export.write(answer((1,)), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match=r"cannot be written \(No such file"):
        export.write(answer((1,)), tmp_path / "missing" / "answer.csv")


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "answer.csv"
    path.write_text("old")

    class Odd:
        def __str__(self) -> str:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        export.write(answer((Odd(),)), path)
    assert [each.name for each in tmp_path.iterdir()] == ["answer.csv"]
    assert path.read_text() == "old"
