"""The batches of a night as one small frame: counts and bounds, never a row of data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ingestion.batch import (
    FEWEST_ROWS_FOR_SHARE,
    MAX_REFUSED_SHARE,
    BatchReport,
    ColumnProfile,
)
from ingestion.contracts import Column, Feed

if TYPE_CHECKING:
    import pandas as pd

# The line of a batch as a whole stands beside those of its columns.
WHOLE_BATCH: Final = "(batch)"
_EPOCH: Final = dt.date(1970, 1, 1)

COLUMNS: Final = (
    "feed",
    "batch_id",
    "column",
    "rows",
    "nulls",
    "nulls_allowed",
    "refused",
    "minimum",
    "least",
    "maximum",
    "most",
    "distinct",
    "distinct_allowed",
    "rows_in",
    "rows_accounted",
    "rows_counted",
    "keys",
    "keys_expected",
    "refused_share",
    "refused_share_allowed",
)


def profile_frame(reports: Iterable[BatchReport], feeds: Mapping[str, Feed]) -> pd.DataFrame:
    """One row per batch and column, and one per batch: what was counted beside what may be.

    Minimum and maximum of a date are days since 1970-01-01.
    """
    import pandas as pd

    lines: list[dict[str, object]] = []
    for report in reports:
        feed = feeds[report.feed]
        lines.append(_batch_line(report))
        profiles = {profile.column: profile for profile in report.columns}
        lines += [
            _column_line(report, column, profiles[column.name])
            for column in feed.columns
            if column.name in profiles
        ]
    frame = pd.DataFrame(lines, columns=list(COLUMNS))
    numbers = [name for name in COLUMNS if name not in ("feed", "batch_id", "column")]
    return frame.astype(dict.fromkeys(numbers, "float64"))


def _batch_line(report: BatchReport) -> dict[str, object]:
    exact = report.reasons.get("duplicate", 0)
    refused = (report.rows_quarantined or 0) - exact
    share = refused / report.data_rows if report.data_rows >= FEWEST_ROWS_FOR_SHARE else 0.0
    ended = (report.rows_loaded or 0) + (report.rows_quarantined or 0) + (report.rows_not_data or 0)
    return {
        "feed": report.feed,
        "batch_id": report.batch_id,
        "column": WHOLE_BATCH,
        "rows": report.rows_loaded,
        "rows_in": report.rows_in,
        "rows_accounted": ended,
        "rows_counted": report.counted_rows,
        "keys": report.key_count,
        "keys_expected": report.rows_loaded,
        "refused_share": share,
        "refused_share_allowed": MAX_REFUSED_SHARE,
    }


def _column_line(report: BatchReport, column: Column, profile: ColumnProfile) -> dict[str, object]:
    return {
        "feed": report.feed,
        "batch_id": report.batch_id,
        "column": column.name,
        "rows": report.rows_loaded,
        "nulls": profile.nulls,
        "nulls_allowed": 0 if column.required else report.rows_loaded,
        "refused": profile.refused,
        "minimum": profile.minimum,
        "least": _as_number(column.min),
        "maximum": profile.maximum,
        "most": _as_number(column.max),
        "distinct": profile.distinct,
        "distinct_allowed": len(column.values) or None,
    }


def _as_number(bound: Decimal | dt.date | None) -> float | None:
    if isinstance(bound, dt.date):
        return float((bound - _EPOCH).days)
    return None if bound is None else float(bound)
