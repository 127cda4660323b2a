"""`crm run` without its nights: which it would start, in which order, and when it stands back."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dagster_project import conductor
from dagster_project.cli import summary
from dagster_project.cli.main import app
from dagster_project.home import Home
from ingestion.ledger import Ledger
from tests.unit.dagster_project.test_lease import HOLD, start
from tests.unit.dagster_project.test_plan import land, publish


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    monkeypatch.setenv("CRM_ENVIRONMENT", "test")
    monkeypatch.delenv("CRM_LANDING", raising=False)
    return Home(tmp_path).create()


@pytest.fixture
def nights(home: Home, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Dates of the nights that were run; each publishes at once."""
    dates: list[str] = []

    def conduct(place: Home, request: Any, _screen: Any) -> None:
        dates.append(request.business_date.isoformat())
        publish(place, dates[-1], number=len(dates) + 1)

    monkeypatch.setattr(conductor, "conduct", conduct)
    monkeypatch.setattr(summary, "summary_of", lambda _home: {})
    return dates


def test_three_missed_days_are_three_nights_in_order_once_each(
    home: Home, nights: list[str]
) -> None:
    """F16: nobody ran anything for three days."""
    Ledger(home.ledger)
    publish(home, "2025-12-31")
    land(home, "2026-01-03", "2026-01-01", "2026-01-02")
    done = CliRunner().invoke(app, ["run", "--json"])
    assert done.exit_code == 0, done.output
    assert nights == ["2026-01-01", "2026-01-02", "2026-01-03"]


def test_a_sheet_of_next_month_is_told_where_there_is_nothing_to_do(
    home: Home, nights: list[str]
) -> None:
    """A clerk laid the summaries of February there and was told that all is published."""
    Ledger(home.ledger)
    publish(home, "2025-12-31")
    for name in ("总结报告_202603.xlsx", "总结报告_202602.xlsx"):
        (home.landing / name).write_bytes(b"x")
    done = CliRunner().invoke(app, ["run"])
    assert done.exit_code == 0, done.output
    assert nights == []
    assert "Nothing to do" in done.stdout
    assert "更晚业务日期" in done.stderr
    assert "2, the first 总结报告_202602.xlsx of 2026-02-28" in done.stderr
    assert "crm run --business-date 2026-02-28" in done.stderr


def test_while_another_run_goes_on_it_stands_back_within_seconds(
    home: Home, nights: list[str]
) -> None:
    """F08: it says by which run the home is held, and changes nothing."""
    land(home, "2026-01-01")
    process = start(HOLD, home.lease)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        before = {path: path.stat().st_mtime_ns for path in home.root.rglob("*")}
        started = time.monotonic()
        done = CliRunner().invoke(app, ["run"])
        assert time.monotonic() - started < 5
        assert done.exit_code == 5
        assert "held by run 7" in done.stderr
        assert {path: path.stat().st_mtime_ns for path in home.root.rglob("*")} == before
    finally:
        process.kill()
        process.communicate()
    assert nights == []


@pytest.mark.parametrize(
    "option",
    [
        *("--force", "--full-refresh", "--accept-missing", "--business-date=2026-01-01"),
        *("--landing=/nowhere", "--reread=corebank__account"),
    ],
)
def test_an_earlier_night_takes_no_option_that_would_be_ignored(
    home: Home, nights: list[str], option: str
) -> None:
    done = CliRunner().invoke(app, ["run", "--as-known-on", "2026-01-01", option])
    assert done.exit_code == 2
    assert f"leave out {option.split('=')[0]}" in " ".join(done.stderr.split())
    assert nights == []


def test_an_earlier_night_may_be_rebuilt_wherever_deliveries_lie(
    home: Home, nights: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """CRM_LANDING is no option that somebody gave."""
    monkeypatch.setenv("CRM_LANDING", str(home.root / "elsewhere"))
    done = CliRunner().invoke(app, ["run", "--as-known-on", "2026-01-01"])
    assert "no night of 2026-01-01 or before is published" in " ".join(done.stderr.split())
    assert nights == []


def test_a_home_of_a_newer_version_is_told_in_both_languages(home: Home, nights: list[str]) -> None:
    land(home, "2026-01-01")
    home.stamp.write_text(json.dumps({"format": 99, "version": "9.9.9"}))
    done = CliRunner().invoke(app, ["run"])
    assert done.exit_code == 7
    assert "newer version 9.9.9" in done.stderr
    assert "由较新版本 9.9.9 写入" in done.stderr
    assert not home.lease.exists()
    assert not home.ledger.exists()
    assert nights == []
    for command in (["status"], ["deliveries"], ["sql", "select 1"], ["ml", "train"], ["rollback"]):
        assert CliRunner().invoke(app, command).exit_code == 7, command
    told = CliRunner().invoke(app, ["doctor", "--json"])
    found = {each["name"]: each["state"] for each in json.loads(told.stdout)}
    assert found["version"] == "wrong"


def test_a_ledger_that_is_none_is_told_in_one_sentence(home: Home) -> None:
    home.ledger.write_bytes(b"not a ledger at all, but long enough to be looked at" * 40)
    done = CliRunner().invoke(app, ["status"])
    assert done.exit_code == 1
    assert "cannot be used as a ledger" in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ZeroDivisionError("张三 6217"), "ZeroDivisionError"),
        (OSError(5, "Input/output error"), "OSError: Input/output error"),
    ],
)
def test_an_unforeseen_error_is_one_sentence_and_its_traceback_lies_in_the_home(
    home: Home, monkeypatch: pytest.MonkeyPatch, error: Exception, kind: str
) -> None:
    def conduct(*_: object) -> None:
        raise error

    monkeypatch.setattr(conductor, "conduct", conduct)
    land(home, "2026-01-01")
    done = CliRunner().invoke(app, ["run"])
    log = home.logs / "errors.log"
    assert done.exit_code == 1
    assert f"an error that nobody foresaw ({kind}); the traceback is in {log}." in done.stderr
    assert f"发生未预料的错误（{kind}），错误详情见 {log}。" in done.stderr
    assert "Traceback" not in done.stderr
    assert "张三" not in done.stderr
    assert f"raise error\n{type(error).__name__}: {error}" in log.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("error", "zh", "en"),
    [
        (OSError(28, "No space left on device", "/home/x"), "磁盘已满", "Free space"),
        (PermissionError(13, "Permission denied", "/home/x"), "无权限", "whoever runs crm"),
    ],
)
def test_a_file_that_cannot_be_written_is_named_with_what_to_do(
    home: Home, monkeypatch: pytest.MonkeyPatch, error: OSError, zh: str, en: str
) -> None:
    def conduct(*_: object) -> None:
        raise error

    monkeypatch.setattr(conductor, "conduct", conduct)
    land(home, "2026-01-01")
    done = CliRunner().invoke(app, ["run"])
    assert done.exit_code == 1
    assert f"/home/x 无法写入（{zh}）" in done.stderr
    assert f"/home/x cannot be written ({error.strerror})" in done.stderr
    assert en in done.stderr
    assert "nobody foresaw" not in done.stderr


def test_an_unforeseen_error_is_shown_where_it_cannot_be_written(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def conduct(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(conductor, "conduct", conduct)
    land(home, "2026-01-01")
    (home.logs / "errors.log").mkdir()
    done = CliRunner().invoke(app, ["run"])
    assert done.exit_code == 1
    assert "Traceback" in done.stderr
    assert "errors.log cannot be written (Is a directory)" in done.stderr
