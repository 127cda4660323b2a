"""What customers hold with other banks, told for all from what some of them said.

Who was asked on a survey form named an amount; everybody else has an estimate with a band, and so
has he, from models that never saw his own word. Two ways are judged on customers held out: the
blend of :mod:`ml.models.factories`, and the plain median of the size class. The plain one is
published unless the other errs less by more than luck. What is learnt is amounts as they were said:
who was surveyed is no random sample, and who keeps silent on his money is not corrected for.

All is done on the root of yuan, between yuan and shares: amounts are skewed, and many are nil.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ml.frames.checks import finite, model_inputs, require_columns
from ml.frames.columns import Columns
from ml.frames.features import FEATURES
from ml.frames.hashing import buckets
from ml.judge.metrics import paired_z, value_metrics
from ml.models.factories import blended_regressor
from ml.models.intervals import margins_around
from ml.models.pipelines import BETTER_Z, Array, single_thread
from ml.names import EVERYBODY

#: What he said himself; it must not tell itself.
OWN_WORD = "external_deposit_amount_before_obs"
#: What the model reads: every feature but that.
COLUMNS = Columns.of_contract([feature for feature in FEATURES if feature.name != OWN_WORD])
#: Columns of the feed ml__customer_wallet, in their order.
CUSTOMER_SCHEMA = {
    "customer_key": pl.Int64,
    "observation_date": pl.Date,
    "size_class_code": pl.String,
    "method_code": pl.String,
    "estimate": pl.Float64,
    "estimate_low": pl.Float64,
    "estimate_high": pl.Float64,
    "said": pl.Float64,
    "said_date": pl.Date,
}
#: Columns of the feed ml__wallet_fit.
FIT_SCHEMA = {
    "observation_date": pl.Date,
    "size_class_code": pl.String,
    "method_code": pl.String,
    "is_published": pl.Boolean,
    "customer_count": pl.Int64,
    "statement_count": pl.Int64,
    "own_mean": pl.Float64,
    "stated_own_mean": pl.Float64,
    "stated_mean": pl.Float64,
    "mean_error": pl.Float64,
    "median_error": pl.Float64,
    "rank_correlation": pl.Float64,
    "total_rate": pl.Float64,
    "covered_rate": pl.Float64,
    "saved_z": pl.Float64,
    "note_zh": pl.String,
    "note_en": pl.String,
}
MODEL, MEDIAN, NONE = "model", "class_median", "none"
#: Statements from which on trees may grow fast.
PLENTY = 5_000
_KEYS = ("customer_key", "size_class_code", "own_amount")
_SAID = ("said", "said_date")


@dataclass(frozen=True)
class WalletRule:
    """The row of rule wallet_rule.

    Attributes:
        minimum_statement_count: Fewest customers who said what they hold elsewhere.
        minimum_class_count: Fewest of a size class for a median and a band of its own.
        statement_day_count: Days after which a statement teaches no more.
        fold_count: Parts of the customers, each judged by what the others taught.
        interval_level: Share of customers whose amount is to lie in their band.
    """

    minimum_statement_count: int
    minimum_class_count: int
    statement_day_count: int
    fold_count: int
    interval_level: float


@dataclass(frozen=True)
class Wallets:
    """What was found, in the columns of the two feeds.

    Attributes:
        customers: One row per customer of the observation date.
        fits: One row per size class and method, and those of everybody.
        method: The method that is published; none where too few customers said anything.
        note: (Chinese, English): how it came to that.
    """

    customers: pl.DataFrame
    fits: pl.DataFrame
    method: str
    note: tuple[str, str]


@dataclass(frozen=True)
class _Band:
    """What is added to the root of an estimate for either end, by size class; else everybody's."""

    ends: Mapping[str, tuple[float | None, float | None]]

    @classmethod
    def around(cls, apart: Array, classes: NDArray[Any], rule: WalletRule) -> _Band:
        ends = {EVERYBODY: margins_around(np.sort(apart), rule.interval_level)}
        for name in np.unique(classes):
            own = np.sort(apart[classes == name])
            if len(own) >= rule.minimum_class_count:
                ends[str(name)] = margins_around(own, rule.interval_level)
        return cls(ends)

    def of(self, root: Array, classes: NDArray[Any]) -> tuple[Array, Array]:
        """Low and high end, yuan; NaN where there are too few customers for the level."""
        both = [self._of_class(str(name)) for name in classes]
        below, above = (np.array(ends, dtype=np.float64) for ends in zip(*both, strict=True))
        # The estimate lies in its own band, and nobody holds less than nothing.
        low = np.maximum(root + np.minimum(below, 0.0), 0.0) ** 2
        high = (root + np.maximum(above, 0.0)) ** 2
        # To the fen: who said what another said at the end lies in the band.
        return np.round(low, 2), np.round(high, 2)

    def _of_class(self, name: str) -> tuple[float | None, float | None]:
        below, above = self.ends.get(name, (None, None))
        return (below, above) if below is not None else self.ends[EVERYBODY]


