"""`crm alerts`: what is set, a template to begin with, and a message to try it."""

from __future__ import annotations

from typing import Annotated

import typer

from dagster_project.cli.output import HomeOption, console, guarded, home_of


@guarded
def alerts(
    template: Annotated[
        bool, typer.Option("--template", help="Print a settings file to begin with.")
    ] = False,
    test: Annotated[
        bool, typer.Option("--test", help="Send a test message by every way that is set.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Say where alerts of the night go, or try it; exit code 1 if a way does not work.

    Example: crm alerts --template > data/alerts.yml
    """
    from dagster_project.alerts import settings as alert_settings
    from dagster_project.alerts.message import test_message
    from dagster_project.alerts.send import send

    if template:
        typer.echo(alert_settings.TEMPLATE, nl=False)
        return
    place = home_of(home)
    settings = alert_settings.load(place.alerts)
    if settings is None or not settings.ways:
        console.print("Nobody is told of anything yet; begin with: crm alerts --template")
        return
    named = ", ".join(type(way).__name__.lower() for way in settings.ways)
    console.print(f"Events {', '.join(settings.events)} are told by {named}.")
    if not test:
        return
    sent = send(settings, test_message())
    for each in sent:
        mark = "[green]✓[/]" if each.is_sent else "[red]✗[/]"
        console.print(f"{mark} {each.way} {each.trouble}", soft_wrap=True)
    if not all(each.is_sent for each in sent):
        raise typer.Exit(1)
