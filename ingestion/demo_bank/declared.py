"""What borrowers declare of their business, and what is true of it."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank.accounts import Accounts
from ingestion.demo_bank.bank import Staff
from ingestion.demo_bank.clerks import Spot
from ingestion.demo_bank.columns import dates, named
from ingestion.demo_bank.loans import SETTLED, Loans
from ingestion.demo_bank.people import COMPANY, MERCHANT, People
from ingestion.demo_bank.postings import TYPE, Postings
from ingestion.demo_bank.shape import Floats, Ints, Period, Shape, add_months, to_day
from ingestion.demo_bank.sheets import Grid

# What customers of a business pay in with; loans and own savings are no sales.
_SALES: Final = tuple(
    TYPE[name] for name in ("merchant_settlement", "transfer_in", "cash_deposit", "card_payment")
)
# Part of the sales that comes through the bank: shops, firms, and those who use another bank too.
_SHARE_OF: Final = {MERCHANT: 0.55, COMPANY: 0.7}
_ELSEWHERE_SHARE, _ELSEWHERE_LEAST, _ELSEWHERE_MOST = 0.12, 0.5, 0.8
# Who says more than he sells, and how many times as much.
_LIAR_SHARE, _LIAR_LEAST, _LIAR_MOST = 0.16, 1.6, 3.5
_MARGIN_LIAR_SHARE: Final = 0.1
# Divisions of GB/T 4754 from which on nothing is produced any more.
_FIRST_TRADE: Final = "51"
_MONTHS: Final = 3
_FEWEST_TO_SOIL: Final = 12


class Declarations:
    """The borrowers' books: true figures by quarter, and what each of them makes of these.

    Args:
        shape: The bank.
        people: Its customers; a second number of a person belongs to the first.
    """

    def __init__(self, shape: Shape, people: People) -> None:
        self._shape = shape
        rng = shape.rng("declared")
        count = people.count
        share = np.select(
            [people.population == place for place in _SHARE_OF], list(_SHARE_OF.values()), 0.6
        ) * np.exp(rng.normal(0, 0.16, count))
        self.is_elsewhere = rng.random(count) < _ELSEWHERE_SHARE
        part = rng.uniform(_ELSEWHERE_LEAST, _ELSEWHERE_MOST, count)
        self._share: Floats = np.clip(np.where(self.is_elsewhere, share * part, share), 0.05, 0.97)
        times = rng.uniform(_LIAR_LEAST, _LIAR_MOST, count)
        self._times: Floats = np.where(rng.random(count) < _LIAR_SHARE, times, 1.0)
        self._margin: Floats = np.clip(rng.normal(0.22, 0.05, count), 0.03, 0.5)
        more = rng.uniform(0.18, 0.35, count)
        self._margin_more: Floats = np.where(rng.random(count) < _MARGIN_LIAR_SHARE, more, 0.0)
        self._inflow: dict[int, Floats] = {}
        self.truth: list[pl.DataFrame] = []

    def take(self, people: People, book: Accounts, postings: Postings, period: Period) -> None:
        """Remember what customers of each business paid in during a month."""
        is_sale = np.isin(postings.type, _SALES) & (postings.signed > 0)
        is_sale &= ~book.is_kind("loan")[postings.account]
        owner = people.person[book.customer[postings.account[is_sale]]]
        yuan = postings.signed[is_sale] / 100
        self._inflow[period.index] = np.bincount(owner, yuan, minlength=people.count)

    def frame(self, people: People, staff: Staff, loans: Loans, period: Period) -> pl.DataFrame:
        """What borrowers declare in a month of the quarter before it; the truth is kept."""
        if period.first.month % _MONTHS != 1:
            return self._rows(people, staff, np.zeros(0, np.int64), period)
        is_business = np.isin(people.population, tuple(_SHARE_OF))
        owing = np.zeros(people.count, bool)
        runs = (loans.status != SETTLED) & (loans.granted < period.start)
        owing[people.person[loans.customer[runs]]] = True
        return self._rows(people, staff, np.flatnonzero(owing & is_business), period)

    def _rows(self, people: People, staff: Staff, who: Ints, period: Period) -> pl.DataFrame:
        rng = self._shape.rng("declared", period.index)
        count = len(who)
        seen = sum(
            (self._inflow[period.index - back][who] for back in range(1, _MONTHS + 1)
             if period.index >= back),
            np.zeros(count),
        )  # fmt: skip
        # Who pays nothing in, or whose quarter lies before the history, sells what he lives on.
        share = self._share[who] * np.exp(rng.normal(0, 0.06, count))
        is_whole = period.index >= _MONTHS
        sold = np.where(is_whole & (seen > 0), seen / share, people.income[who] * _MONTHS)
        made = sold * rng.uniform(0.98, 1.1, count)
        margin = self._margin[who] + rng.normal(0, 0.01, count)
        codes = people.industries.gather(who)
        makes = (codes.str.slice(0, 2) < _FIRST_TRADE).fill_null(False)
        said = _thousands(sold * self._times[who])
        produced = pl.Series(_thousands(made * self._times[who]))
        produced = produced.zip_with(makes, pl.Series([None] * count, dtype=pl.Int64))
        first = add_months(period.first, -_MONTHS)
        managers = np.array(staff.with_post("manager"))
        by = np.where(people.manager[who] >= 0, people.manager[who], managers[who % len(managers)])
        same = {
            "customer_id": people.ids.gather(who),
            "period_start_date": dates(np.full(count, to_day(first))),
            "period_end_date": dates(np.full(count, period.start - 1)),
        }
        self.truth.append(
            pl.DataFrame(
                same
                | {
                    "turnover_yuan": np.round(sold, 2),
                    "gross_margin_rate": np.round(margin, 4),
                    "times_turnover": np.round(self._times[who], 4),
                    "is_margin_false": self._margin_more[who] > 0,
                    "is_elsewhere": self.is_elsewhere[who],
                }
            )
        )
        rate = np.clip(np.round(margin + self._margin_more[who], 3), 0.0, 0.95)
        return pl.DataFrame(
            same
            | {
                "industry_code": codes,
                "turnover_amount": said,
                "gross_margin_rate": np.round(rate * 100, 1),
                "output_amount": produced,
                "employee_id": named(staff.ids, by),
                "declared_date": dates(period.start + 2 + rng.integers(0, 18, count)),
            }
        )


def _thousands(yuan: Floats) -> Ints:
    """Fen, in whole thousands of yuan as people say them."""
    found: Ints = np.maximum(np.round(yuan / 1_000).astype(np.int64), 1) * 100_000
    return found


def soil(grid: Grid) -> list[Spot]:
    """A margin above the whole turnover, as somebody types who means 1.2 times the cost."""
    if len(grid.rows) < _FEWEST_TO_SOIL:
        return []
    grid.rows[3][grid.place("gross_margin_rate")] = 120
    return [Spot(3, "gross_margin_rate", "margin_above_turnover", "quarantined")]
