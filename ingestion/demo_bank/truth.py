"""What nobody tells the bank: who leaves and why, what is false, who is the same person.

Read by tests and benchmarks only; no pipeline code opens this folder.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from ingestion.demo_bank.bank import TEAM_NAMES
from ingestion.demo_bank.clerks import Stains
from ingestion.demo_bank.columns import clock_times, dates, named
from ingestion.demo_bank.fieldwork import Visits
from ingestion.demo_bank.life import CAUSES, FAR
from ingestion.demo_bank.marketing import ARMS, Members
from ingestion.demo_bank.people import LEVELS, SOURCES
from ingestion.demo_bank.postings import TYPE
from ingestion.demo_bank.story import Bank, Month

_README: Final = """The known truth of the demo bank. No pipeline code reads this folder.

churn.csv             who decided to leave: cause, kind, day of decision, end of the run-down
churn_hazard.parquet  chance of each person at risk to decide in each month, in all and by cause
false_visits.csv      visits in the ledger that never happened
same_person.csv       customer numbers of one person, and how the second one differs
shared_telephone.csv  customers of the core who gave a relative's telephone, and whose
merchant_ledger.csv   entries of the old ledgers: whose shop, how it is misspelt, what becomes of it
campaign_effect.csv   members of campaigns: chance to buy untouched, and what a contact adds
level_triggers.csv    balances that called for another level, and whether anybody answered
moved_away.csv        who moved to another town, when, and whether he said so
empty_accounts.csv    accounts that a manager opened for the count alone
declared.csv          what borrowers truly turn over and earn, and who says more than that
staff.csv             how each manager keeps the cadence, and what share of his visits is false
dirty_rows.csv        rows that a clerk or a transfer spoilt: file, row, column, why, expected
totals.json           rows and sums of what was delivered
"""


@dataclass
class Notes:
    """What is remembered of each month for the truth."""

    visits: list[Visits] = field(default_factory=list)
    members: list[Members] = field(default_factory=list)
    months: list[dict[str, Any]] = field(default_factory=list)

    def take(self, bank: Bank, month: Month) -> None:
        """Remember a month once it has been delivered."""
        self.visits.append(month.visits)
        if month.members is not None:
            self.members.append(month.members)
        book, rows = bank.accounts, month.settled.postings
        loans, wealth = book.is_kind("loan"), book.is_kind("wealth")
        received = rows.type == TYPE["interest_debit"]
        paid = rows.type == TYPE["interest_credit"]
        self.months.append(
            {
                "month": month.period.first.isoformat(),
                "is_history": month.period.is_history,
                "transaction_count": rows.count + month.foreign.postings.count,
                "deposit_fen": int(book.balance[~loans & ~wealth].sum()),
                "wealth_fen": int(book.balance[wealth].sum()),
                "loan_fen": int(book.balance[loans].sum()),
                "interest_received_fen": -int(rows.signed[received].sum()),
                "interest_paid_fen": int(rows.signed[paid].sum()),
                # Hundredths of whatever currency.
                "fee_fen": int(rows.fee.sum() + month.foreign.postings.fee.sum()),
                "cost_fen": int(month.costs["cost_amount"].sum()),
                "visit_count": month.visits.count,
                "false_visit_count": int(month.visits.is_false.sum()),
            }
        )


def write_truth(
    folder: Path,
    bank: Bank,
    stains: Stains,
    notes: Notes,
    rows: dict[str, int],
    postings: list[dict[str, object]],
) -> None:
    """Write the truth folder.

    Args:
        folder: Where to.
        bank: The bank at the end of its story.
        stains: Errors planted in the deliveries.
        notes: What was remembered of each month.
        rows: Delivered rows by feed.
        postings: Counts and sums of each delivery of postings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.txt").write_text(_README, encoding="utf-8")
    life = bank.life
    pl.concat(life.decisions).write_csv(folder / "churn.csv")
    pl.concat(life.hazards).write_parquet(folder / "churn_hazard.parquet", compression="zstd")
    _false_visits(bank, notes.visits).write_csv(folder / "false_visits.csv")
    _same_person(bank).write_csv(folder / "same_person.csv")
    shared = np.flatnonzero(bank.people.telephone_of != np.arange(len(bank.people.telephone_of)))
    pl.DataFrame(
        {
            "customer_id": bank.people.ids.gather(shared),
            "relative_customer_id": bank.people.ids.gather(bank.people.telephone_of[shared]),
        }
    ).write_csv(folder / "shared_telephone.csv")
    bank.merchants.truth.write_csv(folder / "merchant_ledger.csv")
    _campaigns(bank, notes.members).write_csv(folder / "campaign_effect.csv")
    _levels(bank).write_csv(folder / "level_triggers.csv")
    moved = np.flatnonzero(
        (life.moved < FAR) & (bank.people.person == np.arange(bank.people.count))
    )
    pl.DataFrame(
        {
            "customer_id": bank.people.ids.gather(moved),
            "moved_date": dates(life.moved[moved]),
            "is_told": life.has_told_move[moved],
        }
    ).write_csv(folder / "moved_away.csv")
    pl.concat(bank.declared.truth).write_csv(folder / "declared.csv")
    _staff(bank).write_csv(folder / "staff.csv")
    empty = np.concatenate(bank.empty_accounts)
    pl.DataFrame(
        {
            "account_id": bank.accounts.texts.gather(empty),
            "opened_date": dates(bank.accounts.opened[empty]),
            "manager_id": named(bank.staff.ids, bank.accounts.manager[empty]),
        }
    ).write_csv(folder / "empty_accounts.csv")
    stains.frame().write_csv(folder / "dirty_rows.csv")
    totals = {
        "rows": rows, "months": notes.months, "postings": postings, "causes": list(CAUSES),
    }  # fmt: skip
    text = json.dumps(totals, ensure_ascii=False, indent=1)
    (folder / "totals.json").write_text(text, encoding="utf-8")


