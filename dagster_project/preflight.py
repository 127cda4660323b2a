"""What a night needs of the machine, asked before anything is touched.

Locks and renames cannot be trusted on a network file system, a disk that fills up in the middle
costs a night, and a home of a newer version must not be written by an older one. Nothing here
writes, takes the lease or opens the ledger for writing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from dagster_project.errors import PreflightError
from dagster_project.home import FORMAT, Home, program_version
from ingestion.ledger.schema import SCHEMA_VERSION
from ingestion.sentence import Sentence

MOUNTS: Final = Path("/proc/self/mounts")
NETWORK_FILE_SYSTEMS: Final = frozenset(
    {
        *("nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "ncpfs", "afs", "afpfs"),
        *("9p", "ceph", "glusterfs", "lustre", "beegfs", "gpfs", "webdav", "davfs", "autofs"),
        *("fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.glusterfs", "fuse.ceph", "fuse.davfs"),
        *("fuse.davfs2", "fuse.goofys", "fuse.curlftpfs", "fuse.juicefs", "fuse.cifs", "fuse.nfs"),
    }
)
# Bytes written for each byte that waits in landing: its copy in the archive, its rows in the lake,
# its share of the build. 5.7 after the first night of a demo bank of 1,000 customers (`du -sb` of
# the home against its landing folder), and more while the build is copied.
SPACE_PER_DELIVERED_BYTE: Final = {"archive": 1, "lake": 2, "warehouse": 5}
# A packed extract is that much longer than it looks.
PACKED: Final = (".gz", ".zst")
PACKED_RATIO: Final = 6
# A night keeps its build beside the published generation, and spills while it builds.
SPACE_IN_GENERATIONS: Final = 3
# What logs, ledger and Dagster's own storage may take besides.
SPACE_AT_LEAST: Final = 200_000_000
SPACE_SWITCH: Final = "CRM_SPACE_CHECK"


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, how it stands (ok, warning, wrong), and what to do about it."""

    name: str
    state: str
    told: Sentence


def refuse(home: Home, landing: Path) -> None:
    """Stop before anything starts when the machine or the home does not admit a night.

    Raises:
        PreflightError: With a sentence for each thing that is wrong.
    """
    wrong = [each.told for each in look(home, landing) if each.state == "wrong"]
    if wrong:
        raise PreflightError(
            "".join(sentence.zh for sentence in wrong), " ".join(sentence.en for sentence in wrong)
        )


def refuse_newer(home: Home) -> None:
    """Stop when the home was written by a newer version.

    Raises:
        PreflightError: With both versions.
    """
    found = version(home)
    if found.state == "wrong":
        raise PreflightError(*found.told)


def look(home: Home, landing: Path) -> list[Finding]:
    """Everything a night needs, in the order in which it should be mended."""
    asked: tuple[Callable[[], Finding], ...] = (
        lambda: version(home),
        lambda: ledger(home),
        lambda: file_system("home", home.root),
        lambda: file_system("landing", landing),
        lambda: folders(home, landing),
        lambda: space(home, landing),
    )
    return [ask() for ask in asked]


def version(home: Home) -> Finding:
    """Whether the home was written by a newer version than this one."""
    try:
        written = json.loads(home.stamp.read_text(encoding="utf-8"))
        newest, by = int(written["format"]), str(written["version"])
    except FileNotFoundError:
        newest, by = 0, ""
    except (OSError, ValueError, KeyError, TypeError):
        told = Sentence(
            f"{home.stamp} 无法读取，不能确定数据目录由哪个版本写入；请从备份恢复该文件。",
            f"{home.stamp} cannot be read, so nobody knows which version wrote this home; bring it"
            " back from the backup.",
        )
        return Finding("version", "wrong", told)
    ledger = _ledger_version(home)
    if newest <= FORMAT and ledger <= SCHEMA_VERSION:
        return Finding("version", "ok", Sentence(program_version(), program_version()))
    wrote, wrote_zh = (f" {by}", f" {by} ") if by else ("", "")
    told = Sentence(
        f"数据目录 {home.root} 由较新版本{wrote_zh}写入（目录格式 {newest}，台账版本 {ledger}），"
        f"本程序 {program_version()} 只认识目录格式 {FORMAT}、台账版本 {SCHEMA_VERSION}；"
        "请改用该版本或更新的版本，未作任何改动。",
        f"The home {home.root} was written by a newer version{wrote} (home format {newest}, ledger"
        f" version {ledger}); this is {program_version()}, which knows home format {FORMAT} and"
        f" ledger version {SCHEMA_VERSION}. Use that version or a newer one; nothing was changed.",
    )
    return Finding("version", "wrong", told)


