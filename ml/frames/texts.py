"""Texts that are numbers or dates: as people and other programs write them."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

#: What tables write where nothing is known.
MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "?", "None")
#: Text that reads as numbers or dates in this share of its filled rows is that, with gaps.
READ_SHARE = 0.95
#: What stands before an amount of money.
_CURRENCY = r"^(?:CNY|RMB|[¥￥$€£]) ?"
#: Thousands do not begin with a nil: 0,123 is a fraction.
_GROUPED = r"^[-+]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?$"
#: What can only be thousands: two commas, or a point after one.
_ONLY_GROUPED = r"^[-+]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:,[0-9]{3}|\.[0-9]+)$"
#: A decimal comma, points between thousands.
_WITH_COMMA = r"^[-+]?(?:[0-9]+|[1-9][0-9]{0,2}(?:\.[0-9]{3})+)(?:,[0-9]+)?$"
#: So few different texts may be lists: 1,2 for who chose the first and the second.
_LISTS = 20
#: Text with this share of different values names its row and tells nothing of others.
NAME_SHARE = 0.5
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
    bare = _bare(column)
    parted = bare.str.replace_all(",", "", literal=True).zip_with(
        bare.str.contains(_GROUPED).fill_null(False), bare
    )
    return _if_enough(parted.cast(pl.Float64, strict=False), column)


def as_decimals(column: pl.Series) -> pl.Series | None:
    """The same of a column whose commas are decimal; nothing where it has none such."""
    bare = _bare(column)
    whole = bare.set(~bare.str.contains(_WITH_COMMA), None)
    if bare.str.contains(_ONLY_GROUPED).any() or not whole.str.contains(",", literal=True).any():
        return None
    pointed = whole.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    return _if_enough(pointed.cast(pl.Float64, strict=False), column)


def has_sure_decimals(column: pl.Series) -> bool:
    """Whether a comma of the column parts no thousands, as in 0,123 and 2,5, and all are numbers.

    1,234 alone may be either.
    """
    bare = _bare(column)
    commas = bare.str.contains(",", literal=True) & ~bare.str.contains(_GROUPED)
    return bool(commas.any()) and as_decimals(column) is not None


def proves_decimals(column: pl.Series) -> bool:
    """The same of texts that are no lists: many different ones, or another in nearly each row."""
    many = min(_LISTS, NAME_SHARE * len(column))
    return column.n_unique() > many and has_sure_decimals(column)


def are_commas_decimal(columns: Iterable[pl.Series]) -> bool:
    """Whether a table writes decimal commas: a column proves it, none surely parts thousands."""
    is_proven = False
    for column in columns:
        is_parted = _bare(column.unique()).str.contains(_ONLY_GROUPED).any()
        if is_parted and as_numbers(column) is not None:
            return False
        is_proven = is_proven or proves_decimals(column)
    return is_proven


def may_be_decimals(column: pl.Series) -> bool:
    """Whether each comma of a column may part thousands or be decimal, as in 1,234."""
    bare = _bare(column)
    commas = bare.set(~bare.str.contains(",", literal=True), None).drop_nulls()
    return bool(
        len(commas)
        and commas.str.contains(_GROUPED).all()
        and not commas.str.contains(_ONLY_GROUPED).any()
    )


def _bare(column: pl.Series) -> pl.Series:
    """Texts without per cent sign, where all have it, and without currency."""
    bare = column
    if column.drop_nulls().str.ends_with("%").all():
        bare = bare.str.strip_suffix("%").str.strip_chars()
    return bare.str.replace(_CURRENCY, "")


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
