"""How good a score is: plain numbers and small tables, ready to be stored as asset metadata."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit, ndtri
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    log_loss,
    mean_absolute_error,
    roc_auc_score,
)

Array = NDArray[np.float64]

#: Standard errors on either side of an interval of 95%.
Z_95 = 1.96
BIN_COUNT = 10


def _order(score: Array, keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions from highest to lowest score; ties by key, never by row order."""
    return np.lexsort((keys, -score))


def equal_bins(size: int, count: int = BIN_COUNT) -> NDArray[np.int64]:
    """Bin number of each rank: ``count`` bins whose sizes differ by at most one.

    >>> equal_bins(5, 2).tolist()
    [0, 0, 0, 1, 1]
    """
    return (np.arange(size, dtype=np.int64) * count) // max(size, 1)


def lift_at(labels: Array, score: Array, keys: NDArray[np.int64], share: float = 0.1) -> float:
    """Rate of events among the top ``share`` by score, over the rate among all."""
    top = _order(score, keys)[: max(1, round(len(labels) * share))]
    return float(labels[top].mean() / labels.mean())


def expected_calibration_error(labels: Array, probability: Array) -> float:
    """Mean distance of predicted and seen rate over ten bins of equal size, weighted by size.

    Equal-width bins would put nearly every customer into the first one, as churn is rare.
    """
    table = calibration_table(labels, probability)
    total = sum(row["count"] for row in table)
    return float(
        sum(abs(row["predicted_rate"] - row["seen_rate"]) * row["count"] for row in table) / total
    )


def calibration_table(labels: Array, probability: Array) -> list[dict[str, float]]:
    """Predicted and seen rate per tenth of the customers, lowest probability first."""
    order = np.argsort(probability, kind="stable")
    bins = equal_bins(len(order))
    return [
        {
            "bin": float(number + 1),
            "count": float(len(rows)),
            "predicted_rate": float(probability[rows].mean()),
            "seen_rate": float(labels[rows].mean()),
        }
        for number in range(BIN_COUNT)
        if len(rows := order[bins == number])
    ]


def calibration_slope(labels: Array, probability: Array, weight: Array | None = None) -> float:
    """Slope of seen on predicted log-odds; 1 is right, below 1 means too sure of itself.

    Two-parameter logistic regression of the labels on the log-odds, rows weighted where asked.
    """
    return calibration_line(labels, probability, weight)[1]


def calibration_line(
    labels: Array, probability: Array, weight: Array | None = None
) -> tuple[float, float]:
    """(intercept, slope) of seen on predicted log-odds; see :func:`calibration_slope`."""
    share = np.ones(len(labels)) if weight is None else weight
    share = share / share.sum()
    clipped = np.clip(probability, 1e-9, 1 - 1e-9)
    odds = np.log(clipped / (1 - clipped))

    def loss(free: Array) -> tuple[float, Array]:
        raw = free[0] + free[1] * odds
        slope = share * (expit(raw) - labels)
        return float(share @ (np.logaddexp(0, raw) - labels * raw)), np.array(
            [slope.sum(), slope @ odds]
        )

    # Newton's own steps overshoot where a model is nearly sure of everything.
    found = minimize(loss, np.array([0.0, 1.0]), jac=True, method="BFGS")
    return float(found.x[0]), float(found.x[1])


def slope_error(labels: Array, probability: Array) -> float:
    """Standard error of a calibration slope, by the information of its two-parameter regression.

    Args:
        labels: Of the rows that the slope was found on.
        probability: As foretold of them.
    """
    intercept, slope = calibration_line(labels, probability)
    clipped = np.clip(probability, 1e-9, 1 - 1e-9)
    odds = np.log(clipped / (1 - clipped))
    likely = expit(intercept + slope * odds)
    weight = likely * (1 - likely)
    spread = float(weight @ (odds - (weight @ odds) / weight.sum()) ** 2)
    return float(1 / np.sqrt(spread)) if spread > 0 else float("inf")


def event_metrics(labels: Array, probability: Array, keys: NDArray[np.int64]) -> dict[str, float]:
    """Ranking and calibration of the probability of an event."""
    return {
        "row_count": float(len(labels)),
        "event_rate": float(labels.mean()),
        "mean_probability": float(probability.mean()),
        "auc": float(roc_auc_score(labels, probability)),
        "average_precision": float(average_precision_score(labels, probability)),
        "brier": float(brier_score_loss(labels, probability)),
        "log_loss": float(log_loss(labels, np.clip(probability, 1e-12, 1 - 1e-12))),
        "ece": expected_calibration_error(labels, probability),
        "calibration_slope": calibration_slope(labels, probability),
        "lift_at_10pct": lift_at(labels, probability, keys),
    }


