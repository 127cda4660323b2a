"""Write what the demo bank's own hazard says of each customer, to judge the churn model beside it.

    python -m scripts.churn_oracle --home data --output oracle.csv
    crm ml evaluate --label hard_3m --beside oracle.csv

The demo bank decides every month, by a chance that it keeps in its truth folder, who begins to
leave. No night reads that folder. The oracle knows more than anybody can know at a month end: the
chances of all months that the label looks at, though some of their causes come later; who has
decided already, in which way, and the day on which his money will be gone. From these it reckons
the chance to be lost for good within the label's months, so that its probabilities hold (slope 1)
and no model that sees what a bank records should pass it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
from scipy.stats import gamma

from dagster_project.home import Home
from ingestion.demo_bank.life import (
    LEAVING_SHARE,
    LEFT_CLOSED,
    LEFT_EMPTIED,
    RUN_DOWN_LEAST,
    RUN_DOWN_MOST,
    RUN_DOWN_SCALE,
    RUN_DOWN_SHAPE,
)
from ml.models.pipelines import Array
from serving import generation as generations

#: Months of `hard_3m`: who is lost in the month after the observation is not judged, and the three
#: after it are looked at.
GAP, HORIZON = 1, 3
_MONTH_DAYS = 365.25 / 12
#: Emptied accounts are lost after three months below a yuan. Money comes back to some.
_EMPTY_MONTHS = 3
_STAYS_EMPTY = 0.87
#: What is left of a chance where something speaks against it: money that comes early or late by a
#: few days, a loan (who owes cannot close, until it is paid).
_AGAINST = 0.12
_WITH_LOAN = 0.05
#: Who leaves without having decided to: an account that was nearly empty all along.
_BY_CHANCE = 0.0022
#: Who is which person of the truth: a person decides once, for all of his numbers.
PERSONS = """
    number_of as (
        select distinct customer_id, customer_key from vault.identity.dim_customer_identity
    ),

    person as (
        select customer_id, same_as_customer_id as person_id
        from read_csv($truth || '/same_person.csv', all_varchar = true)
    ),

    known as (
        select
            number_of.customer_key,
            coalesce(person.person_id, number_of.customer_id) as person_id
        from number_of
        left join person on number_of.customer_id = person.customer_id
    ),
"""
_FACTS = f"""
    with {PERSONS}

    hazard as (
        select
            customer_id as person_id,
            date_trunc('month', cast(month as date)) as month_date,
            max(hazard) as hazard
        from read_parquet($truth || '/churn_hazard.parquet')
        group by all
    ),

    decision as (
        select
            customer_id as person_id,
            arg_min(kind, decided_date) as kind,
            min(cast(decided_date as date)) as decided_date,
            arg_min(cast(run_down_until_date as date), decided_date) as until_date
        from read_csv($truth || '/churn.csv', all_varchar = true)
        group by customer_id
    ),

    observed as (
        select
            feature.customer_key,
            feature.observation_date,
            feature.has_loan_before_obs,
            known.person_id
        from crm.feature.ftr_customer as feature
        inner join known on feature.customer_key = known.customer_key
        where feature.observation_date = last_day(feature.observation_date)
    ),

    ahead as (
        select unnest(range(1, {GAP + HORIZON + 1})) as number
    ),

    chances as (
        select
            observed.customer_key,
            observed.observation_date,
            list(hazard.hazard order by ahead.number) as hazards
        from observed
        cross join ahead
        left join hazard
            on observed.person_id = hazard.person_id
            and hazard.month_date
            = date_trunc('month', observed.observation_date) + to_months(ahead.number)
        group by observed.customer_key, observed.observation_date
    )

    select
        observed.customer_key,
        observed.observation_date,
        observed.has_loan_before_obs as has_loan,
        coalesce(decision.kind, 'none') as kind,
        datediff('month', observed.observation_date, decision.until_date) as months_until,
        chances.hazards
    from observed
    inner join chances
        on observed.customer_key = chances.customer_key
        and observed.observation_date = chances.observation_date
    left join decision
        on observed.person_id = decision.person_id
        and decision.decided_date <= observed.observation_date
    order by observed.customer_key, observed.observation_date
"""  # noqa: S608  text of our own


def published_demo(home: Home) -> Path | None:
    """Folder of the published generation of a demo bank, or a sentence on stderr."""
    published = generations.current(home.warehouse)
    if published is None or not (home.demo / "truth" / "churn_hazard.parquet").is_file():
        sys.stderr.write("Here is no published demo bank: crm demo, then crm run.\n")
        return None
    return generations.folder_of(home.warehouse, published.number)


def opened(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection that reads both files of a generation, as ``crm`` and ``vault``."""
    connection = duckdb.connect()
    for name in ("crm", "vault"):
        connection.execute(f"attach '{folder / name}.duckdb' as {name} (read_only)")
    return connection


