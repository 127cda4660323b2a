"""What a visit or a campaign changes: the difference it makes for each customer, not his risk.

Only a control group can tell. Without one the learner refuses: a campaign whose customers bought is
no success as long as nobody knows what they would have done without it.

Source:
    Jaskowski, Jaroszewicz 2012 (class transformation).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from ml.errors import InputRefused
from ml.frames.checks import flags, model_inputs
from ml.frames.columns import Columns
from ml.models.factories import logistic_classifier
from ml.models.pipelines import Array

Flags = NDArray[np.bool_]
#: Customers of each group, and of each answer in it, below which nothing is learnt.
LEAST_GROUP = 50
LEAST_ANSWERS = 5


@dataclass(frozen=True)
class Uplift:
    """A fitted transformation of the classes.

    Attributes:
        pipeline: Chance that the answer agrees with the group.
        columns: What it reads.
    """

    pipeline: Pipeline
    columns: Columns

    def of(self, frame: pl.DataFrame) -> Array:
        """Chance to respond if treated minus chance to respond if not, per row; -1 to 1."""
        same: Array = self.pipeline.predict_proba(model_inputs(frame, self.columns))[:, 1]
        return 2 * same - 1


def fit_uplift(frame: pl.DataFrame, columns: Columns) -> Uplift:
    """Learn by one logistic regression whether the answer agrees with the group.

    Args:
        frame: One row per customer of the campaign: the columns, ``is_treated`` and
            ``has_responded``. Who was treated must have been drawn by lot; see
            :func:`ml.judge.uplift.imbalance`.
        columns: What is known of the customer before the campaign.

    Raises:
        InputRefused: No control group, nobody treated, a group too small or with one answer only,
            or a column that is not there or not finite.
    """
    treated, responded = groups(frame)
    share = float(treated.mean())
    # Groups of unlike size are weighed as if a coin had been tossed.
    weight = np.where(treated, 0.5 / share, 0.5 / (1 - share))
    agrees = (treated == (responded == 1)).astype(np.float64)
    pipeline = logistic_classifier(columns).fit(
        model_inputs(frame, columns), agrees, model__sample_weight=weight
    )
    return Uplift(pipeline, columns)


def groups(frame: pl.DataFrame) -> tuple[Flags, Array]:
    """(whether each was treated, whether each responded), if an effect can be learnt from them.

    Raises:
        InputRefused: As :func:`fit_uplift`.
    """
    treated, responded = (flags(frame, name) for name in ("is_treated", "has_responded"))
    require_control(treated == 1)
    for group, chinese, english in ((1.0, "活动组", "treated"), (0.0, "对照组", "control")):
        answers = responded[treated == group]
        rarer = int(min(answers.sum(), len(answers) - answers.sum()))
        if len(answers) < LEAST_GROUP or rarer < LEAST_ANSWERS:
            raise InputRefused(
                f"{chinese}共 {len(answers)} 人，较少的一类回应 {rarer} 人，不足以学习增量效果。",
                f"the {english} group has {len(answers)} customers and {rarer} with the rarer "
                "answer, too few to learn an effect from",
            )
    return treated == 1, responded


def require_control(treated: Flags) -> None:
    """Refuse a campaign of which no effect can be told.

    Raises:
        InputRefused: No control group, or nobody treated.
    """
    if treated.all():
        raise InputRefused(
            "该活动没有对照组，无法判断效果，不作为成功上报。",
            "the campaign has no control group, so its effect cannot be told: it is not reported "
            "as a success",
        )
    if not treated.any():
        raise InputRefused("该活动没有触达任何客户。", "the campaign has treated nobody")
