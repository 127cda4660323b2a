"""Published figures that changed, by how much and why: the part of `crm status` that explains."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from dagster_project.cli.output import console

if TYPE_CHECKING:
    from serving.generation import Generation


def changes_of(published: Generation | None) -> dict[str, Any]:
    """What a generation changed of figures published before, as plain data, causes spelt out."""
    details = published.details if published else {}
    causes = details.get("causes", [])
    changes = details.get("changes", [])
    return {
        "generation": published.number if published else None,
        "against": details.get("base"),
        "changes": [
            each
            | {
                "causes": [causes[number] for number in each["causes"]],
                "is_explained": bool(each["causes"]),
            }
            for each in changes
        ],
        "not_explained": sum(1 for each in changes if not each["causes"]),
    }


def print_changed(told: dict[str, Any]) -> None:
    """One or two lines: how many published figures changed, and whether it is known why."""
    changes = told["changes"]
    if not changes:
        return
    months = sorted({each["month"] for each in changes})
    span = months[0] if len(months) == 1 else f"{months[0]} to {months[-1]}"
    kinds = sorted({cause["kind"] for each in changes for cause in each["causes"]})
    why = f" (by {', '.join(kinds)})" if kinds else ""
    console.print(
        f"[bold]Changed[/] {len(changes)} published figures of {span} are not what generation"
        f" {told['against']} said{why}; see: crm status --changes",
        soft_wrap=True,
    )
    if told["not_explained"]:
        console.print(f"  [bold red]{told['not_explained']} of them are not explained[/]")


def print_changes(told: dict[str, Any]) -> None:
    """Every published figure that changed, before and after, and below them the causes."""
    changes = told["changes"]
    if told["generation"] is None:
        console.print("Nothing is published yet; run a night: crm run")
        return
    if not changes:
        console.print(f"No figure published before was changed by generation {told['generation']}.")
        return
    console.print(
        f"Figures that generation [bold]{told['generation']}[/] changed, against generation"
        f" {told['against']}:"
    )
    causes: list[dict[str, Any]] = []
    table = Table(show_edge=False, header_style="bold", pad_edge=False)
    for heading in ("month", "figure", "名称"):
        table.add_column(heading, no_wrap=True)
    for heading in ("before", "after", "difference"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("why")
    for each in changes:
        causes += [cause for cause in each["causes"] if cause not in causes]
        marks = ", ".join(str(causes.index(cause) + 1) for cause in each["causes"])
        table.add_row(
            each["month"],
            each["en"],
            escape(each["zh"]),
            *(_shown(each[name], each["unit"]) for name in ("before", "after")),
            _shown(each["difference"], each["unit"], sign="+"),
            marks or "[bold red]not explained[/]",
        )
    console.print(table)
    for number, cause in enumerate(causes, start=1):
        reach = _reach(cause)
        console.print(
            f"[bold]{number}[/] {cause['kind']}: {escape(cause['en'])} [dim]({reach})[/]",
            soft_wrap=True,
        )
        console.print(f"  {escape(cause['zh'])}", soft_wrap=True)
    if told["not_explained"]:
        console.print(
            "[red]Not explained: nothing that is known to have changed can have changed these;"
            " compare with crm run --force --full-refresh.[/]",
            soft_wrap=True,
        )


def _reach(cause: dict[str, Any]) -> str:
    """Which months, and which figures, a cause can have touched."""
    if cause["model"] is not None:
        return f"can touch the scores of model {cause['model']}"
    if cause["months"] is not None:
        return f"can touch {', '.join(cause['months'])}, which were built again"
    if cause["from_month"] > "0001":
        return f"can touch {cause['from_month']} and later months"
    return "can touch every month"


def _shown(text: str | None, unit: str, sign: str = "") -> str:
    if text is None:
        return "none"
    amount = Decimal(text)
    places = 0 if unit == "count" and amount == amount.to_integral_value() else 2
    return f"{amount:{sign},.{places}f}"
