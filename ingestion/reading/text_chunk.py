"""Whole stretches of text checked at once: most of a bank's extract is plain and never slow."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from ingestion.parsing.signs import BLANKS
from ingestion.reading.records import MOST_CHARACTERS, Grammar

_LINE_FEED: Final = 10
_RETURN: Final = 13
_SPACE: Final = 32
_FIRST_WIDE: Final = 0xC2
_ZERO: Final = ord("0")
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
    data = _with_plain_ends(text.encode("utf-8"))
    if data is None:
        return None
    signs = np.frombuffer(data, dtype=np.uint8)
    is_doubtful = _may_hold_wide_blanks_or_marks(signs)
    if is_doubtful:
        text = data.decode("utf-8")
        if not unicodedata.is_normalized("NFC", text):
            return prepared(unicodedata.normalize("NFC", text), grammar)
    ends = np.flatnonzero(signs == _LINE_FEED)
    delimiter = ord(grammar.delimiter)
    controls = np.count_nonzero(signs < _SPACE) - ends.size
    if delimiter < _SPACE:
        controls -= np.count_nonzero(signs == delimiter)
    if controls or delimiter > 127 or _has_blank_or_long_line(ends):
        return None
    if grammar.quote and grammar.quote.encode() in data:
        return _prepared_with_quotes(data.decode("utf-8"), grammar)
    if not _is_rectangular(signs, ends, delimiter, grammar.width):
        return None
    wide = is_doubtful and any(blank in data for blank in _WIDE_BLANKS)
    if wide or _has_edge_blank(signs, delimiter):
        return _trimmed(data.decode("utf-8"), grammar).encode("utf-8")
    return data


def _with_plain_ends(data: bytes) -> bytes | None:
    """Lines that end in LF, be they delivered with CRLF; None where a CR stands by itself."""
    signs = np.frombuffer(data, dtype=np.uint8)
    returns = signs == _RETURN
    places = np.flatnonzero(returns)
    if not places.size:
        return data
    # The last sign is a line end, so there always is a next one.
    if not (signs[places + 1] == _LINE_FEED).all():
        return None
    return signs[~returns].tobytes()


def numbered(data: bytes, first: int, delimiter: str) -> tuple[bytes, int]:
    """Lines with their line number in front as a field of its own, and how many they are.

    Args:
        data: Whole lines.
        first: Number of the first one.
        delimiter: What parts the fields.
    """
    signs = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(signs == _LINE_FEED)
    count = ends.size
    width = len(str(first + count))
    fronts = np.empty((count, width + 1), dtype=np.uint8)
    left = np.arange(first, first + count)
    for place in range(width - 1, -1, -1):
        left, digit = np.divmod(left, 10)
        fronts[:, place] = digit + _ZERO
    fronts[:, width] = ord(delimiter)
    starts = np.empty(count, dtype=np.int64)
    starts[:1] = 0
    starts[1:] = ends[:-1] + 1
    starts += np.arange(count) * (width + 1)
    is_front = np.zeros(signs.size + fronts.size, dtype=np.bool_)
    is_front[(starts[:, None] + np.arange(width + 1)).ravel()] = True
    out = np.empty(is_front.size, dtype=np.uint8)
    out[is_front] = fronts.ravel()
    out[~is_front] = signs
    return out.tobytes(), count


def count_odd_signs(data: bytes) -> tuple[int, int]:
    """Characters of private use in UTF-8, and marks that stand for a lost character."""
    private = data.count(b"\xee")
    if b"\xef" not in data:
        return private, 0
    signs = np.frombuffer(data, dtype=np.uint8)
    second = signs[np.flatnonzero(signs == 0xEF) + 1]
    return private + int(np.count_nonzero(second <= 0xA3)), data.count(b"\xef\xbf\xbd")


def _may_hold_wide_blanks_or_marks(signs: npt.NDArray[np.uint8]) -> bool:
    """Whether UTF-8 `signs` could hold a blank wider than the space, or not be in NFC.

    Both questions are costly. Characters from U+4000 to U+EFFF, nearly all of Chinese text, are
    neither blanks nor ever composed; the few others are looked up one by one.
    """
    if not (signs >= _FIRST_WIDE).any():
        return False
    rare = ((signs >= _FIRST_WIDE) & (signs < 0xE4)) | (signs >= 0xEF)
    places = np.flatnonzero(rare)
    if not places.size:
        return False
    lead = signs[places].astype(np.int32)
    second = signs[places + 1].astype(np.int32) & 0x3F
    # A character of two bytes may stand before the last line end: what lies behind is not read.
    third = signs[np.minimum(places + 2, signs.size - 1)].astype(np.int32) & 0x3F
    two, three = (lead & 0x1F) << 6 | second, (lead & 0x0F) << 12 | second << 6 | third
    code = np.where(lead < 0xE0, two, np.where(lead < 0xF0, three, 0))
    # Of what needs four bytes, emoji and the rare Chinese characters up to U+2EFFF are stable.
    is_stable = (lead == 0xF0) & (second >= 0x1F) & (second <= 0x2E)
    return bool(np.where(lead < 0xF0, _doubtful_signs()[code], ~is_stable).any())


@lru_cache(maxsize=1)
def _doubtful_signs() -> npt.NDArray[np.bool_]:
    """By code point: whether it is a blank, or may change when text is composed."""
    found = np.zeros(0x10000, dtype=np.bool_)
    # Scripts whose letters are composed of several signs: each of them takes a closer look.
    found[0x0300:0x2000] = True
    for code in (*range(0x80, 0x300), *range(0x2000, 0x4000), *range(0xF000, 0x10000)):
        sign = chr(code)
        changes = unicodedata.combining(sign) or not unicodedata.is_normalized("NFC", sign)
        found[code] = bool(changes) or sign in BLANKS
    return found


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
