"""The bytes of a delivered extract, unpacked where it is compressed, within limits."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol, Self

import numpy as np

from ingestion.sentence import RefusedFileError

if TYPE_CHECKING:
    from ingestion.contracts.files import Compression

_BLOCK_BYTES: Final = 1 << 20
_LINE_FEED: Final = 10
# A bank's text shrinks to a tenth, a file of one repeated line to a few hundredths. What unpacks to
# more than this is no extract but a bomb; small files may be as regular as they like.
MOST_BYTES: Final = 200_000_000_000
MOST_TIMES: Final = 200
_ALWAYS_ALLOWED_BYTES: Final = 64_000_000


class Source(Protocol):
    """What is asked of an open extract."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes more; none at the end."""

    def seek(self, offset: int, /) -> object:
        """Go to `offset`."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> object: ...


def open_extract(path: Path, compression: Compression | None, name: str) -> Source:
    """The extract's own bytes, to be read from their beginning.

    Args:
        path: The file as delivered.
        compression: How it is compressed.
        name: The file's name as delivered, for sentences.
    """
    return path.open("rb") if compression is None else _Unpacked(path, compression, name)


class _Unpacked:
    """A compressed file, read forwards only."""

    def __init__(self, path: Path, compression: Compression, name: str) -> None:
        # A third of a second to import, and most extracts are not compressed.
        import pyarrow as pa

        self._name, self._compression = name, compression
        size = path.stat().st_size
        self._most = min(MOST_BYTES, max(size * MOST_TIMES, _ALWAYS_ALLOWED_BYTES))
        self._stream = pa.CompressedInputStream(pa.OSFile(str(path)), compression)
        self._invalid = pa.ArrowInvalid
        self._position = 0

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes more; none at the end.

        Raises:
            RefusedFileError: If the stream is damaged or cut off, or unpacks to too much.
        """
        pieces, wanted = [], size
        while wanted:
            piece = self._piece(wanted)
            if not piece:
                break
            pieces.append(piece)
            wanted -= len(piece)
            self._position += len(piece)
            if self._position > self._most:
                raise RefusedFileError(
                    f"压缩文件 {self._name} 解压后超过 {self._most:,} 字节的上限，未入库；"
                    "请检查文件，或拆分后报送。",
                    f"{self._name} unpacks to more than {self._most:,} bytes, so it was not loaded;"
                    " check the file, or deliver it in parts.",
                )
        return b"".join(pieces)

    def _piece(self, size: int) -> bytes:
        try:
            return bytes(self._stream.read(size))
        except (OSError, self._invalid) as error:
            # The machine's own faults carry a number; damage does not.
            if getattr(error, "errno", None):
                raise
            raise RefusedFileError(
                f"压缩文件 {self._name} 已损坏或传输不完整（不是完整的 {self._compression} 数据），"
                "未入库；请重新传输。",
                f"{self._name} is damaged or was cut off (it is no whole {self._compression} data),"
                " so it was not loaded; send it again.",
            ) from error

    def seek(self, offset: int, /) -> None:
        """Go on to `offset`, counted in unpacked bytes."""
        while self._position < offset and self.read(min(offset - self._position, _BLOCK_BYTES)):
            pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def count_lines(path: Path, compression: Compression | None = None, name: str = "") -> int:
    """Lines of a file, by counting line ends in its bytes: shares nothing with the reader."""
    count, last = 0, b"\n"
    with open_extract(path, compression, name) as file:
        while block := file.read(_BLOCK_BYTES):
            count += count_ends(block)
            last = block[-1:]
    return count + (last != b"\n")


def count_ends(block: bytes) -> int:
    """How many line ends `block` holds; five times as fast as `bytes.count`."""
    return int(np.count_nonzero(np.frombuffer(block, dtype=np.uint8) == _LINE_FEED))


def next_line(file: BinaryIO, offset: int) -> int | None:
    """Where the first line at or behind `offset` begins; None where none begins any more."""
    file.seek(offset - 1)
    while block := file.read(_BLOCK_BYTES):
        if (found := block.find(b"\n")) >= 0:
            return offset + found
        offset += len(block)
    return None
