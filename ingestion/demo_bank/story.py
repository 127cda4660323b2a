"""One month of the bank's life, told in order: what is known, decided, planned, posted."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from ingestion.demo_bank import (
    accruals,
    behaviour,
    decisions,
    deposits,
    fieldwork,
    gaming,
    ledger,
    loans,
    marketing,
    merchants,
    relation,
    repayments,
    risk,
    service,
    sharing,
    survey,
)
from ingestion.demo_bank.accounts import Accounts, Holders, first_accounts, make_holders
from ingestion.demo_bank.actors import actors
from ingestion.demo_bank.bank import Staff, make_staff
from ingestion.demo_bank.declared import Declarations
from ingestion.demo_bank.fieldwork import Callbacks, Neglect, Visits
from ingestion.demo_bank.foreign import Foreign, ForeignMonth, live_foreign, open_foreign
from ingestion.demo_bank.groups import Groups, make_groups
from ingestion.demo_bank.ledger import Ledger, Turnover
from ingestion.demo_bank.life import FAR, Life, Signals, decide, make_life
from ingestion.demo_bank.loans import SETTLED, Loans, first_loans
from ingestion.demo_bank.marketing import CAMPAIGNS, Members
from ingestion.demo_bank.merchants import MerchantBook
from ingestion.demo_bank.papers import Papers, write_papers
from ingestion.demo_bank.people import People, make_people
from ingestion.demo_bank.postings import Settled, Wishes, settle
from ingestion.demo_bank.repayments import Paid
from ingestion.demo_bank.service import Complaints
from ingestion.demo_bank.shape import NO_DAY, Column, Floats, Ints, Period, Shape
from ingestion.demo_bank.survey import Survey

# The benchmark of housing loans as repriced on the first of January 2026, in millionths.
_REPRICED_BY = -2_500


@dataclass
class Bank:
    """The whole state of the demo bank between two months."""

    shape: Shape
    people: People
    staff: Staff
    accounts: Accounts
    loans: Loans
    holders: Holders
    groups: Groups
    foreign: Foreign
    life: Life
    neglect: Neglect
    complaints: Complaints
    survey: Survey
    merchants: MerchantBook
    decisions: pl.DataFrame
    shares: pl.DataFrame
    declared: Declarations
    ledger: Ledger
    second_addresses: pl.Series
    levels: dict[str, list[Column]] = field(default_factory=dict)
    earlier_visits: Visits | None = None
    empty_accounts: list[Ints] = field(default_factory=list)


@dataclass
class Month:
    """What happened in one month, ready to be delivered."""

    period: Period
    settled: Settled
    paid: Paid
    visits: Visits
    roster: list[tuple[int, int, int, int]]
    callbacks: Callbacks
    papers: Papers
    members: Members | None
    turnover: Turnover
    costs: pl.DataFrame
    foreign: ForeignMonth


def found_bank(shape: Shape) -> Bank:
    """The bank on the eve of its history."""
    people = make_people(shape)
    staff = make_staff(shape)
    accounts = first_accounts(shape, people)
    contracts = first_loans(shape, people, accounts)
    holders = make_holders(shape, people, accounts)
    eve = shape.periods[0].start - 1
    relation.assign(shape, people, staff, deposits_of(people, accounts))
    accounts.manager = people.manager[accounts.customer].copy()
    accruals.open_accruals(accounts, contracts, eve)
    provisions = np.zeros(accounts.count, np.int64)
    provisions[contracts.account] = risk.provisions(accounts, contracts)
    books = Ledger()
    books.open(accounts, provisions)
    life = make_life(shape, people)
    surveyed = survey.make_survey(shape, people, staff)
    # What is known on the eve is the first delivery's whole list, not a change.
    for table, log in ((accounts, accounts.log), (contracts, contracts.log)):
        log.apply(table, eve)
    return Bank(
        shape=shape,
        people=people,
        staff=staff,
        accounts=accounts,
        loans=contracts,
        holders=holders,
        groups=make_groups(shape, people, accounts, holders),
        foreign=open_foreign(shape, people),
        life=life,
        neglect=_first_neglect(people, staff),
        complaints=service.no_complaints(),
        survey=surveyed,
        merchants=merchants.make_merchants(shape, people, staff, surveyed),
        decisions=decisions.make_decisions(shape, people, staff),
        shares=sharing.make_shares(shape, people, staff),
        declared=Declarations(shape, people),
        ledger=books,
        second_addresses=relation.new_addresses(people, life, shape.rng("second addresses")),
    )


def _first_neglect(people: People, staff: Staff) -> Neglect:
    """What each manager's usual diligence leaves undone."""
    missed = np.where(people.manager >= 0, 1.0 - staff.compliance[people.manager], 0.0)
    return Neglect(missed, missed.copy())


def deposits_of(people: People, book: Accounts) -> Floats:
    """Yuan on deposit and in wealth products, by the person's first customer number."""
    is_ours = ~book.is_kind("loan") & (book.closed == NO_DAY)
    owner = people.person[book.customer[is_ours]]
    found: Floats = np.bincount(owner, book.balance[is_ours] / 100, minlength=people.count)
    return found


