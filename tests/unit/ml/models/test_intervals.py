"""Intervals hold as often as they say, for small and large customers; bands hold the true rate."""

import numpy as np
import polars as pl
import pytest

from ml.errors import InputRefused
from ml.frames.columns import Columns
from ml.models.factories import blended_regressor, ridge_regressor
from ml.models.intervals import coverage, fit_bands, fit_value_intervals
from ml.models.pipelines import single_thread

COLUMNS = Columns(("balance", "visits"))


def _customers(rows: int, seed: int) -> pl.DataFrame:
    """Profit whose spread grows with the balance, skewed upwards: nine small ones to one large."""
    rng = np.random.default_rng(seed)
    is_large = rng.random(rows) < 0.1
    balance = rng.lognormal(np.where(is_large, 13, 9), 0.6)
    profit = balance * 0.02 * rng.lognormal(-0.32, 0.8, rows) + rng.normal(0, 20, rows)
    return pl.DataFrame(
        {
            "balance": balance,
            "visits": rng.integers(0, 6, rows),
            "size_class": np.where(is_large, "large", "small"),
            "profit": profit,
        }
    )


def _fit(frame: pl.DataFrame, **asked: object):
    with single_thread():
        return fit_value_intervals(
            frame,
            COLUMNS,
            "profit",
            **{"by": "size_class", "factory": ridge_regressor, **asked},
        )


@pytest.mark.parametrize("level", [0.8, 0.9])
def test_small_and_large_customers_both_have_the_coverage_that_is_told(level):
    found = _fit(_customers(12_000, 1), level=level)
    frame = _customers(20_000, 2)
    told = coverage(frame["profit"].to_numpy(), found.of(frame), frame["size_class"])
    assert told.get_column("size_class").to_list() == ["large", "small"]
    for row in told.to_dicts():
        assert row["covered_share"] == pytest.approx(level, abs=0.03)
    large, small = told.get_column("mean_width_amount").to_list()
    assert large > 10 * small


def test_one_interval_for_all_would_fail_the_large():
    """What the classes are for: without them nine small customers cover up for each large one."""
    frame = _customers(12_000, 1).with_columns(size_class=pl.lit("all"))
    found, other = _fit(frame), _customers(20_000, 2)
    intervals = found.of(other.with_columns(size_class=pl.lit("all")))
    told = coverage(other["profit"].to_numpy(), intervals, other["size_class"])
    assert told.filter(pl.col("size_class") == "large")["covered_share"][0] < 0.75


def test_coverage_holds_for_a_model_that_is_wrong_and_for_the_blend():
    frame, other = _customers(1500, 3), _customers(6000, 4)
    for factory in (
        lambda _: ridge_regressor(Columns(("visits",))),
        lambda columns: blended_regressor(columns, folds=2),
    ):
        found = _fit(frame, factory=factory)
        told = coverage(other["profit"].to_numpy(), found.of(other), other["size_class"])
        assert told.get_column("covered_share").min() > 0.82  # some 50 large ones calibrated it


def test_mean_coverage_over_many_small_banks_is_no_less_than_told():
    """The guarantee is about the mean over draws; with 19 held out it is 0.9 exactly."""
    shares = []
    for seed in range(150):
        frame = _customers(60, 100 + seed).with_columns(size_class=pl.lit("all"))
        held = np.arange(60) < 19
        found = _fit(frame, held_out=held)
        other = _customers(400, 900 + seed).with_columns(size_class=pl.lit("all"))
        told = coverage(other["profit"].to_numpy(), found.of(other), other["size_class"])
        shares.append(told["covered_share"][0])
    assert np.mean(shares) == pytest.approx(0.9, abs=0.015)


def test_a_class_of_few_has_no_interval_rather_than_a_wrong_one():
    frame = _customers(900, 5).with_columns(
        size_class=pl.when(pl.int_range(pl.len()) < 12)
        .then(pl.lit("giant"))
        .otherwise("size_class")
    )
    found = _fit(frame)
    giant = found.margins.filter(pl.col("size_class") == "giant").to_dicts()[0]
    assert giant["held_out_count"] < 19
    assert giant["below_amount"] is None
    told = found.of(frame)
    assert told.head(12).get_column("low_amount").null_count() == 12
    assert told.get_column("value_amount").null_count() == 0
    unseen = found.of(frame.head(3).with_columns(size_class=pl.lit("tiny")))
    assert unseen.get_column("high_amount").null_count() == 3


