"""One night: what it was asked for, what it knows, and how it begins and ends.

The stages themselves are in `dagster_project.stages`; assets call them. Nothing here imports
Dagster or dbt, so that the command can decide what there is to do before it pays for them.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project import lease as leases
from dagster_project import preflight
from dagster_project.alerts import tell as alerts
from dagster_project.environment import Environment
from dagster_project.errors import (
    DeliveriesError,
    NightError,
    PreflightError,
    WrongUsageError,
)
from dagster_project.home import Home
from dagster_project.plan import plan
from dagster_project.reporter import LogReporter, Reporter
from dagster_project.versions import Versions
from ingestion.contracts.feed import Feed
from ingestion.contracts.load import load_feeds
from ingestion.ledger import DeliveryRow, Ledger, LedgerError
from serving import build as builds
from serving import generation as generations

if TYPE_CHECKING:
    from dagster_project.dbt_runner import Dbt, Outcome
    from ingestion.batch import BatchReport
    from ingestion.conservation import Finding
    from ingestion.landing import Receipt
    from ingestion.landing.standing import Standing
    from ingestion.quality.gate import Validation
    from ingestion.sentence import Sentence


@dataclass(frozen=True)
class Request:
    """What a night was asked for.

    Attributes:
        business_date: The date the night speaks of; never taken from a clock.
        landing: Where deliveries lie.
        feeds_folder: A bank's own feed files, or None for the standard ones.
        accepts_missing: Publish although a required delivery is missing, held or refused.
        is_full_refresh: Rebuild every table from the lake.
        is_forced: Build a date that is published already, or one before others on offer.
        receives: Take in what lies in landing; off where a night only reads what was taken in.
        workers: Child processes that read files.
    """

    business_date: dt.date
    landing: Path
    feeds_folder: Path | None = None
    accepts_missing: bool = False
    is_full_refresh: bool = False
    is_forced: bool = False
    receives: bool = True
    workers: int = 2

    @property
    def reference(self) -> Path | None:
        """Lists that a bank keeps itself, beside its own feed files."""
        return reference_of(self.feeds_folder)


@dataclass
class Night:
    """A night in progress, and what its stages found; one per run, held by one process."""

    home: Home
    environment: Environment
    request: Request
    reporter: Reporter
    ledger: Ledger
    lease: leases.Lease
    run_id: int
    feeds: dict[str, Feed]
    versions: Versions
    base: generations.Generation | None
    killed_runs: list[tuple[int, dt.date]] = field(default_factory=list)
    receipt: Receipt | None = None
    reports: list[BatchReport] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    gate_problems: dict[str, list[Sentence]] = field(default_factory=dict)
    validations: list[Validation] = field(default_factory=list)
    standings: dict[str, Standing] = field(default_factory=dict)
    refresh_reasons: list[str] = field(default_factory=list)
    touched_dates: list[dt.date] = field(default_factory=list)
    touched_months: list[dt.date] = field(default_factory=list)
    build: builds.BuildFiles | None = None
    dbt: Dbt | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    published: generations.Generation | None = None
    failure: BaseException | None = None

    def loaded_since_base(self) -> list[DeliveryRow]:
        """Deliveries that the generation the night goes on from did not read; all without one.

        Those loaded since, and those of later dates than its own, whenever they came.
        """
        rows = self.ledger.deliveries(state="loaded")
        if self.base is None:
            return rows
        known, date = self.base.run_id, self.base.business_date
        return [r for r in rows if (r.ended_run_id or 0) > known or r.business_date > date]

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage, write it into the ledger, and remember what it failed of."""
        self.reporter.stage(name)
        started = time.monotonic()
        try:
            with self.ledger.stage(self.run_id, name):
                yield
        except BaseException as error:
            self.failure = error
            raise
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - started


@contextmanager
def open_night(
    home: Home, environment: Environment, request: Request, reporter: Reporter
) -> Iterator[Night]:
    """Take the lease, clean up after runs that died, and begin a run in the ledger.

    However the night ends, the ledger learns of it; a process that is killed learns nothing, and
    the next night finds its leftovers.

    Raises:
        LeaseHeldError: Another run holds the lease.
        AlreadyPublishedError: The date is published, and nothing forces it.
        DeliveriesError: An earlier date is on offer and not published.
        PreflightError: The machine or the home does not admit a night.
    """
    admit(home, request.landing, request.business_date, reporter)
    home.create()
    night: Night | None = None
    try:
        with leases.hold(home.lease) as held:
            night = _begin(home, environment, request, reporter, held)
            try:
                yield night
            except BaseException as error:
                night.failure = night.failure or error
                raise
            finally:
                _close(night)
    finally:
        # Nobody waits for a mail server while holding the lease.
        if night is not None:
            alerts.of_night(night)


