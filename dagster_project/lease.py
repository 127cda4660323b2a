"""The lease: one night at a time in one home, and a token that tells a stale run from a live one.

The lock is the operating system's (flock), so it goes with the process that held it, kill -9
included. The token is a number that only grows: a run may publish only while the lease file still
bears the token it was given, which guards against a lease file that was deleted or replaced under
a paused run.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dagster_project.errors import LeaseHeldError
from ingestion.sentence import Sentence

PATIENCE_SECONDS = 1.5
_held: dict[Path, _Holding] = {}
_guard = threading.Lock()


@dataclass
class _Holding:
    lease: Lease
    depth: int


@dataclass(frozen=True)
class Holder:
    """Who holds the lease, as he wrote it down."""

    pid: int
    token: int
    run_id: int | None
    host: str

    def sentence(self) -> Sentence:
        """Who it is, for a message."""
        zh, en = (
            (f"第 {self.run_id} 次运行", f"run {self.run_id}")
            if self.run_id
            else ("另一次运行", "another run")
        )
        return Sentence(
            f"{zh}（{self.host} 上的进程 {self.pid}）", f"{en} (process {self.pid} on {self.host})"
        )


@dataclass(frozen=True)
class Lease:
    """A held lease."""

    path: Path
    descriptor: int
    token: int

    def note_run(self, run_id: int) -> None:
        """Write the run's number beside the token, so that others can say who holds the lease."""
        _write(self.descriptor, self.token, run_id)

    def check(self) -> None:
        """Fencing: raise unless the lease file is still ours and bears our token.

        Raises:
            LeaseHeldError: The file was removed, replaced, or taken over by a newer run.
        """
        try:
            is_same_file = os.path.samestat(os.fstat(self.descriptor), self.path.stat())
        except OSError:
            is_same_file = False
        holder = read(self.path) if is_same_file else None
        if holder is None or holder.token != self.token:
            raise LeaseHeldError(
                "本次运行的租约已被较新的运行取得，不再发布。",
                "this run lost its lease to a newer one and publishes nothing",
            )


@contextmanager
def hold(path: Path, patience: float = PATIENCE_SECONDS) -> Iterator[Lease]:
    """Hold the lease of one home; taking it twice in one process is the same holding.

    Args:
        path: The lease file, CRM_HOME/.lease.
        patience: Seconds to go on trying, which outlasts another process's glance at the lock.

    Raises:
        LeaseHeldError: Another process holds it.
    """
    path = path.resolve()
    with _guard:
        holding = _held.get(path)
        if holding is None:
            holding = _held[path] = _Holding(_take(path, patience), 0)
        holding.depth += 1
    try:
        yield holding.lease
    finally:
        with _guard:
            holding.depth -= 1
            if holding.depth == 0:
                del _held[path]
                os.close(holding.lease.descriptor)


def holder(path: Path) -> Holder | None:
    """Who holds the lease now, this process included; None when it is free."""
    if not path.exists():
        return None
    if path.resolve() in _held:
        return read(path)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        # A shared lock does not get in the way of another glance, only of a holder.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return read(path) or Holder(0, 0, None, "this machine")
    finally:
        os.close(descriptor)
    return None


def read(path: Path) -> Holder | None:
    """What the lease file says, whether it is held or not; None when it says nothing."""
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
        return Holder(written["pid"], written["token"], written["run_id"], written["host"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _take(path: Path, patience: float) -> Lease:
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + patience
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(descriptor), path.stat()):
                raise BlockingIOError  # the file was replaced between opening and locking
        except (BlockingIOError, FileNotFoundError):
            os.close(descriptor)
            if time.monotonic() >= deadline:
                who = read(path)
                said = who.sentence() if who else Sentence("另一次运行", "another run")
                raise LeaseHeldError(
                    f"本数据目录正由{said.zh}占用，请待其结束后重试。",
                    f"the lease of this home is held by {said.en}; try again when it has ended",
                ) from None
            time.sleep(0.05)
            continue
        before = read(path)
        token = (before.token if before else 0) + 1
        _write(descriptor, token, None)
        return Lease(path, descriptor, token)


def _write(descriptor: int, token: int, run_id: int | None) -> None:
    text = json.dumps(
        {"pid": os.getpid(), "token": token, "run_id": run_id, "host": socket.gethostname()}
    )
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)
    os.fsync(descriptor)
