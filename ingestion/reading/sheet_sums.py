"""A row of sums that no word names: told by its amounts, which are those above it added up."""

# ruff: noqa: S608 - every piece of SQL is the contract's or ours; delivered text is never one.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ingestion.contracts import Feed
from ingestion.reading.sheet import Sheet, cleaned

_ADDED: Final = frozenset({"money", "integer", "decimal"})
# The sum of one row, and of others that add nothing, is that row again: a row that lacks its key,
# as far as anybody can tell.
_FEWEST_ROWS: Final = 2


def unnamed_sum(
    engine: Any, feed: Feed, sheet: Sheet, table: str, undecided: Mapping[int, list[str | None]]
) -> int | None:
    """The last row of a staged sheet, if nothing stands in it but the sums of the rows above it.

    Args:
        engine: Connection of `open_engine`.
        feed: The contract.
        sheet: A sheet whose other rows that are no data are set aside.
        table: Where it is staged.
        undecided: Rows that do not fill in what every data row must, and their texts.
    """
    last = next((row for row in reversed(sheet.facts.rows) if row not in sheet.set_aside), None)
    if last is None or last not in undecided or last in sheet.odd_rows:
        return None
    cells = sheet.cells_by_place
    told = [place for place, text in enumerate(undecided[last]) if cleaned(text)]
    added = [cells[place] for place in told if place in cells]
    if len(added) < len(told) or not any(cell.column.type == "money" for cell in added):
        return None
    if any(cell.column.type not in _ADDED or cell.column.name in feed.key for cell in added):
        return None
    above = f"source_row < {last} AND source_row NOT IN (SELECT unnest($aside::BIGINT[]))"
    asked = ", ".join(
        f"max({cell.value_name}) FILTER (source_row = {last}),"
        f" sum({cell.value_name}) FILTER ({above}),"
        f" count(*) FILTER ({above} AND {cell.value_name} <> 0)"
        for cell in added
    )
    found = engine.execute(
        f"SELECT {asked} FROM {table}", {"aside": list(sheet.set_aside)}
    ).fetchone()
    sums = list(zip(found[::3], found[1::3], found[2::3], strict=True))
    is_sum = all(value is not None and value == total for value, total, _ in sums)
    return last if is_sum and any(rows >= _FEWEST_ROWS for _, _, rows in sums) else None
