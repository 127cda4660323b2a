"""A ledger that does not tie, and what is missing of it: named, blocked, explained, published.

One story in order, as each night costs tens of seconds: a small bank's month without curve and with
pools that can work no minute, whose ledger holds a commission that no posting carries and an
account that no statement line knows, in yuan and in a currency without a rate.
"""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.integration import profit_anew
from tests.integration.test_night import CRM, Bank

pytestmark = pytest.mark.nights
BRANCH = "0201"
COMMISSION = Decimal("123.45")
STRANGE = Decimal("7.77")
YEN = Decimal("500.00")
AMOUNTS = ("期初余额", "借方发生额", "贷方发生额", "期末余额")
LINES = {
    "fee_income": "手续费收入",
    "interest_income": "利息收入",
    "interest_expense": "利息支出",
}
Rows = list[dict[str, str]]


def rewrite(path: Path, change: Callable[[Rows], Rows], to: Path | None = None) -> None:
    """Change the rows of an extract, by heading, in its own dress."""
    with path.open(encoding="gb18030", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="|"))
    headings = list(rows[0])
    with (to or path).open("w", encoding="gb18030", newline="") as file:
        writer = csv.DictWriter(file, headings, delimiter="|", lineterminator="\n")
        writer.writeheader()
        writer.writerows(change(rows))


def with_commission(rows: Rows) -> Rows:
    """A commission that no posting carries, booked at a branch against the central bank."""
    for row in rows:
        if row["机构号"] == BRANCH and row["科目代码"] == "60210101":
            move(row, -COMMISSION)
        if row["机构号"] == BRANCH and row["科目代码"] == "10030101":
            move(row, COMMISSION)
    return rows


def with_strange_account(rows: Rows) -> Rows:
    """And losses in an account that no statement line knows, one in a currency without a rate."""
    rows = with_commission(rows)
    like = next(row for row in rows if row["机构号"] == BRANCH and row["科目代码"] == "60210101")
    strange = like | {"科目代码": "66990101", "科目名称": "其他"}
    strange |= dict.fromkeys(AMOUNTS, "0.00")
    move(strange, STRANGE)
    for row in rows:
        if row["机构号"] == BRANCH and row["科目代码"] == "10030101":
            move(row, -STRANGE)
    yen = [
        strange | dict.fromkeys(AMOUNTS, "0.00") | {"科目代码": code, "币种": "JPY"}
        for code in ("66990101", "10030101")
    ]
    move(yen[0], YEN)
    move(yen[1], -YEN)
    return [*rows, strange, *yen]


def move(row: dict[str, str], amount: Decimal) -> None:
    """Book an amount: a debit where it is positive, else a credit."""
    side = "借方发生额" if amount > 0 else "贷方发生额"
    row[side] = str(Decimal(row[side]) + abs(amount))
    row["期末余额"] = str(Decimal(row["期末余额"]) + amount)


def no_minutes(rows: Rows) -> Rows:
    """Pools that can work no minute: no driver, and no price of a minute."""
    return [row | {"有效工时(分钟)": "0"} for row in rows]


def without_strange_account(rows: Rows) -> Rows:
    """The strange account back at nothing, and its counter-entry taken back.

    A correction replaces the rows that it names; one that it left out would stand as it was.
    """
    for row in rows:
        if row["科目代码"] == "66990101" or row["币种"] == "JPY":
            row |= dict.fromkeys(AMOUNTS, "0.00")
        elif row["机构号"] == BRANCH and row["科目代码"] == "10030101":
            row["贷方发生额"] = str(Decimal(row["贷方发生额"]) - STRANGE)
            row["期末余额"] = str(Decimal(row["期末余额"]) + STRANGE)
    return rows


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    bank = Bank(tmp_path_factory.mktemp("unbalanced"))
    bank.crm("demo", "--customers", "100", "--months", "1")
    month = bank.home / "landing" / "202512"
    (month / "treasury_ftp_curve_202512.csv").unlink()
    rewrite(month / "ledger_cost_pool_202512.csv", no_minutes)
    rewrite(month / "ledger_gl_balance_202512.csv", with_strange_account)
    return bank


