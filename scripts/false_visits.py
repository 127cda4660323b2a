"""Measure how well the suspicion of visits finds those that the demo bank made up.

    python scripts/false_visits.py --home data

Reads the published generation and the demo bank's truth, which no night reads, and prints recall
and precision at several thresholds: how many of the false visits are looked at, and how many of
those looked at are false. A figure for the demo bank alone: whoever has verdicts of a real bank
sets the weights in `suspicion_indicator` by them.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

# In log-odds beside the threshold of the rule, which is 0 of this axis.
MARGINS = (-1.0, 0.0, 1.0)
_SCORED = """
    with truth as (
        select distinct
            employee_id, customer_id, cast(visited_date as date) as visited_date, visited_time
        from read_csv($truth, all_varchar = true)
    ),

    known as (
        select distinct customer_id, customer_key from vault.identity.dim_customer_identity
    ),

    threshold as (
        select threshold_value from crm.rule.review_threshold
        where review_code = 'visit_suspicion'
    ),

    visit as (
        select
            visit.visit_fk,
            visit.total_log_odds - threshold.threshold_value as margin,
            employee.employee_id,
            customer.customer_key,
            fact.visited_date,
            fact.visited_time
        from crm.dimensional.fct_visit_suspicion as visit
        inner join crm.dimensional.fct_visit as fact on visit.visit_fk = fact.visit_pk
        inner join crm.dimensional.dim_employee as employee
            on fact.employee_fk = employee.employee_pk
        inner join crm.dimensional.dim_customer as customer
            on fact.customer_fk = customer.customer_pk
        cross join threshold
        where visit.indicator_code = 'prior'
    )

    select visit.margin, truth.employee_id is not null as is_false
    from visit
    inner join known on visit.customer_key = known.customer_key
    left join truth
        on visit.employee_id = truth.employee_id
        and known.customer_id = truth.customer_id
        and visit.visited_date = truth.visited_date
        and visit.visited_time = truth.visited_time
"""


@dataclass(frozen=True)
class Quality:
    """What a threshold finds: visits, false ones, those looked at, and false ones of these."""

    margin: float
    visits: int
    false_visits: int
    looked_at: int
    found: int

    @property
    def recall(self) -> float:
        """Part of the false visits that are looked at; 0 where there are none."""
        return self.found / self.false_visits if self.false_visits else 0.0

    @property
    def precision(self) -> float:
        """Part of those looked at that are false; 0 where none is looked at."""
        return self.found / self.looked_at if self.looked_at else 0.0


def measure(home: Path) -> list[Quality]:
    """The quality at each margin, for the published generation of a home with a demo bank."""
    folder = home / "warehouse" / "current"
    with duckdb.connect() as connection:
        for name in ("crm", "vault"):
            connection.execute(f"attach '{folder / name}.duckdb' as {name} (read_only)")
        truth = str(home / "demo" / "truth" / "false_visits.csv")
        rows = connection.execute(_SCORED, {"truth": truth}).fetchall()
    scored = [(float(margin), bool(is_false)) for margin, is_false in rows]
    return [
        Quality(
            margin=least,
            visits=len(scored),
            false_visits=sum(is_false for _, is_false in scored),
            looked_at=sum(margin >= least for margin, _ in scored),
            found=sum(is_false and margin >= least for margin, is_false in scored),
        )
        for least in MARGINS
    ]


def main() -> None:
    """Print the figures of a home."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--home", type=Path, default=Path("data"))
    for each in measure(parser.parse_args().home):
        sys.stdout.write(
            f"threshold {each.margin:+.1f}: {each.looked_at} of {each.visits} visits to look at,"
            f" {each.found} of {each.false_visits} false ones among them;"
            f" recall {each.recall:.3f}, precision {each.precision:.3f}\n"
        )


if __name__ == "__main__":
    main()
