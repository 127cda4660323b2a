"""The general ledger that the accounts tie to, cost pools, and activity volumes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank.accounts import Accounts
from ingestion.demo_bank.bank import BRANCHES, DEPARTMENTS, HEAD_OFFICE, ORGANISATIONS, PRODUCTS
from ingestion.demo_bank.columns import dates, named
from ingestion.demo_bank.postings import CHANNELS, TYPE, TYPES, Settled
from ingestion.demo_bank.shape import Bools, Ints, Period, Shape

CASH: Final = "10010101"
CENTRAL_BANK: Final = "10030101"
CAPITAL: Final = "40010101"
RETAINED: Final = "41040101"
INTEREST_RECEIVABLE: Final = "11320101"
PROVISION: Final = "13040101"
TAX_PAYABLE: Final = "22210101"
INTEREST_PAYABLE: Final = "22310101"
INTEREST_INCOME: Final = "60110101"
FEE_SETTLEMENT: Final = "60210101"
FEE_MERCHANT: Final = "60210201"
FEE_INSURANCE: Final = "60210301"
SURTAX: Final = "64030101"
INTEREST_DEMAND: Final = "64110101"
INTEREST_TERM: Final = "64110201"
FEE_EXPENSE: Final = "64210101"
IMPAIRMENT: Final = "67010101"
INCOME_TAX: Final = "68010101"
# Pools of the cost ledger: code, name, yuan a month and unit, minutes a month, the account.
COST_POOLS: Final = (
    ("CP01", "柜面人员", 62_000, 42_000, "66010101"),
    ("CP02", "自助设备", 4_500, 6_000, "66010201"),
    ("CP03", "电子渠道", 7_000, 9_000, "66010301"),
    ("CP04", "客户经理", 48_000, 34_000, "66010401"),
    ("CP05", "房租水电", 12_000, 40_000, "66010501"),
    ("CP06", "后台运营", 18_000, 36_000, "66010601"),
)
NAMES: Final = {
    CASH: "库存现金",
    CENTRAL_BANK: "存放中央银行款项",
    CAPITAL: "实收资本",
    RETAINED: "未分配利润",
    INTEREST_RECEIVABLE: "应收贷款利息",
    PROVISION: "贷款损失准备",
    TAX_PAYABLE: "应交税费",
    INTEREST_PAYABLE: "应付存款利息",
    INTEREST_INCOME: "贷款利息收入",
    FEE_SETTLEMENT: "结算与服务手续费收入",
    FEE_MERCHANT: "收单手续费收入",
    FEE_INSURANCE: "代理保险手续费收入",
    SURTAX: "税金及附加",
    INTEREST_DEMAND: "活期存款利息支出",
    INTEREST_TERM: "定期存款利息支出",
    FEE_EXPENSE: "清算手续费支出",
    IMPAIRMENT: "贷款减值损失",
    INCOME_TAX: "所得税费用",
    "20110101": "个人活期存款",
    "20110102": "个人电子账户存款",
    "20110203": "定期储蓄存款三个月",
    "20110206": "定期储蓄存款六个月",
    "20110212": "定期储蓄存款一年",
    "20110224": "定期储蓄存款二年",
    "20110236": "定期储蓄存款三年",
    "20110301": "通知存款",
    "20114101": "单位活期存款",
    "20114212": "单位定期存款一年",
    "13030101": "农户贷款",
    "13030201": "商户经营贷款",
    "13030301": "个人住房贷款",
    "13030401": "企业流动资金贷款",
    "23140101": "代理理财资金",
} | {account: f"业务及管理费-{name}" for _, name, _, _, account in COST_POOLS}
_ACCOUNTS: Final = tuple(sorted(NAMES))
_INDEX: Final = {code: place for place, code in enumerate(_ACCOUNTS)}
_OF_PRODUCT: Final = np.array([_INDEX.get(p.gl_code or "", -1) for p in PRODUCTS])
# Deposits are debts of the bank: their closing balance is a credit, hence negative.
_SIGN_OF_PRODUCT: Final = np.array([1 if p.kind == "loan" else -1 for p in PRODUCTS])
RESULTS: Final = tuple(place for place, code in enumerate(_ACCOUNTS) if code.startswith("6"))
_SHAPE: Final = (len(ORGANISATIONS), len(_ACCOUNTS))


@dataclass
class Ledger:
    """Balances by unit and ledger account in fen, debit positive."""

    closing: Ints = field(default_factory=lambda: np.zeros(_SHAPE, np.int64))

    def open(self, book: Accounts, provisions: Ints) -> None:
        """Enter what stands on the eve of the history, and the capital behind it.

        Args:
            book: The accounts, with the interest accrued on them.
            provisions: Fen set aside for each account.
        """
        loans = book.is_kind("loan")
        self.closing = _by_product(book, book.balance)
        for code, amounts in (
            (INTEREST_RECEIVABLE, np.where(loans, book.accrued, 0)),
            (INTEREST_PAYABLE, np.where(loans, 0, -book.accrued)),
            (PROVISION, -provisions),
        ):
            _add(self.closing, book.organisation, _INDEX[code], amounts)
        for unit in BRANCHES:
            self.closing[unit, _INDEX[CASH]] = 80_000_000
        deposits = -self.closing[:, _OF_PRODUCT[_SIGN_OF_PRODUCT < 0]].sum()
        capital = int(max(book.balance[loans].sum(), deposits) // 10)
        self.closing[HEAD_OFFICE, _INDEX[CAPITAL]] = -capital
        _balance(self.closing)

    def at(self, code: str) -> Ints:
        """Closing balance of a ledger account in each unit, debit positive."""
        return self.closing[:, _INDEX[code]]


def _by_product(book: Accounts, amounts: Ints) -> Ints:
    """Sums of account amounts by unit and ledger account, with the ledger's sign."""
    result = np.zeros(_SHAPE, np.int64)
    place = _OF_PRODUCT[book.product]
    np.add.at(result, (book.organisation, place), amounts * _SIGN_OF_PRODUCT[book.product])
    return result


