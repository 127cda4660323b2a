"""Any table as rows, columns and a target: how a public data set gets to the factories."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from fastexcel import FastExcelError
from numpy.typing import NDArray

from ml.errors import TableRefused
from ml.frames.columns import Columns
from ml.frames.texts import as_days, as_numbers

#: Words that tables use for the class that is sought, lower case.
SOUGHT = ("1", "true", "yes", "y", "t", "是", "有", "churn", "churned", "bad", "default", "pos")
MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "?", "None")
#: A target of so many different numbers is a quantity; of fewer, classes.
_QUANTITY_VALUES = 20
#: Text with this share of different values names its row and tells nothing of others.
_NAME_SHARE = 0.5
#: In fewer rows whole numbers may well all differ.
_KEY_ROWS = 100
_SNIFFED_BYTES = 1 << 16
_DELIMITERS = ",;\t|"
#: A heading that stands more than once, or an empty one, and its place.
_PLACED = re.compile(r"(.*?) ?\[column ([0-9]+)\]")


@dataclass(frozen=True)
class Table:
    """A table that is ready to be judged.

    Attributes:
        frame: The columns that models may read; numbers as floats, categories as text.
        columns: The same by kind.
        target: One number per row: 1 for the class that is sought and 0 else, or a quantity.
        is_binary: Whether the target is a class.
        sought: The class that is sought; of a quantity, nothing.
        notes: What was left out or changed, one sentence each.
    """

    frame: pl.DataFrame
    columns: Columns
    target: NDArray[np.float64]
    is_binary: bool
    sought: str | None
    notes: tuple[str, ...]


def read(path: Path) -> pl.DataFrame:
    """A CSV file (any usual delimiter, UTF-8 or GB18030), a Parquet file or a first sheet.

    A heading that stands more than once is told from its like by its place: `y [column 2]`.

    Raises:
        TableRefused: The file is not there, is empty, or is no table.
    """
    if not path.is_file():
        raise TableRefused(f"找不到文件 {path}。", f"there is no file {path}")
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            frame = pl.read_parquet(path)
        elif path.suffix.lower() in (".xlsx", ".xls", ".xlsb", ".ods"):
            # The headings as they stand: the library makes doubled ones unlike each other.
            first = pl.read_excel(path, has_header=False, read_options={"n_rows": 1})
            frame = _name(pl.read_excel(path), [str(cell or "") for cell in first.row(0)])
        else:
            frame = _read_text(path)
    except pl.exceptions.NoDataError as error:
        raise TableRefused(
            f"{path.name} 是空的，连标题行也没有。", f"{path.name} is empty: not even headings"
        ) from error
    except UnicodeDecodeError as error:
        raise TableRefused(
            f"{path.name} 既不是 UTF-8 也不是 GB18030 编码的文本；请另存为 CSV（UTF-8）。",
            f"{path.name} is text in neither UTF-8 nor GB18030; save it as CSV (UTF-8)",
        ) from error
    except (pl.exceptions.PolarsError, FastExcelError, ValueError, OSError) as error:
        raise _unreadable(path, error) from error
    if not frame.height:
        raise TableRefused(f"{path.name} 没有数据行。", f"{path.name} has no rows")
    return frame


def _unreadable(path: Path, error: Exception) -> TableRefused:
    """Why a file is no table; what the library says of it, as its own words."""
    words = str(error).strip().split("\n")[0]
    if "found more fields" in words:
        return TableRefused(
            f"{path.name} 有的行比标题行的列数多；标题行以上若有表名等内容，请先删去，"
            "单元格内的分隔符须用引号括起。",
            f"lines of {path.name} have more cells than there are headings; delete a title above"
            " the headings, and quote a cell that holds the delimiter",
        )
    return TableRefused(
        f"{path.name} 无法作为表格读取；读取程序的原话：“{words}”。",
        f"{path.name} cannot be read as a table; the program that reads it says: {words!r}",
    )


def _read_text(path: Path) -> pl.DataFrame:
    """Delimited text; the delimiter is the one that the first lines agree on."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030")
    head = text[:_SNIFFED_BYTES]
    try:
        delimiter = csv.Sniffer().sniff(head, _DELIMITERS).delimiter
    except csv.Error:
        delimiter = max(_DELIMITERS, key=head.split("\n", 1)[0].count)
    frame = pl.read_csv(
        text.encode(),
        separator=delimiter,
        null_values=list(MISSING),
        infer_schema_length=None,
    )
    return _name(frame, next(csv.reader(io.StringIO(head), delimiter=delimiter)))


