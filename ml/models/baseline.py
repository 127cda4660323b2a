"""Plain rivals that a model has to beat before it may score customers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import QuantileTransformer

from ml.models.pipelines import SEED, Array, Attribution

#: What an experienced branch head looks at: does the money leave, and does he still come.
CHURN_BASELINE_COLUMNS = (
    "deposit_trend_3m_rate_before_obs",
    "customer_transaction_90d_count_before_obs",
)
#: Value baseline: what he brought in the last three months, four times over.
VALUE_BASELINE_COLUMN = "contribution_3m_amount_before_obs"


def churn_baseline(columns: Sequence[str] = CHURN_BASELINE_COLUMNS) -> Pipeline:
    """Logistic regression on the ranks of two columns.

    Ranks instead of raw numbers, because one balance that grew from a fen to a million would
    otherwise decide the slope.
    """
    rank = QuantileTransformer(n_quantiles=200, subsample=1_000_000, random_state=SEED)
    prepared = Pipeline(
        [("fill", SimpleImputer(strategy="median", keep_empty_features=True)), ("rank", rank)]
    )
    return Pipeline(
        [
            ("columns", ColumnTransformer([("ranks", prepared, list(columns))])),
            ("model", LogisticRegression(C=10.0, max_iter=500)),
        ]
    )


def explain_logistic(
    pipeline: Pipeline, frame: pl.DataFrame, columns: Sequence[str] = CHURN_BASELINE_COLUMNS
) -> Attribution:
    """Coefficient times distance from the middle rank; adds up to the log-odds exactly."""
    matrix = pipeline[:-1].transform(frame)
    model = pipeline[-1]
    weights = np.asarray(model.coef_[0], dtype=np.float64)
    # Ranks are uniform between 0 and 1, so the average customer stands at one half.
    centred: Array = (np.asarray(matrix, dtype=np.float64) - 0.5) * weights
    expected = float(model.intercept_[0] + 0.5 * weights.sum())
    return Attribution(list(columns), np.ascontiguousarray(centred.T), expected)
