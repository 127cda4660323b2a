"""The files of the demo bank: every feed, its headings, codes and keys, and who is in them."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from decimal import Decimal

import openpyxl

from ingestion.contracts.types import CHANGE_CODE
from tests.unit.ingestion.demo_bank.written_bank import Bank

END = dt.date(2025, 12, 31)


def test_every_feed_that_a_bank_delivers_is_written(bank: Bank) -> None:
    wanted = {name for name, feed in bank.feeds.items() if not feed.is_internal}
    found = {
        name for name in wanted for path in bank.delivered if bank.feeds[name].match(path.name)
    }
    assert found == wanted


def test_every_file_belongs_to_a_feed_and_carries_the_date_of_its_folder(bank: Bank) -> None:
    for path in bank.delivered:
        name = path.name.removesuffix(".ok")
        matches = [found for feed in bank.feeds.values() if (found := feed.match(name))]
        assert matches, path.name
        companions = [feed.is_control_file(path.name) for feed in bank.feeds.values()]
        assert any(companions) == (name != path.name)
        date = matches[0][1].date
        folder = path.parent.name
        assert folder in (date.strftime("%Y%m"), date.isoformat())
        assert (date <= END) == (path.parent.parent.name == "landing")


def test_control_files_say_what_their_extracts_hold(bank: Bank) -> None:
    files = [path for path in bank.delivered if path.suffix == ".ok"]
    assert len(files) > 30
    for path in files:
        said = dict(line.split("=") for line in path.read_text().splitlines())
        data = path.with_suffix("").read_bytes()
        rows = [line.split("|") for line in data.decode("gb18030").splitlines()[1:]]
        total = sum((Decimal(row[2]) for row in rows), Decimal("0.00"))
        assert said == {
            "ROWS": str(len(rows)),
            "SHA256": hashlib.sha256(data).hexdigest(),
            "BALANCE_TOTAL": str(total),
        }


def test_text_files_have_the_headings_and_codes_of_their_feed(bank: Bank) -> None:
    for path in bank.delivered:
        if path.suffix != ".csv":
            continue
        feed = next(feed for feed in bank.feeds.values() if feed.match(path.name))
        first = path.read_bytes().split(b"\r\n", 1)[0].decode("gb18030")
        expected = [column.heading for column in feed.columns if column.name != CHANGE_CODE]
        assert first.split("|") == expected
    for name, feed in bank.feeds.items():
        if feed.is_internal or feed.delivery.files[-1].format != "csv":
            continue
        for column in feed.columns:
            if column.values:
                known = {text for texts in column.values.values() for text in texts} | {""}
                assert {row[column.name] for row in bank.rows(name)} <= known, column.name


def test_workbooks_hold_the_headings_of_their_feed_under_whatever_stands_above(bank: Bank) -> None:
    for path in bank.delivered:
        if path.suffix != ".xlsx":
            continue
        feed = next(feed for feed in bank.feeds.values() if feed.match(path.name))
        workbook = openpyxl.load_workbook(path, read_only=True)
        rows = workbook.worksheets[0].iter_rows(max_row=4, values_only=True)
        top = [list(row) for row in rows]
        workbook.close()
        texts = [[None if cell is None else str(cell) for cell in row] for row in top]
        assert any(feed.match_headings(row).is_acceptable for row in texts), path.name


def test_keys_are_unique(bank: Bank) -> None:
    for name in ("corebank__transaction", "corebank__balance", "ledger__gl_balance",
                 "corebank__repayment", "service__complaint_step", "marketing__campaign_member",
                 "treasury__ftp_curve", "ledger__activity_volume", "corebank__accrual",
                 "risk__account_measure"):  # fmt: skip
        keys = [tuple(row[key] for key in bank.feeds[name].key) for row in bank.rows(name)]
        assert len(keys) == len(set(keys)), name


def test_deliveries_speak_of_known_customers_accounts_and_units(bank: Bank) -> None:
    customers = {row["customer_id"] for row in bank.rows("corebank__customer")}
    accounts = {row["account_id"] for row in bank.rows("corebank__account")}
    units = {row["organisation_id"] for row in bank.rows("corebank__organisation")}
    staff = {row["employee_id"] for row in bank.rows("corebank__employee")} | {""}
    products = {row["product_id"] for row in bank.rows("corebank__product")}
    assert {row["customer_id"] for row in bank.rows("corebank__account")} <= customers
    assert {row["product_id"] for row in bank.rows("corebank__account")} <= products
    for name in ("corebank__customer", "corebank__account", "service__complaint"):
        assert {row["organisation_id"] for row in bank.rows(name)} <= units
    assert {row["manager_id"] for row in bank.rows("corebank__customer")} <= staff
    for name in ("corebank__transaction", "corebank__balance", "corebank__loan",
                 "corebank__account_holder"):  # fmt: skip
        assert {row["account_id"] for row in bank.rows(name)} <= accounts
    known_complainers = {row["customer_id"] for row in bank.rows("service__complaint")}
    assert known_complainers <= customers | {""}


def test_visits_are_entered_on_or_after_their_day(bank: Bank) -> None:
    for row in bank.rows("fieldwork__visit"):
        assert row["visited_date"] <= row["entered_date"]


def test_dimensions_have_a_history(bank: Bank) -> None:
    """Later issues need levels, managers, units and teams that change."""
    levels: dict[str, set[str]] = defaultdict(set)
    for row in bank.rows("corebank__customer"):
        levels[row["customer_id"]].add(row["level_code"])
    assert any(len(found) > 1 for found in levels.values())
    parents = {
        (row["organisation_id"], row["parent_organisation_id"])
        for row in bank.rows("corebank__organisation")
    }
    units = {row["organisation_id"] for row in bank.rows("corebank__organisation")}
    assert len(parents) == len(units) + 1
    assert any(row["left_date"] for row in bank.rows("corebank__team_member"))
    assert any(row["left_date"] for row in bank.rows("corebank__employee"))


def test_second_numbers_have_their_own_manner(bank: Bank) -> None:
    sources = {row["source_system_code"] for row in bank.rows("corebank__customer")}
    assert sources == {"核心", "网银", "电话银行", "行长系统"}
    ids = [row["customer_id"] for row in bank.rows("corebank__customer")]
    # A phone bank number loses its leading zeros where it is taken for an integer.
    assert any(number.startswith("0") for number in ids)


def test_old_curves_come_once_and_lead_to_the_first_one(bank: Bank) -> None:
    days = sorted({row["curve_date"] for row in bank.rows("treasury__ftp_curve")})
    before = [day for day in days if day < "2025-09-01"]
    assert len(before) == 238
    assert {day[8:] for day in before} == {"01"}
    # Older ones would be refused on the day of the first delivery.
    oldest = dt.date.fromisoformat(before[0])
    assert (dt.date(2025, 9, 30) - oldest).days <= 7_300
    rate = {
        (row["curve_date"], row["tenor_months"]): Decimal(row["ftp_rate"])
        for row in bank.rows("treasury__ftp_curve")
    }
    for tenor in ("0", "12", "60"):
        steps = [
            abs(rate[one, tenor] - rate[other, tenor])
            for one, other in zip(before, [*before[1:], "2025-09-01"], strict=True)
        ]
        assert max(steps) < Decimal("0.2")
        assert rate[before[0], tenor] > rate["2025-09-01", tenor]
