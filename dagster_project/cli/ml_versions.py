"""`crm ml list, compare, book, promote, rollback, withdraw`: which version scores, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table as Grid

from dagster_project.cli.output import (
    HomeOption,
    JsonOption,
    console,
    guarded,
    home_of,
    parse_date,
    print_json,
)
from dagster_project.errors import WrongUsageError
from ml.errors import because_of

if TYPE_CHECKING:
    from ingestion.sentence import Sentence
    from ml.registry.contest import Contest
    from ml.registry.roles import Roles

_PLACES = 4
NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="A model, as crm ml list names it.")
]
BecauseOption = Annotated[
    str, typer.Option("--because", metavar="TEXT", help="Why; it is signed and kept.")
]
ByOption = Annotated[str, typer.Option("--by", metavar="WHO", help="Who approves; kept too.")]


@guarded
def list_versions(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="One model; all unless given.")
    ] = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """List the versions of the models, newest first, with their roles.

    Example: crm ml list churn
    """
    from dagster_project.stages import models, registry

    place = home_of(home)
    names = models.MODEL_NAMES if name is None else (name,)
    found = [each for one in names for each in registry.listed(place, one)]
    if as_json:
        print_json(found)
        return
    if not found:
        console.print("尚无模型版本。No version is stored yet.")
        return
    table = Grid(show_edge=False, header_style="bold", pad_edge=False)
    for heading in ("model 模型", "version 版本", "role 角色", "scores by", "last change 最近变更"):
        table.add_column(heading, no_wrap=heading != "last change 最近变更")
    for each in found:
        table.add_row(
            each["name"],
            each["version"],
            _role(each["role"]),
            each["ships"] or "",
            _change(each["last_change"]),
        )
    console.print(table)
    for each in found:
        if each["refused"]:
            console.print(f"[yellow]![/] {escape(each['refused_zh'])} {escape(each['refused'])}")


def _role(role: str | None) -> str:
    """A role in both languages and its colour."""
    words = {
        "champion": "[green]champion 现役[/]",
        "challenger": "[yellow]challenger 挑战[/]",
        "withdrawn": "[red]withdrawn 已撤回[/]",
    }
    return words.get(role or "", "[dim]-[/]")


def _change(step: dict[str, Any] | None) -> str:
    if step is None:
        return ""
    return escape(f"{step['at'][:10]} {step['act']} by {step['by']}: {step['because']}")


@guarded
def compare(
    name: NameArgument,
    first: Annotated[
        str | None, typer.Argument(metavar="[A]", help="A version; the champion unless given.")
    ] = None,
    second: Annotated[
        str | None, typer.Argument(metavar="[B]", help="Another; the challenger unless given.")
    ] = None,
    period: Annotated[
        str | None,
        typer.Option(
            "--period",
            metavar="DATE",
            help="Month end to judge both on, not before those that judged each in training.",
            show_default="the latest with known labels",
        ),
    ] = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Compare two versions on the same customers of a month end that neither learnt from.

    Example: crm ml compare churn
    """
    from dagster_project.stages import registry

    day = None if period is None else parse_date("--period", period)
    judged = registry.compare(home_of(home), name, first, second, day)
    if as_json:
        print_json({**judged.figures(), "version": judged.second})
        return
    _print_contest(judged)


