"""Deliveries of the field's papers: summaries, guidance, ledger checks and decisions."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from ingestion.demo_bank.bank import Staff
from ingestion.demo_bank.columns import named
from ingestion.demo_bank.field_sheets import FieldDesk
from ingestion.demo_bank.papers import Papers
from ingestion.demo_bank.sheets import Habits


def _day(column: str) -> pl.Expr:
    """A date of a day number; a negative one is none."""
    return pl.when(pl.col(column) >= 0).then(pl.col(column)).cast(pl.Int32).cast(pl.Date)


def _team(column: str) -> pl.Expr:
    return pl.format("T0{}", pl.col(column) + 1)


@dataclass
class PaperDesk:
    """Keeps what is not known yet, and writes what has become known since the last time."""

    staff: Staff
    desk: FieldDesk
    waiting: dict[str, list[pl.DataFrame]] = field(default_factory=dict)

    def take_in(self, papers: Papers) -> None:
        """Keep a month's papers until they are known."""
        for name, table in vars(papers).items():
            if table.height:
                self.waiting.setdefault(name, []).append(table)

    def write(self, until: int, folder: Path, date: str, label: str) -> None:
        """Write what is known by `until`."""
        looks = {
            "weekly": ("fieldwork__summary_report", f"各小组总结报告汇总({label})", "总结报告"),
            "monthly": ("fieldwork__monthly_report", f"各小组月度总结汇总({label})", "月度总结"),
            "guidance": ("fieldwork__guidance_opinion", f"客户维护指导意见书({label})", "意见书"),
            "checks": ("fieldwork__ledger_check", f"分管领导台账检查登记({label})", "检查"),
            "decisions": ("fieldwork__incentive_decision", f"奖惩认定登记({label})", "认定"),
        }
        for name, (feed, title, sheet) in looks.items():
            waiting = self.waiting.pop(name, [])
            is_known = pl.col("known") <= until
            later = [table.filter(~is_known) for table in waiting]
            self.waiting[name] = [table for table in later if table.height]
            known = [found for table in waiting if (found := table.filter(is_known)).height]
            # The weekly register is handed on even while it is empty; the others are not.
            if known or (name == "weekly" and waiting):
                rows = pl.concat(known or [table.clear() for table in waiting])
                habits = Habits(title=title, dates="dot", sheet=sheet, signature=False)
                self.desk.plain_sheet(feed, self._frame(name, rows), habits, folder, date)

    def _frame(self, name: str, rows: pl.DataFrame) -> pl.DataFrame:
        return {
            "weekly": self._weekly, "monthly": self._monthly, "guidance": self._guidance,
            "checks": self._checks, "decisions": self._decisions,
        }[name](rows)  # fmt: skip

    def _staff_ids(self, rows: pl.DataFrame, column: str) -> pl.Series:
        return named(self.staff.ids, rows.get_column(column).to_numpy())

    def _weekly(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select(
            team_id=_team("team"),
            week_start_date=_day("week"),
            due_date=_day("due"),
            submitted_date=_day("submitted"),
            opinion_text="opinion",
            customer_solution_text="customer",
            manager_solution_text="manager",
            recommendation_text="advice",
        )

    def _monthly(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select(
            team_id=_team("team"),
            month_date=_day("month"),
            due_date=_day("due"),
            submitted_date=_day("submitted"),
            structure_text="structure",
            experience_text="experience",
            marketing_text="marketing",
            plan_text="plan",
        )

    def _guidance(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select(
            week_start_date=_day("week"),
            submitted_date=_day("submitted"),
            author_id=self._staff_ids(rows, "author"),
            problem_text="problem",
            shortcoming_text="shortcoming",
            first_solution_text="first",
            second_solution_text="second",
            third_solution_text="third",
            arrangement_text="next",
        )

    def _checks(self, rows: pl.DataFrame) -> pl.DataFrame:
        counts = [
            pl.when(pl.col(name) >= 0).then(pl.col(name)).alias(f"{name}_count")
            for name in ("sampled", "wrong")
        ]
        remark = pl.when(pl.col("wrong") > 0).then(pl.format("{}条未填下一步或录入过晚", "wrong"))
        return rows.select(
            *counts,
            leader_id=self._staff_ids(rows, "leader"),
            team_id=_team("team"),
            week_start_date=_day("week"),
            checked_date=_day("checked"),
            remark_text=remark,
        )

    def _decisions(self, rows: pl.DataFrame) -> pl.DataFrame:
        is_team = pl.col("subject") == "team"
        employee = pl.col("id").map_elements(self.staff.ids.__getitem__, return_dtype=pl.String)
        return rows.select(
            subject_type_code="subject",
            subject_id=pl.when(is_team).then(_team("id")).otherwise(employee),
            incentive_code="incentive",
            period_start_date=_day("period"),
            decided_date=_day("decided"),
            decision_code="decision",
            decider_id=self._staff_ids(rows, "decider"),
            reason_text="why",
        )
