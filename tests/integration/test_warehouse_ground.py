"""What every model stands on: raw views over the lake, whole partitions, three files.

A project of three models with the house's own macros, built by dbt in a process of its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

DBT = Path(__file__).resolve().parents[2] / "dbt"

_PROJECT = """
name: bank_crm
version: "1.0.0"
profile: bank_crm
flags: {send_anonymous_usage_stats: false, require_generic_test_arguments_property: true}
vars:
  business_date: "2025-12-31"
  first_valid_date: "1900-01-01"
  open_valid_date: "9999-12-31"
on-run-start: "{{ create_raw_views() }}"
models:
  bank_crm:
    stg_shop__sale: {+schema: staging}
    fct_sale: {+database: crm, +schema: dimensional, +contract: {enforced: true}}
    dim_shop_identity: {+database: vault, +schema: identity, +materialized: table}
    +persist_docs: {relation: true, columns: true}
data_tests:
  bank_crm: {+store_failures: true, +schema: test_failure, +severity: warn}
"""
_PROPERTIES = """
version: 2
sources:
  - name: raw
    schema: raw
    tables:
      - name: shop__sale
        columns:
          - {name: sold_date, data_type: DATE}
          - {name: amount, data_type: "DECIMAL(18,2)"}
          - {name: clerk_id, data_type: VARCHAR}
          - {name: business_date, data_type: DATE}
      - name: shop__return
        columns:
          - {name: returned_date, data_type: DATE}
          - {name: business_date, data_type: DATE}
models:
  - name: fct_sale
    description: One row per day. 每日销售
    columns:
      - {name: sold_date, data_type: date, description: The day. 日期}
      - {name: amount, data_type: "decimal(18,2)", description: Yuan. 金额}
      - {name: return_count, data_type: bigint, description: Returns. 退货}
    data_tests:
      - expect_condition: {name: sale_is_small, arguments: {condition: amount < 9}}
      - expect_unique_key: {name: sale_key, arguments: {columns: [sold_date]}}
"""
# What each portable macro must answer, with the cases that engines and careless code get wrong.
_PORTABLE: dict[str, tuple[str, Any]] = {
    "half_up": ("div_units('5', '2')", 3),
    "half_down_of_a_debt": ("div_units('-5', '2')", -3),
    "third_in_cents": ("from_units(div_units('-10', '3', 2), 2)", Decimal("-3.33")),
    "beyond_bigint": ("div_units_wide('90000000000000000', '7', 2)", 1285714285714285714),
    "whole_part": ("idiv('7', '2')", 3),
    "fen": ("cents('cast(-12.34 as decimal(18, 2))')", -1234),
    "rate_in_units": ("wide_units('cast(0.0345 as decimal(12, 8))', 8)", 3450000),
    "next_day": ("add_days(date_literal('2024-02-28'), 1)", date(2024, 2, 29)),
    "end_of_shorter_month": ("add_months_to(date_literal('2024-01-31'), 1)", date(2024, 2, 29)),
    "days": ("days_between(date_literal('2023-12-31'), date_literal('2025-01-01'))", 367),
    "first_of_month": ("month_first(date_literal('2024-02-29'))", date(2024, 2, 1)),
    "last_of_month": ("month_last(date_literal('2024-02-01'))", date(2024, 2, 29)),
    "months": ("months_apart(date_literal('2023-11-30'), date_literal('2024-02-01'))", 3),
    "sunday_before_the_epoch": ("iso_day_of_week(date_literal('1949-10-02'))", 7),
    "saturday": ("iso_day_of_week(date_literal('1949-10-01'))", 6),
    "key_of_nulls": ("surrogate_key(['null', 'null'])", int("b99834bc19bbad2", 16)),
    "all_hits": ("re_replace_all(\"'a1b2'\", '[0-9]', '')", "ab"),
}

_MODELS = {
    "int_portable": "select "
    + ", ".join(f"{{{{ {call} }}}} as {name}" for name, (call, _) in _PORTABLE.items()),
    "int_spines": """
{% set leap = date_spine(date_literal('2024-02-28'), date_literal('2024-03-01')) %}
select
    (select count(*) from {{ leap }} as day) as days_count,
    (select count(*) from (select {{ each_word("' a、b，c; d'") }} as word) as t) as words_count
