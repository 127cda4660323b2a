"""Extracts of the bank's systems: text files in the manner that the feeds declare."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from ingestion.contracts.extracts import Control
from ingestion.contracts.feed import Column, Feed, FilePattern
from ingestion.contracts.types import CHANGE_CODE

# Rows encoded at a time: keeps the peak of memory low.
_CHUNK_ROWS = 400_000
# Below this a plain loop beats a compiled expression.
_FEW_ROWS = 3_000


class FeedBook:
    """The feeds as the demo bank needs them: headings, raw texts of codes, file names."""

    def __init__(self, feeds: dict[str, Feed]) -> None:
        self.feeds = {name: feed for name, feed in feeds.items() if not feed.is_internal}

    def raw_texts(self, feed: str, column: str) -> dict[str, str]:
        """Canonical value -> the text that the bank writes for it: the first one declared."""
        values = self.feeds[feed].column(column).values
        return {canonical: texts[0] for canonical, texts in values.items()}

    def raw(self, feed: str, column: str, names: Sequence[str]) -> pl.Series:
        """The raw texts of `names`, in their order, to gather from."""
        texts = self.raw_texts(feed, column)
        return pl.Series([texts[name] for name in names], dtype=pl.String)

    def pattern(self, feed: str, kind: str) -> FilePattern:
        """The feed's file pattern of format csv or xlsx.

        Raises:
            KeyError: If the feed has none of that format.
        """
        for pattern in self.feeds[feed].delivery.files:
            if pattern.format == kind:
                return pattern
        raise KeyError(f"{feed} is not delivered as {kind}")

    def file_name(self, feed: str, kind: str, date: str, part: str = "") -> str:
        """The name of a delivery: `corebank_account_202501.csv`."""
        name = self.pattern(feed, kind).file_name
        return name.replace("{date}", date).replace("{part}", part)


@dataclass
class ExtraLine:
    """A line that the extract holds beside its proper rows.

    Attributes:
        after: Data row (from 1) behind which it stands.
        content: The bytes of the line, without line end; None repeats row `after`.
        damage: Byte offset in the repeated or given line at which a byte is damaged.
    """

    after: int
    content: str | None = None
    cut_after_columns: int | None = None
    damage: bool = False


@dataclass
class ExtractWriter:
    """Writes data frames of canonical values as the text files of their feeds.

    Money arrives as whole fen, rates as millionths, dates as dates, codes by canonical name or,
    where the column's name is given as already raw, as delivered.
    """

    book: FeedBook
    files: int = 0
    rows: int = 0
    size: int = 0
    seen: dict[str, int] = field(default_factory=dict)

    def write(
        self,
        feed_name: str,
        frame: pl.DataFrame,
        folder: Path,
        date: str,
        part: str = "",
        raw: frozenset[str] = frozenset(),
        extra: Sequence[ExtraLine] = (),
        is_encoded: bool = False,
    ) -> Path:
        """Write one delivery; the path of the file.

        Args:
            feed_name: The feed.
            frame: Its rows.
            folder: Where to.
            date: As in the file name.
            part: As in the file name, where the pattern has one.
            raw: Code columns that hold delivered texts already.
            extra: Lines to put in that are no rows.
            is_encoded: Whether texts are in the file's encoding already, a character per byte.

        Raises:
            KeyError: If the frame lacks a column of the feed.
        """
        feed = self.book.feeds[feed_name]
        pattern = self.book.pattern(feed_name, "csv")
        path = folder / self.book.file_name(feed_name, "csv", date, part)
        folder.mkdir(parents=True, exist_ok=True)
        # A source that sets no change flags has no column for them.
        columns = [
            column
            for column in feed.columns
            if column.name != CHANGE_CODE or column.name in frame.columns
        ]
        headings = [column.heading for column in columns]
        with path.open("wb") as out:
            out.write((pattern.delimiter.join(headings) + "\r\n").encode(pattern.encoding))
            done = 0
            for start in range(0, frame.height, _CHUNK_ROWS):
                chunk = frame.slice(start, _CHUNK_ROWS)
                text = _text(columns, chunk, pattern, raw, is_encoded)
                here = [line for line in extra if start < line.after <= start + chunk.height]
                if here:
                    text = _with_extra(text, pattern, start, here)
                out.write(text)
                done += chunk.height
            self.size += out.tell()
        if pattern.control is not None:
            _write_control(path, pattern.control, frame, frame.height + len(extra))
        self.files += 1
        self.rows += frame.height + len(extra)
        self.seen[feed_name] = self.seen.get(feed_name, 0) + frame.height
        return path


def _write_control(path: Path, control: Control, frame: pl.DataFrame, rows: int) -> None:
    """Write what says that an extract is whole: keys, counts, and totals from whole fen."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    said = {"rows": str(rows), "sha256": sha256, "size": str(path.stat().st_size)}
    for column in control.totals:
        fen = int(frame.get_column(column).cast(pl.Int64).sum() or 0)
        said[f"total {column}"] = f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
    lines = [f"{key}={said[item]}\r\n" for item, key in control.items.items()]
    path.with_name(control.file_name(path.name)).write_bytes("".join(lines).encode())


