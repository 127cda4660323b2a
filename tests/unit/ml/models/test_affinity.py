"""Affinity, sequences and offers: planted truths, counts by hand, and refusals."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from ml.errors import InputRefused
from ml.models.affinity import (
    association_rules,
    sequences,
)


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