def _name(frame: pl.DataFrame, headings: Sequence[str]) -> pl.DataFrame:
    """The frame with its headings as they stand; doubled and empty ones by their place."""
    if len(headings) != frame.width:
        return frame
    plain = [heading.strip() for heading in headings]
    times = Counter(plain)
    frame.columns = [
        f"{heading} [column {place}]".strip() if times[heading] > 1 or not heading else heading
        for place, heading in enumerate(plain, 1)
    ]
    return frame


def _standing_for(name: str, columns: Sequence[str]) -> list[str]:
    """The columns whose heading is `name` and stands more than once."""
    return [each for each in columns if (found := _PLACED.fullmatch(each)) and found[1] == name]


def prepare(
    frame: pl.DataFrame,
    target: str,
    *,
    positive: str | None = None,
    drop: Sequence[str] = (),
) -> Table:
    """Split a table into columns and target, and leave out what no model should read.

    Args:
        frame: The table.
        target: Column that is to be told from the others.
        positive: Value of the target that is sought, against all others.
        drop: Columns to leave out: keys, and what is known only afterwards.

    Raises:
        TableRefused: A column is not there, the target stands twice, has one value or too many,
            or nothing is left to learn from.
    """
    left_out = {each for name in drop for each in (name, *_standing_for(name, frame.columns))}
    _require(frame.columns, target, drop)
    notes: list[str] = []
    for name in _doubled(frame.columns):
        placed = ", ".join(_standing_for(name, frame.columns))
        notes.append(f"{name} stands more than once as a heading: {placed}.")
    known = _with_target(frame, target, notes)
    values, is_binary, sought = _target(known.get_column(target), positive)
    kept = [
        column
        for name in known.columns
        if name != target and name not in left_out
        if (column := _readable(known.get_column(name), notes)) is not None
    ]
    if not kept:
        raise TableRefused(
            "没有可用于区分各行的列。", "no column is left that could tell one row from another"
        )
    rows = pl.DataFrame(kept)
    return Table(rows, Columns.of(rows, rows.columns), values, is_binary, sought, tuple(notes))


def _doubled(columns: Sequence[str]) -> list[str]:
    """Headings that stand more than once."""
    placed = [found[1] for each in columns if (found := _PLACED.fullmatch(each)) and found[1]]
    return list(dict.fromkeys(placed))


def _require(columns: Sequence[str], target: str, drop: Sequence[str]) -> None:
    """Nothing, where the target is one column and what is dropped is there."""
    if places := _standing_for(target, columns):
        listed = ", ".join(places)
        raise TableRefused(
            f"标题 {target} 出现了 {len(places)} 次；请用 --target 指明是哪一列：{listed}。",
            f"{target} stands {len(places)} times as a heading; say by --target which is meant:"
            f" {listed}",
        )
    unknown = [
        name for name in (target, *drop) if name not in columns and not _standing_for(name, columns)
    ]
    if not unknown:
        return
    wanted, there = ", ".join(unknown), ", ".join(columns)
    empty = sum(1 for each in columns if (found := _PLACED.fullmatch(each)) and not found[1])
    is_title = 2 * empty >= len(columns)
    hint_zh = "第 1 行多为空，像是表名而不是列名；请删去列名以上的行。" if is_title else ""
    hint = (
        "; row 1 is mostly empty and looks like a title: delete the rows above the headings"
        if is_title
        else ""
    )
    raise TableRefused(
        f"表中没有列 {wanted}；现有列：{there}。{hint_zh}",
        f"the table has no column {wanted}; it has {there}{hint}",
    )


def _with_target(frame: pl.DataFrame, target: str, notes: list[str]) -> pl.DataFrame:
    """The rows whose target is known, and what is told of the others."""
    column = frame.get_column(target)
    if column.dtype == pl.String:
        column = column.str.strip_chars()
        frame = frame.with_columns(column.set(column.is_in(list(MISSING)), None))
    elif column.dtype.is_float():
        endless = frame.filter(pl.col(target).is_infinite()).height
        if endless:
            notes.append(f"{endless} rows have an infinite {target} and are left out.")
        frame = frame.filter(~pl.col(target).is_infinite() | pl.col(target).is_null())
        frame = frame.with_columns(pl.col(target).fill_nan(None))
    known = frame.filter(pl.col(target).is_not_null())
    if known.height < frame.height:
        notes.append(f"{frame.height - known.height} rows have no {target} and are left out.")
    if not known.height:
        raise TableRefused(
            f"列 {target} 没有任何可用的取值。", f"no row has a {target} that can be used"
        )
    return known


