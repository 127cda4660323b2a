"""Accounts that are not as they should be: each is named with its amount, and all totals tie.

One night of a small bank whose risk system measures two lines of credit that nobody draws, one of
an account that is on no list, and says that a write-off used 10 yuan more than was provided for. Of
a deposit a tenth is nobody's, and for five days it is 36,000 yuan in the red. Nobody has a share of
two others. One account, the only one of its customer, is empty and of a unit that is on no list.
A deposit is of a product that the list of products calls treasury business. The last curve of yuan
lacks a tenor.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from tests.integration import profit_anew
from tests.integration.test_night import Bank
from tests.integration.test_reconciliation import AMOUNTS, Rows, move, rewrite

pytestmark = pytest.mark.nights
LINE, STRANGER, NEGATIVE = "880206009999999", "880206008888888", "880206007777777"
BORROWERS = ("10000032", "10000033")
DEPOSIT, DEPOSITOR = "014012502000722717", "10000095"
SHARELESS = (
    "014012504000073359|10000106|户主|0.000000|2025-12-08",
    "6221260306000891970|10000099|授权人|0.000000|2025-12-08",
)
MISPLACED = "6221260305000100077"
EMPTY, IDLER = "880206006666666", "10009999"
TEN = Decimal("10.00")
MONTHS = ("2025-11-30", "2025-12-31")
LINE_KEY = (
    "select distinct account_key from dimensional.fct_exposure_month"
    " where drawn_average_amount = 0 and ead_amount > 0 and customer_key <> -1"
)


def append(path: Path, *lines: str) -> None:
    """Add rows to an extract."""
    with path.open("ab") as file:
        file.write("".join(f"{line}\r\n" for line in lines).encode("gb18030"))


def with_lost_ten(unit: str) -> Callable[[Rows], Rows]:
    """A loss of 10 yuan that the unit books on the spot and writes off."""

    def change(rows: Rows) -> Rows:
        (held,) = (r for r in rows if r["机构号"] == unit and r["科目代码"] == "13040101")
        for amount in (TEN, -TEN):
            move(held, amount)
        (central,) = (r for r in rows if r["机构号"] == unit and r["科目代码"] == "10030101")
        move(central, -TEN)
        loss = held | dict.fromkeys(AMOUNTS, "0.00")
        loss |= {"科目代码": "67010101", "科目名称": "贷款减值损失"}
        move(loss, TEN)
        others = [r for r in rows if (r["机构号"], r["科目代码"]) != (unit, "67010101")]
        assert len(others) == len(rows), "the unit has booked no losses of its own"
        return [*rows, loss]

    return change


def used_more(rows: Rows) -> Rows:
    """The only write-off used 10 yuan more."""
    (lost,) = (row for row in rows if row["核销使用准备"])
    lost["核销使用准备"] = str(Decimal(lost["核销使用准备"]) + TEN)
    return rows


def without_last_year(rows: Rows) -> Rows:
    """The newest curve of yuan without its rate for twelve months."""
    newest = max(row["曲线日期"] for row in rows)
    lacking = (newest, "CNY", "12")
    return [row for row in rows if (row["曲线日期"], row["币种"], row["期限(月)"]) != lacking]


def overdraw(path: Path) -> None:
    """The deposit 36,000 yuan in the red from 15 December until it moves again on the 20th."""
    before = path.read_bytes()
    found = re.search(rb"%s\|2025-12-15\|([0-9.]+)\|" % DEPOSIT.encode(), before)
    assert found
    path.write_bytes(before.replace(found[0], found[0].replace(found[1], b"-36000.00")))
    control = path.with_name(f"{path.name}.ok")
    (total,) = re.findall(r"TOTAL=(.*)", control.read_text())
    less = Decimal(total) - Decimal(found[1].decode()) - 36_000
    told = control.read_text().replace(total, str(less))
    sha = hashlib.sha256(path.read_bytes()).hexdigest()
    control.write_text(re.sub("SHA256=.*", f"SHA256={sha}", told))


def replace_once(path: Path, old: str, new: str) -> None:
    """Another text in an extract, where it stands once."""
    before = path.read_text(encoding="gb18030")
    assert before.count(old) == 1, f"{old} stands {before.count(old)} times in {path.name}"
    path.write_text(before.replace(old, new), encoding="gb18030")


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    bank = Bank(tmp_path_factory.mktemp("lines"))
    bank.crm("demo", "--customers", "100", "--months", "2")
    landing = bank.home / "landing"
    first, last = landing / "202511", landing / "202512"
    append(
        first / "corebank_account_202511.csv",
        f"{LINE}|{BORROWERS[0]}|2201|0206||CNY|正常|2025-06-01||5.8000|固定|12|2026-06-01||2025-06-01",
    )
    append(
        first / "corebank_customer_202511.csv",
        f"{IDLER}|核心|贾有闲|个人|城镇居民|||||1984-06-08|||D02|0202||||正常|2024-06-09|2024-06-09",
    )
    append(
        first / "corebank_account_202511.csv",
        f"{EMPTY}|{IDLER}|2201|0999||CNY|正常|2025-06-01||5.8000|固定|12|2026-06-01||2025-06-01",
    )
    append(
        first / "corebank_account_holder_202511.csv",
        f"{LINE}|{BORROWERS[0]}|户主|0.600000|2025-06-01",
        f"{LINE}|{BORROWERS[1]}|共有人|0.400000|2025-06-01",
    )
    append(
        last / "corebank_account_holder_202512.csv",
        f"{DEPOSIT}|{DEPOSITOR}|户主|0.900000|2025-12-08",
        *SHARELESS,
    )
    for month in (first, last):
        append(
            month / f"corebank_product_{month.name}.csv",
            "1109|大额存单|11|资金|20110101|360|是",
        )
    replace_once(
        first / "corebank_account_202511.csv",
        f"{MISPLACED}|10000032|1101|",
        f"{MISPLACED}|10000032|1109|",
    )
    rewrite(last / "treasury_ftp_curve_202512.csv", without_last_year)
    overdraw(last / "corebank_balance_202512.csv")
    rewrite(last / "risk_account_measure_202512.csv", used_more)
    rewrite(last / "ledger_gl_balance_202512.csv", with_lost_ten("0206"))
    for month, day in zip((first, last), MONTHS, strict=True):
        append(
            month / f"risk_account_measure_{month.name}.csv",
            f"{LINE}|{day}||2.0000|45.0000|100000.00|0.00|",
            f"{STRANGER}|{day}||2.0000|45.0000|50000.00|0.00|",
            f"{EMPTY}|{day}||2.0000|45.0000|0.00|0.00|",
        )
    append(last / "risk_account_measure_202512.csv", f"{NEGATIVE}|2025-12-31|||||0.00|-1.00")
    bank.crm("run")
    return bank


def test_a_line_that_nobody_draws_counts_at_its_borrowers_and_unit(bank: Bank) -> None:
    """100,000 undrawn, 40% of it: 40,000 at 2% times 45% lose 360 a year, 30 a month."""
    exposures = bank.sql(
        "select organisation_id, product_id, ead_amount, expected_loss_amount, count(*) as months"
        " from dimensional.fct_exposure_month as exposure"
        " join dimensional.dim_organisation on organisation_fk = organisation_pk"
        " join dimensional.dim_product on product_fk = product_pk"
        " where drawn_average_amount = 0 and ead_amount > 0 and customer_key <> -1 group by all"
    )
    assert [list(row.values()) for row in exposures] == [["0206", "2201", 40_000, -30, 2]]
    lines = bank.sql(
        "select profit_line_code, count(distinct customer_key) as customers, product_id,"
        " organisation_id, list(amount order by amount) as amounts"
        " from dimensional.fct_profit_month as profit"
        " join dimensional.dim_organisation on organisation_fk = organisation_pk"
        " join dimensional.dim_product on product_fk = product_pk"
        " where rule_set_code = 'base' and profit.month_date = date '2025-12-01'"
        f" and account_key = ({LINE_KEY}) group by all order by 1"
    )
    # Shared 6 to 4; capital of 10.5% at a hurdle of 10%, a twelfth a month; tax of 25% comes back.
    assert [list(row.values()) for row in lines] == [
        ["capital_charge", 2, "2201", "0206", [-21, -14]],
        ["expected_loss", 2, "2201", "0206", [-18, -12]],
        ["income_tax", 2, "2201", "0206", [3, 4.5]],
    ]


def test_what_no_list_knows_counts_at_nobody(bank: Bank) -> None:
    rows = bank.sql(
        "select customer_key, organisation_fk, sum(amount) as amount"
        " from dimensional.fct_profit_month where rule_set_code = 'base' and cause_code = 'account'"
        " and profit_line_code = 'expected_loss' and month_date = date '2025-12-01'"
        " and account_fk = -1 group by all"
    )
    assert [list(row.values()) for row in rows] == [[-1, -1, -15]]


@pytest.mark.parametrize("line", ["expected_loss", "capital_charge", "income_tax"])
def test_what_only_the_risk_system_knows_opens_to_its_rows(bank: Bank, line: str) -> None:
    text = bank.crm("trace", "unassigned", "2025-12", line, "--cause", "account", "--json")
    rows = profit_anew.rows_behind(text, "risk__account_measure")
    assert {row["said"]["account_id"] for row in rows} == {f"****{STRANGER[-4:]}"}


def test_a_write_off_beyond_its_provision_is_named_and_is_a_loss(bank: Bank) -> None:
    """The night was published, so the ledger ties."""
    rows = bank.sql("select * from qc.qc_write_off_above_provision")
    assert [float(row["exceeding_amount"]) for row in rows] == [10]
    booked = bank.sql(
        "select sum(amount) as amount from dimensional.fct_profit_month"
        " where rule_set_code = 'book' and profit_line_code = 'expected_loss'"
        f" and account_key = {rows[0]['account_key']} and month_date = date '2025-12-01'"
    )
    assert float(booked[0]["amount"]) == -10


def test_a_negative_use_of_a_provision_goes_back_to_its_sender(bank: Bank) -> None:
    told = json.loads(bank.crm("status", "--json"))
    (feed,) = (each for each in told["feeds"] if each["feed"] == "risk__account_measure")
    assert feed["rows_quarantined"] == 1
    (sheet,) = (bank.home / "quarantine" / "returned").rglob("*risk_account_measure*.xlsx")
    cells = [
        str(cell)
        for page in openpyxl.load_workbook(sheet).worksheets
        for row in page.iter_rows(values_only=True)
        for cell in row
    ]
    assert NEGATIVE in cells
    assert any("-1.00" in cell and "小于允许的最小值 0" in cell for cell in cells)


def test_a_deposit_in_the_red_is_named_with_its_days_and_yuan(bank: Bank) -> None:
    rows = bank.sql("select * from qc.qc_deposit_overdrawn")
    assert [
        (
            row["overdrawn_days_count"],
            row["lowest_balance_amount"],
            row["first_overdrawn_date"][:10],
        )
        for row in rows
    ] == [(5, -36_000, "2025-12-15")]
    assert float(rows[0]["overdrawn_balance_days_amount"]) == -180_000
    priced = bank.sql(
        "select distinct balance_days_amount from dimensional.fct_ftp_month where is_overdrawn"
    )
    assert [float(row["balance_days_amount"]) for row in priced] == [180_000]


def test_what_nobody_holds_of_an_account_is_named_with_its_amount(bank: Bank) -> None:
    row, without = bank.sql("select * from qc.qc_holder_share_not_whole order by share_rate desc")
    assert (without["share_rate"], without["lacking_balance_amount"]) == (
        0,
        without["average_balance_amount"],
    )
    assert (row["share_rate"], row["month_date"][:10]) == (0.9, "2025-12-01")
    (nobodys,) = bank.sql(
        "select sum(amount) as amount from dimensional.fct_profit_month"
        f" where rule_set_code = 'base' and account_key = {row['account_key']}"
        " and month_date = date '2025-12-01' and customer_key = -1 and profit_line_code in"
        " ('interest_income', 'interest_expense', 'ftp', 'fee_income', 'direct_cost',"
        " 'indirect_cost')"
    )
    # Line by line it is rounded by itself.
    assert abs(nobodys["amount"] - row["lacking_contribution_amount"]) <= 0.03
    assert row["lacking_balance_amount"] == pytest.approx(
        row["average_balance_amount"] / 10, abs=0.01
    )


def test_an_account_of_a_unit_that_no_list_holds_is_named_and_its_customer_has_a_range(
    bank: Bank,
) -> None:
    rows = bank.sql(
        "select organisation_id, closing_balance_amount, contribution_amount, bounds.*"
        " from qc.qc_account_without_branch as account"
        " join dimensional.dim_customer on customer_fk = customer_pk"
        " join dimensional.fct_profit_range_month as bounds using (customer_key, month_date)"
        " order by bounds.month_date"
    )
    assert [row["month_date"][:7] for row in rows] == ["2025-11", "2025-12"]
    for row in rows:
        assert row["organisation_id"] == "0999"
        amounts = {name: amount for name, amount in row.items() if name.endswith("_amount")}
        assert len(amounts) == 5
        assert set(amounts.values()) == {0}


def test_a_deposit_of_a_product_without_a_method_is_named_and_its_interest_stands_with_the_unit(
    bank: Bank,
) -> None:
    rows = bank.sql("select * from qc.qc_account_without_transfer_price order by month_date")
    assert [(row["reason_code"], row["month_date"][:7]) for row in rows] == [
        ("no_rule", "2025-11"),
        ("no_rule", "2025-12"),
    ]
    assert all(row["balance_days_amount"] > 100_000 for row in rows)
    (unit,) = bank.sql(
        "select organisation_id, amount from dimensional.fct_profit_month"
        " join dimensional.dim_organisation on organisation_fk = organisation_pk"
        " where cause_code = 'no_rule' and profit_line_code = 'interest_expense'"
        " and rule_set_code = 'base' and month_date = date '2025-12-01'"
    )
    assert unit == {"organisation_id": "0305", "amount": -0.72}
    told = bank.crm("trace", "0305", "2025-12", "interest_expense", "--cause", "no_rule")
    assert "same to the fen" in told


def test_a_curve_without_a_tenor_is_named(bank: Bank) -> None:
    (row,) = bank.sql("select * from qc.qc_transfer_curve_incomplete")
    assert (row["currency_code"], row["curve_date"][:7], row["tenor_months"]) == (
        "CNY",
        "2025-12",
        12,
    )


def test_all_of_it_is_the_same_reckoned_anew(bank: Bank) -> None:
    found = profit_anew.compared(bank.home)
    for anew, published in (found.lines, found.ranges, found.units):
        assert anew == published
