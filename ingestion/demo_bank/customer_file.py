"""What managers note in the customer file by hand: relations among customers, and classes set."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank.bank import Staff
from ingestion.demo_bank.clerks import Spot
from ingestion.demo_bank.columns import dates, named
from ingestion.demo_bank.groups import Groups
from ingestion.demo_bank.people import MERCHANT, People
from ingestion.demo_bank.shape import Ints, Shape
from ingestion.demo_bank.sheets import Grid

RELATIONS: Final = (
    "spouse", "parent_child", "sibling", "business_partner", "introduced", "guarantor", "neighbour",
)  # fmt: skip
GRADES: Final = ("key", "target", "potential", "general")
REASONS: Final = {
    "key_person": "在村里有号召力,能带动周边农户",
    "business_plan": "准备扩大门店,下半年资金量大",
    "family": "家庭主要资金由其配偶掌握",
    "moved_away": "常年外出务工,难以联系",
    "other": "支行研究决定",
}
_FEWEST_TO_SOIL: Final = 12
# Shares of customers whose class is set by hand, and of merchants who brought another.
_SET_SHARE: Final = 0.012
_BROUGHT_SHARE: Final = 0.15


def relation_frame(
    shape: Shape, people: People, groups: Groups, staff: Staff, until: int
) -> pl.DataFrame:
    """Relations heard of up to a day: families of the groups, and who brought whom.

    A relation keeps its day and its kind in every later list.
    """
    rng = shape.rng("customer_file", "relation")
    member, head = _pairs_of_groups(groups)
    kind = rng.choice(3, len(member), p=[0.45, 0.35, 0.2])
    merchants = np.flatnonzero(people.population[: people.core_count] == MERCHANT)
    brings = merchants[rng.random(len(merchants)) < _BROUGHT_SHARE]
    brought = rng.integers(0, people.core_count, len(brings))
    how = rng.choice([3, 4, 5, 6], len(brings), p=[0.3, 0.4, 0.1, 0.2])
    first = np.concatenate([member, brings])
    second = np.concatenate([head, brought])
    kinds = np.concatenate([kind, how])
    start, end = shape.periods[0].start, shape.periods[-1].end
    heard = rng.integers(start, end + 1, len(first))
    managers = np.array(staff.with_post("manager"))
    by = managers[rng.integers(0, len(managers), len(first))]
    known = np.maximum(people.opened[first], people.opened[second])
    rows = np.flatnonzero((heard <= until) & (known < heard) & (first != second))
    rows = rows[np.lexsort((second[rows], first[rows], heard[rows]))]
    return pl.DataFrame(
        {
            "customer_id": people.ids.gather(first[rows]),
            "related_customer_id": people.ids.gather(second[rows]),
            "relation_code": named(RELATIONS, kinds[rows]),
            "employee_id": named(staff.ids, by[rows]),
            "visited_date": dates(heard[rows]),
        }
    ).unique(["customer_id", "related_customer_id"], keep="first", maintain_order=True)


def _pairs_of_groups(groups: Groups) -> tuple[Ints, Ints]:
    """(member, first of the same group) of everybody who is not the first of his."""
    members = np.flatnonzero(groups.of >= 0)
    order = members[np.lexsort((members, groups.of[members]))]
    group = groups.of[order]
    starts = np.flatnonzero(np.append(True, group[1:] != group[:-1])) if len(order) else order
    heads = np.repeat(order[starts], np.diff(np.append(starts, len(order))))
    is_member = order != heads
    return order[is_member], heads[is_member]


def override_frame(shape: Shape, people: People, staff: Staff, until: int) -> pl.DataFrame:
    """Classes set by hand up to a day; one in five is taken back after three months."""
    rng = shape.rng("customer_file", "override")
    start, end = shape.periods[0].start, shape.periods[-1].end
    count = people.core_count
    picked = (rng.random(count) < _SET_SHARE) & (people.opened[:count] < start)
    grade = rng.choice(4, count, p=[0.5, 0.2, 0.1, 0.2])
    reason = np.where(grade == 3, 3, rng.choice([0, 1, 2, 4], count))
    since = rng.integers(start, end + 1, count)
    is_back = rng.random(count) < 0.2
    rows = np.flatnonzero(picked & (since <= until))
    ended = np.where(is_back & (since + 91 <= until), since + 91, -1)
    leader = staff.with_post("leader")[0]
    codes = list(REASONS)
    return pl.DataFrame(
        {
            "customer_id": people.ids.gather(rows),
            "class_code": named(GRADES, grade[rows]),
            "reason_code": named(codes, reason[rows]),
            "reason_text": pl.Series([REASONS[codes[n]] for n in reason[rows]], dtype=pl.String),
            "decided_by_id": [staff.ids[leader]] * len(rows),
            "valid_from_date": dates(since[rows]),
            "valid_to_date": dates(ended[rows]),
        },
        schema_overrides={"decided_by_id": pl.String},
    )


def soil_relations(grid: Grid) -> list[Spot]:
    """A kind of relation that is on no list, and one row entered twice."""
    if len(grid.rows) < _FEWEST_TO_SOIL:
        return []
    count = len(grid.rows)
    grid.rows[2][grid.place("relation_code")] = "同学"
    grid.rows.append(list(grid.rows[5]))
    return [
        Spot(2, "relation_code", "unknown_relation", "quarantined"),
        Spot(count, None, "duplicated_row", "quarantined"),
    ]
