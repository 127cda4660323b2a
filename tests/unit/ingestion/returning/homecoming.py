"""A file is delivered, its returned sheet is mended and laid back, and what the lake holds then."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import duckdb
import openpyxl

from ingestion.batch import BatchReport
from ingestion.conservation import check_batches, check_lake
from ingestion.returning.slip import ROWS_SHEET
from tests.unit.ingestion.house import House
from tests.unit.ingestion.made_up import CSV, extract_of

Change = Callable[[Any], object]
EXTRACT = extract_of("S1|张三|20250131|1.00|", "S2||20250131|2.00|", "S3|王五|昨天|3.00|")
ALL = [("S1", "张三", "2025-01-31"), ("S2", "李四", "2025-01-31"), ("S3", "王五", "2025-01-30")]


def night(house: House) -> list[BatchReport]:
    reports = house.extract(house.receive().pending)
    assert check_batches(reports) == []
    assert check_lake(house.ledger.deliveries(), house.lake) == []
    return reports


def deliver(house: House, content: str | bytes = EXTRACT, name: str = CSV) -> BatchReport:
    house.land(name, content)
    (report,) = night(house)
    return report


def mended(report: BatchReport, change: Change) -> bytes:
    assert report.returned is not None
    book = openpyxl.load_workbook(report.returned)
    change(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def put(**cells: object) -> Change:
    """Write into the sheet that carries the rows."""

    def change(book: Any) -> None:
        sheet = book.worksheets[1]
        for place, value in cells.items():
            sheet[place] = value

    return change


def come_home(
    house: House, report: BatchReport, change: Change, name: str = "改好了.xlsx"
) -> BatchReport:
    return deliver(house, mended(report, change), name)


def in_lake(house: House) -> list[tuple[Any, ...]]:
    """Serial, name and date of every row that counts."""
    found = duckdb.sql(
        "SELECT serial_id, customer_name, booked_date::VARCHAR FROM"
        f" read_parquet('{house.lake}/*/*/*.parquet', hive_partitioning = false) ORDER BY ALL"
    )
    return found.fetchall()


def told(report: BatchReport, column: int = 0) -> list[object]:
    """One column of the sheet that goes back, below its heading."""
    assert report.returned is not None
    sheet = openpyxl.load_workbook(report.returned)[ROWS_SHEET]
    return [row[column] for row in sheet.iter_rows(min_row=2, values_only=True)]


def drop_names(book: Any) -> None:
    book.worksheets[1].delete_cols(1)
