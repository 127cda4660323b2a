"""Propensity, affinity, sequences and offers: planted truths, counts by hand, and refusals."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from ml.errors import InputRefused
from ml.frames.columns import Columns
from ml.frames.table import prepare, read
from ml.judge import metrics
from ml.models.factories import logistic_classifier
from ml.models.intervals import fit_bands
from ml.models.pipelines import single_thread
from ml.models.propensity import (
    association_rules,
    fit_propensities,
    sequences,
)

BANK = Path(__file__).resolve().parents[4].parent / "shared/data/bank_marketing/bank-full.csv"
COLUMNS = Columns(("balance", "age"), ("job",))
PRODUCTS = ["fund", "card", "gold"]


def _customers(rows: int = 4000, seed: int = 1) -> tuple[pl.DataFrame, np.ndarray]:
    """(customers, true chance to open a fund). Whoever holds it never opens it again."""
    rng = np.random.default_rng(seed)
    balance, age = rng.normal(size=rows), rng.uniform(20, 70, rows)
    job = rng.choice(["farm", "shop"], rows)
    chance = 1 / (1 + np.exp(2.5 - 1.3 * balance - 0.8 * (job == "shop")))
    holds = rng.random(rows) < 0.3
    frame = pl.DataFrame(
        {
            "customer_key": np.arange(rows),
            "balance": balance,
            "age": age,
            "job": job,
            "holds_fund": holds,
            "opened_fund": (rng.random(rows) < chance) & ~holds,
            "holds_card": rng.random(rows) < 0.5,
            "opened_card": rng.random(rows) < 0.1,
            "holds_gold": False,
            "opened_gold": np.arange(rows) < 3,
        }
    )
    return frame, chance


@pytest.fixture(scope="module")
def fitted():
    with single_thread():
        return fit_propensities(
            _customers()[0], COLUMNS, PRODUCTS, least_opened=20, factory=logistic_classifier
        )


def test_the_planted_chance_is_found_for_who_has_not_the_product(fitted):
    frame, chance = _customers(seed=2)
    scores = fitted.of(frame).filter(pl.col("product_code") == "fund")
    free = frame.filter(~pl.col("holds_fund"))
    assert scores.get_column("customer_key").to_list() == free.get_column("customer_key").to_list()
    told, truth = (
        scores.get_column("propensity").to_numpy(),
        chance[~frame["holds_fund"].to_numpy()],
    )
    assert np.abs(told - truth).mean() < 0.03
    opened = free.get_column("opened_fund").to_numpy()
    assert roc_auc_score(opened, told) > roc_auc_score(opened, truth) - 0.01
    assert metrics.calibration_slope(opened.astype(float), told) == pytest.approx(1, abs=0.15)


def test_holders_teach_nothing(fitted):
    """Holders who are said to have opened it again would teach the opposite."""
    frame, _ = _customers()
    turned = frame.with_columns(
        opened_fund=pl.when("holds_fund").then(pl.col("balance") < 0).otherwise("opened_fund")
    )
    with single_thread():
        other = fit_propensities(
            turned, COLUMNS, PRODUCTS, least_opened=20, factory=logistic_classifier
        )
    left, right = (model.of(frame).get_column("propensity") for model in (fitted, other))
    np.testing.assert_array_equal(left, right)


def test_a_product_that_few_opened_has_no_score_and_says_why(fitted):
    assert sorted(fitted.pipelines) == ["card", "fund"]
    (row,) = fitted.refused.to_dicts()
    assert (row["product_code"], row["opened_count"]) == ("gold", 3)
    assert "20" in row["chinese"]
    assert "has no score" in row["english"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"opened_fund": pl.lit(value=False), "opened_card": pl.lit(value=False)}, "no product"),
        ({"opened_fund": pl.lit(2)}, "must be 0 or 1"),
        ({"holds_fund": pl.lit(None)}, "missing"),
        ({"balance": pl.lit(float("-inf"))}, "infinite"),
    ],
)
def test_what_cannot_teach_is_refused(change, told):
    frame = _customers(200)[0].with_columns(**change)
    with pytest.raises(InputRefused, match=told):
        fit_propensities(frame, COLUMNS, PRODUCTS, least_opened=20, factory=logistic_classifier)


def test_scoring_bears_another_order_and_new_jobs_and_refuses_a_missing_column(fitted):
    few = _customers(50)[0]
    same = fitted.of(few.select(reversed(few.columns)))
    assert same.equals(fitted.of(few))
    assert (
        fitted.of(few.with_columns(job=pl.lit("mine"))).get_column("propensity").is_finite().all()
    )
    with pytest.raises(InputRefused, match="holds_fund"):
        fitted.of(few.drop("holds_fund"))
    all_held = few.with_columns(holds_fund=pl.lit(value=True), holds_card=pl.lit(value=True))
    assert fitted.of(all_held).height == 0
    named = few.with_columns(pl.col("customer_key").cast(pl.String))
    assert fitted.of(named).schema["customer_key"] == pl.String


@pytest.mark.skipif(not BANK.is_file(), reason="the public campaign does not lie in ../shared/data")
def test_a_public_campaign_is_told_with_honest_probabilities_and_bands():
    """Term deposits of a Portuguese bank; how long the call took is known only afterwards."""
    table = prepare(read(BANK), "y", drop=["duration"])
    frame = table.frame.with_columns(
        customer_key=pl.int_range(pl.len()),
        holds_deposit=pl.lit(value=False),
        opened_deposit=pl.Series(table.target),
    ).sample(fraction=1.0, shuffle=True, seed=1)
    teaching, banding, judging = frame[:12_000], frame[12_000:22_000], frame[22_000:]
    with single_thread():
        model = fit_propensities(
            teaching, table.columns, ["deposit"], least_opened=50, factory=logistic_classifier
        )
    told = model.of(judging)["propensity"].to_numpy()
    opened = judging["opened_deposit"].to_numpy()
    found = metrics.churn_metrics(opened, told, judging["customer_key"].to_numpy())
    assert found["auc"] > 0.75
    assert found["calibration_slope"] == pytest.approx(1, abs=0.12)
    assert found["lift_at_10pct"] > 3.5
    bands = fit_bands(
        banding["opened_deposit"].to_numpy(), model.of(banding)["propensity"].to_numpy()
    )
    held = pl.Series("opened", opened).to_frame().hstack(bands.of(told))
    rates = held.group_by("low_rate", "high_rate").agg(pl.col("opened").mean())
    inside = (rates["opened"] >= rates["low_rate"]) & (rates["opened"] <= rates["high_rate"])
    assert inside.mean() >= 0.7


def _holdings(table: dict[int, str]) -> pl.DataFrame:
    return pl.DataFrame(
        [(who, product) for who, held in table.items() for product in held],
        schema=["customer_key", "product_code"],
        orient="row",
    )


def test_affinity_by_hand():
    """a and b at three of five holders, c alone at one; ten customers in all."""
    rules = association_rules(
        _holdings({1: "ab", 2: "ab", 3: "abc", 4: "a", 5: "c"}), 10, least_count=2, most_given=1
    )
    by_rule = {(row["given"][0], row["product_code"]): row for row in rules.to_dicts()}
    assert set(by_rule) == {("a", "b"), ("b", "a")}
    row = by_rule["a", "b"]
    assert (row["given_count"], row["product_count"], row["both_count"]) == (4, 3, 3)
    assert row["support"] == pytest.approx(0.3)
    assert row["confidence"] == pytest.approx(0.75)
    assert row["lift"] == pytest.approx(2.5)  # (3 / 4) / (3 / 10)
    # Wilson's interval of 3 in 4, as in his table.
    assert row["low_confidence"] == pytest.approx(0.3006, abs=1e-4)
    assert row["high_confidence"] == pytest.approx(0.9544, abs=1e-4)


def test_two_products_may_stand_on_the_left_and_rows_twice_count_once():
    holdings = _holdings({1: "abc", 2: "abc", 3: "ab", 4: "a"})
    rules = association_rules(pl.concat([holdings, holdings]), 4, least_count=2)
    row = rules.filter(pl.col("given") == ["a", "b"]).to_dicts()
    assert [(r["product_code"], r["given_count"], r["both_count"]) for r in row] == [("c", 3, 2)]


def test_products_held_by_chance_have_a_lift_of_one():
    rng = np.random.default_rng(3)
    held = rng.random((20_000, 3)) < [0.5, 0.3, 0.2]
    who, product = np.nonzero(held)
    holdings = pl.DataFrame({"customer_key": who, "product_code": np.array(list("abc"))[product]})
    lifts = association_rules(holdings, 20_000, least_count=100).get_column("lift")
    assert lifts.min() > 0.93
    assert lifts.max() < 1.07


def test_more_holders_than_customers_are_refused():
    with pytest.raises(InputRefused, match="more customers"):
        association_rules(_holdings({1: "a", 2: "a"}), 1, least_count=1)


def test_sequences_by_hand():
    start = date(2025, 1, 1)
    rows = [
        (1, "card", 0), (1, "fund", 30),
        (2, "card", 0), (2, "fund", 90),
        (3, "card", 0),
        (4, "fund", 5), (4, "card", 10),  # had the fund before the card
        (5, "card", 0), (5, "fund", 0),  # together
        (6, "card", 300), (6, "fund", 310),  # not watched to the end
    ]  # fmt: skip
    openings = pl.DataFrame(
        [(who, product, start + timedelta(days=day)) for who, product, day in rows],
        schema=["customer_key", "product_code", "opened_date"],
        orient="row",
    )
    found = sequences(openings, until=start + timedelta(days=365), days=90, least_count=1)
    by_pair = {(r["from_product"], r["to_product"]): r for r in found.to_dicts()}
    after_card = by_pair["card", "fund"]
    assert (after_card["from_count"], after_card["followed_count"]) == (3, 2)
    assert after_card["median_days"] == 60
    assert by_pair["fund", "card"]["from_count"] == 1
    narrow = sequences(openings, until=start + timedelta(days=365), days=60, least_count=1)
    first = narrow.filter(pl.col("from_product") == "card").to_dicts()[0]
    # Now the sixth is watched to the end of his window, and the second is too late.
    assert (first["from_count"], first["followed_count"]) == (4, 2)


def test_of_all_ways_to_a_fund_the_planted_one_has_the_greatest_lift():
    rng = np.random.default_rng(4)
    rows = []
    for who in range(3000):
        first = str(rng.choice(["wage", "card", "loan"]))
        day = int(rng.integers(0, 300))
        rows.append((who, first, date(2024, 1, 1) + timedelta(days=day)))
        then = (
            "fund" if first == "wage" and rng.random() < 0.4 else str(rng.choice(["gold", "fund"]))
        )
        if rng.random() < 0.5:
            rows.append(
                (who, then, date(2024, 1, 1) + timedelta(days=day + int(rng.integers(1, 80))))
            )
    openings = pl.DataFrame(
        rows, schema=["customer_key", "product_code", "opened_date"], orient="row"
    )
    found = sequences(openings, until=date(2025, 6, 1), days=90, least_count=20)
    best = found.filter(pl.col("to_product") == "fund").row(0, named=True)
    assert best["from_product"] == "wage"
    assert best["followed_share"] == pytest.approx(0.5 * (0.4 + 0.6 * 0.5), abs=0.04)
    assert best["low_followed_share"] < 0.35 < best["high_followed_share"]
