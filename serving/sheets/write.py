"""The due sheets of one night, read from its published generation and written as files."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import duckdb

from serving.errors import SheetError, UnknownCustomerError
from serving.files import write_whole_bytes
from serving.query import one_sentence
from serving.sheets.definition import Definition
from serving.sheets.due import LONGEST_WAIT, Period, due_periods, period_of
from serving.sheets.render import Page, render


class FormRenderer(Protocol):
    """Makes the workbook of a sheet that comes back as a feed."""

    def __call__(
        self, feed: str, rows: Sequence[Mapping[str, Any]], part: str, day: dt.date
    ) -> tuple[str, bytes]:
        """File name and content; `part` tells files of one day apart, `day` is when it is used."""


# What stands for anything in a file name that some system does not take.
_SAFE: Final = re.compile(r"[^\w()（）.\-]+")
_WORKING_DAYS: Final = """
select date_pk from crm.dimensional.dim_date
where is_working_day and date_pk between $first_date and $last_date
"""


@dataclass(frozen=True)
class Written:
    """One file that was written, as the log of exports keeps it."""

    code: str
    path: Path
    period: Period
    audience: str
    purpose: str | None
    rows: int
    sha256: str


@dataclass(frozen=True)
class Night:
    """The night whose sheets are written.

    Attributes:
        generation: Number of the generation that is read.
        after: Business date of the night before, whose sheets were written; None for the first.
        until: Business date of the sheets.
        bank: The bank's name for the head of each page.
        is_asked_for: Whether somebody named the sheets, so that each is written for the period
            in which the business date lies, due or not.
        customer_id: The customer that sheets on demand are about; None where none is asked for.
    """

    generation: int
    after: dt.date | None
    until: dt.date
    bank: str = ""
    is_asked_for: bool = False
    customer_id: str | None = None


def write_due(
    connection: duckdb.DuckDBPyConnection,
    catalogue: Mapping[str, Definition],
    night: Night,
    folder: Path,
    render_form: FormRenderer,
) -> Iterator[Written]:
    """Write every sheet that is due, each file whole or not at all; one record per file.

    Args:
        connection: A published generation, with the vault if a sheet of the catalogue asks for it.
        catalogue: The sheets to look at.
        night: The night.
        folder: Where the sheets of this business date go; made where it is missing.
        render_form: Makes the workbook of a sheet that comes back as a feed.

    Raises:
        SheetError: A query fails or lacks a column; a file cannot be written.
        UnknownCustomerError: Nobody has the number that a sheet on demand is about.
    """
    working_days = _working_days(connection, night)
    next_day = min((day for day in working_days if day > night.until), default=night.until)
    for definition in catalogue.values():
        for period in _periods(definition, night, working_days):
            rows = read_rows(connection, definition, period, night.customer_id)
            if not rows and definition.rhythm == "on_demand":
                raise UnknownCustomerError(
                    f"没有客户号 {night.customer_id!r} 的客户档案；请核对客户号。",
                    f"there is no file of a customer {night.customer_id!r}; check the number",
                )
            for about, part in _divided(definition, rows):
                if definition.form is not None:
                    prepared = [_prepared(definition, row) for row in part]
                    name, content = render_form(definition.form, prepared, about, next_day)
                else:
                    page = Page(night.bank, about, period, night.generation)
                    content = render(definition, page, part)
                    name = _file_name(definition, about, period)
                path = folder / _SAFE.sub("-", name)
                _write(path, content, is_closed=definition.audience == "vault")
                yield _record(definition, period, path, content, len(part))


def _periods(definition: Definition, night: Night, working_days: set[dt.date]) -> list[Period]:
    if night.is_asked_for:
        return [period_of(definition.rhythm, night.until)]
    return due_periods(definition.rhythm, night.after, night.until, working_days)


def read_rows(
    connection: duckdb.DuckDBPyConnection,
    definition: Definition,
    period: Period,
    customer_id: str | None = None,
) -> list[dict[str, Any]]:
    """The rows of one sheet for one period.

    Raises:
        SheetError: The query fails, or lacks a column that the definition shows.
    """
    given = {
        "from_date": period.from_date,
        "until_date": period.until_date,
        "customer_id": customer_id,
    }
    asked = {name: given[name] for name in definition.parameters}
    try:
        answer = connection.execute(definition.query, asked)
        names = [str(each[0]) for each in answer.description or []]
        rows = answer.fetchall()
    except duckdb.Error as error:
        why = one_sentence(error)
        raise SheetError(
            f"报表 {definition.code} 的查询失败：{why}",
            f"the query of sheet {definition.code} failed: {why}",
        ) from error
    shown = [column.name for column in definition.columns]
    if missing := sorted({*shown, *definition.file_for} - set(names)):
        listed = ", ".join(missing)
        raise SheetError(
            f"报表 {definition.code} 的查询没有列 {listed}。",
            f"the query of sheet {definition.code} has no column {listed}",
        )
    return [dict(zip(names, row, strict=True)) for row in rows]


def _working_days(connection: duckdb.DuckDBPyConnection, night: Night) -> set[dt.date]:
    given = {
        "first_date": (night.after or night.until) - LONGEST_WAIT,
        "last_date": night.until + LONGEST_WAIT,
    }
    return {day for (day,) in connection.execute(_WORKING_DAYS, given).fetchall()}


def _divided(
    definition: Definition, rows: list[dict[str, Any]]
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The rows of each file, with what it is about; a sheet for all is written though empty."""
    if not definition.file_for:
        # A form without a row would be a blank template, and come back as an empty delivery.
        if rows or definition.form is None:
            yield "", rows
        return
    parts: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        about = " ".join(str(row[name]) for name in definition.file_for if row[name] is not None)
        parts.setdefault(about, []).append(row)
    yield from parts.items()


def _prepared(definition: Definition, row: dict[str, Any]) -> dict[str, Any]:
    """What a form is filled in with: what divides it into files stands in their names."""
    return {name: value for name, value in row.items() if name not in definition.file_for}


def _file_name(definition: Definition, about: str, period: Period) -> str:
    stem = "_".join(part for part in (definition.code, definition.title.zh, about) if part)
    return f"{stem}_{period.until_date:%Y%m%d}.xlsx"


def _write(path: Path, content: bytes, *, is_closed: bool) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        write_whole_bytes(path, content, mode=0o600 if is_closed else 0o640)
    except OSError as error:
        raise SheetError(
            f"报表 {path} 无法写入（{os.strerror(error.errno or 0)}）。",
            f"the sheet {path} cannot be written ({error.strerror})",
        ) from error


def _record(
    definition: Definition, period: Period, path: Path, content: bytes, rows: int
) -> Written:
    return Written(
        code=definition.code,
        path=path,
        period=period,
        audience=definition.audience,
        purpose=definition.purpose.en if definition.purpose else None,
        rows=rows,
        sha256=hashlib.sha256(content).hexdigest(),
    )
