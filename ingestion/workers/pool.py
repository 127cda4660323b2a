"""A few child processes that read many files; one that dies is replaced, its file is refused."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Final

from ingestion.batch import BatchReport
from ingestion.contracts import Feed
from ingestion.sentence import Sentence, ToldError, shown
from ingestion.workers.process import OUT_OF_FILE, OUT_OF_MEMORY, Failure, Limits, Setting
from ingestion.workers.task import Task, refused

# How Python ends of an error that nothing caught.
_ERROR: Final = 1
# For a reader to start, which has nothing to do with the file it is to read.
_START_SECONDS: Final = 600
_ROOT: Final = Path(__file__).resolve().parents[2]


class ReaderError(ToldError):
    """Reading stopped for a reason that no file is to blame for: disk, memory, or a signal."""


@dataclass
class _Reader:
    """One child process and the file it has in hand.

    Attributes:
        process: The process.
        connection: How to talk to it.
        spill: Its own folder, which goes with it.
        task: The file it has in hand.
        is_ready: Whether it has said that it is started.
        deadline: When it is to be ended if it has not answered by then.
        is_late: Whether it was.
    """

    process: subprocess.Popen[bytes]
    connection: Connection
    spill: Path
    task: Task | None = None
    is_ready: bool = False
    deadline: float = 0.0
    is_late: bool = False


@dataclass
class ReaderPool:
    """Child processes with the given contracts and limits; use as a context manager.

    They are started as programs of their own rather than forked or through multiprocessing, which
    would bring the caller's open files, threads and main module along.

    Args:
        feeds: What the bank delivers.
        workers: How many child processes.
        limits: What each may use.
        scratch: Folder for what does not fit into their memory, emptied before and afterwards;
            without it one among the machine's temporary files.
    """

    feeds: dict[str, Feed]
    workers: int = 2
    limits: Limits = field(default_factory=Limits)
    scratch: Path | None = None
    _readers: list[_Reader] = field(default_factory=list, init=False)
    _given_twice: set[int] = field(default_factory=set, init=False)
    _folder: Path | None = field(default=None, init=False)

    def __enter__(self) -> ReaderPool:
        """Start nothing yet; readers start with the first files."""
        return self

    def __exit__(self, *_: object) -> None:
        """End all readers, also those with a file in hand."""
        for reader in self._readers:
            reader.connection.close()
            if reader.task is not None:
                reader.process.kill()
        for reader in self._readers:
            try:
                reader.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                reader.process.kill()
                reader.process.wait()
        self._readers.clear()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, BatchReport]]:
        """Read files, the next as soon as a reader is free; reports come as they are ready.

        Raises:
            ReaderError: If a file could not be read through no fault of its own.
        """
        waiting = list(tasks)[::-1]
        while len(self._readers) < min(self.workers, len(waiting)):
            self._readers.append(self._start())
        for reader in self._readers:
            self._give(reader, waiting)
        while busy := [reader for reader in self._readers if reader.task is not None]:
            left = min(reader.deadline for reader in busy) - time.monotonic()
            ready = wait([reader.connection for reader in busy], max(left, 0.0))
            for reader in busy:
                if reader.connection not in ready and reader.deadline <= time.monotonic():
                    # Its end is what is heard of it next.
                    reader.is_late = True
                    reader.deadline += self.limits.wall_seconds
                    reader.process.kill()
                if reader.connection not in ready:
                    continue
                done = self._take(reader)
                if done is not None:
                    self._give(reader, waiting)
                    yield done

    def _give(self, reader: _Reader, waiting: list[Task]) -> None:
        reader.task = waiting.pop() if waiting else None
        if reader.task is not None:
            self._send(reader, reader.task)

    def _send(self, reader: _Reader, task: Task) -> None:
        self._set_deadline(reader, task)
        # Of a reader that is gone the next thing heard is its end.
        with suppress(ConnectionError):
            reader.connection.send(task)

    def _set_deadline(self, reader: _Reader, task: Task) -> None:
        """Start the clock of a reader's file; of one that is not started yet, that of its start."""
        size_bytes = task.archived.stat().st_size if task.archived.exists() else 0
        allowed = self.limits.wall_seconds_for(size_bytes)
        reader.deadline = time.monotonic() + (allowed if reader.is_ready else _START_SECONDS)

    def _take(self, reader: _Reader) -> tuple[Task, BatchReport] | None:
        """The file a reader has read, and the report; None where it says that it has started."""
        task = reader.task
        if task is None:
            raise ReaderError(
                "读取进程在未被询问时作答；请重新运行。",
                "a reader answered without a question; run it again",
            )
        try:
            answer = reader.connection.recv()
        except (EOFError, ConnectionError):
            report = self._bury(reader, task)
            return None if report is None else (task, report)
        if answer is None:
            reader.is_ready = True
            self._set_deadline(reader, task)
            return None
        if isinstance(answer, BatchReport):
            return task, answer
        failure: Failure = answer
        if failure.is_machine:
            raise ReaderError(
                f"未能读取 {shown(task.source_file)}：{failure.message}",
                f"{shown(task.source_file)} could not be read: {failure.message}",
            )
        if self._is_given_again(reader, task):
            return None
        return task, self._refused(
            task,
            f"读取程序处理该文件时出错（{failure.message}），文件未入库；请联系系统维护人员。",
            f"The reader failed on the file ({failure.message}), so it was not loaded; tell those"
            " who maintain this program.",
        )

    def _is_given_again(self, reader: _Reader, task: Task) -> bool:
        """Give a file to a reader a second time, unless it has had that.

        What killed the first one may have been meant for somebody else: the kernel's choice when
        memory is short, a thread that could not be started, a moment's fault. A file is to blame
        only if it happens twice. Of a workbook each sheet is then looked over to its end before it
        is opened, which finds what is wrong with most of those that take a reader down.
        """
        if task.delivery_id in self._given_twice:
            return False
        self._given_twice.add(task.delivery_id)
        self._send(reader, replace(task, is_careful=True))
        return True

    def _bury(self, reader: _Reader, task: Task) -> BatchReport | None:
        """Replace a reader that died, and say of the file what it died of; None: it tries again."""
        code = reader.process.wait()
        if not reader.is_ready:
            raise ReaderError(
                f"读取进程无法启动（退出码 {code}）；请检查可用内存和进程数限制，再重新运行。",
                f"a reader could not be started (exit code {code}); see how much memory and how"
                " many processes are allowed, and run it again",
            )
        reader.connection.close()
        shutil.rmtree(reader.spill, ignore_errors=True)
        is_late = reader.is_late
        fresh = self._start()
        reader.process, reader.connection, reader.spill = (
            fresh.process,
            fresh.connection,
            fresh.spill,
        )
        reader.is_ready = reader.is_late = False
        if code in (-signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP):
            raise ReaderError(
                f"读取被信号 {-code} 中止；如非有意，请重新运行。",
                f"reading was stopped by signal {-code}; unless that was meant, run it again",
            )
        is_over_time = is_late or code == -signal.SIGXCPU
        # What goes wrong with a file is answered; an error that ends a reader came between answers.
        by_chance = (-signal.SIGKILL, -signal.SIGABRT, _ERROR)
        may_be_chance = code in by_chance or task.pattern.format == "xlsx"
        if may_be_chance and not is_over_time and self._is_given_again(reader, task):
            return None
        return self._refused(task, *_cause_of_death(code, is_late=is_late))

    def _refused(self, task: Task, zh: str, en: str) -> BatchReport:
        return refused(task, self.feeds[task.feed], Sentence(zh, en))

    def _start(self) -> _Reader:
        if self._folder is None:
            self._folder = self._new_folder()
        spill = Path(tempfile.mkdtemp(prefix="reader-", dir=self._folder))
        ours, theirs = socket.socketpair()
        with theirs:
            environment = dict(os.environ)
            environment["PYTHONPATH"] = os.pathsep.join(
                [str(_ROOT), *filter(None, [environment.get("PYTHONPATH")])]
            )
            process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                [sys.executable, "-m", "ingestion.workers.process", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                # A library that aborts writes its own last words; ours are in the report.
                stderr=subprocess.DEVNULL,
                env=environment,
            )
        connection = Connection(ours.detach())
        with suppress(ConnectionError):
            connection.send(Setting(self.feeds, self.limits, spill))
        return _Reader(process, connection, spill)

    def _new_folder(self) -> Path:
        if self.scratch is None:
            return Path(tempfile.mkdtemp(prefix="crm-readers-"))
        # What a night that was killed has left behind is of no use to anybody.
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        return self.scratch


