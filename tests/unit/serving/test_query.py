"""Questions to a published generation: read-only, locked down, one clear sentence on error."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from serving import connection, query
from serving.errors import NothingPublishedError, QueryError

HOSTILE = [
    "create table mart.z (i int)",
    "insert into mart.mart_profit values (1, 1, 1)",
    "delete from mart.mart_profit",
    "drop table mart.mart_profit",
    "update mart.mart_profit set amount = 0",
    "copy mart.mart_profit to '/srv/stolen.csv'",
    "copy (select 1) to '/dev/stdout'",
    "export database '/srv/stolen'",
    "attach '/srv/other.duckdb'",
    "detach crm",
    "install httpfs",
    "load httpfs",
    "select * from read_csv('/etc/passwd')",
    "select * from read_text('/etc/hostname')",
    "select * from read_parquet('/srv/x.parquet')",
    "select * from glob('/etc/*')",
    "from '/etc/passwd'",
    "set memory_limit = '90GB'",
    "set enable_external_access = true",
    "set lock_configuration = false",
    "reset lock_configuration",
    "pragma enable_profiling",
    "call enable_logging(storage = 'file', storage_path = '/srv/log')",
    "select * from enable_logging(storage = 'file', storage_path = '/srv/log')",
    "checkpoint",
    "vacuum",
    "begin",
    "select * from vault.identity.customer",
    "select getenv('HOME')",
]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory, publisher_class):
    folder = tmp_path_factory.mktemp("warehouse")
    publisher_class(folder).publish(["1.10", "2.20", "3.30"])
    return folder


@pytest.fixture
def reading(warehouse):
    opened, _ = connection.connect_current(warehouse)
    with opened:
        yield opened


def test_a_query_answers_with_names_and_rows(reading):
    answer = query.run(reading, "select customer_key, amount from mart.mart_profit order by 1")
    assert answer.columns == ("customer_key", "amount")
    assert answer.rows[0] == (0, Decimal("1.10"))


def test_json_is_an_array_of_row_objects(reading):
    answer = query.run(
        reading,
        "select 1 as n, amount, date '2026-01-31' as d, null as nothing, '张' as t, true as b,"
        " 'nan'::double as f, [1.50::decimal(9,2)] as l, 922337203685477580 as k"
        " from mart.mart_profit order by amount limit 1",
    )
    text = query.to_json(answer.records())
    assert json.loads(text, parse_float=Decimal) == [
        {
            "n": 1,
            "amount": Decimal("1.10"),
            "d": "2026-01-31",
            "nothing": None,
            "t": "张",
            "b": True,
            "f": None,
            "l": [Decimal("1.50")],
            "k": 922337203685477580,
        }
    ]


def test_doubled_column_names_lose_no_value(reading):
    answer = query.run(reading, "select 1 as a, 2 as a")
    assert list(answer.records()) == [{"a": 1, "a_2": 2}]


@pytest.mark.parametrize(
    "sql",
    [
        "show tables",
        "describe mart.mart_profit",
        "summarize mart.mart_profit",
        "explain select 1",
        "use mart; select count(*) from mart_profit",
        "set variable x = 1; select getvariable('x')",
        "pivot mart.mart_profit on customer_key using sum(amount)",
        "with a as (select 1 as i) select * from a",
    ],
)
def test_ways_of_reading_are_let_through(reading, sql):
    query.run(reading, sql)


@pytest.mark.parametrize("sql", HOSTILE)
def test_hostile_statements_are_refused_in_one_sentence(reading, sql):
    with pytest.raises(QueryError) as caught:
        query.run(reading, sql)
    assert "\n" not in str(caught.value)
    assert query.run(reading, "select count(*) from mart.mart_profit").rows == [(3,)]


def test_a_misspelt_name_is_answered_with_the_nearest_one(reading):
    with pytest.raises(QueryError, match="Did you mean"):
        query.run(reading, "select * from mart.mart_profits")


def test_the_limit_says_when_rows_were_cut(reading):
    assert query.run(reading, "from mart.mart_profit", limit=2).is_cut
    assert not query.run(reading, "from mart.mart_profit", limit=3).is_cut


@pytest.mark.parametrize("sql", ["", "  ", "-- nothing"])
def test_an_empty_query_says_so(reading, sql):
    with pytest.raises(QueryError, match="empty"):
        query.run(reading, sql)


def test_the_vault_opens_only_for_its_audience(publisher):
    publisher.publish(["1.10"])
    opened, _ = connection.connect_current(publisher.warehouse, "vault")
    with opened:
        assert query.run(opened, "select n from vault.identity.customer").rows == [("张三",)]


def test_with_nothing_published_the_next_step_is_named(publisher):
    with pytest.raises(NothingPublishedError, match="crm run"):
        connection.connect_current(publisher.warehouse)
