"""Run the job `nightly` in this process, against the Dagster instance of the home.

The same job runs under the daemon; here it is executed without one, and its runs show in the UI.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster_project.errors import NightError, named_cause
from dagster_project.home import HOME_VARIABLE, Home
from dagster_project.night import Request
from dagster_project.reporter import Reporter
from ingestion.sentence import shown

TEMPLATE = Path(__file__).parent / "dagster.yaml"
PROCESS_TAG = "crm/process"
LOG_BYTES = 5_000_000
LONGEST_MESSAGE = 20_000


def prepare_instance(home: Home) -> Path:
    """The home's Dagster folder with its dagster.yaml; a file that is there is left as it is."""
    home.create()
    settings = home.dagster / "dagster.yaml"
    if not settings.exists():
        settings.write_text(TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    os.environ[HOME_VARIABLE] = str(home.root)
    return settings


def conduct(home: Home, request: Request, reporter: Reporter) -> None:
    """Run one night, whole, and return when it is published.

    Raises:
        NightError: The night stopped, with the sentence and exit code of what stopped it.
    """
    prepare_instance(home)
    with _log_to_file(home), _quiet_warnings():
        import dagster as dg

        from dagster_project.definitions import build_defs
        from dagster_project.resources import NIGHTLY

        with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
            _end_dead_runs(instance)
            handed = dg.ResourceDefinition.hardcoded_resource(reporter)
            defs = build_defs(
                resource_overrides={"reporter": handed}, feeds_folder=request.feeds_folder
            )
            job = defs.resolve_job_def(NIGHTLY)
            try:
                job.execute_in_process(
                    instance=instance,
                    run_config=run_config(request),
                    tags={
                        "crm/business_date": request.business_date.isoformat(),
                        PROCESS_TAG: str(os.getpid()),
                    },
                    raise_on_error=True,
                )
            except Exception as error:
                cause = named_cause(error)
                if cause is None:
                    raise
                raise cause from error


def run_config(request: Request) -> dict[str, Any]:
    """The request as Dagster's run config; nothing is printed on the screen by Dagster itself."""
    night: dict[str, Any] = {
        "business_date": request.business_date.isoformat(),
        "landing": str(request.landing),
        "accepts_missing": request.accepts_missing,
        "full_refresh": request.is_full_refresh,
        "force": request.is_forced,
        "receives": request.receives,
        "workers": request.workers,
    }
    if request.feeds_folder is not None:
        night["feeds_folder"] = str(request.feeds_folder)
    return {
        "resources": {"night": {"config": night}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }


def _end_dead_runs(instance: Any) -> None:
    """Mark nights as failed whose process was killed; the caller holds the lease, so none lives."""
    import dagster as dg

    running = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
    for run in instance.get_runs(filters=running):
        if PROCESS_TAG in run.tags:
            instance.report_run_failed(run, "The process of this run was killed.")


class _OneLine(logging.Formatter):
    """A message is one line of the log, whatever a delivered name or value in it would be."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        record.message = shown(record.message, LONGEST_MESSAGE)
        return super().formatMessage(record)


@contextmanager
def _log_to_file(home: Home) -> Iterator[None]:
    """What libraries log goes to CRM_HOME/logs/crm.log, which begins anew when it is large."""
    path = home.logs / "crm.log"
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=LOG_BYTES, backupCount=3, encoding="utf-8"
    )
    handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.close()


@contextmanager
def _quiet_warnings() -> Iterator[None]:
    """Warnings of libraries about themselves go to the log, not over the screen."""
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)


__all__ = ["NightError", "conduct", "prepare_instance"]
