"""The lines of a delivered extract: decoded strictly, counted, and told apart from damage."""

from __future__ import annotations

import bisect
import codecs
import os
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from ingestion.parsing.signs import BLANKS
from ingestion.parsing.text import clean
from ingestion.reading.records import BadLine, Grammar, SlowLines
from ingestion.reading.text_chunk import prepared
from ingestion.sentence import RefusedFileError, Sentence, shown

_CHUNK_BYTES: Final = 1 << 20
_SAMPLE_BYTES: Final = 1 << 16
_LONGEST_LINE_BYTES: Final = 1 << 25
# Undecodable lines before their share is asked about: at the end of a file, and on the way.
_FEW_LINES: Final = 3
_MANY_LINES: Final = 1000
_SHARE_OF_BAD_LINES: Final = 0.5
# So many characters beyond ASCII, all of them valid UTF-8, are no accident in GB18030 text.
_UTF8_CHARACTERS: Final = 5
_MARKS: Final = {codecs.BOM_UTF8: "utf-8", b"\x84\x31\x95\x33": "gb18030"}
_WIDE_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass
class Scan:
    """What a file's lines turned out to be.

    Attributes:
        lines: Physical lines, the heading included.
        passed_over: Lines that are no record and no damage: blank ones, and those that belong
            to the record of a line before (a line end inside quotes).
        bad: Lines that are no record.
        is_cut: Whether the last line lacks its line end.
    """

    lines: int = 0
    passed_over: list[int] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)
    is_cut: bool = False


