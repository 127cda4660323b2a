"""What `crm trace`, `crm statement` and `crm what-if` say of what they cannot read."""

from __future__ import annotations

import datetime as dt
import re
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from dagster_project.cli.main import app
from dagster_project.stages.warehouse import variables
from dagster_project.tracing import base_method_set, own_currency, project_variable

_RUNNER = CliRunner()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["trace", "1", "2025-13", "ftp"], "write it as YYYY-MM"),
        (["trace", "1", "202512", "ftp"], "write it as YYYY-MM"),
        (["trace", "0201", "2025-12", "ftp", "--cause", "account", "--account", "3"],
         "--accounts N opens"),
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


def test_a_bank_keeps_its_books_in_what_its_own_file_says(tmp_path):
    assert own_currency(tmp_path) == own_currency() == "CNY"
    (tmp_path / "bank.yml").write_text("own_currency_code: CZK", encoding="utf-8")
    assert own_currency(tmp_path) == "CZK"
    request = SimpleNamespace(business_date=dt.date(2025, 1, 31), feeds_folder=tmp_path)
    night = SimpleNamespace(request=request, touched_dates=[], touched_months=[])
    assert variables(night)["own_currency_code"] == "CZK"
