"""The models of this room as unfitted pipelines, for any frame with named columns.

Each factory takes the columns and gives a scikit-learn ``Pipeline`` whose last step is fitted like
any other estimator. ``crm ml benchmark`` judges them on any table. The nightly models of
:mod:`ml.models.churn` and :mod:`ml.models.value` are not built by them yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.base import is_classifier
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from ml.frames.columns import Columns, curve_encoding, tree_encoding
from ml.models.blend import BlendedClassifier, BlendedRegressor
from ml.models.pipelines import SEED

FOLDS = 5
#: Growth of trees. Twelve leaves keep a tree within the tables of
#: :mod:`ml.models.tree_attribution`.
_TREE: dict[str, Any] = {
    "max_iter": 1500,
    "min_samples_leaf": 20,
    "max_features": 0.5,
    "early_stopping": True,
    "n_iter_no_change": 25,
    "scoring": "loss",
    "random_state": SEED,
}
_SHALLOW: dict[str, Any] = {"max_leaf_nodes": 4, "learning_rate": 0.08, "l2_regularization": 1.0}
_BUSHY: dict[str, Any] = {"max_leaf_nodes": 12, "learning_rate": 0.06, "l2_regularization": 3.0}
#: Inverse strength of the ridge on curves: few rows want the first, many the last.
_LOOSENESS = (0.01, 0.1, 1.0)
_ITERATIONS = 500


def blended_classifier(
    columns: Columns, directions: Mapping[str, int] | None = None, folds: int = FOLDS
) -> Pipeline:
    """Shallow trees, bushy trees and curves, blended and calibrated: probability of class two.

    Args:
        columns: Columns of the frame that it will be fitted on.
        directions: +1 for a column of which more can only raise the probability, -1 where it can
            only lower it; kept by the trees.
        folds: Folds of the blend.
    """
    order = [(directions or {}).get(name, 0) for name in columns.names]
    trees = [
        (
            name,
            [
                _on_trees(
                    columns, HistGradientBoostingClassifier(**_TREE, **growth, monotonic_cst=order)
                )
            ],
        )
        for name, growth in (("shallow", _SHALLOW), ("bushy", _BUSHY))
    ]
    curves = [
        _on_curves(columns, LogisticRegression(C=looseness, max_iter=_ITERATIONS))
        for looseness in _LOOSENESS
    ]
    blend = BlendedClassifier([*trees, ("curves", curves)], folds=folds, random_state=SEED)
    return Pipeline([("model", blend)])


def blended_regressor(columns: Columns, folds: int = FOLDS) -> Pipeline:
    """Shallow trees, bushy trees and curves, blended: expected value of a number."""
    trees = [
        (name, [_on_trees(columns, HistGradientBoostingRegressor(**_TREE, **growth))])
        for name, growth in (("shallow", _SHALLOW), ("bushy", _BUSHY))
    ]
    curves = [_on_curves(columns, Ridge(alpha=1 / looseness)) for looseness in _LOOSENESS]
    blend = BlendedRegressor([*trees, ("curves", curves)], folds=folds, random_state=SEED)
    return Pipeline([("model", blend)])


def logistic_classifier(columns: Columns) -> Pipeline:
    """The plain baseline: one logistic regression on curves."""
    return _on_curves(columns, LogisticRegression(C=1.0, max_iter=_ITERATIONS))


def boosted_classifier(columns: Columns) -> Pipeline:
    """The usual rival: histogram gradient boosting as scikit-learn ships it."""
    return _on_trees(columns, HistGradientBoostingClassifier(random_state=SEED))


def ridge_regressor(columns: Columns) -> Pipeline:
    """The plain baseline for a number: one ridge regression on curves."""
    return _on_curves(columns, Ridge(alpha=1.0))


def boosted_regressor(columns: Columns) -> Pipeline:
    """The usual rival for a number: histogram gradient boosting as scikit-learn ships it."""
    return _on_trees(columns, HistGradientBoostingRegressor(random_state=SEED))


def _on_trees(columns: Columns, model: Any) -> Pipeline:
    """A model of trees behind the encoding that trees read."""
    encoding = tree_encoding(columns, is_class=is_classifier(model), random_state=SEED)
    return Pipeline([("columns", encoding), ("model", model)])


def _on_curves(columns: Columns, model: Any) -> Pipeline:
    """A linear model behind centred curves, so that its intercept is the average row."""
    encoding = curve_encoding(columns, is_class=is_classifier(model), random_state=SEED)
    return Pipeline(
        [
            ("columns", encoding),
            ("centre", StandardScaler(with_std=False)),
            ("model", model),
        ]
    )
