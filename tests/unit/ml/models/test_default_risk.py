"""Default risk: borrowers alone teach, and each loan is decided by its own costs."""

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from ml.errors import InputRefused
from ml.frames.columns import Columns
from ml.judge import metrics
from ml.judge.costs import best_depth, profit_curve
from ml.models.default_risk import decide, fit_default_risk
from ml.models.factories import blended_classifier, boosted_classifier, logistic_classifier
from ml.models.pipelines import single_thread

COLUMNS = Columns(("income", "debt"), ("trade",))


def _customers(rows: int = 5000, seed: int = 1) -> tuple[pl.DataFrame, np.ndarray]:
    """(customers of whom half borrow, true chance to default)."""
    rng = np.random.default_rng(seed)
    income, debt = rng.lognormal(0, 0.5, rows), rng.lognormal(0, 0.7, rows)
    trade = rng.choice(["farm", "shop"], rows)
    chance = 1 / (1 + np.exp(3.2 - 1.1 * np.log(debt / income) - 0.8 * (trade == "shop")))
    borrows = rng.random(rows) < 0.5
    frame = pl.DataFrame(
        {
            "income": income,
            "debt": debt,
            "trade": trade,
            "is_borrower": borrows,
            "has_defaulted": rng.random(rows) < chance,
            "exposure_amount": debt * 1e5,
            "earning_amount": debt * 5e3,
        }
    ).with_columns(has_defaulted=pl.when("is_borrower").then("has_defaulted"))
    return frame, chance


def _blend(columns: Columns):
    return blended_classifier(columns, folds=2)


def _fit(frame: pl.DataFrame):
    with single_thread():
        return fit_default_risk(frame, COLUMNS, least_defaults=30, factory=logistic_classifier)


def test_the_planted_chance_is_found_and_calibrated():
    model = _fit(_customers(12_000)[0])
    frame, truth = _customers(12_000, seed=2)
    chance, borrows = model.of(frame), frame["is_borrower"].to_numpy()
    assert np.isnan(chance[~borrows]).all()
    defaulted = frame["has_defaulted"].drop_nulls().to_numpy().astype(float)
    assert np.abs(chance[borrows] - truth[borrows]).mean() < 0.02
    assert roc_auc_score(defaulted, chance[borrows]) > (
        roc_auc_score(defaulted, truth[borrows]) - 0.01
    )
    assert metrics.calibration_slope(defaulted, chance[borrows]) == pytest.approx(1, abs=0.15)


def test_who_does_not_borrow_teaches_nothing():
    frame, _ = _customers()
    wild = frame.with_columns(
        income=pl.when("is_borrower").then("income").otherwise(pl.lit(1e6)),
        trade=pl.when("is_borrower").then("trade").otherwise(pl.lit("mine")),
    )
    borrowers = frame.filter("is_borrower")
    np.testing.assert_array_equal(_fit(frame).of(borrowers), _fit(wild).of(borrowers))


def test_the_threshold_is_where_loss_and_earning_are_level():
    loans = pl.DataFrame({"exposure_amount": [100_000.0] * 3, "earning_amount": [5_000.0] * 3})
    told = decide(loans, np.array([0.05, 0.1, 0.2]), loss_share=0.45)
    # Earning of 5,000 against earning and a loss of 45,000.
    assert told["threshold_probability"].to_list() == pytest.approx([0.1] * 3)
    assert told["is_flagged"].to_list() == [False, True, True]
    assert told["expected_gain_amount"].to_list() == pytest.approx([2500, 0, -5000])
    assert told["expected_loss_amount"].to_list() == pytest.approx([2250, 4500, 9000])


def test_the_threshold_from_costs_earns_where_a_half_would_lose():
    model = _fit(_customers(12_000)[0])
    frame = _customers(12_000, seed=3)[0].filter("is_borrower")
    chance, defaulted = model.of(frame), frame["has_defaulted"].to_numpy().astype(bool)
    kept = np.where(defaulted, -0.45 * frame["exposure_amount"], frame["earning_amount"])
    ours = kept[~decide(frame, chance, loss_share=0.45)["is_flagged"].to_numpy()].sum()
    # A threshold of a half lends to all and loses money.
    assert ours > 0 > kept[chance < 0.5].sum()
    # On the list by expected gain, the best depth found afterwards is hardly better.
    gain = decide(frame, chance, loss_share=0.45)["expected_gain_amount"].to_numpy()
    curve = profit_curve(
        defaulted,
        -gain / frame["exposure_amount"].to_numpy(),
        np.arange(len(gain)),
        event_profit=0.45 * frame["exposure_amount"].to_numpy(),
        other_profit=-frame["earning_amount"].to_numpy(),
    )
    best = kept.sum() + float(best_depth(curve)["profit_amount"] or 0)
    assert ours > 0.95 * best


@pytest.mark.parametrize("factory", [logistic_classifier, boosted_classifier, _blend])
def test_empty_and_constant_columns_teach_nothing_and_break_nothing(factory):
    """A feed that stops leaves a feature all null; one value is as good as none."""
    frame = (
        _customers(1200)[0]
        .with_columns(
            empty=pl.lit(None),
            no_text=pl.lit(None, dtype=pl.String),
            constant=pl.lit(4.0),
            one_value=pl.when(pl.int_range(pl.len()) == 7).then(pl.lit(1.0)),
        )
        .filter("is_borrower")
    )
    odd = Columns((*COLUMNS.numbers, "empty", "constant", "one_value"), ("trade", "no_text"))
    with single_thread():
        chance = fit_default_risk(frame, odd, least_defaults=10, factory=factory).of(frame)
        plain = fit_default_risk(frame, COLUMNS, least_defaults=10, factory=factory).of(frame)
    defaulted = frame["has_defaulted"].to_numpy()
    assert np.isfinite(chance).all()
    assert roc_auc_score(defaulted, chance) > roc_auc_score(defaulted, plain) - 0.03


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"is_borrower": pl.lit(value=False)}, "no borrowers"),
        ({"has_defaulted": pl.lit(value=False)}, "0 defaulted"),
        ({"has_defaulted": pl.lit(value=True)}, "are needed"),
        ({"has_defaulted": pl.lit(None)}, "missing"),
        ({"income": pl.lit(float("inf"))}, "infinite"),
    ],
)
def test_what_cannot_teach_is_refused(change, told):
    with pytest.raises(InputRefused, match=told):
        _fit(_customers(1500)[0].with_columns(**change))


@pytest.mark.parametrize(
    ("change", "chance", "share", "told"),
    [
        ({"exposure_amount": pl.lit(0.0)}, 0.1, 0.45, "above nil"),
        ({"earning_amount": pl.lit(-1.0)}, 0.1, 0.45, "above nil"),
        ({}, 0.1, 1.5, "share lost"),
        ({}, np.nan, 0.45, "out of range"),
        ({"exposure_amount": pl.lit(None)}, 0.1, 0.45, "missing"),
    ],
)
def test_decisions_without_a_ground_are_refused(change, chance, share, told):
    frame = _customers(5)[0].with_columns(**change)
    with pytest.raises(InputRefused, match=told):
        decide(frame, np.full(5, chance), loss_share=share)


def test_a_bank_without_borrowers_today_has_no_scores():
    model = _fit(_customers()[0])
    assert np.isnan(model.of(_customers(5)[0].with_columns(is_borrower=pl.lit(value=False)))).all()