def _ledger_version(home: Home) -> int:
    """Version of the ledger's tables; 0 where there is none, or none that can be read."""
    try:
        with _ledger(home) as connection:
            return int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error:
        return 0  # a damaged ledger has a sentence of its own when it is opened


def ledger(home: Home) -> Finding:
    """Whether the ledger is there where there is something that it speaks of.

    A new one would know none of the batches in the lake, and the night would sweep them away.
    """
    is_there = home.ledger.exists() and home.ledger.stat().st_size > 0
    is_owed = home.current.exists() or any(home.lake.glob("*/*/*.parquet"))
    if is_there or not is_owed:
        return Finding("ledger file", "ok", Sentence(str(home.ledger), str(home.ledger)))
    told = Sentence(
        f"台账 {home.ledger} 不存在或为空，而数据目录中已有入库的批次或已发布的数据；没有台账就"
        "无法知道哪些数据有效，未作任何改动；请从备份恢复该文件，或另建数据目录重新入库全部文件。",
        f"The ledger {home.ledger} is missing or empty, but the home holds batches or a published"
        " generation. Without it nobody knows which of them count, so nothing was changed. Bring it"
        " back from the backup, or take all files in again in a new home.",
    )
    return Finding("ledger file", "wrong", told)


def file_system(name: str, folder: Path) -> Finding:
    """Whether a folder lies on this machine's own disks."""
    kind = file_system_of(folder)
    if kind is None:
        told = Sentence(
            f"无法得知 {folder} 所在的文件系统，须为本机磁盘。",
            f"the file system of {folder} is unknown; it must be a local one",
        )
        return Finding(f"{name} file system", "warning", told)
    if not is_network(kind):
        return Finding(f"{name} file system", "ok", Sentence(kind, kind))
    if name == "landing":
        told = Sentence(
            f"报送目录 {folder} 位于网络文件系统（{kind}），无法可靠判断文件是否已写完；"
            "请先复制到本机磁盘（如 rsync -a --delay-updates），再以本机目录为报送目录。",
            f"The landing folder {folder} lies on a network file system ({kind}), where nobody can"
            " tell a whole file from one still being written. Copy the deliveries to a local disk"
            " (rsync -a --delay-updates) and name that folder.",
        )
    else:
        told = Sentence(
            f"数据目录 {folder} 位于网络文件系统（{kind}），文件锁与改名不可靠；请移至本机磁盘。",
            f"The home {folder} lies on a network file system ({kind}), on which neither locks nor"
            " renames can be trusted. Move it to a local disk.",
        )
    return Finding(f"{name} file system", "wrong", told)


def is_network(kind: str) -> bool:
    """Whether a type of file system is one of a network."""
    return kind.lower() in NETWORK_FILE_SYSTEMS


def file_system_of(path: Path, mounts: Path = MOUNTS) -> str | None:
    """Type of the file system a path lies on, links followed; None where nobody tells."""
    place = str(path.resolve())
    best, kind = "", None
    for point, found in _mounts(mounts):
        is_above = place == point or place.startswith(point.rstrip("/") + "/")
        # Of two mounts on one point the later hides the earlier.
        if is_above and len(point) >= len(best):
            best, kind = point, found
    return kind


def _mounts(mounts: Path) -> Iterator[tuple[str, str]]:
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        for each in psutil.disk_partitions(all=True):
            yield each.mountpoint, each.fstype
        return
    for line in lines:
        fields = line.split()
        if len(fields) >= 3:
            # Blanks, tabs and backslashes are written as octal numbers.
            yield re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), fields[1]), fields[2]


def folders(home: Home, landing: Path) -> Finding:
    """Whether the folders that are there can be written, and the landing folder read."""
    closed = [
        folder
        for folder in (
            *(home.root, home.archive, home.lake, home.quarantine, home.warehouse, home.builds),
            *(home.models, home.exports, home.logs, home.dagster),
        )
        if folder.exists() and not os.access(folder, os.W_OK | os.X_OK)
    ]
    if not home.root.exists() and not os.access(_existing(home.root), os.W_OK | os.X_OK):
        closed.append(home.root)
    if closed:
        named = ", ".join(str(folder) for folder in closed)
        told = Sentence(
            f"无法写入 {named}（只读或权限不足）；请改正权限或挂载方式。",
            f"{named} cannot be written (read-only, or not this user's). Mend the rights or the"
            " mount.",
        )
        return Finding("folders", "wrong", told)
    if landing.is_dir() and not os.access(landing, os.R_OK | os.X_OK):
        told = Sentence(
            f"无法读取报送目录 {landing}，请检查权限。",
            f"The landing folder {landing} cannot be read; check who may.",
        )
        return Finding("folders", "wrong", told)
    is_new = "" if home.root.exists() else " (not there yet)"
    return Finding("folders", "ok", Sentence(f"{home.root}{is_new}", f"{home.root}{is_new}"))


