"""From wished-for postings of a month to a consistent book: sorted, covered, settled.

No posting ever overdraws a deposit: what a customer wishes to spend is scaled down to what he
has, what must be paid is covered by money that he brings first, and interest and the last
withdrawal of a closing account are computed from the balances themselves. Everything is done for
all accounts at once, in whole fen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from ingestion.demo_bank.accounts import Accounts
from ingestion.demo_bank.bank import INTEREST_BASIS
from ingestion.demo_bank.shape import Bools, Column, Floats, Ints, Period, order_of

TYPES: Final = (
    "cash_deposit", "cash_withdrawal", "transfer_in", "transfer_out", "card_payment",
    "merchant_settlement", "payroll", "subsidy", "loan_disbursement", "loan_repayment",
    "interest_credit", "interest_debit", "fee", "bill_payment", "term_transfer", "other",
)  # fmt: skip
TYPE: Final = {name: index for index, name in enumerate(TYPES)}
CHANNELS: Final = (
    "counter", "self_service", "phone_bank", "online_bank", "mobile_bank", "corporate_bank",
    "pos", "system",
)  # fmt: skip
CHANNEL: Final = {name: index for index, name in enumerate(CHANNELS)}
INITIATORS: Final = ("customer", "system")

# What the engine may do with a posting.
FREE, FIXED, COVER, INTEREST, LAST_INTEREST, LAST = range(6)

_COLUMNS: Final[dict[str, tuple[type[np.generic], int]]] = {
    "account": (np.int32, 0),
    "day": (np.int32, 0),
    "second": (np.int32, 0),
    "signed": (np.int64, 0),
    "type": (np.uint8, 0),
    "channel": (np.uint8, 0),
    "by_system": (np.uint8, 0),
    "fee": (np.int64, 0),
    "party_name": (np.int32, -1),
    "party_account": (np.int64, 0),
    "party_bank": (np.int16, -1),
    "summary": (np.int16, -1),
    "role": (np.uint8, FREE),
}


@dataclass
class Postings:
    """Columns of equal length, one entry per posting; `signed` is in fen, inflow positive."""

    account: Column
    day: Column
    second: Column
    signed: Ints
    type: Column
    channel: Column
    by_system: Column
    fee: Ints
    party_name: Column
    party_account: Ints
    party_bank: Column
    summary: Column
    role: Column

    @property
    def count(self) -> int:
        """How many postings there are."""
        return len(self.account)

    def take(self, rows: Ints | Bools) -> Postings:
        """The postings at `rows`, in that order."""
        return Postings(**{name: getattr(self, name)[rows] for name in _COLUMNS})


class Wishes:
    """Collects the postings of a month, batch by batch."""

    def __init__(self) -> None:
        self._batches: dict[str, list[Column]] = {name: [] for name in _COLUMNS}

    def add(self, account: ArrayLike, **columns: ArrayLike) -> None:
        """Add one posting per entry of `account`; single values hold for all of them."""
        accounts = np.atleast_1d(np.asarray(account, np.int32))
        if not accounts.size:
            return
        if unknown := set(columns) - set(_COLUMNS):
            raise TypeError(f"a posting has no column {min(unknown)}")
        for name, (dtype, default) in _COLUMNS.items():
            given = accounts if name == "account" else columns.get(name, default)
            values = np.asarray(given).astype(dtype, copy=False)
            self._batches[name].append(np.broadcast_to(values, accounts.shape))

    def collect(self) -> Postings:
        """Everything added so far, as one."""
        return Postings(
            **{
                name: np.concatenate(batches) if batches else np.zeros(0, _COLUMNS[name][0])
                for name, batches in self._batches.items()
            }
        )


@dataclass
class Settled:
    """A month's postings in order of account and time, with the balance after each."""

    postings: Postings
    balance_after: Ints
    # Fen-days earned and not yet paid at the end of each posting's day.
    unpaid_days: Ints
    # By account: the sum of the month's end-of-day balances, and whether interest was settled.
    balance_days: Ints
    is_settled: Bools


