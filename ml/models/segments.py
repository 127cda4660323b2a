"""Clusters of customers: as many as stand when customers are drawn anew, told as rules.

A number of clusters stands only if each comes back in bootstrap draws; of those that stand the best
parted one is taken. A cloud can be cut in stable pieces as well, so the parts must lie further from
each other than those of an evenly filled box. A cluster's rule is a shallow tree's, with bounds as
a manager would say them, and how much of the cluster the told rule covers, and how pure it is,
stands beside it.

Sources:
    Hennig 2007, "Cluster-wise assessment of cluster stability" (a mean Jaccard similarity from 0.75
    on is a stable cluster); Hubert and Arabie 1985 (adjusted Rand index); Rousseeuw 1987
    (silhouette); Tibshirani, Walther, Hastie 2001 (an even box as what is to be beaten).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from ml.errors import InputRefused
from ml.frames.checks import model_inputs
from ml.frames.columns import Columns
from ml.models.cluster_encoding import cluster_encoding
from ml.models.pipelines import SEED, Array
from ml.models.rules import Rule, flag_columns, leaf_rules

Numbers = NDArray[np.int64]
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


def fit_clusters(
    frame: pl.DataFrame,
    columns: Columns,
    *,
    counts: Sequence[int] = tuple(range(2, 9)),
    titles: Titles | None = None,
    draws: int = 20,
    least_jaccard: float = STABLE_JACCARD,
) -> Clusters:
    """The best parted clusters of those that are all stable.

    Args:
        frame: One row per customer.
        columns: What tells customers apart.
        counts: Numbers of clusters that are tried.
        titles: (Chinese, English) name of each column, for names and rules.
        draws: Bootstrap draws for each number.
        least_jaccard: Mean Jaccard similarity over draws that each cluster must have.

    Raises:
        InputRefused: A column is not there or is infinite somewhere, there are too few rows, or
            for no number are all clusters stable and better parted than an even box: the bank then
            has no clusters worth a name.
    """
    rows = model_inputs(frame, columns)
    _check_enough(rows, max(counts))
    random = np.random.default_rng(SEED)
    judged = rows[np.sort(random.permutation(rows.height)[:JUDGED_ROWS])]
    tried = [
        _Try(count, *_stability(judged, _pipeline(columns, count), count, draws))
        for count in counts
    ]
    best = _best(tried, least_jaccard)
    count, jaccard = best.clusters, best.jaccard
    if best.silhouette <= _silhouette_of_boxes(judged, _pipeline(columns, count)):
        raise InputRefused(
            f"客户没有自然分群：分成 {count} 群并不比均匀分布的客户更分明。",
            f"customers form no groups: {count} clusters are parted no better than those of "
            "customers spread evenly",
        )
    pipeline = _pipeline(columns, count).fit(judged)
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
        _told(tried),
        told.with_columns(jaccard=pl.Series(jaccard[by_size])),
    )


def _check_enough(rows: pl.DataFrame, most: int) -> None:
    """Refuse customers who are too few, or too much alike, for so many clusters."""
    if rows.height < 10 * most:
        raise InputRefused(
            f"{rows.height} 位客户不足以分成 {most} 群。",
            f"{rows.height} customers are too few for {most} clusters",
        )
    different = rows.unique().height
    if different < most:
        raise InputRefused(
            f"客户只有 {different} 种不同情况，不能分成 {most} 群。",
            f"customers differ in {different} ways only, which makes no {most} clusters",
        )


def _best(tried: Sequence[_Try], least_jaccard: float) -> _Try:
    """The best parted of those whose clusters are all stable."""
    stable = [each for each in tried if each.jaccard.min() >= least_jaccard]
    if not stable:
        raise InputRefused(
            "没有稳定的客户群：重新抽样后各群不再出现。",
            "no clusters are stable: drawn anew, customers fall into other groups",
        )
    return max(stable, key=lambda each: each.silhouette)


def _told(tried: Sequence[_Try]) -> pl.DataFrame:
    """What was tried, one row per number of clusters."""
    return pl.DataFrame(
        {
            "cluster_count": [each.clusters for each in tried],
            "adjusted_rand": [each.rand for each in tried],
            "least_jaccard": [float(each.jaccard.min()) for each in tried],
            "silhouette": [each.silhouette for each in tried],
        }
    )


def _pipeline(columns: Columns, count: int) -> Pipeline:
    """Unfitted encoding and model: round clusters of like size."""
    model = KMeans(count, n_init=_STARTS, random_state=SEED)
    return Pipeline([("columns", cluster_encoding(columns)), ("model", model)])


class _Try(NamedTuple):
    """A number of clusters: stability over draws, and how well they are parted."""

    clusters: int
    rand: float
    jaccard: Array
    silhouette: float


def _stability(
    rows: pl.DataFrame, pipeline: Pipeline, count: int, draws: int
) -> tuple[float, Array, float]:
    """(mean adjusted Rand index, mean Jaccard similarity of each cluster, silhouette)."""
    encoded = pipeline[:-1].fit_transform(rows)
    model = pipeline[-1]
    ours = model.fit(encoded).predict(encoded)
    random = np.random.default_rng(SEED)
    rand, jaccard = [], np.zeros(count)
    for _ in range(draws):
        drawn = encoded[random.integers(0, len(encoded), len(encoded))]
        theirs = model.fit(drawn).predict(encoded)
        rand.append(adjusted_rand_score(ours, theirs))
        both = np.zeros((count, count))
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
    flags = flag_columns(rows, columns)
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
