"""Complaints and the steps taken on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank.bank import BRANCHES, Staff
from ingestion.demo_bank.columns import dates, named, whole
from ingestion.demo_bank.people import CORE, People
from ingestion.demo_bank.shape import Bools, Column, Days, Floats, Ints, Period, Shape

COMPLAINT_TYPES: Final = (
    "service_attitude", "waiting_time", "fee_dispute", "rate_dispute", "system_fault",
    "loan_handling", "other",
)  # fmt: skip
_TYPE_SHARES: Final = (0.2, 0.24, 0.16, 0.12, 0.12, 0.1, 0.06)
CHANNELS: Final = ("counter", "phone_bank", "mobile_bank", "online_bank")
STATUSES: Final = ("open", "closed", "reopened")
ACTIONS: Final = ("received", "replied", "investigated", "decided", "closed", "reopened")
# Where a step never happens.
_NEVER: Final = np.iinfo(np.int32).max // 2
_TEXTS: Final = (
    "柜员态度生硬,问两句就不耐烦", "排队一个多小时才办上业务", "短信费没同意就扣了",
    "存款利率和当初说的不一样", "手机银行转账失败,钱扣了没到", "贷款材料交了一个月没有答复",
    "自助机吞卡,打电话没人接",
)  # fmt: skip
_NOTES: Final = (
    "已登记,转相关支行", "电话联系客户说明情况", "调取监控及流水核实", "经研究同意客户合理诉求",
    "客户表示认可,结案", "客户对处理不满意,重新受理",
)  # fmt: skip


@dataclass
class Complaints:
    """All complaints so far; days far away mean the step is never taken."""

    customer: Ints
    organisation: Ints
    kind: Ints
    channel: Ints
    received: Days
    replied: Days
    investigated: Days
    decided: Days
    closed: Days
    reopened: Days
    closed_again: Days
    score: Ints
    handler: Ints

    @property
    def count(self) -> int:
        """How many complaints there are."""
        return len(self.customer)

    def ids(self) -> pl.Series:
        """Case numbers."""
        return pl.Series([f"TS{25_000_001 + i}" for i in range(self.count)], dtype=pl.String)

    def steps(self) -> list[tuple[int, Days]]:
        """(action, day) of each kind of step, in the order they are taken."""
        return [
            (0, self.received), (1, self.replied), (2, self.investigated), (3, self.decided),
            (4, self.closed), (5, self.reopened), (4, self.closed_again),
        ]  # fmt: skip


def no_complaints() -> Complaints:
    """Nobody has complained yet."""
    empty = np.zeros(0, np.int64)
    return Complaints(*(empty.copy() for _ in Complaints.__annotations__))


def complain_month(
    cases: Complaints,
    shape: Shape,
    people: People,
    staff: Staff,
    is_active: Bools,
    period: Period,
    rng: np.random.Generator,
) -> None:
    """New complaints of a month, with the whole of what will be done about each."""
    quality = _quality(shape)
    chance = np.where(is_active & (people.source == CORE), 0.0045, 0.0)
    chance = chance * np.clip(people.activity, 0.2, 3) * quality[people.organisation]
    found = np.flatnonzero(rng.random(people.count) < chance)
    day = period.start + rng.integers(0, period.days, len(found))
    # Every fourth month the systems fail on one day, and many complain at once.
    kind = rng.choice(len(COMPLAINT_TYPES), len(found), p=_TYPE_SHARES)
    if period.index % 4 == 1:
        hit = np.flatnonzero(is_active & (rng.random(people.count) < 0.002 * people.digital))
        found = np.concatenate([found, hit])
        day = np.concatenate([day, np.full(len(hit), period.start + 11)])
        kind = np.concatenate([kind, np.full(len(hit), COMPLAINT_TYPES.index("system_fault"))])
    order = np.argsort(day, kind="stable")
    _append(cases, _handle(found[order], day[order], kind[order], people, staff, quality, rng))


def _quality(shape: Shape) -> Floats:
    """How much worse than usual each unit serves: some branches are a problem, and stay it."""
    rng = shape.rng("service quality")
    quality = np.ones(64)
    quality[list(BRANCHES)] = rng.lognormal(-0.1, 0.45, len(BRANCHES))
    return quality


def _handle(
    customer: Ints,
    day: Ints,
    kind: Ints,
    people: People,
    staff: Staff,
    quality: Floats,
    rng: np.random.Generator,
) -> dict[str, Column]:
    """Reply, inquiry, decision, closing and reopening of each complaint."""
    count = len(customer)
    unit = people.organisation[customer]
    slow = quality[unit]
    ignored = rng.random(count) < np.clip(0.14 * slow, 0.03, 0.5)
    replied = day + np.ceil(rng.gamma(1.3, 2.2 * slow)).astype(np.int64)
    investigated = replied + rng.integers(1, 8, count)
    decided = investigated + np.ceil(rng.gamma(1.5, 3.5 * slow)).astype(np.int64)
    closed = decided + rng.integers(0, 4, count)
    # Forgotten cases are found weeks later, half of them never.
    found_late = ignored & (rng.random(count) < 0.5)
    late = rng.integers(35, 80, count)
    for step in (replied, investigated, decided, closed):
        step[found_late] += late[found_late]
        step[ignored & ~found_late] = _NEVER
    score = np.clip(rng.normal(7.6 - 1.1 * (slow - 1) - 3.2 * ignored, 1.7), 1, 10).astype(np.int64)
    again = (closed < _NEVER) & (score <= 4) & (rng.random(count) < 0.55)
    reopened = np.where(again, closed + rng.integers(1, 12, count), _NEVER)
    closed_again = np.where(again, reopened + rng.integers(4, 25, count), _NEVER)
    is_nameless = rng.random(count) < 0.06
    back_office = np.array(staff.with_post("back_office", "teller"))
    return {
        "customer": np.where(is_nameless, -1, customer),
        "organisation": unit,
        "kind": kind,
        "channel": rng.choice(len(CHANNELS), count, p=[0.35, 0.4, 0.2, 0.05]),
        "received": day,
        "replied": replied,
        "investigated": investigated,
        "decided": decided,
        "closed": closed,
        "reopened": reopened,
        "closed_again": closed_again,
        "score": score,
        "handler": rng.choice(back_office, count),
    }


def _append(cases: Complaints, batch: dict[str, Column]) -> None:
    for name, values in batch.items():
        setattr(cases, name, np.concatenate([getattr(cases, name), values]))


def unanswered(cases: Complaints, people: People, day: int) -> Floats:
    """How badly each person's complaints of the last months were treated, 0 to 1.

    1: no reply for over two weeks. 0.3: answered, but with a score of 4 or less.
    """
    found = np.zeros(people.count)
    named = cases.customer >= 0
    waiting = named & (cases.received <= day - 15) & (cases.replied > day)
    waiting &= cases.received > day - 120
    sore = named & (cases.closed <= day) & (cases.closed > day - 75) & (cases.score <= 4)
    np.maximum.at(found, people.person[cases.customer[sore]], 0.3)
    np.maximum.at(found, people.person[cases.customer[waiting]], 1.0)
    return found


def complaint_frame(
    cases: Complaints, people: People, units: list[str], after: int, until: int
) -> pl.DataFrame:
    """The complaints whose record changed after `after` up to `until`, as they stand then."""
    changes = np.column_stack([day for _, day in cases.steps()])
    seen = np.where((changes > after) & (changes <= until), changes, -1)
    rows = np.flatnonzero(seen.max(axis=1, initial=-1) >= 0)
    closed_again, reopened = cases.closed_again[rows], cases.reopened[rows]
    status = np.select(
        [closed_again <= until, reopened <= until, cases.closed[rows] <= until], [1, 2, 1], 0
    )
    closing = np.where(closed_again <= until, closed_again, cases.closed[rows])
    is_closed = status == 1
    return pl.DataFrame(
        {
            "complaint_id": cases.ids().gather(rows),
            "customer_id": named(people.ids, cases.customer[rows]),
            "organisation_id": named(units, cases.organisation[rows]),
            "received_date": dates(cases.received[rows]),
            "channel_code": named(CHANNELS, cases.channel[rows]),
            "complaint_type_code": named(COMPLAINT_TYPES, cases.kind[rows]),
            "status_code": named(STATUSES, status),
            "closed_date": dates(np.where(is_closed, closing, -1)),
            "satisfaction_score": whole(np.where(is_closed, cases.score[rows], -1)),
            "complaint_text": named(_TEXTS, cases.kind[rows]),
            "updated_date": dates(seen[rows].max(axis=1, initial=-1)),
        }
    )


def step_frame(cases: Complaints, staff: Staff, after: int, until: int) -> pl.DataFrame:
    """The steps taken after `after` up to `until`."""
    ids = cases.ids()
    parts = []
    for number, (action, day) in enumerate(cases.steps(), start=1):
        rows = np.flatnonzero((day > after) & (day <= until))
        parts.append(
            pl.DataFrame(
                {
                    "complaint_id": ids.gather(rows),
                    "step_number": np.full(len(rows), number),
                    "step_date": dates(day[rows]),
                    "employee_id": named(staff.ids, cases.handler[rows]),
                    "action_code": named(ACTIONS, np.full(len(rows), action)),
                    "note_text": named(_NOTES, np.full(len(rows), action)),
                }
            )
        )
    return pl.concat(parts).sort("step_date", "complaint_id", "step_number")
