"""The statement of one customer's profit over some months: lines by account, balances, return."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import duckdb

from serving.errors import QueryError
from serving.profit import published
from serving.profit.evidence import Row
from serving.profit.numbers import UNITS, divided, fen, share, units
from serving.query import Answer

# How each line was reckoned, for whoever reads the page.
NOTES: Final = {
    "interest_income": (
        "会计系统当月入账的贷款利息；未报送时按合同利率计算。",
        "Interest on loans as the ledger booked it; by contract where that was not delivered.",
    ),
    "interest_expense": (
        "会计系统当月入账的存款利息；未报送时按合同利率计算。",
        "Interest on deposits as the ledger booked it; by contract where that was not delivered.",
    ),
    "ftp": (
        "日均余额按起息日或重定价日对应期限的内部资金转移价格计价，另加流动性、准备金、政策加点。",
        "Balances by day at the transfer price of the day and tenor they were agreed for,"
        " with add-ons for liquidity, reserve and policy.",
    ),
    "fee_income": ("逐笔交易的手续费。", "Fees of the postings."),
    "surtax": (
        "利息收入与手续费收入乘以规则组税率。",
        "Interest income and fees at the rate of the rule set.",
    ),
    "direct_cost": (
        "每笔交易与走访耗用的分钟数乘以作业池每分钟自身成本。",
        "Minutes of each posting and visit at the own cost of a minute of the pool.",
    ),
    "indirect_cost": (
        "同样的分钟数乘以逐级分摊到作业池的支持成本；未用产能不分摊给客户。",
        "The same minutes at what support handed down to the pool; capacity that nobody used"
        " stays with the bank.",
    ),
    "expected_loss": (
        "base：违约概率×违约损失率×风险暴露÷12；book：当月准备变动加核销使用准备。",
        "base: PD times LGD times exposure, a twelfth a month; book: the change of the provision,"
        " and what write-offs used up of it.",
    ),
    "income_tax": (
        "税前利润乘以税率；亏损按同率冲减。",
        "Profit before tax at the tax rate; losses get it back.",
    ),
    "capital_charge": (
        "风险加权暴露×资本充足率×资本成本率÷12。",
        "Risk-weighted exposure at the capital ratio and the hurdle rate, a twelfth a month.",
    ),
}  # fmt: skip
# What belongs to a customer and to none of his accounts: the work of visiting him.
VISITS: Final = "走访 Visits"
# Where subtotals stand: behind which line.
_BEHIND: Final = {
    "ftp": "net_interest",
    "fee_expense": "net_fee",
    "expected_loss": "pre_tax_profit",
    "income_tax": "net_profit",
    "capital_charge": "economic_profit",
}


@dataclass(frozen=True)
class Column:
    """An account on the statement.

    Attributes:
        key: Its key.
        product: Name of its product.
        balance: Average balance of the whole account over all days of the months, in fen.
    """

    key: int
    product: str
    balance: int


@dataclass(frozen=True)
class Line:
    """A line of the statement: fen by account key, and their sum."""

    code: str
    zh: str
    en: str
    is_subtotal: bool
    by_account: Mapping[int, int]

    @property
    def total(self) -> int:
        """Fen of all accounts."""
        return sum(self.by_account.values())


@dataclass(frozen=True)
class Statement:
    """What a customer brought from the first to the last month, under a rule set.

    Attributes:
        deposits: Average deposits in fen.
        loans: Average loans in fen.
        capital: Economic capital in fen, on average.
        raroc: Net profit of a year over capital, and what capital itself earns, in
            hundred-millionths; None without capital.
    """

    customer_key: int
    first: dt.date
    last: dt.date
    rule_set: Row
    columns: Sequence[Column]
    lines: Sequence[Line]
    deposits: int
    loans: int
    capital: int
    raroc: int | None

    @property
    def period(self) -> str:
        """The month, or the first and the last one."""
        first, last = f"{self.first:%Y-%m}", f"{self.last:%Y-%m}"
        return first if first == last else f"{first} – {last}"

    def line(self, code: str) -> Line:
        """The line of a code."""
        return next(line for line in self.lines if line.code == code)

    def answer(self) -> Answer:
        """The statement as a table, amounts in yuan."""
        from serving.profit.numbers import yuan

        names = [f"{column.product} {column.key}" for column in self.columns]
        header = ("项目", "Line", *names, "合计 Total")
        keys = [column.key for column in self.columns]
        rows: list[tuple[object, ...]] = [
            (
                line.zh,
                line.en,
                *(yuan(line.by_account.get(key, 0)) for key in keys),
                yuan(line.total),
            )
            for line in self.lines
        ]
        balances = tuple(yuan(column.balance) for column in self.columns)
        rows.append(("日均余额", "Average balance", *balances, None))
        types = ("VARCHAR", "VARCHAR", *["DECIMAL(18,2)"] * (len(names) + 1))
        return Answer(header, types, rows)


def statement(
    connection: duckdb.DuckDBPyConnection,
    customer_key: int,
    first: dt.date,
    last: dt.date,
    rule_set: str,
) -> Statement:
    """The statement of a customer, from a published generation.

    Args:
        connection: The published generation.
        customer_key: The customer.
        first: First month.
        last: Last month; months between them that are not published are left out.
        rule_set: Code of a published rule set.

    Raises:
        QueryError: The customer, rule set or months are not published.
    """
    published.require_table(connection, "dimensional.fct_customer_exposure_month")
    published.require_customer(connection, customer_key)
    known = [month for month in published.months(connection) if first <= month <= last]
    if not known:
        published.require_month(connection, last)
        raise QueryError("没有已发布的月份。", "no month of it is published")
    rules = published.rule_set(connection, rule_set, known[-1])
    amounts: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for figure in published.figures(connection, rule_set, known[0], known[-1], [customer_key]):
        amounts[figure.line][figure.account_key] += figure.fen
    lines = _lines(connection, amounts)
    profits = {line.code: line for line in lines}
    columns = _columns(connection, profits["net_profit"].by_account, known)
    deposits, loans = _averages(connection, customer_key, known)
    capital = _capital(connection, customer_key, known, units(rules["capital_ratio_rate"]))
    profit = profits["net_profit"].total
    # Of capital below a yuan a return says nothing.
    raroc = None
    if capital >= fen(Decimal(1)):
        year = divided(profit * 12 * UNITS, capital * len(known))
        raroc = year + units(rules["capital_return_rate"])
    return Statement(
        customer_key, known[0], known[-1], rules, columns, lines, deposits, loans, capital, raroc
    )


def _lines(
    connection: duckdb.DuckDBPyConnection, amounts: Mapping[str, Mapping[int, int]]
) -> list[Line]:
    """The lines in their order, each subtotal behind the last line it adds up."""
    found: list[Line] = []
    for each in published.lines(connection):
        own = amounts.get(each.code, {})
        # Lines that no account bears belong to units.
        if own or each.code in NOTES:
            found.append(Line(each.code, each.zh, each.en, False, dict(own)))
        if each.code in _BEHIND:
            code = _BEHIND[each.code]
            zh, en, _ = published.SUBTOTALS[code]
            summed: dict[int, int] = defaultdict(int)
            for line in published.summed_lines(code):
                for key, amount in amounts.get(line, {}).items():
                    summed[key] += amount
            found.append(Line(code, zh, en, True, dict(summed)))
    return found


def _columns(
    connection: duckdb.DuckDBPyConnection, profits: Mapping[int, int], months: Sequence[dt.date]
) -> list[Column]:
    """The accounts, the one that moves most of the profit first."""
    rows = connection.execute(
        "select account_key, arg_max(product_name, month_date), sum(balance_days_amount)"
        " from dimensional.fct_account_month as month"
        " join dimensional.dim_product as product on month.product_fk = product.product_pk"
        " where list_contains(?, month_date) and list_contains(?, account_key)"
        " group by account_key",
        [list(months), list(profits)],
    ).fetchall()
    (days,) = connection.execute(
        "select sum(days_count) from (select month_date, max(days_count) as days_count"
        " from dimensional.fct_account_month where list_contains(?, month_date) group by 1)",
        [list(months)],
    ).fetchone() or (1,)
    names = {key: (name, divided(fen(balance), int(days))) for key, name, balance in rows}
    ordered = sorted(profits, key=lambda key: (-abs(profits[key]), key))
    return [Column(key, *names.get(key, (VISITS, 0))) for key in ordered]


def _capital(
    connection: duckdb.DuckDBPyConnection,
    customer_key: int,
    months: Sequence[dt.date],
    ratio: int,
) -> int:
    """Capital that stood for the customer's part of what was lent, on average of the months."""
    rows = connection.execute(
        "select risk_weighted_amount from dimensional.fct_customer_exposure_month"
        " where customer_key = ? and list_contains(?, month_date)",
        [customer_key, list(months)],
    ).fetchall()
    return divided(sum(share(fen(amount), ratio) for (amount,) in rows), len(months))


def _averages(
    connection: duckdb.DuckDBPyConnection, customer_key: int, months: Sequence[dt.date]
) -> tuple[int, int]:
    """Average deposits and loans of the customer's own part over the days of the months."""
    deposits, loans, days = connection.execute(
        "select sum(deposit_balance_days_amount), sum(loan_balance_days_amount), sum(days_count)"
        " from dimensional.fct_customer_month"
        " where customer_key = ? and list_contains(?, month_date)",
        [customer_key, list(months)],
    ).fetchone() or (None, None, None)
    if not days:
        return 0, 0
    return divided(fen(deposits), days), divided(fen(loans), days)
