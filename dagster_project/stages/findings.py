"""What the findings of a night have in common: a rule to go by, and a sentence of what became."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from ingestion.sentence import Sentence
from ingestion.sql import read_only


@dataclass(frozen=True)
class Told:
    """What became of one finding tonight.

    Attributes:
        is_found: Whether anything was landed.
        told: A sentence for the screen and for the asset.
        report: Plain data for asset metadata.
        is_due: Whether there was anything to find; else nothing landed is no warning.
    """

    is_found: bool
    told: Sentence
    report: dict[str, Any] = field(default_factory=dict)
    is_due: bool = True


def rule_row(database: Path, name: str, columns: Sequence[str], day: dt.date) -> dict[str, Any]:
    """The row of a rule that holds on a day, decimals as floats.

    Raises:
        InputRefused: The rule has no row for the day, or more than one.
    """
    from ml.errors import InputRefused

    with read_only(database) as connection:
        rows = connection.execute(
            f"select {', '.join(columns)} from rule.{name}"  # noqa: S608
            " where valid_from_date <= $day and valid_to_date > $day",
            {"day": day},
        ).fetchall()
    if len(rows) != 1:
        raise InputRefused(
            f"规则 {name} 在 {day} 应有一行，实有 {len(rows)} 行，请修改规则表。",
            f"the rule {name} must have one row on {day} and has {len(rows)}; mend its table",
        )
    values = (float(value) if isinstance(value, Decimal) else value for value in rows[0])
    return dict(zip(columns, values, strict=True))
