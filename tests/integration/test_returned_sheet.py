"""The walk of docs/operations.md: a broken sheet, the sheet that goes back, the correction."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from ingestion.returning.slip import SUMMARY_SHEET
from tests.integration.own_bank import PAGE, crm, land, write_page

OPERATIONS = PAGE.with_name("operations.md")
ROW = re.compile(r"^\| (\d+) \| (\S+) \| (\S+) \| (\S+) \| (\S+) \| (\S+) \|", re.MULTILINE)
SHEET = '    - {pattern: "补录_{part}_{date}.xlsx", format: xlsx}\n'
BALANCES = (
    "select valid_to_date, balance_amount from dimensional.fct_account_balance_interval"
    " where valid_to_date = date '{}' order by balance_amount"
)

pytestmark = pytest.mark.nights


def _ask(bank: Path, query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(crm(bank, "sql", "--json", query))
    return rows


def _balances(bank: Path, day: str) -> list[float]:
    return [row["balance_amount"] for row in _ask(bank, BALANCES.format(day))]


def _counts(bank: Path) -> tuple[int, int, int]:
    status = json.loads(crm(bank, "status", "--json"))
    (feed,) = [each for each in status["feeds"] if each["feed"] == "corebank__transaction"]
    return feed["rows_loaded"], feed["rows_quarantined"], feed["rows_open"]


def _in_lake(bank: Path, start: str) -> list[tuple[Any, ...]]:
    """Serial, amount, date and place of the rows that came with a file."""
    lake = bank / "home" / "lake" / "corebank__transaction"
    return duckdb.execute(
        "SELECT transaction_id, amount::VARCHAR, booked_date::VARCHAR, source_sheet, source_row"
        " FROM read_parquet($files, hive_partitioning = false)"
        " WHERE starts_with(source_file, $start) ORDER BY ALL",
        {"files": f"{lake}/*/*.parquet", "start": start},
    ).fetchall()


def test_from_a_broken_sheet_to_its_correction(tmp_path: Path) -> None:
    write_page(tmp_path, is_next_day=False)
    feed = tmp_path / "feeds" / "corebank__transaction.yml"
    text = feed.read_text(encoding="utf-8")
    text = re.sub(r"  files: \[(\{.*\})\]\n", rf"  files:\n    - \1\n{SHEET}", text)
    assert SHEET in text
    feed.write_text(text, encoding="utf-8")
    page = OPERATIONS.read_text(encoding="utf-8")
    rows = ROW.findall(page)
    assert len(rows) == 3, "the page shows the sheet"
    book = openpyxl.Workbook()
    for row in (["柜面补录"], ["流水", "账号", "日期", "收付", "金额", "摘要"], *rows):
        book.worksheets[0].append(list(row))
    book.worksheets[0].title = "补录"
    book.save(tmp_path / "landing" / "补录_柜面_20251231.xlsx")
    crm(tmp_path, "run", "--feeds", "feeds", "--landing", "landing")
    assert _counts(tmp_path) == (5, 3, 3), "four postings and one of the sheet; 12.345 and two"
    assert _in_lake(tmp_path, "补录") == [("11", "250.00", "2025-12-31", "补录", 3)]
    assert _balances(tmp_path, "2026-01-01") == [8750.00, 115000.00]

    (back,) = (tmp_path / "home" / "quarantine" / "returned").glob("补录*.xlsx")
    marked = openpyxl.load_workbook(back)
    assert marked.sheetnames == [SUMMARY_SHEET, "补录"]
    sheet = marked["补录"]
    for cell in ("G4", "H4", "I4", "H5"):
        assert str(sheet[cell].value).split("【金额】")[0] in page, f"{cell} stands on the page"
    sheet["D4"], sheet["C5"], sheet["E5"] = "付", "2025-12-31", 12000
    marked.save(tmp_path / "landing" / "补录改好了.xlsx")
    land(tmp_path, "2026-01-01", postings="6,6217000001,2026-01-01,收,900,转入工资")
    crm(tmp_path, "run", "--landing", "landing")
    assert _counts(tmp_path) == (8, 3, 1), "only 12.345 of the postings is still open"
    assert _in_lake(tmp_path, "补录") == [
        ("11", "250.00", "2025-12-31", "补录", 3),
        ("12", "40.00", "2025-12-31", "补录", 4),
        ("13", "12000.00", "2025-12-31", "补录", 5),
    ]
    assert _balances(tmp_path, "2026-01-02") == [9650.00, 126960.00]
    month = (
        "select sum(average_deposit_amount) as average from"
        " mart.mart_profitability__customer_month where month_date = date '2026-01-01'"
    )
    assert _ask(tmp_path, month) == [{"average": 136610.00}]
