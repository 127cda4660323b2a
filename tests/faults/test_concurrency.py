"""F02, F03, F07 to F12, F15, F16: many runs, many readers, wrong clocks, and publications."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from dagster_project import plan as plans
from dagster_project.home import Home
from ingestion.contracts.load import load_feeds
from ingestion.ledger import Ledger
from serving import build as builds
from serving import generation as generations
from serving.connection import connect_current
from tests.faults import files, oracle
from tests.faults.trial import DAY, NEXT, ROOT, Bench, Figures, end, faulty, finish, night, start

pytestmark = pytest.mark.faults
READERS, PUBLISHES = 8, 100
ABORTS = ("before_truncate", "before_header", "after_free_list_write", "before_wal_finish")


def publish(warehouse: Path, run_id: int, rows: int = 200) -> generations.Generation:
    """Publish three tables, all of whose rows bear the run's number."""
    build = builds.prepare(warehouse / "build", run_id)
    for name, tables in {"crm": ("one", "other"), "vault": ("third",)}.items():
        with duckdb.connect(str(build.database(name))) as connection:
            for table in tables:
                connection.execute(
                    f"create table {table} as select {run_id} as n from range({rows})"
                )
    number = generations.next_number(warehouse, set())
    described = generations.Generation(number, run_id, DAY, "2026-01-05T00:00:00Z")
    return generations.publish(build, warehouse, described)


def hold(home: Path, date: dt.date, point: str) -> tuple[subprocess.Popen[str], Path, object]:
    """A night that waits at a point until the file beside its log is there."""
    context = faulty(home, f"{point}:hold")
    variables, log = context.__enter__()
    process = start(home, date, variables)
    deadline = time.monotonic() + 120
    while not Path(f"{log}.met").exists():
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < deadline, f"the night never came to {point}"
        time.sleep(0.02)
    return process, log, context


@pytest.mark.case("F02", "kill -9 at each operation of the publication")
def test_killed_while_it_publishes(bench: Bench, figures: Figures, step: int) -> None:
    """Old or new, never neither: the last thirty points of a night are those of the publication."""
    from tests.faults.trial import points

    home = bench.copy()
    passed = points(home, NEXT)
    shutil.rmtree(home)
    first = passed.index("stage begin publish") + 1
    states = set()
    for n in range(first, len(passed) + 1, step):
        home = bench.copy()
        night(home, NEXT, f"any:{n}:kill")
        figures.tried += 1
        figures.detected += 1
        wrong = bench.read_by_analysts(home)
        figures.wrong_reads += wrong is not None
        current = generations.current(home / "warehouse")
        states.add(current.number if current else None)
        again = night(home, NEXT)
        problems = [again.said] if again.code else bench.judge(home)
        figures.recovered += not problems
        shutil.rmtree(home)
        assert wrong is None
        assert problems == []
    assert states <= {1, 2}
    figures.notes.append(f"generations seen after the kill: {sorted(map(str, states))}")


@pytest.mark.case("F03", "DuckDB gives up a checkpoint: abort points x files opened")
def test_checkpoints_given_up(bench: Bench, figures: Figures, step: int) -> None:
    with duckdb.connect() as connection:
        known = []
        for name in ABORTS:
            try:
                connection.execute(f"set debug_checkpoint_abort = '{name}'")
                known.append(name)
            except duckdb.Error:
                continue
    assert len(known) >= 3
    for name in known:
        for n in range(1, 20, step):
            if not bench.suffer(f"duckdb:{n}:abort_{name}", figures).is_met:
                break
    figures.notes.append(f"abort points of this DuckDB: {', '.join(known)}")


@pytest.mark.case("F07", "write-ahead logs and databases left beside the next run's build")
def test_leftovers_of_a_dead_run_are_not_used(bench: Bench, figures: Figures) -> None:
    for run_id in (2, 3, 99):
        home = bench.copy()
        left = home / "warehouse" / "build" / str(run_id)
        left.mkdir(parents=True)
        with duckdb.connect(str(left / "poison.duckdb")) as connection:
            connection.execute("pragma disable_checkpoint_on_shutdown")
            connection.execute("create table business_day as select 'poison' as day")
            for name in ("crm", "vault"):
                for suffix in ("", ".wal"):
                    source = left / f"poison.duckdb{suffix}"
                    shutil.copy(source, left / f"{name}.duckdb{suffix}")
        done = night(home, NEXT)
        assert done.code == 0, done.said
        figures.tried += 1
        problems = bench.judge(home)
        figures.recovered += not problems
        shutil.rmtree(home)
        assert problems == []


