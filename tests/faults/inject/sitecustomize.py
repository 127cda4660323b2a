"""Faults at the doors between this program and the machine: FAULT=<point>:<n>:<kind>.

Python imports this module by itself when its folder stands on PYTHONPATH, in a run and in the
readers that the run starts; nothing of the product knows of it. The n-th time that any of them
passes the point, the fault happens. Only what concerns files below FAULT_HOME counts.

Points: read, write, rename, fsync, unlink, ledger, duckdb, pipe, stage; `any` is each of them.

Kinds: kill (the whole run dies, as by kill -9 on its group), die (only this process does), short
(half is written, then kill), exception, enospc, eio, slow; hold (wait until FAULT_LOG.go is
there); abort_<point> (DuckDB gives up the next checkpoint of the file just opened); and three that
stay from then on: full (no space), readonly, gone (the file system is not there any more).
"""

from __future__ import annotations

import builtins
import errno
import fcntl
import importlib.abc
import importlib.util
import io
import os
import random
import re
import signal
import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

_POINT, _NUMBER, _KIND = (os.environ.get("FAULT") or "::").split(":")
_HOME = os.environ.get("FAULT_HOME", "")
_LOG = os.environ.get("FAULT_LOG", "")
_CLOCK = os.environ.get("FAULT_CLOCK", "")
_ERRORS = {
    "enospc": errno.ENOSPC,
    "full": errno.ENOSPC,
    "eio": errno.EIO,
    "readonly": errno.EROFS,
    "gone": errno.ESTALE,
}
_STAYING = ("full", "readonly", "gone")
_open, _os_open, _sleep = io.open, os.open, time.sleep


class Injected(Exception):  # noqa: N818 - it stands for any error whatever
    """An error that nobody could foresee."""


def is_ours(path: object) -> bool:
    """Whether a path lies in the home under test, and is not Dagster's or a log of the harness."""
    try:
        text = os.path.abspath(os.fsdecode(path))  # type: ignore[arg-type]  # noqa: PTH100
    except TypeError:
        return False
    return text.startswith(f"{_HOME}/") and "/dagster/" not in text and "/logs/" not in text


