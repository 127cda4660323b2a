"""The yardstick itself: the floor adds up rightly, and budgets judge what they say."""

import importlib
import json
import sqlite3
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

FOLDER = Path(__file__).parents[3] / "benchmarks"

EXTRACTS = {
    "corebank_account_202501.csv": """\
账号|客户号|产品代码|开户机构|币种|账户状态|开户日期|年利率|更新日期
A1|C1|P1|01|CNY|正常|2024-01-01|1.00|2025-01-31
A2|C2|P2|01|CNY|正常|2024-01-01|6.00|2025-01-31
""",
    "corebank_product_202501.csv": """\
产品代码|产品名称|业务支柱|计息基础|是否金融产品
P1|活期存款|负债|360|是
P2|流动资金贷款|资产|360|是
""",
    "corebank_balance_202501.csv": """\
账号|余额日期|余额
A1|2025-01-01|1000.00
A1|2025-01-11|2000.00
A2|2025-01-01|3000.00
""",
    "corebank_transaction_202501.csv": """\
流水号|账号|记账日期|借贷标志|交易金额|币种|交易类型|渠道|发起方|手续费
T1|A1|2025-01-11|贷|1000.00|CNY|现金存入|柜面|客户|
T2|A1|2025-01-31|借|5.00|CNY|转出|手机银行|客户|2.00
T3|A9|2025-01-31|借|7.00|CNY|转出|手机银行|系统|
""",
    "treasury_ftp_curve_202501.csv": """\
曲线日期|币种|期限(月)|转移价格
2025-01-01|CNY|12|3.00
2025-01-01|CNY|1|9.00
""",
}


@pytest.fixture(scope="module")
def modules():
    sys.path.insert(0, str(FOLDER))
    try:
        yield {name: importlib.import_module(name) for name in ("floor", "report", "bench")}
    finally:
        sys.path.remove(str(FOLDER))


@pytest.fixture
def landing(tmp_path):
    folder = tmp_path / "landing" / "202501"
    folder.mkdir(parents=True)
    for name, content in EXTRACTS.items():
        (folder / name).write_bytes(content.encode("gb18030"))
    return tmp_path / "landing"


def test_the_floor_computes_what_it_is_the_floor_of(landing, tmp_path):
    """A floor that joins nothing would flatter nobody: its figures are checked by hand."""
    broken = landing / "202501" / "corebank_product_202501.csv"
    broken.write_bytes(broken.read_bytes() + b"P3|\xff|" + "资产|360|是\n".encode("gb18030"))
    work = tmp_path / "work"
    done = subprocess.run(
        [sys.executable, FOLDER / "floor.py", "--landing", landing, "--work", work],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    result = json.loads(done.stdout)
    assert result["illegal_bytes"] == 1
    assert result["rows"]["corebank__transaction"] == 3
    assert result["rows"]["fct_transaction"] == 3
    assert result["total_seconds"] == pytest.approx(sum(s["seconds"] for s in result["steps"]))
    with duckdb.connect(str(work / "floor.duckdb"), read_only=True) as con:
        margins = dict(
            con.execute("select account_id, margin_amount from fct_account_month").fetchall()
        )
        months = con.execute(
            "select customer_id, average_deposit_amount, average_loan_amount, contribution_rank "
            "from customer_month where customer_id is not null order by contribution_rank"
        ).fetchall()
    # Ten days of 1,000 and twenty-one of 2,000 at 1 - 3 per cent, turned: the bank lends it on.
    assert margins["A1"] == Decimal("2.89")
    # Thirty-one days of 3,000 at 6 - 3 per cent.
    assert margins["A2"] == Decimal("7.75")
    assert months[0] == ("C2", Decimal(0), Decimal("3000.00"), 1)
    assert months[1][:3] == ("C1", Decimal("1677.42"), Decimal(0))


def test_the_floor_spares_a_folder_that_is_not_its_own(landing, tmp_path):
    work = tmp_path / "precious"
    work.mkdir()
    (work / "letter.txt").write_text("keep me")
    done = subprocess.run(
        [sys.executable, FOLDER / "floor.py", "--landing", landing, "--work", work],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "holds something else" in done.stderr
    assert (work / "letter.txt").exists()


def _result(customers, **more):
    return {"customers": customers, "first": {"peak_mb": 900.0}, **more}


def test_budgets_are_met_missed_or_not_measured(modules):
    report = modules["report"]
    budgets = [
        {"name": "memory", "metric": "first.peak_mb", "max": 800},
        {"name": "ratio", "metric": "ratio.first_over_floor", "max": 1.5, "from": 200},
        {"name": "small only", "metric": "first.peak_mb", "max": 1000, "to": 100},
    ]
    judged = {line.name: line.verdict for line in report.judge(_result(100), budgets)}
    assert judged == {"memory": "missed", "small only": "met"}
    judged = {line.name: line.verdict for line in report.judge(_result(200), budgets)}
    assert judged == {"memory": "missed", "ratio": "not measured"}


def test_every_budget_names_a_figure_that_the_bench_writes(modules):
    """A budget whose path is mistyped would stand as not measured for ever."""
    stages = {
        "extract": {"seconds": 6.0, "peak_mb": 1.0},
        "train": {"seconds": 3.0, "peak_mb": 1.0},
    }
    night = {"seconds": 40.0, "peak_mb": 1.0, "stages": stages}
    result = _result(
        200_000,
        demo={"seconds": 1.0, "peak_mb": 1.0},
        first=night,
        next={**night, "seconds": 24.5},
        floor={"total_seconds": 10.0},
        fixed={"first": {"seconds": 20.0}, "next": {"seconds": 20.0}},
        newcomer={"seconds": 50.0},
        profit={"ratio": 1.2},
        features={"ratio": 1.2},
        train_churn={"seconds": 200.0, "peak_mb": 5000.0},
        score={"models": 7, "seconds_per_model": 12.0},
    )
    modules["bench"].summarise(result, [result["next"], {**night, "seconds": 24.5}])
    assert result["ratio"] == {
        "first_over_floor": 1.7,
        "next_over_first": round(1.5 / 17, 3),
        "last_next_over_first_next": 1.0,
    }
    budgets = modules["report"].read_budgets(FOLDER / "budgets.yml")
    for budget in budgets:
        assert modules["report"].look_up(result, budget["metric"]) is not None, budget["name"]


def test_stages_of_the_latest_run_are_read_from_the_ledger(modules, tmp_path):
    with sqlite3.connect(tmp_path / "ledger.sqlite") as ledger:
        ledger.execute("create table stage (run_id, stage, seconds, peak_mb)")
        ledger.executemany(
            "insert into stage values (?, ?, ?, ?)",
            [(1, "extract", 9, 9), (2, "receive", 1, 50), (2, "build", 2, 80), (2, "build", 3, 70)],
        )
    session = modules["bench"].Session(tmp_path, tmp_path / "log")
    assert session.stages() == {
        "receive": {"seconds": 1, "peak_mb": 50},
        "build": {"seconds": 5, "peak_mb": 80},
    }