def _cause_of_death(code: int, *, is_late: bool) -> tuple[str, str]:
    """What is said of a file whose reader died, in Chinese and English."""
    if is_late:
        return (
            "读取该文件超过时限仍未完成，读取进程已被终止，文件未入库；"
            "请检查文件是否异常庞大或已损坏。",
            "Reading the file took longer than is allowed, so its reader was ended and it was not"
            " loaded; see whether it is damaged or far larger than usual.",
        )
    if code == -signal.SIGXCPU:
        return (
            "读取该文件耗用的处理器时间超过上限，文件未入库；请检查文件是否异常庞大或已损坏。",
            "Reading the file took more processor time than is allowed, so it was not loaded;"
            " see whether it is damaged or far larger than usual.",
        )
    if code == OUT_OF_MEMORY:
        return (
            "读取该文件所需的内存超过上限，文件未入库；请检查文件是否异常庞大或已损坏。",
            "Reading the file takes more memory than is allowed, so it was not loaded; see"
            " whether it is damaged or far larger than usual.",
        )
    if code in (OUT_OF_FILE, -signal.SIGXFSZ):
        return (
            "读取该文件要写出的数据超过单个文件的上限，文件未入库；请检查文件是否异常庞大。",
            "What was written while the file was read grew beyond the largest file that is allowed,"
            " so it was not loaded; see whether it is far larger than usual.",
        )
    how_zh = f"信号 {-code}" if code < 0 else f"退出码 {code}"
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return (
        f"读取该文件的进程异常终止（{how_zh}），通常是文件要求的内存超过上限；文件未入库，"
        "请检查文件是否损坏。",
        f"The process that read the file died ({how}), usually because the file asks for more"
        " memory than is allowed; it was not loaded, see whether it is damaged.",
    )
