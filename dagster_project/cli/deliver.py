"""`crm deliver`: the sheets for people."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from dagster_project.cli.output import (
    FeedsOption,
    HomeOption,
    JsonOption,
    console,
    guarded,
    home_of,
    parse_date,
    print_json,
)

if TYPE_CHECKING:
    from serving.sheets.write import Written

_RHYTHMS = {
    "daily": "每日 daily",
    "weekly": "每周 weekly",
    "monthly": "每月 monthly",
    "on_demand": "按需 on demand",
}


@guarded
def deliver(
    sheets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SHEET]...",
            help="Sheets by their number, due or not, for the day, week or month of the date.",
            show_default="all that are due",
        ),
    ] = None,
    business_date: Annotated[
        str | None,
        typer.Option(
            "--business-date",
            metavar="YYYY-MM-DD",
            help="Date of the sheets.",
            show_default="the published one",
        ),
    ] = None,
    customer: Annotated[
        str | None,
        typer.Option(
            "--customer",
            metavar="NUMBER",
            help="Customer number that a sheet on demand is about, such as R12.",
            show_default="none",
        ),
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="Name all sheets, and for whom they are; write none.")
    ] = False,
    feeds_folder: FeedsOption = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Write the sheets that are due: worklists, call lists, reports of the week and the month.

    They lie in exports/sheets/<date>/ and are written anew each time, equal for an equal
    generation. Sheets with names on them are readable for their owner alone. A sheet that staff
    fill in goes back into the landing folder under the name it has.

    Example: crm deliver R10 R21 --business-date 2026-01-05
    """
    from dagster_project.night import feeds_folder_of
    from dagster_project.stages import sheets as stage
    from ingestion.contracts.load import load_feeds

    place = home_of(home)
    if listed:
        _print_catalogue(as_json)
        return
    written = stage.deliver(
        place,
        load_feeds(feeds_folder_of(place, feeds_folder)),
        by=getpass.getuser(),
        business_date=parse_date("--business-date", business_date) if business_date else None,
        codes=sheets or (),
        customer_id=customer,
    )
    if as_json:
        print_json([_told(each) for each in written])
    else:
        _print_written(written, place.exports)


def _told(written: Written) -> dict[str, object]:
    return {
        "sheet": written.code,
        "path": str(written.path),
        "from_date": written.period.from_date,
        "until_date": written.period.until_date,
        "rows": written.rows,
        "audience": written.audience,
        "sha256": written.sha256,
    }


def _print_written(written: list[Written], exports: Path) -> None:
    if not written:
        console.print("No sheet is due on this date; crm deliver --list names them all.")
        return
    table = Table(box=None, header_style="bold")
    for heading in ("sheet", "file", "rows"):
        table.add_column(heading, justify="right" if heading == "rows" else "left")
    for each in written:
        table.add_row(each.code, escape(str(each.path.relative_to(exports))), f"{each.rows:,}")
    console.print(table)
    console.print(f"{len(written)} files written below {escape(str(exports))}", soft_wrap=True)


def _print_catalogue(as_json: bool) -> None:
    from serving.sheets.definition import load_catalogue

    catalogue = load_catalogue().values()
    if as_json:
        shown = {"code", "title", "rhythm", "reader", "audience"}
        print_json([each.model_dump(include=shown) for each in catalogue])
        return
    table = Table(box=None, header_style="bold")
    for heading in ("sheet", "title", "rhythm", "for"):
        table.add_column(heading)
    for each in catalogue:
        table.add_row(
            each.code,
            f"{each.title.zh} {each.title.en}",
            _RHYTHMS[each.rhythm],
            f"{each.reader.zh} {each.reader.en}",
        )
    console.print(table)
