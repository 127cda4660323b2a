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
_LISTS = (
    ("成本阈值名单", "list by the threshold of the costs", "at_threshold"),
    ("事后最佳名单", "best list in hindsight, on the labels that it is counted on", "in_hindsight"),
)


def show(report: dict[str, Any]) -> None:
    """All tables of a report."""
    first, last = report["origins"][-1]["test_date"], report["origins"][0]["test_date"]
    console.print(
        f"标签 label {report['label']}: {report['rows']:,} customer-months of "
        f"{report['customers']:,} customers, {report['events']:,} events; judged {first} to {last}",
        markup=False,
    )
    for note in report["notes"]:
        console.print(f"  {note}", markup=False)
    if missing := sum(each.get("without_score_rows", 0) for each in report["origins"]):
        console.print(
            f"另有 {missing:,} 行在外部评分表中没有评分，未参与比较。 {missing:,} customer-months "
            "have no score in the table from elsewhere, and judge nobody.",
            markup=False,
        )
    console.print(_overall(report))
    console.print(_differences(report))
    console.print(_apart("月份 month", report["by_month"]))
    for name, rows in report["by_slice"].items():
        console.print(_apart(name.replace("_", " "), rows))
    costs = report["costs"]
    console.print(
        f"成本 costs: worth {costs['clv']:,.0f} yuan, offer {costs['incentive']:,.0f}, visit "
        f"{costs['contact']:,.0f}, {costs['acceptance']:.0%} stay for it",
        markup=False,
    )
    for zh, en, name in _LISTS:
        told = report["list"][name]
        console.print(
            f"{zh} {en}: the first {told['acted_count']:,} ({told['acted_share']:.1%}), from "
            f"probability {_or_dash(told['threshold_score'])}, had earned "
            f"{told['profit_amount']:,.0f} yuan",
            markup=False,
        )


def _or_dash(threshold: float | None) -> str:
    """A probability; a dash where nobody is worth a visit."""
    return "-" if threshold is None else f"{threshold:.3f}"


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
    grid = _grid("model less", *(words for _, words in _MEASURES), "AUC as a share")
    for each in report["differences"]:
        cells = [_signed(each[measure]) for measure, _ in _MEASURES]
        grid.add_row(each["rival"], *cells, _with_interval(each["auc_share"]))
    return grid


def _signed(each: dict[str, float]) -> str:
    """A difference, and how far it may be off."""
    return f"{each['value']:+.4f}{_reach(each)}"


def _apart(title: str, rows: list[dict[str, Any]]) -> Grid:
    """One line per value and contender; a dash where events are too few to judge."""
    words = (each for _, each in _MEASURES)
    grid = _grid(title, "contender", "rows", "events", "seen", "foretold", *words)
    for row in rows:
        grid.add_row(
            str(row["value"] if row["value"] is not None else "-"),
            row["contender"],
            f"{row['rows']:,}",
            f"{row['events']:,}",
            f"{row['seen_rate']:.2%}",
            f"{row['mean_score']:.2%}",
            *(_short(row[each]) for each, _ in _MEASURES),
        )
    return grid


def _short(each: dict[str, float] | None) -> str:
    """A figure and how far it may be off; a dash where it is not known."""
    return "-" if each is None else f"{each['value']:.3f}{_reach(each)}"


def _reach(each: dict[str, float]) -> str:
    """Half of the interval."""
    return f" ±{(each['high'] - each['low']) / 2:.3f}" if "low" in each else ""


def _grid(*headings: str) -> Grid:
    """An empty table whose first columns are text and whose others are figures."""
    grid = Grid(show_edge=False, header_style="bold", pad_edge=False)
    for place, heading in enumerate(headings):
        is_text = place == 0 or heading == "contender"
        grid.add_column(heading, justify="left" if is_text else "right", no_wrap=True)
    return grid
