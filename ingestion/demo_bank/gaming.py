"""One manager who opens accounts that nobody needs, to look busy as the month ends."""

from __future__ import annotations

import numpy as np

from ingestion.demo_bank.accounts import open_demand
from ingestion.demo_bank.bank import Staff
from ingestion.demo_bank.deposits import Desk
from ingestion.demo_bank.life import FAR
from ingestion.demo_bank.postings import CHANNEL, TYPE
from ingestion.demo_bank.shape import Ints

# The team whose manager does it, and for how many of his customers a month.
_TEAM = 4
_SHARE = 0.03


def open_empty_accounts(desk: Desk, staff: Staff, found: list[Ints]) -> None:
    """Second accounts with one yuan in them, opened on the month's last three days.

    Args:
        desk: The month.
        staff: All employees.
        found: Gets the places of the accounts, for the truth.
    """
    people, rng = desk.people, desk.rng
    manager = staff.team(_TEAM)[0]
    his = np.flatnonzero(
        (people.manager == manager) & (people.party == 0) & (desk.life.leaving >= FAR)
    )
    some = his[rng.random(len(his)) < _SHARE]
    day = desk.period.end - rng.integers(0, 3, len(some))
    # A weight of almost nothing: the account is there, and nothing happens on it.
    places = open_demand(desk.book, people, some, day, weight=0.0001)
    desk.wishes.add(
        places, day=day, second=61_000 + rng.integers(0, 900, len(some)), signed=100,
        type=TYPE["cash_deposit"], channel=CHANNEL["counter"], summary=0,
    )  # fmt: skip
    found.append(places)
