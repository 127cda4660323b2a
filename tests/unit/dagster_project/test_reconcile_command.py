"""What `crm reconcile` says of amounts that no rate turns into yuan, on a small made-up ledger."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import Any

import duckdb
import pytest
from click.testing import Result
from typer.testing import CliRunner

from dagster_project.cli import reconcile
from dagster_project.cli.main import app
from tests.unit.serving.test_reconciliation import BALANCES, RATELESS, TABLES

# A line that ties, since dollars count 0 on both sides.
TIED = """
    insert into dimensional.fct_recon_month values
        (1, 'interest_income', 'base', 90.00, 90.00, 0.00, 0.00, date '2025-03-01');
    delete from dimensional.fct_balance_recon_month where difference_amount <> 0;
"""
GREEN = "to the fen"


@pytest.fixture
def reconciled(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    """Runs the command over rows of qc_amount_without_exchange_rate that a condition keeps."""

    def run(kept: str, *options: str) -> Result:
        @contextmanager
        def opened(_: Any) -> Any:
            with duckdb.connect() as connection:
                connection.execute(TABLES + BALANCES + RATELESS + TIED)
                connection.execute(
                    f"delete from qc.qc_amount_without_exchange_rate where not {kept}"
                )
                yield connection, "generation 1"

        monkeypatch.setattr(reconcile, "_open", opened)
        return CliRunner().invoke(app, ["reconcile", "--home", str(tmp_path), *options])

    return run


def test_a_ledger_in_a_currency_without_a_rate_does_not_tie(reconciled: Any) -> None:
    done = reconciled("true")
    assert done.exit_code == 4
    assert GREEN not in done.stdout
    for told in ("2025-03", "USD", "60.00", "HKD", "62,000.00", "treasury__exchange_rate"):
        assert told in done.stdout
    assert "2025-01" not in done.stdout


def test_accounts_without_a_rate_are_told_and_stop_nothing(reconciled: Any) -> None:
    done = reconciled("source_code = 'account'")
    assert done.exit_code == 0
    assert GREEN in done.stdout, "the lines tie, without what has no rate"
    assert "HKD" in done.stdout


def test_a_program_reads_them_too(reconciled: Any) -> None:
    done = reconciled("source_code = 'ledger'", "--json")
    assert done.exit_code == 4
    assert json.loads(done.stdout)["without_rate"] == [
        {"month": "2025-03", "source": "ledger", "currency": "USD", "items": 2, "amount": "60.00"}
    ]


def test_the_green_sentence_stands_where_every_currency_has_a_rate(reconciled: Any) -> None:
    done = reconciled("false")
    assert done.exit_code == 0
    assert GREEN in done.stdout
