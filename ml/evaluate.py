"""Evaluation of an event model, rolled through time, beside plain rivals and other scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from scipy.special import expit

from ml.frames.columns import Columns
from ml.frames.features import (
    FEATURES,
    KEYS,
    Feature,
    all_null_columns,
    check_frame,
    feature_names,
    known_date,
)
from ml.frames.split import labelled_rows, split_by_time
from ml.judge import further_scores
from ml.judge.metrics import Array
from ml.judge.rolling import OURS, Costs, Evaluation, judge, roll
from ml.models.event import CHURN, EventModel
from ml.models.factories import boosted_classifier
from ml.models.pipelines import inputs, single_thread
from ml.models.scorer import MODELS
from ml.train import MAX_TRAIN_ROWS, filled_enough

BASELINE = "baseline"
BOOSTING = "boosting"
ORIGINS = 4


def evaluate(
    frame: pl.DataFrame,
    *,
    label: str | None = None,
    costs: Costs,
    origins: int = ORIGINS,
    slices: Sequence[str] = (),
    beside: pl.DataFrame | None = None,
    features: tuple[Feature, ...] = FEATURES,
    max_train_rows: int = MAX_TRAIN_ROWS,
) -> Evaluation:
    """Judge the model of a label as it would have been retrained month after month.

    Args:
        frame: Rows as for :func:`ml.train.train`, and the columns named in ``slices``.
        label: Column of the label; that of churn unless given. One that no nightly model learns is
            learnt as churn is.
        costs: Of a retention campaign.
        origins: Month ends that judge, from the latest back.
        slices: Columns by whose values the measures are told apart.
        beside: ``customer_key``, ``observation_date`` and one probability per further contender
            (a vendor's score; the hazard of a made bank). Only rows that it has are judged.
        features: The feature contract.
        max_train_rows: As in training.

    Raises:
        NotEnoughHistory: No date can be judged, or the judged rows are of one class.
        FrameRefused, TableRefused: The frame, or ``beside``, does not keep its contract.
    """
    kind = _kind_of_label(label or CHURN.label)
    extra = frame.select(*KEYS, *slices)
    read = [*KEYS, *feature_names(features), kind.label, known_date(kind.label)]
    known = labelled_rows(frame.select(name for name in read if name in frame.columns), kind.label)
    # A history too short is told as that, and not as a frame without rows.
    split_by_time(known, kind.label, kind.name)
    taken = (OURS, BASELINE, BOOSTING, "seen", *slices)
    others = None if beside is None else further_scores.checked(beside, known, taken)
    absent = all_null_columns(known, features)
    checked = check_frame(known, features, labels=(kind.label,), absent=absent).join(
        extra, on=list(KEYS), how="left"
    )

    def contend(train: pl.DataFrame, test: pl.DataFrame) -> Mapping[str, Array]:
        sample = kind.sample(train, max_train_rows)
        filled = filled_enough(sample, features)
        with single_thread():
            pipelines, _ = kind.fit(sample, filled, train)
            # Growth as scikit-learn ships it, on our rows: what is there without us. What the
            # draw did to the odds is taken back, for it as for ours.
            boosted = boosted_classifier(Columns.of_contract(filled)).fit(
                inputs(sample, filled), sample.get_column(kind.label).to_numpy().astype(np.int64)
            )
        drawn = kind.log_odds_of_draw(sample, train)
        rows = inputs(test, filled)
        return {
            OURS: kind.predict(pipelines, {}, rows, "model"),
            BASELINE: kind.predict(pipelines, {}, rows, "baseline"),
            BOOSTING: expit(boosted.decision_function(rows) + drawn),
        }

    rows, told = roll(
        checked, kind.label, kind.name, contend, origins=origins, slices=slices, beside=others
    )
    contenders = [OURS, BASELINE, BOOSTING, *further_scores.names(others)]
    report = {
        "label": kind.label,
        "origins": told,
        "contenders": contenders,
        **judge(rows, contenders, slices, costs),
    }
    return Evaluation(rows, report)


def _kind_of_label(label: str) -> EventModel:
    """The nightly model that learns a label, else churn's recipe on it."""
    for kind in MODELS.values():
        if isinstance(kind, EventModel) and kind.label == label:
            return kind
    return replace(CHURN, label=label)
