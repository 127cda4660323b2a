"""What a decision by score costs and earns: thresholds from costs, profit of acting on a list.

Money is in whatever unit the caller's amounts are in, and always per customer or in total as said.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta as beta_distribution
from sklearn.isotonic import isotonic_regression

from ml.errors import InputRefused
from ml.judge.metrics import Array


@dataclass(frozen=True)
class MaximumProfit:
    """What the best use of a score is worth.

    Attributes:
        profit: Expected profit per customer of the base, contacted or not.
        share: Share of the customers that the best campaign contacts, on average.
    """

    profit: float
    share: float


def threshold_from_costs(
    *,
    acted_on_event: ArrayLike,
    acted_on_other: ArrayLike,
    left_event: ArrayLike,
    left_other: ArrayLike = 0.0,
) -> Array:
    """Probability from which acting costs less than leaving be (Elkan 2001, equation 2).

    Args:
        acted_on_event: Cost of acting on a customer with whom the event would come (a churner who
            is called, a defaulter who is refused). One number or one per customer.
        acted_on_other: Cost of acting on any other customer.
        left_event: Cost of leaving a customer be with whom the event comes.
        left_other: Cost of leaving any other customer be.

    Returns:
        Threshold, of the shape of the costs: act where the probability is at least this.

    Raises:
        InputRefused: A cost is not finite, or one of the two decisions is never the dearer one,
            so that no probability divides them.

    >>> float(threshold_from_costs(acted_on_event=0, acted_on_other=20, left_event=80))
    0.2
    """
    caught, alarmed, missed, rest = np.broadcast_arrays(
        *(
            np.asarray(cost, dtype=np.float64)
            for cost in (acted_on_event, acted_on_other, left_event, left_other)
        )
    )
    if not all(np.isfinite(cost).all() for cost in (caught, alarmed, missed, rest)):
        raise InputRefused("成本中有缺失或无穷的数值。", "a cost is missing or not finite")
    needless, saved = alarmed - rest, missed - caught
    if (needless <= 0).any() or (saved <= 0).any():
        raise InputRefused(
            "成本不构成取舍：误判必须比判对更贵，否则没有阈值。",
            "the costs leave nothing to weigh: a wrong decision must cost more than a right one, "
            "or no threshold divides them",
        )
    threshold: Array = needless / (needless + saved)
    return threshold


def expected_maximum_profit(
    labels: ArrayLike,
    scores: ArrayLike,
    *,
    clv: float,
    incentive: float,
    contact: float,
    alpha: float,
    beta: float,
) -> MaximumProfit:
    """EMPC: profit of the best retention campaign, averaged over how many accept the offer.

    Who is contacted costs ``contact``. A churner accepts the incentive with probability gamma and
    stays (worth ``clv - incentive``); who would have stayed takes the incentive as well. Gamma is
    Beta(alpha, beta), and for each gamma the campaign goes as deep into the list as pays.

    The best depth ends where the seen rate of churners, made monotone in the score, falls below
    what the costs need. So the integral over gamma is a sum over the blocks of that monotone rate
    (the sides of the ROC curve's convex hull), each an incomplete beta function: no quadrature.

    Args:
        labels: 1 for who churned, 0 for who stayed, one per customer.
        scores: Greater means likelier to churn; any scale, since only the order counts.
        clv: Value of a customer who is kept.
        incentive: Cost of the offer to one who accepts it (d).
        contact: Cost of contacting one customer (f).
        alpha: First parameter of gamma's beta distribution.
        beta: Second one; the mean rate of acceptance is alpha / (alpha + beta).

    Returns:
        Profit per customer and share contacted.

    Raises:
        InputRefused: One class only, a label or score that is no number, or costs and beta
            parameters out of range.

    Source:
        Verbraken, Verbeke, Baesens 2013, "A Novel Profit Maximizing Metric for Measuring
        Classification Performance of Customer Churn Prediction Models", IEEE TKDE 25 (5); their
        parameters are clv 200, d 10, f 1, alpha 6, beta 14.
    """
    if not (clv > incentive >= 0 and contact >= 0 and alpha > 0 and beta > 0):
        raise InputRefused(
            "挽留参数无效：客户价值须大于优惠成本，成本不为负，alpha 与 beta 为正。",
            "the campaign's parameters are out of range: a customer must be worth more than the "
            "incentive, costs may not be negative, alpha and beta must be positive",
        )
    seen, score = checked(labels, scores)
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    return profit_of_groups(
        np.bincount(place, weights=seen).astype(np.float64),
        count.astype(np.float64),
        clv=clv,
        incentive=incentive,
        contact=contact,
        alpha=alpha,
        beta=beta,
    )


def profit_of_groups(
    events: Array,
    rows: Array,
    *,
    clv: float,
    incentive: float,
    contact: float,
    alpha: float,
    beta: float,
) -> MaximumProfit:
    """:func:`expected_maximum_profit` of groups of customers, the lowest score first.

    Args:
        events: Churners of each group, or their weight.
        rows: Customers of each group, or their weight; above nil.
        clv: Value of a customer who is kept.
        incentive: Cost of the offer to one who accepts it.
        contact: Cost of contacting one customer.
        alpha: First parameter of the beta distribution of acceptance.
        beta: Second one.
    """
    sizes, rates = _monotone_blocks(events, rows)
    # Acceptance from which contacting a block pays; a block without churners never pays.
    some = np.where(rates > 0, rates, 1.0)
    wasted = np.where(rates > 0, (incentive + contact) * (1 - some) / some, np.inf)
    least = (contact + wasted) / (clv - incentive)
    accepted = alpha / (alpha + beta) * beta_distribution.sf(least, alpha + 1, beta)
    reached = beta_distribution.sf(least, alpha, beta)
    spent = contact + incentive * (1 - rates)
    profit = sizes * (rates * (clv - incentive) * accepted - spent * reached)
    return MaximumProfit(float(profit.sum()), float((sizes * reached).sum()))


def profit_curve(
    labels: ArrayLike,
    scores: ArrayLike,
    keys: NDArray[np.int64],
    *,
    event_profit: ArrayLike,
    other_profit: ArrayLike,
) -> pl.DataFrame:
    """Profit of acting on the first customers of a list, for every length of the list.

    Args:
        labels: 1 where the event came, 0 where it did not.
        scores: Rank on the list, greatest first.
        keys: Order of customers with equal scores.
        event_profit: Profit of acting on a customer with the event, one number or one each.
        other_profit: The same for one without it; usually below nil.

    Returns:
        ``acted_count``, ``acted_share``, ``threshold_score`` (the last score acted on) and
        ``profit_amount`` in total, from nobody (null threshold) to everybody.

    Raises:
        InputRefused: As :func:`expected_maximum_profit`.
    """
    seen, score = checked(labels, scores)
    order = np.lexsort((keys, -score))
    each = np.where(seen == 1, event_profit, other_profit).astype(np.float64)[order]
    if not np.isfinite(each).all():
        raise InputRefused("利润中有缺失或无穷的数值。", "a profit is missing or not finite")
    counts = np.arange(len(seen) + 1)
    return pl.DataFrame(
        {
            "acted_count": counts,
            "acted_share": counts / len(seen),
            "threshold_score": pl.Series([None, *score[order].tolist()], dtype=pl.Float64),
            "profit_amount": np.concatenate([[0.0], np.cumsum(each)]),
        }
    )


def best_depth(curve: pl.DataFrame) -> dict[str, float | int | None]:
    """The row of a profit curve with the most profit; of equal ones the shortest list."""
    row = curve.sort("profit_amount", "acted_count", descending=[True, False]).row(0, named=True)
    return dict(row)


def checked(labels: ArrayLike, scores: ArrayLike) -> tuple[Array, Array]:
    """Labels and scores as floats of one length.

    Raises:
        InputRefused: Lengths differ, a label is not 0 or 1, a score is not finite, one class only.
    """
    seen = np.asarray(labels, dtype=np.float64)
    score = np.asarray(scores, dtype=np.float64)
    if seen.ndim != 1 or seen.shape != score.shape:
        raise InputRefused(
            f"标签与评分的行数不一致：{seen.shape} 与 {score.shape}。",
            f"labels and scores differ in length: {seen.shape} and {score.shape}",
        )
    if not np.isin(seen, (0.0, 1.0)).all():
        raise InputRefused("标签只能是 0 或 1。", "a label is neither 0 nor 1")
    if not np.isfinite(score).all():
        raise InputRefused("评分中有缺失或无穷的数值。", "a score is missing or not finite")
    if not 0 < seen.sum() < len(seen):
        raise InputRefused(
            f"{len(seen)} 行标签只有一类，无法评判。",
            f"the {len(seen)} labels are of one class, so nothing can be judged",
        )
    return seen, score


def _monotone_blocks(events: Array, rows: Array) -> tuple[Array, Array]:
    """(share of customers, rate of events) of the blocks of the rate made monotone in the score."""
    smooth = isotonic_regression(events / rows, sample_weight=rows)
    rates, block = np.unique(smooth, return_inverse=True)
    return np.bincount(block, weights=rows) / rows.sum(), rates
