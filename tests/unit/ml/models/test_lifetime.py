"""Lifetimes against published figures and against made customers whose truth is known."""

import numpy as np
import polars as pl
import pytest

from ml.errors import InputRefused
from ml.models.lifetime import (
    AliveModel,
    fit_alive,
    fit_contracts,
    fit_stays,
)

#: Renewals of Fader and Hardie 2007: high-end and regular customers.
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491]
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241]


def _contracts(survivors):
    """One row per contract of a cohort that was counted after each period."""
    lost = (-np.diff(survivors)).tolist()
    count = len(lost)
    return pl.DataFrame(
        {
            "period_count": np.repeat([*range(1, count + 1), count], [*lost, survivors[-1]]),
            "is_lost": np.repeat([True] * count + [False], [*lost, survivors[-1]]),
        }
    )


def _from_the_start(fitted, discount):
    """Discounted lifetime of a new contract: its first period, and those to come."""
    return 1 + float(fitted.residual_lifetime(0.0, discount)) / (1 + discount)


@pytest.mark.parametrize(
    ("survivors", "a", "b"),
    [(HIGH_END, 0.668, 3.806), (REGULAR, 0.704, 1.182), (REGULAR[:5], 0.764, 1.296)],
)
def test_the_published_parameters_are_found(survivors, a, b):
    """G06."""
    fitted = fit_contracts(_contracts(survivors))
    assert (round(fitted.a, 3), round(fitted.b, 3)) == (a, b)


def test_the_published_discounted_lifetime_is_found():
    """G06."""
    assert round(_from_the_start(fit_contracts(_contracts(REGULAR[:5])), 0.10), 3) == 3.621


def test_lifetime_is_the_sum_of_the_discounted_survival():
    fitted = fit_contracts(_contracts(REGULAR))
    periods = np.arange(2000)
    discounted = fitted.survival(periods) / 1.1**periods
    assert _from_the_start(fitted, 0.1) == pytest.approx(discounted.sum())
    # Of one who stayed four periods: S(t) / S(4) from the fifth on.
    later = fitted.survival(periods[5:]) / fitted.survival(4.0) / 1.1 ** (periods[5:] - 5)
    assert fitted.residual_lifetime(4.0, 0.1) == pytest.approx(later.sum())


def test_customers_who_are_all_alike_have_the_lifetime_of_a_constant_chance():
    """A tenth leaves each period: 1 / (1 - 0.9 / 1.1), though no beta distribution is a point."""
    fitted = fit_contracts(_contracts([100_000, 90_000, 81_000, 72_900, 65_610, 59_049]))
    assert fitted.a / (fitted.a + fitted.b) == pytest.approx(0.1, abs=1e-3)
    assert _from_the_start(fitted, 0.1) == pytest.approx(5.5, rel=1e-3)


def test_survival_is_the_product_of_retention_and_retention_rises():
    fitted = fit_contracts(_contracts(HIGH_END))
    retention = fitted.retention(np.arange(1, 9))
    np.testing.assert_allclose(np.cumprod(retention), fitted.survival(np.arange(1, 9)))
    assert (np.diff(retention) > 0).all()
    np.testing.assert_allclose(1000 * fitted.survival(np.arange(8)), HIGH_END, rtol=0.03)


def test_contracts_begun_at_different_times_do_not_bias_the_lifetime():
    """Planted truth: who came last is seen for one period only, and that is no short life."""
    rng = np.random.default_rng(8)
    chance = rng.beta(1.0, 4.0, 40_000)
    life, seen = rng.geometric(chance), rng.integers(1, 13, 40_000)
    fitted = fit_contracts(
        pl.DataFrame({"period_count": np.minimum(life, seen), "is_lost": life <= seen})
    )
    assert (fitted.a, fitted.b) == (pytest.approx(1.0, rel=0.1), pytest.approx(4.0, rel=0.1))


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(4)
    truth = fit_contracts(_contracts(REGULAR))
    died = -np.diff(truth.survival(np.arange(8)), append=0.0)
    hits = 0
    for _ in range(25):
        lost = rng.multinomial(1000, died)
        survivors = 1000 - np.concatenate([[0], np.cumsum(lost[:-1])])
        stays = fit_stays(_contracts(survivors), level=0.9, draws=40)
        told, low, high = stays.residual_lifetime(np.array([2, 0, 2]), 0.1, 60)
        assert (low < told).all()
        assert (told < high).all()
        assert told[0] == told[2] > told[1], "who has stayed stays longer"
        hits += low[0] <= truth.residual_lifetime(2.0, 0.1, 60) <= high[0]
    assert 18 <= hits <= 25  # 22 or 23 expected of 25 at a level of 90%


def test_where_draws_often_have_no_loss_no_end_is_told():
    frame = pl.DataFrame({"period_count": [2] + [6] * 300, "is_lost": [True] + [False] * 300})
    told, low, high = fit_stays(frame, level=0.9, draws=40).residual_lifetime(
        np.array([6]), 0.01, 60
    )
    assert told[0] > 44, "nearly all of the 60 months, discounted"
    assert np.isnan([low[0], high[0]]).all()


