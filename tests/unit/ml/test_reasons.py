"""Reasons of a score: whichever features a version reads, each customer gets his own."""

import datetime as dt

import numpy as np
import polars as pl

from ml.frames.catalogue import FEATURES
from ml.models.pipelines import Attribution
from ml.reasons import REASON_SCHEMA, reasons

ROWS = 3
NUMBERS = ("tenure_months_before_obs", "deposit_closing_amount_before_obs")


def test_a_version_that_reads_no_category_tells_its_reasons_too():
    """A plain rival that reads a few numbers scores where no model is better."""
    facts = pl.DataFrame(
        {
            feature.name: (["A"] * ROWS if feature.kind == "category" else [1.0, 2.0, 4.0])
            for feature in FEATURES
        },
        schema={
            feature.name: pl.String if feature.kind == "category" else pl.Float64
            for feature in FEATURES
        },
    )
    origin = pl.DataFrame(
        {
            "customer_key": range(ROWS),
            "observation_date": [dt.date(2025, 12, 31)] * ROWS,
            "model_name": "value",
            "model_version": "2025-12-31.001",
        }
    )
    contributions = np.array([[1.0, 2.0, -1.0], [-3.0, 0.5, 0.0]])
    told, others = reasons(origin, Attribution(list(NUMBERS), contributions, 0.0), facts, FEATURES)
    assert told.schema == REASON_SCHEMA
    assert told.get_column("feature_value_code").null_count() == told.height == 5
    first = told.filter(pl.col("reason_rank") == 1)
    assert first.select("customer_key", "feature_name", "feature_value", "usual_value").rows() == [
        (0, NUMBERS[0], 1.0, 2.0),
        (1, NUMBERS[0], 2.0, 2.0),
        (2, NUMBERS[0], 4.0, 2.0),
    ]
    np.testing.assert_array_equal(others, 0)
