"""A folder of rules as an analyst leaves it: Excel's habits are read, mistakes are named."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from dagster_project import manifest, rule_checks, rule_folder
from dagster_project.errors import WrongUsageError
from dagster_project.rule_checks import Check

HEADINGS = "level_code,required_count,is_counted,fine_amount,valid_from_date,requirement_id"
TYPES = {
    "cadence": {
        "level_code": "string",
        "required_count": "integer",
        "is_counted": "boolean",
        "fine_amount": "decimal(18,2)",
        "valid_from_date": "date",
        "requirement_id": "string",
    }
}
CHECKS = {
    "cadence": [
        Check("level_code", codes=("A", "B")),
        Check("required_count", Decimal(0), Decimal(31)),
        Check("fine_amount", Decimal(0)),
    ]
}
ROW = "A,1,true,300.00,2016-03-15,D01-25"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The published tables: one."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "cadence.csv").write_text(f"{HEADINGS}\n{ROW}\n", encoding="utf-8")
    return folder


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "my_rules"
    folder.mkdir()
    return folder


def read(own: Path, rules: Path) -> dict[str, str]:
    return rule_folder.read(own, TYPES, CHECKS, rules)


def test_a_copied_table_is_read_as_it_stands(own: Path, rules: Path) -> None:
    (own / "cadence.csv").write_bytes((rules / "cadence.csv").read_bytes())
    assert read(own, rules) == {"cadence": f"{HEADINGS}\n{ROW}\n"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_what_excel_makes_of_a_table_is_read(own: Path, rules: Path, encoding: str) -> None:
    text = f"{HEADINGS}\r\nA,1,TRUE,300,2016/3/15,按周走访\r\n,,,,,\r\n"
    (own / "cadence.csv").write_text(text, encoding=encoding, newline="")
    (own / "~$cadence.csv").write_bytes(b"\x05")
    (own / ".DS_Store").write_bytes(b"\x00")
    assert read(own, rules) == {"cadence": f"{HEADINGS}\nA,1,true,300,2016-03-15,按周走访\n"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("level_code,required_count\nA,1\n", "headings of .* are not those"),
        ("", "headings of .* are not those"),
        (f"{HEADINGS}\n", "has headings only"),
        (f"{HEADINGS}\nA,1,true\n", "line 2 of .* has 3 columns instead of 6"),
        (f"{HEADINGS}\nA,often,true,1,2016-03-15,x\n", "'often' instead of a whole number"),
        (f"{HEADINGS}\nA,1.5,true,1,2016-03-15,x\n", "'1.5' instead of a whole number"),
        (f"{HEADINGS}\nA,1,yes,1,2016-03-15,x\n", "'yes' instead of true or false"),
        (f"{HEADINGS}\nA,1,true,300元,2016-03-15,x\n", "'300元' instead of a number"),
        (f"{HEADINGS}\n{ROW}\nA,1,true,1,2016-02-30,x\n", "line 3 of .* instead of a date"),
        (f'{HEADINGS}\nA,1,true,1,2016-03-15,"x\n', "cannot be read as CSV"),
        (
            f"{HEADINGS}\n{ROW}\nA,-1,true,1,2016-03-15,x\n",
            "in line 3 of .* is '-1' instead of 0 or more",
        ),
        (
            f"{HEADINGS}\nA,32,true,1,2016-03-15,x\n",
            "in line 2 of .* is '32' instead of 31 or less",
        ),
        (f"{HEADINGS}\nA,1,true,-0.01,2016-03-15,x\n", "fine_amount in line 2 of .* is '-0.01'"),
        (
            f"{HEADINGS}\nZ,1,true,1,2016-03-15,x\n",
            "level_code in line 2 .* 'Z' instead of one of A, B",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(own: Path, rules: Path, text: str, told: str) -> None:
    (own / "cadence.csv").write_text(text, encoding="utf-8")
    with pytest.raises(WrongUsageError, match=told):
        read(own, rules)


def test_a_star_and_an_empty_cell_are_no_mistake(own: Path, rules: Path) -> None:
    (own / "cadence.csv").write_text(f"{HEADINGS}\n*,,true,,2016-03-15,x\n", encoding="utf-8")
    assert read(own, rules)["cadence"].endswith("*,,true,,2016-03-15,x\n")


def test_the_tests_of_the_published_tables_are_asked_and_these_pass() -> None:
    """A rhythm of -1 visits was built for half a minute, and then a table of facts was blamed."""
    checks = rule_checks.declared(manifest.load())
    of_cadence = {each.column: each for each in checks["visit_cadence"]}
    assert of_cadence["required_count"].minimum == 0
    assert list(of_cadence["level_code"].codes) == ["A", "B", "C", "D"]
    wrong = [
        f"{table}.{check.column} {row[check.column]}"
        for table, asked in checks.items()
        if (path := rule_folder.RULES / f"{table}.csv").is_file()
        for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())
        for check in asked
        if check.wrong(row[check.column])
    ]
    assert not wrong


def test_text_in_no_known_encoding_is_refused(own: Path, rules: Path) -> None:
    (own / "cadence.csv").write_bytes(HEADINGS.encode() + b"\n\xff\xff\xff\n")
    with pytest.raises(WrongUsageError, match="neither UTF-8 nor GB18030"):
        read(own, rules)


@pytest.mark.parametrize("name", ["fines.csv", "fines.xlsx", "cadence"])
def test_what_is_no_rule_table_is_refused(own: Path, rules: Path, name: str) -> None:
    (own / name).write_text(f"{HEADINGS}\n{ROW}\n", encoding="utf-8")
    with pytest.raises(WrongUsageError, match="is no rule table"):
        read(own, rules)


def test_a_workbook_of_a_rule_table_is_to_be_saved_as_csv(own: Path, rules: Path) -> None:
    (own / "cadence.xlsx").write_bytes(b"PK")
    with pytest.raises(WrongUsageError, match=r"is a workbook; save it as CSV \(cadence.csv\)"):
        read(own, rules)


def test_a_file_instead_of_its_folder_is_told(rules: Path) -> None:
    with pytest.raises(WrongUsageError, match="is a file; name the folder that the rule tables"):
        rule_folder.require_folder(rules / "cadence.csv")


def test_a_folder_that_is_not_there_or_empty_says_what_to_copy(own: Path, rules: Path) -> None:
    with pytest.raises(WrongUsageError, match="no rule table in"):
        read(own, rules)
    with pytest.raises(WrongUsageError, match="there is no folder"):
        read(own / "elsewhere", rules)
