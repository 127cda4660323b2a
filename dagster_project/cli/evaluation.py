"""How an evaluation is shown: a table per question, words before figures."""

from __future__ import annotations

from typing import Any

from rich.table import Table as Grid

from dagster_project.cli.output import console

_MEASURES = (
    ("auc", "AUC"),
    ("average_precision", "PR-AUC"),
    ("brier", "Brier"),
    ("calibration_slope", "slope"),
    ("ece", "ECE"),
    ("lift_at_10pct", "lift top 10%"),
    ("emp_per_customer", "profit/customer"),
)
_APART = (
    ("auc", "AUC"),
    ("calibration_slope", "slope"),
    ("lift_at_10pct", "lift top 10%"),
    ("emp_per_customer", "profit/customer"),
)


def show(report: dict[str, Any]) -> None:
    """All tables of a report."""
    first, last = report["origins"][-1]["test_date"], report["origins"][0]["test_date"]
    console.print(
        f"标签 label {report['label']}: {report['rows']:,} customer-months of "
        f"{report['customers']:,} customers, {report['events']:,} events; judged {first} to {last}",
        markup=False,
    )
    console.print(_overall(report))
    console.print(_differences(report))
    console.print(_apart("月份 month", report["by_month"]))
    for name, rows in report["by_slice"].items():
        console.print(_apart(name.replace("_", " "), rows))
    best = report["list"]
    console.print(
        f"最佳名单 best list: the first {best['acted_count']:,} ({best['acted_share']:.1%}), "
        f"from probability {best['threshold_score'] or 1:.3f}, had earned "
        f"{best['profit_amount']:,.0f} yuan",
        markup=False,
    )


def _overall(report: dict[str, Any]) -> Grid:
    """One line per contender; intervals in brackets."""
    grid = _grid("contender", *(words for _, words in _MEASURES))
    for name, measured in report["overall"].items():
        grid.add_row(name, *(_with_interval(measured[measure]) for measure, _ in _MEASURES))
    return grid


def _with_interval(each: dict[str, float]) -> str:
    """A figure, with its interval where it has one."""
    reach = f" ({each['low']:.3f}-{each['high']:.3f})" if "low" in each else ""
    return f"{each['value']:.4f}{reach}"


def _differences(report: dict[str, Any]) -> Grid:
    """Ours less each rival's, and ours as a share of his AUC."""
    grid = _grid("model less", "AUC", "PR-AUC", "Brier", "AUC as a share")
    for each in report["differences"]:
        cells = [
            f"{each[measure]['value']:+.4f} ({each[measure]['low']:+.4f} to "
            f"{each[measure]['high']:+.4f})"
            for measure in ("auc", "average_precision", "brier")
        ]
        share = each["auc_share"]
        cells.append(f"{share['value']:.3f} ({share['low']:.3f}-{share['high']:.3f})")
        grid.add_row(each["rival"], *cells)
    return grid


def _apart(title: str, rows: list[dict[str, Any]]) -> Grid:
    """One line per value and contender; a dash where events are too few to judge."""
    words = (each for _, each in _APART)
    grid = _grid(title, "contender", "rows", "events", "seen", "foretold", *words)
    for row in rows:
        grid.add_row(
            str(row["value"] if row["value"] is not None else "-"),
            row["contender"],
            f"{row['rows']:,}",
            f"{row['events']:,}",
            f"{row['seen_rate']:.2%}",
            f"{row['mean_score']:.2%}",
            *("-" if row.get(each) is None else f"{row[each]:.3f}" for each, _ in _APART),
        )
    return grid


def _grid(*headings: str) -> Grid:
    """An empty table whose first columns are text and whose others are figures."""
    grid = Grid(show_edge=False, header_style="bold", pad_edge=False)
    for place, heading in enumerate(headings):
        is_text = place == 0 or heading == "contender"
        grid.add_column(heading, justify="left" if is_text else "right", no_wrap=True)
    return grid
