"""What is read to estimate wallets: his last word as known, and him as he was before it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from dagster_project.stages.wallets import read

DAY = dt.date(2025, 12, 15)
#: Customer 1 speaks once; 2 before any month end; 3 corrects himself, which is known too late; 4
#: names less than nothing; 5 speaks of something else.
WORDS = """
    (1, 'external_deposit', 50000, '2025-11-10', '9999-12-31', '2025-11-30', '9999-12-31'),
    (2, 'external_deposit', 10000, '2025-09-05', '9999-12-31', '2025-09-30', '9999-12-31'),
    (3, 'external_deposit', 30000, '2025-10-31', '9999-12-31', '2025-10-31', '2025-12-31'),
    (3, 'external_deposit', 30000, '2025-10-31', '2025-12-01', '2025-12-31', '9999-12-31'),
    (3, 'external_deposit', 90000, '2025-12-01', '9999-12-31', '2025-12-31', '9999-12-31'),
    (4, 'external_deposit', -1, '2025-11-10', '9999-12-31', '2025-11-30', '9999-12-31'),
    (5, 'loan_need', 40000, '2025-11-10', '9999-12-31', '2025-11-30', '9999-12-31')
"""
#: Deposits of the running month are no month end; those after the word would know it already.
DEPOSITS = """
    (1, '2025-09-30', 100), (1, '2025-10-31', 7000), (1, '2025-11-30', 8000),
    (1, '2025-12-15', 9000),
    (2, '2025-09-30', 100), (2, '2025-12-15', 200),
    (3, '2025-10-31', 10), (3, '2025-11-30', 20), (3, '2025-12-15', 30)
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "crm.duckdb"
    with duckdb.connect(str(path)) as connection:
        for schema in ("dimensional", "feature", "rule"):
            connection.execute(f"create schema {schema}")
        connection.execute(
            "create table dimensional.fct_customer_attribute as select col0 as customer_key,"
            " col1 as attribute_code, col2::decimal(18, 2) as value_amount,"
            " col3::date as valid_from_date, col4::date as valid_to_date,"
            f" col5::date as known_from_date, col6::date as known_to_date from (values {WORDS})"
        )
        connection.execute(
            "create table feature.ftr_customer as select col0 as customer_key,"
            " col1::date as observation_date,"
            " col2::decimal(18, 2) as deposit_average_90d_amount_before_obs,"
            " 770::decimal(18, 2) as contribution_3m_amount_before_obs"
            f" from (values {DEPOSITS})"
        )
        connection.execute(
            "create table rule.like_band as select * from (values"
            " ('deposit', 'small', -1e9, 5000, date '1900-01-01', date '9999-12-31'),"
            " ('deposit', 'middle', 5000, 1e9, date '1900-01-01', date '9999-12-31'),"
            " ('age', 'old', -1e9, 1e9, date '1900-01-01', date '9999-12-31'))"
            " as band(band_kind_code, band_code, minimum_value, maximum_value, valid_from_date,"
            " valid_to_date)"
        )
        connection.execute(
            "create table rule.wallet_rule as select 100 as minimum_statement_count,"
            " 20 as minimum_class_count, 730 as statement_day_count, 5 as fold_count,"
            " 0.9::decimal(18, 8) as interval_level, date '1900-01-01' as valid_from_date,"
            " date '9999-12-31' as valid_to_date"
        )
    return path


def test_a_word_stands_beside_the_month_end_before_it(database: Path) -> None:
    said, customers, rule = read(database, DAY)
    columns = ["customer_key", "said", "said_date", "own_amount", "size_class_code"]
    assert said.select(columns).rows() == [
        (1, 50000.0, dt.date(2025, 11, 10), 7000.0, "middle"),
        (2, 10000.0, dt.date(2025, 9, 5), None, None),
        (3, 30000.0, dt.date(2025, 10, 31), 10.0, "small"),
    ]
    columns = ["customer_key", "own_amount", "size_class_code"]
    assert customers.select(columns).rows() == [
        (1, 9000.0, "middle"),
        (2, 200.0, "small"),
        (3, 30.0, "small"),
    ]
    assert rule.interval_level == 0.9


def test_a_running_month_is_whole_as_in_the_rows_that_teach(database: Path) -> None:
    """On 15 December 76 of 92 days are over; what was known at a month end stays as it is."""
    said, customers, _ = read(database, DAY)
    amounts = customers["contribution_3m_amount_before_obs"].to_list()
    assert amounts == pytest.approx([770 * 92 / 76] * 3)
    taught = said["contribution_3m_amount_before_obs"].drop_nulls().cast(float).to_list()
    assert taught == [770.0] * 2
    _, whole, _ = read(database, dt.date(2025, 11, 30))
    assert whole["contribution_3m_amount_before_obs"].to_list() == [770.0] * 2


def test_a_later_night_knows_the_correction(database: Path) -> None:
    said, _, _ = read(database, dt.date(2025, 12, 31))
    assert said.filter(said["customer_key"] == 3).select("said", "own_amount").rows() == [
        (90000.0, 20.0)
    ]
