"""What stops a night before it starts: newer homes, network file systems, closed folders, space."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from dagster_project import environment as environments
from dagster_project import night as nights
from dagster_project import preflight
from dagster_project.errors import PreflightError
from dagster_project.home import FORMAT, Home, program_version
from dagster_project.reporter import LogReporter
from ingestion.ledger import Ledger
from ingestion.ledger.schema import SCHEMA_VERSION
from tests.unit.dagster_project.test_plan import day


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.delenv("CRM_LANDING", raising=False)
    return Home(tmp_path / "home").create()


def found(home: Home, name: str, landing: Path | None = None) -> preflight.Finding:
    findings = {each.name: each for each in preflight.look(home, landing or home.landing)}
    return findings[name]


def everything_below(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_a_sound_home_passes(home: Home) -> None:
    Ledger(home.ledger)
    assert {each.state for each in preflight.look(home, home.landing)} == {"ok"}
    preflight.refuse(home, home.landing)


def test_a_home_that_is_not_there_yet_passes(tmp_path: Path) -> None:
    home = Home(tmp_path / "deep" / "home")
    preflight.refuse(home, home.landing)
    assert not (tmp_path / "deep").exists(), "looking makes nothing"


def test_a_home_is_stamped_and_the_stamp_renewed(home: Home) -> None:
    assert json.loads(home.stamp.read_text()) == {"format": FORMAT, "version": program_version()}
    home.stamp.write_text(json.dumps({"format": FORMAT, "version": "0.0.1"}))
    home.create()
    assert json.loads(home.stamp.read_text())["version"] == program_version()


def test_a_home_of_a_newer_layout_is_refused_with_both_versions(home: Home) -> None:
    home.stamp.write_text(json.dumps({"format": FORMAT + 2, "version": "9.8.7"}))
    with pytest.raises(PreflightError) as refused:
        preflight.refuse(home, home.landing)
    for said in refused.value.sentence:
        assert "9.8.7" in said
        assert program_version() in said
        assert str(FORMAT + 2) in said
    home.create()
    assert json.loads(home.stamp.read_text())["version"] == "9.8.7", "the stamp is left alone"


def test_a_ledger_of_a_newer_version_is_refused_unopened(home: Home) -> None:
    Ledger(home.ledger)
    with sqlite3.connect(home.ledger) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 5}")
    connection.close()
    before = home.ledger.read_bytes()
    said = found(home, "version")
    assert said.state == "wrong"
    assert f"ledger version {SCHEMA_VERSION + 5}" in said.told.en
    assert f"台账版本 {SCHEMA_VERSION}" in said.told.zh
    assert home.ledger.read_bytes() == before


@pytest.mark.parametrize("left", ["nothing", "an empty file"])
def test_a_home_without_its_ledger_is_left_as_it_is(home: Home, left: str) -> None:
    """A new ledger was made without a word, and the lake swept of 125 of 137 batches."""
    batch = home.lake / "toy__entry" / "2025-01-31" / "b1.parquet"
    batch.parent.mkdir(parents=True)
    batch.write_bytes(b"x")
    home.ledger.unlink(missing_ok=True)
    if left == "an empty file":
        home.ledger.touch()
    with pytest.raises(PreflightError) as caught:
        preflight.refuse(home, home.landing)
    assert "请从备份恢复该文件" in caught.value.sentence.zh
    assert "nothing was changed. Bring it back from the backup" in caught.value.sentence.en


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "new"}', '{"version": "1"}'])
def test_a_stamp_that_cannot_be_read_is_told(home: Home, text: str) -> None:
    home.stamp.write_text(text)
    assert found(home, "version").state == "wrong"
    home.create()
    assert home.stamp.read_text() == text


MOUNTS = """\
/dev/vda / ext4 rw 0 0
tmpfs /run tmpfs rw 0 0
bank:/vol /mnt/share nfs4 rw 0 0
//bank/share /mnt/my\\040share cifs rw 0 0
me@bank: /mnt/ssh fuse.sshfs rw 0 0
/dev/sdb /mnt/disk fuseblk rw 0 0
/dev/vdb /mnt/twice ext4 rw 0 0
bank:/twice /mnt/twice nfs rw 0 0
"""
PLACES = {
    "/srv/crm": "ext4",
    "/run/x": "tmpfs",
    "/mnt/share": "nfs4",
    "/mnt/share/a/b": "nfs4",
    "/mnt/shared": "ext4",
    "/mnt/my share/landing": "cifs",
    "/mnt/ssh/x": "fuse.sshfs",
    "/mnt/disk/x": "fuseblk",
    "/mnt/twice/x": "nfs",
}


@pytest.mark.parametrize("place", PLACES)
def test_the_file_system_of_a_folder_is_that_of_the_mount_above_it(
    tmp_path: Path, place: str
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    assert preflight.file_system_of(Path(place), mounts) == PLACES[place]


def test_a_link_is_followed_to_where_the_files_lie(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far")
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/vda / ext4 rw 0 0\nbank: {(tmp_path / 'far').resolve()} nfs rw 0 0\n")
    assert preflight.file_system_of(tmp_path / "link" / "x", mounts) == "nfs"


def test_without_a_table_of_mounts_the_machine_is_asked(tmp_path: Path) -> None:
    assert preflight.file_system_of(tmp_path, tmp_path / "none") is not None


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "CIFS", "smb3", "fuse.sshfs", "9p"])
def test_network_file_systems_are_known(kind: str) -> None:
    assert preflight.is_network(kind)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "overlay", "tmpfs", "apfs", "fuseblk"])
def test_local_file_systems_are_known(kind: str) -> None:
    assert not preflight.is_network(kind)


@pytest.mark.parametrize("where", ["home", "landing"])
def test_a_network_file_system_stops_the_night_before_anything_is_touched(
    home: Home, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    far = home.root if where == "home" else home.landing
    monkeypatch.setattr(preflight, "file_system_of", lambda path: "nfs4" if path == far else "ext4")
    before = everything_below(home.root)
    request = nights.Request(day("2026-01-01"), home.landing)
    environment = environments.named("test")
    with (
        pytest.raises(PreflightError, match=r"network file system \(nfs4\)") as refused,
        nights.open_night(home, environment, request, LogReporter()),
    ):
        pytest.fail("the night began")
    assert str(far) in refused.value.sentence.zh
    assert refused.value.exit_code == 7
    assert everything_below(home.root) == before, "neither lease nor ledger is touched"


def space(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    usage = shutil.disk_usage("/")._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)


def test_what_waits_and_what_is_published_must_fit(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The numbers stand in the sentence: free, needed, and of what the need is made."""
    Ledger(home.ledger)
    (home.landing / "deep").mkdir()
    with (home.landing / "deep" / "big.csv").open("wb") as file:
        file.truncate(1_000_000_000)
    generation = home.warehouse / "current"
    generation.mkdir()
    with (generation / "crm.duckdb").open("wb") as file:
        file.truncate(2_000_000_000)
    needed = 1_000_000_000 * 8 + 2_000_000_000 * 3 + 200_000_000
    space(monkeypatch, needed)
    assert found(home, "disk").state == "ok"
    space(monkeypatch, needed - 1)
    said = found(home, "disk")
    assert said.state == "wrong"
    for sentence in said.told:
        assert sentence.count("14.20 GB") == 2, "free, one byte less than the need"
        assert "1.00 GB" in sentence
        assert "2.00 GB" in sentence
    with pytest.raises(PreflightError, match=r"has 14\.20 GB free"):
        preflight.refuse(home, home.landing)
    monkeypatch.setenv("CRM_SPACE_CHECK", "off")
    assert found(home, "disk").state == "warning"
    preflight.refuse(home, home.landing)