@pytest.mark.parametrize(
    ("periods", "lost"),
    [
        ([3, 3, 3], [False, False, False]),  # no churner in the window
        ([1, 1, 1], [True, True, True]),
        ([1.5, 2.0, 3.0], [True, False, True]),
        ([0, 2, 3], [True, False, True]),
        ([-1, 2, 3], [False, False, True]),
        ([float("nan"), 2.0, 3.0], [True, False, True]),
    ],
)
def test_contracts_that_tell_no_lifetime_are_refused(periods, lost):
    with pytest.raises(InputRefused) as refused:
        fit_contracts(pl.DataFrame({"period_count": periods, "is_lost": lost}))
    assert refused.value.sentence[0].endswith("。")


@pytest.mark.parametrize("discount", [0.0, -0.1, float("nan")])
def test_a_discount_that_is_none_is_refused(discount):
    with pytest.raises(InputRefused, match="discount"):
        fit_contracts(_contracts(REGULAR)).residual_lifetime(2.0, discount)


def test_expected_acts_of_the_published_customer():
    """Fader, Hardie and Lee 2005, section 4: the CDNOW parameters and a customer's 1.226."""
    model = AliveModel(r=0.243, alpha=4.414, a=0.793, b=2.426, log_likelihood=0.0)
    customer = _histories([2], [30.43], [38.86])
    assert round(model.expected_acts(customer, 39.0)[0], 3) == 1.226


def test_who_acts_every_day_has_a_finite_expectation():
    """A wage account with 900 acts in three years: about as many a month as he had."""
    model = AliveModel(r=0.8, alpha=2.0, a=0.4, b=30.0, log_likelihood=0.0)
    acts = model.expected_acts(_histories([900, 0], [36.0, 0.0], [36.0, 36.0]), 1.0)
    assert np.isfinite(acts).all()
    assert acts[0] == pytest.approx(900 / 38, rel=0.02)
    assert acts[1] < 0.03


@pytest.fixture(scope="module")
def made():
    """Customers who act at rates of Gamma(0.8, 6) and drop out with chances of Beta(1.5, 3.5)."""
    rng = np.random.default_rng(6)
    rows = []
    for _ in range(6000):
        rate, chance, age = rng.gamma(0.8, 1 / 6), rng.beta(1.5, 3.5), rng.uniform(20, 60)
        moment = last = 0.0
        count, is_alive = 0, True
        while is_alive:
            moment += rng.exponential(1 / rate)
            if moment > age:
                break
            count, last, is_alive = count + 1, moment, rng.random() > chance
        rows.append((count, last, age, is_alive))
    count, last, age, is_alive = zip(*rows, strict=True)
    return _histories(count, last, age), np.array(is_alive)


def test_planted_rates_are_found(made):
    fitted = fit_alive(made[0])
    assert fitted.r == pytest.approx(0.8, rel=0.15)
    assert fitted.alpha == pytest.approx(6.0, rel=0.15)
    assert fitted.a / (fitted.a + fitted.b) == pytest.approx(0.3, abs=0.05)


def test_the_chance_to_be_alive_is_right_on_average_at_each_level(made):
    frame, is_alive = made
    chance = fit_alive(frame).alive(frame)
    again = frame.get_column("repeat_count").to_numpy() > 0
    for low, high in ((0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.0)):
        rows = again & (chance >= low) & (chance < high)
        assert chance[rows].mean() == pytest.approx(is_alive[rows].mean(), abs=0.07)
    assert (chance[~again] == 1).all()


def test_the_unit_of_time_changes_no_chance(made):
    frame = made[0].head(1500)
    days = frame.with_columns(pl.col("recency_periods", "age_periods") * 30)
    np.testing.assert_allclose(
        fit_alive(frame).alive(frame), fit_alive(days).alive(days), atol=1e-3
    )


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (([0, 0], [0.0, 0.0], [5.0, 6.0]), "second time"),
        (([2], [7.0], [6.0]), "contradicts"),
        (([2], [0.0], [6.0]), "contradicts"),
        (([2], [3.0], [0.0]), "contradicts"),
        (([2.5], [3.0], [6.0]), "contradicts"),
        (([2], [None], [6.0]), "missing or not finite"),
        (([2], [3.0], [float("inf")]), "missing or not finite"),
        (([], [], []), "no rows"),
    ],
)
def test_histories_that_cannot_be_are_refused(frame, told):
    with pytest.raises(InputRefused, match=told):
        fit_alive(_histories(*frame))


def test_a_missing_column_is_named():
    with pytest.raises(InputRefused, match="age_periods"):
        fit_alive(pl.DataFrame({"repeat_count": [1], "recency_periods": [1.0]}))


def _histories(count, last, age):
    return pl.DataFrame({"repeat_count": count, "recency_periods": last, "age_periods": age})
