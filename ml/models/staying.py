"""Time to churn as a nightly model: the hazard of :mod:`ml.models.survival` on the features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from ml.errors import NotEnoughHistory
from ml.frames.columns import Columns
from ml.frames.features import SURVIVAL_LABEL, Feature
from ml.frames.split import TimeSplit, folds_of, thin_out
from ml.judge import metrics
from ml.judge.survival import harrell_c, integrated_brier
from ml.models.bands import LEVEL, ScoreBand
from ml.models.factories import blended_classifier, logistic_classifier
from ml.models.held_out import Learnt
from ml.models.pipelines import BETTER_Z, Array, Attribution, Which, inputs
from ml.models.survival import MONTH, fit_hazard, hazard_curves, restricted_mean_months

#: As for the probability of an event.
MIN_TRAIN_LOST = 60
MIN_TEST_LOST = 30
FOLDS = 3
#: Each row that teaches becomes one per month that he was watched, and each customer is scored once
#: per month: fewer rows, and trees that grow fast and are kept once, or a night is mostly this.
MAX_TRAIN_ROWS = 12_000
#: Months of which a customer's chance is told, beside the last one of the horizon.
TOLD_MONTHS = (3, 6, 12)
_SALT = "survival-fold"
_LOST = "_is_lost"


class SurvivalModel:
    """A hazard for each month ahead, blended; beside it one of curves alone.

    The label is the month in which he was lost, one beyond the horizon where he was not, so that
    the horizon comes with the rows. The score is the months expected within it.
    """

    name = "survival"
    label = SURVIVAL_LABEL

    def check_enough(self, split: TimeSplit) -> None:
        """Refuse a history in which too few were lost to teach or to judge."""
        horizon = _horizon(split.train.get_column(self.label).to_numpy())
        for rows, needed, role in (
            (split.train, MIN_TRAIN_LOST, ("训练", "teach")),
            (split.test, MIN_TEST_LOST, ("检验", "judge")),
        ):
            lost = int((rows.get_column(self.label) <= horizon).sum())
            if lost < needed:
                raise NotEnoughHistory(
                    f"尚不能训练模型 survival：用于{role[0]}的 {rows.height} 个客户月中，"
                    f"{horizon} 个月内彻底流失的只有 {lost} 个，至少需要 {needed} 个。",
                    f"No survival model: of the {rows.height} customer-months that {role[1]} it "
                    f"only {lost} were lost for good within {horizon} months, and {needed} are "
                    "needed.",
                )

    def events(self, label: Array) -> NDArray[np.bool_]:
        """Who was lost within the horizon."""
        lost: NDArray[np.bool_] = label <= _horizon(label)
        return lost

    def sample(self, train: pl.DataFrame, max_rows: int) -> pl.DataFrame:
        """Those who were lost first, of the others as many as fit, by hash; :meth:`fit` weighs."""
        lost = self.events(train.get_column(self.label).to_numpy())
        marked = train.with_columns(pl.Series(_LOST, lost))
        return thin_out(marked, _LOST, min(max_rows, MAX_TRAIN_ROWS), _SALT).drop(_LOST)

    def fit(
        self,
        sample: pl.DataFrame,
        features: Sequence[Feature],
        train: pl.DataFrame,
    ) -> tuple[dict[str, Pipeline], dict[str, float]]:
        """Fit both on rows of customer and month; all rows of a customer share a fold.

        A row weighs as many as were left out for it. One factor on the odds would not do: whoever
        was lost in his third month teaches two months of staying as well.
        """
        label = sample.get_column(self.label).to_numpy()
        horizon = _horizon(label)
        watched = inputs(sample, features).with_columns(
            pl.Series("month_count", np.minimum(label, horizon)),
            pl.Series("is_lost", self.events(label)),
        )
        columns = Columns.of_contract(features)
        folds = np.asarray(folds_of(sample, FOLDS, _SALT))
        weights = self._weights(label, train.get_column(self.label).to_numpy())
        # The rival's curves are those of the model.
        learnt: dict[str, Learnt] = {}
        pipelines = {
            which: fit_hazard(
                watched,
                columns,
                horizon=horizon,
                factory=factory,
                folds=folds,
                weights=weights,
                learnt=learnt,
            ).pipeline
            for which, factory in (
                ("model", partial(blended_classifier, folds=FOLDS, is_large=True)),
                ("baseline", partial(logistic_classifier, folds=FOLDS)),
            )
        }
        return pipelines, {"horizon": float(horizon)}

    def _weights(self, label: Array, all_labels: Array) -> Array:
        """How many rows each row that teaches stands for, one on average."""
        lost, all_lost = self.events(label), self.events(all_labels)
        weights: Array = np.where(
            lost,
            all_lost.sum() / max(lost.sum(), 1),
            (~all_lost).sum() / max((~lost).sum(), 1),
        )
        return weights / weights.mean()

    def curves(
        self,
        pipelines: Mapping[str, Pipeline],
        constants: Mapping[str, float],
        frame: pl.DataFrame,
        which: Which,
    ) -> Array:
        """(customers, horizon): chance to be there at the end of month 1, 2, ..."""
        return hazard_curves(pipelines[which], frame, int(constants["horizon"]))

    def predict(
        self,
        pipelines: Mapping[str, Pipeline],
        constants: Mapping[str, float],
        frame: pl.DataFrame,
        which: Which,
    ) -> Array:
        """Months expected here within the horizon, the one in which he leaves counted whole."""
        return restricted_mean_months(self.curves(pipelines, constants, frame, which))

    def explain(
        self,
        pipelines: Mapping[str, Pipeline],
        constants: Mapping[str, float],  # noqa: ARG002
        frame: pl.DataFrame,
        which: Which,
    ) -> Attribution:
        """Contributions to the log-odds of staying through the first month.

        The month is no feature of the customer. Its mean contribution goes into the expected
        score; what trees give it beyond that for some customers is shared out among their features
        in proportion to what each adds, so that one that adds nothing still does.
        """
        names, contributions, expected = pipelines[which][-1].attribution(
            frame.with_columns(pl.lit(1.0).alias(MONTH))
        )
        place = list(names).index(MONTH)
        kept = np.delete(contributions, place, axis=0)
        of_month = float(contributions[place].mean()) if len(frame) else 0.0
        sizes = np.abs(kept)
        total = sizes.sum(axis=0)
        # Where no feature adds anything there is none to prefer.
        share = np.where(total > 0, sizes / np.where(total > 0, total, 1.0), 1 / max(len(kept), 1))
        rest = contributions[place] - of_month
        return Attribution(
            [name for name in names if name != MONTH], -(kept + share * rest), -expected - of_month
        )

    def losses(self, seen: Array, score: Array) -> Array:
        """What is compared customer by customer with the rival: the squared error in months."""
        errors: Array = (_months(seen) - score) ** 2
        return errors

    def measure(
        self,
        seen: Array,
        score: Array,
        keys: Any,  # noqa: ARG002
    ) -> dict[str, float]:
        """How often who left first was expected to, and the mean of months."""
        lost, months = self.events(seen), _months(seen)
        return {
            "concordance": harrell_c(months.astype(np.int64), lost, -score),
            "lost_rate": float(lost.mean()),
            "mean_expected_months": float(score.mean()),
            "mean_seen_months": float(months.mean()),
        }

    def measure_curves(self, seen: Array, curves: Array) -> dict[str, float]:
        """How near the curves were to what was seen, and the rate of the lost that they foretold.

        Args:
            seen: The label of each row.
            curves: (rows, horizon) from :meth:`curves`.
        """
        months, lost = _months(seen).astype(np.int64), self.events(seen)
        return {
            "expected_lost_rate": float(1 - curves[:, -1].mean()),
            "integrated_brier": integrated_brier(months, lost, curves),
        }

    def curve_table(self, seen: Array, curves: Array) -> list[dict[str, float]]:
        """Per month of the horizon: the share foretold to be there at its end, and the seen one."""
        return [
            {
                "month_number": month,
                "foretold_share": float(curves[:, month - 1].mean()),
                "seen_share": float((seen > month).mean()),
            }
            for month in range(1, curves.shape[1] + 1)
        ]

    def tables(
        self,
        seen: Array,
        score: Array,
        keys: Any,
        facts: pl.DataFrame,  # noqa: ARG002
    ) -> dict[str, Any]:
        """Lost within the horizon, by tenths of the customers, the soonest to leave first."""
        return {"lift": metrics.lift_table(self.events(seen).astype(np.float64), -score, keys)}

    def band(
        self,
        seen: Array,  # noqa: ARG002
        score: Array,  # noqa: ARG002
        facts: pl.DataFrame,  # noqa: ARG002
    ) -> ScoreBand:
        """None: nearly everybody stays, and one customer's months are all or few."""
        return ScoreBand("yuan")

    def coverage(
        self,
        seen: Array,  # noqa: ARG002
        score: Array,  # noqa: ARG002
        facts: pl.DataFrame,  # noqa: ARG002
    ) -> dict[str, float]:
        """Of no row."""
        return {"level": LEVEL, "row_count": 0}

    def is_better(self, model: Mapping[str, float], baseline: Mapping[str, float]) -> bool:
        """Better in order, and in months by more than luck."""
        return model["concordance"] > baseline["concordance"] and model["loss_saved_z"] > BETTER_Z


def _horizon(label: NDArray[Any]) -> int:
    """Months that the label looks at: whoever was not lost has one more."""
    return max(int(label.max()) - 1, 1) if len(label) else 1


def _months(seen: Array) -> Array:
    """Months here within the horizon."""
    months: Array = np.minimum(seen, _horizon(seen))
    return months
