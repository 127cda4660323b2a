"""What the demo bank's ledger earns and spends is what its feeds say, by unit and month to the fen.

Recomputed in plain Python from the delivered files alone.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections import defaultdict
from decimal import Decimal

import pytest

from tests.unit.ingestion.demo_bank.written_bank import Bank, half_up, money

Key = tuple[str, str]
EVE = "2025-08-31"
PERCENTS = {"正常": 1, "关注": 2, "次级": 25, "可疑": 50, "损失": 100}
LINES = {"利息收入": "6011", "利息支出": "6411", "手续费及佣金收入": "6021"}


def ledger(bank: Bank, prefix: str, column: str = "net") -> dict[Key, int]:
    """(unit, month end) -> fen of ledger accounts by their prefix; net is credits less debits."""
    found: dict[Key, int] = defaultdict(int)
    for row in bank.yuan_rows("ledger__gl_balance"):
        if row["gl_account_code"].startswith(prefix):
            net = money(row["credit_amount"]) - money(row["debit_amount"])
            fen = net if column == "net" else money(row[column])
            found[row["organisation_id"], row["month_end_date"]] += fen
    return {key: fen for key, fen in found.items() if fen}


def summed(rows, unit, day, fen) -> dict[Key, int]:
    """(unit, month end) -> sum; each argument behind the rows tells it of a row."""
    found: dict[Key, int] = defaultdict(int)
    for row in rows:
        year, month = map(int, day(row).split("-")[:2])
        last = dt.date(year, month, calendar.monthrange(year, month)[1]).isoformat()
        found[unit(row), last] += fen(row)
    return {key: total for key, total in found.items() if total}


def plus(*parts: dict[Key, int]) -> dict[Key, int]:
    found: dict[Key, int] = defaultdict(int)
    for part in parts:
        for key, fen in part.items():
            found[key] += fen
    return {key: fen for key, fen in found.items() if fen}


def explained(bank: Bank, line: str) -> dict[Key, int]:
    return summed(
        [row for row in bank.sheet_rows("ledger__explanation")
         if LINES[row["statement_line_code"]] == line],
        lambda row: row["organisation_id"],
        lambda row: row["month_end_date"],
        lambda row: money(row["explained_amount"]),
    )  # fmt: skip


def booked(bank: Bank, column: str, sign: int) -> dict[Key, int]:
    return summed(
        bank.yuan_rows("corebank__accrual"),
        lambda row: row["organisation_id"],
        lambda row: row["month_end_date"],
        lambda row: sign * money(row[column]),
    )


def units(bank: Bank) -> dict[str, str]:
    return {
        row["account_id"]: row["organisation_id"] for row in bank.yuan_rows("corebank__account")
    }


def posted(bank: Bank, kinds: tuple[str, ...], column: str) -> dict[Key, int]:
    unit = units(bank)
    return summed(
        [row for row in bank.yuan_rows("corebank__transaction")
         if not kinds or row["transaction_type_code"] in kinds],
        lambda row: unit[row["account_id"]],
        lambda row: row["booked_date"],
        lambda row: money(row[column]) if column else 1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "column", "sign"),
    [("6011", "interest_income_amount", 1), ("6411", "interest_expense_amount", -1)],
)
def test_interest_is_what_accounts_have_booked_and_finance_explains(
    bank: Bank, line: str, column: str, sign: int
) -> None:
    found = booked(bank, column, sign)
    assert len({month for _, month in found}) == 5
    assert ledger(bank, line) == plus(found, explained(bank, line))


def test_fees_are_what_postings_carry_and_finance_explains(bank: Bank) -> None:
    assert explained(bank, "6021")
    assert ledger(bank, "6021") == plus(posted(bank, (), "fee_amount"), explained(bank, "6021"))


def test_clearing_fees_are_a_price_times_what_was_cleared(bank: Bank) -> None:
    cleared = posted(bank, ("转出", "消费"), "")
    assert ledger(bank, "6421") == {key: -15 * count for key, count in cleared.items()}


def test_costs_are_the_cost_pools_of_each_unit(bank: Bank) -> None:
    pools = summed(
        bank.yuan_rows("ledger__cost_pool"),
        lambda row: row["organisation_id"],
        lambda row: row["month_end_date"],
        lambda row: -money(row["cost_amount"]),
    )
    assert ledger(bank, "6601") == pools


def test_receivable_and_payable_are_what_was_earned_and_not_paid(bank: Bank) -> None:
    """On the eve what the core system has accrued; never on the wrong side of nothing."""
    eve = [row for row in bank.yuan_rows("corebank__balance") if row["balance_date"] == EVE]
    unit = units(bank)
    opening: dict[str, int] = defaultdict(int)
    for row in eve:
        opening[unit[row["account_id"]]] -= money(row["accrued_interest_amount"])
    first = {
        key[0]: fen for key, fen in ledger(bank, "2231", "opening_amount").items()
        if key[1] == "2025-09-30"
    }  # fmt: skip
    assert first == {key: fen for key, fen in opening.items() if fen}
    expense, paid = booked(bank, "interest_expense_amount", 1), posted(bank, ("结息",), "amount")
    assert ledger(bank, "2231") == plus(expense, {key: -fen for key, fen in paid.items()})
    income, got = booked(bank, "interest_income_amount", -1), posted(bank, ("扣息",), "amount")
    assert ledger(bank, "1132") == plus(income, got)
    assert all(fen < 0 for fen in ledger(bank, "2231", "closing_amount").values())
    assert all(fen > 0 for fen in ledger(bank, "1132", "closing_amount").values())


def balance_days(bank: Bank) -> dict[str, dict[str, int]]:
    """Account -> month end -> sum of the end-of-day balances of the month's days, in fen."""
    moved: dict[str, dict[str, int]] = defaultdict(dict)
    for row in bank.yuan_rows("corebank__balance"):
        moved[row["account_id"]][row["balance_date"]] = money(row["balance_amount"])
    found: dict[str, dict[str, int]] = {}
    for account, days in moved.items():
        balance, sums = 0, defaultdict(int)
        day = dt.date.fromisoformat(min(days))
        while day <= dt.date(2026, 1, 31):
            balance = days.get(day.isoformat(), balance)
            last = day.replace(day=calendar.monthrange(day.year, day.month)[1])
            sums[last.isoformat()] += balance
            day += dt.timedelta(days=1)
        found[account] = sums
    return found


