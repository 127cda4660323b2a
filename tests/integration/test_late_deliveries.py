"""What comes after its day, and days that no night saw: the night after equals a whole rebuild."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from serving import generation as generations
from tests.integration.own_bank import crm, land, write_page

pytestmark = pytest.mark.nights


def _published(bank: Path) -> generations.Generation:
    found = generations.current(bank / "home" / "warehouse")
    assert found is not None
    return found


def _ask(bank: Path, query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(crm(bank, "sql", "--json", query))
    return rows


def _assert_rebuilt_alike(bank: Path) -> None:
    """Every table as the nights left it equals what a rebuild of the whole history makes."""
    late = _published(bank)
    crm(bank, "run", "--landing", "landing", "--force", "--full-refresh")
    whole = _published(bank)
    assert whole.number == late.number + 1
    differing = {
        name: (late.tables[name], whole.tables[name])
        for name in whole.tables
        if late.tables[name] != whole.tables[name]
    }
    assert differing == {}
    assert whole.checksum == late.checksum


def test_what_comes_late_ends_in_the_same_tables(tmp_path: Path) -> None:
    """An account posted to before its record, a customer registered last month, a late posting.

    None of their days is named by the lists that bring them; nor is the day that a posting leaves
    whose booked date is corrected, and a later file of that day does not bring it back.
    """
    write_page(tmp_path, is_next_day=False)
    crm(tmp_path, "run", "--feeds", "feeds", "--landing", "landing")
    land(tmp_path, "2026-01-01", postings="7,6217000003,2026-01-01,收,50.00,存款")
    crm(tmp_path, "run", "--landing", "landing")
    unknown = "select count(*) as n from dimensional.fct_transaction where account_fk = -1"
    assert _ask(tmp_path, unknown) == [{"n": 1}]

    land(
        tmp_path,
        "2026-01-04",
        customers="K003,老何,个人,01,E7,2025.12.20,",
        accounts="6217000003,K003,D1,01,0.35%,2025.12.20",
        postings="8,6217000001,2025-11-15,付,100.00,取款 7,6217000003,2026-01-02,收,50.00,存款",
    )
    assert "Nothing was delivered for 2026-01-02 to 2026-01-03" in crm(
        tmp_path, "run", "--landing", "landing"
    )
    late = _published(tmp_path)
    assert late.details["full_refresh"] == [], "the night went on from the one before"
    assert _ask(tmp_path, unknown) == [{"n": 0}]
    moved = "select booked_date from dimensional.fct_transaction where transaction_id = '7'"
    assert _ask(tmp_path, moved) == [{"booked_date": "2026-01-02"}]
    december = (
        "select count(*) as n from mart.mart_churn__customer_month"
        " where month_date = date '2025-12-01'"
    )
    assert _ask(tmp_path, december) == [{"n": 3}]

    land(tmp_path, "2026-01-05", postings="9,6217000001,2026-01-01,收,1.00,存款")
    crm(tmp_path, "run", "--landing", "landing")
    assert _ask(tmp_path, moved) == [{"booked_date": "2026-01-02"}]

    _assert_rebuilt_alike(tmp_path)


def _write_page_of_lender(bank: Path) -> None:
    """The page's first day, of a bank that lends too: its loans are of product L1."""
    write_page(bank, is_next_day=False)
    products = bank / "feeds" / "reference" / "products.csv"
    lends = "L,贷款,,asset,360,true\nL1,流动资金贷款,L,asset,360,true\n"
    products.write_text(products.read_text(encoding="utf-8") + lends, encoding="utf-8")


def test_a_month_whose_last_day_no_night_saw_is_finished_by_the_next(tmp_path: Path) -> None:
    """A bank that delivers nothing on the 31st: what is lent is measured over the whole month."""
    _write_page_of_lender(tmp_path)
    crm(tmp_path, "run", "--feeds", "feeds", "--landing", "landing")
    land(
        tmp_path,
        "2026-01-30",
        accounts="6217000009,K002,L1,01,4.35%,2026.01.16",
        postings="7,6217000009,2026-01-16,付,31000.00,放款",
    )
    crm(tmp_path, "run", "--landing", "landing")
    lent = (
        "select month_date, days_count, drawn_average_amount from dimensional.fct_exposure_month"
        " where month_date = date '2026-01-01'"
    )
    january = {"month_date": "2026-01-01", "days_count": 30, "drawn_average_amount": 15000.0}
    assert _ask(tmp_path, lent) == [january]
    land(tmp_path, "2026-02-02", postings="8,6217000001,2026-02-02,收,1.00,存款")
    crm(tmp_path, "run", "--landing", "landing")
    january |= {"days_count": 31, "drawn_average_amount": 16000.0}
    assert _ask(tmp_path, lent) == [january]
    _assert_rebuilt_alike(tmp_path)


def _take_standard(bank: Path, feed: str, name: str, *lines: str) -> None:
    """Lay a list of a standard feed, which the bank takes as it stands."""
    (bank / "feeds" / f"{feed}.yml").write_text(f"feed: {feed}\n", encoding="utf-8")
    text = "".join(f"{line}\n" for line in lines)
    (bank / "landing" / name).write_text(text, encoding="gb18030")


