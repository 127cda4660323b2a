"""What assets are handed: the night in progress, and the home it runs in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dagster as dg

from dagster_project import environment as environments
from dagster_project import night as nights
from dagster_project.environment import Environment
from dagster_project.errors import NightError, WrongUsageError
from dagster_project.home import Home
from dagster_project.night import Night, Request
from dagster_project.reporter import LogReporter, Reporter

NIGHTLY = "nightly"


class NightSession:
    """The one night of a Dagster run, begun when the first asset asks for it.

    A night is whole: receive to publish in one run. Asking for it from a run of single assets is
    refused, since a build of parts would never pass the audit.
    """

    def __init__(
        self,
        home: Home,
        environment: Environment,
        reporter: Reporter,
        settings: dict[str, Any],
        job_name: str,
    ) -> None:
        self.home = home
        self.environment = environment
        self.reporter = reporter
        self.settings = settings
        self.job_name = job_name
        self._night: Night | None = None
        self._stack = ExitStack()

    @property
    def night(self) -> Night:
        """The night, begun with the first call."""
        if self._night is None:
            if self.job_name != NIGHTLY:
                raise WrongUsageError(
                    "夜间任务须整体运行：请启动作业 nightly，不要单独启动某个资产。",
                    "a night is built as a whole: launch the job nightly, not single assets",
                )
            opened = nights.open_night(self.home, self.environment, self.request(), self.reporter)
            self._night = self._stack.enter_context(opened)
        return self._night

    def request(self) -> Request:
        """What the run config asks for."""
        settings = self.settings
        folder = settings.get("feeds_folder")
        return Request(
            business_date=_date(settings.get("business_date")),
            landing=Path(settings.get("landing") or self.home.landing),
            feeds_folder=Path(folder) if folder else nights.feeds_folder_of(self.home, None),
            accepts_missing=bool(settings.get("accepts_missing")),
            is_full_refresh=bool(settings.get("full_refresh")),
            is_forced=bool(settings.get("force")),
            receives=bool(settings.get("receives", True)),
            workers=int(settings.get("workers") or 2),
        )

    def close(self) -> None:
        """End the night: the ledger learns how, the lease is given back."""
        self._stack.close()


def _date(text: object) -> dt.date:
    try:
        return dt.date.fromisoformat(str(text))
    except ValueError:
        raise WrongUsageError(
            f"business_date 为 {text!r}；请在运行配置中写成 YYYY-MM-DD。",
            f"business_date is {text!r}; give a date as YYYY-MM-DD in the run config",
        ) from None


NIGHT_CONFIG = {
    "business_date": dg.Field(
        str, is_required=False, description="The date the night speaks of, YYYY-MM-DD."
    ),
    "landing": dg.Field(str, is_required=False, description="Where deliveries lie."),
    "feeds_folder": dg.Field(str, is_required=False, description="A bank's own feed files."),
    "accepts_missing": dg.Field(
        bool, default_value=False, description="Publish although deliveries are missing."
    ),
    "full_refresh": dg.Field(bool, default_value=False, description="Rebuild every table."),
    "force": dg.Field(
        bool, default_value=False, description="Build a night that is published, or out of turn."
    ),
    "receives": dg.Field(bool, default_value=True, description="Take in what has landed."),
    "workers": dg.Field(int, default_value=2, description="Processes that read files."),
}


@dg.resource(
    config_schema=NIGHT_CONFIG,
    required_resource_keys={"reporter"},
    description="The night in progress: lease, ledger, private build.",
)
def night_session(context: dg.InitResourceContext) -> Iterator[NightSession]:
    """One session per run; it ends with the run, whatever happened."""
    run = context.run
    session = NightSession(
        home=Home.resolve(),
        environment=environments.current(),
        reporter=context.resources.reporter,
        settings=dict(context.resource_config or {}),
        job_name=run.job_name if run else "",
    )
    try:
        yield session
    finally:
        session.close()


@dg.resource(description="Where a night says what it is doing.")
def log_reporter(context: dg.InitResourceContext) -> LogReporter:
    """Stages and notes in the run's own log; `crm run` puts a screen in its place."""
    return LogReporter(context.log)


RESOURCES: dict[str, Any] = {"night": night_session, "reporter": log_reporter}

__all__ = ["NIGHTLY", "RESOURCES", "NightError", "NightSession"]
