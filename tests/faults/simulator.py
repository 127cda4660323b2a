"""Sixty business days by seed: deliveries of every kind, faults at random points, readers always.

    python -m tests.faults.simulator --seed 7 --days 60

ends with an error and says the seed when a promise was broken; the same seed does the same again.
The days are run twice: under faults, and without any; both must end with the same tables. What is
held (a size far from the usual, a total that misses by a fen) is released, refused or left by the
commands, and now and then something that was loaded is refused again.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from typer.testing import CliRunner

from dagster_project.cli.main import app
from ingestion.ledger import Ledger
from serving import generation as generations
from tests.faults import files, oracle
from tests.faults.trial import DAY, Figures, night

KINDS = ("kill", "kill", "kill", "short", "exception", "enospc", "full", "eio", "readonly", "die")
FAULT_SHARE = 0.7
OK = ".ok"


@dataclass
class Day:
    """What is delivered on one day, in order, and the faults that its night meets first.

    Attributes:
        luck: Seed of what is decided about deliveries after the night.
    """

    date: dt.date
    deliveries: list[tuple[str, bytes]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    luck: int = 0


def plan(seed: int, days: int) -> list[Day]:
    """Everything that will happen."""
    rng = random.Random(seed)
    told: list[Day] = []
    sent: list[tuple[str, bytes]] = []
    late: list[tuple[int, str, bytes]] = []
    date = DAY
    while len(told) < days:
        date += dt.timedelta(days=1)
        if date.weekday() > 4:
            continue
        day = Day(date, luck=rng.randrange(1 << 30))
        for name, content in _files(rng, date):
            if rng.random() < 0.1:
                late.append((len(told) + rng.choice((1, 5)), name, content))
            else:
                day.deliveries.append((name, content))
        day.deliveries += [(name, content) for due, name, content in late if due == len(told)]
        if sent and rng.random() < 0.3:
            name, content = rng.choice(sent)
            day.deliveries.append(_again(rng, name, content, len(told)))
        sent += day.deliveries
        while rng.random() < FAULT_SHARE and len(day.faults) < 3:
            day.faults.append(f"any:{rng.randrange(1, 260)}:{rng.choice(KINDS)}")
        told.append(day)
    return told


def _files(rng: random.Random, date: dt.date) -> list[tuple[str, bytes]]:
    rows = rng.randrange(15, 40) * (20 if rng.random() < 0.08 else 1)
    postings = files.transactions(rng, date, rows, files.Slip(0.05))
    found = [(files.transaction_name(date), postings)]
    if date.weekday() == 4:
        found.append((files.balance_name(date), files.balances(rng, date, 12, bad=1)))
    if date.weekday() == 2:
        name, content = files.balance_name(date, "csv"), files.balance_lines(rng, date, 12)
        rows_told = 12 + rng.choice((0, 0, 1))
        found += [(f"{name}{OK}", files.control(content, rows=rows_told)), (name, content)]
    return found


def _again(rng: random.Random, name: str, content: bytes, day: int) -> tuple[str, bytes]:
    """The same file again, the same under another folder, corrected, or damaged."""
    kind = rng.choice(("same", "folder", "corrected", "damaged", "cut"))
    base = name.rsplit("/", 1)[-1]
    if kind == "same" or base.endswith(OK) or _is_controlled(base):
        return name, content
    if kind == "folder" or base.endswith(".xlsx"):
        return f"d{day}/{base}", content
    lines = content.split(b"\n")
    if kind == "corrected":
        del lines[rng.randrange(1, len(lines) - 1)]
        return f"d{day}/{base}", b"\n".join(lines)
    if kind == "damaged":
        lines[0] = lines[0].replace(b"|", b"#", 3)
        return f"d{day}/{base}", b"\n".join(lines)
    return f"d{day}/{base}", content[: rng.randrange(1, 60)]


def live(days: list[Day], home: Path, figures: Figures | None = None) -> None:
    """Run the days; with figures, under their faults."""
    for number, day in enumerate(days):
        for place, (name, content) in enumerate(day.deliveries):
            files.land(home / "landing", name, content, number * 100 + place)
        for fault in day.faults if figures else ():
            done = night(home, day.date, fault)
            if done.is_met and figures:
                figures.tried += 1
                figures.detected += done.code != 0
                _look(home, figures, fault)
        done = night(home, day.date)
        assert done.code == 0, f"{day.date}: {done.said[-3000:]}"
        if figures:
            figures.worst_seconds = max(figures.worst_seconds, done.seconds)
        # After the last night nobody would do what is decided.
        if day is not days[-1]:
            decide(home, random.Random(day.luck))


def decide(home: Path, rng: random.Random) -> None:
    """Release, refuse or leave what is held; refuse something loaded now and then."""
    rows = Ledger(home / "ledger.sqlite").deliveries()
    rows.sort(key=lambda row: (row.landing_path, row.sha256, row.delivery_id))
    for row in (row for row in rows if row.state == "held"):
        command(home, rng.choice(("release", "refuse", "")), row.delivery_id)
    loaded = [row for row in rows if row.state == "loaded"]
    if loaded and rng.random() < 0.1:
        command(home, "refuse", rng.choice(loaded).delivery_id)


def command(home: Path, verb: str, number: int) -> None:
    """Decide about a delivery as an operator does; nothing where there is no verb."""
    if verb:
        asked = [verb, str(number), "--reason", "simulated", "--home", str(home)]
        done = CliRunner().invoke(app, asked)
        assert done.exit_code == 0, done.output


def _look(home: Path, figures: Figures, fault: str) -> None:
    """What readers have between a night that failed and the next is whole."""
    folder = generations.current_folder(home / "warehouse")
    wrong = generations.verify(folder) if folder else []
    figures.wrong_reads += bool(wrong)
    assert not wrong, f"{fault}: {wrong[0]}"


def simulate(seed: int, days: int, folder: Path) -> Figures:
    """The whole of it.

    Raises:
        AssertionError: A promise was broken.
    """
    planned = plan(seed, days)
    figures = Figures(seed=seed)
    until = folder / "enough"
    reader = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.follower", str(folder / "faulted"), str(until)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        live(planned, folder / "faulted", figures)
        until.touch()
        reads, wrong = map(int, reader.communicate(timeout=120)[0].split())
    finally:
        reader.kill()
        reader.wait()
    live(planned, folder / "clean")
    sent = {name: content for day in planned for name, content in day.deliveries}
    # What waits for a control file that is still to come is not taken in, and must not be.
    landed = {
        name: content
        for name, content in sent.items()
        if not name.endswith(OK) and (f"{name}{OK}" in sent or not _is_controlled(name))
    }
    told = oracle.check(folder / "faulted", landed=landed)
    figures.rows_lost = max(0, told.lost)
    figures.wrong_reads += wrong
    one, other = (oracle.fingerprint(folder / name) for name in ("faulted", "clean"))
    differing = sorted(n for n in one.keys() | other.keys() if one.get(n) != other.get(n))
    figures.recovered = figures.tried if not told.problems and not differing else 0
    figures.notes.append(
        f"{days} days, {sum(len(d.deliveries) for d in planned)} files, {told.rows['in']} rows in"
        f" those loaded at the end: {told.rows['loaded']} loaded, {told.rows['quarantined']}"
        f" quarantined, {told.rows['rest']} no data; {reads} reads by a reader meanwhile"
    )
    figures.notes.append(_decisions(folder / "faulted"))
    assert told.problems == [], f"seed {seed}: {told.problems[:5]}"
    assert differing == [], f"seed {seed}: {differing[:5]}"
    assert wrong == 0, f"seed {seed}: {wrong} wrong reads"
    return figures


def _is_controlled(name: str) -> bool:
    return "corebank_balance_" in name and name.endswith(".csv")


def _decisions(home: Path) -> str:
    made = Counter(each.decision for each in Ledger(home / "ledger.sqlite").decisions())
    return f"decided by hand: {made['release']} released, {made['refuse']} refused"


def main() -> None:
    """One seed, from the command line."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--days", type=int, default=60)
    given = asked.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="crm-simulator-"))
    figures = simulate(given.seed, given.days, folder)
    shutil.rmtree(folder)
    sys.stdout.write(f"{figures}\n")


if __name__ == "__main__":
    main()
