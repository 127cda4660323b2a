"""A reader's child process: takes files one after the other, within limits, until it is closed.

Started by `ingestion.workers.pool` with a socket to talk through. A hostile file may take this
process down; it never takes down the night.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import duckdb

from ingestion.batch import BatchReport
from ingestion.contracts import Feed
from ingestion.reading.load import open_engine
from ingestion.workers.task import Task, perform

# The machine's faults, not the file's.
_MACHINE_ERRORS = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EIO,
        errno.ENOENT,
        errno.EROFS,
        errno.EMFILE,
        errno.EACCES,
        errno.EPERM,
    }
)
_MACHINE_WORDS = (
    "No space left",
    "Input/output error",
    "Read-only file system",
    "disk quota",
)
# How a child process ends whose file asks for more memory than it may have. What it held on to
# shall not be missing for the next file, so a fresh one goes on.
OUT_OF_MEMORY: Final = 77
# The same where what it makes of a file grows beyond what it may write.
OUT_OF_FILE: Final = 78
_TOO_LARGE: Final = "File too large"


@dataclass(frozen=True)
class Limits:
    """What one child process may use.

    Attributes:
        address_bytes: Address space, most of it never touched.
        engine_memory: DuckDB's own limit, beyond which it goes to disk.
        cpu_seconds: Processor time for one file, beside what its size allows.
        cpu_seconds_per_mb: What each megabyte of a file allows in addition.
        wall_seconds: Time for one file by the clock, beside what its size allows; for a reader
            that waits for something that never comes.
        wall_seconds_per_mb: What each megabyte of a file allows in addition.
        file_bytes: The biggest file it may write.
        open_files: Files it may hold open.
    """

    address_bytes: int = 6 << 30
    engine_memory: str = "1GB"
    cpu_seconds: int = 120
    cpu_seconds_per_mb: float = 2.0
    wall_seconds: float = 900
    wall_seconds_per_mb: float = 10.0
    file_bytes: int = 32 << 30
    open_files: int = 512

    def wall_seconds_for(self, size_bytes: int) -> float:
        """Time by the clock for a file of some size."""
        return self.wall_seconds + self.wall_seconds_per_mb * size_bytes / 1e6


@dataclass(frozen=True)
class Setting:
    """What a child process is told once.

    Attributes:
        feeds: What the bank delivers.
        limits: What it may use.
        spill: Its own folder for what does not fit into memory; whoever started it removes it.
    """

    feeds: dict[str, Feed]
    limits: Limits
    spill: Path


@dataclass(frozen=True)
class Failure:
    """A file could not be read for a reason that is no property of the file.

    Attributes:
        message: What went wrong.
        is_machine: Whether the machine is at fault; else it is a defect of this program.
    """

    message: str
    is_machine: bool


def main() -> None:
    """Answer each task with a report or a failure."""
    connection = Connection(int(sys.argv[1]))
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Dagster treats SIGTERM as SIGINT, which a job in the background ignores; what is ignored is
    # inherited, and this process could not be stopped.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    setting: Setting = connection.recv()
    _limit(setting.limits)
    engine = open_engine(setting.limits.engine_memory, setting.spill)
    # From here on what ends this process is a file's doing, or somebody's.
    connection.send(None)
    while True:
        try:
            task: Task = connection.recv()
        except EOFError:
            return
        connection.send(_answer(task, setting, engine))


def _answer(task: Task, setting: Setting, engine: object) -> BatchReport | Failure:
    try:
        _limit_cpu(setting.limits, task.archived.stat().st_size)
        return perform(task, setting.feeds[task.feed], engine)
    except (MemoryError, duckdb.OutOfMemoryException):
        sys.exit(OUT_OF_MEMORY)
    except OSError as error:
        if error.errno == errno.ENOMEM:
            sys.exit(OUT_OF_MEMORY)
        if error.errno == errno.EFBIG:
            sys.exit(OUT_OF_FILE)
        return Failure(f"{type(error).__name__}: {error}", error.errno in _MACHINE_ERRORS)
    except Exception as error:
        if _TOO_LARGE in str(error):
            sys.exit(OUT_OF_FILE)
        is_machine = any(word in str(error) for word in _MACHINE_WORDS)
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        # The message could quote the file's data; where and what is enough to find a defect.
        message = str(error) if is_machine else f"{type(error).__name__} at {where}"
        return Failure(message, is_machine)


def _limit(limits: Limits) -> None:
    """Set what holds for all files.

    The number of processes is not limited: the kernel counts those of the whole user, threads
    included, so that other programs of his would decide whether a file can be read.
    """
    wanted = {
        # macOS knows the limit but does not keep it; there the engine's own limit has to do.
        resource.RLIMIT_AS: limits.address_bytes,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: limits.open_files,
    }
    for kind, value in wanted.items():
        hard = resource.getrlimit(kind)[1]
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (allowed, allowed))


def _limit_cpu(limits: Limits, size_bytes: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = limits.cpu_seconds + limits.cpu_seconds_per_mb * size_bytes / 1e6
    soft = int(used.ru_utime + used.ru_stime + allowed) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _die_with_parent() -> None:
    """Have the kernel end this process when the night dies, where it can do that (Linux)."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        if os.getppid() == 1:
            sys.exit(1)


if __name__ == "__main__":
    # Under the module's own name: the parent could not read back a failure of `__main__`.
    from ingestion.workers.process import main as start

    start()
