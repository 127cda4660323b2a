"""Training on a made bank with a known rule: signal found, leaks refused, the same every time."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from ml.errors import FrameRefused, LeakSuspected, NoModel, NotEnoughHistory
from ml.frames.features import CHURN_LABEL, FEATURES, VALUE_LABEL, known_date
from ml.models.value import VALUE_BASELINE_COLUMN
from ml.registry.store import versions
from ml.train import train

AS_OF = date(2025, 12, 31)
VISITS = "customer_transaction_90d_count_before_obs"
OPTIONAL = [f.name for f in FEATURES if f.is_optional]


@pytest.fixture
def fit(tmp_path):
    def run(name, frame, **more):
        return train(name, frame, tmp_path / "models", AS_OF, key_path=tmp_path / "key", **more)

    return run


def test_churn_beats_its_plain_rival_on_a_signal_that_no_sum_of_curves_can_see(bank):
    results = bank.trained["churn"].report["metrics"]
    assert not bank.trained["churn"].is_baseline_shipped
    assert results["model"]["auc"] > results["baseline"]["auc"] + 0.03
    assert results["model"]["log_loss"] < results["baseline"]["log_loss"]
    assert results["model"]["lift_at_10pct"] > 2.5
    # Of 900 customers in ten bins luck alone moves it by 0.03, and three folds are a little shy.
    assert results["model"]["ece"] < 0.07
    assert 0.7 < results["model"]["calibration_slope"] < 1.4


def test_value_beats_four_times_the_last_quarter(bank):
    results = bank.trained["value"].report["metrics"]
    assert not bank.trained["value"].is_baseline_shipped
    assert results["model"]["mae"] < 0.8 * results["baseline"]["mae"]
    assert results["model"]["spearman"] >= results["baseline"]["spearman"]


def test_the_report_tells_the_window_and_the_causes(bank):
    report = bank.trained["churn"].report
    assert report["training"]["train_dates"] == ["2025-05-31", "2025-06-30"]
    assert report["training"]["gap_dates"] == ["2025-08-31"]
    assert report["training"]["test_date"] == "2025-09-30"
    assert report["training"]["train_rows"] == 1800
    assert set(list(report["importance"])[:4]) == bank.planted
    assert sum(row["count"] for row in report["tables"]["lift"]) == 900


def test_the_mean_of_a_label_is_that_of_all_rows_not_of_the_thinned(fit, frame):
    """The review's fault: 11.68% was told where 3.03% opened, since others had been thinned out."""
    told = fit("churn", frame, max_train_rows=1_000).report["training"]
    taught = frame.filter(
        pl.col("observation_date").cast(pl.String).is_in(told["train_dates"]),
        pl.col(CHURN_LABEL).is_not_null(),
    )
    assert told["train_rows"] < told["train_rows_before_sampling"] == taught.height
    assert told["label_mean_train"] == pytest.approx(taught[CHURN_LABEL].mean())


def test_training_twice_gives_the_same_model_whatever_the_row_order(fit, frame, bank):
    """F73: a retraining on the same data may not move a single score."""
    turned = frame.sample(fraction=1.0, shuffle=True, seed=11).select(reversed(frame.columns))
    for name in ("churn", "value"):
        again = fit(name, turned)
        first = bank.trained[name].report
        assert again.report["metrics"] == first["metrics"]
        assert again.report["training"] == first["training"]
        assert again.report["importance"] == first["importance"]


@pytest.mark.parametrize("name", ["churn", "value"])
def test_a_feature_that_knows_the_label_is_refused(fit, frame, name):
    label = CHURN_LABEL if name == "churn" else VALUE_LABEL
    planted = VISITS if name == "churn" else VALUE_BASELINE_COLUMN
    leaking = frame.with_columns(pl.col(label).cast(pl.Float64).fill_null(0.0).alias(planted))
    with pytest.raises(LeakSuspected, match=f"{planted} seems to know the label"):
        fit(name, leaking)


