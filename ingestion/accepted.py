"""Accepted rows as they lie in the lake, each with the file, sheet and row it was delivered in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any, Final

from ingestion.contracts import Feed, lake_schema
from ingestion.lake import Lake
from ingestion.sql import identifier, literal

# A file written under an older version of its feed reads like a new one: what it lacks is null.
_QUERY: Final = """
SELECT {columns}, business_date
FROM (
    SELECT {nothing}, CAST(NULL AS DATE) AS business_date WHERE false
    UNION ALL BY NAME
    SELECT * FROM read_parquet(
        [{files}],
        union_by_name = true, hive_partitioning = true, hive_types = {{'business_date': DATE}}
    )
)
WHERE {wanted}
"""


def accepted_rows(
    lake: Lake,
    feed: Feed,
    *,
    until: dt.date | None = None,
    among: Mapping[str, Collection[object]] | None = None,
) -> list[dict[str, Any]]:
    """Rows of a feed, corrected ones and their corrections alike; none of a feed without files.

    Args:
        lake: The lake.
        feed: The feed.
        until: Business date after which nothing is read; None reads all.
        among: Columns, and the values that are wanted of each; an empty collection finds nothing.
    """
    names, rows = _selected(lake, feed, "*", until, among)
    return [dict(zip(names, row, strict=True)) for row in rows]


def accepted_values(
    lake: Lake,
    feed: Feed,
    column: str,
    *,
    until: dt.date | None = None,
    among: Mapping[str, Collection[object]] | None = None,
) -> set[Any]:
    """The values of a column in accepted rows, null left out.

    Args:
        lake: The lake.
        feed: The feed.
        column: The column.
        until: Business date after which nothing is read; None reads all.
        among: Columns, and the values that are wanted of each; an empty collection finds nothing.
    """
    _, rows = _selected(lake, feed, f"DISTINCT {identifier(column)}", until, among)
    return {value for (value,) in rows if value is not None}


def _selected(
    lake: Lake,
    feed: Feed,
    what: str,
    until: dt.date | None,
    among: Mapping[str, Collection[object]] | None,
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Names of columns, and rows, of what is selected from accepted rows."""
    import duckdb

    asked = {name: list(values) for name, values in (among or {}).items()}
    batches = lake.batches(feed.feed).items()
    files = [file for file, (day, _) in batches if until is None or day <= until]
    if not files or not all(asked.values()):
        return [], []
    schema = lake_schema(feed).items()
    query = _QUERY.format(
        columns=", ".join(
            f"CAST({identifier(name)} AS {kind}) AS {identifier(name)}" for name, kind in schema
        ),
        nothing=", ".join(f"CAST(NULL AS {kind}) AS {identifier(name)}" for name, kind in schema),
        files=", ".join(literal(file) for file in files),
        wanted=" AND ".join(f"{identifier(name)} IN (SELECT unnest(${name}))" for name in asked)
        or "true",
    )
    with duckdb.connect() as engine:
        found = engine.execute(f"SELECT {what} FROM ({query})", asked)  # noqa: S608
        return [each[0] for each in found.description or []], found.fetchall()
