"""Files that must be whole or absent: synced writes, keyed signatures, private keys."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path

from ml.errors import ModelRefused
from ml.system_errors import why_zh

KEY_BYTES = 32


def sha256(data: bytes) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(data).hexdigest()


def sign(data: bytes, key: bytes) -> str:
    """Hexadecimal HMAC-SHA256; a bare hash could be recomputed by whoever changes the file."""
    return hmac.new(key, data, hashlib.sha256).hexdigest()


def is_signed(data: bytes, signature: bytes, key: bytes) -> bool:
    """Whether the signature belongs to the data, compared in constant time."""
    return hmac.compare_digest(sign(data, key).encode(), signature.strip())


def sync_folder(folder: Path) -> None:
    """Make names inside the folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_synced(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a new file and force it to disk."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def replace_synced(path: Path, data: bytes) -> None:
    """Replace a file in one step: a reader sees the old bytes or the new ones."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    draft.unlink(missing_ok=True)
    try:
        write_synced(draft, data)
        draft.replace(path)
    finally:
        # On a full disk what was written of it would be in the way of the next attempt.
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def read_whole(path: Path) -> bytes:
    """The bytes of a file that is there.

    Raises:
        ModelRefused: It is a folder, or whoever runs this may not read it.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelRefused(
            f"{path.name} 无法读取（{why_zh(error)}）；它须是一个文件，并归运行 crm 的用户所有。",
            f"{path.name} cannot be read ({error.strerror}); it must be a file that belongs to "
            "whoever runs crm.",
        ) from None


def ensure_key(path: Path) -> bytes:
    """The signing key; made once, readable by its owner only.

    Raises:
        ModelRefused: The key is there, and readable by others or too short.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Exclusive creation: of two first nights at once, one makes the key and the other reads it.
        try:
            write_synced(path, secrets.token_hex(KEY_BYTES).encode(), mode=0o600)
            sync_folder(path.parent)
        except FileExistsError:
            return read_key(path)
    return read_key(path)


def read_key(path: Path) -> bytes:
    """The signing key as it stands.

    Raises:
        ModelRefused: The key is missing, readable by others or not at all, or too short to be one
            of ours.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        data = read_whole(path).strip()
    except FileNotFoundError:
        raise ModelRefused(
            f"签名密钥 {path.name} 不存在；请从备份恢复。",
            f"The signing key {path.name} is missing; bring it back from the backup.",
        ) from None
    if mode & 0o077:
        raise ModelRefused(
            f"签名密钥 {path.name} 可被他人读取（权限 {mode:04o}）；请改为 0600。",
            f"The signing key {path.name} is readable by others (mode {mode:04o}); set it to 0600.",
        )
    if len(data) < 2 * KEY_BYTES:
        raise ModelRefused(
            f"签名密钥 {path.name} 短于 {KEY_BYTES} 字节，不是本系统生成的；请从备份恢复。",
            f"The signing key {path.name} is shorter than {KEY_BYTES} bytes and none of ours; bring"
            " it back from the backup.",
        )
    return data
