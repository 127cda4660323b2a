"""Uplift against an effect that was planted, and what they refuse."""

import numpy as np
import polars as pl
import pytest

from ml.errors import InputRefused
from ml.frames.columns import Columns
from ml.judge.uplift import qini
from ml.models.pipelines import single_thread
from ml.models.uplift import fit_uplift
from tests.unit.ml.judge.test_uplift import campaign

COLUMNS = Columns(("balance", "age"), ("job",))


def _fit(frame):
    with single_thread():
        return fit_uplift(frame, COLUMNS)


def test_the_planted_uplift_is_found_on_customers_not_seen():
    model = _fit(campaign(8000, seed=1)[0])
    frame, truth = campaign(8000, seed=2)
    found = model.of(frame)
    assert np.corrcoef(found, truth)[0, 1] > 0.75
    assert found.mean() == pytest.approx(truth.mean(), abs=0.03)
    assert qini(frame, found, draws=40).low > 0
    best = qini(frame, truth, draws=2).coefficient
    assert qini(frame, found, draws=2).coefficient > 0.75 * best


def test_a_small_control_group_does_not_move_the_mean():
    """A bank spares few customers for the control group; a plain transformation would be off."""
    model = _fit(campaign(8000, seed=3, share=0.85)[0])
    frame, truth = campaign(8000, seed=4)
    assert model.of(frame).mean() == pytest.approx(truth.mean(), abs=0.05)


def test_where_a_visit_changes_nothing_little_is_promised():
    frame, _ = campaign(8000, seed=5)
    same = frame.with_columns(
        has_responded=pl.Series(np.random.default_rng(6).random(8000) < 0.3),
    )
    assert np.abs(_fit(same).of(frame)).mean() < 0.04


def test_without_a_control_group_nothing_is_learnt():
    frame = campaign(400)[0].with_columns(is_treated=pl.lit(value=True))
    with pytest.raises(InputRefused, match="not reported as a success"):
        _fit(frame)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"is_treated": pl.int_range(pl.len()) > 20}, "control group has 21"),
        ({"has_responded": pl.lit(value=False)}, "too few"),
        ({"has_responded": pl.lit(None)}, "missing"),
        ({"is_treated": pl.lit(3)}, "0 or 1"),
        ({"balance": pl.lit(float("inf"))}, "infinite"),
    ],
)
def test_what_cannot_teach_is_refused(change, told):
    with pytest.raises(InputRefused, match=told):
        _fit(campaign(400)[0].with_columns(**change))


def test_scoring_bears_another_order_and_new_jobs_and_refuses_a_missing_column():
    model = _fit(campaign(1000)[0])
    few = campaign(20, seed=9)[0]
    np.testing.assert_array_equal(model.of(few.select(reversed(few.columns))), model.of(few))
    assert np.isfinite(model.of(few.with_columns(job=pl.lit("mine")))).all()
    with pytest.raises(InputRefused, match="age"):
        model.of(few.drop("age"))
