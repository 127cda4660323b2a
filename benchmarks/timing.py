"""Running a command and knowing what it took: seconds, and peak memory with all its children."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

SAMPLE_SECONDS = 0.2


class CommandFailed(RuntimeError):  # noqa: N818  said as it happened
    """A measured command ended with an error: its time means nothing."""


@dataclass(frozen=True)
class Taken:
    """What one command took."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    output: str

    def as_dict(self) -> dict[str, float]:
        """The figures, without the output."""
        return {
            "seconds": round(self.seconds, 2),
            "cpu_seconds": round(self.cpu_seconds, 2),
            "peak_mb": round(self.peak_mb, 1),
        }


class _Watch(threading.Thread):
    """Samples the memory of a process and its descendants until told to stop.

    The sum of resident sets counts shared pages once per process; it errs towards too much.
    """

    def __init__(self, process_id: int) -> None:
        super().__init__(daemon=True)
        self._process_id = process_id
        self._over = threading.Event()
        self.peak_bytes = 0

    def run(self) -> None:
        """Sample until stopped or the process is gone."""
        while not self._over.wait(SAMPLE_SECONDS):
            try:
                root = psutil.Process(self._process_id)
                family = [root, *root.children(recursive=True)]
            except psutil.Error:
                return
            total = 0
            for process in family:
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    # A child that ended between the listing and the look.
                    continue
            self.peak_bytes = max(self.peak_bytes, total)

    def stop(self) -> None:
        """End the sampling and wait for its last look."""
        self._over.set()
        self.join()


def take(command: Sequence[str], *, log: Path, variables: Mapping[str, str] | None = None) -> Taken:
    """Run a command to its end.

    Args:
        command: Program and arguments.
        log: File that receives what the command writes; appended to.
        variables: Environment variables beside those of this process.

    Raises:
        CommandFailed: The command ended with an exit code other than 0.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    before = os.times()
    start = time.perf_counter()
    with log.open("a+", encoding="utf-8", errors="replace") as stream:
        stream.write(f"$ {' '.join(command)}\n")
        stream.flush()
        begin = stream.tell()
        process = subprocess.Popen(  # noqa: S603  our own command, no shell
            command,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(variables or {})},
        )
        watch = _Watch(process.pid)
        watch.start()
        try:
            code = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        finally:
            watch.stop()
        seconds = time.perf_counter() - start
        stream.seek(begin)
        output = stream.read()
    after = os.times()
    if code != 0:
        raise CommandFailed(f"{' '.join(command)} ended with {code}:\n{output[-3000:]}")
    cpu = (after.children_user + after.children_system) - (
        before.children_user + before.children_system
    )
    return Taken(seconds, cpu, watch.peak_bytes / 2**20, output)
