"""What belongs to a unit and to no account, piece by piece of the accounts it rests on.

A unit's figure is a sum: what stands with the unit itself (ledger, finance, cost pools), and a
piece of every account and every visited customer that touches it. The pieces are found one account
at a time, so that a whole bank can be gone through without being held.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from serving.profit import ledger
from serving.profit.account import Account, booked_rows
from serving.profit.bank import UNASSIGNED, Bank, Exchange
from serving.profit.costing import Cost, Pool, Work, costs
from serving.profit.evidence import Row, Rule, Step, money, origin, rule
from serving.profit.lines import MISSING, AccountMonth, booked_interest, fee_of, fees, work_line
from serving.profit.numbers import fen, month_first, months_later
from serving.profit.records import is_deleted
from serving.profit.visits import visit_lines

INTEREST: Final = ("interest_income", "interest_expense")
COST: Final = ("direct_cost", "indirect_cost")
# The lines that a cause has beside income tax.
LINES: Final[Mapping[str, tuple[str, ...]]] = {
    "account": (*INTEREST, "ftp", "fee_income", "surtax", *COST, "expected_loss", "capital_charge"),
    "treasury": ("ftp",),
    "unused_capacity": ("unused_capacity",),
    "unit_level": ("fee_expense", "other_income"),
    "booked_elsewhere": (*INTEREST, "fee_income"),
    "served_elsewhere": COST,
    "handed_down": ("indirect_cost",),
    **dict.fromkeys(MISSING, INTEREST),
    # Of the three lines of operating cost finance explains the one that no posting bears.
    "finance": (
        *INTEREST, "fee_income", "fee_expense", "other_income", "surtax", "indirect_cost",
        "expected_loss",
    ),
    "fx_translation": (*INTEREST, "fee_income", "expected_loss"),
    "contract_interest": INTEREST,
    "no_provision": ("expected_loss",),
    "no_cost_pool": ("unused_capacity",),
    "loss_by_rule": ("expected_loss",),
    "surtax_by_rule": ("surtax",),
    "tax_by_rule": (),
}  # fmt: skip
# The ledger less what stands against it, and why the two differ: how a figure is reckoned, which is
# not the flag is_explanation (finance explains by items, translation by amounts of its own).
REST: Final = (
    "unit_level", "contract_interest", "no_provision", "no_cost_pool", "loss_by_rule",
    "surtax_by_rule",
)  # fmt: skip
_OFFSET: Final = ("ftp_method_set_code", "organisation_id")


class Nobody(Account):
    """The accounts that no list knows, taken together: what they bring is nobody's."""

    def __init__(self, bank: Bank) -> None:
        super().__init__(bank, "")
        listed = {
            row["account_id"] for row in bank.rows("corebank__account") if not is_deleted(row)
        }
        self._ids = sorted(
            {
                row["account_id"]
                for feed in ("corebank__transaction", "corebank__accrual")
                for row in bank.rows(feed)
            }
            - listed
        )
        self.key = UNASSIGNED

    def postings(self, month: dt.date) -> list[Row]:
        """All of a month: there is no list that they could be missing from."""
        return [
            row
            for name in self._ids
            for row in self.bank.rows_of("corebank__transaction", name)
            if month_first(row["booked_date"]) == month
        ]

    def accruals(self, month: dt.date) -> list[Row]:
        """What the ledger booked on them."""
        rows = [row for name in self._ids for row in self.bank.rows_of("corebank__accrual", name)]
        return booked_rows(rows, month)


