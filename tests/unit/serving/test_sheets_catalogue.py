"""What the sheets of the catalogue say, asked of a few rows."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import pytest

from serving.sheets.definition import load_catalogue
from serving.sheets.due import Period
from serving.sheets.write import read_rows

DECEMBER = Period(dt.date(2025, 12, 1), dt.date(2025, 12, 31))
JANUARY = Period(dt.date(2026, 1, 1), dt.date(2026, 1, 31))


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    opened = duckdb.connect()
    opened.execute("attach ':memory:' as crm")
    opened.execute("create schema crm.dimensional; create schema crm.mart")
    fill(
        opened,
        "dimensional.dim_team",
        "team_pk, team_id, team_name, is_current",
        "(1, 'T01', '一组', true), (-1, 'unassigned', 'Unassigned', true)",
    )
    fill(
        opened,
        "dimensional.dim_employee",
        "employee_pk, employee_id, employee_name",
        "(71, 'E1', '王芳'), (-1, 'unassigned', 'Unassigned')",
    )
    fill(
        opened,
        "dimensional.dim_code",
        "entity_name, column_name, code, name_zh",
        "('incentive_decision', 'incentive_code', 'missing_weekly', '不交周总结'),"
        " ('customer', 'class_code', 'key', '重点客户')",
    )
    return opened


def fill(connection: duckdb.DuckDBPyConnection, table: str, columns: str, rows: str) -> None:
    connection.execute(f"create table crm.{table} as from (values {rows}) t({columns})")


def told(
    connection: duckdb.DuckDBPyConnection, code: str, period: Period, *columns: str
) -> list[tuple[Any, ...]]:
    rows = read_rows(connection, load_catalogue()[code], period)
    return [tuple(row[name] for name in columns) for row in rows]


def test_the_structure_of_maintenance_is_told_by_district_and_team(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """D01-32: two key customers of one team in one district, and one whom nobody keeps."""
    fill(connection, "dimensional.dim_district", "district_pk, district_name", "(5, '城关片')")
    fill(
        connection,
        "dimensional.bridge_team_member",
        "employee_id, team_id, is_current",
        "('E1', 'T01', true), ('E1', 'T02', false)",
    )
    fill(
        connection,
        "dimensional.fct_visit_requirement",
        "customer_key, required_count, counted_count, month_date, is_period_over",
        "(1, 4, 3, date '2025-12-01', true), (1, 1, 0, date '2025-12-01', false),"
        " (2, 2, 2, date '2025-12-01', true)",
    )
    fill(
        connection,
        "dimensional.fct_customer_level",
        "customer_key, valid_from_date, change_code",
        "(2, date '2025-12-31', 'up'), (1, date '2025-11-30', 'up')",
    )
    fill(
        connection,
        "mart.mart_relationship__customer_card",
        "customer_key, manager_fk, district_fk, population_type_code, class_code, level_code,"
        " deposit_amount, profit_12m_amount",
        "(1, 71, 5, null, 'key', 'A', 100, 1), (2, 71, 5, null, 'key', 'A', 50, 2),"
        " (3, -1, -1, null, 'key', null, 7, 0)",
    )
    columns = (
        "district_name", "team_name", "class_name", "level_code", "customer_count", "risen_count",
        "required_count", "counted_count", "deposit_amount",
    )  # fmt: skip
    assert told(connection, "R03", DECEMBER, *columns) == [
        ("城关片", "一组", "重点客户", "A", 2, 1, 6, 5, 150),
        (None, None, "重点客户", None, 1, 0, None, None, 7),
    ]


@pytest.mark.parametrize(
    ("code", "kind", "first", "second"),
    [
        ("R06", "fine", [("11-01", 300), ("12-01", None)], [("12-01", 300)]),
        ("R07", "reward", [("11-01", None)], [("11-01", 300), ("12-01", None)]),
    ],
)
def test_an_amount_is_settled_in_one_month_alone(
    connection: duckdb.DuckDBPyConnection,
    code: str,
    kind: str,
    first: list[tuple[str, int | None]],
    second: list[tuple[str, int | None]],
) -> None:
    """Each is on two sheets, as a proposal and as decided; its amount is added up on the second."""
    fill(
        connection,
        "dimensional.fct_incentive_proof",
        "incentive_fk, proof_number, proof_code, proof_date, is_passed",
        "(1, 1, 'missing', date '2025-11-10', null)",
    )
    fill(
        connection,
        "dimensional.fct_incentive",
        "incentive_pk, incentive_type_code, incentive_code, team_fk, employee_fk, subject_id,"
        " period_start_date, period_end_date, month_date, status_code, incentive_amount,"
        " owed_amount, proof_count, decided_date",
        ", ".join(
            f"({key}, '{kind}', 'missing_weekly', 1, -1, 'T01', date '{month}', date '{month}',"
            f" date '{month}', 'confirmed', -300, -300, 1, date '2026-01-05')"
            for key, month in ((1, "2025-11-01"), (2, "2025-12-01"))
        ),
    )
    for period, expected in ((DECEMBER, first), (JANUARY, second)):
        found = told(connection, code, period, "period_start_date", "settled_amount")
        assert [(f"{day:%m-%d}", amount) for day, amount in found] == expected