def _print_contest(judged: Contest) -> None:
    console.print(
        f"{judged.name}: {judged.rows:,} customers of {judged.period}, the same for both",
        markup=False,
    )
    table = Grid(show_edge=False, header_style="bold", pad_edge=False)
    table.add_column("measure", no_wrap=True)
    for heading in (judged.first, judged.second, "difference", "95% interval"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in judged.differences:
        table.add_row(
            each.measure.replace("_", " "),
            f"{each.first:,.{_PLACES}f}",
            f"{each.second:,.{_PLACES}f}",
            f"{each.second - each.first:+,.{_PLACES}f}",
            f"{each.low:+,.{_PLACES}f} to {each.high:+,.{_PLACES}f}",
        )
    table.add_row(
        "loss saved per customer",
        "",
        "",
        f"{judged.loss_saved:+,.{_PLACES}f}",
        f"{judged.loss_saved_low:+,.{_PLACES}f} to {judged.loss_saved_high:+,.{_PLACES}f}",
    )
    console.print(table)
    if judged.is_won:
        console.print(
            f"[green]✓[/] 按规则可晋升 The rule would promote {judged.second}: it saves"
            f" {judged.z:+.1f} standard errors of loss, and its checks pass.",
            soft_wrap=True,
        )
        return
    console.print(f"[yellow]![/] 按规则不晋升 The rule does not promote {judged.second}:")
    for objection in judged.objections:
        console.print(f"  {escape(' '.join(objection))}", soft_wrap=True)


@guarded
def book(
    name: NameArgument,
    version: Annotated[
        str | None, typer.Argument(metavar="[VERSION]", help="The champion unless given.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="FILE",
            help="Write the page to this file.",
            show_default="book.html in the folder of the version",
        ),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Draw the model book of a version: one page of HTML, contradictions to expectations first.

    It is drawn anew from the signed report, whatever page may lie beside it.

    Example: crm ml book churn --output churn.html
    """
    from dagster_project.stages import registry

    if output is not None and output.suffix.casefold() != ".html":
        raise WrongUsageError(
            f"模型手册只能写成 .html，不能写成 {output.name!r}。",
            f"a model book is written as .html, not as {output.name!r}",
        )
    path = registry.book(home_of(home), name, version, output)
    console.print(f"written to {escape(str(path))}", soft_wrap=True)


@guarded
def promote(
    name: NameArgument,
    version: Annotated[
        str, typer.Argument(metavar="VERSION", help="The version that is to score.")
    ],
    because: BecauseOption,
    by: ByOption,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Make a version the champion: the next night's scores are its own.

    Example: crm ml promote churn 2026-03-31.001 --because "稳定两个月" --by 李经理
    """
    from dagster_project.stages import registry

    changed, behind = registry.promote(home_of(home), name, version, because=because, by=by)
    _print_changed(changed, behind, as_json=as_json)


@guarded
def rollback(
    name: NameArgument,
    because: BecauseOption,
    by: ByOption,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Return to the champion before, and withdraw the one that scores now for good.

    Example: crm ml rollback churn --because "名单与网点经验不符" --by 李经理
    """
    from dagster_project.stages import registry

    changed, behind = registry.roll_back(home_of(home), name, because=because, by=by)
    _print_changed(changed, behind, as_json=as_json)


@guarded
def withdraw(
    name: NameArgument,
    version: Annotated[
        str, typer.Argument(metavar="VERSION", help="A version that does not score.")
    ],
    because: BecauseOption,
    by: ByOption,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Take a version out of use for good: it neither challenges nor can be promoted.

    Example: crm ml withdraw churn 2026-03-31.001 --because "训练数据有误" --by 李经理
    """
    from dagster_project.stages import registry

    changed, behind = registry.withdraw(home_of(home), name, version, because=because, by=by)
    _print_changed(changed, behind, as_json=as_json)


def _print_changed(changed: Roles, behind: Sentence | None, *, as_json: bool) -> None:
    """Who scores from the next night on, and what the rule has against it."""
    # What a promotion was decided on; a rollback and a withdrawal are decided on no figures.
    figures = changed.history[-1].figures if changed.history else {}
    if as_json:
        print_json(
            {
                "name": changed.name,
                "champion": changed.champion,
                "challenger": changed.challenger,
                "withdrawn": list(changed.withdrawn),
                **{key: figures.get(key, []) for key in ("objections", "objections_zh")},
                **{key: figures.get(key) for key in ("not_compared", "not_compared_zh")},
                "record": behind and behind.en,
                "record_zh": behind and behind.zh,
            }
        )
        return
    said = (
        f"下一次夜间任务起由 {changed.champion} 评分。"
        f" {changed.name} is scored by {changed.champion} from the next night on."
        if changed.champion
        else f"{changed.name} 没有现役版本，不评分；请训练：crm ml train {changed.name}。"
        f" {changed.name} has no champion and scores nobody; train it: crm ml train {changed.name}"
    )
    console.print(f"[green]✓[/] {said}", soft_wrap=True)
    _print_against(figures)
    if behind:
        console.print(f"[yellow]![/] {escape(behind.both)}", soft_wrap=True)


def _print_against(figures: dict[str, Any]) -> None:
    """Why the rule would not have promoted what a person did, or what it could not compare."""
    if "not_compared" in figures:
        why = (figures["not_compared_zh"], figures["not_compared"])
        told = because_of(("未能与现役版本比较", "Not compared with the champion"), why)
        console.print(f"[yellow]![/] {escape(' '.join(told))}", soft_wrap=True)
    if figures.get("objections"):
        console.print(
            "[yellow]![/] 按规则不会晋升，本次由批准人决定"
            " The rule would not have promoted it; who approves decided:",
            soft_wrap=True,
        )
        for objection in zip(figures["objections_zh"], figures["objections"], strict=True):
            console.print(f"  {escape(' '.join(objection))}", soft_wrap=True)
