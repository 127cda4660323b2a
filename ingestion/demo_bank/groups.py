"""Households and groups of companies, as the branches know them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank.accounts import Accounts, Holders
from ingestion.demo_bank.columns import named
from ingestion.demo_bank.people import COMPANY, CORE, People
from ingestion.demo_bank.shape import Ints, Shape

_TYPES: Final = ("household", "company_group")
_HOUSEHOLD, _COMPANY_GROUP = range(2)
_MEMBER_ROLES: Final = ("head", "member")
_JOINT: Final = 1
_LARGEST: Final = 4
# Share of persons, and of companies, who belong to one.
_SHARE: Final = 0.1


@dataclass
class Groups:
    """Who belongs where, by customer number; -1 for those who belong nowhere.

    A group keeps its number for good. It is known from the day its second member comes.
    """

    of: Ints
    type: Ints


def make_groups(shape: Shape, people: People, book: Accounts, holders: Holders) -> Groups:
    """Those who share an account or a house, and companies under one owner.

    Everybody counts under his first number only, so that nobody is in two groups.
    """
    rng = shape.rng("groups")
    of = np.full(people.count, -1)
    is_first = (people.source == CORE) & (people.person == np.arange(people.count))
    persons = np.flatnonzero(is_first & (people.party == 0))
    count = _joint_families(of, people, book, holders)
    wanted = int(_SHARE * len(persons)) - int((of >= 0).sum())
    houses = people.addresses
    # In a small bank too few share a house: the rest live in one street.
    for homes in (houses, houses.str.replace_all(r"\d+", "")):
        found = _neighbours(of, persons, homes, wanted, count, rng)
        wanted -= found[1]
        count = found[0]
    types = np.full(count, _HOUSEHOLD)
    companies = np.flatnonzero(is_first & (people.population == COMPANY) & (people.party == 1))
    one_market = pl.Series(["一"]).gather(np.zeros(people.count, np.int64))
    total, _ = _neighbours(of, companies, one_market, int(_SHARE * len(companies)) + 1, count, rng)
    return Groups(of, np.append(types, np.full(total - count, _COMPANY_GROUP)))


def _joint_families(of: Ints, people: People, book: Accounts, holders: Holders) -> int:
    """Number the families of joint holders into `of`; how many there are."""
    count = 0
    joint = np.flatnonzero(holders.role == _JOINT)
    owners = people.person[book.customer[holders.account[joint]]].tolist()
    others = people.person[holders.customer[joint]].tolist()
    sizes: list[int] = []
    for owner, other in zip(owners, others, strict=True):
        if of[other] >= 0 or owner == other:
            continue
        if of[owner] < 0:
            of[owner] = count
            sizes.append(1)
            count += 1
        if sizes[of[owner]] < _LARGEST:
            of[other] = of[owner]
            sizes[of[owner]] += 1
    return count


def _neighbours(
    of: Ints, rows: Ints, homes: pl.Series, wanted: int, first: int, rng: np.random.Generator
) -> tuple[int, int]:
    """Make groups of two to four out of those of `rows` who have one home and no group yet.

    Args:
        of: Group of each customer number; filled in here.
        rows: Candidates.
        homes: Home of each customer number; null for nobody's.
        wanted: How many members to find.
        first: Number of the first new group.
        rng: Random numbers.

    Returns:
        The number after the last group, and how many members were found.
    """
    free = rows[(of[rows] < 0) & homes.gather(rows).is_not_null().to_numpy()]
    if wanted < 2 or len(free) < 2:
        return first, 0
    home = homes.gather(free).rank("dense").to_numpy().astype(np.int64)
    order = np.lexsort((free, home))
    free, home = free[order], home[order]
    starts = np.flatnonzero(np.append(True, home[1:] != home[:-1]))
    place = np.arange(len(free)) - np.repeat(starts, np.diff(np.append(starts, len(free))))
    # Of each home, stretches of at most four.
    block = np.cumsum(place % _LARGEST == 0) - 1
    size = np.minimum(np.bincount(block), rng.choice([2, 3, 4], block[-1] + 1, p=[0.5, 0.3, 0.2]))
    lot = rng.permutation(len(size))
    lot = lot[size[lot] > 1]
    chosen = lot[np.cumsum(size[lot]) - size[lot] < wanted]
    number = np.full(len(size), -1)
    number[chosen] = first + np.arange(len(chosen))
    is_member = (number[block] >= 0) & (place % _LARGEST < size[block])
    of[free[is_member]] = number[block[is_member]]
    return first + len(chosen), int(is_member.sum())


def group_frame(groups: Groups, people: People, until: int) -> pl.DataFrame:
    """Members known on `until`, of groups of which two are; the first to come is the head."""
    rows = np.flatnonzero((groups.of >= 0) & (people.opened <= until))
    rows = rows[np.bincount(groups.of[rows], minlength=len(groups.type))[groups.of[rows]] > 1]
    rows = rows[np.lexsort((rows, people.opened[rows], groups.of[rows]))]
    group = groups.of[rows]
    is_member = np.append(False, group[1:] == group[:-1])[: len(rows)]
    kind = groups.type[group]
    number = pl.Series(group + 1).cast(pl.String).str.zfill(6)
    return pl.DataFrame(
        {
            "customer_id": people.ids.gather(rows),
            "group_id": named(["H", "G"], kind) + number,
            "group_type_code": named(_TYPES, kind),
            "member_role_code": named(_MEMBER_ROLES, is_member.astype(np.int64)),
        }
    )
