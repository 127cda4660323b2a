"""`crm ml`: what a data scientist does with the models between two nights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table as Grid

from dagster_project.cli.output import (
    HomeOption,
    JsonOption,
    console,
    errors,
    guarded,
    home_of,
    print_json,
)

if TYPE_CHECKING:
    from dagster_project.stages.models import Trained
    from ml.frames.table import Table
    from ml.judge.benchmark import Result

app = typer.Typer(help="Train and judge models.", no_args_is_help=True)

_PLACES = 4
#: Seconds from which on somebody wants to know how far a command has come.
_PATIENCE = 2.0


@app.command()
@guarded
def train(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Models to train; all unless given."),
    ] = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Train the models anew from the published generation; the next night scores with them.

    Exit code 1 if one of them was refused or none could be trained; the version before it goes on
    scoring. A model whose event is too rare in this bank is told, and is no failure. A night that
    starts between two of them goes first: those that are done are told, the others are not trained
    (exit code 5).

    Example: crm ml train churn
    """
    from dagster_project.stages import models
    from dagster_project.stages.registry import check_name

    for name in names or ():
        check_name(name)
    place = home_of(home)
    trained: list[Trained] = []
    try:
        for name in names or models.MODEL_NAMES:
            trained.append(models.retrain(place, name))
            # At once: whatever stops the next one, this version is stored and may score already.
            if not as_json:
                _print_trained(trained[-1])
    finally:
        if as_json and trained:
            print_json(
                [vars(each) | {"told": each.told.en, "told_zh": each.told.zh} for each in trained]
            )
    is_refused = any(each.state == "refused" for each in trained)
    if is_refused or not any(each.version for each in trained):
        raise typer.Exit(1)


def _print_trained(each: Trained) -> None:
    """What became of one model."""
    mark = "[green]✓[/]" if each.version else "[yellow]![/]"
    console.print(f"{mark} {each.name}: {escape(each.told.both)}", soft_wrap=True)


