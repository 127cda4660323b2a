"""What a generation was made with, and whether the next night may build on it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from dagster_project import manifest
from dagster_project.home import DBT_PROJECT, PROJECT_ROOT
from ingestion.contracts.bank_file import BankFile
from ingestion.contracts.feed import Feed

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


def parts_now(
    feeds: Mapping[str, Feed], bank: BankFile, models: Mapping[str, Any]
) -> dict[str, Any]:
    """What decides about the tables, part by part, so that a change can be named.

    Args:
        feeds: What the bank delivers.
        bank: What it says of itself.
        models: What the night tells of its models, by name.

    Returns:
        `rules`: by file, the hash of its rows by the date they hold from; `feeds`: the hash of
        each contract; `bank`: its settings; `models`: the version of each that scored; `code`
        and `dbt`, rules left out.
    """
    rules = sorted((DBT_PROJECT / "seeds" / "rules").glob("*.csv"))
    rest = (path for path in manifest.project_files(DBT_PROJECT) if path not in rules)
    return {
        "rules": {path.name: _rows_by_date(path) for path in rules},
        "feeds": {
            name: manifest.text_digest(feed.model_dump_json())[:16] for name, feed in feeds.items()
        },
        "bank": bank.model_dump(),
        "models": {name: each.get("version") for name, each in models.items()},
        "code": _code(),
        "dbt": manifest.digest(rest, DBT_PROJECT)[:16],
    }


def _rows_by_date(path: Path) -> dict[str, str]:
    """Hash of a rule file's rows, by the date from which they hold; "" where none is told."""
    with path.open(encoding="utf-8", newline="") as file:
        # A row with a cell too many has a name of no text; whoever mends a rule while a night runs
        # is told by the next one, which checks the file before it reads it.
        rows = list(csv.DictReader(file, restkey=""))
    by_date: dict[str, list[str]] = {}
    for row in rows:
        text = json.dumps(row, ensure_ascii=False, sort_keys=True)
        by_date.setdefault(row.get("valid_from_date") or "", []).append(text)
    return {date: manifest.text_digest("\n".join(each))[:16] for date, each in by_date.items()}


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
