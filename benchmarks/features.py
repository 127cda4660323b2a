"""The features of all observation dates against the same joins and sums as one bare DuckDB script.

    python benchmarks/features.py --home data [--as-is]

Builds the published night anew, one model at a time, adds up what dbt took for the models of the
features (labels left out), then runs `features.sql` on what the night published, three times, and
prints the ratio to the median. `--as-is` takes the home's newest night as it stands. The script
must bring as many rows as the night published: a floor that leaves customers out is no floor.
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
from profit import CRM, ROOT, stage_seconds
from timing import take

SCRIPT = Path(__file__).resolve().parent / "features.sql"
RUNS = 3
STAGE = re.compile(
    r"\.(ftr_customer(_money|_loan|_channel_month|_channel|_contact|_place)?|fct_customer_deposit_day)$"
)


def bare_seconds(published: Path, work: Path) -> tuple[float, int]:
    """Seconds of the bare script on a generation, and its rows."""
    work.unlink(missing_ok=True)
    with duckdb.connect(str(work)) as connection:
        connection.execute(f"attach '{published}' as crm (read_only)")
        connection.execute(
            "set variable business_date = (select max(observation_date)"
            " from crm.dimensional.fct_customer_rolling_month)"
        )
        start = time.perf_counter()
        connection.execute(SCRIPT.read_text(encoding="utf-8"))
        seconds = time.perf_counter() - start
        rows = connection.execute("select count(*) from feature").fetchall()[0][0]
    work.unlink()
    return seconds, int(rows)


def compare(home: Path, work: Path, *, is_built_anew: bool) -> dict[str, Any]:
    """What the features take in a night that builds everything, and what the script takes.

    Args:
        home: A home with a published night.
        work: Folder for the night's log and the script's file.
        is_built_anew: Build the night anew first; else its newest log is read.
    """
    if is_built_anew:
        # Two models at once would each be charged for the other.
        variables = {"CRM_HOME": str(home), "PYTHONPATH": str(ROOT), "CRM_DBT_THREADS": "1"}
        night = [*CRM, "run", "--force", "--full-refresh", "--home", str(home)]
        take(night, log=work / "features.log", variables=variables)
    published = (home / "warehouse" / "current" / "crm.duckdb").resolve()
    stage = stage_seconds(home, STAGE)
    taken = [bare_seconds(published, work / "features.duckdb") for _ in range(RUNS)]
    with duckdb.connect(str(published), read_only=True) as connection:
        rows = connection.execute("select count(*) from feature.ftr_customer").fetchall()[0][0]
    if rows != taken[0][1]:
        raise SystemExit(f"features.sql: {taken[0][1]} rows, published {rows}")
    told: dict[str, Any] = {
        "rows": rows,
        "stage": round(sum(stage.values()), 2),
        "bare": round(statistics.median(seconds for seconds, _ in taken), 2),
        "models": stage,
    }
    return told | {"ratio": round(told["stage"] / told["bare"], 2)}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True, help="a home with a published night")
    parser.add_argument("--as-is", action="store_true", help="take the newest night as it stands")
    asked = parser.parse_args()
    work = ROOT / "build"
    work.mkdir(exist_ok=True)
    told = compare(asked.home.resolve(), work, is_built_anew=not asked.as_is)
    sys.stdout.write(json.dumps(told, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
