"""Default risk of borrowers: a calibrated probability, and a decision by what either mistake costs.

A loan is flagged where its expected loss is more than what it earns, which for each loan is
another probability: half would flag next to nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from sklearn.pipeline import Pipeline

from ml.errors import InputRefused
from ml.frames.checks import finite, flags, model_inputs
from ml.frames.columns import Columns
from ml.judge.costs import threshold_from_costs
from ml.models.factories import blended_classifier
from ml.models.pipelines import Array


@dataclass(frozen=True)
class DefaultRisk:
    """A fitted classifier of borrowers.

    Attributes:
        pipeline: Chance to default within the horizon of the label.
        columns: What it reads.
        default_rate: Share of the taught borrowers who defaulted.
    """

    pipeline: Pipeline
    columns: Columns
    default_rate: float

    def of(self, frame: pl.DataFrame) -> Array:
        """Chance to default of each borrower; NaN for who has no loan.

        Args:
            frame: The columns and ``is_borrower``.
        """
        borrows = flags(frame, "is_borrower") == 1
        chance = np.full(frame.height, np.nan)
        if borrows.any():
            rows = model_inputs(frame.filter(borrows), self.columns)
            chance[borrows] = self.pipeline.predict_proba(rows)[:, 1]
        return chance


def fit_default_risk(
    frame: pl.DataFrame,
    columns: Columns,
    *,
    least_defaults: int,
    factory: Callable[[Columns], Pipeline] = blended_classifier,
) -> DefaultRisk:
    """Fit on borrowers alone.

    Args:
        frame: One row per customer: the columns, ``is_borrower`` at the observation date, and
            ``has_defaulted`` within the horizon after it (null for who does not borrow). Who was in
            default already must not be a borrower here: he has nothing left to foretell.
        columns: What the model may read.
        least_defaults: Borrowers with and without default that are needed.
        factory: Maker of the classifier.

    Raises:
        InputRefused: A column is not there or infinite, a borrower's label is unknown, or there are
            too few defaults or borrowers without one.
    """
    borrowers = frame.filter(pl.Series(flags(frame, "is_borrower") == 1))
    if not borrowers.height:
        raise InputRefused(
            "没有借款客户，无法评估违约风险。", "there are no borrowers to learn from"
        )
    defaulted = flags(borrowers, "has_defaulted")
    count = int(defaulted.sum())
    if min(count, len(defaulted) - count) < least_defaults:
        raise InputRefused(
            f"{len(defaulted)} 位借款客户中违约 {count} 位，两类至少各需 {least_defaults} 位。",
            f"of {len(defaulted)} borrowers {count} defaulted, and {least_defaults} with and "
            "without default are needed",
        )
    pipeline = factory(columns).fit(model_inputs(borrowers, columns), defaulted)
    return DefaultRisk(pipeline, columns, float(defaulted.mean()))


def decide(frame: pl.DataFrame, chance: Array, *, loss_share: float) -> pl.DataFrame:
    """Which loans to act on, each by its own costs.

    Acting (refusing, calling in, asking for a guarantee) costs what the loan would have earned;
    leaving be costs the loss given default.

    Args:
        frame: One row per loan: ``exposure_amount`` and ``earning_amount``, what it earns over the
            horizon if it is repaid, both above nil.
        chance: Chance to default.
        loss_share: Share of the exposure that is lost in a default, above 0 and up to 1.

    Returns:
        ``default_probability``, ``threshold_probability``, ``expected_loss_amount``,
        ``expected_gain_amount`` (of leaving the loan be) and ``is_flagged``.

    Raises:
        InputRefused: An amount or a chance is missing or out of range.
    """
    exposure, earning = finite(frame, "exposure_amount"), finite(frame, "earning_amount")
    if not 0 < loss_share <= 1 or (exposure <= 0).any() or (earning <= 0).any():
        raise InputRefused(
            "敞口、收益须为正，违约损失率须在 0 与 1 之间。",
            "exposure and earning must be above nil, and the share lost between 0 and 1",
        )
    if chance.shape != exposure.shape or not ((chance >= 0) & (chance <= 1)).all():
        raise InputRefused(
            "违约概率缺失或不在 0 与 1 之间。", "a chance to default is missing or out of range"
        )
    threshold = threshold_from_costs(
        acted_on_event=0.0, acted_on_other=earning, left_event=loss_share * exposure
    )
    lost = chance * loss_share * exposure
    return pl.DataFrame(
        {
            "default_probability": chance,
            "threshold_probability": threshold,
            "expected_loss_amount": lost,
            "expected_gain_amount": (1 - chance) * earning - lost,
            "is_flagged": chance >= threshold,
        }
    )
