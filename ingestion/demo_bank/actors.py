"""Who acts in a month: the demand accounts that live, with their owners' traits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingestion.demo_bank.accounts import CLOSED, DORMANT, FROZEN, Accounts
from ingestion.demo_bank.people import People
from ingestion.demo_bank.shape import Days, Floats, Ints, Period


@dataclass
class Actors:
    """The demand accounts that live in a month, with their owners' traits.

    Attributes:
        leaving: First day of a run-down, or a day far away.
        gone: Day after which nothing happens any more.
        keep: Share of the usual activity that is left at the end of a run-down.
        moved: First day in another town, or a day far away.
    """

    account: Ints
    population: Ints
    income: Floats
    wealth: Floats
    weight: Floats
    digital: Floats
    rivalry: Floats
    opened: Days
    age: Floats
    leaving: Days
    gone: Days
    keep: Floats
    moved: Days


def actors(
    people: People,
    book: Accounts,
    period: Period,
    leaving: Days,
    gone: Days,
    keep: Floats,
    moved: Days,
) -> Actors:
    """The demand accounts that may act in `period`; the last four are by customer number."""
    alive = book.is_live(period.start, period.end) & (book.weight > 0)
    alive &= (book.status != CLOSED) & (book.status != DORMANT) & (book.status != FROZEN)
    rows = np.flatnonzero(alive)
    owner = book.customer[rows]
    return Actors(
        account=rows,
        population=people.population[owner],
        income=people.income[owner],
        wealth=people.wealth[owner],
        weight=book.weight[rows] * people.activity[owner],
        digital=people.digital[owner],
        rivalry=people.rate_sensitivity[owner],
        opened=book.opened[rows],
        age=(period.start - people.birth[owner]) / 365.25,
        leaving=leaving[owner],
        gone=gone[owner],
        keep=keep[owner],
        moved=moved[owner],
    )
