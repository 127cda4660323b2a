"""`crm generations` and `crm rollback`: what is published, and the way back."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from dagster_project.cli.output import (
    HomeOption,
    JsonOption,
    console,
    guarded,
    home_of,
    print_json,
)


@guarded
def generations(
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every table back and compare its checksum.")
    ] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """List the generations kept, newest first, and which one readers get.

    Example: crm generations --verify
    """
    from serving import generation
    from serving.errors import DamagedGenerationError

    warehouse = home_of(home).warehouse
    now = generation.current_folder(warehouse)
    listed: list[dict[str, Any]] = []
    for number in reversed(generation.all_numbers(warehouse)):
        folder = generation.folder_of(warehouse, number)
        is_current = now is not None and now.name == str(number)
        entry: dict[str, Any] = {"generation": number, "is_current": is_current}
        try:
            found = generation.read(folder)
            entry |= {
                "business_date": found.business_date.isoformat(),
                "run_id": found.run_id,
                "published_at": found.published_at,
                "checksum": found.checksum,
                "bytes": found.bytes,
                "tables": len(found.tables),
                "problems": generation.verify(folder) if verify else [],
            }
        except DamagedGenerationError as error:
            entry["problems"] = [str(error)]
        listed.append(entry)
    if as_json:
        print_json(listed)
    elif listed:
        _print(listed, verify)
    else:
        console.print("No generation is published yet; run a night first: crm run")
    if any(entry["problems"] for entry in listed):
        raise typer.Exit(1)


def _print(listed: list[dict[str, Any]], verified: bool) -> None:
    table = Table(show_edge=False, header_style="bold", pad_edge=False)
    for heading in ("", "generation", "business date", "run", "published (UTC)", "MB", "checksum"):
        table.add_column(heading, no_wrap=True)
    for entry in listed:
        mark = "[green]current[/]" if entry["is_current"] else ""
        megabytes = f"{entry['bytes'] / 1e6:,.1f}" if "bytes" in entry else ""
        told = (entry.get(name, "") for name in ("business_date", "run_id", "published_at"))
        texts = [str(each) for each in told]
        table.add_row(
            mark, str(entry["generation"]), *texts, megabytes, entry.get("checksum", "damaged")
        )
    console.print(table)
    problems = [problem for entry in listed for problem in entry["problems"]]
    for problem in problems:
        console.print(f"[red]damaged:[/] {problem}")
    if verified and not problems:
        console.print("[green]Every table is what was audited.[/]")


@guarded
def rollback(
    to: Annotated[
        int | None,
        typer.Option("--to", help="Generation to go back to.", show_default="the one before"),
    ] = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Point readers at an earlier generation; nothing is deleted.

    Open readers keep what they opened. The next night builds on the generation rolled back to and
    takes in again whatever was delivered since.

    Example: crm rollback --to 3
    """
    from dagster_project import lease
    from serving import generation

    place = home_of(home)
    with lease.hold(place.lease):
        before = generation.current_folder(place.warehouse)
        now = generation.rollback(place.warehouse, to)
    told = {
        "from_generation": int(before.name) if before else None,
        "to_generation": now.number,
        "business_date": now.business_date.isoformat(),
    }
    if as_json:
        print_json(told)
        return
    console.print(
        f"Readers now get generation [bold]{now.number}[/] (business date {now.business_date}) "
        f"instead of {told['from_generation']}."
    )
