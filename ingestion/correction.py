"""A returned sheet that comes home: which batch it answers to, and what is known of that batch.

A sheet that goes back carries one line for machines, its slip, on its first sheet, and beside each
row the name the row had in the delivered file. By the two its rows find home, whatever the clerk
calls the file, and however he sorts it.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import struct
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from ingestion.contracts import FilePattern
from ingestion.quarantine import replace_table
from ingestion.sentence import shown

SUMMARY_SHEET: Final = "汇总 Summary"
ROWS_SHEET: Final = "拒收行 Refused rows"
ROW_HEADING: Final = "原行号 Row"
REASON_HEADINGS: Final = ("拒收原因", "Reason")
LINE_HEADING: Final = "原文 Whole line"
OUR_HEADINGS: Final = (ROW_HEADING, *REASON_HEADINGS, LINE_HEADING)

# How a returned sheet is read where the file it answers to was no workbook.
RETURNED: Final = FilePattern(pattern="returned.xlsx", format="xlsx")

_SLIP: Final = re.compile(
    r"CRM-RETURN (b\d{8}-[0-9a-f]{16}) ([a-z][a-z0-9_]{0,99}) (\d{4}-\d{2}-\d{2}) (rows|whole)"
)
_SLIP_BYTES: Final = re.compile(_SLIP.pattern.encode())
_LONGEST_SLIP: Final = 200
# What we send back stays far below this; whatever is larger is no answer of ours.
_MOST_BYTES: Final = 32 << 20
_MOST_UNPACKED: Final = 64 << 20
_MOST_MEMBERS: Final = 10_000
_LONGEST_DIRECTORY: Final = 4 << 20
_PIECE_BYTES: Final = 1 << 20
_LONGEST_END: Final = 22 + 65_535
_BESIDE: Final = "correction|"


@dataclass(frozen=True)
class Slip:
    """What a returned sheet says of itself.

    Attributes:
        batch_id: The batch it answers to.
        feed: Its feed.
        business_date: Its business date.
        is_whole: Whether nothing of that batch was loaded, so that all its rows are in the sheet.
    """

    batch_id: str
    feed: str
    business_date: dt.date
    is_whole: bool

    @property
    def text(self) -> str:
        """The line as it stands on the summary sheet."""
        kind = "whole" if self.is_whole else "rows"
        return f"CRM-RETURN {self.batch_id} {self.feed} {self.business_date} {kind}"

    @classmethod
    def of(cls, text: str) -> Slip | None:
        """The slip in a text; None where there is none.

        >>> Slip.of("CRM-RETURN b20250131-23e92a045e1867bb toy__entry 2025-01-31 rows").is_whole
        False
        >>> Slip.of("CRM-RETURN b20250131 toy__entry 2025-01-31 rows")
        """
        found = _SLIP.search(text)
        if found is None:
            return None
        try:
            date = dt.date.fromisoformat(found[3])
        except ValueError:
            return None
        return cls(found[1], found[2], date, found[4] == "whole")


@dataclass(frozen=True)
class Correction:
    """What is known of the batch that a returned sheet answers to.

    Attributes:
        slip: What the sheet has to say of itself.
        refused: The refused rows of the batch; None where it has none.
        loaded: Files in the lake: the batch's own, and those of its earlier corrections.
        corrected: Which rows those corrections loaded, a file each; empty for the batch's own.
    """

    slip: Slip
    refused: Path | None
    loaded: tuple[Path, ...]
    corrected: tuple[Path, ...]


def row_name(sheet: str | None, row: int) -> str:
    """What a row of a delivered file is called in the sheet that goes back.

    >>> row_name(None, 5), row_name("三月", 5)
    ('5', '三月!5')
    """
    return str(row) if sheet is None else f"{shown(sheet, 100)}!{row}"


def slot_beside(batch_id: str, sha256: str) -> str:
    """The slot of a correction: its own, so that it takes nothing's place."""
    return f"{_BESIDE}{batch_id}|{sha256[:16]}"


def is_beside(slot: str) -> bool:
    """Whether a delivery stands beside the one it corrects, rather than in its place."""
    return slot.startswith(_BESIDE)


def slip_of(path: Path) -> Slip | None:
    """The slip of a returned sheet; None for every other file, a damaged one included.

    No library opens the book for this: the bytes of its texts are searched, a bounded number of
    them. Whether the slip stands where it should is for the reader's child process to say.
    """
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            if not _is_modest(file):
                return None
            with zipfile.ZipFile(file) as package:
                return _find(package)
    except Exception:
        # What cannot be looked into is no returned sheet; as a delivery it will be told why.
        return None


def _is_modest(file: BinaryIO) -> bool:
    """Whether the end of a package promises a list of members that can do no harm."""
    size = file.seek(0, os.SEEK_END)
    if size > _MOST_BYTES:
        return False
    file.seek(max(size - _LONGEST_END, 0))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22 or tail[max(at - 20, 0) : at].startswith(b"PK\x06\x07"):
        return False
    members, length = struct.unpack_from("<HL", tail, at + 10)
    return members <= _MOST_MEMBERS and length <= _LONGEST_DIRECTORY


def _find(package: zipfile.ZipFile) -> Slip | None:
    names = package.namelist()
    if not any(SUMMARY_SHEET.encode() in piece for piece in _pieces(package, "xl/workbook.xml")):
        return None
    left = _MOST_UNPACKED
    for name in ["xl/sharedStrings.xml", *(n for n in names if n.startswith("xl/worksheets/"))]:
        if name not in names:
            continue
        rest = b""
        for piece in _pieces(package, name):
            if found := _SLIP_BYTES.search(rest + piece):
                return Slip.of(found[0].decode("ascii"))
            rest = piece[-_LONGEST_SLIP:]
            left -= len(piece)
            if left < 0:
                return None
    return None


def _pieces(package: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    with package.open(member) as part:
        while piece := part.read(_PIECE_BYTES):
            yield piece


def corrected_path(quarantine: Path, feed: str, batch_id: str) -> Path:
    """Where it is kept which refused rows a correction loaded; beside the refused rows."""
    return quarantine / feed / f"{batch_id}.corrected.parquet"


def write_corrected(
    quarantine: Path, feed: str, batch_id: str, rows: Sequence[tuple[str, str, int]]
) -> None:
    """Keep which rows a correction loaded; nothing, and no old file, where there are none.

    Args:
        quarantine: Folder for refused rows.
        feed: Name of the feed.
        batch_id: The correction's batch.
        rows: Name of the row in the batch that is corrected; sheet and row in the correction.
    """
    final = corrected_path(quarantine, feed, batch_id)
    if not rows:
        final.unlink(missing_ok=True)
        return
    import pyarrow as pa

    schema = pa.schema(
        [("row_name", pa.string()), ("source_sheet", pa.string()), ("source_row", pa.int64())]
    )
    records = [dict(zip(schema.names, row, strict=True)) for row in rows]
    replace_table(final, pa.Table.from_pylist(records, schema=schema))
