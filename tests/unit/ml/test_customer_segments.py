"""Segments of a night: cuts of one date place the customers of another, and clusters are told."""

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from ml.customer_segments import (
    CLUSTER_SCHEMA,
    CUSTOMER_SCHEMA,
    CUT_SCHEMA,
    FIT_SCHEMA,
    FitRule,
    fit_date,
    segments,
)
from ml.errors import InputRefused

FEEDS = Path(__file__).parents[3] / "ingestion" / "feeds"
TYPES = {"integer": pl.Int64, "date": pl.Date, "text": pl.String, "float": pl.Float64}
RULE = FitRule(3, 100, 2, 4, 0.75, 5)
DATES = (dt.date(2025, 9, 30), dt.date(2025, 10, 31))
RULES = pl.DataFrame(
    {
        "segment_code": ["wealthy", "silent", "general"],
        "rule_order": [1, 2, 3],
        "balance_quintile_least": [5, None, None],
        "recency_quintile_most": [None, 1, None],
    }
)


def _bank(customers: int = 400, *, has_groups: bool = True) -> pl.DataFrame:
    """Half use a phone and the counter each; who has groups is clearly one or the other."""
    rng = np.random.default_rng(3)
    group = rng.integers(0, 2, customers)
    even = rng.random(customers)
    share = np.clip(group * 0.9 + rng.normal(0.05, 0.02, customers), 0, 1)
    return pl.DataFrame(
        {
            "customer_key": np.arange(customers) * 7 + 1,
            "recency": rng.permutation(customers).astype(float),
            "frequency": rng.poisson(9.0, customers).astype(float),
            "amount": rng.lognormal(8, 1, customers),
            "balance": rng.permutation(customers).astype(float),
            "loan_amount": np.zeros(customers) if has_groups else rng.random(customers),
            "remote_share": share if has_groups else even,
            "demand_share": np.ones(customers) if has_groups else rng.random(customers),
        }
    )


@pytest.mark.parametrize(
    ("feed", "schema"),
    [
        ("ml__customer_rfmb", CUSTOMER_SCHEMA),
        ("ml__rfmb_cut", CUT_SCHEMA),
        ("ml__rfmb_fit", FIT_SCHEMA),
        ("ml__customer_cluster", CLUSTER_SCHEMA),
    ],
)
def test_columns_are_those_of_the_feed(feed, schema):
    described = yaml.safe_load((FEEDS / f"{feed}.yml").read_text(encoding="utf-8"))
    assert {c["name"]: TYPES[c["type"]] for c in described["columns"]} == schema


def test_customers_of_the_day_are_placed_by_the_cuts_of_the_fit():
    """All have become richer than four in five were on the day of the fit."""
    fitted = _bank()
    later = fitted.with_columns(pl.col("balance") + 1000)
    found = segments(fitted, later, RULES, RULE, DATES)
    assert found.customers["balance_quintile"].unique().to_list() == [5]
    assert found.customers["segment_code"].unique().to_list() == ["wealthy"]
    assert found.customers["observation_date"].unique().to_list() == [DATES[1]]
    assert found.cuts["fitted_date"].unique().to_list() == [DATES[0]]
    cut = found.cuts.filter((pl.col("measure_name") == "balance") & (pl.col("quintile") == 5))
    assert cut["beyond_value"].to_list() == [319.0]


def test_a_segment_is_that_of_the_first_rule_kept_and_fewer_days_are_better():
    found = segments(_bank(), _bank(), RULES, RULE, DATES).customers
    rows = _bank().join(found, on="customer_key")
    silent = rows.filter(pl.col("segment_code") == "silent")
    assert silent["recency"].min() >= 320
    assert rows.filter(pl.col("segment_code") == "wealthy").height == 80
    assert rows.filter(pl.col("recency") < 80)["recency_quintile"].unique().to_list() == [5]


def test_groups_are_told_with_a_name_and_a_rule():
    found = segments(_bank(), _bank(), RULES, RULE, DATES)
    assert found.clusters.height == found.fit["cluster_count"][0] == 2
    assert found.refused is None
    assert set(found.customers["cluster_number"].unique()) == {1, 2}
    high = found.clusters.filter(pl.col("name_zh").str.contains("电子渠道交易占比偏高"))
    assert high.height == 1
    assert "share of postings by phone and net" in high["rule_en"][0]
    assert found.clusters["purity"].min() > 0.95
    assert found.clusters["jaccard"].min() > 0.9


def test_a_bank_without_groups_is_told_so_and_keeps_its_segments():
    bank = _bank(has_groups=False)
    found = segments(bank, bank, RULES, RULE, DATES)
    assert found.clusters.is_empty()
    assert found.customers["cluster_number"].null_count() == bank.height
    assert found.customers["segment_code"].null_count() == 0
    assert found.fit["note_zh"][0] == found.refused[0]
    assert found.fit["note_en"][0] == found.refused[1]
    assert found.fit["rule_stability"][0] > 0.8


def test_too_few_customers_are_refused():
    with pytest.raises(InputRefused, match="there are 40 customers on 2025-09-30, and 100"):
        segments(_bank(40), _bank(), RULES, RULE, DATES)


def test_the_same_customers_in_any_order_are_placed_alike():
    bank = _bank()
    once = segments(bank, bank, RULES, RULE, DATES)
    again = segments(
        bank.reverse(), bank.sample(fraction=1, shuffle=True, seed=2), RULES, RULE, DATES
    )
    assert once.customers.equals(again.customers)
    assert once.clusters.equals(again.clusters)


@pytest.mark.parametrize(
    ("day", "every", "expected"),
    [
        (dt.date(2025, 12, 31), 3, dt.date(2025, 12, 31)),
        (dt.date(2025, 12, 30), 3, dt.date(2025, 9, 30)),
        (dt.date(2025, 12, 30), 1, dt.date(2025, 11, 30)),
        (dt.date(2025, 8, 15), 3, dt.date(2025, 7, 31)),
        (dt.date(2025, 7, 15), 3, dt.date(2025, 7, 15)),
    ],
)
def test_the_fit_is_on_the_last_month_end_that_is_due(day, every, expected):
    ends = [dt.date(2025, month, 1) - dt.timedelta(days=1) for month in range(8, 13)]
    dates = [*ends, dt.date(2025, 12, 30), dt.date(2025, 12, 31)]
    assert fit_date(dates, day, every) == expected
