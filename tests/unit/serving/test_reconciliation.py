"""The ledger beside the statement of profit, read from a small made-up generation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest

from serving import reconciliation
from serving.errors import NoGenerationError

MARCH = dt.date(2025, 3, 1)
TABLES = """
    create schema dimensional;
    create schema rule;
    create table dimensional.dim_organisation as
        select * from (values (1, 'B01', '城关支行'), (2, 'B02', '静游支行'))
        as t(organisation_pk, organisation_id, organisation_name);
    create table dimensional.dim_profit_line as
        select * from (values
            ('interest_income', 10, 'interest_income'), ('direct_cost', 70, 'operating_cost'),
            ('unused_capacity', 90, 'operating_cost'), ('income_tax', 110, 'income_tax')
        ) as t(profit_line_code, line_number, statement_line_code);
    create table dimensional.dim_profit_cause as
        select * from (values
            ('account', '账户', 'Account', false), ('finance', '财务说明', 'Finance', true),
            ('tax_by_rule', '按规则计税', 'Tax by rule', true)
        ) as t(cause_code, cause_name_zh, cause_name_en, is_explanation);
    create table rule.gl_account_map as
        select * from (values
            ('interest_income', '利息收入', 'Interest income'),
            ('operating_cost', '业务及管理费', 'Operating cost'),
            ('income_tax', '所得税费用', 'Income tax')
        ) as t(statement_line_code, statement_line_name_zh, statement_line_name_en);
    create table dimensional.fct_recon_month (
        organisation_fk bigint, statement_line_code varchar, rule_set_code varchar,
        ledger_amount decimal(18, 2), borne_amount decimal(18, 2),
        explained_amount decimal(18, 2), unexplained_amount decimal(18, 2), month_date date
    );
    create table dimensional.fct_profit_month (
        organisation_fk bigint, profit_line_code varchar, rule_set_code varchar,
        cause_code varchar, amount decimal(18, 2), month_date date
    );
    create table dimensional.fct_ledger_explanation (
        organisation_fk bigint, statement_line_code varchar, explained_amount decimal(18, 2),
        explanation_text varchar, prepared_by_employee_id varchar, month_date date
    );
"""
BALANCES = """
    create table dimensional.fct_balance_recon_month (
        organisation_id varchar, gl_account_code varchar, currency_code varchar,
        ledger_amount decimal(18, 2), account_amount decimal(18, 2),
        difference_amount decimal(18, 2), month_date date
    );
    insert into dimensional.fct_balance_recon_month values
        ('B01', '20110101', 'CNY', -100.00, -100.00, 0.00, date '2025-03-01'),
        ('B02', '20110101', 'CNY', -70.00, -70.01, 0.01, date '2025-03-01'),
        ('B02', '13030101', 'CNY', 9.00, 0.00, 9.00, date '2025-02-01');
"""
RATELESS = """
    create schema qc;
    create table qc.qc_amount_without_exchange_rate (
        source_code varchar, currency_code varchar, item_count bigint,
        original_amount decimal(18, 2), month_date date
    );
    insert into qc.qc_amount_without_exchange_rate values
        ('account', 'HKD', 3, 62000.00, date '2025-03-01'),
        ('ledger', 'USD', 2, 60.00, date '2025-03-01'),
        ('account', 'USD', 1, 9.00, date '2025-02-01'),
        ('account', 'USD', 1, 9.00, date '2025-01-01');
"""
ROWS = """
    insert into dimensional.fct_recon_month values
        (1, 'interest_income', 'base', 100.00, 90.00, 10.00, 0.00, date '2025-03-01'),
        (2, 'interest_income', 'base', 50.00, 49.99, 0.00, 0.01, date '2025-03-01'),
        (1, 'operating_cost', 'base', -30.00, -30.00, 0.00, 0.00, date '2025-03-01'),
        (2, 'unmapped', 'base', -1.00, 0.00, 0.00, -1.00, date '2025-03-01'),
        (1, 'interest_income', 'absorbed', 1.00, 1.00, 0.00, 0.00, date '2025-02-01');
    insert into dimensional.fct_profit_month values
        (1, 'interest_income', 'base', 'account', 90.00, date '2025-03-01'),
        (1, 'interest_income', 'base', 'finance', 10.00, date '2025-03-01'),
        (1, 'income_tax', 'base', 'finance', -2.50, date '2025-03-01'),
        (1, 'income_tax', 'base', 'tax_by_rule', -3.00, date '2025-03-01'),
        (2, 'income_tax', 'base', 'tax_by_rule', 4.00, date '2025-03-01');
    insert into dimensional.fct_ledger_explanation values
        (1, 'interest_income', 10.00, '补记上年利息', 'E7', date '2025-03-01');
