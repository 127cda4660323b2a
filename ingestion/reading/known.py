"""Rows whose key was loaded before by another file of the same batch."""

# ruff: noqa: S608 - every piece of SQL is the contract's or ours; delivered text is never one.

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ingestion.contracts import Feed
from ingestion.reading.load import rest_of
from ingestion.sentence import Sentence
from ingestion.sql import literal


def drop_known(
    engine: Any, feed: Feed, target: Path, known: Sequence[Path]
) -> list[tuple[str | None, int, str, Sentence]]:
    """Take rows out of `target` whose key was loaded before.

    Args:
        engine: Connection of `open_engine`.
        feed: The feed.
        target: The Parquet file written.
        known: Files in the lake.

    Returns:
        Sheet, row, reason code and reason of each row taken out.
    """
    if not known:
        return []
    files = ", ".join(literal(path) for path in known)
    source = f"read_parquet({literal(target)}, file_row_number = true)"
    same_key = " AND ".join(f'lake."{name}" = new."{name}"' for name in feed.key)
    taken = engine.execute(
        f"SELECT new.source_sheet, new.source_row, new.file_row_number FROM {source} AS new"
        f" SEMI JOIN read_parquet([{files}], union_by_name = true, hive_partitioning = false)"
        f" AS lake ON {same_key} ORDER BY new.file_row_number"
    ).fetchall()
    if not taken:
        return []
    numbers = ", ".join(str(number) for _, _, number in taken)
    rest = rest_of(target)
    engine.execute(
        f"COPY (SELECT * EXCLUDE (file_row_number) FROM {source}"
        f" WHERE file_row_number NOT IN ({numbers})) TO {literal(rest)} (FORMAT parquet)"
    )
    rest.replace(target)
    headings = "、".join(feed.column(name).heading for name in feed.key)
    conflict = Sentence(
        f"主键（{headings}）与原文件中已入库的行相同；请核对主键，如该行多余，请删除。",
        f"The key ({headings}) is that of a row that was loaded before; check it, and delete the"
        " row if it is there already.",
    )
    return [(sheet, row, "conflict", conflict) for sheet, row, _ in taken]
