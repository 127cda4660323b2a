"""What leaves the bank: whole months of the history, then one day after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import polars as pl

from ingestion.demo_bank import bank as units
from ingestion.demo_bank import (
    clerks,
    closing,
    consents,
    delivered,
    foreign,
    foreign_frames,
    ledger,
    marketing,
    planning,
    risk,
    service,
    sharing,
    treasury,
    verdicts,
)
from ingestion.demo_bank.behaviour import party_names
from ingestion.demo_bank.clerks import Stains
from ingestion.demo_bank.extracts import ExtractWriter, FeedBook
from ingestion.demo_bank.field_sheets import FieldDesk
from ingestion.demo_bank.fieldwork import Callbacks, Visits, roster_month
from ingestion.demo_bank.groups import group_frame
from ingestion.demo_bank.office_sheets import OfficeDesk
from ingestion.demo_bank.paper_sheets import PaperDesk
from ingestion.demo_bank.papers import roster_as_sent
from ingestion.demo_bank.shape import Ints, to_date
from ingestion.demo_bank.sheets import SheetWriter
from ingestion.demo_bank.story import Bank, Month

# Months of the history (from 0) and days ahead (from 1) whose transfer of postings went wrong.
_TORN_MONTHS: Final = frozenset({1, 5, 9})
_TORN_DAYS: Final = frozenset({3, 17})
_DAMAGED_MONTH: Final = 2

_Events = TypeVar("_Events", Visits, Callbacks)


@dataclass
class Deliveries:
    """Writes everything that is due, and remembers up to which day each feed has been told."""

    bank: Bank
    book: FeedBook
    extracts: ExtractWriter = field(init=False)
    sheets: SheetWriter = field(init=False)
    stains: Stains = field(default_factory=Stains)
    told: int = field(init=False)
    waiting_visits: Visits | None = None
    waiting_calls: Callbacks | None = None
    waiting_denials: Callbacks | None = None
    totals: list[dict[str, object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.extracts = ExtractWriter(self.book)
        self.sheets = SheetWriter(self.book)
        shape = self.bank.shape
        self.told = shape.periods[0].start - 1
        self._postings = delivered.PostingWriter(self.book, party_names(shape))
        self._field = FieldDesk(
            self.bank.people, self.bank.staff, self.sheets, self.extracts, self.stains
        )
        self._papers = PaperDesk(self.bank.staff, self._field)
        self._office = OfficeDesk(self.bank, self.book, self._field)
        start = self.bank.accounts
        loans = start.is_kind("loan")
        deposits = ~loans & ~start.is_kind("wealth")
        self._opening_sums = {
            "deposit": int(start.balance[deposits].sum() // 100),
            "loan": int(start.balance[loans].sum() // 100),
        }
        abroad = self.bank.foreign
        self._eve = pl.concat(
            [
                delivered.opening_balances(start, self.told),
                foreign_frames.opening_frame(abroad, self.told),
            ]
        )
        self._eve_measures = pl.concat(
            [
                risk.measure_frame(start, self.bank.loans, self.told),
                foreign.measure_frame(abroad, self.told),
            ]
        )

    @property
    def _is_first(self) -> bool:
        """Whether nothing has been delivered yet."""
        return self.told < self.bank.shape.periods[0].start

    def rows(self) -> dict[str, int]:
        """Rows delivered by feed, extra lines not counted."""
        found = dict(self.extracts.seen)
        for feed, number in self.sheets.seen.items():
            found[feed] = found.get(feed, 0) + number
        return found

    def month(self, month: Month, folder: Path) -> None:
        """Deliver a month of the history as a whole."""
        period = month.period
        date = period.last.strftime("%Y%m")
        self._take_in(month)
        label = f"{period.last.year}年{period.last.month}月"
        torn = period.index in _TORN_MONTHS
        self._until(month, period.end, folder, date, label, is_torn=torn)
        self._month_end(month, folder, date, label)
        self._roster(month, folder, date, label)
        self._weekly(period.end, folder, date, label)

    def days(self, month: Month, last_day: int, upcoming: Path) -> list[Path]:
        """Deliver a month day by day, up to `last_day`; the folders."""
        period = month.period
        self._take_in(month)
        folders = []
        for day in range(period.start, min(period.end, last_day) + 1):
            moment = to_date(day)
            folder = upcoming / moment.isoformat()
            date = moment.strftime("%Y%m%d")
            label = f"{moment.year}年{moment.month}月{moment.day}日"
            ahead = day - self.bank.shape.history[-1].end
            self._until(month, day, folder, date, label, is_torn=ahead in _TORN_DAYS)
            if moment.isoweekday() == 5:
                self._weekly(day, folder, date, label)
            if day == period.end:
                self._month_end(month, folder, date, label)
                self._roster(month, folder, date, label)
            folders.append(folder)
        return folders

    def _take_in(self, month: Month) -> None:
        """Prepare a month's events for one or many deliveries."""
        self._order, self._numbers = self._postings.order(month.settled, month.period)
        self._ends = delivered.day_ends(month.settled)
        self._curve = treasury.curve_month(self.bank.shape, month.period)
        self._exchange = treasury.exchange_month(self.bank.shape, month.period)
        self._foreign_ends = foreign_frames.day_ends(month.foreign)
        self.waiting_visits = _joined(Visits, self.waiting_visits, month.visits)
        self.waiting_calls = _joined(Callbacks, self.waiting_calls, month.callbacks)
        self._papers.take_in(month.papers)

    def _until(
        self, month: Month, until: int, folder: Path, date: str, label: str, *, is_torn: bool
    ) -> None:
        """Everything that happened after the last delivery up to `until`."""
        bank, after = self.bank, self.told
        self._records(until, folder, date)
        self._postings_until(month, until, folder, date, is_torn=is_torn)
        cases = service.complaint_frame(
            bank.complaints, bank.people, list(units.ORGANISATIONS), after, until
        )
        lines = []
        if month.period.index == _DAMAGED_MONTH and month.period.is_history and cases.height:
            lines = [clerks.ExtraLine(max(cases.height // 2, 1), damage=True)]
        path = self.extracts.write("service__complaint", cases, folder, date, extra=lines)
        clerks.note_lines(self.stains, "service__complaint", path, lines, ["damaged_byte"])
        steps = service.step_frame(bank.complaints, bank.staff, after, until)
        self.extracts.write("service__complaint_step", steps, folder, date)
        # The first delivery brings the curves of the years before, too.
        is_new = pl.lit(True) if self._is_first else pl.col("curve_date") > to_date(after)
        curve = self._curve.filter(is_new & (pl.col("curve_date") <= to_date(until)))
        self.extracts.write("treasury__ftp_curve", curve, folder, date)
        # The rates of the eve come with the first ones.
        is_new = pl.lit(True) if self._is_first else pl.col("rate_date") > to_date(after)
        rates = self._exchange.filter(is_new & (pl.col("rate_date") <= to_date(until)))
        self.extracts.write("treasury__exchange_rate", rates, folder, date)
        self._visits_until(until, folder, date, label, month.period.is_history)
        self.told = until

    def _records(self, until: int, folder: Path, date: str) -> None:
        """Customers, accounts, holders and loans whose record changed; all of them at first."""
        bank, people, book, loans = (
            self.bank, self.bank.people, self.bank.accounts, self.bank.loans,
        )  # fmt: skip
        customers = people.log.apply(people, until)
        newcomers = np.flatnonzero((people.opened > self.told) & (people.opened <= until))
        customers = np.union1d(customers, newcomers)
        accounts = book.log.apply(book, until)
        contracts = loans.log.apply(loans, until)
        opened = np.flatnonzero((book.opened > self.told) & (book.opened <= until))
        if self._is_first:
            customers = np.flatnonzero(people.opened <= until)
            accounts = opened = np.flatnonzero(book.opened <= until)
            contracts = np.flatnonzero(loans.granted <= until)
        abroad = bank.foreign
        moved = np.flatnonzero((abroad.closed > self.told) & (abroad.closed <= until))
        if self._is_first:
            moved = np.arange(len(abroad.product))
        for feed, frame in (
            (
                "corebank__customer",
                delivered.customer_frame(people, bank.staff, bank.second_addresses, customers),
            ),
            (
                "corebank__account",
                pl.concat(
                    [
                        delivered.account_frame(book, people, bank.staff, accounts),
                        foreign_frames.account_frame(abroad, people, bank.staff, moved),
                    ]
                ),
            ),
            (
                "corebank__account_holder",
                pl.concat(
                    [
                        delivered.holder_frame(book, people, bank.holders, opened),
                        foreign_frames.holder_frame(abroad, people, is_first=self._is_first),
                    ]
                ),
            ),
            ("corebank__loan", delivered.loan_frame(loans, book, people, contracts)),
        ):
            self.extracts.write(feed, frame, folder, date)

    def _postings_until(
        self, month: Month, until: int, folder: Path, date: str, *, is_torn: bool
    ) -> None:
        """Postings and end-of-day balances since the last delivery."""
        rows, book = month.settled.postings, self.bank.accounts
        days = rows.day[self._order]
        first, last = np.searchsorted(days, [self.told + 1, until + 1])
        places, numbers = self._order[first:last], self._numbers[first:last]
        frame = self._postings.frame(month.settled, book.texts, places, numbers)
        rng = self.bank.shape.rng("torn", date)
        lines = clerks.torn_transfer(frame.height, rng) if is_torn else []
        abroad = month.foreign.postings
        some = np.flatnonzero((abroad.day > self.told) & (abroad.day <= until))
        frame = pl.concat(
            [frame, self._postings.foreign_frame(month.foreign, self.bank.foreign, some)]
        )
        path = self.extracts.write(
            "corebank__transaction", frame, folder, date,
            raw=self._postings.raw, extra=lines, is_encoded=True,
        )  # fmt: skip
        whys = ["duplicated_row", "torn_line"]
        clerks.note_lines(self.stains, "corebank__transaction", path, lines, whys)
        at = self._ends[(rows.day[self._ends] > self.told) & (rows.day[self._ends] <= until)]
        ends = self._foreign_ends
        ends = ends[(abroad.day[ends] > self.told) & (abroad.day[ends] <= until)]
        balances = pl.concat(
            [
                delivered.balance_frame(book, month.settled, at),
                foreign_frames.balance_frame(
                    self.bank.foreign, abroad.account[ends], abroad.day[ends],
                    month.foreign.balance_after[ends],
                ),
            ]
        )  # fmt: skip
        if self._eve.height:
            balances = pl.concat([self._eve, balances])
            self._eve = self._eve.clear()
        self.extracts.write("corebank__balance", balances, folder, date)
        signed = np.concatenate([rows.signed[places], abroad.signed[some]])
        self.totals.append(
            {
                "file": path.name,
                "transaction_count": frame.height,
                # Hundredths of whatever currency.
                "inflow_fen": int(np.maximum(signed, 0).sum()),
                "outflow_fen": int(np.maximum(-signed, 0).sum()),
                "fee_fen": int(rows.fee[places].sum() + abroad.fee[some].sum()),
                "balance_row_count": balances.height,
            }
        )

    def _visits_until(
        self, until: int, folder: Path, date: str, label: str, is_history: bool
    ) -> None:
        """Visits by the day they were entered, which may lie in a later month."""
        visits = self.waiting_visits
        if visits is None:
            return
        is_due = visits.entered <= until
        self.waiting_visits = visits.take(~is_due)
        rng = self.bank.shape.rng("clerks", date) if is_history else None
        self._field.visits(visits.take(is_due), folder, date, label, rng)

    def _weekly(self, until: int, folder: Path, date: str, label: str) -> None:
        """Call-backs and papers known since the last time."""
        calls = self.waiting_calls
        if calls is not None:
            is_due = calls.day <= until
            self._field.callbacks(calls, np.flatnonzero(is_due), folder, date, label)
            self.waiting_calls = _picked(calls, np.flatnonzero(~is_due))
            made = _picked(calls, np.flatnonzero(is_due & verdicts.is_denial(calls)))
            self._verdicts(
                _joined(Callbacks, self.waiting_denials, made), until, folder, date, label
            )
        self._papers.write(until, folder, date, label)

    def _roster(self, month: Month, folder: Path, date: str, label: str) -> None:
        """The duty roster of the month to come, as the office sends it; at first its own too."""
        staff, coming = self.bank.staff, month.period.following
        roster = roster_as_sent(roster_month(staff, coming, month.visits.count), staff, coming)
        if month.period.index == 0:
            roster = [*roster_as_sent(month.roster, staff, month.period), *roster]
        self._field.roster(roster, folder, date, label)

    def _verdicts(self, calls: Callbacks, until: int, folder: Path, date: str, label: str) -> None:
        """What was decided about denied visits since the last time."""
        is_decided = calls.day + verdicts.HEARD_WITHIN <= until
        rng = self.bank.shape.rng("verdicts", date)
        self._field.verdicts(calls, np.flatnonzero(is_decided), folder, date, label, rng)
        self.waiting_denials = _picked(calls, np.flatnonzero(~is_decided))

    def _month_end(self, month: Month, folder: Path, date: str, label: str) -> None:
        """The deliveries that come once a month."""
        bank, period = self.bank, month.period
        shape, staff = bank.shape, bank.staff
        closed = closing.close_month(bank, month)
        # The provisions of the eve come along: what changes in the first month is known.
        measures = pl.concat([self._eve_measures, closed.measures, month.foreign.measures])
        self._eve_measures = self._eve_measures.clear()
        volumes = ledger.volume_month(month.settled, bank.accounts, period)
        for feed, frame in (
            ("corebank__organisation", units.organisation_frame(shape, period.last)),
            ("corebank__product", units.product_frame()),
            ("corebank__district", units.district_frame(shape.customers)),
            ("corebank__employee", staff.frame(period.end)),
            ("corebank__team_member", units.team_member_frame(shape, staff)),
            ("corebank__repayment", delivered.repayment_frame(bank.loans, month.paid)),
            ("corebank__accrual", pl.concat([closed.accruals, month.foreign.accruals])),
            ("corebank__customer_group", group_frame(bank.groups, bank.people, period.end)),
            ("corebank__customer_manager", sharing.shares_of(bank.shares, period)),
            ("risk__account_measure", measures),
            ("ledger__gl_balance", pl.concat([closed.balances, month.foreign.ledger])),
            ("ledger__cost_pool", month.costs),
            ("ledger__activity_volume", volumes),
            ("marketing__campaign", marketing.campaign_frame(shape, period)),
            ("marketing__campaign_member", marketing.member_frame(month.members, bank.people)),
            ("marketing__consent", consents.consent_frame(shape, bank.people, period)),
        ):
            self.extracts.write(feed, frame, folder, date)
        targets = planning.target_frame(shape, staff, to_date(period.end).year, self._opening_sums)
        self._office.write(period, targets, closed.explanations, folder, date, label)


def _joined(kind: type[_Events], earlier: _Events | None, new: _Events) -> _Events:
    """Two tables of events as one."""
    if earlier is None:
        return new
    return kind(
        **{
            name: np.concatenate([getattr(earlier, name), getattr(new, name)])
            for name in kind.__annotations__
        }
    )


def _picked(calls: Callbacks, rows: Ints) -> Callbacks:
    return Callbacks(**{name: getattr(calls, name)[rows] for name in Callbacks.__annotations__})
