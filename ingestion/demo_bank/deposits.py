"""Planned movements of deposits: maturities, new deposits, newcomers, and those who leave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingestion.demo_bank.accounts import (
    CLOSED,
    DORMANT,
    ELECTRONIC,
    NOTICE,
    PERSON_TERM_SHARES,
    PERSON_TERMS,
    RATES,
    WEALTH,
    Accounts,
    open_demand,
    open_deposit,
    primary_accounts,
)
from ingestion.demo_bank.bank import Staff
from ingestion.demo_bank.behaviour import RIVALS, SUMMARY
from ingestion.demo_bank.life import FAR, LEFT_CLOSED, LEFT_EMPTIED, LEFT_PARTLY, Life
from ingestion.demo_bank.people import CORE, ONLINE, People
from ingestion.demo_bank.postings import (
    CHANNEL,
    COVER,
    FIXED,
    FREE,
    LAST,
    LAST_INTEREST,
    TYPE,
    Wishes,
    interest,
)
from ingestion.demo_bank.shape import (
    NO_DAY,
    Bools,
    Floats,
    Ints,
    Period,
    Shape,
    add_months_to_days,
)


@dataclass
class Desk:
    """What every planner of a month needs."""

    shape: Shape
    people: People
    book: Accounts
    life: Life
    period: Period
    wishes: Wishes
    rng: np.random.Generator

    @property
    def rate_cut(self) -> int:
        """Millionths by which new term deposits earn less than posted: cut in May 2025."""
        return 1_500 if (self.period.first.year, self.period.first.month) >= (2025, 5) else 0


def pay_into(desk: Desk, account: Ints, day: Ints, second: Ints, amount: Ints, text: str) -> None:
    """Credit a demand account with money from one of the customer's own deposits."""
    desk.wishes.add(
        account, day=day, second=np.minimum(second, 86_399), signed=amount,
        type=TYPE["other" if text.startswith("理财") else "term_transfer"],
        channel=CHANNEL["system"], by_system=1, summary=SUMMARY[text],
    )  # fmt: skip


def end_deposits(desk: Desk, rows: Ints, day: Ints, rate: Ints, text: str, is_asked: bool) -> None:
    """Pay interest on deposits, move everything to the demand account and close them."""
    book, rng = desk.book, desk.rng
    principal = book.balance[rows]
    held = (day - desk.period.start).astype(np.int64)
    earned = interest(book.accumulated[rows] + principal * held, rate)
    is_wealth = book.product[rows] == WEALTH
    # A wealth product's gain comes from its manager, not from the bank's own account.
    earned[is_wealth] = 0
    gain = np.where(is_wealth, (principal * rng.uniform(0.002, 0.02, len(rows))).astype(int), 0)
    second = 31_000 + rng.integers(0, 20_000, len(rows))
    common = {"channel": CHANNEL["counter" if is_asked else "system"], "by_system": not is_asked}
    desk.wishes.add(
        rows, day=day, second=second, signed=earned, role=FIXED, type=TYPE["interest_credit"],
        summary=SUMMARY["结息"], channel=CHANNEL["system"], by_system=1,
    )  # fmt: skip
    desk.wishes.add(
        rows, day=day, second=second + 1, signed=-(principal + earned), role=FIXED,
        type=np.where(is_wealth, TYPE["other"], TYPE["term_transfer"]),
        summary=np.where(is_wealth, SUMMARY["理财赎回"], SUMMARY[text]), **common,
    )  # fmt: skip
    target = book.settlement[rows]
    pay_into(desk, target[~is_wealth], day[~is_wealth], second[~is_wealth] + 2,
             (principal + earned)[~is_wealth], text)  # fmt: skip
    pay_into(desk, target[is_wealth], day[is_wealth], second[is_wealth] + 2,
             (principal + gain)[is_wealth], "理财赎回")  # fmt: skip
    book.log.record(day, rows, "status", CLOSED)
    book.log.record(day, rows, "closed", day)
    book.ending[rows] = day


def mature(desk: Desk) -> None:
    """Term deposits that mature this month roll over, or go to the demand account."""
    book, period, rng = desk.book, desk.period, desk.rng
    due = np.flatnonzero(
        book.is_kind("term")
        & (book.closed == NO_DAY)
        & (book.maturity >= period.start)
        & (book.maturity <= period.end)
    )
    # Who leaves and cannot wait breaks his deposit instead.
    due = due[book.maturity[due] <= _breaks_on(desk, book.customer[due])]
    owner = book.customer[due]
    day = book.maturity[due].astype(np.int64)
    leaves = _leaves_wholly(desk)[owner]
    rolls = ~leaves & (rng.random(len(due)) < 0.74)
    _roll(desk, due[rolls])
    end = due[~rolls]
    end_deposits(desk, end, day[~rolls], book.rate[end], "定期到期", is_asked=False)


