"""Curves and rates: gaps, constants, values beyond training, categories never seen."""

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from ml.frames.columns import BENDS, Columns, Curve, curve_encoding, tree_encoding
from ml.models.factories import boosted_classifier


def test_text_is_a_category_and_a_flag_is_a_number() -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": [True, False], "c": ["x", "y"]})
    assert Columns.of(frame, frame.columns) == Columns(("a", "b"), ("c",))


def test_a_category_of_many_values_is_told_as_one_rate() -> None:
    frame = pl.DataFrame({"town": [str(i % 40) for i in range(400)]})
    columns = Columns.of(frame, ["town"])
    assert columns.many == {"town"}
    labels = (np.arange(400) % 40 < 10).astype(float)
    encoded = curve_encoding(columns, is_class=True, random_state=0).fit_transform(frame, labels)
    assert encoded.shape == (400, 1)
    assert encoded[labels == 1].mean() > encoded[labels == 0].mean()


def test_a_curve_bends_where_the_ranks_say() -> None:
    values = np.exp(np.linspace(0, 20, 500))
    out = Curve().fit(values).transform(values)
    assert out.shape == (500, 1 + len(BENDS))
    assert (np.diff(out[:, 0]) >= 0).all()
    assert abs(out[:, 0].mean()) < 0.01
    # Before its bend a hinge is nil.
    assert out[: int(500 * BENDS[-1]) - 5, -1].max() == 0


def test_gaps_have_a_column_where_training_had_any() -> None:
    values = np.array([1.0, 2.0, np.nan, 4.0, 5.0, 6.0])
    out = Curve().fit(values).transform(values)
    assert out[:, -1].tolist() == [0, 0, 1, 0, 0, 0]
    assert not out[2, :-1].any()
    whole = Curve().fit(np.arange(6.0)).transform(values)
    assert not whole[2].any()


@pytest.mark.parametrize("column", [np.full(9, 3.0), np.full(9, np.nan)])
def test_a_constant_or_an_empty_column_gives_nils(column: np.ndarray) -> None:
    out = Curve().fit(column).transform(np.array([1.0, 3.0, 9.0]))
    assert not out.any()


def test_a_value_beyond_training_counts_as_its_end() -> None:
    curve = Curve().fit(np.arange(100.0))
    ends = curve.transform(np.array([-1e12, 0.0, 99.0, 1e12]))
    np.testing.assert_array_equal(ends[0], ends[1])
    np.testing.assert_array_equal(ends[2], ends[3])


def test_a_category_never_seen_counts_as_the_mean() -> None:
    frame = pl.DataFrame({"kind": ["a", "b", None] * 40})
    labels = np.tile([1.0, 0.0, 0.0], 40)
    encoding = tree_encoding(Columns.of(frame, ["kind"]), is_class=True, random_state=0)
    encoding.fit(frame, labels)
    new = encoding.transform(pl.DataFrame({"kind": ["z", "a", None]}))
    assert new[0, 0] == pytest.approx(1 / 3)
    assert new[1, 0] > 0.9
    assert new[2, 0] < 0.1


@pytest.mark.parametrize(("values", "rows"), [(2, 50), (4, 400), (30, 3000)])
def test_a_category_with_plenty_of_rows_keeps_one_rate_per_value(values: int, rows: int) -> None:
    random = np.random.default_rng(4)
    frame = pl.DataFrame({"kind": (np.arange(rows) % values).astype(str)})
    labels = random.integers(0, 2, rows).astype(float)
    encoding = tree_encoding(Columns.of(frame, ["kind"]), is_class=True, random_state=0)
    rates = encoding.fit_transform(frame, labels)
    np.testing.assert_array_equal(rates, encoding.transform(frame))


def test_a_category_with_few_rows_of_each_value_does_not_give_its_label_away() -> None:
    random = np.random.default_rng(5)
    frame = pl.DataFrame({"town": random.integers(0, 25, 500).astype(str)})
    labels = random.integers(0, 2, 500).astype(float)
    encoding = tree_encoding(Columns.of(frame, ["town"]), is_class=True, random_state=0)
    rates = encoding.fit_transform(frame, labels)[:, 0]
    assert roc_auc_score(labels, rates) < 0.55
    # The same rates without cross-fitting tell labels that are pure luck.
    assert roc_auc_score(labels, encoding.transform(frame)[:, 0]) > 0.6


def test_trees_learn_where_a_column_of_training_is_empty() -> None:
    frame = pl.DataFrame({"known": np.arange(200.0), "empty": np.full(200, np.nan)})
    left = (frame["known"].to_numpy() > 100).astype(float)
    fitted = boosted_classifier(Columns.of(frame, frame.columns)).fit(frame, left)
    later = frame.with_columns(empty=pl.lit(7.0))
    np.testing.assert_array_equal(fitted.predict_proba(frame), fitted.predict_proba(later))
