"""`crm sql`: a question, or a conversation, with the published generation."""

from __future__ import annotations

import atexit
import sys
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
    errors,
    guarded,
    home_of,
    parse_date,
    say_error,
)
from dagster_project.errors import WrongUsageError

if TYPE_CHECKING:
    import duckdb

    from dagster_project.home import Home
    from serving.connection import Audience
    from serving.query import Answer

SHOWN_ROWS = 50
HELP_TEXT = "Queries end with ;   .tables  .help  .quit"


@guarded
def sql(
    query: Annotated[
        str | None,
        typer.Argument(help="SQL to run; - reads it from standard input.", show_default="a prompt"),
    ] = None,
    as_json: JsonOption = False,
    vault: Annotated[
        bool, typer.Option("--vault", help="Attach the identities too, as database vault.")
    ] = False,
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="Rows shown in a table; --json prints all.")
    ] = SHOWN_ROWS,
    output: Annotated[
        Path | None,
        typer.Option("--output", help="Write the whole answer to this file, .csv or .xlsx."),
    ] = None,
    as_known_on: Annotated[
        str | None,
        typer.Option(
            "--as-known-on",
            metavar="YYYY-MM-DD",
            help="Ask what crm run --as-known-on rebuilt for that date.",
            show_default="what is published",
        ),
    ] = None,
    replay: Annotated[
        str | None,
        typer.Option(
            "--replay",
            metavar="NAME",
            help="Ask what crm replay built under other rules.",
            show_default="what is published",
        ),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Ask the published generation, read-only.

    The generation is resolved once: a night that is published meanwhile does not change what this
    session sees. With --json the answer is an array of row objects: dates as ISO texts, decimals
    as numbers with all their digits. In a file written by --output no text can act as a formula.

    Example: crm sql "select month_date, sum(contribution_amount) as contribution
    from mart.mart_profitability__customer_month group by month_date order by month_date"
    """
    from serving import query as queries

    opened, told = _open(home_of(home), replay, as_known_on, with_vault=vault)
    with opened:
        if (query is None and not sys.stdin.isatty()) or query == "-":
            query = sys.stdin.read()
        if output is not None and query is None:
            raise WrongUsageError(
                "--output 只写出一条查询的结果；请同时给出查询。",
                "--output writes the answer of one query; give it beside",
            )
        if query is None:
            console.print(f"{told}. {HELP_TEXT}")
            _converse(opened, as_json, limit)
            return
        answer = queries.run(opened, query, None if as_json or output else limit)
        if output is not None:
            from serving import export

            export.write(answer, output)
            console.print(f"{len(answer.rows):,} rows written to {escape(str(output))}")
            return
        _show(answer, as_json)


def _open(
    place: Home, replay: str | None, as_known_on: str | None, *, with_vault: bool
) -> tuple[duckdb.DuckDBPyConnection, str]:
    """What is asked, opened, and what it is called."""
    from serving import connection

    if replay is not None:
        if with_vault or as_known_on is not None:
            raise WrongUsageError(
                "--replay 只含分析库，请去掉 --vault 与 --as-known-on。",
                "a replay holds what analysts may read; leave out --vault and --as-known-on",
            )
        from dagster_project import replay as replays

        folder, made = replays.finished(place, replay)
        told = f"Replay {made.name} of generation {made.generation}, {made.business_date}"
        return connection.connect_published(folder), told
    if as_known_on is not None:
        from dagster_project import as_known

        place = as_known.built(place, parse_date("--as-known-on", as_known_on))
    audience: Audience = "vault" if with_vault else "analyst"
    opened, found = connection.connect_current(place.warehouse, audience)
    return opened, f"Generation {found.number}, business date {found.business_date}"


def _converse(opened: duckdb.DuckDBPyConnection, as_json: bool, limit: int) -> None:
    """Read queries until the end of the input; a mistake costs a sentence, not the session."""
    from serving.errors import QueryError
    from serving.query import run

    _remember_history()
    pending: list[str] = []
    while True:
        try:
            line = input("crm> " if not pending else "...> ").strip()
        except EOFError:
            return
        except KeyboardInterrupt:
            pending = []
            console.print()
            continue
        if not pending and line in {".quit", ".exit", "quit", "exit"}:
            return
        if not pending and line == ".help":
            console.print(HELP_TEXT)
            continue
        if not pending and line == ".tables":
            line = (
                "select schema_name, table_name, estimated_size as row_count, comment "
                "from duckdb_tables() where not internal order by 1, 2;"
            )
        pending.append(line)
        text = "\n".join(pending)
        if not text.rstrip().endswith(";"):
            continue
        pending = []
        try:
            _show(run(opened, text, None if as_json else limit), as_json)
        except QueryError as error:
            say_error(*error.sentence)


def _remember_history() -> None:
    try:
        import readline
    except ImportError:  # a Python built without it still reads lines
        return
    path = Path.home() / ".crm_sql_history"
    try:
        readline.read_history_file(path)
    except OSError:
        readline.clear_history()

    def save() -> None:
        try:
            readline.write_history_file(path)
        except OSError as error:
            errors.print(f"the history was not kept: {error.strerror}")

    atexit.register(save)


def _show(answer: Answer, as_json: bool) -> None:
    from serving.query import to_json

    if as_json:
        typer.echo(to_json(answer.records()))
        return
    if not answer.columns:
        return
    table = Table(show_edge=False, header_style="bold", pad_edge=False)
    for name, kind in zip(answer.columns, answer.types, strict=True):
        is_number = any(word in kind for word in ("INT", "DECIMAL", "DOUBLE", "FLOAT"))
        table.add_column(escape(name), justify="right" if is_number else "left", overflow="fold")
    for row in answer.rows:
        table.add_row(*(_cell(value) for value in row))
    console.print(table)
    rows = len(answer.rows)
    more = ", more are not shown (--limit, --json)" if answer.is_cut else ""
    console.print(f"[dim]{rows} row{'s' if rows != 1 else ''}{more}[/]")


def _cell(value: Any) -> str:
    if value is None:
        return "[dim]null[/]"
    # Plain digits: a decimal zero with eight decimals would print as 0E-8.
    return escape(f"{value:f}" if isinstance(value, Decimal) else str(value))
