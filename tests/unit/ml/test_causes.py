"""Causes in total: what a theme adds to the expected leavers, by population."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from ml.causes import CAUSE_SCHEMA, causes
from ml.models.pipelines import Attribution

FEED = Path(__file__).parents[3] / "ingestion" / "feeds" / "ml__churn_cause.yml"
TYPES = {"integer": pl.Int64, "date": pl.Date, "text": pl.String, "float": pl.Float64}


def _odds(p: float) -> float:
    return float(np.log(p / (1 - p)))


def test_columns_are_those_of_the_feed():
    described = yaml.safe_load(FEED.read_text(encoding="utf-8"))
    assert {c["name"]: TYPES[c["type"]] for c in described["columns"]} == CAUSE_SCHEMA


def test_a_theme_accounts_for_what_would_not_be_expected_without_it():
    # Two features of one complaint lift the first from 0.2 to 0.5; a visit holds the second.
    names = ["complaint_90d_count_before_obs", "complaint_open_count_before_obs", "visit_x"]
    lift = _odds(0.5) - _odds(0.2)
    why = Attribution(
        names,
        np.array([[lift / 2, 0.0], [lift / 2, 0.0], [0.0, _odds(0.1) - _odds(0.2)]]),
        _odds(0.2),
    )
    segments = pl.Series(["merchant", None])
    told = causes(why, np.array([0.5, 0.1]), segments, "v1", date(2025, 9, 30))
    rows = {(r["theme_code"], r["population_code"]): r for r in told.to_dicts()}
    assert len(rows) == told.height == 13 * 2
    service = rows["service", "merchant"]
    assert service["accounted_count"] == pytest.approx(0.3)
    assert (service["customer_count"], service["pushed_count"]) == (1, 1)
    assert service["expected_count"] == pytest.approx(0.5)
    visits = rows["visits", "unknown"]
    assert visits["kept_count"] == pytest.approx(0.1)
    assert visits["accounted_count"] == 0
    assert rows["money", "merchant"]["accounted_count"] == 0
