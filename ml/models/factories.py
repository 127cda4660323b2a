"""The models of this room as unfitted pipelines, for any frame with named columns.

Each factory takes the columns and gives a scikit-learn ``Pipeline`` whose last step is fitted like
any other estimator. ``crm ml benchmark`` judges them on any table; :mod:`ml.models.event` and
:mod:`ml.models.staying` build the nightly ones by the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from ml.frames.columns import Columns, curve_encoding, tree_encoding
from ml.models.blend import BlendedClassifier, BlendedRegressor
from ml.models.pipelines import SEED

FOLDS = 5
#: Names of the encodings; a member of curves alone is called as its encoding.
TREES, CURVES = "trees", "curves"
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
#: Faster growth where rows are plenty: as good there, at a third of the trees.
_LARGE: dict[str, Any] = {"n_iter_no_change": 15}
_LARGE_SHALLOW = {**_SHALLOW, **_LARGE, "learning_rate": 0.2, "max_iter": 400}
_LARGE_BUSHY = {**_BUSHY, **_LARGE, "learning_rate": 0.12, "max_iter": 250}
#: Inverse strength of the ridge on curves: few rows want the first, many the last.
_LOOSENESS = (0.01, 0.1, 1.0)
_ITERATIONS = 500


def blended_classifier(
    columns: Columns,
    folds: int = FOLDS,
    *,
    is_large: bool = False,
    trust: float = 1.0,
) -> Pipeline:
    """Shallow trees, bushy trees and curves, blended and calibrated: probability of class two.

    Args:
        columns: Columns of the frame that it will be fitted on.
        folds: Folds of the blend.
        is_large: Rows of both classes are plenty (thousands of the rarer one): trees grow faster
            and members are refitted on all rows, so that a whole bank is scored in a minute.
        trust: Share of the spread of log-odds that is kept; see :class:`ml.models.blend.Blend`.
    """
    blend = BlendedClassifier(
        _encodings(columns, is_class=True),
        [*_trees(HistGradientBoostingClassifier, is_large=is_large), _logistic_curves()],
        folds,
        random_state=SEED,
        is_refitted=is_large,
        trust=trust,
    )
    return Pipeline([("model", blend)])


def blended_regressor(columns: Columns, folds: int = FOLDS, *, is_large: bool = False) -> Pipeline:
    """Shallow trees, bushy trees and curves, blended: expected value of a number."""
    blend = BlendedRegressor(
        _encodings(columns, is_class=False),
        [*_trees(HistGradientBoostingRegressor, is_large=is_large), _ridge_curves()],
        folds,
        random_state=SEED,
        is_refitted=is_large,
    )
    return Pipeline([("model", blend)])


def logistic_classifier(columns: Columns, folds: int = FOLDS, *, trust: float = 1.0) -> Pipeline:
    """The plain baseline: a logistic regression on curves, its ridge chosen on held-out rows."""
    encodings = _encodings(columns, is_class=True)[1:]
    blend = BlendedClassifier(
        encodings, [_logistic_curves()], folds, random_state=SEED, trust=trust
    )
    return Pipeline([("model", blend)])


def boosted_classifier(columns: Columns) -> Pipeline:
    """The usual rival: histogram gradient boosting as scikit-learn ships it."""
    encoding = _column_step(tree_encoding, columns, is_class=True)
    return Pipeline([encoding, ("model", HistGradientBoostingClassifier(random_state=SEED))])


def ridge_regressor(columns: Columns, folds: int = FOLDS) -> Pipeline:
    """The plain baseline for a number: a ridge regression on curves, chosen the same way."""
    encodings = _encodings(columns, is_class=False)[1:]
    blend = BlendedRegressor(encodings, [_ridge_curves()], folds, random_state=SEED)
    return Pipeline([("model", blend)])


def _trees(kind: type[Any], *, is_large: bool) -> list[tuple[str, str, list[Any]]]:
    """Shallow and bushy trees as members of a blend."""
    shallow, bushy = (_LARGE_SHALLOW, _LARGE_BUSHY) if is_large else (_SHALLOW, _BUSHY)
    return [
        (name, TREES, [kind(**{**_TREE, **growth})])
        for name, growth in (("shallow", shallow), ("bushy", bushy))
    ]


def _encodings(columns: Columns, *, is_class: bool) -> list[tuple[str, Pipeline]]:
    """How trees read a frame, then how a linear model does."""
    return [
        (TREES, Pipeline([_column_step(tree_encoding, columns, is_class=is_class)])),
        (
            CURVES,
            Pipeline(
                [
                    _column_step(curve_encoding, columns, is_class=is_class),
                    # Centred, so that the intercept is the average row.
                    ("centre", StandardScaler(with_std=False)),
                ]
            ),
        ),
    ]


def _column_step(
    encoding: Callable[..., ColumnTransformer], columns: Columns, *, is_class: bool
) -> tuple[str, ColumnTransformer]:
    """The first step of every encoding."""
    return "columns", encoding(columns, is_class=is_class, random_state=SEED)


def _logistic_curves() -> tuple[str, str, list[LogisticRegression]]:
    """Logistic regressions on curves, from the stiffest to the loosest."""
    strengths = [LogisticRegression(C=each, max_iter=_ITERATIONS) for each in _LOOSENESS]
    return CURVES, CURVES, strengths


def _ridge_curves() -> tuple[str, str, list[Ridge]]:
    """The same for a number."""
    return CURVES, CURVES, [Ridge(alpha=1 / looseness) for looseness in _LOOSENESS]
