"""The chain of value states against sums by hand and against a planted chain."""

import numpy as np
import polars as pl
import pytest

from ml.errors import InputRefused
from ml.models.value_chain import fit_chain, fit_states, lifetime_values

STEPS = np.array([[0.85, 0.05, 0.10], [0.15, 0.82, 0.03], [0.0, 0.0, 1.0]])
MARGINS = np.array([50.0, 400.0, 0.0])


def _walks(customers: int, periods: int, seed: int) -> pl.DataFrame:
    """Customers who walk the planted chain; who has left has no more rows."""
    rng = np.random.default_rng(seed)
    state = rng.integers(0, 2, customers)
    rows = []
    for period in range(periods):
        here = np.flatnonzero(state < 2)
        earned = MARGINS[state[here]] + rng.normal(0, 20, len(here))
        rows.append(
            pl.DataFrame(
                {
                    "customer_key": here,
                    "period_number": np.full(len(here), period),
                    "state": state[here],
                    "margin_amount": earned,
                }
            )
        )
        draw = rng.random(customers)
        state = (draw[:, None] > STEPS.cumsum(axis=1)[state]).sum(axis=1)
    return pl.concat(rows)


def test_value_is_the_sum_of_discounted_steps():
    summed = sum(np.linalg.matrix_power(STEPS / 1.1, t) @ MARGINS for t in range(400))
    np.testing.assert_allclose(lifetime_values(STEPS, MARGINS, 0.1), summed)


def test_value_of_one_state_by_hand():
    """100 a period, a fifth leaves: 100 / (1 - 0.8 / 1.1)."""
    steps = np.array([[0.8, 0.2], [0.0, 1.0]])
    values = lifetime_values(steps, np.array([100.0, 0.0]), 0.1)
    np.testing.assert_allclose(values, [366.6667, 0.0], atol=1e-4)


def test_the_planted_chain_is_found_with_its_values():
    chain = fit_chain(_walks(8000, 6, 1), discount=0.1, draws=40)
    np.testing.assert_allclose(chain.steps, STEPS, atol=0.015)
    np.testing.assert_allclose(chain.margins, MARGINS, atol=2)
    truth = lifetime_values(STEPS, MARGINS, 0.1)[:2]
    found = chain.values.get_column("lifetime_value_amount").to_numpy()
    np.testing.assert_allclose(found, truth, rtol=0.05)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    truth = lifetime_values(STEPS, MARGINS, 0.1)[:2]
    hits = np.zeros(2)
    for seed in range(40):
        values = fit_chain(_walks(500, 5, 100 + seed), discount=0.1, draws=80).values
        low, high = (values.get_column(name).to_numpy() for name in ("low_amount", "high_amount"))
        hits += (low <= truth) & (truth <= high)
    assert ((hits >= 31) & (hits <= 40)).all()  # 36 expected of 40 at a level of 90%


def test_who_is_not_there_in_the_next_period_has_left():
    frame = pl.DataFrame(
        {
            "customer_key": [1, 1, 2, 3, 3],
            "period_number": [0, 1, 0, 0, 1],
            "state": [0, 0, 0, 0, 0],
            "margin_amount": [10.0] * 5,
        }
    )
    chain = fit_chain(frame, discount=0.1, prior=0.0, draws=5)
    np.testing.assert_allclose(chain.steps, [[2 / 3, 1 / 3], [0, 1]])
    assert chain.values.get_column("customer_count").to_list() == [2]


def test_a_state_that_hardly_anybody_left_goes_the_way_of_the_bank():
    """One customer was in state 1 and stayed; that is no proof that nobody leaves it."""
    walks = _walks(200, 4, 3).with_columns(state=pl.lit(0))
    lone = pl.DataFrame(
        {"customer_key": [999] * 2, "period_number": [0, 1], "state": [1, 1]}
    ).with_columns(margin_amount=pl.lit(400.0))
    walks = pl.concat([walks, lone.select(walks.columns).cast(walks.schema)])
    chain = fit_chain(walks, discount=0.1, prior=5.0, draws=5)
    assert 0.1 < chain.steps[1, 1] < 0.4
    np.testing.assert_allclose(chain.steps.sum(axis=1), 1)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"period_number": 0}, "two rows in one period"),
        ({"state": -1}, "whole numbers"),
        ({"margin_amount": None}, "missing or not finite"),
    ],
)
def test_walks_that_cannot_be_are_refused(change, told):
    walks = _walks(50, 3, 4).with_columns(**{name: pl.lit(to) for name, to in change.items()})
    with pytest.raises(InputRefused, match=told):
        fit_chain(walks.cast({"margin_amount": pl.Float64}), discount=0.1, draws=2)


def test_a_single_period_has_no_steps():
    with pytest.raises(InputRefused, match="one period only"):
        fit_chain(_walks(50, 1, 4), discount=0.1)


def test_states_are_found_where_value_changes_and_told_as_rules():
    rng = np.random.default_rng(2)
    balance, visits = rng.uniform(0, 1000, 3000), rng.uniform(0, 10, 3000)
    value = np.where(balance > 700, 500.0, np.where(visits > 4, 100.0, 5.0)) + rng.normal(size=3000)
    frame = pl.DataFrame({"balance": balance, "visits": visits, "next": value})
    states = fit_states(frame, ["balance", "visits"], "next", states=3, least_share=0.05)
    means = [rule.value for rule in states.rules]
    np.testing.assert_allclose(means, [5, 100, 500], atol=1)
    told = states.rules[1].english({"balance": ("余额", "balance"), "visits": ("拜访", "visits")})
    assert told.startswith("balance ≤ 6") or told.startswith("balance ≤ 7")
    assert " and visits > " in told
    assert "，且拜访 > " in states.rules[1].chinese(
        {"balance": ("余额", "balance"), "visits": ("拜访", "visits")}
    )
    # Columns may come in another order, and each row lands where its rule says.
    found = states.of(frame.select("visits", "next", "balance"))
    np.testing.assert_array_equal(found, np.where(balance > 700, 2, np.where(visits > 4, 1, 0)))


def test_states_of_columns_that_say_nothing_are_refused():
    frame = pl.DataFrame({"constant": [1.0] * 100, "next": np.arange(100.0)})
    with pytest.raises(InputRefused, match="no column tells next apart"):
        fit_states(frame, ["constant"], "next", states=3, least_share=0.05)


def test_a_horizon_counts_that_many_periods():
    summed = sum(np.linalg.matrix_power(STEPS / 1.1, t) @ MARGINS for t in range(12))
    np.testing.assert_allclose(lifetime_values(STEPS, MARGINS, 0.1, 12), summed)
