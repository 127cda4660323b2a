"""A month of a model: passes on customers like those of training, is held where scores moved."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import yaml

from ml.errors import ScoringHeld
from ml.judge.watch import Bounds
from ml.score import score
from ml.watch import MONTH_SCHEMA, watch
from tests.unit.ml.conftest import AS_OF, CHANGE
from tests.unit.ml.test_score import FEEDS

BOUNDS = Bounds(
    feature_index=0.25, score_index=0.25, slope_low=0.75, slope_high=1.35, rate_ratio=1.5
)


def test_customers_as_in_training_pass(bank):
    model = bank.loaded("churn")
    found = watch(model, bank.today, score(model, bank.today).scores, None, BOUNDS)
    assert found.objections == ()
    line = found.month.row(0, named=True)
    assert (line["is_passed"], line["is_held"], line["scored_count"]) == (True, False, 900)
    assert line["observation_date"] == AS_OF
    assert 0 < line["score_index"] < 0.1
    assert line["cohort_count"] is None
    found.check(model)


def test_scores_of_other_customers_are_held_and_the_column_that_moved_is_named(bank):
    model = bank.loaded("churn")
    fleeing = bank.today.with_columns(pl.col(CHANGE) - 0.6)
    found = watch(model, fleeing, score(model, fleeing).scores, None, BOUNDS)
    assert set(found.objections) == {"feature_drift", "score_drift"}
    line = found.month.row(0, named=True)
    assert (line["moved_feature_name"], line["is_held"]) == (CHANGE, True)
    with pytest.raises(ScoringHeld, match=f"{CHANGE} moved most"):
        found.check(model)


def test_scores_that_did_not_come_true_are_told_and_not_held(bank):
    model = bank.loaded("churn")
    scores = score(model, bank.today).scores
    rng = np.random.default_rng(4)
    past = scores.select("customer_key", "observation_date", "score").with_columns(
        is_event=pl.Series(rng.random(900) < np.minimum(3 * scores["score"].to_numpy(), 1))
    )
    found = watch(model, bank.today, scores, past, BOUNDS)
    assert "rate" in found.objections
    assert not found.is_held
    line = found.month.row(0, named=True)
    assert line["cohort_count"] == 900
    assert line["seen_rate"] > 2 * line["foretold_rate"]
    assert line["cohort_to_date"] == AS_OF


def test_too_few_customers_tell_nothing(bank):
    model = bank.loaded("churn")
    few = bank.today.head(50)
    found = watch(model, few, score(model, few).scores, None, replace(BOUNDS, score_index=0.0))
    assert found.objections == ()
    assert found.month.row(0, named=True)["score_index"] is None


def test_the_line_has_the_columns_of_its_feed():
    feed = yaml.safe_load((FEEDS / "ml__model_month.yml").read_text(encoding="utf-8"))
    assert [column["name"] for column in feed["columns"]] == list(MONTH_SCHEMA)