def _text(
    columns: Sequence[Column],
    frame: pl.DataFrame,
    pattern: FilePattern,
    raw: frozenset[str],
    is_encoded: bool,
) -> bytes:
    """The rows of `frame` in the file's own encoding."""
    texts = []
    for column in columns:
        series = frame.get_column(column.name)
        texts.append(_delivered(column, series, column.name in raw).alias(column.name))
    buffer = io.BytesIO()
    pl.DataFrame(texts).write_csv(
        buffer,
        include_header=False,
        separator=pattern.delimiter,
        quote_char=pattern.quote or '"',
        line_terminator="\r\n",
        null_value="",
    )
    text = buffer.getvalue()
    if text.isascii():
        return text
    return text.decode("utf-8").encode("latin-1" if is_encoded else pattern.encoding)


def _delivered(column: Column, series: pl.Series, is_raw: bool) -> pl.Series:
    """A column of canonical values as the file shows it."""
    if is_raw or column.type == "text":
        return series
    if column.type in ("code", "boolean"):
        texts = {canonical: raws[0] for canonical, raws in column.values.items()}
        if series.dtype == pl.Boolean:
            return pl.Series([texts["false"], texts["true"]]).gather(series.cast(pl.UInt32))
        if len(series) < _FEW_ROWS:
            found = [None if name is None else texts[name] for name in series.to_list()]
            return pl.Series(found, dtype=pl.String)
        return series.replace_strict(texts, return_dtype=pl.String)
    if column.type == "money":
        return decimals(series, 2 if column.unit == "yuan" else 6)
    if column.type == "rate":
        return decimals(series, 4 if column.unit == "percent" else 6)
    if column.type == "decimal":
        return series.cast(pl.Float64).round(4).cast(pl.Decimal(18, 4))
    return series


def decimals(series: pl.Series, scale: int) -> pl.Series:
    """Whole numbers of 10^-scale as decimals, without a detour over floating point."""
    if series.dtype == pl.Null:
        return pl.Series(series.name, [None] * len(series), dtype=pl.Decimal(18, scale))
    is_null = series.is_null()
    values = series.fill_null(0).cast(pl.Int64).to_numpy()
    words = np.empty((len(values), 2), np.int64)
    words[:, 0] = values
    words[:, 1] = values >> 63
    array = pa.Decimal128Array.from_buffers(
        pa.decimal128(18, scale), len(values), [None, pa.py_buffer(words)]
    )
    found = pl.from_arrow(array)
    if not isinstance(found, pl.Series):
        raise TypeError("a decimal array did not become a column")
    return found.set(is_null, None) if is_null.any() else found


def _with_extra(text: bytes, pattern: FilePattern, start: int, extra: Sequence[ExtraLine]) -> bytes:
    """`text` with the extra lines put in; only short files have any, or few."""
    lines = text.split(b"\r\n")
    for line in sorted(extra, key=lambda found: -found.after):
        place = line.after - start
        content = (
            lines[place - 1] if line.content is None else line.content.encode(pattern.encoding)
        )
        if line.cut_after_columns is not None:
            delimiter = pattern.delimiter.encode(pattern.encoding)
            content = delimiter.join(content.split(delimiter)[: line.cut_after_columns])
        if line.damage:
            # 0xFF begins no character of GB18030.
            content = content[:-3] + b"\xff" + content[-2:]
        lines.insert(place, content)
    return b"\r\n".join(lines)