def chances_of(facts: pl.DataFrame) -> Array:
    """The chance of each customer-month to be lost for good in the label's months, if not before.

    Args:
        facts: has_loan, kind (of who has decided), months_until (his money is gone, counted from
            the observation), hazards (one per month from the next on; null where nobody was asked,
            as he had decided by then).
    """
    has_loan = facts.get_column("has_loan").to_numpy()
    kind = facts.get_column("kind").to_numpy()
    month = facts.get_column("months_until").fill_null(0).to_numpy()
    undecided = np.where(has_loan, _WITH_LOAN, 1.0)
    told = 1 - (1 - _by_decision(facts.get_column("hazards"), undecided)) * (1 - _BY_CHANCE)
    closes = (month > GAP) & (month <= GAP + HORIZON)
    told = np.where(
        kind == "hard_closed", np.where(has_loan, _WITH_LOAN, np.where(closes, 0.98, 0.01)), told
    )
    lost = month + _EMPTY_MONTHS
    # Whose loss was due in the gap is judged only where it had not come by then.
    is_due = (lost >= GAP) & (lost <= GAP + HORIZON)
    empties = np.where(is_due, _STAYS_EMPTY, _AGAINST)
    told = np.where(kind == "hard_emptied", np.where(has_loan, 0.2, empties), told)
    return np.where(kind == "soft", _BY_CHANCE, told)


def _by_decision(hazards: pl.Series, share: Array) -> Array:
    """The chance that somebody decides in a coming month and is lost in time, if not in the gap."""
    by_month = np.array(hazards.to_list(), dtype=np.float64).T
    closed, emptied = (LEAVING_SHARE[kind] * share for kind in (LEFT_CLOSED, LEFT_EMPTIED))
    undecided, lost, lost_before = (np.full(len(share), each) for each in (1.0, 0.0, 0.0))
    chance = np.zeros(len(share))
    for number, known in enumerate(by_month):
        # Nobody is asked again after he decided; what he would have been asked is like before.
        chance = np.where(np.isnan(known), chance, known)
        now = undecided * chance
        in_gap, in_time, emptied_in_time = (
            gone_by(number, month) for month in (GAP, GAP + HORIZON, GAP + HORIZON - _EMPTY_MONTHS)
        )
        # Not lessened by what comes back: at 200,000 as many of them were lost as are told here.
        lost += now * (closed * (in_time - in_gap) + emptied * emptied_in_time)
        lost_before += now * closed * in_gap
        undecided = undecided * (1 - chance)
    result: Array = lost / (1 - lost_before)
    return result


def gone_by(decided: int, month: int) -> float:
    """The chance that the money is gone by the end of a month, if he decided in another one.

    Both are counted from the observation, the month after it as 0 of ``decided`` and ended by 1 of
    ``month``. The day of the decision is any of its month.
    """
    middles = (np.arange(60) + 0.5) / 60
    days = (month - decided - middles) * _MONTH_DAYS
    within = gamma.cdf(days, RUN_DOWN_SHAPE, scale=RUN_DOWN_SCALE)
    sure = np.where(days >= RUN_DOWN_MOST, 1.0, np.where(days < RUN_DOWN_LEAST, 0.0, within))
    return float(sure.mean())


def main() -> int:
    """Write the oracle's probabilities; exit code 1 where there is nothing to read."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", 1)[0])
    parser.add_argument("--home", default=None, help="home of the demo bank")
    parser.add_argument("--output", required=True, type=Path, help="CSV file to write")
    given = parser.parse_args()
    home = Home.resolve(None if given.home is None else Path(given.home))
    folder = published_demo(home)
    if folder is None:
        return 1
    with opened(folder) as connection:
        facts = connection.execute(_FACTS, {"truth": str(home.demo / "truth")}).pl()
    frame = facts.select("customer_key", "observation_date").with_columns(
        oracle=pl.Series(chances_of(facts))
    )
    # Of a person's several numbers that were merged the one that is surest to go.
    frame = frame.group_by("customer_key", "observation_date").agg(pl.col("oracle").max())
    frame = frame.sort("customer_key", "observation_date")
    frame.write_csv(given.output)
    sys.stdout.write(f"{frame.height:,} customer-months, {given.output}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
