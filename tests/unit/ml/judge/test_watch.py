"""Drift is told where it was planted and nowhere else; probabilities are held against what came."""

import numpy as np
import polars as pl
import pytest

from ml.judge.watch import (
    Bounds,
    Cohort,
    Drift,
    Shape,
    cohort,
    drift,
    objections,
    shape_of,
    stability_index,
)

BOUNDS = Bounds(
    feature_index=0.25, score_index=0.25, slope_low=0.75, slope_high=1.35, rate_ratio=1.5
)


def test_the_index_is_the_sum_over_bins_by_hand():
    shape = Shape(edges=(10.0,), shares=(0.5, 0.5, 0.0))
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
    found = drift(shapes, shape_of(frame["still"]), later, frame["still"].to_numpy())
    assert found is not None
    assert found.worst == "moved"
    assert objections(found, None, BOUNDS) == ["feature_drift"]
    assert drift(shapes, shape_of(frame["still"]), later.head(50), rng.random(50)) is None


def test_probabilities_that_came_true_pass_and_those_that_did_not_are_told():
    rng = np.random.default_rng(3)
    probability = rng.beta(1, 9, 8000)
    seen = (rng.random(8000) < probability).astype(float)
    keys = np.arange(8000)
    true = cohort(seen, probability, keys)
    assert true is not None
    assert objections(None, true, BOUNDS) == []
    halved = cohort(seen, probability / 2, keys)
    assert objections(None, halved, BOUNDS) == ["rate"]
    loud = cohort(seen, probability**3 * 20 / (1 + probability**3 * 20), keys)
    assert "slope" in objections(None, loud, BOUNDS)
    assert cohort(seen[:60], probability[:60], keys[:60]) is None


def test_a_rate_that_is_off_by_luck_is_no_objection():
    few = Cohort(100, 30, 0.18, 0.30, 1.0, 0.8, 0.17, 0.40)
    assert objections(None, few, BOUNDS) == []
    many = Cohort(10_000, 3000, 0.18, 0.30, 1.0, 0.8, 0.29, 0.31)
    assert objections(None, many, BOUNDS) == ["rate"]


def test_a_score_that_drifts_is_told_apart_from_its_features():
    found = Drift({"a": 0.01}, score_index=0.4, rows=1000)
    assert objections(found, None, BOUNDS) == ["score_drift"]
