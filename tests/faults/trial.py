"""One night under a fault, the next without, and what must hold between and after them."""

from __future__ import annotations

import atexit
import datetime as dt
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serving import generation as generations
from tests.faults import files, oracle

ROOT = Path(__file__).resolve().parents[2]
INJECT = Path(__file__).parent / "inject"
DAY = dt.date(2026, 1, 5)
NEXT = dt.date(2026, 1, 6)
NIGHT_SECONDS = 300


@dataclass(frozen=True)
class Done:
    """How a night ended: its exit code (negative: the signal), what it said, if a fault was met."""

    code: int
    said: str
    is_met: bool
    seconds: float


@dataclass
class Figures:
    """What one class of faults came to; written into docs/reliability.md."""

    tried: int = 0
    detected: int = 0
    recovered: int = 0
    rows_lost: int = 0
    wrong_reads: int = 0
    seed: int | None = None
    worst_seconds: float = 0.0
    peak_mb: float | None = None
    notes: list[str] = field(default_factory=list)


def start(
    home: Path, date: dt.date, variables: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start a night as a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.night", str(home), date.isoformat()],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(variables or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str], log: Path | None = None, since: float = 0.0) -> Done:
    """Wait for the end of a night; whatever it started ends with it."""
    try:
        _, said = process.communicate(timeout=NIGHT_SECONDS)
    finally:
        end(process)
    is_met = log is not None and Path(f"{log}.met").exists()
    return Done(process.returncode, said, is_met, time.monotonic() - since)


def end(process: subprocess.Popen[str]) -> None:
    """Kill a night and everything in its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stderr is not None:
        process.stderr.close()


@contextmanager
def faulty(home: Path, fault: str) -> Iterator[tuple[dict[str, str], Path]]:
    """Variables that let a fault happen in a home, and the log of the points passed."""
    with tempfile.TemporaryDirectory(prefix="crm-fault-") as folder:
        log = Path(folder) / "points"
        yield (
            {
                "PYTHONPATH": f"{INJECT}{os.pathsep}{ROOT}",
                "FAULT": fault,
                "FAULT_HOME": str(home),
                "FAULT_LOG": str(log),
            },
            log,
        )


def night(
    home: Path, date: dt.date, fault: str | None = None, extra: Mapping[str, str] | None = None
) -> Done:
    """A night to its end, with a fault or without, in a process forked off the warm one."""
    since = time.monotonic()
    with faulty(home, fault or "") as (variables, log):
        asked = {"home": str(home), "date": date.isoformat(), "said": f"{log}.said"}
        asked["variables"] = {**(variables if fault else {}), **(extra or {})}
        code = _ask(asked)
        said = Path(f"{log}.said").read_text(encoding="utf-8", errors="replace")
        is_met = Path(f"{log}.met").exists()
    return Done(code, said, is_met, time.monotonic() - since)


def decide(home: Path, verb: str, number: int, fault: str | None = None) -> Done:
    """`crm release` or `crm refuse` as an operator types it, with a fault or without."""
    run = "from dagster_project.cli.main import run; run()"
    asked = [verb, str(number), "--reason", "与支行核对", "--home", str(home)]
    since = time.monotonic()
    with faulty(home, fault or "") as (variables, log):
        process = subprocess.Popen(
            [sys.executable, "-c", run, *asked],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(variables if fault else {})},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        return finish(process, log, since)


_warm: list[subprocess.Popen[str]] = []


def _ask(asked: dict[str, Any]) -> int:
    """Have the warm process fork a night; its exit code."""
    if not _warm:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.warm"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        _warm.append(process)
        atexit.register(process.kill)
    process = _warm[0]
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{json.dumps(asked)}\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def points(home: Path, date: dt.date) -> list[str]:
    """The points that a night passes where nothing goes wrong."""
    with faulty(home, f"any:{10**9}:slow") as (variables, log):
        done = finish(start(home, date, variables), log)
        assert done.code == 0, done.said
        return log.read_text(encoding="utf-8").splitlines()


@dataclass
class Bench:
    """A small bank after its first night, the deliveries of the next, and how that night ends."""

    folder: Path
    seed: int = 20260105
    clean: dict[str, str] = field(default_factory=dict)
    landed: dict[str, bytes] = field(default_factory=dict)
    before: str = ""
    _number: int = 0

    def __post_init__(self) -> None:
        self.base = self.folder / "base"
        rng = random.Random(self.seed)
        first = files.transactions(rng, DAY, 40)
        self.lay(self.base, files.transaction_name(DAY), first)
        self.lay(self.base, files.balance_name(DAY), files.balances(rng, DAY, 12, bad=1))
        done = night(self.base, DAY)
        assert done.code == 0, done.said
        self.before = oracle.fingerprint(self.base)["published"]
        # The night under test: new files, a correction of yesterday's, one that comes again,
        # and one that is refused as a whole.
        correction = files.transactions(rng, DAY, 42, files.Slip(0.1))
        self.lay(self.base, files.transaction_name(NEXT), files.transactions(rng, NEXT, 30))
        self.lay(self.base, files.transaction_name(DAY), correction, 10)
        self.lay(
            self.base, f"again/{files.balance_name(DAY)}", self.landed[files.balance_name(DAY)]
        )
        wrong = files.balance_lines(rng, NEXT, 25).replace("余额日期".encode("gb18030"), b"xx")
        self.lay(self.base, files.balance_name(NEXT, "csv"), wrong, 20)
        told = files.control(wrong)
        files.land(self.base / "landing", f"{files.balance_name(NEXT, 'csv')}.ok", told, 20)
        self.landed[f"first/{files.transaction_name(DAY)}"] = first
        whole = self.copy()
        done = night(whole, NEXT)
        assert done.code == 0, done.said
        self.clean = oracle.fingerprint(whole)
        assert (found := self.judge(whole)) == [], found
        shutil.rmtree(whole)

    def lay(self, home: Path, name: str, content: bytes, second: int = 0) -> None:
        """Lay a file into a home's landing folder."""
        files.land(home / "landing", name, content, second)
        self.landed[name] = content

    def copy(self) -> Path:
        """A home of its own, as it stands before the night under test."""
        self._number += 1
        home = self.folder / f"home{os.getpid()}-{self._number}"
        shutil.copytree(self.base, home, symlinks=True)
        return home

    def judge(self, home: Path) -> list[str]:
        """Everything that is wrong with a home after the night under test has ended well."""
        told = oracle.check(home, landed=self.landed)
        now = oracle.fingerprint(home)
        differing = [
            f"{name}: {now.get(name)} instead of {self.clean.get(name)}"
            for name in sorted(now.keys() | self.clean.keys())
            if now.get(name) != self.clean.get(name)
        ]
        left = [p for p in (home / "warehouse" / "build").iterdir() if p.name.isdigit()]
        left += [
            p for room in ("lake", "archive") for p in (home / room).rglob(".*") if p.is_file()
        ]
        return told.problems + differing + [f"left behind: {path}" for path in left]

    def read_by_analysts(self, home: Path) -> str | None:
        """What is wrong with what readers get now; None where it is old or new, and whole."""
        folder = generations.current_folder(home / "warehouse")
        if folder is None:
            return "nothing is published any more"
        if problems := generations.verify(folder):
            return problems[0]
        checksum = generations.read(folder).checksum
        return None if checksum in (self.before, self.clean["published"]) else "another generation"

    def suffer(self, fault: str, figures: Figures) -> Done:
        """One faulty night and the one after it; enters what was seen."""
        home = self.copy()
        try:
            done = night(home, NEXT, fault)
            if not done.is_met:
                return done
            figures.tried += 1
            figures.detected += done.code != 0
            wrong = self.read_by_analysts(home)
            figures.wrong_reads += wrong is not None
            again = night(home, NEXT)
            problems = [again.said] if again.code else self.judge(home)
            figures.rows_lost += max(0, oracle.check(home, landed=self.landed).lost)
            figures.recovered += not problems
            figures.worst_seconds = max(figures.worst_seconds, again.seconds)
            assert wrong is None, f"{fault}: {wrong}\n{done.said[-2000:]}"
            assert not problems, f"{fault}: {problems[:5]}\n{done.said[-2000:]}"
            return done
        finally:
            shutil.rmtree(home)
