"""The lines of a delivered extract: decoded strictly, counted, and told apart from damage."""

from __future__ import annotations

import bisect
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ingestion.contracts import FilePattern
from ingestion.parsing.signs import BLANKS
from ingestion.parsing.text import clean
from ingestion.reading.encodings import Encoding
from ingestion.reading.line_scan import Scan
from ingestion.reading.records import BadLine, Grammar, SlowLines
from ingestion.reading.text_chunk import prepared
from ingestion.reading.unpacked import Source, count_ends, next_line, open_extract
from ingestion.sentence import RefusedFileError, Sentence, shown

_CHUNK_BYTES: Final = 1 << 20
_SAMPLE_BYTES: Final = 1 << 16
_LONGEST_LINE_BYTES: Final = 1 << 25
# A large file is read in stretches side by side; each has a queue of its own.
_STRETCH_BYTES: Final = 8 << 20
_MOST_STRETCHES: Final = 200
# What may stand behind the last line: line ends, blanks, and the end mark of old systems.
_BEHIND_LAST: Final = b"\r\n\t \x1a"
_END_MARK: Final = b"\x1a"
_UTF8: Final = Sentence(
    "该行是 UTF-8 编码，而文件约定为其他编码，可能是两个文件拼接而成；请按约定编码重新导出。",
    "The line is UTF-8 in a file of another encoding: two files may have been put together; export"
    " it again in the agreed encoding.",
)


class OpenAtBorderError(Exception):
    """A record runs on from one stretch into the next, so the file has to be read in one."""


@dataclass(frozen=True)
class Stretch:
    """Whole lines of a file: the number of the first one, and the bytes from and to."""

    first: int
    start: int
    end: int | None = None


