"""Transfer price of what an account held, from rule, tenor, curve and add-ons, and its interest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from serving.profit.account import Account, Held
from serving.profit.bank import Bank, Node, blended
from serving.profit.evidence import Origin, Row, Rule, Step, origin, percent, rule
from serving.profit.numbers import (
    DAY,
    UNITS,
    accrued,
    divided,
    months_apart,
    months_later,
    period_start,
    units,
)
from serving.profit.records import newest

ADD_ONS: Final = ("liquidity", "reserve", "policy")
COMPONENTS: Final = ("base", *ADD_ONS)
_IN_WORDS: Final = {
    "base": ("基础价格", "Base, from the curve"),
    "liquidity": ("流动性加点", "Liquidity add-on"),
    "reserve": ("准备金加点", "Reserve add-on"),
    "policy": ("政策加点", "Policy add-on"),
}
_POINT: Final = ("curve_date", "currency_code", "tenor_months", "ftp_rate")


@dataclass(frozen=True)
class Terms:
    """What the record and its product say of how long the money is bound."""

    kind: str
    pillar: str
    term: int | None
    matures: dt.date | None
    bound_days: int | None


@dataclass(frozen=True)
class Price:
    """What a piece held in a month bears, in fen, + for what the bank earns.

    Attributes:
        held: The piece.
        fen_days: Its balance times days in fen, whatever its currency.
        pillar: asset, as a deposit in the red is, or liability.
        missing: What could not be found; then there is no interest and no transfer price.
        interest: Interest by contract.
        ftp: Transfer price by component.
        steps: How interest and transfer price were found.
    """

    held: Held
    fen_days: int
    pillar: str
    missing: str | None
    interest: int
    ftp: dict[str, int]
    interest_step: Step
    ftp_step: Step


@dataclass
class _Found:
    """What is found for a piece on the way to its price."""

    rule: Row | None
    tenor: int | None = None
    bound: int | None = None
    priced_on: dt.date | None = None
    base: int | None = None
    core: int | None = None
    how: str = ""
    origins: tuple[Origin, ...] = ()
    rules: tuple[Rule, ...] = ()


def terms(account: Account, held: Held, product: Row) -> Terms:
    """How long the money of a record is bound, in days of months of 30."""
    row, pillar = held.version.row, product["pillar_code"]
    opened, matures, term = row["opened_date"], row["maturity_date"], row["term_months"] or None
    if matures is None and term and opened:
        matures = months_later(opened, term)
    if term is None and opened and row["maturity_date"]:
        term = months_apart(opened, row["maturity_date"]) or None
    repaid = _repayment(account)
    if pillar == "asset" and row["rate_type_code"] == "floating" and row["reprice_date"]:
        kind = "floating"
    elif matures is None:
        kind = "non_maturity"
    elif pillar == "liability":
        kind = "term"
    else:
        kind = "amortising" if repaid else "bullet"
    bound = None
    if matures is not None:
        if pillar == "asset" and repaid:
            bound = average_life(term, row["interest_rate"], repaid)
        else:
            bound = term * 30 if term else ((matures - opened).days if opened else None)
    if held.is_overdrawn:
        return Terms("overdraft", "asset", term, matures, None)
    return Terms(kind, pillar, term, matures, bound)


def _repayment(account: Account) -> str | None:
    """How an account's loan is repaid in instalments; None where it is not."""
    loans = newest(account.bank.rows_of("corebank__loan", account.account_id), _loan_id).values()
    methods = [row["repayment_method_code"] for row in loans]
    return max((each for each in methods if each in _INSTALMENTS), default=None)


_INSTALMENTS: Final = ("equal_instalment", "equal_principal")


def _loan_id(row: Row) -> object:
    return row["loan_id"]


def average_life(term: int | None, rate: Decimal | None, repaid: str) -> int | None:
    """Days of months of 30 until the principal is paid back on average, by its plan.

    In months n / (1 - v^n) - 1 / i of equal instalments, in whole numbers of 10^-17 that are
    rounded step by step as the warehouse does, so that both find the same day. Equal parts bind
    half the term and half a month.

    >>> average_life(12, Decimal("0.06"), "equal_instalment")
    197
    """
    if term is None:
        return None
    part = units(rate) if rate is not None else 0
    if repaid != "equal_instalment" or part <= 0 or term <= 0:
        return 15 * (term + 1)
    year = 12 * UNITS
    discount, power = divided(year * _WHOLE, year + part), _WHOLE
    for digit in f"{term:b}":
        power = divided(power * power, _WHOLE)
        if digit == "1":
            power = divided(power * discount, _WHOLE)
    left = _WHOLE - power
    return divided(30 * (term * _WHOLE * part - year * left), left * part)


_WHOLE: Final = 10**17


