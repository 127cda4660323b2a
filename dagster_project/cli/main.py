"""The `crm` command: subcommands, and nothing that takes time to import."""

from __future__ import annotations

import os

import typer

from dagster_project import environment
from dagster_project.cli import (
    alerts,
    decide,
    deliver,
    deliveries,
    demo,
    doctor,
    feeds,
    generations,
    ml,
    ml_versions,
    reconcile,
    replay,
    sql,
    statement,
    status,
    template,
    trace,
    what_if,
)
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

# In the order of a day's work: the night, what it could not decide, what it published.
NIGHT = "Every night 每晚"
DELIVERIES = "Deliveries 报送文件"
PUBLISHED = "What is published 已发布数据"
BEGIN = "To begin with 准备"
app.command("run", rich_help_panel=NIGHT)(night.run)
app.command("status", rich_help_panel=NIGHT)(status.status)
app.command("alerts", rich_help_panel=NIGHT)(alerts.alerts)
app.command("deliveries", rich_help_panel=DELIVERIES)(deliveries.deliveries)
app.command("release", rich_help_panel=DELIVERIES)(decide.release)
app.command("refuse", rich_help_panel=DELIVERIES)(decide.refuse)
app.command("feeds", rich_help_panel=DELIVERIES)(feeds.feeds)
app.command("template", rich_help_panel=DELIVERIES)(template.template)
app.command("deliver", rich_help_panel=PUBLISHED)(deliver.deliver)
app.command("sql", rich_help_panel=PUBLISHED)(sql.sql)
app.command("reconcile", rich_help_panel=PUBLISHED)(reconcile.reconcile)
app.command("trace", rich_help_panel=PUBLISHED)(trace.trace)
app.command("statement", rich_help_panel=PUBLISHED)(statement.statement)
app.command("what-if", rich_help_panel=PUBLISHED)(what_if.what_if)
app.command("replay", rich_help_panel=PUBLISHED)(replay.replay)
app.command("generations", rich_help_panel=PUBLISHED)(generations.generations)
app.command("rollback", rich_help_panel=PUBLISHED)(generations.rollback)
ml.app.command("list")(ml_versions.list_versions)
ml.app.command("compare")(ml_versions.compare)
ml.app.command("book")(ml_versions.book)
ml.app.command("promote")(ml_versions.promote)
ml.app.command("rollback")(ml_versions.rollback)
ml.app.command("withdraw")(ml_versions.withdraw)
app.add_typer(ml.app, name="ml", rich_help_panel=PUBLISHED)
app.command("demo", rich_help_panel=BEGIN)(demo.demo)
app.command("doctor", rich_help_panel=BEGIN)(doctor.doctor)


def run() -> None:
    """Entry point of the installed command."""
    # A laptop unless told otherwise; the environment itself knows no default.
    os.environ.setdefault(environment.VARIABLE, "local")
    app()


if __name__ == "__main__":
    run()
