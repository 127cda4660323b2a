"""The walk of docs/your-own-bank.md, with the very files that stand on the page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.integration import profit_anew
from tests.integration.own_bank import PAGE, crm, write_page

QUERY = re.compile(r'crm sql --home mybank/home "(.*?)"\n```\n\n```\n(.*?)^```$', re.M | re.DOTALL)

pytestmark = pytest.mark.nights


def _deliveries(bank: Path) -> dict[str, Any]:
    status = json.loads(crm(bank, "status", "--json"))
    return {feed["feed"]: feed for feed in status["feeds"]}


def _rows(printed: str) -> list[list[str]]:
    """Cells of a table as `crm sql` prints it."""
    return [
        [cell.strip() for cell in re.split("[│┃]", line)]
        for line in printed.splitlines()
        if re.search("[│┃]", line)
    ]


def test_the_walk_ends_with_what_the_page_shows(tmp_path: Path) -> None:
    assert write_page(tmp_path, is_next_day=False) == 10
    crm(tmp_path, "run", "--feeds", "feeds", "--landing", "landing")
    postings = _deliveries(tmp_path)["corebank__transaction"]
    assert (postings["rows_loaded"], postings["rows_quarantined"]) == (4, 1)
    returned = list((tmp_path / "home" / "quarantine" / "returned").rglob("*postings*.xlsx"))
    assert len(returned) == 1
    found = QUERY.search(PAGE.read_text(encoding="utf-8"))
    assert found, "the page shows no query with its answer"
    query, shown = found.groups()
    assert _rows(crm(tmp_path, "sql", query)) == _rows(shown)

    assert write_page(tmp_path, is_next_day=True) == 3
    crm(tmp_path, "run", "--landing", "landing")
    balances = json.loads(
        crm(
            tmp_path,
            "sql",
            "--json",
            "select balance_amount from dimensional.fct_account_balance_interval"
            " where valid_to_date = date '2026-01-02' order by balance_amount",
        )
    )
    assert [row["balance_amount"] for row in balances] == [9400.00, 114987.66]

    # Balances summed from postings, no rates, no pools: what is left of profit is still the same.
    found = profit_anew.compared(tmp_path / "home")
    for anew, published in (found.lines, found.ranges, found.units):
        assert anew == published
        assert published
