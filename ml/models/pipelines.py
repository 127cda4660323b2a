"""What all pipelines of this room share: column order, encoding, folds, and one thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OrdinalEncoder
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ml.frames.features import Feature, feature_names

Array = NDArray[np.float64]
Which = Literal["model", "baseline"]
SEED = 20250101
#: A model beats its rival when the mean loss that it saves is this many standard errors above nil:
#: of two useless models one is better too, by luck.
BETTER_Z = 2.0


@dataclass(frozen=True)
class Attribution:
    """Why each customer has the score that he has.

    Attributes:
        features: Names, in the order of the rows of ``contributions``.
        contributions: (features, customers); with ``expected`` they add up to the score on the
            model's own scale (log-odds for churn, yuan for value).
        expected: Score of a customer about whom nothing is known.
    """

    features: list[str]
    contributions: Array
    expected: float


@contextmanager
def single_thread() -> Iterator[None]:
    """Fit with one thread: parallel sums add up in another order and give another model.

    The limit is set here and not by an environment variable, which works only if it is set before
    the first import, hence not in every process that trains. On two busy cores one thread is also
    faster for trees of this size.
    """
    with threadpool_limits(limits=1):
        yield


def column_step(features: Sequence[Feature]) -> ColumnTransformer:
    """Categories to codes of the contract's own lists, numbers as they are; order by name.

    Nothing is learnt here: a code that is missing stays missing, which the trees handle by
    themselves, and a code beyond the list never gets past the contract.
    """
    categories = [feature for feature in features if feature.kind == "category"]
    encoder = OrdinalEncoder(
        categories=[list(feature.categories) for feature in categories],
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
    )
    numbers = [feature.name for feature in features if feature.kind != "category"]
    return ColumnTransformer(
        [("codes", encoder, feature_names(categories)), ("numbers", "passthrough", numbers)],
        verbose_feature_names_out=False,
    )


def inputs(frame: pl.DataFrame, features: Sequence[Feature]) -> pl.DataFrame:
    """The feature columns alone: keys and labels never reach a pipeline."""
    return frame.select(feature_names(features))


def as_array(column: pl.Series) -> Array:
    """A float column as numpy, null as NaN."""
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def make_golden(frame: pl.DataFrame, features: Sequence[Feature], count: int = 20) -> pl.DataFrame:
    """Made rows that walk through the training quantiles of every feature; nobody's data.

    Stored with the model to prove at each load that it still gives the same scores. Real rows
    would do as well, and would be customers' data in a folder that lives for years.
    """
    columns: list[pl.Series] = []
    for place, feature in enumerate(features):
        values = frame.get_column(feature.name).drop_nulls().sort()
        picks: list[Any] = [None] * count
        for row in range(count):
            # Strides prime to the count, so that features do not rise and fall together; every
            # eleventh cell stays empty, so that the path of a missing value is tried too.
            step = (row * (2 * place + 1) + 7 * place) % count
            if len(values) and (row + place) % 11:
                picks[row] = values[int((step + 0.5) / count * len(values))]
        columns.append(pl.Series(feature.name, picks, dtype=frame.schema[feature.name]))
    return pl.DataFrame(columns)
