"""A whole bank of 200 customers through whole nights, killed, doubled, rebuilt and rolled back.

One story, told in order by the tests of this module: each night costs tens of seconds, so every
test goes on from where the one before it ended.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.ledger import Ledger
from scripts.answers import queries
from serving import generation as generations
from serving.connection import connect_current
from serving.sheets.definition import load_catalogue
from tests.integration.profit_reference import COMPONENTS, Reference, rounded

ROOT = Path(__file__).parents[2]
CRM = [sys.executable, "-c", "from dagster_project.cli.main import run; run()"]
NIGHT_SECONDS = 600
NIGHT = dt.date(2025, 12, 31)


class Bank:
    """One home, and the command on it as an operator types it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.warehouse = home / "warehouse"
        self.variables = {
            **os.environ,
            "CRM_HOME": str(home),
            "CRM_ENVIRONMENT": "test",
            "PYTHONPATH": str(ROOT),
        }

    def crm(self, *arguments: str, code: int = 0) -> str:
        """Run one command to its end and return what it printed on standard output."""
        done = subprocess.run(
            [*CRM, *arguments],
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=NIGHT_SECONDS,
        )
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout if code == 0 else done.stderr

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command and do not wait."""
        return subprocess.Popen(
            [*CRM, *arguments],
            env=self.variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def sql(self, query: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(self.crm("sql", query, "--json"))
        return rows

    def wait_for(self, process: subprocess.Popen[bytes], stage: str, seconds: float) -> None:
        """Wait until the run in progress is so many seconds into a stage."""
        deadline = time.monotonic() + NIGHT_SECONDS
        while time.monotonic() < deadline:
            assert process.poll() is None, f"the run ended before its stage {stage}"
            if (self.home / "ledger.sqlite").exists():
                ledger = Ledger(self.home / "ledger.sqlite")
                runs = ledger.runs()
                is_alive = runs and runs[-1].state == "running"
                if is_alive and any(s.stage == stage for s in ledger.stages(runs[-1].run_id)):
                    time.sleep(seconds)
                    return
            time.sleep(0.1)
        pytest.fail(f"the stage {stage} never began")

    def kill_in(self, stage: str, seconds: float) -> None:
        """Start a night and kill -9 it, with whatever it had started, in the middle of a stage."""
        process = self.start("run")
        try:
            self.wait_for(process, stage, seconds)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def checksum(self) -> str:
        """Checksum of the published generation."""
        published = generations.current(self.warehouse)
        assert published is not None
        return published.checksum


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    made = Bank(tmp_path_factory.mktemp("bank"))
    made.crm("demo", "--customers", "200", "--months", "3")
    return made


def test_a_night_killed_while_it_reads_publishes_nothing(bank):
    """F01: the files it had read are in the lake or not; nothing is half."""
    bank.kill_in("extract", 1.0)
    assert generations.current(bank.warehouse) is None
    told = json.loads(bank.crm("status", "--json"))
    assert told["published"] is None
    assert told["running"] is None, "the lease went with the process"
    assert told["last_run"]["state"] == "killed"


def test_the_first_night_after_it_publishes_and_a_second_run_meanwhile_is_refused(bank):
    """F08: the second run says who holds the lease and changes nothing."""
    process = bank.start("run")
    try:
        bank.wait_for(process, "build", 0)
        started = time.monotonic()
        assert "the lease of this home is held by run" in bank.crm("run", code=5)
        assert time.monotonic() - started < 30
        # What is published can be asked for at any moment; here it is nothing yet.
        assert "run a night first" in bank.crm("sql", "select 1", code=1)
        assert process.wait(timeout=NIGHT_SECONDS) == 0
    finally:
        process.kill()
        process.wait()
    published = generations.current(bank.warehouse)
    assert published is not None
    assert published.number == 1
    assert published.business_date.isoformat() == "2025-12-31"


def test_every_delivered_row_is_loaded_quarantined_or_no_data(bank):
    """P1, over every file of the bank, by the ledger's two counters."""
    rows = Ledger(bank.home / "ledger.sqlite").deliveries(state="loaded")
    assert rows
    for row in rows:
        ended = (row.rows_loaded or 0) + (row.rows_quarantined or 0) + (row.rows_not_data or 0)
        assert row.rows_in == ended == row.counted_rows, row.file_name


