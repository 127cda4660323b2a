"""Time to churn: a planted hazard, and customers watched for a short time."""

import numpy as np
import polars as pl
import pytest

from ml.errors import InputRefused
from ml.frames.columns import Columns
from ml.judge.survival import harrell_c, integrated_brier
from ml.models.factories import blended_classifier, logistic_classifier
from ml.models.pipelines import single_thread
from ml.models.survival import (
    fit_hazard,
    person_periods,
    restricted_mean_months,
    watched,
)

COLUMNS = Columns(("balance",), ("kind",))
HORIZON = 12


def _made(rows: int, seed: int, seen: int = 18):
    """(customers watched for 1 to ``seen`` months, their true curves)."""
    rng = np.random.default_rng(seed)
    balance, kind = rng.normal(size=rows), rng.choice(["farm", "shop"], rows)
    month = np.arange(1, 41)
    # Few leave at first, most about a year after a promotion, and shops sooner than farms.
    odds = -3.2 + 0.9 * balance + 1.0 * (kind == "shop")
    hazard = 1 / (1 + np.exp(-(odds[:, None] + 0.08 * np.minimum(month, 14))))
    curves = np.cumprod(1 - hazard, axis=1)
    time = 1 + (rng.random(rows)[:, None] < curves).sum(axis=1)
    until = rng.integers(1, seen + 1, rows)
    frame = pl.DataFrame(
        {
            "balance": balance,
            "kind": kind,
            "month_count": np.minimum(time, until),
            "is_lost": time <= until,
        }
    )
    return frame, curves[:, :HORIZON]


@pytest.fixture(scope="module")
def fitted():
    with single_thread():
        return fit_hazard(_made(4000, 1)[0], COLUMNS, horizon=HORIZON, factory=logistic_classifier)


def test_planted_curves_are_found_on_customers_not_seen(fitted):
    frame, truth = _made(2000, 2)
    found = fitted.curves(frame)
    assert np.abs(found - truth).mean() < 0.03
    assert np.abs(found.mean(axis=0) - truth.mean(axis=0)).max() < 0.03
    assert (np.diff(found, axis=1) <= 0).all()


def test_it_beats_the_curve_of_all_and_comes_near_the_oracle(fitted):
    frame, truth = _made(4000, 3)
    months, lost = watched(frame)
    ours = fitted.curves(frame)
    same = np.tile(_made(4000, 1)[1].mean(axis=0), (frame.height, 1))
    oracle = integrated_brier(months, lost, truth)
    assert integrated_brier(months, lost, ours) < 0.9 * integrated_brier(months, lost, same)
    assert integrated_brier(months, lost, ours) == pytest.approx(oracle, rel=0.02)
    best = harrell_c(months, lost, -restricted_mean_months(truth))
    assert harrell_c(months, lost, -restricted_mean_months(ours)) > best - 0.01 > 0.6


def test_a_short_watch_does_not_shorten_lives():
    """Nobody is watched for more than six months of a life that lasts longer for most."""
    frame, _ = _made(6000, 4, seen=6)
    with single_thread():
        model = fit_hazard(frame, COLUMNS, horizon=HORIZON, factory=logistic_classifier)
    assert model.horizon == 6
    other, truth = _made(2000, 5)
    assert model.curves(other).mean(axis=0)[-1] == pytest.approx(truth[:, 5].mean(), abs=0.03)


def test_the_blend_learns_it_too():
    frame, _ = _made(700, 6)
    with single_thread():
        model = fit_hazard(
            frame, COLUMNS, horizon=8, factory=lambda columns: blended_classifier(columns, folds=3)
        )
    other, truth = _made(1000, 7)
    assert np.abs(model.curves(other) - truth[:, :8]).mean() < 0.07


def test_times_of_a_curve():
    curves = np.array([[0.9, 0.6, 0.5, 0.2], [0.9, 0.8, 0.7, 0.6], [0.4, 0.3, 0.2, 0.1]])
    np.testing.assert_allclose(restricted_mean_months(curves), [3.0, 3.4, 1.9])


def test_the_restricted_mean_is_the_mean_of_months_lived(fitted):
    frame, _ = _made(8000, 8, seen=10_000)
    lived = np.minimum(frame.get_column("month_count").to_numpy(), HORIZON)
    told = restricted_mean_months(fitted.curves(frame))
    assert told.mean() == pytest.approx(lived.mean(), abs=0.25)


def test_customers_become_months_and_only_the_last_of_a_lost_one_is_a_loss():
    frame = pl.DataFrame(
        {
            "balance": [1.0, 2.0, 3.0],
            "kind": ["a", "b", "c"],
            "month_count": [2, 3, 5],
            "is_lost": [True, False, True],
        }
    )
    rows = person_periods(frame, COLUMNS, 4)
    assert rows.group_by("_row", maintain_order=True).len().get_column("len").to_list() == [2, 3, 4]
    lost = rows.filter("is_lost_in_month")
    # The third customer left in month five, beyond the horizon.
    assert lost.select("_row", "month_number").rows() == [(0, 2.0)]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"is_lost": pl.lit(value=False)}, "nobody left"),
        ({"month_count": pl.lit(1), "is_lost": pl.lit(value=True)}, "everybody at once"),
        ({"month_count": pl.lit(0)}, "above nil"),
        ({"month_count": pl.lit(1.5)}, "whole"),
        ({"is_lost": pl.lit(None)}, "missing"),
        ({"balance": pl.lit(float("inf"))}, "infinite"),
        ({"balance": pl.lit("much")}, "no column of numbers"),
    ],
)
def test_what_cannot_teach_is_refused(change, told):
    frame = _made(60, 1)[0].with_columns(**change)
    with pytest.raises(InputRefused, match=told):
        fit_hazard(frame, COLUMNS, horizon=6, factory=logistic_classifier)


def test_one_churner_cannot_be_held_out():
    frame = _made(60, 1)[0].with_columns(is_lost=pl.int_range(pl.len()) == 3)
    with pytest.raises(InputRefused, match="held out"):
        fit_hazard(frame, COLUMNS, horizon=60)


def test_columns_that_are_empty_constant_new_or_in_another_order(fitted):
    """An empty and a constant column teach nothing; a new category is scored as a rare one."""
    frame, _ = _made(800, 1)
    odd = frame.with_columns(empty=pl.lit(None), constant=pl.lit(3))
    columns = Columns(("balance", "empty", "constant"), ("kind",))
    with single_thread():
        model = fit_hazard(odd, columns, horizon=6, factory=logistic_classifier)
        plain = fit_hazard(frame, COLUMNS, horizon=6, factory=logistic_classifier)
    np.testing.assert_allclose(model.curves(odd), plain.curves(frame), atol=1e-3)
    few = frame.head(5)
    turned = few.select(reversed(few.columns))
    np.testing.assert_array_equal(fitted.curves(turned), fitted.curves(few))
    new = fitted.curves(few.with_columns(kind=pl.lit("mill")))
    assert np.isfinite(new).all()
    with pytest.raises(InputRefused, match="kind"):
        fitted.curves(few.drop("kind"))