class _Method(Protocol):
    """A way to tell the root of an amount."""

    def taught_by(self, taught: pl.DataFrame, amount: Array) -> Callable[[pl.DataFrame], Array]:
        """What tells it of any rows."""

    def apart(self, taught: pl.DataFrame, amount: Array, held: Array) -> Array:
        """How far the roots of those who taught lie from what would be told of one like them."""


@dataclass(frozen=True)
class _Medians:
    """The median of his size class; of everybody where too few of the class said anything."""

    rule: WalletRule

    def taught_by(self, taught: pl.DataFrame, amount: Array) -> Callable[[pl.DataFrame], Array]:
        classes = _classes(taught)
        medians = {
            name: float(np.median(amount[classes == name]))
            for name, count in zip(*np.unique(classes, return_counts=True), strict=True)
            if count >= self.rule.minimum_class_count
        }
        middle = float(np.median(amount))
        return lambda rows: np.sqrt([medians.get(name, middle) for name in _classes(rows)])

    def apart(self, taught: pl.DataFrame, amount: Array, held: Array) -> Array:  # noqa: ARG002
        """From the median itself: one of his class, and nothing of him, is in it."""
        return np.sqrt(amount) - self.taught_by(taught, amount)(taught)


@dataclass(frozen=True)
class _Blends:
    """The blend of trees and curves on the features."""

    def taught_by(self, taught: pl.DataFrame, amount: Array) -> Callable[[pl.DataFrame], Array]:
        model = blended_regressor(COLUMNS, is_large=taught.height >= PLENTY)
        with single_thread():
            model.fit(model_inputs(taught, COLUMNS), np.sqrt(amount))

        def told(rows: pl.DataFrame) -> Array:
            with single_thread():
                return np.maximum(model.predict(model_inputs(rows, COLUMNS)), 0.0)

        return told

    def apart(self, taught: pl.DataFrame, amount: Array, held: Array) -> Array:  # noqa: ARG002
        """From what those told of him who did not know him: a model flatters its own rows."""
        return np.sqrt(amount) - held


@dataclass(frozen=True)
class _Held:
    """One method on customers held out.

    Attributes:
        root: Root of what was told of each customer by those who are not of his fold.
        inside: Whether his amount lay in a band of the others; NaN where that had no ends.
    """

    root: Array
    inside: Array

    def errors(self, amount: Array) -> Array:
        """Absolute error of each, on the root: one millionaire must not outweigh everybody."""
        return np.abs(self.root - np.sqrt(amount))