@pytest.mark.case("F08", "20 nights started at once")
def test_of_many_nights_at_once_one_runs(bench: Bench, figures: Figures) -> None:
    home = bench.copy()
    winner, log, context = hold(home, NEXT, "stage:3")
    others = [start(home, NEXT) for _ in range(19)]
    ends = [finish(each) for each in others]
    figures.tried = 20
    figures.detected = sum(done.code == 5 for done in ends)
    assert [done.code for done in ends] == [5] * 19, [done.said for done in ends if done.code != 5]
    assert all("the lease of this home is held by run" in done.said for done in ends)
    Path(f"{log}.go").touch()
    done = finish(winner)
    context.__exit__(None, None, None)  # type: ignore[attr-defined]
    assert done.code == 0, done.said
    assert bench.judge(home) == []
    figures.recovered = 20
    figures.notes.append("winners: 1")
    shutil.rmtree(home)


@pytest.mark.case("F09", "a night is paused, loses its lease to another, and wakes up")
def test_a_stale_run_publishes_nothing(bench: Bench, figures: Figures, step: int) -> None:
    """While it sleeps nobody gets its lock; only a lease file taken away lets another in."""
    for n in range(3, 20, step):
        home = bench.copy()
        sleeper, log, context = hold(home, NEXT, f"stage:{n}")
        os.killpg(sleeper.pid, signal.SIGSTOP)
        figures.tried += 1
        assert night(home, NEXT).code == 5
        (home / ".lease").unlink()
        again = night(home, NEXT)
        assert again.code == 0, again.said
        published = (home / "warehouse" / "current").readlink()
        Path(f"{log}.go").touch()
        os.killpg(sleeper.pid, signal.SIGCONT)
        done = finish(sleeper)
        context.__exit__(None, None, None)  # type: ignore[attr-defined]
        figures.detected += done.code != 0
        # It may have been through with publishing when it fell asleep; then it has nothing to do.
        stale = (home / "warehouse" / "current").readlink() != published
        figures.wrong_reads += stale or bench.read_by_analysts(home) is not None
        last = night(home, NEXT)
        problems = [last.said] if last.code else bench.judge(home)
        figures.recovered += not problems
        shutil.rmtree(home)
        assert not stale, f"stage:{n}: the stale run published"
        assert problems == [], f"stage:{n}"


@pytest.mark.case("F10", f"{READERS} readers during {PUBLISHES} publications")
def test_readers_never_see_a_mixture(tmp_path: Path, figures: Figures) -> None:
    warehouse = tmp_path / "warehouse"
    (warehouse / "build").mkdir(parents=True)
    publish(warehouse, 1)
    until = tmp_path / "enough"
    readers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults.readers", str(warehouse), str(until)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(READERS)
    ]
    try:
        for run_id in range(2, PUBLISHES + 2):
            publish(warehouse, run_id)
            generations.prune(warehouse, 60)
            time.sleep(0.02)
        until.touch()
        told = [json.loads(reader.communicate(timeout=120)[0]) for reader in readers]
    finally:
        for reader in readers:
            reader.kill()
            reader.wait()
    figures.tried = sum(each["reads"] for each in told)
    figures.wrong_reads = sum(each["mixed"] + each["backwards"] for each in told)
    figures.recovered = figures.tried - figures.wrong_reads
    figures.notes.append(f"reads: {figures.tried}, errors: {sum(len(e['errors']) for e in told)}")
    assert all(each["errors"] == [] for each in told), told
    assert figures.wrong_reads == 0


