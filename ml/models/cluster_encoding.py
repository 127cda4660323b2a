"""How customers lie to each other before they are grouped: every column has the same say.

Numbers are tamed by a curve that grows as a logarithm and not ranked: ranks would close the very
gaps that clusters are made of.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.validation import check_is_fitted

from ml.frames.columns import Columns, one_each
from ml.models.pipelines import Array

#: Categories that have a column of their own at most; the rest are one.
MOST_CATEGORIES = 30


def cluster_encoding(columns: Columns) -> ColumnTransformer:
    """Outputs of the categories first, then one per number, in the order of the columns."""
    category = Pipeline(
        [
            (
                "gaps",
                SimpleImputer(
                    missing_values=None,
                    strategy="constant",
                    fill_value="",
                    keep_empty_features=True,
                ),
            ),
            (
                "each",
                OneHotEncoder(
                    handle_unknown="infrequent_if_exist",
                    min_frequency=0.01,
                    max_categories=MOST_CATEGORIES,
                    sparse_output=False,
                ),
            ),
            ("equal", EqualSay()),
        ]
    )
    return one_each(
        [
            *((name, category) for name in columns.categories),
            *((name, Tamed()) for name in columns.numbers),
        ]
    )


class Tamed(TransformerMixin, BaseEstimator):
    """A number as asinh of its distance from the middle, in units of its usual spread; variance 1.

    Small differences count as they are, large ones by their logarithm; missing values are nil, the
    middle. A constant gives nils.
    """

    def fit(self, matrix: object, target: object = None) -> Tamed:  # noqa: ARG002  scikit-learn's call
        """Learn middle and spread of the one column of ``matrix``."""
        known = _one_column(matrix)
        known = known[~np.isnan(known)]
        known = known if len(known) else np.zeros(1)
        low, self.middle_, high = np.quantile(known, [0.25, 0.5, 0.75]).tolist()
        self.spread_ = float(high - low) or float(known.std()) or 1.0
        self.size_ = float(np.arcsinh((known - self.middle_) / self.spread_).std()) or 1.0
        self.n_features_in_ = 1
        return self

    def transform(self, matrix: object) -> Array:
        """(rows, 1)."""
        check_is_fitted(self, "size_")
        score = np.arcsinh((_one_column(matrix) - self.middle_) / self.spread_) / self.size_
        tamed: Array = np.nan_to_num(score, nan=0.0).reshape(-1, 1)
        return tamed


class EqualSay(TransformerMixin, BaseEstimator):
    """Columns that belong to one category, shrunk together to a variance of 1."""

    def fit(self, matrix: Array, target: object = None) -> EqualSay:  # noqa: ARG002  scikit-learn's call
        """Learn the variance."""
        self.size_ = float(np.sqrt(np.asarray(matrix).var(axis=0).sum())) or 1.0
        return self

    def transform(self, matrix: Array) -> Array:
        """The matrix by its size."""
        shrunk: Array = np.asarray(matrix) / self.size_
        return shrunk


def _one_column(matrix: object) -> Array:
    """The single column as floats, none as NaN."""
    array = matrix.to_numpy() if isinstance(matrix, pl.DataFrame) else np.asarray(matrix)
    return np.asarray(array, dtype=np.float64).reshape(-1)
