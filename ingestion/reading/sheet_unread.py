"""Sheets without headings whose rows read like the table's: a second page, left to itself."""

# ruff: noqa: S608 - every piece of SQL is the contract's or ours; delivered text is never one.

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from ingestion.batch import Doubt
from ingestion.contracts import Feed
from ingestion.reading.sheet import Sheet
from ingestion.reading.sheet_rows import aside_sql, stage
from ingestion.sentence import RefusedFileError, Sentence, shown

# A list of codes beside the table has texts, too; a day or an amount is seldom in one.
_TELLING: Final = frozenset({"date", "money", "rate"})
_TABLE: Final = "sheet_unread"


def doubt_unread(engine: Any, feed: Feed, table: Sheet, unread: Sequence[Sheet]) -> list[Doubt]:
    """What speaks against leaving out the sheets of a book that carry no headings.

    Args:
        engine: Connection of `open_engine`.
        feed: The feed.
        table: A sheet that carries its headings and is settled.
        unread: Sheets that carry none.
    """
    doubts = []
    for sheet in unread:
        if not (count := _rows_alike(engine, feed, table, sheet)):
            continue
        name = shown(sheet.entry.name)
        doubts.append(
            Doubt(
                "unread_sheet",
                Sentence(
                    f"工作表“{name}”没有约定的标题，未读取，但其中 {count:,} 行与“"
                    f"{shown(table.entry.name)}”的数据格式相同，可能是续表；"
                    "请补上约定的标题后重新报送，确认不是数据时放行。",
                    f"Sheet {name!r} has none of the agreed headings and was not read, but"
                    f" {count:,} of its rows read like those of {shown(table.entry.name)!r}: it may"
                    " be its second page."
                    " Add the headings and deliver it again, or release it if it is no data.",
                ),
            )
        )
    return doubts


def _rows_alike(engine: Any, feed: Feed, table: Sheet, sheet: Sheet) -> int:
    """How many rows of a sheet are sound under another's headings, if most of them are."""
    cells = table.cells_by_place
    telling = [cell.value_name for cell in cells.values() if cell.column.type in _TELLING]
    is_beside = sheet.facts.first_column == table.facts.first_column
    if table.layout is None or not telling or not sheet.columns or not is_beside:
        return 0
    missing = max(cells) + 1 - len(sheet.columns)
    sheet.columns += [pa.nulls(sheet.height, pa.string())] * max(missing, 0)
    sheet.layout, sheet.headings, sheet.header_row = table.layout, table.headings, 0
    try:
        stage(engine, feed, sheet, _TABLE)
        no_data, _ = aside_sql(engine, sheet, _TABLE)
        is_telling = " OR ".join(f"{name} IS NOT NULL" for name in telling)
        alike, rows = engine.execute(
            f"SELECT count(*) FILTER (whole AND sound AND ({is_telling})), count(*)"
            f" FROM {_TABLE} WHERE NOT ({no_data})"
        ).fetchone()
    except RefusedFileError:
        # It is a table of its own kind.
        return 0
    finally:
        for name in (_TABLE, f"{_TABLE}_no_data", f"{_TABLE}_odd"):
            engine.execute(f"DROP TABLE IF EXISTS {name}")
    return int(alike) if alike * 2 >= rows else 0
