"""Write what the demo bank's own hazard says of each customer, to judge the churn model beside it.

    python -m scripts.churn_oracle --home data --output oracle.csv
    crm ml evaluate --label hard_3m --beside oracle.csv

The demo bank decides every month, by a chance that it keeps in its truth folder, who begins to
leave. No night reads that folder. At a month end the oracle knows the chances of the next month,
and who has decided already, in which way and until when his money lasts. It does not know later
chances, nor who leaves a bank by nobody's decision. So a model near it has found what is planted
and can be known on the day; one that also learns how later months go may pass it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import duckdb

from dagster_project.home import Home
from ingestion.demo_bank.life import LEAVING_SHARE, LEFT_CLOSED
from serving import generation as generations

#: Of those who decide to leave, who closes his accounts; who empties them counts as lost later.
CLOSED_SHARE = LEAVING_SHARE[LEFT_CLOSED]
_MONTHS = 3
#: Who leaves without having decided to: an account that was nearly empty all along.
_BY_CHANCE = 0.002
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
_ORACLE = f"""
    with {PERSONS}

    hazard as (
        select customer_id as person_id, month, max(hazard) as hazard
        from read_parquet($truth || '/churn_hazard.parquet')
        group by customer_id, month
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

    foretold as (
        select
            observed.customer_key,
            observed.observation_date,
            case
                when decision.kind = 'hard_closed' then 0.97
                -- Emptied accounts are lost after three months below a yuan.
                when decision.kind = 'hard_emptied'
                    then if(
                        last_day(decision.until_date + interval 3 month)
                        <= last_day(observed.observation_date + interval 4 month), 0.9, 0.3
                    )
                when decision.kind = 'soft' then 0.01
                else
                    1 - pow(
                        1 - coalesce(hazard.hazard, 0)
                        * if(observed.has_loan_before_obs, 0.05, $closed), $months
                    ) * (1 - $chance)
            end as oracle
        from observed
        left join hazard
            on observed.person_id = hazard.person_id
            and cast(hazard.month as date) = observed.observation_date + interval 1 day
        left join decision
            on observed.person_id = decision.person_id
            and decision.decided_date <= observed.observation_date
    )

    select customer_key, observation_date, max(oracle) as oracle
    from foretold
    group by customer_key, observation_date
    order by customer_key, observation_date
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
        frame = connection.execute(
            _ORACLE,
            {
                "truth": str(home.demo / "truth"),
                "closed": CLOSED_SHARE,
                "months": _MONTHS,
                "chance": _BY_CHANCE,
            },
        ).pl()
    frame.write_csv(given.output)
    sys.stdout.write(f"{frame.height:,} customer-months, {given.output}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
