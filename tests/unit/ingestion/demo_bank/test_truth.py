"""What the demo bank says of itself in truth/ is what it delivered."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from tests.unit.ingestion.demo_bank.written_bank import Bank, money


def whole_sheet(path: Path) -> list[tuple[object, ...]]:
    """All rows of a workbook's first sheet."""
    workbook = openpyxl.load_workbook(path)
    rows = list(workbook.worksheets[0].iter_rows(values_only=True))
    workbook.close()
    return rows


def test_those_who_left_have_left_nothing(bank: Bank) -> None:
    """A hard leaver's accounts, under all his numbers, hold less than one yuan at the end."""
    person = {
        row["customer_id"]: row["same_as_customer_id"] for row in bank.truth("same_person.csv")
    }
    owner = {
        row["account_id"]: person.get(row["customer_id"], row["customer_id"])
        for row in bank.rows("corebank__account")
    }
    balance: dict[str, dict[str, int]] = defaultdict(dict)
    last: dict[str, int] = {}
    for row in sorted(bank.rows("corebank__balance"), key=lambda row: row["balance_date"]):
        last[row["account_id"]] = money(row["balance_amount"])
    for account, amount in last.items():
        balance[owner[account]][account] = amount
    leavers = [
        row for row in bank.truth("churn.csv")
        if row["kind"].startswith("hard") and row["run_down_until_date"] <= "2026-01-31"
    ]  # fmt: skip
    assert leavers
    for row in leavers:
        assert sum(balance[row["customer_id"]].values()) < 100


def test_hazards_are_by_cause_and_bounded(bank: Bank) -> None:
    frame = pl.read_parquet(bank.root / "truth" / "churn_hazard.parquet")
    causes = [name for name in frame.columns if name.startswith("hazard_")]
    assert len(causes) == 7
    assert frame["month"].n_unique() == 5
    assert frame.select("customer_id", "month").is_unique().all()
    total = 1.0 - frame.select((1.0 - pl.col(name)).alias(name) for name in causes).fold(
        lambda left, right: left * right
    )
    assert (total - frame["hazard"]).abs().max() < 1e-5
    assert frame["hazard"].min() > 0


def test_truth_counts_what_was_delivered(bank: Bank) -> None:
    totals = json.loads((bank.root / "truth" / "totals.json").read_text(encoding="utf-8"))
    assert totals["rows"] == bank.report.rows
    for name in ("corebank__transaction", "corebank__customer", "corebank__balance",
                 "corebank__loan", "service__complaint", "ledger__gl_balance"):  # fmt: skip
        assert len(bank.rows(name)) == bank.report.rows[name], name
    assert sum(month["transaction_count"] for month in totals["months"]) == (
        bank.report.transactions
    )
    fees = sum(money(row["fee_amount"]) for row in bank.rows("corebank__transaction"))
    assert fees == sum(month["fee_fen"] for month in totals["months"])


def test_dirt_is_where_the_truth_says(bank: Bank) -> None:
    shown = {
        "impossible_date": "2025-02-30", "unknown_code": "微信", "amount_with_unit": "3万",
        "thousands_separator": "1,234.50", "dash_for_nothing": "-", "unknown_manager": "999999",
        "unknown_relation": "同学",
        "full_width_digits": "".join(chr(ord(sign) + 0xFEE0) for sign in "12.5"),
    }  # fmt: skip
    paths = {path.name: path for path in bank.delivered}
    sheets: dict[str, list[tuple[object, ...]]] = {}
    kinds = set()
    for row in bank.dirt:
        kinds.add(row["why"])
        path = paths[row["file"]]
        if path.suffix == ".xlsx":
            if path.name not in sheets:
                sheets[path.name] = whole_sheet(path)
            cells = sheets[path.name][int(row["row"]) - 1]
            if row["why"] in shown:
                assert shown[row["why"]] in cells
            if row["why"] == "subtotal_row":
                assert cells[0] == "合计"
        else:
            line = path.read_bytes().split(b"\r\n")[int(row["row"]) - 1]
            if row["why"] == "torn_line":
                assert line.count(b"|") < 15
            elif row["why"] == "damaged_byte":
                with pytest.raises(UnicodeDecodeError):
                    line.decode("gb18030")
    assert {"subtotal_row", "signature_row", "torn_line", "duplicated_row"} <= kinds


def test_false_visits_are_in_the_ledger(bank: Bank) -> None:
    claimed = {
        (row["employee_id"], row["customer_id"], row["visited_date"], row["visited_time"])
        for row in bank.rows("fieldwork__visit")
    }
    teams = bank.truth("false_visits.csv")
    assert teams
    found = [tuple(row.values()) in claimed for row in teams]
    # Five teams of seven keep workbooks, which are not read here.
    assert any(found)
