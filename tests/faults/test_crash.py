"""F01, F04, F05: killed, or refused by the machine, at each of its steps, a night is made good.

Fail-at-n: n counts the times that a point is passed, and goes up until a night meets no fault.
"""

from __future__ import annotations

import itertools
import random
import re
import shutil
from pathlib import Path

import pytest

from ingestion.ledger import Ledger
from tests.faults import files, oracle
from tests.faults.trial import NEXT, Bench, Figures, decide, night

pytestmark = pytest.mark.faults
SHARDS = 8
_NUMBERS = itertools.count(1)
CAUSES = {
    "enospc": ("No space left", "is full"),
    "full": ("No space left", "is full"),
    "eio": ("Input/output error", "I/O error", "cannot be read"),
    "readonly": ("Read-only", "readonly"),
    "gone": ("Stale file handle", "unable to open"),
}
# What the disk is asked for; the other points cannot fail of it.
ON_DISK = ("read", "write", "rename", "fsync", "unlink", "ledger", "duckdb")


def fail_at_n(bench: Bench, figures: Figures, point: str, kind: str, first: int, step: int) -> None:
    """Faults at n = first, first + step, ... until a night meets none."""
    figures.seed = bench.seed
    for n in itertools.count(first, step):
        done = bench.suffer(f"{point}:{n}:{kind}", figures)
        if not done.is_met:
            assert done.code == 0, done.said
            return
        if done.code and kind in CAUSES:
            assert any(cause in done.said for cause in CAUSES[kind]), done.said


@pytest.mark.case("F01", "kill -9 at every door to the machine and every step")
@pytest.mark.parametrize("shard", range(1, SHARDS + 1))
def test_killed_at_each_step(bench: Bench, figures: Figures, shard: int, step: int) -> None:
    fail_at_n(bench, figures, "any", "kill", shard, SHARDS * step)
    assert figures.detected == figures.tried


@pytest.mark.case("F01", "a file half written, then kill -9")
@pytest.mark.parametrize("point", ["write", "duckdb"])
def test_killed_with_half_a_file_written(
    bench: Bench, figures: Figures, point: str, step: int
) -> None:
    fail_at_n(bench, figures, point, "short", 1, step)


@pytest.mark.case("F01", "an unforeseen error at each step")
@pytest.mark.parametrize("point", ["stage", "pipe", "rename", "fsync", "ledger", "duckdb", "write"])
def test_an_error_that_nobody_foresaw(
    bench: Bench, figures: Figures, point: str, step: int
) -> None:
    fail_at_n(bench, figures, point, "exception", 1, step)


@pytest.mark.case("F04", "no space for one operation")
@pytest.mark.parametrize("point", ["write", "fsync", "ledger", "duckdb"])
def test_no_space_once(bench: Bench, figures: Figures, point: str, step: int) -> None:
    fail_at_n(bench, figures, point, "enospc", 1, step)


@pytest.mark.case("F04", "no space from one operation on")
@pytest.mark.parametrize("point", ["write", "fsync", "ledger", "duckdb"])
def test_no_space_from_then_on(bench: Bench, figures: Figures, point: str, step: int) -> None:
    fail_at_n(bench, figures, point, "full", 1, step)


@pytest.mark.case("F05", "EIO on the n-th read, write, sync, rename, removal")
@pytest.mark.parametrize("point", ON_DISK)
def test_input_output_error(bench: Bench, figures: Figures, point: str, step: int) -> None:
    fail_at_n(bench, figures, point, "eio", 1, step)


@pytest.mark.case("F05", "the file system turns read-only, or vanishes, at the n-th write")
@pytest.mark.parametrize("kind", ["readonly", "gone"])
@pytest.mark.parametrize("point", ["write", "rename", "ledger"])
def test_the_file_system_turns_away(
    bench: Bench, figures: Figures, point: str, kind: str, step: int
) -> None:
    fail_at_n(bench, figures, point, kind, 1, step)


@pytest.mark.case("F01", "kill -9 while somebody releases or refuses a delivery")
@pytest.mark.parametrize("verb", ["release", "refuse"])
def test_a_decision_is_killed(bench: Bench, figures: Figures, verb: str) -> None:
    """It is taken or not, never half: decided again, the next night ends as if nothing was."""
    start = bench.copy()
    if verb == "release":
        # Its control file tells of a row more, so the night holds it.
        lines = files.balance_lines(random.Random(7), NEXT, 25)
        name = files.balance_name(NEXT, "csv")
        files.land(start / "landing", name, lines, 60)
        told = re.sub(rb"ROWS=\d+", b"ROWS=26", files.control(lines))
        files.land(start / "landing", f"{name}.ok", told, 60)
        night(start, NEXT)
    number = _to_decide(start, "held" if verb == "release" else "loaded")
    clean = _decided(bench, start, verb, number)
    assert (night(clean, NEXT).code, oracle.check(clean).problems) == (0, [])
    wanted = oracle.fingerprint(clean)
    assert _to_decide(clean, "loaded" if verb == "release" else "refused", number) == number
    for n in itertools.count(1):
        home = _decided(bench, start)
        done = decide(home, verb, number, f"any:{n}:kill")
        if not done.is_met:
            assert done.code == 0, done.said
            return
        figures.tried += 1
        figures.detected += done.code != 0
        # Taken already, it is told so, and nothing is done twice.
        again = decide(home, verb, number)
        assert again.code in (0, 2), again.said
        after = night(home, NEXT)
        problems = oracle.check(home).problems
        assert (after.code, problems) == (0, []), f"{n}: {problems[:3]} {after.said[-2000:]}"
        assert oracle.fingerprint(home) == wanted, n
        figures.recovered += 1
        shutil.rmtree(home)


def _decided(bench: Bench, start: Path, verb: str | None = None, number: int = 0) -> Path:
    """A copy of a home in which something is decided."""
    home = bench.folder / f"decided-{next(_NUMBERS)}"
    shutil.copytree(start, home, symlinks=True)
    if verb is not None:
        done = decide(home, verb, number)
        assert done.code == 0, done.said
    return home


def _to_decide(home: Path, state: str, number: int | None = None) -> int:
    rows = Ledger(home / "ledger.sqlite").deliveries()
    found = [row.delivery_id for row in rows if row.state == state]
    return next(each for each in found if number in (None, each))
