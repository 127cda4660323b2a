"""What stops a command is told in Chinese and in English, and its exit code says of what kind."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dagster_project.cli.main import app
from dagster_project.home import Home
from ingestion.ledger import Ledger
from tests.unit.dagster_project.test_plan import day, publish

WHY = ("--reason", "核对无误")
# Command, exit code, what is said in Chinese, what in English.
Case = tuple[tuple[str, ...], int, str, str]

NEW_HOME: list[Case] = [
    (("run",), 3, "为空；请放入报送文件", "is empty; lay deliveries into it"),
    (("run", "--landing", "/nowhere"), 3, "报送目录 /nowhere 不存在", "/nowhere does not exist"),
    (("run", "--business-date", "1.1."), 2, "请写成 YYYY-MM-DD", "write it as YYYY-MM-DD"),
    (("run", "--feeds", "/nowhere"), 2, "接口定义文件有误", "is not a folder"),
    (("run", "--as-known-on", "2026-01-01"), 2, "没有已发布的夜间任务", "nothing to rebuild"),
    (("ml", "train"), 1, "尚未发布任何数据，无从训练", "nothing to learn from"),
    (("sql", "select 1"), 1, "请先运行一次夜间任务：crm run", "run a night first: crm run"),
    (("sql", "select 1", "--as-known-on", "2026-01-01"), 2, "尚未按", "is not rebuilt as known"),
    (("rollback",), 2, "无可回退", "nothing to roll back"),
    (("deliveries",), 2, "尚未收取任何文件", "nothing was taken in"),
    (("release", "1", *WHY), 2, "尚未收取任何文件", "nothing was taken in"),
    (("template", "odd"), 2, "没有接口 'odd'", "there is no feed 'odd'"),
    (("demo", "--next"), 2, "还没有演示银行", "there is no demo bank"),
    (("demo", "--customers", "5000000"), 2, "无法生成这样的演示银行", "at most 4,000,000"),
]
PUBLISHED: list[Case] = [
    (("run", "--business-date", "2025-12-31"), 6, "如需重建请加 --force", "--force builds it"),
    (("run", "--reread", "odd"), 2, "不是报送接口", "is no delivered feed"),
    (("rollback",), 2, "保留的最早一代", "the oldest one kept"),
    (("rollback", "--to", "9"), 2, "第 9 代未保留；保留的有 1", "9 is not kept; kept are 1"),
    (("deliveries", "9"), 2, "没有第 9 号报送", "There is no delivery 9"),
    (("deliveries", "--state", "odd"), 2, "报送状态只能是", "a delivery is one of"),
    (("deliveries", "--date", "1.1."), 2, "请写成 YYYY-MM-DD", "write it as YYYY-MM-DD"),
    (("deliveries", "--feed", "odd"), 2, "从未报送过文件", "nothing was ever delivered"),
    (("release", "9", *WHY), 2, "没有第 9 号报送", "There is no delivery 9"),
    (("refuse", "9", *WHY), 2, "没有第 9 号报送", "There is no delivery 9"),
    (("release", "9", "--reason", " "), 2, "--reason 为空", "--reason is empty"),
    (("refuse", "9", "--by", " ", *WHY), 2, "--by 为空", "--by is empty"),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    monkeypatch.setenv("CRM_ENVIRONMENT", "test")
    for name in ("CRM_LANDING", "CRM_FEEDS"):
        monkeypatch.delenv(name, raising=False)
    return Home(tmp_path).create()


@pytest.mark.parametrize("case", NEW_HOME, ids=lambda case: " ".join(case[0]))
def test_in_a_new_home(home: Home, case: Case) -> None:
    assert_told(case)


@pytest.mark.parametrize("case", PUBLISHED, ids=lambda case: " ".join(case[0]))
def test_where_something_is_published(home: Home, case: Case) -> None:
    Ledger(home.ledger).start_run(day("2025-12-31"), "test")
    publish(home, "2025-12-31")
    assert_told(case)


def test_an_environment_that_nobody_knows(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_ENVIRONMENT", "odd")
    (home.landing / "corebank_transaction_20260101.csv").write_text("x", encoding="utf-8")
    assert_told((("run",), 2, "只能是 local, test, bank 之一", "must be one of local, test, bank"))


def test_alerts_that_cannot_be_sent(home: Home) -> None:
    home.alerts.write_text("webhook: {url: ftp://x}\n", encoding="utf-8")
    assert_told((("alerts", "--test"), 2, "alerts.yml 设置有误", "must begin with http"))


def assert_told(case: Case) -> None:
    """The last two lines: the sentence in Chinese, and below it the one in English."""
    command, code, zh, en = case
    done = CliRunner().invoke(app, list(command))
    assert done.exit_code == code, done.output
    *_, first, second = done.stderr.strip().splitlines()
    assert first.startswith("crm: ")
    assert zh in first
    assert en in second
    assert "Traceback" not in done.output