def _target(
    column: pl.Series, positive: str | None
) -> tuple[NDArray[np.float64], bool, str | None]:
    """(values, whether they are classes, the class that is sought)."""
    if column.dtype.is_nested() or column.dtype == pl.Binary:
        raise TableRefused(
            f"列 {column.name} 的类型是 {column.dtype}，不能作为目标。",
            f"{column.name} is of type {column.dtype}, which cannot be foretold",
        )
    if column.dtype.is_float() and (column == column.round()).all():
        # A gap makes other programs write the classes 0 and 1 as 0.0 and 1.0.
        column = column.cast(pl.Int64)
    texts = column.cast(pl.String).str.strip_chars()
    counts = texts.value_counts(sort=True)
    found = counts.get_column(column.name).to_list()
    if positive is not None:
        if positive not in found:
            there = ", ".join(map(str, found[:10]))
            raise TableRefused(
                f"列 {column.name} 中没有取值 {positive}；现有取值：{there}。",
                f"{column.name} never is {positive}; it is {there}",
            )
        return (texts == positive).cast(pl.Float64).to_numpy(), True, positive
    if len(found) < 2:
        raise TableRefused(
            f"列 {column.name} 只有一个取值，无从区分。",
            f"{column.name} has one value only, so there is nothing to tell apart",
        )
    if len(found) == 2:
        named = [value for value in found if value.lower() in SOUGHT]
        # Else the rarer one: churners, defaulters and buyers are fewer than the others.
        sought = named[0] if len(named) == 1 else found[-1]
        return (texts == sought).cast(pl.Float64).to_numpy(), True, sought
    if column.dtype.is_numeric() and len(found) > _QUANTITY_VALUES:
        return column.cast(pl.Float64).to_numpy(), False, None
    there = ", ".join(map(str, found[:5]))
    raise TableRefused(
        f"列 {column.name} 有 {len(found)} 个类别（{there} …），请用 --positive 指定要识别的类别。",
        f"{column.name} has {len(found)} classes ({there} ...); name the one that is sought with "
        "--positive",
    )


def _readable(column: pl.Series, notes: list[str]) -> pl.Series | None:
    """The column as floats or as text, or nothing where it tells no row from another."""
    name = column.name
    if column.dtype in (pl.Time, pl.Duration):
        column = column.to_physical()
    elif column.dtype.is_temporal():
        column = column.cast(pl.Datetime("us"), strict=False).dt.epoch("d").cast(pl.Float64)
    elif column.dtype in (pl.String, pl.Categorical, pl.Enum):
        column = _text(column.cast(pl.String).str.strip_chars(), notes)
        if column.dtype == pl.String and column.n_unique() > _NAME_SHARE * len(column):
            notes.append(f"{name} names its rows (nearly each has its own) and is left out.")
            return None
    elif not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        notes.append(f"{name} is of type {column.dtype}, which no model here reads; left out.")
        return None
    if column.dtype != pl.String:
        column = _finite(column, notes)
        if _is_row_number(column):
            notes.append(f"{name} counts the rows and is left out.")
            return None
        if len(column) >= _KEY_ROWS and _is_like_a_key(column):
            notes.append(
                f"{name} is another whole number in every row; a key is left out with --drop."
            )
    if column.n_unique() < 2:
        notes.append(f"{name} is the same in every row and is left out.")
        return None
    return column


def _text(column: pl.Series, notes: list[str]) -> pl.Series:
    """Text, or a number or days where nearly all of it reads as such."""
    column = column.set(column.is_in(list(MISSING)), None)
    for read, kind in ((as_numbers(column), "numbers"), (as_days(column), "dates")):
        if read is None:
            continue
        if kind == "dates":
            notes.append(f"{column.name} is read as dates and counts in days.")
        lost = read.null_count() - column.null_count()
        if lost:
            notes.append(f"{column.name}: {lost} values are no {kind} and count as missing.")
        return read
    return column


def _finite(column: pl.Series, notes: list[str]) -> pl.Series:
    """Floats; what is not finite counts as missing."""
    numbers = column.cast(pl.Float64)
    broken = numbers.is_infinite() | numbers.is_nan()
    count = int(broken.sum() or 0)
    if count:
        notes.append(f"{column.name}: {count} values are not finite and count as missing.")
        numbers = numbers.set(broken, None)
    return numbers


def _is_row_number(column: pl.Series) -> bool:
    """Whether the column only counts its rows."""
    if column.null_count() or len(column) < 3:
        return False
    steps = column.diff().drop_nulls()
    return bool((steps == 1).all())


def _is_like_a_key(column: pl.Series) -> bool:
    """Whether it is a whole number, and another one in each row."""
    return column.n_unique() == len(column) and bool((column == column.round()).all())
