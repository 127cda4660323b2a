"""Drift is told where it was planted and nowhere else; probabilities are held against what came."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.optimize import brentq
from scipy.special import expit

from ml.judge.metrics import calibration_slope, slope_error
from ml.judge.watch import (
    Cohort,
    Drift,
    FeatureDrift,
    Shape,
    cohort,
    drift,
    feature_drift,
    objections,
    shape_of,
    stability_index,
)
from tests.unit.ml.conftest import BOUNDS

NOT_TOLD = Drift({}, None, 50)


def test_the_index_is_the_sum_over_bins_by_hand():
    shape = Shape(edges=(10.0,), shares=(0.5, 0.5, 0.0, 0.0), recorded=(), rows=10)
    # Four of ten below, six above: (0.4-0.5)ln(0.4/0.5) + (0.6-0.5)ln(0.6/0.5)
    index = stability_index(shape, pl.Series([1.0] * 4 + [20.0] * 6))
    assert index == pytest.approx(-0.1 * np.log(0.8) + 0.1 * np.log(1.2))


def test_the_same_customers_have_not_moved_and_others_have():
    rng = np.random.default_rng(1)
    then = pl.Series(rng.lognormal(8, 2, 5000))
    shape = shape_of(then)
    assert stability_index(shape, then) == pytest.approx(0, abs=1e-12)
    assert stability_index(shape, pl.Series(rng.lognormal(8, 2, 5000))) < 0.02
    assert stability_index(shape, pl.Series(rng.lognormal(9, 2, 5000))) > 0.2


def test_gaps_and_new_codes_are_bins_of_their_own():
    numbers = shape_of(pl.Series([1.0, 2.0, 3.0, 4.0] * 100))
    assert stability_index(numbers, pl.Series([1.0, 2.0, None, None] * 100)) > 1
    codes = shape_of(pl.Series(["A", "B"] * 100))
    assert codes.edges == ("A", "B")
    assert stability_index(codes, pl.Series(["A", "C"] * 100)) > 1
    assert stability_index(codes, pl.Series(["B", "A"] * 100)) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    "column", [pl.Series([0.0] * 300), pl.Series([None] * 300, dtype=pl.Float64)]
)
def test_a_constant_and_an_empty_column_have_a_shape(column):
    shape = shape_of(column)
    assert stability_index(shape, column) == pytest.approx(0, abs=1e-9)
    assert stability_index(shape, pl.Series(np.arange(300.0))) > 1
    assert Shape.of_data(shape.as_data()) == shape


def test_the_column_that_moved_is_named_first():
    rng = np.random.default_rng(2)
    frame = pl.DataFrame({"still": rng.random(1000), "moved": rng.random(1000)})
    shapes = {name: shape_of(frame[name]) for name in frame.columns}
    later = frame.with_columns(moved=pl.col("moved") + 0.5)
    score_shape, score = shape_of(frame["still"]), frame["still"].to_numpy()
    found = drift(shapes, score_shape, later, score, 0.25, {"still", "moved"})
    assert (found.worst, found.named("moved"), found.named("stable")) == (
        "moved",
        ["moved"],
        ["still"],
    )
    assert objections(found, None, BOUNDS) == ["feature_drift"]
    unread = drift(shapes, score_shape, later, score, 0.25, {"still"})
    assert (unread.worst, unread.named("not_read")) == ("still", ["moved"])
    assert unread.features["moved"].whole_index > 1
    assert objections(unread, None, BOUNDS) == []
    few = drift(shapes, score_shape, later.head(50), score[:50], 0.25, {"still", "moved"})
    assert (few.score_index, few.named("not_judged")) == (None, ["moved", "still"])
    assert objections(few, None, BOUNDS) == []


def test_amounts_that_one_of_ten_has_are_watched_though_most_have_nil():
    """All edges were nil, and amounts fifteen times as large gave an index of nil."""
    rng = np.random.default_rng(5)
    for share, rows in ((0.08, 5000), (0.02, 20_000)):
        amounts = np.where(rng.random(rows) < share, rng.lognormal(8, 1, rows), 0.0)
        shape = shape_of(pl.Series(amounts))
        again = np.where(rng.random(rows) < share, rng.lognormal(8, 1, rows), 0.0)
        assert feature_drift(shape, pl.Series(again), 0.25).code == "stable"
        found = feature_drift(shape, pl.Series(amounts * 15), 0.25)
        assert found.code == "moved"
        assert found.value_index > 2
        assert found.nil_then == found.nil_now == pytest.approx(1 - share, abs=0.01)


def _young(rng: np.random.Generator) -> tuple[pl.Series, pl.Series]:
    """A window that the history reaches on the last of four dates, and the dates."""
    dates = pl.Series(np.repeat([1, 2, 3, 4], 1000))
    values = pl.Series(rng.lognormal(8, 1, 4000))
    return pl.select(pl.when(dates == 4).then(values)).to_series(), dates


def test_a_window_that_the_history_reached_since_is_filled_and_has_not_moved():
    rng = np.random.default_rng(6)
    shape = shape_of(*_young(rng))
    now = pl.Series(rng.lognormal(8, 1, 1000))
    found = feature_drift(shape, now, 0.25)
    assert found.code == "filled_since_training"
    assert found.whole_index > 5
    assert max(found.recorded_index, found.value_index) < 0.05
    assert (found.missing_then, found.missing_now) == (0.75, 0)
    assert feature_drift(shape, now * 5, 0.25).code == "moved"
    assert feature_drift(shape, now, 0.25, is_read=False).code == "not_read"


def test_a_column_that_training_never_had_is_filled_and_no_drift():
    empty = shape_of(pl.Series([None] * 1000, dtype=pl.Float64))
    found = feature_drift(empty, pl.Series(np.arange(1000.0)), 0.25)
    assert (found.code, found.recorded_index) == ("filled_since_training", None)
    assert found.whole_index > 5
    still = feature_drift(empty, pl.Series([None] * 500, dtype=pl.Float64), 0.25)
    assert (still.code, still.whole_index) == ("stable", pytest.approx(0, abs=1e-9))
    shapes = {"new": empty}
    later = pl.DataFrame({"new": np.arange(1000.0)})
    drifted = drift(shapes, shape_of(later["new"]), later, np.arange(1000.0), 0.25, {"new"})
    assert objections(drifted, None, BOUNDS) == []
    assert drifted.worst is None


def test_a_column_that_nobody_has_now_is_emptied_and_one_that_few_lack_is_drift():
    rng = np.random.default_rng(7)
    shape = shape_of(pl.Series(rng.lognormal(8, 1, 1000)))
    gone = feature_drift(shape, pl.Series([None] * 999 + [1.0], dtype=pl.Float64), 0.25)
    assert gone.code == "emptied"
    drifted = Drift({"gone": gone}, 0.0, 1000)
    assert objections(drifted, None, BOUNDS) == ["feature_drift"]
    few = pl.Series([float(n % 10 + 1) if n % 200 == 0 else None for n in range(100_000)])
    assert feature_drift(shape_of(few), few * 15, 0.25).code == "moved"
    half = pl.Series([None if n % 2 else 3000.0 for n in range(1000)], dtype=pl.Float64)
    assert feature_drift(shape, half, 0.25).code == "moved"


def test_probabilities_that_came_true_pass_and_those_that_did_not_are_told():
    rng = np.random.default_rng(3)
    probability = rng.beta(1, 9, 8000)
    seen = (rng.random(8000) < probability).astype(float)
    keys = np.arange(8000)
    true = cohort(seen, probability, keys)
    assert true is not None
    assert objections(NOT_TOLD, true, BOUNDS) == []
    halved = cohort(seen, probability / 2, keys)
    assert objections(NOT_TOLD, halved, BOUNDS) == ["rate"]
    loud = cohort(seen, probability**3 * 20 / (1 + probability**3 * 20), keys)
    assert "slope" in objections(NOT_TOLD, loud, BOUNDS)
    assert cohort(seen[:60], probability[:60], keys[:60]) is None


@pytest.mark.parametrize("slope", [0.6, 1.0, 1.4])
def test_the_error_of_a_slope_is_that_of_draws(slope):
    """Of banks drawn from the same chances, of which others with the same mean were told."""
    rng = np.random.default_rng(8)
    odds = rng.normal(-3, 1, 4_000)
    told = expit(odds)
    lift = brentq(lambda level: expit(level + slope * odds).mean() - told.mean(), -9, 9)
    chance = expit(lift + slope * odds)
    draws = [(rng.random(len(odds)) < chance).astype(float) for _ in range(200)]
    errors = [slope_error(draw, told) for draw in draws[:20]]
    spread = np.std([calibration_slope(draw, told) for draw in draws])
    assert np.mean(errors) == pytest.approx(spread, rel=0.15)


def test_a_slope_within_its_error_is_no_objection():
    few = Cohort(200, 30, 0.15, 0.15, 0.6, 0.2, 0.8, 0.1, 0.2)
    assert objections(NOT_TOLD, few, BOUNDS) == []
    assert objections(NOT_TOLD, replace(few, slope_error=0.05), BOUNDS) == ["slope"]


def test_a_rate_that_is_off_by_luck_is_no_objection():
    few = Cohort(100, 30, 0.18, 0.30, 1.0, 0.1, 0.8, 0.17, 0.40)
    assert objections(NOT_TOLD, few, BOUNDS) == []
    many = Cohort(10_000, 3000, 0.18, 0.30, 1.0, 0.1, 0.8, 0.29, 0.31)
    assert objections(NOT_TOLD, many, BOUNDS) == ["rate"]


def test_a_score_that_drifts_is_told_apart_from_its_features():
    still = FeatureDrift("stable", 0.01, 0.01, None, 0.0, 0.0, 0.0, 0.0)
    found = Drift({"a": still}, score_index=0.4, rows=1000)
    assert objections(found, None, BOUNDS) == ["score_drift"]
