"""The `crm` command: subcommands, and nothing that takes time to import."""

from __future__ import annotations

import os

import typer

from dagster_project import environment
from dagster_project.cli import demo, doctor, feeds, generations, sql, status, template
from dagster_project.cli import run as night
from dagster_project.cli.output import EXIT_CODES

app = typer.Typer(
    name="crm",
    help="From delivered files to a published star schema, every night, on one machine.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command("demo")(demo.demo)
app.command("run")(night.run)
app.command("status")(status.status)
app.command("sql")(sql.sql)
app.command("feeds")(feeds.feeds)
app.command("template")(template.template)
app.command("doctor")(doctor.doctor)
app.command("generations")(generations.generations)
app.command("rollback")(generations.rollback)


def run() -> None:
    """Entry point of the installed command."""
    # A laptop unless told otherwise; the environment itself knows no default.
    os.environ.setdefault(environment.VARIABLE, "local")
    app()


if __name__ == "__main__":
    run()
