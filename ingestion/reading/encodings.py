"""The declared encoding held against what the bytes are: nothing else is ever tried."""

from __future__ import annotations

import codecs
from typing import Final

import numpy as np

from ingestion.sentence import RefusedFileError

# So many characters beyond ASCII, all of them valid UTF-8, are no accident in GB18030 text.
_UTF8_CHARACTERS: Final = 5
# From here on UTF-8 needs three bytes, and Chinese text begins.
_FIRST_CJK: Final = "\u2e80"
_MARKS: Final = {codecs.BOM_UTF8: "utf-8", b"\x84\x31\x95\x33": "gb18030"}
_WIDE_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Undecodable lines before their share is asked about: at the end of a file, and on the way.
_FEW_LINES: Final = 3
_MANY_LINES: Final = 1000
_SHARE_OF_BAD_LINES: Final = 0.5
# What is no text, whatever it is called.
_PACKED: Final = (
    (b"PK\x03\x04", "Excel 工作簿或压缩包", "a workbook or an archive"),
    (b"\x1f\x8b", "gzip 压缩文件", "a gzip file"),
    (b"\x28\xb5\x2f\xfd", "zstd 压缩文件", "a zstd file"),
    (b"\xd0\xcf\x11\xe0", "旧版 Excel 工作簿（.xls）", "an old workbook (.xls)"),
)


class Encoding:
    """One file's declared encoding.

    Args:
        declared: Its name.
        file: The file's name, for sentences.
    """

    def __init__(self, declared: str, file: str) -> None:
        self.name = codecs.lookup(declared).name
        self._file = file

    def mark_length(self, first: bytes) -> int:
        """Bytes of the mark that `first` begins with.

        Raises:
            RefusedFileError: If it is the mark of another encoding, the text is UTF-16, or it is
                no text.
        """
        for mark, zh, en in _PACKED:
            if first.startswith(mark):
                raise RefusedFileError(
                    f"文件 {self._file} 不是文本文件，实际像是{zh}；请按约定的格式重新导出，"
                    "不要只改文件名。",
                    f"{self._file} is no text but looks like {en}; export it again in the agreed"
                    " format, a new name alone does not change it.",
                )
        if first.startswith(_WIDE_MARKS) or b"\0" in first:
            raise self.refusal("UTF-16", "UTF-16")
        for mark, of in _MARKS.items():
            if first.startswith(mark):
                if self.name != of:
                    raise self.refusal(of.upper(), of.upper())
                return len(mark)
        return 0

    def first_line(self, raw: bytes) -> str:
        """The text of a first line.

        Raises:
            RefusedFileError: If it is of another encoding.
        """
        try:
            return raw.decode(self.name).rstrip("\r\n")
        except UnicodeDecodeError as error:
            is_chinese = self.name == "utf-8" and _decodes(raw, "gb18030")
            raise self.refusal(
                "GB18030" if is_chinese else "其他编码", "GB18030" if is_chinese else "another one"
            ) from error

    def decoded(self, raw: bytes) -> str | None:
        """`raw` as text, or None where a byte of it is damaged."""
        try:
            return raw.decode("ascii" if raw.isascii() else self.name)
        except UnicodeDecodeError:
            return None

    def refuse_utf8(self, raw: bytes) -> None:
        """Refuse UTF-8 under another name: much of it decodes, to other characters."""
        if self.name == "utf-8" or raw.isascii():
            return
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            return
        wide = [sign for sign in text if sign > "\x7f"]
        # A few could be an accident, but not where they are Chinese this way and are, the declared
        # way, no characters that anybody writes.
        is_chinese = any(sign >= _FIRST_CJK for sign in wide)
        if len(wide) >= _UTF8_CHARACTERS or (is_chinese and not _is_common_chinese(raw)):
            raise self.refusal("UTF-8", "UTF-8")

    def is_utf8_line(self, line: bytes) -> bool:
        """Whether a line of a file of another encoding is Chinese in UTF-8."""
        return self.name != "utf-8" and _is_foreign(line)

    def may_hold_utf8_lines(self, raw: bytes) -> bool:
        """Whether single lines of a file of another encoding are UTF-8: files put together.

        They decode, to characters that nobody writes.
        """
        if self.name == "utf-8":
            return False
        signs = np.frombuffer(raw, dtype=np.uint8)
        # Two characters of three bytes one behind the other: of GB18030 text one in 50,000 is so.
        starts = np.flatnonzero((signs[:-5] - np.uint8(0xE4)) < 6)
        starts = starts[(signs[starts + 3] - np.uint8(0xE4)) < 6]
        for place in (1, 2, 4, 5):
            starts = starts[(signs[starts + place] & 0xC0) == 0x80]
        places = starts.tolist()
        if (mark := raw.find(codecs.BOM_UTF8)) >= 0:
            places.append(mark)
        return any(_is_foreign(_line_at(raw, place)) for place in places)

    def refuse_undecodable(self, bad: int, lines: int, *, is_end: bool) -> None:
        """Refuse a file most lines of which cannot be decoded."""
        enough = _FEW_LINES if is_end else _MANY_LINES
        if bad >= enough and bad > lines * _SHARE_OF_BAD_LINES:
            raise RefusedFileError(
                f"文件 {self._file} 的大部分行（{bad:,}/{lines:,}）不是有效的"
                f" {self.name.upper()} 编码；请按约定编码重新导出。",
                f"Most lines of {self._file} ({bad:,} of {lines:,}) are not valid"
                f" {self.name.upper()}; export it again in the agreed encoding.",
            )

    def refusal(self, zh: str, en: str) -> RefusedFileError:
        """That the file looks like another encoding."""
        declared = self.name.upper()
        return RefusedFileError(
            f"文件 {self._file} 约定编码为 {declared}，实际像是 {zh}；请按约定编码重新导出。",
            f"{self._file} should be {declared} but looks like {en}; export it again in the agreed"
            " encoding.",
        )


def _line_at(raw: bytes, place: int) -> bytes:
    end = raw.find(b"\n", place)
    return raw[raw.rfind(b"\n", 0, place) + 1 : end if end >= 0 else len(raw)]


def _is_foreign(line: bytes) -> bool:
    if line.startswith(codecs.BOM_UTF8):
        return True
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return any(sign >= _FIRST_CJK for sign in text) and not _is_common_chinese(line)


def _is_common_chinese(raw: bytes) -> bool:
    """Whether `raw` is GB2312, the characters of ordinary text."""
    return _decodes(raw, "gb2312")


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