""",
    "stg_shop__sale": "select sold_date, amount, clerk_id from {{ source('raw', 'shop__sale') }}",
    "fct_sale": """
{{ partitioned('day', 'sold_date') }}
select
    cast(sale.sold_date as date) as sold_date,
    cast(sum(sale.amount) as decimal(18, 2)) as amount,
    cast((select count(*) from {{ source('raw', 'shop__return') }}) as bigint) as return_count
from {{ ref('stg_shop__sale') }} as sale
where {{ touched('sale.sold_date', 'day') }}
group by sale.sold_date
""",
    "dim_shop_identity": """
select distinct coalesce(clerk_id, 'nobody') as clerk_id from {{ ref('stg_shop__sale') }}
""",
}
# Nights one after the other in one process, each in a build folder of its own that begins with the
# last one's files. dbt-duckdb keeps its files open until told to close them.
_NIGHTS = """
import json, os, shutil, sys
from pathlib import Path
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
folder = Path(sys.argv[1])
project = str(folder / "dbt")
options = ["--project-dir", project, "--profiles-dir", project, "--quiet"]
before = None
for name, lake, variables in json.loads(sys.argv[2]):
    build = folder / name
    build.mkdir()
    for file in ("crm.duckdb", "vault.duckdb"):
        if before is not None:
            shutil.copy(before / file, build)
    os.environ["CRM_BUILD_DIR"], os.environ["CRM_LAKE_DIR"] = str(build), str(folder / lake)
    result = dbtRunner().invoke(["build", *options, "--vars", json.dumps(variables)])
    DuckDBConnectionManager.close_all_connections()
    print(name, "built" if result.success else "failed")
    before = build
"""


class Ground:
    """A folder with a project, its lakes and what each night left behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        project = folder / "dbt"
        (project / "models").mkdir(parents=True)
        shutil.copytree(DBT / "macros", project / "macros")
        shutil.copytree(DBT / "tests" / "generic", project / "tests" / "generic")
        shutil.copy(DBT / "profiles.yml", project)
        (project / "dbt_project.yml").write_text(_PROJECT, encoding="utf-8")
        (project / "models" / "_models.yml").write_text(_PROPERTIES, encoding="utf-8")
        for name, sql in _MODELS.items():
            (project / "models" / f"{name}.sql").write_text(sql, encoding="utf-8")

    def deliver(self, lake: str, business_date: str, columns: str, *rows: str) -> None:
        """Write one file of the feed shop__sale."""
        folder = self.folder / lake / "shop__sale" / f"business_date={business_date}"
        folder.mkdir(parents=True)
        sold = duckdb.sql(f"from (values {', '.join(rows)}) as t({columns})")
        sold.write_parquet(str(folder / "0.parquet"))

    def nights(self, *nights: tuple[str, str, dict[str, Any]]) -> str:
        """Run nights (name, lake, variables); what dbt said, and how each ended."""
        done = subprocess.run(
            [sys.executable, "-c", _NIGHTS, str(self.folder), json.dumps(nights)],
            env={"PATH": "", "HOME": str(self.folder)},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def query(self, night: str, file: str, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.folder / night / f"{file}.duckdb"), read_only=True) as reading:
            return reading.execute(sql).fetchall()

    def sales(self, night: str) -> dict[int, Decimal]:
        """Amount by day of January, as the night left it."""
        return dict(
            self.query(night, "crm", "select day(sold_date), amount from dimensional.fct_sale")
        )


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """After four nights: one takes everything, one replaces two days, one none, one is refused."""
    ground = Ground(tmp_path_factory.mktemp("ground"))
    ground.deliver(
        "lake",
        "2025-01-03",
        "sold_date, amount, batch_id",
        *(f"(date '2025-01-0{day}', 1.00::decimal(18,2), 'a')" for day in (1, 2, 3)),
    )
    # Delivered anew, with a column more, day 2 corrected, day 3 taken away, and a day 5 in a file
    # without that column.
    ground.deliver(
        "corrected",
        "2025-01-04",
        "sold_date, amount, clerk_id",
        "(date '2025-01-01', 9.00::decimal(18,2), 'K1')",
        "(date '2025-01-02', 9.00::decimal(18,2), 'K1')",
    )
    ground.deliver(
        "corrected",
        "2025-01-05",
        "sold_date, amount",
        "(date '2025-01-05', 5.00::decimal(18,2))",
    )
    said = ground.nights(
        ("first", "lake", {}),
        ("second", "corrected", {"touched_dates": ["2025-01-02", "2025-01-03"]}),
        ("third", "corrected", {"touched_dates": []}),
        ("refused", "corrected", {"touched_dates": ["2025-01-02') or (1 = 1"]}),
    )
    assert "first built\n" in said
    assert "second built\n" in said
    assert "third built\n" in said
    assert "refused failed\n" in said
    assert "Not a touched day" in said
    return ground


