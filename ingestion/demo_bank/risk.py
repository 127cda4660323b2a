"""What the loans may cost: provisions of all, grades of those whom the risk system rates."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank.accounts import Accounts
from ingestion.demo_bank.columns import dates, named, whole
from ingestion.demo_bank.ledger import written_off
from ingestion.demo_bank.loans import FIRM, MORTGAGE, Loans
from ingestion.demo_bank.postings import Settled
from ingestion.demo_bank.shape import Ints

# Percent of the balance set aside, by class from normal to loss (银行贷款损失准备计提指引, 2002).
PROVISION_PERCENTS: Final = np.array([1, 2, 25, 50, 100])
GRADES: Final = ("AA", "A", "BBB", "BB", "B", "CCC", "D")
# Chance to default within a year by grade, in millionths; D has defaulted.
_DEFAULT_PPM: Final = np.array([1_000, 3_000, 8_000, 20_000, 60_000, 200_000, 1_000_000])
# Weakness (the chance to miss an instalment) from which the next grade holds.
_GRADE_FROM: Final = np.array([0.002, 0.01, 0.03, 0.08, 0.2])
_CCC, _D = 5, 6
# Share lost at default by collateral (none, guarantee, mortgage, pledge), in millionths.
_LOSS_PPM: Final = np.array([450_000, 400_000, 250_000, 350_000])


def provisions(book: Accounts, loans: Loans) -> Ints:
    """Fen set aside for each loan: its balance by the rate of its class, half a fen up."""
    percent = PROVISION_PERCENTS[loans.five_class]
    result: Ints = (book.balance[loans.account] * percent + 50) // 100
    return result


def _grades(loans: Loans) -> Ints:
    """Grade of each loan: by how it is expected to pay, and worse while it is overdue."""
    grade = np.searchsorted(_GRADE_FROM, loans.weakness, side="right")
    days = loans.overdue_days
    grade = np.where(days > 0, np.minimum(grade + 1, _CCC), grade)
    result: Ints = np.select([days > 90, days > 30], [_D, _CCC], grade)
    return result


def _used_provisions(book: Accounts, loans: Loans, settled: Settled) -> Ints:
    """Fen of provision that a month's write-offs used up, by loan."""
    rows = settled.postings.take(written_off(settled, book))
    used = np.bincount(rows.account, -rows.signed, minlength=book.count).astype(np.int64)
    result: Ints = used[loans.account]
    return result


def measure_frame(
    book: Accounts, loans: Loans, day: int, settled: Settled | None = None
) -> pl.DataFrame:
    """One row per loan with a balance at the end of `day`, a month's last, or written off in it.

    The bank's own rule rates farmers and shops.

    Args:
        book: The accounts.
        loans: The contracts.
        day: Last day of the month.
        settled: The month's postings; none on the eve of the history.
    """
    balance = book.balance[loans.account]
    used = np.zeros(loans.count, np.int64)
    if settled is not None:
        used = _used_provisions(book, loans, settled)
    rows = np.flatnonzero((balance > 0) | (used > 0))
    product = book.product[loans.account[rows]]
    is_firm = product == FIRM
    is_rated = is_firm | (product == MORTGAGE)
    grade = _grades(loans)[rows]
    # Every third firm has a line of credit, a fifth more than it has drawn, in whole thousands.
    line = loans.principal[rows] // 5 // 100_000 * 100_000
    has_line = is_firm & (rows % 3 == 0) & (loans.overdue_days[rows] == 0) & (line > 0)
    return pl.DataFrame(
        {
            "account_id": book.texts.gather(loans.account[rows]),
            "month_end_date": dates(np.full(len(rows), day)),
            "rating_code": named(GRADES, np.where(is_rated, grade, -1)),
            "pd_rate": whole(np.where(is_rated, _DEFAULT_PPM[grade], -1)),
            "lgd_rate": whole(np.where(is_rated, _LOSS_PPM[loans.collateral[rows]], -1)),
            "undrawn_amount": whole(np.where(has_line, line, -1)),
            "provision_amount": provisions(book, loans)[rows],
            "used_provision_amount": whole(np.where(used[rows] > 0, used[rows], -1)),
        }
    )
