"""Customers whom two managers look after together, as the office writes their shares down."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import polars as pl

from ingestion.demo_bank.bank import Staff
from ingestion.demo_bank.columns import dates
from ingestion.demo_bank.people import People
from ingestion.demo_bank.shape import NO_DAY, Period, Shape

# Of the customers who are looked after, how many have a second manager.
_SHARED: Final = 0.06
_SPLITS: Final = (0.6, 0.7, 0.5, 0.8)
_UNKNOWN_MANAGER: Final = "E9999"


class _Line(NamedTuple):
    """A line as told: the share in millionths, days as numbers, `ended` NO_DAY while it holds."""

    customer: str
    employee: str
    role: str
    share: int
    started: int
    ended: int
    told: int


def make_shares(shape: Shape, people: People, staff: Staff) -> pl.DataFrame:
    """Every line of the history, with the day on which the office told it.

    The office adds up to 90 and to 120 in a hundred, lets two lines of one manager run side by
    side, names a manager who has gone and one whom nobody knows, and mends a split months later.
    """
    rng = shape.rng("shared customers")
    start, end = shape.periods[0].start, shape.periods[-1].end
    kept = np.flatnonzero(people.manager >= 0)
    shared = np.sort(rng.choice(kept, max(8, int(len(kept) * _SHARED)), replace=False))
    present = [i for i in staff.with_post("manager") if staff.left[i] == NO_DAY]
    gone = [i for i in staff.with_post("manager") if staff.left[i] != NO_DAY]
    lines: list[_Line] = []
    for turn, customer in enumerate(shared):
        lead = int(people.manager[customer])
        helpers = [i for i in present if i != lead]
        helper = staff.ids[int(rng.choice(helpers))]
        day = start if turn % 3 else start + int(rng.integers(1, max(end - start - 90, 2)))
        part = round(_SPLITS[turn % len(_SPLITS)] * 1_000_000)
        lines += _agreed(people.ids[int(customer)], staff.ids[lead], helper, part, day, turn)
    _plant(lines, [staff.ids[i] for i in gone])
    lines.sort(key=lambda line: (line.told, line.started, line.customer, line.employee))
    return pl.DataFrame(
        {
            "customer_id": [line.customer for line in lines],
            "employee_id": [line.employee for line in lines],
            "role_code": [line.role for line in lines],
            "share_rate": [line.share for line in lines],
            "started_date": dates(np.array([line.started for line in lines])),
            "ended_date": dates(np.array([line.ended for line in lines])),
            "told_date": dates(np.array([line.told for line in lines])),
        }
    )


def _agreed(customer: str, lead: str, helper: str, part: int, day: int, turn: int) -> list[_Line]:
    """Two managers of one customer; of some the split changes, of some it ends."""
    change, rest = day + 75, 1_000_000 - part
    until = change if turn % 4 == 1 else day + 120 if turn % 4 == 2 else NO_DAY
    lines = [
        _Line(customer, lead, "lead", part, day, until, day),
        _Line(customer, helper, "assist", rest, day, until, day),
    ]
    if turn % 4 == 1:
        lines += [
            _Line(customer, lead, "lead", rest, change, NO_DAY, change),
            _Line(customer, helper, "assist", part, change, NO_DAY, change),
        ]
    if turn % 16 == 3:
        # Mended a quarter later: it was half and half from the beginning.
        lines += [line._replace(share=500_000, told=day + 95) for line in lines]
    return lines


def _plant(lines: list[_Line], gone: list[str]) -> None:
    """What the office gets wrong, in the lines of a few customers."""
    firsts = [place for place, line in enumerate(lines) if line.role == "assist"]
    for nth in range(0, len(firsts), 11):
        line = lines[firsts[nth]]
        wrong = line.share - 100_000 if nth % 2 else min(line.share + 200_000, 1_000_000)
        lines[firsts[nth]] = line._replace(share=wrong)
    if gone:
        lines[firsts[4]] = lines[firsts[4]]._replace(employee=gone[0])
    lines[firsts[7]] = lines[firsts[7]]._replace(employee=_UNKNOWN_MANAGER)
    # A second line of the same manager, while the first one never ended.
    first = lines[firsts[2]]
    lines.append(first._replace(started=first.started + 40, ended=NO_DAY, told=first.told + 40))


def shares_of(lines: pl.DataFrame, period: Period) -> pl.DataFrame:
    """The lines told in a month; those of the history's first day come with the first month."""
    told = pl.col("told_date").is_between(period.first, period.last)
    key = ["customer_id", "employee_id", "started_date"]
    return lines.filter(told).unique(key, keep="last", maintain_order=True).drop("told_date")