def test_the_first_night_takes_everything(ground: Ground) -> None:
    assert ground.sales("first") == {1: 1, 2: 1, 3: 1}


def test_touched_days_are_replaced_emptied_ones_go_and_others_stay(ground: Ground) -> None:
    # Day 1 was not touched, so it keeps what it said although the lake says otherwise; day 5 waits.
    assert ground.sales("second") == {1: 1, 2: 9}


def test_a_night_that_touches_nothing_changes_nothing(ground: Ground) -> None:
    assert ground.sales("third") == ground.sales("second")


def test_what_is_no_date_never_reaches_the_sql(ground: Ground) -> None:
    assert ground.sales("refused") == ground.sales("third")


def test_a_file_without_a_column_reads_as_null(ground: Ground) -> None:
    clerks = ground.query("third", "vault", "select clerk_id from identity.dim_shop_identity")
    assert sorted(clerks) == [("K1",), ("nobody",)]


def test_raw_views_have_the_types_of_the_feed_with_and_without_files(ground: Ground) -> None:
    types = ground.query(
        "third",
        "scratch",
        "select column_name, data_type from duckdb_columns() where schema_name = 'raw'"
        " order by table_name, column_index",
    )
    assert types == [
        ("returned_date", "DATE"),
        ("business_date", "DATE"),
        ("sold_date", "DATE"),
        ("amount", "DECIMAL(18,2)"),
        ("clerk_id", "VARCHAR"),
        ("business_date", "DATE"),
    ]


def test_descriptions_lie_in_the_published_file_and_views_only_in_scratch(ground: Ground) -> None:
    comments = ground.query("third", "crm", "select comment from duckdb_tables()")
    assert comments == [("One row per day. 每日销售",)]
    for file in ("crm", "vault"):
        views = ground.query("third", file, "from duckdb_views() where not internal")
        assert not views


def test_failing_rows_are_kept_in_scratch_and_passing_tests_leave_nothing(ground: Ground) -> None:
    kept = "select table_name from duckdb_tables() where schema_name = 'test_failure'"
    assert ground.query("first", "scratch", kept) == []
    assert ground.query("second", "scratch", kept) == [("sale_is_small",)]
    rows = ground.query("second", "scratch", "select amount from test_failure.sale_is_small")
    assert rows == [(Decimal("9.00"),)]


@pytest.mark.parametrize("name", _PORTABLE)
def test_a_portable_macro_answers_alike_on_every_engine(ground: Ground, name: str) -> None:
    assert ground.query("first", "scratch", f"select {name} from main.int_portable") == [
        (_PORTABLE[name][1],)
    ]


def test_spines_hold_both_ends_and_lists_fall_into_words(ground: Ground) -> None:
    assert ground.query("first", "scratch", "from main.int_spines") == [(3, 4)]
