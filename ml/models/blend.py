"""Several kinds of model as one: their scores are added with weights that held-out rows choose.

No one kind of model is best on every bank. Boosted trees win where facts act together, curves win
where rows are few. Each member is taught on all folds but one, and the weights are fitted on the
fold that it has not seen: a member that has learnt its rows by heart gets little weight. The same
fit calibrates, as the weights of log-odds and their intercept are Platt's slope and intercept.

A score stays a sum: of members, and within each member of its input columns. So what each column
adds to a score is exact (:meth:`Blend.attribution`).

Sources:
    Wolpert 1992 (stacked generalisation); Breiman 1996 (weights that are not negative); Platt 1999.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import check_is_fitted

from ml.models.pipelines import Array
from ml.models.tree_attribution import TreeAttribution

Numbers = NDArray[np.int64]

#: Pull of the weights towards equal shares: held-out rows of a small table are few as well.
EQUAL_PULL = 0.002
#: A member of less weight than this changes no decision and would cost time at every scoring.
LEAST_WEIGHT = 0.02
_TREES = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)


class Blend(BaseEstimator, ABC):
    """What :class:`BlendedClassifier` and :class:`BlendedRegressor` share.

    Args:
        members: (name, candidates) of each kind of model. A candidate is a ``Pipeline`` that
            begins with ``columns``, a ``ColumnTransformer`` with one transformer per input column,
            and ends with ``model``: histogram gradient boosting, or a linear model behind a step
            that centres its inputs. Of the candidates of a member the one with the smallest
            held-out loss is kept.
        folds: Parts that the rows are cut into when ``fit`` is given none.
        random_state: Seed of the cut.
        is_refitted: Teach each kept member once more on all rows, in the place of its pipelines of
            the folds: a third of the time at scoring, and where rows are many as good.

    Attributes:
        members_: Fitted pipelines of each kept member: one per fold, or one if refitted.
        member_names_: Their names.
        weights_: Their weights, in that order.
        intercept_: What is added to the weighted sum.
    """

    def __init__(
        self,
        members: Sequence[tuple[str, Sequence[Pipeline]]] = (),
        folds: int = 5,
        random_state: int = 0,
        is_refitted: bool = False,
    ) -> None:
        self.members = members
        self.folds = folds
        self.random_state = random_state
        self.is_refitted = is_refitted

    def _fit(self, frame: Any, target: Array, fold_of_row: Numbers, weight: Array | None) -> None:
        """Fit every member on every fold, then the weights."""
        share = np.full(len(target), 1 / len(target)) if weight is None else weight / weight.sum()
        kept: dict[str, list[Pipeline]] = {}
        columns: list[Array] = []
        for name, candidates in self.members:
            tried = [
                self._fit_folds(each, frame, target, fold_of_row, weight) for each in candidates
            ]
            best = min(tried, key=lambda pair: self._loss(target, pair[1], share))
            kept[name] = best[0]
            columns.append(best[1])
        scores = np.column_stack(columns)
        self.intercept_, weights = self._weigh(scores, target, share)
        heavy = weights >= LEAST_WEIGHT
        if not heavy.any():
            heavy = weights >= weights.max()
        if not heavy.all():
            self.intercept_, weights = self._weigh(scores[:, heavy], target, share)
        names = [name for name, is_kept in zip(kept, heavy, strict=True) if is_kept]
        self.member_names_ = names
        fitted = [kept[name] for name in names]
        if self.is_refitted:
            fitted = [[_fit_again(each[0], frame, target, weight)] for each in fitted]
        self.members_ = fitted
        self.weights_ = np.asarray(weights, dtype=np.float64)

    def _fit_folds(
        self,
        candidate: Pipeline,
        frame: Any,
        target: Array,
        fold_of_row: Numbers,
        weight: Array | None,
    ) -> tuple[list[Pipeline], Array]:
        """(a pipeline per fold, taught on the others; each row's score by the one that had not)."""
        fitted: list[Pipeline] = []
        rows_of = [np.flatnonzero(fold_of_row == fold) for fold in np.unique(fold_of_row)]
        for rows in rows_of:
            rest = np.setdiff1d(np.arange(len(target)), rows, assume_unique=True)
            fitted.append(
                _fit_one(
                    candidate,
                    _Rows.of(frame, target, weight, rest),
                    _Rows.of(frame, target, weight, rows),
                )
            )
        _cut_to_common_length(fitted, np.array([len(rows) for rows in rows_of]))
        scores = np.empty(len(target))
        for rows, pipeline in zip(rows_of, fitted, strict=True):
            scores[rows] = _raw(pipeline, _safe_indexing(frame, rows))
        return fitted, scores

    @abstractmethod
    def _loss(self, target: Array, score: Array, share: Array) -> float:
        """Mean loss of raw scores, each row by its share of the weight."""

    @abstractmethod
    def _gradient(self, target: Array, score: Array) -> Array:
        """Derivative of each row's loss by its raw score."""

    def _weigh(self, scores: Array, target: Array, share: Array) -> tuple[float, Array]:
        """(intercept, weights not below nil) with the smallest held-out loss."""
        count = scores.shape[1]
        equal = np.full(count, 1 / count)

        def loss(free: Array) -> tuple[float, Array]:
            raw = free[0] + scores @ free[1:]
            slope = self._gradient(target, raw) * share
            apart = free[1:] - equal
            scale = self._scale(target)
            return (
                self._loss(target, raw, share) / scale + EQUAL_PULL * float(apart @ apart),
                np.concatenate(
                    [
                        [slope.sum() / scale],
                        scores.T @ slope / scale + 2 * EQUAL_PULL * apart,
                    ]
                ),
            )

        bounds = [(None, None), *[(0.0, None)] * count]
        start = np.concatenate([[0.0], equal])
        found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
        return float(found[0]), found[1:]

    def _scale(self, target: Array) -> float:  # noqa: ARG002
        """Size of a loss that says nothing, so that the pull means the same for every target."""
        return 1.0

    def raw(self, frame: Any) -> Array:
        """Raw score of each row: log-odds of a classifier, the unit of the target otherwise."""
        check_is_fitted(self, "members_")
        total = np.full(len(frame), self.intercept_)
        for weight, fitted in zip(self.weights_, self.members_, strict=True):
            for pipeline in fitted:
                total += weight / len(fitted) * _raw(pipeline, frame)
        return total

    def attribution(self, frame: Any) -> tuple[list[str], Array, float]:
        """What each input column adds to each row's raw score.

        Returns:
            Names of the columns; contributions (columns, rows); the score of a row about which
            nothing is known. Contributions of a row and that score add up to its raw score.
        """
        check_is_fitted(self, "members_")
        names: list[str] = []
        total: Array | None = None
        expected = self.intercept_
        for weight, fitted in zip(self.weights_, self.members_, strict=True):
            for pipeline in fitted:
                names, part, middle = _explain(pipeline, frame)
                share = weight / len(fitted)
                expected += share * middle
                total = part * share if total is None else total + part * share
        assert total is not None  # noqa: S101  a blend has at least one member
        return names, total, expected


class BlendedClassifier(ClassifierMixin, Blend):
    """Probability of the second of two classes; members' log-odds are added."""

    def fit(
        self, frame: Any, target: Any, fold_of_row: Any = None, sample_weight: Any = None
    ) -> BlendedClassifier:
        """Fit members and weights.

        Args:
            frame: Rows with the named columns of the members' encodings.
            target: One of two classes per row.
            fold_of_row: Fold number of each row, where rows of one customer must stay together;
                else rows are dealt out by class.
            sample_weight: Weight of each row, in the members and in what they are weighed by.

        Raises:
            ValueError: The target has not exactly two classes, or one of them has one row only.
        """
        self.classes_, codes = np.unique(np.asarray(target), return_inverse=True)
        if len(self.classes_) != 2:
            raise ValueError(
                f"a classifier needs two classes in its target, and there are {len(self.classes_)}"
            )
        fewest = int(np.bincount(codes).min())
        if fewest < 2:
            raise ValueError("each class needs at least two rows, or nothing can be held out")
        if fold_of_row is None:
            cut = StratifiedKFold(
                min(self.folds, fewest), shuffle=True, random_state=self.random_state
            )
            fold_of_row = _numbers(cut.split(codes, codes), len(codes))
        weight = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        self._fit(frame, codes.astype(np.float64), np.asarray(fold_of_row), weight)
        return self

    def _loss(self, target: Array, score: Array, share: Array) -> float:
        return float(share @ (np.logaddexp(0, score) - target * score))

    def _gradient(self, target: Array, score: Array) -> Array:
        slope: Array = expit(score) - target
        return slope

    def shift(self, log_odds: float) -> None:
        """Add to every log-odds: what rows that teach owe to those that they were drawn from.

        Where one class was thinned out, the odds of all rows are off by one factor, and nothing
        else is (Prentice and Pyke 1979).
        """
        self.intercept_ += log_odds

    def decision_function(self, frame: Any) -> Array:
        """Log-odds of the second class."""
        return self.raw(frame)

    def predict_proba(self, frame: Any) -> Array:
        """(rows, 2): probability of each class."""
        second = expit(self.raw(frame))
        return np.column_stack([1 - second, second])

    def predict(self, frame: Any) -> Any:
        """The likelier class of each row; a threshold from costs is the caller's."""
        return self.classes_[(self.raw(frame) > 0).astype(np.int64)]


class BlendedRegressor(RegressorMixin, Blend):
    """A number; members' predictions are added."""

    def fit(
        self, frame: Any, target: Any, fold_of_row: Any = None, sample_weight: Any = None
    ) -> BlendedRegressor:
        """Fit members and weights; see :meth:`BlendedClassifier.fit`."""
        values = np.asarray(target, dtype=np.float64)
        if fold_of_row is None:
            cut = KFold(self.folds, shuffle=True, random_state=self.random_state)
            fold_of_row = _numbers(cut.split(values), len(values))
        weight = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        self._fit(frame, values, np.asarray(fold_of_row), weight)
        return self

    def _loss(self, target: Array, score: Array, share: Array) -> float:
        return float(share @ (target - score) ** 2 / 2)

    def _gradient(self, target: Array, score: Array) -> Array:
        return score - target

    def _scale(self, target: Array) -> float:
        return float(target.var()) or 1.0

    def predict(self, frame: Any) -> Array:
        """Expected value of each row."""
        return self.raw(frame)


def _numbers(splits: Any, count: int) -> Numbers:
    """Fold number of each row from pairs of (rest, fold)."""
    numbers = np.zeros(count, dtype=np.int64)
    for number, (_, rows) in enumerate(splits):
        numbers[rows] = number
    return numbers


@dataclass(frozen=True)
class _Rows:
    """Some rows of a table."""

    frame: Any
    target: Array
    weight: Array | None

    @classmethod
    def of(cls, frame: Any, target: Array, weight: Array | None, rows: Numbers) -> _Rows:
        """Those at the places given."""
        chosen = None if weight is None else weight[rows]
        return cls(_safe_indexing(frame, rows), target[rows], chosen)


def _fit_one(candidate: Pipeline, teaching: _Rows, held_out: _Rows) -> Pipeline:
    """One pipeline on the rows that teach; trees stop growing when held-out rows gain no more."""
    pipeline: Pipeline = clone(candidate)
    encoding, model = pipeline[:-1], pipeline[-1]
    matrix = _matrix(encoding.fit_transform(teaching.frame, teaching.target))
    if isinstance(model, _TREES):
        model.fit(
            matrix,
            teaching.target,
            sample_weight=teaching.weight,
            X_val=_matrix(encoding.transform(held_out.frame)),
            y_val=held_out.target,
            sample_weight_val=held_out.weight,
        )
    else:
        model.fit(matrix, teaching.target, sample_weight=teaching.weight)
    return pipeline


def _fit_again(fitted: Pipeline, frame: Any, target: Array, weight: Array | None) -> Pipeline:
    """The same on all rows; trees as many as the folds found best."""
    again: Pipeline = clone(fitted)
    if isinstance(fitted[-1], _TREES):
        again[-1].set_params(max_iter=len(fitted[-1]._predictors), early_stopping=False)
    matrix = _matrix(again[:-1].fit_transform(frame, target))
    again[-1].fit(matrix, target, sample_weight=weight)
    return again


def _matrix(encoded: Any) -> Array:
    """Encoded rows as an array of floats."""
    matrix: Array = np.asarray(encoded, dtype=np.float64)
    return matrix


def _cut_to_common_length(fitted: Sequence[Pipeline], sizes: Numbers) -> None:
    """Cut all trees to the number of rounds with the least held-out loss over all folds.

    Each fold stops some rounds after its own best, and its own best is luck in part: one number of
    rounds for all of them is chosen from as many rows as the table has.
    """
    models = [pipeline[-1] for pipeline in fitted]
    if not isinstance(models[0], _TREES):
        return
    # Scores are losses below nil, one per round and one before the first.
    scores = [np.asarray(model.validation_score_, dtype=np.float64) for model in models]
    longest = max(len(each) for each in scores)
    padded = np.array([np.pad(each, (0, longest - len(each)), mode="edge") for each in scores])
    best = max(1, int(np.argmax(sizes @ padded)))
    for model in models:
        # No public way shortens a fitted ensemble; the registry refuses other versions anyway.
        model._predictors = model._predictors[:best]


def _raw(pipeline: Pipeline, frame: Any) -> Array:
    """Score of one pipeline on the scale on which scores are added."""
    matrix, model = _matrix(pipeline[:-1].transform(frame)), pipeline[-1]
    is_classifier = hasattr(model, "decision_function")
    score = model.decision_function(matrix) if is_classifier else model.predict(matrix)
    return _matrix(score).reshape(-1)


def _explain(pipeline: Pipeline, frame: Any) -> tuple[list[str], Array, float]:
    """Names of input columns, their contributions to each row, and the score of nothing known."""
    matrix, model = _matrix(pipeline[:-1].transform(frame)), pipeline[-1]
    outputs = dict(pipeline.named_steps["columns"].output_indices_)
    outputs.pop("remainder")
    if isinstance(model, _TREES):
        trees = TreeAttribution(model)
        # One output per input, so rows of contributions are columns already.
        return list(outputs), trees.contributions(matrix), trees.expected
    # Inputs are centred, so a row about which nothing is known stands at nil.
    parts = matrix * _matrix(model.coef_).reshape(-1)
    contributions = np.array([parts[:, where].sum(axis=1) for where in outputs.values()])
    return list(outputs), contributions, float(np.ravel(model.intercept_)[0])