"""


@pytest.fixture
def ledger() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        yield connection


@pytest.fixture
def generation(ledger: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    ledger.execute(ROWS)
    return ledger


def test_lines_stand_in_the_order_of_the_statement_and_what_is_unknown_last(
    generation: duckdb.DuckDBPyConnection,
) -> None:
    found = reconciliation.lines(generation, MARCH, ["base"])["base"]
    assert [(line.line, line.ledger, line.unexplained) for line in found] == [
        ("interest_income", Decimal("150.00"), Decimal("0.01")),
        ("operating_cost", Decimal("-30.00"), Decimal("0.00")),
        ("unmapped", Decimal("-1.00"), Decimal("-1.00")),
    ]
    assert found[0].name == "利息收入 Interest income"
    assert {line.unit for line in found} == {None}


def test_a_fen_is_named_with_its_unit(generation: duckdb.DuckDBPyConnection) -> None:
    found = reconciliation.unexplained(generation, [MARCH], ["base"])
    assert [(line.unit, line.line, line.unexplained) for _, _, line in found] == [
        ("B02 静游支行", "interest_income", Decimal("0.01")),
        ("B02 静游支行", "unmapped", Decimal("-1.00")),
    ]
    by_unit = reconciliation.lines(generation, MARCH, ["base"], by_unit=True)["base"]
    assert len(by_unit) == 4


def test_what_is_left_of_all_months_stands_by_rule_set_and_newest_month(
    generation: duckdb.DuckDBPyConnection,
) -> None:
    generation.execute(
        "insert into dimensional.fct_recon_month values"
        " (1, 'interest_income', 'absorbed', 5, 4, 0, 1, date '2025-03-01'),"
        " (1, 'interest_income', 'base', 5, 4, 0, 1, date '2025-02-01')"
    )
    months = [MARCH, dt.date(2025, 2, 1)]
    found = reconciliation.unexplained(generation, months, ["base", "absorbed"])
    assert [(month.month, code) for month, code, _ in found] == [
        (3, "base"), (3, "base"), (2, "base"), (3, "absorbed"),
    ]  # fmt: skip
    by_rule_set = reconciliation.lines(generation, MARCH, ["base", "absorbed"])
    assert [len(by_rule_set[code]) for code in ("base", "absorbed")] == [3, 1]


def test_what_finance_explains_stands_in_its_own_words(
    generation: duckdb.DuckDBPyConnection,
) -> None:
    by_rule_set = reconciliation.items(generation, MARCH, ["base", "absorbed"])
    # What finance explains holds under every rule set.
    assert [item.cause for item in by_rule_set["absorbed"]] == ["finance"]
    found = by_rule_set["base"]
    assert [(item.line, item.name, item.unit, item.amount) for item in found] == [
        ("interest_income", "补记上年利息 (E7)", "B01 城关支行", Decimal("10.00")),
        ("income_tax", "财务说明 Finance", "1 units", Decimal("-2.50")),
        ("income_tax", "按规则计税 Tax by rule", "2 units", Decimal("1.00")),
    ]


def test_a_balance_that_does_not_close_is_named(ledger: duckdb.DuckDBPyConnection) -> None:
    ledger.execute(BALANCES)
    february = dt.date(2025, 2, 1)
    compared, found = reconciliation.balances(ledger, [MARCH, february])
    assert compared == {MARCH: 2, february: 1}
    assert [(month, each.unit, each.account, each.difference) for month, each in found] == [
        (MARCH, "B02", "20110101", Decimal("0.01")),
        (february, "B02", "13030101", Decimal("9.00")),
    ]


def test_what_has_no_rate_is_named_with_currency_month_and_amount(
    ledger: duckdb.DuckDBPyConnection,
) -> None:
    ledger.execute(RATELESS)
    found = reconciliation.untranslated(ledger, [MARCH, dt.date(2025, 2, 1)])
    assert [(month.month, each.source, each.currency, each.amount) for month, each in found] == [
        (3, "ledger", "USD", Decimal("60.00")),
        (3, "account", "HKD", Decimal("62000.00")),
        (2, "account", "USD", Decimal("9.00")),
    ]


def test_months_and_rule_sets_are_those_that_have_a_ledger(
    generation: duckdb.DuckDBPyConnection,
) -> None:
    assert reconciliation.require_months(generation) == [MARCH, dt.date(2025, 2, 1)]
    assert reconciliation.rule_sets(generation, "base") == ["base", "absorbed"]
    assert reconciliation.rule_sets(generation, "absorbed") == ["absorbed", "base"]


def test_a_bank_without_a_ledger_is_told_so(ledger: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(NoGenerationError, match="no ledger was delivered"):
        reconciliation.require_months(ledger)
