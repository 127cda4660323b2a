"""The lake's type of each kind of column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, get_args

if TYPE_CHECKING:
    from ingestion.contracts.feed import Column, Feed

ColumnType = Literal[
    "text", "code", "integer", "money", "rate", "decimal", "float", "date", "boolean"
]

# What a text must be, beyond being text: each has its parser, and finds what cannot be true.
CheckName = Literal[
    "resident_id",
    "credit_code",
    "bank_card",
    "mobile",
    "landline",
    "name",
    "clock_time",
    "currency",
]
CHECKS: Final[tuple[str, ...]] = get_args(CheckName)

# Money is exact to the fen and rates to eight places; DOUBLE is for scores only (law 6).
DUCKDB_TYPES: Final[dict[str, str]] = {
    "text": "VARCHAR",
    "code": "VARCHAR",
    "integer": "BIGINT",
    "money": "DECIMAL(18,2)",
    "rate": "DECIMAL(12,8)",
    "decimal": "DECIMAL(18,4)",
    "float": "DOUBLE",
    "date": "DATE",
    "boolean": "BOOLEAN",
}

# Where a row came from: written into every lake file behind the feed's own columns.
ORIGIN_COLUMNS: Final[dict[str, str]] = {
    "batch_id": "VARCHAR",
    "batch_precedence": "VARCHAR",
    "source_file": "VARCHAR",
    "source_sheet": "VARCHAR",
    "source_row": "BIGINT",
}

# What each of them says, for the dictionary and the database's own comments.
ORIGIN_DESCRIPTIONS: Final[dict[str, str]] = {
    "business_date": "Business date of the delivery the row came with. 业务日期",
    "batch_id": "Batch that loaded the row: one delivered file for one feed. 批次",
    "batch_precedence": "Of rows with one key and business date, that of the greatest text holds:"
    " a later version of the file, then a day's file before a month's. 批次优先次序",
    "source_file": "Name of the delivered file. 来源文件",
    "source_sheet": "Sheet of the workbook; null for a text file. 来源工作表",
    "source_row": "Row of the file or sheet, the first is 1. 来源行号",
}

# What happened to a record of a change feed, where the source says so: insert, update, delete.
CHANGE_CODE: Final = "change_code"

# The partition column; its value stands in the folder's name, not in the file.
BUSINESS_DATE: Final = "business_date"


def duckdb_type(column: Column) -> str:
    """The DuckDB type in which the lake keeps `column`."""
    return DUCKDB_TYPES[column.type]


def sql_type(duckdb_name: str) -> str:
    """The same type in the words that both engines of the house understand.

    Spark knows no VARCHAR without a length, and DuckDB takes STRING for VARCHAR.

    >>> sql_type("VARCHAR"), sql_type("DECIMAL(18,2)")
    ('string', 'decimal(18, 2)')
    """
    if duckdb_name == "VARCHAR":
        return "string"
    return duckdb_name.lower().replace(",", ", ")


def lake_schema(feed: Feed) -> dict[str, str]:
    """Columns and DuckDB types of a lake file of `feed`, in order, origin columns last."""
    return {column.name: duckdb_type(column) for column in feed.columns} | ORIGIN_COLUMNS