def _false_visits(bank: Bank, visits: list[Visits]) -> pl.DataFrame:
    parts = []
    for month in visits:
        rows = np.flatnonzero(month.is_false)
        parts.append(
            pl.DataFrame(
                {
                    "employee_id": named(bank.staff.ids, month.employee[rows]),
                    "customer_id": bank.people.ids.gather(month.customer[rows]),
                    "visited_date": dates(month.day[rows]),
                    "visited_time": clock_times(month.minute[rows]),
                }
            )
        )
    return pl.concat(parts)


def _same_person(bank: Bank) -> pl.DataFrame:
    people = bank.people
    second = np.flatnonzero(people.person != np.arange(people.count))
    return pl.DataFrame(
        {
            "customer_id": people.ids.gather(second),
            "same_as_customer_id": people.ids.gather(people.person[second]),
            "source_system_code": named(SOURCES, people.source[second]),
            "opened_date": pl.Series(people.opened[second]).cast(pl.Date),
            "difference": [people.differences[i] for i in second],
        }
    )


def _campaigns(bank: Bank, members: list[Members]) -> pl.DataFrame:
    parts = [
        pl.DataFrame(
            {
                "campaign_id": [f"YX{number + 1:03d}" for number in found.campaign],
                "customer_id": bank.people.ids.gather(found.customer),
                "arm_code": named(ARMS, found.arm),
                "chance_untouched": found.base,
                "uplift": found.lift,
                "is_responded": found.responded,
            },
            schema_overrides={"campaign_id": pl.String},
        )
        for found in members
    ]
    return (
        pl.concat(parts) if parts else pl.DataFrame({"campaign_id": []}, {"campaign_id": pl.String})
    )


def _levels(bank: Bank) -> pl.DataFrame:
    found = {name: np.concatenate(parts) for name, parts in bank.levels.items()}
    return pl.DataFrame(
        {
            "customer_id": bank.people.ids.gather(found["customer"].astype(np.int64)),
            "trigger_date": dates(found["day"]),
            "from_level_code": named(LEVELS, found["from"]),
            "to_level_code": named(LEVELS, found["to"]),
            "is_answered": found["answered"].astype(bool),
            "latency_days": found["latency"],
        }
    )


def _staff(bank: Bank) -> pl.DataFrame:
    staff = bank.staff
    rows = staff.with_post("manager")
    return pl.DataFrame(
        {
            "employee_id": [staff.ids[i] for i in rows],
            "team": [TEAM_NAMES[staff.teams[i]] if staff.teams[i] >= 0 else "" for i in rows],
            "compliance": staff.compliance[rows],
            "falsehood": staff.falsehood[rows],
        }
    )