def _leaves_wholly(desk: Desk) -> Bools:
    """Who, by customer number, has decided by the end of this month to leave nothing here."""
    life = desk.life
    found: Bools = (life.leaving <= desk.period.end) & (life.kind != LEFT_PARTLY)
    return found


def _breaks_on(desk: Desk, owner: Ints) -> Ints:
    """The day on which each owner takes his money out of deposits; far away if he stays."""
    day: Ints = np.where(
        _leaves_wholly(desk)[owner],
        np.clip(desk.life.leaving[owner] + 2, desk.period.start, desk.period.end),
        FAR,
    ).astype(np.int64)
    return day


def redeem(desk: Desk) -> None:
    """Every month some notice and wealth money goes back to the demand account."""
    book, period, rng = desk.book, desk.period, desk.rng
    held = book.is_kind("notice", "wealth") & (book.closed == NO_DAY)
    held &= (book.opened < period.start - 20) & ~_leaves_wholly(desk)[book.customer]
    rows = np.flatnonzero(held & (rng.random(book.count) < 0.07))
    day = period.start + rng.integers(0, period.days, len(rows))
    end_deposits(desk, rows, day, book.rate[rows], "定期到期", is_asked=True)


def _roll(desk: Desk, rows: Ints) -> None:
    """Interest is added to the deposit, which starts anew at the rate of the day."""
    book = desk.book
    day = book.maturity[rows]
    held = (day - desk.period.start).astype(np.int64)
    earned = interest(book.accumulated[rows] + book.balance[rows] * held, book.rate[rows])
    desk.wishes.add(
        rows, day=day, second=10_000, signed=earned, role=FIXED, type=TYPE["interest_credit"],
        summary=SUMMARY["结息"], channel=CHANNEL["system"], by_system=1,
    )  # fmt: skip
    book.log.record(day, rows, "maturity", add_months_to_days(day, book.term[rows]))
    book.log.record(day, rows, "rate", RATES[book.product[rows]] - desk.rate_cut)


def matured_by_customer(desk: Desk) -> Floats:
    """Yuan of term deposits that mature this month, by customer number."""
    book, period = desk.book, desk.period
    due = book.is_kind("term") & (book.closed == NO_DAY)
    due &= (book.maturity >= period.start) & (book.maturity <= period.end)
    found: Floats = np.bincount(
        book.customer[due], book.balance[due] / 100, minlength=desk.people.count
    )
    return found


