"""Leaves of a small tree as rules that a manager can check with a sieve, in both languages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ml.frames.columns import Columns
from ml.models.cluster_encoding import MOST_CATEGORIES

#: Between column and value in the name of a column that is 1 where a category has that value.
FLAG = " = "


@dataclass(frozen=True)
class Rule:
    """Who belongs to a leaf.

    Attributes:
        leaf: Node number in the tree.
        bounds: Per column (above, at most); a side without a bound is infinite.
        takes_gaps: Columns of ``bounds`` whose missing values belong here as well.
        row_count: Rows of the training in this leaf.
        value: Mean target of those rows, or the class that most of them have.
        purity: Share of them with that class; of a quantity, 1.
    """

    leaf: int
    bounds: Mapping[str, tuple[float, float]]
    takes_gaps: frozenset[str] = field(default_factory=frozenset)
    row_count: int = 0
    value: float = 0.0
    purity: float = 1.0

    def rounded(self, digits: int = 3) -> Rule:
        """The rule with bounds of so many significant digits, as one would say them."""

        def short(bound: float) -> float:
            return float(f"{bound:.{digits}g}")

        told = {name: (short(low), short(high)) for name, (low, high) in self.bounds.items()}
        return replace(self, bounds=told)

    def holds(self, frame: pl.DataFrame) -> NDArray[np.bool_]:
        """Whether each row keeps the rule as it stands, with its bounds as told."""
        kept = np.ones(frame.height, dtype=bool)
        for name, (above, most) in self.bounds.items():
            values = frame.get_column(name).cast(pl.Float64).fill_null(float("nan")).to_numpy()
            inside = (values > above) & (values <= most)
            kept &= inside | (np.isnan(values) & (name in self.takes_gaps))
        return kept

    def english(self, titles: Mapping[str, tuple[str, str]] | None = None) -> str:
        """The rule in English; ``titles`` give (Chinese, English) names of columns and codes."""
        return self._told(titles or {}, 1, " and ", "everybody", " or unknown")

    def chinese(self, titles: Mapping[str, tuple[str, str]] | None = None) -> str:
        """The rule in Chinese."""
        return self._told(titles or {}, 0, "，且", "全部客户", "或未知")

    def _told(
        self,
        titles: Mapping[str, tuple[str, str]],
        language: int,
        joined: str,
        everybody: str,
        unknown: str,
    ) -> str:
        parts = []
        for name, (above, most) in self.bounds.items():
            if FLAG in name:
                column, value = name.split(FLAG, 1)
                title = titles.get(column, (column, column))[language]
                called = titles.get(name, (value, value))[language]
                parts.append(f"{title} {'=' if above >= 0 else '≠'} {called}")
                continue
            title = titles.get(name, (name, name))[language]
            left = "" if above == -np.inf else f"{above:,.10g} < "
            right = "" if most == np.inf else f" ≤ {most:,.10g}"
            told = f"{title} > {above:,.10g}" if left and not right else f"{left}{title}{right}"
            parts.append(told + (unknown if name in self.takes_gaps else ""))
        return joined.join(parts) or everybody


def leaf_rules(tree: Any, names: Sequence[str], gaps: Collection[str] = frozenset()) -> list[Rule]:
    """Rules of every leaf of a fitted scikit-learn tree, in the order of the tree.

    Args:
        tree: A ``DecisionTreeRegressor`` or ``DecisionTreeClassifier``.
        names: Its input columns.
        gaps: Those that had missing values in training; only their rules speak of them.
    """
    nodes = tree.tree_
    is_class = hasattr(tree, "classes_")
    rules: list[Rule] = []

    def walk(node: int, bounds: dict[str, tuple[float, float]], open_to: dict[str, bool]) -> None:
        if nodes.children_left[node] == -1:
            value = np.asarray(nodes.value[node][0], dtype=np.float64)
            best = int(value.argmax())
            rules.append(
                Rule(
                    leaf=node,
                    bounds=bounds,
                    takes_gaps=frozenset(name for name, here in open_to.items() if here),
                    row_count=int(nodes.n_node_samples[node]),
                    value=float(tree.classes_[best]) if is_class else float(value[0]),
                    purity=float(value[best] / value.sum()) if is_class else 1.0,
                )
            )
            return
        name, cut = names[nodes.feature[node]], float(nodes.threshold[node])
        above, most = bounds.get(name, (-np.inf, np.inf))
        goes_left = bool(nodes.missing_go_to_left[node])
        stays = open_to.get(name, name in gaps)
        low = {**bounds, name: (above, min(most, cut))}
        high = {**bounds, name: (max(above, cut), most)}
        walk(int(nodes.children_left[node]), low, {**open_to, name: stays and goes_left})
        walk(int(nodes.children_right[node]), high, {**open_to, name: stays and not goes_left})

    walk(0, {}, {})
    return rules


def flag_columns(
    rows: pl.DataFrame, columns: Columns, *, like: Collection[str] | None = None
) -> pl.DataFrame:
    """Numbers as they are, and a column of 1 and 0 for each common category.

    Args:
        rows: The columns.
        columns: Which of them are numbers and which categories.
        like: Columns that were made of other rows, where these are to have the same.
    """
    common = [
        f"{name}{FLAG}{value}"
        for name in columns.categories
        for value in rows.get_column(name)
        .drop_nulls()
        .value_counts(sort=True)
        .sort("count", name, descending=[True, False])
        .get_column(name)
        .head(MOST_CATEGORIES)
    ]
    flags = common if like is None else [name for name in like if FLAG in name]
    made = []
    for flag in flags:
        name, value = flag.split(FLAG, 1)
        is_it = (pl.col(name) == value).fill_null(value=False)
        made.append(is_it.cast(pl.Float64).alias(flag))
    return rows.select(*columns.numbers, *made)
