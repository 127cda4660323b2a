"""What people expect of a model before they look: which facts raise its score, and which lower it.

The expectations are the table ``hypotheses.csv`` beside this file, one row per model and feature.
They teach the model nothing; the book holds what was learnt against them.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ml.frames.catalogue import FEATURES
from ml.frames.feature import Feature

TABLE = Path(__file__).with_name("hypotheses.csv")
_SIGNS = {"up": 1, "down": -1}


@dataclass(frozen=True)
class Hypothesis:
    """One expectation.

    Attributes:
        model_name: The model whose score is meant.
        feature_name: A feature with an order: a number or a flag.
        sign: 1 where more of it should raise the score, -1 where it should lower it.
        because_zh: Why one expects so, for the bank's staff.
        because_en: The same in English.
    """

    model_name: str
    feature_name: str
    sign: int
    because_zh: str
    because_en: str


def hypotheses(
    model_name: str, features: Sequence[Feature] = FEATURES, table: Path = TABLE
) -> list[Hypothesis]:
    """Expectations of one model, in the order of the table.

    Raises:
        ValueError: A row names no ordered feature of the contract, says neither up nor down, or
            says a feature of a model twice.
    """
    ordered = {feature.name for feature in features if feature.kind != "category"}
    seen: set[tuple[str, str]] = set()
    found: list[Hypothesis] = []
    with table.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            place = f"{table.name}, line {line}"
            key = (row["model_name"], row["feature_name"])
            if row["direction"] not in _SIGNS:
                raise ValueError(f"{place}: direction is {row['direction']!r}; say up or down.")
            if key in seen:
                raise ValueError(f"{place}: {key[1]} stands twice for {key[0]}.")
            seen.add(key)
            if row["model_name"] != model_name:
                continue
            if row["feature_name"] not in ordered:
                raise ValueError(f"{place}: {key[1]} is no number or flag of the feature contract.")
            sign = _SIGNS[row["direction"]]
            found.append(Hypothesis(*key, sign, row["because_zh"], row["because_en"]))
    return found
