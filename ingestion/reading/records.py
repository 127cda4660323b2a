"""One delimited record: told apart strictly, and written back so that no reader can differ."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from ingestion.parsing.text import clean, has_control_character
from ingestion.sentence import Sentence

# A quote that was never closed must not swallow the rest of the file.
_MOST_LINES: Final = 100
_TELLING_WIDTH: Final = 4
MOST_CHARACTERS: Final = 1_000_000

# Delimiters that systems use; a line full of another one than the agreed was exported wrongly.
_DELIMITERS: Final = {"|": "|", ",": ",", ";": ";", "\t": "Tab", "^": "^", "\x01": "0x01"}


@dataclass(frozen=True)
class BadLine:
    """A line that is no record of this file.

    Attributes:
        line: Line number in the file, from 1.
        text: What it says, bad bytes shown as escapes.
        code: Short name of the reason.
        reason: What is wrong.
    """

    line: int
    text: str
    code: str
    reason: Sentence


@dataclass
class Grammar:
    """How records of a file are written."""

    delimiter: str
    quote: str
    width: int

    def __post_init__(self) -> None:
        delimiter, quote = re.escape(self.delimiter), re.escape(self.quote)
        # Possessive, so that a bad line costs no more than a good one.
        one = f"[^{delimiter}{quote}\\n]*+"
        if quote:
            one = f"(?:{quote}(?:[^{quote}\\n]++|{quote}{quote})*+{quote}|{one})"
        record = f"{one}(?:{delimiter}{one}){{{self.width - 1}}}+\n"
        self._lines = re.compile(f"(?:{record})*+")

    def is_lines(self, text: str) -> bool:
        """Whether `text` is whole lines of well-formed records and nothing else."""
        found = self._lines.match(text)
        return found is not None and found.end() == len(text)

    def fields(self, record: str) -> list[str] | None:
        """The fields of a record without its line end, or None where its quotes are wrong."""
        if not self.quote or self.quote not in record:
            return record.split(self.delimiter)
        return self._quoted_fields(record)

    def _quoted_fields(self, record: str) -> list[str] | None:
        fields, position, end = [], 0, len(record)
        while True:
            if record.startswith(self.quote, position):
                value, position = self._quoted(record, position + 1)
                if position < 0 or (position < end and record[position] != self.delimiter):
                    return None
            else:
                stop = record.find(self.delimiter, position)
                stop = end if stop < 0 else stop
                value, position = record[position:stop], stop
            fields.append(value)
            if position >= end:
                return fields
            position += 1

    def _quoted(self, record: str, position: int) -> tuple[str, int]:
        """The text of a quoted field and the place behind its end; -1 if it has no end."""
        pieces = []
        while True:
            stop = record.find(self.quote, position)
            if stop < 0:
                return "", -1
            pieces.append(record[position:stop])
            if not record.startswith(self.quote, stop + 1):
                return "".join(pieces), stop + 1
            pieces.append(self.quote)
            position = stop + 2

    def is_open(self, record: str) -> bool:
        """Whether the record's last field is a quoted one that is not closed yet."""
        return bool(self.quote) and record.count(self.quote) % 2 == 1

    def written(self, number: int, fields: list[str]) -> str:
        """A record of cleaned `fields` behind its line number, quoted where that is needed."""
        return self.delimiter.join([str(number), *map(self._field, fields)]) + "\n"

    def other_delimiter(self, record: str) -> str | None:
        """What seems to part the fields of a record in which the agreed delimiter does not."""
        if self.delimiter in record:
            return None
        counts = {sign: record.count(sign) for sign in _DELIMITERS}
        sign = max(counts, key=lambda each: counts[each])
        return _DELIMITERS[sign] if counts[sign] else None

    def _field(self, text: str) -> str:
        if self.delimiter in text or "\n" in text or (self.quote and self.quote in text):
            return self.quote + text.replace(self.quote, self.quote * 2) + self.quote
        return text


