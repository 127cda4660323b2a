"""What customers do with their money in a month: the wished-for postings."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank import pools
from ingestion.demo_bank.accounts import CLOSED, Accounts
from ingestion.demo_bank.actors import Actors
from ingestion.demo_bank.people import COMPANY, INSTITUTION, TOWN, VILLAGE
from ingestion.demo_bank.postings import CHANNEL, INTEREST, TYPE, Wishes
from ingestion.demo_bank.shape import Column, Days, Floats, Ints, Period, Shape

# Texts of postings; the first five belong to loans.py.
SUMMARIES: Final = (
    "现金存入", "贷款还本", "贷款扣息", "贷款发放", "购货付款",
    "代发工资", "惠农补贴", "养老金", "收单结算", "网上消费", "超市购物", "转账", "转账汇款",
    "现金支取", "代缴电费", "代缴话费", "代缴医保", "发放工资", "短信服务费", "账户管理费",
    "跨行手续费", "结息", "定期存入", "定期到期", "提前支取", "销户", "理财申购", "理财赎回",
    "开户存款", "贷款还款存入", "耕地地力保护补贴", "货款", "财政拨款", "税款", "异地消费",
    "贷款核销",
)  # fmt: skip
SUMMARY: Final = {name: index for index, name in enumerate(SUMMARIES)}
BANK_NAMES: Final = (*pools.RIVAL_BANKS, *pools.PAYMENT_FIRMS)
RIVALS: Final = len(pools.RIVAL_BANKS)
PARTY_POOL: Final = 4_000

# Postings a customer and month, by population: merchant, town, village, company, institution.
_RATES: Final = {
    "settlement": (6.6, 0.0, 0.0, 0.5, 0.0),
    "card": (2.3, 3.5, 1.3, 0.0, 0.0),
    "transfer_out": (1.5, 0.75, 0.35, 5.2, 4.2),
    "save_elsewhere": (1.9, 1.7, 1.1, 1.2, 0.0),
    "transfer_in": (1.0, 0.6, 0.55, 4.2, 3.0),
    "cash_in": (0.8, 0.28, 0.5, 0.4, 0.1),
    "cash_out": (0.45, 0.55, 0.9, 0.3, 0.2),
    "bill": (1.0, 1.35, 0.9, 1.1, 1.4),
}
# What one posting moves, as a share of the monthly income.
_SHARES: Final = {
    "settlement": (0.14, 0.0, 0.0, 0.1, 0.0),
    "card": (0.022, 0.055, 0.09, 0.0, 0.0),
    "transfer_out": (0.25, 0.28, 0.42, 0.11, 0.13),
    "save_elsewhere": (0.12, 0.12, 0.14, 0.06, 0.0),
    "transfer_in": (0.16, 0.32, 0.62, 0.2, 0.3),
    "cash_in": (0.3, 0.6, 0.75, 0.1, 0.1),
    "cash_out": (0.3, 0.3, 0.38, 0.05, 0.05),
    "bill": (0.015, 0.04, 0.06, 0.008, 0.01),
}
# Months in which something happens more or less often than in others: the Spring Festival, the
# sale of the harvest, the autumn's building and schooling.
_SEASONS: Final = {
    "card": {1: 1.15, 2: 1.1, 6: 1.05, 10: 1.05, 11: 1.1},
    "cash_out": {1: 1.35, 2: 1.1, 8: 1.1},
    "cash_in": {2: 1.3, 10: 1.2, 11: 1.15},
    "settlement": {1: 1.2, 2: 0.8, 10: 1.1},
}
# Working hours of each kind of business: weight of each hour of the day.
_HOURS: Final = {
    "counter": (0,) * 8 + (3, 10, 12, 7, 2, 1, 6, 9, 8, 3) + (0,) * 6,
    "shop": (0,) * 6 + (1, 3, 5, 6, 6, 8, 9, 6, 5, 5, 6, 8, 10, 9, 7, 4, 2, 1),
    "phone": (2, 1, 1, 1, 0, 1, 2, 4, 6, 8, 8, 8, 9, 6, 6, 6, 6, 6, 7, 9, 10, 9, 6, 4),
    "night": (4, 4, 6, 6, 4, 2) + (0,) * 18,
    "morning": (0,) * 8 + (6, 10, 8, 5) + (0,) * 12,
}


@lru_cache(maxsize=16)
def _hour_table(kind: str) -> Column:
    """4096 hours in the shares of `_HOURS`: one look-up instead of a weighted draw."""
    weights = np.array(_HOURS[kind], np.float64)
    edges = np.round(np.cumsum(weights) / weights.sum() * 4096).astype(np.int64)
    return np.repeat(np.arange(24, dtype=np.int32), np.diff(np.append(0, edges)))


def seconds(kind: str, count: int, rng: np.random.Generator) -> Column:
    """Seconds of the day, spread like the hours of a kind of business."""
    hours = _hour_table(kind)[rng.integers(0, 4096, count)]
    result: Column = hours * 3600 + rng.integers(0, 3600, count, dtype=np.int32)
    return result


def party_names(shape: Shape) -> pl.Series:
    """The names on the other side of postings: people, shops, firms; rare characters too."""
    rng = shape.rng("party names")
    third = PARTY_POOL // 4
    return pl.concat(
        [
            pools.person_names(rng.random(third * 2) < 0.5, rng),
            pools.shop_names(rng.integers(0, len(pools.TRADES), third), rng),
            pools.company_names(rng.integers(0, len(pools.INDUSTRIES), third), rng),
        ]
    )


class Month:
    """Draws one month of ordinary postings."""

    def __init__(
        self, who: Actors, book: Accounts, period: Period, wishes: Wishes, rng: np.random.Generator
    ) -> None:
        self.who = who
        self.period = period
        self.wishes = wishes
        self.rng = rng
        balance = book.balance[who.account] / 100
        # Who holds more than he uses to spends more: balances return to their level.
        target = np.maximum(who.wealth * 0.24, 200)
        self.thrift = np.clip(np.sqrt(np.maximum(balance, 1) / target), 0.25, 2.2)

    def draw(self) -> None:
        """Everything that is not planned by someone else."""
        self._pay()
        self._settle_merchants()
        self._spend()
        self._move_money()
        self._save_elsewhere()
        self._use_cash()
        self._pay_bills()
        self._charge_fees()

    def _happen(self, kind: str, more: Floats | float = 1.0) -> tuple[Ints, Days]:
        """(actor, day) of each happening of a kind."""
        rate = np.array(_RATES[kind])[self.who.population] * self.who.weight * more
        season = _SEASONS.get(kind, {}).get(self.period.first.month, 1.0)
        counts = self.rng.poisson(rate * season)
        at = np.repeat(np.arange(len(rate)), counts)
        day = self.period.start + self.rng.integers(0, self.period.days, len(at), dtype=np.int32)
        return self._still_here(at, day)

    def _still_here(self, at: Ints, day: Days) -> tuple[Ints, Days]:
        """Drop what happens before an account's opening or fades out in a run-down."""
        who = self.who
        span = np.maximum(who.gone[at] - who.leaving[at], 1)
        faded = np.clip((day - who.leaving[at]) / span, 0.0, 1.0)
        chance = 1.0 - faded * (1.0 - who.keep[at])
        kept = (day > who.opened[at]) & (day <= who.gone[at])
        kept &= self.rng.random(len(at)) < chance
        return at[kept], day[kept]

    def _yuan(self, kind: str, at: Ints, spread: float, step: int = 1) -> Ints:
        """Amounts in fen around a kind's share of the income, in steps of `step` fen."""
        middle = np.array(_SHARES[kind])[self.who.population[at]] * self.who.income[at]
        yuan = middle * np.exp(self.rng.normal(0, spread, len(at)))
        fen: Ints = np.maximum((yuan * 100).astype(np.int64) // step, 1) * step
        return fen

    def _electronic(self, at: Ints) -> tuple[Column, Column]:
        """The channel of each transfer, and whether it came through a screen."""
        draw = self.rng.random(len(at))
        is_screen = draw < self.who.digital[at]
        is_firm = self.who.population[at] >= COMPANY
        pick = self.rng.random(len(at))
        screen = np.where(pick < 0.82, CHANNEL["mobile_bank"], CHANNEL["online_bank"])
        screen = np.where(is_firm, CHANNEL["corporate_bank"], screen)
        desk = np.select(
            [pick < 0.72, pick < 0.94], [CHANNEL["counter"], CHANNEL["self_service"]],
            CHANNEL["phone_bank"],
        )  # fmt: skip
        desk = np.where(is_firm, CHANNEL["counter"], desk)
        return np.where(is_screen, screen, desk).astype(np.uint8), is_screen

    def _parties(self, count: int) -> tuple[Ints, Ints]:
        """(name, account) on the other side; the same few parties come again and again."""
        name = (self.rng.random(count) ** 1.6 * PARTY_POOL).astype(np.int64)
        account = 6_217_001_930_000_000_000 + (name * 1_048_573 + 7) % 10**9
        return name, account

    def _pay(self) -> None:
        """Salaries, pensions and farm subsidies; firms pay their people."""
        who, rng = self.who, self.rng
        # The same people are employed every month: a fixed draw by account.
        lot = (who.account * 2_654_435_761 % 1_000) / 1_000
        is_main = who.weight > 0
        chance = np.array([0.05, 0.58, 0.11, 0, 0])[who.population]
        is_worker = is_main & (lot < chance) & (who.age < 61)
        pay_day = self.period.start + 8 + (who.account * 40_503 % 7)
        self._credit(np.flatnonzero(is_worker), pay_day, 0.82, "payroll", "代发工资")
        is_old = is_main & (who.age >= 60) & (who.population <= VILLAGE) & (lot < 0.7)
        town = np.flatnonzero(is_old & (who.population == TOWN))
        self._credit(town, pay_day - 4, 0.62, "subsidy", "养老金")
        village = np.flatnonzero(is_old & (who.population == VILLAGE))
        self._credit(village, pay_day - 3, 0.1, "subsidy", "养老金")
        if self.period.first.month in (5, 10):
            farmers = np.flatnonzero((who.population == VILLAGE) & (lot < 0.75))
            self._credit(farmers, pay_day + 9, 0.35, "subsidy", "耕地地力保护补贴")
        public = np.flatnonzero(who.population == INSTITUTION)
        self._credit(public, pay_day - 2, 0.9, "transfer_in", "财政拨款")
        firms = np.flatnonzero((who.population >= COMPANY) & (lot < 0.7))
        at, day = self._still_here(firms, pay_day[firms].astype(np.int32))
        amount = (who.income[at] * 0.3 * rng.uniform(0.9, 1.1, len(at)) * 100).astype(np.int64)
        self.wishes.add(
            who.account[at], day=day, second=seconds("morning", len(at), rng), signed=-amount,
            type=TYPE["payroll"], channel=CHANNEL["corporate_bank"], summary=SUMMARY["发放工资"],
        )  # fmt: skip

    def _credit(self, rows: Ints, day: Ints, share: float, kind: str, text: str) -> None:
        """A payment that comes each month around the same amount."""
        at, when = self._still_here(rows, day[rows].astype(np.int32))
        noise = self.rng.uniform(0.96, 1.04, len(at))
        amount = (self.who.income[at] * share * noise * 100).astype(np.int64)
        self.wishes.add(
            self.who.account[at], day=when, second=seconds("morning", len(at), self.rng),
            signed=amount, type=TYPE[kind], channel=CHANNEL["system"], by_system=1,
            party_name=3_000 + self.who.account[at] % 1_000, summary=SUMMARY[text],
        )  # fmt: skip

    def _settle_merchants(self) -> None:
        """Card takings arrive net of the bank's discount."""
        at, day = self._happen("settlement")
        gross = self._yuan("settlement", at, 0.6)
        fee = (gross * 38 + 5_000) // 10_000
        self.wishes.add(
            self.who.account[at], day=day, second=seconds("night", len(at), self.rng),
            signed=gross - fee, fee=fee, type=TYPE["merchant_settlement"], by_system=1,
            channel=CHANNEL["pos"], party_bank=RIVALS + 2, summary=SUMMARY["收单结算"],
        )  # fmt: skip

    def _spend(self) -> None:
        at, day = self._happen("card")
        count = len(at)
        is_online = self.rng.random(count) < 0.25 + 0.6 * self.who.digital[at]
        away = day >= self.who.moved[at]
        text = np.where(is_online, SUMMARY["网上消费"], SUMMARY["超市购物"])
        text = np.where(away & ~is_online, SUMMARY["异地消费"], text)
        name, _ = self._parties(count)
        self.wishes.add(
            self.who.account[at], day=day, second=seconds("shop", count, self.rng),
            signed=-(self._yuan("card", at, 0.9) * self.thrift[at]).astype(np.int64),
            type=TYPE["card_payment"], summary=text, party_name=name,
            channel=np.where(is_online, CHANNEL["mobile_bank"], CHANNEL["pos"]),
            party_bank=np.where(is_online, RIVALS + self.rng.integers(0, 2, count), RIVALS + 2),
        )  # fmt: skip

    def _move_money(self) -> None:
        """Transfers in and out, within the bank and with others; rates tempt some outwards."""
        for kind in ("transfer_in", "transfer_out"):
            at, day = self._happen(kind)
            count = len(at)
            amount = self._yuan(kind, at, 0.8, step=100)
            if kind == "transfer_out":
                amount = -(amount * self.thrift[at]).astype(np.int64) // 100 * 100
            channel, is_screen = self._electronic(at)
            second = np.where(
                is_screen,
                seconds("phone", count, self.rng),
                seconds("counter", count, self.rng),
            )
            name, account = self._parties(count)
            lean = 0.1 + 0.6 * self.who.rivalry[at] if kind == "transfer_out" else 0.45
            outside = self.rng.random(count) < lean
            bank = np.where(outside, self.rng.integers(0, RIVALS, count), -1)
            is_trade = self.who.population[at] >= COMPANY
            self.wishes.add(
                self.who.account[at], day=day, second=second, signed=amount, type=TYPE[kind],
                channel=channel, party_name=name, party_account=account, party_bank=bank,
                summary=np.where(is_trade, SUMMARY["货款"], SUMMARY["转账"]),
            )  # fmt: skip
            if kind == "transfer_out":
                self._fee_for(at, day, second, outside & ~is_screen)

    def _save_elsewhere(self) -> None:
        """Who watches rates keeps feeding an account of his own at a rival bank."""
        who = self.who
        at, day = self._happen("save_elsewhere", who.rivalry)
        count = len(at)
        amount = -(self._yuan("save_elsewhere", at, 0.6, step=100) * self.thrift[at]).astype(int)
        # Always the same account, in his own name, so that it can be recognised.
        own = who.account[at]
        channel, is_screen = self._electronic(at)
        second = np.where(
            is_screen, seconds("phone", count, self.rng), seconds("counter", count, self.rng)
        )
        self.wishes.add(
            own, day=day, second=second, signed=amount // 100 * 100, type=TYPE["transfer_out"],
            channel=channel, party_bank=own * 40_503 % RIVALS, summary=SUMMARY["转账汇款"],
            party_account=6_230_580_000_000_000_000 + own * 1_048_573 % 10**12,
        )  # fmt: skip

    def _fee_for(self, at: Ints, day: Days, second: Column, is_charged: Column) -> None:
        """Sending money to another bank costs 5 yuan at the counter."""
        at, day = at[is_charged], day[is_charged]
        later = np.minimum(second[is_charged] + 1, 86_399)
        self._fee(self.who.account[at], day, later, 500, "跨行手续费")

    def _fee(self, account: Ints, day: Days, second: Column | int, fen: int, text: str) -> None:
        self.wishes.add(
            account, day=day, second=second, signed=-fen, fee=fen, type=TYPE["fee"],
            channel=CHANNEL["system"], by_system=1, summary=SUMMARY[text],
        )  # fmt: skip

    def _use_cash(self) -> None:
        for kind, name in (("cash_in", "cash_deposit"), ("cash_out", "cash_withdrawal")):
            at, day = self._happen(kind)
            count = len(at)
            amount = self._yuan(kind, at, 0.7, step=10_000)
            if kind == "cash_out":
                amount = -(amount * self.thrift[at]).astype(np.int64) // 10_000 * 10_000
            is_machine = self.rng.random(count) < 0.2 + 0.5 * self.who.digital[at]
            is_machine &= np.abs(amount) <= 2_000_000
            self.wishes.add(
                self.who.account[at], day=day, second=seconds("counter", count, self.rng),
                signed=amount, type=TYPE[name],
                channel=np.where(is_machine, CHANNEL["self_service"], CHANNEL["counter"]),
                summary=SUMMARY["现金存入" if kind == "cash_in" else "现金支取"],
            )  # fmt: skip

    def _pay_bills(self) -> None:
        at, day = self._happen("bill")
        count = len(at)
        kinds = np.array([SUMMARY[t] for t in ("代缴电费", "代缴话费", "代缴医保", "税款")])
        pick = self.rng.integers(0, 3, count)
        pick = np.where((self.who.population[at] >= COMPANY) & (pick == 2), 3, pick)
        channel, _ = self._electronic(at)
        self.wishes.add(
            self.who.account[at], day=day, second=seconds("shop", count, self.rng),
            signed=-self._yuan("bill", at, 0.6), type=TYPE["bill_payment"], channel=channel,
            summary=kinds[pick],
        )  # fmt: skip

    def _charge_fees(self) -> None:
        """Text message service of two yuan a month; account keeping of firms by quarter."""
        who = self.who
        lot = (who.account * 69_069 + 12_345) % 100
        texting = np.flatnonzero((who.population <= VILLAGE) & (lot < 14 + 20 * who.digital))
        day = np.full(len(texting), self.period.start + 19, np.int32)
        at, when = self._still_here(texting, day)
        self._fee(who.account[at], when, 7_200, 200, "短信服务费")
        if self.period.first.month % 3 == 0:
            firms = np.flatnonzero(who.population >= COMPANY)
            day = np.full(len(firms), self.period.end, np.int32)
            at, when = self._still_here(firms, day)
            self._fee(who.account[at], when, 7_300, 9_000, "账户管理费")


def credit_quarter_interest(book: Accounts, period: Period, wishes: Wishes) -> None:
    """On the 21st of a quarter's last month each demand and notice account earns its interest."""
    if period.first.month % 3:
        return
    day = period.start + 20
    is_due = book.is_kind("demand", "electronic", "notice") & book.is_live(day, day)
    is_due &= (book.status != CLOSED) & (book.opened < day)
    # A deposit that ends this month is paid all it has earned when it ends.
    is_due &= book.ending < period.start
    rows = np.flatnonzero(is_due)
    wishes.add(
        rows, day=day, second=10_800, type=TYPE["interest_credit"], channel=CHANNEL["system"],
        by_system=1, summary=SUMMARY["结息"], role=INTEREST,
    )  # fmt: skip