def settle(wishes: Postings, book: Accounts, period: Period) -> Settled:
    """Make `wishes` consistent, move the book's balances, and settle interest.

    Args:
        wishes: All postings asked for in the month, in any order.
        book: The accounts; their balances and accumulated balance-days are moved to month end.
        period: The month.
    """
    day = wishes.day - np.int32(period.start)
    key = (wishes.account.astype(np.int64) * period.days + day) * 86_400 + wishes.second
    rows = wishes.take(order_of(key))
    rows = _without_late_rows(rows)
    groups = _Groups(rows.account)
    opening = book.balance[rows.account]
    _cover_fixed(rows, groups, opening)
    _scale_free(rows, groups, opening)
    _pay_interest(rows, groups, book, period, INTEREST)
    _pay_interest(rows, groups, book, period, LAST_INTEREST)
    _empty_closing(rows, groups, opening)
    # A fee is what was really charged, should the account have held less.
    is_fee = rows.type == TYPE["fee"]
    rows.fee[is_fee] = -rows.signed[is_fee]
    # An interest of nothing settles the account all the same.
    rows = rows.take((rows.signed != 0) | (rows.type == TYPE["interest_credit"]))
    groups = _Groups(rows.account)
    after = book.balance[rows.account] + groups.running(rows.signed)
    unpaid = _unpaid_days(rows, groups, after, book, period)
    balance_days = _move_book(rows, groups, after, book, period)
    is_settled = np.zeros(book.count, bool)
    is_settled[rows.account[rows.type == TYPE["interest_credit"]]] = True
    some = rows.signed != 0
    return Settled(rows.take(some), after[some], unpaid[some], balance_days, is_settled)


class _Groups:
    """The stretches of equal account in sorted postings."""

    def __init__(self, account: Column) -> None:
        change = np.flatnonzero(account[1:] != account[:-1]) + 1
        self.starts = np.concatenate([[0], change]).astype(np.int64)[: max(len(account), 0)]
        if not len(account):
            self.starts = np.zeros(0, np.int64)
        self.lengths = np.diff(np.append(self.starts, len(account)))
        self.accounts = account[self.starts]

    def running(self, values: Ints) -> Ints:
        """The running total of `values` within each stretch."""
        total = np.cumsum(values)
        before = total[self.starts] - values[self.starts]
        result: Ints = total - np.repeat(before, self.lengths)
        return result

    def minimum(self, values: Column) -> Column:
        """The least of `values` in each stretch."""
        if not len(self.starts):
            return values
        result: Column = np.minimum.reduceat(values, self.starts)
        return result

    def spread(self, values: Column) -> Column:
        """One value per stretch, repeated for each of its postings."""
        return np.repeat(values, self.lengths)


def _without_late_rows(rows: Postings) -> Postings:
    """Nothing is posted to an account after its last withdrawal."""
    is_last = rows.role == LAST
    if not is_last.any():
        return rows
    groups = _Groups(rows.account)
    ended = groups.running(is_last.astype(np.int64)) - is_last
    return rows.take(ended == 0)


