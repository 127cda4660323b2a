"""Clusters of customers: as many as stand when customers are drawn anew, told as rules.

Numbers are tamed by a curve that grows as a logarithm and not ranked: ranks would close the very
gaps that clusters are made of. Every column has the same say. A number of clusters stands only if
each comes back in bootstrap draws; of those that stand the best parted one is taken. A cloud can be
cut in stable pieces as well, so the parts must lie further from each other than those of an evenly
filled box. A cluster's rule is a shallow tree's, with bounds as a manager would say them, and
how much of the cluster the told rule covers, and how pure it is, stands beside it.

Sources:
    Hennig 2007, "Cluster-wise assessment of cluster stability" (a mean Jaccard similarity from 0.75
    on is a stable cluster); Hubert and Arabie 1985 (adjusted Rand index); Rousseeuw 1987
    (silhouette); Tibshirani, Walther, Hastie 2001 (an even box as what is to be beaten).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.validation import check_is_fitted

from ml.errors import InputRefused
from ml.frames.checks import model_inputs
from ml.frames.columns import Columns
from ml.models.pipelines import SEED, Array
from ml.models.rules import FLAG, Rule, leaf_rules

Numbers = NDArray[np.int64]
Kind = Literal["kmeans", "mixture"]
Titles = Mapping[str, tuple[str, str]]

#: Hennig's bound of a stable cluster.
STABLE_JACCARD = 0.75
#: Rows on which stability is judged at most; more change its second digit and cost minutes.
JUDGED_ROWS = 5000
#: Rows on which silhouettes are judged; their cost grows with the square.
_SILHOUETTE_ROWS = 2000
_BOXES = 10
#: Standard deviations above the silhouettes of boxes.
_CLEAR_OF_BOXES = 3.0
_STARTS = 10
_MOST_CATEGORIES = 30
_WORDS = (("偏高", "high"), ("偏低", "low"))


@dataclass(frozen=True)
class Clusters:
    """Fitted clusters, the largest first.

    Attributes:
        pipeline: Encoding and model; numbers its clusters in an order of its own.
        columns: What it reads.
        order: Our number of each cluster of the pipeline.
        tried: One row per number of clusters: ``cluster_count``, ``adjusted_rand``,
            ``least_jaccard``, ``silhouette``.
        told: One row per cluster: ``cluster``, ``row_count``, ``row_share``, ``jaccard``,
            ``name_chinese``, ``name_english``, ``rule_chinese``, ``rule_english``, ``coverage``
            (share of the cluster that keeps its rule) and ``purity`` (share of those who keep the
            rule that are of the cluster).
    """

    pipeline: Pipeline
    columns: Columns
    order: Numbers
    tried: pl.DataFrame
    told: pl.DataFrame

    def of(self, frame: pl.DataFrame) -> Numbers:
        """Cluster of each row, 0 for the largest; a missing number counts as the middle one."""
        found: Numbers = self.order[self.pipeline.predict(model_inputs(frame, self.columns))]
        return found


class Tamed(TransformerMixin, BaseEstimator):
    """A number as asinh of its distance from the middle, in units of its usual spread; variance 1.

    Small differences count as they are, large ones by their logarithm; missing values are nil, the
    middle. A constant gives nils.
    """

    def fit(self, matrix: object, target: object = None) -> Tamed:  # noqa: ARG002  scikit-learn's call
        """Learn middle and spread of the one column of ``matrix``."""
        known = _one_column(matrix)
        known = known[~np.isnan(known)]
        known = known if len(known) else np.zeros(1)
        low, self.middle_, high = np.quantile(known, [0.25, 0.5, 0.75])
        self.spread_ = float(high - low) or float(known.std()) or 1.0
        self.size_ = float(np.arcsinh((known - self.middle_) / self.spread_).std()) or 1.0
        self.n_features_in_ = 1
        return self

    def transform(self, matrix: object) -> Array:
        """(rows, 1)."""
        check_is_fitted(self, "size_")
        score = np.arcsinh((_one_column(matrix) - self.middle_) / self.spread_) / self.size_
        tamed: Array = np.nan_to_num(score, nan=0.0).reshape(-1, 1)
        return tamed


class EqualSay(TransformerMixin, BaseEstimator):
    """Columns that belong to one category, shrunk together to a variance of 1."""

    def fit(self, matrix: Array, target: object = None) -> EqualSay:  # noqa: ARG002  scikit-learn's call
        """Learn the variance."""
        self.size_ = float(np.sqrt(np.asarray(matrix).var(axis=0).sum())) or 1.0
        return self

    def transform(self, matrix: Array) -> Array:
        """The matrix by its size."""
        shrunk: Array = np.asarray(matrix) / self.size_
        return shrunk


def fit_clusters(
    frame: pl.DataFrame,
    columns: Columns,
    *,
    counts: Sequence[int] = tuple(range(2, 9)),
    kind: Kind = "kmeans",
    titles: Titles | None = None,
    draws: int = 20,
    least_jaccard: float = STABLE_JACCARD,
) -> Clusters:
    """The best parted clusters of those that are all stable.

    Args:
        frame: One row per customer.
        columns: What tells customers apart.
        counts: Numbers of clusters that are tried.
        kind: Round clusters of like size (k-means), or long and unlike ones (Gaussian mixture).
        titles: (Chinese, English) name of each column, for names and rules.
        draws: Bootstrap draws for each number.
        least_jaccard: Mean Jaccard similarity over draws that each cluster must have.

    Raises:
        InputRefused: A column is not there or is infinite somewhere, there are too few rows, or
            for no number are all clusters stable and better parted than an even box: the bank then
            has no clusters worth a name.
    """
    rows = model_inputs(frame, columns)
    if rows.height < 10 * max(counts):
        raise InputRefused(
            f"{rows.height} 位客户不足以分成 {max(counts)} 群。",
            f"{rows.height} customers are too few for {max(counts)} clusters",
        )
    random = np.random.default_rng(SEED)
    judged = rows[np.sort(random.permutation(rows.height)[:JUDGED_ROWS])]
    tried = [
        _Try(count, *_stability(judged, _pipeline(columns, kind, count), draws)) for count in counts
    ]
    stable = [each for each in tried if each.jaccard.min() >= least_jaccard]
    if not stable:
        raise InputRefused(
            "没有稳定的客户群：重新抽样后各群不再出现。",
            "no clusters are stable: drawn anew, customers fall into other groups",
        )
    best = max(stable, key=lambda each: each.silhouette)
    count, jaccard = best.clusters, best.jaccard
    if best.silhouette <= _silhouette_of_boxes(judged, _pipeline(columns, kind, count)):
        raise InputRefused(
            f"客户没有自然分群：分成 {count} 群并不比均匀分布的客户更分明。",
            f"customers form no groups: {count} clusters are parted no better than those of "
            "customers spread evenly",
        )
    pipeline = _pipeline(columns, kind, count).fit(judged)
    # Of the rows on which stability was judged, so that each cluster is the one that was judged.
    labels = pipeline.predict(rows)
    sizes = np.bincount(labels, minlength=count)
    by_size = np.lexsort((np.arange(count), -sizes))
    order = np.empty(count, dtype=np.int64)
    order[by_size] = np.arange(count)
    told = _tell(rows, columns, order[labels], titles or {}, pipeline)
    return Clusters(
        pipeline,
        columns,
        order,
        pl.DataFrame(
            [
                {
                    "cluster_count": each.clusters,
                    "adjusted_rand": each.rand,
                    "least_jaccard": float(each.jaccard.min()),
                    "silhouette": each.silhouette,
                }
                for each in tried
            ]
        ),
        told.with_columns(jaccard=pl.Series(jaccard[by_size])),
    )


def _pipeline(columns: Columns, kind: Kind, count: int) -> Pipeline:
    """Unfitted encoding and model."""
    category = Pipeline(
        [
            ("gaps", SimpleImputer(missing_values=None, strategy="constant", fill_value="")),
            (
                "each",
                OneHotEncoder(
                    handle_unknown="infrequent_if_exist",
                    min_frequency=0.01,
                    max_categories=_MOST_CATEGORIES,
                    sparse_output=False,
                ),
            ),
            ("equal", EqualSay()),
        ]
    )
    encoding = ColumnTransformer(
        [
            *((name, category, [name]) for name in columns.categories),
            *((name, Tamed(), [name]) for name in columns.numbers),
        ]
    )
    model = (
        KMeans(count, n_init=_STARTS, random_state=SEED)
        if kind == "kmeans"
        else GaussianMixture(count, n_init=3, reg_covar=1e-3, random_state=SEED)
    )
    return Pipeline([("columns", encoding), ("model", model)])


class _Try(NamedTuple):
    """A number of clusters: stability over draws, and how well they are parted."""

    clusters: int
    rand: float
    jaccard: Array
    silhouette: float


def _stability(rows: pl.DataFrame, pipeline: Pipeline, draws: int) -> tuple[float, Array, float]:
    """(mean adjusted Rand index, mean Jaccard similarity of each cluster, silhouette)."""
    encoded = pipeline[:-1].fit_transform(rows)
    model = pipeline[-1]
    ours = model.fit(encoded).predict(encoded)
    count = int(ours.max()) + 1
    random = np.random.default_rng(SEED)
    rand, jaccard = [], np.zeros(count)
    for _ in range(draws):
        drawn = encoded[random.integers(0, len(encoded), len(encoded))]
        theirs = model.fit(drawn).predict(encoded)
        rand.append(adjusted_rand_score(ours, theirs))
        both = np.zeros((count, int(theirs.max()) + 1))
        np.add.at(both, (ours, theirs), 1)
        either = both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both
        jaccard += (both / np.maximum(either, 1)).max(axis=1)
    return float(np.mean(rand)), jaccard / draws, _silhouette(encoded, ours)


def _silhouette(encoded: Array, labels: Numbers) -> float:
    """How much nearer rows are to their own cluster than to the next; -1 to 1."""
    rows = np.random.default_rng(SEED).permutation(len(encoded))[:_SILHOUETTE_ROWS]
    if len(np.unique(labels[rows])) < 2:
        return -1.0
    return float(silhouette_score(encoded[rows], labels[rows]))


def _silhouette_of_boxes(rows: pl.DataFrame, pipeline: Pipeline) -> float:
    """What clusters of evenly filled boxes of the same main axes reach, but for rare luck.

    Of all shapes without groups the evenly filled one is the easiest to cut into parts.
    """
    encoded = pipeline[:-1].fit_transform(rows)
    _, sizes, axes = np.linalg.svd(encoded - encoded.mean(axis=0), full_matrices=False)
    half = sizes * np.sqrt(3 / len(encoded))  # a box of this half width has the same variance
    random = np.random.default_rng(SEED)
    reached = []
    for _ in range(_BOXES):
        box = random.uniform(-half, half, (len(encoded), len(half))) @ axes
        reached.append(_silhouette(box, pipeline[-1].fit(box).predict(box)))
    return float(np.mean(reached) + _CLEAR_OF_BOXES * np.std(reached))


def _tell(
    rows: pl.DataFrame, columns: Columns, labels: Numbers, titles: Titles, pipeline: Pipeline
) -> pl.DataFrame:
    """Size, name and rule of each cluster."""
    flags = _flags(rows, columns)
    count = int(labels.max()) + 1
    tree = DecisionTreeClassifier(
        max_leaf_nodes=count + 2, min_samples_leaf=0.01, random_state=SEED
    ).fit(flags.to_numpy(), labels)
    gaps = {name for name in flags.columns if flags.get_column(name).null_count()}
    leaves = [rule.rounded() for rule in leaf_rules(tree, flags.columns, gaps)]
    names = _names(columns, labels, titles, pipeline[:-1].transform(rows))
    told = []
    for cluster in range(count):
        own = [rule for rule in leaves if rule.value == cluster]
        inside = labels == cluster
        kept = np.zeros(len(labels), dtype=bool)
        for rule in own:
            kept |= rule.holds(flags)
        told.append(
            {
                "cluster": cluster,
                "row_count": int(inside.sum()),
                "row_share": float(inside.mean()),
                "name_chinese": names[cluster][0],
                "name_english": names[cluster][1],
                "rule_chinese": _either(own, "；或", [rule.chinese(titles) for rule in own]),
                "rule_english": _either(own, "; or ", [rule.english(titles) for rule in own]),
                "coverage": float(kept[inside].mean()),
                "purity": float(inside[kept].mean()) if kept.any() else 0.0,
            }
        )
    return pl.DataFrame(told)


def _either(rules: Sequence[Rule], joined: str, texts: Sequence[str]) -> str | None:
    """Rules of one cluster, the largest leaf first; none where no leaf is mostly of it."""
    order = sorted(range(len(rules)), key=lambda place: -rules[place].row_count)
    return joined.join(texts[place] for place in order) or None


def _flags(rows: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    """Numbers as they are, and a column of 1 and 0 for each common category."""
    made = [
        (pl.col(name) == value)
        .fill_null(value=False)
        .cast(pl.Float64)
        .alias(f"{name}{FLAG}{value}")
        for name in columns.categories
        for value in rows.get_column(name)
        .drop_nulls()
        .value_counts(sort=True)
        .sort("count", name, descending=[True, False])
        .get_column(name)
        .head(_MOST_CATEGORIES)
    ]
    return rows.select(*columns.numbers, *made)


def _names(
    columns: Columns, labels: Numbers, titles: Titles, encoded: Array
) -> list[tuple[str, str]]:
    """(Chinese, English) names from the two numbers by which a cluster differs most.

    Where two clusters would have the same name, both are told by one number more.
    """
    start = encoded.shape[1] - len(columns.numbers)
    scores = encoded[:, start:]
    count = int(labels.max()) + 1
    middles = np.array([scores[labels == cluster].mean(axis=0) for cluster in range(count)])
    middles -= scores.mean(axis=0)
    ranked = np.argsort(-np.abs(middles), axis=1, kind="stable")
    told = [("客户群", "group")] * count
    for words in range(2, len(columns.numbers) + 2):
        told = []
        for cluster in range(count):
            parts = []
            for place in ranked[cluster][:words]:
                name = columns.numbers[place]
                chinese, english = titles.get(name, (name, name))
                high = _WORDS[0 if middles[cluster, place] > 0 else 1]
                parts.append((f"{chinese}{high[0]}", f"{high[1]} {english}"))
            told.append(("、".join(p[0] for p in parts), ", ".join(p[1] for p in parts)))
        if len(set(told)) == count:
            return told
    return [(f"{zh}（{n + 1}）", f"{en} ({n + 1})") for n, (zh, en) in enumerate(told)]


def _one_column(matrix: object) -> Array:
    """The single column as floats, none as NaN."""
    array = matrix.to_numpy() if isinstance(matrix, pl.DataFrame) else np.asarray(matrix)
    return np.asarray(array, dtype=np.float64).reshape(-1)
