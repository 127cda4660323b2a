"""G18: planted second numbers are found, and nobody is taken for somebody else."""

from __future__ import annotations

import pytest

from scripts.identity_quality import THRESHOLDS, rules, table

# Twice the size of the other tests' bank: the rarer errors need some room.
CUSTOMERS = 4_000


@pytest.fixture(scope="module")
def figures() -> dict[str, dict[str, float]]:
    found, _ = table(CUSTOMERS)
    return {row["threshold"]: row for row in found.to_dicts()}


def test_precision_and_recall_are_at_or_above_the_floors(
    figures: dict[str, dict[str, float]],
) -> None:
    chosen, rule = figures["link_weight"], rules()
    assert chosen["right"] > 150
    assert chosen["precision"] >= rule["precision_floor"]
    assert chosen["recall"] >= rule["recall_floor"]


def test_a_higher_threshold_links_less_and_leaves_more_to_clerks(
    figures: dict[str, dict[str, float]],
) -> None:
    low, middle, high = (figures[name] for name in THRESHOLDS)
    assert low["right"] > middle["right"] >= high["right"]
    assert low["to_a_clerk"] < middle["to_a_clerk"] <= high["to_a_clerk"]
    assert low["false"] >= middle["false"] >= high["false"]


def test_each_error_has_its_price(figures: dict[str, dict[str, float]]) -> None:
    rule = rules()
    for row in figures.values():
        assert row["yuan"] == (
            row["false"] * rule["false_merge_cost"]
            + row["missed"] * rule["missed_merge_cost"]
            + row["to_a_clerk"] * rule["review_cost"]
        )
