"""The archive: every delivered file, kept for ever under the hash of its content."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Final

from ingestion.lake import sha256_of
from ingestion.landing.offers import LandingError

_CHUNK_BYTES: Final = 1 << 20


def archive_path(archive: Path, sha256: str) -> Path:
    """Where the archive keeps content."""
    return archive / sha256[:2] / sha256


def sweep(archive: Path) -> None:
    """Remove the copies that processes that died had not finished; the caller holds the lease."""
    for partial in archive.glob(".*.partial"):
        partial.unlink()


def copy_in(path: Path, archive: Path) -> tuple[str, Path]:
    """Copy a file into the archive under a name of no meaning yet; its hash and that copy.

    Raises:
        LandingError: It may not be read.
        FileNotFoundError: It has been taken away meanwhile.
    """
    archive.mkdir(parents=True, exist_ok=True)
    partial = archive / f".{os.getpid()}.partial"
    digest = hashlib.sha256()
    try:
        source = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise LandingError(
            f"无法读取 {path}（{error.strerror}），请检查文件权限。",
            f"{path} cannot be read ({error.strerror}); check who may read it.",
        ) from error
    with os.fdopen(source, "rb") as reading, partial.open("wb") as writing:
        if not stat.S_ISREG(os.fstat(reading.fileno()).st_mode):
            raise LandingError(f"{path} 不是普通文件。", f"{path} is no regular file any more.")
        while block := reading.read(_CHUNK_BYTES):
            digest.update(block)
            writing.write(block)
        writing.flush()
        os.fsync(writing.fileno())
    return digest.hexdigest(), partial


def keep(partial: Path, final: Path) -> None:
    """Give a copy its final name, unless the archive has that content already.

    What the archive has is read to be sure: a file that a disk has damaged is mended by delivering
    it once more.
    """
    if final.exists() and sha256_of(final) == final.name:
        partial.unlink()
        return
    final.parent.mkdir(parents=True, exist_ok=True)
    partial.chmod(0o440)
    partial.replace(final)
