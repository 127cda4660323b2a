"""What is published of some customers over the last months: lines, balances, work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import duckdb

from serving.errors import QueryError
from serving.profit import published
from serving.profit.bank import UNASSIGNED
from serving.profit.evidence import Row
from serving.profit.numbers import fen

MONTHS: Final = 12
Lines = dict[str, int]
# Whose which stretch of an account is in a month, as the marts divide it: what is shared more than
# once is cut, what nobody shares is nobody's, and of one who holds all of it nothing is divided.
# Work is divided by unit, kind and channel, hence to a fen of each.
_PARTS: Final = """
with divided as (
    select account_key
    from dimensional.bridge_account_holder
    where role_code <> 'authorised'
    group by 1
    having min(share_rate) < 1 or count(distinct customer_key) > 1
),
holding as (
    select own.account_key, own.month_date, holder.customer_key,
        cast(holder.share_rate * 100000000 as bigint) as units
    from dimensional.fct_account_month as own
    join divided on own.account_key = divided.account_key
    join dimensional.bridge_account_holder as holder
        on own.account_key = holder.account_key and holder.share_rate > 0
        and last_day(own.month_date) >= holder.valid_from_date
        and last_day(own.month_date) < holder.valid_to_date
    where list_contains($months, own.month_date)
),
stacked as (
    select *,
        sum(units) over (partition by account_key, month_date order by customer_key) as upto,
        greatest(sum(units) over (partition by account_key, month_date), 100000000) as whole
    from holding
),
placed as (
    select account_key, month_date, customer_key,
        (upto - units) * 100000000 // whole as from_units, upto * 100000000 // whole as to_units
    from stacked
    union all
    select account_key, month_date, -1, max(upto), 100000000
    from stacked
    group by 1, 2
    having max(upto) < 100000000
),
part as (
    select account_key, month_date, customer_key,
        cast(from_units as decimal(9, 0)) * cast(0.00000001 as decimal(9, 8)) as from_rate,
        cast(to_units as decimal(9, 0)) * cast(0.00000001 as decimal(9, 8)) as to_rate
    from placed
    union all
    select own.account_key, own.month_date, own.customer_key, 0, 1
    from dimensional.fct_account_month as own
    where list_contains($months, own.month_date)
        and not exists (
            select 1 from placed
            where placed.account_key = own.account_key and placed.month_date = own.month_date
        )
)
"""


def _parted(amount: str) -> str:
    """What stands at the end of a holder's stretch less what stood at its start."""
    # As wide as a product with eight places may be: DuckDB does not widen it of its own accord.
    wide = f"cast({amount} as decimal(28, 2))"
    return f"round({wide} * part.to_rate, 2) - round({wide} * part.from_rate, 2)"


_WORKED: Final = (
    _PARTS + "select cost.month_date, unit.organisation_id, kind.transaction_type_code,"  # noqa: S608
    " sum(cost.posting_count * (part.to_rate - part.from_rate)),"
    f" sum({_parted('cost.cost_amount')}), sum({_parted('cost.direct_cost_amount')})"
    " from dimensional.fct_activity_cost_month as cost"
    " join part on cost.account_key = part.account_key and cost.month_date = part.month_date"
    " join dimensional.dim_organisation as unit on cost.organisation_fk = unit.organisation_pk"
    " join dimensional.dim_transaction_type as kind"
    " on cost.transaction_type_fk = kind.transaction_type_pk"
    " join dimensional.dim_channel as channel on cost.channel_fk = channel.channel_pk"
    " where channel.channel_code = $channel and part.customer_key in (select unnest($customers))"
    " group by all order by all"
)
# A product that names no days of its interest year has those of the pricing rules for yuan.
_HELD: Final = (
    _PARTS + "select product.product_id, product.pillar_code, coalesce(product.day_basis, 360),"  # noqa: S608
    f" sum({_parted('own.balance_days_amount')})"
    " from dimensional.fct_account_month as own"
    " join part on own.account_key = part.account_key and own.month_date = part.month_date"
    " join dimensional.dim_product as product on own.product_fk = product.product_pk"
    " where $is_everybody or part.customer_key in (select unnest($customers))"
    " group by all order by all"
)


