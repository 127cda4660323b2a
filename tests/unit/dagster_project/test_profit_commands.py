"""What `crm trace`, `crm statement` and `crm what-if` say of what they cannot read."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection
from types import SimpleNamespace

import duckdb
import pytest
from typer.testing import CliRunner

from dagster_project.cli.main import app
from dagster_project.stages.warehouse import variables
from dagster_project.tracing import (
    UnitBooks,
    base_method_set,
    own_currency,
    project_variable,
    unit_accounts,
)

_RUNNER = CliRunner()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["trace", "1", "2025-13", "ftp"], "write it as YYYY-MM"),
        (["trace", "1", "202512", "ftp"], "write it as YYYY-MM"),
        (["trace", "0201", "2025-12", "ftp", "--cause", "account", "--account", "3"],
         "--accounts N opens"),
        (["trace", "1", "2025-12", "ftp", "--accounts", "3"], "--accounts is for a unit's figure"),
        (["trace", "0201", "2025-12", "ftp", "--cause", "account", "--rule-set", "lowest"],
         "--rule-set lowest is for a customer's figure"),
        (["statement", "1", "--year", "25", "--month", "2025-12"], "cannot be given together"),
        (["what-if", "1"], "give exactly one change"),
        (["what-if", "1", "--lost", "--fee", "3"], "give exactly one change"),
        (["what-if", "--lost"], "give a customer key"),
        (["what-if", "1", "--segment", "core", "--lost"], "give a customer key"),
        (["what-if", "1", "--fee", "much"], "--fee is 'much'"),
        (["what-if", "1", "--fee", "nan"], "--fee is 'nan'"),
        (["what-if", "1", "--rate-change", "a:b:3"], "--rate-change is 'a:b:3'"),
        (["what-if", "1", "--channel", "counter:0.5"], "--channel is 'counter:0.5'"),
        (["what-if", "1", "--product", "1101"], "--product is '1101'"),
    ],
)  # fmt: skip
def test_wrong_usage_is_told_in_both_languages(tmp_path, asked, told):
    done = _RUNNER.invoke(app, [*asked, "--home", str(tmp_path)])
    assert done.exit_code == 2
    assert told in done.stderr
    assert re.search(r"[\u4e00-\u9fff]", done.stderr)


@pytest.mark.parametrize(
    "asked", [["trace", "1", "2025-12", "ftp"], ["statement", "1"], ["what-if", "1", "--lost"]]
)
def test_a_home_without_a_night_says_so(tmp_path, asked):
    done = _RUNNER.invoke(app, [*asked, "--home", str(tmp_path)])
    assert done.exit_code == 1
    assert "run a night first" in done.stderr


def test_the_base_methods_and_rules_are_those_of_the_dbt_project():
    assert base_method_set() == "matched"
    assert project_variable("base_rule_set") == "base"


DELIVERED = {
    "corebank__account": [("a", "u"), ("b", "v"), ("z", "v")],
    "corebank__accrual": [("a", "u"), ("b", "u"), ("x", "u")],
    "corebank__transaction": [("a", None), ("z", None)],
    "risk__account_measure": [("a", None), ("y", None)],
}


class _Delivered:
    """Account a is unit u's, b unit v's; x is on no list, and y only the risk system's.

    Of z it was only told that there is nothing any more; b came back after that.
    """

    def values(self, feed: str, column: str, **among: Collection[object]) -> set[str]:
        assert column == "account_id"
        if "change_code" in among:
            return {"b", "z"}
        units = among.get("organisation_id")
        return {name for name, unit in DELIVERED[feed] if units is None or unit in units}

    def rows(self, feed: str, **among: Collection[object]) -> list[dict[str, str]]:
        assert (feed, among) == ("corebank__account", {"account_id": {"b", "z"}})
        told = [("b", "insert"), ("b", "delete"), ("z", "delete")]
        return [{"account_id": name, "change_code": change} for name, change in told]

    def of_month(self, month: dt.date) -> dict[str, list[str]]:
        return {"visits": [f"{month}"]}

    def of_accounts(self, accounts: Collection[str], month: dt.date) -> dict[str, list[str]]:
        return {"accounts": list(accounts), "month": [f"{month}"]}


@pytest.mark.parametrize(
    ("unit", "accounts", "unlisted"),
    [
        ("unassigned", ["", "a", "b", "y"], ["x", "z"]),
        ("treasury", ["", "a", "b", "y"], ["x", "z"]),
        ("u", ["", "a", "b"], ["x"]),
        ("v", ["b"], []),
    ],
)
def test_the_accounts_behind_a_unit_and_those_on_no_list(unit, accounts, unlisted):
    month = dt.date(2025, 1, 1)
    with duckdb.connect() as connection:
        connection.execute(
            "create schema rule; create table rule.ftp_offset_unit as select 'treasury' as"
            " organisation_id, date '1900-01-01' as valid_from_date,"
            " date '9999-12-31' as valid_to_date"
        )
        found = unit_accounts(_Delivered(), connection, unit, month)
    assert found == (accounts, unlisted)
    books = UnitBooks(_Delivered(), *found, month, lambda rows: rows)
    assert books.of(accounts)["accounts"] == [*(each for each in accounts if each), *unlisted]
    days = {"visits": ["2025-01-01"], "month": ["2025-01-01"]}
    assert books.of(["b"]) == days | {"accounts": ["b"]}


def test_a_bank_keeps_its_books_in_what_its_own_file_says(tmp_path):
    assert own_currency(tmp_path) == own_currency() == "CNY"
    (tmp_path / "bank.yml").write_text("own_currency_code: CZK", encoding="utf-8")
    assert own_currency(tmp_path) == "CZK"
    request = SimpleNamespace(business_date=dt.date(2025, 1, 31), feeds_folder=tmp_path)
    night = SimpleNamespace(request=request, touched_dates=[], touched_months=[])
    assert variables(night)["own_currency_code"] == "CZK"