def admit(home: Home, landing: Path, business_date: dt.date | None, reporter: Reporter) -> None:
    """Let a night begin, or tell whoever should know that it may not.

    Raises:
        PreflightError: The machine or the home does not admit a night.
    """
    try:
        preflight.refuse(home, landing)
    except PreflightError as error:
        alerts.of_refusal(home, str(business_date or ""), error, reporter)
        raise


def _begin(
    home: Home,
    environment: Environment,
    request: Request,
    reporter: Reporter,
    held: leases.Lease,
) -> Night:
    ledger = _open_ledger(home)
    recover(home, ledger, reporter)
    feeds = load_feeds(request.feeds_folder)
    _check_turn(home, feeds, request)
    versions = Versions.now(request.feeds_folder)
    # Nobody else holds the lease, so a run that still counts as running was killed.
    killed = [run for run in ledger.runs() if run.state == "running"]
    run_id = ledger.start_run(request.business_date, versions.code)
    held.note_run(run_id)
    base = generations.current(home.warehouse)
    night = Night(home, environment, request, reporter, ledger, held, run_id, feeds, versions, base)
    night.killed_runs = [(run.run_id, run.business_date) for run in killed]
    return night


def _open_ledger(home: Home) -> Ledger:
    """The ledger, whole: a night on a damaged one would make the damage worse."""
    try:
        ledger = Ledger(home.ledger)
        ledger.check()
    except LedgerError as error:
        raise NightError(*error.sentence) from error
    return ledger


def _check_turn(home: Home, feeds: dict[str, Feed], request: Request) -> None:
    """Refuse a night out of turn: whoever started it planned before the nights between ended."""
    if request.is_forced:
        return
    first = plan(home, feeds, request.landing, request.business_date, reference=request.reference)[
        0
    ]
    if first != request.business_date:
        raise DeliveriesError(
            f"应先运行 {first} 的夜间任务：该日已报送而未发布，直接运行 {request.business_date}"
            " 会留下缺口；请先运行该日，或查看其失败原因：crm status",
            f"the night of {first} comes first: it is on offer and not published, so"
            f" {request.business_date} would leave a hole; run it, or see why it failed:"
            " crm status",
        )


def _close(night: Night) -> None:
    if night.published is not None:
        night.ledger.end_run(night.run_id, "published")
    else:
        why = night.failure or "the night ended before it published"
        night.ledger.end_run(night.run_id, "failed", str(why))
    # A failed build stays until the next night: the rows that failed a test are in its scratch.


def recover(home: Home, ledger: Ledger, reporter: Reporter) -> None:
    """Finish or discard what a killed run left; the caller holds the lease."""
    for run_id in builds.clean(home.builds):
        reporter.note(f"Removed the unfinished build of run {run_id}.")
    recorded = {each.number for each in ledger.generations()}
    recovery = generations.recover(home.warehouse, recorded)
    for number in recovery.discarded:
        reporter.note(f"Removed generation {number}, which was never published.", is_warning=True)
    if recovery.unrecorded is not None:
        record(ledger, recovery.unrecorded)
        number = recovery.unrecorded.number
        reporter.note(f"Entered generation {number} into the ledger, which a killed run owed it.")


def settle(home: Home, say: Callable[[str], None]) -> None:
    """Finish or discard what a killed run left, before it is decided what there is to do."""

    class Saying(LogReporter):
        def note(self, text: str, *, is_warning: bool = False) -> None:
            say(text)
            super().note(text, is_warning=is_warning)

    recover(home, Ledger(home.ledger), Saying())


def record(ledger: Ledger, published: generations.Generation) -> None:
    """Write a published generation into the ledger."""
    ledger.record_generation(
        number=published.number,
        run_id=published.run_id,
        business_date=published.business_date,
        checksum=published.checksum,
    )


def reread(home: Home, feeds: dict[str, Feed], name: str) -> int:
    """Let the next night read all loaded files of a feed again; how many they are.

    Raises:
        WrongUsageError: There is no such feed, or the house writes it itself.
    """
    feed = feeds.get(name)
    if feed is None or feed.is_internal:
        raise WrongUsageError(
            f"--reread 指定的 {name!r} 不是报送接口；接口名称见 crm feeds。",
            f"--reread names {name!r}, which is no delivered feed; see: crm feeds",
        )
    return len(Ledger(home.ledger).reread(name, feed.kind))


def reference_of(feeds_folder: Path | None) -> Path | None:
    """Where a bank keeps lists beside its own feed files, if it has such files."""
    return feeds_folder / "reference" if feeds_folder else None


def feeds_folder_of(home: Home, given: Path | None) -> Path | None:
    """The bank's own feeds: those given, else those that the published generation was built with.

    A bank names its feeds once; the nights that follow are the same bank's.
    """
    if given is not None:
        return given.expanduser().absolute()
    published = generations.current(home.warehouse)
    remembered = published.details.get("feeds_folder") if published else None
    return Path(remembered) if remembered else None
