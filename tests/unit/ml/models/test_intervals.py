"""Margins hold as often as they say, and bands hold the true rate."""

import numpy as np
import pytest

from ml.errors import InputRefused
from ml.models.intervals import fit_bands, margins_around


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
