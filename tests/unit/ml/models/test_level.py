"""All probabilities moved to what came: when, by how much, and what stays as it was."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ml.models.bands import event_coverage, is_poor
from ml.models.level import LEAST_EVENTS, level_of, shift_between, shifted
from ml.models.pipelines import inputs
from ml.models.scorer import Scorer
from tests.unit.ml.conftest import FEATURES


def _bank(customers, told, seed=4):
    """Labels by odds that the scores miss by a factor, the same for all."""
    rng = np.random.default_rng(seed)
    true = rng.beta(1, 9, customers)
    scores = shifted(true, np.log(told))
    return (rng.random(customers) < true).astype(float), scores


def test_a_level_that_is_off_by_a_quarter_is_found_and_mended():
    labels, scores = _bank(20_000, told=1.3)
    level = level_of(labels, scores)
    assert level.shift == pytest.approx(-np.log(1.3), abs=0.05)
    assert shifted(scores, level.shift).mean() == pytest.approx(labels.mean())
    assert level.foretold_rate > 1.2 * level.seen_rate
    order = np.argsort(scores)
    assert (np.diff(shifted(scores, level.shift)[order]) >= 0).all(), "nobody changes places"


def test_an_honest_level_or_one_that_few_events_tell_is_left_alone():
    labels, scores = _bank(20_000, told=1.0)
    assert level_of(labels, scores).shift == 0
    assert shifted(scores, 0.0) is scores
    labels, scores = _bank(600, told=2.0)
    assert labels.sum() < LEAST_EVENTS
    assert level_of(labels, scores).shift == 0
    assert shift_between(np.zeros(5), np.full(5, 0.1)) == 0


def test_bands_hold_scores_again_once_they_are_moved():
    labels, scores = _bank(20_000, told=1.3)
    before, after = (event_coverage(labels, scores, is_shifted=each) for each in (False, True))
    assert is_poor(before)
    assert not is_poor(after)
    assert after["covered_share"] > before["covered_share"] + 0.3
    assert not is_poor({"level": 0.9, "row_count": 0})


@pytest.fixture
def moved(bank):
    return replace(bank.loaded("churn").scorer, shift=-0.4)


def test_the_shift_belongs_to_the_base_and_reasons_still_add_up(bank, moved):
    rows = inputs(bank.today, FEATURES).with_columns(pl.selectors.boolean().cast(pl.Float64))
    other = "baseline" if moved.ships == "model" else "model"
    before, after = moved.as_judged(), moved
    assert shifted(before.predict(rows), -0.4) == pytest.approx(after.predict(rows))
    assert (before.predict(rows, other) == after.predict(rows, other)).all()
    why, why_before = after.explain(rows), before.explain(rows)
    assert (why.contributions == why_before.contributions).all()
    total = why.contributions.sum(axis=0) + why.expected
    assert 1 / (1 + np.exp(-total)) == pytest.approx(after.predict(rows), rel=1e-9)


def test_the_shift_comes_back_from_the_manifest(moved):
    again = Scorer.restore("churn", dict(moved.pipelines), moved.settings())
    assert again.shift == -0.4
