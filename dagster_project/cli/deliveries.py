"""`crm deliveries`: what came, what became of each file, and one of them in full."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dagster_project.cli.output import (
    HomeOption,
    JsonOption,
    console,
    guarded,
    home_of,
    home_option,
    parse_date,
    print_json,
)
from dagster_project.errors import WrongUsageError
from ingestion.batch import BatchReport, State
from ingestion.sentence import shown

if TYPE_CHECKING:
    from dagster_project.home import Home
    from ingestion.ledger import DeliveryRow, Ledger

STATES = get_args(State)
COLOURS = {"loaded": "green", "held": "yellow", "received": "cyan", "refused": "red"}
SHOWN_DELIVERIES = 40
DECIDED = {"release": "released", "reread": "to be read again", "refuse": "refused"}


@guarded
def deliveries(
    number: Annotated[
        int | None,
        typer.Argument(help="One delivery, told in full.", show_default="a list of them"),
    ] = None,
    state: Annotated[
        str | None, typer.Option("--state", help=f"Only these: {', '.join(STATES)}.")
    ] = None,
    feed: Annotated[str | None, typer.Option("--feed", help="Only those of this feed.")] = None,
    date: Annotated[
        str | None,
        typer.Option("--date", metavar="YYYY-MM-DD", help="Only those of this business date."),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="How many to list, the newest first.")
    ] = SHOWN_DELIVERIES,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """List the delivered files, newest first: received, held, loaded or refused, and why.

    A held file waits for a decision: crm release or crm refuse, with its number.

    Example: crm deliveries --state held
    """
    place = home_of(home)
    ledger = ledger_of(place)
    if number is not None:
        told = in_full(place, ledger, number)
        if as_json:
            print_json(told)
        else:
            _print_one(told)
        return
    rows = _chosen(ledger, state, feed, date)
    listed = [entry_of(row, ledger.released()) for row in reversed(rows[-limit:])]
    if as_json:
        print_json(listed)
    elif listed:
        _print_list(listed)
        if len(rows) > len(listed):
            console.print(f"[dim]{len(rows) - len(listed):,} older ones: --limit {len(rows)}[/]")
    else:
        console.print("No delivery is like that. All that came: crm deliveries")


def ledger_of(place: Home) -> Ledger:
    """The ledger of a home that has one.

    Raises:
        WrongUsageError: Nothing was ever taken in there.
    """
    from ingestion.ledger import Ledger

    if not place.ledger.exists():
        raise WrongUsageError(
            f"{place.root} 尚未收取任何文件；请先运行一次夜间任务：crm run",
            f"nothing was taken in at {place.root} yet; run a night first: crm run",
        )
    return Ledger(place.ledger)


def _chosen(
    ledger: Ledger, state: str | None, feed: str | None, date: str | None
) -> list[DeliveryRow]:
    if state is not None and state not in STATES:
        raise WrongUsageError(
            f"--state 为 {state!r}；报送状态只能是 {', '.join(STATES)} 之一。",
            f"--state is {state!r}; a delivery is one of {', '.join(STATES)}",
        )
    day = parse_date("--date", date) if date is not None else None
    rows = ledger.deliveries(feed=feed)
    if feed is not None and not rows:
        raise WrongUsageError(
            f"接口 {feed!r} 从未报送过文件；接口名称见 crm feeds。",
            f"nothing was ever delivered for feed {feed!r}; crm feeds lists their names",
        )
    return [
        row
        for row in rows
        if (state is None or row.state == state) and (day is None or row.business_date == day)
    ]


def entry_of(row: DeliveryRow, released: set[int]) -> dict[str, Any]:
    """One delivery as plain data, as a list shows it."""
    why_zh, why_en = "", ""
    if row.refusal is not None:
        why_zh, why_en = row.refusal
    elif row.state == "held":
        why_zh = "".join(doubt.reason.zh for doubt in row.doubts)
        why_en = " ".join(doubt.reason.en for doubt in row.doubts)
    elif row.state == "received":
        is_released = row.delivery_id in released
        why_zh = "已批准，下次 crm run 入库" if is_released else "下次 crm run 处理"
        why_en = f"{'released; ' if is_released else ''}the next crm run takes it"
    return {
        "number": row.delivery_id,
        "feed": row.feed,
        "file": row.file_name,
        "business_date": row.business_date.isoformat(),
        "state": row.state,
        "rows_in": row.rows_in,
        "rows_loaded": row.rows_loaded if row.state == "loaded" else 0,
        "rows_readable": row.rows_loaded,
        "rows_refused": row.rows_quarantined,
        "rows_not_data": row.rows_not_data,
        "why_zh": why_zh,
        "why_en": why_en,
    }


def held_of(place: Home, ledger: Ledger) -> list[dict[str, Any]]:
    """Deliveries that wait for a decision, oldest first, with the commands that decide."""
    rows = ledger.deliveries(state="held")
    return [entry_of(row, set()) | _commands(row.delivery_id, str(place.root)) for row in rows]


def _commands(number: int, home: str) -> dict[str, str]:
    """What to type to decide about a held delivery."""
    rest = f"{number} --reason TEXT{home_option(home)}"
    return {"release": f"crm release {rest}", "refuse": f"crm refuse {rest}"}


def print_held(out: Console, held: list[dict[str, Any]]) -> None:
    """Held deliveries, each with its reason in both languages and the commands to type."""
    for each in held:
        out.print(
            f"[bold yellow]held[/] delivery [bold]{each['number']}[/],"
            f" {escape(shown(each['file']))} of {each['business_date']}: {escape(each['why_en'])}",
            soft_wrap=True,
        )
        out.print(f"  {escape(each['why_zh'])}", soft_wrap=True)
        out.print(f"  {each['release']}", markup=False, soft_wrap=True, style="cyan")
        out.print(f"  {each['refuse']}", markup=False, soft_wrap=True, style="cyan")


def in_full(place: Home, ledger: Ledger, number: int) -> dict[str, Any]:
    """Everything the ledger knows of one delivery, as plain data.

    Raises:
        DecisionError: There is no such delivery.
    """
    from ingestion.landing import archive_path

    row = ledger.delivery(number)
    report = BatchReport.from_json(row.report) if row.report else None
    rivals = [each for each in ledger.deliveries(feed=row.feed) if each.place == row.place]
    commands = _commands(number, str(place.root)) if row.state == "held" else {}
    return (
        entry_of(row, ledger.released())
        | commands
        | {
            "landing_path": row.landing_path,
            "part": row.part,
            "batch_id": row.batch_id,
            "size_bytes": row.size_bytes,
            "sha256": row.sha256,
            "archived": str(archive_path(place.archive, row.sha256)),
            "received_at": row.received_at,
            "received_by_run": row.run_id,
            "ended_at": row.ended_at,
            "ended_by_run": row.ended_run_id,
            "decisions": [vars(each) for each in ledger.decisions(number)],
            "doubts": [_told(each.code, each.reason) for each in (report.doubts if report else [])],
            "notes": [_told("note", each) for each in (report.notes if report else [])],
            "refused_by_reason": report.reasons if report else {},
            "adjusted_by_reason": report.adjusted if report else {},
            "returned_sheet": _existing(report.returned if report else None),
            "same_place": [
                {"number": each.delivery_id, "file": each.file_name, "state": each.state}
                for each in rivals
                if each.delivery_id != number
            ],
        }
    )


def _told(code: str, sentence: Any) -> dict[str, str]:
    return {"code": code, "zh": sentence.zh, "en": sentence.en}


def _existing(path: Path | None) -> str | None:
    return str(path) if path is not None and path.exists() else None


def _print_list(listed: list[dict[str, Any]]) -> None:
    table = Table(show_edge=False, header_style="bold", pad_edge=False)
    table.add_column("no.", justify="right")
    for heading in ("feed", "file", "business date", "state"):
        table.add_column(heading, no_wrap=heading != "file", overflow="fold")
    for heading in ("rows in", "loaded", "refused"):
        table.add_column(heading, justify="right")
    table.add_column("why", overflow="fold")
    for each in listed:
        colour = COLOURS.get(each["state"], "dim")
        table.add_row(
            str(each["number"]),
            each["feed"],
            escape(shown(each["file"])),
            each["business_date"],
            f"[{colour}]{each['state']}[/]",
            *("" if n is None else f"{n:,}" for n in _counts(each)),
            escape(each["why_en"]),
        )
    console.print(table)


def _counts(each: dict[str, Any]) -> tuple[int | None, int | None, int | None]:
    loaded = each["rows_loaded"] if each["rows_in"] is not None else None
    return each["rows_in"], loaded, each["rows_refused"]


def _print_one(told: dict[str, Any]) -> None:
    colour = COLOURS.get(told["state"], "dim")
    _line(
        f"[bold]Delivery {told['number']}[/] {escape(shown(told['file']))}: [{colour}]"
        f"{told['state']}[/]; feed {told['feed']}, business date {told['business_date']}"
    )
    if told["why_en"] and told["state"] != "held":
        _line(f"  {escape(told['why_en'])}")
        _line(f"  {escape(told['why_zh'])}")
    if told["rows_in"] is not None:
        _line(
            f"[bold]Rows[/] {told['rows_in']:,} in the file: {told['rows_readable'] or 0:,} can be"
            f" loaded, {told['rows_refused'] or 0:,} refused, {told['rows_not_data'] or 0:,} are"
            " headings, totals or blank"
        )
    for name, heading in (("refused_by_reason", "Refused"), ("adjusted_by_reason", "Mended")):
        if told[name]:
            counts = ", ".join(f"{count:,} {code}" for code, count in sorted(told[name].items()))
            _line(f"[bold]{heading}[/] cells by reason: {escape(counts)}")
    for name, heading in (("doubts", "Doubt"), ("notes", "Note")):
        for each in told[name]:
            _line(f"[bold]{heading}[/] {escape(each['en'])}")
            _line(f"  {escape(each['zh'])}")
    _line(f"[bold]Received[/] {told['received_at']} by run {told['received_by_run']}")
    for each in told["decisions"]:
        _line(
            f"[bold]Decided[/] {each['decided_at']}: {DECIDED[each['decision']]} by"
            f" {escape(shown(each['decided_by']))}, because: {escape(shown(each['reason'], 500))}"
        )
    if told["ended_at"]:
        _line(f"[bold]Ended[/] {told['ended_at']} in run {told['ended_by_run']}")
    for each in told["same_place"]:
        _line(
            f"[bold]Same place[/] delivery {each['number']}, {escape(shown(each['file']))}:"
            f" {each['state']}"
        )
    if told["returned_sheet"]:
        _line(f"[bold]Goes back[/] {escape(told['returned_sheet'])}")
    _line(f"[bold]Archived[/] {escape(told['archived'])}, {told['size_bytes']:,} bytes")
    for name in ("release", "refuse"):
        if name in told:
            console.print(f"  {told[name]}", markup=False, soft_wrap=True, style="cyan")


def _line(text: str) -> None:
    console.print(text, soft_wrap=True)
