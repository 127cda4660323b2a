"""Headline figures of every month, kept with each generation so that the next can be compared."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import duckdb

# By figure and month (YYYY-MM): the figure as an exact text.
Monthly = dict[str, dict[str, str]]


@dataclass(frozen=True)
class MonthlyFigure:
    """One total of a mart by month.

    Attributes:
        name: Short name, for programs.
        zh: What it is, in Chinese.
        en: The same in English.
        unit: yuan or count.
        table: The mart, with its column `month_date`.
        expression: What is added up.
        model: The model whose scores it adds up; None where it rests on deliveries alone.
    """

    name: str
    zh: str
    en: str
    unit: str
    table: str
    expression: str
    model: str | None = None


_PROFIT = "mart.mart_profitability__customer_month"
_CHURN = "mart.mart_churn__customer_month"
_MANAGER = "mart.mart_performance__manager_month"
# What is told when it changes. Exact sums only: a total that depends on the order of adding would
# change by itself.
FIGURES = (
    MonthlyFigure("customers", "客户数", "Customers", "count", _PROFIT,
                  "count(*) filter (where customer_key <> -1)"),
    MonthlyFigure("deposits", "日均存款", "Average deposits", "yuan", _PROFIT,
                  "sum(average_deposit_amount)"),
    MonthlyFigure("loans", "日均贷款", "Average loans", "yuan", _PROFIT,
                  "sum(average_loan_amount)"),
    MonthlyFigure("margin", "利差收入", "Margin", "yuan", _PROFIT,
                  "sum(deposit_margin_amount + loan_margin_amount)"),
    MonthlyFigure("fees", "手续费收入", "Fees", "yuan", _PROFIT, "sum(fee_income_amount)"),
    MonthlyFigure("costs", "直接与间接成本", "Direct and indirect costs", "yuan", _PROFIT,
                  "sum(direct_cost_amount + indirect_cost_amount)"),
    MonthlyFigure("contribution", "贡献", "Contribution", "yuan", _PROFIT,
                  "sum(contribution_amount)"),
    MonthlyFigure("profit", "净利润", "Net profit", "yuan", _PROFIT, "sum(net_profit_amount)"),
    MonthlyFigure("visits", "有效走访", "Visits made", "count", _MANAGER,
                  "sum(visit_counted_count)"),
    MonthlyFigure("visits_due", "应走访", "Visits due", "count", _MANAGER,
                  "sum(visit_required_count)"),
    MonthlyFigure("leavers", "流失客户", "Customers lost", "count", _CHURN,
                  "count(*) filter (where is_churned_hard)"),
    MonthlyFigure("churn_score", "流失概率合计", "Expected leavers", "count", _CHURN,
                  "cast(sum(cast(churn_score as decimal(18, 6))) as decimal(18, 2))", "churn"),
    MonthlyFigure("value_score", "预计价值合计", "Expected value", "yuan", _CHURN,
                  "cast(sum(cast(value_score as decimal(18, 4))) as decimal(18, 2))", "value"),
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One published figure of one month that is not what it was.

    Attributes:
        figure: Which.
        month: YYYY-MM.
        before: What was published; None where the month had none.
        after: What is published now.
    """

    figure: MonthlyFigure
    month: str
    before: Decimal | None
    after: Decimal | None

    @property
    def difference(self) -> Decimal:
        """By how much it changed; a month without the figure counts as zero."""
        return (self.after or Decimal(0)) - (self.before or Decimal(0))


def monthly(connection: duckdb.DuckDBPyConnection) -> Monthly:
    """All headline figures of all months.

    Args:
        connection: An open generation, or a build's crm database.
    """
    found: Monthly = {}
    for figure in FIGURES:
        rows = connection.execute(
            f"select strftime(month_date, '%Y-%m'), {figure.expression}"  # noqa: S608 - ours
            f" from {figure.table} group by month_date order by month_date"
        ).fetchall()
        found[figure.name] = {month: str(value) for month, value in rows if value is not None}
    return found


def changes(
    before: Mapping[str, Mapping[str, str]],
    after: Mapping[str, Mapping[str, str]],
    before_date: dt.date,
    after_date: dt.date,
) -> list[Change]:
    """Figures of months published as whole ones that are not what they were, oldest month first.

    A month that was still running when it was published changes every night, and is no news;
    unless both generations speak of the same date.

    Args:
        before: The figures of the generation before.
        after: The figures of this one.
        before_date: Business date of the one before.
        after_date: Business date of this one.
    """
    found = []
    for figure in FIGURES:
        if figure.name not in before:
            continue  # not kept then
        old, new = before[figure.name], after.get(figure.name, {})
        for month in old.keys() | new.keys():
            is_whole = _last_day(month) <= min(before_date, after_date)
            if not is_whole and before_date != after_date:
                continue
            values = [Decimal(each[month]) if month in each else None for each in (old, new)]
            if values[0] != values[1]:
                found.append(Change(figure, month, *values))
    return sorted(found, key=lambda each: each.month)


def _last_day(month: str) -> dt.date:
    year, number = (int(part) for part in month.split("-"))
    return dt.date(year, number, calendar.monthrange(year, number)[1])
