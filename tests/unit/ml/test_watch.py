"""A month of a model: passes on customers like those of training, is held where scores moved."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import yaml

from ml.errors import ScoringHeld
from ml.frames.features import FEATURES
from ml.judge.watch import Cohort, Drift, FeatureDrift, objections
from ml.score import score
from ml.watch import FEATURE_SCHEMA, MONTH_SCHEMA, WORDS, watch
from tests.unit.ml.conftest import AS_OF, BOUNDS, CHANGE
from tests.unit.ml.test_score import FEEDS


def _past(scores, chance):
    """Scores whose label has come true since, with these chances."""
    rng = np.random.default_rng(4)
    return scores.select("customer_key", "observation_date", "score").with_columns(
        is_event=pl.Series(rng.random(scores.height) < chance)
    )


def test_customers_as_in_training_whose_scores_came_true_pass(bank):
    model = bank.loaded("churn")
    scores = score(model, bank.today).scores
    past = _past(scores, scores["score"].to_numpy())
    found = watch(model, bank.today, scores, past, BOUNDS)
    assert (found.objections, found.unjudged, found.told) == ((), (), ("", ""))
    assert found.month.row(0, named=True)["is_passed"] is True
    told = found.features.rows(named=True)
    assert [row["feature_name"] for row in told] == sorted(each.name for each in FEATURES)
    assert {row["finding_code"] for row in told} == {"stable", "not_read"}
    assert {row["feature_name"] for row in told if row["finding_code"] == "stable"} == set(
        model.scorer.read
    )


@pytest.mark.parametrize(
    ("name", "rows", "code"),
    [("churn", 0, "no_cohort"), ("churn", 20, "few_events"), ("value", None, "no_event")],
)
def test_a_month_of_which_nothing_has_come_true_has_not_passed(bank, name, rows, code):
    model = bank.loaded(name)
    scores = score(model, bank.today).scores
    past = None if rows is None else _past(scores, 0.5).head(rows)
    found = watch(model, bank.today, scores, past, BOUNDS)
    assert (found.objections, found.unjudged) == ((), (code,))
    assert found.told == (f"；未能检验：{WORDS[code][0]}", f"; not judged: {WORDS[code][1]}")
    line = found.month.row(0, named=True)
    assert (line["is_passed"], line["unjudged"]) == (None, code)


def test_drift_alone_passes_nothing_and_holds_nothing(bank):
    model = bank.loaded("churn")
    past = pl.DataFrame(schema=["customer_key", "observation_date", "score", "is_event"])
    found = watch(model, bank.today, score(model, bank.today).scores, past, BOUNDS)
    assert found.objections == ()
    line = found.month.row(0, named=True)
    assert (line["is_passed"], line["is_held"], line["scored_count"]) == (None, False, 900)
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
    assert line["is_passed"] is False
    moved = found.features.filter(pl.col("feature_name") == CHANGE).row(0, named=True)
    assert moved["finding_code"] == "moved"
    assert line["moved_feature_index"] == max(moved["recorded_index"], moved["value_index"])
    with pytest.raises(ScoringHeld, match=f"{CHANGE} moved most"):
        found.check(model)


def test_scores_that_did_not_come_true_are_held_as_the_rule_says(bank):
    model = bank.loaded("churn")
    scores = score(model, bank.today).scores
    past = _past(scores, np.minimum(3 * scores["score"].to_numpy(), 1))
    found = watch(model, bank.today, scores, past, BOUNDS)
    assert "rate" in found.objections
    with pytest.raises(ScoringHeld, match=r"they foretold [\d.]+% where [\d.]+% came") as held:
        found.check(model)
    assert "已到期的预测发生率为" in held.value.sentence[0]
    told = watch(model, bank.today, scores, past, replace(BOUNDS, holding=("score_drift",)))
    assert "rate" in told.objections
    assert not told.is_held
    told.check(model)
    line = found.month.row(0, named=True)
    assert line["cohort_count"] == 900
    assert line["seen_rate"] > 2 * line["foretold_rate"]
    assert line["cohort_to_date"] == AS_OF


def test_too_few_customers_tell_nothing(bank):
    model = bank.loaded("churn")
    few = bank.today.head(50)
    found = watch(model, few, score(model, few).scores, None, replace(BOUNDS, score_index=0.0))
    assert (found.objections, found.unjudged) == ((), ("few_customers", "no_event"))
    line = found.month.row(0, named=True)
    assert (line["score_index"], line["moved_feature_count"], line["is_passed"]) == (None,) * 3
    assert set(found.features["finding_code"]) == {"not_judged", "not_read"}
    assert found.features["whole_index"].null_count() == found.features.height


def test_whatever_speaks_against_a_month_has_words():
    moved = FeatureDrift("moved", 0.6, 0.6, None, 0.0, 0.0, 0.0, 0.0)
    wrong = Cohort(900, 90, 0.5, 0.1, 9.0, 0.1, 0.6, 0.08, 0.12)
    found = objections(Drift({"a": moved}, 9.0, 900), wrong, BOUNDS)
    unjudged = {"few_customers", "no_cohort", "few_events", "no_event"}
    assert set(WORDS) == {*found, *unjudged}
    assert len(found) == 4


def test_the_lines_have_the_columns_of_their_feeds():
    for name, schema in (
        ("ml__model_month", MONTH_SCHEMA),
        ("ml__model_feature_month", FEATURE_SCHEMA),
    ):
        feed = yaml.safe_load((FEEDS / f"{name}.yml").read_text(encoding="utf-8"))
        assert [column["name"] for column in feed["columns"]] == list(schema)
