"""The profit stage of a night against the same joins and sums as one bare DuckDB script.

    python benchmarks/profit.py --home data

Builds the published night anew, one model at a time, adds up what dbt took for the models of the
stage (from account months to the reconciled statement and what every rule set makes of a customer),
then runs `profit.sql` on what the night published, three times, and prints the ratio to the median.
The script's lines are compared with the published ones: a floor that reckons something else is no
floor.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
from timing import take

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SCRIPT = HERE / "profit.sql"
CRM = [sys.executable, "-c", "from dagster_project.cli.main import run; run()"]
RUNS = 3
#: Models from account months to the reconciled statement.
STAGE = re.compile(
    r"\.(int_account__(share|divide)_month|int_profit__\w+|fct_profit_month|fct_recon_month)\b"
)
_TOOK = re.compile(r"OK created sql (?:table|incremental) model (\S+) .*?in ([0-9.]+)s")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def stage_seconds(home: Path, stage: re.Pattern[str] = STAGE) -> dict[str, float]:
    """Seconds of each model of the stage in the home's newest night."""
    runs = [int(each.name) for each in (home / "logs" / "dbt").iterdir() if each.name.isdigit()]
    text = (home / "logs" / "dbt" / str(max(runs)) / "dbt.log").read_text(encoding="utf-8")
    found = dict(_TOOK.findall(_COLOUR.sub("", text)))
    return {
        name.rsplit(".", 1)[-1]: float(seconds)
        for name, seconds in found.items()
        if stage.search(f".{name}")
    }


def bare_seconds(published: Path, work: Path) -> tuple[float, dict[str, float]]:
    """Seconds of the bare script on a generation, and its sums by rule set and line."""
    work.unlink(missing_ok=True)
    with duckdb.connect(str(work)) as connection:
        connection.execute(f"attach '{published}' as crm (read_only)")
        connection.execute(
            "set variable business_date = (select max(month_date + days_count::int - 1)"
            " from crm.dimensional.fct_account_month)"
        )
        start = time.perf_counter()
        connection.execute(SCRIPT.read_text(encoding="utf-8"))
        seconds = time.perf_counter() - start
        sums = connection.execute(
            "select rule_set_code || ' ' || line, sum(amount) from fct_profit_month"
            " where line <> 'income_tax' group by all"
        ).fetchall()
    work.unlink()
    return seconds, {name: float(amount) for name, amount in sums}


def published_sums(published: Path) -> dict[str, float]:
    """Sums of what accounts and customers bear, by rule set and line."""
    with duckdb.connect(str(published), read_only=True) as connection:
        rows = connection.execute(
            "select rule_set_code || ' ' || profit_line_code, sum(amount)"
            " from dimensional.fct_profit_month"
            " where cause_code = 'account' and profit_line_code <> 'income_tax' group by all"
        ).fetchall()
    return {name: float(amount) for name, amount in rows}


def compare(home: Path, work: Path) -> dict[str, Any]:
    """What the stage takes when a home's published night is built anew, and what the script takes.

    Args:
        home: A home with a published night.
        work: Folder for the night's log and the script's file.
    """
    # Two models at once would each be charged for the other.
    variables = {"CRM_HOME": str(home), "PYTHONPATH": str(ROOT), "CRM_DBT_THREADS": "1"}
    night = [*CRM, "run", "--force", "--full-refresh", "--home", str(home)]
    take(night, log=work / "profit.log", variables=variables)
    published = (home / "warehouse" / "current" / "crm.duckdb").resolve()
    stage = stage_seconds(home)
    taken = [bare_seconds(published, work / "profit.duckdb") for _ in range(RUNS)]
    _check(taken[0][1], published_sums(published))
    told: dict[str, Any] = {
        "stage": round(sum(stage.values()), 2),
        "bare": round(statistics.median(seconds for seconds, _ in taken), 2),
        "models": stage,
    }
    return told | {"ratio": round(told["stage"] / told["bare"], 2)}


def main() -> int:
    """Build the published night of a home anew, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True, help="a home with a published night")
    work = ROOT / "build"
    work.mkdir(exist_ok=True)
    told = compare(parser.parse_args().home.resolve(), work)
    sys.stdout.write(json.dumps(told, indent=1) + "\n")
    return 0


def _check(bare: dict[str, float], published: dict[str, float]) -> None:
    """Stop where the script's lines are not the published ones, but for roundings of parts."""
    for name in sorted(set(bare) | set(published)):
        difference = abs(bare.get(name, 0.0) - published.get(name, 0.0))
        if difference > max(1.0, 1e-3 * abs(published.get(name, 0.0))):
            message = f"{name}: script {bare.get(name)}, published {published.get(name)}"
            raise SystemExit(message)


if __name__ == "__main__":
    sys.exit(main())
