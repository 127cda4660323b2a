"""Texts that are numbers or dates: as people and other programs write them."""

from __future__ import annotations

import polars as pl

#: Text that reads as numbers or dates in this share of its filled rows is that, with gaps.
READ_SHARE = 0.95
#: What stands before an amount of money.
_CURRENCY = r"^(?:CNY|RMB|[¥￥$€£]) ?"
_GROUPED = r"^[-+]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?$"
#: Of a date and a moment the date alone is kept.
_TIME = r"[ T]+[0-9]{1,2}:[0-9]{2}.*$"
#: Month first comes last: it is taken only where no other order reads as many rows.
_DAYS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y",
    "%d-%b-%Y", "%d %b %Y", "%m/%d/%Y",
)  # fmt: skip
_YEARS = (1900, 2100)
_MONTHS = ("%Y-%m", "%Y/%m", "%Y年%m月", "%b-%Y", "%b %Y")


def as_numbers(column: pl.Series) -> pl.Series | None:
    """The column as floats, or nothing where too few of its texts are numbers.

    Thousands may be parted by commas, an amount may begin with its currency, and where every text
    ends with a per cent sign each is a number of hundredths.
    """
    bare = column
    if column.drop_nulls().str.ends_with("%").all():
        bare = bare.str.strip_suffix("%").str.strip_chars()
    bare = bare.str.replace(_CURRENCY, "")
    grouped = bare.str.contains(_GROUPED)
    parted = pl.select(
        pl.when(grouped).then(bare.str.replace_all(",", "", literal=True)).otherwise(bare)
    ).to_series()
    return _if_enough(parted.cast(pl.Float64, strict=False).alias(column.name), column)


def as_days(column: pl.Series) -> pl.Series | None:
    """The column as days since 1970, or nothing where no format reads enough of its texts."""
    dates = column.str.replace(_TIME, "")
    firsts = dates + " 1"
    read = [
        *(dates.str.to_date(each, strict=False) for each in _DAYS),
        *(firsts.str.to_date(f"{each} %d", strict=False) for each in _MONTHS),
    ]
    # A band of ages such as 1-3 is no month of the year 1.
    read = [each.set(~each.dt.year().is_between(*_YEARS), None) for each in read]
    # Of formats that read alike many, the first.
    best = min(read, key=lambda each: each.null_count())
    return _if_enough(best.dt.epoch("d").cast(pl.Float64), column)


def _if_enough(read: pl.Series, column: pl.Series) -> pl.Series | None:
    """What was read, where that is nearly all that is filled."""
    filled = len(column) - column.null_count()
    known = len(read) - read.null_count()
    return read if filled and known >= READ_SHARE * filled else None
