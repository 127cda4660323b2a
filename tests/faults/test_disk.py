"""F04, F06, F13: a disk that is full or forgets, and memory that does not suffice."""

from __future__ import annotations

import hashlib
import os
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from dagster_project.errors import NightError
from ingestion.extract import ReaderError, reconcile
from ingestion.ledger import Ledger, LedgerError
from ingestion.workers.process import Limits
from serving import generation as generations
from serving.errors import ServingError
from tests.faults.trial import NEXT, ROOT, Bench, Figures
from tests.unit.ingestion.house import House
from tests.unit.ingestion.made_up import extract_of

pytestmark = pytest.mark.faults
FLIPS = int(os.environ.get("FAULTS_FLIPS", "120"))
SMALL_DISK = """
set -e
mkdir -p "$HOME_UNDER_TEST"
mount -t tmpfs -o "size=$SIZE" tmpfs "$HOME_UNDER_TEST"
cp -a "$BASE/." "$HOME_UNDER_TEST/" || exit 90
set +e
"$PYTHON" -m tests.faults.night "$HOME_UNDER_TEST" "$DATE" 2> "$OUT.said"
echo $? > "$OUT.first"
mount -o remount,size=256m "$HOME_UNDER_TEST"
"$PYTHON" -m tests.faults.night "$HOME_UNDER_TEST" "$DATE" 2>> "$OUT.said"
echo $? > "$OUT.second"
cp -a "$HOME_UNDER_TEST/." "$OUT"
"""


def _can_mount() -> bool:
    asked = ["unshare", "-rm", "true"]
    try:
        return subprocess.run(asked, capture_output=True).returncode == 0
    except OSError:
        return False


@pytest.mark.case("F04", "a small file system of its own, full at one stage after the other")
def test_a_disk_that_is_really_full(bench: Bench, figures: Figures, tmp_path: Path) -> None:
    """Sizes go up until the night fits: archive, lake, build and publication run out in turn."""
    if not _can_mount():
        figures.notes.append("not run here: no right to mount a file system")
        pytest.skip("unshare -rm is not allowed here")
    used = sum(path.stat().st_size for path in bench.base.rglob("*") if path.is_file())
    stages = set()
    size = used // 1024 + 60
    while size < used // 1024 + 40_000:
        out = tmp_path / str(size)
        done = subprocess.run(
            ["unshare", "-rm", "sh", "-c", SMALL_DISK],
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "PYTHON": sys.executable,
                "HOME_UNDER_TEST": str(tmp_path / "mounted"),
                "BASE": str(bench.base),
                "SIZE": f"{size}k",
                "DATE": NEXT.isoformat(),
                "OUT": str(out),
                # Else a night asks for space before it begins, and none of these would.
                "CRM_SPACE_CHECK": "off",
            },
            capture_output=True,
            text=True,
        )
        assert done.returncode in (0, 90), done.stderr
        if done.returncode == 0:
            first, second = (int(Path(f"{out}.{n}").read_text()) for n in ("first", "second"))
            said = Path(f"{out}.said").read_text()
            if first == 0:
                break
            figures.tried += 1
            figures.detected += 1
            stages |= {name for name in ("archive", "lake", "build", "ledger") if name in said}
            assert second == 0, said[-3000:]
            problems = bench.judge(out)
            figures.recovered += not problems
            assert problems == [], problems[:5]
            shutil.rmtree(out)
        size += 80
    assert figures.tried > 0
    figures.notes.append(f"named in the messages: {', '.join(sorted(stages))}")


def _flip(path: Path, rng: random.Random) -> None:
    mode = path.stat().st_mode
    path.chmod(0o600)
    with path.open("r+b") as file:
        at = rng.randrange(path.stat().st_size)
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ (1 << rng.randrange(8))]))
    path.chmod(mode)


def _in_publication(home: Path) -> list[str]:
    folder = generations.current_folder(home / "warehouse")
    assert folder is not None
    try:
        return generations.verify(folder)
    except ServingError as error:
        return [str(error)]


@pytest.mark.case("F06", "one bit flipped in a published file")
@pytest.mark.parametrize("name", ["crm.duckdb", "vault.duckdb", "generation.json"])
def test_a_bit_of_a_published_file(bench: Bench, figures: Figures, name: str) -> None:
    """Found by reading everything back (crm generations --verify), or no reader gets it to see."""
    rng = random.Random(6)
    figures.seed = 6
    whole = (bench.base / "warehouse" / "current" / name).resolve()
    kept, mode = whole.read_bytes(), whole.stat().st_mode
    assert _in_publication(bench.base) == []
    unseen = 0
    try:
        for _ in range(FLIPS):
            _flip(whole, rng)
            found = bool(_in_publication(bench.base))
            figures.tried += 1
            figures.detected += found
            unseen += not found
            whole.chmod(0o600)
            whole.write_bytes(kept)
    finally:
        whole.chmod(0o600)
        whole.write_bytes(kept)
        whole.chmod(mode)
    figures.recovered = figures.tried
    figures.notes.append(f"{unseen} of them in bytes that no table uses: every row reads as before")


