"""`crm train`: both models anew from what is published, between two nights."""

from __future__ import annotations

import typer
from rich.markup import escape

from dagster_project.cli.output import (
    HomeOption,
    JsonOption,
    console,
    guarded,
    home_of,
    print_json,
)


@guarded
def train(as_json: JsonOption = False, home: HomeOption = None) -> None:
    """Train the models anew from the published generation; the next night scores with them.

    Exit code 1 if one of them could not be trained; the version before it goes on scoring.

    Example: crm train --json
    """
    from dagster_project.stages import models

    place = home_of(home)
    trained = [models.retrain(place, name) for name in models.MODEL_NAMES]
    if as_json:
        print_json([vars(each) for each in trained])
    else:
        for each in trained:
            mark = "[green]✓[/]" if each.version else "[yellow]![/]"
            console.print(f"{mark} {each.name}: {escape(each.told)}", soft_wrap=True)
    if any(each.version is None for each in trained):
        raise typer.Exit(1)
