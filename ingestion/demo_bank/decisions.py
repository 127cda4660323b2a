"""What clerks decided about two customer numbers: the same customer, or not, and once mistaken."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank.bank import Staff
from ingestion.demo_bank.columns import dates
from ingestion.demo_bank.people import CORE, PRESIDENT, People
from ingestion.demo_bank.shape import Ints, Shape, next_working_day

_UNKNOWN_CUSTOMER: Final = "88888888"
# Share of the president system's numbers that a clerk has looked into.
_LOOKED_INTO: Final = 0.15
_NAMESAKES: Final = 8


def make_decisions(shape: Shape, people: People, staff: Staff) -> pl.DataFrame:
    """All decisions of the bank's history, with the day of each."""
    rng = shape.rng("identity decisions")
    start, end = shape.periods[0].start, shape.periods[-1].end
    rows: list[tuple[str, str, str, str, int]] = []
    second = np.flatnonzero(people.source == PRESIDENT)
    for number in second[rng.random(len(second)) < _LOOKED_INTO]:
        day = max(int(people.opened[number]), start) + int(rng.integers(15, 60))
        one, other = people.ids[int(people.person[number])], people.ids[int(number)]
        rows.append((one, other, "same", ("visit", "phone")[number % 2], day))
    first, last = _namesakes(people)
    for one, other in zip(first[:_NAMESAKES], last[:_NAMESAKES], strict=True):
        day = start + int(rng.integers(20, max(end - start, 21)))
        pair = (people.ids[int(one)], people.ids[int(other)])
        rows.append((*pair, "not_same", "document", day))
    if len(first) > _NAMESAKES:
        # Two people of one name were taken for one, until one of them came in.
        pair = (people.ids[int(first[_NAMESAKES])], people.ids[int(last[_NAMESAKES])])
        rows.append((*pair, "same", "phone", start + 25))
        rows.append((*pair, "not_same", "mistake", start + 70))
    rows.append((people.ids[0], _UNKNOWN_CUSTOMER, "same", "relative", start + 12))
    rows.sort(key=lambda row: (row[4], row[0], row[1]))
    clerks = staff.with_post("back_office")
    return pl.DataFrame(
        {
            "decision_id": [f"RD{number + 1:05d}" for number in range(len(rows))],
            "left_customer_id": [row[0] for row in rows],
            "right_customer_id": [row[1] for row in rows],
            "verdict_code": [row[2] for row in rows],
            "basis_code": [row[3] for row in rows],
            "decided_by_id": [staff.ids[clerks[n % len(clerks)]] for n in range(len(rows))],
            "decided_date": dates(np.array([next_working_day(row[4]) for row in rows])),
        }
    )


def _namesakes(people: People) -> tuple[Ints, Ints]:
    """Neighbours in the order of names that have one name and are two customers of the core."""
    core = np.flatnonzero((people.source == CORE) & (people.person == np.arange(people.count)))
    core = core[people.party[core] == 0]
    names = np.array(people.names.gather(core).to_list())
    order = np.argsort(names, kind="stable")
    is_same = names[order[1:]] == names[order[:-1]]
    return core[order[:-1][is_same]], core[order[1:][is_same]]
