"""Publishing, rolling back and recovering: a reader sees one whole generation, always."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from serving import build, connection, generation
from serving.errors import DamagedGenerationError, NothingPublishedError

STEPS = ("close", "read back", "seal", "rename", "swap", "done")


class Killed(BaseException):
    """Stands for kill -9: nothing of ours may catch it."""


def amounts_of(warehouse: Path) -> list[str]:
    reading, _ = connection.connect_current(warehouse)
    with reading:
        rows = reading.execute("select amount from mart.mart_profit order by customer_key")
        return [str(row[0]) for row in rows.fetchall()]


def test_publish_makes_the_first_generation_current(publisher):
    published = publisher.publish(["1.10", "2.20"])
    assert published.number == 1
    assert amounts_of(publisher.warehouse) == ["1.10", "2.20"]
    assert published.tables["crm.mart.mart_profit"][0] == 2
    assert generation.verify(generation.folder_of(publisher.warehouse, 1)) == []
    link = publisher.warehouse / "current"
    assert str(link.readlink()) == "generations/1", "the link is relative, so a home can be moved"


def test_publish_keeps_only_what_readers_may_have(publisher):
    publisher.publish(["1.10"])
    folder = generation.folder_of(publisher.warehouse, 1)
    assert sorted(path.name for path in folder.iterdir()) == [
        "crm.duckdb",
        "generation.json",
        "vault.duckdb",
    ]
    assert (folder / "crm.duckdb").stat().st_mode & 0o777 == 0o440
    assert (folder / "vault.duckdb").stat().st_mode & 0o777 == 0o400
    assert not generation.is_writable_by_others(folder)


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_before_any_step_leaves_old_or_new_never_neither(publisher, step):
    """F02: whatever step the process dies at, readers see one whole generation."""
    publisher.publish(["1.10"])

    def die(name: str) -> None:
        if name == step:
            raise Killed

    with pytest.raises(Killed):
        publisher.publish(["9.90"], on_step=die)
    is_swapped = step == "done"
    assert amounts_of(publisher.warehouse) == (["9.90"] if is_swapped else ["1.10"])
    recovery = generation.recover(publisher.warehouse, recorded={1})
    build.clean(publisher.builds)
    assert recovery.discarded == ([2] if step == "swap" else [])
    assert (recovery.unrecorded is not None) == is_swapped
    assert amounts_of(publisher.warehouse) == (["9.90"] if is_swapped else ["1.10"])
    assert list(publisher.builds.iterdir()) == []
    after = publisher.publish(["3.30"])
    assert after.number == (3 if is_swapped else 2)
    assert amounts_of(publisher.warehouse) == ["3.30"]


def test_recover_removes_nothing_when_the_ledger_is_lost(publisher):
    """A lost ledger knows no generation; its silence must not cost one that was rolled back."""
    publisher.publish(["1.10"])
    publisher.publish(["2.20"])
    generation.rollback(publisher.warehouse)
    recovery = generation.recover(publisher.warehouse, recorded=set())
    assert recovery.discarded == []
    assert generation.all_numbers(publisher.warehouse) == [1, 2]


def test_a_guard_that_raises_stops_the_swap(publisher):
    """F09: a run that lost its lease must not publish over the run that took it."""
    publisher.publish(["1.10"])

    def guard() -> None:
        raise RuntimeError("lease lost")

    with pytest.raises(RuntimeError, match="lease lost"):
        publisher.publish(["9.90"], guard=guard)
    assert amounts_of(publisher.warehouse) == ["1.10"]


def test_rollback_goes_to_the_one_before_and_to_a_number(publisher):
    for amount in ("1.10", "2.20", "3.30"):
        publisher.publish([amount])
    assert generation.rollback(publisher.warehouse).number == 2
    assert amounts_of(publisher.warehouse) == ["2.20"]
    assert generation.rollback(publisher.warehouse, to=3).number == 3
    with pytest.raises(NothingPublishedError, match="generation 9 is not kept; kept are 1, 2, 3"):
        generation.rollback(publisher.warehouse, to=9)
    generation.rollback(publisher.warehouse, to=1)
    with pytest.raises(NothingPublishedError, match="oldest one kept"):
        generation.rollback(publisher.warehouse)


def test_rollback_with_nothing_published_says_so(publisher):
    with pytest.raises(NothingPublishedError, match="nothing is published yet"):
        generation.rollback(publisher.warehouse)


def test_prune_keeps_the_newest_and_the_current(publisher):
    for amount in ("1.10", "2.20", "3.30", "4.40"):
        publisher.publish([amount])
    generation.rollback(publisher.warehouse, to=1)
    assert generation.prune(publisher.warehouse, keep=2) == [2]
    assert generation.all_numbers(publisher.warehouse) == [1, 3, 4]
    assert amounts_of(publisher.warehouse) == ["1.10"]


def test_a_reader_keeps_its_generation_while_others_are_published_and_pruned(publisher):
    """F10, F11: a long reader is stable over publishes, and survives the removal of its files."""
    publisher.publish(["1.10"])
    reading, opened = connection.connect_current(publisher.warehouse)
    with reading:
        for amount in ("2.20", "3.30"):
            publisher.publish([amount])
        generation.prune(publisher.warehouse, keep=1)
        assert generation.all_numbers(publisher.warehouse) == [3]
        rows = reading.execute("select amount from mart.mart_profit").fetchall()
        assert [str(row[0]) for row in rows] == ["1.10"]
        assert opened.number == 1
    assert amounts_of(publisher.warehouse) == ["3.30"]


def test_verify_finds_a_changed_table(publisher):
    publisher.publish(["1.10", "2.20"])
    folder = generation.folder_of(publisher.warehouse, 1)
    (folder / "crm.duckdb").chmod(0o600)
    with duckdb.connect(str(folder / "crm.duckdb")) as writing:
        writing.execute("update mart.mart_profit set amount = 1.11 where customer_key = 0")
    assert [line.split(":")[0] for line in generation.verify(folder)] == ["crm.mart.mart_profit"]


@pytest.mark.parametrize("seed", range(5))
def test_verify_finds_flipped_bits(publisher, seed):
    """F06: DuckDB's block checksums, or ours, catch a flipped bit in a published file."""
    publisher.publish([f"{i}.25" for i in range(2000)])
    folder = generation.folder_of(publisher.warehouse, 1)
    path = folder / "crm.duckdb"
    path.chmod(0o600)
    content = bytearray(path.read_bytes())
    # Inside the first data block, where the columns of the one table lie.
    content[12288 + 64 + seed * 97] ^= 1 << seed
    path.write_bytes(content)
    assert generation.verify(folder)


