"""The demo bank's accounts in other currencies, recomputed from what it delivers."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal

from tests.unit.ingestion.demo_bank.written_bank import Bank, money

EVE = "2025-08-31"


def _abroad(bank: Bank) -> dict[str, dict[str, str]]:
    return {
        row["account_id"]: row
        for row in bank.rows("corebank__account")
        if row["currency_code"] != "CNY"
    }


def test_every_currency_has_a_rate_from_the_eve_on(bank: Bank) -> None:
    rates: dict[str, list[str]] = defaultdict(list)
    for row in bank.rows("treasury__exchange_rate"):
        rates[row["currency_code"]].append(row["rate_date"])
        assert Decimal(row["exchange_price"]) > 50
    held = {row["currency_code"] for row in _abroad(bank).values()}
    assert held == {"USD", "HKD"} == set(rates)
    assert {min(days) for days in rates.values()} == {EVE}


def test_interest_is_balance_times_rate_and_the_ledgers(bank: Bank) -> None:
    """Month by month in plain Python; deposits and loans, by unit and currency."""
    records = _abroad(bank)
    moved: dict[str, dict[str, int]] = defaultdict(dict)
    for row in bank.rows("corebank__balance"):
        if row["account_id"] in records:
            moved[row["account_id"]][row["balance_date"]] = money(row["balance_amount"])
    told: dict[tuple[str, str], int] = {}
    booked: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in bank.rows("corebank__accrual"):
        if (record := records.get(row["account_id"])) is not None:
            income, expense = (
                money(row[f"interest_{side}_amount"] or "0") for side in ("income", "expense")
            )
            told[row["account_id"], row["month_end_date"]] = income + expense
            place = (row["organisation_id"], record["currency_code"], row["month_end_date"])
            booked[place] += income - expense
    assert len(told) > 20
    for (account, end), amount in told.items():
        last = dt.date.fromisoformat(end)
        total = sum(
            moved[account][max(each for each in moved[account] if each <= day.isoformat())]
            for day in (last.replace(day=number) for number in range(1, last.day + 1))
        )
        rate = int(Decimal(records[account]["interest_rate"]) * 10_000)
        assert amount == (total * rate + 180_000_000) // 360_000_000
    ledger: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in bank.rows("ledger__gl_balance"):
        if row["currency_code"] != "CNY" and row["gl_account_code"][:4] in ("6011", "6411"):
            place = (row["organisation_id"], row["currency_code"], row["month_end_date"])
            ledger[place] += money(row["credit_amount"]) - money(row["debit_amount"])
    assert {place: fen for place, fen in ledger.items() if fen} == booked