def late_or_missed(bank: Bank) -> set[str]:
    """Loan accounts that ever were late in the history, or ended in it."""
    account = {row["loan_id"]: row["account_id"] for row in bank.yuan_rows("corebank__loan")}
    late = {
        account[row["loan_id"]] for row in bank.yuan_rows("corebank__repayment")
        if row["due_date"] != row["paid_date"]
    }  # fmt: skip
    return late | {
        row["account_id"]
        for row in bank.yuan_rows("corebank__loan")
        if row["overdue_days"] != "0" or row["status_code"] != "正常"
    }


def test_an_ordinary_month_is_balance_days_times_the_rate(bank: Bank) -> None:
    """What is ordinary is read from the files: one rate, and nothing settled, missed or late."""
    rates: dict[str, set[str]] = defaultdict(set)
    for row in bank.yuan_rows("corebank__account"):
        rates[row["account_id"]].add(row["interest_rate"])
    record = {row["account_id"]: row for row in bank.yuan_rows("corebank__account")}
    settled = {
        (row["account_id"], row["booked_date"][:7])
        for row in bank.yuan_rows("corebank__transaction")
        if row["transaction_type_code"] == "结息"
    }  # fmt: skip
    told = {
        (row["account_id"], row["month_end_date"]): money(row["interest_income_amount"])
        + money(row["interest_expense_amount"])
        for row in bank.yuan_rows("corebank__accrual")
    }
    odd = late_or_missed(bank)
    checked = {"1": 0, "2": 0}
    for account, months in balance_days(bank).items():
        product = record[account]["product_id"]
        if len(rates[account]) > 1 or account in odd or product == "3101":
            continue
        rate = int(Decimal(min(rates[account])) * 10_000)
        # Term deposits settle when they mature, all others in the quarter's last month.
        is_term = product in ("1102", "1103", "1104", "1105", "1106", "1202")
        for month, days in months.items():
            is_trued_up = month[5:7] in ("09", "12") and not is_term
            if month < "2025-09" or (account, month[:7]) in settled or is_trued_up:
                continue
            assert told.get((account, month), 0) == half_up(days * rate, 360_000_000)
            checked[product[0]] += days > 0
    assert checked["1"] > 1_000
    assert checked["2"] > 40


