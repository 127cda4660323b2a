"""Costs and profit against their closed forms, and against doing the sums the long way."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta as beta_distribution

from ml.errors import InputRefused
from ml.judge import costs

#: Parameters that Verbraken, Verbeke and Baesens propose for telecoms.
PAPER = {"clv": 200.0, "incentive": 10.0, "contact": 1.0, "alpha": 6.0, "beta": 14.0}


def _customers(rows: int = 400, seed: int = 3):
    rng = np.random.default_rng(seed)
    score = rng.normal(size=rows).round(1)  # rounded, so that scores are tied
    return (rng.random(rows) < 1 / (1 + np.exp(2.0 - score))).astype(float), score


def _profit_of_best_depth(gamma, labels, scores):
    """The paper's equation 5 at its best threshold, tried one by one."""
    base, clv = labels.mean(), PAPER["clv"]
    delta, phi = PAPER["incentive"] / clv, PAPER["contact"] / clv
    best = 0.0
    for threshold in np.unique(scores):
        told = scores >= threshold
        churners = (told & (labels == 1)).sum() / labels.sum()
        others = (told & (labels == 0)).sum() / (1 - labels).sum()
        kept = clv * (gamma * (1 - delta) - phi) * base * churners
        best = max(best, kept - clv * (delta + phi) * (1 - base) * others)
    return best


def test_expected_maximum_profit_is_the_integral_of_the_best_depth():
    labels, scores = _customers()
    gammas = np.linspace(0, 1, 2001)
    mass = np.diff(beta_distribution.cdf(gammas, PAPER["alpha"], PAPER["beta"]))
    middles = (gammas[1:] + gammas[:-1]) / 2
    slow = mass @ [_profit_of_best_depth(gamma, labels, scores) for gamma in middles]
    found = costs.expected_maximum_profit(labels, scores, **PAPER)
    assert found.profit == pytest.approx(slow, rel=1e-4)
    assert 0 < found.share < 1


def test_a_perfect_order_earns_what_all_churners_alone_would():
    labels = np.repeat([0.0, 1.0], [900, 100])
    least = PAPER["contact"] / (PAPER["clv"] - PAPER["incentive"])

    def earned(gamma):
        gain = gamma * (PAPER["clv"] - PAPER["incentive"]) - PAPER["contact"]
        return gain * beta_distribution.pdf(gamma, PAPER["alpha"], PAPER["beta"])

    found = costs.expected_maximum_profit(labels, labels, **PAPER)
    # To all purposes 0.1 x (190 x 0.3 - 1): that nobody accepts is next to impossible.
    assert found.profit == pytest.approx(0.1 * quad(earned, least, 1)[0], rel=1e-7)
    assert found.profit == pytest.approx(5.6, abs=1e-6)
    assert found.share == pytest.approx(0.1, abs=1e-6)


def test_a_score_that_says_nothing_earns_what_contacting_all_or_none_does():
    labels = np.repeat([0.0, 1.0], [500, 500])
    found = costs.expected_maximum_profit(labels, np.zeros(1000), **PAPER)
    # All or none: 0.5 x (190 gamma - 1) - 0.5 x 11, from the gamma where it is above nil on.
    slow = quad(
        lambda g: max(95 * g - 6, 0) * beta_distribution.pdf(g, PAPER["alpha"], PAPER["beta"]),
        0,
        1,
        points=[6 / 95],
    )[0]
    assert found.profit == pytest.approx(slow, rel=1e-6)


def test_only_the_order_of_the_scores_counts():
    labels, scores = _customers()
    assert costs.expected_maximum_profit(labels, scores, **PAPER) == costs.expected_maximum_profit(
        labels, np.exp(scores) * 7, **PAPER
    )


def test_an_order_turned_round_earns_less():
    labels, scores = _customers()
    right = costs.expected_maximum_profit(labels, scores, **PAPER)
    wrong = costs.expected_maximum_profit(labels, -scores, **PAPER)
    assert wrong.profit < right.profit


def test_an_offer_that_costs_nothing_goes_to_everybody_who_may_churn():
    labels = np.repeat([0.0, 1.0], [900, 100])
    free = {**PAPER, "incentive": 0.0, "contact": 0.0}
    found = costs.expected_maximum_profit(labels, labels, **free)
    assert found.profit == pytest.approx(0.1 * 200 * 0.3)
    assert found.share == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("labels", "scores"),
    [
        ([0.0, 0.0], [0.1, 0.2]),  # no churner in the window
        ([1.0, 1.0], [0.1, 0.2]),
        ([0.0, 1.0, 1.0], [0.1, 0.2]),
        ([0.0, 2.0], [0.1, 0.2]),
        ([0.0, np.nan], [0.1, 0.2]),
        ([0.0, 1.0], [0.1, np.inf]),
        ([0.0, 1.0], [np.nan, 0.2]),
    ],
)
def test_what_cannot_be_judged_is_refused_in_both_languages(labels, scores):
    with pytest.raises(InputRefused) as refused:
        costs.expected_maximum_profit(labels, scores, **PAPER)
    chinese, english = refused.value.sentence
    assert chinese.endswith("。")
    assert str(refused.value) == english


@pytest.mark.parametrize("wrong", [{"clv": 10.0}, {"contact": -1.0}, {"alpha": 0.0}])
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(InputRefused, match="out of range"):
        costs.expected_maximum_profit([0, 1], [0.1, 0.2], **{**PAPER, **wrong})


def test_the_threshold_is_where_both_decisions_cost_the_same():
    threshold = costs.threshold_from_costs(
        acted_on_event=11, acted_on_other=6, left_event=np.array([31.0, 211.0]), left_other=1
    )
    np.testing.assert_allclose(threshold, [5 / 25, 5 / 205])
    acting = threshold * 11 + (1 - threshold) * 6
    leaving = threshold * np.array([31.0, 211.0]) + (1 - threshold) * 1
    np.testing.assert_allclose(acting, leaving)


@pytest.mark.parametrize(
    "wrong",
    [
        {"acted_on_event": 0, "acted_on_other": 0, "left_event": 5},
        {"acted_on_event": 5, "acted_on_other": 1, "left_event": 5},
        {"acted_on_event": np.nan, "acted_on_other": 1, "left_event": 5},
    ],
)
def test_costs_that_leave_nothing_to_weigh_are_refused(wrong):
    with pytest.raises(InputRefused):
        costs.threshold_from_costs(**wrong)


def test_the_profit_curve_adds_customer_by_customer():
    curve = costs.profit_curve(
        [0, 1, 1, 0], [0.1, 0.9, 0.5, 0.5], np.arange(4), event_profit=10, other_profit=-4
    )
    assert curve.get_column("profit_amount").to_list() == [0, 10, 20, 16, 12]
    assert curve.get_column("threshold_score").to_list() == [None, 0.9, 0.5, 0.5, 0.1]
    best = costs.best_depth(curve)
    assert (best["acted_count"], best["profit_amount"]) == (2, 20)


def test_where_no_list_pays_the_best_is_to_act_on_nobody():
    curve = costs.profit_curve(
        [0, 1], [0.9, 0.1], np.arange(2), event_profit=[3.0, 3.0], other_profit=-4
    )
    assert costs.best_depth(curve)["acted_count"] == 0
