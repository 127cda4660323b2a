"""`crm reconcile`: the statement of profit against the general ledger, line by line."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from dagster_project.cli.output import (
    HomeOption,
    JsonOption,
    console,
    guarded,
    home_of,
    parse_month,
    print_json,
)
from dagster_project.errors import AuditError, WrongUsageError

if TYPE_CHECKING:
    import duckdb

    from dagster_project.home import Home
    from serving.reconciliation import Balance, Item, Line, Untranslated

# The tests that stop a night here.
CHECKS = frozenset(
    {
        "ledger_ties_to_profit",
        "ledger_ties_to_accounts",
        "every_ledger_amount_of_another_currency_has_a_rate",
    }
)
TABLES = (
    "dimensional.fct_recon_month",
    "dimensional.fct_balance_recon_month",
    "qc.qc_amount_without_exchange_rate",
)


@guarded
def reconcile(
    month: Annotated[
        str | None,
        typer.Option(
            "--month", metavar="YYYY-MM", help="Month.", show_default="the newest with a ledger"
        ),
    ] = None,
    rule_set: Annotated[
        str | None,
        typer.Option("--rule-set", help="Rule set.", show_default="every published one"),
    ] = None,
    by_unit: Annotated[
        bool, typer.Option("--by-unit", help="Every unit by itself, not their sum.")
    ] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Compare the profit of accounts and units with the general ledger.

    Reads the build of a night that was stopped, where there is one, else what is published. What
    nobody explains is listed unit by unit, in every month unless --month names one; it stopped the
    night, or would. What no rate turns into yuan counts 0 on both sides and is listed, too. Exit
    code 4 where anything is left unexplained, or the ledger holds a currency without a rate.

    Example: crm reconcile --month 2026-01 --by-unit
    """
    from dagster_project import tracing
    from serving import reconciliation

    place = home_of(home)
    with _open(place) as (connection, source):
        months = reconciliation.require_months(connection)
        chosen = _chosen_month(month, months)
        known = reconciliation.rule_sets(connection, tracing.project_variable("base_rule_set"))
        if rule_set is not None and rule_set not in known:
            raise WrongUsageError(
                f"没有规则组 {rule_set!r}；可选：{'、'.join(known)}。",
                f"there is no rule set {rule_set!r}; choose one of {', '.join(known)}",
            )
        codes, looked_at = [rule_set] if rule_set else known, [chosen] if month else months
        lines = reconciliation.lines(connection, chosen, codes, by_unit=by_unit)
        explained = reconciliation.items(connection, chosen, codes)
        left = reconciliation.unexplained(connection, looked_at, codes)
        compared, unbalanced = reconciliation.balances(connection, looked_at)
        rateless = reconciliation.untranslated(connection, looked_at)
    told: dict[str, Any] = {"source": source, "month": f"{chosen:%Y-%m}"}
    told["rule_sets"] = {
        code: {"lines": lines[code], "explained": explained[code]} for code in codes
    }
    told |= {"balances": compared[chosen], "unbalanced": unbalanced, "unexplained": left}
    told["without_rate"] = rateless
    if as_json:
        print_json(_plain(told))
    else:
        _print(told)
    if left or unbalanced or _lacks_ledger_rate(rateless):
        raise typer.Exit(AuditError.exit_code)


@contextmanager
def _open(place: Home) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """The build that the reconciliation stopped, where there is one, else what is published."""
    from serving import build, connection
    from serving.profit.published import require_table

    folder = build.stopped(place.builds)
    if folder is not None and _is_stopped_by_us(folder):
        opened, source = (
            connection.connect_published(folder),
            f"the stopped build of run {folder.name}",
        )
    else:
        opened, generation = connection.connect_current(place.warehouse)
        source = f"generation {generation.number}"
    with opened:
        for table in TABLES:
            require_table(opened, table)
        yield opened, source


def _is_stopped_by_us(folder: Path) -> bool:
    """Whether a build failed where ledger and profit are compared.

    One that failed elsewhere may still hold the tables of the night before. A build that a night is
    writing cannot be opened: what is published is what can be told of.
    """
    import duckdb

    from serving import build

    try:
        return bool(build.failures(folder) & CHECKS)
    except duckdb.Error:
        return False


def _chosen_month(text: str | None, months: list[dt.date]) -> dt.date:
    if text is None:
        return months[0]
    chosen = parse_month(text)
    if chosen not in months:
        first, last = f"{months[-1]:%Y-%m}", f"{months[0]:%Y-%m}"
        raise WrongUsageError(
            f"{text} 没有总账；已报送总账的月份为 {first} 至 {last}。",
            f"no ledger of {text} was delivered; there are ledgers of {first} to {last}",
        )
    return chosen


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    """The answer as plain data; amounts as texts, so that no program rounds them."""
    return told | {
        "rule_sets": {
            code: {name: [_record(row) for row in rows] for name, rows in parts.items()}
            for code, parts in told["rule_sets"].items()
        },
        **{
            name: [{"month": f"{month:%Y-%m}"} | _record(each) for month, each in told[name]]
            for name in ("unbalanced", "without_rate")
        },
        "unexplained": [
            {"month": f"{month:%Y-%m}", "rule_set": code} | _record(line)
            for month, code, line in told["unexplained"]
        ],
    }


