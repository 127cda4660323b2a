"""The batches of a night as one small frame: what was counted beside what may be.

A line is one batch and one expectation of its feed, so the frame holds no row of data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from ingestion.batch import FEWEST_ROWS_FOR_SHARE, BatchReport
from ingestion.quality.expectations import Expectation

if TYPE_CHECKING:
    import pandas as pd

INDEX: Final = ("feed", "batch_id", "expectation")
BOUNDS: Final = ("measured", "least", "most")
_MEASURES: Final = ("nulls", "refused", "minimum", "maximum", "distinct")


def profile_frame(
    reports: Iterable[BatchReport], expected: Mapping[str, Iterable[Expectation]]
) -> pd.DataFrame:
    """One row per batch and expectation; where there was nothing to measure, no row.

    Args:
        reports: What reading came to.
        expected: Expectations by feed.
    """
    import pandas as pd

    lines = []
    for report in reports:
        measured = measures_of(report)
        lines += [
            (report.feed, report.batch_id, each.id, measured[each.measure], each.least, each.most)
            for each in expected[report.feed]
            if measured.get(each.measure) is not None
        ]
    frame = pd.DataFrame(lines, columns=[*INDEX, *BOUNDS])
    return frame.astype(dict.fromkeys(BOUNDS, "float64"))


def measures_of(report: BatchReport) -> dict[str, float | None]:
    """What was counted of one batch and of each of its columns, by measure.

    Minimum and maximum of a date are days since 1970-01-01.
    """
    loaded, refused = report.rows_loaded or 0, report.rows_quarantined or 0
    rows_in = report.rows_in or 0
    ended = loaded + refused + (report.rows_not_data or 0)
    # A row written twice is refused too, and no sign of the wrong file.
    odd = refused - report.reasons.get("duplicate", 0)
    # Of rows that were refused before any number may be refused again.
    is_judged = report.data_rows >= FEWEST_ROWS_FOR_SHARE and not report.corrects_rows
    measured: dict[str, float | None] = {
        "keys_doubled": None if report.key_count is None else loaded - report.key_count,
        "rows_unaccounted": rows_in - ended,
        "rows_counted_otherwise": (
            None if report.counted_rows is None else rows_in - report.counted_rows
        ),
        "refused_share": odd / report.data_rows if is_judged else 0.0,
    }
    for profile in report.columns:
        for measure in _MEASURES:
            measured[f"{profile.column}.{measure}"] = getattr(profile, measure)
    return measured
