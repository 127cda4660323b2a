"""A quarter under other rules: nothing published moves, and every figure is one reckoned by hand.

One story, told in order: killed, then the same rules, then two changed ones.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dagster_project.rule_folder import RULES
from tests.integration.test_night import NIGHT_SECONDS, Bank

pytestmark = pytest.mark.nights
QUARTER = ("--from", "2025-10", "--to", "2025-12")
MONTHS = "month_date between date '2025-10-01' and date '2025-12-01'"
NEW_FINE = 450


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders: `same` holds published tables as they are, `other` changes them from October."""
    folder = tmp_path_factory.mktemp("rules")
    for name in ("same", "other"):
        (folder / name).mkdir()
        for table in ("visit_cadence.csv", "fine_rule.csv"):
            shutil.copyfile(RULES / table, folder / name / table)
    changed = folder / "other"
    weekly = "B,week,1,0,7,2016-03-15,9999-12-31,"
    text = (changed / "visit_cadence.csv").read_text(encoding="utf-8")
    assert weekly in text
    until = weekly.replace("9999-12-31", "2025-10-01")
    since = "B,month,1,0,30,2025-10-01,9999-12-31,"
    mended = text.replace(weekly, until) + f"{since}as if since October\n"
    (changed / "visit_cadence.csv").write_text(mended, encoding="utf-8")
    fines = (changed / "fine_rule.csv").read_text(encoding="utf-8")
    (changed / "fine_rule.csv").write_text(fines.replace(",300.00,", f",{NEW_FINE}.00,"))
    return folder


@pytest.fixture(scope="module", autouse=True)
def nothing_published_moves(field_bank: Bank) -> Iterator[None]:
    """Readers' files, the pointer, the ledger's rows and the lake, before and after the story."""
    before = state(field_bank)
    yield
    assert state(field_bank) == before


def state(bank: Bank) -> dict[str, str]:
    found = {"current": str((bank.warehouse / "current").readlink())}
    for folder in (bank.warehouse / "generations", bank.home / "lake"):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                told = hashlib.sha256(path.read_bytes()).hexdigest()
                found[str(path.relative_to(bank.home))] = f"{told} {path.stat().st_mtime_ns}"
    with sqlite3.connect(f"file:{bank.home / 'ledger.sqlite'}?mode=ro", uri=True) as ledger:
        found["ledger"] = hashlib.sha256("\n".join(ledger.iterdump()).encode()).hexdigest()
    return found


def replayed(bank: Bank, folder: Path) -> tuple[dict[str, Any], dict[tuple[Any, ...], Any]]:
    """What `crm replay` says of itself, and (was, replayed, difference) of each figure."""
    told = bank.crm("replay", *QUARTER, "--rules", str(folder), "--json")
    document = json.loads(told, parse_float=Decimal)
    figures = {
        (each["month_date"], each["subject_type"], each["subject"], each["measure"]): tuple(
            each[name] for name in ("as_it_was", "replayed", "difference")
        )
        for each in document["figures"]
    }
    return document["replay"], figures


def test_killed_in_the_middle_it_leaves_no_replay(field_bank: Bank, rules: Path) -> None:
    process = field_bank.start("replay", *QUARTER, "--rules", str(rules / "same"))
    database = field_bank.home / "replays" / ".building"
    try:
        deadline = time.monotonic() + NIGHT_SECONDS
        while not list(database.glob("*/scratch.duckdb")) and time.monotonic() < deadline:
            assert process.poll() is None, "it ended before it built anything"
            time.sleep(0.05)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert [path.name for path in database.parent.iterdir() if path.is_dir()] == [".building"]
    field_bank.crm("sql", "--replay", "same", "select 1", code=2)


def test_the_rules_as_they_are_change_nothing(field_bank: Bank, rules: Path) -> None:
    """The proof that a replay is the same computation: every table built again is the same."""
    told, figures = replayed(field_bank, rules / "same")
    assert "dimensional.fct_visit_requirement" in told["rebuilt"]
    assert told["differing"] == []
    assert {difference for _, _, difference in figures.values()} <= {0, None}
    folder = field_bank.home / "replays"
    assert [path.name for path in folder.iterdir() if path.is_dir()] == ["same"]


