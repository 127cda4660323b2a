"""Profit of a customer, or a class of them, on other terms: arithmetic on published facts."""

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
from serving.profit.book import MONTHS, Book, Lines, Worked, held_of
from serving.profit.costing import MINUTE
from serving.profit.evidence import Row
from serving.profit.numbers import UNITS, accrued, divided, fen, share, units

# What follows a balance from one product to another; fees and work stay what they are.
FOLLOWING: Final = (
    "interest_income", "interest_expense", "ftp", "expected_loss", "capital_charge",
)  # fmt: skip
COSTS: Final = ("direct_cost", "indirect_cost")
_TAXED: Final = ("interest_income", "fee_income")


@dataclass(frozen=True)
class Case:
    """Profit before and after a change, in fen by line, over some months.

    Attributes:
        first: First month.
        last: Last month.
        customers: How many customers there are.
        before: As published.
        change: What the change adds.
        notes: What the change cannot do, or leaves with the bank: Chinese and English.
    """

    first: dt.date
    last: dt.date
    customers: int
    before: Mapping[str, int]
    change: Mapping[str, int]
    notes: tuple[tuple[str, str], ...] = ()

    @property
    def cost_left(self) -> int:
        """Fen of costs that the customers no longer bear, and the bank still does."""
        return sum(self.change.get(line, 0) for line in COSTS)

    def total(self, amounts: Mapping[str, int], line: str) -> int:
        """A line or subtotal of some amounts."""
        return sum(amounts.get(each, 0) for each in published.summed_lines(line))


def rate_changed(book: Book, target: str, basis_points: Decimal) -> Case:
    """Another contract rate on what was held; the transfer price stays what was agreed.

    Args:
        book: The customers.
        target: asset, liability, or a product.
        basis_points: Hundredths of a percent a year that are added.

    Raises:
        QueryError: They hold nothing of it.
    """
    rate = units(basis_points / 10_000)
    change: Lines = defaultdict(int)
    held = [each for each in book.held() if target in (each.pillar, each.product)]
    if not held:
        raise _nothing_held(target)
    for each in held:
        if each.pillar == "asset":
            change["interest_income"] += accrued(each.fen_days, rate, each.day_basis)
        elif each.pillar == "liability":
            change["interest_expense"] -= accrued(each.fen_days, rate, each.day_basis)
    return _case(book, change)


def fee_charged(book: Book, amount: Decimal) -> Case:
    """So many yuan a month more from every customer, in the months he had anything."""
    (months,) = book.connection.execute(
        "select count(*) from (select distinct customer_key, month_date"
        " from dimensional.fct_profit_month where cause_code = 'account' and rule_set_code = ?"
        " and list_contains(?, month_date) and customer_key in (select unnest(?)))",
        [book.rule_set_code, book.months, list(book.customers)],
    ).fetchone() or (0,)
    return _case(book, {"fee_income": fen(amount) * months})


def channel_changed(book: Book, source: str, target: str, part: Decimal) -> Case:
    """A share of the postings by one channel done by another, at its minutes and prices.

    Args:
        book: The customers.
        source: Channel that they leave.
        target: Channel that they go to.
        part: How much of the postings goes, 0 to 1.

    Raises:
        QueryError: A channel does not exist, or the share is none.
    """
    known = [row[0] for row in book.connection.execute(_CHANNELS).fetchall()]
    for name in (source, target):
        if name not in known:
            raise QueryError(
                f"没有渠道 {name!r}；可选：{'、'.join(known)}。",
                f"there is no channel {name!r}; choose one of {', '.join(known)}",
            )
    if source == target:
        raise QueryError(
            f"渠道 {source} 迁往自身，没有变化；请给出另一个渠道。",
            f"work by {source} that goes to {source} is no change; name another channel",
        )
    if not 0 < part <= 1:
        raise QueryError(
            f"份额为 {part}；请给出大于 0、不超过 1 的数，例如 0.5。",
            f"the share is {part}; give a number above 0 and up to 1, as 0.5",
        )
    change: Lines = defaultdict(int)
    prices, stayed, moved = _Prices(book.connection, book.months), 0, units(part)
    for each in book.worked(source):
        cost = prices.cost(each, target, moved)
        if cost is None:
            stayed += each.count
            continue
        direct, full = cost
        change["direct_cost"] += direct - share(each.direct, moved)
        change["indirect_cost"] += (full - direct) - share(each.full - each.direct, moved)
    notes: tuple[tuple[str, str], ...] = ()
    if stayed:
        notes = (
            (
                f"{stayed:,} 笔交易没有 {target} 渠道的作业时间规则，未迁移。",
                f"{stayed:,} postings have no time by {target} in the rules, and stay",
            ),
        )
    return _case(book, change, notes)


