"""Hold the causes that the churn model tells against those that the demo bank planted.

    python -m scripts.churn_causes --home data [--date 2025-11-30] [--label hard_3m]

The demo bank keeps, for each person and month, the chance to decide to leave by each cause; no
night reads it. Most who decide are lost for good, so the nightly recipe is fitted on that label
with what was known on a month end, and tells for each customer how much each theme of features
adds. (The nightly label counts those who drift away as well, whom mostly nothing planted moves.)
Printed, for the customers at risk in the month after:

* in total: leavers whom each cause is expected to move and leavers whom its theme accounts for, by
  population, and the rank correlation of the two over cause and population;
* by customer: the AUC of the theme's contribution for who has the cause (a chance of his own at
  least that of the upper tenth of all who have it at all), and among those who do, its rank
  correlation with the chance.

A theme is not a cause: a customer with a rival's branch next door may be told by the money that
already went there, which counts against the model here.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from dagster_project.home import Home
from dagster_project.stages.model_rows import read_features, read_training_rows
from ml.causes import POPULATION, SEGMENT, UNKNOWN_SEGMENT, causes
from ml.frames.features import FEATURES, known_date
from ml.frames.split import labelled_rows
from ml.frames.themes import theme_of
from ml.models.event import CHURN
from ml.models.pipelines import Array, Attribution, inputs, single_thread
from ml.train import MAX_TRAIN_ROWS, filled_enough
from scripts.churn_oracle import PERSONS, opened, published_demo

#: Themes that tell a cause of the demo bank; what is planted without a cause has none.
THEMES_OF = {
    "service": ("service",),
    "missed_visits": ("visits",),
    "better_rate": ("rate",),
    "moved_away": ("place",),
    "term_matured": ("maturity",),
    "competitor": ("rival", "around"),
}
#: Neither order nor extremes are told from fewer.
LEAST_CUSTOMERS = 20
_HAZARDS = f"""
    with {PERSONS}
    hazard as (
        select *
        from read_parquet($truth || '/churn_hazard.parquet')
        where cast(month as date) = $observed + interval 1 day
    )

    select known.customer_key, max(columns('hazard_.*'))
    from known
    inner join hazard on known.person_id = hazard.customer_id
    group by known.customer_key
"""  # noqa: S608  text of our own


def in_total(planted: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Expected leavers per cause and population, planted beside told."""
    rows = [
        planted.group_by(POPULATION)
        .agg(planted_count=pl.col(f"hazard_{cause}").sum())
        .join(
            told.filter(pl.col("theme_code").is_in(themes))
            .group_by(POPULATION)
            .agg(pl.col("accounted_count").sum()),
            on=POPULATION,
        )
        .select(pl.lit(cause).alias("cause"), POPULATION, "planted_count", "accounted_count")
        for cause, themes in THEMES_OF.items()
    ]
    return pl.concat(rows).sort("cause", POPULATION)


def by_customer(planted: pl.DataFrame, why: Attribution) -> pl.DataFrame:
    """How well each theme's contribution tells who has its cause.

    Args:
        planted: One row per customer, in the order of the contributions.
        why: Contributions of the champion.
    """
    themes = np.array([theme_of(name).code for name in why.features])
    rows = []
    for cause, told_by in THEMES_OF.items():
        chance = planted.get_column(f"hazard_{cause}").to_numpy()
        pull = why.contributions[np.isin(themes, told_by)].sum(axis=0)
        has_any = chance > 0
        if has_any.sum() < LEAST_CUSTOMERS:
            continue
        high = chance >= np.quantile(chance[has_any], 0.9)
        rows.append(
            {
                "cause": cause,
                "themes": " ".join(told_by),
                "customers": int(has_any.sum()),
                "auc": float(roc_auc_score(high, pull)) if not high.all() else None,
                "rank": float(spearmanr(chance[has_any], pull[has_any]).statistic),
            }
        )
    return pl.DataFrame(rows)


def explained(
    database: Path, observed: dt.date, label: str, frame: pl.DataFrame
) -> tuple[Array, Attribution]:
    """Probability and contributions of each row, by the nightly recipe as known on a date."""
    known = read_training_rows(database, CHURN.name, label=label).filter(
        pl.col(known_date(label)) <= observed
    )
    rows = labelled_rows(known, label)
    kind = replace(CHURN, label=label)
    sample = kind.sample(rows, MAX_TRAIN_ROWS)
    with single_thread():
        pipelines, constants = kind.fit(sample, filled_enough(sample, FEATURES), rows)
        columns = inputs(frame, FEATURES)
        chance = kind.predict(pipelines, constants, columns, "model")
        return chance, kind.explain(pipelines, constants, columns, "model")


def read(folder: Path, truth: Path, observed: dt.date) -> pl.DataFrame:
    """Features of a month end, and the chances of the next month, of the customers at risk."""
    with opened(folder) as connection:
        planted = connection.execute(_HAZARDS, {"truth": str(truth), "observed": observed}).pl()
    features = read_features(folder / "crm.duckdb", observed)
    return features.join(planted, on="customer_key", how="inner").sort("customer_key")


def main() -> int:
    """Print both tables; exit code 1 where there is nothing to read."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", 1)[0])
    parser.add_argument("--home", default=None, help="home of the demo bank")
    parser.add_argument(
        "--date", type=dt.date.fromisoformat, default=dt.date(2025, 11, 30), help="a month end"
    )
    parser.add_argument("--label", default="hard_3m", help="label that teaches")
    given = parser.parse_args()
    home = Home.resolve(None if given.home is None else Path(given.home))
    folder = published_demo(home)
    if folder is None:
        return 1
    frame = read(folder, home.demo / "truth", given.date)
    if frame.is_empty():
        sys.stderr.write(f"Of {given.date} no features or no chances are kept.\n")
        return 1
    chance, why = explained(folder / "crm.duckdb", given.date, given.label, frame)
    told = causes(why, chance, frame[SEGMENT], "", given.date)
    frame = frame.with_columns(pl.col(SEGMENT).fill_null(UNKNOWN_SEGMENT).alias(POPULATION))
    total = in_total(frame, told)
    with pl.Config(tbl_rows=-1, tbl_cols=-1, float_precision=3, tbl_hide_dataframe_shape=True):
        sys.stdout.write(f"{given.label}, {frame.height:,} at risk, {given.date}\n")
        sys.stdout.write(f"{total}\n{by_customer(frame, why)}\n")
    whole = total.group_by("cause").agg(pl.sum("planted_count", "accounted_count"))
    for name, table in (("cause and population", total), ("cause", whole)):
        rank = spearmanr(table["planted_count"], table["accounted_count"]).statistic
        sys.stdout.write(f"rank correlation over {name}: {rank:.2f} ({table.height} rows)\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
