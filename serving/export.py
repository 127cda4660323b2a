"""Answers as files for people: CSV and workbooks in which no delivered text becomes a formula."""

from __future__ import annotations

import csv
import datetime as dt
import os
import tempfile
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TextIO

from serving.errors import QueryError
from serving.query import Answer

# What a text may begin with that some program takes for a formula; a returned sheet says the same.
FORMULA_STARTERS: Final = tuple("=+-@\t\r\n＝＋－＠|%")
# Excel keeps fifteen digits of a number; a longer one goes out as text, whole.
_EXACT_DIGITS: Final = 15
_MOST_ROWS: Final = 1_048_575
_LONGEST_TEXT: Final = 32_767


def write(answer: Answer, path: Path) -> None:
    """Write an answer to `path`, all of it or nothing; the name's ending says as what.

    CSV is UTF-8 with a mark at its start, so that Excel opens Chinese text as such. A text that
    begins like a formula gets a ' before it in CSV (ASVS 1.2.10) and stays a text cell in a
    workbook. Numbers, dates and truths are written as what they are, so -123.45 stays a number.

    Raises:
        QueryError: If the ending is neither .csv nor .xlsx, the answer is too long for a sheet, or
            the file cannot be written.
    """
    writer = _writer_of(path)
    if writer is _write_xlsx and len(answer.rows) > _MOST_ROWS:
        raise QueryError(
            f"{len(answer.rows):,} 行超出一张工作表的容量；请写成 .csv。",
            f"{len(answer.rows):,} rows do not fit into a sheet; write them as .csv",
        )
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".answer-", suffix=path.suffix)
        os.close(handle)
        try:
            writer(answer, Path(name))
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise unwritable(path, error) from error


def require_writable(path: Path) -> None:
    """Nothing, where an answer can be written to `path`; asked before a long reckoning.

    Raises:
        QueryError: If the ending is neither .csv nor .xlsx, or the folder takes no file.
    """
    _writer_of(path)
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".answer-"):
            pass
    except OSError as error:
        raise unwritable(path, error) from error


def _writer_of(path: Path) -> Callable[[Answer, Path], None]:
    """What writes an answer to a file of this ending."""
    writers: dict[str, Callable[[Answer, Path], None]] = {".csv": _write_csv, ".xlsx": _write_xlsx}
    writer = writers.get(path.suffix.casefold())
    if writer is None:
        raise QueryError(
            f"查询结果只能写成 .csv 或 .xlsx，不能写成 {path.name!r}。",
            f"an answer is written as .csv or .xlsx, not as {path.name!r}",
        )
    return writer


def unwritable(path: Path, error: OSError) -> QueryError:
    """What is said of a file that cannot be written."""
    return QueryError(
        f"无法写入 {path}（{error.strerror}）。", f"{path} cannot be written ({error.strerror})"
    )


def safe_text(text: str) -> str:
    """A text as it may stand in a CSV file.

    >>> safe_text("=1+1"), safe_text("张三")
    ("'=1+1", '张三')
    """
    return f"'{text}" if text.startswith(FORMULA_STARTERS) else text


def _write_csv(answer: Answer, path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        _write_lines(answer, file)


def _write_lines(answer: Answer, file: TextIO) -> None:
    lines = csv.writer(file, lineterminator="\r\n")
    lines.writerow([safe_text(name) for name in answer.columns])
    lines.writerows(_csv_cells(row) for row in answer.rows)


def _csv_cells(row: Iterable[Any]) -> list[str]:
    return [_csv_cell(value) for value in row]


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return safe_text(str(value))


def _write_xlsx(answer: Answer, path: Path) -> None:
    # A quarter of a second to import, and most questions are answered on the screen.
    import xlsxwriter

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
        "remove_timezone": True,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        bold = book.add_format({"bold": True, "quote_prefix": True})
        plain = book.add_format({"quote_prefix": True})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet = book.add_worksheet("answer")
        sheet.freeze_panes(1, 0)
        for place, name in enumerate(answer.columns):
            sheet.write_string(0, place, name, bold)
        for line, row in enumerate(answer.rows, 1):
            for place, value in enumerate(row):
                _write_cell(sheet, line, place, value, plain, moment)


def _write_cell(sheet: Any, line: int, place: int, value: Any, plain: Any, moment: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, place, value)
    elif isinstance(value, int | float | Decimal) and is_exact(value):
        sheet.write_number(line, place, float(value))
    elif isinstance(value, dt.datetime) and value.year >= 1900:
        sheet.write_datetime(line, place, value, moment)
    elif isinstance(value, dt.date) and value.year >= 1900:
        sheet.write_datetime(line, place, value)
    elif isinstance(value, str):
        sheet.write_string(line, place, whole_text(value), plain)
    else:
        sheet.write_string(line, place, whole_text(_csv_cell(value)), plain)


def whole_text(text: str) -> str:
    """A text as a cell of a sheet takes it.

    Raises:
        QueryError: It is longer than a cell may be.
    """
    if len(text) > _LONGEST_TEXT:
        raise QueryError(
            f"有一段文字长 {len(text):,} 个字符，超出单元格上限"
            f" {_LONGEST_TEXT:,}；请写成 .csv 文件。",
            f"a text of {len(text):,} characters does not fit into a cell of a sheet"
            f" ({_LONGEST_TEXT:,} at most); write the answer to a .csv file",
        )
    return text


def is_exact(number: float | Decimal) -> bool:
    """Whether a cell of a sheet holds the number with all its digits."""
    if isinstance(number, float):
        return number == number and abs(number) != float("inf")
    given = Decimal(number)
    return given.is_finite() and len(given.normalize().as_tuple().digits) <= _EXACT_DIGITS
