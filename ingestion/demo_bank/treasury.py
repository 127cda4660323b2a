"""The bank's internal curve of transfer prices."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank.columns import dates
from ingestion.demo_bank.shape import Column, Days, Period, Shape, add_months_to_days

TENORS: Final = (0, 1, 3, 6, 12, 24, 36, 60)
# Millionths a year as the history begins.
_BASE: Final = np.array([14_500, 16_000, 17_200, 18_400, 19_800, 21_500, 23_000, 25_200])
# Years before the history, and how much higher the curve stood then: it falls towards today.
_YEARS_BEFORE: Final = (0.0, 1.0, 3.0, 5.0, 7.0, 9.0, 11.0, 12.5, 14.0, 16.0, 17.5, 20.0)
_HIGHER_BY: Final = (
    0, 1_500, 3_500, 4_000, 9_000, 6_500, 14_000, 12_500, 15_000, 6_000, 15_500, 8_000,
)  # fmt: skip
# Curves older than twenty years are too old to be taken in (feeds/treasury__ftp_curve.yml).
_MONTHS_BEFORE: Final = 238
# Long tenors move with a curve of their own.
_SLOPE: Final = np.array([1.0, 1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5])


# How much higher the curves of other currencies stand, in millionths.
_ABROAD: Final = (("CNY", 0), ("USD", 22_000), ("HKD", 19_000))
# Yuan for 100 units, in ten-thousandths, on the eve of the history.
_EXCHANGE: Final = (("USD", 7_183_600), ("HKD", 924_500))


def curve_month(shape: Shape, period: Period) -> pl.DataFrame:
    """The curve on the month's first day and on each day on which it moved.

    The first month brings the curves of the years before it too, one a month: what was agreed then
    is priced by them.
    """
    level, twist = _path(shape)
    moved = np.append(True, (np.diff(level) != 0) | (np.diff(twist) != 0))
    first = period.start - shape.periods[0].start
    moved[first] = True
    places = first + np.flatnonzero(moved[first : first + period.days])
    days = shape.periods[0].start + places
    level, twist = level[places], twist[places]
    if not period.index:
        before, higher = _years_before(shape)
        days = np.concatenate([before, days])
        twist = np.concatenate([np.full(len(before), twist[0]), twist])
        level = np.concatenate([level[0] + higher, level])
    lean = np.linspace(-1, 1, len(TENORS))
    rates = _BASE + level[:, None] * _SLOPE + twist[:, None] * lean
    return pl.concat([_curve_frame(days, currency, rates + higher) for currency, higher in _ABROAD])


def _curve_frame(days: Days, currency: str, rates: Column) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "curve_date": dates(np.repeat(days, len(TENORS))),
            "currency_code": [currency] * rates.size,
            "tenor_months": np.tile(TENORS, len(days)),
            "ftp_rate": np.round(rates, -1).astype(np.int64).ravel(),
        }
    )


def _years_before(shape: Shape) -> tuple[Days, Column]:
    """First days of the months before the history, and how much higher the curve stood on each."""
    months = np.arange(_MONTHS_BEFORE, 0, -1)
    days = add_months_to_days(np.full(len(months), shape.periods[0].start), -months)
    # It wanders, less and less the nearer the history comes.
    wander = shape.rng("curve before").normal(0, 250, len(months)) * np.minimum(months / 24, 1)
    return days, np.interp(months / 12, _YEARS_BEFORE, _HIGHER_BY) + wander


def _path(shape: Shape) -> tuple[Column, ...]:
    """Level and twist of the curve, day by day: steps on some Mondays, falling over the years."""
    rng = shape.rng("curve")
    first = shape.periods[0].start
    count = shape.periods[-1].end - first + 1
    is_step = (((np.arange(count) + first + 3) % 7) == 0) & (rng.random(count) < 0.6)
    level = np.cumsum(np.where(is_step, np.round(rng.normal(-45, 180, count), -1), 0.0))
    twist = np.cumsum(np.where(is_step, np.round(rng.normal(0, 60, count), -1), 0.0))
    return np.clip(level, -6_000, 4_000), np.clip(twist, -800, 1_500)


def exchange_month(shape: Shape, period: Period) -> pl.DataFrame:
    """Middle rates of the month's working days; those of the eve come with the first month's."""
    rng = shape.rng("exchange")
    first = shape.periods[0].start - 1
    days = np.arange(first, shape.periods[-1].end + 1)
    # 1970-01-01 was a Thursday.
    is_quoted = ((days + 3) % 7 < 5) | (days == first)
    start = period.start if period.index else first
    chosen = is_quoted & (days >= start) & (days <= period.end)
    frames = []
    for currency, price in _EXCHANGE:
        walk = np.cumsum(np.round(rng.normal(0, price / 800, len(days))))
        prices = np.clip(price + walk, price * 0.93, price * 1.07)
        frames.append(
            pl.DataFrame(
                {
                    "currency_code": [currency] * int(chosen.sum()),
                    "rate_date": dates(days[chosen]),
                    "exchange_price": np.round(prices[chosen]) / 10_000,
                }
            )
        )
    return pl.concat(frames)
