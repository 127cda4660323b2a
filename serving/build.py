"""The private files of one night: begun empty or from the current generation, then closed.

Only dbt writes into them. Nothing here is ever shown to a reader: `generation.publish` does that.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from serving import files

PUBLISHED_DATABASES = ("crm", "vault")
DATABASES = (*PUBLISHED_DATABASES, "scratch")


@dataclass(frozen=True)
class BuildFiles:
    """The folder of one night's build and the three DuckDB files in it."""

    folder: Path
    run_id: int
    started_from: int | None

    def database(self, name: str) -> Path:
        """The file of one database: `crm`, `vault` or `scratch`."""
        return self.folder / f"{name}.duckdb"


def prepare(builds: Path, run_id: int, base: Path | None = None) -> BuildFiles:
    """A fresh build folder for one run.

    Args:
        builds: The folder that holds build folders.
        run_id: The run's number; it names the folder, so no leftover of a dead run is reused.
        base: Folder of the generation an incremental night starts from, or None for an empty
            start. Its files are copied, never opened for writing.

    Returns:
        The files of the build; with `base`, `crm` and `vault` hold last night's tables.
    """
    folder = builds / str(run_id)
    files.remove_folder(folder)
    folder.mkdir(parents=True, mode=0o700)
    if base is not None:
        for name in PUBLISHED_DATABASES:
            files.copy_file(base / f"{name}.duckdb", folder / f"{name}.duckdb")
    return BuildFiles(folder, run_id, int(base.name) if base is not None else None)


def clean(builds: Path, keep: int | None = None) -> list[int]:
    """Remove the build folders of dead runs; the caller holds the lease, so no other is alive.

    Args:
        builds: The folder that holds build folders.
        keep: A run whose folder stays, or None.

    Returns:
        The numbers of the runs whose leftovers were removed.
    """
    removed = []
    for folder in sorted(builds.iterdir()) if builds.exists() else []:
        if folder.name.isdigit() and int(folder.name) != keep:
            files.remove_folder(folder)
            removed.append(int(folder.name))
    return removed


def stopped(builds: Path) -> Path | None:
    """The folder of the last build that was not published, with its crm file; None without one."""
    numbers = (
        [int(each.name) for each in builds.iterdir() if each.name.isdigit()]
        if (builds.is_dir())
        else []
    )
    folder = builds / str(max(numbers, default=0))
    return folder if (folder / "crm.duckdb").is_file() else None


def failures(folder: Path) -> set[str]:
    """Names of the tests that left failing rows in a build; none where its scratch is gone."""
    path = folder / "scratch.duckdb"
    if not path.is_file():
        return set()
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'test_failure'"
        ).fetchall()
        return {
            name
            for (name,) in rows
            if connection.execute(f'select 1 from test_failure."{name}" limit 1').fetchone()  # noqa: S608
        }


def close(build: BuildFiles) -> None:
    """Fold the write-ahead logs into the files, so that each file is complete by itself.

    Raises:
        duckdb.Error: A file is held by another process, or cannot be checkpointed.
    """
    for name in PUBLISHED_DATABASES:
        path = build.database(name)
        with duckdb.connect(str(path)) as connection:
            connection.execute("checkpoint")
        if path.with_suffix(".duckdb.wal").exists():
            message = f"the build's {name} database kept a write-ahead log after its checkpoint"
            raise duckdb.IOException(message)


def open_read_only(build: BuildFiles) -> duckdb.DuckDBPyConnection:
    """The build's databases side by side, for the audit and for row counts; read-only."""
    connection = duckdb.connect(":memory:")
    connection.execute("set enable_progress_bar = false")
    for name in DATABASES:
        path = build.database(name)
        if path.exists():
            quoted = str(path).replace("'", "''")
            connection.execute(f"attach '{quoted}' as {name} (read_only)")
    return connection


def relations(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Every table and view of the open build: `database.schema.name` to `table` or `view`."""
    rows = connection.execute(
        """
        select database_name || '.' || schema_name || '.' || table_name, 'table'
        from duckdb_tables()
        where not internal and database_name in ('crm', 'vault', 'scratch')
        union all
        select database_name || '.' || schema_name || '.' || view_name, 'view'
        from duckdb_views()
        where not internal and database_name in ('crm', 'vault', 'scratch')
        """
    ).fetchall()
    return dict(rows)


def row_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows of every table of the open build; views are not counted, that would run them."""
    counts: dict[str, int] = {}
    for name, kind in relations(connection).items():
        if kind == "table":
            quoted = ".".join(f'"{part}"' for part in name.split("."))
            row = connection.execute(f"select count(*) from {quoted}").fetchone()  # noqa: S608
            counts[name] = int(row[0]) if row else 0
    return counts
