"""The warm dbt: variables of the night, files closed afterwards, failures told in words."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys

import duckdb
import pytest

from dagster_project import dbt_runner, manifest
from dagster_project.graph import Graph
from dagster_project.home import DBT_PROJECT

DATE = dt.date(2026, 1, 5)


@pytest.fixture(scope="module")
def graph(toy_project):
    return Graph(manifest.load(toy_project))


@pytest.fixture
def folder(tmp_path, toy_project):
    """A project of the test's own, to change."""
    return shutil.copytree(toy_project, tmp_path / "dbt")


@pytest.fixture
def dbt(tmp_path, toy_project):
    build = tmp_path / "build"
    build.mkdir()
    return dbt_runner.Dbt(build, tmp_path / "lake", tmp_path / "logs", toy_project)


def both(dbt, graph, **variables):
    """Both invocations of a night."""
    given = {"business_date": DATE, "touched_dates": [DATE]} | variables
    return [
        dbt.build(graph.selection(after_scores=late), given, full_refresh=not late)
        for late in (False, True)
    ]


def test_two_invocations_build_everything_once(dbt, graph):
    first, second = both(dbt, graph)
    assert not first.failures + second.failures
    built = {node.name: node.status for node in first.nodes if node.kind in ("model", "seed")}
    assert built == {"stg_shop__order": "success", "fct_order": "success", "order_rule": "success"}
    assert {node.name for node in second.nodes if node.kind == "model"} == {
        "stg_ml__customer_score",
        "mart_order__score",
    }
    tests = {node.name for node in first.nodes if node.kind == "test"}
    assert tests == {"not_null_fct_order_amount", "fct_order_amount_known"}
    assert {n.name for n in second.nodes if n.kind == "test"} == {"mart_order_known"}


def test_variables_and_folders_are_those_of_the_night(dbt, graph, tmp_path):
    both(dbt, graph)
    with duckdb.connect(str(dbt.build_folder / "crm.duckdb"), read_only=True) as reading:
        rows = reading.execute("select lake, business_date from dimensional.fct_order").fetchall()
        nodes = reading.execute("select nodes from mart.mart_order__score").fetchone()
    assert rows == [(str(tmp_path / "lake"), DATE)]
    assert nodes is not None
    assert nodes[0] > 0, "models see the graph although the project was parsed beforehand"
    assert "CRM_BUILD_DIR" not in os.environ


def test_the_files_are_free_when_dbt_returns(dbt, graph):
    """The audit, the scores and the publication open the files that dbt-duckdb would keep."""
    dbt.build(graph.selection(after_scores=False), {"business_date": DATE}, full_refresh=True)
    script = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('checkpoint')"
    for name in ("scratch", "crm", "vault"):
        path = dbt.build_folder / f"{name}.duckdb"
        done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True)
        assert done.returncode == 0, done.stderr


def test_a_failed_test_is_told_in_its_authors_words(dbt, graph):
    first, _ = both(dbt, graph, worst_amount=100)
    assert [(each.name, each.status, each.failures) for each in first.failures] == [
        ("fct_order_amount_known", "fail", 1)
    ]
    assert first.sentence().en == (
        "1 of dbt's models and tests failed"
        " (fct_order_amount_known: An order has an amount that nobody knows.)"
    )


def test_a_broken_model_is_told_in_one_line_and_skips_what_follows(dbt, graph):
    first, _ = both(dbt, graph, worst_amount="no_such_column")
    broken = {each.name: each.status for each in first.failures}
    assert broken["fct_order"] == "error"
    assert "no_such_column" in first.sentence().en
    assert "\n" not in first.sentence().en


def test_progress_counts_every_node_to_the_end(dbt, graph):
    seen = []
    dbt.build(
        graph.selection(after_scores=False),
        {"business_date": DATE},
        full_refresh=True,
        on_progress=seen.append,
    )
    assert seen[-1].done == seen[-1].total
    assert {each.name for each in seen} >= {"fct_order", "order_rule"}


def test_a_project_that_does_not_parse_is_one_sentence(folder):
    (folder / "models" / "broken.sql").write_text("select {{ ref('nothing') }", encoding="utf-8")
    with pytest.raises(dbt_runner.DbtError, match="the dbt project does not parse"):
        dbt_runner.parse(folder)


def test_the_manifest_is_stale_when_a_file_changed(folder):
    manifest.ensure(folder)
    assert manifest.is_fresh(folder)
    written = (folder / "target" / "manifest.json").stat().st_mtime_ns
    manifest.ensure(folder)
    assert (folder / "target" / "manifest.json").stat().st_mtime_ns == written
    seed = folder / "seeds" / "rules" / "order_rule.csv"
    seed.write_text("rule_id\n2\n", encoding="utf-8")
    assert not manifest.is_fresh(folder)
    manifest.ensure(folder)
    assert manifest.is_fresh(folder)


def test_a_manifest_is_never_read_half_written(folder):
    """One night parses the project while another draws its graph."""
    before = manifest.load(folder)
    with manifest.parsing(folder) as new:
        (new / "manifest.json").write_text('{"half', encoding="utf-8")
        assert manifest.load(folder) == before
        (new / "manifest.json").write_text("{}", encoding="utf-8")
    assert manifest.load(folder) == {}


def test_a_parse_that_fails_leaves_the_manifest(folder):
    path = manifest.ensure(folder)
    before = path.read_bytes()
    (folder / "models" / "broken.sql").write_text("select {{ ref('nothing') }", encoding="utf-8")
    with pytest.raises(dbt_runner.DbtError):
        manifest.ensure(folder)
    assert path.read_bytes() == before
    assert not manifest.is_fresh(folder)


def test_a_build_that_did_not_fit_into_memory_goes_on(folder, graph, tmp_path, monkeypatch):
    """With the house's own profile: each node has a cursor of its own, also after a spill."""
    shutil.copy(DBT_PROJECT / "profiles.yml", folder / "profiles.yml")
    fact = folder / "models" / "dimensional" / "fct_order.sql"
    # A sort that DuckDB cannot do in 40 MB without its folder for spilling.
    large = (
        "select max(each.place) from (select row_number() over (order by hash(range)) as place"
        " from range(3000000)) as each"
    )
    text = fact.read_text(encoding="utf-8")
    fact.write_text(text.replace("select", f"select ({large}) as largest,", 1), encoding="utf-8")
    monkeypatch.setenv("CRM_MEMORY_LIMIT", "40MB")
    build = tmp_path / "build"
    build.mkdir()
    dbt = dbt_runner.Dbt(build, tmp_path / "lake", tmp_path / "logs", folder)
    first, second = both(dbt, graph)
    assert not first.failures + second.failures
