"""`crm trace`: a published figure of profit, opened to the rows and rules behind it."""

from __future__ import annotations

import datetime as dt
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
from dagster_project.errors import AuditError, WrongUsageError

if TYPE_CHECKING:
    from dagster_project.home import Home
    from serving.profit.evidence import Origin, Rule, Step
    from serving.profit.spread import Spread
    from serving.profit.trace import Trace

SHOWN_ROWS = 6

SHOWN_ACCOUNTS = 3

CustomerArgument = Annotated[
    int,
    typer.Argument(
        help="Customer key, as in mart.mart_profitability__customer_month.", show_default=False
    ),
]
RuleSetOption = Annotated[str, typer.Option("--rule-set", help="Published rule set.")]


@guarded
def trace(
    whose: Annotated[
        str,
        typer.Argument(
            metavar="CUSTOMER",
            help="Customer key, as in mart.mart_profitability__customer_month; with --cause the"
            " number of a unit.",
            show_default=False,
        ),
    ],
    month: Annotated[str, typer.Argument(metavar="YYYY-MM", help="Month.", show_default=False)],
    line: Annotated[
        str,
        typer.Argument(help="Line or subtotal: ftp, direct_cost, net_profit …", show_default=False),
    ],
    rule_set: Annotated[
        str,
        typer.Option(
            "--rule-set",
            help="Rule set; of a customer also an unpublished one, lowest or highest.",
        ),
    ] = "base",
    cause: Annotated[
        str | None,
        typer.Option(
            "--cause",
            help="Why a unit bears it, as in dimensional.dim_profit_cause.",
            show_default="a customer's figure",
        ),
    ] = None,
    account: Annotated[
        int | None,
        typer.Option("--account", help="Key of one account.", show_default="all of the customer"),
    ] = None,
    accounts: Annotated[
        int | None,
        typer.Option(
            "--accounts",
            min=0,
            help="Accounts opened behind a unit, largest first.",
            show_default=str(SHOWN_ACCOUNTS),
        ),
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

    What belongs to a unit and to no account is asked for by unit and cause; it is reckoned from all
    accounts that touch the unit, of treasury from all of the bank.

    Example: crm trace 0201 2026-01 unused_capacity --cause unused_capacity
    """
    place, day = home_of(home), parse_month(month)
    _require_fitting(cause, account, accounts, rule_set)
    if cause is None:
        found = _of_customer(place, whose, day, line, rule_set, account)
    else:
        opened = SHOWN_ACCOUNTS if accounts is None else accounts
        found = _of_unit(place, whose, day, line, cause, rule_set, opened)
    if as_json:
        from serving.query import to_json

        typer.echo(to_json([found.to_dict(with_identities=vault)]))
    else:
        _print(found, rows, with_identities=vault)
    if not found.is_same:
        say_error(*_difference(found))
        raise typer.Exit(AuditError.exit_code)


def _require_fitting(
    cause: str | None, account: int | None, accounts: int | None, rule_set: str
) -> None:
    """Refuse what says nothing of a customer's figure, or of a unit's."""
    from serving.profit.spread import EXTREMES

    if cause is None and accounts is not None:
        raise WrongUsageError(
            "--accounts 只用于机构的数字；客户的账户全部展开，只看其中一个请用 --account 账户键。",
            "--accounts is for a unit's figure; of a customer all accounts are opened, and"
            " --account KEY shows one of them",
        )
    if cause is not None and account is not None:
        raise WrongUsageError(
            "--account 只用于客户的数字；机构的数字请用 --accounts N 展开金额最大的 N 个账户。",
            "--account is for a customer's figure; of a unit --accounts N opens the N accounts that"
            " move most",
        )
    if cause is not None and rule_set in EXTREMES:
        raise WrongUsageError(
            f"--rule-set {rule_set} 只用于客户的数字，利润区间按客户计算；机构的数字请给出已发布的"
            "规则组，例如 --rule-set base。",
            f"--rule-set {rule_set} is for a customer's figure, as ranges are of customers; of a"
            " unit name a published rule set, as in --rule-set base",
        )


def _of_customer(
    home: Home, whose: str, month: dt.date, line: str, rule_set: str, account: int | None
) -> Trace:
    from dagster_project import tracing
    from serving import connection
    from serving.profit import published
    from serving.profit import trace as tracer

    opened, generation = connection.connect_current(home.warehouse)
    with opened:
        if not whose.isascii() or not whose.isdigit() or published.is_unit(opened, whose):
            raise WrongUsageError(
                f"{whose!r} 不是客户键；若要追溯机构的数字，请加 --cause，例如 --cause treasury。",
                f"{whose!r} is no customer key; for a figure of a unit add --cause, as in --cause"
                " treasury",
            )
        customer = int(whose)
        bank = tracing.bank_of(home, opened, generation.business_date, customer, month)
        return tracer.trace(
            opened, bank, customer_key=customer, month=month, line=line, rule_set=rule_set,
            base_rule_set=tracing.project_variable("base_rule_set"), account_key=account,
        )  # fmt: skip


def _of_unit(
    home: Home, unit: str, month: dt.date, line: str, cause: str, rule_set: str, accounts: int
) -> Trace:
    from dagster_project import tracing
    from serving import connection
    from serving.profit import unit_trace

    opened, generation = connection.connect_current(home.warehouse)
    with opened:
        return unit_trace.trace_unit(
            opened,
            lambda: tracing.books_of(home, opened, generation.business_date, unit, month),
            unit=unit, month=month, line=line, cause=cause, rule_set=rule_set, opened=accounts,
        )  # fmt: skip


def _difference(found: Trace) -> tuple[str, str]:
    spread = found.spread
    if spread is not None and not spread.is_same:
        names = [
            " / ".join(_yuan(each) for each in amounts)
            for amounts in ((spread.lowest, spread.base, spread.highest), spread.reckoned)
        ]
        told = (
            f"区间（最低/基准/最高）已发布 {names[0]}，重新计算 {names[1]}",
            f"range (least/base/most) published {names[0]}, reckoned anew {names[1]}",
        )
    else:
        published, anew = _yuan(found.published), _yuan(found.reckoned)
        gap = _yuan(found.reckoned - (found.published or 0))
        told = (
            f"已发布 {published}，重新计算 {anew}，相差 {gap}",
            f"published {published}, reckoned anew {anew}: they differ by {gap}",
        )
    return (
        f"{told[0]}。若发布之后收到过新文件或改过规则，请先运行 crm run；"
        "否则请附 --json 的输出报告。",
        f"{told[1]}. Where files or rules came after the last night, run crm run first; else report"
        " it with the output of --json",
    )


def _print(found: Trace, rows: int, *, with_identities: bool) -> None:
    line = found.line
    whose = f"customer {found.customer_key}"
    if found.cause is not None:
        cause = found.cause
        whose = f"unit 机构 {found.unit}  {cause.code} {cause.zh} {cause.en}"
    console.print(
        f"[bold]{escape(line.zh)} {escape(line.en)}[/]  {escape(whose)}"
        f"  {found.month:%Y-%m}  rule set {escape(found.rule_set)}"
    )
    tree = Tree(_headline(found.step))
    hanger = _Hanger(rows, with_identities)
    hanger.hang_parts(tree, found.step)
    console.print(tree)
    anew = _yuan(found.reckoned)
    if found.spread is not None:
        _print_range(found.spread, found.rule_set)
    if found.published is None:
        console.print(f"not published by itself 未单独发布   reckoned anew 重新计算 {anew}")
    else:
        console.print(f"published 已发布 {_yuan(found.published)}   reckoned anew 重新计算 {anew}")
    if found.is_same:
        console.print("[bold green]same to the fen 分毫不差[/]")


def _print_range(spread: Spread, chosen: str) -> None:
    """What every rule set makes of the customer, and which of them the published range is of."""
    console.print(
        "Profit before income tax and after the cost of capital, by rule set"
        " 税前经济增加值（各规则组）:"
    )
    ends = {spread.lowest: "lowest 最低", spread.highest: "highest 最高"}
    for code, amount in sorted(spread.by_rule_set.items(), key=lambda each: (each[1], each[0])):
        end = f"  = {ends[amount]} (fct_profit_range_month)" if amount in ends else ""
        mark = "[bold]" if code == chosen else ""
        console.print(f"  {mark}{escape(code):<16} {_yuan(amount):>16}{end}")


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
        self.hang_parts(branch, step)

    def hang_parts(self, branch: Tree, step: Step) -> None:
        """Add the parts of a step; of those that open to nothing only as many as rows."""
        leaves = 0
        for part in step.parts:
            is_leaf = not (part.parts or part.origins or part.rules)
            leaves += is_leaf
            if not is_leaf or leaves <= self.rows:
                self.hang(branch, part)
        if leaves > self.rows:
            branch.add(f"[dim]… {leaves - self.rows} more (--rows, --json)[/]")


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
