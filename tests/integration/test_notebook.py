"""The data scientist's notebook runs from a published generation to a champion and back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest

from dagster_project.home import Home
from dagster_project.stages import models, registry
from ml.frames.features import CHURN_LABEL, DEFAULT_LABEL, VALUE_LABEL, known_date
from ml.registry import roles
from serving import generation as generations
from tests.unit.dagster_project.test_plan import publish
from tests.unit.ml.conftest import AS_OF, LABELS, make_frame

REPOSITORY = Path(__file__).resolve().parents[2]
NOTEBOOK = REPOSITORY / "docs/notebooks/from_generation_to_champion.py"
CHANGED = "2025-09-30"


def _write(database: Path, frame: pl.DataFrame) -> None:
    """The tables of a generation that the notebook reads, and no others."""
    keys = ["customer_key", "observation_date"]
    features = frame.drop(LABELS, *map(known_date, LABELS))
    label = frame.select(
        *keys,
        pl.lit(CHURN_LABEL).alias("label_code"),
        pl.col(CHURN_LABEL).alias("is_event"),
        pl.col(known_date(CHURN_LABEL)).alias("known_date"),
    )
    outcome = frame.select(
        *keys,
        VALUE_LABEL,
        pl.col(known_date(VALUE_LABEL)).alias("contribution_next_3m_known_date"),
    )
    database.unlink()
    with duckdb.connect(str(database)) as connection:
        for schema in ("feature", "dimensional", "rule"):
            connection.execute(f"create schema {schema}")
        for name, table in (
            ("ftr_customer", features),
            ("ftr_customer_label", label),
            ("ftr_customer_outcome", outcome),
        ):
            connection.register("given", table.to_arrow())
            connection.execute(f"create table feature.{name} as select * from given")
        connection.execute(
            "create table dimensional.fct_model_month (model_name varchar, role varchar,"
            " model_version varchar, is_held boolean, observation_date date)"
        )
        # Every customer's record changed on the very month end that judges.
        connection.execute(
            f"""
            create table dimensional.dim_customer as
            select distinct customer_key, part.district_fk, part.valid_from_date, part.valid_to_date
            from feature.ftr_customer
            cross join (
                values (1, date '1900-01-01', date '{CHANGED}'),
                    (2, date '{CHANGED}', date '9999-12-31')
            ) as part (district_fk, valid_from_date, valid_to_date)
            """
        )
        connection.execute(
            "create table dimensional.dim_district as select * from"
            " (values (1, '甲村'), (2, '乙村')) as t (district_pk, district_name)"
        )
        for rule, code in (("churn_label_rule", CHURN_LABEL), ("question_rule", DEFAULT_LABEL)):
            connection.execute(f"create table rule.{rule} as select '{code}' as label_code")
        always = "date '1900-01-01' as valid_from_date, date '9999-12-31' as valid_to_date"
        for rule, row in (
            ("visit_offer_rule", "'retention' as rule_code, 20 as incentive_amount, "
             "0.3 as acceptance_rate, 40 as visit_minutes, 'visit' as cost_pool_code"),
            ("cost_pool_rule", "'visit' as cost_pool_code, 0.8 as standard_minute_amount"),
            ("visit_effort", "'A' as level_code, 60 as visit_minutes"),
        ):  # fmt: skip
            connection.execute(f"create table rule.{rule} as select {row}, {always}")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A generation of 900 made customers, and a champion that learnt from all of them."""
    place = Home(tmp_path_factory.mktemp("notebook")).create()
    publish(place, AS_OF.isoformat())
    database = generations.folder_of(place.warehouse, 1) / "crm.duckdb"
    _write(database, make_frame(900))
    assert models.retrain(place, "churn").state == "trained"
    return place


def test_the_notebook_runs_from_generation_to_champion_and_back(home: Home) -> None:
    champion = roles.read(home.models, "churn", key_path=home.model_key).champion
    done = subprocess.run(
        [sys.executable, str(NOTEBOOK)],
        env={**os.environ, "CRM_HOME": str(home.root), "CRM_ENVIRONMENT": "test"},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    standing = roles.read(home.models, "churn", key_path=home.model_key)
    tried, first = (each["version"] for each in registry.listed(home, "churn"))
    assert first == champion == standing.champion
    assert standing.withdrawn == (tried,)
    promoted, rolled_back = standing.history[-2:]
    assert (promoted.act, promoted.version) == ("promoted", tried)
    assert (rolled_back.act, rolled_back.by) == ("rolled back", "数据科学 notebook")
    assert promoted.figures["measures"]["auc"], "the figures of the day stand beside the decision"
    folder = home.models / "churn" / tried
    assert "客户流失模型" in (folder / "book.html").read_text(encoding="utf-8")
    rows = [
        json.loads((home.models / "churn" / each / "report.json").read_bytes())["training"][
            "train_rows"
        ]
        for each in (tried, first)
    ]
    assert rows[0] < 0.6 * rows[1], "it learnt from half the rows"
