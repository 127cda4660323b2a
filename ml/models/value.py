"""Value: the contribution in yuan that a customer brings in a year, by his next quarter.

Labels look three months ahead, because a bank that has delivered one year has no twelve-month
label at all. The model learns the contribution of the next three months, four times over. What
that gets wrong: a customer who grows or leaves after the third month.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline

from ml.causes import SEGMENT, UNKNOWN_SEGMENT
from ml.errors import NotEnoughHistory
from ml.frames.features import VALUE_LABEL, Feature
from ml.frames.split import TimeSplit, sample_customers
from ml.judge import metrics
from ml.models.bands import ScoreBand, value_band, value_coverage
from ml.models.pipelines import (
    BETTER_Z,
    SEED,
    Array,
    Attribution,
    Which,
    as_array,
    column_step,
    inputs,
)
from ml.models.tree_attribution import TreeAttribution

#: What the rival looks at: what he brought in the last three months, four times over.
VALUE_BASELINE_COLUMN = "contribution_3m_amount_before_obs"
#: What tells an emptied account the day it is emptied, while the last quarter still looks rich.
DEPOSIT_COLUMN = "deposit_closing_amount_before_obs"
AVERAGE_COLUMN = "deposit_average_90d_amount_before_obs"
LOAN_COLUMN = "loan_closing_amount_before_obs"
#: Share of his average deposits that is there on the day, derived here.
LEFT = Feature(
    "deposit_left_rate", "number", "Deposits on the day over the average", "存款留存比例"
)
#: Of an emptied account less than this share is left, and there is no loan.
EMPTIED_RATE = 0.1
#: Quarters of a year: from a three-month label to twelve months.
QUARTERS = 4.0
MIN_TRAIN_ROWS = 500
MIN_TEST_ROWS = 200
#: A rank correlation may fall by this much where the error is smaller; ties at nil do that.
SPEARMAN_SLACK = 0.005
#: More rows cost time and no longer change the metrics: customers repeat from month to month.
MAX_TRAIN_ROWS = 80_000
_SALT = "train-sample"


class ValueModel:
    """Trees on the change against what the last quarter and the deposits left make likely.

    A customer's value is first of all what he brought lately, over six orders of magnitude: the
    rival is just that. Where the deposits that earned it are gone, so will be what they earned; so
    of a customer without a loan the share of his average deposits that is still there is taken. The
    trees learn only how the next quarter differs from that, by least absolute error: a few giant
    accounts then pull neither the splits nor the leaves.
    """

    name = "value"
    label = VALUE_LABEL

    def build(self, features: Sequence[Feature]) -> Pipeline:
        """The unfitted pipeline."""
        trees = HistGradientBoostingRegressor(
            loss="absolute_error",
            learning_rate=0.08,
            max_iter=120,
            max_leaf_nodes=10,
            min_samples_leaf=60,
            max_features=0.6,
            early_stopping=False,
            random_state=SEED,
        )
        return Pipeline([("columns", column_step(features)), ("model", trees)])

    def check_enough(self, split: TimeSplit) -> None:
        """Refuse a history with too few customers to teach or to judge."""
        for rows, needed, role in (
            (split.train, MIN_TRAIN_ROWS, ("训练", "teach")),
            (split.test, MIN_TEST_ROWS, ("检验", "judge")),
        ):
            if rows.height < needed:
                raise NotEnoughHistory(
                    f"尚不能训练模型 value：用于{role[0]}的标签已知客户只有 {rows.height} 位，"
                    f"至少需要 {needed} 位。",
                    f"No value model: {rows.height} labelled customers {role[1]} it, and {needed} "
                    "are needed.",
                )

    def sample(self, train: pl.DataFrame, max_rows: int) -> pl.DataFrame:
        """Whole customers by hash."""
        return sample_customers(train, min(max_rows, MAX_TRAIN_ROWS), _SALT)

    def fit(
        self,
        sample: pl.DataFrame,
        features: Sequence[Feature],
        train: pl.DataFrame,  # noqa: ARG002  same call for every kind of model
    ) -> tuple[dict[str, Pipeline], dict[str, float]]:
        """Fit on the training rows alone; the rival has nothing to learn."""
        recent = _recent(sample)
        change = as_array(sample.get_column(self.label)) * QUARTERS - _likely(sample)
        rows = _with_left(inputs(sample, features), sample)
        model = self.build([*features, LEFT]).fit(rows, change)
        return {"model": model}, {"mean_recent": float(recent.mean())}

    def predict(
        self,
        pipelines: Mapping[str, Pipeline],
        constants: Mapping[str, float],  # noqa: ARG002  same call for every kind of model
        frame: pl.DataFrame,
        which: Which,
    ) -> Array:
        """Contribution of the next twelve months, yuan."""
        if which == "baseline":
            return _recent(frame)
        change: Array = pipelines["model"].predict(_with_left(frame, frame))
        return _likely(frame) + change

    def explain(
        self,
        pipelines: Mapping[str, Pipeline],
        constants: Mapping[str, float],
        frame: pl.DataFrame,
        which: Which,
    ) -> Attribution:
        """Contributions in yuan against the average customer of the training.

        What the share of deposits left adds is told of the deposits on the day.
        """
        middle = constants["mean_recent"]
        anchor = _recent(frame) - middle
        if which == "baseline":
            return Attribution([VALUE_BASELINE_COLUMN], anchor[None, :], middle)
        pipeline = pipelines["model"]
        trees = TreeAttribution(pipeline[-1])
        names = [str(name) for name in pipeline[:-1].get_feature_names_out()]
        contributions = trees.contributions(
            np.asarray(pipeline[:-1].transform(_with_left(frame, frame)), dtype=np.float64)
        )
        contributions[names.index(VALUE_BASELINE_COLUMN)] += anchor
        derived = names.index(LEFT.name)
        gone = _likely(frame) - _recent(frame)
        contributions[names.index(DEPOSIT_COLUMN)] += contributions[derived] + gone
        kept = [place for place in range(len(names)) if place != derived]
        return Attribution(
            [names[place] for place in kept], contributions[kept], middle + trees.expected
        )

    def losses(self, seen: Array, score: Array) -> Array:
        """What is compared customer by customer with the rival: the absolute error."""
        errors: Array = np.abs(seen * QUARTERS - score)
        return errors

    def measure(
        self,
        seen: Array,
        score: Array,
        keys: Any,  # noqa: ARG002
    ) -> dict[str, float]:
        """Mean absolute error, rank correlation and total, all on twelve months."""
        return metrics.value_metrics(seen * QUARTERS, score)

    def tables(self, seen: Array, score: Array, keys: Any, facts: pl.DataFrame) -> dict[str, Any]:
        """Predicted and seen value by tenths of the customers, and by slices of them."""
        return {
            "deciles": metrics.decile_table(seen * QUARTERS, score, keys),
            "slices": _by_slice(seen * QUARTERS, score, facts),
        }

    def band(self, seen: Array, score: Array, facts: pl.DataFrame) -> ScoreBand:
        """Between what nine of ten customers with like scores bring: four times their quarter."""
        return value_band(seen * QUARTERS, score, facts)

    def coverage(self, seen: Array, score: Array, facts: pl.DataFrame) -> dict[str, float]:
        """How often they did."""
        return value_coverage(seen * QUARTERS, score, facts)

    def is_better(self, model: Mapping[str, float], baseline: Mapping[str, float]) -> bool:
        """A smaller error by more than luck, and an order of customers that is not worse."""
        return (
            model["loss_saved_z"] > BETTER_Z
            and model["spearman"] >= baseline["spearman"] - SPEARMAN_SLACK
        )


def _recent(frame: pl.DataFrame) -> Array:
    """Contribution of the last three months, four times over; none recorded is none earned."""
    return frame.get_column(VALUE_BASELINE_COLUMN).fill_null(0.0).to_numpy() * QUARTERS


def _left(frame: pl.DataFrame) -> Array:
    """Share of the average deposits of three months that is there on the day, 10 at most.

    Who had none has lost none: 1.
    """
    day, average = as_array(frame[DEPOSIT_COLUMN]), as_array(frame[AVERAGE_COLUMN])
    share = np.divide(day, average, out=np.ones_like(day), where=average > 0)
    return np.nan_to_num(np.clip(share, 0.0, 10.0), nan=1.0)


def _with_left(rows: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows that a pipeline reads, with the derived share beside them."""
    return rows.with_columns(pl.Series(LEFT.name, _left(frame)))


