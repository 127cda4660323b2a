"""Whom the benchmark holds the blend against; boosting reads categories as categories.

Both kinds of boosting split a category by its values, as their makers mean them to be used; what
they cannot take so (scikit-learn: more than 255 values) they read as the blend's trees do. That
is not the better way on every table, so a tuned one chooses: by its values, or scikit-learn's as
the blend's trees read it and LightGBM's by number, as is often done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import GridSearchCV, KFold, ParameterSampler, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

from ml.frames.columns import Known, one_each, rates, tree_encoding
from ml.frames.table import Table
from ml.models import factories
from ml.models.pipelines import SEED

OURS = "blend"
#: The bins that scikit-learn's boosting has for the values of a column.
MOST_VALUES = 255
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
#: Its own settings for categories: by default a value of fewer than a hundred rows is not split.
_TUNED_CATEGORIES = {
    "model__min_data_per_group": [10, 100],
    "model__cat_smooth": [1.0, 10.0],
}
#: Settings that a search tries for each way to read categories.
_TRIALS = 15

Maker = Callable[[Table], Any]


def makers(is_binary: bool, is_tuned: bool) -> Mapping[str, Maker]:
    """Ours and the rivals, unfitted, by the name that the report gives them.

    Args:
        is_binary: Whether the target is a class.
        is_tuned: Whether boosting tuned by a search, and LightGBM where it is installed, are
            rivals too.
    """
    found: dict[str, Maker]
    if is_binary:
        found = {
            OURS: lambda table: factories.blended_classifier(table.columns),
            "logistic": lambda table: factories.logistic_classifier(table.columns),
        }
    else:
        found = {
            OURS: lambda table: factories.blended_regressor(table.columns),
            "ridge": lambda table: factories.ridge_regressor(table.columns),
        }
    found["boosting"] = boosting
    if is_tuned:
        found["tuned boosting"] = tuned_boosting
        if find_spec(_LIGHTGBM):
            found["tuned LightGBM"] = _tuned_lightgbm
    return found


def boosting(table: Table) -> Pipeline:
    """Histogram gradient boosting as scikit-learn ships it, on categories of its own."""
    kind = HistGradientBoostingClassifier if table.is_binary else HistGradientBoostingRegressor
    native = _native(table)
    model = kind(random_state=SEED, categorical_features=list(range(len(native))))
    return Pipeline([("columns", _by_values(table, native)), ("model", model)])


def _by_values(table: Table, native: list[str]) -> ColumnTransformer:
    """The native categories by number, then what boosting reads as the blend's trees do."""
    columns = table.columns
    others = [name for name in columns.categories if name not in native]
    return one_each(
        [
            *((name, _codes()) for name in native),
            *((name, rates(table.is_binary, SEED)) for name in others),
            *((name, Known()) for name in columns.numbers),
        ]
    )


def _native(table: Table) -> list[str]:
    """Categories that scikit-learn's boosting can split by their values."""
    return [name for name in table.columns.categories if _value_count(table, name) <= MOST_VALUES]


def _value_count(table: Table, name: str) -> int:
    """How many values a category has, a gap being one, in rows that teach or judge."""
    return int(table.frame.get_column(name).n_unique())


def _codes() -> OrdinalEncoder:
    """Values of a category by number, no value being one; one never seen goes where gaps go."""
    return OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan
    )


def tuned_boosting(table: Table) -> GridSearchCV:
    """A search over the settings that matter, as a data scientist would run it first."""
    pipeline = boosting(table)
    pipeline.set_params(model__early_stopping=True, model__max_iter=500, model__n_iter_no_change=20)
    if not _native(table):
        return _search(pipeline, [_TUNED], table.is_binary)
    as_rates = tree_encoding(table.columns, is_class=table.is_binary, random_state=SEED)
    by_rates = {"columns": [as_rates], "model__categorical_features": [None]}
    return _search(pipeline, [_TUNED, _TUNED | by_rates], table.is_binary)


def _tuned_lightgbm(table: Table) -> GridSearchCV:
    """LightGBM, searched as the other boosting is."""
    found = import_module(_LIGHTGBM)
    kind = found.LGBMClassifier if table.is_binary else found.LGBMRegressor
    columns = table.columns
    encoding = ColumnTransformer(
        [
            ("codes", _codes(), list(columns.categories)),
            ("numbers", "passthrough", list(columns.numbers)),
        ]
    )
    model = kind(verbose=-1, n_jobs=1, random_state=SEED, subsample_freq=1)
    pipeline = Pipeline([("columns", encoding), ("model", model)])
    if not columns.categories:
        return _search(pipeline, [_TUNED_LIGHTGBM], table.is_binary)
    # By this name a setting of the model, which a search can choose; the usual one is of its fit.
    places = list(range(len(columns.categories)))
    by_values = {"model__categorical_column": [places], **_TUNED_CATEGORIES}
    return _search(pipeline, [_TUNED_LIGHTGBM | by_values, _TUNED_LIGHTGBM], table.is_binary)


def _search(pipeline: Pipeline, ways: Sequence[Mapping[str, Any]], is_binary: bool) -> GridSearchCV:
    """A search over random settings, as many for each way to read categories."""
    cut = StratifiedKFold if is_binary else KFold
    drawn = [each for way in ways for each in ParameterSampler(way, _TRIALS, random_state=SEED)]
    return GridSearchCV(
        pipeline,
        [{name: [value] for name, value in each.items()} for each in drawn],
        # Dealt out, as the rows of a table may stand in the order of time or of the target.
        cv=cut(4, shuffle=True, random_state=SEED),
        scoring="neg_log_loss" if is_binary else "neg_mean_squared_error",
    )
