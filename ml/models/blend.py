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
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ml.frames.columns import outputs_by_column
from ml.models.held_out import (
    TREES,
    Learnt,
    Numbers,
    Rows,
    as_matrix,
    learn,
    raw_score,
    teach_again,
)
from ml.models.pipelines import Array
from ml.models.tree_attribution import TreeAttribution

#: Pull of the weights towards equal shares: held-out rows of a small table are few as well.
EQUAL_PULL = 0.002
#: A member of less weight than this changes no decision and would cost time at every scoring.
LEAST_WEIGHT = 0.02


class Blend(BaseEstimator, ABC):
    """What :class:`BlendedClassifier` and :class:`BlendedRegressor` share.

    Args:
        encodings: (name, ``Pipeline``) of each way to read a frame. It begins with ``columns``, a
            ``ColumnTransformer`` with one transformer per input column.
        members: (name, name of its encoding, candidates) of each kind of model. A candidate is
            histogram gradient boosting, or a linear model behind an encoding that centres its
            inputs. Of the candidates of a member the one with the smallest held-out loss is kept.
        folds: Parts that the rows are cut into when ``fit`` is given none.
        random_state: Seed of the cut.
        is_refitted: Teach each kept member once more on all rows, in the place of its models of
            the folds: a third of the time at scoring, and where rows are many as good.
        trust: Share of the spread of scores that is kept: 1 where the rows to come are like those
            that teach, less where they are of a later time.

    Attributes:
        encoders_: Name of each encoding in use to its fitted pipelines: one per fold, or one if
            refitted.
        member_names_: Kept members.
        member_encodings_: Name of the encoding of each.
        members_: Fitted models of each, as many as encoders.
        weights_: Their weights, in that order.
        intercept_: What is added to the weighted sum.
    """

    def __init__(
        self,
        encodings: Sequence[tuple[str, Pipeline]] = (),
        members: Sequence[tuple[str, str, Sequence[Any]]] = (),
        folds: int = 5,
        random_state: int = 0,
        is_refitted: bool = False,
        trust: float = 1.0,
    ) -> None:
        self.encodings = encodings
        self.members = members
        self.folds = folds
        self.random_state = random_state
        self.is_refitted = is_refitted
        self.trust = trust

    def _fit(self, rows: Rows, learnt: dict[str, Learnt], drawn: float = 0.0) -> None:
        """Fit every member on every fold, then the weights and the level."""
        target, weight = rows.target, rows.weight
        share = np.full(len(target), 1 / len(target)) if weight is None else weight / weight.sum()
        for encoding_name, encoding in self.encodings:
            asked = {
                name: candidates
                for name, of_member, candidates in self.members
                if of_member == encoding_name and name not in learnt
            }
            for name, tried in learn(encoding, asked, rows).items() if asked else ():
                learnt[name] = min(tried, key=lambda one: self._loss(target, one.scores, share))
        names = [name for name, _, _ in self.members]
        scores = np.column_stack([learnt[name].scores for name in names])
        self.intercept_, weights = self._weigh(scores, target, share)
        heavy = weights >= LEAST_WEIGHT
        if not heavy.any():
            heavy = weights >= weights.max()
        if not heavy.all():
            self.intercept_, weights = self._weigh(scores[:, heavy], target, share)
        self.weights_ = np.asarray(weights, dtype=np.float64) * self.trust
        self.intercept_ += drawn
        if self.trust != 1.0:
            # The odds of the whole are not those of the rows that teach but for a factor any more,
            # as soon as the scores are narrowed: every row counts as those that it stands for.
            whole = np.where(target == 1, share, share * np.exp(-drawn)) if drawn else share
            self.intercept_ = self._centre(
                scores[:, heavy] @ self.weights_, target, whole / whole.sum()
            )
        self._keep(
            [name for name, is_kept in zip(names, heavy, strict=True) if is_kept], learnt, rows
        )

    def _keep(self, names: Sequence[str], learnt: dict[str, Learnt], rows: Rows) -> None:
        """Hold on to the members with weight, taught on the folds or once more on all rows."""
        self.member_names_ = list(names)
        encoding_of = {name: encoding for name, encoding, _ in self.members}
        self.member_encodings_ = [encoding_of[name] for name in names]
        kept = {name: learnt[name] for name in names}
        if self.is_refitted:
            for encoding_name, encoding in self.encodings:
                read = {n: one for n, one in kept.items() if encoding_of[n] == encoding_name}
                kept.update(teach_again(encoding, read, rows) if read else {})
        self.encoders_ = {encoding_of[name]: kept[name].encoders for name in names}
        self.members_ = [kept[name].models for name in names]

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

    def _centre(self, score: Array, target: Array, share: Array) -> float:
        """The intercept with the smallest held-out loss, where the rest of the score is given."""

        def loss(free: Array) -> tuple[float, Array]:
            raw = score + free[0]
            return self._loss(target, raw, share), np.array([self._gradient(target, raw) @ share])

        return float(minimize(loss, [0.0], jac=True, method="L-BFGS-B").x[0])

    def _scale(self, target: Array) -> float:  # noqa: ARG002
        """Size of a loss that says nothing, so that the pull means the same for every target."""
        return 1.0

    def raw(self, frame: Any) -> Array:
        """Raw score of each row: log-odds of a classifier, the unit of the target otherwise."""
        check_is_fitted(self, "members_")
        total = np.full(len(frame), self.intercept_)
        for share, _, matrix, model in self._read(frame):
            total += share * raw_score(model, matrix)
        return total

    def _read(self, frame: Any) -> Iterator[tuple[float, Pipeline, Array, Any]]:
        """(share, encoder, encoded rows, model) of each fitted model; each encoder reads once."""
        for name, encoders in self.encoders_.items():
            for place, encoder in enumerate(encoders):
                matrix = as_matrix(encoder.transform(frame))
                for number, of_member in enumerate(self.member_encodings_):
                    if of_member == name:
                        share = self.weights_[number] / len(encoders)
                        yield share, encoder, matrix, self.members_[number][place]

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
        for share, encoder, matrix, model in self._read(frame):
            names, part, middle = _explain(encoder, matrix, model)
            expected += share * middle
            total = part * share if total is None else total + part * share
        assert total is not None  # noqa: S101  a blend has at least one member
        return names, total, expected


