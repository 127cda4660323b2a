"""Stages audit and publish: whether the build may be seen, and the step that shows it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from dagster_project import night as nights
from dagster_project.errors import AuditError, NoBuildError
from dagster_project.night import Night
from dagster_project.stages import explanation
from ingestion import conservation
from serving import build as builds
from serving import generation as generations

PUBLISHED = frozenset(builds.PUBLISHED_DATABASES)
# A table of this many rows that loses more than this share of them overnight has lost its source.
COLLAPSE_MINIMUM_ROWS = 50
COLLAPSE_SHARE = 0.5
GUARDED_SCHEMAS = frozenset({"dimensional", "mart", "identity"})


@dataclass(frozen=True)
class Finding:
    """The answer of one question of the audit."""

    name: str
    problems: tuple[str, ...]
    looked_at: int

    @property
    def is_passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


AUDITS = {
    "audit_dbt_tests": "No blocking dbt test of the night failed.",
    "audit_rows_conserved": "What the lake holds of tonight's files is what was read from them.",
    "audit_nothing_unfinished": "No table or view that dbt left half-made.",
    "audit_tables_complete": "Every table of the project is there, and no other.",
    "audit_rows_kept": "No table lost most of its rows since the last generation.",
}


def audit(night: Night, expected: set[str]) -> list[Finding]:
    """Ask every question of AUDITS of the finished build.

    Args:
        night: The night, with its build closed by dbt.
        expected: `database.schema.table` of every table that a whole build holds.

    Returns:
        One finding per audit, in the order of AUDITS.
    """
    if night.build is None:
        raise NoBuildError.to("审计", "audit")
    with builds.open_read_only(night.build) as connection:
        counts = builds.row_counts(connection)
        # Views count too: one would read the scratch file, which is gone once published.
        names = [n for n in builds.relations(connection) if n.split(".")[0] in PUBLISHED]
    published = {name: counts.get(name, 0) for name in names}
    answers: dict[str, Callable[[], tuple[list[str], int]]] = {
        "audit_dbt_tests": lambda: _failed_tests(night),
        "audit_rows_conserved": lambda: _not_conserved(night),
        "audit_nothing_unfinished": lambda: (
            [f"{name} is left over from dbt" for name in published if "__dbt_" in name],
            len(published),
        ),
        "audit_tables_complete": lambda: _incomplete(set(published), expected),
        "audit_rows_kept": lambda: _collapsed(night, published),
    }
    findings = []
    for name, ask in answers.items():
        problems, looked_at = ask()
        findings.append(Finding(name, tuple(problems), looked_at))
    return findings


def refuse(night: Night, findings: list[Finding]) -> None:
    """Stop the night when an audit has a problem.

    Raises:
        AuditError: With the first problem of each failed audit.
    """
    failed = [each for each in findings if not each.is_passed]
    if failed:
        first = "; ".join(each.problems[0] for each in failed)
        night.failure = AuditError(
            f"审计未通过，本次构建未发布：{first}。",
            f"the audit refused the build, nothing was published: {first}",
        )
        raise night.failure


def publish(night: Night) -> generations.Generation:
    """Make the audited build the current generation, enter it into the ledger, prune old ones."""
    if night.build is None:
        raise NoBuildError.to("发布", "publish")
    recorded = {each.number for each in night.ledger.generations()}
    number = generations.next_number(night.home.warehouse, recorded)
    described = generations.Generation(
        number=number,
        run_id=night.run_id,
        business_date=night.request.business_date,
        published_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        details=_details(night),
    )
    written = generations.publish(
        night.build,
        night.home.warehouse,
        described,
        guard=night.lease.check,
        on_step=lambda step: night.reporter.progress(step, 0, 0),
    )
    nights.record(night.ledger, written)
    night.published = written
    night.build = None
    removed = generations.prune(night.home.warehouse, night.environment.keep_generations)
    if removed:
        named = ", ".join(str(each) for each in removed)
        night.reporter.note(f"Removed old generations: {named}.")
    return written


def _details(night: Night) -> dict[str, Any]:
    folder = night.request.feeds_folder
    return (
        night.details
        | explanation.explain(night)
        | {
            "versions": asdict(night.versions),
            "feeds_folder": str(folder) if folder else None,
            "full_refresh": list(night.refresh_reasons),
            "touched_dates": [each.isoformat() for each in night.touched_dates],
            "touched_months": [each.isoformat() for each in night.touched_months],
            "base": night.base.number if night.base else None,
            "seconds": {name: round(each, 3) for name, each in night.seconds.items()},
        }
    )


def _failed_tests(night: Night) -> tuple[list[str], int]:
    nodes = [node for outcome in night.outcomes for node in outcome.nodes]
    failed = [node for outcome in night.outcomes for node in outcome.failures]
    return [f"{node.name}: {node.told or node.message}" for node in failed], len(nodes)


def _not_conserved(night: Night) -> tuple[list[str], int]:
    read = [each for each in night.reports if each.rows_in is not None]
    # The ledger knows what was superseded in the same night; a report does not.
    kept = night.ledger.deliveries(state="loaded", ended_run_id=night.run_id)
    found = [*conservation.check_batches(read), *conservation.check_lake(kept, night.home.lake)]
    return [each.sentence for each in found], len(read)


def _incomplete(actual: set[str], expected: set[str]) -> tuple[list[str], int]:
    missing = [f"{name} is missing" for name in sorted(expected - actual)]
    strange = [f"{name} belongs to no model" for name in sorted(actual - expected)]
    return missing + strange, len(expected)


def _collapsed(night: Night, published: dict[str, int]) -> tuple[list[str], int]:
    if night.base is None or night.refresh_reasons:
        return [], 0
    problems = []
    guarded = [name for name in published if name.split(".")[1] in GUARDED_SCHEMAS]
    for name in sorted(guarded):
        before = night.base.tables.get(name, (0, ""))[0]
        now = published[name]
        if before >= COLLAPSE_MINIMUM_ROWS and now < before * COLLAPSE_SHARE:
            problems.append(
                f"{name} has {now:,} rows, it had {before:,}; look for the delivery that did not"
                " come (crm status), or publish it as it is: crm run --full-refresh"
            )
    return problems, len(guarded)
