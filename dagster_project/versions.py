"""What a generation was made with, and whether the next night may build on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from dagster_project import manifest
from dagster_project.home import DBT_PROJECT, PROJECT_ROOT

# Rooms whose code decides what stands in the tables. The conductor and the door do not.
DECIDING_ROOMS = ("ingestion", "ml")


@dataclass(frozen=True)
class Versions:
    """Hashes of everything but the deliveries that decides what stands in the tables."""

    code: str
    dbt: str
    feeds: str

    @classmethod
    def now(cls, feeds_folder: Path | None) -> Versions:
        """The versions of this checkout, and of a bank's own feeds."""
        return cls(_code(), manifest.project_hash(DBT_PROJECT)[:16], _feeds(feeds_folder))

    def differences(self, details: dict[str, Any]) -> list[str]:
        """What changed since the generation with these details, in words; empty when nothing."""
        names = {"code": "the code", "dbt": "the dbt project or a rule", "feeds": "the feeds"}
        before = details.get("versions") or {}
        now = asdict(self)
        return [names[part] for part in names if before.get(part) != now[part]]


@lru_cache(maxsize=1)
def _code() -> str:
    def files() -> Iterator[Path]:
        for room in DECIDING_ROOMS:
            yield from sorted((PROJECT_ROOT / room).rglob("*.py"))

    return manifest.digest(files(), PROJECT_ROOT)[:16]


def _feeds(folder: Path | None) -> str:
    standard = PROJECT_ROOT / "ingestion" / "feeds"
    total = manifest.digest(iter(sorted(standard.glob("*.yml"))), standard)
    if folder is not None:
        total += manifest.digest(iter(sorted(folder.glob("*.y*ml"))), folder)
    return manifest.text_digest(total)[:16]
