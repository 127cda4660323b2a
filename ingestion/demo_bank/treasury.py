"""The bank's internal curve of transfer prices."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank.columns import dates
from ingestion.demo_bank.shape import Column, Period, Shape

TENORS: Final = (0, 1, 3, 6, 12, 24, 36, 60)
# Millionths a year as the history begins.
_BASE: Final = np.array([14_500, 16_000, 17_200, 18_400, 19_800, 21_500, 23_000, 25_200])
# Long tenors move with a curve of their own.
_SLOPE: Final = np.array([1.0, 1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5])


def curve_month(shape: Shape, period: Period) -> pl.DataFrame:
    """The curve on the month's first day and on each day on which it moved."""
    level, twist = _path(shape)
    rows_day: list[int] = []
    rows_tenor: list[int] = []
    rows_rate: list[int] = []
    offset = period.start - shape.periods[0].start
    for day in range(period.days):
        place = offset + day
        moved = place == 0 or level[place] != level[place - 1] or twist[place] != twist[place - 1]
        if day and not moved:
            continue
        rates = _BASE + level[place] * _SLOPE + twist[place] * np.linspace(-1, 1, len(TENORS))
        rows_day += [period.start + day] * len(TENORS)
        rows_tenor += TENORS
        rows_rate += [int(rate) for rate in np.round(rates, -1)]
    return pl.DataFrame(
        {
            "curve_date": dates(np.array(rows_day)),
            "currency_code": ["CNY"] * len(rows_day),
            "tenor_months": rows_tenor,
            "ftp_rate": rows_rate,
        }
    )


def _path(shape: Shape) -> tuple[Column, ...]:
    """Level and twist of the curve, day by day: steps on some Mondays, falling over the years."""
    rng = shape.rng("curve")
    first = shape.periods[0].start
    count = shape.periods[-1].end - first + 1
    is_step = (((np.arange(count) + first + 3) % 7) == 0) & (rng.random(count) < 0.6)
    level = np.cumsum(np.where(is_step, np.round(rng.normal(-45, 180, count), -1), 0.0))
    twist = np.cumsum(np.where(is_step, np.round(rng.normal(0, 60, count), -1), 0.0))
    return np.clip(level, -6_000, 4_000), np.clip(twist, -800, 1_500)
