"""A published figure beside the same figure reckoned anew from delivered rows, step by step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from serving.errors import QueryError
from serving.profit import published
from serving.profit.account import Account
from serving.profit.bank import Bank
from serving.profit.costing import pools
from serving.profit.evidence import Origin, Row, Rule, Step
from serving.profit.lines import AccountMonth
from serving.profit.numbers import yuan
from serving.profit.published import Cause
from serving.profit.spread import EXTREMES, RANGE, Spread, spread_of
from serving.profit.visits import visit_lines, visit_work

# Numbers that say who somebody is; the last four digits are enough to find a row again.
IDENTITIES: Final = frozenset({"account_id", "customer_id", "loan_id"})
_SHOWN_DIGITS: Final = 4


@dataclass(frozen=True)
class Trace:
    """A figure of a customer or a unit: as published, and as reckoned anew.

    Attributes:
        customer_key: The customer; None of a unit's figure.
        month: First day of the month.
        line: Line or subtotal.
        rule_set: Rule set.
        published: Published amount in fen; None under a rule set of which only the range is.
        step: The figure reckoned anew, with all it rests on.
        unit: Number of the unit whose figure it is.
        cause: Why the unit bears it.
        spread: The range over all rule sets, where the figure is one of an unpublished one.
    """

    customer_key: int | None
    month: dt.date
    line: published.Line
    rule_set: str
    published: int | None
    step: Step
    unit: str | None = None
    cause: Cause | None = None
    spread: Spread | None = None

    @property
    def reckoned(self) -> int:
        """The amount reckoned anew, in fen."""
        return self.step.fen or 0

    @property
    def is_same(self) -> bool:
        """Whether both are the same to the fen: the figure, and the range that it lies in."""
        is_same = self.published is None or self.reckoned == self.published
        return is_same and (self.spread is None or self.spread.is_same)

    def to_dict(self, *, with_identities: bool) -> dict[str, Any]:
        """All of it for a program: amounts in yuan."""
        whose: dict[str, Any] = {"customer_key": self.customer_key}
        if self.cause is not None:
            whose = {"unit": self.unit, "cause": self.cause.code}
        return whose | {
            "month": f"{self.month:%Y-%m}",
            "line": self.line.code,
            "rule_set": self.rule_set,
            "published_amount": None if self.published is None else yuan(self.published),
            "reckoned_amount": yuan(self.reckoned),
            "is_same": self.is_same,
            "range": None if self.spread is None else self.spread.to_dict(),
            "step": _step(self.step, with_identities),
        }


def trace(
    connection: duckdb.DuckDBPyConnection,
    bank: Bank,
    *,
    customer_key: int,
    month: dt.date,
    line: str,
    rule_set: str,
    base_rule_set: str,
    account_key: int | None = None,
) -> Trace:
    """Open a published figure, or one that the published range over rule sets rests on.

    Args:
        connection: The published generation.
        bank: Delivered rows of the customer's accounts, and of the bank as a whole.
        customer_key: The customer.
        month: First day of the month.
        line: Code of a line or subtotal.
        rule_set: Code of a rule set; lowest or highest for the one that makes least or most of him.
        base_rule_set: Code of the rule set that the marts show.
        account_key: Only what this account brings.

    Raises:
        QueryError: The customer, month, line, rule set or account is not known.
    """
    published.require_customer(connection, customer_key)
    published.require_month(connection, month)
    chosen = published.require_line(connection, line)
    accounts = _accounts(bank)
    rules, spread = _rules(connection, bank, accounts, customer_key, month, rule_set, base_rule_set)
    code = rules["rule_set_code"]
    told = published.figures(connection, code, month, month, [customer_key])
    if account_key is not None:
        accounts = [each for each in accounts if each.key == account_key]
        told = [each for each in told if each.account_key == account_key]
        if not accounts and not told:
            raise QueryError(
                f"客户 {customer_key} 没有账户 {account_key}；不加 --account 可看到其全部账户。",
                f"customer {customer_key} has no account {account_key}; without --account all of"
                " the customer's are shown",
            )
    wanted = published.summed_lines(line)
    # Visits are work on the customer, whatever accounts he has.
    steps = _reckoned(
        bank, accounts, customer_key, month, rules, wanted, with_visits=account_key is None
    )
    found = Step(chosen.zh, chosen.en, sum(each.fen or 0 for each in steps), parts=tuple(steps))
    amount: int | None = sum(each.fen for each in told if each.line in wanted)
    if not rules["is_published"]:
        is_of_range = line == RANGE and account_key is None
        amount = spread.bound_of(code) if spread and is_of_range else None
    return Trace(customer_key, month, chosen, code, amount, found, spread=spread)


def _rules(
    connection: duckdb.DuckDBPyConnection,
    bank: Bank,
    accounts: Sequence[Account],
    customer_key: int,
    month: dt.date,
    rule_set: str,
    base_rule_set: str,
) -> tuple[Row, Spread | None]:
    """The rule set asked for; with the range over all of them unless its statement is published."""
    known = {row["rule_set_code"]: row for row in published.rule_sets(connection, month)}
    if rule_set not in (*known, *EXTREMES):
        names = [*known, *EXTREMES]
        raise QueryError(
            f"没有规则组 {rule_set!r}；可选：{'、'.join(names)}。",
            f"there is no rule set {rule_set!r}; choose one of {', '.join(names)}",
        )
    if rule_set in known and known[rule_set]["is_published"]:
        return known[rule_set], None
    wanted = published.summed_lines(RANGE)
    amounts = {
        code: sum(
            step.fen or 0
            for step in _reckoned(
                bank, accounts, customer_key, month, row, wanted, with_visits=True
            )
        )
        for code, row in known.items()
    }
    spread = spread_of(connection, customer_key, month, amounts, base_rule_set)
    return known[spread.code_of(rule_set)], spread


def _accounts(bank: Bank) -> list[Account]:
    numbers = {row["account_id"] for row in bank.rows("corebank__account")}
    return [Account(bank, number) for number in sorted(numbers)]


def _reckoned(
    bank: Bank,
    accounts: Iterable[Account],
    customer_key: int,
    month: dt.date,
    rule_set: Any,
    wanted: Sequence[str],
    *,
    with_visits: bool,
) -> list[Step]:
    """Per account that brings anything, and for visits: the lines wanted, the customer's part."""
    known = pools(bank, month)
    found = []
    if with_visits and (done := visit_work(bank, month).get(customer_key)):
        own = visit_lines(bank, month, done, rule_set, known)
        parts = tuple(own[name] for name in wanted if name in own and _is_told(own[name]))
        if parts:
            total = sum(part.fen or 0 for part in parts)
            found.append(Step("走访", "Visits", total, parts=parts))
    for account in accounts:
        own = AccountMonth(account, month, known).lines(rule_set).get(customer_key, {})
        parts = tuple(own[name] for name in wanted if name in own and _is_told(own[name]))
        if parts:
            total = sum(part.fen or 0 for part in parts)
            row = bank.rows_of("corebank__account", account.account_id)[-1]
            product = bank.products.at(row["product_id"], month)
            name = product["product_name"] if product else row["product_id"]
            who = f"{masked(account.account_id)} ({account.key})"
            step = Step(f"账户 {who} {name}", f"Account {who}", total, parts=parts)
            found.append(step)
    return found


