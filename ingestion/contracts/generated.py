"""All files that are made from the feeds, written or compared as one set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ingestion.contracts.feed import Feed
from ingestion.contracts.render_dbt import GENERATED, STAGING, render_dbt
from ingestion.contracts.render_dictionary import render_dictionary


def generated_files(feeds: Mapping[str, Feed]) -> dict[str, str]:
    """Path below the repository -> content of every generated file."""
    return render_dbt(feeds) | render_dictionary(feeds)


def write_files(feeds: Mapping[str, Feed], root: Path) -> list[str]:
    """Bring the generated files below `root` up to date; returns a line per change."""
    changed = []
    for name, content in generated_files(feeds).items():
        path = root / name
        if path.is_file() and path.read_bytes() == content.encode():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())
        changed.append(f"wrote {name}")
    for name in _orphans(feeds, root):
        (root / name).unlink()
        changed.append(f"removed {name}")
    return changed


def check_files(feeds: Mapping[str, Feed], root: Path) -> list[str]:
    """One sentence per generated file below `root` that does not say what the feeds say."""
    advice = "run `python -m ingestion.contracts write`"
    problems = []
    for name, content in generated_files(feeds).items():
        path = root / name
        if not path.is_file():
            problems.append(f"{name} is missing; {advice}.")
        elif path.read_bytes() != content.encode():
            problems.append(f"{name} differs from the feeds; {advice}.")
    problems += [f"{name} belongs to no feed; {advice}." for name in _orphans(feeds, root)]
    return problems


def _orphans(feeds: Mapping[str, Feed], root: Path) -> list[str]:
    """Staging models that were generated from a feed which is no more."""
    wanted = set(render_dbt(feeds))
    found = sorted((root / STAGING).glob("**/*.sql"))
    names = [path.relative_to(root).as_posix() for path in found]
    return [
        name
        for name, path in zip(names, found, strict=True)
        if name not in wanted and GENERATED in path.read_text(encoding="utf-8")
    ]
