"""The dbt manifest: what the graph of assets is drawn from, rebuilt only when the project changed.

Parsing costs seconds, so a code location never parses at import unless a file of the project
differs from the one that the manifest was made of; `make manifest` does it ahead of time.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from dagster_project.errors import NightError
from dagster_project.home import DBT_PROJECT
from ml.system_errors import why_zh

READ_SUFFIXES = frozenset({".sql", ".yml", ".yaml", ".csv", ".md"})
IGNORED_FOLDERS = frozenset({"target", "logs", "dbt_packages"})
STAMP = "manifest.sha256"


class ManifestError(NightError):
    """The dbt project does not parse, or its target folder cannot be written."""


def target_folder(project: Path = DBT_PROJECT) -> Path:
    """Where the manifest lies; git ignores it."""
    return project / "target"


def project_files(project: Path = DBT_PROJECT) -> Iterator[Path]:
    """Every file that dbt reads, in a fixed order."""
    for path in sorted(project.rglob("*")):
        is_ours = not IGNORED_FOLDERS.intersection(path.relative_to(project).parts)
        if is_ours and path.suffix in READ_SUFFIXES and path.is_file():
            yield path


def digest(paths: Iterator[Path], root: Path) -> str:
    """One hash over the names and contents of files; equal folders give equal hashes."""
    total = hashlib.sha256()
    for path in paths:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return total.hexdigest()


def text_digest(text: str) -> str:
    """Hash of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def project_hash(project: Path = DBT_PROJECT) -> str:
    """Hash of the dbt project: models, tests, macros, rules."""
    return digest(project_files(project), project)


def is_fresh(project: Path = DBT_PROJECT) -> bool:
    """Whether the manifest was made of the project as it stands."""
    target = target_folder(project)
    try:
        made_of = (target / STAMP).read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return (target / "manifest.json").is_file() and made_of == project_hash(project)


def ensure(project: Path = DBT_PROJECT) -> Path:
    """The manifest file, parsed anew when the project changed since it was written."""
    if not is_fresh(project):
        from dagster_project import dbt_runner

        dbt_runner.parse(project)
    return target_folder(project) / "manifest.json"


@contextmanager
def parsing(project: Path = DBT_PROJECT) -> Iterator[Path]:
    """A folder for dbt to parse into, for one process at a time.

    What it holds in the end takes the place of what was there, file by file: another night that
    reads the manifest meanwhile reads the old one or the new one, never half of one.

    Raises:
        ManifestError: The target folder cannot be written.
    """
    target = target_folder(project)
    made_of = project_hash(project)
    with _lock(target):
        folder = target / "parsing"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        yield folder
        (folder / STAMP).write_text(made_of, encoding="utf-8")
        # The stamp comes last: it says that the manifest is there.
        (target / STAMP).unlink(missing_ok=True)
        for path in sorted(folder.iterdir(), key=lambda each: each.name == STAMP):
            if path.is_file():
                path.replace(target / path.name)
        shutil.rmtree(folder, ignore_errors=True)


def load(project: Path = DBT_PROJECT) -> dict[str, Any]:
    """The manifest as plain data, fresh."""
    path = ensure(project)
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _read(path: Path, written_at: int) -> dict[str, Any]:  # noqa: ARG001 the time is part of the key
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Two processes that both find the manifest stale must not write it at once."""
    try:
        folder.mkdir(exist_ok=True)
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise ManifestError(
            f"dbt 清单已过期，且无法写入 {folder}（{why_zh(error)}）；"
            "请以代码所有者身份执行 make manifest。",
            f"the dbt manifest is stale and {folder} cannot be written: {error.strerror};"
            " run make manifest as the owner of the code",
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
