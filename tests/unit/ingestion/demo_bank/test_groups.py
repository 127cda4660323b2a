"""Households and groups of companies: who belongs together, from when, and how many."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict

import numpy as np

from ingestion.demo_bank.accounts import Accounts, Holders, first_accounts, make_holders
from ingestion.demo_bank.groups import Groups, group_frame, make_groups
from ingestion.demo_bank.people import COMPANY, CORE, People, make_people
from ingestion.demo_bank.shape import Shape
from tests.unit.ingestion.demo_bank.written_bank import Bank

SHAPE = Shape(4_000, 12, 11, dt.date(2025, 12, 31), 0)


def a_bank() -> tuple[People, Groups, Accounts, Holders]:
    people = make_people(SHAPE)
    book = first_accounts(SHAPE, people)
    holders = make_holders(SHAPE, people, book)
    return people, make_groups(SHAPE, people, book, holders), book, holders


def test_about_a_tenth_of_persons_and_companies_belong_to_a_group() -> None:
    people, groups, _, _ = a_bank()
    is_first = (people.source == CORE) & (people.person == np.arange(people.count))
    persons = is_first & (people.party == 0)
    companies = is_first & (people.population == COMPANY)
    for some, least, most in ((persons, 0.09, 0.11), (companies, 0.08, 0.14)):
        assert least < (groups.of[some] >= 0).mean() < most
    # Nobody counts under a second number.
    assert (groups.of[~is_first] == -1).all()
    sizes = np.bincount(groups.of[groups.of >= 0])
    assert set(sizes) == {2, 3, 4}
    assert len(sizes) == len(groups.type)


def test_a_family_shares_an_account_or_a_house() -> None:
    people, groups, book, holders = a_bank()
    joint = np.flatnonzero(holders.role == 1)
    owners = people.person[book.customer[holders.account[joint]]]
    sharers = set(owners.tolist()) | set(people.person[holders.customer[joint]].tolist())
    homes: dict[int, set[str]] = defaultdict(set)
    for place in np.flatnonzero((groups.of >= 0) & (people.party == 0)).tolist():
        if place not in sharers:
            homes[int(groups.of[place])].add(people.addresses[place])
    assert len(homes) > 50
    assert {len(found) for found in homes.values()} == {1}


def test_a_group_is_known_from_its_second_member_on_and_keeps_its_head() -> None:
    people, groups, _, _ = a_bank()
    earlier: dict[str, tuple[str, ...]] = {}
    sizes = []
    for period in SHAPE.periods:
        frame = group_frame(groups, people, period.end)
        rows = {row[0]: row[1:] for row in frame.iter_rows()}
        assert len(rows) == frame.height
        assert earlier.items() <= rows.items()
        heads = Counter(group for group, _, role in rows.values() if role == "head")
        members = Counter(group for group, _, _ in rows.values())
        assert set(heads.values()) == {1}
        assert heads.keys() == members.keys()
        assert min(members.values()) >= 2
        earlier = rows
        sizes.append(frame.height)
    assert sizes[0] < sizes[-1]


def test_groups_speak_of_customers_who_are_known(bank: Bank) -> None:
    customers = {row["customer_id"] for row in bank.rows("corebank__customer")}
    rows = bank.rows("corebank__customer_group")
    assert {row["customer_id"] for row in rows} <= customers
    assert {row["group_type_code"] for row in rows} == {"家庭", "集团"}
    assert {row["group_id"][0] for row in rows if row["group_type_code"] == "家庭"} == {"H"}