def _balance(table: Ints) -> None:
    """Let the account with the central bank take what is missing to zero, unit by unit."""
    table[:, _INDEX[CENTRAL_BANK]] -= table.sum(axis=1)


@dataclass
class Turnover:
    """Debits and credits of a month by unit and ledger account, in fen."""

    debit: Ints
    credit: Ints

    def book(self, debit: str, credit: str, unit: Ints | int, amount: Ints | int) -> None:
        """Book amounts from one ledger account to another; negative ones the other way."""
        units, fen = np.atleast_1d(unit), np.atleast_1d(amount)
        for one, other, some in ((debit, credit, fen > 0), (credit, debit, fen < 0)):
            _add(self.debit, units[some], _INDEX[one], np.abs(fen[some]))
            _add(self.credit, units[some], _INDEX[other], np.abs(fen[some]))

    def net(self, *codes: str) -> Ints:
        """Credits less debits of ledger accounts, by unit."""
        places = [_INDEX[code] for code in codes]
        found: Ints = (self.credit - self.debit)[:, places].sum(axis=1)
        return found


def no_turnover() -> Turnover:
    """A month in which nothing has happened yet."""
    return Turnover(np.zeros(_SHAPE, np.int64), np.zeros(_SHAPE, np.int64))


def enter(turnover: Turnover, settled: Settled, book: Accounts) -> None:
    """Book a month's postings: customers' accounts, cash, interest paid, and fees."""
    rows = settled.postings
    unit = book.organisation[rows.account]
    product = book.product[rows.account]
    place = _OF_PRODUCT[product]
    signed = rows.signed * _SIGN_OF_PRODUCT[product]
    for side, amount in ((turnover.debit, signed), (turnover.credit, -signed)):
        _add(side, unit, place, np.maximum(amount, 0))
    kind = rows.type
    is_in = kind == TYPE["cash_deposit"]
    is_out = kind == TYPE["cash_withdrawal"]
    _add(turnover.debit, unit[is_in], _INDEX[CASH], rows.signed[is_in])
    _add(turnover.credit, unit[is_out], _INDEX[CASH], -rows.signed[is_out])
    charged = kind == TYPE["interest_debit"]
    _add(turnover.credit, unit[charged], _INDEX[INTEREST_RECEIVABLE], -rows.signed[charged])
    paid = kind == TYPE["interest_credit"]
    _add(turnover.debit, unit[paid], _INDEX[INTEREST_PAYABLE], rows.signed[paid])
    # What is posted to loans beyond payments and repayments is written off.
    lost = written_off(settled, book)
    _add(turnover.debit, unit[lost], _INDEX[PROVISION], -rows.signed[lost])
    merchant = kind == TYPE["merchant_settlement"]
    for account, some in ((FEE_MERCHANT, merchant), (FEE_SETTLEMENT, ~merchant)):
        _add(turnover.credit, unit[some], _INDEX[account], rows.fee[some])


def written_off(settled: Settled, book: Accounts) -> Bools:
    """Which postings write a loan off: they use up its provision."""
    rows = settled.postings
    found: Bools = book.is_kind("loan")[rows.account] & (rows.type == TYPE["other"])
    return found


def _add(table: Ints, unit: Ints, place: Ints | int, amount: Ints) -> None:
    """Add amounts in place, exactly: sums of whole fen below 2^53."""
    size = _SHAPE[0] * _SHAPE[1]
    total = np.bincount(unit * _SHAPE[1] + place, amount, minlength=size)
    table += total.astype(np.int64).reshape(_SHAPE)