def save(desk: Desk, extra: Ints, extra_product: int) -> Ints:
    """New term, notice and wealth accounts out of idle money.

    Args:
        desk: The month.
        extra: Customer numbers that a campaign has moved to open one beside the usual ones.
        extra_product: What the campaign sells.

    Returns:
        The places of the new accounts.
    """
    book, people, rng = desk.book, desk.people, desk.rng
    primary = primary_accounts(book, people.count)
    able = np.flatnonzero((primary >= 0) & (people.source == CORE) & (desk.life.leaving >= FAR))
    yuan = book.balance[primary[able]] / 100
    chance = 0.035 * np.clip(np.log10(np.maximum(yuan, 1) / 4_000), 0, 1.5)
    savers = able[rng.random(len(able)) < chance]
    savers = np.union1d(savers, np.intersect1d(extra, able))
    is_moved = np.isin(savers, extra)
    product = rng.choice(PERSON_TERMS, len(savers), p=PERSON_TERM_SHARES)
    lot = rng.random(len(savers))
    product = np.select([lot < 0.04, lot < 0.14], [NOTICE, WEALTH], product)
    product = np.where(is_moved, extra_product, product)
    product = np.where(people.party[savers] > 0, 0, product)
    some = product > 0
    savers, product, is_moved = savers[some], product[some], is_moved[some]
    demand = primary[savers]
    opened = np.maximum(
        desk.period.start + rng.integers(1, desk.period.days - 1, len(savers)),
        book.opened[demand] + 1,
    )
    keep = opened <= desk.period.end
    savers, product, is_moved = savers[keep], product[keep], is_moved[keep]
    demand, opened = demand[keep], opened[keep]
    wish = book.balance[demand] * rng.uniform(0.35, 0.75, len(savers))
    amount = np.maximum(wish // 100_000, np.where(is_moved, 5, 1)).astype(np.int64) * 100_000
    places = open_deposit(book, savers, product, opened, demand, desk.rate_cut)
    _fund(desk, places, demand, opened, amount)
    return places


def _fund(desk: Desk, places: Ints, demand: Ints, day: Ints, amount: Ints) -> None:
    """Move money from the demand accounts into new deposits; what lacks is brought in cash."""
    rng = desk.rng
    second = 33_000 + rng.integers(0, 24_000, len(places))
    is_wealth = desk.book.product[places] == WEALTH
    kind = np.where(is_wealth, TYPE["other"], TYPE["term_transfer"])
    text = np.where(is_wealth, SUMMARY["理财申购"], SUMMARY["定期存入"])
    channel = np.where(
        rng.random(len(places)) < desk.people.digital[desk.book.customer[places]],
        CHANNEL["mobile_bank"], CHANNEL["counter"],
    )  # fmt: skip
    common = {"type": kind, "summary": text, "channel": channel, "day": day}
    desk.wishes.add(
        demand, second=second - 60, role=COVER, day=day, type=TYPE["cash_deposit"],
        channel=CHANNEL["counter"], summary=SUMMARY["现金存入"],
    )  # fmt: skip
    desk.wishes.add(demand, second=second, signed=-amount, role=FIXED, **common)
    desk.wishes.add(places, second=second + 1, signed=amount, **common)


def welcome(desk: Desk, staff: Staff) -> None:
    """Customers whose first day falls into the month open an account and bring money.

    Of every two one was won by a manager: the survey team's of his district, or another one.
    """
    won = desk.shape.rng("won", desk.period.index)
    others = np.array([i for i in staff.with_post("manager") if staff.left[i] == NO_DAY])
    teams = np.array([staff.team(team)[0] for team in range(7)])
    people, period, book, rng = desk.people, desk.period, desk.book, desk.rng
    is_new = (people.opened >= period.start) & (people.opened <= period.end)
    # A second number is not asked for by someone who is leaving.
    new = np.flatnonzero(is_new & ~desk.life.is_leaving)
    core = new[people.source[new] == CORE]
    online = new[(people.source[new] == ONLINE) & (rng.random(len(new)) < 0.6)]
    for group, product, weight, share in ((core, None, 1.0, 0.3), (online, ELECTRONIC, 0.35, 0.1)):
        places = open_demand(book, people, group, people.opened[group], product, weight)
        is_of_team, is_won = won.random(len(group)) < 0.6, won.random(len(group)) < 0.5
        winner = np.where(is_of_team, teams[people.district[group]], won.choice(others, len(group)))
        book.manager[places] = np.where(is_won, winner, -1)
        amount = people.wealth[group] * share * rng.lognormal(0, 0.6, len(group)) * 100
        is_sent = (rng.random(len(group)) < 0.5) | (product == ELECTRONIC)
        desk.wishes.add(
            places, day=people.opened[group], second=33_000 + rng.integers(0, 20_000, len(group)),
            signed=np.maximum(amount // 1_000, 1).astype(np.int64) * 1_000,
            type=np.where(is_sent, TYPE["transfer_in"], TYPE["cash_deposit"]),
            channel=np.where(is_sent, CHANNEL["mobile_bank"], CHANNEL["counter"]),
            party_bank=np.where(is_sent, rng.integers(0, RIVALS, len(group)), -1),
            summary=SUMMARY["开户存款"],
        )  # fmt: skip


def run_down(desk: Desk) -> None:
    """Those who leave move their money out over weeks, and in the end close or empty it."""
    life, book, period = desk.life, desk.book, desk.period
    is_active = (life.leaving <= period.end) & (life.gone >= period.start)
    _break_deposits(desk, is_active & (life.kind != LEFT_PARTLY))
    alive = (book.weight > 0) & (book.closed == NO_DAY)
    rows = np.flatnonzero(alive & is_active[book.customer])
    owner = book.customer[rows]
    stays = life.kind[owner] == LEFT_PARTLY
    # A part-leaver moves his money within two months, then goes on with what is left.
    stays_busy = stays & (life.leaving[owner] >= period.start - 31)
    _send_away(desk, rows[~stays | stays_busy])
    ends = np.flatnonzero((life.gone[owner] <= period.end) & ~stays)
    _finish(desk, rows[ends], owner[ends])
    _sweep_crumbs(desk, np.flatnonzero(alive & ~is_active[book.customer]))


def _break_deposits(desk: Desk, who: Bools) -> None:
    """Term, notice and wealth money is taken out a few days after the decision.

    A deposit broken before its term earns the demand rate only.
    """
    book, period = desk.book, desk.period
    held = book.is_kind("term", "notice", "wealth") & (book.closed == NO_DAY)
    held &= book.ending == NO_DAY
    rows = np.flatnonzero(held & who[book.customer] & (book.opened < period.start))
    day = _breaks_on(desk, book.customer[rows])
    demand_rate = np.minimum(book.rate[rows], 2_000)
    end_deposits(desk, rows, day, demand_rate, "提前支取", is_asked=True)


def _send_away(desk: Desk, rows: Ints) -> None:
    """Transfers to rival banks, or cash, between the decision and the end."""
    life, book, period, rng = desk.life, desk.book, desk.period, desk.rng
    owner = book.customer[rows]
    first = np.maximum(life.leaving[owner], period.start)
    stays = life.kind[owner] == LEFT_PARTLY
    last = np.minimum(np.where(stays, life.leaving[owner] + 60, life.gone[owner]), period.end)
    times = np.maximum((last - first) // 9 + 1, 1)
    at = np.repeat(np.arange(len(rows)), times)
    span = (last - first)[at]
    day = first[at] + (rng.random(len(at)) * (span + 1)).astype(np.int64)
    target = np.where(stays, 0.55, 0.85)
    share = target[at] / times[at] * rng.uniform(0.5, 1.5, len(at))
    amount = (book.balance[rows[at]] * share).astype(np.int64) // 10_000 * 10_000
    is_cash = rng.random(len(at)) > 0.35 + 0.6 * desk.people.digital[owner[at]]
    some = amount > 0
    at, day, amount, is_cash = at[some], day[some], amount[some], is_cash[some]
    away = rng.integers(0, RIVALS, len(rows))[at]
    desk.wishes.add(
        rows[at], day=day, second=32_000 + rng.integers(0, 26_000, len(at)), signed=-amount,
        role=FREE, type=np.where(is_cash, TYPE["cash_withdrawal"], TYPE["transfer_out"]),
        channel=np.where(is_cash, CHANNEL["counter"], CHANNEL["mobile_bank"]),
        party_bank=np.where(is_cash, -1, away),
        party_account=np.where(is_cash, 0, 6_222_020_000_000_000_000 + owner[at] * 97 + 11),
        summary=np.where(is_cash, SUMMARY["现金支取"], SUMMARY["转账汇款"]),
    )  # fmt: skip


def _sweep_crumbs(desk: Desk, rows: Ints) -> None:
    """Who emptied his account also takes the interest that the quarter still brings him."""
    period, life = desk.period, desk.life
    if period.first.month % 3:
        return
    owner = desk.book.customer[rows]
    rows = rows[(life.kind[owner] == LEFT_EMPTIED) & (life.gone[owner] < period.start)]
    desk.wishes.add(
        rows, day=period.start + 21, second=50_000, role=LAST,
        signed=desk.rng.integers(0, 30, len(rows)), type=TYPE["transfer_out"],
        channel=CHANNEL["mobile_bank"], party_bank=0, summary=SUMMARY["转账汇款"],
    )  # fmt: skip


def _finish(desk: Desk, rows: Ints, owner: Ints) -> None:
    """The last withdrawal: everything where the account closes, all but some fen where not."""
    life, book, rng = desk.life, desk.book, desk.rng
    day = np.maximum(life.gone[owner], desk.period.start).astype(np.int64)
    closes = life.kind[owner] == LEFT_CLOSED
    second = 58_000 + rng.integers(0, 1_000, len(rows))
    desk.wishes.add(
        rows[closes], day=day[closes], second=second[closes], role=LAST_INTEREST,
        type=TYPE["interest_credit"], channel=CHANNEL["counter"], by_system=1,
        summary=SUMMARY["结息"],
    )  # fmt: skip
    desk.wishes.add(
        rows, day=day, second=second + 1, role=LAST,
        signed=np.where(closes, 0, rng.integers(0, 30, len(rows))),
        type=np.where(closes, TYPE["cash_withdrawal"], TYPE["transfer_out"]),
        channel=np.where(closes, CHANNEL["counter"], CHANNEL["mobile_bank"]),
        party_bank=np.where(closes, -1, rng.integers(0, RIVALS, len(rows))),
        summary=np.where(closes, SUMMARY["销户"], SUMMARY["转账汇款"]),
    )  # fmt: skip
    # An emptied account falls asleep after two months.
    book.log.record(day[~closes] + 60, rows[~closes], "status", DORMANT)
    book.log.record(day[closes], rows[closes], "status", CLOSED)
    book.log.record(day[closes], rows[closes], "closed", day[closes])
    shut = np.unique(owner[closes])
    desk.people.log.record(life.gone[shut], shut, "status", 1)
