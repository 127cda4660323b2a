"""What the ledger and the statement of profit say of each other, in a generation or a build."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import duckdb

from serving.errors import NoGenerationError


@dataclass(frozen=True)
class Line:
    """One statement line, over all units of a month or at one of them; amounts in yuan, + income.

    Attributes:
        line: Code of the ledger's line; `unmapped` for what gl_account_map does not know.
        name: The line's name, Chinese and English.
        unit: Unit that keeps the books, with its name; None over all of them.
        ledger: What the ledger booked.
        borne: What accounts and units bear.
        explained: What is explained.
        unexplained: What nobody explains.
    """

    line: str
    name: str
    unit: str | None
    ledger: Decimal
    borne: Decimal
    explained: Decimal
    unexplained: Decimal


@dataclass(frozen=True)
class Item:
    """Why the ledger holds another amount than accounts and units: one item of one line.

    Attributes:
        line: Code of the ledger's line.
        cause: Code of the cause; `finance` for an item that finance explains.
        name: The cause in Chinese and English, or finance's own words.
        unit: The unit whose ledger differs, or how many of them.
        amount: Yuan; + raises the profit of the month.
    """

    line: str
    cause: str
    name: str
    unit: str
    amount: Decimal


@dataclass(frozen=True)
class Balance:
    """A ledger account of a unit that does not close at what its accounts hold; debits are +.

    Attributes:
        unit: Number of the unit.
        account: Code of the ledger account.
        currency: ISO 4217 code; the amounts are in it.
        ledger: What the ledger closes at.
        accounts: What its accounts hold.
        difference: Ledger less accounts.
    """

    unit: str
    account: str
    currency: str
    ledger: Decimal
    accounts: Decimal
    difference: Decimal


@dataclass(frozen=True)
class Untranslated:
    """Amounts of a month in a currency without a rate: in yuan nobody knows them, and they count 0.

    Attributes:
        source: What they are of: `ledger` for income and expense; the others are of accounts.
        currency: ISO 4217 code; the amount is in it.
        items: How many amounts there are.
        amount: Their sum without their signs; of `account` it is balance days.
    """

    source: str
    currency: str
    items: int
    amount: Decimal


_UNIT: Final = "unit.organisation_id || ' ' || unit.organisation_name"
_LINES: Final = """
    select
        recon.month_date,
        recon.rule_set_code,
        recon.statement_line_code,
        coalesce(any_value(name.text), '未入报表科目 Not in gl_account_map') as name,
        {unit} as unit,
        sum(recon.ledger_amount),
        sum(recon.borne_amount),
        sum(recon.explained_amount),
        sum(recon.unexplained_amount)
    from dimensional.fct_recon_month as recon
    left join dimensional.dim_organisation as unit on recon.organisation_fk = unit.organisation_pk
    left join (
        select
            statement_line_code,
            any_value(statement_line_name_zh || ' ' || statement_line_name_en) as text
        from rule.gl_account_map
        group by statement_line_code
    ) as name on recon.statement_line_code = name.statement_line_code
    left join (
        select statement_line_code, min(line_number) as line_number
        from dimensional.dim_profit_line
        group by statement_line_code
    ) as place on recon.statement_line_code = place.statement_line_code
    where list_contains(?, recon.month_date) and list_contains(?, recon.rule_set_code) {only}
    group by
        recon.month_date, recon.rule_set_code, recon.statement_line_code, {unit},
        place.line_number
    order by recon.month_date desc, place.line_number nulls last, unit
"""

_ITEMS: Final = """
    select
        profit.rule_set_code,
        line.statement_line_code,
        cause.cause_code,
        cause.cause_name_zh || ' ' || cause.cause_name_en as name,
        count(distinct profit.organisation_fk) || ' units',
        sum(profit.amount) as amount,
        min(line.line_number) as line_number
    from dimensional.fct_profit_month as profit
    inner join dimensional.dim_profit_line as line
        on profit.profit_line_code = line.profit_line_code
    inner join dimensional.dim_profit_cause as cause on profit.cause_code = cause.cause_code
    where
        profit.month_date = $month and list_contains($rule_sets, profit.rule_set_code)
        and cause.is_explanation
        -- What finance explains is told item by item; its tax is a row of the causes.
        and not (cause.cause_code = 'finance' and line.profit_line_code <> 'income_tax')
    group by profit.rule_set_code, line.statement_line_code, cause.cause_code, name
    union all
    select
        rule_set.code,
        item.statement_line_code,
        'finance',
        item.explanation_text || ' (' || item.prepared_by_employee_id || ')',
        unit.organisation_id || ' ' || unit.organisation_name,
        item.explained_amount,
        line.line_number
    from dimensional.fct_ledger_explanation as item
    cross join (select unnest($rule_sets) as code) as rule_set
    inner join dimensional.dim_organisation as unit on item.organisation_fk = unit.organisation_pk
    left join (
        select statement_line_code, min(line_number) as line_number
        from dimensional.dim_profit_line
        group by statement_line_code
    ) as line on item.statement_line_code = line.statement_line_code
    where item.month_date = $month
    order by line_number, cause_code, amount
