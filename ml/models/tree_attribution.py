"""Exact Shapley values of histogram gradient boosting, by tables, without a further package.

What is computed is the path-dependent TreeSHAP value (Lundberg and others 2018), the value that the
usual explainer of tree ensembles gives by default: a feature's mean marginal effect over all orders
of revealing the features, where an unknown feature sends a row down both sides of a split in
proportion to the training rows that went there. The values of a row and the expected margin add up
to the model's margin exactly.

Why it is fast. A tree of ours has at most a dozen splits, so a row is described completely by one
bit per split ("would it go left here?"), and there are at most a few thousand such patterns. The
Shapley values of every pattern are worked out once per tree; explaining 200,000 rows is then a
few comparisons and one table look-up per tree and feature, all vectorised.

Notes:
    Reads private fields of scikit-learn's predictors (``_predictors``, ``nodes``). The registry
    refuses another minor version of scikit-learn, and a test compares the sums with the margin and
    the values with brute force over all subsets.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Rows per pass: the working arrays of a tree then stay in the processor's cache.
CHUNK_ROWS = 32_768
#: A table has 2 to the number of splits rows; beyond this the method is the wrong one.
MAX_SPLITS = 16


@dataclass(frozen=True)
class _Split:
    """One inner node: rows with a value at most ``threshold`` go left."""

    feature: int
    threshold: float
    is_missing_left: bool


@dataclass(frozen=True)
class _Step:
    """One edge on the way to a leaf: at which split, to which side, with what share of rows."""

    split: int
    feature: int
    went_left: bool
    share: float


@dataclass(frozen=True)
class _TreeTable:
    """All that is needed to explain any row by one tree."""

    splits: tuple[_Split, ...]
    features: tuple[int, ...]
    #: (features used, 2 ** splits): Shapley value of each used feature for each pattern of bits.
    values: Array
    expected: float


@lru_cache(maxsize=64)
def _subset_weights(size: int) -> Array:
    """Weight of a coalition by the number of known features, among ``size`` features of a path."""
    return np.array([factorial(s) * factorial(size - 1 - s) / factorial(size) for s in range(size)])


@lru_cache(maxsize=64)
def _bits(size: int) -> NDArray[np.bool_]:
    """Every pattern of ``size`` bits, one row each; bit j of row i is ``(i >> j) & 1``."""
    numbers = np.arange(2**size, dtype=np.int64)
    return ((numbers[:, None] >> np.arange(size)) & 1).astype(bool)


def _leaf_values(value: float, shares: list[float]) -> Array:
    """Shapley values of one leaf: a row per pattern of fulfilled features, a column per feature."""
    size = len(shares)
    known = _bits(size).astype(np.float64)
    weights = _subset_weights(size)
    result = np.empty_like(known)
    for j in range(size):
        # Coefficient s of the product over the other features of (share + fulfilled * t) is the
        # summed weight of all coalitions of s known features that reach this leaf.
        polynomial = np.zeros((len(known), size))
        polynomial[:, 0] = 1.0
        for k in range(size):
            if k != j:
                raised = np.zeros_like(polynomial)
                raised[:, 1:] = polynomial[:, :-1] * known[:, k : k + 1]
                polynomial = polynomial * shares[k] + raised
        result[:, j] = value * (known[:, j] - shares[j]) * (polynomial @ weights)
    return result


def _walk(nodes: Any) -> tuple[list[_Split], list[tuple[float, float, list[_Step]]]]:
    """Splits of a tree in order of discovery, and its leaves with value, share and path."""
    splits: list[_Split] = []
    leaves: list[tuple[float, float, list[_Step]]] = []
    stack: list[tuple[int, float, list[_Step]]] = [(0, 1.0, [])]
    while stack:
        index, share, path = stack.pop()
        node = nodes[index]
        if node["is_leaf"]:
            leaves.append((float(node["value"]), share, path))
            continue
        if node["is_categorical"]:
            raise ValueError("tree attribution knows numeric splits only; encode categories first")
        feature, number = int(node["feature_idx"]), len(splits)
        splits.append(
            _Split(feature, float(node["num_threshold"]), bool(node["missing_go_to_left"]))
        )
        for side, went_left in (("left", True), ("right", False)):
            child = int(node[side])
            part = float(nodes[child]["count"]) / float(node["count"])
            stack.append((child, share * part, [*path, _Step(number, feature, went_left, part)]))
    return splits, leaves


def _table(nodes: Any) -> _TreeTable:
    """Shapley values of every pattern of one tree."""
    splits, leaves = _walk(nodes)
    if len(splits) > MAX_SPLITS:
        raise ValueError(f"a tree has {len(splits)} splits; tables are kept for {MAX_SPLITS}")
    features = sorted({split.feature for split in splits})
    row_of = {feature: row for row, feature in enumerate(features)}
    patterns = _bits(len(splits))
    values = np.zeros((len(features), len(patterns)))
    for value, _, path in leaves:
        by_feature: dict[int, list[_Step]] = {}
        for step in path:
            by_feature.setdefault(step.feature, []).append(step)
        if not by_feature:
            continue
        shares, index = [], np.zeros(len(patterns), dtype=np.int64)
        for place, steps in enumerate(by_feature.values()):
            shares.append(float(np.prod([step.share for step in steps])))
            fulfilled = np.ones(len(patterns), dtype=bool)
            for step in steps:
                fulfilled &= patterns[:, step.split] == step.went_left
            index |= fulfilled.astype(np.int64) << place
        local = _leaf_values(value, shares)
        for place, feature in enumerate(by_feature):
            values[row_of[feature]] += local[index, place]
    expected = sum(value * share for value, share, _ in leaves)
    return _TreeTable(tuple(splits), tuple(features), values, expected)


class TreeAttribution:
    """Explains the margin (raw prediction) of one fitted histogram gradient boosting model."""

    def __init__(self, model: Any) -> None:
        """Work out the tables of a binary classifier or a regressor.

        Args:
            model: A fitted ``HistGradientBoostingClassifier`` (two classes) or
                ``HistGradientBoostingRegressor`` without categorical splits.
        """
        self._tables = [_table(stage[0].nodes) for stage in model._predictors]
        self._feature_count = int(model.n_features_in_)
        start = float(np.asarray(model._baseline_prediction).ravel()[0])
        #: Mean margin of the training rows: what is said of a row about which nothing is known.
        self.expected = start + sum(table.expected for table in self._tables)

    def contributions(self, matrix: Array) -> Array:
        """Contribution of each feature (row) to each observation's margin (column)."""
        result = np.zeros((self._feature_count, len(matrix)))
        for start in range(0, len(matrix), CHUNK_ROWS):
            part = slice(start, min(start + CHUNK_ROWS, len(matrix)))
            columns = np.ascontiguousarray(matrix[part].T)
            missing = {f: gaps for f in range(len(columns)) if (gaps := np.isnan(columns[f])).any()}
            for table in self._tables:
                pattern = np.zeros(columns.shape[1], dtype=np.int64)
                for bit, split in enumerate(table.splits):
                    left = columns[split.feature] <= split.threshold
                    if split.is_missing_left and split.feature in missing:
                        left |= missing[split.feature]
                    pattern |= left.astype(np.int64) << bit
                for row, feature in enumerate(table.features):
                    result[feature, part] += table.values[row][pattern]
        return result
