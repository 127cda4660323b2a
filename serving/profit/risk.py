"""What an account may lose the bank: exposure, expected loss, provision, and capital it binds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from serving.profit.account import Account
from serving.profit.bank import Exchange
from serving.profit.evidence import Origin, Row, Rule, Step, money, origin, percent, rule
from serving.profit.numbers import (
    UNITS,
    divided,
    fen,
    month_first,
    month_last,
    months_later,
    share,
    units,
)
from serving.profit.pricing import Price

# The worst contract speaks for its account.
_WORST: Final = ("loss", "doubtful", "substandard", "special_mention", "normal")
_MEASURED: Final = (
    "account_id", "month_end_date", "rating_code", "pd_rate", "lgd_rate", "undrawn_amount",
    "provision_amount", "used_provision_amount",
)  # fmt: skip
_CONTRACT: Final = (
    "loan_id", "account_id", "five_class_code", "collateral_code", "principal_amount"
)  # fmt: skip
_KINDS: Final = ("product_id", "rating_code", "five_class_code", "collateral_code")


@dataclass(frozen=True)
class Exposure:
    """What an account is lent in a month and how it is graded, in fen.

    Attributes:
        ead: Exposure at default: drawn on average, and a part of what may still be drawn.
        loss: Expected of a month, never above 0.
        weighted: Exposure times its risk weight.
        provision: What stands for it at the end of the month.
        original_provision: The same in hundredths of its own currency.
        original_used: Provision that write-offs of the month used up, likewise.
        ead_step: How the exposure was found.
        loss_step: How the expected loss was found.
        weight_step: How the weighted exposure was found.
        provision_step: How the provision was found.
        used_step: Where the use of the provision stands.
    """

    ead: int
    loss: int
    weighted: int
    provision: int
    original_provision: int
    original_used: int
    ead_step: Step
    loss_step: Step
    weight_step: Step
    provision_step: Step
    used_step: Step


@dataclass(frozen=True)
class _Graded:
    measure: Row | None
    loan: Row | None
    rule: Row | None

    def rate(self, column: str) -> tuple[int | None, str]:
        """A rate of the risk system, else of the rule, and which of them gave it."""
        if self.measure is not None and self.measure.get(column) is not None:
            return units(self.measure[column]), "风险系统 risk system"
        given = self.rule[column] if self.rule else None
        return (units(given) if given is not None else None), "规则 rule"

    @property
    def origins(self) -> tuple[Origin, ...]:
        found = []
        if self.measure is not None:
            found.append(origin("risk__account_measure", self.measure, *_MEASURED))
        if self.loan is not None:
            found.append(origin("corebank__loan", self.loan, *_CONTRACT))
        return tuple(found)

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (rule("rule.credit_risk_rule", self.rule),) if self.rule else ()


def exposure(account: Account, month: dt.date, prices: Sequence[Price]) -> Exposure | None:
    """The exposure of a month; None where nothing was lent and the risk system says nothing.

    Args:
        account: The account.
        month: First day of the month.
        prices: Its prices by the base methods.
    """
    lent = [each for each in prices if each.pillar == "asset"]
    measure = account.measure(month)
    # Of the month before the first only the provisions that it ended with are known.
    eve = months_later(account.bank.whole.first_month, -1)
    if month < eve or (not lent and measure is None):
        return None
    product = _product(account, month)
    graded = _graded(account, month, measure, product)
    days = month_last(month).day
    exchange = account.exchange(month)
    fen_days = sum(each.fen_days for each in lent)
    drawn = divided(fen_days, days)
    undrawn = exchange.yuan(fen(measure["undrawn_amount"])) if measure else 0
    converted = units(graded.rule["conversion_rate"]) if graded.rule else 0
    ead = drawn + share(undrawn, converted)
    balances = tuple(each for price in lent for each in price.interest_step.origins)
    ead_step = Step(
        "违约风险暴露",
        "Exposure at default",
        ead,
        f"{money(fen_days)} / {days} 天 days = {money(drawn)}"
        + (f"; + {money(undrawn)} 未提用 undrawn × {percent(converted)}" if undrawn else ""),
        # The balances bring their rate along.
        balances + graded.origins + (() if lent else exchange.origins),
    )
    closing = _drawn(account, month, product)
    is_spoken = account.bank.whole.spoken_month(month) is not None
    original, provision_step = _provision(graded, closing, exchange, is_spoken=is_spoken)
    loss_step = _loss(graded, ead_step)
    used, used_step = _used(measure, month, exchange)
    weight = units(graded.rule["risk_weight_rate"]) if graded.rule else 0
    weighted = share(ead, weight)
    how = f"{money(ead)} × {percent(weight)}"
    weight_step = Step(
        "风险加权暴露", "Risk-weighted exposure", weighted, how, (), graded.rules, (ead_step,)
    )  # fmt: skip
    return Exposure(
        ead, loss_step.fen or 0, weighted, provision_step.fen or 0, original, used,
        ead_step, loss_step, weight_step, provision_step, used_step,
    )  # fmt: skip


def _loss(graded: _Graded, ead_step: Step) -> Step:
    """PD times LGD of the exposure, a twelfth of it for a month."""
    default, default_by = graded.rate("pd_rate")
    given, given_by = graded.rate("lgd_rate")
    ead = ead_step.fen or 0
    part = divided(default * given, UNITS) if default is not None and given is not None else 0
    how = (
        f"-{money(ead)} × PD {percent(default or 0)} ({default_by}) × LGD {percent(given or 0)}"
        f" ({given_by}) / 12"
    )
    loss = -share(ead, part, parts=12)
    return Step(
        "预期信用损失", "Expected loss", loss, how, graded.origins, graded.rules, (ead_step,)
    )  # fmt: skip


def _provision(
    graded: _Graded, closing: int, exchange: Exchange, *, is_spoken: bool
) -> tuple[int, Step]:
    """What the risk system provided, nothing where it left the account out, else by the rule.

    In hundredths of the account's own currency; the step is in fen.
    """
    delivered = graded.measure["provision_amount"] if graded.measure else None
    if delivered is not None:
        amount, how = fen(delivered), "风险系统报送 delivered by the risk system"
    elif is_spoken and graded.measure is None:
        amount, how = 0, "风险系统未列 not on the risk system's list"
    else:
        part = graded.rule["provision_rate"] if graded.rule else None
        amount = share(closing, units(part or Decimal(0)))
        how = f"{money(closing)} × {percent(units(part or Decimal(0)))}"
    if not exchange.is_own:
        how = f"{exchange.how(amount)}; {how}"
    told = graded.origins + exchange.origins
    step = Step("贷款损失准备", "Provision", exchange.yuan(amount), how, told, graded.rules)
    return amount, step


def _used(measure: Row | None, month: dt.date, exchange: Exchange) -> tuple[int, Step]:
    """What write-offs of the month itself used up; what is said of an earlier month was its own.

    In hundredths of the account's own currency; the step is in fen.
    """
    words = ("核销使用准备", "Provision used up by a write-off")
    if measure is None or month_first(measure["month_end_date"]) != month:
        return 0, Step(*words, 0)
    amount = fen(measure["used_provision_amount"])
    how = "" if exchange.is_own else exchange.how(amount)
    told = (origin("risk__account_measure", measure, *_MEASURED), *exchange.origins)
    return amount, Step(*words, exchange.yuan(amount), how, told)


def _product(account: Account, month: dt.date) -> Row | None:
    """The product of the record that held on the last day of a month, as it was then."""
    last = account.reached(month)
    version = account.version_at(last)
    if version is None or not account.is_in(month):
        return None
    return account.bank.products.at(version.row["product_id"], last)


def _drawn(account: Account, month: dt.date, product: Row | None) -> int:
    """What is lent at the end of a month; of a deposit what it is in the red by."""
    closing = account.closing(month) if account.is_in(month) else 0
    if product is not None and product["pillar_code"] == "asset":
        return closing
    return max(-closing, 0)


def _graded(account: Account, month: dt.date, measure: Row | None, product: Row | None) -> _Graded:
    """Grades of a month, and the narrowest rule for them."""
    last = account.reached(month)
    loans = [
        version.row for version in account.bank.loans_of(account.account_id) if version.holds(last)
    ]
    loan = min(loans, key=_gravity, default=None)
    kind = {
        "product_id": product["product_id"] if product else None,
        "rating_code": measure["rating_code"] if measure else None,
        "five_class_code": loan["five_class_code"] if loan else None,
        "collateral_code": loan["collateral_code"] if loan else None,
    }
    fits = account.bank.rule(
        "credit_risk_rule",
        month,
        lambda rule: all(rule[name] in ("*", kind[name]) for name in _KINDS),
    )
    chosen = min(fits, key=_breadth, default=None)
    return _Graded(measure, loan, chosen)


def _gravity(loan: Row) -> tuple[object, ...]:
    grade = loan["five_class_code"]
    place = _WORST.index(grade) if grade in _WORST else len(_WORST)
    return place, -fen(loan["principal_amount"]), loan["loan_id"]


def _breadth(rule: Row) -> tuple[object, ...]:
    return (*(rule[name] == "*" for name in _KINDS), -rule["valid_from_date"].toordinal())
