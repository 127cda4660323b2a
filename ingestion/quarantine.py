"""Refused rows, kept with their reasons and where they came from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.lake import sync

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.batch import RefusedRow


def quarantine_path(quarantine: Path, feed: str, batch_id: str) -> Path:
    """Where the refused rows of a batch lie."""
    return quarantine / feed / f"{batch_id}.parquet"


def write_quarantine(
    quarantine: Path,
    feed: str,
    batch_id: str,
    business_date: Any,
    source_file: str,
    rows: Sequence[RefusedRow],
) -> Path | None:
    """Write the refused rows of a batch; nothing, and no old file, where there are none.

    One row per refused row: its place, its cells as JSON by heading, and the list of what is
    wrong with it. The folder is for those who may see customers' data, like the lake.
    """
    final = quarantine_path(quarantine, feed, batch_id)
    if not rows:
        final.unlink(missing_ok=True)
        return None
    import pyarrow as pa

    reason = pa.struct(
        [
            (name, pa.string())
            for name in ("column", "heading", "raw", "code", "reason_zh", "reason_en")
        ]
    )
    schema = pa.schema(
        [
            ("feed", pa.string()),
            ("batch_id", pa.string()),
            ("business_date", pa.date32()),
            ("source_file", pa.string()),
            ("source_sheet", pa.string()),
            ("source_row", pa.int64()),
            ("cells", pa.string()),
            ("reasons", pa.list_(reason)),
        ]
    )
    records = [
        {
            "feed": feed,
            "batch_id": batch_id,
            "business_date": business_date,
            "source_file": source_file,
            "source_sheet": row.sheet,
            "source_row": row.row,
            "cells": json.dumps(row.cells, ensure_ascii=False),
            "reasons": [
                {
                    "column": cell.column,
                    "heading": cell.heading,
                    "raw": cell.raw,
                    "code": cell.code,
                    "reason_zh": cell.reason.zh,
                    "reason_en": cell.reason.en,
                }
                for cell in row.reasons
            ],
        }
        for row in rows
    ]
    replace_table(final, pa.Table.from_pylist(records, schema=schema))
    return final


def replace_table(final: Path, table: Any) -> None:
    """Put a small Arrow table in the place of a file, whole or not at all."""
    import pyarrow.parquet as pq

    final.parent.mkdir(parents=True, exist_ok=True)
    unfinished = final.with_suffix(".tmp")
    pq.write_table(table, unfinished)
    sync(unfinished)
    unfinished.replace(final)
