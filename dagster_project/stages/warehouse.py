"""Stages build and finish: from the lake to the tables of the private build, through dbt alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dagster_project.errors import AuditError, NightError
from dagster_project.night import Night
from dagster_project.stages import denied_visits, late_members, moved_events
from ingestion.contracts import load_bank
from serving import build as builds
from serving import generation as generations


class BuildError(NightError):
    """A model could not be built."""


def decide(night: Night) -> None:
    """Whether this night starts from the last generation, and what it must replace there.

    A whole rebuild is the safe answer to everything that can change rows of dates that no delivery
    of tonight names.
    """
    base = night.base
    night.refresh_reasons = _reasons_for_full_refresh(night)
    if base is None or night.refresh_reasons:
        return
    touched = night.ledger.touched_since(base.number)
    days = {
        *touched.dates,
        *moved_events.touched_days(night, touched.dates),
        *late_members.touched_days(night),
    }
    months = {day.replace(day=1) for day in (*days, *touched.months)}
    months |= denied_visits.touched_months(night)
    # The month that was running stops at the base's date in its tables; it must be carried on.
    months |= set(_months_between(base.business_date, night.request.business_date))
    night.touched_dates = sorted({*days, night.request.business_date})
    night.touched_months = sorted(months)


def _reasons_for_full_refresh(night: Night) -> list[str]:
    base = night.base
    if base is None:
        return ["nothing is published yet"]
    reasons = [f"{each} changed" for each in night.versions.differences(base.details)]
    if night.request.is_full_refresh:
        reasons.append("it was asked for")
    if night.request.business_date < base.business_date:
        reasons.append(f"generation {base.number} speaks of a later date")
    if night.ledger.touched_since(base.number).is_master_late:
        reasons.append("master data was delivered late")
    return reasons


def _months_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """First days of the months from one date to another, both included."""
    months = []
    month = first.replace(day=1)
    while month <= last:
        months.append(month)
        month = (month + dt.timedelta(days=31)).replace(day=1)
    return months


def prepare(night: Night) -> builds.BuildFiles:
    """The night's private files: empty, or a copy of the generation it builds on."""
    start = night.base if night.base and not night.refresh_reasons else None
    folder = generations.folder_of(night.home.warehouse, start.number) if start else None
    night.build = builds.prepare(night.home.builds, night.run_id, folder)
    return night.build


def run_dbt(night: Night, selection: Sequence[str]) -> None:
    """One invocation of dbt on the night's build; the outcome is kept on the night.

    Raises:
        DbtError: dbt could not run at all.
    """
    from dagster_project.dbt_runner import Dbt, Progress

    if night.build is None:
        decide(night)
        prepare(night)
    if night.dbt is None and night.build is not None:
        logs = night.home.logs / "dbt" / str(night.run_id)
        night.dbt = Dbt(night.build.folder, night.home.lake, logs)

    def tell(event: Progress) -> None:
        night.reporter.progress(event.name, event.done, event.total)

    if night.dbt is not None:
        outcome = night.dbt.build(
            selection,
            variables(night),
            full_refresh=bool(night.refresh_reasons),
            on_progress=tell,
        )
        night.outcomes.append(outcome)


def variables(night: Night) -> dict[str, Any]:
    """The vars of the night; no model reads a clock."""
    told = {
        "business_date": night.request.business_date,
        "touched_dates": night.touched_dates,
        "touched_months": night.touched_months,
    }
    own = load_bank(night.request.feeds_folder).own_currency_code
    return told | ({"own_currency_code": own} if own else {})


def judge(night: Night) -> None:
    """Stop the night when the last invocation had a failed model or a failed blocking test.

    Raises:
        BuildError: A model or seed could not be built.
        AuditError: All was built, but a test says that it is not right.
    """
    outcome = night.outcomes[-1]
    for node in outcome.nodes:
        if node.status == "warn":
            night.reporter.note(f"{node.name}: {node.told or node.message}", is_warning=True)
    if not outcome.failures:
        return
    told = outcome.sentence()
    zh = f"{told.zh}；未发布任何数据，日志见 {log_folder(night)}/dbt.log"
    en = f"{told.en}; nothing was published, the log is {log_folder(night)}/dbt.log"
    if night.build is not None and any(each.failures for each in outcome.failures):
        rows = night.build.database("scratch")
        zh += f"，未通过的行在 {rows} 的 test_failure 模式中，保留至下一次夜间任务"
        en += f", the failing rows are in {rows}, schema test_failure, until the next night"
    is_built = all(each.kind == "test" for each in outcome.failures)
    night.failure = (AuditError if is_built else BuildError)(f"{zh}。", en)
    raise night.failure


def tell_suspicions(night: Night) -> None:
    """Say which tables of schema qc hold rows that somebody should look at."""
    if night.build is None:
        return
    for name, rows in row_counts(night.build).items():
        if name.startswith("crm.qc.") and rows:
            table = name.removeprefix("crm.")
            night.reporter.note(f"{rows:,} suspicious rows to look at: {table}", is_warning=True)


def row_counts(folder: builds.BuildFiles) -> dict[str, int]:
    """Rows of every table of the build, by table name."""
    with builds.open_read_only(folder) as connection:
        return builds.row_counts(connection)


def log_folder(night: Night) -> Path:
    """Where dbt wrote about this night."""
    return night.home.logs / "dbt" / str(night.run_id)
