"""Who leaves, as rules that a manager can check: a small tree per population, judged held out.

One half of the customers of the last labelled month end grows the tree; how many leave by a rule is
counted on the other half, which it never saw. A rule says who leaves, and proves no cause.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from ml.causes import SEGMENT, UNKNOWN_SEGMENT
from ml.frames.checks import flags, model_inputs, require_columns
from ml.frames.columns import Columns
from ml.frames.features import FEATURES
from ml.frames.hashing import BUCKET_COUNT, buckets
from ml.judge.metrics import share_interval
from ml.models.pipelines import SEED, Array, single_thread
from ml.models.rules import FLAG, Rule, flag_columns, leaf_rules
from ml.names import EVERYBODY

Titles = Mapping[str, tuple[str, str]]
Rows = NDArray[np.bool_]

#: Populations are told apart before anything else, a tree reads the rest of the contract.
#: Recorded by name alone: codes, and true and false, of which the true one is told.
_NAMED = tuple(each.name for each in FEATURES if each.kind != "number" and each.name != SEGMENT)
_FLAGS = tuple(each.name for each in FEATURES if each.kind == "flag")
COLUMNS = Columns(tuple(each.name for each in FEATURES if each.kind == "number"), _NAMED)
TITLES: Titles = {each.name: (each.name_zh, each.meaning) for each in FEATURES} | {
    f"{name}{FLAG}true": ("是", "yes") for name in _FLAGS
}
#: Most customers that grow a tree, by lot; its few rules are no others for more.
MOST_TAUGHT = 20_000
#: Columns of the feed ml__churn_rule, in their order.
RULE_SCHEMA = {
    "observation_date": pl.Date,
    "population_code": pl.String,
    "rule_number": pl.Int64,
    "labelled_date": pl.Date,
    "rule_zh": pl.String,
    "rule_en": pl.String,
    "customer_count": pl.Int64,
    "customer_share": pl.Float64,
    "held_out_count": pl.Int64,
    "held_out_churned_count": pl.Int64,
    "churn_rate": pl.Float64,
    "churn_rate_low": pl.Float64,
    "churn_rate_high": pl.Float64,
    "lift": pl.Float64,
    "current_count": pl.Int64,
    "note_zh": pl.String,
    "note_en": pl.String,
}


@dataclass(frozen=True)
class TreeRule:
    """The row of rule churn_tree_rule.

    Attributes:
        label_code: What leaving is: a label of churn_label_rule.
        maximum_leaf_count: Most rules of a population.
        maximum_depth: Most conditions of a rule.
        minimum_leaf_share_rate: Least share of a population that a rule may hold.
        minimum_split_z: Standard errors by which both sides of a split must differ, as the best of
            many splits of chance differ by two or three.
        minimum_churner_count: Fewest leavers of a population to grow a tree from, and to judge it.
        held_out_share_rate: Share of the customers who judge and teach nothing.
        interval_level: Level of the interval of a rate.
    """

    label_code: str
    maximum_leaf_count: int
    maximum_depth: int
    minimum_leaf_share_rate: float
    minimum_split_z: float
    minimum_churner_count: int
    held_out_share_rate: float
    interval_level: float


@dataclass(frozen=True)
class _Customers:
    """Customers of the labelled date, as the tree reads them, and those of the business date.

    Attributes:
        frame: What the tree reads, one row per customer of the labelled date.
        has_left: Whether each left.
        lot: His place in the lot that parts who teaches from who judges, 0 to 1.
        is_held_out: Whether he judges.
        now: The same columns of the customers of the business date.
    """

    frame: pl.DataFrame
    has_left: Rows
    lot: Array
    is_held_out: Rows
    now: pl.DataFrame

    def of(self, inside: Rows, inside_now: Rows) -> _Customers:
        """Those of a population."""
        return _Customers(
            self.frame.filter(pl.Series(inside)),
            self.has_left[inside],
            self.lot[inside],
            self.is_held_out[inside],
            self.now.filter(pl.Series(inside_now)),
        )


def churn_rules(
    labelled: pl.DataFrame,
    now: pl.DataFrame,
    rule: TreeRule,
    dates: tuple[date, date],
    words: Titles | None = None,
) -> pl.DataFrame:
    """The rules of the whole bank and of each population, in the columns of the feed.

    Rule 0 of a population is everybody in it: what leaves without any rule. Where a population has
    too few leavers, or nothing tells them from the others, it is alone, with a sentence.

    Args:
        labelled: One row per customer of the labelled date: ``customer_key``, the features of the
            contract, and ``has_left``.
        now: The features of the customers of the business date.
        rule: How to grow and to judge.
        dates: Labelled date, and business date.
        words: (Chinese, English) of a code, by ``column = code``.

    Raises:
        InputRefused: Nobody with a label, or a feature that is not there or is infinite.
    """
    require_columns(labelled, ["customer_key", SEGMENT])
    labelled = labelled.sort("customer_key")
    titles = {**TITLES, **(words or {})}
    lot = buckets(labelled.get_column("customer_key"), "churn_rules") / BUCKET_COUNT
    frame, today = _inputs(labelled, now)
    has_left = flags(labelled, "has_left") == 1
    everybody = _Customers(frame, has_left, lot, lot < rule.held_out_share_rate, today)
    then, since = (
        each.get_column(SEGMENT).fill_null(UNKNOWN_SEGMENT).to_numpy() for each in (labelled, now)
    )
    rows = _rules_of(EVERYBODY, everybody, rule, titles)
    for population in np.unique(then):
        inside = everybody.of(then == population, since == population)
        rows += _rules_of(str(population), inside, rule, titles)
    return (
        pl.DataFrame(rows, schema_overrides={"rule_number": pl.Int64}, infer_schema_length=None)
        .with_columns(observation_date=pl.lit(dates[1]), labelled_date=pl.lit(dates[0]))
        .select(list(RULE_SCHEMA))
        .cast(RULE_SCHEMA)  # type: ignore[arg-type]
    )


def _inputs(labelled: pl.DataFrame, now: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Numbers as they are and a column for each code, the same ones on both dates."""
    then, since = (model_inputs(_told_flags(each), COLUMNS) for each in (labelled, now))
    numbers = [name for name in COLUMNS.numbers if then.get_column(name).n_unique() > 1]
    known = Columns(tuple(numbers), COLUMNS.categories)
    frame = flag_columns(then, known)
    return frame, flag_columns(since, known, like=frame.columns)


