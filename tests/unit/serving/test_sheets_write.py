"""The due sheets of a published generation, divided by reader and written whole."""

import datetime as dt
import hashlib
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from serving.errors import SheetError
from serving.sheets.definition import Definition
from serving.sheets.write import Night, Written, write_due

FRIDAY = dt.date(2026, 1, 9)
BASE: dict[str, Any] = {
    "code": "R91",
    "title": {"zh": "名单", "en": "List"},
    "grain": "One row per customer.",
    "rhythm": "daily",
    "reader": {"zh": "客户经理", "en": "Managers"},
    "query": "select * from crm.mart.visit order by customer_name",
    "columns": [{"name": "customer_name", "zh": "客户", "en": "Customer"}],
}


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    opened = duckdb.connect()
    opened.execute("attach ':memory:' as crm")
    opened.execute("create schema crm.dimensional; create schema crm.mart")
    opened.execute(
        "create table crm.dimensional.dim_date as select day::date as date_pk, isodow(day) < 6"
        " as is_working_day from range(date '2025-10-01', date '2026-04-01', interval 1 day) t(day)"
    )
    opened.execute(
        "create table crm.mart.visit as from (values ('张三', 'E1', '王芳'),"
        " ('李四', 'E2', '陈/伟'), ('赵六', 'E1', '王芳'))"
        " t(customer_name, manager_id, manager_name)"
    )
    return opened


def no_form(*_: object) -> tuple[str, bytes]:
    raise AssertionError("no form was asked for")


def written(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    changes: Mapping[str, Any],
    form: Any = no_form,
    **night: Any,
) -> list[Written]:
    definition = Definition.model_validate(BASE | dict(changes))
    given = Night(generation=7, after=FRIDAY - dt.timedelta(days=1), until=FRIDAY, **night)
    return list(write_due(connection, {definition.code: definition}, given, folder, form))


def test_a_file_for_each_manager(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    files = written(connection, tmp_path / "out", {"file_for": ["manager_id", "manager_name"]})
    assert {each.path.name: each.rows for each in files} == {
        "R91_名单_E1-王芳_20260109.xlsx": 2,
        "R91_名单_E2-陈-伟_20260109.xlsx": 1,
    }
    heads = {openpyxl.load_workbook(each.path).worksheets[0]["A2"].value for each in files}
    date = "业务日期 Business date 2026-01-09"
    assert heads == {f"E1 王芳　{date}", f"E2 陈/伟　{date}"}
    assert files[0].sha256 == hashlib.sha256(files[0].path.read_bytes()).hexdigest()


def test_names_are_for_their_owner_alone(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    purpose = {"audience": "vault", "purpose": {"zh": "上门回访", "en": "Visits"}}
    (closed,) = written(connection, tmp_path, purpose)
    assert stat.S_IMODE(closed.path.stat().st_mode) == 0o600
    assert (closed.audience, closed.purpose) == ("vault", "Visits")
    (opened,) = written(connection, tmp_path, {"code": "R92"})
    assert stat.S_IMODE(opened.path.stat().st_mode) & 0o007 == 0


def test_a_sheet_that_is_not_due_is_written_where_it_is_asked_for(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    assert written(connection, tmp_path, {"rhythm": "monthly"}) == []
    (asked,) = written(connection, tmp_path, {"rhythm": "monthly"}, is_asked_for=True)
    assert asked.path.name == "R91_名单_20260131.xlsx"
    assert asked.period.from_date == dt.date(2026, 1, 1)


def test_a_query_that_fails_is_told(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    with pytest.raises(SheetError, match=r"the query of sheet R91 failed: .*x"):
        written(connection, tmp_path, {"query": "select x from crm.mart.visit"})


def test_the_query_is_given_its_period(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    query = "select strftime($from_date::date, '%d') || strftime($until_date::date, '%d') as days"
    columns = [{"name": "days", "zh": "日", "en": "Days"}]
    changes = {"rhythm": "weekly", "query": query, "columns": columns}
    (week,) = written(connection, tmp_path, changes, is_asked_for=True)
    assert openpyxl.load_workbook(week.path).worksheets[0]["A5"].value == "0511"


def test_a_column_that_the_query_lacks_is_named(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with pytest.raises(SheetError, match="sheet R91 has no column branch_name"):
        written(connection, tmp_path, {"file_for": ["branch_name"]})
    assert list(tmp_path.iterdir()) == []


def test_a_form_is_filled_in_for_the_next_working_day(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    asked: list[object] = []

    def form(feed: str, rows: Sequence[Mapping[str, Any]], part: str, day: dt.date) -> Any:
        asked.append((feed, [dict(row) for row in rows], part, day))
        return "回访.xlsx", b"book"

    changes = {
        "form": "fieldwork__callback",
        "columns": [],
        "file_for": ["manager_id"],
        "query": "select customer_name, manager_id from crm.mart.visit where manager_id = 'E2'",
    }
    (made,) = written(connection, tmp_path, changes, form)
    assert asked == [
        ("fieldwork__callback", [{"customer_name": "李四"}], "E2", dt.date(2026, 1, 12))
    ]
    assert made.path.read_bytes() == b"book"
    nobody = changes | {"query": "select * from crm.mart.visit where manager_id = 'E9'"}
    assert written(connection, tmp_path, nobody | {"file_for": []}, form) == []


def test_a_folder_that_cannot_be_written_is_told(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (tmp_path / "out").write_text("a file where the folder should be")
    with pytest.raises(SheetError, match="cannot be written"):
        written(connection, tmp_path / "out", {})
