"""The probability of an event within the months that its label looks ahead: one recipe for all.

Churn, default and the opening of a product are the same question of different customers: what has a
label on a date is asked there, whoever cannot be asked (a borrower in default, a holder of the
product) has none and is neither taught, judged nor scored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from ml.errors import NotEnoughHistory, Pair
from ml.frames.columns import Columns
from ml.frames.features import CHURN_LABEL, DEFAULT_LABEL, Feature, opening_label
from ml.frames.split import TimeSplit, folds_of, thin_out
from ml.judge import metrics
from ml.models.bands import ScoreBand, event_band, event_coverage
from ml.models.factories import blended_classifier, logistic_classifier
from ml.models.held_out import Learnt
from ml.models.level import Level, level_of
from ml.models.pipelines import BETTER_Z, Array, Attribution, Which, inputs
from ml.names import PROPENSITY

#: Below these a probability cannot be judged: the standard error of an AUC of 0.8 from 30 events is
#: about 0.05, as large as the difference between a model and its baseline.
MIN_TRAIN_EVENTS = 60
MIN_TEST_EVENTS = 30
FOLDS = 3
#: From so many events on, trees may grow fast: what is lost is less than the noise of the judges.
MANY_EVENTS = 4_000
#: Openings are asked of nearly everybody and for several products: fewer rows teach each.
MAX_OPENING_ROWS = 12_000
#: How much of the spread of log-odds outlives the months that taught it. Folds are of customers, so
#: what held for all of them for some months alone looks lasting: without it, slopes on later month
#: ends were 0.79 to 0.98 at 50,000 to 200,000 customers (`crm ml evaluate`, by month).
NEXT_QUARTER = 0.92
#: With fewer events than this an average of folds is shy by itself.
SURE_EVENTS = 1_000


@dataclass(frozen=True)
class EventModel:
    """Trees and curves, blended and calibrated on held-out customers; curves alone beside them.

    All rows of a customer share a fold, so that a member is weighed on people whom it has not met.
    Both scores are sums on the log-odds scale, so reasons add up to the score that is shown.

    Attributes:
        name: Of the model.
        label: Column that says whether it happened; null for whoever is not asked.
        did: What those did with whom it happened, in Chinese and in English, for sentences.
        did_not: What the others did.
        is_asked_of_some: The question is put to some customers alone, those in its table.
        max_rows: Rows that teach at most, where fewer than elsewhere; trees then grow fast.
    """

    name: str
    label: str
    did: Pair
    did_not: Pair
    is_asked_of_some: bool = True
    max_rows: int | None = None

    def check_enough(self, split: TimeSplit) -> None:
        """Refuse a history with too few rows of customer and month of either kind."""
        for rows, needed, role, dates in (
            (split.train, MIN_TRAIN_EVENTS, ("训练", "teach"), split.train_dates),
            (split.test, MIN_TEST_EVENTS, ("检验", "judge"), (split.test_date,)),
        ):
            events = int(rows.get_column(self.label).sum())
            for count, who in ((events, self.did), (rows.height - events, self.did_not)):
                if count < needed:
                    raise NotEnoughHistory(
                        f"尚不能训练模型 {self.name}：用于{role[0]}的 {rows.height} 个客户月"
                        f"（{dates[0]} 至 {dates[-1]}）中，在标签观察期内{who[0]}的只有"
                        f" {count} 个，至少需要 {needed} 个。",
                        f"No {self.name} model: of the {rows.height} customer-months that "
                        f"{role[1]} it ({dates[0]} to {dates[-1]}) only {count} {who[1]} within "
                        f"the months of the label, and {needed} are needed.",
                    )

    def events(self, label: Array) -> NDArray[np.bool_]:
        """With whom it happened."""
        happened: NDArray[np.bool_] = label == 1
        return happened

    def sample(self, train: pl.DataFrame, max_rows: int) -> pl.DataFrame:
        """Every row with the event, and of the others as many as fit, by hash."""
        return thin_out(train, self.label, min(max_rows, self.max_rows or max_rows), self._salt)

    @property
    def _salt(self) -> str:
        """Of the draws; each model draws its own."""
        return f"{self.name}-fold"

    def fit(
        self, sample: pl.DataFrame, features: Sequence[Feature], train: pl.DataFrame
    ) -> tuple[dict[str, Pipeline], dict[str, float]]:
        """Fit the model and its rival on the training rows alone.

        Args:
            sample: The rows that teach.
            features: Columns that are filled well enough.
            train: The rows that the sample was drawn from, which say how common the event is.
        """
        labels = sample.get_column(self.label).to_numpy().astype(np.int64)
        events = int(labels.sum())
        is_large = self.max_rows is not None or events >= MANY_EVENTS
        frame = inputs(sample, features)
        columns = Columns.of_contract(features)
        folds = np.asarray(folds_of(sample, FOLDS, self._salt))
        trust = NEXT_QUARTER if events >= SURE_EVENTS else 1.0
        pipelines = {
            "model": blended_classifier(columns, FOLDS, is_large=is_large, trust=trust),
            "baseline": logistic_classifier(columns, FOLDS, trust=trust),
        }
        drawn = self.log_odds_of_draw(sample, train)
        # The rival's curves are those of the model.
        learnt: dict[str, Learnt] = {}
        for pipeline in pipelines.values():
            pipeline.fit(
                frame,
                labels,
                model__fold_of_row=folds,
                model__learnt=learnt,
                model__drawn=drawn,
            )
        return pipelines, {}

    def log_odds_of_draw(self, sample: pl.DataFrame, train: pl.DataFrame) -> float:
        """What is to be added to log-odds learnt from the sample, so that they are those of all.

        Args:
            sample: The rows that taught.
            train: The rows that they were drawn from.
        """
        drawn, true = (metrics.mean(rows.get_column(self.label)) for rows in (sample, train))
        return float(np.log(metrics.odds(true) / metrics.odds(drawn)))

    def predict(
        self,
        pipelines: Mapping[str, Pipeline],
        constants: Mapping[str, float],  # noqa: ARG002  same call for every kind of model
        frame: pl.DataFrame,
        which: Which,
    ) -> Array:
        """Probability of the event of each row."""
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
        return metrics.event_metrics(seen, score, keys)

    def tables(
        self,
        seen: Array,
        score: Array,
        keys: Any,
        facts: pl.DataFrame,  # noqa: ARG002  same call for every kind of model
    ) -> dict[str, Any]:
        """Calibration and lift by tenths of the customers."""
        return {
            "calibration": metrics.calibration_table(seen, score),
            "lift": metrics.lift_table(seen, score, keys),
        }

    def band(
        self,
        seen: Array,
        score: Array,
        facts: pl.DataFrame,  # noqa: ARG002
    ) -> ScoreBand:
        """Rate of the event among customers with a like score."""
        return event_band(seen, score)

    def coverage(
        self,
        seen: Array,
        score: Array,
        facts: pl.DataFrame,  # noqa: ARG002
    ) -> dict[str, float]:
        """How often told and seen rate agree, at the level that scores are stored with."""
        return event_coverage(seen, score, is_shifted=self.level(seen, score).shift != 0)

    def level(self, seen: Array, score: Array) -> Level:
        """How far all probabilities together were from what came."""
        return level_of(seen, score)

    def is_better(self, model: Mapping[str, float], baseline: Mapping[str, float]) -> bool:
        """Better in order (AUC), and as a probability by more than luck (paired log loss)."""
        return model["auc"] > baseline["auc"] and model["loss_saved_z"] > BETTER_Z


CHURN = EventModel(
    "churn", CHURN_LABEL, ("流失", "left"), ("留下", "stayed"), is_asked_of_some=False
)
DEFAULT = EventModel("default", DEFAULT_LABEL, ("违约", "defaulted"), ("未违约", "did not default"))


def opening(group: str) -> EventModel:
    """Who opens a product of a group that he does not hold."""
    return EventModel(
        f"{PROPENSITY}{group}",
        opening_label(group),
        ("开办", "opened it"),
        ("未开办", "did not open it"),
        max_rows=MAX_OPENING_ROWS,
    )