@dataclass(frozen=True)
class Held:
    """What is held of a product in a month, as the customers' parts of it."""

    product: str
    pillar: str
    day_basis: int
    fen_days: int


@dataclass(frozen=True)
class Worked:
    """Postings of a kind by a channel that a unit handled in a month, and what they cost in fen."""

    month: dt.date
    unit: str
    kind: str
    channel: str
    count: int
    full: int
    direct: int


@dataclass
class Book:
    """What is published of some customers over the last months, under a rule set.

    Args:
        connection: The published generation.
        customers: Their keys.
        rule_set_code: Code of a published rule set.
    """

    connection: duckdb.DuckDBPyConnection
    customers: Sequence[int]
    rule_set_code: str
    months: list[dt.date] = field(init=False)
    rule_set: Row = field(init=False)

    def __post_init__(self) -> None:
        self.months = published.months(self.connection)[-MONTHS:]
        self.rule_set = published.rule_set(self.connection, self.rule_set_code, self.months[-1])

    def lines(self, product: str | None = None) -> Lines:
        """Fen by line; of one product if it is named."""
        rows = self.connection.execute(
            "select profit_line_code, sum(amount) from dimensional.fct_profit_month as profit"
            " join dimensional.dim_product as product on profit.product_fk = product.product_pk"
            " where rule_set_code = ? and cause_code = 'account'"
            " and list_contains(?, month_date) and customer_key in (select unnest(?))"
            " and (? is null or product.product_id = ?) group by 1",
            [self.rule_set_code, self.months, list(self.customers), product, product],
        ).fetchall()
        return {line: fen(amount) for line, amount in rows}

    def held(self) -> list[Held]:
        """Fen-days by product: of an account with several holders their shares."""
        return held_of(self.connection, self.months, self.customers)

    def worked(self, channel: str) -> list[Worked]:
        """The work on their accounts by a channel."""
        rows = self.connection.execute(
            _WORKED,
            {"months": self.months, "channel": channel, "customers": list(self.customers)},
        ).fetchall()
        return [
            Worked(month, unit, kind, channel, round(count), fen(full), fen(direct))
            for month, unit, kind, count, full, direct in rows
        ]


def held_of(
    connection: duckdb.DuckDBPyConnection,
    months: Sequence[dt.date],
    customers: Sequence[int] | None,
) -> list[Held]:
    """Fen-days by product, of some customers or of everybody."""
    asked = {
        "months": list(months),
        "is_everybody": customers is None,
        "customers": list(customers or [UNASSIGNED]),
    }
    rows = connection.execute(_HELD, asked).fetchall()
    return [Held(product, pillar, basis, fen(amount)) for product, pillar, basis, amount in rows]


def of_class(connection: duckdb.DuckDBPyConnection, code: str) -> list[int]:
    """Keys of the customers of a value class, by the average deposit of the newest month.

    Raises:
        QueryError: There is no such class, or nobody is in it.
    """
    month = published.months(connection)[-1]
    bands = published.records(
        connection,
        "select * from rule.value_class where ? >= valid_from_date and ? < valid_to_date"
        " order by minimum_amount",
        month,
        month,
    )
    band = next((row for row in bands if row["value_class_code"] == code), None)
    if band is None:
        names = [str(row["value_class_code"]) for row in bands]
        raise QueryError(
            f"没有价值分类 {code!r}；可选：{'、'.join(names)}。",
            f"there is no value class {code!r}; choose one of {', '.join(names)}",
        )
    rows = connection.execute(
        "select customer_key from dimensional.fct_customer_month where month_date = ?"
        " and deposit_average_amount >= ? and deposit_average_amount < ? and customer_key <> -1"
        " order by 1",
        [month, band["minimum_amount"], band["maximum_amount"]],
    ).fetchall()
    if not rows:
        raise QueryError(
            f"{month:%Y-%m} 没有 {code} 类客户。", f"nobody is {code} in {month:%Y-%m}"
        )
    return [row[0] for row in rows]
