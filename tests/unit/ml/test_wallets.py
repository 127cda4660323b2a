"""Balances with other banks: a planted truth comes back, and what cannot be told is not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from ml.errors import InputRefused
from ml.wallets import (
    COLUMNS,
    CUSTOMER_SCHEMA,
    FIT_SCHEMA,
    OWN_WORD,
    WalletRule,
    Wallets,
    wallets,
)

FEEDS = Path(__file__).parents[3] / "ingestion" / "feeds"
TYPES = {
    "integer": pl.Int64,
    "date": pl.Date,
    "text": pl.String,
    "float": pl.Float64,
    "boolean": pl.Boolean,
}
RULE = WalletRule(100, 20, 730, 3, 0.9)
DAY = dt.date(2025, 12, 31)
SIGNAL = "rival_outflow_90d_share_rate_before_obs"
NIL = "customer_transaction_90d_count_before_obs"
NOISE = "deposit_volatility_6m_rate_before_obs"


def _customers(count: int, seed: int, *, is_told: bool = True) -> pl.DataFrame:
    """Who sends more to other banks holds more there; who moves no money holds nothing there."""
    rng = np.random.default_rng(seed)
    share, acts = rng.random(count), rng.poisson(1.5, count)
    own = rng.lognormal(9, 1.2, count)
    amount = np.exp(8 + 4 * share + rng.normal(0, 0.4, count)) * (acts > 0)
    if not is_told:
        amount = rng.permutation(amount)
    frame = pl.DataFrame(
        {
            "customer_key": np.arange(count) + 1_000 * seed,
            "size_class_code": np.where(own < 8_000, "small", "large"),
            "own_amount": own,
            "said": np.round(amount, -2),
            "said_date": [DAY - dt.timedelta(days=int(day)) for day in rng.integers(0, 300, count)],
        }
    )
    planted = {SIGNAL: share, NIL: acts.astype(float), NOISE: rng.normal(size=count)}
    rest = {name: planted.get(name, np.zeros(count)) for name in COLUMNS.numbers}
    return frame.with_columns(
        *(pl.Series(name, values) for name, values in rest.items()),
        *(pl.lit(None, dtype=pl.String).alias(name) for name in COLUMNS.categories),
    )


def _bank(*, is_told: bool = True) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(those who said an amount, customers of the day); every second one who said is a customer."""
    said = _customers(400, 1, is_told=is_told)
    silent = _customers(400, 7, is_told=is_told)
    return said, pl.concat([said.gather_every(2), silent]).drop("said", "said_date")


def _silent(found: Wallets) -> pl.DataFrame:
    """Estimates of those who said nothing, beside what they hold."""
    return found.customers.filter(pl.col("said").is_null()).join(
        _customers(400, 7).select("customer_key", truth="said"), on="customer_key"
    )


def _told(found: Wallets, method: str, name: str = "all") -> dict[str, object]:
    own = (pl.col("method_code") == method) & (pl.col("size_class_code") == name)
    return found.fits.filter(own).row(0, named=True)


@pytest.fixture(scope="module")
def bank() -> tuple[pl.DataFrame, pl.DataFrame]:
    return _bank()


@pytest.fixture(scope="module")
def found(bank: tuple[pl.DataFrame, pl.DataFrame]) -> Wallets:
    return wallets(*bank, RULE, DAY)


@pytest.mark.parametrize(
    ("feed", "schema"),
    [("ml__customer_wallet", CUSTOMER_SCHEMA), ("ml__wallet_fit", FIT_SCHEMA)],
)
def test_columns_are_those_of_the_feed(feed, schema):
    described = yaml.safe_load((FEEDS / f"{feed}.yml").read_text(encoding="utf-8"))
    assert {c["name"]: TYPES[c["type"]] for c in described["columns"]} == schema


def test_a_planted_truth_is_found_and_beats_the_median_of_the_class(found):
    assert found.method == "model"
    model, median = _told(found, "model"), _told(found, "class_median")
    assert model["is_published"]
    assert not median["is_published"]
    assert model["saved_z"] > 2
    assert model["mean_error"] < 0.5 * median["mean_error"]
    assert model["rank_correlation"] > 0.8 > median["rank_correlation"]
    # Those of whom nothing was said are no worse off than those held out.
    silent = _silent(found)
    assert silent.height == 400
    wrong = (silent["estimate"] - silent["truth"]).abs().mean()
    assert wrong == pytest.approx(model["mean_error"], rel=0.3)


def test_nine_of_ten_amounts_lie_in_their_band_in_either_class(found):
    for name in ("all", "small", "large"):
        assert _told(found, "model", name)["covered_rate"] == pytest.approx(0.9, abs=0.05)
    silent = _silent(found)
    assert (silent["estimate_low"] <= silent["estimate"]).all()
    assert (silent["estimate"] <= silent["estimate_high"]).all()
    assert silent["estimate_low"].min() >= 0
    inside = (silent["truth"] >= silent["estimate_low"]) & (
        silent["truth"] <= silent["estimate_high"]
    )
    assert inside.mean() == pytest.approx(0.9, abs=0.05)


