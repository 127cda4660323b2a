"""Models are written in SQL that more than one engine understands, and say their grain first."""

from __future__ import annotations

import pytest

from tests.conventions.file_rules import REPOSITORY
from tests.conventions.sql_rules import (
    first_line_problem,
    join_problems,
    last_select_problems,
    order_problems,
    own_text,
    parse_problems,
    unportable_constructs,
)

MODELS = sorted((REPOSITORY / "dbt" / "models").rglob("*.sql"))
TESTS = sorted((REPOSITORY / "dbt" / "tests").rglob("*.sql"))


def test_models_and_tests_hold_nothing_that_only_one_engine_has() -> None:
    assert MODELS, "no model found: the test would guard nothing"
    problems = [
        problem
        for path in MODELS + TESTS
        for problem in unportable_constructs(
            path.read_text(encoding="utf-8"), str(path.relative_to(REPOSITORY))
        )
    ]
    assert not problems, "\n".join(problems)


def test_every_model_begins_with_its_grain() -> None:
    problems = [
        problem
        for path in MODELS
        for problem in first_line_problem(
            path.read_text(encoding="utf-8"), str(path.relative_to(REPOSITORY))
        )
    ]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(
    "sql",
    [
        "select a from t qualify row_number() over (order by a) = 1",
        "select distinct on (a) a, b from t",
        "select a from t asof join s on t.d >= s.d",
        "select * exclude (a) from t",
        "select * replace (1 as a) from t",
        "select 7 // 2 as a",
        "select a::date as a from t",
        "select [1, 2] as a",
        "select {'a': 1} as a",
        'select "a" from t',
        "select `a` from t",
        "select strftime(d, '%Y') as a from t",
        "select regexp_replace(a, 'x', 'y') as a from t",
        "select date_diff('day', a, b) as a from t",
        "select hash(a) as a from t",
        "select random() as a",
        "select current_date as a",
        "select now() as a",
        "select a, count(*) as n from t group by all",
        "pivot t on a using sum(b)",
        "select unnest(generate_series(1, 3)) as a",
        "select d + interval 1 day as d from t",
        "select median(a) as a from t",
        "select {{ 'a' if target.type == 'duckdb' else 'b' }} as a",
    ],
)
def test_a_construct_of_one_engine_is_found(sql: str) -> None:
    assert unportable_constructs(sql, "dbt/models/marts/m.sql")


@pytest.mark.parametrize(
    "sql",
    [
        "-- now() and [lists] in a comment\nselect a from {{ ref('t') }}",
        "select {{ surrogate_key(['a', 'b']) }} as t_pk, 'a // b :: \"c\"' as note_text from t",
        "{# target.type in a Jinja comment #}\nselect a from t where b like '%pivot%'",
        "{% if is_incremental() %}\nselect snow from t\n{% endif %}",
    ],
)
def test_what_any_engine_has_is_allowed(sql: str) -> None:
    assert not unportable_constructs(sql, "dbt/models/marts/m.sql")


def test_line_numbers_survive_the_removal_of_jinja() -> None:
    sql = "{{ config(\n    a=1\n) }}\nselect\n    a::date as a\nfrom t"
    assert unportable_constructs(sql, "m.sql") == ["m.sql:5: cast by ::"]
    assert own_text(sql).count("\n") == sql.count("\n")


def test_a_model_without_its_grain_is_found() -> None:
    assert first_line_problem("select 1 as a", "m.sql")
    assert first_line_problem("\n-- One row per account.\nselect 1 as a", "m.sql")
    assert not first_line_problem("-- One row per account.\nselect 1 as a", "m.sql")


def test_sql_that_the_second_engine_cannot_parse_is_found() -> None:
    assert parse_problems("select * from t asof join s using (d) where", "m.sql", "spark")
    assert parse_problems("select 1 as a; select 2 as b", "m.sql", "spark")
    assert not parse_problems("select a div 2 as b from t", "m.sql", "spark")


@pytest.mark.parametrize(
    "sql",
    [
        "select row_number() over (partition by customer_key) as n from t",
        "select row_number() over (partition by customer_key order by amount) as n from t",
        "select lag(amount) over (order by amount desc) as n from t",
        "select first_value(amount) over (partition by customer_key order by amount) as n from t",
        "select a from t limit 1",
    ],
)
def test_an_order_that_may_change_is_found(sql: str) -> None:
    assert order_problems(sql, "m.sql")


@pytest.mark.parametrize(
    "sql",
    [
        "select row_number() over (order by amount desc nulls last, customer_key) as n from t",
        "select sum(amount) over (partition by customer_key) as n from t",
        "select rank() over (order by amount desc) as n from t",
        "select a from t order by a limit 1",
    ],
)
def test_an_order_without_ties_is_allowed(sql: str) -> None:
    assert not order_problems(sql, "m.sql")


def test_an_outer_join_on_its_left_side_alone_is_found() -> None:
    joined = "select a.x from a left join b on a.k = b.k and {}"
    assert join_problems(joined.format("a.kind = 'z'"), "m.sql")
    assert not join_problems(joined.format("b.kind = 'z'"), "m.sql")
    assert not join_problems(joined.format("a.day >= b.day"), "m.sql")
    assert not join_problems("select a.x from a join b on a.k = b.k and a.kind = 'z'", "m.sql")


def test_a_star_in_the_last_select_is_found() -> None:
    assert last_select_problems("with a as (select 1 as x) select * from a", "m.sql")
    assert last_select_problems("select x from a union all select b.* from b", "m.sql")
    assert not last_select_problems("with a as (select * from b) select x from a", "m.sql")
