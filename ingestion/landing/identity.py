"""By what deliveries are told apart: the contract they are read under, the place they stand in."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Final

from ingestion.contracts import Feed, FilePattern, Match

# Reading changed in a way that files refused before deserve another look.
_READER_VERSION: Final = "6"


def contract_of(feed: Feed, pattern: FilePattern) -> str:
    """A fingerprint of everything that decides how a file is read."""
    text = f"{_READER_VERSION}|{feed.model_dump_json()}|{pattern.model_dump_json()}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def slot_of(file_name: str, match: Match) -> str:
    """What two files of one feed and date must share for one to replace the other.

    The higher version does, whichever came first; of equal versions the later. A month's file and
    the file of its last day have the same business date, but neither is a correction of the
    other.
    """
    span = "month"
    if f"{match.date:%Y%m%d}" in file_name:
        span = "day"
    elif f"{match.date:%Y%m}" not in file_name:
        span = "fixed"
    return f"{span}|{unicodedata.normalize('NFC', match.part or '')}"
