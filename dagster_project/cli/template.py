"""`crm template`: the blank workbook that staff fill in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dagster_project.cli.output import FeedsOption, HomeOption, console, guarded, home_of
from dagster_project.errors import WrongUsageError


@guarded
def template(
    feed: Annotated[str, typer.Argument(help="Name of the feed, as crm feeds lists it.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write.", show_default="<feed>.xlsx")
    ] = None,
    feeds_folder: FeedsOption = None,
    home: HomeOption = None,
) -> None:
    """Write the blank Excel template of one feed.

    Example: crm template fieldwork__visit --out 走访台账.xlsx
    """
    from dagster_project.night import feeds_folder_of
    from ingestion.contracts.load import load_feeds
    from ingestion.contracts.render_template import write_template

    found = load_feeds(feeds_folder_of(home_of(home), feeds_folder))
    if feed not in found:
        raise WrongUsageError(
            f"没有接口 {feed!r}；接口名称见 crm feeds。",
            f"there is no feed {feed!r}; crm feeds lists them",
        )
    path = write_template(found[feed], out or Path(f"{feed}.xlsx"))
    console.print(f"Wrote the template of {feed} to [bold]{path}[/].")
