"""F01, F14, F49: whole nights, dbt and Dagster included, over the bank of docs/your-own-bank.md.

A night of it costs half a minute, so only FAULTS_NIGHTS of its moments are tried: boundaries of its
stages and points anywhere in it, in turns, drawn by seed. As many as there are boundaries, twice,
tries every one of them.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from dagster_project.conductor import PROCESS_TAG
from dagster_project.home import Home
from ingestion.conservation import check_lake
from ingestion.ledger import Ledger
from serving import generation as generations
from tests.faults.trial import Done, Figures, faulty, finish
from tests.integration.own_bank import crm, land, write_page

pytestmark = pytest.mark.faults
SEED = 20260101
NIGHTS = int(os.environ.get("FAULTS_NIGHTS", "4"))
RUN = ("run", "--landing", "landing", "--accept-missing")


@dataclass(frozen=True)
class Tale:
    """The bank before a night, what readers have then, and how that night ends undisturbed."""

    bank: Path
    before: str
    after: str
    points: list[str]

    def copy(self, folder: Path) -> Path:
        return Path(shutil.copytree(self.bank, folder / "bank", symlinks=True))


def checksum(bank: Path) -> str:
    published = generations.current(bank / "home" / "warehouse")
    assert published is not None
    return published.checksum


def night(bank: Path, fault: str) -> tuple[Done, list[str]]:
    """A night under a fault, and the points that it passed."""
    with faulty(bank / "home", fault) as (variables, log):
        process = subprocess.Popen(
            [sys.executable, "-m", "dagster_project.cli.main", *RUN, "--home", bank / "home"],
            env={**os.environ, "OMP_NUM_THREADS": "1", **variables},
            cwd=bank,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        return finish(process, log), log.read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def tale(tmp_path_factory: pytest.TempPathFactory) -> Tale:
    bank = tmp_path_factory.mktemp("nights") / "base" / "bank"
    bank.mkdir(parents=True)
    write_page(bank, is_next_day=False)
    crm(bank, *RUN, "--feeds", "feeds")
    before = checksum(bank)
    write_page(bank, is_next_day=True)
    whole = Tale(bank, before, "", []).copy(bank.parent.parent / "whole")
    done, points = night(whole, f"any:{10**9}:slow")
    assert done.code == 0, done.said
    return Tale(bank, before, checksum(whole), points)


def moments(points: list[str]) -> Iterator[str]:
    """Boundaries of stages and points anywhere, in turns."""
    rng = random.Random(SEED)
    boundaries = list(range(1, sum(point.startswith("stage") for point in points) + 1))
    rng.shuffle(boundaries)
    for n in boundaries:
        yield f"stage:{n}:kill"
        yield f"any:{rng.randrange(1, len(points) + 1)}:kill"


def made_good(tale: Tale, bank: Path) -> None:
    """The next night ends like one that was never killed, and every row is where it was."""
    crm(bank, *RUN)
    assert checksum(bank) == tale.after
    ledger = Ledger(bank / "home" / "ledger.sqlite")
    loaded = ledger.deliveries(state="loaded")
    assert check_lake(loaded, bank / "home" / "lake") == []
    for row in loaded:
        ended = (row.rows_loaded or 0) + (row.rows_quarantined or 0) + (row.rows_not_data or 0)
        assert row.rows_in == ended == row.counted_rows, row.file_name
    assert ledger.deliveries(state="received") == []
    assert [run.state for run in ledger.runs()].count("published") == 2


@pytest.mark.case("F01", "whole nights killed at boundaries of their stages and at any moment")
@pytest.mark.parametrize("number", range(NIGHTS))
def test_a_whole_night_is_killed(tale: Tale, number: int, figures: Figures, tmp_path: Path) -> None:
    figures.seed = SEED
    boundaries = sum(point.startswith("stage") for point in tale.points)
    figures.notes.append(
        f"whole nights: {NIGHTS} moments; a night has {boundaries} boundaries of stages and"
        f" {len(tale.points)} points"
    )
    fault = list(moments(tale.points))[number]
    bank = tale.copy(tmp_path)
    done, _ = night(bank, fault)
    # Readers in parallel pass their points in any order; a late one may not be reached.
    if not done.is_met:
        assert done.code == 0, done.said
        return
    figures.tried = 1
    assert done.code == -signal.SIGKILL, f"{fault}: {done.said[-2000:]}"
    figures.detected = 1
    folder = generations.current_folder(bank / "home" / "warehouse")
    assert folder is not None
    is_wrong = bool(generations.verify(folder)) or checksum(bank) not in (tale.before, tale.after)
    figures.wrong_reads = is_wrong
    assert not is_wrong, fault
    made_good(tale, bank)
    figures.recovered = 1


@pytest.mark.case("F14", "a night's process is killed in a step; another run is stuck in STARTING")
def test_dagster_forgets_no_dead_run(
    tale: Tale, figures: Figures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next night ends both in Dagster, takes the slot, and does the step once."""
    bank = tale.copy(tmp_path)
    home = Home(bank / "home")
    monkeypatch.setenv("DAGSTER_HOME", str(home.dagster))
    monkeypatch.setenv("CRM_HOME", str(home.root))
    stages = [point for point in tale.points if point.startswith("stage")]
    killed, _ = night(bank, f"stage:{stages.index('stage begin build') + 1}:kill")
    assert killed.code == -signal.SIGKILL
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        create_run_for_test(
            instance, "nightly", status=dg.DagsterRunStatus.STARTING, tags={PROCESS_TAG: "1"}
        )
        dead = [run.run_id for run in instance.get_runs() if not run.is_finished]
    figures.tried = figures.detected = len(dead)
    assert len(dead) == 2
    made_good(tale, bank)
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        states = {run.run_id: run.status for run in instance.get_runs()}
    assert [states[run_id] for run_id in dead] == [dg.DagsterRunStatus.FAILURE] * 2
    assert list(states.values()).count(dg.DagsterRunStatus.SUCCESS) == 2
    figures.recovered = 2
    figures.notes.append(
        "not tried: the daemon itself killed; its settings are (tests/unit/dagster_project)"
    )


