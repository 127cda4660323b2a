"""Cells that were mended on the way in, each with what was delivered and what was made of it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.quarantine import replace_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.batch import AdjustedCell


def adjustments_path(quarantine: Path, feed: str, batch_id: str) -> Path:
    """Where the mended cells of a batch are told; beside its refused rows."""
    return quarantine / feed / f"{batch_id}.adjusted.parquet"


def write_adjustments(
    quarantine: Path,
    feed: str,
    batch_id: str,
    business_date: dt.date,
    source_file: str,
    cells: Sequence[AdjustedCell],
) -> Path | None:
    """Write the mended cells of a batch, one row each; nothing, and no old file, without any."""
    final = adjustments_path(quarantine, feed, batch_id)
    if not cells:
        final.unlink(missing_ok=True)
        return None
    import pyarrow as pa

    texts = ("feed", "batch_id", "source_file", "source_sheet", "column_name", "heading", "raw",
             "value", "code", "reason_zh", "reason_en")  # fmt: skip
    schema = pa.schema(
        [
            ("business_date", pa.date32()),
            ("source_row", pa.int64()),
            *((name, pa.string()) for name in texts),
        ]
    )
    records = [
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
    ]
    replace_table(final, pa.Table.from_pylist(records, schema=schema))
    return final
