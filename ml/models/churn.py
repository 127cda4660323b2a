"""Churn: the probability that a customer is lost within three months of the observation date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import PredefinedSplit
from sklearn.pipeline import Pipeline

from ml.errors import NotEnoughHistory
from ml.frames.features import CHURN_LABEL, Feature
from ml.frames.split import TimeSplit, folds_of
from ml.judge import metrics
from ml.models.baseline import CHURN_BASELINE_COLUMNS, churn_baseline, explain_logistic
from ml.models.pipelines import (
    BETTER_Z,
    SEED,
    Array,
    Attribution,
    Which,
    column_order,
    column_step,
    inputs,
)
from ml.models.tree_attribution import TreeAttribution

#: Below these a probability cannot be judged: the standard error of an AUC of 0.8 from 30 churners
#: is about 0.05, as large as the difference between a model and its baseline.
MIN_TRAIN_CHURNERS = 60
MIN_TEST_CHURNERS = 30
FOLDS = 3
_SALT = "churn-fold"


class ChurnModel:
    """Gradient boosting, calibrated on the log-odds; logistic regression on two columns beside it.

    Calibration is Platt's: one slope and one intercept on the margin, from predictions for
    customers that the trees had not seen (three folds by the hash of the customer key). It keeps
    the score additive on the log-odds scale, so reasons add up to the score that is shown.
    """

    name = "churn"
    label = CHURN_LABEL

    def build(self, features: Sequence[Feature], folds: Sequence[int] | None = None) -> Pipeline:
        """The unfitted pipeline. Shallow, slow, strongly regularised: churners are few."""
        trees = HistGradientBoostingClassifier(
            learning_rate=0.06,
            max_iter=160,
            max_leaf_nodes=10,
            min_samples_leaf=60,
            l2_regularization=5.0,
            max_features=0.6,
            early_stopping=False,
            monotonic_cst=[feature.churn_direction for feature in column_order(features)],
            random_state=SEED,
        )
        split = None if folds is None else PredefinedSplit(np.asarray(folds))
        calibrated = CalibratedClassifierCV(trees, method="sigmoid", ensemble=False, cv=split)
        return Pipeline([("columns", column_step(features)), ("model", calibrated)])

    def check_enough(self, split: TimeSplit) -> None:
        """Refuse a history with too few customers who left, or too few who stayed."""
        for rows, needed, role, dates in (
            (split.train, MIN_TRAIN_CHURNERS, "teach", split.train_dates),
            (split.test, MIN_TEST_CHURNERS, "judge", (split.test_date,)),
        ):
            lost = int(rows.get_column(self.label).sum())
            for count, who in ((lost, "left"), (rows.height - lost, "stayed")):
                if count < needed:
                    raise NotEnoughHistory(
                        f"No churn model: of the customers that {role} it ({dates[0]} to "
                        f"{dates[-1]}) only {count} {who} within three months, and {needed} are "
                        "needed."
                    )

    def fit(
        self, train: pl.DataFrame, features: Sequence[Feature]
    ) -> tuple[dict[str, Pipeline], dict[str, float]]:
        """Fit the model and its rival on the training rows alone."""
        labels = train.get_column(self.label).to_numpy().astype(np.int64)
        frame = inputs(train, features)
        model = self.build(features, folds_of(train, FOLDS, _SALT)).fit(frame, labels)
        # The fold of every training row is of no use to a fitted model and would be stored with it.
        model.set_params(model__cv=None)
        # The rival's two columns may be too thin for the model; its own filling stands in for them.
        baseline = churn_baseline().fit(train.select(CHURN_BASELINE_COLUMNS), labels)
        return {"model": model, "baseline": baseline}, {}

    def predict(
        self,
        pipelines: Mapping[str, Pipeline],
        constants: Mapping[str, float],  # noqa: ARG002  same call for every kind of model
        frame: pl.DataFrame,
        which: Which,
    ) -> Array:
        """Probability of churn of each row."""
        if which == "baseline":
            frame = frame.select(CHURN_BASELINE_COLUMNS)
        probability: Array = pipelines[which].predict_proba(frame)[:, 1]
        return probability

    def explain(
        self,
        pipelines: Mapping[str, Pipeline],
        constants: Mapping[str, float],  # noqa: ARG002
        frame: pl.DataFrame,
        which: Which,
    ) -> Attribution:
        """Contributions on the log-odds scale of the calibrated probability."""
        if which == "baseline":
            return explain_logistic(
                pipelines["baseline"], frame.select(CHURN_BASELINE_COLUMNS), CHURN_BASELINE_COLUMNS
            )
        pipeline = pipelines["model"]
        calibrated = pipeline[-1].calibrated_classifiers_[0]
        sigmoid = calibrated.calibrators[0]
        trees = TreeAttribution(calibrated.estimator)
        matrix = np.asarray(pipeline[:-1].transform(frame), dtype=np.float64)
        # Platt: probability = 1 / (1 + exp(a * margin + b)), hence log-odds = -a * margin - b.
        slope = -float(sigmoid.a_)
        return Attribution(
            features=[str(name) for name in pipeline[:-1].get_feature_names_out()],
            contributions=trees.contributions(matrix) * slope,
            expected=trees.expected * slope - float(sigmoid.b_),
        )

    def losses(self, seen: Array, score: Array) -> Array:
        """What is compared customer by customer with the rival: the log loss."""
        return metrics.log_losses(seen, score)

    def measure(self, seen: Array, score: Array, keys: Any) -> dict[str, float]:
        """AUC, average precision, Brier, log loss, calibration and lift."""
        return metrics.churn_metrics(seen, score, keys)

    def tables(self, seen: Array, score: Array, keys: Any) -> dict[str, Any]:
        """Calibration and lift by tenths of the customers."""
        return {
            "calibration": metrics.calibration_table(seen, score),
            "lift": metrics.lift_table(seen, score, keys),
        }

    def is_better(self, model: Mapping[str, float], baseline: Mapping[str, float]) -> bool:
        """Better in order (AUC), and as a probability by more than luck (paired log loss)."""
        return model["auc"] > baseline["auc"] and model["loss_saved_z"] > BETTER_Z