def test_totals_tie_from_the_lake_to_the_star_schema(bank):
    lake = bank.home / "lake" / "corebank__transaction" / "*" / "*.parquet"
    with duckdb.connect() as connection:
        delivered = connection.execute(
            f"select count(distinct transaction_id), sum(amount) from read_parquet('{lake}')"
        ).fetchone()
    (published,) = bank.sql(
        "select count(*) as n, sum(amount) as a from dimensional.fct_transaction"
    )
    assert delivered is not None
    assert published["n"] == delivered[0]
    assert published["a"] == pytest.approx(float(delivered[1]), abs=0.005)


def _accounts_by_key(bank: Bank) -> dict[int, str]:
    with duckdb.connect(str(bank.warehouse / "current" / "vault.duckdb"), read_only=True) as vault:
        rows = vault.execute(
            "select account_key, account_id from identity.dim_account_identity"
        ).fetchall()
    return dict(rows)


@pytest.mark.parametrize("method_set", ["matched", "single_pool"])
def test_transfer_prices_are_those_of_the_plain_reference(bank, method_set):
    """Every account and month to the fen, each component by itself."""
    reference = Reference(bank.home / "lake", ROOT / "dbt" / "seeds" / "rules", NIGHT, method_set)
    expected = {
        (account, month): tuple(float(amounts[name]) for name in COMPONENTS)
        for account, month, amounts in reference.account_months()
    }
    components = ", ".join(
        f"sum(case when component_code = '{name}' then ftp_amount else 0 end) as {name}"
        for name in COMPONENTS
    )
    published = bank.sql(
        f"select account_key, month_date, {components} from dimensional.fct_ftp_month"
        f" where method_set_code = '{method_set}' group by account_key, month_date"
    )
    accounts = _accounts_by_key(bank)
    found = {
        (accounts[row["account_key"]], dt.date.fromisoformat(row["month_date"])): tuple(
            float(row[name]) for name in COMPONENTS
        )
        for row in published
    }
    assert len(found) > 800
    assert found == expected


def test_each_day_of_the_month_is_that_of_the_plain_reference(bank):
    """Interest and transfer prices of all accounts by day, the fens carried from day to day."""
    month = dt.date(2025, 11, 1)
    reference = Reference(bank.home / "lake", ROOT / "dbt" / "seeds" / "rules", NIGHT)
    published = bank.sql(
        "select currency_code, pillar_code, component_code, date_day,"
        " customer_amount - rounding_amount as amount,"
        " treasury_amount + customer_amount as left_amount"
        " from dimensional.fct_treasury_day"
        f" where month_date = date '{month}' and method_set_code = 'matched'"
    )
    key = ("currency_code", "pillar_code", "component_code", "date_day")
    found = {tuple(row[name] for name in key): float(row["amount"]) for row in published}
    running: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
    expected = {}
    for (*kind, day), amount in sorted(reference.treasury_days(month).items()):
        place = tuple(kind)
        before = running[place]
        running[place] += amount
        expected[*place, day.isoformat()] = float(rounded(before + amount, 2) - rounded(before, 2))
    assert len(found) > 150
    assert found == {key: amount for key, amount in expected.items() if key in found or amount}
    assert all(
        float(row["left_amount"]) == 0 or row["component_code"] == "interest" for row in published
    )


