"""Metrics against cases that can be worked out by hand."""

import numpy as np
import pytest

from ml.judge import metrics

KEYS = np.arange(1000)


def _coin(seed, rate):
    return (np.random.default_rng(seed).random(1000) < rate).astype(float)


def test_a_right_probability_is_calibrated_and_a_bold_one_is_not():
    rng = np.random.default_rng(4)
    margin = rng.normal(-1, 1.5, 40_000)
    right = 1 / (1 + np.exp(-margin))
    labels = (rng.random(40_000) < right).astype(float)
    bold = 1 / (1 + np.exp(-2 * margin))
    assert metrics.calibration_slope(labels, right) == pytest.approx(1.0, abs=0.05)
    assert metrics.calibration_slope(labels, bold) == pytest.approx(0.5, abs=0.05)
    assert metrics.expected_calibration_error(labels, right) < 0.01
    assert metrics.expected_calibration_error(labels, bold) > 0.05


def test_lift_of_a_perfect_order_is_the_greatest_possible():
    labels = np.zeros(1000)
    labels[:50] = 1
    assert metrics.lift_at(labels, labels, KEYS) == pytest.approx(10.0)
    # The 100 tied scores at the top are taken in order of key, and the churners stand first.
    assert metrics.lift_at(labels, np.ones(1000), KEYS) == pytest.approx(10.0)
    assert metrics.lift_at(labels, np.ones(1000), KEYS[::-1]) == 0.0


def test_event_metrics_of_a_constant_are_those_of_knowing_nothing():
    labels = _coin(1, 0.2)
    found = metrics.event_metrics(labels, np.full(1000, labels.mean()), KEYS)
    assert found["auc"] == pytest.approx(0.5)
    assert found["average_precision"] == pytest.approx(labels.mean())
    assert found["brier"] == pytest.approx(labels.mean() * (1 - labels.mean()))


def test_tables_cover_every_customer_once():
    labels = _coin(2, 0.3)
    score = np.random.default_rng(3).random(1000)
    for table in (
        metrics.calibration_table(labels, score),
        metrics.lift_table(labels, score, KEYS),
        metrics.decile_table(labels, score, KEYS),
    ):
        assert sum(row["count"] for row in table) == 1000
    assert metrics.lift_table(labels, score, KEYS)[-1]["caught_share"] == pytest.approx(1.0)


def test_spearman_ignores_size_and_survives_a_constant():
    seen = np.array([1.0, 2.0, 3.0, 400.0])
    assert metrics.spearman(seen, seen**3) == pytest.approx(1.0)
    assert metrics.spearman(seen, np.ones(4)) == 0.0


def test_a_nil_total_gives_no_division_by_zero():
    found = metrics.value_metrics(np.array([5.0, -5.0]), np.array([1.0, 1.0]))
    assert found["total_ratio"] == 0.0
    assert found["mae"] == pytest.approx(5.0)


def test_the_interval_of_none_and_of_all_ends_where_shares_end():
    """The last bit of a rounding went below 0 for 26 of these counts, and above 1 for 46."""
    trials = np.arange(1, 200)
    low, _ = metrics.share_interval(np.zeros(199), trials)
    _, high = metrics.share_interval(trials, trials)
    assert low.min() >= 0
    assert high.max() <= 1
