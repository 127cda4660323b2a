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
    import duckdb

    asked = {name: list(values) for name, values in (among or {}).items()}
    batches = lake.batches(feed.feed).items()
    files = [file for file, (day, _) in batches if until is None or day <= until]
    if not files or not all(asked.values()):
        return []
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
        found = engine.execute(query, asked)
        names = [each[0] for each in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
