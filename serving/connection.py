"""The one door to a published generation: read-only, without files, network or settings.

These settings are a second line of defence, not a sandbox; the first is that a file holds nothing
which its readers may not see, and is not writable for them.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Literal

import duckdb
import psutil

from serving import generation
from serving.errors import DamagedGenerationError, NothingPublishedError

Audience = Literal["analyst", "vault"]

CLOSED_DOORS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "python_enable_replacements": False,
}
TIME_ZONE = "Asia/Shanghai"


def connect_current(
    warehouse: Path, audience: Audience = "analyst"
) -> tuple[duckdb.DuckDBPyConnection, generation.Generation]:
    """Open the published generation, resolving the name `current` once.

    The connection keeps its generation however many are published while it is open.

    Raises:
        NothingPublishedError: No night has been published yet.
    """
    folder = generation.current_folder(warehouse)
    if folder is None:
        raise NothingPublishedError(
            "尚未发布任何数据；请先运行一次夜间任务：crm run",
            "nothing is published yet; run a night first: crm run",
        )
    return connect_published(folder, audience), generation.read(folder)


def connect_published(folder: Path, audience: Audience = "analyst") -> duckdb.DuckDBPyConnection:
    """Open one generation read-only and lock the connection down.

    Args:
        folder: The generation's folder.
        audience: `analyst` opens crm only; `vault` attaches the identities too, for those whom
            the file's permissions let in.

    Raises:
        DamagedGenerationError: A file cannot be opened.
    """
    try:
        connection = duckdb.connect(str(folder / "crm.duckdb"), read_only=True, config=CLOSED_DOORS)
        if audience == "vault":
            quoted = str(folder / "vault.duckdb").replace("'", "''")
            connection.execute(f"attach '{quoted}' as vault (read_only)")
    except duckdb.Error as error:
        why = str(error).splitlines()[0]
        raise DamagedGenerationError(
            f"第 {folder.name} 代无法打开：{why}",
            f"generation {folder.name} cannot be opened: {why}",
        ) from error
    lock_down(connection)
    return connection


def lock_down(connection: duckdb.DuckDBPyConnection) -> None:
    """Close every way out of the database; `lock_configuration` must stay the last statement."""
    spill = Path(tempfile.gettempdir()) / f"crm-spill-{os.getpid()}"
    quoted = str(spill).replace("'", "''")
    for statement in (
        # After two seconds it would draw a bar on standard output, where a program reads JSON.
        "set enable_progress_bar = false",
        f"set temp_directory = '{quoted}'",
        # What spills may be personal: it is written encrypted, and never more than this.
        "set temp_file_encryption = true",
        "set max_temp_directory_size = '20GB'",
        f"set memory_limit = '{psutil.virtual_memory().total * 2 // 5 // 2**20}MiB'",
        f"set TimeZone = '{TIME_ZONE}'",
        "set enable_external_access = false",
        "set lock_configuration = true",
    ):
        connection.execute(statement)