def _cover_fixed(rows: Postings, groups: _Groups, opening: Ints) -> None:
    """Let the customer bring what his fixed payments lack, in whole hundreds of yuan."""
    fixed = np.where((rows.role == FREE) & (rows.signed < 0), 0, rows.signed)
    lowest = groups.minimum(opening + groups.running(fixed))
    lacking = np.maximum(-lowest.astype(np.int64), 0)
    brought = -(-lacking // 10_000) * 10_000
    is_cover = rows.role == COVER
    need = groups.spread(brought).astype(np.int64)
    # One covering row per account, the first, carries it all.
    first = is_cover & (groups.running(is_cover.astype(np.int64)) == 1)
    rows.signed[first] = need[first]


def _scale_free(rows: Postings, groups: _Groups, opening: Ints) -> None:
    """Scale each account's wishes so that its balance never falls below zero."""
    is_free = (rows.role == FREE) & (rows.signed < 0)
    spent = groups.running(np.where(is_free, -rows.signed, 0))
    available = opening + groups.running(np.where(is_free, 0, rows.signed))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(spent > 0, available / spent, np.inf)
    factor: Floats = np.minimum(groups.minimum(ratio).astype(np.float64), 1.0)
    # A hair less, so that rounding in the division can never overdraw.
    factor = np.where(factor < 1.0, np.maximum(factor, 0.0) * (1 - 1e-9), 1.0)
    scaled = groups.spread(factor).astype(np.float64)
    hit = is_free & (scaled < 1.0)
    # Whole yuan, as people do when money is short.
    rows.signed[hit] = -(np.floor(-rows.signed[hit] * scaled[hit] / 100).astype(np.int64) * 100)


def _balance_days(rows: Postings, groups: _Groups, opening: Ints, period: Period) -> Ints:
    """Sum of end-of-day balances from the month's first day to the eve of each posting."""
    place = (rows.day - period.start).astype(np.int64)
    moved = groups.running(rows.signed)
    weighted = groups.running(rows.signed * place)
    days: Ints = opening * place + moved * place - weighted
    return days


def interest(balance_days: Ints, rate_ppm: Ints, carried: Ints | int = 0) -> Ints:
    """Interest in fen on fen-days at millionths a year, rounded half up.

    Args:
        balance_days: Fen-days; never negative, as no account of the demo bank is overdrawn.
        rate_ppm: Rate a year in millionths.
        carried: Fen-days times the rate at which they were earned, before the rate changed.

    >>> int(interest(np.array([100_000_00 * 360]), np.array([2_000]))[0])
    20000
    """
    basis = 1_000_000 * INTEREST_BASIS
    result: Ints = (balance_days * rate_ppm + carried + basis // 2) // basis
    return result


def _pay_interest(
    rows: Postings, groups: _Groups, book: Accounts, period: Period, role: int
) -> None:
    """Fill in the interest credits of one kind: at quarter ends, or on closing."""
    at = np.flatnonzero(rows.role == role)
    if not at.size:
        return
    opening = book.balance[rows.account]
    days = _balance_days(rows, groups, opening, period)
    account = rows.account[at]
    earned = book.accumulated[account] + days[at]
    if role == LAST_INTEREST:
        # What the quarter's own settlement has paid already this month is not paid again.
        paid = np.zeros(book.count, np.int64)
        settled = np.flatnonzero(rows.role == INTEREST)
        paid[rows.account[settled]] = book.accumulated[rows.account[settled]] + days[settled]
        earned = earned - paid[account]
    rows.signed[at] = interest(earned, book.rate[account])


def _empty_closing(rows: Postings, groups: _Groups, opening: Ints) -> None:
    """The last withdrawal takes what is left, but for the residue asked for in `signed`."""
    at = np.flatnonzero(rows.role == LAST)
    if not at.size:
        return
    residue = rows.signed[at].copy()
    rows.signed[at] = 0
    left = opening + groups.running(rows.signed)
    rows.signed[at] = -np.maximum(left[at] - residue, 0)


def _unpaid_days(
    rows: Postings, groups: _Groups, after: Ints, book: Accounts, period: Period
) -> Ints:
    """Fen-days that each account has earned and not been paid, at the end of each posting's day.

    Right for the last posting of a day, which is the only one it is asked for.
    """
    days = _balance_days(rows, groups, book.balance[rows.account], period)
    is_paid = rows.type == TYPE["interest_credit"]
    paid = np.zeros(book.count, np.int64)
    paid[rows.account[is_paid]] = days[is_paid]
    behind = groups.running(is_paid.astype(np.int64)) > 0
    before = np.where(behind, -paid[rows.account], book.accumulated[rows.account])
    result: Ints = before + days + after
    return result


def _move_book(
    rows: Postings, groups: _Groups, after: Ints, book: Accounts, period: Period
) -> Ints:
    """Carry balances and accumulated balance-days to the end of the month; the month's own."""
    days = np.int64(period.days)
    place = (rows.day - period.start).astype(np.int64)
    moved = np.zeros(book.count, np.int64)
    np.add.at(moved, rows.account, rows.signed * (days - place))
    total: Ints = book.balance * days + moved
    settled = np.flatnonzero(rows.type == TYPE["interest_credit"])
    opening = book.balance[rows.account]
    paid = _balance_days(rows, groups, opening, period)
    book.accumulated += total
    # The last settlement of the month wins: only what lies behind it is still unpaid.
    book.accumulated[rows.account[settled]] = total[rows.account[settled]] - paid[settled]
    ends = groups.starts + groups.lengths - 1
    book.balance[groups.accounts] = after[ends]
    return total
