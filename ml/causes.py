"""Why customers leave, in total: what each theme of features adds to the leavers that are expected.

For each customer the probability without a theme is the one whose log-odds lack the theme's
contributions, that is, with the theme at what it adds on average. What is left of the expected
leavers where a theme pushes is what it accounts for; where it holds customers, what it keeps.
Themes act together, so what they account for does not add up to the leavers.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from ml.frames.themes import THEMES, theme_of
from ml.models.pipelines import Array, Attribution

#: Columns of the feed ml__churn_cause, in their order.
CAUSE_SCHEMA = {
    "observation_date": pl.Date,
    "model_version": pl.String,
    "theme_code": pl.String,
    "population_code": pl.String,
    "customer_count": pl.Int64,
    "expected_count": pl.Float64,
    "pushed_count": pl.Int64,
    "accounted_count": pl.Float64,
    "kept_count": pl.Float64,
}
#: Feature that says it, and the column it goes to.
SEGMENT = "population_type_code"
POPULATION = "population_code"
UNKNOWN_SEGMENT = "unknown"


def causes(
    why: Attribution, probability: Array, segments: pl.Series, version: str, day: date
) -> pl.DataFrame:
    """One row per theme and population: what the theme accounts for among those scored.

    Args:
        why: Contributions on the log-odds scale, of every feature.
        probability: Of each customer, with all of them.
        segments: Population of each customer.
        version: Of the model.
        day: Observation date.
    """
    themes = np.array([theme_of(name).code for name in why.features])
    odds = why.contributions.sum(axis=0) + why.expected
    parts = []
    for theme in THEMES:
        pull = why.contributions[themes == theme.code].sum(axis=0)
        less = probability - 1 / (1 + np.exp(pull - odds))
        parts.append(
            pl.DataFrame(
                {POPULATION: segments.fill_null(UNKNOWN_SEGMENT), "p": probability, "less": less}
            )
            .group_by(POPULATION, maintain_order=True)
            .agg(
                customer_count=pl.len().cast(pl.Int64),
                expected_count=pl.col("p").sum(),
                pushed_count=(pl.col("less") > 0).sum().cast(pl.Int64),
                accounted_count=pl.col("less").clip(lower_bound=0).sum(),
                kept_count=-pl.col("less").clip(upper_bound=0).sum(),
            )
            .with_columns(theme_code=pl.lit(theme.code))
        )
    return (
        pl.concat(parts)
        .with_columns(observation_date=pl.lit(day), model_version=pl.lit(version))
        .select(list(CAUSE_SCHEMA))
        .cast(CAUSE_SCHEMA)  # type: ignore[arg-type]
        .sort("theme_code", POPULATION)
    )
