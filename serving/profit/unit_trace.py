"""A published figure of a unit beside the same figure reckoned anew from delivered rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import duckdb

from serving.profit import published
from serving.profit.account import Account
from serving.profit.bank import Bank
from serving.profit.costing import Pool, pools
from serving.profit.evidence import Row, Step, money, percent, rule
from serving.profit.lines import IN_WORDS, AccountMonth
from serving.profit.numbers import share, units
from serving.profit.trace import Trace, masked
from serving.profit.unit import LINES, Nobody, UnitMonth
from serving.profit.visits import visit_work

# Stands for the accounts that no list knows.
NOBODY: Final = ""
# How many accounts are read and reckoned at once.
CHUNK: Final = 1500
# A line and a cause.
Ask = tuple[str, str]


class Books(Protocol):
    """The rows behind a unit's figures.

    Attributes:
        bank: Ledger, pools and visits, without accounts.
    """

    bank: Bank

    @property
    def accounts(self) -> Sequence[str]:
        """Numbers of the accounts that may touch the unit, or of all the bank's."""

    def of(self, accounts: Sequence[str]) -> Bank:
        """The bank with the rows of some accounts; NOBODY asks for those that no list knows."""


@dataclass
class _Pieces:
    """What accounts and visits bring to a figure: fen by account number, or by visited customer."""

    accounts: dict[str, int] = field(default_factory=dict)
    visits: dict[int, list[Step]] = field(default_factory=dict)

    @property
    def fen(self) -> int:
        steps = (each.fen or 0 for found in self.visits.values() for each in found)
        return sum(self.accounts.values()) + sum(steps)

    def largest(self, count: int) -> list[str]:
        """Numbers of the accounts that move most."""
        found = self.accounts
        return sorted(found, key=lambda name: (-abs(found[name]), name))[:count]


def trace_unit(
    connection: duckdb.DuckDBPyConnection,
    books: Callable[[], Books],
    *,
    unit: str,
    month: dt.date,
    line: str,
    cause: str,
    rule_set: str,
    opened: int = 3,
) -> Trace:
    """Open a published figure of a unit.

    Args:
        connection: The published generation.
        books: Fetches the delivered rows; not before it is known that there is such a figure.
        unit: Number of the unit; "unassigned" for what no unit is known of.
        month: First day of the month.
        line: Code of a line or subtotal.
        cause: Why the unit bears it.
        rule_set: Code of a published rule set.
        opened: How many of the accounts behind it are opened to their rows, the largest first.

    Raises:
        QueryError: There is no such figure.
    """
    chosen = published.require_line(connection, line)
    published.require_month(connection, month)
    rules = published.rule_set(connection, rule_set, month)
    amount = published.unit_figure(connection, unit, month, chosen, cause, rule_set)
    lines, causes = published.statement_lines(connection), published.causes(connection)
    reckoning = Reckoning(books(), unit, month, rules, lines, causes, opened=opened)
    asks = [(each, cause) for each in published.summed_lines(line)]
    steps = [step for _, step in reckoning.figures(asks)]
    found = Step(chosen.zh, chosen.en, sum(each.fen or 0 for each in steps), parts=tuple(steps))
    return Trace(None, month, chosen, rule_set, amount, found, unit=unit, cause=causes[cause])


