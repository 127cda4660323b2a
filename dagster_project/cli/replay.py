"""`crm replay`: past months under other rules, beside what is published."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from dagster_project.cli.output import (
    HomeOption,
    JsonOption,
    console,
    errors,
    guarded,
    home_of,
    home_option,
    parse_month,
)
from dagster_project.errors import WrongUsageError

if TYPE_CHECKING:
    from dagster_project.home import Home
    from dagster_project.replay import Replay
    from serving.replay import Figure

NOTES = (
    "走访是当时按旧规则作出的；换了规则，员工当时会去别处，故重演的达标情况不是预测。",
    "Visits were made under the rules of their day: under others people would have gone elsewhere,"
    " so compliance as replayed is no forecast.",
    "模型评分、客户识别与人已作出的决定保持不变。",
    "Scores, who is who, and what people decided stay as they were.",
)
_LEVEL_COLUMNS = (
    "customer_count", "required_count", "counted_count", "missed_count", "compliance_rate",
    "asked_hours", "counted_hours",
)  # fmt: skip
_MONEY_COLUMNS = ("valid_count", "fine_amount", "reward_amount", "pay_amount")


@guarded
def replay(
    first: Annotated[str, typer.Option("--from", metavar="YYYY-MM", help="First month.")],
    last: Annotated[str, typer.Option("--to", metavar="YYYY-MM", help="Last month.")],
    rules: Annotated[
        Path,
        typer.Option(
            "--rules",
            help="Folder of changed rule tables, CSV, named like those in dbt/seeds/rules.",
        ),
    ],
    name: Annotated[
        str | None,
        typer.Option(
            "--name", help="What the replay is called.", show_default="the name of the folder"
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", help="Write every figure to this file, .csv or .xlsx."),
    ] = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Show past months as they would have been judged under other rules, side by side.

    Copy a rule table from dbt/seeds/rules (visit_cadence.csv, fine_rule.csv, tier_rule.csv, ...)
    into a folder, change it there, and name the folder. A table takes the place of the whole
    published one and passes its tests; each row holds from its valid_from_date on. For "as if since
    2025-07-01" end the old row by valid_to_date 2025-07-01 and add one with valid_from_date
    2025-07-01; a row changed in place has always held.

    All that rests on the rules is built again in a copy, which crm sql --replay NAME asks; a replay
    of the same name is replaced. What is published, the ledger and the lake are not touched, and a
    night may start meanwhile.

    Example: crm replay --from 2025-07 --to 2025-09 --rules my_rules
    """
    from dagster_project import manifest, rule_checks, rule_folder
    from dagster_project import replay as replays
    from dagster_project.cli.screen import Screen
    from serving import connection, export
    from serving import replay as figures_of
    from serving.profit import published

    place = home_of(home)
    months = parse_month(first), parse_month(last)
    if months[0] > months[1]:
        raise WrongUsageError(
            f"--from {first} 晚于 --to {last}。", f"--from {first} is later than --to {last}"
        )
    rules = rules.expanduser()
    rule_folder.require_folder(rules)
    called = name or rules.absolute().name
    replays.folder_of(place, called)
    opened, _ = connection.connect_current(place.warehouse)
    with opened:
        for month in months:
            published.require_month(opened, month)
    given = rule_folder.read(rules, replays.rule_types(), rule_checks.declared(manifest.load()))
    if output is not None:
        export.require_writable(output)
    with Screen(errors if as_json else console) as screen:
        screen.stage("replay")
        told = replays.make(place, called, given, screen.progress)
    figures = _figures(place, told, *months)
    if output is not None:
        export.write(figures_of.answer(figures), output)
    if as_json:
        _print_json(told, figures)
        return
    _print(told, figures, months)
    if output is not None:
        console.print(f"{len(figures):,} figures written to {escape(str(output))}")
    console.print(
        f"Ask it 查询: crm sql --replay {escape(told.name)}"
        f'{escape(home_option(str(place.root)))} "select ..."',
        soft_wrap=True,
    )


