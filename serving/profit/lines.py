"""The lines of the profit statement of one account and month, and what of them is whose."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Final

from serving.profit.account import Account
from serving.profit.bank import NOWHERE, UNASSIGNED, Bank, Exchange
from serving.profit.costing import Cost, Pool, Work, costs, work
from serving.profit.evidence import Origin, Row, Step, money, origin, percent, rule
from serving.profit.holders import Part
from serving.profit.numbers import (
    UNITS,
    divided,
    fen,
    month_first,
    months_later,
    part_between,
    share,
    units,
)
from serving.profit.pricing import Price, price
from serving.profit.risk import Exposure, exposure

# Lines that are found for the whole account and then divided among its holders, in their order.
WHOLE_LINES: Final = (
    "interest_income", "interest_expense", "ftp", "fee_income", "direct_cost", "indirect_cost",
    "expected_loss", "capital_charge",
)  # fmt: skip
# What a price can lack; of several the last by name is told, as in the tables.
MISSING: Final = (
    "no_rule", "no_contract_rate", "no_day_basis", "no_tenor", "no_core_share", "no_curve",
    "no_exchange_rate",
)  # fmt: skip
IN_WORDS: Final = {
    "interest_income": ("利息收入", "Interest income"),
    "interest_expense": ("利息支出", "Interest expense"),
    "ftp": ("内部资金转移收支", "Transfer price"),
    "fee_income": ("手续费收入", "Fee income"),
    "surtax": ("税金及附加", "Taxes and surcharges"),
    "direct_cost": ("直接成本", "Direct cost"),
    "indirect_cost": ("间接成本", "Indirect cost"),
    "expected_loss": ("预期信用损失", "Expected loss"),
    "income_tax": ("所得税", "Income tax"),
    "capital_charge": ("经济资本成本", "Capital charge"),
}


class AccountMonth:
    """One account in one month; what several lines rest on is found once.

    Args:
        account: The account.
        month: First day of the month.
        pools: Cost pools of the month, after support was handed down.
    """

    def __init__(
        self, account: Account, month: dt.date, pools: dict[tuple[str, str], Pool]
    ) -> None:
        self.account = account
        self.bank = account.bank
        self.month = month
        self._pools = pools
        self._priced: dict[str, list[Price]] = {}
        self._costs: dict[str, list[Cost]] = {}
        self._lines: dict[object, dict[int, dict[str, Step]]] = {}

    @cached_property
    def done(self) -> list[Work]:
        """The work on it."""
        return list(work(self.account, self.month))

    @cached_property
    def unit(self) -> str:
        """The unit that the month is counted at; unassigned where the account is not in it."""
        return self.account.unit_at(self.account.reached(self.month)) if self._is_in else NOWHERE

    def prices(self, method_set: str) -> list[Price]:
        """Prices of what was held, by a set of methods."""
        if method_set not in self._priced:
            held = self.account.held(self.month) if self._is_in else []
            self._priced[method_set] = [
                price(self.account, self.month, each, method_set) for each in held
            ]
        return self._priced[method_set]

    @cached_property
    def _is_in(self) -> bool:
        return self.account.is_in(self.month)

    @cached_property
    def missing(self) -> str | None:
        """What a price of what was held lacks, so that its booked interest does not count."""
        prices = self.prices(self.bank.base_method_set)
        if prices:
            lacks = [each.missing for each in prices if each.missing and each.missing in MISSING]
            return max(lacks, default=None)
        # Money that bears interest of a product that is neither deposit nor loan, or on no list.
        held = self.account.stretches(self.month) if self._is_in else []
        is_held = sum(((end - start).days + 1) * balance.fen for start, end, balance in held)
        return "no_rule" if is_held and self._bears_interest() else None

    def _bears_interest(self) -> bool:
        record = self.account.version_at(self.account.reached(self.month))
        rows = self.account.accruals(self.month)
        return bool(record and record.row["interest_rate"]) or any(
            sum(step.fen or 0 for step in booked_interest(line, self.account, rows))
            for line in ("interest_income", "interest_expense")
        )

    @cached_property
    def exposure(self) -> Exposure | None:
        """What is lent in the month."""
        return exposure(self.account, self.month, self.prices(self.bank.base_method_set))

    @cached_property
    def _earlier_exposure(self) -> Exposure | None:
        before = AccountMonth(self.account, months_later(self.month, -1), {})
        return before.exposure

    @cached_property
    def parts(self) -> list[Part]:
        """Whose which part of the month is."""
        if not self._is_in:
            return [Part(UNASSIGNED, 0, UNITS, None)]
        last = self.account.reached(self.month)
        return self.account.holders.parts(self.account.customer_at(last), last)

    def lines(self, rule_set: Row) -> dict[int, dict[str, Step]]:
        """The lines of every holder by key, under one rule set; lines of 0 among them."""
        code = rule_set["rule_set_code"]
        if code not in self._lines:
            whole = {name: self.whole(name, rule_set) for name in WHOLE_LINES}
            self._lines[code] = {
                part.key: self._of_holder(part, whole, rule_set) for part in self.parts
            }
        return self._lines[code]

    def _of_holder(self, part: Part, whole: Mapping[str, Step], rule_set: Row) -> dict[str, Step]:
        found = {name: _parted(step, part) for name, step in whole.items()}
        rate = units(rule_set["surtax_rate"])
        taxed = (found["interest_income"].fen or 0) + (found["fee_income"].fen or 0)
        told = (rule("rule.profit_rule_set", rule_set, "rule_set_code", "surtax_rate"),)
        found["surtax"] = Step(
            *IN_WORDS["surtax"], -share(taxed, rate),
            f"-({money(taxed)} 利息收入与手续费 interest income and fees) × {percent(rate)}",
            (), told, (found["interest_income"], found["fee_income"]),
        )  # fmt: skip
        before = [step for name, step in found.items() if name != "capital_charge"]
        found["income_tax"] = income_tax(before, rule_set)
        return found

    def whole(self, line: str, rule_set: Row) -> Step:
        """A line of the whole account."""
        if line in ("interest_income", "interest_expense"):
            return self._interest(line)
        if line == "ftp":
            steps = [each.ftp_step for each in self.prices(rule_set["ftp_method_set_code"])]
            return _sum(line, steps)
        if line == "fee_income":
            return _sum(line, fees(self.bank, self.account.postings(self.month)))
        if line in ("direct_cost", "indirect_cost"):
            return self._work(line, rule_set["cost_method_code"])
        if line == "expected_loss":
            return self._losses(rule_set)
        return self._capital(rule_set)

    def _interest(self, line: str) -> Step:
        """What the ledger booked; by contract where it was not delivered, or a price is missing."""
        pillar = "asset" if line == "interest_income" else "liability"
        prices = self.prices(self.bank.base_method_set)
        if self.month not in self.bank.whole.booked_months or self.missing is not None:
            return _sum(line, [each.interest_step for each in prices if each.pillar == pillar])
        return _sum(line, booked_interest(line, self.account, self.account.accruals(self.month)))

    def _work(self, line: str, method: str) -> Step:
        if method not in self._costs:
            self._costs[method] = costs(self.bank, self.month, self.done, method, self._pools)
        return work_line(line, self._costs[method])

    def _losses(self, rule_set: Row) -> Step:
        if rule_set["loss_method_code"] == "expected":
            return _sum("expected_loss", [self.exposure.loss_step] if self.exposure else [])
        first = self.bank.whole.first_exposure_month
        if first is None or self.month <= first:
            return _sum("expected_loss", [])
        now, before = self.exposure, self._earlier_exposure
        exchange = self.account.exchange(self.month)
        if not exchange.is_own:
            return self._released_abroad(exchange, now, before)
        steps = []
        if before is not None and before.provision:
            steps.append(
                replace(before.provision_step, zh="上月末准备", en="Provision a month ago")
            )
        if now is not None and now.provision:
            how = f"-({now.provision_step.how})"
            step = replace(now.provision_step, fen=-now.provision, how=how)
            steps.append(replace(step, zh="本月末准备", en="Provision now"))
        if now is not None and now.original_used:
            steps.append(replace(now.used_step, fen=-now.original_used))
        return _sum("expected_loss", steps)

    def _released_abroad(
        self, exchange: Exchange, now: Exposure | None, before: Exposure | None
    ) -> Step:
        """The change of a provision of another currency at one rate: what rates move is no loss."""
        released = self.released
        parts = []
        if before is not None:
            step = replace(before.provision_step, fen=None)
            parts.append(replace(step, zh="上月末准备", en="Provision a month ago"))
        if now is not None:
            parts.append(replace(now.provision_step, fen=None, zh="本月末准备", en="Provision now"))
            if now.original_used:
                parts.append(replace(now.used_step, fen=None))
        return Step(
            *IN_WORDS["expected_loss"], exchange.yuan(released), exchange.how(released),
            exchange.origins, (), tuple(parts),
        )  # fmt: skip

    @property
    def released(self) -> int:
        """What was released of its provision, in hundredths of its own currency; - is a charge."""
        now, before = self.exposure, self._earlier_exposure
        first = self.bank.whole.first_exposure_month
        if first is None or self.month <= first:
            return 0
        stood = before.original_provision if before else 0
        return stood - (now.original_provision + now.original_used if now else 0)

    def _capital(self, rule_set: Row) -> Step:
        if self.exposure is None:
            return _sum("capital_charge", [])
        ratio, hurdle = units(rule_set["capital_ratio_rate"]), units(rule_set["hurdle_rate"])
        charge = divided(ratio * hurdle, UNITS)
        weighted = self.exposure.weighted
        return Step(
            *IN_WORDS["capital_charge"], -share(weighted, charge, parts=12),
            f"-{money(weighted)} × 资本 capital {percent(ratio)} × 成本率 hurdle"
            f" {percent(hurdle)} / 12",
            (), (rule("rule.profit_rule_set", rule_set, *_CAPITAL),), (self.exposure.weight_step,),
        )  # fmt: skip


def booked_interest(line: str, account: Account, rows: Iterable[Row]) -> list[Step]:
    """Interest of a line that the ledger booked for an account, row by row."""
    sign = 1 if line == "interest_income" else -1
    found = []
    for row in rows:
        amount = row[f"{line}_amount"]
        if amount is not None:
            told = origin("corebank__accrual", row, *_ACCRUAL, f"{line}_amount")
            words = ("会计系统入账利息", "Interest booked by the ledger")
            exchange = account.exchange_of(row)
            fen_of = exchange.yuan(sign * fen(amount))
            how = "" if exchange.is_own else exchange.how(sign * fen(amount))
            found.append(Step(*words, fen_of, how, (told, *exchange.origins)))
    return found


def fees(bank: Bank, postings: Iterable[Row]) -> list[Step]:
    """What postings earn, those that earn anything."""
    columns = ("transaction_id", "account_id", "booked_date", "transaction_type_code")
    found = []
    for row in postings:
        if amount := fee_of(row):
            told = origin("corebank__transaction", row, *columns, "amount", "fee_amount")
            exchange = bank.exchange(row.get("currency_code"), month_first(row["booked_date"]))
            how = "" if exchange.is_own else exchange.how(amount)
            told_of = (told, *exchange.origins)
            found.append(Step("收费", "Fee of a posting", exchange.yuan(amount), how, told_of))
    return found


def work_line(line: str, found: Iterable[Cost]) -> Step:
    """Direct or indirect cost of some work."""
    steps = []
    for cost in found:
        is_direct = line == "direct_cost"
        amount = cost.direct if is_direct else cost.full - cost.direct
        if amount:
            which = "按自身 of its own" if is_direct else "全部减自身 of all, less its own"
            step = replace(cost.step, fen=amount, how=f"{cost.step.how}; {which}")
            steps.append(replace(step, parts=() if is_direct else step.parts))
    return _sum(line, steps)


def income_tax(before: Iterable[Step], rule_set: Row) -> Step:
    """Income tax on the lines before it; losses get it back."""
    lines = tuple(step for step in before if step.fen)
    profit = sum(step.fen or 0 for step in lines)
    rate = units(rule_set["income_tax_rate"])
    how = f"-({money(profit)} 税前利润 profit before tax) × {percent(rate)}"
    told = (rule("rule.profit_rule_set", rule_set, "rule_set_code", "income_tax_rate"),)
    return Step(*IN_WORDS["income_tax"], -share(profit, rate), how, (), told, lines)


_CAPITAL: Final = ("rule_set_code", "capital_ratio_rate", "hurdle_rate")
_ACCRUAL: Final = ("account_id", "organisation_id", "month_end_date")


def fee_of(row: Row) -> int:
    """What a posting earns: its fee, or its amount where it is a fee itself."""
    if row["fee_amount"] is not None:
        return fen(row["fee_amount"])
    if row["transaction_type_code"] != "fee":
        return 0
    amount = fen(row["amount"])
    return amount if row["direction_code"] == "debit" else -amount


def _sum(line: str, steps: Iterable[Step]) -> Step:
    parts = tuple(steps)
    return Step(*IN_WORDS[line], sum(each.fen or 0 for each in parts), parts=parts)


def _parted(step: Step, part: Part) -> Step:
    """A holder's part of a line; the line itself where all of it is his."""
    if part.end - part.start == UNITS:
        return step
    amount = part_between(step.fen or 0, part.start, part.end)
    how = (
        f"{money(step.fen or 0)} × {percent(part.start)} – {percent(part.end)}:"
        f" 份额 share {percent(part.end - part.start)}"
    )
    told: tuple[Origin, ...] = ()
    if part.holding is not None:
        columns = ("account_id", "customer_id", "role_code", "share_rate")
        told = (origin(part.holding.feed, part.holding.row, *columns),)
    return replace(step, fen=amount, how=how, origins=told, rules=(), parts=(step,))
