"""The bank of docs/your-own-bank.md: its feed files and deliveries, as they stand on the page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[2]
PAGE = PROGRAM / "docs" / "your-own-bank.md"
FILE = re.compile(r"^`([\w./]+)`[^\n]*:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def write_page(bank: Path, *, is_next_day: bool) -> int:
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


def land(bank: Path, date: str, *, customers: str = "", accounts: str = "", postings: str) -> None:
    """Lay the three daily deliveries of one date, each given as its rows."""
    for name, headings, rows in (
        ("customers", "客户编号,姓名,类型,支行,管户经理,开户日,备注", customers),
        ("accounts", "账号,客户编号,产品,支行,利率,开户日", accounts),
        ("postings", "流水,账号,日期,收付,金额,摘要", postings),
    ):
        text = "".join(f"{line}\n" for line in (headings, *rows.split()))
        path = bank / "landing" / f"{name}_{date.replace('-', '')}.csv"
        path.write_text(text, encoding="gb18030")


def crm(bank: Path, *arguments: str, code: int = 0, program: Path = PROGRAM) -> str:
    """What a command on this bank's home says; of one that must fail, its one sentence."""
    done = subprocess.run(
        [sys.executable, "-m", "dagster_project.cli.main", *arguments, "--home", bank / "home"],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(program)},
        cwd=bank,
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, f"crm {arguments[0]}: {done.returncode}\n{done.stderr[-4000:]}"
    return done.stderr if code else done.stdout