@pytest.mark.case("F11", "a reader keeps a generation that retention removes")
def test_a_long_reader_keeps_what_it_has(tmp_path: Path, figures: Figures) -> None:
    warehouse = tmp_path / "warehouse"
    (warehouse / "build").mkdir(parents=True)
    publish(warehouse, 1, rows=300_000)
    opened, _ = connect_current(warehouse, "vault")
    with opened:
        for run_id in range(2, 6):
            publish(warehouse, run_id)
            generations.prune(warehouse, 1)
            figures.tried += 1
            seen = opened.execute("select min(n), max(n), count(*) from crm.main.one").fetchone()
            figures.wrong_reads += seen != (1, 1, 300_000)
    assert figures.wrong_reads == 0
    assert generations.all_numbers(warehouse) == [5]
    figures.recovered = figures.tried


@pytest.mark.case("F12", "an analyst opens a published file for writing")
def test_a_published_file_is_closed_to_writing(tmp_path: Path, figures: Figures) -> None:
    """Root is refused by no mode, so as root it is tried by a child that has given root up."""
    warehouse = tmp_path / "warehouse"
    (warehouse / "build").mkdir(parents=True)
    publish(warehouse, 1)
    folder = generations.folder_of(warehouse, 1)
    if os.geteuid() == 0:
        figures.notes.append("run as root: tried by a child that had given root up")
        for path in (*folder.rglob("*"), folder, *folder.parents):
            if path.is_relative_to(tmp_path):
                os.chown(path, 65534, 65534)
        for parent in tmp_path.parents[:2]:
            parent.chmod(parent.stat().st_mode | 0o011)
    for name in ("crm", "vault"):
        figures.tried += 1
        child = os.fork()
        if child == 0:
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            try:
                duckdb.connect(str(folder / f"{name}.duckdb"))
                os._exit(0)
            except duckdb.Error as error:
                os._exit(7 if "denied" in str(error) else 8)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        figures.detected += code == 7
    figures.recovered = figures.detected
    assert figures.detected == figures.tried
    assert generations.verify(folder) == []


@pytest.mark.case("F15", "clock a day back, a year ahead, jumping; other time zones")
@pytest.mark.parametrize(
    "variables",
    [
        {"FAULT_CLOCK": "-86400"},
        {"FAULT_CLOCK": "31536000"},
        {"FAULT_CLOCK": "jumping"},
        {"TZ": "America/New_York"},
        {"TZ": "Pacific/Kiritimati"},
    ],
    ids=lambda variables: "-".join(variables.values()).replace("/", "_"),
)
def test_no_clock_decides_anything(
    bench: Bench, figures: Figures, variables: dict[str, str]
) -> None:
    home = bench.copy()
    inject = {"PYTHONPATH": f"{ROOT}/tests/faults/inject{os.pathsep}{ROOT}"}
    done = night(home, NEXT, extra={**inject, **variables})
    assert done.code == 0, done.said
    figures.tried = 1
    problems = bench.judge(home)
    figures.recovered = not problems
    shutil.rmtree(home)
    assert problems == []


@pytest.mark.case("F16", "three business dates were missed")
def test_missed_dates_are_made_up_for_in_order(tmp_path: Path, figures: Figures) -> None:
    rng = random.Random(16)
    figures.seed = 16
    home = tmp_path / "home"
    dates = [DAY + dt.timedelta(days=n) for n in range(4)]
    for number, date in enumerate(dates):
        content = files.transactions(rng, date, 12)
        files.land(home / "landing", files.transaction_name(date), content, number)
        if date == dates[0]:
            assert night(home, date).code == 0
    feeds = load_feeds(None)
    planned = plans.plan(Home(home), feeds, home / "landing")
    assert planned == dates[1:]
    for date in planned:
        figures.tried += 1
        assert night(home, date).code == 0
        figures.recovered += 1
    assert plans.plan(Home(home), feeds, home / "landing") == []
    rows = Ledger(home / "ledger.sqlite").deliveries()
    assert [(row.business_date, row.state) for row in rows] == [(date, "loaded") for date in dates]
    assert oracle.check(home).problems == []


def test_a_night_that_hangs_is_ended(bench: Bench) -> None:
    """The harness itself leaves nothing running."""
    home = bench.copy()
    process, _, context = hold(home, NEXT, "stage:4")
    end(process)
    context.__exit__(None, None, None)  # type: ignore[attr-defined]
    assert process.returncode == -signal.SIGKILL
    shutil.rmtree(home)
