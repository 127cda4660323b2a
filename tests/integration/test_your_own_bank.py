"""The walk of docs/your-own-bank.md, with the very files that stand on the page."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "your-own-bank.md"
FILE = re.compile(r"^`([\w./]+)`[^\n]*:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
QUERY = re.compile(r'crm sql --home mybank/home "(.*?)"\n```\n\n```\n(.*?)^```$', re.M | re.DOTALL)

pytestmark = pytest.mark.night


def _write(bank: Path, *, is_next_day: bool) -> int:
    """Write the page's files of the first or the next day; how many they are."""
    files = [
        (name, text)
        for name, text in FILE.findall(PAGE.read_text(encoding="utf-8"))
        if ("20260101" in name) == is_next_day
    ]
    for name, text in files:
        path = bank / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="gb18030" if name.startswith("landing/") else "utf-8")
    return len(files)


def _crm(bank: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "dagster_project.cli.main", *arguments, "--home", bank / "home"],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        cwd=bank,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"crm {arguments[0]}: {done.returncode}\n{done.stderr[-4000:]}"
    return done.stdout


def _deliveries(bank: Path) -> dict[str, Any]:
    status = json.loads(_crm(bank, "status", "--json"))
    return {feed["feed"]: feed for feed in status["feeds"]}


def _rows(printed: str) -> list[list[str]]:
    """Cells of a table as `crm sql` prints it."""
    return [
        [cell.strip() for cell in re.split("[│┃]", line)]
        for line in printed.splitlines()
        if re.search("[│┃]", line)
    ]


def test_the_walk_ends_with_what_the_page_shows(tmp_path: Path) -> None:
    assert _write(tmp_path, is_next_day=False) == 10
    _crm(tmp_path, "run", "--feeds", "feeds", "--landing", "landing")
    postings = _deliveries(tmp_path)["corebank__transaction"]
    assert (postings["rows_loaded"], postings["rows_quarantined"]) == (4, 1)
    returned = list((tmp_path / "home" / "quarantine" / "returned").rglob("*postings*.xlsx"))
    assert len(returned) == 1
    found = QUERY.search(PAGE.read_text(encoding="utf-8"))
    assert found, "the page shows no query with its answer"
    query, shown = found.groups()
    assert _rows(_crm(tmp_path, "sql", query)) == _rows(shown)

    assert _write(tmp_path, is_next_day=True) == 3
    _crm(tmp_path, "run", "--landing", "landing")
    balances = json.loads(
        _crm(
            tmp_path,
            "sql",
            "--json",
            "select balance_amount from dimensional.fct_account_balance_interval"
            " where valid_to_date = date '2026-01-02' order by balance_amount",
        )
    )
    assert [row["balance_amount"] for row in balances] == [9400.00, 114987.66]
