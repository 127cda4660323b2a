"""What a customer brings under every rule set, beside the published range over them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from serving.errors import QueryError
from serving.profit import published
from serving.profit.numbers import fen, yuan

# The subtotal that the range is of.
RANGE: Final = "untaxed_economic_profit"
EXTREMES: Final = ("lowest", "highest")


@dataclass(frozen=True)
class Spread:
    """A customer's profit before income tax and after the cost of capital, over all rule sets.

    Attributes:
        by_rule_set: Fen reckoned anew by code of the rule set, published or not.
        base_rule_set: The one that the marts show.
        lowest: Least of the published range, in fen.
        base: What the base rule set makes of it, as published; None where it did not hold.
        highest: Most of the published range.
    """

    by_rule_set: Mapping[str, int]
    base_rule_set: str
    lowest: int
    base: int | None
    highest: int

    @property
    def reckoned(self) -> tuple[int, int | None, int]:
        """Least, base and most as reckoned anew."""
        found = self.by_rule_set
        return min(found.values()), found.get(self.base_rule_set), max(found.values())

    @property
    def is_same(self) -> bool:
        """Whether the published range is the one reckoned anew, to the fen."""
        return self.reckoned == (self.lowest, self.base, self.highest)

    def code_of(self, name: str) -> str:
        """The rule set of a name; lowest and highest are those that make the least and the most."""
        if name not in EXTREMES:
            return name
        sign = 1 if name == "lowest" else -1
        return min(self.by_rule_set, key=lambda code: (sign * self.by_rule_set[code], code))

    def bound_of(self, code: str) -> int | None:
        """The published end of the range that a rule set makes; None of one in between."""
        amount = self.by_rule_set[code]
        lowest, _, highest = self.reckoned
        return self.lowest if amount == lowest else self.highest if amount == highest else None

    def to_dict(self) -> dict[str, Any]:
        """All of it for a program: amounts in yuan."""
        return {
            "lowest_published_amount": yuan(self.lowest),
            "base_published_amount": None if self.base is None else yuan(self.base),
            "highest_published_amount": yuan(self.highest),
            "is_same": self.is_same,
            "reckoned_amounts": {code: yuan(part) for code, part in self.by_rule_set.items()},
        }


def spread_of(
    connection: duckdb.DuckDBPyConnection,
    customer_key: int,
    month: dt.date,
    amounts: Mapping[str, int],
    base_rule_set: str,
) -> Spread:
    """The published range of a customer's month, with what was reckoned by rule set.

    Raises:
        QueryError: Nothing is published of him in the month.
    """
    published.require_table(connection, "dimensional.fct_profit_range_month")
    row = connection.execute(
        "select lowest_profit_amount, base_profit_amount, highest_profit_amount"
        " from dimensional.fct_profit_range_month where customer_key = ? and month_date = ?",
        [customer_key, month],
    ).fetchone()
    if row is None:
        raise QueryError(
            f"客户 {customer_key} 在 {month:%Y-%m} 没有利润区间：当月既无账户也无走访。",
            f"customer {customer_key} has no range of profit in {month:%Y-%m}: he has no account"
            " and no visit in that month",
        )
    lowest, base, highest = row
    return Spread(
        amounts, base_rule_set, fen(lowest), None if base is None else fen(base), fen(highest)
    )