def _told_flags(frame: pl.DataFrame) -> pl.DataFrame:
    """True as a code of its own; false and unknown have none."""
    require_columns(frame, COLUMNS.names)
    return frame.with_columns(
        pl.when(pl.col(name).cast(pl.Boolean)).then(pl.lit("true")).alias(name) for name in _FLAGS
    )


def _rules_of(
    population: str, customers: _Customers, rule: TreeRule, titles: Titles
) -> list[dict[str, Any]]:
    """Rows of one population: everybody, and the rules by how many leave, the most first."""
    taught = customers.of(~customers.is_held_out, np.zeros(customers.now.height, dtype=bool))
    least = min(
        int(customers.has_left[side].sum())
        for side in (customers.is_held_out, ~customers.is_held_out)
    )
    note: tuple[str, str] | tuple[None, None] = (None, None)
    leaves = [Rule(0, {})]
    if least < rule.minimum_churner_count:
        need = rule.minimum_churner_count
        note = (
            f"流失客户太少（一半客户中仅 {least} 位，至少需要 {need} 位），不出规则。",
            f"too few leave for rules: {least} of one part of the customers, and {need} are needed",
        )
    else:
        leaves = _grown(taught, rule)
        if len(leaves) == 1:
            note = (
                "没有特征能把流失客户与其他客户分开。",
                "nothing on record tells those who leave from the others",
            )
    base = _row(Rule(0, {}), customers, rule, titles) | {"note_zh": note[0], "note_en": note[1]}
    told = [_row(leaf, customers, rule, titles) for leaf in leaves] if len(leaves) > 1 else []
    told.sort(key=lambda row: (-(row["churn_rate"] or 0.0), row["rule_en"]))
    for number, row in enumerate([base, *told]):
        row |= {"population_code": population, "rule_number": number}
        if row["churn_rate"] is not None and base["churn_rate"]:
            row["lift"] = row["churn_rate"] / base["churn_rate"]
    return [base, *told]


def _grown(taught: _Customers, rule: TreeRule) -> list[Rule]:
    """Rules of the tree that the teaching part grows, with bounds as they are told."""
    names = taught.frame.columns
    drawn = np.sort(np.argsort(taught.lot, kind="stable")[:MOST_TAUGHT])
    frame = taught.frame[drawn]
    # Twice the nats that a split saves is chi squared (likelihood ratio); sklearn counts bits.
    least = rule.minimum_split_z**2 / (2 * np.log(2) * len(drawn))
    tree = DecisionTreeClassifier(
        criterion="entropy",
        max_leaf_nodes=rule.maximum_leaf_count,
        max_depth=rule.maximum_depth,
        min_samples_leaf=rule.minimum_leaf_share_rate,
        min_impurity_decrease=least,
        random_state=SEED,
    )
    with single_thread():
        tree.fit(frame.to_numpy(), taught.has_left[drawn])
    gaps = {name for name in names if frame.get_column(name).null_count()}
    return [leaf.rounded() for leaf in leaf_rules(tree, names, gaps)]


def _row(leaf: Rule, customers: _Customers, rule: TreeRule, titles: Titles) -> dict[str, Any]:
    """Who keeps a rule, and how many of those held out left."""
    kept = leaf.holds(customers.frame)
    held_out = kept & customers.is_held_out
    count, left = int(held_out.sum()), int(customers.has_left[held_out].sum())
    low, high = share_interval(left, count, rule.interval_level) if count else (None, None)
    return {
        "rule_zh": leaf.chinese(titles),
        "rule_en": leaf.english(titles),
        "customer_count": int(kept.sum()),
        "customer_share": float(kept.mean()),
        "held_out_count": count,
        "held_out_churned_count": left,
        "churn_rate": left / count if count else None,
        "churn_rate_low": None if low is None else float(low),
        "churn_rate_high": None if high is None else float(high),
        "lift": None,
        "current_count": int(leaf.holds(customers.now).sum()),
        "note_zh": None,
        "note_en": None,
    }