def test_mortgages_are_booked_at_the_new_rate_from_new_year_on(bank: Bank) -> None:
    """All of January, also where the instalment of the month was earned at two rates."""
    records: dict[str, list[str]] = defaultdict(list)
    for row in bank.yuan_rows("corebank__account"):
        if row["product_id"] == "2103" and row["interest_rate"] not in records[row["account_id"]]:
            records[row["account_id"]].append(row["interest_rate"])
    repriced = {account: found[1] for account, found in records.items() if len(found) == 2}
    assert repriced
    days = balance_days(bank)
    told = {
        row["account_id"]: money(row["interest_income_amount"])
        for row in bank.yuan_rows("corebank__accrual") if row["month_end_date"] == "2026-01-31"
    }  # fmt: skip
    late = late_or_missed(bank)
    on_time = [account for account in repriced if account not in late]
    assert on_time
    for account in on_time:
        rate = int(Decimal(repriced[account]) * 10_000)
        assert told[account] == half_up(days[account]["2026-01-31"] * rate, 360_000_000)


def test_provisions_follow_balance_and_class(bank: Bank) -> None:
    unit = units(bank)
    balances = sorted(bank.yuan_rows("corebank__balance"), key=lambda row: row["balance_date"])
    measures = bank.yuan_rows("risk__account_measure")
    # What was written off holds no provision any more.
    gone = {(row["account_id"], row["month_end_date"]) for row in measures
            if row["used_provision_amount"]}  # fmt: skip
    kept: dict[Key, int] = defaultdict(int)
    loans: dict[str, dict[str, str]] = {}
    updates = sorted(bank.yuan_rows("corebank__loan"), key=lambda row: row["updated_date"])
    for end in sorted({row["month_end_date"] for row in measures} - {EVE}):
        last = {row["account_id"]: money(row["balance_amount"]) for row in balances
                if row["balance_date"] <= end}  # fmt: skip
        loans |= {row["account_id"]: row for row in updates if row["updated_date"] <= end}
        wanted = {
            account: half_up(last[account] * PERCENTS[row["five_class_code"]], 100)
            for account, row in loans.items() if last[account] or (account, end) in gone
        }  # fmt: skip
        told = {row["account_id"]: row for row in measures if row["month_end_date"] == end}
        assert {key: money(row["provision_amount"]) for key, row in told.items()} == wanted
        for account, fen in wanted.items():
            kept[unit[account], end] -= fen
            is_rated = loans[account]["collateral_code"] in ("抵押", "质押")
            assert bool(told[account]["pd_rate"]) == bool(told[account]["rating_code"]) == is_rated
            assert bool(told[account]["lgd_rate"]) == is_rated
    assert ledger(bank, "1304", "closing_amount") == kept
    assert ledger(bank, "6701") == plus(
        {key: -fen for key, fen in ledger(bank, "1304").items()}, used_up(bank)
    )
    assert any(row["undrawn_amount"] for row in measures)


def used_up(bank: Bank) -> dict[Key, int]:
    """(unit, month end) -> fen of provisions that write-offs took, debits."""
    unit = units(bank)
    return summed(
        bank.yuan_rows("risk__account_measure"),
        lambda row: unit[row["account_id"]],
        lambda row: row["month_end_date"],
        lambda row: -money(row["used_provision_amount"]),
    )


