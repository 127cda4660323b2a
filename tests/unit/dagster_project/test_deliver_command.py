"""`crm deliver` asked for what there is, and for what there is not."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from click.testing import Result
from typer.testing import CliRunner

from dagster_project.cli.main import app
from dagster_project.stages import sheets
from ingestion.ledger import Ledger
from serving import connection
from serving.generation import Generation
from serving.sheets.definition import Definition

PUBLISHED = dt.date(2026, 1, 9)
Deliver = Callable[..., Result]


def definition(code: str, rhythm: str, query: str = "select 1 as n") -> Definition:
    return Definition.model_validate(
        {
            "code": code,
            "title": {"zh": "名单", "en": "List"},
            "grain": "One row per customer.",
            "rhythm": rhythm,
            "reader": {"zh": "客户经理", "en": "Managers"},
            "query": query,
            "columns": [{"name": "n", "zh": "数", "en": "Number", "kind": "integer"}],
        }
    )


@pytest.fixture
def deliver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deliver:
    """The command on a home of three sheets whose published date is a Friday."""
    catalogue = {
        "R91": definition("R91", "daily"),
        "R92": definition("R92", "monthly"),
        "R93": definition("R93", "on_demand", "select 1 as n where $customer_id = 'C1'"),
    }

    def opened(*_: object) -> tuple[duckdb.DuckDBPyConnection, Generation]:
        database = duckdb.connect()
        database.execute("attach ':memory:' as crm; create schema crm.dimensional")
        database.execute(
            "create table crm.dimensional.dim_date as select day::date as date_pk,"
            " isodow(day) < 6 as is_working_day"
            " from range(date '2025-10-01', date '2026-04-01', interval 1 day) t(day)"
        )
        database.execute(
            "create table crm.dimensional.dim_organisation as select 1 as organisation_pk,"
            " '0100' as organisation_id, '娄烦县农村商业银行' as organisation_name,"
            " null as parent_organisation_id, true as is_current"
        )
        return database, Generation(7, 3, PUBLISHED, "2026-01-10T00:00:00Z")

    monkeypatch.setattr(sheets, "load_catalogue", lambda: catalogue)
    monkeypatch.setattr(connection, "connect_current", opened)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["deliver", "--home", str(tmp_path), *arguments])

    return invoke


def test_what_is_due_is_written_and_entered_into_the_ledger(
    deliver: Deliver, tmp_path: Path
) -> None:
    done = deliver("--json")
    assert done.exit_code == 0, done.output
    told, month = json.loads(done.stdout)
    assert (month["sheet"], month["until_date"]) == ("R92", "2025-12-31")
    assert (told["sheet"], told["rows"]) == ("R91", 1)
    assert Path(told["path"]).is_file()
    entered, _ = Ledger(tmp_path / "ledger.sqlite").exports()
    assert entered.sha256 == told["sha256"]
    assert (entered.generation, entered.until_date) == (7, PUBLISHED)
    assert tmp_path / "exports" / entered.file_name == Path(told["path"])


def test_a_sheet_asked_for_is_written_though_not_due(deliver: Deliver) -> None:
    (told,) = json.loads(deliver("r92", "--json").stdout)
    assert (told["from_date"], told["until_date"]) == ("2026-01-01", "2026-01-31")


def test_a_past_month_can_be_asked_for(deliver: Deliver) -> None:
    (told,) = json.loads(deliver("R92", "--business-date", "2025-12-15", "--json").stdout)
    assert told["until_date"] == "2025-12-31"


def test_a_sheet_of_one_customer_is_written_for_him_alone(deliver: Deliver) -> None:
    (told,) = json.loads(deliver("R93", "--customer", "C1", "--json").stdout)
    assert (told["sheet"], told["until_date"], told["rows"]) == ("R93", "2026-01-09", 1)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["R99"], "there is no sheet 'R99'; crm deliver --list"),
        (["--business-date", "2026-01-12"], "2026-01-12 is not published yet, 2026-01-09 is"),
        (["--business-date", "2026-01-08"], "sheets of a day (R91) are written for 2026-01-09"),
        (["--business-date", "soon"], "write it as YYYY-MM-DD"),
        (["R93"], "say which: crm deliver R93 --customer NUMBER"),
        (["R91", "--customer", "C1"], "--customer is for sheets about one customer"),
        (["R93", "--customer", "C9"], "there is no file of a customer 'C9'"),
        (["R93", "--customer", "C1", "--business-date", "2026-01-08"], "(R93) are written for"),
    ],
)
def test_what_cannot_be_written_is_told(deliver: Deliver, arguments: list[str], told: str) -> None:
    done = deliver(*arguments)
    assert done.exit_code == 2
    assert told in done.stderr.replace("\n", " ")


def test_the_catalogue_is_listed_without_a_home(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["deliver", "--list", "--json", "--home", str(tmp_path)])
    assert "R21" in {each["code"] for each in json.loads(done.stdout)}
