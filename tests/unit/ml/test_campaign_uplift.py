"""Uplift of campaigns: planted effects are found, and who had no lot is told and not judged."""

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from ml.campaign_uplift import COLUMNS, TENTH_SCHEMA, UPLIFT_SCHEMA, uplifts
from ml.errors import InputRefused

FEEDS = Path(__file__).parents[3] / "ingestion" / "feeds"
TYPES = {"integer": pl.Int64, "date": pl.Date, "text": pl.String, "float": pl.Float64}
DAY = dt.date(2025, 12, 31)


def _campaign(
    name: str, rows: int = 3000, *, lift: float = 0.3, control: float = 0.4
) -> pl.DataFrame:
    """The old are moved by ``lift``, the young by nothing; everybody buys in 0.2 of the cases."""
    rng = np.random.default_rng(11)
    age = rng.uniform(20, 80, rows)
    treated = rng.random(rows) >= control
    chance = 0.2 + np.where(treated & (age > 50), lift, 0.0)
    return pl.DataFrame(
        {
            "campaign_id": name,
            "customer_key": np.arange(rows),
            "is_treated": treated,
            "has_responded": rng.random(rows) < chance,
            **{column: rng.random(rows) for column in COLUMNS.numbers},
        }
    ).with_columns(age_years=pl.Series(age))


@pytest.mark.parametrize(
    ("feed", "schema"),
    [("ml__campaign_uplift", UPLIFT_SCHEMA), ("ml__campaign_tenth", TENTH_SCHEMA)],
)
def test_columns_are_those_of_the_feed(feed, schema):
    described = yaml.safe_load((FEEDS / f"{feed}.yml").read_text(encoding="utf-8"))
    assert {c["name"]: TYPES[c["type"]] for c in described["columns"]} == schema


def test_whom_the_campaign_moves_comes_first():
    found = uplifts(_campaign("A"), level=0.9, draws=50, day=DAY)
    row = found.campaigns.to_dicts()[0]
    assert row["qini_low"] > 0
    assert row["note_zh"] is None
    told = found.tenths.with_columns(
        seen=pl.col("treated_converted_count") / pl.col("treated_count")
        - pl.col("control_converted_count") / pl.col("control_count")
    )
    assert told["tenth"].to_list() == list(range(1, 11))
    assert told["seen"].head(4).mean() > 0.2
    assert abs(told["seen"].tail(4).mean()) < 0.1
    assert told["treated_count"].sum() + told["control_count"].sum() == 3000
    assert told["mean_uplift"].is_sorted(descending=True)


def test_a_campaign_that_moves_nobody_has_a_qini_of_nil():
    row = uplifts(_campaign("A", lift=0.0), level=0.9, draws=50, day=DAY).campaigns.to_dicts()[0]
    assert row["qini_low"] < 0 < row["qini_high"]


def test_groups_that_were_no_lot_are_told_with_the_column():
    """The old were called, the young held out: nobody can say what the call did."""
    members = _campaign("A").with_columns(
        is_treated=pl.col("age_years") + 10 * pl.col("deposit_amount") > 45
    )
    (row,) = uplifts(members, level=0.9, draws=20, day=DAY).campaigns.to_dicts()
    assert row["lot_difference_column"] == "age_years"
    assert row["lot_difference"] > 1
    (fair,) = uplifts(_campaign("B"), level=0.9, draws=20, day=DAY).campaigns.to_dicts()
    assert abs(fair["lot_difference"]) < 0.1


def test_who_has_no_control_group_is_told_and_the_others_are_judged():
    members = pl.concat([_campaign("A", control=0.0), _campaign("B"), _campaign("C", rows=120)])
    found = uplifts(members, level=0.9, draws=20, day=DAY)
    rows = {row["campaign_id"]: row for row in found.campaigns.to_dicts()}
    assert rows["A"]["qini"] is None
    assert rows["A"]["lot_difference"] is None
    assert "not reported as a success" in rows["A"]["note_en"]
    assert "没有对照组" in rows["A"]["note_zh"]
    assert "too few to learn" in rows["C"]["note_en"]
    assert rows["B"]["qini"] > 0
    assert found.tenths["campaign_id"].unique().to_list() == ["B"]


def test_customers_of_whom_nothing_was_known_are_told_and_not_judged():
    """Without a feature every score is alike, and their order would be that of the keys."""
    nothing = {name: pl.lit(None, dtype=pl.Float64) for name in COLUMNS.numbers}
    members = pl.concat([_campaign("A").with_columns(**nothing), _campaign("B")])
    found = uplifts(members, level=0.9, draws=20, day=DAY)
    row, other = found.campaigns.to_dicts()
    assert row["qini"] is None
    assert "nothing is known of the 3000 customers before the campaign" in row["note_en"]
    assert "3000 位客户的特征均为空" in row["note_zh"]
    assert other["qini"] > 0
    assert found.tenths["campaign_id"].unique().to_list() == ["B"]


def test_no_campaign_is_refused():
    with pytest.raises(InputRefused, match="no rows"):
        uplifts(_campaign("A").clear(), level=0.9, draws=20, day=DAY)


def test_the_same_members_in_any_order_are_judged_alike():
    once = uplifts(_campaign("A"), level=0.9, draws=20, day=DAY)
    again = uplifts(_campaign("A").reverse(), level=0.9, draws=20, day=DAY)
    assert once.campaigns.equals(again.campaigns)
    assert once.tenths.equals(again.tenths)
