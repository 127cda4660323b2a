"""A short, seeded selection of the harness for every `make test`, and the oracle proved.

An oracle that never objects proves nothing: here rows, fen and files are taken away under it.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.faults import files, oracle
from tests.faults.trial import DAY, Bench, Figures

SEED = 20260105
KINDS = ("kill", "short", "full", "exception")


def _change(room: str, change: Callable[[pa.Table], pa.Table]) -> Callable[[Path], None]:
    def act(home: Path) -> None:
        path = max(
            (home / room).rglob("*transaction*/**/*.parquet"), key=lambda p: p.stat().st_size
        )
        pq.write_table(change(pq.ParquetFile(path).read()), path)

    return act


def _fen_more(table: pa.Table) -> pa.Table:
    rows = table.to_pylist()
    rows[3]["amount"] += Decimal("0.01")
    return pa.Table.from_pylist(rows, schema=table.schema)


def _forget_archive(home: Path) -> None:
    path = next(path for path in (home / "archive").rglob("*") if path.is_file())
    path.chmod(0o600)
    path.write_bytes(b"other")


def _state(state: str) -> Callable[[Path], None]:
    """Let the ledger say of one delivery what nobody was told."""

    def act(home: Path) -> None:
        with sqlite3.connect(home / "ledger.sqlite") as ledger:
            for (name,) in ledger.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'"):
                ledger.execute(f'DROP TRIGGER "{name}"')
            ledger.execute("UPDATE delivery SET state = ? WHERE delivery_id = 1", [state])
        ledger.close()

    return act


def _stray_batch(home: Path) -> None:
    path = next((home / "lake").rglob("*.parquet"))
    shutil.copy(path, path.with_name("b20260105-stray.parquet"))


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (_change("lake", lambda table: table.slice(1)), "is lost"),
        (_change("lake", lambda table: pa.concat_tables([table, table.slice(0, 1)])), None),
        (_change("quarantine", lambda table: table.slice(1)), "is lost"),
        (_change("lake", _fen_more), "fen for"),
        (_forget_archive, "the archive holds other bytes"),
        (_stray_batch, "the ledger does not count it"),
        (_state("received"), "was taken in and never read"),
        (_state("held"), "is held, and nobody knows why"),
        (_state("refused"), "is refused, and nobody knows why"),
        (_state("superseded"), "nothing took its place"),
    ],
    ids=[
        *("row lost", "row twice", "refused row lost", "a fen more", "archive", "stray batch"),
        *("never read", "held", "refused", "superseded"),
    ],
)
def test_the_oracle_objects(
    bench: Bench, act: Callable[[Path], None], told: str | None, tmp_path: Path
) -> None:
    home = bench.copy()
    assert oracle.check(home).problems == []
    act(home)
    problems = oracle.check(home).problems
    shutil.rmtree(home)
    if told is None:
        assert problems
    else:
        assert any(told in problem for problem in problems), problems


def test_the_oracle_asks_for_every_file(bench: Bench) -> None:
    told = oracle.check(bench.base, landed={"never.csv": b"never received"})
    assert "never.csv was delivered, and the ledger does not know it" in told.problems


def test_the_oracle_splits_as_the_format_says() -> None:
    text = 'a|"b|\n""c"""|d\n\ne|f"g|\r\nlast'
    assert list(oracle.split(text, "|")) == [
        (1, ["a", 'b|\n"c"', "d"]),
        (3, [""]),
        (4, ["e", 'f"g', ""]),
        (5, ["last"]),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_seeded_few_of_all_faults(bench: Bench, kind: str) -> None:
    """P1 to P4 at a few of the points that `make test-faults` goes through one by one."""
    rng = random.Random(f"{SEED} {kind}")
    figures = Figures(seed=SEED)
    point, last = {"short": ("write", 5), "exception": ("ledger", 40)}.get(kind, ("any", 200))
    bench.suffer(f"{point}:{rng.randrange(1, last)}:{kind}", figures)
    assert figures.tried == figures.recovered == 1


def test_deliveries_are_the_same_by_seed() -> None:
    one, other = (files.transactions(random.Random(SEED), DAY, 30) for _ in range(2))
    assert one == other
