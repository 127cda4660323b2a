"""What the tests of a rule table say of its values, asked of a table before anything is built.

The tests stand beside the table (`dbt/seeds/rules/*.yml`), and the night runs them too. Here they
speak of a line: a table that somebody changed by hand is told in a second where it is wrong.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from dagster_project.home import DBT_PROJECT
from ingestion.sentence import Sentence

CODE_NAMES = DBT_PROJECT / "seeds" / "reference" / "code_name.csv"
# Stands for every code.
ANY_CODE = "*"


@dataclass(frozen=True)
class Check:
    """What one column of a rule table may hold; an empty cell holds nothing.

    Attributes:
        column: Its name.
        minimum: The least, where it is a number.
        maximum: The most.
        codes: The codes it may have, in the order of their list.
    """

    column: str
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    codes: Sequence[str] = field(default=())

    def wrong(self, cell: str) -> Sentence | None:
        """What a cell should hold instead; None where it is right."""
        if not cell:
            return None
        if self.codes:
            if cell in (ANY_CODE, *self.codes):
                return None
            return Sentence(f"{'、'.join(self.codes)} 之一", f"one of {', '.join(self.codes)}")
        if self.minimum is not None and Decimal(cell) < self.minimum:
            return Sentence(f"不小于 {self.minimum} 的数", f"{self.minimum} or more")
        if self.maximum is not None and Decimal(cell) > self.maximum:
            return Sentence(f"不大于 {self.maximum} 的数", f"{self.maximum} or less")
        return None


def declared(manifest: Mapping[str, Any], code_names: Path = CODE_NAMES) -> dict[str, list[Check]]:
    """By rule table, what its tests say of single values."""
    lists = _code_lists(code_names)
    found: dict[str, list[Check]] = defaultdict(list)
    for node in manifest["nodes"].values():
        tested = manifest["nodes"].get(node.get("attached_node") or "", {})
        if node["resource_type"] == "test" and tested.get("resource_type") == "seed":
            metadata = node.get("test_metadata") or {}
            found[tested["name"]] += _checks(metadata.get("name"), metadata.get("kwargs"), lists)
    return dict(found)


def _checks(
    test: str | None, given: Any, lists: Mapping[tuple[str, str], list[str]]
) -> Iterator[Check]:
    if test == "expect_values_between":
        minimum, maximum = (
            None if given.get(name) is None else Decimal(str(given[name]))
            for name in ("minimum", "maximum")
        )
        for column in given.get("columns") or [given["column_name"]]:
            yield Check(column, minimum, maximum)
    if test == "expect_known_codes":
        for column, entity in given["codes"].items():
            yield Check(column, codes=lists[entity, column])


def _code_lists(path: Path) -> dict[tuple[str, str], list[str]]:
    """By entity and column, the codes that the house has for it."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["entity_name"], row["column_name"]].append(row["code"])
    return found
