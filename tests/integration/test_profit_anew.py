"""Profit reckoned anew from the lake: every figure, then some as `crm trace` prints them."""

from __future__ import annotations

import json

import duckdb
import pytest

from tests.integration import profit_anew, profit_polars
from tests.integration.test_night import Bank

pytestmark = pytest.mark.nights


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    made = Bank(tmp_path_factory.mktemp("profit"))
    made.crm("demo", "--customers", "150", "--months", "3")
    made.crm("run")
    return made


def account_numbers(bank: Bank) -> list[str]:
    """Numbers that must be masked."""
    with duckdb.connect(str(bank.warehouse / "current" / "vault.duckdb"), read_only=True) as vault:
        rows = vault.execute("select account_id from identity.dim_account_identity").fetchall()
    return [number for (number,) in rows]


def test_all_of_profit_is_the_same_reckoned_anew(bank):
    """G16: DuckDB, polars and plain Python from the lake agree to the fen, line by line.

    So do ranges over rule sets, and units by cause.
    """
    found = profit_anew.compared(bank.home)
    anew, published = found.lines
    assert anew == published
    assert profit_polars.by_customer(bank.home) == profit_anew.by_customer(anew)
    assert len({name[3] for name in published}) == 10
    assert len(published) > 6_000
    anew, published = found.ranges
    assert anew == published
    assert len(published) > 400
    anew, published = found.units
    assert anew == published
    assert len({name[2:4] for name in published}) > 20, "lines under causes"


@pytest.mark.parametrize(
    ("line", "cause", "feed"),
    [
        ("ftp", "treasury", "treasury__ftp_curve"),
        ("unused_capacity", "unused_capacity", "ledger__cost_pool"),
        ("income_tax", "tax_by_rule", "corebank__balance"),
        ("expected_loss", "loss_by_rule", "ledger__gl_balance"),
        ("pre_tax_profit", "loss_by_rule", "risk__account_measure"),
    ],
)
def test_a_figure_of_a_unit_opens_to_the_file_and_row_it_rests_on(bank, line, cause, feed):
    # Of the units with such a figure the one whose ledger booked most impairment.
    (row,) = bank.sql(
        "select organisation_id from dimensional.fct_profit_month as profit"
        " join dimensional.dim_organisation as unit"
        " on profit.organisation_fk = unit.organisation_pk"
        " left join dimensional.fct_recon_month as recon"
        " on profit.organisation_fk = recon.organisation_fk"
        " and profit.month_date = recon.month_date and profit.rule_set_code = recon.rule_set_code"
        " and recon.statement_line_code = 'impairment'"
        f" where cause_code = '{cause}' and profit.month_date = date '2025-12-01'"
        " and profit.rule_set_code = 'base' group by 1"
        " order by coalesce(max(abs(ledger_amount)), 0) desc, max(abs(amount)) desc limit 1"
    )
    unit = row["organisation_id"]
    text = bank.crm("trace", unit, "2025-12", line, "--cause", cause, "--json")
    rows = profit_anew.rows_behind(text, feed)
    assert all(row["file"].startswith(feed.replace("__", "_")) and row["row"] > 1 for row in rows)
    assert not [number for number in account_numbers(bank) if number in text]


def test_a_unit_that_is_asked_for_as_a_customer_is_told_what_to_add(bank):
    assert "add --cause" in bank.crm("trace", "0201", "2025-12", "ftp", code=2)
    assert "rule set 'pool'" in bank.crm(
        "trace", "0201", "2025-12", "ftp", "--cause", "account", "--rule-set", "pool", code=1
    )


def test_the_least_that_any_rules_make_of_a_customer_opens_too(bank):
    (row,) = bank.sql(
        "select customer_key, lowest_profit_amount from dimensional.fct_profit_range_month"
        " where month_date = date '2025-12-01' order by 2 limit 1"
    )
    asked = (str(row["customer_key"]), "2025-12", "untaxed_economic_profit")
    (told,) = json.loads(bank.crm("trace", *asked, "--rule-set", "lowest", "--json"))
    assert told["is_same"]
    assert told["published_amount"] == row["lowest_profit_amount"]
    assert set(told["range"]["reckoned_amounts"]) > {"base", "book"}


@pytest.mark.parametrize(("line", "feed"), profit_anew.FIGURES)
def test_a_published_figure_opens_to_the_file_and_row_it_rests_on(bank, line, feed):
    (row,) = bank.sql(profit_anew.CUSTOMER)
    text = bank.crm("trace", str(row["customer_key"]), "2025-12", line, "--json")
    rows = profit_anew.rows_behind(text, feed)
    assert all(row["file"].startswith(feed.replace("__", "_")) and row["row"] > 1 for row in rows)
    assert not [number for number in account_numbers(bank) if number in text]
