"""What a finished night says of itself: loaded and refused, five figures, and what to try next."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dagster_project.cli.deliveries import held_of, print_held
from dagster_project.cli.output import home_option
from dagster_project.home import Home

TRY_NEXT = (
    (
        "Who earns the bank its money, best customers first",
        'sql "select customer_key, net_profit_amount, cumulative_profit_share'
        " from mart.mart_profitability__customer_month where month_date ="
        " (select max(month_date) from mart.mart_profitability__customer_month)"
        ' order by profit_rank limit 10"',
    ),
    (
        "Which managers visit as they should",
        'sql "select employee_name, customer_count, visit_done_count, visit_required_count,'
        " visit_compliance_rate from mart.mart_performance__manager_month where month_date ="
        " (select max(month_date) from mart.mart_performance__manager_month)"
        ' order by visit_compliance_rate desc nulls last"',
    ),
    ("What was delivered, what is late, what was refused and why", "status"),
)


def summary_of(home: Home) -> dict[str, Any]:
    """The published generation and the run that made it, as plain data."""
    from ingestion.ledger import Ledger
    from serving import connection
    from serving.summary import headline

    opened, generation = connection.connect_current(home.warehouse)
    with opened:
        figures = headline(opened)
    return {
        "home": str(home.root),
        "generation": generation.number,
        "business_date": generation.business_date.isoformat(),
        "run_id": generation.run_id,
        "checksum": generation.checksum,
        "database": str(home.current / "crm.duckdb"),
        "full_refresh": generation.details.get("full_refresh", []),
        "seconds": generation.details.get("seconds", {}),
        "held": held_of(home, Ledger(home.ledger)),
        "feeds": by_feed(Ledger(home.ledger), generation.run_id),
        "returned": str(home.returned),
        "figures": [
            {
                "name": each.name,
                "label": each.label,
                "value": None if each.value is None else str(each.value),
                "unit": each.unit,
                "detail": each.detail,
            }
            for each in figures
        ],
    }


def by_feed(ledger: Any, run_id: int) -> list[dict[str, Any]]:
    """Files and rows of one run, by feed: those it received, and earlier ones that it read."""
    totals: dict[str, dict[str, Any]] = {}
    received = ledger.deliveries(run_id=run_id)
    read = [each for each in ledger.deliveries(ended_run_id=run_id) if each.state != "superseded"]
    for each in [*received, *(row for row in read if row.run_id != run_id)]:
        total = totals.setdefault(
            each.feed,
            {"feed": each.feed, "files": 0, "loaded": 0, "refused": 0, "not_data": 0, "states": {}},
        )
        total["files"] += 1
        total["loaded"] += (each.rows_loaded or 0) if each.state == "loaded" else 0
        total["refused"] += each.rows_quarantined or 0
        total["not_data"] += each.rows_not_data or 0
        total["states"][each.state] = total["states"].get(each.state, 0) + 1
    return [totals[name] for name in sorted(totals)]


def print_summary(console: Console, summary: dict[str, Any]) -> None:
    """The coloured end of `crm run`."""
    console.print()
    print_held(console, summary["held"])
    _print_feeds(console, summary["feeds"])
    if any(each["refused"] for each in summary["feeds"]):
        console.print(f"Refused rows, with the reason beside each: {escape(summary['returned'])}")
    console.print()
    for figure in summary["figures"]:
        shown = "—" if figure["value"] is None else _shown(figure)
        line = f"  [bold]{escape(figure['label'])}[/]  [bold green]{shown}[/]"
        console.print(f"{line}  [dim]{escape(figure['detail'])}[/]", soft_wrap=True)
    console.print()
    console.print(
        f"[bold green]Published generation {summary['generation']}[/], business date"
        f" {summary['business_date']}, checksum {summary['checksum']}"
    )
    console.print(f"  {escape(summary['database'])}", soft_wrap=True)
    console.print()
    console.print("Try next:")
    for purpose, arguments in TRY_NEXT:
        console.print(f"  [dim]{purpose}[/]")
        command = f"  {command_name()} {arguments}{home_option(summary['home'])}"
        console.print(command, markup=False, soft_wrap=True, style="cyan")


def command_name() -> str:
    """How this command is called from here: by its name where it is on the path, else by place."""
    if shutil.which("crm"):
        return "crm"
    return os.path.relpath(Path(sys.prefix) / "bin" / "crm")


def _print_feeds(console: Console, feeds: list[dict[str, Any]]) -> None:
    if not feeds:
        console.print("No new deliveries.")
        return
    table = Table(show_edge=False, header_style="bold", pad_edge=False)
    table.add_column("feed", no_wrap=True)
    for heading in ("files", "rows loaded", "rows refused"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for each in feeds:
        refused = f"[yellow]{each['refused']:,}[/]" if each["refused"] else "0"
        odd = {name: n for name, n in each["states"].items() if name != "loaded"}
        remark = ", ".join(f"{n} {name}" for name, n in odd.items())
        colour = "red" if {"refused", "held"} & odd.keys() else "dim"
        table.add_row(
            each["feed"],
            f"{each['files']:,}",
            f"{each['loaded']:,}",
            refused,
            f"[{colour}]{remark}[/]" if remark else "",
        )
    console.print(table)


def _shown(figure: dict[str, Any]) -> str:
    if figure["unit"] == "yuan":
        from serving.summary import yuan

        return yuan(figure["value"])
    return f"{int(figure['value']):,}"