@pytest.mark.case("F06", "one bit flipped in the archive, then the lake is lost")
def test_a_bit_of_the_archive(bench: Bench, figures: Figures, tmp_path: Path) -> None:
    """Content of an earlier run is made sure of before it is read again."""
    rng = random.Random(61)
    figures.seed = 61
    house = House(tmp_path)
    house.land(content=extract_of(*(f"S{n}|张三|20250131|{n}.00|" for n in range(1, 200))))
    (delivery,) = house.receive().pending
    archived = next(path for path in (tmp_path / "archive").rglob("*") if path.is_file())
    kept = archived.read_bytes()
    for _ in range(FLIPS):
        _flip(archived, rng)
        figures.tried += 1
        with pytest.raises(ReaderError, match="is damaged"):
            house.extract([delivery])
        figures.detected += 1
        archived.chmod(0o600)
        archived.write_bytes(kept)
    assert house.extract([delivery])[0].state == "loaded"
    figures.recovered = figures.detected


@pytest.mark.case("F06", "one bit flipped in the lake")
def test_a_bit_of_the_lake(figures: Figures, tmp_path: Path) -> None:
    """Found where everything is built from the lake (--full-refresh), and read again."""
    rng = random.Random(63)
    figures.seed = 63
    house = House(tmp_path)
    house.land(content=extract_of(*(f"S{n}|张三|20250131|{n}.00|" for n in range(1, 200))))
    house.extract(house.receive().pending)
    (batch,) = house.lake.rglob("*.parquet")
    kept = batch.read_bytes()
    for _ in range(FLIPS):
        _flip(batch, rng)
        figures.tried += 1
        (lost,) = reconcile(house.lake, house.ledger, house.feeds, is_thorough=True)
        figures.detected += 1
        batch.write_bytes(kept)
        house.settle(lost, lake_sha256=hashlib.sha256(kept).hexdigest())
    house.ledger.reopen(lost.delivery_id)
    (report,) = house.extract(house.receive().pending)
    assert report.rows_loaded == 199
    figures.recovered = figures.detected


@pytest.mark.case("F06", "one bit flipped in the ledger")
def test_a_bit_of_the_ledger(bench: Bench, figures: Figures) -> None:
    """Found when a night starts; or it lies where no row is, and every row reads as before."""
    rng = random.Random(62)
    figures.seed = 62
    home = bench.copy()
    ledger = home / "ledger.sqlite"
    kept, rows = ledger.read_bytes(), _rows_of(ledger)
    unused = told_only = 0
    for _ in range(FLIPS):
        _flip(ledger, rng)
        figures.tried += 1
        try:
            Ledger(ledger).check()
            now = _rows_of(ledger)
            differing = {name for name in rows if now[name] != rows[name]}
            unused += not differing
            told_only += bool(differing)
            assert differing <= {"stage", "file_seen"}, (
                f"a changed value was not found: {differing}"
            )
        except (LedgerError, NightError):
            figures.detected += 1
        for path in home.glob("ledger.sqlite*"):
            path.unlink()
        ledger.write_bytes(kept)
    shutil.rmtree(home)
    figures.recovered = figures.tried
    figures.notes.append(f"ledger: {unused} of them in bytes that no row uses")
    figures.notes.append(f"ledger: {told_only} of them in rows that decide nothing, not sealed")


def _rows_of(ledger: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            name: connection.execute(f"SELECT * FROM {name}").fetchall()
            for (name,) in names.fetchall()
        }


@pytest.mark.case("F13", "an extract of 400,000 rows with 100 MB for the engine")
def test_memory_that_does_not_suffice(figures: Figures, tmp_path: Path) -> None:
    house = House(tmp_path)
    rows = (f"S{n}|张三{n}|20250131|{n}.00|{'注' * 40}" for n in range(400_000))
    house.land(content=extract_of(*rows))
    (report,) = house.extract(house.receive().pending, limits=Limits(2 << 30, "100MB"))
    figures.tried = 1
    figures.peak_mb = round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
    assert report.state in ("loaded", "refused")
    if report.state == "loaded":
        assert report.rows_loaded == 400_000
    figures.recovered = 1


@pytest.mark.case("F13", "a reader killed for want of memory, at each step of its work")
@pytest.mark.parametrize("point", ["duckdb", "pipe", "write"])
def test_a_reader_is_killed(bench: Bench, figures: Figures, point: str, step: int) -> None:
    for n in range(1, 400, step):
        if not bench.suffer(f"{point}:{n}:die", figures).is_met:
            return
