"""The graph: keys are table names, groups are layers, every line leads from a feed to a mart."""

from __future__ import annotations

import dagster as dg
import pytest

from dagster_project import manifest
from dagster_project.graph import Graph


@pytest.fixture(scope="module")
def toy(toy_project):
    return Graph(manifest.load(toy_project))


@pytest.fixture(scope="module")
def real():
    return Graph(manifest.load())


def test_keys_groups_and_upstream_of_the_toy(toy):
    specs = {spec.key.to_user_string(): spec for spec in toy.specs(after_scores=False)}
    assert set(specs) == {"stg_shop__order", "fct_order", "order_rule"}
    groups = {name: spec.group_name for name, spec in specs.items()}
    assert groups == {
        "stg_shop__order": "staging",
        "fct_order": "facts",
        "order_rule": "rules",
    }
    upstream = {dep.asset_key for dep in specs["stg_shop__order"].deps}
    assert upstream == {dg.AssetKey("shop__order")}, "a source's asset is the feed"


def test_what_reads_scores_is_the_second_invocation(toy):
    names = {spec.key.to_user_string() for spec in toy.specs(after_scores=True)}
    assert names == {"stg_ml__customer_score", "mart_order__score"}
    assert toy.selection(after_scores=True) == [
        "--select",
        "tag:after_scores+",
        "source:raw.ml__customer_score+",
    ]


def test_tests_are_blocking_checks_on_the_table_they_are_about(toy):
    first = {check.name: check for check in toy.check_specs(after_scores=False)}
    assert set(first) == {"not_null_fct_order_amount", "fct_order_amount_known"}
    assert all(check.blocking for check in first.values())
    assert first["fct_order_amount_known"].asset_key == dg.AssetKey("fct_order")
    assert (
        first["fct_order_amount_known"].description == "An order has an amount that nobody knows."
    )
    (second,) = toy.check_specs(after_scores=True)
    assert second.asset_key == dg.AssetKey("mart_order__score")


def test_expected_tables_are_those_of_the_published_files(toy):
    assert toy.expected_tables(frozenset({"crm", "vault"})) == {
        "crm.dimensional.fct_order",
        "crm.rule.order_rule",
        "crm.mart.mart_order__score",
    }


def test_every_source_of_the_project_is_a_feed(real):
    from ingestion.contracts.load import load_feeds

    assert real.source_keys() <= set(load_feeds())


def test_every_asset_of_the_project_has_a_group_and_a_grain(real):
    specs = [spec for late in (False, True) for spec in real.specs(after_scores=late)]
    assert all(spec.group_name for spec in specs)
    lost = [s.key.to_user_string() for s in specs if "One row per" not in (s.description or "")]
    assert lost == []


def test_both_invocations_together_are_the_whole_project(real):
    first = {spec.key for spec in real.specs(after_scores=False)}
    second = {spec.key for spec in real.specs(after_scores=True)}
    assert not first & second
    assert len(first | second) == len(real.nodes)