class UnitMonth:
    """One unit in one month under one rule set.

    Args:
        bank: Ledger, pools and visits of the bank, without accounts.
        unit: Number of the unit; "unassigned" for what no unit is known of.
        month: First day of the month.
        rule_set: The rule set.
        pools: Cost pools of the month, after support was handed down.
        statement_lines: The ledger's line of each line of profit.
    """

    def __init__(
        self,
        bank: Bank,
        unit: str,
        month: dt.date,
        rule_set: Row,
        pools: Mapping[tuple[str, str], Pool],
        statement_lines: Mapping[str, str],
    ) -> None:
        self.bank, self.unit, self.month, self.rule_set = bank, unit, month, rule_set
        self.pools = dict(pools)
        self._statement_lines = statement_lines
        # Amounts in other currencies by line and account.
        self._abroad: dict[tuple[str, str], list[tuple[Exchange, int]]] = {}

    @cached_property
    def offset(self) -> Row | None:
        """The rule that names treasury's unit for the rule set's methods."""
        method = self.rule_set["ftp_method_set_code"]
        found = self.bank.rule(
            "ftp_offset_unit", self.month, lambda each: each["ftp_method_set_code"] == method
        )
        return found[0] if found else None

    @property
    def is_treasury(self) -> bool:
        """Whether treasury's side of transfer prices stands here."""
        return self.unit == self.bank.unit(self.offset["organisation_id"] if self.offset else None)

    @cached_property
    def is_closed(self) -> bool:
        """Whether the month's ledger was delivered."""
        return ledger.is_delivered(self.bank, self.month)

    def rest_cause(self, line: str) -> str | None:
        """Why the ledger's line and what stands against it differ; None where nothing may."""
        whole = self.bank.whole
        if not self.is_closed:
            return None
        if line == "expected_loss":
            if self.rule_set["loss_method_code"] == "expected":
                return "loss_by_rule"
            both = {self.month, months_later(self.month, -1)}
            return None if both <= whole.measured_months else "no_provision"
        if line == "unused_capacity":
            return None if self.pools else "no_cost_pool"
        if line in INTEREST:
            return None if self.month in whole.booked_months else "contract_interest"
        by_line = {"surtax": "surtax_by_rule"}
        return by_line.get(line, "unit_level" if line in LINES["unit_level"] else None)

    def asks(self, line: str, cause: str) -> bool:
        """Whether a unit can have such a figure in the month, under the rule set."""
        if cause in REST:
            return self.rest_cause(line) == cause
        if cause == "treasury":
            return self.is_treasury
        if cause in ("unused_capacity", "handed_down"):
            return bool(self.pools)
        if cause == "finance":
            return self.is_closed
        if cause == "fx_translation" and line == "expected_loss":
            return bool(self.rule_set["loss_method_code"] == "provision")
        return True

    def own(self, line: str, cause: str) -> list[Step]:
        """What stands with the unit itself."""
        if cause in REST:
            statement_line = self._statement_lines[line]
            found = ledger.explained(self.bank, self.unit, self.month, statement_line)
            booked = ledger.booked(self.bank, self.unit, self.month, statement_line)
            return [booked, *_less("减：财务说明", "Less: explained by finance", found)]
        if cause == "finance":
            statement_line = self._statement_lines[line]
            return [ledger.explained(self.bank, self.unit, self.month, statement_line)]
        if cause in ("unused_capacity", "handed_down"):
            return [
                _pool_step(pool, cause) for pool in self.pools.values() if pool.unit == self.unit
            ]
        return self._in_one_go(line) if cause == "fx_translation" else []

    def ledger_tax(self) -> Step:
        """Income tax as the unit's ledger books it."""
        statement_line = self._statement_lines["income_tax"]
        return ledger.booked(self.bank, self.unit, self.month, statement_line)

    def rules_of(self, cause: str) -> tuple[Rule, ...]:
        """Rules that a figure rests on beside those of its accounts."""
        if cause == "treasury" and self.offset is not None:
            return (rule("rule.ftp_offset_unit", self.offset, *_OFFSET),)
        return ()

    def of_account(self, each: AccountMonth, line: str, cause: str) -> list[Step]:
        """The piece of one account, in steps that may be none."""
        is_here = each.unit == self.unit
        if cause == "account":
            lines = each.lines(self.rule_set).values() if is_here else ()
            return [own[line] for own in lines if own[line].fen]
        if cause == "treasury":
            return _less("司库承接", "Treasury's side", each.whole("ftp", self.rule_set))
        if cause in ("booked_elsewhere", *MISSING):
            return self._booked(each, line, cause, is_here=is_here)
        if cause == "fx_translation":
            return self._one_by_one(each, line)
        done = [piece for piece in each.done if piece.unit == self.unit]
        if cause == "served_elsewhere":
            counted = each.whole(line, self.rule_set) if is_here else None
            return self._served(line, done, counted)
        if cause in ("unused_capacity", "no_cost_pool"):
            return self._charged(done)
        if cause in REST and is_here:
            found = [own[line] for own in each.lines(self.rule_set).values() if line in own]
            return [step for own in found for step in _uncounted(own)]
        return []

    def of_visits(self, done: Sequence[Work], home: str, line: str, cause: str) -> list[Step]:
        """The piece of the visits to one customer, whose unit is `home`."""
        here = [piece for piece in done if piece.unit == self.unit]
        lines = visit_lines(self.bank, self.month, list(done), self.rule_set, self.pools)
        if cause == "account":
            found = lines.get(line) if home == self.unit else None
            return [found] if found is not None and found.fen else []
        if cause == "served_elsewhere":
            return self._served(line, here, lines[line] if home == self.unit else None)
        return self._charged(here) if cause in ("unused_capacity", "no_cost_pool") else []

    def _booked(self, each: AccountMonth, line: str, cause: str, *, is_here: bool) -> list[Step]:
        """Booked by the unit for an account, less what counts at an account of the unit."""
        account = each.account
        if line == "fee_income":
            rows = account.postings(self.month)
            here = [row for row in rows if account.unit_at(row["booked_date"]) == self.unit]
            found = fees(self.bank, here) if cause == "booked_elsewhere" else []
            counted = fees(self.bank, rows) if is_here and cause == "booked_elsewhere" else []
            return _differing(found, [step for own in counted for step in _uncounted(own)])
        if self.month not in self.bank.whole.booked_months or cause != (
            each.missing or "booked_elsewhere"
        ):
            return []
        rows = [
            row
            for row in account.accruals(self.month)
            if self.bank.unit(row["organisation_id"]) == self.unit
        ]
        less = _uncounted(each.whole(line, self.rule_set)) if is_here else []
        return _differing(booked_interest(line, account, rows), less)

    def _one_by_one(self, each: AccountMonth, line: str) -> list[Step]:
        """Amounts of an account in another currency, each turned into yuan by itself."""
        found = [
            (exchange, amount)
            for exchange, amount in self._abroad_of(each, line)
            if exchange.row is not None and amount
        ]
        self._abroad[line, each.account.account_id] = found
        return [
            Step(
                "减：逐笔折算", "Less: turned into yuan one by one", -exchange.yuan(amount),
                f"-{exchange.how(amount)}", exchange.origins,
            )
            for exchange, amount in found
        ]  # fmt: skip

    def _abroad_of(self, each: AccountMonth, line: str) -> Iterator[tuple[Exchange, int]]:
        account, sign = each.account, 1 if line == "interest_income" else -1
        if line == "expected_loss":
            if each.unit == self.unit:
                yield account.exchange(self.month), each.released
        elif line == "fee_income":
            for row in account.postings(self.month):
                if account.unit_at(row["booked_date"]) == self.unit:
                    yield self.bank.exchange(row.get("currency_code"), self.month), fee_of(row)
        else:
            for row in account.accruals(self.month):
                if self.bank.unit(row["organisation_id"]) == self.unit:
                    booked = sign * fen(row[f"{line}_amount"])
                    yield account.exchange_of(row), booked

    def _in_one_go(self, line: str) -> list[Step]:
        """The same amounts by currency, as the ledger is turned into yuan; after all accounts."""
        totals: dict[str, tuple[Exchange, int]] = {}
        for (name, _), found in self._abroad.items():
            for exchange, amount in found if name == line else ():
                before = totals.get(exchange.currency, (exchange, 0))[1]
                totals[exchange.currency] = (exchange, before + amount)
        return [
            Step(
                "合计折算", "Turned into yuan in one go", exchange.yuan(total),
                exchange.how(total), exchange.origins,
            )
            for exchange, total in totals.values()
        ]  # fmt: skip

    def _served(self, line: str, done: Sequence[Work], counted: Step | None) -> list[Step]:
        """Work that the unit did, less what counts at an account or customer of the unit."""
        found = [work_line(line, self._costs(done))] if done else []
        return _differing(found, _uncounted(counted) if counted is not None else [])

    def _charged(self, done: Sequence[Work]) -> list[Step]:
        """What work was charged for; the unit's pools bear that much less."""
        found = self._costs(done) if done else []
        return [
            step
            for line in COST
            for step in _less("已计入", "Charged for", work_line(line, found))
            if step.fen
        ]

    def _costs(self, done: Sequence[Work]) -> list[Cost]:
        method = self.rule_set["cost_method_code"]
        return costs(self.bank, self.month, done, method, self.pools)