def _record(row: Line | Item | Balance | Untranslated) -> dict[str, Any]:
    return {
        name: str(value) if isinstance(value, Decimal) else value
        for name, value in dataclasses.asdict(row).items()
    }


def _print(told: dict[str, Any]) -> None:
    console.print(f"Profit against the ledger, {told['month']}, yuan ({told['source']})")
    for code, parts in told["rule_sets"].items():
        console.print(f"\n[bold]Rule set {code}[/]")
        _print_lines(parts["lines"])
        _print_items(parts["explained"])
    if any(parts["explained"] for parts in told["rule_sets"].values()):
        console.print(
            f"[dim]Any of it opens 可逐项追溯: crm trace UNIT {told['month']} pre_tax_profit"
            " --cause CAUSE (income_tax for its tax); causes: dimensional.dim_profit_cause[/]"
        )
    _print_balances(told["balances"], told["unbalanced"])
    _print_untranslated(told["without_rate"])
    left = told["unexplained"]
    if not left:
        # What the ledger itself cannot be counted in leaves nothing to tie.
        if told["unbalanced"] or _lacks_ledger_rate(told["without_rate"]):
            return
        console.print("\n[green]Every line ties to the ledger, to the fen. 与总账逐分一致。[/]")
        return
    console.print(
        f"\n[bold red]{len(left)} lines of units are not explained 未说明差异[/]; mend the"
        " delivery, or have finance explain them (feed ledger__explanation):"
    )
    table = _table("month", "rule set", "unit", "line", right=("ledger", "borne", "unexplained"))
    for month, code, line in left[:_SHOWN]:
        table.add_row(
            f"{month:%Y-%m}", code, escape(line.unit or ""), escape(line.name),
            *(f"{each:,.2f}" for each in (line.ledger, line.borne, line.unexplained)),
        )  # fmt: skip
    console.print(table)
    if len(left) > _SHOWN:
        console.print(f"[dim]{len(left) - _SHOWN} more: --json lists all[/]")


def _print_balances(compared: int, found: list[tuple[dt.date, Balance]]) -> None:
    if not found:
        console.print(
            f"\nBalances 余额: {compared} ledger accounts of units tie to their accounts."
        )
        return
    console.print(f"\n[bold red]{len(found)} ledger accounts of units do not close 余额不平[/]")
    names = ("month", "unit", "account 科目", "ccy")
    table = _table(*names, right=("ledger", "accounts", "difference"))
    for month, each in found[:_SHOWN]:
        amounts = (f"{value:,.2f}" for value in (each.ledger, each.accounts, each.difference))
        told = (f"{month:%Y-%m}", escape(each.unit), escape(each.account), each.currency)
        table.add_row(*told, *amounts)
    console.print(table)


def _lacks_ledger_rate(found: list[tuple[dt.date, Untranslated]]) -> bool:
    """Whether the ledger holds income or expense that nothing turns into yuan."""
    return any(each.source == "ledger" for _, each in found)


def _print_untranslated(found: list[tuple[dt.date, Untranslated]]) -> None:
    if not found:
        return
    console.print(
        "\n[bold red]Amounts without an exchange rate count 0 缺少汇率的金额按 0 计[/];"
        " deliver a rate of the currency, of a day up to the month's end"
        " 请报送该币种月末前的汇率 (feed treasury__exchange_rate). Those of the ledger stop the"
        " night, the others warn 总账损益阻断发布，其余仅提示:"
    )
    names = ("month", "ccy 币种", "of 来源")
    table = _table(*names, right=("items 笔数", "amount without sign 原币金额"))
    for month, each in found[:_SHOWN]:
        told = (f"{month:%Y-%m}", each.currency, _SOURCES[each.source])
        table.add_row(*told, f"{each.items:,}", f"{each.amount:,.2f}")
    console.print(table)
    if len(found) > _SHOWN:
        console.print(f"[dim]{len(found) - _SHOWN} more: --json lists all[/]")


_SHOWN = 40
_SOURCES = {
    "ledger": "ledger 总账损益",
    "account": "balance days 积数",
    "transaction": "postings 交易",
    "fee": "fees 手续费",
    "accrual": "accruals 计提利息",
    "provision": "provisions 减值准备",
    "undrawn": "undrawn 未用额度",
}


def _table(*left: str, right: tuple[str, ...]) -> Table:
    table = Table(show_edge=False, header_style="bold", pad_edge=False)
    for heading in left:
        table.add_column(heading, no_wrap=True)
    for heading in right:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _print_lines(lines: list[Line]) -> None:
    has_units = any(line.unit is not None for line in lines)
    table = _table(
        *(("unit", "line 项目") if has_units else ("line 项目",)),
        right=("ledger 总账", "borne 已归属", "explained 已说明", "unexplained 未说明"),
    )
    for line in lines:
        mark = "[bold red]" if line.unexplained else ""
        table.add_row(
            *((escape(line.unit or ""),) if has_units else ()),
            escape(line.name),
            *(f"{each:,.2f}" for each in (line.ledger, line.borne, line.explained)),
            f"{mark}{line.unexplained:,.2f}",
        )
    console.print(table)


def _print_items(found: list[Item]) -> None:
    if not found:
        return
    console.print("Explained 已说明:")
    table = _table("line", "unit 机构", "why 原因", right=("amount 金额",))
    for item in found:
        table.add_row(item.line, escape(item.unit), escape(item.name), f"{item.amount:,.2f}")
    console.print(table)
