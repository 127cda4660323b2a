"""`crm statement`: what one customer brought, on one page."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from dagster_project.cli.output import HomeOption, console, guarded, home_of, parse_month
from dagster_project.cli.trace import CustomerArgument, RuleSetOption
from dagster_project.errors import WrongUsageError

if TYPE_CHECKING:
    import duckdb

    from serving.profit.statement import Statement

_YEAR = re.compile(r"[0-9]{4}")


@guarded
def statement(
    customer: CustomerArgument,
    month: Annotated[
        str | None,
        typer.Option(
            "--month", metavar="YYYY-MM", help="One month.", show_default="the newest published"
        ),
    ] = None,
    year: Annotated[
        str | None,
        typer.Option("--year", metavar="YYYY", help="The published months of a year, summed up."),
    ] = None,
    rule_set: RuleSetOption = "base",
    output: Annotated[
        Path | None,
        typer.Option("--output", help="Write it to this file: .html for the printer, or .xlsx."),
    ] = None,
    vault: Annotated[
        bool, typer.Option("--vault", help="Put the customer's name on the page.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Tell what a customer brought, line by line and account by account.

    With --output x.html a page of A4 is written, in Chinese and English, with how each line was
    reckoned; it holds no script and needs nothing from anywhere, so it can be sent as it is.

    Example: crm statement 421337 --year 2025 --output statement.html
    """
    from serving import connection, export
    from serving.profit import statement as statements
    from serving.profit import statement_page

    place = home_of(home)
    if month and year:
        raise WrongUsageError(
            "--month 与 --year 只能给一个。", "--month and --year cannot be given together"
        )
    audience = "vault" if vault else "analyst"
    opened, generation = connection.connect_current(place.warehouse, audience)  # type: ignore[arg-type]
    with opened:
        first, last = _months(opened, month, year)
        told = statements.statement(opened, customer, first, last, rule_set)
        name = _name(opened, customer) if vault else None
    if output is None:
        _print(told)
    elif output.suffix.casefold() == ".html":
        statement_page.write(
            told, output, generation=generation.number, until=generation.business_date, name=name
        )
        console.print(f"written to {escape(str(output))}")
    elif output.suffix.casefold() == ".xlsx":
        export.write(told.answer(), output)
        console.print(f"written to {escape(str(output))}")
    else:
        raise WrongUsageError(
            f"利润表只能写成 .html 或 .xlsx，不能写成 {output.name!r}。",
            f"a statement is written as .html or .xlsx, not as {output.name!r}",
        )


def _months(
    opened: duckdb.DuckDBPyConnection, month: str | None, year: str | None
) -> tuple[dt.date, dt.date]:
    """First and last month that are asked for."""
    from serving.profit import published

    if year is not None:
        if not _YEAR.fullmatch(year):
            raise WrongUsageError(
                f"--year 为 {year!r}；请写成 YYYY。", f"--year is {year!r}; write it as YYYY"
            )
        return dt.date(int(year), 1, 1), dt.date(int(year), 12, 1)
    chosen = parse_month(month) if month else published.months(opened)[-1]
    published.require_month(opened, chosen)
    return chosen, chosen


def _name(opened: duckdb.DuckDBPyConnection, customer: int) -> str | None:
    """The customer's name, as it stands now."""
    row = opened.execute(
        "select customer_name from vault.identity.dim_customer_identity"
        " where customer_key = ? order by is_current desc limit 1",
        [customer],
    ).fetchone()
    return str(row[0]) if row and row[0] else None


def _print(told: Statement) -> None:
    from serving.profit.evidence import money

    rules = told.rule_set
    console.print(
        f"customer {told.customer_key}  {told.period}  rule set {escape(rules['rule_set_code'])}"
    )
    table = Table(show_edge=False, header_style="bold", pad_edge=False)
    table.add_column("项目 Line")
    for column in told.columns:
        table.add_column(f"{escape(column.product)}\n{column.key}", justify="right")
    table.add_column("合计 Total", justify="right")
    for line in told.lines:
        amounts = [line.by_account.get(column.key, 0) for column in told.columns]
        style = "bold" if line.is_subtotal else None
        cells = [money(amount) for amount in (*amounts, line.total)]
        table.add_row(f"{escape(line.zh)} {escape(line.en)}", *cells, style=style)
    table.add_row(
        "账户日均余额 Average balance", *(money(column.balance) for column in told.columns), ""
    )
    console.print(table)
    raroc = "—" if told.raroc is None else f"{told.raroc / 10**6:,.2f}%"
    console.print(
        f"average deposits 日均存款 {money(told.deposits)}   average loans 日均贷款"
        f" {money(told.loans)}   economic capital 经济资本 {money(told.capital)}   RAROC {raroc}"
    )
