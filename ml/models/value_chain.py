"""Lifetime value by a Markov chain on value states: where customers stand, and where they go.

States are the leaves of a small tree, so that a manager can read them; a customer who is seen in
one period and not in the next has left for good. What it gets wrong: the next step depends on the
state alone, not on how long somebody has been in it.

Source:
    Haenlein, Kaplan, Beeser 2007, "A Model to Determine Customer Lifetime Value in a Retail Banking
    Context", European Management Journal 25 (3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeRegressor

from ml.errors import InputRefused
from ml.frames.checks import finite, require_columns
from ml.models.pipelines import SEED, Array
from ml.models.rules import Rule, leaf_rules

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class ValueStates:
    """A small tree whose leaves are states, the least valuable first.

    Attributes:
        tree: The fitted tree.
        names: Its input columns.
        rules: What makes a customer belong to each state.
    """

    tree: DecisionTreeRegressor
    names: tuple[str, ...]
    rules: tuple[Rule, ...]

    def of(self, frame: pl.DataFrame) -> Numbers:
        """State number of each row; a missing value takes the side that training chose for it."""
        require_columns(frame, self.names)
        leaves = self.tree.apply(frame.select(self.names).to_numpy())
        order = {rule.leaf: number for number, rule in enumerate(self.rules)}
        return np.array([order[leaf] for leaf in leaves], dtype=np.int64)


def fit_states(
    frame: pl.DataFrame, names: Sequence[str], target: str, *, states: int, least_share: float
) -> ValueStates:
    """States that tell next period's contribution apart best (CART).

    Args:
        frame: One row per customer and period.
        names: Columns of numbers that describe the customer at that time.
        target: Contribution of the period that follows, yuan.
        states: Leaves at most.
        least_share: Share of the rows that each state must have.

    Raises:
        InputRefused: A column is not there, the target has gaps or never differs.
    """
    require_columns(frame, [*names, target])
    value = finite(frame, target)
    tree = DecisionTreeRegressor(
        max_leaf_nodes=states, min_samples_leaf=least_share, random_state=SEED
    ).fit(frame.select(names).to_numpy(), value)
    if tree.get_n_leaves() < 2:
        raise InputRefused(
            f"各列都无法区分 {target}，不能划分价值状态。",
            f"no column tells {target} apart, so there are no states of value",
        )
    rules = sorted(
        leaf_rules(tree, names, _with_gaps(frame, names)), key=lambda rule: (rule.value, rule.leaf)
    )
    return ValueStates(tree, tuple(names), tuple(rules))


def _with_gaps(frame: pl.DataFrame, names: Sequence[str]) -> set[str]:
    """Columns with missing values."""
    return {name for name in names if frame.get_column(name).null_count()}


@dataclass(frozen=True)
class ValueChain:
    """A fitted chain; the last state is "left", from which nobody returns.

    Attributes:
        steps: (states + 1, states + 1) chances to go from row to column within a period.
        margins: (states + 1,) mean contribution per period in each state, yuan; nil for "left".
        values: One row per state: ``state``, ``customer_count``, ``margin_amount``,
            ``lifetime_value_amount`` with ``low_amount`` and ``high_amount``.
    """

    steps: Array
    margins: Array
    values: pl.DataFrame


def lifetime_values(
    steps: Array, margins: Array, discount: float, periods: int | None = None
) -> Array:
    """V = (I - P / (1 + d))^-1 R: the present period in full, later ones discounted.

    Args:
        steps: (n, n) chances; each row adds up to 1.
        margins: (n,) contribution of a period in each state.
        discount: Per period, above nil.
        periods: How many are counted, the present one included; all of them where None.

    >>> steps = np.array([[0.8, 0.2], [0.0, 1.0]])
    >>> lifetime_values(steps, np.array([100.0, 0.0]), 0.1).round(2).tolist()
    [366.67, 0.0]
    """
    if not (np.isfinite(discount) and discount > 0):
        raise InputRefused("贴现率必须为正数。", "the discount per period must be above nil")
    step = steps / (1 + discount)
    if periods is not None:
        margins = margins - np.linalg.matrix_power(step, periods) @ margins
    solved = np.linalg.solve(np.eye(len(steps)) - step, margins)
    return np.asarray(solved, dtype=np.float64)


def fit_chain(
    frame: pl.DataFrame,
    *,
    discount: float,
    periods: int | None = None,
    prior: float = 1.0,
    level: float = 0.9,
    draws: int = 200,
    seed: int = SEED,
) -> ValueChain:
    """Count the steps, add the prior, solve for the values, and draw customers anew for intervals.

    Args:
        frame: One row per customer and period in which he was there: ``customer_key``,
            ``period_number`` (whole, without gaps over all customers), ``state`` (0, 1, ...) and
            ``margin_amount`` (contribution in that period, yuan).
        discount: Per period.
        periods: That a value counts, the present one included; all of them where None.
        prior: Customers' worth of steps that each row of the matrix is given beforehand, spread as
            all customers went (a Dirichlet prior): a state that hardly anybody was in goes the way
            of the bank.
        level: Of the interval.
        draws: Of the bootstrap; customers are drawn whole, since their periods are alike.
        seed: Of the draws.

    Raises:
        InputRefused: One period only, a gap, a state below nil, a customer twice in one period.
    """
    table = _steps(frame)
    states = int(table.get_column("state").max()) + 1  # type: ignore[arg-type]
    size = states + 1
    moves = table.filter(pl.col("next_state").is_not_null())
    code = (moves.get_column("state") * size + moves.get_column("next_state")).to_numpy()
    _, who_moves = np.unique(moves.get_column("customer_key").to_numpy(), return_inverse=True)
    state, margin = table.get_column("state").to_numpy(), finite(table, "margin_amount")
    people, who = np.unique(table.get_column("customer_key").to_numpy(), return_inverse=True)
    movers = np.unique(moves.get_column("customer_key").to_numpy())
    place = np.searchsorted(people, movers)

    def solve(weight: Array) -> tuple[Array, Array, Array]:
        counted = np.bincount(code, weights=weight[place][who_moves], minlength=size * size)
        steps = _with_prior(counted.reshape(size, size).astype(np.float64), prior)
        seen = np.bincount(state, weights=weight[who], minlength=size)
        earned = np.bincount(state, weights=weight[who] * margin, minlength=size)
        margins = np.asarray(earned / np.where(seen > 0, seen, 1.0), dtype=np.float64)
        return steps, margins, lifetime_values(steps, margins, discount, periods)

    steps, margins, values = solve(np.ones(len(people)))
    random = np.random.default_rng(seed)
    even = np.full(len(people), 1 / len(people))
    drawn = [
        solve(random.multinomial(len(people), even).astype(np.float64))[2] for _ in range(draws)
    ]
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    last = table.filter(pl.col("period_number") == pl.col("period_number").max())
    now = np.bincount(last.get_column("state").to_numpy(), minlength=size)
    told = pl.DataFrame(
        {
            "state": np.arange(states),
            "customer_count": now[:states],
            "margin_amount": margins[:states],
            "lifetime_value_amount": values[:states],
            "low_amount": low[:states],
            "high_amount": high[:states],
        }
    )
    return ValueChain(steps, margins, told)


def _with_prior(counted: Array, prior: float) -> Array:
    """Rows of counts as chances, each with ``prior`` steps added as the whole bank went."""
    pooled = counted.sum(axis=0)
    steps = counted + prior * pooled / pooled.sum()
    steps[-1] = 0.0
    steps[-1, -1] = 1.0
    chances: Array = steps / steps.sum(axis=1, keepdims=True)
    return chances


def _steps(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with ``next_state``: that of the next period, "left", or null in the last one."""
    require_columns(frame, ["customer_key", "period_number", "state", "margin_amount"])
    state = finite(frame, "state")
    if (state < 0).any() or (state != state.round()).any():
        raise InputRefused("state 必须是从 0 起的整数。", "states must be whole numbers from 0 on")
    if frame.select("customer_key", "period_number").is_duplicated().any():
        raise InputRefused(
            "同一客户同一期有两行。",
            "a customer has two rows in one period, and may be in one state",
        )
    table = frame.with_columns(
        pl.col("state", "period_number").cast(pl.Int64), pl.col("margin_amount").cast(pl.Float64)
    ).sort("customer_key", "period_number")
    last = pl.col("period_number").max()
    if table.get_column("period_number").n_unique() < 2:
        raise InputRefused(
            "只有一期数据，无法统计状态转移。",
            "there is one period only, so nobody has gone anywhere",
        )
    number = pl.col("period_number")
    following = pl.col("state").shift(-1).over("customer_key")
    is_next = number.shift(-1).over("customer_key") == number + 1
    left = pl.col("state").max() + 1
    return table.with_columns(
        next_state=pl.when(number == last)
        .then(None)
        .when(is_next.fill_null(value=False))
        .then(following)
        .otherwise(left)
    )
