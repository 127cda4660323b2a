"""What may be fed to a model: every refusal has its sentence (F72)."""

import re
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
import yaml

from ml.errors import FrameRefused
from ml.frames.features import (
    CHURN_LABEL,
    DEFAULT_LABEL,
    FEATURES,
    KEYS,
    VALUE_LABEL,
    all_null_columns,
    as_schema,
    check_frame,
    known_date,
    opening_label,
)
from ml.names import MODEL_NAMES, PRODUCT_GROUPS
from tests.unit.ml.conftest import LABELS

WAREHOUSE = Path(__file__).parents[4] / "dbt"


def _first(kind, **wanted):
    return next(
        f
        for f in FEATURES
        if f.kind == kind and all(getattr(f, name) == value for name, value in wanted.items())
    )


NUMBER = _first("number", is_optional=False, minimum=0).name
CATEGORY = _first("category").name
OPTIONAL = next(f.name for f in FEATURES if f.is_optional and f.kind == "number")


@pytest.fixture
def today(small_frame):
    return small_frame.filter(pl.col("observation_date").dt.month() == 12).drop(
        LABELS, *map(known_date, LABELS)
    )


def _set(name, value):
    return lambda frame: frame.with_columns(value.alias(name))


REFUSED = {
    "missing": (lambda f: f.drop(NUMBER), f"lacks {NUMBER}"),
    "extra": (_set("shoe_size", pl.lit(42)), "has shoe_size, which the contract does not know"),
    "renamed": (
        lambda f: f.rename({NUMBER: "renamed"}),
        f"lacks {NUMBER} and has renamed, which",
    ),
    "label as a feature": (_set(LABELS[1], pl.lit(1.0)), f"has {LABELS[1]}, which"),
    "text for number": (_set(NUMBER, pl.lit("12.5")), f"{NUMBER} is String, and should be"),
    "date for number": (
        _set(NUMBER, pl.lit(datetime(2025, 1, 1))),  # noqa: DTZ001
        f"{NUMBER} is Datetime.*, and should be a number",
    ),
    "number for code": (_set(CATEGORY, pl.lit(3)), f"{CATEGORY} is Int32, and should be a text"),
    "unknown code": (_set(CATEGORY, pl.lit("martian")), f"{CATEGORY} holds 'martian', which is"),
    "infinite": (_set(NUMBER, pl.lit(float("inf"))), f"{NUMBER} is infinite or not a number in"),
    "not a number": (_set(NUMBER, pl.lit(float("nan"))), f"{NUMBER} is infinite or not a number"),
    "all null": (_set(NUMBER, pl.lit(None, dtype=pl.Float64)), f"{NUMBER} is null in every row"),
    "optional all null, but not in training": (
        _set(OPTIONAL, pl.lit(None, dtype=pl.Float64)),
        f"{OPTIONAL} is null in every row",
    ),
    "below its range": (_set(NUMBER, pl.lit(-1.0)), f"{NUMBER} holds -1, below its bound 0"),
    "no rows": (lambda f: f.head(0), "has no rows"),
    "key null": (_set("customer_key", pl.lit(None, dtype=pl.Int64)), "customer_key is null in"),
    "key as text": (
        _set("customer_key", pl.col("customer_key").cast(pl.String)),
        "customer_key is String, not a whole number",
    ),
    "date as text": (_set("observation_date", pl.lit("2025-12-31")), "is String, not a date"),
    "doubled": (lambda f: pl.concat([f, f.head(3)]), "3 rows repeat a customer"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_frame_that_breaks_the_contract_is_refused_with_its_reason(today, case):
    change, sentence = REFUSED[case]
    with pytest.raises(FrameRefused, match=sentence):
        check_frame(change(today))


def test_a_clerk_reads_the_name_of_a_feature_and_whoever_mends_it_the_column(today):
    name_zh = _first("number", is_optional=False, minimum=0).name_zh
    for change, sentence in (
        (_set(NUMBER, pl.lit(-1.0)), f"特征 {name_zh}（{NUMBER}）出现 -1，低于下限 0；"),
        (lambda f: f.drop(NUMBER), f"特征表缺少列 {name_zh}（{NUMBER}）。"),
    ):
        with pytest.raises(FrameRefused) as caught:
            check_frame(change(today))
        assert caught.value.sentence[0].startswith(sentence)


def test_only_the_order_of_columns_and_the_width_of_numbers_are_forgiven(today):
    plain = check_frame(today)
    turned = today.select(reversed(today.columns)).with_columns(
        pl.col(NUMBER).cast(pl.Decimal(18, 3)), pl.col(CATEGORY).cast(pl.Categorical)
    )
    assert check_frame(turned).equals(plain)
    assert plain.columns == [*KEYS, *(f.name for f in FEATURES)]


def test_an_optional_column_may_be_empty_where_training_had_none(today):
    empty = today.with_columns(pl.lit(None, dtype=pl.Null).alias(OPTIONAL))
    assert all_null_columns(empty) == [OPTIONAL]
    checked = check_frame(empty, absent=[OPTIONAL])
    assert checked.get_column(OPTIONAL).null_count() == checked.height


def test_each_feature_says_its_moment_and_its_meaning():
    names = [feature.name for feature in FEATURES]
    assert len(set(names)) == len(names)
    for feature in FEATURES:
        assert feature.meaning
        assert feature.name_zh
        assert (feature.kind == "category") == bool(feature.categories)
        assert re.fullmatch(r"[a-z][a-z0-9_]*", feature.name)
    assert [entry["name"] for entry in as_schema()] == names
    assert len({feature.name_zh for feature in FEATURES}) == len(names)


TYPES = {
    "number": {"decimal(18,2)", "decimal(18,8)", "integer", "bigint", "double"},
    "flag": {"boolean"},
    "category": {"string"},
}


def _columns(model):
    files = sorted((WAREHOUSE / "models" / "features").glob("*__models.yml"))
    described = [yaml.safe_load(each.read_text(encoding="utf-8"))["models"] for each in files]
    columns = next(m["columns"] for models in described for m in models if m["name"] == model)
    return {column["name"]: column["data_type"] for column in columns}


def test_the_contract_is_that_of_the_warehouse_both_ways():
    """A feature that only one side knows would be refused in the night, after all the work."""
    found = _columns("ftr_customer")
    assert set(found) == {*KEYS, *(f.name for f in FEATURES)}
    for feature in FEATURES:
        assert found[feature.name] in TYPES[feature.kind], feature.name


def test_what_the_models_learn_is_in_the_warehouse():
    rule = WAREHOUSE / "seeds" / "rules" / "churn_label_rule.csv"
    assert CHURN_LABEL in pl.read_csv(rule)["label_code"]
    assert {*KEYS, "label_code", "is_event", "known_date"} <= set(_columns("ftr_customer_label"))
    dated = f"{VALUE_LABEL.removesuffix('_amount')}_known_date"
    assert {*KEYS, VALUE_LABEL, dated} <= set(_columns("ftr_customer_outcome"))


def test_the_levels_are_those_of_the_rule():
    """A level of a bank's own is added in both places, or every score is refused."""
    level = next(feature for feature in FEATURES if feature.name == "level_code")
    rule = WAREHOUSE / "seeds" / "rules" / "level_class.csv"
    assert set(level.categories) == set(pl.read_csv(rule)["level_code"])


def test_questions_and_product_groups_are_those_of_the_rules():
    rules = WAREHOUSE / "seeds" / "rules"
    asked = pl.read_csv(rules / "question_rule.csv")
    assert set(asked["label_code"]) == {DEFAULT_LABEL, *map(opening_label, PRODUCT_GROUPS)}
    assert set(asked["product_group_code"].drop_nulls()) == set(PRODUCT_GROUPS)
    placed = pl.read_csv(rules / "product_group.csv", infer_schema=False)
    assert set(placed["product_group_code"]) == set(PRODUCT_GROUPS)
    watched = pl.read_csv(rules / "model_watch_rule.csv")
    assert set(watched["model_name"]) == set(MODEL_NAMES)
    assert {*KEYS, "label_code", "is_event", "known_date"} <= set(_columns("ftr_customer_question"))
