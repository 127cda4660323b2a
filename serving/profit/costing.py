"""What the work on an account cost: minutes of its postings at the price of the pool."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from serving.profit.account import Account
from serving.profit.bank import Bank
from serving.profit.evidence import Origin, Row, Rule, Step, money, origin, rule
from serving.profit.numbers import divided, fen, month_first
from serving.profit.records import newest

MINUTE: Final = 10_000
STEPS: Final = (1, 2, 3)
_POOL: Final = (
    "month_end_date", "organisation_id", "cost_pool_code", "cost_amount", "practical_minutes"
)  # fmt: skip
_POSTING: Final = (
    "transaction_id", "account_id", "booked_date", "transaction_type_code", "channel_code",
    "amount",
)  # fmt: skip


@dataclass(frozen=True)
class Pool:
    """A cost pool of a unit in a month, in fen: its own cost, and with what support handed down."""

    unit: str
    code: str
    row: Row
    rule: Row | None
    minutes: int
    postings: int
    own: int
    full: int
    received: tuple[Step, ...] = ()

    @property
    def is_front(self) -> bool:
        """Whether it serves customers."""
        return self.rule is not None and self.rule["pool_kind_code"] == "front"

    @property
    def step(self) -> int | None:
        """At which step it hands down what it has; None of one that does not."""
        return self.rule["step_number"] if self.rule else None


@dataclass(frozen=True)
class Work:
    """What a unit did of one kind and by one channel in a month: postings of an account, visits."""

    unit: str
    pool: str | None
    what: str
    count: int
    minutes: int
    origins: tuple[Origin, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Cost:
    """What a piece of work cost in fen, never above 0: the pool's own, and all of it."""

    direct: int
    full: int
    step: Step


def pools(bank: Bank, month: dt.date) -> dict[tuple[str, str], Pool]:
    """Cost pools of a month by unit and code, after support was handed down step by step."""
    rows = newest(
        bank.rows("ledger__cost_pool"),
        key=lambda row: (row["organisation_id"], row["cost_pool_code"], row["month_end_date"]),
    ).values()
    latest: dict[tuple[str, str], Row] = {}
    for row in sorted(rows, key=lambda each: each["month_end_date"]):
        if month_first(row["month_end_date"]) == month:
            latest[row["organisation_id"], row["cost_pool_code"]] = row
    found = {}
    for (unit, code), row in latest.items():
        rules = bank.rule("cost_pool_rule", month, lambda each, c=code: each["cost_pool_code"] == c)  # type: ignore[misc]
        cost, counted = fen(row["cost_amount"]), bank.whole.posting_counts
        found[unit, code] = Pool(
            unit, code, row, rules[0] if rules else None, row["practical_minutes"] or 0,
            counted.get((month, unit, code), 0), cost, cost,
        )  # fmt: skip
    for step in STEPS:
        found = _handed_down(found, step)
    return found


def _handed_down(pools: dict[tuple[str, str], Pool], step: int) -> dict[tuple[str, str], Pool]:
    """The pools after those of one step gave what they had to the ones behind them."""
    moved: dict[tuple[str, str], int] = defaultdict(int)
    received: dict[tuple[str, str], list[Step]] = defaultdict(list)
    for giver in pools.values():
        if giver.step != step or giver.full <= 0:
            continue
        takers = {
            (pool.unit, pool.code): _driver(giver, pool)
            for pool in pools.values()
            if (pool.is_front or (pool.step or 0) > step) and _driver(giver, pool) > 0
        }
        own = {name: count for name, count in takers.items() if name[0] == giver.unit}
        for name, part in _parts(giver.full, own or takers).items():
            moved[name] += part
            moved[giver.unit, giver.code] -= part
            received[name].append(_handed(giver, name, part, own or takers))
    return {
        name: replace(
            pool,
            full=pool.full + moved.get(name, 0),
            received=(*pool.received, *received.get(name, ())),
        )
        for name, pool in pools.items()
    }


def _handed(
    giver: Pool, name: tuple[str, str], part: int, counts: Mapping[tuple[str, str], int]
) -> Step:
    """What a pool got of another one, and by what."""
    driver = giver.rule["driver_code"] if giver.rule else ""
    how = f"{money(giver.full)} × {counts[name]:,} / {sum(counts.values()):,} ({driver})"
    rules = (rule("rule.cost_pool_rule", giver.rule),) if giver.rule else ()
    words = (
        f"{giver.unit} 机构 {giver.code} 成本池分摊",
        f"Handed down by pool {giver.code} of unit {giver.unit}",
    )
    return Step(
        *words, part, how, (origin("ledger__cost_pool", giver.row, *_POOL),), rules, giver.received
    )


def _driver(giver: Pool, taker: Pool) -> int:
    code = giver.rule["driver_code"] if giver.rule else ""
    return {"practical_minutes": taker.minutes, "posting_count": taker.postings}.get(code, 0)


