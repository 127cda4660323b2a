"""`crm run`: one night, or every night that is due."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from dagster_project import lease
from dagster_project.cli.output import (
    FeedsOption,
    HomeOption,
    JsonOption,
    console,
    errors,
    guarded,
    home_of,
    parse_date,
    print_json,
)
from dagster_project.errors import WrongUsageError
from dagster_project.home import HOME_VARIABLE, LANDING_VARIABLE
from dagster_project.reporter import LogReporter

REASONS_SHOWN = 5

if TYPE_CHECKING:
    from dagster_project.home import Home
    from dagster_project.night import Request


@guarded
def run(
    business_date: Annotated[
        str | None,
        typer.Option(
            "--business-date",
            metavar="YYYY-MM-DD",
            help="Last date to run.",
            show_default="the latest on offer",
        ),
    ] = None,
    landing: Annotated[
        Path | None,
        typer.Option(
            "--landing",
            help="Folder of deliveries.",
            show_default=f"{LANDING_VARIABLE}, else CRM_HOME/landing",
        ),
    ] = None,
    feeds_folder: FeedsOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Build a night again that is published already.")
    ] = False,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Rebuild every table from the lake.")
    ] = False,
    as_known_on: Annotated[
        str | None,
        typer.Option(
            "--as-known-on",
            metavar="YYYY-MM-DD",
            help="Rebuild what the bank believed after that night, beside what is published.",
            show_default="off",
        ),
    ] = None,
    reread: Annotated[
        str | None,
        typer.Option(
            "--reread",
            metavar="FEED",
            help="Read all loaded files of a feed again, as its feed file reads now.",
            show_default="off",
        ),
    ] = None,
    accept_missing: Annotated[
        bool,
        typer.Option(
            "--accept-missing",
            help="Publish although required deliveries are missing, held or refused.",
        ),
    ] = False,
    workers: Annotated[
        int, typer.Option("--workers", min=1, help="Processes that read files.")
    ] = min(4, os.cpu_count() or 2),
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Run the night: receive, extract, build, score, audit, publish.

    The first night takes everything on offer at once. Later ones pick up where the last one ended:
    every business date on offer that is not published yet is run, in order. Where none is, but a
    file of a published date came late or was mended, or a delivery was released or refused, the
    published date is run again.

    --as-known-on lays out a home inside the home and runs that night there anew, by today's code
    and rules, from the files that counted then; crm sql --as-known-on reads it.

    Example: crm run --business-date 2026-01-05
    """
    from dagster_project import night as nights
    from dagster_project import plan as plans
    from ingestion.contracts.load import load_feeds

    place = home_of(home)
    os.environ[HOME_VARIABLE] = str(place.root)
    if as_known_on is not None:
        _refuse_beside(business_date, landing, reread, force, full_refresh, accept_missing)
        day = parse_date("--as-known-on", as_known_on)
        told_as_known = _as_known(place, day, feeds_folder, workers, as_json)
        if as_json:
            print_json({"nights": [told_as_known]})
        return
    until = parse_date("--business-date", business_date) if business_date else None
    folder = nights.feeds_folder_of(place, feeds_folder)
    feeds = load_feeds(folder)
    source = landing.expanduser().absolute() if landing else place.landing
    nights.admit(place, source, until, LogReporter())
    place.create()
    with lease.hold(place.lease):
        nights.settle(place, errors.print)
        # The files lie in the archive; a night that has nothing else to do is run for them.
        is_forced = force or reread is not None
        reference = nights.reference_of(folder)
        dates = plans.plan(place, feeds, source, until, is_forced=is_forced, reference=reference)
        if reread is not None:
            count = nights.reread(place, feeds, reread)
            errors.print(f"{count} loaded files of {reread} are read again.")
        told = []
        _tell_why_again(place, dates, plans.waiting(place, feeds, source, reference))
        for date in dates:
            request = nights.Request(
                business_date=date,
                landing=source,
                feeds_folder=folder,
                accepts_missing=accept_missing,
                is_full_refresh=full_refresh,
                is_forced=is_forced,
                workers=workers,
            )
            told.append(_one_night(place, request, as_json))
    _tell_end(place, told, as_json)
    if not told and (ahead := plans.lying_ahead(place, feeds, source)):
        for text in (ahead.zh, ahead.en):
            errors.print(escape(text), soft_wrap=True)


def _refuse_beside(*values: object) -> None:
    """Refuse what would be ignored beside --as-known-on, rather than ignore it."""
    names = [
        "--business-date",
        "--landing",
        "--reread",
        "--force",
        "--full-refresh",
        "--accept-missing",
    ]
    if given := [name for name, value in zip(names, values, strict=True) if value]:
        raise WrongUsageError(
            f"--as-known-on 已说明全部；请去掉 {', '.join(given)}。",
            f"--as-known-on says all there is to say; leave out {', '.join(given)}",
        )


def _tell_end(home: Home, nights: list[dict[str, Any]], as_json: bool) -> None:
    """The JSON of all nights; or, where there was none to run, what waits for a decision."""
    from dagster_project.cli.deliveries import held_of, print_held
    from ingestion.ledger import Ledger

    held = held_of(home, Ledger(home.ledger))
    if as_json:
        print_json({"nights": nights, "held": held})
    elif not nights:
        print_held(console, held)
        console.print("Nothing to do: every business date on offer is published. See: crm status")


def _tell_why_again(home: Home, dates: list[dt.date], reasons: list[str]) -> None:
    """Say why a date that is published already is run once more."""
    from serving import generation

    published = generation.current(home.warehouse)
    if published is None or dates != [published.business_date]:
        return
    for reason in reasons[:REASONS_SHOWN]:
        errors.print(f"{published.business_date} is run again: {escape(reason)}", soft_wrap=True)
    if len(reasons) > REASONS_SHOWN:
        errors.print(f"and {len(reasons) - REASONS_SHOWN} more reasons")


def _as_known(
    home: Home, date: dt.date, feeds_folder: Path | None, workers: int, as_json: bool
) -> dict[str, Any]:
    from dagster_project import as_known
    from dagster_project import night as nights

    with lease.hold(home.lease):
        nights.settle(home, errors.print)
        nested, business_date = as_known.prepare(home, date)
    os.environ[HOME_VARIABLE] = str(nested.root)
    folder = nights.feeds_folder_of(home, feeds_folder)
    return _one_night(nested, as_known.request(nested, business_date, folder, workers), as_json)


def _one_night(home: Home, request: Request, as_json: bool) -> dict[str, Any]:
    from dagster_project.cli.screen import Screen
    from dagster_project.cli.summary import print_summary, summary_of
    from dagster_project.conductor import conduct

    # With --json the screen goes to standard error, so that standard output is JSON and no more.
    stage = errors if as_json else console
    stage.print(f"[bold]Night of {request.business_date}[/]")
    with Screen(stage) as screen:
        conduct(home, request, screen)
    summary = summary_of(home)
    if not as_json:
        print_summary(console, summary)
    return summary