def price(account: Account, month: dt.date, held: Held, method_set: str) -> Price:
    """Interest and transfer price of one piece under one set of methods."""
    bank, row = account.bank, held.version.row
    product = account.product_of(held.version)
    if product is None:
        raise ValueError("a piece without a product is not priced")
    bound = terms(account, held, product)
    found = _place(bank, month, held, method_set, bound)
    contract = row["interest_rate"]
    if found.rule and found.rule.get("overdraft_rate") is not None:
        contract = found.rule["overdraft_rate"]
    basis: int | None = product["day_basis"] or (found.rule["day_basis"] if found.rule else None)
    exchange = bank.exchange(row["currency_code"], month)
    fen_days = exchange.yuan(held.fen_days)
    missing = _missing(fen_days, found, contract, basis)
    if not exchange.is_known:
        missing = "no_exchange_rate"
    sign = 1 if bound.pillar == "asset" else -1
    told = (*_balances(held), _record(row), *_catalogue(product), *exchange.origins)
    days = f"{exchange.how(held.fen_days)} 元·天 yuan-days"
    if missing is not None or basis is None:
        step = Step(
            "无法定价，不计利息与内部资金转移价格",
            "Cannot be priced: neither interest nor transfer price counts",
            0, missing or "no_day_basis", told, found.rules,
        )  # fmt: skip
        none = dict.fromkeys(COMPONENTS, 0)
        return Price(held, fen_days, bound.pillar, missing, 0, none, step, step)
    interest = sign * accrued(fen_days, units(contract), basis)
    interest_step = Step(
        "合同利息", "Interest by contract", interest,
        f"{_sign(sign)}{days} × {percent(units(contract))} / {basis}", told,
    )  # fmt: skip
    parts = []
    for name, each, rules in _rates(
        bank, row["product_id"], bound.pillar, month, method_set, found
    ):
        amount = -sign * accrued(fen_days, each, basis)
        how = f"{_sign(-sign)}{days} × {percent(each)} / {basis}"
        step = Step(*_IN_WORDS[name], amount, how, rules=rules)
        if name == "base":
            step = replace(
                step, how=f"{how}; {found.how}", origins=found.origins, rules=found.rules
            )
        parts.append(step)
    ftp = {name: part.fen or 0 for name, part in zip(COMPONENTS, parts, strict=True)}
    shown = tuple(part for part in parts if part.fen or part.rules)
    step = Step("内部资金转移价格", "Transfer price", sum(ftp.values()), "", told, (), shown)
    return Price(held, fen_days, bound.pillar, None, interest, ftp, interest_step, step)


def _sign(sign: int) -> str:
    return "-" if sign < 0 else ""


def _missing(fen_days: int, found: _Found, contract: object, basis: object) -> str | None:
    """What a price lacks, the first thing that does."""
    if fen_days == 0:
        return None if _has_all(found, contract, basis) else "no_balance"
    lacks = {
        "no_rule": found.rule is None,
        "no_contract_rate": contract is None,
        "no_day_basis": basis is None,
        "no_tenor": found.tenor is None,
        "no_core_share": found.rule is not None
        and found.rule["method_code"] == "ladder"
        and found.core is None,
        "no_curve": found.base is None,
    }
    return next((name for name, is_lacking in lacks.items() if is_lacking), None)


def _has_all(found: _Found, contract: object, basis: object) -> bool:
    return None not in (found.rule, contract, basis, found.base)


def _place(bank: Bank, month: dt.date, held: Held, method_set: str, bound: Terms) -> _Found:
    """By which rule, of which day and tenor a piece is priced, and the rate there."""
    row = held.version.row
    rules = bank.rule(
        "ftp_rule",
        month,
        lambda rule: (
            (rule["method_set_code"], rule["pillar_code"], rule["pricing_kind_code"])
            == (method_set, bound.pillar, bound.kind)
            and rule["product_id"] in ("*", row["product_id"])
        ),
    )
    chosen = min(
        rules, key=lambda each: (each["product_id"] == "*", each["product_id"]), default=None
    )
    if chosen is None:
        return _Found(None)
    method, months = chosen["method_code"], chosen["tenor_months"]
    of_rule = months * 30 if months is not None else None
    found = _Found(chosen, rules=(rule("rule.ftp_rule", chosen),))
    found.tenor = bound.bound_days if method in ("straight_term", "average_life") else of_rule
    found.bound = bound.bound_days if bound.bound_days is not None else of_rule
    found.priced_on = _priced_on(method, months, held, bound)
    if found.tenor is None:
        return found
    if method == "ladder":
        _climb(bank, month, row, bound, found)
    elif method == "fixed_tenor":
        _look_up(bank, row["currency_code"], month, found)
    elif found.priced_on is not None:
        _look_up(bank, row["currency_code"], found.priced_on, found)
    return found


def _priced_on(method: str, months: int | None, held: Held, bound: Terms) -> dt.date | None:
    """The day whose curve prices a piece: the last rollover, the last repricing, or the opening."""
    row = held.version.row
    opened = row["opened_date"]
    if method == "straight_term" and bound.pillar == "liability":
        last = held.last_day if bound.matures is None else min(held.last_day, bound.matures - DAY)
        return period_start(opened, bound.term, last) if opened and bound.term else opened
    if method in ("straight_term", "average_life"):
        return opened
    if method == "repricing":
        days = [opened] if opened else []
        if row["reprice_date"] and months:
            days.append(period_start(row["reprice_date"], months, held.last_day))
        return max(days, default=None)
    return None


