"""What a published generation says in five figures."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb


@dataclass(frozen=True)
class Figure:
    """One headline figure.

    Attributes:
        name: Short name, for programs.
        label: What it is, English and Chinese.
        value: The figure; None where the bank has no such data.
        unit: yuan, count or share.
        detail: A second figure that gives it sense.
    """

    name: str
    label: str
    value: Decimal | int | None
    unit: str
    detail: str = ""


def headline(connection: duckdb.DuckDBPyConnection) -> list[Figure]:
    """Five figures of the newest month of a generation.

    A figure whose tables are empty (a bank that delivers no visits) is None, not zero.

    Args:
        connection: An open generation, or a build's crm database.
    """
    return [
        _customers(connection),
        _balances(connection),
        _profit(connection),
        _visits(connection),
        _leavers(connection),
    ]


def yuan(amount: Any) -> str:
    """An amount for people, by ten thousands and hundreds of millions as the Chinese count.

    >>> yuan(123_456_789), yuan(45_678), yuan(-12)
    ('1.23 亿元', '4.57 万元', '-12.00 元')
    """
    number = float(amount)
    for size, unit in ((1e8, "亿元"), (1e4, "万元")):
        if abs(number) >= size:
            return f"{number / size:,.2f} {unit}"
    return f"{number:,.2f} 元"


def _customers(connection: duckdb.DuckDBPyConnection) -> Figure:
    row = _row(
        connection,
        """
        select count(*),
            count(*) filter (where average_deposit_amount > 0 or average_loan_amount > 0)
        from mart.mart_profitability__customer_month
        where customer_key <> -1 and month_date = (
            select max(month_date) from mart.mart_profitability__customer_month
        )
        """,
    )
    detail = f"{row[1]:,} of them held a balance" if row[0] else ""
    return Figure("customers", "Customers 客户", row[0] or None, "count", detail)


def _balances(connection: duckdb.DuckDBPyConnection) -> Figure:
    row = _row(
        connection,
        """
        select sum(average_deposit_amount), sum(average_loan_amount), max(month_date),
            max(days_count)
        from mart.mart_profitability__customer_month
        where month_date = (select max(month_date) from mart.mart_profitability__customer_month)
        """,
    )
    detail = f"loans {yuan(row[1])}" if row[1] is not None else ""
    label = f"Average deposits{_of(row[2], row[3])} 日均存款"
    return Figure("deposits", label, row[0], "yuan", detail)


def _profit(connection: duckdb.DuckDBPyConnection) -> Figure:
    total, best, customers, month, days = _row(
        connection,
        """
        select sum(net_profit_amount),
            sum(net_profit_amount) filter (where profit_rank <= ceil(0.2 * customers)),
            max(total_profit_amount), max(month_date), max(days_count)
        from (
            select net_profit_amount, profit_rank, total_profit_amount, month_date, days_count,
                count(profit_rank) over () as customers
            from mart.mart_profitability__customer_month
            where month_date = (select max(month_date) from mart.mart_profitability__customer_month)
        )
        """,
    )
    detail = ""
    if best is not None and customers > 0:
        share = float(best) / float(customers)
        detail = f"customers {yuan(customers)}, the best fifth of them {share:.0%} of it"
    return Figure("profit", f"Net profit{_of(month, days)} 净利润", total, "yuan", detail)


def _visits(connection: duckdb.DuckDBPyConnection) -> Figure:
    row = _row(
        connection,
        """
        select sum(visit_required_count), sum(visit_counted_count), max(month_date)
        from mart.mart_performance__manager_month
        where month_date = (
            select max(month_date) from mart.mart_performance__manager_month
            where visit_required_count > 0
        )
        """,
    )
    required, counted, month = row
    detail = f"of {int(required):,} due, {int(counted) / int(required):.0%}" if required else ""
    value = int(counted) if required else None
    return Figure("visits", f"Visits made{_of(month)} 走访", value, "count", detail)


def _leavers(connection: duckdb.DuckDBPyConnection) -> Figure:
    row = _row(
        connection,
        """
        select count(*) filter (where is_churned_hard),
            count(*) filter (where is_churned_soft and not is_churned_hard),
            count(churn_score), avg(churn_score) filter (where churn_rank * 10 <= scored), count(*)
        from (
            select is_churned_hard, is_churned_soft, churn_score, churn_rank,
                count(churn_score) over () as scored
            from mart.mart_churn__customer_month
            where month_date = (select max(month_date) from mart.mart_churn__customer_month)
        )
        """,
    )
    hard, soft, scored, risk, customers = row
    detail = f"{int(soft):,} more are drifting away"
    if scored and risk is not None:
        detail += f"; the riskiest tenth of {int(scored):,} scored: {float(risk):.0%} on average"
    value = int(hard) if customers else None
    return Figure(
        "leavers", "Customers lost so far 累计流失客户", value, "count", detail if customers else ""
    )


def _row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    row = connection.execute(query).fetchone()
    return tuple(row) if row else ()


def _of(month: Any, days: int | None = None) -> str:
    """The month a figure is of, and how far it reaches where the month still runs."""
    if not month:
        return ""
    whole = calendar.monthrange(month.year, month.month)[1]
    so_far = f", {days} of {whole} days" if days and days < whole else ""
    return f" of {month:%Y-%m}{so_far}"