def test_read_names_what_is_damaged(publisher):
    publisher.publish(["1.10"])
    folder = generation.folder_of(publisher.warehouse, 1)
    (folder / "vault.duckdb").unlink()
    with pytest.raises(DamagedGenerationError, match=r"lost its file vault\.duckdb"):
        generation.current(publisher.warehouse)
    (folder / "generation.json").write_text("{", encoding="utf-8")
    with pytest.raises(DamagedGenerationError, match=r"no readable generation\.json"):
        generation.current(publisher.warehouse)


def test_the_same_rows_in_another_order_have_the_same_checksum(publisher, tmp_path):
    """P6: two builds of the same rows are equal however the rows were laid down."""
    first = publisher.publish(["1.10", "2.20", "3.30"])
    with duckdb.connect(str(publisher.build([]).database("crm"))) as writing:
        writing.execute("delete from mart.mart_profit")
        writing.execute("insert into mart.mart_profit values (2, 3.30, 0), (0, 1.10, 0)")
        writing.execute("insert into mart.mart_profit values (1, 2.20, 5)")
    folder = publisher.builds / str(publisher.run_id)
    tables = generation.checksums_of(folder)
    assert tables["crm.mart.mart_profit"].digest == first.tables["crm.mart.mart_profit"][1]


def test_an_incremental_build_starts_from_a_writable_copy(publisher):
    publisher.publish(["1.10"])
    base = generation.folder_of(publisher.warehouse, 1)
    files = build.prepare(publisher.builds, 50, base)
    assert files.started_from == 1
    with duckdb.connect(str(files.database("crm"))) as writing:
        writing.execute("insert into mart.mart_profit values (7, 7.70, 0)")
    assert amounts_of(publisher.warehouse) == ["1.10"]
    assert not files.database("scratch").exists()


def test_a_leftover_of_a_dead_run_is_never_reused(publisher):
    """F07: a write-ahead log beside a dead run's build must not leak into a new one."""
    stale = publisher.build(["1.10"])
    stale.database("crm").with_suffix(".duckdb.wal").write_bytes(b"torn")
    files = build.prepare(publisher.builds, stale.run_id)
    assert list(files.folder.iterdir()) == []


def test_row_counts_name_every_table_of_the_build(publisher):
    files = publisher.build(["1.10", "2.20"])
    with build.open_read_only(files) as reading:
        assert build.row_counts(reading) == {
            "crm.mart.mart_profit": 2,
            "vault.identity.customer": 1,
            "scratch.staging.t": 1,
        }
        assert build.relations(reading)["scratch.staging.t"] == "table"


def test_readers_in_other_processes_see_no_half_publish(publisher):
    """F10: readers loop in their own process while generations are published over each other."""
    publisher.publish(["1.00", "1.00"])
    script = (
        "import sys; from pathlib import Path; from serving.connection import connect_current\n"
        "seen = set()\n"
        "while not Path(sys.argv[2]).exists():\n"
        "    con, _ = connect_current(Path(sys.argv[1]))\n"
        "    with con: rows = con.execute('select amount from mart.mart_profit').fetchall()\n"
        "    assert len(rows) == 2 and len(set(rows)) == 1, rows\n"
        "    seen.add(rows[0])\n"
        "print(len(seen))\n"
    )
    stop = publisher.warehouse / "stop"
    reader = subprocess.Popen(
        [sys.executable, "-c", script, str(publisher.warehouse), str(stop)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    for number in range(2, 22):
        publisher.publish([f"{number}.00", f"{number}.00"])
    stop.touch()
    output, errors = reader.communicate(timeout=60)
    assert reader.returncode == 0, errors
    assert int(output) >= 1


def test_a_changed_word_in_generation_json_is_found(publisher):
    """F06: a wrong date would misplace the nights that follow."""
    publisher.publish(["1.00"])
    told = generation.folder_of(publisher.warehouse, 1) / generation.GENERATION_FILE
    told.chmod(0o600)
    told.write_text(told.read_text().replace("2026-01-01", "2026-01-02", 1))
    with pytest.raises(DamagedGenerationError, match="its seal does not fit"):
        generation.current(publisher.warehouse)