class Reckoning:
    """Figures of one unit, month and rule set, each reckoned from rows.

    Args:
        books: Delivered rows.
        unit: Number of the unit.
        month: First day of the month.
        rule_set: The rule set.
        statement_lines: The ledger's line of each line of profit.
        causes: Why a unit bears an amount, by code.
        known: Cost pools of the month; None reckons them.
        opened: How many accounts behind a figure are opened to their rows.
    """

    def __init__(
        self,
        books: Books,
        unit: str,
        month: dt.date,
        rule_set: Row,
        statement_lines: Mapping[str, str],
        causes: Mapping[str, published.Cause],
        *,
        known: Mapping[tuple[str, str], Pool] | None = None,
        opened: int = 0,
    ) -> None:
        self._books, self._month, self._opened = books, month, opened
        self._rule_set, self._causes = rule_set, causes
        self._pools = dict(pools(books.bank, month) if known is None else known)
        self._unit = UnitMonth(books.bank, unit, month, rule_set, self._pools, statement_lines)
        self._pieces: dict[Ask, _Pieces] = {}
        self._details: dict[tuple[Ask, str], Step] = {}

    def figures(self, asks: Sequence[Ask]) -> list[tuple[Ask, Step]]:
        """The figures asked for that the unit can have, each a line under a cause."""
        asked = [each for each in asks if self._is_possible(each)]
        basic = sorted({need for each in asked for need in self._needs(each)})
        self._gather(basic)
        return [(each, self._figure(each)) for each in asked]

    def _is_possible(self, ask: Ask) -> bool:
        line, cause = ask
        if line == "income_tax":
            if cause == "tax_by_rule":
                return self._unit.is_closed
            return cause == "account" or cause in self._taxed()
        return line in LINES.get(cause, ()) and self._unit.asks(line, cause)

    def _needs(self, ask: Ask) -> Iterator[Ask]:
        """What has to be gone through the accounts for."""
        line, cause = ask
        if line != "income_tax" or cause == "account":
            yield ask
        elif cause == "tax_by_rule":
            yield ("income_tax", "account")
            for other in self._taxed():
                yield from self._needs(("income_tax", other))
        else:
            yield from self._base(cause)

    def _taxed(self) -> list[str]:
        """Causes that bear a tax of their own."""
        return [
            each
            for each in LINES
            if each not in ("account", "tax_by_rule") and not self._causes[each].is_ledger_placement
        ]

    def _base(self, cause: str) -> list[Ask]:
        return [(line, cause) for line in LINES[cause] if self._unit.asks(line, cause)]

    def _gather(self, asks: Iterable[Ask]) -> None:
        """Go through accounts and visits once, and open the accounts that move most."""
        new = [each for each in asks if each not in self._pieces]
        for ask in new:
            self._pieces[ask] = _Pieces()
        through = [ask for ask in new if ask[1] not in ("finance", "handed_down", "unit_level")]
        if not through:
            return
        for account in self._account_months(self._books.accounts):
            for ask in through:
                amount = sum(s.fen or 0 for s in self._unit.of_account(account, *ask))
                if amount:
                    self._pieces[ask].accounts[account.account.account_id] = amount
        for customer, done in visit_work(self._books.bank, self._month).items():
            home = self._books.bank.customer_unit(customer, self._month)
            for ask in through:
                if steps := self._unit.of_visits(done, home, *ask):
                    self._pieces[ask].visits[customer] = steps
        shown = {name for ask in through for name in self._pieces[ask].largest(self._opened)}
        for account in self._account_months(sorted(shown)):
            name = account.account.account_id
            for ask in through:
                if name in self._pieces[ask].largest(self._opened):
                    parts = tuple(self._unit.of_account(account, *ask))
                    total = sum(part.fen or 0 for part in parts)
                    self._details[ask, name] = Step(*_who(account.account), total, parts=parts)

    def _account_months(self, accounts: Sequence[str]) -> Iterator[AccountMonth]:
        for start in range(0, len(accounts), CHUNK):
            names = accounts[start : start + CHUNK]
            bank = self._books.of(names)
            for name in names:
                account = Account(bank, name) if name != NOBODY else Nobody(bank)
                yield AccountMonth(account, self._month, self._pools)

    def _figure(self, ask: Ask) -> Step:
        line, cause = ask
        if line == "income_tax" and cause == "tax_by_rule":
            return self._tax_left()
        if line == "income_tax" and cause != "account":
            return self._tax(cause)
        return self._summed(ask)

    def _summed(self, ask: Ask) -> Step:
        """What stands with the unit, then its accounts, the largest opened, then visits."""
        line, cause = ask
        own = self._unit.own(line, cause) if line != "income_tax" else []
        pieces = self._pieces[ask]
        opened = [
            self._details[ask, name]
            for name in pieces.largest(self._opened)
            if (ask, name) in self._details
        ]
        rest = {
            name: amount
            for name, amount in pieces.accounts.items()
            if (ask, name) not in self._details
        }
        parts = [*own, *opened, *_others(rest), *_visits(pieces.visits)]
        words = IN_WORDS.get(line, (line, line.replace("_", " ")))
        total = sum(each.fen or 0 for each in parts)
        return Step(*words, total, "", (), self._unit.rules_of(cause), tuple(parts))

    def _tax(self, cause: str) -> Step:
        """Income tax on what a cause comes to, rounded once."""
        parts = tuple(self._summed(each) for each in self._base(cause))
        before = sum(each.fen or 0 for each in parts)
        rate = units(self._rule_set["income_tax_rate"])
        named = self._causes[cause]
        how = f"-({money(before)} {named.zh} {named.en}) × {percent(rate)}"
        told = (rule("rule.profit_rule_set", self._rule_set, "rule_set_code", "income_tax_rate"),)
        return Step(*IN_WORDS["income_tax"], -share(before, rate), how, (), told, parts)

    def _tax_left(self) -> Step:
        """The ledger's income tax less that of the rules, on accounts and on what has a cause."""
        parts = [self._unit.ledger_tax()]
        less = [self._summed(("income_tax", "account"))]
        less += [self._tax(cause) for cause in self._taxed()]
        for each in less:
            if each.fen:
                words = ("减：按规则计所得税", "Less: income tax by rule")
                parts.append(Step(*words, -each.fen, parts=(each,)))
        total = sum(each.fen or 0 for each in parts)
        return Step(*IN_WORDS["income_tax"], total, parts=tuple(parts))


def _who(account: Account) -> tuple[str, str]:
    if isinstance(account, Nobody):
        return "未列账户合计", "Accounts that no list knows"
    who = f"{masked(account.account_id)} ({account.key})"
    return f"账户 {who}", f"Account {who}"


def _others(rest: Mapping[str, int]) -> list[Step]:
    """The accounts that are not opened, the largest first."""
    if not rest:
        return []
    ordered = sorted(rest, key=lambda name: (-abs(rest[name]), name))
    parts = tuple(
        Step(f"账户 {masked(name)}", f"Account {masked(name)}", rest[name]) for name in ordered
    )
    words = (f"其余 {len(rest):,} 个账户", f"The other {len(rest):,} accounts")
    return [Step(*words, sum(rest.values()), parts=parts)]


def _visits(found: Mapping[int, Sequence[Step]]) -> list[Step]:
    if not found:
        return []
    parts = []
    for customer, steps in found.items():
        words = (f"客户 {customer}", f"Customer {customer}")
        parts.append(Step(*words, sum(s.fen or 0 for s in steps), parts=tuple(steps)))
    parts.sort(key=lambda each: (-abs(each.fen or 0), each.en))
    return [Step("走访", "Visits", sum(p.fen or 0 for p in parts), parts=tuple(parts))]
