"""Survival as a nightly model: a planted hazard is found, chances fall, too few losses are told."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
import yaml

from ml.errors import LeakSuspected, NotEnoughHistory
from ml.frames.features import CHURN_LABEL, FEATURES, SURVIVAL_LABEL, known_date
from ml.frames.split import labelled_rows
from ml.judge.leak import LEAK_AUC
from ml.models.pipelines import inputs
from ml.models.scorer import kind_of
from ml.models.survival import MONTH
from ml.registry.folders import versions
from ml.registry.store import load_champion
from ml.score import CURVE_SCHEMA, _curves, score
from ml.train import _check_leak, check_history, filled_enough, train
from tests.unit.ml.conftest import AS_OF, CHANGE, entered, make_frame, scoring_rows
from tests.unit.ml.test_score import FEEDS, TYPES

HORIZON = 3


@pytest.fixture(scope="module")
def frame():
    """Each month a customer whose money goes may be lost."""
    made = make_frame(1400, seed=6)
    rng = np.random.default_rng(3)
    chance = 1 / (1 + np.exp(3.4 + 4 * made.get_column(CHANGE).to_numpy()))
    lost = rng.random((made.height, HORIZON)) < chance[:, None]
    month = np.where(lost.any(axis=1), lost.argmax(axis=1) + 1, HORIZON + 1)
    return made.with_columns(
        pl.when(pl.col(CHURN_LABEL).is_not_null())
        .then(pl.Series(month, dtype=pl.Int32))
        .alias(SURVIVAL_LABEL),
        pl.col(known_date(CHURN_LABEL)).alias(known_date(SURVIVAL_LABEL)),
    )


@pytest.fixture(scope="module")
def trained(frame, tmp_path_factory):
    home = tmp_path_factory.mktemp("survival")
    told = train("survival", frame, home / "models", AS_OF, key_path=home / "key")
    entered(home, "survival", told.version, frame)
    return told, home


@pytest.fixture(scope="module")
def result(frame, trained):
    _, home = trained
    model = load_champion(home / "models", "survival", key_path=home / "key").model
    return score(model, scoring_rows(frame.drop(SURVIVAL_LABEL, known_date(SURVIVAL_LABEL))))


def test_columns_are_those_of_the_feed(result):
    described = yaml.safe_load((FEEDS / "ml__customer_survival.yml").read_text("utf-8"))
    assert {each["name"]: TYPES[each["type"]] for each in described["columns"]} == CURVE_SCHEMA
    assert result.curves.schema == CURVE_SCHEMA


def test_the_planted_fact_tells_who_leaves_first(trained):
    report = trained[0].report
    assert report["metrics"]["model"]["concordance"] > 0.68
    assert next(iter(report["importance"])) == CHANGE
    told = report["metrics"]["model"]
    assert told["mean_expected_months"] == pytest.approx(told["mean_seen_months"], abs=0.06)
    book = (trained[1] / "models/survival" / trained[0].version / "book.html").read_text("utf-8")
    assert "十等分流失占比" in book
    assert "期内流失占比" in book


def test_the_curve_is_judged_month_by_month_and_not_by_order_alone(trained):
    report = trained[0].report
    told, curve = report["metrics"]["model"], report["book"]["curve"]
    assert [row["month_number"] for row in curve] == list(range(1, HORIZON + 1))
    assert curve[-1]["seen_share"] == pytest.approx(1 - told["lost_rate"])
    assert curve[-1]["foretold_share"] == pytest.approx(1 - told["expected_lost_rate"])
    for row in curve:
        assert row["foretold_share"] == pytest.approx(row["seen_share"], abs=0.02)
    lost = [1 - row["seen_share"] for row in curve]
    knows_nothing = sum(rate * (1 - rate) for rate in lost) / HORIZON
    assert 0 < told["integrated_brier"] < knows_nothing
    book = (trained[1] / "models/survival" / trained[0].version / "book.html").read_text("utf-8")
    assert "留存曲线" in book
    assert f"<td>{curve[0]['foretold_share']:.2%}</td>" in book


def test_the_report_tells_how_many_were_lost_and_that_who_goes_first_stands_first(trained):
    """A mean of months was told as 4 / 4, and all tenths as 3.00."""
    report = trained[0].report
    lift = report["tables"]["lift"]
    count = sum(row["count"] for row in lift)
    lost = sum(row["count"] * row["seen_rate"] for row in lift) / count
    assert report["training"]["label_mean_test"] == pytest.approx(lost)
    assert 0 < report["training"]["label_mean_train"] < 1
    assert lift[0]["seen_rate"] > 2 * lift[-1]["seen_rate"]


def test_the_chance_of_three_months_and_the_months_expected_agree(result):
    both = result.scores.join(result.curves, on="customer_key")
    assert both.get_column("month_number").unique().to_list() == [HORIZON]
    assert both.get_column("survival_rate").is_between(0, 1).all()
    assert both.get_column("score").is_between(1, HORIZON).all()
    # Whoever is here after three months has been here in each: the mean lies between the two.
    assert (both["score"] >= 1 + 2 * both["survival_rate"] - 1e-9).all()
    ranks = both.select(pl.corr("score", "survival_rate", method="spearman")).item()
    assert ranks > 0.99
    assert both.get_column("score_low").null_count() == both.height


def test_reasons_for_staying_add_up_to_the_first_month(result, frame, trained):
    _, home = trained
    model = load_champion(home / "models", "survival", key_path=home / "key").model
    scorer = model.scorer
    rows = scoring_rows(frame.drop(SURVIVAL_LABEL, known_date(SURVIVAL_LABEL)))
    facts = rows.drop("customer_key", "observation_date").head(50)
    for which in ("model", "baseline"):
        why = scorer.explain(facts, which)
        stays = kind_of("survival").curves(scorer.pipelines, scorer.constants, facts, which)[:, 0]
        assert why.contributions.sum(axis=0) + why.expected == pytest.approx(
            np.log(stays / (1 - stays)), abs=1e-6
        )
    assert result.reasons.height > 0


def test_a_feature_that_adds_nothing_gets_nothing_of_the_month():
    parts = np.array([[0.3, -0.1], [0.4, 0.6], [0.0, 0.0], [0.1, 0.3]])

    class Told:
        def attribution(self, _):
            return ["quiet", MONTH, "still", "busy"], parts, -2.0

    why = kind_of("survival").explain({"model": [Told()]}, {}, pl.DataFrame({"x": [1, 2]}), "model")
    assert why.features == ["quiet", "still", "busy"]
    assert why.expected == pytest.approx(2.0 - 0.5)
    assert why.contributions[1].tolist() == [0.0, 0.0]
    # A tenth less than the mean for the first customer, shared out as three to one.
    assert why.contributions[:, 0] == pytest.approx([-0.3 + 0.075, 0.0, -0.1 + 0.025])
    assert why.contributions.sum(axis=0) + why.expected == pytest.approx(2.0 - parts.sum(axis=0))


@pytest.mark.parametrize(
    ("horizon", "told"), [(3, [3]), (6, [3, 6]), (9, [3, 6, 9]), (12, [3, 6, 12]), (2, [2])]
)
def test_the_last_month_of_the_horizon_is_always_told(horizon, told):
    origin = pl.DataFrame({"customer_key": [1], "observation_date": [AS_OF], "model_name": ["s"]})
    model = SimpleNamespace(version="v1")
    curves = _curves(model, origin, np.linspace(0.9, 0.5, horizon)[None, :])
    assert curves["month_number"].to_list() == told
    assert curves["survival_rate"][-1] == pytest.approx(0.5 if horizon > 1 else 0.9)


def test_too_few_losses_are_told(frame, tmp_path):
    few = frame.with_columns(
        pl.when(pl.col("customer_key") % 50 == 0)
        .then(pl.col(SURVIVAL_LABEL))
        .otherwise(pl.when(pl.col(SURVIVAL_LABEL).is_not_null()).then(HORIZON + 1))
        .alias(SURVIVAL_LABEL)
    )
    sentence = r"of the \d+ customer-months that .* were lost for good within 3 months, and 60 are"
    with pytest.raises(NotEnoughHistory, match=sentence):
        train("survival", few, tmp_path / "models", AS_OF, key_path=tmp_path / "key")
    with pytest.raises(NotEnoughHistory, match="no observation date has a known label"):
        check_history("survival", few.with_columns(pl.lit(None).alias(SURVIVAL_LABEL)))
    assert versions(tmp_path / "models", "survival") == []


@pytest.mark.parametrize("told", ["whether he was lost", "the month in which he was"])
def test_a_feature_that_knows_who_is_lost_is_refused(frame, tmp_path, told):
    month = pl.col(SURVIVAL_LABEL).cast(pl.Float64)
    knows = (month <= HORIZON).cast(pl.Float64) if told.startswith("whether") else 100 * month
    with pytest.raises(LeakSuspected, match=CHANGE):
        train(
            "survival",
            frame.with_columns(knows.alias(CHANGE)),
            tmp_path / "models",
            AS_OF,
            key_path=tmp_path / "key",
        )


def test_a_feature_that_is_four_for_everybody_is_innocent(frame):
    rows = labelled_rows(frame, SURVIVAL_LABEL).with_columns(pl.lit(4.0).alias(CHANGE))
    assert _check_leak(kind_of("survival"), rows, rows, FEATURES).figure < LEAK_AUC


def test_of_many_rows_the_lost_are_kept_and_the_chances_stay_true(frame):
    """A tenth of the rows teaches nearly every loss, and the month's chance is not ten times."""
    kind = kind_of("survival")
    rows = labelled_rows(frame, SURVIVAL_LABEL)
    lost = kind.events(rows.get_column(SURVIVAL_LABEL).to_numpy())
    some = kind.sample(rows, 2 * int(lost.sum()))
    kept = kind.events(some.get_column(SURVIVAL_LABEL).to_numpy())
    assert some.height < rows.height / 1.5
    assert kept.sum() == lost.sum()
    pipelines, constants = kind.fit(some, filled_enough(some, FEATURES), rows)
    for which in ("model", "baseline"):
        stays = kind.curves(pipelines, constants, inputs(rows, FEATURES), which)[:, -1]
        assert 1 - stays.mean() == pytest.approx(lost.mean(), rel=0.1)
