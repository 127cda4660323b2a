"""Scores in the columns of their feeds, one per customer, with reasons that add up."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from ml.errors import FrameRefused, ScoringHeld
from ml.frames.features import FEATURES, known_date
from ml.frames.themes import theme_of
from ml.models.pipelines import inputs
from ml.models.value import VALUE_BASELINE_COLUMN
from ml.reasons import REASON_SCHEMA
from ml.score import SCORE_SCHEMA, as_whole_months, score
from tests.unit.ml.conftest import LABELS

FEEDS = Path(__file__).parents[3] / "ingestion" / "feeds"
TYPES = {"integer": pl.Int64, "date": pl.Date, "text": pl.String, "float": pl.Float64}


@pytest.mark.parametrize(
    ("feed", "schema"),
    [("ml__customer_score", SCORE_SCHEMA), ("ml__customer_score_reason", REASON_SCHEMA)],
)
def test_columns_and_types_are_those_of_the_feed(feed, schema):
    described = yaml.safe_load((FEEDS / f"{feed}.yml").read_text(encoding="utf-8"))
    assert {c["name"]: TYPES[c["type"]] for c in described["columns"]} == schema


@pytest.fixture(scope="module")
def models(bank):
    return {name: bank.loaded(name) for name in ("churn", "value")}


@pytest.fixture(scope="module")
def results(bank, models):
    return {name: score(model, bank.today) for name, model in models.items()}


@pytest.mark.parametrize("name", ["churn", "value"])
def test_every_customer_gets_one_score_one_rank_and_his_reasons(bank, results, name):
    result = results[name]
    assert result.scores.schema == SCORE_SCHEMA
    assert result.reasons.schema == REASON_SCHEMA
    assert result.scores.height == bank.today.height
    assert sorted(result.scores["scored_rank"]) == list(range(1, bank.today.height + 1))
    best = result.scores.sort("scored_rank")["score"]
    assert best.is_sorted(descending=True)
    told = result.reasons.sort("customer_key", "reason_rank")
    assert told.select(
        (pl.col("reason_rank") == 1 + pl.int_range(pl.len()).over("customer_key")).all()
    ).item()
    assert told["reason_rank"].max() == 4
    # What raises the score comes first and falls; at the end stands one that lowers it.
    assert told.select(
        (pl.col("contribution").diff() <= 0).over("customer_key").fill_null(True).all()
    ).item()
    lowering = told.filter(pl.col("contribution") < 0)
    assert not lowering.select("customer_key").is_duplicated().any()
    assert set(told["customer_key"]) == set(bank.today["customer_key"])
    result.check_complete(bank.today["customer_key"])


def test_churn_scores_are_probabilities_and_the_reasons_are_the_planted_ones(bank, results):
    result = results["churn"]
    assert result.scores["score"].is_between(0, 1).all()
    first = result.reasons.filter(pl.col("reason_rank") == 1)["feature_name"].value_counts()
    strongest = first.sort("count", descending=True)["feature_name"][0]
    assert strongest in bank.planted


@pytest.mark.parametrize("which", ["model", "baseline"])
def test_contributions_add_up_to_the_log_odds_that_are_shown(bank, models, which):
    scorer = models["churn"].scorer
    frame = inputs(bank.today, FEATURES)
    why = scorer.explain(frame, which)
    probability = scorer.predict(frame, which)
    log_odds = np.log(probability / (1 - probability))
    assert why.contributions.sum(axis=0) + why.expected == pytest.approx(log_odds, abs=1e-9)


@pytest.mark.parametrize("which", ["model", "baseline"])
def test_contributions_add_up_to_the_yuan_that_are_shown(bank, models, which):
    scorer = models["value"].scorer
    frame = inputs(bank.today, FEATURES)
    why = scorer.explain(frame, which)
    total = why.contributions.sum(axis=0) + why.expected
    assert total == pytest.approx(scorer.predict(frame, which), rel=1e-9, abs=1e-6)
    assert VALUE_BASELINE_COLUMN in why.features


@pytest.mark.parametrize("name", ["churn", "value"])
def test_told_reasons_all_others_and_the_base_add_up_to_the_score(bank, results, name):
    """What a manager is told must add up by SQL: three reasons alone never do."""
    result = results[name]
    told = result.reasons.group_by("customer_key").agg(pl.col("contribution").sum())
    rows = result.scores.join(told, on="customer_key", how="left").with_columns(
        pl.col("contribution").fill_null(0.0)
    )
    total = rows.select(
        pl.col("expected_contribution") + pl.col("other_contribution") + pl.col("contribution")
    ).to_series()
    score = rows["score"] if name == "value" else (rows["score"] / (1 - rows["score"])).log()
    assert total.to_numpy() == pytest.approx(score.to_numpy(), rel=1e-9, abs=1e-6)
    assert rows["other_contribution"].abs().max() > 0


def test_the_strongest_reason_that_raises_a_score_is_never_crowded_out(bank, models, results):
    """The review's fault: of 19,381 customers 8,318 had no reason, since holds were larger."""
    why = models["churn"].scorer.explain(inputs(bank.today.sort("customer_key"), FEATURES))
    first = results["churn"].reasons.filter(pl.col("reason_rank") == 1).sort("customer_key")
    assert first["contribution"].to_numpy() == pytest.approx(why.contributions.max(axis=0))


