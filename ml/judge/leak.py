"""Does one recorded fact know the label? Then it was written after what it should foretell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ml.errors import LeakSuspected
from ml.frames.features import Feature, chinese_name
from ml.judge.metrics import Z_95, Array, spearman

#: A fact that tells events from others this well has seen the label, and so has a model: a label
#: with one row in a hundred turned round reaches 0.99. The best honest fact of the demo bank
#: reaches 0.72, and scores of behaviour for default, the easiest of these questions, about 0.95.
LEAK_AUC = 0.97
#: Rank correlation with a value from which a fact has seen it. The best honest fact of the demo
#: bank reaches 0.62, and last quarter's value, which next quarter's may honestly be like, 0.86.
LEAK_RANK = 0.95
LEAK_OWN_RANK = 0.99
#: Where a value of a fact is as good as a promise of the event, for whom it stands at all, it was
#: written after the event: a mark of 40% of the leavers and of nobody else has an AUC of 0.70 only.
#: The surest honest value of a demo bank of 200,000, money that went to nil, promises 0.83.
LEAK_RATE = 0.97
#: Values of a number up to which each is looked at by itself; above, parts of equal size are.
_MOST_VALUES = 200
#: What is known of fewer rows of either kind tells nothing.
_LEAST_ROWS = 30


@dataclass(frozen=True)
class Strongest:
    """The fact that tells most of the label by itself.

    Attributes:
        feature: Its name.
        measure: ``auc`` of an event, ``rank`` of a value, ``rate`` where one of its values promises
            the event.
        figure: How well, in the better direction.
        bound: From where on it is taken for a leak.
        where: The value that promises the event.
    """

    feature: str
    measure: str
    figure: float
    bound: float
    where: str = ""

    def as_data(self) -> dict[str, Any]:
        """Plain data for the report."""
        return asdict(self)

    def check(self) -> None:
        """Refuse a fact that knows the label.

        Raises:
            LeakSuspected: One sentence with the fact and what it reached.
        """
        if self.figure < self.bound:
            return
        chinese, english = {
            "auc": ("仅凭它区分客户，AUC 已为", "tells them apart with AUC"),
            "rank": ("仅凭它给客户排序，秩相关已为", "ranks them with a correlation of"),
            "rate": (
                f"其值为 {self.where} 的客户，发生率下限已为",
                f"promises it where it is {self.where}, with a rate of at least",
            ),
        }[self.measure]
        raise LeakSuspected(
            f"特征 {chinese_name(self.feature)}似乎事先知道标签：{chinese} {self.figure:.4f}，"
            f"达到 {self.bound} 即不可能是预测；请查该列在何处、何时写入。",
            f"{self.feature} seems to know the label: alone it {english} {self.figure:.4f}, and "
            f"from {self.bound} on that is no foresight; look at where and when the column is "
            "written.",
        )


def strongest_of_event(
    frame: pl.DataFrame,
    features: Sequence[Feature],
    is_event: NDArray[np.bool_],
    odds_kept: float = 1.0,
) -> Strongest:
    """The fact with the greatest AUC, or one of which a value promises the event.

    A number is looked at by its order, a category by the rate of its codes. A missing value counts
    as the smallest number, and as a code of its own; where only some rows have a value, they are
    looked at by themselves too.

    Args:
        frame: Rows that teach.
        features: The contract.
        is_event: With whom it happened.
        odds_kept: Odds of the event in all rows over those in these, where others were thinned out.
    """
    found = [
        Strongest(
            name,
            "auc",
            max(separation(is_event[rows], column[rows]) for rows in looks),
            LEAK_AUC,
        )
        for name, column, looks in _columns(frame, features, is_event.astype(np.float64))
    ]
    best = max(found, key=lambda each: each.figure)
    if best.figure >= LEAK_AUC:
        return best
    surest = max(
        (surest_value(frame.get_column(each.name), is_event, odds_kept) for each in features),
        key=lambda each: each.figure,
    )
    return surest if surest.figure >= LEAK_RATE else best


def surest_value(column: pl.Series, is_event: NDArray[np.bool_], odds_kept: float) -> Strongest:
    """The value of a fact with the greatest lower end of the event's rate (Wilson 1927)."""
    value = column
    if column.dtype.is_numeric() and column.n_unique() > _MOST_VALUES:
        numbers = column.cast(pl.Float64).fill_null(np.nan).to_numpy()
        known = numbers[~np.isnan(numbers)]
        cuts = np.unique(np.quantile(known, np.linspace(0, 1, _MOST_VALUES // 2)))
        part = np.where(np.isnan(numbers), -1, np.searchsorted(cuts, numbers, side="right"))
        value = pl.Series(part)
    told = (
        pl.DataFrame({"value": value, "at": column, "event": is_event})
        .group_by("value")
        .agg(pl.len(), pl.col("event").sum(), low=pl.col("at").min(), high=pl.col("at").max())
        .with_columns(rate=pl.col("event") / pl.col("len"))
    )
    rate, count = told.get_column("rate").to_numpy(), told.get_column("len").to_numpy()
    square = Z_95**2 / count
    spread = Z_95 * np.sqrt(rate * (1 - rate) / count + square / count / 4)
    low = (rate + square / 2 - spread) / (1 + square)
    low = np.minimum(low, 1 - 1e-12)
    odds = low / (1 - low) * odds_kept
    place = int(np.argmax(odds))
    first, last = told.get_column("low")[place], told.get_column("high")[place]
    where = "空 null" if first is None else f"{first}" if first == last else f"{first} – {last}"
    figure = float(odds[place] / (1 + odds[place]))
    return Strongest(column.name, "rate", figure, LEAK_RATE, where)


def strongest_of_value(
    frame: pl.DataFrame, features: Sequence[Feature], value: Array, own: str
) -> Strongest:
    """The fact whose rank correlation with a value is greatest for its bound.

    Args:
        frame: Rows that teach.
        features: The contract.
        value: Of each row.
        own: The column that says what the value was lately; it alone may come near.
    """
    found = [
        Strongest(
            name,
            "rank",
            max(abs(spearman(value[rows], column[rows])) for rows in looks),
            LEAK_OWN_RANK if name == own else LEAK_RANK,
        )
        for name, column, looks in _columns(frame, features, value)
    ]
    leaks = [each for each in found if each.figure >= each.bound]
    return max(leaks or found, key=lambda each: each.figure)


def check_judged(model_name: str, metrics: dict[str, dict[str, float]]) -> None:
    """Refuse a version that foretells too well: facts may know the label only together.

    Raises:
        LeakSuspected: The AUC, or of a hazard the concordance, is that of a leak.
    """
    for role, of_role in metrics.items():
        reached = of_role.get("auc", of_role.get("concordance", 0.0))
        if reached >= LEAK_AUC:
            what = "模型" if role == "model" else "基线"
            raise LeakSuspected(
                f"模型 {model_name} 的{what}在较晚日期的客户上 AUC 为 {reached:.4f}，"
                f"达到 {LEAK_AUC} 即不可能是预测：几个特征合起来似乎事先知道标签；"
                "请查影响最大的特征何时写入。",
                f"The {role} of {model_name} reaches an AUC of {reached:.4f} on customers of a "
                f"later date, and from {LEAK_AUC} on that is no foresight: some features together "
                "seem to know the label; look at those that weigh most and when they are written.",
            )


def separation(is_event: NDArray[np.bool_], column: Array) -> float:
    """AUC of one column in its better direction; 0.5 where either kind has too few rows."""
    events = int(is_event.sum())
    others = len(is_event) - events
    if min(events, others) < _LEAST_ROWS:
        return 0.5
    ranks = pl.Series(column).rank("average").to_numpy()
    auc = (ranks[is_event].sum() - events * (events + 1) / 2) / (events * others)
    return float(max(auc, 1 - auc))


def _columns(
    frame: pl.DataFrame, features: Sequence[Feature], target: Array
) -> Iterator[tuple[str, Array, list[Any]]]:
    """(name, numbers, the rows to look at) of every feature; a category by its codes' means."""
    for feature in features:
        column = frame.get_column(feature.name)
        if feature.kind == "category":
            codes = pl.DataFrame({"code": column, "target": target})
            means = codes.select(pl.col("target").mean().over("code")).to_series()
            yield feature.name, means.to_numpy(), [slice(None)]
            continue
        numbers = column.cast(pl.Float64).fill_null(-np.inf).to_numpy()
        known = np.isfinite(numbers)
        looks: list[Any] = [slice(None)]
        if _LEAST_ROWS < known.sum() < len(known):
            looks.append(known)
        yield feature.name, numbers, looks
