"""The slip of a returned sheet, and the other words of ours by which its rows find home.

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
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from ingestion.sentence import shown

SUMMARY_SHEET: Final = "汇总 Summary"
ROWS_SHEET: Final = "拒收行 Refused rows"
ROW_HEADING: Final = "原行号 Row"
REASON_HEADINGS: Final = ("拒收原因", "Reason")
LINE_HEADING: Final = "原文 Whole line"
OUR_HEADINGS: Final = (ROW_HEADING, *REASON_HEADINGS, LINE_HEADING)

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
