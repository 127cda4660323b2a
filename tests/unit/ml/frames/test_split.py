"""Time split and customer hash: what teaches never overlaps what judges."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from ml.errors import NotEnoughHistory
from ml.frames.features import known_date
from ml.frames.hashing import buckets, frame_checksum
from ml.frames.split import (
    add_months,
    folds_of,
    labelled_rows,
    sample_customers,
    split_by_time,
    thin_out,
)

MONTH_ENDS = pl.date_range(date(2025, 1, 31), date(2025, 9, 30), "1mo", eager=True).dt.month_end()


#: Months that the label "lost" looks ahead.
REACH = 3


def _rows(days, customers=40, reach=REACH):
    known = [add_months(day, reach) for day in days]
    dated = pl.DataFrame(
        {"observation_date": days, known_date("lost"): pl.Series(known, dtype=pl.Date)}
    )
    return pl.DataFrame({"customer_key": range(customers)}).join(dated, how="cross")


def test_no_label_window_of_training_reaches_past_the_test_date():
    split = split_by_time(_rows(MONTH_ENDS), "lost", "churn")
    assert split.test_date == date(2025, 9, 30)
    assert split.train_dates[-1] == date(2025, 6, 30)
    assert split.gap_dates == (date(2025, 7, 31), date(2025, 8, 31))
    assert all(add_months(day, REACH) <= split.test_date for day in split.train_dates)
    assert set(split.train["observation_date"]) == set(split.train_dates)
    assert set(split.test["observation_date"]) == {split.test_date}


def test_a_label_that_looks_further_ahead_needs_more_distance():
    split = split_by_time(_rows(MONTH_ENDS, reach=7), "lost", "churn")
    assert split.train_dates == (date(2025, 1, 31), date(2025, 2, 28))
    assert len(split.gap_dates) == 6


def test_order_of_rows_changes_nothing():
    rows = _rows(MONTH_ENDS)
    turned = rows.sample(fraction=1.0, shuffle=True, seed=5)
    assert split_by_time(turned, "lost", "churn").train.equals(
        split_by_time(rows, "lost", "churn").train
    )
    assert frame_checksum(turned, ["observation_date", "customer_key"]) == frame_checksum(
        rows, ["observation_date", "customer_key"]
    )


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        ([], r"no observation date has a known label \(lost\) yet"),
        (MONTH_ENDS[:3], "labels are known from 2025-01-31 to 2025-03-31"),
    ],
)
def test_a_short_history_is_refused_with_what_is_missing(days, sentence):
    rows = _rows(pl.Series(days, dtype=pl.Date))
    with pytest.raises(NotEnoughHistory, match=sentence):
        split_by_time(rows, "lost", "churn")


def test_sampling_keeps_whole_customers_and_grows_with_the_limit():
    rows = _rows(MONTH_ENDS, customers=2000)
    some = sample_customers(rows, 6000, "salt")
    assert 5000 < some.height < 7000
    assert set(some.group_by("customer_key").len()["len"]) == {len(MONTH_ENDS)}
    more = sample_customers(rows, 12000, "salt")
    assert set(some["customer_key"]) <= set(more["customer_key"])
    assert sample_customers(rows, rows.height, "salt").height == rows.height


def test_folds_are_even_and_by_customer():
    rows = _rows(MONTH_ENDS, customers=3000)
    folds = rows.with_columns(pl.Series("fold", folds_of(rows, 3, "salt")))
    assert folds.group_by("customer_key").agg(pl.col("fold").n_unique())["fold"].max() == 1
    sizes = folds.group_by("fold").len()["len"]
    assert sizes.min() > 0.9 * sizes.max()


def test_buckets_are_uniform_and_differ_by_salt():
    keys = pl.Series(np.arange(20_000) + 2**59)
    one, other = buckets(keys, "one"), buckets(keys, "other")
    tenths = np.bincount(one // 1000, minlength=10)
    assert tenths.min() > 1850
    assert tenths.max() < 2150
    assert np.corrcoef(one, other)[0, 1] == pytest.approx(0, abs=0.03)


def test_checksum_tells_null_from_zero_and_names_apart():
    base = pl.DataFrame({"customer_key": [1, 2], "a": [0.0, 1.0]})
    gap = pl.DataFrame({"customer_key": [1, 2], "a": [None, 1.0]})
    renamed = base.rename({"a": "b"})
    sums = {frame_checksum(frame, ["customer_key"]) for frame in (base, gap, renamed)}
    assert len(sums) == 3


def test_months_whose_windows_reach_before_the_history_neither_teach_nor_judge():
    """The demo bank's first month ends held a third and two thirds of a quarter's contribution."""
    nights = pl.Series([date(2025, 9, 12), date(2025, 10, 31)])
    rows = _rows(pl.concat([MONTH_ENDS, nights]), customers=3)
    day = pl.col("observation_date")
    rows = rows.with_columns(pl.when(day < date(2025, 10, 1)).then(True).alias("label"))
    kept = labelled_rows(rows, "label")["observation_date"].unique().sort().to_list()
    assert kept == MONTH_ENDS.to_list()[2:]
    assert labelled_rows(rows.head(0), "label").is_empty()


def test_thinning_keeps_every_event_and_a_share_of_the_others_by_hash():
    size = 20_000
    frame = pl.DataFrame(
        {
            "customer_key": np.arange(size) + 2**58,
            "observation_date": [date(2025, 6, 30)] * size,
            "left": (np.arange(size) % 50 == 0).astype(float),
        }
    )
    thin = thin_out(frame, "left", 5_000, "salt")
    assert thin["left"].sum() == frame["left"].sum() == 400
    assert 4_700 < thin.height < 5_300
    turned = thin_out(frame.reverse(), "left", 5_000, "salt")
    assert set(turned["customer_key"]) == set(thin["customer_key"])
    assert thin_out(frame, "left", size, "salt").height == size
    # Where even the events are too many, they are half of what is kept.
    few = thin_out(frame, "left", 400, "salt")
    assert 150 < few["left"].sum() < 250