def reached(point: str, label: str) -> str | None:
    """The kind of fault that happens here and now; None where all goes well."""
    if _POINT not in (point, "any"):
        is_met = _KIND in _STAYING and os.path.exists(f"{_LOG}.met")  # noqa: PTH110
        return _KIND if is_met and _concerns(point) else None
    descriptor = _os_open(_LOG, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        passed = os.pread(descriptor, 1 << 24, 0).count(b"\n") + 1
        os.write(descriptor, f"{point} {label}\n".encode())
        is_now = passed == int(_NUMBER)
        if is_now:
            os.close(_os_open(f"{_LOG}.met", os.O_WRONLY | os.O_CREAT, 0o600))
    finally:
        os.close(descriptor)
    stays = _KIND in _STAYING and passed > int(_NUMBER) and _concerns(point)
    return _KIND if is_now or stays else None


def _concerns(point: str) -> bool:
    spared = {"full": ("unlink", "read", "pipe", "stage"), "readonly": ("read", "pipe", "stage")}
    return point not in spared.get(_KIND, ("pipe", "stage"))


def strike(kind: str | None, point: str, label: str) -> None:
    """Let a fault happen; returns where there is none, or a slow one."""
    if kind is None or kind == "short":
        return
    if kind == "slow":
        _sleep(0.3)
    elif kind == "hold":
        while not os.path.exists(f"{_LOG}.go"):  # noqa: PTH110
            _sleep(0.02)
    elif kind == "kill":
        kill()
    elif kind == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif kind == "exception":
        raise Injected(f"injected at {point} {label}")
    elif point == "ledger":
        raise _ledger_error(kind)
    elif point == "duckdb":
        import duckdb

        raise duckdb.IOException(f"IO Error: {os.strerror(_ERRORS[kind])}")
    else:
        raise OSError(_ERRORS[kind], os.strerror(_ERRORS[kind]), label)


def kill() -> None:
    """Kill the run and everything it started."""
    os.killpg(0, signal.SIGKILL)
    _sleep(10)


def _ledger_error(kind: str) -> Exception:
    import sqlite3

    told = {
        "enospc": "database or disk is full",
        "full": "database or disk is full",
        "eio": "disk I/O error",
        "readonly": "attempt to write a readonly database",
        "gone": "unable to open database file",
    }
    return sqlite3.OperationalError(told[kind])


def at(point: str, label: str) -> None:
    """Pass a point that can only be passed or not: no half of it is ever done."""
    if _KIND == "short" or _KIND.startswith("abort_"):
        return
    strike(reached(point, label), point, label)


class _Writer(io.BufferedWriter):
    """A file open for writing whose writes are points; `short` leaves half of one behind."""

    def write(self, data: Any, /) -> int:
        kind = reached("write", "write")
        if kind == "short":
            super().write(bytes(data)[: len(data) // 2])
            self.flush()
            kill()
        strike(kind, "write", "write")
        return super().write(data)


def _opening(file: Any, mode: str = "r", *arguments: Any, **settings: Any) -> Any:
    if isinstance(file, int) or not is_ours(file):
        return _open(file, mode, *arguments, **settings)
    if not set(mode) & set("wax+"):
        at("read", "open")
        return _open(file, mode, *arguments, **settings)
    at("write", "open")
    if "+" in mode:
        return _open(file, mode, *arguments, **settings)
    writer = _Writer(io.FileIO(file, mode.replace("b", "").replace("t", "")))
    if "b" in mode:
        return writer
    return io.TextIOWrapper(writer, settings.get("encoding") or "utf-8")


def _os_opening(path: Any, flags: int, *arguments: Any, **settings: Any) -> int:
    if is_ours(path):
        is_write = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        at("write" if is_write else "read", "open")
    return _os_open(path, flags, *arguments, **settings)


def _wrapped(point: str, name: str, owner: Any = os) -> None:
    """Make a function of `os` a point, where its first argument is a path of ours."""
    original = getattr(owner, name)

    def call(path: Any = ".", *arguments: Any, **settings: Any) -> Any:
        folder = settings.get("dir_fd")
        full = path if folder is None else os.path.join(_path_of(folder), path)  # noqa: PTH118
        if is_ours(_path_of(full) if isinstance(full, int) else full):
            at(point, name)
        return original(path, *arguments, **settings)

    setattr(owner, name, call)


def _path_of(descriptor: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
    except OSError:
        return ""


def _patch_os() -> None:
    builtins.open = io.open = _opening  # type: ignore[assignment]
    os.open = _os_opening
    for point, names in {
        "rename": ("rename", "replace"),
        "fsync": ("fsync",),
        "unlink": ("unlink", "remove", "rmdir"),
        "write": ("mkdir", "chmod", "link"),
        "read": ("scandir",),
    }.items():
        for name in names:
            _wrapped(point, name)
    symlink = os.symlink

    def link(target: Any, path: Any, *arguments: Any, **settings: Any) -> None:
        if is_ours(path):
            at("write", "symlink")
        symlink(target, path, *arguments, **settings)

    os.symlink = link


def _patch_sqlite(sqlite3: ModuleType) -> None:
    original = sqlite3.connect

    class Connection(sqlite3.Connection):  # type: ignore[misc, name-defined]
        def execute(self, sql: str, *arguments: Any) -> Any:
            word = sql.split(maxsplit=1)[0].upper()
            if word not in ("SELECT", "PRAGMA", "ROLLBACK"):
                at("ledger", word)
            return super().execute(sql, *arguments)

        def executemany(self, sql: str, *arguments: Any) -> Any:
            at("ledger", "MANY")
            return super().executemany(sql, *arguments)

        def executescript(self, sql: str) -> Any:
            at("ledger", "SCRIPT")
            return super().executescript(sql)

    def connect(path: Any, *arguments: Any, **settings: Any) -> Any:
        if is_ours(path):
            settings.setdefault("factory", Connection)
        return original(path, *arguments, **settings)

    sqlite3.connect = connect  # type: ignore[attr-defined]


def _patch_duckdb(duckdb: ModuleType) -> None:
    connect, execute = duckdb.connect, duckdb.DuckDBPyConnection.execute

    def connecting(database: Any = ":memory:", *arguments: Any, **settings: Any) -> Any:
        kind = reached("duckdb", "connect") if is_ours(database) else None
        aborts = kind is not None and kind.startswith("abort_")
        strike(None if aborts else kind, "duckdb", "connect")
        opened = connect(database, *arguments, **settings)
        if kind is not None and aborts:
            execute(opened, f"set global debug_checkpoint_abort = '{kind[len('abort_') :]}'")
        return opened

    def executing(self: Any, query: Any, *arguments: Any, **settings: Any) -> Any:
        text = query if isinstance(query, str) else ""
        copied = re.search(r"(?s)^\s*COPY.* TO '((?:[^']|'')+)'", text)
        word = text.split(maxsplit=1)[0].lower() if text.strip() else "statement"
        # What only asks or sets leaves nothing behind; the rest is worth failing at.
        is_quiet = word in ("set", "pragma", "select", "describe") or " macro " in text.lower()[:40]
        is_quiet |= _KIND.startswith("abort_") or (_KIND == "short" and copied is None)
        kind = None if is_quiet else reached("duckdb", word)
        if kind == "short" and copied is not None:
            execute(self, query, *arguments, **settings)
            file = copied[1].replace("''", "'")
            os.truncate(file, os.stat(file).st_size // 2)  # noqa: PTH116
        if kind == "short":
            kill()
        strike(kind, "duckdb", word)
        return execute(self, query, *arguments, **settings)

    duckdb.connect = connecting  # type: ignore[attr-defined]
    duckdb.DuckDBPyConnection.execute = executing


def _patch_parquet(parquet: ModuleType) -> None:
    original = parquet.write_table

    def write(table: Any, where: Any, *arguments: Any, **settings: Any) -> Any:
        kind = reached("write", "parquet") if is_ours(where) else None
        strike(kind, "write", "parquet")
        done = original(table, where, *arguments, **settings)
        if kind == "short":
            os.truncate(where, os.stat(where).st_size // 2)  # noqa: PTH116
            kill()
        return done

    parquet.write_table = write  # type: ignore[attr-defined]


def _patch_pipe(connection: ModuleType) -> None:
    for name in ("send", "recv"):
        original = getattr(connection.Connection, name)

        def call(self: Any, *given: Any, _original: Any = original, _name: str = name) -> Any:
            at("pipe", _name)
            return _original(self, *given)

        setattr(connection.Connection, name, call)


def _patch_night(night: ModuleType) -> None:
    from contextlib import contextmanager

    original = night.Night.stage

    @contextmanager
    def stage(self: Any, name: str) -> Any:
        at("stage", f"before {name}")
        with original(self, name):
            at("stage", f"begin {name}")
            yield
            at("stage", f"end {name}")
        at("stage", f"after {name}")

    night.Night.stage = stage


def _shift_clock() -> None:
    """Another time of day for everything that asks Python for it."""
    import datetime

    real_time, real = time.time, datetime.datetime
    chance = random.Random(15)

    def now() -> float:
        offset = chance.choice((-86400, 0, 86400 * 365)) if _CLOCK == "jumping" else float(_CLOCK)
        return real_time() + offset

    class Kind(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, real)

    class Shifted(real, metaclass=Kind):  # type: ignore[misc, valid-type]
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return real.fromtimestamp(now(), tz)

    class Module:
        """The module datetime as ours see it; the libraries' compiled code needs the real one."""

        datetime = Shifted

        def __getattr__(self, name: str) -> Any:
            return getattr(datetime, name)

    time.time = now
    for name, module in list(sys.modules.items()):
        is_ours = name.split(".")[0] in ("ingestion", "serving", "dagster_project")
        if is_ours and getattr(module, "dt", None) is datetime:
            module.dt = Module()  # type: ignore[attr-defined]


class _AfterImport(importlib.abc.MetaPathFinder):
    """Patches modules once they are imported, so that a process pays only for what it uses."""

    def __init__(self, patches: dict[str, Callable[[ModuleType], None]]) -> None:
        self.patches = patches

    def find_spec(self, name: str, *_: Any) -> Any:
        patch = self.patches.pop(name, None)
        if patch is None:
            return None
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def loading(module: ModuleType) -> None:
            load(module)
            patch(module)

        spec.loader.exec_module = loading  # type: ignore[method-assign]
        return spec


_PATCHES = {
    "sqlite3": _patch_sqlite,
    "duckdb": _patch_duckdb,
    "pyarrow.parquet": _patch_parquet,
    "multiprocessing.connection": _patch_pipe,
    "dagster_project.night": _patch_night,
}
if _CLOCK:
    _shift_clock()
if _POINT:
    _patch_os()
    for _name in [each for each in _PATCHES if each in sys.modules]:
        _PATCHES.pop(_name)(sys.modules[_name])
    sys.meta_path.insert(0, _AfterImport(_PATCHES))
