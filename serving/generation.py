"""Published generations: immutable folders, one of which the name `current` points at.

The order of the steps in `publish` is the protocol. A crash before the swap leaves a folder that
nobody has seen, which `recover` throws away; a crash after it leaves a published generation that
the ledger has not heard of, which `recover` reports so that the caller can record it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from serving import build as builds
from serving import checksum, files
from serving.errors import DamagedGenerationError, NoGenerationError, ServingError

GENERATION_FILE = "generation.json"
CURRENT = "current"
GENERATIONS = "generations"
# Analysts' group may read the one; only the owner, and nobody may write either.
FILE_MODES = {"crm": 0o440, "vault": 0o400}


@dataclass(frozen=True)
class Generation:
    """One published night.

    Attributes:
        number: Its number; higher is later.
        run_id: The run that built it.
        business_date: The date it speaks of.
        published_at: When it was published, UTC, for people only; nothing computes with it.
        tables: Rows and digest of each table, by `database.schema.table`.
        checksum: One digest over `tables`.
        details: What decides whether the next night may build on it (code, dbt project, feeds),
            and what the summary tells of it.
    """

    number: int
    run_id: int
    business_date: dt.date
    published_at: str
    tables: dict[str, tuple[int, str]] = field(default_factory=dict)
    checksum: str = ""
    bytes: int = 0
    details: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """The text of generation.json."""
        values = asdict(self) | {"business_date": self.business_date.isoformat()}
        values["seal"] = _seal_of(values)
        return json.dumps(values, ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Generation:
        """Read generation.json; unknown fields are an error, so versions cannot be mixed."""
        values = json.loads(text)
        seal = values.pop("seal", None)
        # Those published before there was a seal have none.
        if seal is not None and seal != _seal_of(values):
            raise ValueError("its seal does not fit what it says")
        values["business_date"] = dt.date.fromisoformat(values["business_date"])
        values["tables"] = {name: (rows, each) for name, (rows, each) in values["tables"].items()}
        return cls(**values)


def _seal_of(values: dict[str, Any]) -> str:
    """A digest of everything a generation says of itself: a damaged date would misplace a night."""
    text = json.dumps(values, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def folder_of(warehouse: Path, number: int) -> Path:
    """Where generation `number` lies, whether it exists or not."""
    return warehouse / GENERATIONS / str(number)


def read(folder: Path) -> Generation:
    """The generation in a folder.

    Raises:
        DamagedGenerationError: The folder holds no readable generation.json, or a file is missing.
    """
    try:
        generation = Generation.from_json((folder / GENERATION_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DamagedGenerationError(
            f"第 {folder.name} 代的 {GENERATION_FILE} 无法读取：{error}",
            f"generation {folder.name} has no readable {GENERATION_FILE}: {error}",
        ) from error
    for name in builds.PUBLISHED_DATABASES:
        if not (folder / f"{name}.duckdb").is_file():
            raise DamagedGenerationError(
                f"第 {folder.name} 代缺少文件 {name}.duckdb。",
                f"generation {folder.name} has lost its file {name}.duckdb",
            )
    return generation


def current_folder(warehouse: Path) -> Path | None:
    """The folder that `current` points at, resolved once, or None when nothing is published."""
    link = warehouse / CURRENT
    return link.resolve() if link.is_symlink() and link.exists() else None


def current(warehouse: Path) -> Generation | None:
    """The published generation, or None when there is none yet."""
    folder = current_folder(warehouse)
    return read(folder) if folder else None


def all_numbers(warehouse: Path) -> list[int]:
    """Numbers of the generations kept, oldest first, damaged ones included."""
    folder = warehouse / GENERATIONS
    names = [path.name for path in folder.iterdir()] if folder.exists() else []
    return sorted(int(name) for name in names if name.isdigit())


def publish(
    build: builds.BuildFiles,
    warehouse: Path,
    generation: Generation,
    *,
    guard: Callable[[], None] = lambda: None,
    on_step: Callable[[str], None] = lambda _: None,
) -> Generation:
    """Turn an audited build into the published generation.

    Args:
        build: The night's files; every connection to them is closed.
        warehouse: The folder that holds the generations and the name `current`.
        generation: What is to be published; checksums and sizes are filled in here.
        guard: Called just before the swap; raises when this run may no longer publish.
        on_step: Told the name of each step before it is taken.

    Returns:
        The generation as written.

    Raises:
        ServingError: The number is taken.
        duckdb.Error: The build cannot be closed or read back.
    """
    folder = folder_of(warehouse, generation.number)
    if folder.exists():
        raise ServingError(
            f"第 {generation.number} 代已存在。", f"generation {generation.number} exists already"
        )
    on_step("close")
    builds.close(build)
    on_step("read back")
    tables = checksums_of(build.folder)
    written = replace(
        generation,
        tables={name: (each.rows, each.digest) for name, each in tables.items()},
        checksum=checksum.combined(tables),
        bytes=sum(build.database(name).stat().st_size for name in builds.PUBLISHED_DATABASES),
    )
    on_step("seal")
    _seal(build, written)
    guard()
    on_step("rename")
    folder.parent.mkdir(parents=True, exist_ok=True)
    build.folder.rename(folder)
    files.sync_folder(folder.parent)
    guard()
    on_step("swap")
    point_at(warehouse, generation.number)
    on_step("done")
    return written


def _seal(build: builds.BuildFiles, generation: Generation) -> None:
    """Leave only what is published in the build folder, durable and closed to writing."""
    kept = {f"{name}.duckdb" for name in builds.PUBLISHED_DATABASES}
    for path in list(build.folder.iterdir()):
        if path.name not in kept:
            files.remove_folder(path) if path.is_dir() else path.unlink()
    for name, mode in FILE_MODES.items():
        files.sync_file(build.database(name))
        build.database(name).chmod(mode)
    files.write_whole(build.folder / GENERATION_FILE, generation.to_json())
    build.folder.chmod(0o750)


def point_at(warehouse: Path, number: int) -> None:
    """Swap the name `current` to generation `number`, in one step that no reader sees half of."""
    temporary = warehouse / f".{CURRENT}.tmp"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(Path(GENERATIONS) / str(number))
    temporary.replace(warehouse / CURRENT)
    files.sync_folder(warehouse)


def rollback(warehouse: Path, to: int | None = None) -> Generation:
    """Point `current` at an earlier generation.

    Args:
        warehouse: The folder of the generations.
        to: The number to go back to; the newest one before the current by default.

    Raises:
        NoGenerationError: There is nothing to roll back from or to.
        DamagedGenerationError: The generation asked for is not whole.
    """
    now = current_folder(warehouse)
    if now is None:
        raise NoGenerationError(
            "尚未发布任何数据，无可回退。",
            "nothing is published yet, so there is nothing to roll back",
        )
    numbers = all_numbers(warehouse)
    if to is None:
        earlier = [number for number in numbers if number < int(now.name)]
        if not earlier:
            raise NoGenerationError(
                f"第 {now.name} 代是保留的最早一代，没有更早的可以回退。",
                f"generation {now.name} is the oldest one kept; there is none to go back to",
            )
        to = earlier[-1]
    if to not in numbers:
        kept = ", ".join(str(number) for number in numbers)
        raise NoGenerationError(
            f"第 {to} 代未保留；保留的有 {kept}。", f"generation {to} is not kept; kept are {kept}"
        )
    generation = read(folder_of(warehouse, to))
    point_at(warehouse, to)
    return generation


def prune(warehouse: Path, keep: int) -> list[int]:
    """Remove all but the newest `keep` generations; the current one always stays.

    A reader that holds a removed file open keeps reading it: the file system frees the bytes when
    the last reader closes.
    """
    now = current_folder(warehouse)
    numbers = all_numbers(warehouse)
    newest = numbers[-keep:] if keep > 0 else []
    removed = [n for n in numbers if n not in newest and not (now and n == int(now.name))]
    for number in removed:
        files.remove_folder(folder_of(warehouse, number))
    return removed


@dataclass(frozen=True)
class Recovery:
    """What a crashed publication left behind.

    Attributes:
        discarded: Generations that were renamed but never pointed at; removed.
        unrecorded: The current generation, when the ledger does not know it yet.
    """

    discarded: list[int]
    unrecorded: Generation | None


def recover(warehouse: Path, recorded: Collection[int]) -> Recovery:
    """Clean up after a run that died while publishing; the caller holds the lease.

    Args:
        warehouse: The folder of the generations.
        recorded: The numbers that the ledger knows. When it knows none at all it is taken to be
            lost, and no folder is removed on its word.
    """
    (warehouse / f".{CURRENT}.tmp").unlink(missing_ok=True)
    now = current_folder(warehouse)
    number = int(now.name) if now else None
    discarded = []
    for candidate in all_numbers(warehouse):
        never_seen = number is None or candidate > number
        if candidate not in recorded and never_seen and (recorded or number is None):
            files.remove_folder(folder_of(warehouse, candidate))
            discarded.append(candidate)
    unrecorded = read(now) if now and number not in recorded else None
    return Recovery(discarded, unrecorded)


def checksums_of(folder: Path) -> dict[str, checksum.TableChecksum]:
    """Read every table of a folder's two databases back, from a fresh read-only connection."""
    found: dict[str, checksum.TableChecksum] = {}
    for name in builds.PUBLISHED_DATABASES:
        with duckdb.connect(str(folder / f"{name}.duckdb"), read_only=True) as connection:
            each = checksum.table_checksums(connection, name)
            found |= {f"{name}.{table}": value for table, value in each.items()}
    return found


def verify(folder: Path) -> list[str]:
    """Every difference between a generation's files and what was audited; empty when whole."""
    generation = read(folder)
    try:
        found = checksums_of(folder)
    except duckdb.Error as error:
        return [f"generation {folder.name} cannot be read: {str(error).splitlines()[0]}"]
    actual = {name: (each.rows, each.digest) for name, each in found.items()}
    return [
        f"{name}: published {generation.tables.get(name)}, found {actual.get(name)}"
        for name in sorted(generation.tables.keys() | actual.keys())
        if generation.tables.get(name) != actual.get(name)
    ]


def next_number(warehouse: Path, recorded: Collection[int]) -> int:
    """The number of the generation to come: never one that was used before."""
    return max([0, *recorded, *all_numbers(warehouse)]) + 1


def is_writable_by_others(folder: Path) -> bool:
    """Whether a published file could be changed in place, which no generation ever is."""
    return any((folder / f"{name}.duckdb").stat().st_mode & 0o222 for name in FILE_MODES)