class CsvLines:
    """One extract, read twice at most: once to load it, once for the lines that were refused.

    Args:
        path: The file.
        encoding: Declared encoding; nothing else is ever tried.
        delimiter: Declared delimiter.
        quote: Declared quote, or empty.
        name: The file's name as delivered, for sentences.
    """

    def __init__(
        self, path: Path, encoding: str, delimiter: str, quote: str, *, name: str = ""
    ) -> None:
        self.path = path
        self.name = shown(name or path.name)
        self.encoding = codecs.lookup(encoding).name
        self.delimiter = delimiter
        self.quote = quote
        self.scan = Scan()
        self.has_heading = True
        self.is_plain_allowed = True
        self._starts: list[tuple[int, int]] = []
        self._data_offset = 0
        self._mark_length = 0

    @property
    def heading_line(self) -> int:
        """How many lines stand before the first record."""
        return int(self.has_heading)

    def headings(self) -> list[str]:
        """The fields of the first line.

        Raises:
            RefusedFileError: If the file is empty, of another encoding, or has no first line.
        """
        with self._open() as file:
            sample = file.read(_SAMPLE_BYTES)
        first = sample[: sample.find(b"\n") + 1] or sample
        if not sample.strip():
            raise RefusedFileError(
                f"文件 {self.name} 是空文件；请重新导出，没有数据时也要保留标题行。",
                f"{self.name} is empty; export it again, with its headings even when there are no"
                " rows.",
            )
        if sample.startswith(_WIDE_MARKS) or b"\0" in first:
            raise self._wrong_encoding("UTF-16", "UTF-16")
        self._data_offset, self._mark_length = len(first), 0
        for mark, of in _MARKS.items():
            if first.startswith(mark):
                if self.encoding != of:
                    raise self._wrong_encoding(of.upper(), of.upper())
                first = first.removeprefix(mark)
                self._mark_length = len(mark)
        self._refuse_utf8(sample[: sample.rfind(b"\n") + 1])
        try:
            text = first.decode(self.encoding).rstrip("\r\n")
        except UnicodeDecodeError as error:
            is_chinese = self.encoding == "utf-8" and _decodes(first, "gb18030")
            raise self._wrong_encoding(
                "GB18030" if is_chinese else "其他编码", "GB18030" if is_chinese else "another one"
            ) from error
        if "\r" in text:
            raise RefusedFileError(
                f"文件 {self.name} 的换行符是回车（CR），无法分行；请以 LF 或 CRLF 换行重新导出。",
                f"The lines of {self.name} end in CR alone, so they cannot be told apart; export it"
                " again with LF or CRLF.",
            )
        fields = Grammar(self.delimiter, self.quote, 1).fields(text)
        if fields is None or not text.strip(BLANKS + self.delimiter):
            raise RefusedFileError(
                f"文件 {self.name} 的第 1 行不是标题行；请在第 1 行输出标题。",
                f"Line 1 of {self.name} is no heading; write the headings on the first line.",
            )
        return [clean(heading) for heading in fields]

    def pump(self, write: Callable[[bytes], None], width: int) -> Scan:
        """Hand every line after the heading to `write`, as UTF-8, one output line per line.

        A line that is no record is replaced by a placeholder, so that the n-th record a loader
        reads is the n-th line after the heading.

        Raises:
            RefusedFileError: If the file as a whole is of another encoding.
        """
        grammar = Grammar(self.delimiter, self.quote, width)
        slow = SlowLines(grammar)
        scan = self.scan = Scan()
        line = self.heading_line + 1
        undecodable = 0
        held: list[str | BadLine] = []
        self._starts.clear()
        for raw, offset in self._chunks():
            first = line + len(held)
            self._starts.append((first, offset))
            self._refuse_utf8(raw)
            text = self._decoded(raw)
            is_plain = text is not None and not held and self.is_plain_allowed
            ready = prepared(text, grammar) if text is not None and is_plain else None
            if ready is not None:
                write(ready)
                line += ready.count(b"\n")
                continue
            here = self._salvaged(raw, first) if text is None else _split(text)
            undecodable += sum(isinstance(each, BadLine) for each in here)
            self._refuse_undecodable(undecodable, first + len(here), is_end=False)
            out, covered = slow.rewritten(held + here, line, is_last=False)
            write(out.encode("utf-8"))
            held = (held + here)[covered:]
            line += covered
        out, covered = slow.rewritten(held, line, is_last=True)
        write(out.encode("utf-8"))
        scan.lines = line + covered - 1
        self._refuse_undecodable(undecodable, scan.lines - self.heading_line, is_end=True)
        scan.is_cut = self._lacks_line_end()
        scan.passed_over = slow.passed_over
        scan.bad = sorted(slow.bad, key=lambda bad: bad.line)
        return scan

    def fetch(self, numbers: list[int], width: int) -> dict[int, list[str]]:
        """The fields of the records that begin at the given line numbers, as delivered."""
        grammar = Grammar(self.delimiter, self.quote, width)
        found: dict[int, list[str]] = {}
        wanted = deque(sorted(numbers))
        starts = [first for first, _ in self._starts]
        with self._open() as file:
            while wanted:
                index = bisect.bisect_right(starts, wanted[0]) - 1
                first, offset = self._starts[index]
                file.seek(offset)
                # A record may run on into the next stretch of the file.
                after = self._starts[index + 2][1] if index + 2 < len(starts) else None
                raw = file.read() if after is None else file.read(after - offset)
                lines = self._salvaged(raw, first)
                stop = starts[index + 1] if index + 1 < len(starts) else first + len(lines)
                reader = SlowLines(grammar)
                while wanted and wanted[0] < stop:
                    number = wanted.popleft()
                    _, fields = reader.take(lines, number - first)
                    found[number] = fields or []
        return found

    def _chunks(self) -> Iterator[tuple[bytes, int]]:
        """Whole lines after the heading, about a megabyte at a time, with their offsets."""
        with self._open() as file:
            offset, tail = self._data_offset if self.has_heading else self._mark_length, b""
            file.seek(offset)
            while block := file.read(_CHUNK_BYTES):
                data = tail + block
                cut = data.rfind(b"\n") + 1
                if cut == 0 and len(data) > _LONGEST_LINE_BYTES:
                    raise RefusedFileError(
                        f"文件 {self.name} 有 {len(data):,} 字节没有换行，不是按行导出的文本。",
                        f"{self.name} holds {len(data):,} bytes without a line end; it is no text"
                        " written line by line.",
                    )
                if cut:
                    yield data[:cut], offset
                    offset += cut
                tail = data[cut:]
            if tail:
                yield tail + b"\n", offset

    def _decoded(self, raw: bytes) -> str | None:
        try:
            return raw.decode("ascii" if raw.isascii() else self.encoding)
        except UnicodeDecodeError:
            return None

    def _salvaged(self, raw: bytes, first: int) -> list[str | BadLine]:
        """Each line decoded on its own, a damaged one told by its place and its bytes."""
        lines: list[str | BadLine] = []
        for number, line in enumerate(raw.removesuffix(b"\n").split(b"\n"), first):
            line = line.removesuffix(b"\r")
            try:
                lines.append(line.decode(self.encoding))
            except UnicodeDecodeError as error:
                spot = line[error.start : error.end].hex(" ").upper()
                lines.append(
                    BadLine(
                        number,
                        line.decode(self.encoding, errors="backslashreplace"),
                        "encoding",
                        Sentence(
                            f"该行第 {error.start + 1} 字节（{spot}）不是有效的"
                            f" {self.encoding.upper()} 编码，文件可能已损坏，请重新导出。",
                            f"Byte {error.start + 1} of the line ({spot}) is not valid"
                            f" {self.encoding.upper()}; the file may be damaged, export it again.",
                        ),
                    )
                )
        return lines

    def _refuse_utf8(self, raw: bytes) -> None:
        """Refuse UTF-8 under another name: much of it decodes, to other characters."""
        if raw.isascii() or self.encoding == "utf-8":
            return
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            return
        if len(text.encode("ascii", errors="ignore")) <= len(text) - _UTF8_CHARACTERS:
            raise self._wrong_encoding("UTF-8", "UTF-8")

    def _refuse_undecodable(self, bad: int, lines: int, *, is_end: bool) -> None:
        enough = _FEW_LINES if is_end else _MANY_LINES
        if bad >= enough and bad > lines * _SHARE_OF_BAD_LINES:
            raise RefusedFileError(
                f"文件 {self.name} 的大部分行（{bad:,}/{lines:,}）不是有效的"
                f" {self.encoding.upper()} 编码；请按约定编码重新导出。",
                f"Most lines of {self.name} ({bad:,} of {lines:,}) are not valid"
                f" {self.encoding.upper()}; export it again in the agreed encoding.",
            )

    def _wrong_encoding(self, zh: str, en: str) -> RefusedFileError:
        declared = self.encoding.upper()
        return RefusedFileError(
            f"文件 {self.name} 约定编码为 {declared}，实际像是 {zh}；请按约定编码重新导出。",
            f"{self.name} should be {declared} but looks like {en}; export it again in the agreed"
            " encoding.",
        )

    def _lacks_line_end(self) -> bool:
        with self._open() as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"

    def _open(self) -> BinaryIO:
        return self.path.open("rb")


def _split(text: str) -> list[str | BadLine]:
    """Lines without their ends, be they LF or CRLF."""
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def count_lines(path: Path) -> int:
    """Lines of a file, by counting line ends in its bytes: shares nothing with the reader."""
    count, last = 0, b"\n"
    with path.open("rb") as file:
        while block := file.read(_CHUNK_BYTES):
            count += block.count(b"\n")
            last = block[-1:]
    return count + (last != b"\n")
