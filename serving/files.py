"""Small file steps that must survive a crash: make durable, write whole, copy, link, remove."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from pathlib import Path

FICLONE = 0x40049409


def sync_file(path: Path) -> None:
    """Wait until the bytes of one file are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Wait until the names in one folder are on the disk; a rename is durable only after this."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, text: str) -> None:
    """Write a small file so that a reader, or a crash, finds the old content or the new, whole."""
    write_whole_bytes(path, text.encode())


def write_whole_bytes(path: Path, content: bytes, mode: int | None = None) -> None:
    """The same for bytes, with the permissions that the file shall have from its first byte on."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    permissions = 0o666 if mode is None else mode
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, permissions)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def copy_file(source: Path, target: Path) -> None:
    """Copy one file; on a file system that can share blocks (XFS, Btrfs) no byte is moved."""
    with source.open("rb") as reading, target.open("wb") as writing:
        try:
            fcntl.ioctl(writing.fileno(), FICLONE, reading.fileno())
        except OSError:
            shutil.copyfileobj(reading, writing, 8 * 1024 * 1024)
    target.chmod(0o600)


def link_file(path: Path, linked: Path) -> None:
    """A second name of one file, in a folder that is made where it lacks."""
    linked.parent.mkdir(parents=True, exist_ok=True)
    os.link(path, linked)


def remove_folder(folder: Path) -> None:
    """Remove a folder with everything in it, read-only files included.

    A folder inside it that lost its write bit is given it back first, because files are removed
    through the folder's permission and not through their own.
    """
    if folder.is_symlink() or not folder.exists():
        folder.unlink(missing_ok=True)
        return
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(path.stat().st_mode | stat.S_IRWXU)
    shutil.rmtree(folder)
