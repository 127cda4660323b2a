"""Rolling evaluation: nothing of the future teaches, everybody is judged on the same rows."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from ml.errors import NotEnoughHistory, TableRefused
from ml.evaluate import evaluate
from ml.frames.features import CHURN_LABEL, DEFAULT_LABEL, known_date
from ml.frames.split import add_months, labelled_rows
from ml.judge import metrics
from ml.judge.costs import expected_maximum_profit, profit_of_groups
from ml.judge.draws import Ranked
from ml.judge.rolling import APART, Costs, judge, lists, roll

COSTS = Costs(clv=200.0, incentive=10.0, contact=1.0, acceptance=0.3)


def _campaign(events, rows):
    found = profit_of_groups(events, rows, **COSTS.of_campaign)
    return {"emp_per_customer": found.profit, "emp_share": found.share}


def test_weighted_measures_are_those_of_rows_repeated_as_often():
    rng = np.random.default_rng(3)
    seen = (rng.random(4_000) < 0.2).astype(float)
    score = np.round(np.clip(0.15 * rng.random(4_000) + 0.2 * seen * rng.random(4_000), 0, 1), 3)
    weight = rng.poisson(1.0, 4_000).astype(float)
    keys = np.arange(4_000)
    found = Ranked.of(seen, score, keys).measure(weight, _campaign)
    auc, precision = found["auc"], found["average_precision"]
    assert auc == pytest.approx(roc_auc_score(seen, score, sample_weight=weight))
    assert precision == pytest.approx(average_precision_score(seen, score, sample_weight=weight))
    times = weight.astype(int)
    again = [np.repeat(each, times) for each in (seen, score, keys)]
    plain = metrics.event_metrics(*again)
    best = expected_maximum_profit(*again[:2], **COSTS.of_campaign)
    plain |= {"emp_per_customer": best.profit, "emp_share": best.share}
    for measure, value in found.items():
        assert value == pytest.approx(plain[measure], rel=0.02), measure


@pytest.fixture(scope="module")
def judged():
    """Two contenders on three months of 1,500 customers, of whom one knows more."""
    rng = np.random.default_rng(5)
    risk = np.repeat(rng.beta(1, 12, 1_500), 3)
    rows = pl.DataFrame(
        {
            "customer_key": np.repeat(np.arange(1_500), 3),
            "observation_date": [date(2025, month, 28) for month in (7, 8, 9)] * 1_500,
            "size": np.repeat(rng.choice(["small", "large"], 1_500), 3),
            "seen": (rng.random(4_500) < risk).astype(float),
            "model": risk,
            "rival": np.clip(risk * rng.lognormal(0, 1, 4_500), 0, 0.99),
        }
    )
    return rows, judge(rows, ["model", "rival"], ["size"], COSTS)


def test_every_measure_has_an_interval_and_so_have_months_and_slices(judged):
    _, report = judged
    told = [
        *report["overall"].values(),
        *report["by_month"],
        *report["by_slice"]["size"],
    ]
    assert len(told) == 2 + 6 + 4
    for each in told:
        for measure in APART:
            assert each[measure]["low"] < each[measure]["value"] < each[measure]["high"], measure
    for each in report["overall"].values():
        # How many rows there are and how many had the event is counted, and no score tells it.
        for measure in each.keys() - {"row_count", "event_rate"}:
            assert each[measure]["low"] < each[measure]["value"] < each[measure]["high"], measure
        assert {"log_loss", "mean_probability", "emp_share"} <= each.keys()
    by_month = {row["value"]: row for row in report["by_month"] if row["contender"] == "model"}
    whole = report["overall"]["model"]["auc"]
    assert by_month["2025-07-28"]["auc"]["low"] < whole["low"], "a month alone tells less"


def test_a_difference_is_that_of_the_figures_above_it(judged):
    _, report = judged
    (apart,) = report["differences"]
    for measure in APART:
        ours, theirs = (report["overall"][name][measure]["value"] for name in ("model", "rival"))
        assert apart[measure]["value"] == ours - theirs
        assert apart[measure]["low"] < apart[measure]["value"] < apart[measure]["high"]
    assert apart["auc"]["low"] > 0


def test_the_list_by_costs_earns_no_more_than_the_one_chosen_afterwards(judged):
    rows, report = judged
    by_costs, afterwards = (report["list"][name] for name in ("at_threshold", "in_hindsight"))
    assert by_costs["threshold_score"] == pytest.approx(11 / (0.3 * 190 + 10))
    assert by_costs["acted_count"] == (rows["model"] >= by_costs["threshold_score"]).sum()
    acted = rows.filter(pl.col("model") >= by_costs["threshold_score"])
    earned = (acted["seen"] * (0.3 * 190 - 1) - (1 - acted["seen"]) * 11).sum()
    assert by_costs["profit_amount"] == pytest.approx(earned)
    assert 0 < by_costs["profit_amount"] < afterwards["profit_amount"]


def test_where_nobody_is_worth_a_visit_the_list_is_empty():
    dear = Costs(clv=200.0, incentive=10.0, contact=100.0, acceptance=0.3)
    rng = np.random.default_rng(1)
    seen = (rng.random(50) < 0.5).astype(float)
    told = lists(seen, rng.random(50), np.arange(50), dear)["at_threshold"]
    assert told["threshold_score"] is None
    assert (told["acted_count"], told["profit_amount"]) == (0, 0.0)


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
    found = evaluate(cut, costs=COSTS, origins=1, slices=["size"], beside=_truth(frame))
    report = found.report
    assert report["contenders"] == ["model", "baseline", "boosting", "truth"]
    assert found.rows.height == report["rows"] == 900
    auc = report["overall"]["model"]["auc"]
    assert auc["low"] < auc["value"] < auc["high"]
    assert report["overall"]["truth"]["auc"]["value"] == 0.5
    assert next(d for d in report["differences"] if d["rival"] == "truth")["auc"]["low"] > 0.2
    assert {row["value"] for row in report["by_slice"]["size"]} == {1, 2}
    assert sum(row["rows"] for row in report["by_month"]) == 4 * 900
    assert 0 < report["list"]["in_hindsight"]["acted_count"] < 900
    assert report["list"]["in_hindsight"]["profit_amount"] > 0


def test_on_thinned_rows_every_contender_keeps_the_level_of_all_rows(frame):
    """A third of those who stayed are left out: nobody may foretell half as much again."""
    found = evaluate(frame, costs=COSTS, origins=1, max_train_rows=700).report["overall"]
    taught = labelled_rows(frame, CHURN_LABEL).filter(pl.col("observation_date") < date(2025, 7, 1))
    rate = taught.get_column(CHURN_LABEL).mean()
    for name in ("model", "baseline", "boosting"):
        assert found[name]["mean_probability"]["value"] == pytest.approx(rate, rel=0.2), name


def test_only_rows_that_everybody_scored_are_judged(frame):
    # As a text file brings them.
    some = (
        _truth(frame)
        .filter(pl.col("customer_key") % 3 == 0)
        .with_columns(pl.col("observation_date").cast(pl.String))
    )
    found = evaluate(frame, costs=COSTS, origins=1, beside=some)
    assert (found.rows.get_column("customer_key") % 3 == 0).all()
    (told,) = found.report["origins"]
    assert told["without_score_rows"] == told["test_rows"] - found.rows.height > 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t.drop("customer_key"), "lacks customer_key"),
        (lambda t: t.drop("truth"), "has no score beside its keys"),
        (lambda t: t.with_columns(pl.lit("31.9.2025").alias("observation_date")), "written as"),
        (lambda t: t.with_columns(pl.lit("K1").alias("customer_key")), "must be a whole number"),
        (lambda t: t.with_columns(truth=1.5), "truth in the table of further scores is no prob"),
        (lambda t: t.with_columns(truth=pl.lit(None)), "is no probability"),
        (lambda t: pl.concat([t, t]), "has a customer twice on one date"),
        (lambda t: t.rename({"truth": "seen"}), "seen in the table of further scores is a name"),
        (lambda t: t.rename({"truth": "model"}), "give the column another"),
        (lambda t: t.with_columns(pl.col("customer_key") + 10**9), "none of the"),
    ],
)
def test_scores_from_elsewhere_must_be_probabilities_of_one_customer_and_date(
    frame, change, sentence
):
    with pytest.raises(TableRefused, match=sentence):
        evaluate(frame, costs=COSTS, beside=change(_truth(frame)))


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
        judge(rows, ["model"], [], COSTS)


def test_a_young_bank_is_told_that_nothing_can_be_judged(frame):
    young = frame.filter(pl.col("observation_date") > date(2025, 6, 1))
    with pytest.raises(NotEnoughHistory, match="labels are known from 2025-08-31"):
        evaluate(young, costs=COSTS)


def test_a_bank_without_any_known_label_is_told_so_and_not_of_rows(frame):
    unknown = frame.with_columns(
        pl.lit(None, pl.Int64).alias(CHURN_LABEL),
        pl.lit(None, pl.Date).alias(known_date(CHURN_LABEL)),
    )
    with pytest.raises(NotEnoughHistory, match="no observation date has a known label"):
        evaluate(unknown, costs=COSTS)


def test_a_refusal_names_the_model_of_the_label(frame):
    young = frame.filter(pl.col("observation_date") > date(2025, 6, 1)).with_columns(
        pl.col(CHURN_LABEL).alias(DEFAULT_LABEL),
        pl.col(known_date(CHURN_LABEL)).alias(known_date(DEFAULT_LABEL)),
    )
    with pytest.raises(NotEnoughHistory, match="No default model: labels are known from"):
        evaluate(young, costs=COSTS, label=DEFAULT_LABEL)
