"""What the published file says of profit: lines, rules, and facts of the whole bank."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from serving.errors import QueryError, UnknownMonthError
from serving.profit.bank import Whole
from serving.profit.costing import MINUTE
from serving.profit.evidence import Row
from serving.profit.numbers import fen, months_later, units

# Subtotals of the statement, in its order: what each is called, and the lines it adds up.
SUBTOTALS: Final = {
    "net_interest": ("净利息贡献", "Net interest", ("interest_income", "interest_expense", "ftp")),
    "net_fee": ("手续费净收入", "Net fees", ("fee_income", "fee_expense")),
    "operating_cost": (
        "运营成本", "Operating cost", ("direct_cost", "indirect_cost", "unused_capacity"),
    ),
    "pre_tax_profit": (
        "税前利润", "Profit before tax",
        ("interest_income", "interest_expense", "ftp", "fee_income", "fee_expense",
         "other_income", "surtax", "direct_cost", "indirect_cost", "unused_capacity",
         "expected_loss"),
    ),
    "net_profit": ("净利润", "Net profit", ("pre_tax_profit", "income_tax")),
    "economic_profit": (
        "经济增加值", "Economic profit", ("pre_tax_profit", "income_tax", "capital_charge"),
    ),
    # What the range over rule sets is of: a sum of account lines.
    "untaxed_economic_profit": (
        "税前经济增加值", "Economic profit before tax", ("pre_tax_profit", "capital_charge"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A line of the statement by its code, with its names."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True)
class Cause:
    """Why a unit bears an amount; one that only moves it between units bears no income tax."""

    code: str
    zh: str
    en: str
    is_ledger_placement: bool


@dataclass(frozen=True)
class Figure:
    """A published amount of an account in a month, in fen."""

    account_key: int
    customer_key: int
    month: dt.date
    line: str
    fen: int


def records(
    connection: duckdb.DuckDBPyConnection, query: str, *values: object
) -> list[dict[str, Any]]:
    """Rows of a query by column name."""
    found = connection.execute(query, list(values))
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def has(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether a table, with its schema, is in the file."""
    schema, name = table.split(".")
    query = "select 1 from duckdb_tables() where schema_name = ? and table_name = ?"
    return bool(connection.execute(query, [schema, name]).fetchone())


