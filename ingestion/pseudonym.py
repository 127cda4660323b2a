"""Durable pseudonyms of customers and accounts: a keyed hash, made once per source id.

The key never leaves its file: it stands in no SQL, no log and no table. A bare hash of an account
number falls to trying all numbers in hours; without the key this one does not.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion.contracts import ORIGIN_COLUMNS, Feed
from ingestion.lake import Lake, sync
from ingestion.sentence import ToldError

FEED: Final = "vault__pseudonym"
_KEY_BYTES: Final = 32
_KEY_VERSION: Final = 1
# SHA-256 works on blocks of 64 bytes.
_BLOCK_BYTES: Final = 64
# 60 bits: positive in a BIGINT on every engine, and exact where a tool reads only 15 hex digits.
_DROPPED_BITS: Final = 4
# How many existing pseudonyms are made again to see that the key is still the one.
_PROBES: Final = 16


class PseudonymError(ToldError):
    """Pseudonyms cannot be made without risk of mixing up people; says what to do."""


@dataclass(frozen=True)
class PseudonymReport:
    """What one call added: new ids by kind of identifier, and the batch that holds them."""

    new: dict[str, int]
    batch_id: str | None


class Pseudonyms:
    """The mapping from source ids to pseudonyms, kept in the lake as feed `vault__pseudonym`."""

    def __init__(
        self, lake: Path, key_path: Path, feeds: Mapping[str, Feed], *, memory_limit: str = "2GB"
    ) -> None:
        """Bind to a lake and the key beside it.

        Args:
            lake: Folder of the lake.
            key_path: The key's file; made on first use.
            feeds: All feeds; their `pseudonym:` columns say where ids stand.
            memory_limit: What DuckDB may use to gather ids.
        """
        self._lake = Lake(lake)
        self._key_path = key_path
        self._feeds = feeds
        self._memory_limit = memory_limit

    def extend(
        self, business_date: dt.date, batches: Sequence[Path] | Literal["all"] = "all"
    ) -> PseudonymReport:
        """Give a pseudonym to every id that has none yet.

        Calling it again, or after a crash, adds nothing twice: a pseudonym depends on the key and
        the id alone.

        Args:
            business_date: Date the new pseudonyms are filed under.
            batches: Lake files that are new in this run, or "all" of the lake.

        Raises:
            PseudonymError: If the key is lost, foreign or open to others, or two ids collide.
        """
        paths = self._all_batches() if batches == "all" else list(batches)
        existing = list(self._lake.batches(FEED))
        key = load_key(self._key_path, may_create=not existing)
        with duckdb.connect(":memory:", config=_engine_settings(self._memory_limit)) as engine:
            _create_known(engine, existing)
            self._check_key(engine, key)
            ids = self._new_ids(engine, paths)
            if not ids.num_rows:
                return PseudonymReport(new={}, batch_id=None)
            pairs = zip(*(ids.column(name).to_pylist() for name in ids.column_names), strict=True)
            keys = np.fromiter(_pseudonyms(key, pairs), np.int64, count=ids.num_rows)
            # A name that says nothing about the ids, but is another one for other ids.
            batch_id = f"pseudonym-{hashlib.sha256(keys.tobytes()).hexdigest()[:16]}"
            table = _table(ids, keys, batch_id)
            _check_collisions(engine, table)
        self._write(table, business_date, batch_id)
        counts = pc.value_counts(ids.column("entity_code")).to_pylist()
        return PseudonymReport({row["values"]: row["counts"] for row in counts}, batch_id)

    def _all_batches(self) -> list[Path]:
        return [path for name in self._feeds for path in self._lake.batches(name)]

    def _new_ids(self, engine: duckdb.DuckDBPyConnection, paths: Iterable[Path]) -> pa.Table:
        """Kind and id of all ids without a pseudonym, in order."""
        by_feed: dict[str, list[str]] = {}
        for path in paths:
            by_feed.setdefault(path.parent.parent.name, []).append(str(path))
        engine.execute("create temp table delivered (entity_code varchar, source_id varchar)")
        for name, files in sorted(by_feed.items()):
            columns = self._feeds[name].columns if name in self._feeds else ()
            for column in columns:
                if column.pseudonym:
                    # Column names come from validated feeds: letters, digits, underscores.
                    engine.execute(
                        f"insert into delivered select distinct ?, {column.name}"  # noqa: S608
                        " from read_parquet(?, hive_partitioning = false, union_by_name = true)"
                        f" where {column.name} is not null",
                        [column.pseudonym, files],
                    )
        return engine.execute(
            "select distinct entity_code, source_id from delivered"
            " anti join known using (entity_code, source_id) order by all"
        ).to_arrow_table()

    def _check_key(self, engine: duckdb.DuckDBPyConnection, key: bytes) -> None:
        probes = engine.execute(
            "select entity_code, source_id, pseudonym_key from known order by all limit ?",
            [_PROBES],
        ).fetchall()
        again = _pseudonyms(key, [(entity, source_id) for entity, source_id, _ in probes])
        if list(again) != [made for _, _, made in probes]:
            raise PseudonymError(
                f"{self._key_path.name} 不是生成现有假名的密钥；请恢复原密钥，"
                "否则同一客户会得到两个编号。",
                f"{self._key_path.name} is not the key that made the pseudonyms in the lake:"
                " bring the right key back, or the same customer gets two numbers.",
            )

    def _write(self, table: pa.Table, business_date: dt.date, batch_id: str) -> None:
        """Add the batch to those before it, also to those of the same date."""
        unfinished = self._lake.unfinished_path(FEED, business_date, batch_id)
        pq.write_table(table, unfinished, compression="zstd")
        self._lake.commit(unfinished, FEED, business_date, batch_id)


def pseudonym(key: bytes, entity: str, source_id: str) -> int:
    """First 60 bits of HMAC-SHA256 over "<entity>:<id>", as a whole number."""
    return next(_pseudonyms(key, [(entity, source_id)]))


def _pseudonyms(key: bytes, ids: Iterable[tuple[str, str]]) -> Iterator[int]:
    # HMAC as in RFC 2104, written out: the key's two blocks are hashed once and copied for each
    # id, which takes a third of the time of hmac.digest on a first night with a million ids.
    block = key.ljust(_BLOCK_BYTES, b"\0")
    inner_start = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
    outer_start = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))
    for entity, source_id in ids:
        inner, outer = inner_start.copy(), outer_start.copy()
        inner.update(f"{entity}:{source_id}".encode())
        outer.update(inner.digest())
        yield int.from_bytes(outer.digest()[:8], "big") >> _DROPPED_BITS


def load_key(path: Path, *, may_create: bool) -> bytes:
    """The secret key, made on first use and only then.

    Args:
        path: The key's file, readable by its owner alone.
        may_create: Whether no pseudonym was made yet; else a missing key is a lost one.

    Raises:
        PseudonymError: If the key is lost, damaged or open to others.
    """
    if not path.exists():
        if not may_create:
            raise PseudonymError(
                f"{path.name} 缺失，而现有假名由它生成；请从备份恢复，"
                "新密钥会使每位客户得到第二个编号。",
                f"{path.name} is missing although pseudonyms were made with it: bring it back from"
                " its backup; a new key would give every customer a second number.",
            )
        _create_key(path)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise PseudonymError(
            f"{path.name} 可被他人读取（权限 {mode:04o}）；请改为 0600，"
            "并视该密钥已为可读取者所知。",
            f"{path.name} can be read by others (mode {mode:04o}): make it 0600, and consider the"
            " key known to whoever could read it.",
        )
    version, _, digits = path.read_text(encoding="ascii").strip().partition(":")
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        key = b""
    if version != f"v{_KEY_VERSION}" or len(key) != _KEY_BYTES:
        raise PseudonymError(
            f"{path.name} 已损坏；请从备份恢复。",
            f"{path.name} is damaged: bring it back from its backup.",
        )
    return key


def _create_key(path: Path) -> None:
    """Make the key once, even if two processes try or one is killed in the middle."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(f"v{_KEY_VERSION}:{secrets.token_bytes(_KEY_BYTES).hex()}\n")
            stream.flush()
            os.fsync(stream.fileno())
        try:
            # A link, unlike a rename, fails where the name exists: the first key stays the key.
            path.hardlink_to(partial)
        except FileExistsError:
            return
        sync(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def _engine_settings(memory_limit: str) -> dict[str, str | bool | int | float | list[str]]:
    # Source ids must not be spilled in clear to a folder nobody looks after: no temporary files.
    return {
        "memory_limit": memory_limit,
        "temp_directory": "",
        "autoinstall_known_extensions": "false",
    }


def _create_known(engine: duckdb.DuckDBPyConnection, existing: Sequence[Path]) -> None:
    if existing:
        engine.execute(
            "create temp table known as select entity_code, source_id, pseudonym_key"
            " from read_parquet(?, hive_partitioning = false)",
            [[str(path) for path in existing]],
        )
    else:
        engine.execute(
            "create temp table known (entity_code varchar, source_id varchar, pseudonym_key bigint)"
        )


def _table(ids: pa.Table, keys: npt.NDArray[np.int64], batch_id: str) -> pa.Table:
    """The lake rows of new pseudonyms."""
    count = ids.num_rows
    columns = {
        "entity_code": ids.column("entity_code"),
        "source_id": ids.column("source_id"),
        "pseudonym_key": pa.array(keys),
        "key_version": pa.repeat(pa.scalar(_KEY_VERSION, pa.int64()), count),
        "batch_id": pa.repeat(pa.scalar(batch_id, pa.string()), count),
        "batch_precedence": pa.nulls(count, pa.string()),
        "source_file": pa.nulls(count, pa.string()),
        "source_sheet": pa.nulls(count, pa.string()),
        "source_row": pa.nulls(count, pa.int64()),
    }
    if missing := set(ORIGIN_COLUMNS) - set(columns):
        named = ", ".join(sorted(missing))
        raise PseudonymError(
            f"来源列未写出：{named}。", f"origin columns are not written: {named}."
        )
    return pa.table(columns)


def _check_collisions(engine: duckdb.DuckDBPyConnection, table: pa.Table) -> None:
    """Raise where two ids of one kind would get the same pseudonym."""
    engine.register("added", table)
    clash = engine.execute(
        "select entity_code, count(*) from (select entity_code, pseudonym_key from known"
        " union all select entity_code, pseudonym_key from added)"
        " group by entity_code, pseudonym_key having count(*) > 1 limit 1"
    ).fetchone()
    if clash:
        raise PseudonymError(
            f"两个 {clash[0]} 编号会得到同一假名，未写入任何内容；请生成新密钥，"
            f"并由数据湖重建 {FEED}。",
            f"two {clash[0]} ids would get the same pseudonym: nothing was written. Make a new key"
            f" and rebuild {FEED} from the lake.",
        )