def live_month(bank: Bank, period: Period) -> Month:
    """Let the bank live one month; its state moves to the month's end.

    Changes of records are only noted here, with their days; the deliveries apply them.
    """
    shape, people, book, life = bank.shape, bank.people, bank.accounts, bank.life
    rng = shape.rng("month", period.index)
    wishes = Wishes()
    balance = deposits_of(people, book)
    desk = deposits.Desk(shape, people, book, life, period, wishes, rng)
    _decide(bank, desk, balance)
    staying = life.leaving >= FAR
    relation.reassign(people, bank.staff, life, period, rng)
    relation.regrade(people, balance, bank.levels, period, rng)
    relation.move_homes(people, life, period, rng)
    deposits.welcome(desk, bank.staff)
    paid = _lend(bank, desk)
    deposits.mature(desk)
    deposits.redeem(desk)
    members = marketing.run_campaign(shape, people, balance, staying, period)
    _save(desk, members)
    deposits.run_down(desk)
    gaming.open_empty_accounts(desk, bank.staff, bank.empty_accounts)
    bank.staff.swap_if_due(shape, period)
    who = actors(people, book, period, life.leaving, life.gone, life.keep, life.moved)
    behaviour.Month(who, book, period, wishes, rng).draw()
    behaviour.credit_quarter_interest(book, period, wishes)
    settled = settle(wishes.collect(), book, period)
    bank.declared.take(people, book, settled.postings, period)
    turnover = ledger.no_turnover()
    ledger.enter(turnover, settled, book)
    costs = ledger.cost_month(shape, period)
    ledger.enter_costs(turnover, costs)
    is_active = (people.opened < period.end) & (life.gone > period.start)
    service.complain_month(
        bank.complaints,
        shape,
        people,
        bank.staff,
        is_active,
        period,
        shape.rng("complaints", period.index),
    )
    field_rng = shape.rng("fieldwork", period.index)
    visits = fieldwork.visit_month(people, bank.staff, life, bank.neglect, period, field_rng)
    roster = fieldwork.roster_month(bank.staff, period, visits.count)
    recent = _with_earlier(bank.earlier_visits, visits)
    callbacks = fieldwork.call_back(roster, recent, field_rng)
    bank.earlier_visits = visits.take(visits.day > period.end - 15)
    papers = write_papers(shape, bank.staff, period, roster, callbacks, field_rng)
    return Month(
        period, settled, paid, visits, roster, callbacks, papers, members, turnover, costs,
        live_foreign(bank.foreign, life, shape, period),
    )  # fmt: skip


def _decide(bank: Bank, desk: deposits.Desk, balance: Floats) -> None:
    """Let customers decide whether to stay, on what they have met with so far."""
    people, book = bank.people, bank.accounts
    live = book.closed == NO_DAY
    owner = people.person[book.customer]
    demand = live & (book.weight > 0)
    idle = np.bincount(owner[demand], book.balance[demand] / 100, minlength=people.count)
    kinds = np.unique(owner[live] * 64 + book.product[live]) // 64
    signals = Signals(
        balance=balance,
        unanswered=service.unanswered(bank.complaints, people, desk.period.start),
        neglect=bank.neglect.level,
        is_managed=people.manager >= 0,
        matured=deposits.matured_by_customer(desk),
        idle_share=idle / np.maximum(balance, 1),
        products=np.bincount(kinds, minlength=people.count),
    )
    owing = np.zeros(people.count, bool)
    owing[people.person[bank.loans.customer[bank.loans.status != SETTLED]]] = True
    decide(
        people, bank.life, signals, owing, desk.period, bank.shape.rng("churn", desk.period.index)
    )


def _lend(bank: Bank, desk: deposits.Desk) -> Paid:
    """Reprice mortgages in January, collect what is due, and grant new loans."""
    people, period, book = bank.people, desk.period, bank.accounts
    if period.first.month == 1 and period.index:
        repayments.reprice(bank.loans, book, period, _REPRICED_BY)
    paid = repayments.collect_month(bank.loans, book, period, desk.wishes, desk.rng)
    able = np.flatnonzero(
        (people.source == 0)
        & (people.opened < period.start - 60)
        & (bank.life.leaving >= FAR)
        & (people.status == 0)
    )
    loans.grant_month(bank.loans, book, people, period, able, desk.wishes, desk.rng)
    return paid


def _save(desk: deposits.Desk, members: Members | None) -> None:
    """New deposits, with those that a campaign has brought."""
    if members is None:
        deposits.save(desk, np.zeros(0, np.int64), 0)
        return
    product = CAMPAIGNS[int(members.campaign[0])].product if len(members.campaign) else 0
    deposits.save(desk, members.customer[members.responded], product)


def _with_earlier(earlier: Visits | None, visits: Visits) -> Visits:
    """The month's visits and those of the two weeks before it."""
    if earlier is None:
        return visits
    return Visits(
        **{
            name: np.concatenate([getattr(earlier, name), getattr(visits, name)])
            for name in Visits.__annotations__
        }
    )
