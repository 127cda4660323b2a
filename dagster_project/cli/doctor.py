"""`crm doctor`: what is wrong with this machine or this home, one line each."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import typer
from rich.markup import escape

from dagster_project import preflight
from dagster_project.cli.output import (
    HomeOption,
    JsonOption,
    console,
    guarded,
    print_json,
)
from dagster_project.home import PROJECT_ROOT, Home

PYTHONS = ((3, 11), (3, 13))


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, how it stands, and what to do about it."""

    name: str
    state: str
    told: str


@guarded
def doctor(as_json: JsonOption = False, home: HomeOption = None) -> None:
    """Say what is wrong with this machine or home, one line each; exit code 1 if anything is.

    Example: crm doctor --home /srv/crm
    """
    # Not home_of: a home of a newer version is a finding here.
    place = Home.resolve(home)
    findings = [_python(place), _versions(place), *_preflight(place)]
    findings += [look(place) for look in LOOKS]
    if as_json:
        print_json([vars(each) for each in findings])
    else:
        marks = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "wrong": "[red]✗[/]"}
        for each in findings:
            console.print(f"{marks[each.state]} {each.name}: {escape(each.told)}", soft_wrap=True)
    if any(each.state == "wrong" for each in findings):
        raise typer.Exit(1)


def _python(home: Home) -> Finding:  # noqa: ARG001
    version = sys.version_info[:2]
    told = ".".join(str(part) for part in sys.version_info[:3])
    if PYTHONS[0] <= version <= PYTHONS[1]:
        return Finding("Python", "ok", told)
    return Finding("Python", "wrong", f"{told}; this house runs on 3.11 to 3.13")


def _versions(home: Home) -> Finding:  # noqa: ARG001
    lock = PROJECT_ROOT / "requirements.lock"
    if not lock.exists():
        return Finding("packages", "warning", "requirements.lock is missing, nothing to compare")
    odd = []
    count = 0
    for name, version in _locked(lock):
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # of another platform or Python, as the lock's markers say
        count += 1
        if installed != version:
            odd.append(f"{name} {installed} instead of {version}")
    if odd:
        more = f" and {len(odd) - 3} more" if len(odd) > 3 else ""
        return Finding("packages", "wrong", f"{', '.join(odd[:3])}{more}; run make run")
    return Finding("packages", "ok", f"{count} are those of the lock")


def _locked(lock: Path) -> Iterator[tuple[str, str]]:
    pinned: dict[str, set[str]] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        found = re.match(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", line)
        if found:
            pinned.setdefault(found[1], set()).add(found[2])
    # A name pinned more than once differs by Python version; pip has chosen among them.
    return ((name, next(iter(v))) for name, v in pinned.items() if len(v) == 1)


def _preflight(home: Home) -> list[Finding]:
    """What `crm run` asks before it starts: version, file systems, folders, space."""
    return [
        Finding(each.name, each.state, str(each.told))
        for each in preflight.look(home, home.landing)
    ]


def _lease(home: Home) -> Finding:
    from dagster_project import lease

    holder = lease.holder(home.lease)
    if holder is None:
        return Finding("lease", "ok", "free")
    return Finding("lease", "warning", f"held by {holder.sentence()}")


def _ledger(home: Home) -> Finding:
    if not home.ledger.exists():
        return Finding("ledger", "ok", "not begun yet")
    try:
        from ingestion.ledger import Ledger

        ledger = Ledger(home.ledger)
        ledger.check()
        runs = len(ledger.runs())
    except Exception as error:  # whatever is wrong with the file is the finding
        return Finding("ledger", "wrong", f"cannot be read by this version: {error}")
    return Finding("ledger", "ok", f"{runs} runs")


def _manifest(home: Home) -> Finding:  # noqa: ARG001
    from dagster_project import manifest

    if manifest.is_fresh():
        return Finding("dbt manifest", "ok", "is of the project as it stands")
    return Finding("dbt manifest", "warning", "is stale; the next run, or make manifest, renews it")


def _keys(home: Home) -> Finding:
    keys = [path for path in (home.pseudonym_key, home.model_key) if path.exists()]
    if not home.pseudonym_key.exists() and (home.lake / "vault__pseudonym").exists():
        told = "the pseudonym key is lost; bring it back from its backup before the next night"
        return Finding("keys", "wrong", told)
    if not keys:
        return Finding("keys", "ok", "not made yet")
    open_keys = [path.name for path in keys if path.stat().st_mode & 0o077]
    if open_keys:
        told = f"{', '.join(open_keys)} can be read by others; chmod 600"
        return Finding("keys", "wrong", told)
    return Finding("keys", "ok", "readable by their owner only")


def _published(home: Home) -> Finding:
    from serving import generation
    from serving.errors import ServingError

    try:
        current = generation.current(home.warehouse)
    except ServingError as error:
        return Finding("published", "wrong", f"{error}; crm rollback goes to the one before")
    if current is None:
        return Finding("published", "ok", "nothing yet")
    if generation.is_writable_by_others(home.current.resolve()):
        return Finding("published", "wrong", "the published files can be written; chmod a-w them")
    told = f"generation {current.number} of {current.business_date}"
    return Finding("published", "ok", told)


def _alerts(home: Home) -> Finding:
    from dagster_project.alerts.settings import load
    from dagster_project.errors import WrongUsageError

    try:
        settings = load(home.alerts)
    except WrongUsageError as error:
        return Finding("alerts", "wrong", str(error))
    if settings is None or not settings.ways:
        return Finding("alerts", "ok", "nobody is told; crm alerts --template")
    ways = ", ".join(type(way).__name__.lower() for way in settings.ways)
    return Finding("alerts", "ok", f"told by {ways}; to try it: crm alerts --test")


LOOKS: tuple[Callable[[Home], Finding], ...] = (
    _lease,
    _ledger,
    _manifest,
    _keys,
    _published,
    _alerts,
)
