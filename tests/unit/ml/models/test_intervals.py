"""Margins hold as often as they say."""

import numpy as np
import pytest

from ml.models.intervals import margins_around


def test_mean_coverage_over_many_small_banks_is_no_less_than_told():
    """The guarantee is about the mean over draws; with 19 held out it is 0.9 exactly."""
    rng = np.random.default_rng(1)
    shares = []
    for _ in range(3_000):
        low, high = margins_around(np.sort(rng.lognormal(0, 1, 19)), 0.9)
        new = rng.lognormal(0, 1, 200)
        shares.append(((new >= low) & (new <= high)).mean())
    assert np.mean(shares) == pytest.approx(0.9, abs=0.005)


def test_few_errors_give_no_margin_rather_than_a_wrong_one():
    assert margins_around(np.arange(18.0), 0.9) == (None, None)
    assert margins_around(np.arange(19.0), 0.9) == (0.0, 18.0)
