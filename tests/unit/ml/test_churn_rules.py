"""Rules of who leaves: planted ones come back, and their rates are those of customers held out."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from ml.causes import SEGMENT
from ml.churn_rules import COLUMNS, RULE_SCHEMA, TreeRule, churn_rules
from ml.errors import InputRefused
from ml.frames.features import FEATURES

FEED = Path(__file__).parents[3] / "ingestion" / "feeds" / "ml__churn_rule.yml"
TYPES = {"integer": pl.Int64, "date": pl.Date, "text": pl.String, "float": pl.Float64}
RULE = TreeRule("any_3m", 6, 3, 0.05, 4.0, 25, 0.5, 0.95)
THEN, DAY = dt.date(2025, 8, 31), dt.date(2025, 12, 31)
FALL = "deposit_trend_3m_rate_before_obs"
NOISE = "deposit_volatility_6m_rate_before_obs"


def _bank(count: int = 4_000, seed: int = 1, *, is_told: bool = True) -> pl.DataFrame:
    """Villagers leave whose deposits fell, merchants without a manager; few otherwise."""
    rng = np.random.default_rng(seed)
    fall, managed = rng.uniform(-1, 1, count), rng.random(count) < 0.7
    population = rng.choice(["village_resident", "merchant"], count)
    goes = np.where(population == "merchant", ~managed, fall < -0.6)
    chance = np.where(goes & is_told, 0.5, 0.05)
    kinds = {
        each.name: {"number": 1.0, "flag": False, "category": None}[each.kind] for each in FEATURES
    }
    return (
        pl.DataFrame(
            {"customer_key": np.arange(count) + 17 * seed, "has_left": rng.random(count) < chance}
        )
        .with_columns(
            *(pl.lit(value).alias(name) for name, value in kinds.items()),
        )
        .with_columns(
            pl.Series(SEGMENT, population),
            pl.Series("has_manager_before_obs", managed),
            pl.Series(FALL, fall),
            pl.Series(NOISE, rng.normal(size=count)),
        )
    )


def _found(labelled: pl.DataFrame, now: pl.DataFrame | None = None) -> pl.DataFrame:
    today = _bank(500, 9) if now is None else now
    return churn_rules(labelled, today.drop("has_left"), RULE, (THEN, DAY))


def _rule(found: pl.DataFrame, population: str, number: int) -> dict[str, object]:
    return found.row(
        by_predicate=(pl.col("population_code") == population) & (pl.col("rule_number") == number),
        named=True,
    )


def test_the_feed_and_the_columns_agree():
    feed = yaml.safe_load(FEED.read_text(encoding="utf-8"))
    assert {each["name"]: TYPES[each["type"]] for each in feed["columns"]} == RULE_SCHEMA
    assert dict(_found(_bank(800)).schema) == RULE_SCHEMA


def test_planted_rules_come_back_in_words_of_the_catalogue():
    found = _found(_bank())
    fall, managed = (_rule(found, name, 1) for name in ("village_resident", "merchant"))
    assert str(fall["rule_zh"]).startswith("三个月存款变动率 ≤ -0.")
    assert managed["rule_zh"] == "有客户经理 ≠ 是"
    assert str(managed["rule_en"]).endswith("≠ yes")
    for told in (fall, managed):
        assert 0.4 < told["churn_rate"] < 0.6
        assert told["churn_rate_low"] <= 0.5 <= told["churn_rate_high"]
    assert fall["customer_share"] == pytest.approx(0.2, abs=0.02)
    assert fall["lift"] == pytest.approx(
        fall["churn_rate"] / _rule(found, "village_resident", 0)["churn_rate"]
    )


def test_a_rate_is_that_of_the_customers_who_taught_nothing():
    """Whoever taught left by the rule; of those held out nobody did, and the rule says so."""
    bank = _bank()
    from ml.frames.hashing import buckets

    judges = pl.Series(buckets(bank.get_column("customer_key"), "churn_rules") < 5_000)
    luck = pl.Series(np.random.default_rng(5).random(bank.height) < 0.2)
    turned = bank.with_columns(
        has_left=pl.when(judges).then((pl.col(FALL) >= -0.6) & luck).otherwise(pl.col(FALL) < -0.6)
    )
    found = _found(turned).filter(pl.col("population_code") == "village_resident")
    by_fall = found.filter(pl.col("rule_zh").str.starts_with("三个月存款变动率 ≤"))
    assert by_fall["churn_rate"].to_list() == [pytest.approx(0, abs=0.02)]
    everybody = found.row(0, named=True)
    half = turned.filter(judges & (pl.col(SEGMENT) == "village_resident"))
    assert everybody["held_out_count"] == half.height
    assert everybody["held_out_churned_count"] == half["has_left"].sum()


def test_customers_of_the_day_are_counted_by_the_same_rule():
    now = _bank(1_000, 3)
    found = _found(_bank(), now)
    managed = _rule(found, "merchant", 1)
    merchants = now.filter(pl.col(SEGMENT) == "merchant")
    assert managed["current_count"] == (~merchants["has_manager_before_obs"]).sum()
    assert _rule(found, "all", 0)["current_count"] == now.height
    rules = found.filter((pl.col("population_code") == "all") & (pl.col("rule_number") > 0))
    assert rules["customer_count"].sum() == pytest.approx(4_000, abs=20)


def test_too_few_leavers_are_told_in_a_sentence():
    found = _found(_bank(200))
    assert found["rule_number"].to_list() == [0, 0, 0]
    assert "至少需要 25 位" in found["note_zh"][1]
    assert "25 are needed" in found["note_en"][1]
    assert found["churn_rate"].null_count() == 0


def test_one_class_or_nothing_to_tell_by_has_no_rules():
    nobody = _found(_bank().with_columns(has_left=pl.lit(value=False)))
    assert set(nobody["rule_number"]) == {0}
    assert nobody["lift"].null_count() == nobody.height
    flat = _bank().with_columns(
        pl.lit(1.0).alias(FALL),
        pl.lit(1.0).alias(NOISE),
        pl.lit(value=True).alias("has_manager_before_obs"),
    )
    told = _rule(_found(flat), "merchant", 0)
    assert told["note_en"] == "nothing on record tells those who leave from the others"


def test_the_order_of_rows_and_a_gap_change_nothing():
    bank = _bank().with_columns(
        pl.when(pl.col(NOISE) > 1).then(None).otherwise(pl.col(FALL)).alias(FALL)
    )
    found = _found(bank)
    assert found.equals(_found(bank.sample(fraction=1, shuffle=True, seed=2)))
    assert any("或未知" in each for each in found["rule_zh"])


def test_a_code_that_only_one_of_both_dates_knows_is_no_mistake():
    bank = _bank().with_columns(pl.lit("A").alias("level_code"))
    now = _bank(500, 9).with_columns(pl.lit("D").alias("level_code"))
    assert _found(bank, now)["current_count"].null_count() == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda bank: bank.clear(), "no rows"),
        (lambda bank: bank.drop(FALL), FALL),
        (lambda bank: bank.with_columns(pl.lit(float("inf")).alias(FALL)), "infinite"),
        (lambda bank: bank.with_columns(pl.lit(None).alias("has_left")), "has_left"),
    ],
)
def test_what_cannot_teach_is_refused(change, told):
    with pytest.raises(InputRefused, match=told):
        _found(change(_bank(400)))


def test_only_features_of_the_contract_are_read():
    assert {*COLUMNS.names, SEGMENT} == {each.name for each in FEATURES}
    leak = _bank().with_columns(pl.col("has_left").cast(pl.Float64).alias("left_after"))
    assert _found(leak).equals(_found(_bank()))
