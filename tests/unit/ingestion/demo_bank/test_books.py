"""The books of the demo bank: balances, postings, interest and ledger agree to the fen."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal

from tests.unit.ingestion.demo_bank.written_bank import Bank, money


def account_facts(bank: Bank) -> tuple[dict[str, str], dict[str, str], set[str]]:
    """(unit of each account, ledger account of each account, loan accounts)."""
    gl = {row["product_id"]: row["gl_account_code"] for row in bank.rows("corebank__product")}
    pillar = {row["product_id"]: row["pillar_code"] for row in bank.rows("corebank__product")}
    unit, line, loans = {}, {}, set()
    for row in bank.rows("corebank__account"):
        unit[row["account_id"]] = row["organisation_id"]
        line[row["account_id"]] = gl[row["product_id"]]
        if pillar[row["product_id"]] == "资产":
            loans.add(row["account_id"])
    return unit, line, loans


def test_balances_are_the_cumulated_postings(bank: Bank) -> None:
    """Opening rows on the eve, then one row per account and day on which the balance moved."""
    running: dict[str, int] = {}
    ends: dict[tuple[str, str], int] = {}
    eve = (dt.date(2025, 8, 31)).isoformat()
    delivered = {
        (row["account_id"], row["balance_date"]): money(row["balance_amount"])
        for row in bank.rows("corebank__balance")
    }
    for (account, day), amount in delivered.items():
        if day == eve:
            running[account] = amount
    for row in bank.rows("corebank__transaction"):
        sign = 1 if row["direction_code"] == "贷" else -1
        account = row["account_id"]
        running[account] = running.get(account, 0) + sign * money(row["amount"])
        assert running[account] == money(row["balance_after_amount"])
        assert running[account] >= 0
        ends[account, row["booked_date"]] = running[account]
    assert {key: value for key, value in delivered.items() if key[1] != eve} == ends


def test_accounts_opened_before_the_history_have_a_balance_on_its_eve(bank: Bank) -> None:
    first = {}
    for row in bank.rows("corebank__account"):
        first.setdefault(row["account_id"], row["opened_date"])
    old = {account for account, opened in first.items() if opened <= "2025-08-31"}
    told = {
        row["account_id"]
        for row in bank.rows("corebank__balance")
        if row["balance_date"] == "2025-08-31"
    }
    assert told == old


def test_general_ledger_ties_to_the_accounts_to_the_fen(bank: Bank) -> None:
    unit, line, loans = account_facts(bank)
    balances = sorted(bank.rows("corebank__balance"), key=lambda row: row["balance_date"])
    currency = {row["account_id"]: row["currency_code"] for row in bank.rows("corebank__account")}
    ledger = bank.rows("ledger__gl_balance")
    of_products = set(line.values())
    for end in sorted({row["month_end_date"] for row in ledger}):
        last: dict[str, int] = {}
        for row in balances:
            if row["balance_date"] <= end:
                last[row["account_id"]] = money(row["balance_amount"])
        wanted: dict[tuple[str, str, str], int] = defaultdict(int)
        for account, amount in last.items():
            place = (unit[account], line[account], currency[account])
            wanted[place] += amount if account in loans else -amount
        month = [row for row in ledger if row["month_end_date"] == end]
        closing = {
            (row["organisation_id"], row["gl_account_code"], row["currency_code"]): money(
                row["closing_amount"]
            )
            for row in month
        }
        assert {key[2] for key in closing} == {"CNY", "USD", "HKD"}
        for key in set(wanted) | {key for key in closing if key[1] in of_products}:
            assert closing.get(key, 0) == wanted.get(key, 0), (end, key)
        per_unit: dict[tuple[str, str], int] = defaultdict(int)
        for row in month:
            per_unit[row["organisation_id"], row["currency_code"]] += money(row["closing_amount"])
            moved = money(row["opening_amount"]) + money(row["debit_amount"])
            assert moved - money(row["credit_amount"]) == money(row["closing_amount"])
        assert set(per_unit.values()) == {0}


def test_borrowers_are_charged_what_their_instalments_say(bank: Bank) -> None:
    charged: dict[str, int] = defaultdict(int)
    for row in bank.rows("corebank__transaction"):
        if row["transaction_type_code"] == "扣息":
            charged[row["booked_date"]] += money(row["amount"])
        if row["transaction_type_code"] == "手续费":
            assert row["amount"] == row["fee_amount"]
    paid: dict[str, int] = defaultdict(int)
    for row in bank.rows("corebank__repayment"):
        interest = money(row["paid_interest_amount"]) + money(row["penalty_amount"])
        paid[row["paid_date"]] += interest
    assert charged
    assert charged == {day: amount for day, amount in paid.items() if amount}


def test_openings_continue_closings_but_for_results_at_the_new_year(bank: Bank) -> None:
    closing: dict[tuple[str, str, str], int] = {}
    rows = sorted(bank.rows("ledger__gl_balance"), key=lambda row: row["month_end_date"])
    for row in rows:
        key = (row["organisation_id"], row["gl_account_code"], row["currency_code"])
        is_carried = row["month_end_date"] == "2026-01-31" and key[1][:4] in ("4104",)
        is_result = row["month_end_date"] == "2026-01-31" and key[1].startswith("6")
        if is_result:
            assert money(row["opening_amount"]) == 0
        elif not is_carried:
            assert money(row["opening_amount"]) == closing.get(key, money(row["opening_amount"]))
        closing[key] = money(row["closing_amount"])


def test_quarterly_interest_is_exact(bank: Bank) -> None:
    """Recomputed day by day in plain Python from 21 September to 20 December."""
    facts = {row["account_id"]: row for row in bank.yuan_rows("corebank__account")}
    series: dict[str, dict[str, int]] = defaultdict(dict)
    for row in bank.yuan_rows("corebank__balance"):
        series[row["account_id"]][row["balance_date"]] = money(row["balance_amount"])
    credits = {
        row["account_id"]: money(row["amount"])
        for row in bank.yuan_rows("corebank__transaction")
        if row["transaction_type_code"] == "结息" and row["booked_date"] == "2025-12-21"
    }
    checked = 0
    for account, days in series.items():
        fact = facts[account]
        is_demand = fact["product_id"] in ("1101", "1201", "1108")
        if not is_demand or fact["opened_date"] > "2025-09-20" or account not in credits:
            continue
        rate = int(Decimal(fact["interest_rate"]) * 10_000)
        balance, total = 0, 0
        for day in sorted(days):
            if day <= "2025-09-21":
                balance = days[day]
        moment = dt.date(2025, 9, 21)
        while moment <= dt.date(2025, 12, 20):
            balance = days.get(moment.isoformat(), balance)
            total += balance
            moment += dt.timedelta(days=1)
        basis = 1_000_000 * 360
        assert (total * rate + basis // 2) // basis == credits[account]
        checked += 1
    assert checked > 150


def test_shares_of_an_account_sum_to_one(bank: Bank) -> None:
    shares: dict[str, Decimal] = defaultdict(Decimal)
    for row in bank.rows("corebank__account_holder"):
        shares[row["account_id"]] += Decimal(row["share_rate"])
    assert set(shares.values()) == {Decimal(1)}
    assert len(shares) == len({row["account_id"] for row in bank.rows("corebank__account")})


def test_nothing_is_posted_after_closing_or_before_opening(bank: Bank) -> None:
    life: dict[str, tuple[str, str]] = {}
    for row in bank.rows("corebank__account"):
        life[row["account_id"]] = (row["opened_date"], row["closed_date"] or "9999-12-31")
    for row in bank.rows("corebank__transaction"):
        opened, closed = life[row["account_id"]]
        assert opened <= row["booked_date"] <= closed