def cost_month(shape: Shape, period: Period) -> pl.DataFrame:
    """Cost and practical capacity by pool and unit; departments bear people and rent only."""
    rng = shape.rng("cost", period.index)
    size = max(shape.customers / 45_000, 0.02)
    rows = []
    for code, name, yuan, minutes, _ in COST_POOLS:
        for unit in (*BRANCHES, *DEPARTMENTS):
            if unit in DEPARTMENTS and code not in ("CP05", "CP06"):
                continue
            fen = int(yuan * size * rng.uniform(0.92, 1.1) * 100)
            rows.append((code, name, unit, fen, int(minutes * size * rng.uniform(0.97, 1.03))))
    return pl.DataFrame(
        {
            "cost_pool_code": [row[0] for row in rows],
            "cost_pool_name": [row[1] for row in rows],
            "organisation_id": [ORGANISATIONS[row[2]] for row in rows],
            "month_end_date": [period.last] * len(rows),
            "cost_amount": [row[3] for row in rows],
            "practical_minutes": [row[4] for row in rows],
        }
    )


def enter_costs(turnover: Turnover, costs: pl.DataFrame) -> None:
    """Book the cost pools as expenses."""
    account = {code: _INDEX[gl] for code, _, _, _, gl in COST_POOLS}
    unit = {code: place for place, code in enumerate(ORGANISATIONS)}
    for code, organisation, fen in costs.select(
        "cost_pool_code", "organisation_id", "cost_amount"
    ).iter_rows():
        turnover.debit[unit[organisation], account[code]] += fen


def close_month(ledger: Ledger, turnover: Turnover, period: Period) -> pl.DataFrame:
    """The ledger's month: openings, turnovers and closings, which sum to zero in every unit.

    In January the results of the year before go to retained profit between the closing of
    December and the opening of January.
    """
    if period.first.month == 1 and period.index:
        _carry_results(ledger)
    _refill_tills(ledger, turnover)
    gap = (turnover.debit - turnover.credit).sum(axis=1)
    central = _INDEX[CENTRAL_BANK]
    turnover.credit[:, central] += np.maximum(gap, 0)
    turnover.debit[:, central] += np.maximum(-gap, 0)
    opening = ledger.closing.copy()
    ledger.closing = opening + turnover.debit - turnover.credit
    used = (opening != 0) | (turnover.debit != 0) | (turnover.credit != 0)
    unit, place = np.nonzero(used)
    codes = [_ACCOUNTS[i] for i in place]
    return pl.DataFrame(
        {
            "organisation_id": named(ORGANISATIONS, unit),
            "gl_account_code": codes,
            "gl_account_name": [NAMES[code] for code in codes],
            "currency_code": ["CNY"] * len(codes),
            "month_end_date": [period.last] * len(codes),
            "opening_amount": opening[unit, place],
            "debit_amount": turnover.debit[unit, place],
            "credit_amount": turnover.credit[unit, place],
            "closing_amount": ledger.closing[unit, place],
        }
    )


def _carry_results(ledger: Ledger) -> None:
    """Move income and expense of the old year to retained profit."""
    ledger.closing[:, _INDEX[RETAINED]] += ledger.closing[:, RESULTS].sum(axis=1)
    ledger.closing[:, RESULTS] = 0


def _refill_tills(ledger: Ledger, turnover: Turnover) -> None:
    """Send surplus cash to the central bank and fetch what a till lacks, in whole 10,000 yuan."""
    cash = _INDEX[CASH]
    held = ledger.closing[:, cash] + turnover.debit[:, cash] - turnover.credit[:, cash]
    wanted = np.where(ledger.closing[:, cash] > 0, 80_000_000, 0)
    move = (wanted - held) // 1_000_000 * 1_000_000
    turnover.debit[:, cash] += np.maximum(move, 0)
    turnover.credit[:, cash] += np.maximum(-move, 0)


def volume_month(settled: Settled, book: Accounts, period: Period) -> pl.DataFrame:
    """How often each activity was done, by unit and channel."""
    rows = settled.postings
    kinds, ways = len(TYPES), len(CHANNELS)
    unit = book.organisation[rows.account]
    key = (unit * kinds + rows.type) * ways + rows.channel
    counts = np.bincount(key, minlength=len(ORGANISATIONS) * kinds * ways)
    found = np.flatnonzero(counts)
    return pl.DataFrame(
        {
            "organisation_id": named(ORGANISATIONS, found // (kinds * ways)),
            "activity_code": named(TYPES, found // ways % kinds),
            "channel_code": named(CHANNELS, found % ways),
            "month_end_date": dates(np.full(len(found), period.end)),
            "volume_count": counts[found],
        }
    )