def wallets(said: pl.DataFrame, customers: pl.DataFrame, rule: WalletRule, day: date) -> Wallets:
    """Estimate what each customer holds elsewhere, and judge it on customers held out.

    Args:
        said: One row per customer who named an amount and day of it: ``customer_key``,
            ``said``, ``said_date``, and of the last month end up to that day
            ``size_class_code``, ``own_amount`` and the columns of :data:`COLUMNS`. Who has no such
            month end teaches nothing.
        customers: One row per customer of the day: the same, without what was said.
        rule: How to fit.
        day: Observation date.

    Raises:
        InputRefused: Nobody to tell of, or a column that is not there.
    """
    require_columns(customers, [*_KEYS, *COLUMNS.names])
    since = day - timedelta(days=rule.statement_day_count)
    taught = said.filter((pl.col("said_date") > since) & pl.col("own_amount").is_not_null()).sort(
        "customer_key"
    )
    listed = customers.sort("customer_key")
    if taught.height < rule.minimum_statement_count:
        note = _too_few(taught.height, rule)
        return _shaped(listed, said, [_row(EVERYBODY, NONE, listed, taught)], NONE, note, day)
    require_columns(taught, [*_KEYS, *_SAID, *COLUMNS.names])
    amount, classes = finite(taught, "said"), _classes(taught)
    folds = buckets(taught.get_column("customer_key"), "wallet") % rule.fold_count
    methods: dict[str, _Method] = {MEDIAN: _Medians(rule)}
    if amount.min() < amount.max():
        methods[MODEL] = _Blends()
    held = {kind: _held(method, taught, amount, folds, rule) for kind, method in methods.items()}
    saved = held[MEDIAN].errors(amount) - held.get(MODEL, held[MEDIAN]).errors(amount)
    gain = paired_z(saved)
    method = MODEL if gain > BETTER_Z else MEDIAN
    root = methods[method].taught_by(taught, amount)(listed)
    own = dict(zip(taught.get_column("customer_key"), held[method].root, strict=True))
    keys = listed.get_column("customer_key")
    root = np.array([own.get(key, each) for key, each in zip(keys, root, strict=True)])
    apart = methods[method].apart(taught, amount, held[method].root)
    band = _Band.around(apart, classes, rule)
    low, high = band.of(root, _classes(listed))
    told = listed.with_columns(
        pl.Series("estimate", root**2),
        pl.Series("estimate_low", low).fill_nan(None),
        pl.Series("estimate_high", high).fill_nan(None),
    )
    fits = [
        _judged(name, kind, listed, taught, amount, each)
        | {"is_published": kind == method}
        | ({"saved_z": gain} if (name, kind) == (EVERYBODY, MODEL) else {})
        for name in [EVERYBODY, *np.unique(classes)]
        for kind, each in held.items()
    ]
    return _shaped(told, said, fits, method, _chosen(method, taught.height, gain), day)


def _too_few(count: int, rule: WalletRule) -> tuple[str, str]:
    least = rule.minimum_statement_count
    return (
        f"仅 {count} 位客户说过他行存款，至少需要 {least} 位，暂不估计。",
        f"{count} customers said what they hold elsewhere and {least} are needed: no estimate",
    )


def _chosen(method: str, count: int, gain: float) -> tuple[str, str]:
    if method == MODEL:
        return (
            f"依据 {count} 位客户的陈述；模型误差小于同档中位数（z={gain:.1f}）。",
            f"of {count} statements; the model errs less than the median of the class"
            f" (z={gain:.1f})",
        )
    return (
        f"依据 {count} 位客户的陈述；模型不优于同档中位数（z={gain:.1f}），故公布中位数。",
        f"of {count} statements; the model is no better than the median of the class"
        f" (z={gain:.1f}), so the median is published",
    )


def _classes(frame: pl.DataFrame) -> NDArray[Any]:
    """Size class of each customer."""
    return frame.get_column("size_class_code").to_numpy()


