"""Champion against challenger: both on the same customers of a period that neither learnt from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ml.errors import FrameRefused, Pair, PeriodRefused
from ml.frames.features import FEATURES, check_frame, chinese_name, of_label
from ml.frames.hashing import frame_checksum
from ml.frames.split import labelled_rows, months_until_known
from ml.judge import metrics
from ml.models.pipelines import BETTER_Z, SEED, inputs
from ml.models.scorer import Scorer, kind_of
from ml.names import called
from ml.registry.checks import check_label
from ml.registry.store import LoadedModel

#: Resamples of customers behind the interval of a measure, and rows that each may hold: more rows
#: need no resampling to be judged by.
_RESAMPLES = 200
_MOST_ROWS = 20_000
#: Slope of seen on predicted log-odds that a promoted probability must keep to: outside, 20% reads
#: as something that it is not. Wider than what is aimed at on large banks, as luck alone moves the
#: slope of a county bank's quarter by a tenth.
CALIBRATION_BOUNDS = (0.75, 1.35)


@dataclass(frozen=True)
class Difference:
    """One measure of both, and how far the second lies above the first.

    Attributes:
        measure: Name of the measure.
        first: The champion's, or of the version named first.
        second: The challenger's.
        low: Lower end of the 95% interval of the difference.
        high: Upper end.
    """

    measure: str
    first: float
    second: float
    low: float
    high: float


@dataclass(frozen=True)
class Contest:
    """Two versions on the same rows.

    Attributes:
        name: The model.
        first: Version that holds the place.
        second: Version that wants it.
        period: Observation date that both are judged on; neither learnt from it, nor from labels
            that look at the months after it.
        rows: Customers judged.
        checksum: Of those rows, so that a later reader knows the same were compared.
        loss_saved: Mean loss per customer that the second saves, in units of the model's own loss.
        loss_saved_low: Lower end of its 95% interval.
        loss_saved_high: Upper end.
        z: The same in standard errors.
        differences: Every measure of both.
        objections: Why the second is not promoted by the rule, in Chinese and in English; none
            where it is.
    """

    name: str
    first: str
    second: str
    period: date
    rows: int
    checksum: str
    loss_saved: float
    loss_saved_low: float
    loss_saved_high: float
    z: float
    differences: tuple[Difference, ...]
    objections: tuple[Pair, ...]

    @property
    def is_won(self) -> bool:
        """Whether the rule promotes the second."""
        return not self.objections

    def figures(self) -> dict[str, Any]:
        """What a promotion is signed with."""
        return {
            "against": self.first,
            "period": self.period.isoformat(),
            "rows": self.rows,
            "checksum": self.checksum,
            "loss_saved": self.loss_saved,
            "loss_saved_low": self.loss_saved_low,
            "loss_saved_high": self.loss_saved_high,
            "z": self.z,
            "measures": {each.measure: [each.first, each.second] for each in self.differences},
            "objections": [english for _, english in self.objections],
            "objections_zh": [chinese for chinese, _ in self.objections],
        }


def contest(
    first: LoadedModel,
    second: LoadedModel,
    frame: pl.DataFrame,
    *,
    period: date | None = None,
) -> Contest:
    """Judge two versions of one model on the same rows.

    Args:
        first: The champion.
        second: The challenger.
        frame: Features and labels, as training reads them.
        period: Observation date to judge on; the latest labelled one unless given.

    Raises:
        FrameRefused: The frame breaks the contract, or has no label.
        PeriodRefused: The period has no labels, or is before the month end that judged one of the
            two: labels that taught it may overlap the period's.
        ModelRefused: One of the two was taught on another label.
    """
    kind = kind_of(first.name)
    rows = _frozen_rows(first, second, frame, period)
    seen = rows.get_column(kind.label).to_numpy().astype(np.float64)
    keys = rows.get_column("customer_key").to_numpy()
    columns = inputs(rows, FEATURES)
    day = rows.get_column("observation_date").item(0)
    scores = [_forecaster(model, day).predict(columns) for model in (first, second)]
    saved = kind.losses(seen, scores[0]) - kind.losses(seen, scores[1])
    mean = float(saved.mean())
    error = float(saved.std(ddof=1)) / len(saved) ** 0.5 if len(saved) > 1 else 0.0
    differences = _differences(kind.measure, seen, scores, keys)
    z = metrics.paired_z(saved)
    return Contest(
        name=first.name,
        first=first.version,
        second=second.version,
        period=day,
        rows=rows.height,
        checksum=frame_checksum(rows, ["observation_date", "customer_key"]),
        loss_saved=mean,
        loss_saved_low=mean - metrics.Z_95 * error,
        loss_saved_high=mean + metrics.Z_95 * error,
        z=z,
        differences=differences,
        objections=_objections(first, second, z, {d.measure: d.second for d in differences}),
    )


def _forecaster(model: LoadedModel, day: date) -> Scorer:
    """The version as it would have foretold a day: its level may come from that very month."""
    judged_on = model.manifest["training"]["test_date"]
    return model.scorer.as_judged() if judged_on >= day.isoformat() else model.scorer


def _frozen_rows(
    first: LoadedModel,
    second: LoadedModel,
    frame: pl.DataFrame,
    period: date | None,
) -> pl.DataFrame:
    """Rows of one labelled month end, in a fixed order, that neither version was taught with."""
    kind = kind_of(first.name)
    labelled = labelled_rows(of_label(frame, kind.label), kind.label)
    days = labelled.get_column("observation_date").unique().sort().to_list()
    if not days:
        raise FrameRefused(
            "没有标签已知的数据行，无从比较。",
            "No row has a known label, so nothing can be compared.",
        )
    if period is not None and period not in days:
        raise PeriodRefused(
            f"{period} 没有标签已知的数据行，无从比较。",
            f"No row of {period} has a known label, so nothing can be compared on it.",
        )
    day = period or days[-1]
    window = months_until_known(labelled, kind.label)
    for model in (first, second):
        check_label(model.manifest, window, called(model.name, model.version))
    _check_unseen((first, second), day)
    rows = labelled.filter(pl.col("observation_date") == day)
    # A night also lets a column pass that others than those who are asked had; these rows are of
    # those alone, so a contest is refused where the night would have scored.
    absent = first.scorer.may_lack() & second.scorer.may_lack()
    checked = check_frame(rows, FEATURES, labels=(kind.label,), absent=absent)
    return checked.sort("observation_date", "customer_key")


def _check_unseen(models: Sequence[LoadedModel], day: date) -> None:
    """Refuse a month end before the one that judged a version: what taught it reaches up to there.

    It is not enough that the day itself taught nothing: labels of the last months that did look at
    the very months that the labels of a gap date look at.
    """
    judged_on = [model.manifest["training"]["test_date"] for model in models]
    latest = max(judged_on)
    if day.isoformat() < latest:
        who = models[judged_on.index(latest)]
        chinese, english = called(who.name, who.version)
        raise PeriodRefused(
            f"{chinese} 训练所用的标签可能涉及 {day} 之后的月份，不能用 {day} 检验；"
            f"可用 {latest} 及以后的月末。",
            f"{english} may have learnt what came after {day}, so it cannot be judged on it; it can"
            f" from {latest} on.",
        )


def _objections(
    first: LoadedModel, second: LoadedModel, z: float, measures: Mapping[str, float]
) -> tuple[Pair, ...]:
    """Why the rule does not promote the second, one sentence each."""
    told: list[Pair] = []
    if not z > BETTER_Z:
        told.append(
            (
                f"与 {first.version} 相比，损失降低量为 {z:+.1f} 个标准误，须超过 {BETTER_Z:.0f}",
                f"it saves {z:+.1f} standard errors of loss against {first.version}, and more than "
                f"{BETTER_Z:.0f} are needed",
            )
        )
    slope = measures.get("calibration_slope")
    low, high = CALIBRATION_BOUNDS
    if slope is not None and not low <= slope <= high:
        told.append(
            (
                f"校准斜率为 {slope:.2f}，不在 {low} 至 {high} 之间",
                f"its calibration slope is {slope:.2f}, outside {low} to {high}",
            )
        )
    lost = sorted(_unread(second) - _unread(first))
    if lost:
        told.append(
            (
                f"不再使用现役版本所用的特征 {'、'.join(map(chinese_name, lost))}",
                f"it no longer reads {', '.join(lost)}, which the champion does",
            )
        )
    return tuple(told)


def _unread(model: LoadedModel) -> set[str]:
    """Features of the contract that a version found empty, or too thin to learn from."""
    thin = model.manifest["training"].get("unused_features", [])
    return {*model.scorer.absent, *thin}


def _differences(
    measure: Callable[..., dict[str, float]],
    seen: NDArray[np.float64],
    scores: Sequence[NDArray[np.float64]],
    keys: NDArray[np.int64],
) -> tuple[Difference, ...]:
    """Every measure of both, with intervals from resampled customers, the same for both.

    A contest is of one month, where a row is a customer. :mod:`ml.judge.draws` weighs customers
    of many months, and only in measures of events that it can weigh; a contest draws whatever its
    model measures, a value in yuan too, so the measure itself is taken anew of each resample.
    """
    whole = [measure(seen, score, keys) for score in scores]
    rng = np.random.default_rng(SEED)
    size = min(len(seen), _MOST_ROWS)
    drawn: list[dict[str, float]] = []
    for _ in range(_RESAMPLES):
        rows = rng.integers(0, len(seen), size)
        if len(np.unique(seen[rows])) < 2:
            continue  # one class only: most measures do not exist there
        one, two = (measure(seen[rows], score[rows], keys[rows]) for score in scores)
        drawn.append({name: two[name] - one[name] for name in whole[0]})
    # A resample of fewer rows than there are spreads more by the root of their ratio.
    shrink = (size / len(seen)) ** 0.5
    found = []
    for name in whole[0]:
        apart = whole[1][name] - whole[0][name]
        spread = np.array([each[name] for each in drawn]) if drawn else np.array([apart])
        low, high = np.quantile(spread - spread.mean(), [0.025, 0.975]) * shrink
        found.append(
            Difference(
                name, whole[0][name], whole[1][name], apart + float(low), apart + float(high)
            )
        )
    return tuple(found)
