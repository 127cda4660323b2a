"""A result beside its budgets, as a table for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from rich.console import Console
from rich.table import Table

Verdict = Literal["met", "missed", "not measured"]
_STYLE = {"met": "green", "missed": "bold red", "not measured": "dim"}


@dataclass(frozen=True)
class Judged:
    """One budget, what was measured, and how it stands."""

    name: str
    limit: float
    measured: float | None
    verdict: Verdict


def read_budgets(path: Path) -> list[dict[str, Any]]:
    """The budgets as they are written."""
    budgets: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return budgets


def look_up(result: dict[str, Any], metric: str) -> float | None:
    """A number of a result by its dotted path; none where it was not measured."""
    found: Any = result
    for part in metric.split("."):
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    return float(found) if isinstance(found, int | float) else None


def judge(result: dict[str, Any], budgets: list[dict[str, Any]]) -> list[Judged]:
    """Every budget that is meant for a bank of this size."""
    customers = int(result["customers"])
    judged = []
    for budget in budgets:
        if not budget.get("from", 0) <= customers <= budget.get("to", customers):
            continue
        measured = look_up(result, budget["metric"])
        verdict: Verdict = "not measured"
        if measured is not None:
            verdict = "met" if measured <= float(budget["max"]) else "missed"
        judged.append(Judged(budget["name"], float(budget["max"]), measured, verdict))
    return judged


def _figure(value: float | None) -> str:
    """A number in the width of a table cell."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}"


def show(result: dict[str, Any], judged: list[Judged], console: Console | None = None) -> None:
    """Print stages, floor, ratios and budgets."""
    out = console or Console()
    stages = Table(title=f"{result['customers']:,} customers: seconds and peak MB by stage")
    stages.add_column("stage")
    for night in ("tiny", "first", "next"):
        stages.add_column(f"{night} s", justify="right")
        stages.add_column("MB", justify="right")
    names = list(
        dict.fromkeys(
            [*result["first"]["stages"], *result["next"]["stages"], *result["tiny"]["stages"]]
        )
    )
    for name in names:
        cells = []
        for night in ("tiny", "first", "next"):
            stage = result[night]["stages"].get(name, {})
            cells += [_figure(stage.get("seconds")), _figure(stage.get("peak_mb"))]
        stages.add_row(name, *cells)
    whole = [
        figure
        for night in ("tiny", "first", "next")
        for figure in (_figure(result[night]["seconds"]), _figure(result[night]["peak_mb"]))
    ]
    stages.add_row("[bold]whole command", *whole)
    out.print(stages)
    floor = Table(title="the floor: one bare DuckDB script on the same files")
    floor.add_column("step")
    floor.add_column("s", justify="right")
    floor.add_column("MB", justify="right")
    for step in result["floor"]["steps"]:
        floor.add_row(step["step"], _figure(step["seconds"]), _figure(step["peak_mb"]))
    total = result["floor"]["total_seconds"]
    floor.add_row("[bold]all", _figure(total), _figure(result["floor"]["peak_mb"]))
    out.print(floor)
    profit = result.get("profit")
    if profit:
        out.print(
            f"profit stage: {profit['stage']} s, its bare script {profit['bare']} s; one month"
            f" recomputed {profit['one_month']} s"
        )
    for line in _model_lines(result):
        out.print(line)
    table = Table(title="budgets")
    for heading in ("budget", "limit", "measured", "stands"):
        table.add_column(heading, justify="left" if heading in ("budget", "stands") else "right")
    for line in judged:
        style = _STYLE[line.verdict]
        table.add_row(
            line.name, _figure(line.limit), _figure(line.measured), f"[{style}]{line.verdict}[/]"
        )
    out.print(table)


def _model_lines(result: dict[str, Any]) -> Iterator[str]:
    """What features, scoring and training took, each where it was measured."""
    if told := result.get("features"):
        yield f"features: {told['stage']} s, their bare script {told['bare']} s"
    if told := result.get("score"):
        yield f"scoring with reasons: {told['seconds_per_model']} s each of {told['models']} models"
    if told := result.get("train_churn"):
        yield f"training churn: {told['seconds']} s, {told['peak_mb']} MB"
