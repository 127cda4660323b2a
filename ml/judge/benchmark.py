"""How the factories fare on any table, beside plain rivals, by repeated folds.

Every model sees the same folds, so differences are paired; their intervals are widened for folds
that share rows (Nadeau and Bengio 2003), without which five folds would find a difference in nearly
any two models.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import polars as pl
from scipy import stats
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import (
    KFold,
    RandomizedSearchCV,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    StratifiedKFold,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

from ml.errors import TableRefused
from ml.frames.columns import Columns
from ml.frames.table import Table
from ml.judge import metrics
from ml.models import factories
from ml.models.pipelines import SEED, single_thread

OURS = "blend"
#: What is better when it is greater; of the others, less is better, and of a slope nearness to 1.
GREATER_IS_BETTER = frozenset({"auc", "average_precision", "lift_at_10pct", "r2", "spearman"})
_MEASURES = {
    True: (
        "auc", "average_precision", "brier", "log_loss", "calibration_slope", "ece",
        "lift_at_10pct",
    ),
    False: ("r2", "rmse", "mae", "spearman"),
}  # fmt: skip
_TUNED = {
    "model__learning_rate": [0.02, 0.05, 0.1],
    "model__max_leaf_nodes": [4, 8, 15, 31],
    "model__min_samples_leaf": [10, 20, 50],
    "model__l2_regularization": [0.0, 1.0, 10.0],
    "model__max_features": [0.3, 0.6, 1.0],
}
#: The same for LightGBM, which is no part of the house and a rival where somebody installed it.
_LIGHTGBM = "lightgbm"
_TUNED_LIGHTGBM = {
    "model__learning_rate": [0.02, 0.05, 0.1],
    "model__n_estimators": [50, 100, 200, 400],
    "model__num_leaves": [4, 8, 15, 31],
    "model__min_child_samples": [10, 20, 50],
    "model__reg_lambda": [0.0, 1.0, 10.0],
    "model__colsample_bytree": [0.3, 0.6, 1.0],
    "model__subsample": [0.7, 1.0],
}
_TRIALS = 15
#: Rows that each fold needs: of the rarer class to be there twice, of a quantity to be measured.
_CLASS_ROWS, _QUANTITY_ROWS = 2, 4
_FEWEST_FOLDS = 2
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Difference:
    """A measure of ours less the same of a rival's, over all folds.

    Attributes:
        rival: Name of the rival.
        measure: Name of the measure.
        mean: Mean difference.
        low: Lower end of its interval.
        high: Upper end.
        verdict: ``ahead``, ``behind``, or ``level`` where the interval holds nil.
    """

    rival: str
    measure: str
    mean: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True)
class Result:
    """What a benchmark found.

    Attributes:
        folds: One row per model and fold: every measure and the seconds of its fit.
        means: Per model, the mean of every measure.
        differences: Ours against each rival.
    """

    folds: pl.DataFrame
    means: dict[str, dict[str, float]]
    differences: tuple[Difference, ...]


def run(table: Table, *, folds: int = 5, repeats: int = 2, is_tuned: bool = False) -> Result:
    """Fit and judge ours and its rivals on the same folds.

    Args:
        table: What :func:`ml.frames.table.prepare` made.
        folds: Folds of each repetition.
        repeats: Repetitions with rows dealt anew.
        is_tuned: Whether a boosting tuned by a search of its own is a rival too, and LightGBM
            where it is installed; takes minutes.

    Raises:
        TableRefused: There are too few rows for so many folds.
    """
    _require_rows(table, folds)
    makers = _makers(table.is_binary, is_tuned)
    rows: list[dict[str, Any]] = []
    with single_thread():
        for number, (teaching, judging) in enumerate(_splits(table, folds, repeats)):
            for name, make in makers.items():
                start = time.perf_counter()
                pipeline = make(table.columns).fit(table.frame[teaching], table.target[teaching])
                seconds = time.perf_counter() - start
                measured = _measure(table, pipeline, judging)
                rows.append({"model": name, "fold": number, **measured, "fit_seconds": seconds})
    frame = pl.DataFrame(rows)
    measures = _MEASURES[table.is_binary]
    names = list(makers)
    means = {
        row.pop("model"): row
        for row in frame.group_by("model", maintain_order=True)
        .agg(pl.col(*measures, "fit_seconds").mean())
        .to_dicts()
    }
    differences = tuple(
        _difference(frame, rival, measure, folds)
        for rival in names
        if rival != OURS
        for measure in measures
    )
    return Result(frame, means, differences)


def _require_rows(table: Table, folds: int) -> None:
    """Nothing, where there are rows enough for so many folds."""
    if table.is_binary:
        rows = int(min(table.target.sum(), len(table.target) - table.target.sum()))
        needed, whose_zh, whose = _CLASS_ROWS, "较少的一类只有", "the rarer class has"
    else:
        rows = len(table.target)
        needed, whose_zh, whose = _QUANTITY_ROWS, "表中只有", "there are"
    if rows >= needed * folds:
        return
    most = rows // needed
    if most >= _FEWEST_FOLDS:
        advice_zh, advice = f"请用 --folds {most}", f"ask for fewer folds: --folds {most}"
    else:
        advice_zh, advice = "行数太少，无法评判", "they are too few to be judged by any"
    raise TableRefused(
        f"{whose_zh} {rows} 行，{folds} 折至少需要 {needed * folds} 行；{advice_zh}。",
        f"{whose} {rows} rows, and {folds} folds need {needed * folds}; {advice}",
    )


def _makers(is_binary: bool, is_tuned: bool) -> Mapping[str, Callable[[Columns], Any]]:
    """Factories by the name that the report gives them."""
    if is_binary:
        makers: dict[str, Callable[[Columns], Any]] = {
            OURS: factories.blended_classifier,
            "logistic": factories.logistic_classifier,
            "boosting": factories.boosted_classifier,
        }
    else:
        makers = {
            OURS: factories.blended_regressor,
            "ridge": factories.ridge_regressor,
            "boosting": factories.boosted_regressor,
        }
    if is_tuned:
        makers["tuned boosting"] = lambda columns: _tuned(makers["boosting"](columns), is_binary)
        if find_spec(_LIGHTGBM):
            makers["tuned LightGBM"] = lambda columns: _tuned_lightgbm(columns, is_binary)
    return makers


def _tuned(pipeline: Pipeline, is_binary: bool) -> RandomizedSearchCV:
    """A search over the settings that matter, as a data scientist would run it first."""
    pipeline.set_params(model__early_stopping=True, model__max_iter=500, model__n_iter_no_change=20)
    return _search(pipeline, _TUNED, is_binary)


def _tuned_lightgbm(columns: Columns, is_binary: bool) -> RandomizedSearchCV:
    """LightGBM on categories as codes, searched as long as the boosting of scikit-learn."""
    found = import_module(_LIGHTGBM)
    kind = found.LGBMClassifier if is_binary else found.LGBMRegressor
    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan
    )
    encoding = ColumnTransformer(
        [
            ("codes", codes, list(columns.categories)),
            ("numbers", "passthrough", list(columns.numbers)),
        ]
    )
    model = kind(verbose=-1, n_jobs=1, random_state=SEED, subsample_freq=1)
    return _search(Pipeline([("columns", encoding), ("model", model)]), _TUNED_LIGHTGBM, is_binary)


def _search(pipeline: Pipeline, settings: Mapping[str, Any], is_binary: bool) -> RandomizedSearchCV:
    cut = StratifiedKFold if is_binary else KFold
    return RandomizedSearchCV(
        pipeline,
        settings,
        n_iter=_TRIALS,
        # Dealt out, as the rows of a table may stand in the order of time or of the target.
        cv=cut(4, shuffle=True, random_state=SEED),
        scoring="neg_log_loss" if is_binary else "neg_mean_squared_error",
        random_state=SEED,
    )


def _splits(table: Table, folds: int, repeats: int) -> Iterator[tuple[Any, Any]]:
    """(rows that teach, rows that judge), the same for every model."""
    kind = RepeatedStratifiedKFold if table.is_binary else RepeatedKFold
    cut = kind(n_splits=folds, n_repeats=repeats, random_state=SEED)
    yield from cut.split(table.target, table.target)


def _measure(table: Table, pipeline: Any, judging: Any) -> dict[str, float]:
    """Measures of a fitted model on rows that it has not seen."""
    seen, frame = table.target[judging], table.frame[judging]
    if table.is_binary:
        found = metrics.event_metrics(seen, pipeline.predict_proba(frame)[:, 1], judging)
    else:
        found = metrics.quantity_metrics(seen, pipeline.predict(frame))
    return {name: found[name] for name in _MEASURES[table.is_binary]}


def _difference(frame: pl.DataFrame, rival: str, measure: str, folds: int) -> Difference:
    """Paired difference over the folds, with the interval of Nadeau and Bengio."""
    wide = frame.pivot(on="model", index="fold", values=measure).sort("fold")
    ours, theirs = wide.get_column(OURS).to_numpy(), wide.get_column(rival).to_numpy()
    if measure == "calibration_slope":
        ours, theirs = np.abs(ours - 1), np.abs(theirs - 1)
    apart = ours - theirs
    count = len(apart)
    # Test rows are one in (folds - 1) of the rows that teach.
    spread = float(np.sqrt((1 / count + 1 / (folds - 1)) * apart.var(ddof=1))) if count > 1 else 0.0
    reach = float(stats.t.ppf((1 + _CONFIDENCE) / 2, max(count - 1, 1))) * spread
    mean = float(apart.mean())
    low, high = mean - reach, mean + reach
    sign = 1 if measure in GREATER_IS_BETTER else -1
    verdict = "level" if low <= 0 <= high else "ahead" if sign * mean > 0 else "behind"
    return Difference(rival, measure, mean, low, high, verdict)