def test_each_disk_must_hold_its_part(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive on a disk of its own, which is a link in the home."""
    home.archive.rmdir()
    (tmp_path / "big").mkdir()
    home.archive.symlink_to(tmp_path / "big")
    with (home.landing / "big.csv").open("wb") as file:
        file.truncate(1_000_000_000)
    usage = shutil.disk_usage("/")
    free = {1: 7_200_000_000, 2: 1_199_999_999}

    def disk_of(path: Path) -> int:
        return 2 if path.resolve().is_relative_to(tmp_path / "big") else 1

    monkeypatch.setattr(preflight, "disk_of", disk_of)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=free[disk_of(path)]))
    said = preflight.space(home, home.landing)
    assert said.state == "wrong"
    assert str(home.archive) in said.told.en
    assert "may need 1.20 GB" in said.told.en
    free[2] += 1
    assert preflight.space(home, home.landing).state == "ok"
    free[1] -= 1
    assert preflight.space(home, home.landing).state == "wrong"


def test_files_taken_in_before_do_not_wait(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home.landing / "old.csv"
    with path.open("wb") as file:
        file.truncate(1_000_000_000)
    state = path.stat()
    ledger = Ledger(home.ledger)
    with ledger.transaction() as connection:
        connection.execute(
            "INSERT INTO file_seen VALUES (?, ?, ?, ?)",
            [str(path), state.st_size, state.st_mtime_ns, "00"],
        )
    space(monkeypatch, 300_000_000)
    assert found(home, "disk").state == "ok"
    os.utime(path, ns=(1, 1))
    assert found(home, "disk").state == "wrong", "a file that changed is read again"


def test_closed_folders_are_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a read-only mount answers; the tests may run as root, whom no mode keeps out."""
    closed = {home.lake, home.archive}
    real = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: Path(path) not in closed and real(path, mode)
    )
    said = found(home, "folders")
    assert said.state == "wrong"
    assert str(home.lake) in said.told.en
    assert str(home.archive) in said.told.zh
    closed.clear()
    closed.add(home.landing)
    assert found(home, "folders").state == "wrong"


def test_a_landing_folder_elsewhere_is_never_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unmounted share must not become an empty folder, which looks like a quiet night."""
    monkeypatch.setenv("CRM_LANDING", str(tmp_path / "share" / "in"))
    home = Home(tmp_path / "home").create()
    assert home.landing == tmp_path / "share" / "in"
    assert not home.landing.exists()
