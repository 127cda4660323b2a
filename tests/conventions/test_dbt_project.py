"""What the dbt project describes is what it builds, on this engine and the next."""

from __future__ import annotations

import copy

import pytest

from tests.conventions.conftest import Manifest, Project
from tests.conventions.manifest_rules import (
    column_problems,
    identities_published,
    indexed_constraints,
    inexact_money,
    models,
    untyped_seed_columns,
)
from tests.conventions.sql_rules import (
    join_problems,
    last_select_problems,
    order_problems,
    parse_problems,
)


def _compiled(manifest: Manifest) -> list[tuple[str, str]]:
    return [(str(node["compiled_code"]), str(node["path"])) for node in models(manifest)]


@pytest.mark.parametrize(
    ("name", "dialect"), [("first", "duckdb"), ("next", "duckdb"), ("spark", "spark")]
)
def test_every_model_parses_in_the_dialect_of_the_engine(
    project: Project, name: str, dialect: str
) -> None:
    compiled = _compiled(getattr(project, name))
    assert compiled
    problems = [each for sql, path in compiled for each in parse_problems(sql, path, dialect)]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("name", ["first", "next"])
def test_no_answer_depends_on_the_order_rows_happen_to_come_in(project: Project, name: str) -> None:
    compiled = _compiled(getattr(project, name))
    problems = [each for sql, path in compiled for each in order_problems(sql, path)]
    assert not problems, "\n".join(problems)


def test_no_outer_join_hangs_on_its_left_side_alone(project: Project) -> None:
    compiled = _compiled(project.first)
    problems = [each for sql, path in compiled for each in join_problems(sql, path)]
    assert not problems, "\n".join(problems)


def test_the_last_select_names_its_columns(project: Project) -> None:
    compiled = _compiled(project.first)
    problems = [each for sql, path in compiled for each in last_select_problems(sql, path)]
    assert not problems, "\n".join(problems)


def test_every_column_is_described_and_every_described_column_is_built(project: Project) -> None:
    problems = column_problems(models(project.first), project.built)
    assert not problems, "\n".join(problems)


def test_a_column_on_one_side_only_is_found(project: Project) -> None:
    nodes = copy.deepcopy(models(project.first))[:1]
    name = next(iter(nodes[0]["columns"]))
    nodes[0]["columns"]["never_built"] = nodes[0]["columns"].pop(name)
    found = column_problems(nodes, project.built)
    assert len(found) == 2
    assert any("never_built: stands in the yml" in problem for problem in found)


def test_money_and_rates_are_exact(project: Project) -> None:
    assert any("balance_amount" in columns for columns in project.built.values())
    assert not inexact_money(project.built), "\n".join(inexact_money(project.built))


def test_money_that_is_not_exact_is_found() -> None:
    place = ("crm", "mart", "mart_x__y")
    assert inexact_money({place: {"fee_amount": "double"}})
    assert inexact_money({place: {"interest_rate": "decimal(18,4)"}})
    assert inexact_money({place: {"fee_amount": "decimal(38,2)"}})
    assert not inexact_money({place: {"fee_amount": "decimal(18,2)", "fee_rate": "double"}})
    assert not inexact_money({("scratch", "intermediate", "i"): {"fee_amount": "decimal(38,2)"}})


def test_identities_stay_in_the_vault(project: Project) -> None:
    assert any(place[0] == "vault" for place in project.built)
    assert not identities_published(project.built), "\n".join(identities_published(project.built))


def test_an_identity_in_the_analysts_file_is_found() -> None:
    columns = {"customer_key": "bigint", "mobile_number": "varchar"}
    assert identities_published({("crm", "dimensional", "dim_customer"): columns})
    assert not identities_published({("vault", "identity", "customer_identity"): columns})


def test_no_seed_column_has_a_guessed_type(project: Project) -> None:
    found = untyped_seed_columns(project.first, project.built)
    assert not found, "\n".join(found)


def test_a_seed_column_without_a_type_is_found(project: Project) -> None:
    manifest = copy.deepcopy(project.first)
    seed = next(n for n in manifest["nodes"].values() if n["resource_type"] == "seed")
    name = next(iter(seed["config"]["column_types"]))
    del seed["config"]["column_types"][name]
    assert untyped_seed_columns(manifest, project.built) == [
        f"{seed['name']}.{name}: has no type in column_types"
    ]


def test_keys_are_proved_by_tests_not_by_indexes(project: Project) -> None:
    found = list(indexed_constraints(models(project.first)))
    assert not found, "\n".join(found)


def test_a_key_constraint_is_found() -> None:
    node = {
        "name": "dim_x",
        "constraints": [{"type": "unique"}],
        "columns": {"x_pk": {"constraints": [{"type": "primary_key"}]}},
    }
    assert len(list(indexed_constraints([node]))) == 2
