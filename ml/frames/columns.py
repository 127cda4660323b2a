"""Which columns of a frame are numbers and which are categories, and how each is encoded.

Two encodings stand, because two kinds of model read them. Trees get one column for each input: a
number as it is, a category as the rate of the label seen with it. A linear model gets curves of
numbers and one column per common category. Both remember which output belongs to which input, so
that contributions can be told in the names that a reader knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder
from sklearn.utils.validation import check_is_fitted

from ml.frames.features import Feature
from ml.models.pipelines import Array

#: A category with more values than this is told to a linear model as one rate, not one by one.
MANY_CATEGORIES = 30
#: A category that fewer rows have than this has no column of its own.
RARE_CATEGORY_ROWS = 10
#: A category with as many rows per value as this (or with two values) has one rate per value.
PLENTY_OF_ROWS = 100
#: Inner bends of a curve, at these shares of the training rows.
BENDS = (0.1, 0.3, 0.5, 0.7, 0.9)
#: A number that fewer rows than this have, or than this share of them, is left out of trees.
FEW_KNOWN_ROWS = 20
FEW_KNOWN_SHARE = 0.0001
_QUANTILES = 201
_MISSING = "(missing)"


@dataclass(frozen=True)
class Columns:
    """Named columns of a frame, by kind.

    Attributes:
        numbers: Columns that are compared by size; true and false count as 1 and 0.
        categories: Columns that are compared by name alone.
        many: Those categories that have more than :data:`MANY_CATEGORIES` values.
    """

    numbers: tuple[str, ...]
    categories: tuple[str, ...] = ()
    many: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """All columns, in the order in which an encoding hands them on."""
        return (*self.categories, *self.numbers)

    @classmethod
    def of_contract(cls, features: Sequence[Feature]) -> Columns:
        """Columns of a feature table, by the kinds that its contract gives them."""
        return cls(
            numbers=tuple(each.name for each in features if each.kind != "category"),
            categories=tuple(each.name for each in features if each.kind == "category"),
        )

    @classmethod
    def of(cls, frame: pl.DataFrame, names: Sequence[str]) -> Columns:
        """Columns of a frame by their types: text is a category, everything else a number."""
        categories = [name for name in names if frame.schema[name] in (pl.String, pl.Categorical)]
        return cls(
            numbers=tuple(name for name in names if name not in categories),
            categories=tuple(categories),
            many=frozenset(
                name for name in categories if frame.get_column(name).n_unique() > MANY_CATEGORIES
            ),
        )


def tree_encoding(columns: Columns, *, is_class: bool, random_state: int) -> ColumnTransformer:
    """One output per input column, in the order of :attr:`Columns.names`; gaps stay gaps.

    A category becomes the shrunken mean of the label seen with it; see :class:`Rates`.

    Args:
        columns: Columns of the frame.
        is_class: Whether the label is one of two classes, or a quantity.
        random_state: Seed of the cross-fitting.
    """
    return one_each(
        [
            *((name, rates(is_class, random_state)) for name in columns.categories),
            *((name, Known()) for name in columns.numbers),
        ]
    )


def curve_encoding(columns: Columns, *, is_class: bool, random_state: int) -> ColumnTransformer:
    """Curves of numbers and one column per common category, for a linear model."""
    common = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        min_frequency=RARE_CATEGORY_ROWS,
        sparse_output=False,
    )
    return one_each(
        [
            *(
                (
                    name,
                    Pipeline([*rates(is_class, random_state).steps, ("scale", StandardScaler())])
                    if name in columns.many
                    else Pipeline([("gaps", _named_gaps()), ("each", common)]),
                )
                for name in columns.categories
            ),
            *((name, Curve()) for name in columns.numbers),
        ]
    )


def one_each(readers: Iterable[tuple[str, Any]]) -> ColumnTransformer:
    """(column, transformer) of each column as one step; :func:`outputs_by_column` reads it back.

    The parts are numbered and not called as their columns: scikit-learn fails on parts called
    ``self``, ``remainder`` or ``a__b``, and a table may have such headings.
    """
    return ColumnTransformer(
        [(str(place), reader, [name]) for place, (name, reader) in enumerate(readers)],
        verbose_feature_names_out=False,
    )


def outputs_by_column(fitted: ColumnTransformer) -> dict[str, slice]:
    """Where the outputs of each input column stand in what a fitted :func:`one_each` hands on."""
    return {
        names[0]: fitted.output_indices_[part]
        for part, _, names in fitted.transformers_
        if part != "remainder"
    }


def _named_gaps() -> SimpleImputer:
    """A missing category is a category of its own."""
    return SimpleImputer(
        missing_values=None, strategy="constant", fill_value=_MISSING, keep_empty_features=True
    )


def rates(is_class: bool, random_state: int) -> Pipeline:
    """A category as the rate of the label seen with it."""
    cut = StratifiedKFold if is_class else KFold
    encoder = Rates(
        target_type="binary" if is_class else "continuous",
        cv=cut(5, shuffle=True, random_state=random_state),
    )
    return Pipeline([("gaps", _named_gaps()), ("rate", encoder)])


class Rates(TargetEncoder):
    """A category as the shrunken mean of the label seen with it.

    Where a value has few rows, those that teach get the means of other rows (cross-fitting): else
    it would give their labels away. But cross-fitting gives each value several rates, which mix
    where values differ little: that a fact acts otherwise on men than on women could not be learnt.
    So a category of few values, each with plenty of rows, keeps one rate per value.
    """

    def fit_transform(self, X: Any, y: Any, **params: Any) -> Any:  # noqa: N803  scikit-learn's call
        """Rates of the rows that teach."""
        values = len(set(np.asarray(X).reshape(-1).tolist()))
        if values <= 2 or values <= min(MANY_CATEGORIES, len(X) / PLENTY_OF_ROWS):
            return self.fit(X, y).transform(X)
        return super().fit_transform(X, y, **params)


class Known(TransformerMixin, BaseEstimator):
    """A number as it is, gaps as gaps; one that hardly any training row has says nothing, ever.

    Boosted trees of scikit-learn fail on a column whose few values are not among the rows that they
    draw to find their bins, and learn nothing from so few where they do not.
    """

    def fit(self, matrix: object, target: object = None) -> Known:  # noqa: ARG002  scikit-learn's call
        """Learn whether enough values are known."""
        column = _one_column(matrix)
        least = max(FEW_KNOWN_ROWS, FEW_KNOWN_SHARE * len(column))
        self.is_known_ = bool((~np.isnan(column)).sum() >= min(least, len(column)))
        self.n_features_in_ = 1
        return self

    def transform(self, matrix: object) -> Array:
        """(rows, 1): the column, or nils."""
        check_is_fitted(self, "is_known_")
        column = _one_column(matrix)
        told: Array = (column if self.is_known_ else np.zeros(len(column))).reshape(-1, 1)
        return told


class Curve(TransformerMixin, BaseEstimator):
    """A number as a curve of its rank: straight between a few bends, flat towards nothing known.

    Outputs of a column with n bends: the normal score of its rank, one hinge per bend (nil before
    it, rising after), and 1 where the value is missing if any was missing in training. Ranks bear
    any skew, and a value beyond the training range counts as its end. A constant gives nils.
    """

    def fit(self, matrix: object, target: object = None) -> Curve:  # noqa: ARG002  scikit-learn's call
        """Learn the quantiles of the one column of ``matrix``."""
        column = _one_column(matrix)
        known = column[~np.isnan(column)]
        self.has_gaps_ = bool(len(known) < len(column))
        # Of a few thousand rows each quantile is an average of neighbours; more add nothing.
        levels = np.linspace(0, 1, min(_QUANTILES, max(2, len(known))))
        self.quantiles_ = np.quantile(known, levels) if len(known) else np.zeros(2)
        self.levels_ = levels if len(known) else np.linspace(0, 1, 2)
        self.is_constant_ = bool(self.quantiles_[0] == self.quantiles_[-1])
        few = len(np.unique(self.quantiles_)) <= 3
        self.bends_ = np.array([] if few else _normal_scores(np.array(BENDS)))
        self.n_features_in_ = 1
        return self

    def transform(self, matrix: object) -> Array:
        """(rows, outputs) of the column; missing values are nil everywhere but in the last."""
        check_is_fitted(self, "quantiles_")
        column = _one_column(matrix)
        gaps = np.isnan(column)
        score = np.zeros(len(column))
        if not self.is_constant_:
            score[~gaps] = _normal_scores(self._ranks(column[~gaps]))
        hinges = [np.where(gaps, 0.0, np.maximum(score - bend, 0.0)) for bend in self.bends_]
        last = [gaps.astype(np.float64)] if self.has_gaps_ else []
        return np.column_stack([score, *hinges, *last])

    def _ranks(self, values: Array) -> Array:
        """Share of training rows below each value; of equal ones, half of them."""
        up = np.interp(values, self.quantiles_, self.levels_)
        # From the other side, so that a value that many rows have stands in the middle of them.
        down = 1 - np.interp(-values, -self.quantiles_[::-1], 1 - self.levels_[::-1])
        ranks: Array = (up + down) / 2
        return ranks


def _one_column(matrix: object) -> Array:
    """The single column as floats, none as NaN."""
    array = matrix.to_numpy() if isinstance(matrix, pl.DataFrame) else np.asarray(matrix)
    return np.asarray(array, dtype=np.float64).reshape(-1)


def _normal_scores(ranks: Array) -> Array:
    """Ranks between 0 and 1 as scores of a standard normal, cut at about two and a half."""
    from scipy.special import ndtri

    scores: Array = ndtri(np.clip(ranks, 0.005, 0.995))
    return scores