def require_table(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Nothing, where a table is published.

    Raises:
        QueryError: The generation was made by a version that did not know it.
    """
    if not has(connection, table):
        raise QueryError(
            f"已发布的数据由旧版本生成，没有 {table}；请重建：crm run --force --full-refresh。",
            f"what is published was made by an older version and holds no {table}; build it again:"
            " crm run --force --full-refresh",
        )


def rules(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Row]]:
    """Every table of rules."""
    query = "select table_name from duckdb_tables() where schema_name = 'rule' order by 1"
    names = [str(row[0]) for row in connection.execute(query).fetchall()]
    return {name: list(records(connection, f'select * from rule."{name}"')) for name in names}  # noqa: S608


def months(connection: duckdb.DuckDBPyConnection) -> list[dt.date]:
    """Months that profit was published of, the oldest first.

    Raises:
        QueryError: The generation was made by a version without a statement of profit.
    """
    require_table(connection, "dimensional.fct_profit_month")
    query = "select distinct month_date from dimensional.fct_profit_month order by 1"
    return [row[0] for row in connection.execute(query).fetchall()]


def require_month(connection: duckdb.DuckDBPyConnection, month: dt.date) -> None:
    """Nothing, where a month was published.

    Raises:
        UnknownMonthError: It was not.
    """
    known = months(connection)
    if month not in known:
        first, last = f"{known[0]:%Y-%m}", f"{known[-1]:%Y-%m}"
        raise UnknownMonthError(
            f"{month:%Y-%m} 尚未发布；已发布的月份为 {first} 至 {last}。",
            f"{month:%Y-%m} is not published; the months are {first} to {last}",
        )


def require_customer(connection: duckdb.DuckDBPyConnection, customer_key: int) -> None:
    """Nothing, where a customer is published.

    Raises:
        QueryError: Nobody has this key.
    """
    query = "select 1 from dimensional.dim_customer where customer_key = ? and customer_pk <> -1"
    if not connection.execute(query, [customer_key]).fetchone():
        raise QueryError(
            f"没有客户 {customer_key}；客户键见 mart.mart_profitability__customer_month 的"
            " customer_key 列。",
            f"there is no customer {customer_key}; keys stand in column customer_key of"
            " mart.mart_profitability__customer_month",
        )


def rule_sets(connection: duckdb.DuckDBPyConnection, month: dt.date) -> list[Row]:
    """The rule sets that held in a month, whether their statements are published or not."""
    return [
        *records(
            connection,
            "select * from rule.profit_rule_set where ? >= valid_from_date and ? < valid_to_date"
            " order by rule_set_code",
            month,
            month,
        )
    ]


def rule_set(connection: duckdb.DuckDBPyConnection, code: str, month: dt.date) -> Row:
    """The row of a published rule set that held in a month.

    Raises:
        QueryError: There is none.
    """
    known = [row for row in rule_sets(connection, month) if row["is_published"]]
    for row in known:
        if row["rule_set_code"] == code:
            return row
    names = [row["rule_set_code"] for row in known]
    raise QueryError(
        f"没有已发布的规则组 {code!r}；可选：{'、'.join(names)}。",
        f"there is no published rule set {code!r}; choose one of {', '.join(names)}",
    )


def lines(connection: duckdb.DuckDBPyConnection) -> list[Line]:
    """Lines of the statement in its order."""
    query = (
        "select profit_line_code, profit_line_name_zh, profit_line_name_en"
        " from dimensional.dim_profit_line order by line_number"
    )
    return [Line(*row) for row in connection.execute(query).fetchall()]


def summed_lines(line: str) -> tuple[str, ...]:
    """The lines that a line or subtotal adds up."""
    if line not in SUBTOTALS:
        return (line,)
    return tuple(each for part in SUBTOTALS[line][2] for each in summed_lines(part))


def require_line(connection: duckdb.DuckDBPyConnection, code: str) -> Line:
    """A line or subtotal of the statement.

    Raises:
        QueryError: There is none of that name.
    """
    known = lines(connection)
    known += [Line(name, zh, en) for name, (zh, en, _) in SUBTOTALS.items()]
    for line in known:
        if line.code == code:
            return line
    names = [line.code for line in known]
    raise QueryError(
        f"没有利润项目 {code!r}；可选：{'、'.join(names)}。",
        f"there is no profit line {code!r}; choose one of {', '.join(names)}",
    )


def figures(
    connection: duckdb.DuckDBPyConnection,
    rule_set_code: str,
    first: dt.date,
    last: dt.date,
    customer_keys: Iterable[int],
) -> list[Figure]:
    """Published amounts of some customers under a rule set, the months from first to last."""
    rows = connection.execute(
        "select account_key, customer_key, month_date, profit_line_code, amount"
        " from dimensional.fct_profit_month"
        " where rule_set_code = ? and month_date between ? and ? and cause_code = 'account'"
        " and list_contains(?, customer_key)"
        " order by month_date, account_key, customer_key, profit_line_code",
        [rule_set_code, first, last, list(customer_keys)],
    ).fetchall()
    return [
        Figure(account, customer, month, line, fen(amount))
        for account, customer, month, line, amount in rows
    ]


def statement_lines(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The ledger's line of each line of profit that has one."""
    query = (
        "select profit_line_code, statement_line_code from dimensional.dim_profit_line"
        " where statement_line_code is not null"
    )
    return dict(connection.execute(query).fetchall())


def causes(connection: duckdb.DuckDBPyConnection) -> dict[str, Cause]:
    """Why a unit bears an amount, by code."""
    query = (
        "select cause_code, cause_name_zh, cause_name_en, is_ledger_placement"
        " from dimensional.dim_profit_cause"
    )
    return {row[0]: Cause(*row) for row in connection.execute(query).fetchall()}


def is_unit(connection: duckdb.DuckDBPyConnection, number: str) -> bool:
    """Whether a unit of this number was ever listed."""
    query = "select 1 from dimensional.dim_organisation where organisation_id = ?"
    return bool(connection.execute(query, [number]).fetchone())


def unit_figures(
    connection: duckdb.DuckDBPyConnection, unit: str, month: dt.date, rule_set_code: str
) -> dict[tuple[str, str], int]:
    """Fen by line and cause of a unit in a month under a rule set."""
    rows = connection.execute(
        "select profit.profit_line_code, profit.cause_code, sum(profit.amount)"
        " from dimensional.fct_profit_month as profit"
        " join dimensional.dim_organisation as unit"
        " on profit.organisation_fk = unit.organisation_pk"
        " where unit.organisation_id = ? and profit.month_date = ? and profit.rule_set_code = ?"
        " group by all order by all",
        [unit, month, rule_set_code],
    ).fetchall()
    return {(line, cause): fen(amount) for line, cause, amount in rows}


def unit_figure(
    connection: duckdb.DuckDBPyConnection,
    unit: str,
    month: dt.date,
    line: Line,
    cause: str,
    rule_set_code: str,
) -> int:
    """Fen that a unit bears of a line or subtotal for a cause, in a month under a rule set.

    Raises:
        QueryError: There is no such unit or cause, or nothing of it is published.
    """
    if not is_unit(connection, unit):
        raise QueryError(
            f"没有机构 {unit!r}；机构号见 dimensional.dim_organisation 的 organisation_id 列。",
            f"there is no unit {unit!r}; numbers stand in column organisation_id of"
            " dimensional.dim_organisation",
        )
    known = causes(connection)
    told = unit_figures(connection, unit, month, rule_set_code)
    borne = {why for _, why in told}
    causes_zh, causes_en = _listed(each for each in known.values() if each.code in borne)
    if cause not in known:
        raise QueryError(
            f"没有原因 {cause!r}；机构 {unit} 在 {month:%Y-%m} 的原因有：{causes_zh or '无'}。",
            f"there is no cause {cause!r}; those of unit {unit} in {month:%Y-%m} are:"
            f" {causes_en or 'none'}",
        )
    if cause not in borne:
        raise QueryError(
            f"机构 {unit} 在 {month:%Y-%m} 的规则组 {rule_set_code} 下没有原因“{known[cause].zh}”；"
            f"其原因有：{causes_zh or '无'}。",
            f"unit {unit} bears nothing for the cause {known[cause].en} in {month:%Y-%m} under"
            f" {rule_set_code}; it bears: {causes_en or 'nothing'}",
        )
    wanted = [(each, cause) for each in summed_lines(line.code)]
    if not any(each in told for each in wanted):
        there = [each for each in lines(connection) if (each.code, cause) in told]
        (line_zh, line_en), (cause_zh, cause_en) = _listed([line]), _listed([known[cause]])
        zh, en = _listed(there)
        raise QueryError(
            f"机构 {unit} 在 {month:%Y-%m} 的规则组 {rule_set_code} 下，原因“{cause_zh}”没有项目"
            f"“{line_zh}”；该原因下已发布的项目：{zh or '无'}。",
            f"unit {unit} bears no {line_en} for the cause {cause_en} in {month:%Y-%m} under"
            f" {rule_set_code}; lines published for this cause: {en or 'none'}",
        )
    return sum(told.get(each, 0) for each in wanted)


def _listed(known: Iterable[Line | Cause]) -> tuple[str, str]:
    """Names with their codes, in Chinese and English."""
    found = list(known)
    return (
        "、".join(f"{each.zh} ({each.code})" for each in found),
        ", ".join(f"{each.en} ({each.code})" for each in found),
    )


def whole(connection: duckdb.DuckDBPyConnection, month: dt.date) -> Whole:
    """Facts of the whole bank as far as a month and the one before it need them."""
    (first_month,) = connection.execute(
        "select min(month_date) from dimensional.fct_account_month"
    ).fetchone() or (month,)
    (first_fed,) = connection.execute(
        "select min(month_date) from dimensional.fct_account_balance_interval"
        " where source_code = 'balance_feed'"
    ).fetchone() or (None,)
    (first_exposure,) = connection.execute(
        "select min(month_date) from dimensional.fct_exposure_month"
    ).fetchone() or (None,)
    (first_posting,) = connection.execute(
        "select min(month_date) from dimensional.fct_transaction"
    ).fetchone() or (None,)
    booked = connection.execute(
        "select distinct month_date from dimensional.fct_account_month"
        " where interest_source_code = 'ledger'"
    ).fetchall()
    measured = connection.execute(
        "select distinct month_date from dimensional.fct_exposure_month"
        " where provision_source_code = 'risk_system'"
    ).fetchall()
    counted = connection.execute(
        "select organisation.organisation_id, cost.cost_pool_code, sum(cost.posting_count)"
        " from dimensional.fct_activity_cost_month as cost"
        " join dimensional.dim_organisation as organisation"
        " on cost.organisation_fk = organisation.organisation_pk"
        " where cost.month_date = ? and cost.cost_pool_code is not null group by all",
        [month],
    ).fetchall()
    used = connection.execute(
        "select organisation_id, cost_pool_code, used_minutes"
        " from dimensional.fct_cost_pool_month where month_date = ?",
        [month],
    ).fetchall()
    return Whole(
        first_month,
        first_fed,
        first_exposure,
        first_posting,
        frozenset(row[0] for row in booked),
        frozenset(row[0] for row in measured),
        {(month, unit, pool): int(count) for unit, pool, count in counted},
        {(month, unit, pool): int(minutes * MINUTE) for unit, pool, minutes in used},
        _core_shares(connection, month),
    )


def _core_shares(
    connection: duckdb.DuckDBPyConnection, month: dt.date
) -> dict[tuple[dt.date, str, str], int]:
    """Estimated core of deposits in a month and the one before."""
    if not has(connection, "dimensional.fct_core_share_month"):
        return {}
    rows = connection.execute(
        "select month_date, product_id, currency_code, bounded_share_rate"
        " from dimensional.fct_core_share_month where month_date between ? and ?"
        " and bounded_share_rate is not null",
        [months_later(month, -1), month],
    ).fetchall()
    return {(day, product, currency): units(rate) for day, product, currency, rate in rows}
