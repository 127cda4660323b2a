"""How good survival curves are, where some customers were watched for a short time only.

A customer of whom nothing is known after month five counts in no later month; those who were
watched as long as that, and are like him, count for him as well (inverse chance of being watched).

Sources:
    Graf, Schmoor, Sauerbrei, Schumacher 1999 (Brier score with censoring); Harrell 1982 (c).
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ml.errors import InputRefused
from ml.judge.metrics import Array

Months = NDArray[np.int64]
Flags = NDArray[np.bool_]


def brier_by_month(months: Months, lost: Flags, curves: Array) -> pl.DataFrame:
    """Mean squared distance of the curve from what was seen, for each month.

    Args:
        months: (customers,) month in which he left, or the last one he was watched to its end.
        lost: (customers,) whether he left.
        curves: (customers, horizon) chance to be there at the end of month 1, 2, ...

    Returns:
        ``month_number``, ``known_count`` (customers whose state at its end is known) and ``brier``.

    Raises:
        InputRefused: Shapes differ, a chance is not between 0 and 1, or nobody was watched to the
            horizon.
    """
    _check(months, lost, curves)
    horizon = curves.shape[1]
    watched = _chance_watched(months, lost, horizon)
    if watched[-1] <= 0:
        raise InputRefused(
            f"没有客户被观察满 {horizon} 个月，无法评判该期限。",
            f"no customer was watched for {horizon} months, so that horizon cannot be judged",
        )
    rows = []
    for month in range(1, horizon + 1):
        gone = lost & (months <= month)
        here = (months > month) | ((months == month) & ~lost)
        chance = curves[:, month - 1]
        squared = np.zeros(len(months))
        squared[gone] = chance[gone] ** 2 / watched[months[gone] - 1]
        squared[here] = (1 - chance[here]) ** 2 / watched[month - 1]
        rows.append(
            {
                "month_number": month,
                "known_count": int(gone.sum() + here.sum()),
                "brier": float(squared.mean()),
            }
        )
    return pl.DataFrame(rows)


def integrated_brier(months: Months, lost: Flags, curves: Array) -> float:
    """Mean of :func:`brier_by_month` over the months of the horizon; 0 is perfect."""
    return float(brier_by_month(months, lost, curves).get_column("brier").to_numpy().mean())


def harrell_c(months: Months, lost: Flags, risk: Array) -> float:
    """Share of pairs in which who left first had the greater risk; equal risks count half.

    A pair is compared when one left in a month that the other is known to have outlived. Two who
    left in the same month are no pair.

    Args:
        months: (customers,) as above.
        lost: (customers,) as above.
        risk: (customers,) greater means sooner; minus the restricted mean will do.

    Raises:
        InputRefused: Shapes differ, a risk is not finite, or no pair can be compared.
    """
    _check(months, lost, np.zeros((len(months), 1)))
    if risk.shape != months.shape or not np.isfinite(risk).all():
        raise InputRefused("风险评分缺失或无穷。", "a risk is missing, not finite or too many")
    right = pairs = 0.0
    for month in np.unique(months[lost]):
        first = risk[lost & (months == month)]
        later = np.sort(risk[(months > month) | ((months == month) & ~lost)])
        below = np.searchsorted(later, first, side="left")
        not_above = np.searchsorted(later, first, side="right")
        right += float((below + not_above).sum()) / 2
        pairs += len(first) * len(later)
    if not pairs:
        raise InputRefused(
            "没有可比较的客户对：无人流失，或流失都在同一个月。",
            "no two customers can be compared: nobody left, or all in the same month",
        )
    return right / pairs


def _chance_watched(months: Months, lost: Flags, horizon: int) -> Array:
    """(horizon,) chance of being watched to the end of month 1, 2, ... but for leaving."""
    chance = np.ones(horizon)
    for month in range(1, horizon):
        here = (months > month) | ((months == month) & ~lost)
        stopped = (months == month) & ~lost
        goes_on = 1 - stopped.sum() / here.sum() if here.any() else 0.0
        chance[month] = chance[month - 1] * goes_on
    return chance


def _check(months: Months, lost: Flags, curves: Array) -> None:
    """Refuse what cannot be compared row by row."""
    if not len(months) or months.shape != lost.shape or len(curves) != len(months):
        raise InputRefused(
            "月数、流失标记与曲线的行数不一致。", "months, losses and curves differ in length"
        )
    if months.min() < 1 or not ((curves >= 0) & (curves <= 1)).all():
        raise InputRefused(
            "月数须从 1 起，存续概率须在 0 与 1 之间。",
            "months begin with 1, and a chance lies between 0 and 1",
        )
