"""Value: the contribution in yuan that a customer will bring in the next twelve months.

Labels look three months ahead, because a bank that has delivered one year has no twelve-month
label at all. The model learns the contribution of the next three months, four times over. What
that gets wrong: a customer who grows or leaves after the third month.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline

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
    """Trees on the change against the last quarter; the last quarter itself is the rival.

    A customer's value is first of all what he brought lately, over six orders of magnitude. So the
    trees learn only how the next quarter differs from the last one, by least absolute error: a few
    giant accounts then pull neither the splits nor the leaves.
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
            (split.train, MIN_TRAIN_ROWS, "teach"),
            (split.test, MIN_TEST_ROWS, "judge"),
        ):
            if rows.height < needed:
                raise NotEnoughHistory(
                    f"No value model: {rows.height} labelled customers {role} it, and {needed} are "
                    "needed."
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
        change = as_array(sample.get_column(self.label)) * QUARTERS - recent
        model = self.build(features).fit(inputs(sample, features), change)
        return {"model": model}, {"mean_recent": float(recent.mean())}

    def predict(
        self,
        pipelines: Mapping[str, Pipeline],
        constants: Mapping[str, float],  # noqa: ARG002  same call for every kind of model
        frame: pl.DataFrame,
        which: Which,
    ) -> Array:
        """Contribution of the next twelve months, yuan."""
        recent = _recent(frame)
        if which == "baseline":
            return recent
        change: Array = pipelines["model"].predict(frame)
        return recent + change

    def explain(
        self,
        pipelines: Mapping[str, Pipeline],
        constants: Mapping[str, float],
        frame: pl.DataFrame,
        which: Which,
    ) -> Attribution:
        """Contributions in yuan against the average customer of the training."""
        middle = constants["mean_recent"]
        anchor = _recent(frame) - middle
        if which == "baseline":
            return Attribution([VALUE_BASELINE_COLUMN], anchor[None, :], middle)
        pipeline = pipelines["model"]
        trees = TreeAttribution(pipeline[-1])
        names = [str(name) for name in pipeline[:-1].get_feature_names_out()]
        contributions = trees.contributions(
            np.asarray(pipeline[:-1].transform(frame), dtype=np.float64)
        )
        contributions[names.index(VALUE_BASELINE_COLUMN)] += anchor
        return Attribution(names, contributions, middle + trees.expected)

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

    def tables(self, seen: Array, score: Array, keys: Any) -> dict[str, Any]:
        """Predicted and seen value by tenths of the customers."""
        return {"deciles": metrics.decile_table(seen * QUARTERS, score, keys)}

    def band(self, seen: Array, score: Array) -> ScoreBand:
        """Between what nine of ten customers with like scores bring: four times their quarter."""
        return value_band(seen * QUARTERS, score)

    def coverage(self, seen: Array, score: Array) -> dict[str, float]:
        """How often they did."""
        return value_coverage(seen * QUARTERS, score)

    def is_better(self, model: Mapping[str, float], baseline: Mapping[str, float]) -> bool:
        """A smaller error by more than luck, and an order of customers that is not worse."""
        return (
            model["loss_saved_z"] > BETTER_Z
            and model["spearman"] >= baseline["spearman"] - SPEARMAN_SLACK
        )


def _recent(frame: pl.DataFrame) -> Array:
    """Contribution of the last three months, four times over; none recorded is none earned."""
    return frame.get_column(VALUE_BASELINE_COLUMN).fill_null(0.0).to_numpy() * QUARTERS
