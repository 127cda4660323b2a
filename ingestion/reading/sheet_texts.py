"""The texts of a sheet by the library that reads workbooks, beside the second look at its XML."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import fastexcel
import pyarrow as pa

from ingestion.reading.package import damaged
from ingestion.reading.sheet import Sheet
from ingestion.reading.sheet_scan import SheetFacts, SheetScan
from ingestion.reading.workbook import Book, SheetEntry
from ingestion.sentence import shown

# A sheet up to this size is looked over first and read then; a bigger one at the same time, as
# the library needs no Python. What a hostile sheet may then do to this process, the pool sees to.
_SMALL_SHEET_BYTES: Final = 8 << 20


def open_reader(book: Book) -> Any:
    """The library's view of a book.

    Raises:
        RefusedFileError: If it cannot open it.
    """
    return _guarded(book, lambda: fastexcel.read_excel(str(book.path)))


def read_sheet(book: Book, reader: Any, entry: SheetEntry, is_careful: bool) -> Sheet:
    """A sheet with its texts and with what its XML says.

    Args:
        book: The workbook.
        reader: The library's view of it.
        entry: Which sheet.
        is_careful: Whether it is looked over to its end before it is read, however big it is.

    Raises:
        RefusedFileError: If either reading finds it faulty.
    """
    scan = SheetScan(f"{book.name} [{shown(entry.name)}]", frozenset(book.shapes))
    if is_careful or book.size_of(entry.member) <= _SMALL_SHEET_BYTES:
        facts = scan.run(book.pieces(entry.member))
        batch = _texts(book, reader, entry) if facts.rows else None
    else:
        with ThreadPoolExecutor(1) as aside:
            looking = aside.submit(lambda: scan.run(book.pieces(entry.member)))
            try:
                batch = _texts(book, reader, entry)
            finally:
                # What is wrong with the XML is the better reason.
                facts = looking.result()
    if batch is None or not facts.rows:
        return Sheet(entry, facts, [])
    return Sheet(entry, facts, _columns(book, facts, batch))


def _texts(book: Book, reader: Any, entry: SheetEntry) -> Any:
    # No heading row and nothing skipped: row n of the frame is row n of the sheet.
    return _guarded(
        book,
        lambda: reader.load_sheet(
            entry.name, header_row=None, skip_rows=0, dtypes="string", eager=True
        ),
    )


def _guarded(book: Book, read: Any) -> Any:
    try:
        return read()
    except (MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        # A library that panics raises what is no Exception.
        raise damaged(book.name) from error


def _columns(book: Book, facts: SheetFacts, batch: Any) -> list[Any]:
    """Columns of texts from the first that holds something, each from row 1 to the last."""
    first, last = facts.valued
    if batch.num_columns != max(last - first + 1, 0):
        # Then it would not be known which column an odd cell stands in.
        raise damaged(book.name)
    # A reader ends at the last value; rows and columns of formulas without a result may follow.
    beyond = max(facts.rows[-1] - batch.num_rows, 0)
    columns = list(batch.columns)
    if beyond:
        columns = [pa.concat_arrays([column, pa.nulls(beyond, pa.string())]) for column in columns]
    empty = pa.nulls(batch.num_rows + beyond, pa.string())
    before = first - facts.first_column if columns else facts.width - facts.first_column + 1
    return [empty] * before + columns + [empty] * max(facts.width - max(last, first - 1), 0)