def test_a_slower_rhythm_and_a_higher_fine_are_what_they_are_by_hand(
    field_bank: Bank, rules: Path
) -> None:
    """B once a month for once a week, and 450 yuan for 300, told from what was published."""
    told, figures = replayed(field_bank, rules / "other")
    assert set(told["rules"]) == {"visit_cadence", "fine_rule"}
    assert "mart.mart_relationship__cadence_month" in told["differing"]

    (was,) = field_bank.sql(
        "select sum(required_count) as asked, sum(counted_count) as counted"
        f" from mart.mart_relationship__cadence_month where subject_type_code = 'bank' and {MONTHS}"
    )
    assert figures[None, "bank", "", "required_count"][0] == was["asked"]
    assert figures[None, "bank", "", "counted_count"][0] == was["counted"]

    # One visit of everybody who is B on the month's first day and stays until its last.
    for month in ("2025-10-01", "2025-11-01", "2025-12-01"):
        asked = owed_by_hand(field_bank, month)
        assert figures[month, "level", "B", "required_count"][1] == asked
        hours = float(figures[month, "level", "B", "asked_hours"][1])
        assert hours == pytest.approx(asked * 40 / 60, abs=0.05), "forty minutes each"
    for level in "ACD":
        before, after, _ = figures[None, "level", level, "required_count"]
        assert before == after

    fines, _, _ = figures[None, "bank", "", "fine_count"]
    assert fines, "somebody is fined in the quarter"
    before, after, difference = figures[None, "bank", "", "fine_amount"]
    assert (before, after) == (-300 * fines, -NEW_FINE * fines)
    assert difference == after - before

    asked_of_replay = field_bank.crm(
        "sql", "--replay", "other", "--json",
        "select sum(required_count) as n from mart.mart_relationship__cadence_month"
        f" where subject_type_code = 'bank' and {MONTHS}",
    )  # fmt: skip
    assert json.loads(asked_of_replay)[0]["n"] == figures[None, "bank", "", "required_count"][1]


def owed_by_hand(bank: Bank, month: str) -> int:
    """Visits that customers of level B owe in a month; a week begun in September is still asked."""
    first, last = f"date '{month}'", f"last_day(date '{month}')"
    (held,) = bank.sql(
        "select count(*) as n from dimensional.dim_customer as then_held"
        " inner join dimensional.dim_customer as in_the_end using (customer_key)"
        f" where then_held.valid_from_date <= {first} and {first} < then_held.valid_to_date"
        f" and in_the_end.valid_from_date <= {last} and {last} < in_the_end.valid_to_date"
        " and then_held.level_code = 'B' and then_held.opened_date <= "
        f"{first} and then_held.manager_fk <> -1 and then_held.status_code <> 'closed'"
        " and in_the_end.manager_fk <> -1 and in_the_end.status_code <> 'closed'"
    )
    (week,) = bank.sql(
        "select coalesce(sum(required_count), 0) as n from dimensional.fct_visit_requirement"
        f" where level_code = 'B' and month_date = {first} and is_period_over"
        " and period_start_date < date '2025-10-01'"
    )
    return int(held["n"]) + int(week["n"])


def test_the_same_rules_again_give_the_same(field_bank: Bank, rules: Path) -> None:
    folder = field_bank.home / "replays" / "other"
    question = ("sql", "--replay", "other", "--json", "from dimensional.fct_incentive order by all")
    before = (folder / "replay.json").read_bytes(), field_bank.crm(*question)
    field_bank.crm("replay", *QUARTER, "--rules", str(rules / "other"))
    assert ((folder / "replay.json").read_bytes(), field_bank.crm(*question)) == before


def test_a_value_that_the_table_refuses_is_told_by_its_test(
    field_bank: Bank, rules: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    shutil.copytree(rules / "same", wrong)
    with (wrong / "visit_cadence.csv").open("a", encoding="utf-8") as file:
        file.write("B,week,2,0,7,2025-10-01,9999-12-31,twice\n")
    told = field_bank.crm("replay", *QUARTER, "--rules", str(wrong), code=2)
    assert "规则「走访频次」在同一天有两个版本" in told
    assert not (field_bank.home / "replays" / "wrong").exists()


@pytest.mark.parametrize("months", [("2019-01", "2025-12"), ("2025-12", "2026-03")])
def test_months_that_were_not_published_are_told(
    field_bank: Bank, rules: Path, months: tuple[str, str]
) -> None:
    options = ("--from", months[0], "--to", months[1], "--rules", str(rules / "same"))
    assert "已发布的月份为 2025-05 至 2025-12" in field_bank.crm("replay", *options, code=2)
