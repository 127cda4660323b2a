"""Rolling evaluation: nothing of the future teaches, everybody is judged on the same rows."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from ml.errors import FrameRefused, NotEnoughHistory
from ml.evaluate import evaluate
from ml.frames.features import CHURN_LABEL, DEFAULT_LABEL, known_date
from ml.frames.split import add_months, labelled_rows
from ml.judge.rolling import Costs, _Ranked, judge, roll


def test_weighted_auc_and_precision_are_those_of_scikit_learn_ties_included():
    rng = np.random.default_rng(3)
    seen = (rng.random(400) < 0.2).astype(float)
    score = np.round(rng.random(400) + 0.3 * seen, 1)
    weight = rng.poisson(1.0, 400).astype(float)
    auc, precision = _Ranked.of(seen, score).measure(weight)
    assert auc == pytest.approx(roc_auc_score(seen, score, sample_weight=weight))
    assert precision == pytest.approx(average_precision_score(seen, score, sample_weight=weight))


def test_no_label_teaches_before_it_was_known(frame):
    labelled = labelled_rows(frame, CHURN_LABEL)
    met = []

    def contend(train, test):
        met.append((train, test))
        return {"model": np.full(test.height, 0.1)}

    _, told = roll(labelled, CHURN_LABEL, "churn", contend, origins=9)
    assert [each["test_date"] for each in told] == ["2025-09-30", "2025-08-31"]
    for train, test in met:
        day = test.get_column("observation_date").unique().item()
        assert train.get_column(known_date(CHURN_LABEL)).max() <= day
        assert add_months(train.get_column("observation_date").max(), 3) <= day


def _truth(frame):
    """What the made bank's own rule says, as a score from elsewhere."""
    return frame.select("customer_key", "observation_date", truth=pl.lit(0.1))


def test_the_report_has_intervals_slices_and_the_profit_of_the_list(frame):
    cut = frame.with_columns(size=pl.when(pl.col("customer_key") % 2 == 0).then(1).otherwise(2))
    found = evaluate(cut, origins=1, slices=["size"], beside=_truth(frame))
    report = found.report
    assert report["contenders"] == ["model", "baseline", "boosting", "truth"]
    assert found.rows.height == report["rows"] == 900
    auc = report["overall"]["model"]["auc"]
    assert auc["low"] < auc["value"] < auc["high"]
    assert report["overall"]["truth"]["auc"]["value"] == 0.5
    assert next(d for d in report["differences"] if d["rival"] == "truth")["auc"]["low"] > 0.2
    assert {row["value"] for row in report["by_slice"]["size"]} == {1, 2}
    assert sum(row["rows"] for row in report["by_month"]) == 4 * 900
    assert 0 < report["list"]["acted_count"] < 900
    assert report["list"]["profit_amount"] > 0


def test_only_rows_that_everybody_scored_are_judged(frame):
    # As a text file brings them.
    some = (
        _truth(frame)
        .filter(pl.col("customer_key") % 3 == 0)
        .with_columns(pl.col("observation_date").cast(pl.String))
    )
    found = evaluate(frame, origins=1, beside=some)
    assert (found.rows.get_column("customer_key") % 3 == 0).all()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t.drop("customer_key"), "lacks customer_key"),
        (lambda t: t.drop("truth"), "has no score beside its keys"),
        (lambda t: t.with_columns(pl.lit("31.9.2025").alias("observation_date")), "written as"),
        (lambda t: t.with_columns(pl.lit("K1").alias("customer_key")), "is no whole number"),
        (lambda t: t.with_columns(truth=1.5), "truth in the table of further scores is no prob"),
        (lambda t: t.with_columns(truth=pl.lit(None)), "is no probability"),
        (lambda t: pl.concat([t, t]), "has a customer twice on one date"),
    ],
)
def test_scores_from_elsewhere_must_be_probabilities_of_one_customer_and_date(
    frame, change, sentence
):
    with pytest.raises(FrameRefused, match=sentence):
        evaluate(frame, beside=change(_truth(frame)))


def test_one_class_cannot_be_judged():
    rows = pl.DataFrame(
        {
            "customer_key": [1, 2],
            "observation_date": [date(2025, 9, 30)] * 2,
            "seen": [0.0, 0.0],
            "model": [0.1, 0.2],
        }
    )
    with pytest.raises(NotEnoughHistory, match="2 judged rows are of one class"):
        judge(rows, ["model"], [], Costs())


def test_a_young_bank_is_told_that_nothing_can_be_judged(frame):
    young = frame.filter(pl.col("observation_date") > date(2025, 6, 1))
    with pytest.raises(NotEnoughHistory, match="labels are known from 2025-08-31"):
        evaluate(young)


def test_a_refusal_names_the_model_of_the_label(frame):
    young = frame.filter(pl.col("observation_date") > date(2025, 6, 1)).with_columns(
        pl.col(CHURN_LABEL).alias(DEFAULT_LABEL),
        pl.col(known_date(CHURN_LABEL)).alias(known_date(DEFAULT_LABEL)),
    )
    with pytest.raises(NotEnoughHistory, match="No default model: labels are known from"):
        evaluate(young, label=DEFAULT_LABEL)