_CHANNELS: Final = (
    "select channel_code from dimensional.dim_channel where channel_pk <> -1 order by 1"
)


class _Prices:
    """What a minute costs by month, unit and pool, and the minutes a posting takes."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, months: Sequence[dt.date]) -> None:
        self._rules = published.rules(connection)
        rows = connection.execute(
            "select month_date, organisation_id, cost_pool_code, ledger_cost_amount,"
            " full_cost_amount, practical_minutes from dimensional.fct_cost_pool_month"
            " where practical_minutes > 0 and list_contains(?, month_date)",
            [list(months)],
        ).fetchall()
        self._pools = {row[:3]: (fen(row[3]), fen(row[4]), row[5]) for row in rows}

    def cost(self, done: Worked, channel: str, part: int) -> tuple[int, int] | None:
        """Own and full cost of a share of some work by another channel, in fen, not above 0."""
        times = [
            row for row in self._held("activity_time", done.month) if _is_of(row, done, channel)
        ]
        if not times:
            return None
        code, minutes = times[0]["cost_pool_code"], int(times[0]["base_minutes"] * MINUTE)
        own, full, capacity = self._pools.get((done.month, done.unit, code), (0, 0, 0))
        if not capacity:
            rules = [
                row
                for row in self._held("cost_pool_rule", done.month)
                if row["cost_pool_code"] == code
            ]
            own = full = fen(rules[0]["standard_minute_amount"]) if rules else 0
            capacity = 1
        taken = done.count * minutes * part
        size = capacity * MINUTE * UNITS
        return -divided(own * taken, size), -divided(full * taken, size)

    def _held(self, table: str, month: dt.date) -> list[Row]:
        rows = self._rules.get(table, [])
        return [row for row in rows if row["valid_from_date"] <= month < row["valid_to_date"]]


def _is_of(rule: Row, done: Worked, channel: str) -> bool:
    return (rule["transaction_type_code"], rule["channel_code"]) == (done.kind, channel)


def product_changed(book: Book, source: str, target: str) -> Case:
    """The balances of one product held in another, at what that brings the bank on average.

    Raises:
        QueryError: They hold nothing of the one, or nobody holds the other.
    """
    held = sum(each.fen_days for each in book.held() if each.product == source)
    if held <= 0:
        raise _nothing_held(source)
    everybody = held_of(book.connection, book.months, None)
    there = sum(each.fen_days for each in everybody if each.product == target)
    if there <= 0:
        raise QueryError(
            f"产品 {target!r} 在 {book.months[0]:%Y-%m} 之后没有余额，无从得知其收益。",
            f"nobody held product {target!r} since {book.months[0]:%Y-%m}: what it brings is not"
            " known; choose a product with balances",
        )
    all_keys = Book(book.connection, _everybody(book.connection), book.rule_set_code)
    average, own = all_keys.lines(target), book.lines(source)
    change = {
        line: divided(average.get(line, 0) * held, there) - own.get(line, 0) for line in FOLLOWING
    }
    return _case(book, change)


def _everybody(connection: duckdb.DuckDBPyConnection) -> list[int]:
    query = "select distinct customer_key from dimensional.fct_profit_month order by 1"
    return [row[0] for row in connection.execute(query).fetchall()]


def lost(book: Book) -> Case:
    """All that the customers bring, gone; what their work cost stays as unused capacity."""
    before = book.lines()
    return _case(book, {line: -amount for line, amount in before.items()}, is_whole=True)


def won(book: Book) -> Case:
    """As much again from others like them; their work takes capacity that is there."""
    return _case(book, book.lines(), is_whole=True)


def _case(
    book: Book,
    change: Mapping[str, int],
    notes: tuple[tuple[str, str], ...] = (),
    *,
    is_whole: bool = False,
) -> Case:
    """A change with the taxes on it, unless they are in it already."""
    after = dict(change)
    if not is_whole:
        taxed = sum(after.get(line, 0) for line in _TAXED)
        after["surtax"] = -share(taxed, units(book.rule_set["surtax_rate"]))
        profit = sum(amount for line, amount in after.items() if line != "capital_charge")
        after["income_tax"] = -share(profit, units(book.rule_set["income_tax_rate"]))
    return Case(book.months[0], book.months[-1], len(book.customers), book.lines(), after, notes)


def _nothing_held(target: str) -> QueryError:
    return QueryError(
        f"所选客户在近 {MONTHS} 个月没有 {target!r} 的余额；"
        "请给出其持有的产品，或 asset、liability。",
        f"nothing of {target!r} was held in the last {MONTHS} months; give a product that is held,"
        " or asset or liability",
    )
