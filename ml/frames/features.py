"""The gate of the feature table: whatever does not keep the contract of its catalogue is refused.

The columns are those of the dbt model ``ftr_customer`` (one row per customer and observation date,
nothing later than it); a test compares the two lists both ways. Whatever a frame brings beyond or
short of this contract is refused with one sentence; only the order of columns is forgiven.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import polars as pl

from ml.errors import FrameRefused, Pair
from ml.frames.catalogue import FEATURES
from ml.frames.feature import Feature, Kind
from ml.names import PRODUCT_GROUPS

__all__ = ["FEATURES", "Feature"]

KEYS = ("customer_key", "observation_date")
#: A label_code of the rule churn_label_rule: the one that the nightly model learns.
CHURN_LABEL = "any_3m"
VALUE_LABEL = "contribution_next_3m_amount"
#: The month in which he was lost for good, one beyond the horizon where he was not.
SURVIVAL_LABEL = "lost_in_month"
#: Label codes of the rule question_rule.
DEFAULT_LABEL = "defaulted"


def opening_label(group: str) -> str:
    """The label of a group of products.

    >>> opening_label("wealth")
    'opened_wealth'
    """
    return f"opened_{group}"


LABELS = (
    CHURN_LABEL,
    VALUE_LABEL,
    SURVIVAL_LABEL,
    DEFAULT_LABEL,
    *map(opening_label, PRODUCT_GROUPS),
)


def known_date(label: str) -> str:
    """The column beside a label: the end of the last month that the label looked at.

    How far a label looks ahead is data of the bank and comes with the frame.

    >>> known_date("any_3m")
    'any_3m_known_date'
    """
    return f"{label}_known_date"


def of_label(frame: pl.DataFrame, label: str) -> pl.DataFrame:
    """The frame with one label; those of other models, which may stand beside it, are left out."""
    others = [each for each in LABELS if each != label]
    return frame.drop(others, *map(known_date, others), strict=False)


_DTYPES: dict[Kind, Pair] = {
    "number": ("数值", "a number"),
    "flag": ("是或否", "true or false"),
    "category": ("文本代码", "a text code"),
}


def feature_names(features: Sequence[Feature] = FEATURES) -> list[str]:
    """Names in the order of the contract."""
    return [feature.name for feature in features]


def chinese_name(name: str, features: Sequence[Feature] = FEATURES) -> str:
    """A feature as a Chinese sentence names it; by its column alone where the contract has none.

    >>> chinese_name("level_code"), chinese_name("no_feature")
    ('客户级别（level_code）', 'no_feature')
    """
    return next((each.called_zh for each in features if each.name == name), name)


def as_schema(features: Sequence[Feature] = FEATURES) -> list[dict[str, Any]]:
    """The contract as plain data: what a manifest stores and compares."""
    return [
        {
            "name": feature.name,
            "kind": feature.kind,
            "minimum": feature.minimum,
            "maximum": feature.maximum,
            "categories": list(feature.categories),
            "is_optional": feature.is_optional,
        }
        for feature in features
    ]


def all_null_columns(frame: pl.DataFrame, features: Sequence[Feature] = FEATURES) -> list[str]:
    """Optional features that this bank does not record: all null in the frame."""
    return [
        feature.name
        for feature in features
        if feature.is_optional
        and feature.name in frame.columns
        and frame.get_column(feature.name).null_count() == frame.height
    ]


def check_frame(
    frame: pl.DataFrame,
    features: Sequence[Feature] = FEATURES,
    *,
    labels: Collection[str] = (),
    absent: Collection[str] = (),
) -> pl.DataFrame:
    """The frame in the contract's order and types, or a refusal.

    Args:
        frame: Keys, every feature, and the labels named; nothing else.
        features: The contract.
        labels: Labels that must be there too, each with its date (training); scoring names none.
        absent: Features that may be all null: in training those that were not recorded, later those
            that the version may lack (:meth:`ml.models.scorer.Scorer.may_lack`).

    Returns:
        Keys, features as Float64 (numbers and flags) or String (categories), then labels and
        their dates.

    Raises:
        FrameRefused: One sentence that names the column and what is wrong with it.
    """
    check_shape(frame, features, labels=labels)
    columns = [_check_column(frame, feature, absent) for feature in features]
    keys = [
        frame.get_column("customer_key").cast(pl.Int64),
        frame.get_column("observation_date").cast(pl.Date),
    ]
    kept = [frame.get_column(name).cast(pl.Float64, strict=True) for name in labels]
    dates = [frame.get_column(known_date(name)).cast(pl.Date) for name in labels]
    return pl.DataFrame([*keys, *columns, *kept, *dates])


def check_shape(
    frame: pl.DataFrame,
    features: Sequence[Feature] = FEATURES,
    *,
    labels: Collection[str] = (),
) -> None:
    """Refuse wrong columns or keys, without looking at a single value of a feature.

    Raises:
        FrameRefused: One sentence that names what is wrong.
    """
    _check_columns(frame, features, labels)
    _check_keys(frame)


def _check_columns(
    frame: pl.DataFrame, features: Sequence[Feature], labels: Collection[str]
) -> None:
    """Refuse a missing or an extra column: a renamed one is both, and both names are said."""
    expected = [*KEYS, *feature_names(features), *labels, *map(known_date, labels)]
    missing = [name for name in expected if name not in frame.columns]
    extra = [name for name in frame.columns if name not in expected]
    chinese, english = [], []
    if missing:
        named = (chinese_name(name, features) for name in missing)
        chinese.append(f"缺少列 {'、'.join(named)}")
        english.append(f"lacks {', '.join(missing)}")
    if extra:
        chinese.append(f"多出约定之外的列 {'、'.join(extra)}")
        english.append(f"has {', '.join(extra)}, which the contract does not know")
    if english:
        raise FrameRefused(
            f"特征表{'，并'.join(chinese)}。", f"The feature frame {' and '.join(english)}."
        )


def _check_keys(frame: pl.DataFrame) -> None:
    """Refuse keys that are null, doubled or of the wrong type, and an empty frame."""
    if frame.is_empty():
        raise FrameRefused("特征表没有数据行。", "The feature frame has no rows.")
    kind = frame.get_column("customer_key").dtype
    if not kind.is_integer():
        raise FrameRefused(
            f"特征表的列 customer_key 须为整数，实为 {kind}。",
            f"customer_key is {kind}, not a whole number.",
        )
    kind = frame.get_column("observation_date").dtype
    if kind != pl.Date:
        raise FrameRefused(
            f"特征表的列 observation_date 须为日期，实为 {kind}。",
            f"observation_date is {kind}, not a date.",
        )
    for name in KEYS:
        if gaps := frame.get_column(name).null_count():
            raise FrameRefused(
                f"特征表的列 {name} 有 {gaps} 行为空。", f"{name} is null in {gaps} rows."
            )
    doubled = frame.height - frame.select(KEYS).n_unique()
    if doubled:
        raise FrameRefused(
            f"特征表有 {doubled} 行与其他行的客户和观察日相同。",
            f"{doubled} rows repeat a customer and observation date.",
        )


def _check_column(frame: pl.DataFrame, feature: Feature, absent: Collection[str]) -> pl.Series:
    """One column in its type, or a refusal."""
    column = frame.get_column(feature.name)
    if column.null_count() == len(column):
        if feature.name in absent:
            target = pl.String if feature.kind == "category" else pl.Float64
            return pl.Series(feature.name, [None] * len(column), dtype=target)
        raise FrameRefused(
            f"特征 {feature.called_zh}在所有行均为空；请检查该列的来源数据。",
            f"{feature.name} is null in every row; look at where the column comes from.",
        )
    if feature.kind == "category":
        return _check_category(column, feature)
    is_right = column.dtype == pl.Boolean if feature.kind == "flag" else column.dtype.is_numeric()
    # Flags come as 0 and 1 from engines without a boolean; the range check below holds them to it.
    if feature.kind == "flag" and column.dtype.is_integer():
        is_right = True
    if not is_right:
        chinese, english = _DTYPES[feature.kind]
        raise FrameRefused(
            f"特征 {feature.called_zh}须为{chinese}，实为 {column.dtype}。",
            f"{feature.name} is {column.dtype}, and should be {english}.",
        )
    return _check_range(column.cast(pl.Float64), feature)


def _check_category(column: pl.Series, feature: Feature) -> pl.Series:
    """A text column whose codes are all in the list."""
    if column.dtype not in (pl.String, pl.Categorical, pl.Enum):
        raise FrameRefused(
            f"特征 {feature.called_zh}须为文本代码，实为 {column.dtype}。",
            f"{feature.name} is {column.dtype}, and should be a text code.",
        )
    text = column.cast(pl.String)
    unknown = sorted(set(text.drop_nulls().unique().to_list()) - set(feature.categories))
    if unknown:
        raise FrameRefused(
            f"特征 {feature.called_zh}出现代码 {'、'.join(map(repr, unknown[:3]))}，不在代码表 "
            f"{'、'.join(feature.categories)} 之内。",
            f"{feature.name} holds {', '.join(map(repr, unknown[:3]))}, "
            f"which is none of {', '.join(feature.categories)}.",
        )
    return text


def _check_range(column: pl.Series, feature: Feature) -> pl.Series:
    """A numeric column that is finite and inside its range."""
    if column.is_nan().any() or column.is_infinite().any():
        bad = int((column.is_nan() | column.is_infinite()).fill_null(False).sum())
        raise FrameRefused(
            f"特征 {feature.called_zh}有 {bad} 行为无穷或不是数值。",
            f"{feature.name} is infinite or not a number in {bad} rows.",
        )
    low, high = (0.0, 1.0) if feature.kind == "flag" else (feature.minimum, feature.maximum)
    for bound, is_outside in (
        (low, column < low if low is not None else None),
        (high, column > high if high is not None else None),
    ):
        if is_outside is not None and is_outside.any():
            worst = column.filter(is_outside.fill_null(False)).item(0)
            is_below = bound == low and worst < (low or 0)
            chinese, english = ("低于下限", "below") if is_below else ("高于上限", "above")
            raise FrameRefused(
                f"特征 {feature.called_zh}出现 {worst:g}，{chinese} {bound:g}；"
                "请检查其单位与来源。",
                f"{feature.name} holds {worst:g}, {english} its bound {bound:g}; look at its unit"
                " and where it comes from.",
            )
    return column
