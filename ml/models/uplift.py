"""What a visit or a campaign changes: the difference it makes for each customer, not his risk.

Only a control group can tell. Without one every learner here refuses: a campaign whose customers
bought is no success as long as nobody knows what they would have done without it.

Sources:
    Kuenzel, Sekhon, Bickel, Yu 2019 (T- and X-learner); Jaskowski, Jaroszewicz 2012 (class
    transformation).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from ml.errors import InputRefused
from ml.frames.checks import flags, model_inputs
from ml.frames.columns import Columns
from ml.models.factories import (
    blended_classifier,
    blended_regressor,
    logistic_classifier,
)
from ml.models.pipelines import Array

Flags = NDArray[np.bool_]
Learner = Literal["t", "x", "transformed"]
#: Customers of each group, and of each answer in it, below which nothing is learnt.
LEAST_GROUP = 50
LEAST_ANSWERS = 5


@dataclass(frozen=True)
class Uplift:
    """A fitted learner.

    Attributes:
        learner: Which.
        pipelines: Its parts by name: ``treated`` and ``control`` (chance to respond), for the
            X-learner ``gain_of_treated`` and ``gain_of_control`` too; ``same`` of the
            transformation.
        columns: What they read.
        treated_share: Share of the customers that were treated.
    """

    learner: Learner
    pipelines: dict[str, Pipeline]
    columns: Columns
    treated_share: float

    def of(self, frame: pl.DataFrame) -> Array:
        """Chance to respond if treated minus chance to respond if not, per row; -1 to 1."""
        rows = model_inputs(frame, self.columns)
        if self.learner == "transformed":
            return 2 * self._chance("same", rows) - 1
        if self.learner == "t":
            return self._chance("treated", rows) - self._chance("control", rows)
        # Each group's gains are told by the model of the other group: the larger one tells better.
        gain: Array = self.treated_share * self.pipelines["gain_of_control"].predict(rows) + (
            1 - self.treated_share
        ) * self.pipelines["gain_of_treated"].predict(rows)
        return np.clip(gain, -1.0, 1.0)

    def _chance(self, name: str, rows: pl.DataFrame) -> Array:
        chance: Array = self.pipelines[name].predict_proba(rows)[:, 1]
        return chance


def fit_uplift(
    frame: pl.DataFrame,
    columns: Columns,
    *,
    learner: Learner = "t",
    classifier: Callable[[Columns], Pipeline] = blended_classifier,
    regressor: Callable[[Columns], Pipeline] = blended_regressor,
) -> Uplift:
    """Fit a learner.

    Args:
        frame: One row per customer of the campaign: the columns, ``is_treated`` and
            ``has_responded``. Who was treated must have been drawn by lot; see
            :func:`ml.judge.uplift.imbalance`.
        columns: What is known of the customer before the campaign.
        learner: ``t``: a classifier per group. ``x``: their errors on the other group learnt as
            well; better where one group is small. ``transformed``: one logistic regression on
            whether the answer agrees with the group, the plain baseline.
        classifier: Maker of the classifiers of ``t`` and ``x``.
        regressor: Maker of the regressors of ``x``.

    Raises:
        InputRefused: No control group, nobody treated, a group too small or with one answer only,
            or a column that is not there or not finite.
    """
    treated, responded = groups(frame)
    rows = model_inputs(frame, columns)
    share = float(treated.mean())
    if learner == "transformed":
        # Groups of unlike size are weighed as if a coin had been tossed.
        weight = np.where(treated, 0.5 / share, 0.5 / (1 - share))
        same = logistic_classifier(columns).fit(
            rows, (treated == (responded == 1)).astype(np.float64), model__sample_weight=weight
        )
        return Uplift(learner, {"same": same}, columns, share)
    pipelines = {
        "treated": classifier(columns).fit(rows.filter(treated), responded[treated]),
        "control": classifier(columns).fit(rows.filter(~treated), responded[~treated]),
    }
    if learner == "x":
        one, other = rows.filter(treated), rows.filter(~treated)
        gained = responded[treated] - pipelines["control"].predict_proba(one)[:, 1]
        missed = pipelines["treated"].predict_proba(other)[:, 1] - responded[~treated]
        pipelines["gain_of_treated"] = regressor(columns).fit(one, gained)
        pipelines["gain_of_control"] = regressor(columns).fit(other, missed)
    return Uplift(learner, pipelines, columns, share)


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
