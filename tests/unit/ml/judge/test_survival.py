"""Judges of survival curves against another library, the plain case, and pairs one by one."""

import numpy as np
import pytest

from ml.errors import InputRefused
from ml.judge.survival import brier_by_month, harrell_c, integrated_brier


@pytest.fixture
def made():
    """200 customers with a constant hazard each, a third of them watched for a short time."""
    rng = np.random.default_rng(5)
    risk = rng.normal(size=200).round(1)
    hazard = 1 / (1 + np.exp(2 - 0.8 * risk))
    time, watched = rng.geometric(hazard), rng.integers(1, 13, 200)
    curves = (1 - hazard * 0.8)[:, None] ** np.arange(1, 9)
    return np.minimum(time, watched), time <= watched, curves, risk


def test_figures_are_those_of_scikit_survival(made):
    """Computed once with scikit-survival 0.28, which is not installed for two formulas."""
    months, lost, curves, risk = made
    assert integrated_brier(months, lost, curves) == pytest.approx(0.182092388787, abs=1e-9)
    assert harrell_c(months, lost, risk) == pytest.approx(0.716734306191, abs=1e-9)


def test_without_censoring_it_is_the_plain_squared_error(made):
    _, _, curves, _ = made
    months = np.random.default_rng(2).geometric(0.2, 200)
    lost = np.ones(200, dtype=bool)
    here = months[:, None] > np.arange(1, 9)
    plain = ((here - curves) ** 2).mean(axis=0)
    found = brier_by_month(months, lost, curves)
    np.testing.assert_allclose(found.get_column("brier"), plain)
    assert found.get_column("known_count").to_list() == [200] * 8


def test_censoring_moves_the_score_by_luck_alone():
    """Half of 20,000 customers are watched for less than the horizon; the score stays."""
    rng = np.random.default_rng(1)
    hazard = rng.beta(2, 12, 20_000)
    time, watched = rng.geometric(hazard), rng.integers(1, 19, 20_000)
    curves = (1 - hazard)[:, None] ** np.arange(1, 13)
    whole = integrated_brier(time, np.ones(20_000, dtype=bool), curves)
    cut = integrated_brier(np.minimum(time, watched), time <= watched, curves)
    assert cut == pytest.approx(whole, rel=0.02)


def test_concordance_is_the_share_of_pairs_counted_one_by_one(made):
    months, lost, _, risk = made
    right = pairs = 0.0
    for i in np.flatnonzero(lost):
        for j in range(200):
            if months[j] > months[i] or (months[j] == months[i] and not lost[j]):
                pairs += 1
                right += 1.0 if risk[i] > risk[j] else 0.5 if risk[i] == risk[j] else 0.0
    assert harrell_c(months, lost, risk) == pytest.approx(right / pairs)
    assert harrell_c(months, lost, -risk) == pytest.approx(1 - right / pairs)


def test_knowing_nothing_is_a_half(made):
    months, lost, *_ = made
    assert harrell_c(months, lost, np.zeros(200)) == 0.5


@pytest.mark.parametrize(
    ("months", "lost", "told"),
    [
        ([3, 3], [False, False], "no two customers"),  # no churner in the window
        ([3, 3], [True, True], "no two customers"),
        ([0, 3], [True, False], "begin with 1"),
        ([], [], "differ in length"),
    ],
)
def test_what_cannot_be_compared_is_refused(months, lost, told):
    with pytest.raises(InputRefused, match=told):
        harrell_c(np.array(months, dtype=np.int64), np.array(lost, dtype=bool), np.zeros(2))


def test_a_horizon_that_nobody_reached_is_refused():
    months, lost = np.array([2, 3, 3]), np.array([True, False, False])
    with pytest.raises(InputRefused, match="watched for 5 months"):
        integrated_brier(months, lost, np.full((3, 5), 0.9))


def test_a_chance_above_one_is_refused():
    with pytest.raises(InputRefused, match="between 0 and 1"):
        integrated_brier(np.array([2]), np.array([True]), np.array([[1.2]]))