@pytest.mark.case("F49", "postings whose account, and accounts whose customer, come later")
def test_keys_that_come_later(tale: Tale, figures: Figures, tmp_path: Path) -> None:
    """Rows without a member are published under the unknown one, and find theirs later."""
    bank = tale.copy(tmp_path)
    rng = random.Random(SEED)
    figures.seed = SEED
    amounts = [Decimal(rng.randrange(1, 10**7)) / 100 for _ in range(12)]
    land(
        bank,
        "2026-01-01",
        accounts="6217000009,K009,D1,01,0.35%,2025.12.20",
        postings=" ".join(
            f"{100 + n},{6217000003 if n < 8 else 6217000009},2026-01-01,收,{amount},存款"
            for n, amount in enumerate(amounts)
        ),
    )
    crm(bank, *RUN)
    orphans, total = told(bank)
    assert orphans == len(amounts)
    figures.tried = figures.detected = orphans
    land(
        bank,
        "2026-01-04",
        customers="K003,老何,个人,01,E7,2025.12.20, K009,小何,个人,01,E7,2025.12.20,",
        accounts="6217000003,K003,D1,01,0.35%,2025.12.20",
        postings="900,6217000001,2026-01-04,收,1.00,存款",
    )
    crm(bank, *RUN)
    left, later = told(bank)
    figures.recovered = orphans - left
    assert left == 0
    assert later == total + 1, "nothing came or went but the posting of the day"
    figures.notes.append(f"relinked: {figures.recovered}; their sum is the same to the fen")


def told(bank: Path) -> tuple[int, Decimal]:
    """Postings without account or customer, and the sum of all."""
    rows: list[dict[str, Any]] = json.loads(
        crm(
            bank,
            "sql",
            "--json",
            "select count(*) filter (account_fk = -1 or customer_fk = -1) as orphans,"
            " sum(amount)::varchar as total from dimensional.fct_transaction",
        )
    )
    found: Mapping[str, Any] = rows[0]
    return int(found["orphans"]), Decimal(found["total"])
