"""Bands beside scores: as wide as they say, for small and large; stored and restored whole."""

import json

import numpy as np
import polars as pl
import pytest

from ml.causes import SEGMENT
from ml.models.bands import (
    LEAST_OF_POPULATION,
    ScoreBand,
    event_band,
    event_coverage,
    value_band,
    value_coverage,
)

RNG_SEED = 11


def _of(*populations: str | None) -> pl.DataFrame:
    return pl.DataFrame({SEGMENT: pl.Series(populations, dtype=pl.String)})


def _nobody(rows: int) -> pl.DataFrame:
    return _of(*[None] * rows)


def _values(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """What came, with an error by shares for large customers; and what was told."""
    rng = np.random.default_rng(RNG_SEED)
    scores = rng.lognormal(6, 2, rows)
    return scores * rng.lognormal(0, 0.5, rows) + rng.normal(0, 30, rows), scores


def _churn(rows: int, told: float = 1.0, seed: int = RNG_SEED) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    rate = rng.beta(1, 8, rows)
    return (rng.random(rows) < rate).astype(float), np.clip(rate * told, 0, 0.999)


def test_nine_of_ten_values_lie_in_their_band_small_and_large_alike():
    seen, scores = _values(20_000)
    low, high = value_band(seen[::2], scores[::2], _nobody(10_000)).of(
        scores[1::2], _nobody(10_000)
    )
    inside = (seen[1::2] >= low) & (seen[1::2] <= high)
    for part in (scores[1::2] < 100, scores[1::2] > 3_000):
        assert inside[part].mean() == pytest.approx(0.9, abs=0.025)
    told = value_coverage(seen, scores, _nobody(20_000))
    assert told["level"] == 0.9
    assert told["low_share"] < 0.9 < told["high_share"]


def test_a_band_of_churn_holds_honest_scores_and_not_overdone_ones():
    labels, scores = _churn(20_000)
    low, high = event_band(labels, scores).of(scores, _nobody(len(scores)))
    assert (low <= high).all()
    assert (low >= 0).all()
    assert (high <= 1).all()
    assert event_coverage(labels, scores)["covered_share"] > 0.7
    labels, overdone = _churn(20_000, told=2.0)
    assert event_coverage(labels, overdone)["covered_share"] < 0.3
    # The band tells what was seen, whatever was told.
    low, high = event_band(labels, overdone).of(overdone, _nobody(len(overdone)))
    middle = np.abs(overdone - np.median(overdone)) < 0.02
    assert low[middle].mean() < labels[middle].mean() < high[middle].mean()


def test_a_band_tells_how_far_classes_lie_from_what_they_were_told_where_luck_is_next_to_nil():
    """Bands of luck alone held 20% of 200,000 scores that were bolder by 15%."""
    labels, scores = _churn(200_000)
    bolder = 1 / (1 + np.exp(-(1.15 * np.log(scores / (1 - scores)) + 0.25)))
    honest, covered = (event_coverage(labels, each) for each in (scores, bolder))
    assert covered["covered_share"] > 0.7
    assert covered["median_width"] > 2 * honest["median_width"]


@pytest.mark.parametrize(
    "band",
    [value_band(*_values(2_000), _of(*["company", None] * 1_000)), event_band(*_churn(2_000))],
)
def test_a_band_comes_back_from_the_manifest_as_it_was(band):
    again = ScoreBand.restore(json.loads(json.dumps(band.settings(), allow_nan=False)))
    assert again == band
    scores = np.array([-5.0, 0.0, 0.1, 0.5, 900.0])
    facts = _of("company", None, "company", "merchant", "company")
    for now, then in zip(again.of(scores, facts), band.of(scores, facts), strict=True):
        assert np.array_equal(now, then, equal_nan=True)


def test_bands_hold_the_true_rate_about_as_often_as_they_say():
    """Of a million customers with like scores the rate lies in the band, nine times of ten."""
    rate = np.random.default_rng(1).beta(1, 8, 1_000_000)
    hits = classes = 0
    for seed in range(25):
        band = event_band(*_churn(2_000, seed=50 + seed))
        place = np.searchsorted(band.starts, rate, side="right") - 1
        for number in range(len(band.starts)):
            own = rate[place == number]
            low, high = band.of(own, _nobody(len(own)))
            hits += low.mean() <= own.mean() <= high.mean()
            classes += 1
    assert hits / classes == pytest.approx(0.9, abs=0.06)


def test_equal_scores_stand_in_one_class_and_few_customers_make_few():
    labels, scores = _churn(400)
    assert len(event_band(labels, np.full(400, 0.2)).starts) == 1
    assert len(event_band(labels, scores).starts) == 4


def test_too_few_customers_give_no_band():
    low, high = value_band(*_values(15), _nobody(15)).of(np.array([10.0]), _nobody(1))
    assert np.isnan(low).all()
    assert np.isnan(high).all()
    labels, scores = _churn(40)
    assert event_band(labels, scores).starts == ()
    assert event_band(np.zeros(400), np.full(400, 0.2)).starts == (), "nobody left in the window"
    assert event_coverage(labels, scores) == {"level": 0.9, "row_count": 0}


def test_nobody_who_left_is_a_band_from_nil_and_not_an_error():
    scores = np.concatenate([np.full(500, 0.01), np.full(500, 0.5)])
    labels = np.concatenate([np.zeros(500), np.tile([0.0, 1.0], 250)])
    low, high = event_band(labels, scores).of(np.array([0.01, 0.5]), _nobody(2))
    assert low[0] == pytest.approx(0, abs=1e-6)
    assert 0 < high[0] < 0.02
    assert low[1] < 0.5 < high[1]


def test_companies_have_a_band_of_their_own_where_there_are_enough():
    """One band for all covered 68 of 100 companies, nine of ten customers being somebody else."""
    rng = np.random.default_rng(RNG_SEED)
    scores = rng.lognormal(6, 1, 20_000)
    is_company = rng.random(20_000) < 0.05
    seen = scores * rng.lognormal(0, np.where(is_company, 1.5, 0.2))
    facts = _of(*np.where(is_company, "company", "merchant").tolist())
    covered = value_coverage(seen, scores, facts, is_company)["covered_share"]
    assert covered == pytest.approx(0.9, abs=0.04)
    assert value_coverage(seen, scores, _nobody(20_000), is_company)["covered_share"] < 0.7
    few = _of(
        *["company"] * (LEAST_OF_POPULATION - 1), *["merchant"] * (20_001 - LEAST_OF_POPULATION)
    )
    assert set(value_band(seen, scores, few).populations) == {"merchant"}