def _figures(home: Home, told: Replay, first: dt.date, last: dt.date) -> list[Figure]:
    """Of the generation that was copied and of the replay."""
    from dagster_project.replay import folder_of
    from serving import connection, generation
    from serving.replay import compare

    until = dt.date.fromisoformat(told.business_date)
    before = generation.folder_of(home.warehouse, told.generation)
    with (
        connection.connect_published(before) as was,
        connection.connect_published(folder_of(home, told.name)) as replayed,
    ):
        return compare(was, replayed, first, last, until)


def _print_json(told: Replay, figures: list[Figure]) -> None:
    from serving.query import to_json
    from serving.replay import answer

    listed = to_json(answer(figures).records())
    typer.echo(
        f'{{"replay": {json.dumps(asdict(told), ensure_ascii=False)},\n"figures": {listed}}}'
    )


def _print(told: Replay, figures: list[Figure], months: tuple[dt.date, dt.date]) -> None:
    console.print(
        f"重演 Replay {escape(told.name)}: {months[0]:%Y-%m} – {months[1]:%Y-%m}, generation"
        f" {told.generation} ({told.business_date}), rules {escape(', '.join(told.rules))}\n"
    )
    whole = [f for f in figures if f.key.subject_type == "bank" and f.key.month is None]
    _print_whole([f for f in whole if f.before or f.after])
    by_level = [f for f in figures if f.key.subject_type == "level" and f.key.month is None]
    _print_cells("级别 Level", _LEVEL_COLUMNS, by_level)
    by_month = [f for f in figures if f.key.subject_type == "bank" and f.key.month is not None]
    _print_cells("月份 Month", _LEVEL_COLUMNS, by_month)
    _print_cells("月份 Month", _MONEY_COLUMNS, by_month)
    held = [f for f in figures if f.key.measure == "held_count" and f.difference]
    _print_cells("月末客户 Customers held", ("held_count",), held)
    tables = ", ".join(told.differing) or "none 无"
    console.print(
        f"{len(told.rebuilt)} tables built again 重建表, {len(told.differing)} differ 有差异:"
        f" {tables}",
        soft_wrap=True,
    )
    for note in NOTES:
        console.print(f"[dim]{note}[/]", soft_wrap=True)


def _print_whole(figures: list[Figure]) -> None:
    from serving.replay import MEASURES

    table = Table(show_edge=False, header_style="bold", pad_edge=False)
    table.add_column("全行合计 Whole bank, all months")
    for heading in ("原规则 As it was", "重演 Replayed", "差额 Difference"):
        table.add_column(heading, justify="right")
    for figure in figures:
        zh, en, _, digits = MEASURES[figure.key.measure]
        values = (figure.before, figure.after, figure.difference)
        table.add_row(f"{zh} {en}", *(_shown(value, digits) for value in values))
    console.print(table, "")


def _print_cells(heading: str, measures: tuple[str, ...], figures: list[Figure]) -> None:
    """One row per subject and month: what was, and behind an arrow what the rules make of it."""
    from serving.replay import MEASURES

    rows: dict[str, dict[str, Figure]] = {}
    for figure in figures:
        month = f"{figure.key.month:%Y-%m}" if figure.key.month else ""
        rows.setdefault(f"{figure.key.subject} {month}".strip(), {})[figure.key.measure] = figure
    if not rows:
        return
    table = Table(show_edge=False, header_style="bold", pad_edge=False)
    table.add_column(heading, no_wrap=True)
    for measure in measures:
        table.add_column("\n".join(MEASURES[measure][:2]), justify="right")
    for subject, found in rows.items():
        cells = []
        for measure in measures:
            each, digits = found.get(measure), MEASURES[measure][3]
            was, now = (each.before, each.after) if each else (None, None)
            arrow = f" → {_shown(now, digits)}" if was != now else ""
            cells.append(f"{_shown(was, digits)}{arrow}")
        table.add_row(escape(subject), *cells)
    console.print(table, "")


def _shown(value: Decimal | None, digits: int) -> str:
    return "—" if value is None else f"{value:,.{digits}f}"
