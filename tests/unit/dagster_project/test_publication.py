"""What the audit says of a table that lost most of its rows."""

from __future__ import annotations

from typing import Any

import pytest

from dagster_project.stages import publication

TABLE = "vault.identity.dim_feedback_identity"


class Base:
    """The generation before, as far as the audit asks it."""

    def __init__(self, rows: int) -> None:
        self.tables = {TABLE: (rows, "")}


class Tonight:
    """A night, as far as the audit asks it."""

    def __init__(self, rows: int, reasons: list[str]) -> None:
        self.base = Base(rows)
        self.refresh_reasons = reasons


def collapsed(before: int, now: int, reasons: list[str]) -> list[str]:
    night: Any = Tonight(before, reasons)
    problems, _ = publication._collapsed(night, {TABLE: now})
    return problems


def test_a_table_that_lost_its_rows_says_what_to_do() -> None:
    """After a gap no opinion was open any more: stopped, without a word of what next."""
    (problem,) = collapsed(64, 0, [])
    assert problem.startswith(f"{TABLE} has 0 rows, it had 64; ")
    assert "crm run --full-refresh" in problem


@pytest.mark.parametrize(
    ("before", "now", "reasons"),
    [(64, 32, []), (49, 0, []), (64, 0, ["--full-refresh was asked for"])],
)
def test_what_is_kept_or_small_or_asked_for_is_no_collapse(
    before: int, now: int, reasons: list[str]
) -> None:
    assert collapsed(before, now, reasons) == []