def spearman(seen: Array, predicted: Array) -> float:
    """Rank correlation, ties at their mean rank; 0 where one side is constant."""
    left = pl.Series(seen).rank("average").to_numpy()
    right = pl.Series(predicted).rank("average").to_numpy()
    if left.std() == 0 or right.std() == 0:
        return 0.0
    return float(np.corrcoef(left, right)[0, 1])


def value_metrics(seen: Array, predicted: Array) -> dict[str, float]:
    """Error, order and total of a value in yuan."""
    total = float(seen.sum())
    return {
        "row_count": float(len(seen)),
        "mean_seen": float(seen.mean()),
        "mean_predicted": float(predicted.mean()),
        "mae": float(mean_absolute_error(seen, predicted)),
        "spearman": spearman(seen, predicted),
        # Null would be truer for a bank whose total is nil, but a number sorts and plots.
        "total_ratio": float(predicted.sum() / total) if total else 0.0,
    }


def quantity_metrics(seen: Array, predicted: Array) -> dict[str, float]:
    """Error and order of any number; 0 as the share explained where nothing varies."""
    error = seen - predicted
    spread = float(((seen - seen.mean()) ** 2).mean())
    return {
        "r2": 1 - float((error**2).mean()) / spread if spread else 0.0,
        "rmse": float(np.sqrt((error**2).mean())),
        "mae": float(np.abs(error).mean()),
        "spearman": spearman(seen, predicted),
    }


def decile_table(seen: Array, predicted: Array, keys: NDArray[np.int64]) -> list[dict[str, float]]:
    """Predicted and seen value per tenth of the customers, best tenth first."""
    order = _order(predicted, keys)
    bins = equal_bins(len(order))
    return [
        {
            "decile": float(number + 1),
            "count": float(len(rows)),
            "predicted_mean": float(predicted[rows].mean()),
            "seen_mean": float(seen[rows].mean()),
        }
        for number in range(BIN_COUNT)
        if len(rows := order[bins == number])
    ]


def lift_table(labels: Array, probability: Array, keys: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Seen churn per tenth of the customers, riskiest tenth first, with the share caught so far."""
    order = _order(probability, keys)
    bins = equal_bins(len(order))
    all_events = float(labels.sum())
    rows_of = [order[bins == number] for number in range(BIN_COUNT)]
    caught = np.cumsum([float(labels[rows].sum()) for rows in rows_of])
    return [
        {
            "decile": number + 1,
            "count": len(rows),
            "seen_rate": float(labels[rows].mean()),
            "caught_share": float(caught[number] / all_events) if all_events else 0.0,
        }
        for number, rows in enumerate(rows_of)
        if len(rows)
    ]


def paired_z(differences: Array) -> float:
    """Mean of paired differences in units of its standard error; 0 where nothing differs.

    >>> round(paired_z(np.array([1.0, 3.0, 1.0, 3.0])), 3)
    3.464
    """
    spread = float(differences.std(ddof=1)) if len(differences) > 1 else 0.0
    return float(differences.mean()) / spread * len(differences) ** 0.5 if spread else 0.0


def log_losses(labels: Array, probability: Array) -> Array:
    """Logarithmic loss of each row."""
    sure = np.clip(np.where(labels == 1, probability, 1 - probability), 1e-12, 1)
    losses: Array = -np.log(sure)
    return losses


def odds(share: float) -> float:
    """Odds of a share.

    >>> odds(0.2)
    0.25
    """
    return share / (1 - share)


def mean(column: pl.Series) -> float:
    """Mean of a column as a plain float; 0 for an empty one."""
    return float(column.to_numpy().mean()) if len(column) else 0.0


def share_interval(hits: ArrayLike, trials: ArrayLike, level: float = 0.95) -> tuple[Array, Array]:
    """(low, high) of a share by Wilson 1927, which stays between 0 and 1 even for few trials.

    >>> [round(float(end), 3) for end in share_interval(3, 4)]
    [0.301, 0.954]
    """
    z = float(ndtri((1 + level) / 2))
    size = np.asarray(trials, dtype=np.float64)
    rate = np.asarray(hits, dtype=np.float64) / size
    middle = rate + z * z / (2 * size)
    reach = z * np.sqrt(rate * (1 - rate) / size + z * z / (4 * size * size))
    low, high = ((middle + side * reach) / (1 + z * z / size) for side in (-1, 1))
    # None or all of the trials: the end is 0 or 1 but for the last bit.
    return np.maximum(low, 0.0), np.minimum(high, 1.0)
