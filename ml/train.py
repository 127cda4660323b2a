"""Training: contract, split in time, fit, judge beside the rival, store signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ml.book import write as book
from ml.book.facts import EXPLAINED_ROWS, book_facts, importance
from ml.errors import FrameRefused, LeakSuspected
from ml.frames.features import (
    FEATURES,
    Feature,
    all_null_columns,
    check_frame,
    check_shape,
    known_date,
    of_label,
)
from ml.frames.hashing import frame_checksum
from ml.frames.split import (
    TimeSplit,
    labelled_rows,
    months_until_known,
    split_by_time,
)
from ml.judge import metrics
from ml.judge.drift import typical_sizes
from ml.judge.leak import Strongest, check_judged, strongest_of_event, strongest_of_value
from ml.judge.watch import SCORE, shape_of, shapes_of
from ml.models.event import EventModel
from ml.models.level import shifted
from ml.models.pipelines import Array, Attribution, Which, inputs, make_golden, single_thread
from ml.models.scorer import Kind, Scorer, kind_of
from ml.models.staying import SurvivalModel
from ml.models.survival import restricted_mean_months
from ml.models.value import VALUE_BASELINE_COLUMN, ValueModel
from ml.registry.store import save

#: More rows cost time and no longer change the metrics: customers repeat from month to month.
MAX_TRAIN_ROWS = 200_000
#: A column with fewer values in training is left out of the pipeline and named in the report.
MIN_FILLED_ROWS = 100
#: A feature with a smaller share of all weight moves no score, however far it moves itself.
LEAST_READ = 0.001
_ROLES: tuple[Which, ...] = ("model", "baseline")


@dataclass(frozen=True)
class TrainedModel:
    """One stored version and what is to be told about it.

    Attributes:
        name: One of :data:`ml.models.scorer.MODELS`.
        version: Name of the stored version.
        is_baseline_shipped: The model did not beat its rival, and the rival scores customers.
        report: Plain data for asset metadata: training window, metrics of both, tables.
    """

    name: str
    version: str
    is_baseline_shipped: bool
    report: dict[str, Any]


def train(
    model_name: str,
    frame: pl.DataFrame,
    models_dir: Path,
    as_of: date,
    *,
    key_path: Path,
    code_version: str = "unknown",
    source: str = "unknown",
    max_train_rows: int = MAX_TRAIN_ROWS,
    features: tuple[Feature, ...] = FEATURES,
) -> TrainedModel:
    """Train, judge and store one version of a model.

    Args:
        model_name: One of :data:`ml.models.scorer.MODELS`.
        frame: ``ftr_customer`` with its label: keys, features, and the label with the date on
            which it was known; both are null while it is not. Labels of other models may be there.
        models_dir: Folder of all models.
        as_of: Business date of the night: the last date that anything here may know.
        key_path: File of the signing key, made with mode 0600 when missing.
        code_version: Version of the code, for the manifest.
        source: Generation or run that the frame was read from, for the manifest.
        max_train_rows: Upper bound of training rows; whole customers are left out by hash.
        features: The feature contract.

    Returns:
        The stored version with its report.

    Raises:
        NotEnoughHistory: Nothing is stored and the night goes on without this model's scores.
        FrameRefused: The frame breaks the contract, or knows what it cannot know yet.
        LeakSuspected: A feature knows the label, or the features together do.
    """
    kind = kind_of(model_name)
    material = _prepare(kind, frame, as_of, max_train_rows, features)
    fitted = _fit(kind, material, features)
    judged = _judge(fitted, material.split.test, features)
    check_judged(kind.name, judged.metrics)
    is_better = kind.is_better(judged.metrics["model"], judged.metrics["baseline"])
    chosen = replace(fitted, ships="model" if is_better else "baseline")
    why = chosen.explain(judged.frame.head(EXPLAINED_ROWS))
    scorer = _held_against(chosen, material, judged, importance(why), features)
    report = _report(scorer, material, judged, why, features)
    version = save(
        models_dir,
        scorer,
        make_golden(material.sample, features),
        report,
        as_of,
        key_path=key_path,
        code_version=code_version,
        source=source,
        features=features,
    )
    book.write(models_dir, model_name, version, key_path=key_path)
    return TrainedModel(model_name, version, not is_better, {"version": version, **report})


@dataclass(frozen=True)
class _Material:
    """Checked rows, split in time; the training rows thinned to what is needed.

    Attributes:
        split: The rows by what they are for.
        sample: Those that teach.
        absent: Features that are null in all of them.
        strongest: The feature that tells most of the label by itself.
    """

    split: TimeSplit
    sample: pl.DataFrame
    absent: tuple[str, ...]
    strongest: Strongest


def _prepare(
    kind: Kind,
    frame: pl.DataFrame,
    as_of: date,
    max_train_rows: int,
    features: tuple[Feature, ...],
) -> _Material:
    """Everything that can refuse a training, before anything is fitted."""
    frame = of_label(frame, kind.label)
    check_shape(frame, features, labels=(kind.label,))
    _check_dates(frame, kind.label, as_of)
    # History before values: a bank of three months has columns that are still all null, and what
    # it wants to hear is that it needs more months.
    check_history(kind.name, frame)
    labelled = labelled_rows(frame, kind.label)
    absent = all_null_columns(labelled, features)
    checked = check_frame(labelled, features, labels=(kind.label,), absent=absent)
    split = split_by_time(checked, kind.label, kind.name)
    sample = kind.sample(split.train, max_train_rows)
    return _Material(split, sample, tuple(absent), _check_leak(kind, sample, split.train, features))


def _fit(kind: Kind, material: _Material, features: tuple[Feature, ...]) -> Scorer:
    """The model and its rival, fitted on the training rows alone."""
    sample = material.sample
    with single_thread():
        pipelines, constants = kind.fit(
            sample, filled_enough(sample, features), material.split.train
        )
    return Scorer(
        name=kind.name,
        pipelines=pipelines,
        ships="model",
        constants=constants,
        absent=material.absent,
        medians=typical_sizes(sample, features),
    )


def _held_against(
    scorer: Scorer,
    material: _Material,
    judged: _Judged,
    weights: Mapping[str, float],
    features: tuple[Feature, ...],
) -> Scorer:
    """The scorer at its level, with the band and the shapes that later months are held against.

    Level, band and shape of the score come from customers who did not teach it; shapes of the
    features from all rows that could teach, thinned or not.
    """
    kind = kind_of(scorer.name)
    told = judged.scores[scorer.ships]
    shift = kind.level(judged.seen, told).shift if isinstance(kind, EventModel) else 0.0
    scores = shifted(told, shift)
    least = LEAST_READ * sum(weights.values())
    read = tuple(each.name for each in features if weights.get(each.name, 0.0) > least)
    return replace(
        scorer,
        shift=shift,
        band=kind.band(judged.seen, scores, judged.frame),
        shapes={**shapes_of(material.split.train, features), SCORE: shape_of(pl.Series(scores))},
        read=read,
    )


def filled_enough(sample: pl.DataFrame, features: tuple[Feature, ...]) -> tuple[Feature, ...]:
    """Features with enough values to be learnt from; scikit-learn's trees fail on an empty one."""
    return tuple(
        feature
        for feature in features
        if sample.height - sample.get_column(feature.name).null_count() >= MIN_FILLED_ROWS
    )


