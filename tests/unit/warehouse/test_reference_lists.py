"""The code lists, rules and calendar of the dbt seeds agree with the feeds and with themselves."""

from __future__ import annotations

import csv
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from ingestion.contracts.load import load_feeds

SEEDS = Path(__file__).resolve().parents[3] / "dbt" / "seeds"


def _rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_code_of_every_feed_has_a_name_in_both_languages() -> None:
    named = {
        (row["entity_name"], row["column_name"], row["code"])
        for row in _rows("reference/code_name.csv")
        if row["name_zh"] and row["name_en"]
    }
    delivered = {
        (feed.feed.split("__")[1], column.name, code)
        for feed in load_feeds().values()
        for column in feed.columns
        if column.type == "code"
        for code in column.values or {}
    }
    assert not delivered - named, f"codes without a name: {sorted(delivered - named)}"
    assert not named - delivered, f"names of no code: {sorted(named - delivered)}"


def _is_of_visits(row: dict[str, str]) -> bool:
    """Visits are work as postings are, but no feed of postings delivers them."""
    return "visit" in (row.get("category_code"), row.get("channel_group_code"))


@pytest.mark.parametrize(
    ("seed", "key", "feed", "column"),
    [
        ("reference/channel.csv", "channel_code", "corebank__transaction", "channel_code"),
        (
            "reference/transaction_type.csv",
            "transaction_type_code",
            "corebank__transaction",
            "transaction_type_code",
        ),
        ("rules/visit_cadence.csv", "level_code", "corebank__customer", "level_code"),
        ("rules/level_class.csv", "class_code", "corebank__customer", "class_code"),
        ("rules/visit_validity.csv", "visit_way_code", "fieldwork__visit", "visit_way_code"),
        ("rules/visit_outcome.csv", "outcome_code", "fieldwork__visit", "outcome_code"),
    ],
)
def test_a_list_has_exactly_the_codes_that_are_delivered(
    seed: str, key: str, feed: str, column: str
) -> None:
    codes = next(each for each in load_feeds()[feed].columns if each.name == column).values
    assert {row[key] for row in _rows(seed) if not _is_of_visits(row)} == set(codes or {})


def test_every_way_of_visiting_is_a_channel() -> None:
    ways = {f"visit_{row['visit_way_code']}" for row in _rows("rules/visit_validity.csv")}
    assert ways == {
        row["channel_code"] for row in _rows("reference/channel.csv") if _is_of_visits(row)
    }


def test_every_type_and_channel_of_a_posting_takes_time() -> None:
    timed = {
        (row["transaction_type_code"], row["channel_code"])
        for row in _rows("rules/activity_time.csv")
    }
    types = {
        (row["transaction_type_code"], _is_of_visits(row))
        for row in _rows("reference/transaction_type.csv")
    }
    channels = {(row["channel_code"], _is_of_visits(row)) for row in _rows("reference/channel.csv")}
    # A posting is made through a channel, a visit in a way of visiting.
    assert timed == {
        (kind, channel)
        for kind, is_visit in types
        for channel, is_way in channels
        if is_visit == is_way
    }


def test_every_pool_that_a_posting_takes_time_of_serves_customers() -> None:
    front = {
        row["cost_pool_code"]
        for row in _rows("rules/cost_pool_rule.csv")
        if row["pool_kind_code"] == "front"
    }
    assert {row["cost_pool_code"] for row in _rows("rules/activity_time.csv")} <= front


@pytest.mark.parametrize("path", sorted(SEEDS.glob("rules/*.csv")), ids=lambda path: path.stem)
def test_every_rule_says_since_when_until_when_and_why(path: Path) -> None:
    rows = _rows(f"rules/{path.name}")
    assert rows
    for row in rows:
        assert date.fromisoformat(row["valid_from_date"]) < date.fromisoformat(row["valid_to_date"])
        assert row["requirement_id"], f"no source: {row}"


def test_value_classes_join_without_gap() -> None:
    bands = sorted(
        (float(row["minimum_amount"]), float(row["maximum_amount"]))
        for row in _rows("rules/value_class.csv")
    )
    assert bands[0][0] == 0
    assert all(upper == lower for (_, upper), (lower, _) in pairwise(bands))


def test_days_worked_for_a_holiday_are_weekend_days() -> None:
    for row in _rows("reference/chinese_holiday.csv"):
        day = date.fromisoformat(row["calendar_date"])
        if row["day_kind_code"] == "make_up":
            assert day.isoweekday() >= 6, f"{day} is no weekend day"


# The yearly notice moves weekends about; how many days are free is decree: 11, from 2025 on 13.
@pytest.mark.parametrize(("year", "free_days"), [(2016, 11), (2024, 11), (2025, 13), (2026, 13)])
def test_a_year_has_as_many_free_days_as_the_decree_grants(year: int, free_days: int) -> None:
    kinds = {
        date.fromisoformat(row["calendar_date"]): row["day_kind_code"]
        for row in _rows("reference/chinese_holiday.csv")
    }
    listed = [day for day in kinds if day.year == year]
    freed = sum(day.isoweekday() <= 5 and kinds[day] == "holiday" for day in listed)
    worked = sum(kinds[day] == "make_up" for day in listed)
    assert freed - worked == free_days


def test_the_hours_of_the_visit_plan_are_the_pace_that_a_team_shows() -> None:
    """Two visits a person and day once called every manager short, where the bank makes seven."""
    day = _rows("rules/field_day.csv")[-1]
    for row in _rows("rules/visit_effort.csv"):
        a_day = int(day["person_minutes"]) / int(row["visit_minutes"])
        assert 5 <= a_day <= 8, f"{row['level_code']}: {a_day} visits a person and day"
