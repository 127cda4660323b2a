"""The night on real extracts of a Czech bank: feed files only, no Python of its own.

The extracts (PKDD'99) carry no licence, so they are not in this repository; where they do not lie
beside the checkout, in ../shared/data/berka, these tests say so and are skipped.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = REPOSITORY / "docs" / "examples" / "berka"
EXTRACTS = REPOSITORY.parent / "shared" / "data" / "berka"

pytestmark = [
    pytest.mark.berka,
    pytest.mark.skipif(
        not EXTRACTS.is_dir(),
        reason="the Berka bank's extracts do not lie in ../shared/data/berka",
    ),
]


def _crm(home: Path, *arguments: str | Path, stdin: str | None = None) -> str:
    """Standard output of a crm command that must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "dagster_project.cli.main", *arguments, "--home", home],
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        input=stdin,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"crm {arguments[0]}: {done.returncode}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("berka")
    _crm(place, "run", "--feeds", EXAMPLE / "feeds", "--landing", EXTRACTS)
    return place


def _ask(home: Path, query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(
        _crm(home, "sql", "--json", "-", stdin=query), parse_float=Decimal
    )
    return rows


def _delivered(name: str) -> list[dict[str, str]]:
    with (EXTRACTS / name).open(encoding="ascii", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def test_every_delivered_row_is_in_the_star(home: Path) -> None:
    """Counted by another reader than ours, and through to the tables analysts open."""
    found = _ask(
        home,
        """
        select
            (select count(*) from dimensional.dim_customer where customer_pk <> -1) as customers,
            (select count(*) from dimensional.dim_account where account_pk <> -1) as accounts,
            (select count(*) from dimensional.bridge_account_holder) as holders,
            (select count(*) from dimensional.dim_district where district_pk <> -1) as districts,
            (select count(*) from dimensional.fct_transaction) as postings,
            (select sum(amount) from dimensional.fct_transaction) as amount,
            (select sum(balance_after_amount) from dimensional.fct_transaction) as balance_amount
        """,
    )[0]
    postings = _delivered("trans.asc")
    assert found == {
        "customers": len(_delivered("client.asc")),
        "accounts": len(_delivered("account.asc")),
        "holders": len(_delivered("disp.asc")),
        "districts": len(_delivered("district.asc")),
        "postings": len(postings),
        "amount": sum(Decimal(row["amount"]) for row in postings),
        "balance_amount": sum(Decimal(row["balance"]) for row in postings),
    }


def test_every_account_finds_its_owner_in_the_list_of_holders(home: Path) -> None:
    """account.asc names no client; disp.asc does."""
    query = """
        select count(*) as ownerless from dimensional.fct_transaction where customer_fk = -1
    """
    assert _ask(home, query) == [{"ownerless": 0}]


def test_a_woman_is_as_old_as_her_birth_number_says(home: Path) -> None:
    """Months above 50 mark women; read as they stand, half of the customers would have no year."""
    years = [int(row["birth_number"][:2]) + 1900 for row in _delivered("client.asc")]
    found = _ask(
        home,
        "select count(birth_year) as known, sum(birth_year) as total from dimensional.dim_customer",
    )
    assert found == [{"known": len(years), "total": sum(years)}]


def test_computed_balances_agree_with_the_printed_ones(home: Path) -> None:
    """Within one crown, save 28 accounts whose last interest is cut off at the file's end."""
    balances = _ask(home, (EXAMPLE / "queries" / "balances.sql").read_text(encoding="utf-8"))
    everything = balances[0]
    assert everything["account_days"] == "all account-days"
    assert (everything["days"], everything["exceptions"]) == (39_960, 28)
    exceptions = _ask(home, (EXAMPLE / "queries" / "exceptions.sql").read_text(encoding="utf-8"))
    assert sum(row["exceptions"] for row in exceptions) == 28
    for row in exceptions:
        assert row["booked_date"] == "1994-03-31"
        assert row["in_march"] == row["in_february"] - 1


def test_what_the_bank_lacks_is_empty(home: Path) -> None:
    query = """
        select
            (select count(*) from dimensional.fct_visit) as visits,
            (select count(*) from dimensional.fct_ledger_balance_month) as ledger_balances,
            (select count(*) from dimensional.fct_complaint) as complaints
    """
    assert _ask(home, query) == [{"visits": 0, "ledger_balances": 0, "complaints": 0}]


def test_a_second_run_finds_nothing_to_do(home: Path) -> None:
    said = _crm(home, "run", "--feeds", EXAMPLE / "feeds", "--landing", EXTRACTS)
    assert "Nothing to do" in said
