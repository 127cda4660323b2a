"""How the factories fare on any table, beside plain rivals, by repeated folds.

Every model sees the same folds, so differences are paired; their intervals are widened for folds
that share rows (Nadeau and Bengio 2003), without which five folds would find a difference in nearly
any two models.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy import stats
from sklearn.model_selection import RepeatedKFold, RepeatedStratifiedKFold

from ml.errors import TableRefused
from ml.frames.table import Table
from ml.judge import metrics
from ml.judge.rivals import OURS, makers
from ml.models.pipelines import SEED, single_thread

#: What is better when it is greater; of the others, less is better.
GREATER_IS_BETTER = frozenset({"auc", "average_precision", "lift_at_10pct", "r2", "spearman"})
_MEASURES = {
    True: (
        "auc", "average_precision", "brier", "log_loss", "calibration_slope", "ece",
        "lift_at_10pct",
    ),
    False: ("r2", "rmse", "mae", "spearman"),
}  # fmt: skip
#: A slope has no better direction: two are compared by how far each lies from 1.
SLOPE, FROM_ONE = "calibration_slope", "distance_of_the_slope_from_1"
#: Rows that each fold needs: of the rarer class to be there twice, of a quantity to be measured.
_CLASS_ROWS, _QUANTITY_ROWS = 2, 4
_FEWEST_FOLDS = 2
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Difference:
    """A measure of ours less the same of a rival's, over all folds.

    Attributes:
        rival: Name of the rival.
        measure: Name of the measure; of the slope it is its distance from 1 that is compared.
        mean: Mean difference.
        low: Lower end of its interval.
        high: Upper end.
        verdict: ``ahead``, ``behind``, or ``level`` where the interval holds nil.
    """

    rival: str
    measure: str
    mean: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True)
class Result:
    """What a benchmark found.

    Attributes:
        folds: One row per model and fold: every measure and the seconds of its fit.
        means: Per model, the mean of every measure.
        differences: Ours against each rival.
    """

    folds: pl.DataFrame
    means: dict[str, dict[str, float]]
    differences: tuple[Difference, ...]


def run(
    table: Table,
    *,
    folds: int = 5,
    repeats: int = 2,
    is_tuned: bool = False,
    tell: Callable[[int, int, float], None] = lambda *_: None,
) -> Result:
    """Fit and judge ours and its rivals on the same folds.

    Args:
        table: What :func:`ml.frames.table.prepare` made.
        folds: Folds of each repetition.
        repeats: Repetitions with rows dealt anew.
        is_tuned: Whether a boosting tuned by a search of its own is a rival too, and LightGBM
            where it is installed; takes minutes.
        tell: Gets, after each fold, how many are done, of how many, and the seconds so far.

    Raises:
        TableRefused: There are too few rows for so many folds.
    """
    _require_rows(table, folds)
    made = makers(table.is_binary, is_tuned)
    rows: list[dict[str, Any]] = []
    began = time.perf_counter()
    with single_thread():
        for number, (teaching, judging) in enumerate(_splits(table, folds, repeats)):
            for name, make in made.items():
                start = time.perf_counter()
                pipeline = make(table).fit(table.frame[teaching], table.target[teaching])
                seconds = time.perf_counter() - start
                measured = _measure(table, pipeline, judging)
                rows.append({"model": name, "fold": number, **measured, "fit_seconds": seconds})
            tell(number + 1, folds * repeats, time.perf_counter() - began)
    frame = pl.DataFrame(rows)
    measures = _MEASURES[table.is_binary]
    names = list(made)
    means = {
        row.pop("model"): row
        for row in frame.group_by("model", maintain_order=True)
        .agg(pl.col(*measures, "fit_seconds").mean())
        .to_dicts()
    }
    differences = tuple(
        _difference(frame, rival, measure, folds)
        for rival in names
        if rival != OURS
        for measure in measures
    )
    return Result(frame, means, differences)


def _require_rows(table: Table, folds: int) -> None:
    """Nothing, where there are rows enough for so many folds."""
    if table.is_binary:
        rows = int(min(table.target.sum(), len(table.target) - table.target.sum()))
        needed, whose_zh, whose = _CLASS_ROWS, "较少的一类只有", "the rarer class has"
    else:
        rows = len(table.target)
        needed, whose_zh, whose = _QUANTITY_ROWS, "表中只有", "there are"
    if rows >= needed * folds:
        return
    most = rows // needed
    if most >= _FEWEST_FOLDS:
        advice_zh, advice = f"请用 --folds {most}", f"ask for fewer folds: --folds {most}"
    else:
        advice_zh, advice = "行数太少，无法评判", "they are too few to be judged by any"
    raise TableRefused(
        f"{whose_zh} {rows} 行，{folds} 折至少需要 {needed * folds} 行；{advice_zh}。",
        f"{whose} {rows} rows, and {folds} folds need {needed * folds}; {advice}",
    )


def _splits(table: Table, folds: int, repeats: int) -> Iterator[tuple[Any, Any]]:
    """(rows that teach, rows that judge), the same for every model."""
    kind = RepeatedStratifiedKFold if table.is_binary else RepeatedKFold
    cut = kind(n_splits=folds, n_repeats=repeats, random_state=SEED)
    yield from cut.split(table.target, table.target)


def _measure(table: Table, pipeline: Any, judging: Any) -> dict[str, float]:
    """Measures of a fitted model on rows that it has not seen."""
    seen, frame = table.target[judging], table.frame[judging]
    if table.is_binary:
        found = metrics.event_metrics(seen, pipeline.predict_proba(frame)[:, 1], judging)
    else:
        found = metrics.quantity_metrics(seen, pipeline.predict(frame))
    return {name: found[name] for name in _MEASURES[table.is_binary]}


def _difference(frame: pl.DataFrame, rival: str, measure: str, folds: int) -> Difference:
    """Paired difference over the folds, with the interval of Nadeau and Bengio."""
    wide = frame.pivot(on="model", index="fold", values=measure).sort("fold")
    ours, theirs = wide.get_column(OURS).to_numpy(), wide.get_column(rival).to_numpy()
    if measure == SLOPE:
        ours, theirs = np.abs(ours - 1), np.abs(theirs - 1)
    apart = ours - theirs
    count = len(apart)
    # Test rows are one in (folds - 1) of the rows that teach.
    spread = float(np.sqrt((1 / count + 1 / (folds - 1)) * apart.var(ddof=1))) if count > 1 else 0.0
    reach = float(stats.t.ppf((1 + _CONFIDENCE) / 2, max(count - 1, 1))) * spread
    mean = float(apart.mean())
    low, high = mean - reach, mean + reach
    sign = 1 if measure in GREATER_IS_BETTER else -1
    verdict = "level" if low <= 0 <= high else "ahead" if sign * mean > 0 else "behind"
    name = FROM_ONE if measure == SLOPE else measure
    return Difference(rival, name, mean, low, high, verdict)
