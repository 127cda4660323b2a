"""`crm status`: what is published, how the last night went, what came and what is late."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from dagster_project.cli.changes import changes_of, print_changed, print_changes
from dagster_project.cli.deliveries import held_of, print_held
from dagster_project.cli.output import (
    FeedsOption,
    HomeOption,
    JsonOption,
    console,
    guarded,
    home_of,
    print_json,
)
from dagster_project.duties import duties
from ingestion.sentence import shown

if TYPE_CHECKING:
    from dagster_project.home import Home
    from ingestion.contracts.feed import Feed
    from ingestion.landing.standing import Standing
    from ingestion.ledger import DeliveryRow, Ledger
    from serving.generation import Generation

REFUSALS_SHOWN = 10


@guarded
def status(
    changes: Annotated[
        bool,
        typer.Option(
            "--changes", help="Explain each published figure that the last night changed."
        ),
    ] = False,
    feeds_folder: FeedsOption = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Say what is published, how the last night went, what was delivered and what is late.

    A figure of a month that was published as a whole may change: by late data, by a rule, by the
    program or by a model. --changes says which, by how much and why.

    Example: crm status --changes
    """
    told = look(home_of(home), feeds_folder)
    if as_json:
        print_json(told["changed"] if changes else told)
        return
    if changes:
        print_changes(told["changed"])
        return
    _print_published(told)
    print_held(console, told["held"])
    print_changed(told["changed"])
    _print_last_run(told["last_run"])
    _print_models(told)
    _print_feeds(told["feeds"])
    if Path(told["data_docs"]).exists():
        console.print(f"[dim]What the gate expects and found: {escape(told['data_docs'])}[/]")
    _print_refused(told["refused"])
    _print_act(told["act"])


def look(place: Home, feeds_folder: Path | None) -> dict[str, Any]:
    """Everything `crm status` tells, as plain data."""
    from dagster_project import lease
    from dagster_project.night import feeds_folder_of
    from ingestion.contracts.load import load_feeds
    from ingestion.ledger import Ledger
    from serving import generation

    published = generation.current(place.warehouse)
    feeds = load_feeds(feeds_folder_of(place, feeds_folder))
    ledger = Ledger(place.ledger) if place.ledger.exists() else None
    rows = ledger.deliveries() if ledger else []
    # Of what somebody refused by his own decision nothing is owed.
    settled = ledger.turned_away() if ledger else set()
    holder = lease.holder(place.lease)
    details = published.details if published else {}
    standings = _standings(place, feeds, ledger, published)
    return {
        "home": str(place.root),
        "running": holder.sentence() if holder else None,
        "published": _published(published),
        "generations": generation.all_numbers(place.warehouse),
        "last_run": _last_run(ledger, is_running=holder is not None) if ledger else None,
        "models": details.get("models", {}),
        "scores": details.get("scores", {}),
        # Generations before 2026-11-28 tell it in English alone.
        "scores_zh": details.get("scores_zh", {}),
        "feeds": _freshness(feeds, rows, standings),
        "changed": changes_of(published),
        "held": held_of(place, ledger) if ledger else [],
        "refused": _refused([row for row in rows if row.delivery_id not in settled]),
        "act": [
            {
                "owner": each.owner,
                "kind": each.kind,
                "feed": each.feed,
                "since": each.since,
                "zh": each.sentence.zh,
                "en": each.sentence.en,
            }
            for each in duties(feeds, standings, rows, settled)
        ],
        "data_docs": str(place.data_docs / "index.html"),
    }


def _published(published: Generation | None) -> dict[str, Any] | None:
    if published is None:
        return None
    return {
        "generation": published.number,
        "business_date": published.business_date.isoformat(),
        "published_at": published.published_at,
        "run_id": published.run_id,
        "checksum": published.checksum,
        "full_refresh": published.details.get("full_refresh", []),
    }


def _last_run(ledger: Ledger, *, is_running: bool) -> dict[str, Any] | None:
    runs = ledger.runs()
    if not runs:
        return None
    last = runs[-1]
    stages = ledger.stages(last.run_id)
    states = Counter(row.state for row in ledger.deliveries(ended_run_id=last.run_id))
    # What was killed could not write so; the next night does.
    state = "killed" if last.state == "running" and not is_running else last.state
    return {
        "run_id": last.run_id,
        "business_date": last.business_date.isoformat(),
        "state": state,
        "message": last.message,
        "started_at": last.started_at,
        "ended_at": last.ended_at,
        "stages": [vars(each) for each in stages],
        "deliveries": dict(states),
    }


def _standings(
    place: Home, feeds: dict[str, Feed], ledger: Ledger | None, published: Generation | None
) -> dict[str, Standing]:
    """How each feed stands on the published date, or before the next night."""
    from ingestion.landing import LandingError, business_dates, waiting_parts
    from ingestion.landing.due import newest_dates
    from ingestion.landing.standing import standing_of

    try:
        offered = business_dates(place.landing, feeds)
    except LandingError:
        offered = []
    now = published.business_date if published else None
    upcoming = next((date for date in offered if now is None or date > now), None)
    newest = newest_dates(ledger, None, waiting_parts(ledger, feeds)) if ledger else {}
    return {
        name: standing_of(feed, newest.get(name), now, upcoming) for name, feed in feeds.items()
    }