def space(home: Home, landing: Path) -> Finding:
    """Whether what waits in landing, and the build, will fit on the disks of the home."""
    waiting, current = _waiting_bytes(home, landing), _current_bytes(home)
    needed = {folder: waiting * each for folder, each in SPACE_PER_DELIVERED_BYTE.items()}
    needed["warehouse"] += current * SPACE_IN_GENERATIONS
    disks: dict[int, list[str]] = {}
    for folder in needed:
        disks.setdefault(disk_of(home.root / folder), []).append(folder)
    told = []
    for on_disk in disks.values():
        wanted = SPACE_AT_LEAST + sum(needed[folder] for folder in on_disk)
        free = shutil.disk_usage(_existing(home.root / on_disk[0])).free
        told.append(f"{_size(free)} free, a night may need {_size(wanted)}")
        if free < wanted:
            named = home.root if len(disks) == 1 else home.root / on_disk[0]
            is_asked = os.environ.get(SPACE_SWITCH, "").lower() != "off"
            state = "wrong" if is_asked else "warning"
            return Finding("disk", state, _too_little(named, free, wanted, waiting, current))
    return Finding("disk", "ok", Sentence("；".join(told), "; ".join(told)))


def _too_little(place: Path, free: int, wanted: int, waiting: int, current: int) -> Sentence:
    """The numbers, and of what the need is made."""
    factor = sum(SPACE_PER_DELIVERED_BYTE.values())
    return Sentence(
        f"磁盘空间不足：{place} 所在磁盘剩余 {_size(free)}，本次约需 {_size(wanted)}"
        f"（待入库文件 {_size(waiting)} × {factor}、已发布数据库 {_size(current)} ×"
        f" {SPACE_IN_GENERATIONS} 中落在该磁盘的部分，另加 {_size(SPACE_AT_LEAST)}）；"
        f"请清理或扩容磁盘后重试，或设 {SPACE_SWITCH}=off 强行尝试。",
        f"The disk of {place} has {_size(free)} free and this night may need {_size(wanted)} on it"
        f" (its part of: files that wait {_size(waiting)} x {factor}, published database"
        f" {_size(current)} x {SPACE_IN_GENERATIONS}; and {_size(SPACE_AT_LEAST)}). Free some"
        f" space, or set {SPACE_SWITCH}=off to try all the same.",
    )


def _waiting_bytes(home: Home, landing: Path) -> int:
    """Bytes in landing that no night has taken in yet."""
    known: dict[str, tuple[int, int]] = {}
    if home.ledger.exists():
        try:
            with _ledger(home) as connection:
                rows = connection.execute("SELECT path, size_bytes, mtime_ns FROM file_seen")
                known = {path: (size, changed) for path, size, changed in rows}
        except sqlite3.Error:
            known = {}  # then everything may have to be read again
    waiting = 0
    for folder, _, names in os.walk(landing):
        for name in names:
            try:
                state = os.lstat(os.path.join(folder, name))  # noqa: PTH118 - may be no text
            except OSError:
                continue  # taken away while we look
            if known.get(os.path.join(folder, name)) != (state.st_size, state.st_mtime_ns):  # noqa: PTH118
                packed = PACKED_RATIO if name.lower().endswith(PACKED) else 1
                waiting += state.st_size * packed
    return waiting


def _current_bytes(home: Home) -> int:
    if not home.current.exists():
        return 0
    return sum(path.stat().st_size for path in home.current.iterdir())


@contextmanager
def _ledger(home: Home) -> Iterator[sqlite3.Connection]:
    """The ledger to look into, never made or changed by looking."""
    connection = sqlite3.connect(f"{home.ledger.as_uri()}?mode=ro", uri=True)
    try:
        yield connection
    finally:
        connection.close()


def disk_of(place: Path) -> int:
    """Number of the disk that a folder lies on, or would lie on; links are followed."""
    return _existing(place).stat().st_dev


def _existing(place: Path) -> Path:
    while not place.exists():
        place = place.parent
    return place


def _size(count: int) -> str:
    return f"{count / 1e9:,.2f} GB" if count >= 100_000_000 else f"{count / 1e6:,.1f} MB"
