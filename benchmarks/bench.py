"""Measure a whole bank: demo files, first night, next nights, and the floor, in one session.

    python benchmarks/bench.py --customers 20000
    python benchmarks/bench.py --customers 200000 --strict

Everything runs through the `crm` command in a process of its own, as it runs in a bank. Three
figures are kept apart:

*fixed*: what a night costs when there is next to nothing to do: the same nights on a bank of 300
customers and two months, run first. Imports, Dagster, parsing of dbt, the start of every test.
*models*: stages that train or score, which the floor does not do.
*data work*: the rest of the wall time. It is compared with the floor (first night) and with the
first night (next nights).

Prints tables and writes benchmarks/results/<customers>.json. Missed budgets are told; they fail the
command only with --strict, because a busy machine can miss any of them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import sqlite3
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import features
import profit
import psutil
from report import judge, read_budgets, show
from timing import Taken, take

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
TINY_CUSTOMERS = 300
TINY_MONTHS = 2
#: Stages of the night that fit or apply models.
MODEL_STAGES = ("train", "score")
#: Tables that the night and the floor both build, one row for one row.
COMPARED_TABLES = ("fct_transaction", "fct_account_balance_interval", "fct_account_month")
CRM = [sys.executable, "-c", "from dagster_project.cli.main import run; run()"]


@dataclass(frozen=True)
class Session:
    """One bank of one size in a folder of its own."""

    home: Path
    log: Path

    def crm(self, *arguments: str) -> Taken:
        """Run one `crm` command on this bank's home."""
        variables = {"CRM_HOME": str(self.home), "PYTHONPATH": str(ROOT)}
        return take([*CRM, *arguments, "--home", str(self.home)], log=self.log, variables=variables)

    def stages(self) -> dict[str, dict[str, float]]:
        """Stages of the latest run, from the ledger."""
        with sqlite3.connect(f"file:{self.home / 'ledger.sqlite'}?mode=ro", uri=True) as ledger:
            rows = ledger.execute(
                "select stage, sum(seconds), max(peak_mb) from stage "
                "where run_id = (select max(run_id) from stage) group by stage order by min(rowid)"
            ).fetchall()
        return {
            str(name): {"seconds": round(seconds or 0.0, 2), "peak_mb": round(peak or 0.0, 1)}
            for name, seconds, peak in rows
        }

    def rows(self) -> dict[str, int]:
        """Rows of the published tables that the floor builds too."""
        counts = {
            name: f"(select count(*) from dimensional.{name})"  # noqa: S608  our own names
            for name in COMPARED_TABLES
        }
        query = "select " + ", ".join(f"{count} as {name}" for name, count in counts.items())
        answer = json.loads(self.crm("sql", query, "--json").output)
        return {name: int(answer[0][name]) for name in COMPARED_TABLES}

    def night(self) -> dict[str, Any]:
        """Run the nights that are due (one, as each delivery is brought in by itself)."""
        taken = self.crm("run")
        return {**taken.as_dict(), "stages": self.stages()}


def write_bank(session: Session, customers: int, months: int, seed: int) -> dict[str, float]:
    """Write the demo bank into the session's home."""
    taken = session.crm(
        "demo", "--customers", str(customers), "--months", str(months), "--seed", str(seed)
    )
    return taken.as_dict()


def next_nights(session: Session, count: int) -> list[dict[str, Any]]:
    """Bring in the next business dates one by one, a night each."""
    nights = []
    for _ in range(count):
        session.crm("demo", "--next")
        nights.append(session.night())
    return nights


def measure_floor(session: Session, work: Path) -> dict[str, Any]:
    """Run the floor on the files that the first night has just read."""
    taken = take(
        [
            sys.executable,
            str(HERE / "floor.py"),
            "--landing",
            str(session.home / "landing"),
            "--work",
            str(work),
        ],
        log=session.log,
    )
    result: dict[str, Any] = json.loads(taken.output)
    result["process"] = taken.as_dict()
    shutil.rmtree(work)
    return result


def data_seconds(night: dict[str, Any], fixed: float) -> float:
    """Wall seconds without what any night costs and without the models."""
    models: float = sum(
        stage["seconds"] for name, stage in night["stages"].items() if is_model_stage(name)
    )
    return round(max(float(night["seconds"]) - fixed - models, 0.0), 2)


def is_model_stage(name: str) -> bool:
    """Whether a stage trains or scores.

    >>> is_model_stage("train churn"), is_model_stage("restraint")
    (True, False)
    """
    return name.replace("_", " ").split(" ")[0] in MODEL_STAGES