def _is_told(step: Step) -> bool:
    """Whether a line says anything: an amount, or amounts that cancel out."""
    return any(each.fen for each in step.walk())


def masked(number: str) -> str:
    """A number of which only the last digits are shown.

    >>> masked("6221260302051573575"), masked("12")
    ('****3575', '****')
    """
    return f"****{number[-_SHOWN_DIGITS:] if len(number) > 2 * _SHOWN_DIGITS else ''}"


def said(values: Any, *, with_identities: bool) -> dict[str, Any]:
    """What a row or rule said, without who somebody is unless that is wanted."""
    return {
        name: value if with_identities or name not in IDENTITIES else masked(str(value))
        for name, value in values.items()
    }


def _step(step: Step, with_identities: bool) -> dict[str, Any]:
    return {
        "name_zh": step.zh,
        "name_en": step.en,
        "amount": step.amount,
        "reckoning": step.how,
        "rows": [_origin(each, with_identities) for each in step.origins],
        "rules": [_rule(each) for each in step.rules],
        "parts": [_step(each, with_identities) for each in step.parts],
    }


def _origin(each: Origin, with_identities: bool) -> dict[str, Any]:
    where = {"feed": each.feed, "file": each.file, "sheet": each.sheet, "row": each.row}
    return where | {"said": said(each.said, with_identities=with_identities)}


def _rule(each: Rule) -> dict[str, Any]:
    return {"table": each.table, "said": dict(each.said)}