def _parts(amount: int, counts: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """Whole fen in proportion to counts; the largest rests get the fen that are left."""
    total = sum(counts.values())
    parts = {name: amount * count // total for name, count in counts.items()}
    left = amount - sum(parts.values()) if parts else 0
    by_rest = sorted(counts, key=lambda name: (-(amount * counts[name] % total), name))
    for name in by_rest[:left]:
        parts[name] += 1
    return parts


def work(account: Account, month: dt.date) -> Iterator[Work]:
    """The work of a month, by unit and its version, kind of posting and channel."""
    bank = account.bank
    grouped: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in account.postings(month):
        version = account.version_at(row["booked_date"])
        unit_id = version.row["organisation_id"] if version else None
        name = bank.unit_version(unit_id, row["booked_date"])
        grouped[(*name, row["transaction_type_code"], row["channel_code"])].append(row)
    for (unit, _, kind, channel), rows in grouped.items():
        times = bank.rule("activity_time", month, is_of(kind, channel))
        extra_rules = bank.rule("activity_time_condition", month, is_of(kind, channel))
        minutes = sum(ten_thousandths(each["base_minutes"]) for each in times[:1]) * len(rows)
        met = [each for each in extra_rules for row in rows if _meets(each, row)]
        minutes += sum(ten_thousandths(each["extra_minutes"]) for each in met)
        told = [rule("rule.activity_time", each) for each in times[:1]]
        told += [rule("rule.activity_time_condition", each) for each in extra_rules if each in met]
        pool = times[0]["cost_pool_code"] if times else None
        seen = tuple(origin("corebank__transaction", row, *_POSTING) for row in rows)
        what = f"{len(rows)} {kind} by {channel}"
        yield Work(str(unit), pool, what, len(rows), minutes, seen, tuple(told))


def is_of(kind: object, channel: object) -> _Fits:
    """Whether a rule is of a kind of posting and a channel."""
    return _Fits(kind, channel)


@dataclass(frozen=True)
class _Fits:
    kind: object
    channel: object

    def __call__(self, row: Row) -> bool:
        return (row["transaction_type_code"], row["channel_code"]) == (self.kind, self.channel)


def ten_thousandths(minutes: Decimal) -> int:
    """Minutes in ten-thousandths."""
    return int(minutes * MINUTE)


def _meets(condition: Row, posting: Row) -> bool:
    if condition["condition_code"] == "amount_at_least":
        return bool(posting["amount"] >= condition["threshold_amount"])
    is_to_other = condition["condition_code"] == "to_other_bank"
    return is_to_other and posting["counterparty_bank_name"] is not None


def costs(
    bank: Bank,
    month: dt.date,
    done: Sequence[Work],
    method: str,
    known: Mapping[tuple[str, str], Pool],
) -> list[Cost]:
    """What each piece of work of a month cost by one method.

    Args:
        bank: The bank, with its rules.
        month: First day of the month.
        done: The work on one account, or on one customer.
        method: practical_capacity, or full_absorption, which leaves no capacity unused.
        known: `pools` of the month.
    """
    if method != "full_absorption":
        return [_priced(bank, month, each, known) for each in done]
    found = []
    for each in done:
        pool = known.get((each.unit, each.pool or ""))
        if not pool or pool.minutes <= 0:
            found.append(_priced(bank, month, each, known))
        elif (used := bank.whole.used_minutes.get((month, pool.unit, pool.code), 0)) > 0:
            found.append(_of_pool(pool, used, each))
    return found


def _priced(bank: Bank, month: dt.date, done: Work, known: Mapping[tuple[str, str], Pool]) -> Cost:
    """The cost of one piece: at the pool's price, or at the standard one where it has none."""
    pool = known.get((done.unit, done.pool or ""))
    if pool is not None and pool.minutes > 0:
        return _of_pool(pool, pool.minutes * MINUTE, done)
    rules = bank.rule("cost_pool_rule", month, lambda each: each["cost_pool_code"] == done.pool)
    standard = rules[0]["standard_minute_amount"] if rules else None
    price = fen(standard)
    cost = -divided(price * done.minutes, MINUTE)
    how = f"-{_minutes(done.minutes)} 分钟 min × {money(price)} (标准价 standard)"
    step = Step(
        "作业成本", "Cost of the work", cost, f"{done.what}: {how}", done.origins,
        (*done.rules, *(rule("rule.cost_pool_rule", each) for each in rules[:1])),
    )  # fmt: skip
    return Cost(cost, cost, step)


def _of_pool(pool: Pool, capacity: int, done: Work) -> Cost:
    """The part of a pool that the minutes of a piece of work are of its capacity."""
    direct, full = (-divided(amount * done.minutes, capacity) for amount in (pool.own, pool.full))
    how = (
        f"{done.what}: {_minutes(done.minutes)} / {_minutes(capacity)}"
        f" 分钟 min × {pool.unit} 机构 unit {pool.code} 成本池 pool: 自身 own {money(pool.own)},"
        f" 支持 support {money(pool.full - pool.own)}"
    )
    row = origin("ledger__cost_pool", pool.row, *_POOL)
    pool_rule = (rule("rule.cost_pool_rule", pool.rule),) if pool.rule else ()
    step = Step(
        "作业成本", "Cost of the work", full, how, (row, *done.origins), (*done.rules, *pool_rule),
        pool.received,
    )  # fmt: skip
    return Cost(direct, full, step)


def _minutes(count: int) -> str:
    text = f"{Decimal(count) / MINUTE:,.4f}"
    return text.rstrip("0").rstrip(".")
