"""The lease: one run at a time, a token that only grows, and nothing left behind by kill -9."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dagster_project import lease
from dagster_project.errors import LeaseHeldError

ROOT = Path(__file__).parents[3]
HOLD = (
    "import sys, time; from pathlib import Path; from dagster_project import lease\n"
    "with lease.hold(Path(sys.argv[1])) as held:\n"
    "    held.note_run(7); print('held', flush=True); time.sleep(60)\n"
)
TRY = (
    "import sys, time; from pathlib import Path; from dagster_project import lease\n"
    "from dagster_project.errors import LeaseHeldError\n"
    "try:\n"
    "    with lease.hold(Path(sys.argv[1]), patience=0.2):\n"
    "        print('won', flush=True); time.sleep(4)\n"
    "except LeaseHeldError: print('held')\n"
)


def start(script: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_a_second_process_is_told_who_holds_the_lease(tmp_path):
    """F08: the second run says by whom the lease is held, within seconds."""
    path = tmp_path / ".lease"
    process = start(HOLD, path)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        holder = lease.holder(path)
        assert holder is not None
        assert (holder.pid, holder.run_id) == (process.pid, 7)
        started = time.monotonic()
        with (
            pytest.raises(LeaseHeldError, match=rf"run 7 \(process {process.pid}"),
            lease.hold(path, patience=0.1),
        ):
            pytest.fail("both hold the lease")
        assert time.monotonic() - started < 5
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert lease.holder(path) is None, "the lock goes with its process"
        with lease.hold(path) as taken:
            assert taken.token == 2, "the token only grows"
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def test_of_many_that_start_at_once_one_wins(tmp_path):
    """F08: six runs started together; one runs, the others leave."""
    path = tmp_path / ".lease"
    processes = [start(TRY, path) for _ in range(6)]
    answers = [process.communicate(timeout=60)[0].strip() for process in processes]
    assert answers.count("won") >= 1
    assert set(answers) <= {"won", "held"}


def test_the_same_process_may_take_it_again(tmp_path):
    path = tmp_path / ".lease"
    with lease.hold(path) as outer:
        with lease.hold(path) as inner:
            assert inner is outer
        assert lease.holder(path) is not None, "still held by the outer holding"
        outer.check()
    assert lease.holder(path) is None


def test_a_stale_run_is_fenced_off(tmp_path):
    """F09: a paused run whose lease file was taken over must not publish when it wakes."""
    path = tmp_path / ".lease"
    with lease.hold(path) as stale:
        stale.check()
        path.unlink()
        with pytest.raises(LeaseHeldError, match="lost its lease"):
            stale.check()
        path.write_text('{"pid": 1, "token": 99, "run_id": 3, "host": "elsewhere"}')
        with pytest.raises(LeaseHeldError, match="lost its lease"):
            stale.check()


def test_a_garbled_lease_file_does_not_stop_a_night(tmp_path):
    path = tmp_path / ".lease"
    path.write_bytes(b"\x00\xff{")
    assert lease.holder(path) is None
    with lease.hold(path) as taken:
        taken.check()


def test_a_glance_does_not_take_the_lease(tmp_path):
    path = tmp_path / ".lease"
    assert lease.holder(path) is None
    assert not path.exists()
