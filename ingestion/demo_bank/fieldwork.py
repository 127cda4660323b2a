"""Visits, as due, as made and as claimed; call-backs and rosters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ingestion.demo_bank import pools
from ingestion.demo_bank.bank import Staff
from ingestion.demo_bank.life import FAR, Life
from ingestion.demo_bank.people import COMPANY, People
from ingestion.demo_bank.shape import (
    NO_DAY,
    Bools,
    Days,
    Floats,
    Ints,
    Period,
    to_date,
    working_days,
)

WAYS: Final = ("on_site", "phone", "branch")
PURPOSES: Final = ("deposit", "loan", "product", "maintenance", "survey", "complaint")
OUTCOMES: Final = ("closed", "advanced", "refused", "absent")
NEXT_STEPS: Final = ("revisit", "send_offer", "apply", "escalate", "none")
# Days between two visits that a level calls for: A and B weekly, C twice a month, D monthly.
_VISITS_A_MONTH: Final = np.array([4.34, 4.34, 2.0, 1.0])
_WAY_SHARES: Final = (0.62, 0.27, 0.11)
# Days, by number, on which a leader telephones whatever the week asks.
_AT_DESK_EVERY: Final = 31
_PURPOSE_SHARES: Final = (0.34, 0.14, 0.14, 0.26, 0.08, 0.04)


@dataclass
class Visits:
    """Claimed visits of a month; `is_false` is known to the truth alone."""

    customer: Ints
    employee: Ints
    owner: Ints
    day: Days
    minute: Ints
    way: Ints
    length: Ints
    purpose: Ints
    outcome: Ints
    next_step: Ints
    expected_fen: Ints
    need: Ints
    entered: Days
    is_false: Bools

    @property
    def count(self) -> int:
        """How many visits are claimed."""
        return len(self.customer)

    def take(self, rows: Ints | Bools) -> Visits:
        """The visits at `rows`."""
        return Visits(**{name: getattr(self, name)[rows] for name in Visits.__annotations__})


@dataclass
class Neglect:
    """Share of due visits that were not made, this month and last, by customer number."""

    now: Floats
    before: Floats

    @property
    def level(self) -> Floats:
        """The mean of the two months."""
        mean: Floats = (self.now + self.before) / 2
        return mean


def visit_month(
    people: People,
    staff: Staff,
    life: Life,
    neglect: Neglect,
    period: Period,
    rng: np.random.Generator,
) -> Visits:
    """The visits claimed in a month, by cadence and by how each manager keeps it."""
    looked_after = np.flatnonzero(
        (people.manager >= 0) & (people.level >= 0) & (people.status == 0)
    )
    owner = people.manager[looked_after]
    here = np.array([staff.left[m] == NO_DAY or staff.left[m] > period.start for m in owner], bool)
    expected = _VISITS_A_MONTH[people.level[looked_after]]
    due = np.floor(expected + rng.random(len(expected))).astype(np.int64)
    due = np.maximum(due, 1)
    # Neglect sticks: who was skipped last month is likely to be skipped again.
    sticky = np.clip(1.15 - 0.5 * neglect.now[looked_after], 0.2, 1.1)
    chance = np.clip(staff.compliance[owner] * sticky, 0, 1) * here
    at = np.repeat(np.arange(len(looked_after)), due)
    is_made = rng.random(len(at)) < chance[at]
    # What was not made is sometimes claimed all the same.
    is_false = ~is_made & (rng.random(len(at)) < staff.falsehood[owner[at]] * 1.6) & here[at]
    made_count = np.bincount(at[is_made], minlength=len(looked_after))
    neglect.before = neglect.now.copy()
    neglect.now[:] = 0.0
    neglect.now[looked_after] = 1.0 - np.minimum(made_count / due, 1.0)
    kept = np.flatnonzero(is_made | is_false)
    customer = looked_after[at[kept]]
    return _describe(people, staff, life, customer, owner[at[kept]], is_false[kept], period, rng)


def _describe(
    people: People,
    staff: Staff,
    life: Life,
    customer: Ints,
    owner: Ints,
    is_false: Bools,
    period: Period,
    rng: np.random.Generator,
) -> Visits:
    """Day, way, length, purpose and outcome of each claimed visit."""
    count = len(customer)
    days = working_days(period.start, period.end)
    # False visits bunch at the month's end, when the ledger is checked.
    place = np.where(is_false, rng.beta(5, 1.2, count), rng.random(count))
    day = days[np.minimum((place * len(days)).astype(np.int64), len(days) - 1)]
    last_day = np.array([staff.left[m] if staff.left[m] != NO_DAY else FAR for m in owner])
    day = np.minimum(day, last_day.astype(np.int32))
    minute = np.where(
        is_false, rng.integers(16 * 60, 22 * 60, count), rng.normal(13.2 * 60, 150, count)
    )
    minute = np.clip(minute, 8 * 60, 22 * 60).astype(np.int64)
    # Forged entries carry round times more often.
    minute = np.where(is_false & (rng.random(count) < 0.6), minute // 30 * 30, minute)
    way = rng.choice(3, count, p=_WAY_SHARES)
    usual = np.select([way == 0, way == 1], [rng.gamma(6, 5, count), rng.gamma(2.5, 2.6, count)],
                      rng.gamma(4, 4, count))  # fmt: skip
    length = np.where(is_false, rng.choice([5, 5, 10, 10, 30], count), np.maximum(usual, 1))
    leaves = life.leaving[customer] <= day
    outcome = np.where(
        leaves,
        rng.choice(4, count, p=[0.02, 0.13, 0.55, 0.30]),
        rng.choice(4, count, p=[0.12, 0.52, 0.24, 0.12]),
    )
    outcome = np.where(is_false, rng.choice(4, count, p=[0.03, 0.82, 0.1, 0.05]), outcome)
    hope = np.where(people.population[customer] >= COMPANY, 25, 4) * rng.lognormal(0, 0.8, count)
    speaks = (outcome <= 1) & (rng.random(count) < 0.55)
    # Nine of ten are in the ledger by the end of the next working day, as the rule asks.
    late = rng.choice([0, 0, 0, 0, 0, 0, 1, 1, 1, 6], count)
    late = np.where(is_false, rng.choice([0, 5, 8], count), late)
    return Visits(
        customer=customer,
        employee=_walkers(staff, owner, rng),
        owner=owner,
        day=day.astype(np.int32),
        minute=minute,
        way=way,
        length=length.astype(np.int64),
        purpose=rng.choice(6, count, p=_PURPOSE_SHARES),
        outcome=outcome,
        next_step=_next_steps(outcome, rng),
        expected_fen=np.where(speaks, np.ceil(hope).astype(np.int64) * 1_000_000, -1),
        need=_needs(life, customer, day, is_false, rng),
        entered=(day + late).astype(np.int32),
        is_false=is_false,
    )


def _walkers(staff: Staff, owner: Ints, rng: np.random.Generator) -> Ints:
    """Who went: in a team any of the three, the manager more often than the new staff."""
    walker = owner.copy()
    for team in range(7):
        members = np.array(staff.team(team))
        rows = np.flatnonzero(owner == members[0])
        walker[rows] = rng.choice(members, len(rows), p=[0.5, 0.25, 0.25])
    return walker


def _next_steps(outcome: Ints, rng: np.random.Generator) -> Ints:
    """A next step that fits the outcome; one in thirty is left out."""
    count = len(outcome)
    step = np.select(
        [outcome == 0, outcome == 1, outcome == 2],
        [rng.choice([2, 4], count), rng.choice([0, 1, 2], count), rng.choice([0, 3, 4], count)],
        0,
    )
    return np.where(rng.random(count) < 0.033, -1, step)


def _needs(
    life: Life, customer: Ints, day: Days, is_false: Bools, rng: np.random.Generator
) -> Ints:
    """Which opinion was heard: index into OPINIONS, negative for an empty phrase, -9 for none."""
    count = len(customer)
    need = rng.integers(0, len(pools.OPINIONS), count)
    # Who is about to leave for a rate says so now and then.
    hint = (life.leaving[customer] < day + 45) & (life.cause[customer] == 2)
    need = np.where(hint & (rng.random(count) < 0.5), 0, need)
    empty = -1 - rng.integers(0, len(pools.EMPTY_PHRASES), count)
    need = np.where(rng.random(count) < np.where(is_false, 0.9, 0.35), empty, need)
    return np.where(rng.random(count) < 0.12, -9, need)


def need_texts(need: Ints) -> list[str | None]:
    """The words of each need."""
    return [
        None if n == -9 else pools.OPINIONS[n] if n >= 0 else pools.EMPTY_PHRASES[-1 - n]
        for n in need
    ]


@dataclass
class Callbacks:
    """Leaders' calls to customers about a visit they are said to have had.

    `is_false` is known to the truth, and to who decides about what was denied.
    """

    leader: Ints
    customer: Ints
    day: Days
    mode: Ints
    employee: Ints
    visited: Days
    result: Ints
    score: Ints
    opinion: Ints
    is_false: Bools


MODES: Final = ("phone", "on_site")
RESULTS: Final = ("confirmed", "denied", "not_reached")


def supervision_mode(day: int) -> int:
    """0 = phone week, 1 = on-site week: odd ISO weeks phone, even ones on site."""
    return 0 if to_date(day).isocalendar().week % 2 else 1


def roster_month(staff: Staff, period: Period, visit_count: int) -> list[tuple[int, int, int, int]]:
    """(day, leader, mode, calls due) of every working day; the leaders take turns."""
    leaders = staff.with_post("leader")
    due = int(np.clip(visit_count // 220, 3, 10))
    return [
        (int(day), leaders[int(day) % len(leaders)], supervision_mode(int(day)), due)
        for day in working_days(period.start, period.end)
    ]


def call_back(
    roster: list[tuple[int, int, int, int]], visits: Visits, rng: np.random.Generator
) -> Callbacks:
    """Each day's leader asks some customers about a visit of the two weeks before.

    A false visit is denied five times in six; one day in twelve nobody calls, and now and then a
    leader stays at his desk and telephones in a week on site.
    """
    rows: list[tuple[int, int, int, int]] = []
    order = np.argsort(visits.day, kind="stable")
    days = visits.day[order]
    for day, leader, mode, due in roster:
        first, last = np.searchsorted(days, [day - 14, day])
        if last <= first or rng.random() < 0.08:
            continue
        picks = np.unique(order[rng.integers(first, last, due)])
        # One call per customer and day.
        _, once = np.unique(visits.customer[picks], return_index=True)
        rows += [(leader, int(pick), day, mode) for pick in picks[np.sort(once)]]
    picks = np.array([row[1] for row in rows], np.int64)
    false = visits.is_false[picks]
    draw = rng.random(len(rows))
    confirmed = np.where(false, draw < 0.17, draw < 0.975)
    result = np.where(confirmed, 0, 1)
    result = np.where(rng.random(len(rows)) < 0.16, 2, result)
    score = np.clip(rng.normal(np.where(false, 5.0, 8.0), 1.4), 1, 10).astype(np.int64)
    return Callbacks(
        leader=np.array([row[0] for row in rows], np.int64),
        customer=visits.customer[picks],
        day=np.array([row[2] for row in rows], np.int32),
        mode=np.array([0 if row[2] % _AT_DESK_EVERY == 0 else row[3] for row in rows], np.int64),
        employee=visits.employee[picks],
        visited=visits.day[picks],
        result=result,
        score=np.where(result == 2, -1, score),
        opinion=np.where(
            (result == 2) | (rng.random(len(rows)) < 0.6),
            -9,
            rng.integers(0, len(pools.OPINIONS), len(rows)),
        ),
        is_false=false,
    )
