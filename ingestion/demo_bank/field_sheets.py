"""Deliveries of the field: visits, call-backs, rosters and weekly reports, as their keepers do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank import clerks
from ingestion.demo_bank.bank import ORGANISATIONS, TEAM_NAMES, Staff
from ingestion.demo_bank.clerks import Stains
from ingestion.demo_bank.columns import clock_times, dates, named, whole
from ingestion.demo_bank.extracts import ExtractWriter
from ingestion.demo_bank.fieldwork import (
    MODES,
    NEXT_STEPS,
    OUTCOMES,
    PURPOSES,
    RESULTS,
    WAYS,
    Callbacks,
    Visits,
    need_texts,
)
from ingestion.demo_bank.people import People
from ingestion.demo_bank.pools import OPINIONS
from ingestion.demo_bank.shape import Ints, to_date
from ingestion.demo_bank.sheets import Habits, SheetWriter, make_grid

# Five teams keep a workbook, two and all other managers a system that exports text files.
_SHEET_TEAMS: Final = 5
_NOTE: Final = "单位:万元    填报部门:业务拓展部"


def visit_frame(visits: Visits, people: People, staff: Staff, rows: Ints) -> pl.DataFrame:
    """Claimed visits at `rows`."""
    customer = visits.customer[rows]
    return pl.DataFrame(
        {
            "customer_id": people.ids.gather(customer),
            "customer_name": people.names.gather(customer),
            "employee_id": named(staff.ids, visits.employee[rows]),
            "visited_date": dates(visits.day[rows]),
            "visited_time": clock_times(visits.minute[rows]),
            "visit_way_code": named(WAYS, visits.way[rows]),
            "duration_minutes": visits.length[rows],
            "purpose_code": named(PURPOSES, visits.purpose[rows]),
            "outcome_code": named(OUTCOMES, visits.outcome[rows]),
            "next_step_code": named(NEXT_STEPS, visits.next_step[rows]),
            "expected_deposit_amount": whole(visits.expected_fen[rows]),
            "need_text": pl.Series(need_texts(visits.need[rows]), dtype=pl.String),
            "entered_date": dates(visits.entered[rows]),
        }
    )


def _habits(team: int, title: str) -> Habits:
    """How each of the five teams keeps its workbook."""
    return (
        Habits(title=title, note=_NOTE, dates="slash", alias=True, sheet="走访登记"),
        Habits(dates="real", sheet="Sheet1", signature=False, numeric_ids=True),
        Habits(title=title, dates="dot", sheet="台账", has_guide=True),
        Habits(title=title, note=_NOTE, dates="chinese", sheet="走访台账"),
        Habits(title=title, dates="real", alias=True, sheet="明细", has_guide=True),
    )[team]


@dataclass
class FieldDesk:
    """Writes the field's deliveries of one month or day."""

    people: People
    staff: Staff
    sheets: SheetWriter
    extracts: ExtractWriter
    stains: Stains

    def visits(
        self, visits: Visits, folder: Path, date: str, label: str, rng: np.random.Generator | None
    ) -> None:
        """One workbook or text file per team, one text file per unit of the other managers.

        Args:
            visits: The visits entered in the time of the delivery.
            folder: Where to.
            date: As in the file names.
            label: The time in words, for titles.
            rng: Soils the sheets; None leaves them clean.
        """
        order = np.lexsort((visits.minute, visits.day, visits.entered))
        team = np.array(self.staff.teams)[visits.owner]
        for number in range(7):
            rows = order[team[order] == number]
            frame = visit_frame(visits, self.people, self.staff, rows)
            if number < _SHEET_TEAMS:
                self._visit_sheet(number, frame, folder, date, label, rng)
            else:
                part = f"T{number + 1:02d}"
                self.extracts.write("fieldwork__visit", frame, folder, date, part)
        others = order[team[order] < 0]
        if rng is None:
            # Day by day the branches' entries come through head office in one file.
            parts = [("HQ", others)] if len(others) else []
        else:
            unit = np.array(self.staff.organisations)[visits.owner[others]]
            parts = [(ORGANISATIONS[place], others[unit == place]) for place in np.unique(unit)]
        for part, rows in parts:
            frame = visit_frame(visits, self.people, self.staff, rows)
            self.extracts.write("fieldwork__visit", frame, folder, date, part)

    def _visit_sheet(
        self,
        team: int,
        frame: pl.DataFrame,
        folder: Path,
        date: str,
        label: str,
        rng: np.random.Generator | None,
    ) -> None:
        if not frame.height:
            return
        habits = _habits(team, f"{TEAM_NAMES[team]}客户走访台账({label})")
        grid = make_grid(self.sheets.book.feeds["fieldwork__visit"], frame, habits)
        spots = clerks.soil_visits(grid, rng) if rng is not None else []
        if habits.signature:
            leader = self.staff.names[self.staff.team(team)[0]]
            spots += clerks.sign(grid, leader, "expected_deposit_amount")
        path = self.sheets.write(grid, habits, folder, date, TEAM_NAMES[team])
        clerks.note_all(self.stains, grid, spots, path)

    def plain_sheet(
        self, feed: str, frame: pl.DataFrame, habits: Habits, folder: Path, date: str
    ) -> None:
        """A sheet of one keeper, signed where he signs."""
        grid = make_grid(self.sheets.book.feeds[feed], frame, habits)
        spots = clerks.sign(grid, "督查小组") if habits.signature and frame.height else []
        path = self.sheets.write(grid, habits, folder, date)
        clerks.note_all(self.stains, grid, spots, path)

    def callbacks(self, calls: Callbacks, rows: Ints, folder: Path, date: str, label: str) -> None:
        """The supervisors' sheet of calls."""
        opinion = [OPINIONS[n] if n >= 0 else None for n in calls.opinion[rows]]
        frame = pl.DataFrame(
            {
                "leader_id": named(self.staff.ids, calls.leader[rows]),
                "customer_id": self.people.ids.gather(calls.customer[rows]),
                "called_date": dates(calls.day[rows]),
                "mode_code": named(MODES, calls.mode[rows]),
                "visited_employee_id": named(self.staff.ids, calls.employee[rows]),
                "visited_date": dates(calls.visited[rows]),
                "result_code": named(RESULTS, calls.result[rows]),
                "satisfaction_score": whole(calls.score[rows]),
                "opinion_text": pl.Series(opinion, dtype=pl.String),
            }
        )
        habits = Habits(title=f"督查电话回访登记({label})", dates="slash", sheet="回访")
        self.plain_sheet("fieldwork__callback", frame, habits, folder, date)

    def roster(
        self, roster: list[tuple[int, int, int, int]], folder: Path, date: str, label: str
    ) -> None:
        """Which leader is on duty on which day."""
        frame = pl.DataFrame(
            {
                "duty_date": [to_date(row[0]) for row in roster],
                "leader_id": [self.staff.ids[row[1]] for row in roster],
                "mode_code": [MODES[row[2]] for row in roster],
                "calls_due_count": [row[3] for row in roster],
            }
        )
        habits = Habits(title=f"行领导督查排班表({label})", dates="chinese", sheet="排班")
        self.plain_sheet("fieldwork__duty_roster", frame, habits, folder, date)

    def reports(self, reports: pl.DataFrame, folder: Path, date: str, label: str) -> None:
        """The weekly reports that came in, or are known to be missing."""
        frame = reports.select(
            team_id=pl.format("T0{}", pl.col("team") + 1),
            week_start_date=pl.col("week").cast(pl.Date),
            due_date=pl.col("due").cast(pl.Date),
            submitted_date=pl.when(pl.col("submitted") >= 0)
            .then(pl.col("submitted"))
            .cast(pl.Date),
            opinion_text="opinion",
            customer_solution_text="customer",
            manager_solution_text="manager",
            recommendation_text="advice",
        )
        habits = Habits(title=f"各小组总结报告汇总({label})", dates="dot", sheet="总结报告",
                        signature=False)  # fmt: skip
        self.plain_sheet("fieldwork__summary_report", frame, habits, folder, date)
