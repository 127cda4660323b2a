"""Pseudonyms: the same for ever under one key, and nothing without it."""

import datetime as dt
import hashlib
import hmac
import multiprocessing
import stat
from pathlib import Path

import duckdb
import pytest

from ingestion.contracts import load_feeds
from ingestion.pseudonym import PseudonymError, PseudonymReport, Pseudonyms, load_key, pseudonym

NIGHT = dt.date(2025, 12, 31)
KEY = bytes(range(32))


def deliver(lake: Path, feed: str, batch: str, columns: str, rows: str) -> Path:
    """A lake file of `feed` with the identifier columns that matter here."""
    path = lake / feed / f"business_date={NIGHT}" / f"{batch}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.sql(f"copy (select * from (values {rows}) t({columns})) to '{path}' (format parquet)")
    return path


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    folder = tmp_path / "lake"
    deliver(folder, "corebank__account", "a", "account_id, customer_id", "('1', 'x'), ('2', 'x')")
    deliver(folder, "corebank__transaction", "t", "account_id", "('2'), ('3'), (null)")
    deliver(folder, "corebank__district", "d", "district_id", "('P01')")
    return folder


def pseudonyms(lake: Path) -> Pseudonyms:
    return Pseudonyms(lake, lake.parent / "vault" / "pseudonym.key", load_feeds())


def known(lake: Path) -> dict[tuple[str, str], int]:
    rows = duckdb.sql(
        f"select entity_code, source_id, pseudonym_key from '{lake}/vault__pseudonym/*/*.parquet'"
    ).fetchall()
    assert len(rows) == len({row[:2] for row in rows}), "an id has one pseudonym"
    return {(entity, source_id): key for entity, source_id, key in rows}


def test_every_id_gets_one(lake: Path) -> None:
    report = pseudonyms(lake).extend(NIGHT)
    assert report.new == {"account": 3, "customer": 1}
    assert set(known(lake)) == {
        ("account", "1"),
        ("account", "2"),
        ("account", "3"),
        ("customer", "x"),
    }


def test_they_are_the_keyed_hash_and_fit_a_bigint(lake: Path) -> None:
    pseudonyms(lake).extend(NIGHT)
    key = load_key(lake.parent / "vault" / "pseudonym.key", may_create=False)
    for (entity, source_id), number in known(lake).items():
        digest = hmac.new(key, f"{entity}:{source_id}".encode(), hashlib.sha256).hexdigest()
        assert number == int(digest[:15], 16)
        assert 0 <= number < 2**60


@pytest.mark.parametrize("source_id", ["1", "客户001", "a:b", "x" * 300])
def test_the_hash_is_hmac_sha256(source_id: str) -> None:
    expected = hmac.new(KEY, f"customer:{source_id}".encode(), hashlib.sha256).digest()
    assert pseudonym(KEY, "customer", source_id) == int.from_bytes(expected, "big") >> 196


def test_another_key_or_kind_gives_other_pseudonyms() -> None:
    assert pseudonym(KEY, "customer", "1") != pseudonym(KEY[::-1], "customer", "1")
    assert pseudonym(KEY, "customer", "1") != pseudonym(KEY, "account", "1")


def test_a_later_night_adds_the_new_ids_alone(lake: Path) -> None:
    pseudonyms(lake).extend(NIGHT)
    first = known(lake)
    batch = deliver(lake, "corebank__balance", "b", "account_id", "('3'), ('4')")
    report = pseudonyms(lake).extend(NIGHT + dt.timedelta(days=1), [batch])
    assert report.new == {"account": 1}
    later = known(lake)
    assert {ids: later[ids] for ids in first} == first
    assert set(later) - set(first) == {("account", "4")}


def test_only_the_named_batches_are_read(lake: Path) -> None:
    report = pseudonyms(lake).extend(
        NIGHT, list((lake / "corebank__transaction").glob("*/*.parquet"))
    )
    assert report.new == {"account": 2}


def test_doing_it_again_adds_nothing(lake: Path) -> None:
    pseudonyms(lake).extend(NIGHT)
    files = sorted((lake / "vault__pseudonym").rglob("*"))
    assert pseudonyms(lake).extend(NIGHT) == PseudonymReport(new={}, batch_id=None)
    assert sorted((lake / "vault__pseudonym").rglob("*")) == files


def test_a_rebuilt_lake_gets_the_same_pseudonyms(lake: Path) -> None:
    pseudonyms(lake).extend(NIGHT)
    first = known(lake)
    for path in (lake / "vault__pseudonym").glob("*/*.parquet"):
        path.unlink()
    pseudonyms(lake).extend(NIGHT)
    assert known(lake) == first


def test_the_file_has_the_feeds_own_columns_and_types(lake: Path) -> None:
    from ingestion.contracts import lake_schema

    pseudonyms(lake).extend(NIGHT)
    relation = duckdb.sql(
        f"from read_parquet('{lake}/vault__pseudonym/*/*.parquet', hive_partitioning = false)"
    )
    found = dict(zip(relation.columns, map(str, relation.types), strict=True))
    assert found == lake_schema(load_feeds()["vault__pseudonym"])


def test_the_key_is_for_its_owner_alone_and_made_once(tmp_path: Path) -> None:
    path = tmp_path / "vault" / "pseudonym.key"
    key = load_key(path, may_create=True)
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert load_key(path, may_create=True) == key
    assert [p.name for p in path.parent.iterdir()] == ["pseudonym.key"]


def make_key(path: str) -> str:
    return load_key(Path(path), may_create=True).hex()


def test_processes_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        keys = pool.map(make_key, [str(tmp_path / "pseudonym.key")] * 6, chunksize=1)
    assert len(set(keys)) == 1


def test_a_lost_key_is_not_replaced(lake: Path) -> None:
    """A new key would give every customer a second number from that night on."""
    pseudonyms(lake).extend(NIGHT)
    (lake.parent / "vault" / "pseudonym.key").unlink()
    with pytest.raises(PseudonymError, match="bring it back"):
        pseudonyms(lake).extend(NIGHT)
    assert not (lake.parent / "vault" / "pseudonym.key").exists()


def test_a_foreign_key_is_noticed(lake: Path) -> None:
    pseudonyms(lake).extend(NIGHT)
    (lake.parent / "vault" / "pseudonym.key").unlink()
    load_key(lake.parent / "vault" / "pseudonym.key", may_create=True)
    with pytest.raises(PseudonymError, match="is not the key that made the pseudonyms"):
        pseudonyms(lake).extend(NIGHT)


@pytest.mark.parametrize("text", ["", "v1:", "v1:00ff", "v2:" + "00" * 32, "v1:" + "zz" * 32])
def test_a_damaged_key_is_not_used(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pseudonym.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(PseudonymError, match="is damaged"):
        load_key(path, may_create=False)


def test_a_key_open_to_others_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "pseudonym.key"
    load_key(path, may_create=True)
    path.chmod(0o640)
    with pytest.raises(PseudonymError, match="can be read by others"):
        load_key(path, may_create=False)


def test_a_collision_stops_the_night_and_writes_nothing(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.pseudonym._DROPPED_BITS", 63)
    with pytest.raises(PseudonymError, match="would get the same pseudonym"):
        pseudonyms(lake).extend(NIGHT)
    assert not list((lake / "vault__pseudonym").rglob("*.parquet"))


def test_an_empty_lake_is_fine(tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    assert pseudonyms(tmp_path / "lake").extend(NIGHT).new == {}