@app.command()
@guarded
def evaluate(
    label: Annotated[
        str | None,
        typer.Option(
            "--label",
            metavar="CODE",
            help="A label of churn_label_rule or question_rule, such as hard_3m or defaulted.",
            show_default="what the nightly churn model learns",
        ),
    ] = None,
    origins: Annotated[
        int, typer.Option("--origins", min=1, max=60, help="Month ends that judge, the last ones.")
    ] = 4,
    beside: Annotated[
        Path | None,
        typer.Option(
            "--beside",
            metavar="FILE",
            help="Probabilities from elsewhere (customer_key, observation_date, one column each).",
        ),
    ] = None,
    clv: Annotated[
        float | None,
        typer.Option(
            "--clv",
            help="Worth of a leaver kept, yuan.",
            show_default="what a mean customer brings in a year",
        ),
    ] = None,
    incentive: Annotated[
        float | None,
        typer.Option(
            "--incentive", help="Cost of the offer, yuan.", show_default="of visit_offer_rule"
        ),
    ] = None,
    contact: Annotated[
        float | None,
        typer.Option(
            "--contact",
            help="Cost of a visit, yuan.",
            show_default="minutes at the standard of the rules",
        ),
    ] = None,
    acceptance: Annotated[
        float | None,
        typer.Option(
            "--acceptance",
            min=0.01,
            max=0.99,
            help="Share of leavers who stay for the offer.",
            show_default="of visit_offer_rule",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="Also write the judged rows, as Parquet."),
    ] = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Judge the recipe of a label month after month, taught with all labels known on each day.

    Beside it a plain logistic, boosting as it is shipped, and any score from elsewhere, all on the
    same customers. Intervals are of 95%, by customer. Profit is that of the bank's own visits.

    Example: crm ml evaluate --label hard_3m --origins 3
    """
    from dagster_project.cli import evaluation as shown
    from dagster_project.stages import evaluation

    if output is not None and not output.parent.is_dir():
        raise typer.BadParameter(f"文件夹不存在 there is no folder {output.parent}")
    result = evaluation.evaluate(
        home_of(home),
        label=label,
        origins=origins,
        beside=beside,
        prices=evaluation.Prices(clv, incentive, contact, acceptance),
    )
    if output is not None:
        result.rows.write_parquet(output)
    if as_json:
        print_json(result.report)
        return
    shown.show(result.report)


@app.command()
@guarded
def benchmark(
    data: Annotated[
        Path, typer.Option("--data", metavar="FILE", help="A table: CSV, Parquet or a first sheet.")
    ],
    target: Annotated[
        str, typer.Option("--target", metavar="COLUMN", help="What is to be foretold.")
    ],
    positive: Annotated[
        str | None,
        typer.Option(
            "--positive",
            metavar="VALUE",
            help="The class that is sought, against all others.",
            show_default="1 beside 0, true, yes, churn ... or the rarer of two, which is told",
        ),
    ] = None,
    quantity: Annotated[
        bool,
        typer.Option("--quantity", help="The target is a quantity of few values, as a rating is."),
    ] = False,
    drop: Annotated[
        list[str] | None,
        typer.Option(
            "--drop",
            metavar="COLUMN",
            help="Leave a column out: a key, or what is known only afterwards. Repeatable.",
        ),
    ] = None,
    folds: Annotated[int, typer.Option("--folds", min=2, max=20, help="Folds.")] = 5,
    repeats: Annotated[
        int, typer.Option("--repeats", min=1, max=20, help="Repetitions, rows dealt anew.")
    ] = 2,
    tuned: Annotated[
        bool,
        typer.Option(
            "--tuned",
            help="Also a boosting tuned by a search, and LightGBM where installed; takes long.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Judge the factories of models on any public table, by repeated stratified folds.

    Plain rivals see the same folds; a difference whose 95% interval holds nil is called level. A
    target of more than 20 different numbers is foretold as a quantity, and one of fewer with
    --quantity. How far it has come is told on standard error.

    Example: crm ml benchmark --data bank-full.csv --target y --drop duration
    """
    from ml.frames import table as tables
    from ml.frames.table_files import read
    from ml.judge import benchmark as judge

    told: list[str] = []
    frame = read(data, told)
    table = tables.prepare(
        frame, target, positive=positive, is_quantity=quantity, drop=drop or [], told=told
    )
    result = judge.run(table, folds=folds, repeats=repeats, is_tuned=tuned, tell=_tell)
    if as_json:
        print_json(_as_data(table, result))
        return
    _print(table, result)


def _tell(done: int, of: int, seconds: float) -> None:
    """How far a benchmark has come, where it takes long enough to be asked for."""
    if seconds > _PATIENCE:
        left = seconds / done * (of - done)
        errors.print(
            f"第 {done}/{of} 折 fold: {seconds:,.0f} s, 约剩 about {left:,.0f} s left", markup=False
        )


def _as_data(table: Table, result: Result) -> dict[str, object]:
    """The whole result for a program."""
    return {
        "rows": len(table.target),
        "columns": {
            "numbers": list(table.columns.numbers),
            "categories": list(table.columns.categories),
        },
        "sought": table.sought,
        "sought_share": float(table.target.mean()) if table.is_binary else None,
        "notes": list(table.notes),
        "models": result.means,
        "differences": [vars(each) for each in result.differences],
        "folds": result.folds.to_dicts(),
    }


def _print(table: Table, result: Result) -> None:
    """Means per model, then ours against each rival."""
    what = f"{table.sought} in {table.target.mean():.1%}" if table.is_binary else "a quantity"
    console.print(
        f"{len(table.target):,} rows, {len(table.columns.numbers)} numbers, "
        f"{len(table.columns.categories)} categories; foretold: {what}",
        markup=False,
    )
    for note in table.notes:
        console.print(f"  {note}", markup=False)
    means = Grid(show_edge=False, header_style="bold", pad_edge=False)
    means.add_column("model", no_wrap=True)
    measures = list(next(iter(result.means.values())))
    for measure in measures:
        means.add_column(measure.replace("_", " "), justify="right")
    for name, row in result.means.items():
        means.add_row(name, *(f"{row[measure]:.{_PLACES}f}" for measure in measures))
    console.print(means)
    apart = Grid(show_edge=False, header_style="bold", pad_edge=False)
    for heading in ("blend against", "measure", "difference", "95% interval", ""):
        apart.add_column(heading, no_wrap=True)
    colours = {"ahead": "green", "behind": "red", "level": "dim"}
    for each in result.differences:
        apart.add_row(
            each.rival,
            each.measure.replace("_", " "),
            f"{each.mean:+.{_PLACES}f}",
            f"{each.low:+.{_PLACES}f} to {each.high:+.{_PLACES}f}",
            f"[{colours[each.verdict]}]{each.verdict}[/]",
        )
    console.print(apart)