class BlendedClassifier(ClassifierMixin, Blend):
    """Probability of the second of two classes; members' log-odds are added."""

    def fit(
        self,
        frame: Any,
        target: Any,
        fold_of_row: Any = None,
        sample_weight: Any = None,
        learnt: dict[str, Learnt] | None = None,
        drawn: float = 0.0,
    ) -> BlendedClassifier:
        """Fit members and weights.

        Args:
            frame: Rows with the named columns of the members' encodings.
            target: One of two classes per row.
            fold_of_row: Fold number of each row, where rows of one customer must stay together;
                else rows are dealt out by class.
            sample_weight: Weight of each row, in the members and in what they are weighed by.
            learnt: Members by name that were taught before on these very rows and folds, for a
                rival that shares them; what is taught now is added.
            drawn: Logarithm of the share of the first class that was kept, where it was thinned
                out. The odds of all rows are off by that one factor, and nothing else is
                (Prentice and Pyke 1979).

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
        rows = Rows(frame, codes.astype(np.float64), weight, np.asarray(fold_of_row))
        self._fit(rows, {} if learnt is None else learnt, drawn)
        return self

    def _loss(self, target: Array, score: Array, share: Array) -> float:
        return float(share @ (np.logaddexp(0, score) - target * score))

    def _gradient(self, target: Array, score: Array) -> Array:
        slope: Array = expit(score) - target
        return slope

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
        self._fit(Rows(frame, values, weight, np.asarray(fold_of_row)), {})
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


def _explain(encoder: Pipeline, matrix: Array, model: Any) -> tuple[list[str], Array, float]:
    """Names of input columns, their contributions to each row, and the score of nothing known."""
    outputs = outputs_by_column(encoder.named_steps["columns"])
    if isinstance(model, TREES):
        trees = TreeAttribution(model)
        # One output per input, so rows of contributions are columns already.
        return list(outputs), trees.contributions(matrix), trees.expected
    # Inputs are centred, so a row about which nothing is known stands at nil.
    parts = matrix * as_matrix(model.coef_).reshape(-1)
    contributions = np.array([parts[:, where].sum(axis=1) for where in outputs.values()])
    return list(outputs), contributions, float(np.ravel(model.intercept_)[0])
