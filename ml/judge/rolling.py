"""Evaluation by rolling origin: the recipe taught anew at each month end.

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
from ml.judge.costs import (
    MaximumProfit,
    best_depth,
    expected_maximum_profit,
    profit_curve,
    profit_of_groups,
    threshold_from_costs,
)
from ml.judge.draws import DRAWS, Drawn, draw
from ml.judge.metrics import Array

OURS = "model"
#: How surely the rate of acceptance is known, as if so many had been offered something: alpha and
#: beta of Verbraken and others 2013 add up to it.
ACCEPTANCE_CASES = 20.0
#: Fewer events than this say nothing about a slice.
MIN_SLICE_EVENTS = 20
#: Measures that are told of months and slices, each with its interval.
APART = (
    "auc",
    "average_precision",
    "brier",
    "calibration_slope",
    "ece",
    "lift_at_10pct",
    "emp_per_customer",
)


@dataclass(frozen=True)
class Costs:
    """What a retention campaign costs and brings, in yuan per customer.

    Attributes:
        clv: What a leaver who is kept is worth.
        incentive: What the offer costs where it is accepted.
        contact: What it costs to contact a customer.
        acceptance: Mean share of leavers who accept and stay.
    """

    clv: float
    incentive: float
    contact: float
    acceptance: float

    @property
    def event_profit(self) -> float:
        """Of contacting somebody who would leave; who declines leaves all the same."""
        return self.acceptance * (self.clv - self.incentive) - self.contact

    @property
    def other_cost(self) -> float:
        """Of contacting somebody who would have stayed: he takes the offer too."""
        return self.incentive + self.contact

    @property
    def threshold(self) -> float | None:
        """Probability from which a contact pays; None where not even a sure leaver's does."""
        if self.event_profit <= 0:
            return None
        return float(
            threshold_from_costs(
                acted_on_event=-self.event_profit, acted_on_other=self.other_cost, left_event=0.0
            )
        )

    @property
    def of_campaign(self) -> dict[str, float]:
        """Parameters of the expected maximum profit: the rate of acceptance is uncertain."""
        return {
            "clv": self.clv,
            "incentive": self.incentive,
            "contact": self.contact,
            "alpha": ACCEPTANCE_CASES * self.acceptance,
            "beta": ACCEPTANCE_CASES * (1 - self.acceptance),
        }


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
        raise NotEnoughHistory(
            "任何一个月末之前，都没有同时包含发生与未发生两类的客户，无法训练。",
            "No month end has customers of both classes before it, so nothing can be taught.",
        )
    rows = pl.concat(parts).sort("observation_date", "customer_key")
    if beside is not None:
        rows = rows.join(beside, on=["customer_key", "observation_date"], how="inner")
        for each in told:
            day = date.fromisoformat(each["test_date"])
            judged = rows.filter(pl.col("observation_date") == day).height
            each["without_score_rows"] = each["test_rows"] - judged
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
            f"用于检验的 {len(seen)} 行只有一类：全部流失，或无一流失。",
            f"The {len(seen)} judged rows are of one class: nobody left, or everybody did.",
        )
    keys = rows.get_column("customer_key").to_numpy()
    scores = {name: rows.get_column(name).to_numpy() for name in contenders}
    drawn = _drawn(seen, scores, keys, costs, draws)
    ours, rivals = contenders[0], contenders[1:]
    return {
        "rows": len(seen),
        "customers": len(np.unique(keys)),
        "events": int(seen.sum()),
        "overall": {name: drawn.told(name) for name in contenders},
        "differences": [
            {
                "rival": name,
                **drawn.difference(ours, name),
                "auc_share": drawn.share(ours, name, "auc"),
            }
            for name in rivals
        ],
        "by_month": _apart(rows, "observation_date", contenders, costs, draws),
        "by_slice": {name: _apart(rows, name, contenders, costs, draws) for name in slices},
        "calibration": metrics.calibration_table(seen, scores[ours]),
        "lift": metrics.lift_table(seen, scores[ours], keys),
        "list": lists(seen, scores[ours], keys, costs),
        "costs": vars(costs),
    }


def lists(
    seen: Array, score: Array, keys: NDArray[np.int64], costs: Costs
) -> dict[str, dict[str, Any]]:
    """What two lists had earned at the mean rate of acceptance.

    ``at_threshold`` goes by probability and costs alone, as a bank can on the day. ``in_hindsight``
    is the length that was best for the very labels that it is counted on: nobody could have chosen
    it, and it bounds the other from above.
    """
    curve = profit_curve(
        seen, score, keys, event_profit=costs.event_profit, other_profit=-costs.other_cost
    )
    threshold = costs.threshold
    count = 0 if threshold is None else int((score >= threshold).sum())
    reached = curve.row(count, named=True)
    return {
        "at_threshold": {**reached, "threshold_score": threshold},
        "in_hindsight": best_depth(curve),
    }


def _drawn(
    seen: Array,
    scores: Mapping[str, Array],
    keys: NDArray[np.int64],
    costs: Costs,
    draws: int,
) -> Drawn:
    """All measures of every contender, with what they were in the draws."""
    whole = {
        name: {**metrics.event_metrics(seen, score, keys), **_profit(seen, score, costs)}
        for name, score in scores.items()
    }

    def campaign(events: Array, rows: Array) -> dict[str, float]:
        return _told(profit_of_groups(events, rows, **costs.of_campaign))

    return Drawn(whole, draw(seen, scores, keys, campaign, draws))


def _profit(seen: Array, score: Array, costs: Costs) -> dict[str, float]:
    """What the best campaign by a score brings."""
    return _told(expected_maximum_profit(seen, score, **costs.of_campaign))


def _told(found: MaximumProfit) -> dict[str, float]:
    """Expected maximum profit per customer, and the share of customers contacted for it."""
    return {"emp_per_customer": found.profit, "emp_share": found.share}


def _apart(
    rows: pl.DataFrame, column: str, contenders: Sequence[str], costs: Costs, draws: int
) -> list[dict[str, Any]]:
    """Measures of each contender by the values of a column; none where events are too few."""
    found: list[dict[str, Any]] = []
    for (value,), part in sorted(
        rows.group_by(column), key=lambda pair: (pair[0][0] is None, str(pair[0][0]))
    ):
        seen, keys = part.get_column("seen").to_numpy(), part.get_column("customer_key").to_numpy()
        scores = {name: part.get_column(name).to_numpy() for name in contenders}
        enough = MIN_SLICE_EVENTS <= seen.sum() <= len(seen) - MIN_SLICE_EVENTS
        drawn = _drawn(seen, scores, keys, costs, draws) if enough else None
        for name in contenders:
            told = drawn.told(name) if drawn else {}
            found.append(
                {
                    "value": value.isoformat() if isinstance(value, date) else value,
                    "contender": name,
                    "rows": len(seen),
                    "events": int(seen.sum()),
                    "seen_rate": float(seen.mean()),
                    "mean_score": float(scores[name].mean()),
                    **{measure: told.get(measure) for measure in APART},
                }
            )
    return found
