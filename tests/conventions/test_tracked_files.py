"""No tracked file knows the machine it was written on, and none is left unfinished."""

from __future__ import annotations

import pytest

from tests.conventions.file_rules import (
    MAX_BYTES,
    MAX_LINES,
    MAX_MODEL_LINES,
    REPOSITORY,
    is_text,
    problems_of_size,
    problems_of_text,
    repository_files,
)


def test_no_file_holds_what_belongs_to_one_machine_or_is_unfinished() -> None:
    names = [name for name in repository_files() if is_text(name)]
    assert "pyproject.toml" in names
    problems = [
        problem
        for name in names
        for problem in problems_of_text(name, (REPOSITORY / name).read_text(encoding="utf-8"))
    ]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("docs/a.md", "lies in /wo" + "rk/somewhere/lake"),
        ("ml/a.py", 'PATH = "/ho' + 'me/ana/crm/data"'),
        ("ml/a.py", 'PATH = "/Us' + 'ers/ana/crm"'),
        ("Makefile", "run: /ro" + "ot/.venv/bin/crm"),
        ("requirements.lock", "x==1 @ https://example.org/x.whl"),
        ("docs/a.md", "fetched from files.pythonhos" + "ted.org"),
        ("ml/a.py", "# TO" + "DO: finish"),
        ("dbt/models/a.sql", "-- FIX" + "ME"),
        ("ml/a.py", "raise NotImplemented" + "Error"),
        ("keys.txt", "-----BEGIN RSA PRIVATE " + "KEY-----"),
    ],
)
def test_a_line_that_must_not_be_kept_is_found(name: str, line: str) -> None:
    assert problems_of_text(name, f"first line\n{line}\n")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("ml/a.py", 'path = home / "root" / "x"'),
        ("docs/a.md", "see https://duckdb.org/docs and <repo>/wo" + "rk/x"),
        ("docs/a.md", "the method todo_list and 待办"),
    ],
)
def test_an_innocent_line_is_left_alone(name: str, line: str) -> None:
    assert not problems_of_text(name, line)


def test_files_are_short_enough_to_be_read() -> None:
    problems = [
        problem
        for name in repository_files()
        for problem in problems_of_size(name, (REPOSITORY / name).read_bytes())
    ]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(
    ("name", "lines"),
    [("ml/a.py", MAX_LINES), ("dbt/models/staging/a.sql", MAX_MODEL_LINES)],
)
def test_a_long_file_is_found(name: str, lines: int) -> None:
    assert not problems_of_size(name, b"x\n" * lines)
    assert problems_of_size(name, b"x\n" * (lines + 1))


def test_a_large_file_is_found() -> None:
    assert problems_of_size("docs/table.csv", b"x" * (MAX_BYTES + 1))
