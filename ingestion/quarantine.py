"""What is kept of a batch beside the lake: its refused rows, its mended cells, what it corrected.

Each is a small Parquet file in `quarantine/<feed>/`, there whole or not at all. The folder is for
those who may see customers' data, like the lake.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ingestion.lake import sync

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.batch import AdjustedCell, RefusedRow

# Columns and their Arrow types; where a tuple stands, a list of records with these texts.
_REFUSED: Final[Mapping[str, str | tuple[str, ...]]] = {
    "feed": "string",
    "batch_id": "string",
    "business_date": "date32",
    "source_file": "string",
    "source_sheet": "string",
    "source_row": "int64",
    "cells": "string",
    "reasons": ("column", "heading", "raw", "code", "reason_zh", "reason_en"),
}
_ADJUSTED: Final = {
    "business_date": "date32",
    "source_row": "int64",
    "feed": "string",
    "batch_id": "string",
    "source_file": "string",
    "source_sheet": "string",
    "column_name": "string",
    "heading": "string",
    "raw": "string",
    "value": "string",
    "code": "string",
    "reason_zh": "string",
    "reason_en": "string",
}
_RECORDS_AT_ONCE: Final = 50_000
_CORRECTED: Final = {"row_name": "string", "source_sheet": "string", "source_row": "int64"}


def quarantine_path(quarantine: Path, feed: str, batch_id: str) -> Path:
    """Where the refused rows of a batch lie."""
    return quarantine / feed / f"{batch_id}.parquet"


def adjustments_path(quarantine: Path, feed: str, batch_id: str) -> Path:
    """Where the mended cells of a batch are told."""
    return quarantine / feed / f"{batch_id}.adjusted.parquet"


def corrected_path(quarantine: Path, feed: str, batch_id: str) -> Path:
    """Where it is kept which refused rows of another batch a correction loaded."""
    return quarantine / feed / f"{batch_id}.corrected.parquet"


def write_quarantine(
    quarantine: Path,
    feed: str,
    batch_id: str,
    business_date: dt.date,
    source_file: str,
    rows: Sequence[RefusedRow],
) -> Path | None:
    """Write the refused rows of a batch; nothing, and no old file, where there are none.

    One row per refused row: its place, its cells as JSON by heading, and the list of what is
    wrong with it.
    """
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
    return _replace(quarantine_path(quarantine, feed, batch_id), _REFUSED, records)


def write_adjustments(
    quarantine: Path,
    feed: str,
    batch_id: str,
    business_date: dt.date,
    source_file: str,
    cells: Sequence[AdjustedCell],
) -> Path | None:
    """Write the mended cells of a batch, one row each; nothing, and no old file, without any."""
    # Made as they are written: a file may have more mended cells than memory has room for.
    records = (
        {
            "feed": feed,
            "batch_id": batch_id,
            "business_date": business_date,
            "source_file": source_file,
            "source_sheet": cell.sheet,
            "source_row": cell.row,
            "column_name": cell.column,
            "heading": cell.heading,
            "raw": cell.raw,
            "value": cell.value,
            "code": cell.code,
            "reason_zh": cell.reason.zh,
            "reason_en": cell.reason.en,
        }
        for cell in cells
    )
    return _replace(adjustments_path(quarantine, feed, batch_id), _ADJUSTED, records)


def write_corrected(
    quarantine: Path, feed: str, batch_id: str, rows: Sequence[tuple[str, str, int]]
) -> Path | None:
    """Write which rows a correction loaded; nothing, and no old file, where there are none.

    Args:
        quarantine: The folder.
        feed: Name of the feed.
        batch_id: The correction's batch.
        rows: Name of the row in the batch that is corrected; sheet and row in the correction.
    """
    records = [dict(zip(_CORRECTED, row, strict=True)) for row in rows]
    return _replace(corrected_path(quarantine, feed, batch_id), _CORRECTED, records)


def _replace(
    final: Path, columns: Mapping[str, str | tuple[str, ...]], records: Iterable[dict[str, Any]]
) -> Path | None:
    """Put records in the place of a file; without any there is no file."""
    rest = iter(records)
    piece = list(islice(rest, _RECORDS_AT_ONCE))
    if not piece:
        final.unlink(missing_ok=True)
        return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [
            (name, pa.list_(pa.struct([(text, pa.string()) for text in kind])))
            if isinstance(kind, tuple)
            else (name, pa.type_for_alias(kind))
            for name, kind in columns.items()
        ]
    )
    final.parent.mkdir(parents=True, exist_ok=True)
    unfinished = final.with_suffix(".tmp")
    with pq.ParquetWriter(unfinished, schema) as writer:
        while piece:
            writer.write_table(pa.Table.from_pylist(piece, schema=schema))
            piece = list(islice(rest, _RECORDS_AT_ONCE))
    sync(unfinished)
    unfinished.replace(final)
    return final