def _freshness(
    feeds: dict[str, Feed], rows: list[DeliveryRow], standings: dict[str, Standing]
) -> list[dict[str, Any]]:
    """One line per feed: its last delivery, and whether the next is due or late since when."""
    from ingestion.ledger import open_rows

    still_open = open_rows(rows)
    listed = []
    for name, feed in feeds.items():
        loaded = [row for row in rows if row.feed == name and row.state == "loaded"]
        last = max((row.business_date for row in loaded), default=None)
        standing = standings[name]
        listed.append(
            {
                "feed": name,
                "title_zh": feed.title.zh,
                "state": standing.state,
                "last_business_date": last.isoformat() if last else None,
                "missed_since": standing.since.isoformat() if standing.since else None,
                "frequency": feed.delivery.frequency,
                "is_required": feed.delivery.required,
                "owner": feed.owner,
                "files": len(loaded),
                "rows_loaded": sum(row.rows_loaded or 0 for row in loaded),
                # A correction's refused rows are those of its batch, once more.
                "rows_quarantined": sum(
                    row.rows_quarantined or 0 for row in loaded if not row.is_beside
                ),
                "rows_open": sum(still_open.get(row.batch_id, 0) for row in loaded),
            }
        )
    return listed


def _refused(rows: list[DeliveryRow]) -> list[dict[str, Any]]:
    """Files refused in whose place nothing else has come, newest first."""
    from ingestion.ledger import open_refusals

    return [
        {
            "feed": row.feed,
            "file": row.file_name,
            "business_date": row.business_date.isoformat(),
            "run_id": row.ended_run_id,
            "reason_zh": row.refusal_zh,
            "reason_en": row.refusal_en,
        }
        for row in reversed(open_refusals(rows))
    ]


def _print_published(told: dict[str, Any]) -> None:
    console.print(f"[bold]Home[/] {escape(told['home'])}", soft_wrap=True)
    if told["running"]:
        console.print(f"[yellow]A night is running: {escape(told['running'])}[/]")
    published = told["published"]
    if published is None:
        console.print("[bold]Published[/] nothing yet; run a night: crm run")
        return
    kept = ", ".join(str(number) for number in told["generations"])
    console.print(
        f"[bold]Published[/] generation [green]{published['generation']}[/], business date"
        f" [green]{published['business_date']}[/], {published['published_at']}, checksum"
        f" {published['checksum']}; kept: {kept}",
        soft_wrap=True,
    )


def _print_last_run(run: dict[str, Any] | None) -> None:
    if run is None:
        return
    colour = "green" if run["state"] == "published" else "red"
    files = ", ".join(f"{count} {state}" for state, count in sorted(run["deliveries"].items()))
    console.print(
        f"[bold]Last run[/] {run['run_id']} for {run['business_date']}: "
        f"[{colour}]{run['state']}[/]{f' ({files})' if files else ''}"
    )
    if run["message"]:
        console.print(f"  {escape(run['message'])}", soft_wrap=True)
    seconds: dict[str, float] = {}
    for each in run["stages"]:
        seconds[each["stage"]] = seconds.get(each["stage"], 0.0) + (each["seconds"] or 0.0)
    parts = [f"{stage} {spent:.1f} s" for stage, spent in seconds.items()]
    if parts:
        console.print(f"  [dim]{', '.join(parts)}[/]")


def _print_models(told: dict[str, Any]) -> None:
    """Of each model its training, then its scores: in Chinese, then in English."""
    models, scores = told["models"], told["scores"]
    for name in sorted(models.keys() | scores.keys()):
        model = models.get(name, {})
        halves = []
        for ending, mark in (("_zh", "；"), ("", "; ")):
            scored = told[f"scores{ending}"].get(name) if model.get("version") else None
            parts = [each for each in (model.get(f"told{ending}"), scored) if each]
            halves.append(mark.join(each.rstrip("。.") for each in parts))
        sentence = escape(" ".join(each for each in halves if each))
        console.print(f"[bold]Model {name}[/] {sentence}", soft_wrap=True)


def _print_feeds(feeds: list[dict[str, Any]]) -> None:
    colours = {"fresh": "green", "late": "red", "due": "yellow", "behind": "yellow"}
    table = Table(show_edge=False, header_style="bold", pad_edge=False)
    table.add_column("feed", no_wrap=True)
    for heading in ("名称", "owner", "state", "last delivery", "since"):
        table.add_column(heading)
    for heading in ("rows", "refused", "still open"):
        table.add_column(heading, justify="right")
    for each in feeds:
        colour = colours.get(each["state"], "dim")
        table.add_row(
            each["feed"],
            escape(each["title_zh"]),
            escape(each["owner"]),
            f"[{colour}]{each['state']}[/]",
            each["last_business_date"] or "",
            each["missed_since"] or "",
            f"{each['rows_loaded']:,}",
            f"{each['rows_quarantined']:,}" if each["rows_quarantined"] else "",
            f"{each['rows_open']:,}" if each["rows_open"] else "",
        )
    console.print(table)


def _print_refused(refused: list[dict[str, Any]]) -> None:
    for each in refused[:REFUSALS_SHOWN]:
        told = f"[red]refused[/] {escape(shown(each['file']))}: {escape(each['reason_en'] or '')}"
        console.print(told, soft_wrap=True)
        console.print(f"  {escape(each['reason_zh'] or '')}", soft_wrap=True)
    if len(refused) > REFUSALS_SHOWN:
        console.print(f"[dim]and {len(refused) - REFUSALS_SHOWN} more: crm status --json[/]")


def _print_act(act: list[dict[str, Any]]) -> None:
    """One line per matter: who must do what."""
    if not act:
        return
    console.print("[bold]Who must act 谁需处理[/]")
    for each in act:
        since = f" since {each['since']}" if each["since"] else ""
        line = f"  [bold]{escape(each['owner'])}[/] [red]{each['kind']}{since}[/]: "
        console.print(f"{line}{escape(each['zh'])} {escape(each['en'])}", soft_wrap=True)
