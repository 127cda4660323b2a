"""Which observation dates teach, which one judges, and when there are too few of either."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from ml.errors import NotEnoughHistory
from ml.frames.features import known_date
from ml.frames.hashing import BUCKET_COUNT, buckets

#: Months that features look back (_3m, _90d), the month of the observation included.
WINDOW_MONTHS = 3
_DAY_APART = 7_919_000_003


@dataclass(frozen=True)
class TimeSplit:
    """Rows that teach and rows that judge, each sorted by date and customer."""

    train: pl.DataFrame
    test: pl.DataFrame
    train_dates: tuple[date, ...]
    test_date: date
    #: Labelled dates that serve neither, because their label windows reach past the test date.
    gap_dates: tuple[date, ...]


def months_until_known(frame: pl.DataFrame, label: str) -> int | None:
    """Months from an observation to the day its label is known, by the newest known one.

    Args:
        frame: ``observation_date``, the label and its known date; further columns do no harm.
        label: Name of the label.

    Returns:
        None where no label is known.
    """
    known = frame.filter(pl.col(label).is_not_null())
    if known.is_empty():
        return None
    newest = known.filter(pl.col("observation_date") == pl.col("observation_date").max())
    seen: date = newest.get_column("observation_date").item(0)
    told: date = newest.get_column(known_date(label)).max()  # type: ignore[assignment]
    return (told.year - seen.year) * 12 + told.month - seen.month


def add_months(day: date, months: int) -> date:
    """The same day so many months on; a month end stays a month end.

    >>> add_months(date(2025, 6, 30), 3)
    datetime.date(2025, 9, 30)
    >>> add_months(date(2025, 9, 30), 3)
    datetime.date(2025, 12, 31)
    >>> add_months(date(2025, 11, 15), 3)
    datetime.date(2026, 2, 15)
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    is_month_end = day.day == calendar.monthrange(day.year, day.month)[1]
    return date(year, month + 1, last if is_month_end else min(day.day, last))


def labelled_rows(frame: pl.DataFrame, label: str) -> pl.DataFrame:
    """Rows that can teach or judge: month ends with a known label and whole windows behind them.

    Nights observe every business date and would repeat a month thirty times. And in the first
    months of a bank's history a window of three months is cut short by the history itself: its sums
    would teach that customers were worth a third of what they are.
    """
    dates = frame.get_column("observation_date")
    first = dates.min()
    if not isinstance(first, date):
        return frame.head(0)
    whole_from = add_months(first.replace(day=1), WINDOW_MONTHS - 1)
    day = pl.col("observation_date")
    return frame.filter(
        (day == day.dt.month_end()) & (day >= whole_from) & pl.col(label).is_not_null()
    )


def split_by_time(labelled: pl.DataFrame, label: str, model_name: str) -> TimeSplit:
    """Judge on the latest labelled date; teach with dates whose labels were known by then.

    A training row may only use what the bank could have known on the test date. So a training
    date needs its whole label window to end on or before the test date; dates between are left
    out (the gap). Otherwise the months that a training label describes would be the months that
    the test features describe.

    Args:
        labelled: Rows whose label is known, with ``observation_date``, ``customer_key`` and the
            date of the label.
        label: The label, whose date says until when it looked ahead.
        model_name: For the sentence of the refusal.

    Raises:
        NotEnoughHistory: Fewer labelled dates than the split needs.
    """
    known = dict(
        labelled.group_by("observation_date")
        .agg(pl.col(known_date(label)).max())
        .sort("observation_date")
        .iter_rows()
    )
    dates = list(known)
    if not dates:
        raise NotEnoughHistory(
            f"尚不能训练模型 {model_name}：还没有一个观察日的标签（{label}）已知；"
            "须等标签观察期结束。",
            f"No {model_name} model: no observation date has a known label ({label}) yet; a label "
            "is known when the months that it looks ahead are over.",
        )
    test_date = dates[-1]
    train_dates = tuple(day for day in dates if known[day] <= test_date)
    if not train_dates:
        raise NotEnoughHistory(
            f"尚不能训练模型 {model_name}：{dates[0]} 至 {test_date} 的标签已知，但 {dates[0]} 的"
            f"标签到 {known[dates[0]]} 才知道；训练只能用检验日及之前已知的标签，请等更多月份。",
            f"No {model_name} model: labels are known from {dates[0]} to {test_date}, but those of "
            f"{dates[0]} only since {known[dates[0]]}; teaching needs labels that were known by "
            "the date that judges, so wait for more months.",
        )
    gap = tuple(d for d in dates if d not in train_dates and d != test_date)
    ordered = labelled.sort("observation_date", "customer_key")
    return TimeSplit(
        train=ordered.filter(pl.col("observation_date").is_in(train_dates)),
        test=ordered.filter(pl.col("observation_date") == test_date),
        train_dates=train_dates,
        test_date=test_date,
        gap_dates=gap,
    )


def sample_customers(frame: pl.DataFrame, max_rows: int, salt: str) -> pl.DataFrame:
    """At most about ``max_rows`` rows, by dropping whole customers by the hash of their key.

    Growing history changes which share of customers is kept, never which customers come first.
    """
    if frame.height <= max_rows:
        return frame
    limit = int(BUCKET_COUNT * max_rows / frame.height)
    mask = buckets(frame.get_column("customer_key"), salt) < limit
    return frame.filter(pl.Series(mask))


def thin_out(frame: pl.DataFrame, label: str, max_rows: int, salt: str) -> pl.DataFrame:
    """At most about ``max_rows`` rows: those with the event first, of the others a share by hash.

    Events are what a model of rare events learns from; a tenth of the others tells nearly as much
    of them as all do. Where events alone are more than half of ``max_rows`` they are thinned too.
    """
    if frame.height <= max_rows:
        return frame
    is_event = frame.get_column(label).cast(pl.Boolean)
    events = int(is_event.sum())
    kept_events = min(events, max_rows // 2)
    of_events = kept_events / max(events, 1)
    of_others = (max_rows - kept_events) / max(frame.height - events, 1)
    day = frame.get_column("observation_date").to_physical().cast(pl.Int64)
    # A customer's dates are drawn apart; the factor keeps neighbouring keys from meeting.
    drawn = frame.get_column("customer_key") + day * _DAY_APART
    place = buckets(drawn, salt) / BUCKET_COUNT
    limit = np.where(is_event.to_numpy(), of_events, of_others)
    return frame.filter(pl.Series(place < limit))


def folds_of(frame: pl.DataFrame, count: int, salt: str) -> list[int]:
    """Fold number of each row; all rows of a customer share one fold."""
    return [int(b) % count for b in buckets(frame.get_column("customer_key"), salt)]
