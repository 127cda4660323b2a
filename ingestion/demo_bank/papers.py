"""The papers of field work: weekly and monthly summaries, guidance, ledger checks, decisions.

Each table has a column `known`, the day number from which the back office knows the row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank.bank import Staff
from ingestion.demo_bank.fieldwork import Callbacks
from ingestion.demo_bank.paper_texts import Texts, guidance_texts, monthly_texts, weekly_texts
from ingestion.demo_bank.shape import NO_DAY, Period, Shape, next_working_day, working_days

# What has not come ten days after it was due is entered as missing.
_GIVEN_UP_AFTER: Final = 10
_TEAMS: Final = 7
# The teams that copy, the one that reports on a week without work, the months with a double roster.
_COPYING: Final = (2, 5)
_OVERZEALOUS: Final = 3
_TWO_ROSTERS_EVERY: Final = 4
# The first leader is in charge of four teams, the second of three.
_IN_CHARGE_OF: Final = (0, 0, 0, 0, 1, 1, 1)
_SAMPLE: Final = 20
_RESULT_DENIED: Final = 1

WEEKLY: Final = ("team", "week", "due", "submitted", "opinion", "customer", "manager", "advice")
MONTHLY: Final = (
    "team",
    "month",
    "due",
    "submitted",
    "structure",
    "experience",
    "marketing",
    "plan",
)
GUIDANCE: Final = (
    "week", "submitted", "author", "problem", "shortcoming", "first", "second", "third", "next",
)  # fmt: skip
CHECKS: Final = ("leader", "team", "week", "checked", "sampled", "wrong")
DECISIONS: Final = ("subject", "id", "incentive", "period", "decided", "decision", "decider", "why")
_NUMBERS: Final = frozenset(
    {
        "team", "week", "month", "due", "submitted", "author", "leader", "checked", "sampled",
        "wrong", "id", "period", "decided", "decider", "known",
    }
)  # fmt: skip


@dataclass
class Papers:
    """What was written in a month about the work of that month."""

    weekly: pl.DataFrame
    monthly: pl.DataFrame
    guidance: pl.DataFrame
    checks: pl.DataFrame
    decisions: pl.DataFrame


def _table(rows: list[tuple[object, ...]], names: tuple[str, ...]) -> pl.DataFrame:
    schema = {name: pl.Int64 if name in _NUMBERS else pl.String for name in (*names, "known")}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _known(submitted: int, due: int) -> int:
    return submitted if submitted != NO_DAY else due + _GIVEN_UP_AFTER


def mondays(period: Period) -> range:
    """The Mondays that lie in a month."""
    return range(period.start + (-(period.start + 3)) % 7, period.end + 1, 7)


def roster_as_sent(
    roster: list[tuple[int, int, int, int]], staff: Staff, period: Period
) -> list[tuple[int, int, int, int]]:
    """The roster with the mistake of its sender: now and then two leaders on a day."""
    if period.index % _TWO_ROSTERS_EVERY != 1 or not roster:
        return roster
    leaders = staff.with_post("leader")
    day, leader, mode, due = roster[len(roster) // 2]
    other = leaders[(leaders.index(leader) + 1) % len(leaders)]
    return sorted([*roster, (day, other, mode, due)])


def weekly_summaries(
    shape: Shape, staff: Staff, period: Period, rng: np.random.Generator
) -> pl.DataFrame:
    """Weekly summaries of the seven teams for the weeks that begin in the month.

    Most come on time, some late, some never; two teams hand in the same text again and again, and
    one reports on weeks in which nobody worked.
    """
    rows: list[tuple[object, ...]] = []
    for week in mondays(period):
        due = next_working_day(week + 7)
        if len(working_days(week, week + 6)) < 2:
            texts = weekly_texts(_OVERZEALOUS, shape.rng("summary", _OVERZEALOUS, week))
            rows.append((_OVERZEALOUS, week, due, due - 1, *texts, due - 1))
            continue
        for team in range(_TEAMS):
            diligence = float(np.mean(staff.compliance[staff.team(team)]))
            draw = rng.random()
            late = 0 if draw < diligence else int(rng.integers(1, 9))
            submitted = due - 1 + late if draw < 0.97 else NO_DAY
            copies = team in _COPYING and rng.random() < 0.6
            # Texts have numbers of their own; the one drawn here keeps the order of the rest.
            if not copies:
                rng.integers(0, 10_000)
            texts = weekly_texts(team, shape.rng("summary", team, 0 if copies else week))
            if rng.random() < 0.12:
                texts[int(rng.integers(1, 4))] = None
            if submitted == NO_DAY:
                texts = [None] * 4
            rows.append((team, week, due, submitted, *texts, _known(submitted, due)))
    return _table(rows, WEEKLY)


def _monthly_summaries(shape: Shape, staff: Staff, period: Period) -> pl.DataFrame:
    """Monthly summaries, due on the third working day of the next month."""
    due = period.end
    for _ in range(3):
        due = next_working_day(due + 1)
    rows: list[tuple[object, ...]] = []
    for team in range(_TEAMS):
        rng = shape.rng("monthly summary", team, period.index)
        diligence = float(np.mean(staff.compliance[staff.team(team)]))
        draw = rng.random()
        late = 0 if draw < diligence + 0.08 else int(rng.integers(1, 12))
        submitted = due - 1 + late if draw < 0.96 else NO_DAY
        texts: Texts = monthly_texts(team, rng)
        if rng.random() < 0.08:
            texts[int(rng.integers(1, 4))] = "按计划进行"
        if submitted == NO_DAY:
            texts = [None] * 4
        rows.append((team, period.start, due, submitted, *texts, _known(submitted, due)))
    return _table(rows, MONTHLY)


def _guidance(shape: Shape, staff: Staff, period: Period) -> pl.DataFrame:
    """The leaders' weekly guidance; now and then none, late, or with one solution only."""
    leaders = staff.with_post("leader")
    rows: list[tuple[object, ...]] = []
    for week in mondays(period):
        if len(working_days(week, week + 6)) < 2:
            continue
        rng = shape.rng("guidance", week)
        due = next_working_day(week + 7)
        draw = rng.random()
        submitted = due if draw < 0.9 else due + 3 if draw < 0.95 else NO_DAY
        texts = guidance_texts(rng)
        if rng.random() < 0.1:
            texts[3] = texts[4] = None
        if submitted == NO_DAY:
            texts = [None] * len(texts)
        author = leaders[week // 7 % len(leaders)]
        rows.append((week, submitted, author, *texts, _known(submitted, due)))
    return _table(rows, GUIDANCE)


def _checks(shape: Shape, staff: Staff, period: Period) -> pl.DataFrame:
    """The leaders' checks of each team's ledger, the Friday of the week or not at all."""
    leaders = staff.with_post("leader")
    rows: list[tuple[object, ...]] = []
    for week in mondays(period):
        if len(working_days(week, week + 6)) < 2:
            continue
        rng = shape.rng("ledger check", week)
        forgetful = rng.random(2) < 0.05
        for team in range(_TEAMS):
            manager = staff.team(team)[0]
            wrong = int(rng.binomial(_SAMPLE, 0.02 + 0.25 * staff.falsehood[manager]))
            who = _IN_CHARGE_OF[team]
            checked = NO_DAY if forgetful[who] else int(working_days(week, week + 6)[-1])
            sampled, wrong = (_SAMPLE, wrong) if checked != NO_DAY else (-1, -1)
            known = _known(checked, week + 6)
            rows.append((leaders[who], team, week, checked, sampled, wrong, known))
    return _table(rows, CHECKS)


@dataclass
class _Clerk:
    """Decides on what is proposed; a line is (subject type, number, what, first day)."""

    rng: np.random.Generator
    chairman: int
    rows: list[tuple[object, ...]]

    def decide(self, line: tuple[str, int, str, int], seen: int, *, doubt: float) -> None:
        """Confirm a line, or reverse it at once; some are appealed against and decided again."""
        decided = next_working_day(seen + int(self.rng.integers(1, 5)))
        if self.rng.random() < doubt:
            self._enter(line, decided, "reversed", "经核实情况属实,不予处罚")
            return
        self._enter(line, decided, "confirmed", "经督查小组核实,按办法执行")
        draw = self.rng.random()
        if draw < 0.15:
            self._enter(line, next_working_day(decided + 2), "appealed", "当周外出培训,请求复核")
            final = next_working_day(decided + 6)
            if draw < 0.08:
                self._enter(line, final, "reversed", "申诉成立,予以撤销")
            elif draw < 0.13:
                self._enter(line, final, "confirmed", "申诉不成立,维持原认定")

    def _enter(self, line: tuple[str, int, str, int], day: int, decision: str, why: str) -> None:
        self.rows.append((*line, day, decision, self.chairman, why, day))


def _decisions(
    shape: Shape,
    staff: Staff,
    period: Period,
    roster: list[tuple[int, int, int, int]],
    calls: Callbacks,
    papers: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame],
) -> pl.DataFrame:
    """What the chairman decides on the month's late papers, missed calls and false visits."""
    weekly, monthly, checks = papers
    clerk = _Clerk(shape.rng("decisions", period.index), staff.with_post("chairman")[0], [])
    for table, first, what in (
        (weekly, "week", "missing_weekly"),
        (monthly, "month", "missing_monthly"),
    ):
        for row in table.filter(
            (pl.col("submitted") < 0) | (pl.col("submitted") > pl.col("due"))
        ).iter_rows(named=True):
            clerk.decide(("team", row["team"], what, row[first]), row["due"] + 8, doubt=0.05)
    called = set(calls.day.tolist())
    missed = {(leader, day - (day + 3) % 7) for day, leader, _, _ in roster if day not in called}
    for leader, week in sorted(missed):
        clerk.decide(("employee", leader, "missing_callback", week), week + 14, doubt=0.1)
    absent = (
        checks.filter(pl.col("checked") < 0)
        .select("leader", "week")
        .unique()
        .sort("week", "leader")
    )
    for leader, week in absent.iter_rows():
        clerk.decide(("employee", leader, "unchecked_ledger", week), week + 14, doubt=0.0)
    # By then the supervisors have heard everybody: what they find genuine is proposed no more.
    denied = (calls.result == _RESULT_DENIED) & (calls.visited >= period.start)
    teams = np.unique(np.array(staff.teams)[calls.employee[denied & calls.is_false]])
    for team in teams[teams >= 0]:
        line = ("team", int(team), "false_report", period.start)
        clerk.decide(line, period.end + 3, doubt=0.05)
    return _table(clerk.rows, DECISIONS)


def write_papers(
    shape: Shape,
    staff: Staff,
    period: Period,
    roster: list[tuple[int, int, int, int]],
    calls: Callbacks,
    rng: np.random.Generator,
) -> Papers:
    """All papers of a month; `rng` is the field's, the rest draws from numbers of its own."""
    weekly = weekly_summaries(shape, staff, period, rng)
    monthly = _monthly_summaries(shape, staff, period)
    checks = _checks(shape, staff, period)
    return Papers(
        weekly=weekly,
        monthly=monthly,
        guidance=_guidance(shape, staff, period),
        checks=checks,
        decisions=_decisions(shape, staff, period, roster, calls, (weekly, monthly, checks)),
    )
