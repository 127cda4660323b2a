"""Evaluation by rolling origin: as a bank would have lived with the model, month after month.

For each of the last month ends whose label is known, the model and its rivals are taught on what
was known by that day alone, and judged on the customers of that day. Every contender sees the same
rows. Intervals are bootstrapped over customers, since a customer's months are no new evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ml.errors import NotEnoughHistory
from ml.frames.split import split_by_time
from ml.judge import metrics
from ml.judge.costs import best_depth, expected_maximum_profit, profit_curve
from ml.judge.metrics import Array

OURS = "model"
DRAWS = 200
_LEVEL = 0.95
_SEED = 20250101
#: Fewer events than this say nothing about a slice.
MIN_SLICE_EVENTS = 20


@dataclass(frozen=True)
class Costs:
    """What a retention campaign costs and brings, in yuan per customer.

    Attributes:
        clv: What a leaver who is kept is worth.
        incentive: What the offer costs where it is accepted.
        contact: What it costs to contact a customer.
        alpha: First parameter of the beta distribution of the rate of acceptance.
        beta: Second one; the mean rate is alpha / (alpha + beta).
    """

    clv: float = 200.0
    incentive: float = 10.0
    contact: float = 1.0
    alpha: float = 6.0
    beta: float = 14.0

    @property
    def accepted(self) -> float:
        """Mean rate of acceptance."""
        return self.alpha / (self.alpha + self.beta)


@dataclass(frozen=True)
class Evaluation:
    """What a rolling evaluation found.

    Attributes:
        rows: ``customer_key, observation_date, seen``, one score per contender, and the slices.
        report: Plain data: origins, overall, differences, by month, by slice, calibration, profit.
    """

    rows: pl.DataFrame
    report: dict[str, Any]


#: Rows that teach and rows that judge, to the scores of each contender on the latter.
Contender = Callable[[pl.DataFrame, pl.DataFrame], Mapping[str, Array]]


def roll(
    labelled: pl.DataFrame,
    label: str,
    model_name: str,
    contend: Contender,
    *,
    origins: int,
    slices: Sequence[str] = (),
    beside: pl.DataFrame | None = None,
) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """Scores of every contender at each of the last dates that can be judged.

    Args:
        labelled: Rows with a known label (:func:`ml.frames.split.labelled_rows`).
        label: Column of the label, 0 or 1.
        model_name: For the sentence of a refusal.
        contend: Teaches and scores all contenders.
        origins: How many dates at most, from the latest back.
        slices: Columns to judge apart.
        beside: ``customer_key, observation_date`` and a score per further contender; rows without
            one are left out for all, so that every contender is judged on the same customers.

    Returns:
        (the rows, one entry per origin with its dates and counts).

    Raises:
        NotEnoughHistory: Not even the latest date can be judged.
    """
    dates = sorted(labelled.get_column("observation_date").unique().to_list(), reverse=True)
    parts: list[pl.DataFrame] = []
    told: list[dict[str, Any]] = []
    for day in dates:
        if len(parts) == origins:
            break
        try:
            split = split_by_time(
                labelled.filter(pl.col("observation_date") <= day), label, model_name
            )
        except NotEnoughHistory:
            if not parts:
                raise
            break
        if split.train.get_column(label).n_unique() < 2 or not split.test.height:
            continue
        parts.append(_scored(split.train, split.test, label, contend, slices))
        told.append(
            {
                "test_date": day.isoformat(),
                "train_dates": [each.isoformat() for each in split.train_dates],
                "train_rows": split.train.height,
                "test_rows": split.test.height,
            }
        )
    if not parts:
        raise NotEnoughHistory("No date has customers of both classes to teach with before it.")
    rows = pl.concat(parts).sort("observation_date", "customer_key")
    if beside is not None:
        rows = rows.join(beside, on=["customer_key", "observation_date"], how="inner")
    return rows, told


def _scored(
    train: pl.DataFrame,
    test: pl.DataFrame,
    label: str,
    contend: Contender,
    slices: Sequence[str],
) -> pl.DataFrame:
    """The judging rows of one origin with a column of scores per contender."""
    scores = contend(train, test)
    return test.select(
        "customer_key", "observation_date", pl.col(label).cast(pl.Float64).alias("seen"), *slices
    ).with_columns(pl.Series(name, values) for name, values in scores.items())


def judge(
    rows: pl.DataFrame,
    contenders: Sequence[str],
    slices: Sequence[str],
    costs: Costs,
    draws: int = DRAWS,
) -> dict[str, Any]:
    """All tables of a report from the rows of :func:`roll`; the first contender is ours.

    Raises:
        NotEnoughHistory: The judged rows are of one class.
    """
    seen = rows.get_column("seen").to_numpy()
    if not 0 < seen.sum() < len(seen):
        raise NotEnoughHistory(
            f"The {len(seen)} judged rows are of one class: nobody left, or everybody did."
        )
    keys = rows.get_column("customer_key").to_numpy()
    scores = {name: rows.get_column(name).to_numpy() for name in contenders}
    drawn = _bootstrap(seen, scores, keys, draws)
    overall = {
        name: {
            measure: {"value": value, **drawn.interval(name, measure)}
            for measure, value in {
                **metrics.event_metrics(seen, score, keys),
                **_profit(seen, score, costs),
            }.items()
        }
        for name, score in scores.items()
    }
    return {
        "rows": len(seen),
        "customers": len(np.unique(keys)),
        "events": int(seen.sum()),
        "overall": overall,
        "differences": [drawn.difference(name) for name in contenders[1:]],
        "by_month": _apart(rows, "observation_date", contenders, costs),
        "by_slice": {name: _apart(rows, name, contenders, costs) for name in slices},
        "calibration": metrics.calibration_table(seen, scores[contenders[0]]),
        "lift": metrics.lift_table(seen, scores[contenders[0]], keys),
        "list": best_list(seen, scores[contenders[0]], keys, costs),
        "costs": vars(costs),
    }


def best_list(
    seen: Array, score: Array, keys: NDArray[np.int64], costs: Costs
) -> dict[str, float | int | None]:
    """How long the list had best been at the mean rate of acceptance, and what it had earned."""
    curve = profit_curve(
        seen,
        score,
        keys,
        event_profit=costs.accepted * (costs.clv - costs.incentive) - costs.contact,
        other_profit=-costs.incentive - costs.contact,
    )
    return best_depth(curve)


def _profit(seen: Array, score: Array, costs: Costs) -> dict[str, float]:
    """Expected maximum profit per customer, and the share of customers contacted for it."""
    found = expected_maximum_profit(seen, score, **vars(costs))
    return {"emp_per_customer": found.profit, "emp_share": found.share}


def _apart(
    rows: pl.DataFrame, column: str, contenders: Sequence[str], costs: Costs
) -> list[dict[str, Any]]:
    """Measures of each contender by the values of a column; null where events are too few."""
    found: list[dict[str, Any]] = []
    for (value,), part in sorted(
        rows.group_by(column), key=lambda pair: (pair[0][0] is None, str(pair[0][0]))
    ):
        seen, keys = part.get_column("seen").to_numpy(), part.get_column("customer_key").to_numpy()
        enough = MIN_SLICE_EVENTS <= seen.sum() <= len(seen) - MIN_SLICE_EVENTS
        for name in contenders:
            score = part.get_column(name).to_numpy()
            measured: dict[str, Any] = dict.fromkeys(("auc", "calibration_slope", "lift_at_10pct"))
            if enough:
                all_of = metrics.event_metrics(seen, score, keys)
                measured = {measure: all_of[measure] for measure in measured}
                measured |= _profit(seen, score, costs)
            found.append(
                {
                    "value": value.isoformat() if isinstance(value, date) else value,
                    "contender": name,
                    "rows": len(seen),
                    "events": int(seen.sum()),
                    "seen_rate": float(seen.mean()),
                    "mean_score": float(score.mean()),
                    **measured,
                }
            )
    return found


@dataclass(frozen=True)
class _Drawn:
    """Measures of every contender in every bootstrap draw: name to measure to values."""

    values: Mapping[str, Mapping[str, Array]]

    def interval(self, name: str, measure: str) -> dict[str, float]:
        """Ends of the interval of a measure, where it was drawn."""
        if measure not in self.values[name]:
            return {}
        tails = [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2]
        low, high = np.quantile(self.values[name][measure], tails)
        return {"low": float(low), "high": float(high)}

    def difference(self, rival: str) -> dict[str, Any]:
        """Ours less the rival's, draw by draw, and ours as a share of the rival's AUC."""
        ours = self.values[OURS]
        found: dict[str, Any] = {"rival": rival}
        for measure, theirs in self.values[rival].items():
            low, mid, high = np.quantile(ours[measure] - theirs, [0.025, 0.5, 0.975])
            found[measure] = {"value": float(mid), "low": float(low), "high": float(high)}
        low, mid, high = np.quantile(ours["auc"] / self.values[rival]["auc"], [0.025, 0.5, 0.975])
        found["auc_share"] = {"value": float(mid), "low": float(low), "high": float(high)}
        return found


def _bootstrap(
    seen: Array, scores: Mapping[str, Array], keys: NDArray[np.int64], draws: int
) -> _Drawn:
    """AUC, average precision, Brier and calibration slope under random weights of customers.

    Each customer weighs a draw of Poisson(1), with all his months: the bootstrap without sorting
    the rows anew in every draw.
    """
    rng = np.random.default_rng(_SEED)
    customers, place = np.unique(keys, return_inverse=True)
    ranked = {name: _Ranked.of(seen, score) for name, score in scores.items()}
    values: dict[str, dict[str, list[float]]] = {
        name: {"auc": [], "average_precision": [], "brier": [], "calibration_slope": []}
        for name in scores
    }
    for _ in range(draws):
        weight = rng.poisson(1.0, len(customers)).astype(np.float64)[place]
        if not 0 < weight @ seen < weight.sum():
            continue
        for name, score in scores.items():
            auc, precision = ranked[name].measure(weight)
            into = values[name]
            into["auc"].append(auc)
            into["average_precision"].append(precision)
            into["brier"].append(float(weight @ (score - seen) ** 2 / weight.sum()))
            into["calibration_slope"].append(metrics.calibration_slope(seen, score, weight))
    return _Drawn(
        {
            name: {measure: np.array(each) for measure, each in of_one.items()}
            for name, of_one in values.items()
        }
    )


@dataclass(frozen=True)
class _Ranked:
    """A score whose order is found once, for many draws of weights."""

    order: NDArray[np.int64]
    ends: NDArray[np.int64]
    seen: Array

    @classmethod
    def of(cls, seen: Array, score: Array) -> _Ranked:
        """Order of the rows from the highest score down, and where equal scores end."""
        order = np.argsort(-score, kind="stable")
        ordered = score[order]
        ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
        return cls(order, ends, seen[order])

    def measure(self, weight: Array) -> tuple[float, float]:
        """(AUC, average precision) of the weighted rows; equal scores count half."""
        ordered = weight[self.order]
        events = np.cumsum(ordered * self.seen)[self.ends]
        rows = np.cumsum(ordered)[self.ends]
        others = rows - events
        gained = np.diff(events, prepend=0.0)
        above = np.append(0.0, others[:-1])
        spread = np.diff(others, prepend=0.0)
        auc = 1 - float(gained @ (above + spread / 2)) / float(events[-1] * others[-1])
        precision = np.divide(events, rows, out=np.zeros_like(events), where=rows > 0)
        return auc, float(gained @ precision) / float(events[-1])