def machine() -> dict[str, Any]:
    """What the figures were measured on; nothing that names the machine."""
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.system(),
        "python": platform.python_version(),
        "duckdb": duckdb.__version__,
        "load_before": [round(load, 2) for load in os.getloadavg()],
    }


def measure(customers: int, months: int, nights: int, seed: int, work: Path) -> dict[str, Any]:
    """One size, from an empty folder to the last next night."""
    result: dict[str, Any] = {
        "customers": customers,
        "months": months,
        "seed": seed,
        "machine": machine(),
    }
    tiny = Session(work / "tiny", work / "tiny.log")
    write_bank(tiny, TINY_CUSTOMERS, TINY_MONTHS, seed)
    result["tiny"] = tiny.night()
    tiny_next = next_nights(tiny, 1)[0]
    result["fixed"] = {
        "first": {"seconds": data_seconds(result["tiny"], 0.0)},
        "next": {"seconds": data_seconds(tiny_next, 0.0)},
    }
    bank = Session(work / "home", work / "bank.log")
    result["demo"] = write_bank(bank, customers, months, seed)
    result["first"] = bank.night()
    result["first"]["rows"] = bank.rows()
    result["floor"] = measure_floor(bank, work / "floor")
    result["profit"] = profit.compare(bank.home, work)
    result |= measure_models(bank, work)
    later = next_nights(bank, nights)
    # A month alone: the others stay as they are.
    result["profit"]["one_month"] = round(sum(profit.stage_seconds(bank.home).values()), 2)
    result["next"] = later[0]
    result["next_nights"] = [night["seconds"] for night in later]
    result["newcomer"] = {
        "seconds": round(result["demo"]["seconds"] + result["first"]["seconds"], 2)
    }
    summarise(result, later)
    return result


def measure_models(session: Session, work: Path) -> dict[str, Any]:
    """What the features take in the newest night, what scoring took in it, and one training."""
    found: dict[str, Any] = {"features": features.compare(session.home, work, is_built_anew=False)}
    counted = "select count(*) as n from dimensional.fct_model_month where month_date = "
    counted += "(select max(month_date) from dimensional.fct_model_month)"
    scored = int(json.loads(session.crm("sql", counted, "--json").output)[0]["n"])
    if scored:
        seconds = session.stages()["score"]["seconds"]
        found["score"] = {"models": scored, "seconds_per_model": round(seconds / scored, 2)}
    if (session.home / "models" / "churn").is_dir():
        found["train_churn"] = session.crm("ml", "train", "churn").as_dict()
    return found


def summarise(result: dict[str, Any], later: list[dict[str, Any]]) -> None:
    """Data work and the ratios that the budgets are about."""
    fixed = result["fixed"]
    first = data_seconds(result["first"], fixed["first"]["seconds"])
    following = [data_seconds(night, fixed["next"]["seconds"]) for night in later]
    floor = result["floor"]["total_seconds"]
    result["data_work"] = {"first": first, "next": following, "floor": floor}
    result["ratio"] = {"first_over_floor": round(first / floor, 3)}
    if first > 0:
        result["ratio"]["next_over_first"] = round(following[0] / first, 3)
    if len(later) > 1:
        # Of whole nights, as data work of a second or two is mostly the clock's noise.
        result["ratio"]["last_next_over_first_next"] = round(
            later[-1]["seconds"] / later[0]["seconds"], 3
        )


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--customers", type=int, nargs="+", default=[20_000], help="bank sizes, one after another"
    )
    parser.add_argument("--months", type=int, default=12, help="months of history")
    parser.add_argument("--nights", type=int, default=3, help="next nights after the first")
    parser.add_argument("--seed", type=int, default=20250101)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench")
    parser.add_argument("--results", type=Path, default=HERE / "results")
    parser.add_argument("--budgets", type=Path, default=HERE / "budgets.yml")
    parser.add_argument("--keep", action="store_true", help="keep the banks for a look afterwards")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a budget is missed")
    given = parser.parse_args()
    # Ended from outside, take the running night down too instead of leaving it to itself.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    is_any_missed = False
    for customers in given.customers:
        work = given.work / str(customers)
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        result = measure(customers, given.months, given.nights, given.seed, work)
        judged = judge(result, read_budgets(given.budgets))
        result["budgets"] = [vars(line) for line in judged]
        given.results.mkdir(parents=True, exist_ok=True)
        path = given.results / f"{customers}.json"
        path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        show(result, judged)
        is_any_missed |= any(line.verdict == "missed" for line in judged)
        if not given.keep:
            shutil.rmtree(work)
    return int(is_any_missed and given.strict)


if __name__ == "__main__":
    sys.exit(main())