"""


def months(connection: duckdb.DuckDBPyConnection) -> list[dt.date]:
    """Months whose ledger was delivered, newest first."""
    rows = connection.execute(
        "select distinct month_date from dimensional.fct_recon_month order by 1 desc"
    ).fetchall()
    return [month for (month,) in rows]


def rule_sets(connection: duckdb.DuckDBPyConnection, first: str) -> list[str]:
    """Rule sets that have a statement.

    Args:
        connection: A generation, or a build.
        first: The one that stands in front: that of the marts.
    """
    rows = connection.execute(
        "select distinct rule_set_code from dimensional.fct_recon_month"
        " order by rule_set_code <> ?, 1",
        [first],
    ).fetchall()
    return [code for (code,) in rows]


def lines(
    connection: duckdb.DuckDBPyConnection,
    month: dt.date,
    rule_sets: Sequence[str],
    *,
    by_unit: bool = False,
) -> dict[str, list[Line]]:
    """By rule set the month's statement lines in their order, over all units or at each."""
    query = _LINES.format(unit=_UNIT if by_unit else "null", only="")
    found: dict[str, list[Line]] = {code: [] for code in rule_sets}
    for _, code, *line in connection.execute(query, [[month], list(rule_sets)]).fetchall():
        found[code].append(Line(*line))
    return found


def unexplained(
    connection: duckdb.DuckDBPyConnection, months: Sequence[dt.date], rule_sets: Sequence[str]
) -> list[tuple[dt.date, str, Line]]:
    """The units and lines that differ and that nobody explains, each with month and rule set.

    They stand by rule set as these are given, then the newest month first.
    """
    query = _LINES.format(unit=_UNIT, only="and recon.unexplained_amount <> 0")
    rows = connection.execute(query, [list(months), list(rule_sets)]).fetchall()
    found = [(month, code, Line(*line)) for month, code, *line in rows]
    return sorted(found, key=lambda each: rule_sets.index(each[1]))


def items(
    connection: duckdb.DuckDBPyConnection, month: dt.date, rule_sets: Sequence[str]
) -> dict[str, list[Item]]:
    """By rule set what explains the month's differences, by line and cause."""
    parameters = {"month": month, "rule_sets": list(rule_sets)}
    found: dict[str, list[Item]] = {code: [] for code in rule_sets}
    for code, *item, _ in connection.execute(_ITEMS, parameters).fetchall():
        found[code].append(Item(*item))
    return found


def balances(
    connection: duckdb.DuckDBPyConnection, months: Sequence[dt.date]
) -> tuple[dict[dt.date, int], list[tuple[dt.date, Balance]]]:
    """How many ledger accounts of units were compared by month, and those that differ."""
    rows = connection.execute(
        "select month_date, organisation_id, gl_account_code, currency_code, ledger_amount,"
        " account_amount, difference_amount from dimensional.fct_balance_recon_month"
        " where list_contains(?, month_date) order by month_date desc, 2, 3, 4",
        [list(months)],
    ).fetchall()
    compared = Counter(month for month, *_ in rows)
    found = [(month, Balance(*told)) for month, *told in rows]
    return (
        {month: compared[month] for month in months},
        [(month, each) for month, each in found if each.difference],
    )


def untranslated(
    connection: duckdb.DuckDBPyConnection, months: Sequence[dt.date]
) -> list[tuple[dt.date, Untranslated]]:
    """What has no rate, each with its month: the newest month first, the ledger's in front."""
    rows = connection.execute(
        "select month_date, source_code, currency_code, item_count, original_amount"
        " from qc.qc_amount_without_exchange_rate where list_contains(?, month_date)"
        " order by month_date desc, source_code <> 'ledger', currency_code, source_code",
        [list(months)],
    ).fetchall()
    return [(month, Untranslated(*told)) for month, *told in rows]


def require_months(connection: duckdb.DuckDBPyConnection) -> list[dt.date]:
    """The months that can be reconciled.

    Raises:
        NoGenerationError: The bank has delivered no ledger.
    """
    found = months(connection)
    if not found:
        raise NoGenerationError(
            "没有可对账的月份：尚未报送总账余额（ledger__gl_balance）。",
            "there is no month to reconcile: no ledger was delivered (ledger__gl_balance)",
        )
    return found