def test_rows_that_calibrate_do_not_teach():
    frame = _customers(400, 6)
    held = np.arange(400) >= 200
    spoilt = frame.with_columns(
        profit=pl.when(pl.int_range(pl.len()) >= 200).then(pl.lit(1e9)).otherwise("profit")
    )
    left, right = _fit(frame, held_out=held), _fit(spoilt, held_out=held)
    told = [found.of(frame)["value_amount"].to_list() for found in (left, right)]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("change", "asked", "told"),
    [
        ({"profit": pl.lit(None)}, {}, "missing"),
        ({"profit": pl.lit(3.0)}, {}, "never differs"),
        ({"balance": pl.lit(float("inf"))}, {}, "infinite"),
        ({"size_class": pl.lit(None, dtype=pl.String)}, {}, "size_class is missing"),
        ({}, {"level": 1.0}, "between 0 and 1"),
        ({}, {"level": 0.999}, "no size class"),
        ({}, {"held_out": np.ones(120, dtype=bool)}, "held-out rows"),
        ({}, {"by": "district"}, "district"),
    ],
)
def test_what_cannot_be_told_is_refused(change, asked, told):
    with pytest.raises(InputRefused, match=told):
        _fit(_customers(120, 7).with_columns(**change), **asked)


def _scores(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(labels, scores of a model that is too sure of itself)."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(-2, 1, rows)
    labels = (rng.random(rows) < 1 / (1 + np.exp(-odds))).astype(float)
    return labels, 1 / (1 + np.exp(-1.6 * odds))


def test_bands_hold_the_true_rate_about_as_often_as_they_say():
    """Of a million customers with like scores the rate lies in the band, nine times of ten."""
    labels, scores = _scores(1_000_000, 1)
    hits = bands = 0
    for seed in range(25):
        found = fit_bands(*_scores(2000, 50 + seed), bands=10)
        begins = found.table["from_probability"].to_numpy()
        place = np.maximum(np.searchsorted(begins, scores, side="right") - 1, 0)
        rate = np.bincount(place, weights=labels) / np.bincount(place)
        inside = (found.table["low_rate"] <= rate) & (found.table["high_rate"] >= rate)
        hits, bands = hits + int(inside.sum()), bands + len(begins)
    assert hits / bands == pytest.approx(0.9, abs=0.06)


def test_bands_mend_what_the_model_is_too_sure_of():
    found = fit_bands(*_scores(20_000, 2), bands=10)
    told = found.of(np.array([0.0, 1.0]))
    assert told["seen_rate"][0] > 0.02
    assert told["seen_rate"][1] < 0.6
    assert found.table.height == 10
    assert (found.table["row_count"] == 2000).all()


def test_equal_scores_stand_in_one_band_and_few_customers_make_few_bands():
    labels, _ = _scores(400, 3)
    assert fit_bands(labels, np.full(400, 0.2)).table.height == 1
    assert fit_bands(*_scores(400, 3), least_rows=100).table.height == 4


@pytest.mark.parametrize(
    ("labels", "scores", "told"),
    [
        (np.zeros(100), np.linspace(0, 1, 100), "one class"),  # no churner in the window
        (np.ones(10), np.linspace(0, 1, 10), "fewer"),
        (np.ones(100), np.linspace(0, 1, 90), "fewer"),
    ],
)
def test_bands_that_cannot_be_told_are_refused(labels, scores, told):
    with pytest.raises(InputRefused, match=told):
        fit_bands(labels, scores)


def test_a_probability_that_is_none_has_no_band():
    found = fit_bands(*_scores(500, 4))
    for wrong in (np.nan, 1.2):
        with pytest.raises(InputRefused, match="out of range"):
            found.of(np.array([0.1, wrong]))