def test_analysts_get_no_identity(bank):
    """No name, number or source id of a customer lies anywhere in the analysts' file."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select distinct unnest([customer_id, customer_name, id_number, mobile_number,"
            " address_text])"
            f" from read_parquet('{bank.home}/lake/corebank__customer/*/*.parquet')"
            " union select account_id"
            f" from read_parquet('{bank.home}/lake/corebank__account/*/*.parquet')"
        ).fetchall()
    known = {text for (text,) in rows if text}
    assert len(known) > 500

    published = bank.warehouse / "current" / "crm.duckdb"
    found: set[str] = set()
    with duckdb.connect(str(published), read_only=True) as connection:
        columns = connection.execute(
            "select schema_name, table_name, column_name from duckdb_columns()"
            " where data_type = 'VARCHAR' and not internal"
            # Staff may bear a customer's name, and are no secret.
            " and column_name <> 'employee_name'"
        ).fetchall()
        for schema, table, column in columns:
            texts = connection.execute(f'select distinct "{column}" from {schema}.{table}')
            found |= known & {text for (text,) in texts.fetchall()}
    assert found == set()
    # What lies in freed blocks is in no table. Only long texts: short ones occur by chance.
    content = published.read_bytes()
    assert [text for text in known if len(text) > 14 and text.encode() in content] == []

    tables = {table for _, table, _ in columns}
    assert "dim_customer" in tables
    assert "dim_customer_identity" not in tables


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md", "docs/marts.md"])
def test_every_query_on_a_page_is_answered(bank, page):
    """Pages promise columns; a renamed one would be found by the first reader who tries."""
    asked = [each[0] for each in queries((ROOT / page).read_text(encoding="utf-8"))]
    assert asked, page
    with connect_current(bank.warehouse)[0] as opened:
        for query in asked:
            assert opened.execute(query).description, query


def test_every_sheet_of_the_catalogue_is_written(bank):
    assert any(each.row_count for each in Ledger(bank.home / "ledger.sqlite").exports()), "by night"
    catalogue = load_catalogue()
    asked = [code for code, each in catalogue.items() if each.rhythm != "on_demand"]
    written = json.loads(bank.crm("deliver", *asked, "--json"))
    always = {code for code in asked if not (catalogue[code].form or catalogue[code].file_for)}
    assert always <= {each["sheet"] for each in written} <= set(catalogue)
    assert {"R10", "R11"} <= {each["sheet"] for each in written if each["rows"]}
    for each in written:
        assert zipfile.is_zipfile(each["path"]), each
        assert (Path(each["path"]).stat().st_mode & 0o077 == 0) == (each["audience"] == "vault")
    branches = [each["path"].rpartition("-")[0] for each in written if each["sheet"] == "R30"]
    assert len(set(branches)) == len(branches) > 1, "a renamed branch has one sheet"
    people = "vault.identity.dim_customer_identity join crm.mart.mart_relationship__customer_card"
    with connect_current(bank.warehouse, "vault")[0] as opened:
        asked = opened.sql(f"select min(customer_id) from {people} using (customer_key)").fetchall()
    assert "R12" in bank.crm("deliver", "R12", "--customer", asked[0][0])


def test_nothing_new_is_nothing_to_do_and_a_published_night_says_so(bank):
    before = bank.checksum()
    assert "Nothing to do" in bank.crm("run")
    assert "published already" in bank.crm("run", "--business-date", "2025-12-31", code=6)
    assert bank.checksum() == before
    assert "YYYY-MM-DD" in bank.crm("run", "--business-date", "yesterday", code=2)


def test_a_missing_required_delivery_stops_the_night(bank):
    assert "did not come" in bank.crm("run", "--business-date", "2026-01-02", code=3)
    published = generations.current(bank.warehouse)
    assert published is not None
    last = Ledger(bank.home / "ledger.sqlite").runs()[-1]
    assert last.state == "failed"
    assert "did not come" in (last.message or "")


def test_the_next_night_killed_while_it_builds_leaves_readers_alone(bank):
    """F01, F10: a reader opened before sees its generation throughout."""
    bank.crm("demo", "--next")
    reading, opened = connect_current(bank.warehouse)
    with reading:
        query = "select count(*), sum(amount) from dimensional.fct_transaction"
        before = reading.execute(query).fetchall()
        bank.kill_in("build", 6.0)
        assert reading.execute(query).fetchall() == before
        assert opened.number == 1
    published = generations.current(bank.warehouse)
    assert published is not None
    assert published.number == 1
    assert generations.verify(generations.folder_of(bank.warehouse, 1)) == []


def test_the_night_after_the_kill_is_incremental_and_publishes(bank):
    bank.crm("run")
    published = generations.current(bank.warehouse)
    assert published is not None
    assert published.business_date.isoformat() == "2026-01-01"
    assert published.details["full_refresh"] == []
    assert published.details["base"] == 1
    states = [run.state for run in Ledger(bank.home / "ledger.sqlite").runs()]
    assert states.count("killed") == 2
    assert states[-1] == "published"
    assert not list((bank.warehouse / "build").iterdir()), "the dead run's build is gone"


def test_delivered_again_and_rebuilt_whole_the_tables_are_the_same(bank):
    """P2, P4, P6: twice delivered, killed and incremental, or whole from the lake: one checksum."""
    before = bank.checksum()
    day = next(path for path in (bank.home / "landing").iterdir() if path.name == "2026-01-01")
    shutil.copytree(day, bank.home / "landing" / "again")
    assert "Nothing to do" in bank.crm("run")
    told = json.loads(bank.crm("run", "--force", "--full-refresh", "--json"))
    (night,) = told["nights"]
    assert night["full_refresh"] == ["it was asked for"]
    assert {state for each in night["feeds"] for state in each["states"]} == {"duplicate"}
    assert bank.checksum() == before
    assert night["checksum"] == before


def test_rollback_goes_back_and_the_next_night_goes_on(bank):
    assert "Readers now get generation" in bank.crm("rollback")
    published = generations.current(bank.warehouse)
    assert published is not None
    assert published.number == 2
    (night,) = bank.sql("select max(month_date) as m from mart.mart_churn__customer_month")
    assert night["m"] == "2026-01-01"
    listed = json.loads(bank.crm("generations", "--verify", "--json"))
    assert [each["generation"] for each in listed] == [3, 2, 1]
    assert all(each["problems"] == [] for each in listed)


def test_runs_and_materializations_are_in_dagsters_own_storage(bank):
    import dagster as dg

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(bank.home / "dagster"))
        with dg.DagsterInstance.from_config(str(bank.home / "dagster")) as instance:
            runs = instance.get_runs()
            assert {run.job_name for run in runs} == {"nightly"}
            assert {run.status for run in runs} == {
                dg.DagsterRunStatus.SUCCESS,
                dg.DagsterRunStatus.FAILURE,
            }, "killed runs do not stay STARTED for ever"
            event = instance.get_latest_materialization_event(dg.AssetKey("fct_transaction"))
    assert event is not None
    assert event.asset_materialization is not None
    rows = event.asset_materialization.metadata["dagster/row_count"].value
    (counted,) = bank.sql("select count(*) as n from dimensional.fct_transaction")
    assert rows == counted["n"]


def test_the_home_is_healthy(bank):
    findings = {each["name"]: each for each in json.loads(bank.crm("doctor", "--json"))}
    for name in ("Python", "version", "folders", "disk", "lease", "ledger", "keys", "published"):
        assert findings[name]["state"] == "ok", findings[name]


def test_the_operators_pages_name_every_night_that_read_files(bank):
    pages = sorted((bank.home / "exports" / "data-docs").glob("20*.html"))
    assert pages
    assert "走访台账" in "".join(page.read_text(encoding="utf-8") for page in pages)
    told = json.loads(bank.crm("status", "--json"))
    assert [each for each in told["act"] if each["kind"] == "late"] == []
    assert {each["owner"] for each in told["feeds"]} > {"科技部", "财务部"}
