"""The workbooks of a month that the back office and its neighbours keep."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from ingestion.demo_bank import clerks, customer_file, declared, remedies, survey, work_plan
from ingestion.demo_bank.extracts import FeedBook
from ingestion.demo_bank.field_sheets import FieldDesk
from ingestion.demo_bank.shape import Period, to_date
from ingestion.demo_bank.sheets import Habits, make_grid
from ingestion.demo_bank.story import Bank


class OfficeDesk:
    """Writes the office's workbooks of one month.

    Args:
        bank: The bank.
        book: Its feeds.
        field: The desk whose writer and stains are shared.
    """

    def __init__(self, bank: Bank, book: FeedBook, field: FieldDesk) -> None:
        self._bank, self._book, self._field = bank, book, field

    def write(
        self,
        period: Period,
        targets: pl.DataFrame,
        explanations: pl.DataFrame,
        folder: Path,
        date: str,
        label: str,
    ) -> None:
        """Survey, merchants, targets and what finance explains, which are kept in workbooks.

        Args:
            period: The month.
            targets: Targets as they stand.
            explanations: What finance explains of the month.
            folder: Where the workbooks go.
            date: The date in their names.
            label: The month as people write it.
        """
        bank, until = self._bank, period.end
        year = to_date(until).year
        plain = Habits(title=f"{year}年度任务指标", dates="slash", sheet="指标", signature=False)
        listed = Habits(title="市场调研清单", dates="dot", sheet="清单", signature=False)
        forms = Habits(title=f"调研表发放回收登记({label})", dates="chinese", sheet="登记",
                       alias=True, signature=False)  # fmt: skip
        answers = Habits(note="金额单位:万元", sheet="答案", signature=False, has_guide=True)
        mended = Habits(
            title=f"投诉整改措施一览({label})", dates="slash", sheet="整改", signature=False
        )
        shops = Habits(title="客户经理旧调研台账汇总", dates="dot", sheet="旧台账")
        system = Habits(title="行长系统商户信息", dates="real", sheet="商户", signature=False)
        words = Habits(title=f"客户归并认定登记({label})", dates="slash", sheet="认定")
        decided = pl.col("decided_date").is_between(to_date(period.start), to_date(until))
        reasons = Habits(title=f"总账与分户差异说明({label})", sheet="差异说明", signature=False)
        for feed, frame, habits in (
            ("planning__target", targets, plain),
            ("survey__frame", survey.frame_frame(bank.survey, bank.people), listed),
            ("survey__form", survey.form_frame(bank.survey, bank.staff, until), forms),
            ("survey__answer", survey.answer_frame(bank.survey, until), answers),
            ("survey__legacy_ledger", bank.merchants.ledger_frame(until), shops),
            ("survey__president_system_merchant", bank.merchants.system_frame(until), system),
            ("identity__decision", bank.decisions.filter(decided), words),
            ("ledger__explanation", explanations, reasons),
            ("service__remedy", remedies.remedy_frame(bank.shape, until), mended),
        ):
            grid = make_grid(self._book.feeds[feed], frame, habits)
            spots = clerks.sign(grid, "内勤岗") if habits.signature and frame.height else []
            path = self._field.sheets.write(grid, habits, folder, date)
            clerks.note_all(self._field.stains, grid, spots, path)
        self._customer_file(until, folder, date, label)
        weeks = Habits(
            title=f"{year}年度工作计划(具体到周)",
            dates="dot",
            sheet="计划",
            alias=True,
            signature=False,
        )
        plan = work_plan.plan_frame(bank.shape, self._field.staff, until)
        grid = make_grid(self._book.feeds["planning__plan_item"], plan, weeks)
        spots = work_plan.soil_plan(grid)
        path = self._field.sheets.write(grid, weeks, folder, date)
        clerks.note_all(self._field.stains, grid, spots, path)
        self._declared(period, folder, date)

    def _customer_file(self, until: int, folder: Path, date: str, label: str) -> None:
        """Relations among customers and classes set by hand, as the keeper of the file has them."""
        bank = self._bank
        relations = customer_file.relation_frame(
            bank.shape, bank.people, bank.groups, bank.staff, until
        )
        overrides = customer_file.override_frame(bank.shape, bank.people, bank.staff, until)
        plain = Habits(
            title=f"客户社会关系登记({label})", dates="slash", sheet="关系", signature=False
        )
        grid = make_grid(self._book.feeds["fieldwork__customer_relation"], relations, plain)
        spots = customer_file.soil_relations(grid)
        path = self._field.sheets.write(grid, plain, folder, date)
        clerks.note_all(self._field.stains, grid, spots, path)
        signed = Habits(
            title=f"客户分类调整审批({label})", dates="chinese", sheet="调整", alias=True
        )
        self._field.plain_sheet("fieldwork__customer_override", overrides, signed, folder, date)

    def _declared(self, period: Period, folder: Path, date: str) -> None:
        """What borrowers declared in the month, as the loan officers have taken it down."""
        bank = self._bank
        frame = bank.declared.frame(bank.people, bank.staff, bank.loans, period)
        habits = Habits(
            title="贷款客户申报数据登记表", note="金额单位:万元", dates="dot", sheet="申报",
            signature=False,
        )  # fmt: skip
        grid = make_grid(self._book.feeds["credit__declared_financials"], frame, habits)
        spots = declared.soil(grid)
        path = self._field.sheets.write(grid, habits, folder, date)
        clerks.note_all(self._field.stains, grid, spots, path)
