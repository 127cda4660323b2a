"""`crm trace`: a published figure of profit, opened to the rows and rules behind it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.tree import Tree

from dagster_project.cli.output import (
    HomeOption,
    JsonOption,
    console,
    guarded,
    home_of,
    parse_month,
    say_error,
)
from dagster_project.errors import AuditError

if TYPE_CHECKING:
    from serving.profit.evidence import Origin, Rule, Step
    from serving.profit.trace import Trace

SHOWN_ROWS = 6

CustomerArgument = Annotated[
    int,
    typer.Argument(
        help="Customer key, as in mart.mart_profitability__customer_month.", show_default=False
    ),
]
RuleSetOption = Annotated[str, typer.Option("--rule-set", help="Published rule set.")]


@guarded
def trace(
    customer: CustomerArgument,
    month: Annotated[str, typer.Argument(metavar="YYYY-MM", help="Month.", show_default=False)],
    line: Annotated[
        str,
        typer.Argument(help="Line or subtotal: ftp, direct_cost, net_profit …", show_default=False),
    ],
    rule_set: RuleSetOption = "base",
    account: Annotated[
        int | None,
        typer.Option("--account", help="Key of one account.", show_default="all of the customer"),
    ] = None,
    vault: Annotated[
        bool, typer.Option("--vault", help="Show account and customer numbers in full.")
    ] = False,
    rows: Annotated[
        int, typer.Option("--rows", min=1, help="Delivered rows shown of a step; --json has all.")
    ] = SHOWN_ROWS,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Open a published figure into the rows and rules behind it, and reckon it anew from them.

    Shows each step with its numbers, and each delivered row with its file, sheet and row. The
    figure is reckoned by plain Python that shares nothing with the warehouse's SQL, and compared
    to the fen; exit code 4 where the two differ. What analysts open holds no delivered rows: the
    command reads the lake, which only those who run the nights may. Numbers of accounts and
    customers are masked unless --vault is given.

    Example: crm trace 421337 2026-01 net_profit --rule-set book
    """
    from dagster_project import tracing
    from serving import connection
    from serving.profit import trace as tracer

    place, day = home_of(home), parse_month(month)
    opened, generation = connection.connect_current(place.warehouse)
    with opened:
        bank = tracing.bank_of(place, opened, generation.business_date, customer, day)
        found = tracer.trace(
            opened, bank, customer_key=customer, month=day, line=line, rule_set=rule_set,
            account_key=account,
        )  # fmt: skip
    if as_json:
        from serving.query import to_json

        typer.echo(to_json([found.to_dict(with_identities=vault)]))
    else:
        _print(found, rows, with_identities=vault)
    if not found.is_same:
        say_error(*_difference(found))
        raise typer.Exit(AuditError.exit_code)


def _difference(found: Trace) -> tuple[str, str]:
    published, anew = _yuan(found.published), _yuan(found.reckoned)
    gap = _yuan(found.reckoned - found.published)
    return (
        f"已发布 {published}，重新计算 {anew}，相差 {gap}。若发布之后收到过新文件或改过规则，"
        "请先运行 crm run；否则请附 --json 的输出报告。",
        f"published {published}, reckoned anew {anew}: they differ by {gap}. Where files or rules"
        " came after the last night, run crm run first; else report it with the output of --json",
    )


def _print(found: Trace, rows: int, *, with_identities: bool) -> None:
    line = found.line
    console.print(
        f"[bold]{escape(line.zh)} {escape(line.en)}[/]  customer {found.customer_key}"
        f"  {found.month:%Y-%m}  rule set {escape(found.rule_set)}"
    )
    tree = Tree(_headline(found.step))
    hanger = _Hanger(rows, with_identities)
    for part in found.step.parts:
        hanger.hang(tree, part)
    console.print(tree)
    published, anew = _yuan(found.published), _yuan(found.reckoned)
    console.print(f"published 已发布 {published}   reckoned anew 重新计算 {anew}")
    if found.is_same:
        console.print("[bold green]same to the fen 分毫不差[/]")


class _Hanger:
    """Hangs steps into a tree; one that several rest on is opened once, at the first of them."""

    def __init__(self, rows: int, with_identities: bool) -> None:
        self.rows = rows
        self.with_identities = with_identities
        self._told: set[int] = set()

    def hang(self, tree: Tree, step: Step) -> None:
        """Add a step, its rules, rows and parts to a branch."""
        is_told = id(step) in self._told and bool(step.parts or step.origins)
        self._told.add(id(step))
        branch = tree.add(f"{_headline(step)}{'  [dim]见上 above[/]' if is_told else ''}")
        if is_told:
            return
        for rule in step.rules:
            branch.add(f"[dim]rule {escape(_rule(rule))}[/]")
        for origin in step.origins[: self.rows]:
            branch.add(f"[dim]{escape(_origin(origin, self.with_identities))}[/]")
        if len(step.origins) > self.rows:
            branch.add(f"[dim]… {len(step.origins) - self.rows} more rows (--rows, --json)[/]")
        for part in step.parts:
            self.hang(branch, part)


def _headline(step: Step) -> str:
    amount = f"  [bold]{_yuan(step.fen)}[/]" if step.fen is not None else ""
    how = f"  = {escape(step.how)}" if step.how else ""
    return f"{escape(step.zh)} {escape(step.en)}{amount}{how}"


def _origin(origin: Origin, with_identities: bool) -> str:
    from serving.profit.trace import said

    sheet = f", sheet {origin.sheet}" if origin.sheet else ""
    values = said(origin.said, with_identities=with_identities)
    return f"{origin.file or origin.feed}{sheet}, row {origin.row}: {_values(values)}"


def _rule(rule: Rule) -> str:
    return f"{rule.table}: {_values(rule.said)}"


def _values(said: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {f'{value:f}' if isinstance(value, Decimal) else value}"
        for name, value in said.items()
    )


def _yuan(amount: int | None) -> str:
    from serving.profit.evidence import money

    return money(amount or 0)
