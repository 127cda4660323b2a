"""Why and when customers leave: the monthly hazard by cause, and the run-down that follows.

The hazard is made of things that the bank could have seen (complaints without an answer, visits
that were due and not made, deposits that mature, idle money and rates elsewhere, a rival's new
branch, a move to another town) and of a little that nobody can see. A customer's hazard of a month
is fixed before the month begins.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank.people import COMPANY, INSTITUTION, MERCHANT, People
from ingestion.demo_bank.shape import Bools, Days, Floats, Ints, Period, Shape

CAUSES: Final = (
    "service", "missed_visits", "better_rate", "moved_away", "term_matured", "competitor", "other",
)  # fmt: skip
NOT_LEAVING, LEFT_CLOSED, LEFT_EMPTIED, LEFT_PARTLY = range(4)
#: How those leave who decide to.
LEAVING_SHARE = {LEFT_CLOSED: 0.42, LEFT_EMPTIED: 0.28, LEFT_PARTLY: 0.30}
KINDS: Final = ("none", "hard_closed", "hard_emptied", "soft")
#: Days from the decision until the money is gone: a gamma of this shape and scale, within bounds.
RUN_DOWN_SHAPE, RUN_DOWN_SCALE = 4.0, 9.0
RUN_DOWN_LEAST, RUN_DOWN_MOST = 10, 90
FAR: Final = np.iinfo(np.int32).max // 2
# Months (counted from the first of the history) in which a rival woos, and where.
_RIVAL_OFFERS: Final = ((2, 4, 0.9), (7, 9, 1.3), (11, 12, 1.1))
_RIVAL_BRANCHES: Final = ((4, 3), (8, 0))
_SCALE: Final = 1.5


@dataclass
class Signals:
    """What bears on a person's leaving as a month begins, by his first customer number.

    Attributes:
        balance: Yuan over all his accounts.
        unanswered: Whether a complaint has waited more than two weeks, or the answer displeased.
        neglect: Share of the visits due in the last two months that were not made.
        is_managed: Whether somebody has to visit him.
        matured: Yuan of term deposits that mature this month.
        idle_share: Share of his money that lies on demand accounts.
        products: How many kinds of products he uses.
    """

    balance: Floats
    unanswered: Floats
    neglect: Floats
    is_managed: Bools
    matured: Floats
    idle_share: Floats
    products: Ints


@dataclass
class Life:
    """What becomes of each customer number; days far away mean never."""

    leaving: Days
    gone: Days
    kind: Ints
    cause: Ints
    keep: Floats
    moved: Days
    has_told_move: Bools
    hazards: list[pl.DataFrame] = field(default_factory=list)
    decisions: list[pl.DataFrame] = field(default_factory=list)

    @property
    def is_leaving(self) -> Bools:
        """Who has decided to leave or to keep only a part, whether or not it shows yet."""
        decided: Bools = self.kind != NOT_LEAVING
        return decided


def make_life(shape: Shape, people: People) -> Life:
    """Nobody has decided anything yet; who will move away, and when, is settled."""
    rng = shape.rng("life")
    count = people.count
    start, end = shape.periods[0].start, shape.periods[-1].end
    age = (start - people.birth) / 365.25
    youth = np.clip((45 - age) / 25, 0, 1) * (people.party == 0)
    moves = rng.random(count) < (0.012 + 0.05 * youth) * (end - start) / 365
    # A few months before the history too, so that its first months have leavers.
    moved = np.where(moves, rng.integers(start - 90, end, count), FAR).astype(np.int32)
    return Life(
        leaving=np.full(count, FAR, np.int32),
        gone=np.full(count, FAR, np.int32),
        kind=np.zeros(count, np.int64),
        cause=np.full(count, -1),
        keep=np.ones(count),
        moved=moved[people.person].astype(np.int32),
        has_told_move=rng.random(count) < 0.55,
    )


def hazards_of_month(people: People, life: Life, signals: Signals, period: Period) -> Floats:
    """The chance, by customer number and cause, to decide in this month to leave.

    Returns:
        One row per customer number, one column per cause, in the order of `CAUSES`.
    """
    is_merchant = people.population == MERCHANT
    tenure = np.clip((period.start - people.opened) / 365.25, 0, 12)
    # The more a customer has with the bank, and the longer, the slower he is to go.
    tie = np.exp(0.55 - 0.09 * tenure - 0.38 * np.minimum(signals.products - 1, 4))
    month = period.index
    offer = max((s for first, last, s in _RIVAL_OFFERS if first <= month % 12 < last), default=0.3)
    large = np.clip(np.log10(np.maximum(signals.balance, 1) / 8_000), 0, 1.6)
    since_move = period.start - life.moved
    has_moved = (since_move > -25) & (since_move < 120)
    near = np.zeros(people.count)
    for opens, district in _RIVAL_BRANCHES:
        if opens <= month % 12 < opens + 4:
            near += people.district == district
    greed = people.rate_sensitivity
    found = np.column_stack(
        [
            0.20 * signals.unanswered,
            0.075 * signals.is_managed * np.clip(signals.neglect - 0.3, 0, 0.7),
            0.055 * offer * greed**2 * large * (0.3 + signals.idle_share),
            0.13 * has_moved,
            0.22 * (0.15 + 1.7 * greed**1.5) * np.clip(signals.matured / 20_000, 0, 1.2),
            0.022 * near * (0.4 + 1.2 * is_merchant),
            np.full(people.count, 0.0005),
        ]
    )
    calm = np.where(people.population == INSTITUTION, 0.15, 1.0)
    calm = np.where(people.population == COMPANY, 0.6, calm)
    found *= (_SCALE * tie * people.frailty * calm)[:, None]
    is_first = people.person == np.arange(people.count)
    at_risk = is_first & (people.opened < period.start - 30) & ~life.is_leaving
    at_risk &= (people.status == 0) & (signals.balance >= 50)
    found[~at_risk] = 0.0
    result: Floats = np.minimum(found, 0.5)
    return result


def decide(
    people: People,
    life: Life,
    signals: Signals,
    has_loan: Bools,
    period: Period,
    rng: np.random.Generator,
) -> Ints:
    """Let customers decide in this month; the customer numbers that now begin to leave."""
    hazards = hazards_of_month(people, life, signals, period)
    stays = np.prod(1.0 - hazards, axis=1)
    total = 1.0 - stays
    leavers = np.flatnonzero(rng.random(people.count) < total)
    share = np.cumsum(hazards[leavers], axis=1)
    pick = rng.random(len(leavers)) * share[:, -1]
    cause = (pick[:, None] > share).sum(axis=1)
    kind = rng.choice(list(LEAVING_SHARE), len(leavers), p=list(LEAVING_SHARE.values()))
    # Who owes the bank money cannot close everything.
    kind[has_loan[leavers]] = LEFT_PARTLY
    day = period.start + rng.integers(0, period.days, len(leavers))
    length = rng.gamma(RUN_DOWN_SHAPE, RUN_DOWN_SCALE, len(leavers))
    length = np.clip(length, RUN_DOWN_LEAST, RUN_DOWN_MOST).astype(np.int64)
    whole = kind != LEFT_PARTLY
    life.kind[leavers] = kind
    life.cause[leavers] = cause
    life.leaving[leavers] = day
    life.gone[leavers] = np.where(whole, day + length, FAR)
    life.keep[leavers] = np.where(whole, 0.12, rng.uniform(0.25, 0.5, len(leavers)))
    _tell_other_numbers(people, life, leavers)
    _note(people, life, signals, hazards, leavers, period, day + length)
    return leavers


def _tell_other_numbers(people: People, life: Life, leavers: Ints) -> None:
    """A person leaves under all the numbers he has."""
    has_left = np.zeros(people.count, bool)
    has_left[leavers] = True
    others = np.flatnonzero(has_left[people.person] & ~has_left)
    for values in (life.kind, life.cause, life.leaving, life.gone, life.keep):
        values[others] = values[people.person[others]]


def _note(
    people: People,
    life: Life,
    signals: Signals,
    hazards: Floats,
    leavers: Ints,
    period: Period,
    end: Ints,
) -> None:
    """Write the month into the truth."""
    at_risk = np.flatnonzero(hazards.sum(axis=1) > 0)
    frame = {"customer_id": people.ids.gather(at_risk), "month": [period.first] * len(at_risk)}
    total = 1.0 - np.prod(1.0 - hazards[at_risk], axis=1)
    columns = {f"hazard_{cause}": hazards[at_risk, i] for i, cause in enumerate(CAUSES)}
    life.hazards.append(
        pl.DataFrame(frame | {"hazard": total} | columns).with_columns(
            pl.selectors.starts_with("hazard").cast(pl.Float32)
        )
    )
    life.decisions.append(
        pl.DataFrame(
            {
                "customer_id": people.ids.gather(leavers),
                "cause": [CAUSES[i] for i in life.cause[leavers]],
                "kind": [KINDS[i] for i in life.kind[leavers]],
                "decided_date": life.leaving[leavers],
                "run_down_until_date": end.astype(np.int32),
                "balance_before_yuan": signals.balance[leavers].round(2),
                "hazard": 1.0 - np.prod(1.0 - hazards[leavers], axis=1),
            },
            schema_overrides={"cause": pl.String, "kind": pl.String},
        ).with_columns(pl.col("decided_date", "run_down_until_date").cast(pl.Date))
    )
