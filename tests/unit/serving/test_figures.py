"""Headline figures by month, and which published ones are not what they were."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import duckdb
import pytest

from serving import figures

DECEMBER = dt.date(2025, 12, 31)
JANUARY = dt.date(2026, 1, 5)


@pytest.fixture
def marts() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("create schema mart")
    connection.execute(
        """
        create table mart.mart_profitability__customer_month as
        select * from (values
            (date '2025-11-01', 1, 10.10, 0.00, 1.00, 0.00, 0.00, 2.00, -0.10, -1.00, 0.30),
            (date '2025-12-01', 1, 10.10, 5.00, 1.00, 0.50, 0.10, 2.00, -0.10, -0.40, 0.20),
            (date '2025-12-01', -1, 0.20, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, -0.90)
        ) as t (month_date, customer_key, average_deposit_amount, average_loan_amount,
            deposit_margin_amount, loan_margin_amount, fee_income_amount, direct_cost_amount,
            indirect_cost_amount, contribution_amount, net_profit_amount)
        """
    )
    connection.execute(
        "create table mart.mart_performance__manager_month (month_date date,"
        " visit_counted_count bigint, visit_required_count bigint)"
    )
    connection.execute(
        "create table mart.mart_churn__customer_month as select date '2025-12-01' as month_date,"
        " true as is_churned_hard, 0.25::double as churn_score, null::double as value_score"
    )
    return connection


def test_figures_are_exact_texts_by_month(marts: duckdb.DuckDBPyConnection) -> None:
    found = figures.monthly(marts)
    assert found["customers"] == {"2025-11": "1", "2025-12": "1"}
    assert found["deposits"] == {"2025-11": "10.10", "2025-12": "10.30"}
    assert found["margin"] == {"2025-11": "1.00", "2025-12": "1.50"}
    assert found["costs"] == {"2025-11": "1.90", "2025-12": "1.90"}
    assert found["profit"] == {"2025-11": "0.30", "2025-12": "-0.70"}
    assert found["leavers"] == {"2025-12": "1"}
    assert found["churn_score"] == {"2025-12": "0.25"}
    # A bank without visits, or without a model, has no such figure: it is not zero.
    assert (found["visits"], found["value_score"]) == ({}, {})
    assert found.keys() == {each.name for each in figures.FIGURES}


@pytest.mark.parametrize(
    ("before", "after", "dates", "expected"),
    [
        ({"2025-12": "1.00"}, {"2025-12": "1.00"}, (DECEMBER, JANUARY), []),
        ({"2025-12": "1.00"}, {"2025-12": "1.01"}, (DECEMBER, JANUARY), [("2025-12", "0.01")]),
        # 1.0 and 1.00 are one amount.
        ({"2025-12": "1.0"}, {"2025-12": "1.00"}, (DECEMBER, JANUARY), []),
        # A new month, and one that was still running, is no change of what was published.
        ({"2025-12": "1"}, {"2025-12": "1", "2026-01": "5"}, (DECEMBER, JANUARY), []),
        ({"2025-12": "1"}, {"2025-12": "9"}, (dt.date(2025, 12, 30), DECEMBER), []),
        # Unless the same date is published again.
        ({"2026-01": "1"}, {"2026-01": "9"}, (JANUARY, JANUARY), [("2026-01", "8")]),
        # A night for an earlier date ends in a month that had been whole.
        ({"2025-12": "9"}, {"2025-12": "1"}, (JANUARY, dt.date(2025, 12, 15)), []),
        ({"2025-12": "3"}, {}, (DECEMBER, JANUARY), [("2025-12", "-3")]),
        ({}, {"2025-12": "3"}, (DECEMBER, JANUARY), [("2025-12", "3")]),
    ],
)
def test_what_counts_as_a_change(
    before: dict[str, str],
    after: dict[str, str],
    dates: tuple[dt.date, dt.date],
    expected: list[tuple[str, str]],
) -> None:
    found = figures.changes({"fees": before}, {"fees": after}, *dates)
    assert [(each.month, str(each.difference)) for each in found] == expected
    assert all(each.figure.name == "fees" for each in found)


def test_a_figure_that_was_not_kept_before_is_no_change() -> None:
    assert figures.changes({}, {"fees": {"2025-12": "3"}}, DECEMBER, JANUARY) == []


def test_changes_come_by_month_with_both_values() -> None:
    before = {"fees": {"2025-11": "1", "2025-12": "1"}, "costs": {"2025-11": "1"}}
    after = {"fees": {"2025-11": "2", "2025-12": "2"}, "costs": {"2025-11": "2"}}
    found = figures.changes(before, after, DECEMBER, JANUARY)
    assert [(each.month, each.figure.name) for each in found] == [
        ("2025-11", "fees"),
        ("2025-11", "costs"),
        ("2025-12", "fees"),
    ]
    assert (found[0].before, found[0].after) == (Decimal(1), Decimal(2))