def check_history(model_name: str, labels: pl.DataFrame) -> None:
    """Refuse a history that cannot teach the model, before a single feature is read.

    Args:
        model_name: One of :data:`ml.models.scorer.MODELS`.
        labels: Keys of every row that has features, and the label with its date.

    Raises:
        NotEnoughHistory: As a training on the same rows would.
    """
    kind = kind_of(model_name)
    labelled = labelled_rows(labels, kind.label)
    kind.check_enough(split_by_time(labelled, kind.label, kind.name))


def _check_dates(frame: pl.DataFrame, label: str, as_of: date) -> None:
    """Refuse rows of the future, and labels of windows that had not ended by ``as_of``."""
    dates = frame.get_column("observation_date").unique().sort().to_list()
    if dates[-1] > as_of:
        raise FrameRefused(
            f"特征表含有 {dates[-1]} 的数据，晚于训练日 {as_of}。",
            f"The feature frame holds {dates[-1]}, which is after {as_of}.",
        )
    known = pl.col(known_date(label))
    given = frame.filter(pl.col(label).is_not_null())
    if undated := given.filter(known.is_null() | (known <= pl.col("observation_date"))).height:
        raise FrameRefused(
            f"有标签的数据中 {undated} 行的 {known_date(label)} 为空，或不晚于观察日。",
            f"{known_date(label)} is null or no later than the observation in {undated} rows "
            f"that have a label.",
        )
    early = given.filter(known > as_of).sort("observation_date", "customer_key")
    if early.height:
        first = early.row(0, named=True)
        raise LeakSuspected(
            f"{first['observation_date']} 的标签 {label} 到 {first[known_date(label)]} 才知道，"
            f"晚于训练日 {as_of}，不应出现。",
            f"{label} is given for {first['observation_date']}, and was known on "
            f"{first[known_date(label)]} only, after {as_of}; it should not be there.",
        )