def _likely(frame: pl.DataFrame) -> Array:
    """What he brought lately, as far as the deposits that earned it are still there.

    A loan earns on whatever the deposits do, and what was lost lately is not less for an account
    that was emptied; of such customers it is what they brought.
    """
    recent = _recent(frame)
    earns_by_deposits = (as_array(frame[LOAN_COLUMN].fill_null(0.0)) <= 0) & (recent > 0)
    return np.where(earns_by_deposits, recent * np.minimum(_left(frame), 1.0), recent)


def is_emptied(frame: pl.DataFrame) -> NDArray[np.bool_]:
    """Whose deposits are under a tenth of the average of three months, without a loan."""
    day, average = as_array(frame[DEPOSIT_COLUMN]), as_array(frame[AVERAGE_COLUMN])
    no_loan = as_array(frame[LOAN_COLUMN].fill_null(0.0)) <= 0
    return (average > 0) & (day < EMPTIED_RATE * average) & no_loan


def _by_slice(seen: Array, score: Array, facts: pl.DataFrame) -> list[dict[str, Any]]:
    """Told and seen value of each population, and of emptied accounts and all others.

    A mean over all customers is that of those who stay: a list of visits goes to the others.
    """
    population = facts.get_column(SEGMENT).fill_null(UNKNOWN_SEGMENT)
    emptied = is_emptied(facts)
    slices = {code: (population == code).to_numpy() for code in population.unique().sort()}
    slices |= {"emptied": emptied, "not_emptied": ~emptied}
    return [
        {
            "slice": name,
            "row_count": int(own.sum()),
            "predicted_mean": float(score[own].mean()),
            "seen_mean": float(seen[own].mean()),
            "mae": float(np.abs(seen - score)[own].mean()),
            "band": value_coverage(seen, score, facts, own),
        }
        for name, own in slices.items()
        if own.any()
    ]