def _uncounted(step: Step) -> list[Step]:
    """What counts at an account of the unit, taken off what its books hold."""
    return _less("减：已计入账户", "Less: counted at the account", step)


def _pool_step(pool: Pool, cause: str) -> Step:
    """What a pool cost, as what is unused before work is charged; or what support handed to it."""
    columns = ("organisation_id", "cost_pool_code", "month_end_date", "cost_amount")
    told = (origin("ledger__cost_pool", pool.row, *columns, "practical_minutes"),)
    rules = (rule("rule.cost_pool_rule", pool.rule),) if pool.rule else ()
    handed = pool.full - pool.own
    how = f"{money(pool.own)} 自身 own, {money(handed)} 支持分摊 handed down"
    if cause == "unused_capacity":
        words = (f"成本池 {pool.code}", f"Cost of pool {pool.code}")
        return Step(*words, -pool.full, f"-({how})", told, rules, pool.received)
    words = (f"成本池 {pool.code} 分摊净额", f"Handed to pool {pool.code}, less handed on")
    return Step(*words, handed, how, told, rules, pool.received)


def _less(zh: str, en: str, step: Step) -> list[Step]:
    """A step taken off; none where it is nothing."""
    amount = step.fen or 0
    return [Step(zh, en, -amount, parts=(step,))] if amount else []


def _differing(found: list[Step], less: list[Step]) -> list[Step]:
    """Both sides where they differ; what is the same on both says nothing."""
    both = found + less
    return both if sum(each.fen or 0 for each in both) else []