def _held(
    method: _Method,
    taught: pl.DataFrame,
    amount: Array,
    folds: NDArray[np.int64],
    rule: WalletRule,
) -> _Held:
    """What the other folds tell of each fold, and how often an amount lies in their band."""
    classes, root = _classes(taught), np.empty(len(amount))
    for fold in np.unique(folds):
        own = folds == fold
        told = method.taught_by(taught.filter(pl.Series(~own)), amount[~own])
        root[own] = told(taught.filter(pl.Series(own)))
    inside = np.full(len(amount), np.nan)
    for fold in np.unique(folds):
        own = folds == fold
        apart = method.apart(taught.filter(pl.Series(~own)), amount[~own], root[~own])
        low, high = _Band.around(apart, classes[~own], rule).of(root[own], classes[own])
        within = (amount[own] >= low) & (amount[own] <= high)
        inside[own] = np.where(np.isnan(low), np.nan, within)
    return _Held(root, inside)


def _row(name: str, kind: str, listed: pl.DataFrame, taught: pl.DataFrame) -> dict[str, Any]:
    """Who is told of and who taught, of a size class; the means show how unlike they are."""
    own = pl.lit(value=True) if name == EVERYBODY else pl.col("size_class_code") == name
    everybody, some = listed.filter(own), taught.filter(own)
    return {
        "size_class_code": name,
        "method_code": kind,
        "is_published": False,
        "customer_count": everybody.height,
        "statement_count": some.height,
        "own_mean": everybody.get_column("own_amount").mean(),
        "stated_own_mean": some.get_column("own_amount").mean(),
        "stated_mean": some.get_column("said").mean(),
    }


def _judged(
    name: str,
    kind: str,
    listed: pl.DataFrame,
    taught: pl.DataFrame,
    amount: Array,
    held: _Held,
) -> dict[str, Any]:
    """Measures of a method on the customers held out, of a size class."""
    own = np.full(len(amount), fill_value=True)
    if name != EVERYBODY:
        own = _classes(taught) == name
    seen, told, inside = amount[own], held.root[own] ** 2, held.inside[own]
    measures = value_metrics(seen, told)
    banded = ~np.isnan(inside)
    return _row(name, kind, listed, taught) | {
        "mean_error": measures["mae"],
        "median_error": float(np.median(np.abs(seen - told))),
        # Within a class a median has no order: that of the folds says who was left out.
        "rank_correlation": measures["spearman"] if kind == MODEL or name == EVERYBODY else None,
        "total_rate": measures["total_ratio"] if seen.sum() else None,
        "covered_rate": float(inside[banded].mean()) if banded.any() else None,
    }


def _shaped(
    told: pl.DataFrame,
    said: pl.DataFrame,
    fits: list[dict[str, Any]],
    method: str,
    note: tuple[str, str],
    day: date,
) -> Wallets:
    """The columns of the feeds, in their order and types; what was said stands beside."""
    observed = pl.lit(day).alias("observation_date")
    word = said.select("customer_key", *_SAID)
    nothing = [pl.lit(None, dtype=pl.Float64).alias(n) for n in CUSTOMER_SCHEMA if n[:3] == "est"]
    rows = told.select("customer_key", "size_class_code", *nothing).with_columns(
        told.select(pl.col("^estimate.*$"))
    )
    rows = rows.join(word, on="customer_key", how="left", maintain_order="left").with_columns(
        observed, pl.lit(method).alias("method_code")
    )
    table = pl.DataFrame(
        [
            each
            | (
                {"note_zh": note[0], "note_en": note[1]}
                if each["size_class_code"] == EVERYBODY
                else {}
            )
            for each in fits
        ],
        schema={name: kind for name, kind in FIT_SCHEMA.items() if name != "observation_date"},
    ).with_columns(observed)
    return Wallets(
        rows.select(list(CUSTOMER_SCHEMA)).cast(dict(CUSTOMER_SCHEMA)),  # type: ignore[arg-type]
        table.select(list(FIT_SCHEMA)),
        method,
        note,
    )