def test_a_contract_that_comes_after_its_repayment_tells_how_the_past_was_paid(
    tmp_path: Path,
) -> None:
    """January's instalment is known before its contract: February gives it to the borrower."""
    _write_page_of_lender(tmp_path)
    headings = "合同号|贷款账号|客户号|发放日期|到期日|贷款金额|期限(月)|贷款状态|五级分类|逾期天数"
    _take_standard(tmp_path, "corebank__loan", "corebank_loan_20251231.csv", headings)
    _take_standard(
        tmp_path,
        "corebank__repayment",
        "corebank_repayment_20260131.csv",
        "合同号|期次|应还日期|应还金额|实还日期|实还本金|实还利息|罚息",
        "C1|1|2026-01-20|1000.00|2026-01-28|990.00|10.00|0.40",
    )
    crm(tmp_path, "run", "--feeds", "feeds", "--landing", "landing")
    land(
        tmp_path,
        "2026-01-31",
        accounts="6217000009,K002,L1,01,4.35%,2026.01.02",
        postings="7,6217000009,2026-01-02,付,31000.00,放款",
    )
    crm(tmp_path, "run", "--landing", "landing")
    repaid = "select account_key > 0 as is_known, late_days, penalty_amount from"
    repaid += " dimensional.fct_repayment"
    told = {"late_days": 8, "penalty_amount": 0.4}
    assert _ask(tmp_path, repaid) == [{"is_known": False, **told}]
    graded = (
        "select five_class_code, loan_overdue_days_before_obs as n, observation_date as day"
        " from feature.ftr_customer_loan order by day"
    )
    assert _ask(tmp_path, graded) == []

    (tmp_path / "landing" / "corebank_loan_20260228.csv").write_text(
        f"{headings}\nC1|6217000009|K002|2026-01-02|2026-12-31|31000.00|12|正常|关注|30\n",
        encoding="gb18030",
    )
    land(tmp_path, "2026-02-28", postings="8,6217000001,2026-02-02,收,1.00,存款")
    crm(tmp_path, "run", "--landing", "landing")
    assert _ask(tmp_path, repaid) == [{"is_known": True, **told}]
    assert _ask(tmp_path, graded) == [
        {"five_class_code": None, "n": None, "day": "2026-01-31"},
        {"five_class_code": "special_mention", "n": 30, "day": "2026-02-28"},
    ]
    _assert_rebuilt_alike(tmp_path)


def test_a_share_mended_later_pays_the_past_anew(tmp_path: Path) -> None:
    """Managers E7 and E8 share a customer since December; February mends how.

    His December is divided anew, and so is the pay of that month, by a night that goes on from the
    one before.
    """
    shares = "客户号|客户经理|分工|份额|起始日期|终止日期"
    paid = (
        "select employee_id, amount from mart.mart_performance__manager_pay_month"
        " where month_date = date '2025-12-01' and pay_line_code = 'performance' order by 1"
    )
    kept = (
        "select employee_id, sum(balance_days_amount) as n"
        " from mart.mart_performance__manager_balance_month"
        " where month_date = date '2025-12-01' group by employee_id order by employee_id"
    )
    write_page(tmp_path, is_next_day=False)
    _take_standard(
        tmp_path,
        "corebank__employee",
        "corebank_employee_20251231.csv",
        "员工号|姓名|所属机构|岗位|入职日期|离职日期",
        "E7|甲|01|客户经理|2015-01-01|",
        "E8|乙|01|客户经理|2015-01-01|",
    )
    _take_standard(
        tmp_path,
        "corebank__customer_manager",
        "corebank_customer_manager_20251231.csv",
        shares,
        "K001|E7|主办|0.75|2025-12-01|",
        "K001|E8|协办|0.25|2025-12-01|",
    )
    crm(tmp_path, "run", "--feeds", "feeds", "--landing", "landing")
    divided = {row["employee_id"]: row["n"] for row in _ask(tmp_path, kept)}
    first = _ask(tmp_path, paid)
    assert {row["employee_id"] for row in first} == {"E7", "E8"}

    land(tmp_path, "2026-02-01", postings="9,6217000001,2026-02-01,收,1.00,存款")
    _take_standard(
        tmp_path,
        "corebank__customer_manager",
        "corebank_customer_manager_20260201.csv",
        shares,
        "K001|E7|主办|0.5|2025-12-01|",
        "K001|E8|协办|0.5|2025-12-01|",
    )
    crm(tmp_path, "run", "--landing", "landing")
    assert _published(tmp_path).details["full_refresh"] == [], "the night went on"
    mended = {row["employee_id"]: row["n"] for row in _ask(tmp_path, kept)}
    assert mended["E8"] == pytest.approx(2 * divided["E8"], abs=0.01)
    assert sum(mended.values()) == pytest.approx(sum(divided.values()), abs=0.005)
    assert _ask(tmp_path, paid) != first
    _assert_rebuilt_alike(tmp_path)