def test_a_write_off_takes_the_whole_loan_and_no_more_than_stood_for_it(bank: Bank) -> None:
    unit = units(bank)
    lost = {
        row["account_id"]: row
        for row in bank.yuan_rows("corebank__loan")
        if row["status_code"] == "核销"
    }
    assert lost
    posted = {
        (row["account_id"], row["booked_date"]): money(row["amount"])
        for row in bank.yuan_rows("corebank__transaction") if row["summary_text"] == "贷款核销"
    }  # fmt: skip
    assert {account for account, _ in posted} == set(lost)
    measures = bank.yuan_rows("risk__account_measure")
    used = {
        (row["account_id"], row["month_end_date"]): money(row["used_provision_amount"])
        for row in measures if row["used_provision_amount"]
    }  # fmt: skip
    assert used == posted, "all of it was provided for"
    for (account, day), fen in posted.items():
        earlier = max(row["month_end_date"] for row in measures if row["month_end_date"] < day)
        (stood,) = (
            money(row["provision_amount"]) for row in measures
            if row["account_id"] == account and row["month_end_date"] == earlier
        )  # fmt: skip
        assert fen <= stood
        assert (lost[account]["five_class_code"], day[5:7] in ("09", "12")) == ("损失", True)
        last = [row for row in bank.yuan_rows("corebank__balance") if row["account_id"] == account][
            -1
        ]
        assert (last["balance_date"], money(last["balance_amount"])) == (day, 0)
    assert used_up(bank) == {
        (unit[account], day): -fen for (account, day), fen in posted.items()
    }  # fmt: skip


def test_provisions_of_the_eve_are_no_cost_of_the_first_month(bank: Bank) -> None:
    unit = units(bank)
    held = summed(
        [row for row in bank.yuan_rows("risk__account_measure") if row["month_end_date"] == EVE],
        lambda row: unit[row["account_id"]],
        lambda _: "2025-09-01",
        lambda row: -money(row["provision_amount"]),
    )
    opened = ledger(bank, "1304", "opening_amount")
    assert held == {key: fen for key, fen in opened.items() if key[1] == "2025-09-30"}
    assert held


def test_taxes_are_booked_on_what_was_earned_and_paid_a_month_later(bank: Bank) -> None:
    earned = plus(ledger(bank, "6011"), ledger(bank, "6021"))
    surtax = {key: -half_up(fen * 36, 10_000) for key, fen in earned.items() if fen > 0}
    assert ledger(bank, "6403") == {key: fen for key, fen in surtax.items() if fen}
    profit: dict[str, int] = defaultdict(int)
    for (_, month), fen in ledger(bank, "6").items():
        profit[month] += fen
    income_tax = {key[1]: -fen for key, fen in ledger(bank, "6801").items()}
    so_far = tax_so_far = 0
    for month in sorted(profit):
        if month == "2026-01-31":
            so_far = tax_so_far = 0
        so_far += profit[month] + income_tax.get(month, 0)
        if month[5:7] in ("09", "12"):
            tax_so_far += income_tax.get(month, 0)
            assert tax_so_far == half_up(max(so_far, 0) * 25, 100)
        else:
            assert month not in income_tax
    opened = ledger(bank, "2221", "opening_amount")
    closed = ledger(bank, "2221", "closing_amount")
    assert closed == plus(ledger(bank, "6403"), ledger(bank, "6801"))
    assert all(fen <= 0 for fen in opened.values())


def test_explained_differences_come_in_few_months_and_name_a_clerk(bank: Bank) -> None:
    rows = bank.sheet_rows("ledger__explanation")
    assert {row["month_end_date"] for row in rows} == {"2025-11-30", "2025-12-31"}
    staff = {
        row["employee_id"] for row in bank.yuan_rows("corebank__employee")
        if row["organisation_id"] == "0112"
    }  # fmt: skip
    assert {row["prepared_by_employee_id"] for row in rows} <= staff
    files = [path for path in bank.delivered if path.name.startswith("对账差异说明")]
    assert len(files) == 5
