"""Churn: the probability that a customer is lost within the months that the label looks ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from sklearn.pipeline import Pipeline

from ml.errors import NotEnoughHistory
from ml.frames.columns import Columns
from ml.frames.features import CHURN_LABEL, Feature
from ml.frames.split import TimeSplit, folds_of, thin_out
from ml.judge import metrics
from ml.models.bands import ScoreBand, churn_band, churn_coverage
from ml.models.factories import blended_classifier, logistic_classifier
from ml.models.pipelines import BETTER_Z, Array, Attribution, Which, inputs

#: Below these a probability cannot be judged: the standard error of an AUC of 0.8 from 30 churners
#: is about 0.05, as large as the difference between a model and its baseline.
MIN_TRAIN_CHURNERS = 60
MIN_TEST_CHURNERS = 30
FOLDS = 3
#: From so many leavers on, trees may grow fast: what is lost is less than the noise of the judges.
MANY_CHURNERS = 4_000
_SALT = "churn-fold"


class ChurnModel:
    """Trees and curves, blended and calibrated on held-out customers; curves alone beside them.

    All rows of a customer share a fold, so that a member is weighed on people whom it has not met.
    Both scores are sums on the log-odds scale, so reasons add up to the score that is shown.
    """

    name = "churn"
    label = CHURN_LABEL

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

    def sample(self, train: pl.DataFrame, max_rows: int) -> pl.DataFrame:
        """Every row of a leaver, and of the others as many as fit, by hash."""
        return thin_out(train, self.label, max_rows, _SALT)

    def fit(
        self, sample: pl.DataFrame, features: Sequence[Feature], train: pl.DataFrame
    ) -> tuple[dict[str, Pipeline], dict[str, float]]:
        """Fit the model and its rival on the training rows alone.

        Args:
            sample: The rows that teach.
            features: Columns that are filled well enough.
            train: The rows that the sample was drawn from, which say how common leavers are.
        """
        labels = sample.get_column(self.label).to_numpy().astype(np.int64)
        frame = inputs(sample, features)
        columns = Columns.of_contract(features)
        folds = np.asarray(folds_of(sample, FOLDS, _SALT))
        pipelines = {
            "model": blended_classifier(
                columns, FOLDS, is_large=int(labels.sum()) >= MANY_CHURNERS
            ),
            "baseline": logistic_classifier(columns, FOLDS),
        }
        drawn = metrics.odds(labels.mean())
        true = metrics.odds(float(train.get_column(self.label).mean()))  # type: ignore[arg-type]
        for pipeline in pipelines.values():
            pipeline.fit(frame, labels, model__fold_of_row=folds)
            pipeline[-1].shift(float(np.log(true / drawn)))
        return pipelines, {}

    def predict(
        self,
        pipelines: Mapping[str, Pipeline],
        constants: Mapping[str, float],  # noqa: ARG002  same call for every kind of model
        frame: pl.DataFrame,
        which: Which,
    ) -> Array:
        """Probability of churn of each row."""
        probability: Array = pipelines[which].predict_proba(frame)[:, 1]
        return probability

    def explain(
        self,
        pipelines: Mapping[str, Pipeline],
        constants: Mapping[str, float],  # noqa: ARG002
        frame: pl.DataFrame,
        which: Which,
    ) -> Attribution:
        """Contributions on the log-odds scale of the probability."""
        return Attribution(*pipelines[which][-1].attribution(frame))

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

    def band(self, seen: Array, score: Array) -> ScoreBand:
        """Rate of churn of customers with a like score."""
        return churn_band(seen, score)

    def coverage(self, seen: Array, score: Array) -> dict[str, float]:
        """How often told and seen rate agree."""
        return churn_coverage(seen, score)

    def is_better(self, model: Mapping[str, float], baseline: Mapping[str, float]) -> bool:
        """Better in order (AUC), and as a probability by more than luck (paired log loss)."""
        return model["auc"] > baseline["auc"] and model["loss_saved_z"] > BETTER_Z