def test_nobody_is_told_by_his_own_word(bank, found):
    """One says a hundred times as much: his word changes, his estimate hardly."""
    said, customers = bank
    liar = said["customer_key"][0]
    louder = pl.when(pl.col("customer_key") == liar).then(5e7).otherwise(pl.col("said"))
    again = wallets(said.with_columns(said=louder), customers, RULE, DAY)
    before, after = (
        each.customers.filter(pl.col("customer_key") == liar).row(0, named=True)
        for each in (found, again)
    )
    assert OWN_WORD not in COLUMNS.names
    assert after["said"] == 5e7
    assert after["estimate"] == pytest.approx(before["estimate"])


def test_where_nothing_tells_the_amount_the_median_of_the_class_is_published():
    said, customers = _bank(is_told=False)
    found = wallets(said, customers, RULE, DAY)
    assert found.method == "class_median"
    assert "the median is published" in found.note[1]
    assert _told(found, "class_median")["note_en"] == found.note[1]
    # A fifth hold nothing, so nobody lies below the band, and half of those beyond are left.
    for name in ("all", "small", "large"):
        covered = _told(found, "class_median", name)["covered_rate"]
        assert covered == pytest.approx(0.95, abs=0.03)
    told = _silent(found)
    assert told.select("size_class_code", "estimate").unique().height == 2
    small = said.filter(pl.col("size_class_code") == "small")["said"].median()
    of_small = told.filter(pl.col("size_class_code") == "small")["estimate"]
    assert of_small.to_list() == pytest.approx([small] * len(of_small))


def test_too_few_statements_tell_nothing_but_what_was_said(bank):
    said, customers = bank
    few = said.head(99)
    found = wallets(few, customers, RULE, DAY)
    assert found.method == "none"
    assert found.note[1] == (
        "99 customers said what they hold elsewhere and 100 are needed: no estimate"
    )
    assert found.customers["estimate"].null_count() == customers.height
    assert (
        found.customers["said"].count()
        == customers.filter(pl.col("customer_key").is_in(few["customer_key"].to_list())).height
    )
    assert found.fits.select("size_class_code", "method_code", "statement_count").rows() == [
        ("all", "none", 99)
    ]


def test_old_statements_and_those_before_the_history_are_shown_and_teach_nothing(bank):
    said, customers = bank
    old = dt.date(2020, 1, 1)
    first, second = said["customer_key"][0], said["customer_key"][2]
    aged = said.with_columns(
        said_date=pl.when(pl.col("customer_key") == first)
        .then(pl.lit(old))
        .otherwise(pl.col("said_date")),
        own_amount=pl.when(pl.col("customer_key") == second)
        .then(None)
        .otherwise(pl.col("own_amount")),
    )
    found = wallets(aged, customers, RULE, DAY)
    assert _told(found, "model")["statement_count"] == 398
    shown = found.customers.filter(pl.col("customer_key").is_in([first, second]))
    assert shown["said"].null_count() == 0
    assert shown["said_date"].to_list()[0] == old


def test_a_class_with_few_statements_goes_by_everybody():
    rare = pl.when(pl.col("customer_key") % 50 == 0).then(pl.lit("rare"))
    said, customers = (
        frame.with_columns(size_class_code=rare.otherwise(pl.col("size_class_code")))
        for frame in (_bank(is_told=False))
    )
    found = wallets(said, customers, RULE, DAY)
    told = _silent(found).filter(pl.col("size_class_code") == "rare")
    assert told["estimate"].to_list() == pytest.approx([said["said"].median()] * told.height)
    assert told["estimate_low"].null_count() == 0


def test_an_amount_that_all_say_is_told_without_a_model(bank):
    said, customers = bank
    found = wallets(said.with_columns(said=pl.lit(0.0)), customers, RULE, DAY)
    assert found.method == "class_median"
    assert found.customers["estimate"].unique().to_list() == [0.0]
    assert found.customers["estimate_high"].unique().to_list() == [0.0]
    assert _told(found, "class_median")["total_rate"] is None


def test_who_says_what_many_say_at_the_end_of_the_band_lies_in_it():
    """Answers are round: a ninth says the most, and a root squared again is not the same."""
    said, customers = _bank(is_told=False)
    round_amounts = [15_000 * each for each in (1, 2, 3, 5, 6, 7, 9, 10, 11)]
    spoken = np.random.default_rng(3).choice(round_amounts, said.height).astype(float)
    found = wallets(said.with_columns(said=pl.Series(spoken)), customers, RULE, DAY)
    assert found.method == "class_median"
    assert _told(found, "class_median")["covered_rate"] >= 0.9
    assert found.customers["estimate_high"].max() == 165_000


def test_who_was_asked_is_told_beside_everybody(bank, found):
    said, customers = bank
    row = _told(found, "model")
    assert row["customer_count"] == customers.height
    assert row["own_mean"] == pytest.approx(customers["own_amount"].mean())
    assert row["stated_own_mean"] == pytest.approx(said["own_amount"].mean())


def test_the_order_of_rows_changes_nothing(bank, found):
    said, customers = bank
    again = wallets(said.reverse(), customers.sample(fraction=1, shuffle=True, seed=1), RULE, DAY)
    assert found.customers.equals(again.customers)
    assert found.fits.equals(again.fits)


def test_nobody_to_tell_of_is_refused(bank):
    said, customers = bank
    with pytest.raises(InputRefused, match="no rows"):
        wallets(said, customers.clear(), RULE, DAY)
