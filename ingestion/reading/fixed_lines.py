"""Lines of fixed width, as mainframes write them: places counted in bytes of the encoding.

Each line becomes a record whose fields are parted by a sign no bank delivers; from there on it is
read like any other extract.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from ingestion.contracts import FilePattern
from ingestion.reading.csv_lines import CsvLines
from ingestion.reading.records import BadLine
from ingestion.sentence import Sentence

# The unit separator of ASCII: below the space, so no second byte of a wide character.
_UNIT: Final = "\x1f"


class FixedLines(CsvLines):
    """An extract of fixed width."""

    def __init__(self, path: Path, pattern: FilePattern, name: str = "") -> None:
        super().__init__(path, pattern, name)
        self.delimiter, self.quote = _UNIT, ""
        self._fields = pattern.fields
        self._length = max(field.end for field in pattern.fields)
        borders = {0, self._length}
        for field in pattern.fields:
            borders |= {field.start - 1, field.end}
        self._borders = sorted(borders)

    def headings(self) -> list[str]:
        """The agreed headings, whatever stands in the first line."""
        super().headings()
        return [field.heading for field in self._fields]

    def _text(self, raw: bytes) -> str | None:
        raw = raw.replace(b"\r\n", b"\n")
        signs = np.frombuffer(raw, dtype=np.uint8)
        width = self._length + 1
        if signs.size % width or b"\x1f" in raw:
            return None
        lines = signs.reshape(-1, width)
        if not (lines[:, -1] == ord("\n")).all() or raw.count(b"\n") != len(lines):
            return None
        unit = np.full((len(lines), 1), ord(_UNIT), dtype=np.uint8)
        pieces = [unit]
        for start, end in zip(self._borders, self._borders[1:], strict=False):
            pieces += [lines[:, start:end], unit]
        # A character that a border cuts is none on either side of it.
        if self.encoding.decoded(np.concatenate(pieces, axis=1).tobytes()) is None:
            return None
        kept = []
        for field in self._fields:
            kept += [lines[:, field.start - 1 : field.end], unit]
        kept[-1] = np.full((len(lines), 1), ord("\n"), dtype=np.uint8)
        return self.encoding.decoded(np.concatenate(kept, axis=1).tobytes())

    def _line(self, line: bytes, number: int) -> str | BadLine:
        whole = super()._line(line, number)
        if isinstance(whole, BadLine) or not whole.strip():
            return whole
        if len(line) < self._length or line[self._length :].strip():
            told = "short_line" if len(line) < self._length else "long_record"
            reason = Sentence(
                f"该行有 {len(line)} 字节，约定为 {self._length} 字节；"
                "请检查该行是否被截断，或字段长度是否改变。",
                f"The line has {len(line)} bytes where {self._length} are agreed; check whether it"
                " was cut off, or whether a field has another length now.",
            )
            return BadLine(number, whole, told, reason)
        for start, end in zip(self._borders, self._borders[1:], strict=False):
            if self.encoding.decoded(line[start:end]) is None:
                reason = Sentence(
                    f"该行第 {start + 1} 至 {end} 字节的字段边界切断了一个汉字；"
                    "请检查字段的起始位置和长度（按字节计）。",
                    f"A border of the field at bytes {start + 1} to {end} of the line cuts a"
                    " character in two; check where the fields begin and end (counted in bytes).",
                )
                return BadLine(number, whole, "cut_character", reason)
        fields = [
            line[field.start - 1 : field.end].decode(self.encoding.name) for field in self._fields
        ]
        if any(_UNIT in text for text in fields):
            reason = Sentence(
                "该行含有不可见的控制字符，请从源系统重新导出。",
                "The line holds an invisible control character; export it again.",
            )
            return BadLine(number, whole, "control", reason)
        return _UNIT.join(fields)