def test_a_label_whose_months_have_not_passed_is_refused(fit, frame):
    early = frame.with_columns(
        pl.when(pl.col("observation_date") == AS_OF)
        .then(False)
        .otherwise(pl.col(CHURN_LABEL))
        .alias(CHURN_LABEL)
    )
    with pytest.raises(LeakSuspected, match="given for 2025-12-31, and was known on 2026-03-31"):
        fit("churn", early)


@pytest.mark.parametrize("day", [None, date(2025, 9, 30)])
def test_a_label_without_a_date_after_its_observation_is_refused(fit, frame, day):
    undated = frame.with_columns(pl.lit(day, dtype=pl.Date).alias(known_date(CHURN_LABEL)))
    with pytest.raises(FrameRefused, match="any_3m_known_date is null or no later than"):
        fit("churn", undated)


def test_rows_of_the_future_are_refused(fit, frame):
    later = frame.with_columns(
        pl.when(pl.col("observation_date") == AS_OF)
        .then(date(2026, 1, 31))
        .otherwise(pl.col("observation_date"))
        .alias("observation_date")
    )
    with pytest.raises(FrameRefused, match="holds 2026-01-31, which is after 2025-12-31"):
        fit("churn", later)


def _no_leaver(frame):
    known = pl.col(CHURN_LABEL).is_not_null()
    return frame.with_columns(pl.when(known).then(False).alias(CHURN_LABEL))


def _everyone_leaves(frame):
    known = pl.col(CHURN_LABEL).is_not_null()
    return frame.with_columns(pl.when(known).then(True).alias(CHURN_LABEL))


@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        ("churn", _no_leaver, "only 0 left within the months of the label, and 60 are needed"),
        ("churn", _everyone_leaves, "only 0 stayed within the months"),
        ("churn", lambda f: f.filter(pl.col("customer_key") % 30 == 0), "left within the months"),
        ("value", lambda f: f.filter(pl.col("customer_key") % 30 == 0), "labelled customers teach"),
        (
            "churn",
            lambda f: f.filter(pl.col("observation_date") > date(2025, 6, 1)),
            "labels are known from 2025-08-31 to 2025-09-30, but those of",
        ),
        (
            "value",
            lambda f: f.filter(pl.col("observation_date") > date(2025, 10, 1)),
            r"no observation date has a known label \(contribution_next_3m_amount\) yet",
        ),
    ],
)
def test_too_little_history_stores_nothing_and_says_why(
    fit, frame, tmp_path, name, change, sentence
):
    with pytest.raises(NotEnoughHistory, match=sentence):
        fit(name, change(frame))
    assert versions(tmp_path / "models", name) == []


def test_short_history_is_told_before_the_columns_that_are_still_empty(fit, frame):
    """A bank of three months must not be told that its columns are wrong."""
    young = frame.filter(pl.col("observation_date") > date(2025, 10, 1)).with_columns(
        pl.lit(None, dtype=pl.Float64).alias(VALUE_BASELINE_COLUMN)
    )
    with pytest.raises(NotEnoughHistory):
        fit("churn", young)


def test_noise_does_not_ship_a_model(fit, frame):
    """Labels by the toss of a coin: whatever the trees found is not there next quarter."""
    rng = np.random.default_rng(9)
    coin = pl.Series(CHURN_LABEL, rng.random(frame.height) < 0.1)
    known = pl.col(CHURN_LABEL).is_not_null()
    noise = frame.with_columns(pl.when(known).then(coin).alias(CHURN_LABEL))
    trained = fit("churn", noise)
    assert trained.is_baseline_shipped
    assert trained.report["ships"] == "baseline"


def test_a_bank_without_optional_records_trains_all_the_same(fit, frame):
    """And a column that is the same for everybody moves no score."""
    bare = frame.with_columns(
        *(pl.lit(None).alias(name) for name in OPTIONAL), pl.lit(7).alias(VISITS)
    )
    trained = fit("churn", bare)
    assert VISITS not in trained.report["importance"]
    assert set(trained.report["training"]["absent_features"]) == set(OPTIONAL)
    assert set(OPTIONAL) <= set(trained.report["training"]["unused_features"])


def test_an_unknown_model_is_named(fit, frame):
    with pytest.raises(
        NoModel, match="no model called weather; there are churn, value, survival, "
    ):
        fit("weather", frame)
