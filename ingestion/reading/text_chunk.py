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
_DELETE: Final = 127
_FIRST_WIDE: Final = 0xC2
# Blanks beside the space that may stand at the edge of a cell, as UTF-8.
_WIDE_BLANKS: Final = tuple(sign.encode() for sign in BLANKS if ord(sign) > 127)


def prepared(text: str, grammar: Grammar) -> bytes | None:
    """`text` as UTF-8 lines a loader reads without surprise, or None where it is not that plain.

    Blanks at the edges of cells are gone and the text is in composed form (NFC), as the parsers
    expect; lines end in LF or CRLF. Whether each has as many fields as a record is for the loader
    to say. None means: look at each line on its own.

    Args:
        text: Whole lines, the last one ended too.
        grammar: How the records are written.
    """
    data = text.encode("utf-8")
    signs = np.frombuffer(data, dtype=np.uint8)
    is_doubtful = _may_hold_wide_blanks_or_marks(signs)
    if is_doubtful and not unicodedata.is_normalized("NFC", text):
        return prepared(unicodedata.normalize("NFC", text), grammar)
    has_quotes = bool(grammar.quote) and grammar.quote in text
    ends, delimiter = np.flatnonzero(signs == _LINE_FEED), ord(grammar.delimiter)
    returns = np.count_nonzero(signs == _RETURN)
    if returns and has_quotes:
        plain = text.replace("\r\n", "\n")
        return None if "\r" in plain else prepared(plain, grammar)
    if returns != np.count_nonzero(signs[ends - 1] == _RETURN):
        return None
    controls = np.count_nonzero(signs < _SPACE) + np.count_nonzero(signs == _DELETE)
    controls -= ends.size + returns
    if delimiter < _SPACE:
        controls -= np.count_nonzero(signs == delimiter)
    if controls or delimiter > 127 or _has_blank_or_long_line(signs, ends):
        return None
    if has_quotes:
        return _prepared_with_quotes(text, grammar)
    wide = is_doubtful and any(blank in data for blank in _WIDE_BLANKS)
    if wide or _has_edge_blank(signs, delimiter):
        return _trimmed(text, grammar).encode("utf-8")
    return data


def count_odd_signs(data: bytes) -> tuple[int, int]:
    """Characters of private use in UTF-8, and marks that stand for a lost character."""
    signs = np.frombuffer(data, dtype=np.uint8)
    private, places = np.count_nonzero(signs == 0xEE), np.flatnonzero(signs == 0xEF)
    if not places.size:
        return int(private), 0
    private += np.count_nonzero(signs[places + 1] <= 0xA3)
    return int(private), data.count(b"\xef\xbf\xbd")


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


def _has_blank_or_long_line(signs: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64]) -> bool:
    lengths = np.diff(ends, prepend=-1)
    # The last sign is a line end, so there is one before the first.
    shortest = 1 + (signs[ends - 1] == _RETURN)
    return bool((lengths <= shortest).any() or (lengths > MOST_CHARACTERS).any())


def _has_edge_blank(signs: npt.NDArray[np.uint8], delimiter: int) -> bool:
    places = np.flatnonzero(signs == _SPACE)
    if places.size == 0:
        return False
    # The last sign is a line end, so there always is a next one.
    after = signs[places + 1]
    before = np.where(places == 0, _LINE_FEED, signs[places - 1])
    edge = (after == _LINE_FEED) | (after == _RETURN) | (after == delimiter)
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
    before, behind = re.escape(grammar.delimiter) + r"\n", re.escape(grammar.delimiter) + r"\r\n"
    return re.sub(rf"(?<=[{before}])[{blanks}]+|^[{blanks}]+|[{blanks}]+(?=[{behind}])", "", text)
