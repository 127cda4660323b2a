"""`crm what-if`: profit of a customer, or of a value class, had something been otherwise."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from dagster_project.cli.output import HomeOption, JsonOption, console, guarded, home_of
from dagster_project.cli.trace import RuleSetOption
from dagster_project.errors import WrongUsageError

if TYPE_CHECKING:
    from serving.profit.book import Book
    from serving.profit.published import Line
    from serving.profit.what_if import Case


@guarded
def what_if(
    customer: Annotated[
        int | None, typer.Argument(help="Customer key.", show_default="see --segment")
    ] = None,
    segment: Annotated[
        str | None,
        typer.Option("--segment", help="A value class instead: core, key or general."),
    ] = None,
    rate_change: Annotated[
        str | None,
        typer.Option(
            "--rate-change",
            metavar="[asset|liability|PRODUCT:]BP",
            help="Basis points on contract rates; of loans unless said otherwise.",
        ),
    ] = None,
    fee: Annotated[
        str | None, typer.Option("--fee", metavar="YUAN", help="Yuan a month from each customer.")
    ] = None,
    channel: Annotated[
        str | None,
        typer.Option(
            "--channel",
            metavar="FROM:TO:SHARE",
            help="A share of postings by another channel: counter:mobile_bank:0.5.",
        ),
    ] = None,
    product: Annotated[
        str | None,
        typer.Option("--product", metavar="A:B", help="Balances of product A held in product B."),
    ] = None,
    lost: Annotated[bool, typer.Option("--lost", help="The relationship is lost.")] = False,
    won: Annotated[bool, typer.Option("--won", help="One like it is won.")] = False,
    rule_set: RuleSetOption = "base",
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Tell what the last twelve months would have brought had one thing been otherwise.

    Plain arithmetic on what is published: transfer prices stay what was agreed, nobody reacts, and
    costs that a customer no longer causes stay with the bank as unused capacity, which the last
    lines show. Exactly one change is tried at a time.

    Example: crm what-if 421337 --channel counter:mobile_bank:0.5
    """
    from serving import connection
    from serving.profit import book as books
    from serving.profit import published

    change = _only_change(
        {
            "--rate-change": rate_change, "--fee": fee, "--channel": channel,
            "--product": product, "--lost": lost, "--won": won,
        }
    )  # fmt: skip
    if (customer is None) == (segment is None):
        raise WrongUsageError(
            "请给出一个客户键，或用 --segment 给出一个价值分类。",
            "give a customer key, or a value class by --segment",
        )
    opened, _ = connection.connect_current(home_of(home).warehouse)
    with opened:
        if customer is not None:
            published.require_customer(opened, customer)
            keys, who = [customer], f"customer {customer}"
        else:
            keys = books.of_class(opened, str(segment))
            who = f"{len(keys):,} customers of value class {segment} (by deposits 按存款)"
        case = change(books.Book(opened, keys, rule_set))
        lines = published.lines(opened)
    if as_json:
        from serving.query import to_json

        typer.echo(to_json(_records(case, lines)))
    else:
        _print(case, lines, who, rule_set)


def _only_change(given: dict[str, Any]) -> Callable[[Book], Case]:
    """The one change that was asked for."""
    named = [option for option, value in given.items() if value]
    if len(named) != 1:
        options, listed = "、".join(given), ", ".join(given)
        raise WrongUsageError(
            f"请恰好给出一种变动：{options}。", f"give exactly one change: {listed}"
        )
    from serving.profit import what_if as tries

    (option,) = named
    value = given[option]
    if option == "--lost":
        return tries.lost
    if option == "--won":
        return tries.won
    if option == "--fee":
        amount = _number(option, value)
        return lambda book: tries.fee_charged(book, amount)
    parts = str(value).split(":")
    if option == "--rate-change" and len(parts) <= 2:
        points, target = _number(option, parts[-1]), parts[0] if parts[1:] else "asset"
        return lambda book: tries.rate_changed(book, target, points)
    if option == "--channel" and len(parts) == 3:
        part = _number(option, parts[2])
        return lambda book: tries.channel_changed(book, parts[0], parts[1], part)
    if option == "--product" and len(parts) == 2:
        return lambda book: tries.product_changed(book, parts[0], parts[1])
    raise _unreadable(option, value)


def _number(option: str, text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise _unreadable(option, text) from None
    if not number.is_finite():
        raise _unreadable(option, text)
    return number


def _unreadable(option: str, text: str) -> WrongUsageError:
    return WrongUsageError(
        f"{option} 为 {text!r}，无法读懂；格式见 crm what-if --help。",
        f"{option} is {text!r}, which cannot be read; crm what-if --help shows how it is written",
    )


def _shown(case: Case, lines: list[Line]) -> list[tuple[str, str, str, bool]]:
    """Code and names of the lines that say anything, and whether each is a subtotal."""
    from serving.profit.published import SUBTOTALS

    found = [
        (line.code, line.zh, line.en, False)
        for line in lines
        if case.before.get(line.code) or case.change.get(line.code)
    ]
    names = ("pre_tax_profit", "net_profit", "economic_profit")
    return found + [(name, *SUBTOTALS[name][:2], True) for name in names]


def _records(case: Case, lines: list[Line]) -> list[dict[str, Any]]:
    from serving.profit.numbers import yuan

    found = []
    for code, zh, en, _ in _shown(case, lines):
        before, change = case.total(case.before, code), case.total(case.change, code)
        amounts = (("before", before), ("after", before + change), ("change", change))
        names = {"line": code, "name_zh": zh, "name_en": en}
        found.append(names | {f"{name}_amount": yuan(amount) for name, amount in amounts})
    return found


def _print(case: Case, lines: list[Line], who: str, rule_set: str) -> None:
    from serving.profit.evidence import money

    months = f"{case.first:%Y-%m} – {case.last:%Y-%m}"
    console.print(f"{escape(who)}  {months}  rule set {escape(rule_set)}")
    table = Table(show_edge=False, header_style="bold", pad_edge=False)
    table.add_column("项目 Line")
    for name in ("现状 Before", "变动后 After", "差额 Change"):
        table.add_column(name, justify="right")
    for code, zh, en, is_subtotal in _shown(case, lines):
        before, change = case.total(case.before, code), case.total(case.change, code)
        amounts = (money(each) for each in (before, before + change, change))
        table.add_row(f"{escape(zh)} {escape(en)}", *amounts, style="bold" if is_subtotal else None)
    console.print(table)
    for zh, en in case.notes:
        console.print(f"{escape(zh)} {escape(en)}")
    if case.cost_left:
        cost = money(case.cost_left)
        rest = money(case.total(case.change, "pre_tax_profit") - case.cost_left)
        console.print(f"其中 {cost} 为作业成本；产能不因此增减，银行当前税前利润变动 {rest}。")
        console.print(
            f"{cost} of it is the cost of work. Capacity stays what it is: for now the bank's"
            f" profit before tax changes by {rest}."
        )
