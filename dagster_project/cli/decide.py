"""`crm release` and `crm refuse`: what somebody decides about a delivery, with the reason."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from dagster_project.cli.deliveries import entry_of, in_full, ledger_of
from dagster_project.cli.output import (
    FeedsOption,
    HomeOption,
    JsonOption,
    console,
    guarded,
    home_of,
    print_json,
)
from dagster_project.errors import WrongUsageError
from ingestion.sentence import shown

if TYPE_CHECKING:
    from dagster_project.home import Home
    from ingestion.ledger import Ledger

NumberArgument = Annotated[int, typer.Argument(help="Number of the delivery: crm deliveries.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it is kept for ever.")]
ByOption = Annotated[
    str | None,
    typer.Option("--by", help="Who decided.", show_default="the user of this computer"),
]


@guarded
def release(
    number: NumberArgument,
    reason: ReasonOption,
    by: ByOption = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Let a held delivery in, or have a refused one read again; the next crm run does it.

    Example: crm release 12 --reason "branch confirmed the count by phone"
    """
    place = home_of(home)
    with _deciding(place) as ledger:
        ledger.release(number, _reason(reason), decider(by))
    told = in_full(place, ledger, number)
    if as_json:
        print_json(told)
        return
    done = "is released. The next night loads it"
    if told["decisions"][-1]["decision"] == "reread":
        done = "was refused. The next night reads it again"
    console.print(
        f"Delivery [bold]{number}[/], {escape(shown(told['file']))}, {done}: [cyan]crm run[/]",
        soft_wrap=True,
    )


@guarded
def refuse(
    number: NumberArgument,
    reason: ReasonOption,
    by: ByOption = None,
    feeds_folder: FeedsOption = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Turn a delivery away; a loaded one is taken out, and what it had replaced comes back.

    Example: crm refuse 12 --reason "sent twice, the branch will send it again"
    """
    from dagster_project.night import feeds_folder_of
    from ingestion.contracts.load import load_feeds
    from ingestion.holding.decisions import turn_away
    from ingestion.lake import Lake

    place = home_of(home)
    with _deciding(place) as ledger:
        feeds = load_feeds(feeds_folder_of(place, feeds_folder))
        row, revived = turn_away(
            number, _reason(reason), decider(by), ledger, Lake(place.lake), feeds
        )
    told = in_full(place, ledger, number)
    back = [entry_of(each, set()) for each in revived]
    if as_json:
        print_json(told | {"comes_back": back})
        return
    console.print(
        f"Delivery [bold]{number}[/], {escape(shown(told['file']))}, is refused.", soft_wrap=True
    )
    for each in back:
        console.print(
            f"In its place delivery {each['number']}, {escape(shown(each['file']))}, comes back.",
            soft_wrap=True,
        )
    if row.state == "loaded":
        console.print("Its dates are built again by the next night: [cyan]crm run[/]")


@contextmanager
def _deciding(place: Home) -> Iterator[Ledger]:
    """The ledger while no night runs."""
    from dagster_project import lease

    ledger = ledger_of(place)
    with lease.hold(place.lease):
        yield ledger


def _reason(text: str) -> str:
    if not text.strip():
        raise WrongUsageError(
            "--reason 为空；请写明理由，以备日后查询。",
            "--reason is empty; say why, for whoever asks in a year",
        )
    return text


def decider(given: str | None) -> str:
    """Who decides: the user of this computer, and the name given beside it."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = f"user {os.getuid()}"
    if given is None:
        return user
    if not given.strip():
        raise WrongUsageError(
            "--by 为空；请写明由谁决定，或省略该选项。",
            "--by is empty; name who decided, or leave it out",
        )
    return given.strip() if given.strip() == user else f"{given.strip()} ({user})"
