"""docs/rule-book.md names, for each row of the county bank's plan, what runs and what proves it."""

from __future__ import annotations

import re

from tests.conventions.file_rules import REPOSITORY

PAGE = REPOSITORY / "docs" / "rule-book.md"
ROW = re.compile(r"^\| (D01-\d{2}) \|([^|]*)\|([^|]*)\|([^|]*)\|$", re.MULTILINE)


def _rows() -> dict[str, tuple[str, str]]:
    return {
        match[1]: (match[3].strip(), match[4].strip())
        for match in ROW.finditer(PAGE.read_text(encoding="utf-8"))
    }


def test_each_of_the_54_rows_has_its_one_line() -> None:
    found = [match[1] for match in ROW.finditer(PAGE.read_text(encoding="utf-8"))]
    assert found == [f"D01-{number:02}" for number in range(1, 55)]


def test_what_runs_names_a_test_and_each_test_named_is_there() -> None:
    problems = []
    for row, (where, test) in _rows().items():
        if not (where and test):
            problems.append(f"{row}: what runs, and the test that would fail without it")
        for named in re.findall(r"`([^`]+)`", test):
            path, _, name = named.partition("::")
            file = REPOSITORY / path
            if not file.is_file() or (name and name not in file.read_text(encoding="utf-8")):
                problems.append(f"{row}: {named} is not there")
    assert not problems, "\n".join(problems)
