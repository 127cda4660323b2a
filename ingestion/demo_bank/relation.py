"""Who looks after whom: managers, levels, classes, and how they and addresses change."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank import pools
from ingestion.demo_bank.bank import Staff
from ingestion.demo_bank.life import FAR, Life
from ingestion.demo_bank.people import CORE, MERCHANT, People
from ingestion.demo_bank.shape import NO_DAY, Bools, Column, Floats, Ints, Period, Shape

# Customers one manager, or one team of three, can look after.
_TEAM_LOAD: Final = 330
_MANAGER_LOAD: Final = 105
# Yuan of total balance from which a level is due: A, B, C; below is D.
LEVEL_FROM: Final = np.array([50_000.0, 200_000.0, 800_000.0])


def due_level(balance: Floats) -> Ints:
    """The level 0..3 (A..D) that a balance in yuan calls for."""
    found: Ints = 3 - np.searchsorted(LEVEL_FROM, balance, side="right")
    return found


def assign(shape: Shape, people: People, staff: Staff, balance: Floats) -> None:
    """Give the customers worth a visit to the teams of their district, then to other managers.

    At most 18 in 100 are looked after: merchants and the larger balances first.
    """
    rng = shape.rng("relation")
    is_open = (people.source == CORE) & (people.opened < shape.periods[0].start)
    score = np.log(np.maximum(balance, 1)) + 1.2 * (people.population == MERCHANT)
    score = np.where(is_open, score + rng.gumbel(0, 0.8, people.count), -np.inf)
    teams = [staff.team(team)[0] for team in range(7)]
    others = [i for i in staff.with_post("manager") if staff.teams[i] < 0]
    room = min(
        int(0.18 * people.core_count), 7 * _TEAM_LOAD + len(others) * _MANAGER_LOAD, is_open.sum()
    )
    chosen = np.argsort(-score, kind="stable")[:room]
    load = dict.fromkeys(teams, 0)
    per_team = max(1, min(_TEAM_LOAD, room * 6 // 10 // 7))
    turn = 0
    for customer in chosen:
        team = teams[int(people.district[customer])]
        if load[team] < per_team:
            load[team] += 1
            people.manager[customer] = team
        else:
            people.manager[customer] = others[turn % len(others)]
            turn += 1
    people.level[chosen] = due_level(balance[chosen])
    # Class and level agree for most (A key, B target, C potential, D general).
    off = rng.random(room) < 0.12
    people.grade[chosen] = np.where(off, rng.integers(0, 4, room), people.level[chosen])


def reassign(
    people: People, staff: Staff, life: Life, period: Period, rng: np.random.Generator
) -> None:
    """Customers of a manager who left get another one ten days later; a few change anyway."""
    others = [
        i for i in staff.with_post("manager")
        if staff.teams[i] < 0 and staff.left[i] == NO_DAY
    ]  # fmt: skip
    for employee, left in enumerate(staff.left):
        if left != NO_DAY and period.start <= left + 10 <= period.end:
            orphans = np.flatnonzero(people.manager == employee)
            heirs = rng.choice(others, len(orphans))
            people.log.record(np.full(len(orphans), left + 10), orphans, "manager", heirs)
    kept = np.flatnonzero((people.manager >= 0) & (life.leaving >= FAR))
    some = kept[rng.random(len(kept)) < 0.004]
    some = some[np.array([staff.left[m] == NO_DAY for m in people.manager[some]], bool)]
    day = period.start + rng.integers(0, period.days, len(some))
    people.log.record(day, some, "manager", rng.choice(others, len(some)))


def regrade(
    people: People,
    balance: Floats,
    missed: dict[str, list[Column]],
    period: Period,
    rng: np.random.Generator,
) -> None:
    """Balances that call for another level get it, most of them and late.

    Args:
        people: The customers; changes are recorded.
        balance: Yuan as the month begins.
        missed: Truth: each trigger and whether it was answered.
        period: The month.
        rng: Random numbers.
    """
    rows = np.flatnonzero((people.level >= 0) & (people.status == 0))
    due = due_level(balance[rows])
    # A quarter beyond the border at least, so that a level does not swing with every payment.
    firm = (due_level(balance[rows] * 1.25) == due) & (due_level(balance[rows] * 0.8) == due)
    trigger = firm & (due != people.level[rows])
    rows, due = rows[trigger], due[trigger]
    answered = rng.random(len(rows)) < np.where(due < people.level[rows], 0.62, 0.3)
    latency = np.minimum(rng.geometric(0.13, len(rows)), period.days - 1)
    day = period.start + latency
    for name, values in (
        ("customer", rows), ("day", np.full(len(rows), period.start)), ("from", people.level[rows]),
        ("to", due), ("answered", answered), ("latency", np.where(answered, latency, -1)),
    ):  # fmt: skip
        missed.setdefault(name, []).append(values)
    people.log.record(day[answered], rows[answered], "level", due[answered])
    both = answered & (rng.random(len(rows)) < 0.8)
    people.log.record(day[both], rows[both], "grade", due[both])


def move_homes(people: People, life: Life, period: Period, rng: np.random.Generator) -> Bools:
    """New addresses of this month: of those who move away and say so, and of a few others.

    Returns:
        Whose address text is to be written anew, by customer number.
    """
    moves = (life.moved >= period.start) & (life.moved <= period.end) & life.has_told_move
    day = np.minimum(life.moved + 9, period.end)
    within = (rng.random(people.count) < 0.0018) & (people.source == CORE) & ~moves
    within &= people.opened < period.start
    lot = period.start + rng.integers(0, period.days, people.count)
    both = np.flatnonzero(moves | within)
    people.log.record(np.where(moves, day, lot)[both], both, "moves", 1)
    people.log.record(
        lot[within], np.flatnonzero(within), "district", rng.integers(0, 7, within.sum())
    )
    result: Bools = moves | within
    return result


def new_addresses(people: People, life: Life, rng: np.random.Generator) -> pl.Series:
    """A second address for everybody, used once he has moved: in Taiyuan for those who left."""
    inside = pools.addresses(people.district, rng)
    towns = pl.Series(
        ["山西省太原市小店区", "山西省太原市万柏林区", "山西省古交市", "北京市丰台区"]
    )
    streets = pl.Series(["坞城路", "长风街", "晋祠路", "大川西路", "南四环西路"])
    count = people.count
    away = (
        towns.gather(rng.integers(0, 4, count))
        + streets.gather(rng.integers(0, 5, count))
        + pl.Series(rng.integers(1, 400, count)).cast(pl.String)
        + pl.Series(["号"]).gather(np.zeros(count, np.int64))
    )
    return away.zip_with(pl.Series(life.moved < FAR), inside)
