"""What the supervisors and the service desk decide rests on what was delivered before."""

from __future__ import annotations

import datetime as dt

from tests.unit.ingestion.demo_bank.written_bank import Bank

Visit = tuple[str, str, dt.date]


def day(text: str) -> dt.date:
    """A date as written in a sheet, 2025/9/26, or in the truth, 2025-09-26."""
    year, month, number = map(int, text.replace("/", "-").split("-"))
    return dt.date(year, month, number)


def visit(row: dict[str, str], employee: str = "employee_id") -> Visit:
    return row[employee], row["customer_id"], day(row["visited_date"])


def verdicts(bank: Bank) -> list[dict[str, str]]:
    """Rows of the sheets, without what is summed up and signed beneath them."""
    rows = bank.sheet_rows("fieldwork__visit_verdict")
    return [row for row in rows if row["visited_date"][:1].isdigit()]


def test_a_verdict_is_about_a_visit_that_was_denied(bank: Bank) -> None:
    denied: dict[Visit, dt.date] = {}
    for row in bank.sheet_rows("fieldwork__callback"):
        if row["result_code"] == "不属实":
            called = day(row["called_date"])
            known = visit(row, "visited_employee_id")
            denied[known] = min(called, denied.get(known, called))
    found = verdicts(bank)
    assert found, "some visits are denied in four months"
    for row in found:
        assert day(row["decided_date"]) > denied[visit(row)], "the employee is heard first"


def test_no_true_visit_is_found_false(bank: Bank) -> None:
    made_up = {visit(row) for row in bank.truth("false_visits.csv")}
    for row in verdicts(bank):
        if row["verdict_code"] == "虚报":
            assert visit(row) in made_up


def test_remedies_are_listed_once_begun(bank: Bank) -> None:
    rows = bank.sheet_rows("service__remedy")
    assert {row["complaint_type_code"] for row in rows} >= {"系统故障", "排队等候"}
    assert all(row["remedy_id"] and row["started_date"] for row in rows)
