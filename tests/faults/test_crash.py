"""F01, F04, F05: killed, or refused by the machine, at each of its steps, a night is made good.

Fail-at-n: n counts the times that a point is passed, and goes up until a night meets no fault.
"""

from __future__ import annotations

import itertools

import pytest

from tests.faults.trial import Bench, Figures

pytestmark = pytest.mark.faults
SHARDS = 8
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