def _look_up(bank: Bank, currency: str, day: dt.date, found: _Found) -> None:
    node = bank.curve(currency, day, found.tenor or 0)
    if node is not None:
        found.base = node.units
        found.how = f"{day} 曲线 curve, {found.tenor} 天 days: {_on_curve(node)}"
        found.origins = _points(node)


def _climb(bank: Bank, month: dt.date, row: Row, bound: Terms, found: _Found) -> None:
    """The core of a deposit at the average of its rungs, the rest overnight."""
    currency, tenor = row["currency_code"], found.tenor or 0
    average, rungs = bank.ladder(currency, month, tenor)
    overnight = bank.curve(currency, month, 0)
    chosen = found.rule or {}
    found.core = None if chosen["core_share_rate"] is None else units(chosen["core_share_rate"])
    name = (month, row["product_id"], currency)
    if chosen.get("core_share_source_code") == "estimated" and bound.kind == "non_maturity":
        estimated = bank.whole.core_shares.get(name)
        if estimated is not None:
            found.core = estimated
            said = {"month_date": month, "product_id": row["product_id"]}
            said["core_share"] = percent(estimated)
            found.rules += (Rule("dimensional.fct_core_share_month", said),)
    if found.core is None or overnight is None or not rungs:
        return
    found.base = blended(found.core, average, overnight.units)
    found.how = (
        f"核心 core {percent(found.core)} × {percent(average)} ({len(rungs)} 个月 {tenor} 天均值"
        f" average of months), 其余隔夜 rest overnight {percent(overnight.units)}:"
        f" {percent(found.base)}"
    )
    points = [origin for node in (overnight, *rungs) for origin in _points(node)]
    found.origins = tuple({(each.file, each.row): each for each in points}.values())


def _on_curve(node: Node) -> str:
    if node.above is None:
        return percent(node.units)
    low, high = (f"{each['tenor_months'] * 30} 天 days" for each in (node.below, node.above))
    return f"{percent(node.units)}, 线性插值 linear between {low} – {high}"


def _points(node: Node) -> tuple[Origin, ...]:
    rows = [node.below] if node.above is None else [node.below, node.above]
    return tuple(origin("treasury__ftp_curve", row, *_POINT) for row in rows)


def _rates(
    bank: Bank, product_id: str, pillar: str, month: dt.date, method_set: str, found: _Found
) -> list[tuple[str, int, tuple[Rule, ...]]]:
    """Rate of each component in hundred-millionths, and the rule that gives it."""
    rates: list[tuple[str, int, tuple[Rule, ...]]] = [("base", found.base or 0, ())]
    agreed = found.priced_on or month
    for name in ADD_ONS:
        fits = bank.rule(
            "ftp_add_on",
            agreed,
            lambda rule, name=name: (  # type: ignore[misc]
                (rule["method_set_code"], rule["pillar_code"], rule["component_code"])
                == (method_set, pillar, name)
                and rule["product_id"] in ("*", product_id)
                and _covers(rule, found.bound)
            ),
        )
        best = min(fits, key=_narrowest, default=None)
        given = units(best["add_on_rate"]) if best else 0
        # The core of a ladder is bound, the rest can go tomorrow.
        if name == "liquidity" and found.rule and found.rule["method_code"] == "ladder":
            given = blended(found.core, given, 0) if found.core is not None else 0
        rates.append((name, given, (rule("rule.ftp_add_on", best),) if best else ()))
    return rates


def _covers(rule: Row, bound: int | None) -> bool:
    longest = rule["maximum_tenor_months"]
    return (
        bound is not None
        and rule["minimum_tenor_months"] * 30 <= bound
        and bound < (longest * 30 if longest is not None else 1_000_000)
    )


def _narrowest(rule: Row) -> tuple[object, ...]:
    longest = rule["maximum_tenor_months"]
    return (
        rule["product_id"] == "*",
        -rule["minimum_tenor_months"],
        longest is None,
        longest or 0,
        -rule["valid_from_date"].toordinal(),
    )


def _balances(held: Held) -> tuple[Origin, ...]:
    """The rows that say what was held, each with the days it held for."""
    found = []
    for start, end, balance in held.stretches:
        for row in balance.rows:
            columns = ("account_id", "balance_amount", "amount", "direction_code")
            told = origin(balance.feed, row, *columns)
            said = {**told.said, "from": start, "until": end}
            found.append(Origin(told.feed, told.file, told.sheet, told.row, said))
    return tuple(found)


def _record(row: Row) -> Origin:
    return origin(
        "corebank__account", row, "account_id", "product_id", "currency_code", "interest_rate",
        "rate_type_code", "opened_date", "term_months", "maturity_date", "reprice_date",
    )  # fmt: skip


def _catalogue(product: Row) -> Sequence[Origin]:
    columns = ("product_id", "product_name", "pillar_code", "day_basis")
    return [origin("corebank__product", product, *columns)]