class CsvLines:
    """One extract, read twice at most: once to load it, once for the lines that were refused.

    Args:
        path: The file.
        pattern: How it is declared to be written; nothing else is ever tried.
        name: The file's name as delivered, for sentences.
    """

    def __init__(self, path: Path, pattern: FilePattern, name: str = "") -> None:
        self.path = path
        self.pattern = pattern
        self.name = shown(name or path.name)
        self.delimiter, self.quote = pattern.delimiter, pattern.quote
        self.encoding = Encoding(pattern.encoding, self.name)
        self.scan = Scan()
        self.is_split_allowed = pattern.compression is None
        self._starts: list[tuple[int, int]] = []
        self._data_offset = 0
        self._heading = b""

    @property
    def heading_line(self) -> int:
        """How many lines stand before the first record."""
        return int(self.pattern.header)

    def headings(self) -> list[str] | None:
        """The fields of the first line; None where the file is agreed to have none.

        Raises:
            RefusedFileError: If the file is empty, of another encoding, or has no first line.
        """
        with self._open() as file:
            sample = file.read(_SAMPLE_BYTES)
        first = sample[: sample.find(b"\n") + 1] or sample
        if not sample.strip() and self.pattern.header:
            raise RefusedFileError(
                f"文件 {self.name} 是空文件；请重新导出，没有数据时也要保留标题行。",
                f"{self.name} is empty; export it again, with its headings even when there are no"
                " rows.",
            )
        mark = self.encoding.mark_length(first)
        self._data_offset = len(first) if self.pattern.header else mark
        self.encoding.refuse_utf8(sample[: sample.rfind(b"\n") + 1])
        text = self.encoding.first_line(first[mark:]) if self.pattern.header else ""
        if b"\r" in first.rstrip(b"\r\n"):
            raise RefusedFileError(
                f"文件 {self.name} 的换行符是回车（CR），无法分行；请以 LF 或 CRLF 换行重新导出。",
                f"The lines of {self.name} end in CR alone, so they cannot be told apart; export it"
                " again with LF or CRLF.",
            )
        is_delimited = self.pattern.header and self.pattern.format == "csv"
        self._heading = first[mark:].rstrip(b"\r\n") if is_delimited else b""
        return self._fields_of_heading(text) if is_delimited else None

    def _fields_of_heading(self, text: str) -> list[str]:
        grammar = Grammar(self.delimiter, self.quote, 1)
        fields = grammar.fields(text)
        if fields is None or not text.strip(BLANKS + self.delimiter):
            raise RefusedFileError(
                f"文件 {self.name} 的第 1 行不是标题行；请在第 1 行输出标题。",
                f"Line 1 of {self.name} is no heading; write the headings on the first line.",
            )
        return [clean(heading) for heading in fields]

    def stretches(self) -> list[Stretch]:
        """The file cut at line ends into stretches that can be read side by side."""
        found = [Stretch(self.heading_line + 1, self._data_offset)]
        size = self.path.stat().st_size
        step = max(_STRETCH_BYTES, size // _MOST_STRETCHES)
        if not self.is_split_allowed or size < 2 * step:
            return found
        with self.path.open("rb") as file:
            # The last stretch is never so short that its trailer could be all of it.
            while size - found[-1].start > 2 * step:
                last = found[-1]
                border = next_line(file, last.start + step)
                if border is None or size - border < step:
                    break
                file.seek(last.start)
                lines, left = 0, border - last.start
                while left and (block := file.read(min(left, _CHUNK_BYTES))):
                    lines += count_ends(block)
                    left -= len(block)
                found[-1] = Stretch(last.first, last.start, border)
                found.append(Stretch(last.first + lines, border))
        return found

    def pump(
        self, stretch: Stretch, write: Callable[[bytes, int | None], bool], width: int
    ) -> Scan:
        """Hand every record of a stretch to `write`, many at a time, as UTF-8.

        With them goes the number of the first one's line, where the others follow line by line;
        else each begins with its own number, as a field. `write` answers whether all of them are
        records; where not, each line is looked at on its own.

        Raises:
            RefusedFileError: If the file as a whole is of another encoding, its trailer is gone,
                or lines that were taken apart one by one are no records to `write`.
            OpenAtBorderError: If a record goes on behind the stretch.
        """
        grammar = Grammar(self.delimiter, self.quote, width)
        slow = SlowLines(grammar)
        scan = Scan()
        line = stretch.first
        held: list[str | BadLine] = []
        for raw, offset in self._chunks(stretch, scan):
            first = line + len(held)
            self._starts.append((first, offset))
            self.encoding.refuse_utf8(raw)
            text = None if self.encoding.may_hold_utf8_lines(raw) else self._text(raw)
            is_plain = text is not None and not held and not self._repeats_heading(raw)
            ready = prepared(text, grammar) if is_plain and text is not None else None
            if ready is not None and write(ready, line):
                scan.see(ready)
                line += count_ends(ready)
                continue
            here = self._salvaged(raw, first) if text is None else self._split(text)
            scan.undecodable += sum(isinstance(each, BadLine) for each in here)
            if stretch.start == self._data_offset:
                self.encoding.refuse_undecodable(scan.undecodable, first + len(here), is_end=False)
            out, covered = slow.rewritten(held + here, line, is_last=False)
            self._write_slow(out, scan, write)
            held = (held + here)[covered:]
            line += covered
        if held and stretch.end is not None:
            raise OpenAtBorderError
        out, covered = slow.rewritten(held, line, is_last=True)
        self._write_slow(out, scan, write)
        scan.lines = line + covered - 1 + scan.behind
        scan.passed_over, scan.bad = slow.passed_over, slow.bad
        return scan

    def _write_slow(self, out: str, scan: Scan, write: Callable[[bytes, int | None], bool]) -> None:
        data = out.encode("utf-8")
        scan.see(data)
        if data and not write(data, None):
            raise RefusedFileError(
                f"文件 {self.name} 有无法可靠解析的行，整份文件未入库。",
                f"{self.name} has lines that cannot be read reliably; nothing of it was loaded.",
            )

    def settle(self, scans: list[Scan], stretches: list[Stretch]) -> Scan:
        """The scans of all stretches as one.

        Raises:
            RefusedFileError: If most of the file cannot be decoded, or its lines end in CR.
        """
        self.scan = scan = Scan()
        for found, following in zip(scans, [*stretches[1:], None], strict=True):
            if following is not None and found.lines + 1 != following.first:
                raise RuntimeError("the stretches of a file do not meet")
            scan.add(found)
        scan.bad.sort(key=lambda bad: bad.line)
        scan.passed_over.sort()
        self._starts.sort()
        lines = scan.lines - self.heading_line
        self.encoding.refuse_undecodable(scan.undecodable, lines, is_end=True)
        self._refuse_lone_returns()
        return scan

    def begin(self) -> None:
        """Forget what an attempt before found."""
        self.scan = Scan()
        self._starts.clear()

    def fetch(self, numbers: list[int], width: int) -> dict[int, list[str]]:
        """The fields of the records that begin at the given line numbers, as delivered."""
        grammar = Grammar(self.delimiter, self.quote, width)
        found: dict[int, list[str]] = {}
        wanted = deque(sorted(numbers))
        starts = [first for first, _ in self._starts]
        with self._open() as file:
            # What was read last ends at `position`: a record may run on into the next chunk, and a
            # compressed file is not read backwards.
            position, raw = 0, b""
            while wanted:
                index = bisect.bisect_right(starts, wanted[0]) - 1
                first, offset = self._starts[index]
                if offset >= position:
                    file.seek(offset)
                    position, raw = offset, b""
                raw = raw[offset - (position - len(raw)) :]
                after = self._starts[index + 2][1] if index + 2 < len(starts) else None
                more = _read_to(file, None if after is None else after - position)
                position += len(more)
                raw += more
                lines = self._salvaged(raw, first)
                stop = starts[index + 1] if index + 1 < len(starts) else first + len(lines)
                reader = SlowLines(grammar)
                while wanted and wanted[0] < stop:
                    number = wanted.popleft()
                    _, fields = reader.take(lines, number - first)
                    found[number] = fields or []
        return found

    def _chunks(self, stretch: Stretch, scan: Scan) -> Iterator[tuple[bytes, int]]:
        """Whole lines of a stretch, about a megabyte at a time, with their offsets."""
        keeps_last = self.pattern.trailer is not None and stretch.end is None
        with self._open() as file:
            offset, tail = stretch.start, b""
            file.seek(offset)
            left = None if stretch.end is None else stretch.end - offset
            while left != 0:
                block = file.read(_CHUNK_BYTES if left is None else min(left, _CHUNK_BYTES))
                if not block:
                    break
                left = None if left is None else left - len(block)
                data = tail + block
                cut = data.rfind(b"\n") + 1
                if cut == 0 and len(data) > _LONGEST_LINE_BYTES:
                    raise RefusedFileError(
                        f"文件 {self.name} 有 {len(data):,} 字节没有换行，不是按行导出的文本。",
                        f"{self.name} holds {len(data):,} bytes without a line end; it is no text"
                        " written line by line.",
                    )
                if cut and keeps_last:
                    cut = data[:cut].rstrip(_BEHIND_LAST).rfind(b"\n") + 1
                if cut:
                    yield data[:cut], offset
                    offset += cut
                tail = data[cut:]
        if keeps_last:
            at = self._trailer_in(tail, scan)
            if at:
                yield tail[:at], offset
        elif line := tail.rstrip(_END_MARK):
            # Whoever wrote the mark had come to the end.
            scan.is_cut = line == tail
            yield line + b"\n", offset
        else:
            scan.behind = int(bool(tail))

    def _trailer_in(self, tail: bytes, scan: Scan) -> int:
        """Where the trailer begins in the last lines of the file.

        Raises:
            RefusedFileError: If the last line is none.
        """
        trailer = self.pattern.trailer
        last = tail.rstrip(_BEHIND_LAST)
        at = last.rfind(b"\n") + 1
        if trailer is None or not last[at:].startswith(trailer.marker.encode(self.encoding.name)):
            marker = trailer.marker if trailer else ""
            raise RefusedFileError(
                f"文件 {self.name} 的最后一行不是约定的尾行（以“{marker}”开头），"
                "文件可能被截断，整份未入库；请重新传输。",
                f"The last line of {self.name} is not the agreed trailer, which begins with"
                f" {marker!r}: the file was cut off, and nothing of it was loaded; send it again.",
            )
        scan.trailer = last[at:]
        behind = tail[at:]
        scan.behind = behind.count(b"\n") + (not behind.endswith(b"\n"))
        return at

    def _text(self, raw: bytes) -> str | None:
        """Whole lines as text of delimited records; None where that takes a closer look."""
        return self.encoding.decoded(raw)

    def _repeats_heading(self, raw: bytes) -> bool:
        """Whether the heading may stand among the records again: files put together."""
        heading = self._heading
        return bool(heading) and (raw.startswith(heading) or b"\n" + heading in raw)

    def _split(self, text: str) -> list[str | BadLine]:
        """Lines without their ends, be they LF or CRLF, or what a second transfer makes of CRLF."""
        heading = self._heading.decode(self.encoding.name, "replace")
        lines = [line.rstrip("\r") for line in text.removesuffix("\n").split("\n")]
        # A heading among the records is no data, as a blank line is none.
        return ["" if heading and line == heading else line for line in lines]

    def _salvaged(self, raw: bytes, first: int) -> list[str | BadLine]:
        """Each line on its own, a damaged one told by its place and its bytes."""
        lines = (line.rstrip(b"\r") for line in raw.removesuffix(b"\n").split(b"\n"))
        return [
            "" if self._heading and line == self._heading else self._line(line, number)
            for number, line in enumerate(lines, first)
        ]

    def _line(self, line: bytes, number: int) -> str | BadLine:
        if self.encoding.is_utf8_line(line):
            return BadLine(number, line.decode("utf-8", "backslashreplace"), "encoding", _UTF8)
        try:
            return line.decode(self.encoding.name)
        except UnicodeDecodeError as error:
            spot = line[error.start : error.end].hex(" ").upper()
            encoding = self.encoding.name.upper()
            reason = Sentence(
                f"该行第 {error.start + 1} 字节（{spot}）不是有效的"
                f" {encoding} 编码，文件可能已损坏，请重新导出。",
                f"Byte {error.start + 1} of the line ({spot}) is not valid"
                f" {encoding}; the file may be damaged, export it again.",
            )
            text = line.decode(self.encoding.name, errors="backslashreplace")
            return BadLine(number, text, "encoding", reason)

    def _refuse_lone_returns(self) -> None:
        """Refuse a file whose lines end in CR here and in LF there: rows hide in its lines."""
        if any(bad.code == "line_end" for bad in self.scan.bad):
            raise RefusedFileError(
                f"文件 {self.name} 的换行符不一致，部分行只以回车（CR）结尾，无法可靠分行，"
                "整份未入库；请统一以 LF 或 CRLF 换行重新导出。",
                f"Some lines of {self.name} end in CR alone and others do not, so they cannot be"
                " told apart and nothing was loaded; export it again with LF or CRLF throughout.",
            )

    def _open(self) -> Source:
        return open_extract(self.path, self.pattern.compression, self.name)


def _read_to(file: Source, size: int | None) -> bytes:
    """So many bytes of a file, or all that are left."""
    pieces = []
    while size is None or size > 0:
        piece = file.read(_CHUNK_BYTES if size is None else min(size, _CHUNK_BYTES))
        if not piece:
            break
        pieces.append(piece)
        size = None if size is None else size - len(piece)
    return b"".join(pieces)
