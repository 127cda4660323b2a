"""`crm feeds`: what is expected, by which file names."""

from __future__ import annotations

from typing import Any

from rich.markup import escape
from rich.table import Table

from dagster_project.cli.output import (
    FeedsOption,
    HomeOption,
    JsonOption,
    console,
    guarded,
    home_of,
    print_json,
)


@guarded
def feeds(
    feeds_folder: FeedsOption = None, as_json: JsonOption = False, home: HomeOption = None
) -> None:
    """List the feeds: what each is, how often it is due, and what its files are called.

    Example: crm feeds --feeds docs/examples/berka/feeds
    """
    from dagster_project.night import feeds_folder_of
    from ingestion.contracts.load import load_feeds

    found = load_feeds(feeds_folder_of(home_of(home), feeds_folder))
    listed: list[dict[str, Any]] = [
        {
            "feed": feed.feed,
            "title_en": feed.title.en,
            "title_zh": feed.title.zh,
            "grain": feed.grain,
            "owner": feed.owner,
            "kind": feed.kind,
            "frequency": feed.delivery.frequency,
            "is_required": feed.delivery.required,
            "is_delivered": feed.is_delivered,
            "is_internal": feed.is_internal,
            "files": [each.pattern for each in feed.delivery.files],
            "columns": len(feed.columns),
        }
        for feed in found.values()
    ]
    if as_json:
        print_json(listed)
        return
    table = Table(show_edge=False, header_style="bold", pad_edge=False)
    for heading in ("feed", "名称", "due", "columns", "files"):
        table.add_column(heading, overflow="fold")
    for each in listed:
        table.add_row(
            each["feed"],
            escape(each["title_zh"]),
            _due(each),
            str(each["columns"]),
            escape("\n".join(each["files"])),
            style=None if each["is_delivered"] else "dim",
        )
    console.print(table)
    console.print(
        "{date} stands for YYYYMMDD, or YYYYMM for the last day of a month; {part} for any text,"
        " {version} for the mark of a correction, as in _v2, or for none.",
        markup=False,
        style="dim",
    )


def _due(feed: dict[str, Any]) -> str:
    if feed["is_internal"]:
        return "written by the house"
    if not feed["is_delivered"]:
        return "not delivered"
    return f"{feed['frequency']}{', required' if feed['is_required'] else ''}"
