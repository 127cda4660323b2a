"""A folder of rules of one's own: read as Excel saves them, refused where they are no rule tables.

Each file bears the name of a published rule table (`visit_cadence.csv`) and takes the place of the
whole table. That a value can be read, and what the tests of the table say of single values, is
asked here; what they say of rows together, when it is loaded.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from dagster_project.errors import WrongUsageError
from dagster_project.home import DBT_PROJECT
from dagster_project.rule_checks import Check
from ml.system_errors import why_zh

RULES = DBT_PROJECT / "seeds" / "rules"
ENCODINGS = ("utf-8-sig", "gb18030")
# 2025/7/1 is what Excel makes of 2025-07-01 when it saves a table.
_DATE = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?")
_WHOLE = re.compile(r"[-+]?[0-9]+")
_WANTED = {
    "date": ("日期（YYYY-MM-DD）", "a date (YYYY-MM-DD)"),
    "boolean": ("true 或 false", "true or false"),
    "integer": ("整数", "a whole number"),
    "decimal": ("数字", "a number"),
}
# What saves tables and may save them as CSV too.
_SHEETS = frozenset({".xlsx", ".xls", ".xlsm", ".et", ".ods", ".wps"})
# By table name, the type of each column, and what the tests of the table say of single values.
Types = Mapping[str, Mapping[str, str]]
Checks = Mapping[str, Sequence[Check]]


def require_folder(folder: Path, rules: Path = RULES) -> None:
    """Nothing, where a folder is one.

    Raises:
        WrongUsageError: It is not there, or a file.
    """
    if folder.is_file():
        raise WrongUsageError(
            f"{folder} 是一个文件；请给出规则表所在的目录：--rules {folder.parent}。",
            f"{folder} is a file; name the folder that the rule tables lie in:"
            f" --rules {folder.parent}",
        )
    if not folder.is_dir():
        raise WrongUsageError(
            f"规则目录 {folder} 不存在；请将要改动的规则表从 {rules} 复制到一个目录后再修改。",
            f"there is no folder {folder}; copy the rule tables to be changed from {rules}"
            " into a folder and change them there",
        )


def read(folder: Path, types: Types, checks: Checks, rules: Path = RULES) -> dict[str, str]:
    """The rule tables of a folder, by name, as texts of CSV in the form of the published ones.

    Hidden files, and what Excel leaves beside an open table, are passed over.

    Args:
        folder: Where the tables lie.
        types: What the columns hold.
        checks: What their values may be.
        rules: Where the published ones lie, whose names and headings hold.

    Raises:
        WrongUsageError: There is no such folder, nothing in it, or something that is no rule table.
    """
    require_folder(folder, rules)
    entries = [path for path in sorted(folder.iterdir()) if not path.name.startswith((".", "~$"))]
    if not entries:
        raise WrongUsageError(
            f"规则目录 {folder} 中没有规则表；请从 {rules} 复制一张到该目录后再修改。",
            f"there is no rule table in {folder}; copy one from {rules} there and change it",
        )
    return {
        path.stem: _table(
            path, _headings(path, rules), types.get(path.stem, {}), checks.get(path.stem, ())
        )
        for path in entries
    }


def _headings(path: Path, rules: Path) -> list[str]:
    """The headings of the published table of the same name."""
    published = rules / path.name
    if path.suffix.lower() in _SHEETS and (rules / f"{path.stem}.csv").is_file():
        raise WrongUsageError(
            f"{path} 是电子表格；请另存为 CSV（{path.stem}.csv），并从目录中移走原表。",
            f"{path} is a workbook; save it as CSV ({path.stem}.csv) and take it out of the folder",
        )
    if path.suffix != ".csv" or not published.is_file() or not path.is_file():
        raise WrongUsageError(
            f"{path} 不是规则表；文件名须与 {rules} 中的某一张相同。",
            f"{path} is no rule table; its name must be that of one in {rules}",
        )
    with published.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def _table(
    path: Path, headings: list[str], types: Mapping[str, str], checks: Sequence[Check]
) -> str:
    rows = _rows(path)
    if not rows or rows[0][1] != headings:
        wanted = ",".join(headings)
        raise WrongUsageError(
            f"{path} 的表头与已发布的规则表不同，应为：{wanted}",
            f"the headings of {path} are not those of the published table, which are {wanted}",
        )
    if len(rows) == 1:
        raise WrongUsageError(
            f"{path} 只有表头；要让规则失效，请填写其 valid_to_date。",
            f"{path} has headings only; a rule is ended by its valid_to_date",
        )
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(headings)
    for number, row in rows[1:]:
        if len(row) != len(headings):
            raise WrongUsageError(
                f"{path} 第 {number} 行有 {len(row)} 列，应为 {len(headings)} 列。",
                f"line {number} of {path} has {len(row)} columns instead of {len(headings)}",
            )
        _read_row(path, number, row, headings, types)
        _check_row(path, number, dict(zip(headings, row, strict=True)), checks)
        writer.writerow(row)
    return written.getvalue()


def _read_row(
    path: Path, number: int, row: list[str], headings: list[str], types: Mapping[str, str]
) -> None:
    """Make each cell what is loaded of it."""
    for place, (name, cell) in enumerate(zip(headings, row, strict=True)):
        kind = _kind(types.get(name, "string"))
        value = _value(kind, cell)
        if value is None:
            raise _wrong(path, number, name, cell, *_WANTED[kind])
        row[place] = value


def _check_row(path: Path, number: int, row: Mapping[str, str], checks: Sequence[Check]) -> None:
    """Refuse what the tests of the table would, while its line is known."""
    for check in checks:
        wanted = check.wrong(row[check.column])
        if wanted is not None:
            raise _wrong(path, number, check.column, row[check.column], *wanted)


def _wrong(path: Path, number: int, name: str, cell: str, zh: str, en: str) -> WrongUsageError:
    return WrongUsageError(
        f"{path} 第 {number} 行的 {name} 为 {cell!r}，应为{zh}。",
        f"{name} in line {number} of {path} is {cell!r} instead of {en}",
    )


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Number and cells of every line that holds anything."""
    lines = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        found = [(lines.line_num, [cell.strip() for cell in row]) for row in lines]
    except csv.Error as error:
        raise WrongUsageError(
            f"{path} 第 {lines.line_num} 行无法按 CSV 读取（{error}）。",
            f"line {lines.line_num} of {path} cannot be read as CSV ({error})",
        ) from error
    return [(number, row) for number, row in found if any(row)]


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WrongUsageError(
            f"无法读取 {path}（{why_zh(error)}）。", f"{path} cannot be read ({error.strerror})"
        ) from error
    for encoding in ENCODINGS:
        with suppress(UnicodeDecodeError):
            return content.decode(encoding)
    raise WrongUsageError(
        f"{path} 既不是 UTF-8 也不是 GB18030 编码的文本；请另存为 CSV。",
        f"{path} is text in neither UTF-8 nor GB18030; save it as CSV",
    )


def _kind(column_type: str) -> str:
    """What a column's type means for how a value is written."""
    plain = column_type.partition("(")[0].lower()
    return "integer" if plain in ("int", "bigint") else plain


def _value(kind: str, cell: str) -> str | None:
    """A cell as it is loaded; None where it is not of its kind."""
    if not cell or kind not in _WANTED:
        return cell
    if kind == "boolean":
        return cell.lower() if cell.lower() in ("true", "false") else None
    if kind != "date":
        return cell if (_WHOLE if kind == "integer" else _NUMBER).fullmatch(cell) else None
    parts = _DATE.fullmatch(cell)
    with suppress(ValueError):
        return dt.date(*(int(part) for part in parts.groups())).isoformat() if parts else None
    return None
