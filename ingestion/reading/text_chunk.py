"""Whole stretches of text checked at once: most of a bank's extract is plain and never slow."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import numpy as np
import numpy.typing as npt

from ingestion.parsing.signs import BLANKS
from ingestion.reading.records import MOST_CHARACTERS, Grammar

_LINE_FEED: Final = 10
_SPACE: Final = 32
# Blanks beside the space that may stand at the edge of a cell, as UTF-8.
_WIDE_BLANKS: Final = tuple(sign.encode() for sign in BLANKS if ord(sign) > 127)


def prepared(text: str, grammar: Grammar) -> bytes | None:
    """`text` as UTF-8 lines a loader reads without surprise, or None where it is not that plain.

    Blanks at the edges of cells are gone and the text is in composed form (NFC), as the parsers
    expect. None means: look at each line on its own.

    Args:
        text: Whole lines, the last one ended too.
        grammar: How the records are written.
    """
    # First of all, or everything below would be done twice for the files of half the world.
    text = text.replace("\r\n", "\n")
    data = text.encode("utf-8")
    signs = np.frombuffer(data, dtype=np.uint8)
    is_doubtful = _may_hold_wide_blanks_or_marks(signs)
    if is_doubtful and not unicodedata.is_normalized("NFC", text):
        return prepared(unicodedata.normalize("NFC", text), grammar)
    ends = np.flatnonzero(signs == _LINE_FEED)
    delimiter = ord(grammar.delimiter)
    controls = np.count_nonzero(signs < _SPACE) - ends.size
    if delimiter < _SPACE:
        controls -= np.count_nonzero(signs == delimiter)
    if controls or delimiter > 127 or _has_blank_or_long_line(ends):
        return None
    if grammar.quote and grammar.quote.encode() in data:
        return _prepared_with_quotes(text, grammar)
    if not _is_rectangular(signs, ends, delimiter, grammar.width):
        return None
    wide = is_doubtful and any(blank in data for blank in _WIDE_BLANKS)
    if wide or _has_edge_blank(signs, delimiter):
        return _trimmed(text, grammar).encode("utf-8")
    return data


def _may_hold_wide_blanks_or_marks(signs: npt.NDArray[np.uint8]) -> bool:
    """Whether UTF-8 `signs` could hold a blank wider than the space, or not be in NFC.

    Both questions are costly. Characters from U+4000 to U+EFFF, nearly all of Chinese text, are
    neither blanks nor ever composed; what stands outside is rare enough to be asked about.
    """
    if not (signs >= 0xC2).any():
        return False
    return bool((((signs >= 0xC2) & (signs < 0xE4)) | (signs >= 0xEF)).any())


def _has_blank_or_long_line(ends: npt.NDArray[np.int64]) -> bool:
    lengths = np.diff(ends, prepend=-1)
    return bool((lengths <= 1).any() or (lengths > MOST_CHARACTERS).any())


def _is_rectangular(
    signs: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64], delimiter: int, width: int
) -> bool:
    """Whether each line holds exactly `width` fields."""
    places = np.flatnonzero(signs == delimiter)
    each = width - 1
    if places.size != ends.size * each:
        return False
    if each == 0:
        return True
    by_line = places.reshape(ends.size, each)
    return bool((by_line[:, -1] < ends).all() and (by_line[1:, 0] > ends[:-1]).all())


def _has_edge_blank(signs: npt.NDArray[np.uint8], delimiter: int) -> bool:
    places = np.flatnonzero(signs == _SPACE)
    if places.size == 0:
        return False
    # The last sign is a line end, so there always is a next one.
    after = signs[places + 1]
    before = np.where(places == 0, _LINE_FEED, signs[places - 1])
    edge = (after == _LINE_FEED) | (after == delimiter)
    return bool((edge | (before == _LINE_FEED) | (before == delimiter)).any())


def _prepared_with_quotes(text: str, grammar: Grammar) -> bytes | None:
    blanks = [sign for sign in BLANKS if sign not in "\r\n" + grammar.delimiter]
    delimiter, quote = grammar.delimiter, grammar.quote
    # Beside a delimiter a blank may stand inside quotes or outside; only a closer look can tell.
    if any(b + end in text or end + b in text for b in blanks for end in (delimiter, "\n")):
        return None
    if not grammar.is_lines(text):
        return None
    if any(quote + blank in text or blank + quote in text for blank in blanks):
        edge, sign, cut = f"[{re.escape(delimiter)}\\n]", re.escape(quote), f"[{''.join(blanks)}]+"
        # In well-formed lines a quote behind a delimiter opens and one before a delimiter closes.
        opened = rf"(?:(?<={edge}{sign})|(?<=\A{sign})){cut}"
        text = re.sub(rf"{opened}|{cut}(?={sign}{edge})", "", text)
    return text.encode("utf-8")


def _trimmed(text: str, grammar: Grammar) -> str:
    """Unquoted `text` with the blanks at the edges of its cells cut off."""
    blanks = "".join(sign for sign in BLANKS if sign not in "\r\n" + grammar.delimiter)
    edge = re.escape(grammar.delimiter) + r"\n"
    return re.sub(rf"(?<=[{edge}])[{blanks}]+|^[{blanks}]+|[{blanks}]+(?=[{edge}])", "", text)
