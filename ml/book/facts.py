"""What a training run leaves for its book, as plain data: it goes into the signed report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from sklearn.pipeline import Pipeline

from ml.book.directions import directions, luck
from ml.book.hypotheses import hypotheses
from ml.frames.features import Feature, known_date
from ml.frames.split import TimeSplit
from ml.frames.themes import theme_of
from ml.models.blend import Blend
from ml.models.pipelines import Array, Attribution, inputs
from ml.models.scorer import Scorer, kind_of

#: Rows whose contributions are looked at: more move no picture.
EXPLAINED_ROWS = 20_000
#: Features beyond the contract have no theme.
OTHER = "other"


def importance(why: Attribution) -> dict[str, float]:
    """Mean size of what each feature adds to a score, largest first; nil is left out."""
    weight = np.abs(why.contributions).mean(axis=1)
    order = np.argsort(-weight, kind="stable")
    return {why.features[i]: float(weight[i]) for i in order if weight[i] > 0}


def book_facts(
    scorer: Scorer,
    why: Attribution,
    split: TimeSplit,
    sample: pl.DataFrame,
    features: Sequence[Feature],
    unused: Sequence[str],
) -> dict[str, Any]:
    """Everything that the page tells beyond metrics, tables and dates of the report, both roles'.

    Args:
        scorer: What was fitted.
        why: Contributions to the first rows of the judging date.
        split: Rows that taught and that judge.
        sample: The rows that taught, thinned.
        features: The feature contract.
        unused: Features too empty to be learnt from.
    """
    kind = kind_of(scorer.name)
    explained = inputs(split.test, features).head(why.contributions.shape[1])
    return {
        "label": {"code": kind.label, **_reach(split.test, kind.label)},
        "columns": _columns(sample, features, unused, scorer.absent),
        "recipe": {role: _recipe(each) for role, each in scorer.pipelines.items()},
        "themes": _themes(why),
        "directions": directions(why, explained, sample, kind.label, hypotheses(scorer.name)),
        "luck": luck(sample),
        "explained_rows": explained.height,
    }


def _reach(test: pl.DataFrame, label: str) -> dict[str, Any]:
    """How far the label of the judging date looked ahead."""
    known = test.get_column(known_date(label)).max()
    day = test.get_column("observation_date").max()
    if not isinstance(known, date) or not isinstance(day, date):
        return {"known_date": None, "reach_months": None}
    months = (known.year - day.year) * 12 + known.month - day.month
    return {"known_date": known.isoformat(), "reach_months": months}


def _columns(
    sample: pl.DataFrame,
    features: Sequence[Feature],
    unused: Sequence[str],
    absent: Sequence[str],
) -> list[dict[str, Any]]:
    """Each feature: share of missing values in training, and whether it was read."""
    return [
        {
            "name": feature.name,
            "missing_share": sample.get_column(feature.name).null_count() / max(sample.height, 1),
            "state": "absent"
            if feature.name in absent
            else "too few values"
            if feature.name in unused
            else "read",
        }
        for feature in features
    ]


def _recipe(pipeline: Pipeline) -> dict[str, Any]:
    """What a fitted pipeline is made of: members and weights of a blend, or the one estimator."""
    last = pipeline[-1]
    if not isinstance(last, Blend):
        return {"kind": type(last).__name__, "rounds": _rounds(last)}
    return {
        "kind": type(last).__name__,
        "intercept": float(last.intercept_),
        "members": [
            {
                "name": name,
                "weight": float(weight),
                "fitted": len(fitted),
                "kind": type(fitted[0]).__name__,
                "rounds": _rounds(fitted[0]),
            }
            for name, weight, fitted in zip(
                last.member_names_, last.weights_, last.members_, strict=True
            )
        ],
    }


def _rounds(model: Any) -> int | None:
    """Trees of a boosting; nothing for what has none."""
    trees = getattr(model, "_predictors", None)
    return None if trees is None else len(trees)


def _themes(why: Attribution) -> dict[str, float]:
    """Mean size of what the facts of each theme add together.

    Added before the size is taken: two facts of one complaint are one cause, and cancel where they
    say the opposite.
    """
    totals: dict[str, Array] = defaultdict(lambda: np.zeros(why.contributions.shape[1]))
    for name, row in zip(why.features, why.contributions, strict=True):
        totals[_theme_code(name)] = totals[_theme_code(name)] + row
    return {code: float(np.abs(row).mean()) for code, row in totals.items()}


def _theme_code(name: str) -> str:
    try:
        return theme_of(name).code
    except KeyError:
        return OTHER