def _check_leak(
    kind: Kind, sample: pl.DataFrame, train: pl.DataFrame, features: tuple[Feature, ...]
) -> Strongest:
    """The fact that tells most of the label by itself, once it is sure that it does not know it."""
    labels = sample.get_column(kind.label).to_numpy()
    if isinstance(kind, ValueModel):
        found = strongest_of_value(sample, features, labels, VALUE_BASELINE_COLUMN)
    else:
        events = kind.events(labels)
        kept = metrics.odds(_label_mean(kind, train)) / metrics.odds(float(events.mean()))
        found = strongest_of_event(sample, features, events, kept)
    found.check()
    return found


@dataclass(frozen=True)
class _Judged:
    """The customers who judge, scored once by model and rival.

    Attributes:
        frame: What the pipelines read of them.
        seen: Their labels.
        keys: Their keys.
        scores: By role.
        metrics: By role.
        curve: Per month of the horizon who was foretold to be there and who was; of hazards alone.
    """

    frame: pl.DataFrame
    seen: Array
    keys: NDArray[np.int64]
    scores: dict[Which, Array]
    metrics: dict[str, dict[str, float]]
    curve: list[dict[str, float]]


def _judge(scorer: Scorer, test: pl.DataFrame, features: tuple[Feature, ...]) -> _Judged:
    """Scores and metrics of the model and of its rival on the same customers."""
    kind = kind_of(scorer.name)
    seen = test.get_column(kind.label).to_numpy()
    keys = test.get_column("customer_key").to_numpy()
    frame = inputs(test, features)
    curves: dict[Which, Array] = {}
    if isinstance(kind, SurvivalModel):
        # A customer's months are read off his curve: one pass serves both.
        curves = {
            role: kind.curves(scorer.pipelines, scorer.constants, frame, role) for role in _ROLES
        }
        scores = {role: restricted_mean_months(curves[role]) for role in _ROLES}
    else:
        scores = {role: scorer.predict(frame, role) for role in _ROLES}
    results: dict[str, dict[str, float]] = {
        role: kind.measure(seen, scores[role], keys) for role in _ROLES
    }
    saved = kind.losses(seen, scores["baseline"]) - kind.losses(seen, scores["model"])
    results["model"]["loss_saved"] = float(saved.mean())
    results["model"]["loss_saved_z"] = metrics.paired_z(saved)
    curve: list[dict[str, float]] = []
    if isinstance(kind, SurvivalModel):
        for role in _ROLES:
            results[role] |= kind.measure_curves(seen, curves[role])
        curve = kind.curve_table(seen, curves["model"])
    return _Judged(frame, seen, keys, scores, results, curve)


def _label_mean(kind: Kind, rows: pl.DataFrame) -> float:
    """Mean of the label in yuan, or how common the event is: of all rows, thinned out or not."""
    labels = rows.get_column(kind.label)
    if isinstance(kind, ValueModel):
        return metrics.mean(labels)
    return float(kind.events(labels.to_numpy()).mean())


def _report(
    scorer: Scorer,
    material: _Material,
    judged: _Judged,
    why: Attribution,
    features: tuple[Feature, ...],
) -> dict[str, Any]:
    """What a reader wants to know, as plain data."""
    kind = kind_of(scorer.name)
    split, sample = material.split, material.sample
    seen, scores = judged.seen, judged.scores[scorer.ships]
    rival: Which = "baseline" if scorer.ships == "model" else "model"
    unused = [
        feature.name for feature in features if feature not in filled_enough(sample, features)
    ]
    return {
        "model_name": scorer.name,
        "ships": scorer.ships,
        "metrics": judged.metrics,
        "tables": kind.tables(seen, scores, judged.keys, judged.frame),
        "band": kind.coverage(seen, scores, judged.frame),
        "level": kind.level(seen, scores).as_data() if isinstance(kind, EventModel) else None,
        "importance": importance(why),
        "training": {
            "train_dates": [day.isoformat() for day in split.train_dates],
            "gap_dates": [day.isoformat() for day in split.gap_dates],
            "test_date": split.test_date.isoformat(),
            "train_rows": sample.height,
            "train_rows_before_sampling": split.train.height,
            "train_customers": sample.get_column("customer_key").n_unique(),
            "test_rows": split.test.height,
            "label_months": months_until_known(split.test, kind.label),
            "label_mean_train": _label_mean(kind, split.train),
            "label_mean_test": _label_mean(kind, split.test),
            "absent_features": list(scorer.absent),
            "unused_features": unused,
            "checksum": frame_checksum(sample, ["observation_date", "customer_key"]),
        },
        "book": {
            **book_facts(scorer, why, split, sample, features, unused),
            "leak": material.strongest.as_data(),
            "rival_tables": kind.tables(seen, judged.scores[rival], judged.keys, judged.frame),
            "curve": judged.curve,
        },
    }
