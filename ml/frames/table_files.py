"""Files that hold a table: delimited text, Parquet, a first sheet; each with its own headings."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import polars as pl
from fastexcel import FastExcelError

from ml.errors import TableRefused
from ml.frames.texts import MISSING

_SNIFFED_BYTES = 1 << 16
_DELIMITERS = ",;\t|"
#: A heading that stands more than once, or an empty one, and its place.
PLACED = re.compile(r"(.*?) ?\[column ([0-9]+)\]")
_HIGH = re.compile(rb"[\x80-\xff]+")
#: A letter of Western Europe: a byte alone among letters. Before a figure it may begin one of the
#: four-byte signs of GB18030, as Tibetan and Uyghur have them.
_ALONE = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff0-9])")
#: Of the runs of bytes beyond ASCII, in Western text nearly all are such letters, in Chinese few.
_WESTERN_SHARE, _CHINESE_SHARE = 0.9, 0.3


def read(path: Path, notes: list[str] | None = None) -> pl.DataFrame:
    """A CSV file (any usual delimiter), a Parquet file or a first sheet.

    A heading that stands more than once is told from its like by its place: `y [column 2]`.

    Args:
        path: The file.
        notes: Gets a sentence where text is not UTF-8.

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
            frame = _read_text(path, [] if notes is None else notes)
    except pl.exceptions.NoDataError as error:
        raise TableRefused(
            f"{path.name} 是空的，连标题行也没有。", f"{path.name} is empty: not even headings"
        ) from error
    except UnicodeDecodeError as error:
        raise TableRefused(
            f"{path.name} 不是 UTF-8，也无法确定是 GB18030 还是西欧编码；请另存为 CSV（UTF-8）。",
            f"{path.name} is not UTF-8, and it cannot be told whether it is GB18030 or Western"
            " European; save it as CSV (UTF-8)",
        ) from error
    except (pl.exceptions.PolarsError, FastExcelError, ValueError, OSError) as error:
        raise _unreadable(path, error) from error
    if not frame.height:
        raise TableRefused(f"{path.name} 没有数据行。", f"{path.name} has no rows")
    return frame


def standing_for(name: str, columns: Sequence[str]) -> list[str]:
    """The columns whose heading is `name` and stands more than once."""
    return [each for each in columns if (found := PLACED.fullmatch(each)) and found[1] == name]


def doubled(columns: Sequence[str]) -> list[str]:
    """Headings that stand more than once."""
    placed = [found[1] for each in columns if (found := PLACED.fullmatch(each)) and found[1]]
    return list(dict.fromkeys(placed))


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


def _read_text(path: Path, notes: list[str]) -> pl.DataFrame:
    """Delimited text; the delimiter is the one that the first lines agree on."""
    text = _decoded(path.read_bytes(), notes)
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


def _decoded(raw: bytes, notes: list[str]) -> str:
    """The text of UTF-8, of GB18030, or of Windows-1252 where it looks like nothing else.

    GB18030 makes Chinese of nearly any bytes, and Windows-1252 letters of all, so that each decodes
    the other without an error. Chinese stands in runs of bytes, accents stand alone.

    Raises:
        UnicodeDecodeError: It is none of them, or might be either.
    """
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        not_utf8 = error
    runs = sum(1 for _ in _HIGH.finditer(raw))
    alone = sum(1 for _ in _ALONE.finditer(raw)) / runs
    if _CHINESE_SHARE <= alone < _WESTERN_SHARE:
        raise not_utf8
    name, codec = ("GB18030", "gb18030") if alone < _CHINESE_SHARE else ("Windows-1252", "cp1252")
    text = raw.decode(codec)
    example = re.search(r"\w*[^\x00-\x7f]+\w*", text)
    shown = f', such as "{example[0][:40]}"' if example else ""
    notes.append(f"The file is not UTF-8; it is read as {name}{shown}.")
    return text


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