@dataclass
class SlowLines:
    """Records of the few stretches of a file that are not plain, one by one."""

    grammar: Grammar
    bad: list[BadLine] = field(default_factory=list)
    passed_over: list[int] = field(default_factory=list)

    def rewritten(
        self, lines: list[str | BadLine], first: int, *, is_last: bool
    ) -> tuple[str, int]:
        """The records among `lines`, each as canonical text behind its line number.

        Args:
            lines: Lines without their ends, or what is already known to be wrong with one.
            first: Line number of the first one.
            is_last: Whether nothing follows; else an open quote may be closed by what does.

        Returns:
            The text for the loader, and how many of `lines` it covers.
        """
        out: list[str] = []
        index = 0
        while index < len(lines):
            line = lines[index]
            if isinstance(line, BadLine):
                self.bad.append(line)
                index += 1
                continue
            if not line.strip():
                self.passed_over.append(first + index)
                index += 1
                continue
            taken, fields = self.take(lines, index, is_last=is_last)
            if taken == 0:
                break
            if fields is None and taken > 1:
                for place in range(index, index + taken):
                    self._enter(str(lines[place]), 1, None, first + place, out)
            else:
                self._enter(line, taken, fields, first + index, out)
            index += taken
        return "".join(out), index

    def take(
        self, lines: list[str | BadLine], index: int, *, is_last: bool = True
    ) -> tuple[int, list[str] | None]:
        """How many lines the record at `index` takes, and its fields.

        No lines where more of them are needed to tell; no fields where the quotes are wrong.
        """
        whole = str(lines[index])
        fields = self.grammar.fields(whole)
        if fields is not None or not self.grammar.is_open(whole):
            return 1, fields
        is_doubtful = False
        for taken in range(2, _MOST_LINES + 1):
            if index + taken > len(lines):
                return (1, None) if is_last else (0, None)
            following = lines[index + taken - 1]
            if isinstance(following, BadLine) or len(whole) > MOST_CHARACTERS:
                break
            is_doubtful |= self._is_record(whole, following)
            whole += "\n" + following
            if not self.grammar.is_open(whole):
                fields = self.grammar.fields(whole)
                if fields is None or len(fields) != self.grammar.width:
                    break
                # One record with line ends in it, or several with stray quotes: nobody can tell.
                return taken, None if is_doubtful else fields
        # Only the line with the stray quote is lost, not those it would have swallowed.
        return 1, None

    def _is_record(self, whole: str, following: str) -> bool:
        """Whether a line that an open quote would swallow is a whole record by itself.

        The rest of a record whose fields began before it has fewer of them; in a text of two or
        three delimiters they stand by chance.
        """
        if self.grammar.delimiter not in whole or self.grammar.width < _TELLING_WIDTH:
            return False
        return len(self.grammar.fields(following) or []) == self.grammar.width

    def _enter(
        self, line: str, taken: int, fields: list[str] | None, number: int, out: list[str]
    ) -> None:
        problem = self._problem(line, fields)
        self.passed_over.extend(range(number + 1, number + taken))
        if problem is not None:
            code, zh, en = problem
            self.bad.append(BadLine(number, line, code, Sentence(zh, en)))
            return
        out.append(self.grammar.written(number, [clean(text) for text in fields or []]))

    def _is_several(self, line: str) -> bool:
        """Whether lines that end in CR alone stand in one."""
        pieces = [piece for piece in line.split("\r") if piece]
        widths = {len(self.grammar.fields(piece) or []) for piece in pieces}
        return len(pieces) > 1 and self.grammar.width > 1 and widths == {self.grammar.width}

    def _problem(self, line: str, fields: list[str] | None) -> tuple[str, str, str] | None:
        if len(line) > MOST_CHARACTERS:
            return (
                "long_line",
                f"该行有 {len(line):,} 个字符，超过 {MOST_CHARACTERS:,} 个的上限。",
                f"The line has {len(line):,} characters; at most {MOST_CHARACTERS:,} are read.",
            )
        if fields is None:
            return (
                "quote",
                "引号没有配对，无法确定该行有哪些列；请检查引号。",
                "Its quotes do not pair, so its columns cannot be told apart; check the quotes.",
            )
        if "\r" in line and self._is_several(line):
            return (
                "line_end",
                "该行实为以回车（CR）分隔的多行；请统一以 LF 或 CRLF 换行重新导出。",
                "The line is several lines that end in CR; export it again with LF or CRLF"
                " throughout.",
            )
        if any(has_control_character(text) or "\r" in text for text in fields):
            return (
                "control",
                "该行含有不可见的控制字符，请从源系统重新导出。",
                "The line holds an invisible control character; export it again.",
            )
        found, width = len(fields), self.grammar.width
        if found == width:
            return None
        if other := self.grammar.other_delimiter(line):
            agreed = _DELIMITERS.get(self.grammar.delimiter, self.grammar.delimiter)
            return (
                "delimiter",
                f"该行没有约定的分隔符“{agreed}”，却有“{other}”；请按约定分隔符重新导出。",
                f"The line has no {agreed!r}, the agreed delimiter, but {other!r}; export it again"
                " with the agreed one.",
            )
        kind, zh = ("short_line", "少于") if found < width else ("long_record", "多于")
        return (
            kind,
            f"该行有 {found} 列，{zh}标题行的 {width} 列；请检查分隔符或该行是否被截断。",
            f"The line has {found} columns where the heading has {width}; check the delimiters,"
            " or whether the line was cut off.",
        )