def reconciled(bank: Bank, code: int = 0) -> dict[str, Any]:
    """What `crm reconcile --json` says, whatever code it ends with."""
    done = subprocess.run(
        [*CRM, "reconcile", "--json"], env=bank.variables, capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def items_of(explained: list[dict[str, str]]) -> list[tuple[str, str, Decimal, str]]:
    """Unit, line, amount and words of what finance has explained already."""
    return [
        (each["unit"][:4], each["line"], Decimal(each["amount"]), each["name"].split(" (")[0])
        for each in explained
        if each["cause"] == "finance" and each["line"] in LINES
    ]


def test_a_ledger_that_does_not_tie_stops_the_night_and_is_named(bank: Bank) -> None:
    told = bank.crm("run", code=4)
    assert "ledger_ties_to_profit" in told
    assert "every_ledger_amount_of_another_currency_has_a_rate" in told
    assert "crm reconcile" in told
    bank.crm("reconcile", code=4)
    found = reconciled(bank, code=4)
    assert found["source"] == "the stopped build of run 1"
    assert {
        (each["rule_set"], each["unit"][:4], each["line"], each["unexplained"])
        for each in found["unexplained"]
    } == {
        (rule_set, BRANCH, line, amount)
        for rule_set in ("base", "book")
        for line, amount in (("fee_income", str(COMMISSION)), ("unmapped", str(-STRANGE)))
    }
    assert found["without_rate"] == [
        {"month": "2025-12", "source": "ledger", "currency": "JPY", "items": 1, "amount": str(YEN)}
    ]


def test_what_finance_explains_and_mends_lets_it_through(bank: Bank) -> None:
    month = bank.home / "landing" / "202512"
    # The sheet of the month comes anew, with what stood on it before.
    before = reconciled(bank, code=4)["rule_sets"]["base"]["explained"]
    items = [(BRANCH, "fee_income", COMMISSION, "代理保险佣金"), *items_of(before)]
    (month / "对账差异说明_202512.xlsx").unlink()
    (month / "ledger_explanation_202512.csv").write_text(
        "机构号|报表项目|会计期末|序号|金额|说明|编制人工号\n"
        + "".join(
            f"{unit}|{LINES[line]}|2025-12-31|{number}|{amount}|{text}|100085\n"
            for number, (unit, line, amount, text) in enumerate(items, 1)
        ),
        encoding="gb18030",
    )
    mended = month / "ledger_gl_balance_202512_v2.csv"
    rewrite(month / "ledger_gl_balance_202512.csv", without_strange_account, to=mended)
    bank.crm("run")
    found = reconciled(bank)
    assert found["unexplained"] == []
    assert found["without_rate"] == []
    parts = found["rule_sets"]["base"]
    item = next(each for each in parts["explained"] if each["line"] == "fee_income")
    assert item["name"] == "代理保险佣金 (100085)"
    assert item["amount"] == str(COMMISSION)


def test_what_has_no_price_or_no_driver_stands_with_its_unit(bank: Bank) -> None:
    """Totals tie all the same: without a curve no margin, without minutes no cost of a minute."""
    rows = bank.sql(
        "select profit_line_code, cause_code, sum(amount) as amount"
        " from dimensional.fct_profit_month where rule_set_code = 'base' group by all"
    )
    amounts = {(row["profit_line_code"], row["cause_code"]): row["amount"] for row in rows}
    assert ("ftp", "account") not in amounts
    assert ("interest_expense", "account") not in amounts
    assert amounts["interest_expense", "no_curve"] < 0
    assert amounts["interest_income", "no_curve"] > 0
    # Of a pool that can work no minute the standard is charged, and what it cost beyond stays.
    assert amounts["unused_capacity", "unused_capacity"] < 0
    pools = bank.sql(
        "select cost_pool_code, reason_code, sum(full_cost_amount) as amount"
        " from qc.qc_cost_pool_without_driver group by all order by all"
    )
    assert [(row["cost_pool_code"], row["reason_code"]) for row in pools] == [
        *((f"CP0{number}", "no_capacity") for number in (1, 2, 3, 4)),
        ("CP05", "driver_sums_to_zero"),
    ]
    (cost,) = bank.sql(
        "select sum(ledger_cost_amount) as amount from dimensional.fct_cost_pool_month"
    )
    assert sum(row["amount"] for row in pools) == pytest.approx(cost["amount"])
    found = profit_anew.compared(bank.home)
    for anew, published in (found.lines, found.ranges, found.units):
        assert anew == published