def test_beside_a_number_stands_the_median_of_his_population(bank, results):
    told = results["churn"].reasons
    kinds = {feature.name: feature.kind for feature in FEATURES}
    numbers = told.filter(
        pl.col("feature_name").replace_strict(kinds) == "number",
        pl.col("feature_name") != VALUE_BASELINE_COLUMN,
    )
    medians = bank.today.group_by("population_type_code").agg(
        pl.col(name).cast(pl.Float64).median() for name in numbers["feature_name"].unique()
    )
    population = dict(bank.today.select("customer_key", "population_type_code").iter_rows())
    usual = {row["population_type_code"]: row for row in medians.iter_rows(named=True)}
    for row in numbers.head(500).iter_rows(named=True):
        expected = usual[population[row["customer_key"]]][row["feature_name"]]
        assert row["usual_value"] == expected
    others = told.filter(pl.col("feature_name").replace_strict(kinds) != "number")
    assert others["usual_value"].null_count() == others.height


def test_row_and_column_order_change_no_score(bank, models, results):
    turned = bank.today.sample(fraction=1.0, shuffle=True, seed=3).select(
        reversed(bank.today.columns)
    )
    plain, again = results["churn"], score(models["churn"], turned)
    assert again.scores.equals(plain.scores)
    assert again.reasons.equals(plain.reasons)


def test_equal_scores_are_ranked_by_customer_key(bank, models):
    one = bank.today.sort("customer_key").head(1).drop("customer_key")
    same = pl.concat([one] * 5).with_columns(pl.Series("customer_key", [9, 4, 7, 1, 5]))
    ranks = score(models["churn"], same).scores
    assert ranks.sort("scored_rank")["customer_key"].to_list() == [1, 4, 5, 7, 9]


def test_fewer_or_foreign_scores_are_found(bank, models):
    """F74: a customer without a score is as wrong as a score without a customer."""
    result = score(models["churn"], bank.today.head(100))
    with pytest.raises(ScoringHeld, match="2 customers have no score and 1 scores have no"):
        result.check_complete(pl.Series([*bank.today["customer_key"][1:100], -5, -6]))


def test_several_dates_at_once_are_held(models, frame):
    both = frame.drop(LABELS, *map(known_date, LABELS))
    with pytest.raises(ScoringHeld, match="holds 6 observation dates; one is scored"):
        score(models["churn"], both)


def test_a_broken_frame_gets_no_scores(bank, models):
    with pytest.raises(FrameRefused, match="lacks"):
        score(models["churn"], bank.today.drop(VALUE_BASELINE_COLUMN))


def test_yuan_delivered_as_fen_are_held(bank, models):
    """F72: a column that is a hundred times its size is another unit, not another season."""
    scaled = bank.today.with_columns(pl.col(VALUE_BASELINE_COLUMN) * 100)
    with pytest.raises(ScoringHeld, match=f"{VALUE_BASELINE_COLUMN} is typically"):
        score(models["value"], scaled)


@pytest.mark.parametrize(
    ("day", "factor"),
    [(date(2025, 12, 31), 1.0), (date(2026, 1, 1), 92 / 62), (date(2026, 2, 28), 1.0)],
)
def test_a_running_month_is_raised_to_a_whole_one(day, factor):
    """On the first of a month a third of the quarter's contribution has not been earned yet."""
    frame = pl.DataFrame({VALUE_BASELINE_COLUMN: [100.0, -3.0, None]})
    raised = as_whole_months(frame, day)[VALUE_BASELINE_COLUMN].to_list()
    assert raised[:2] == pytest.approx([100.0 * factor, -3.0 * factor])
    assert raised[2] is None


@pytest.mark.parametrize("name", ["churn", "value"])
def test_each_score_has_the_band_that_training_learnt(bank, models, results, name):
    table = results[name].scores
    facts = bank.today.sort("customer_key")
    low, high = models[name].scorer.band.of(table["score"].to_numpy(), facts)
    assert table["score_low"].to_numpy() == pytest.approx(low)
    assert table["score_high"].to_numpy() == pytest.approx(high)
    assert (table["score_low"] <= table["score_high"]).all()
    told = bank.trained[name].report["band"]
    assert told["level"] == 0.9
    assert 0 < told["covered_share"] <= 1
    if name == "value":
        assert told["covered_share"] > 0.8


def test_beside_each_reason_stands_the_recorded_fact(bank, results):
    reasons = results["churn"].reasons
    for row in reasons.head(30).to_dicts():
        (fact,) = bank.today.filter(pl.col("customer_key") == row["customer_key"])[
            row["feature_name"]
        ]
        if isinstance(fact, str):
            assert (row["feature_value"], row["feature_value_code"]) == (None, fact)
        else:
            assert row["feature_value_code"] is None
            assert row["feature_value"] == (None if fact is None else float(fact))


def test_causes_in_total_are_told_of_churn_alone(bank, results):
    told = results["churn"].causes
    assert results["value"].causes.is_empty()
    expected = results["churn"].scores["score"].sum()
    for _, rows in told.group_by("theme_code"):
        assert rows["expected_count"].sum() == pytest.approx(expected)
    strongest = told.group_by("theme_code").agg(pl.col("accounted_count").sum())
    assert strongest.sort("accounted_count")["theme_code"][-1] in {
        theme_of(name).code for name in bank.planted
    }
